/* See release_show.h. A record is printable ASCII; names of keys are cleaned. */
#include "cli/release_show.h"

#include <stdarg.h>

#include "base/fmt.h"
#include "base/hex.h"
#include "base/utc.h"

#define TEXT_COLUMN 15
#define TEXT_MAX    1024 /* the longest: a URL, and two git hashes */
#define SHORT_BYTES 6
#define SHORT_LEN   (2 * SHORT_BYTES + 4) /* digits, "…", NUL */
#define HALF        10 /* sizes from here on without tenths */
#define DAY_S       86400
#define STEP        1024

struct out {
	const struct cli_term *t;
	FILE *f;
};

void cli_release_row(
    const struct cli_term *t, FILE *f, const char *label, const char *fmt, ...)
{
	char text[TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)fmt_vprint(text, sizeof(text), fmt, ap);
	va_end(ap);
	(void)fprintf(f, "  %s%-*s%s", cli_style(t, f, CLI_DIM),
	    TEXT_COLUMN - 2, label, cli_style(t, f, CLI_PLAIN));
	cli_put(t, f, TEXT_COLUMN, TEXT_COLUMN, text);
	(void)fputc('\n', f);
}

#define ROW(o, label, ...) cli_release_row((o)->t, (o)->f, label, __VA_ARGS__)
#define SLICE(b)           (int)(b).len, (const char *)(b).p

/* The start of a hash, enough to tell two apart. */
static const char *cut(char out[SHORT_LEN], const uint8_t *p)
{
	hex_encode(out, p, SHORT_BYTES);
	(void)fmt_print(out + (size_t)2 * SHORT_BYTES, 4, "…");
	return out;
}

/* "14 MiB", "1.2 GiB", "61 bytes" */
static const char *size_of(char out[32], uint64_t n)
{
	static const char *const unit[] = { "bytes", "KiB", "MiB", "GiB", "TiB",
		"PiB", "EiB" };
	unsigned u = 0;
	uint64_t tenths = 0;

	for (; n >= STEP; u++) {
		tenths = n % STEP * 10 / STEP;
		n /= STEP;
	}
	if (u > 0 && n < HALF)
		(void)fmt_print(out, 32, "%llu.%llu %s", (unsigned long long)n,
		    (unsigned long long)tenths, unit[u]);
	else
		(void)fmt_print(
		    out, 32, "%llu %s", (unsigned long long)n, unit[u]);
	return out;
}

static const char *digest_of(
    char out[SHORT_LEN + 8], const struct record_digest *d)
{
	char hex[SHORT_LEN];

	(void)fmt_print(out, SHORT_LEN + 8, "%s %s",
	    d->alg == RECORD_SHA256 ? "sha256" : "verity", cut(hex, d->hash.b));
	return out;
}

static void row_hash(
    const struct out *o, const char *label, const struct tlog_hash *h)
{
	char hex[SHORT_LEN];

	ROW(o, label, "sha256 %s", cut(hex, h->b));
}

static void show_source(const struct out *o, const struct record_source *s)
{
	char commit[SHORT_LEN], tree[SHORT_LEN];

	if (s->url.len > 0)
		ROW(o, "source", "%.*s commit %s tree %s", SLICE(s->url),
		    cut(commit, s->commit.b), cut(tree, s->tree.b));
}

static void show_files(const struct out *o, const struct record_files *files)
{
	char size[32], digest[SHORT_LEN + 8];

	for (size_t i = 0; i < files->n; i++) {
		const struct record_file *it = &files->item[i];

		ROW(o, "file", "%.*s, %s, %s", SLICE(it->role),
		    size_of(size, it->size), digest_of(digest, &it->digest));
	}
}

/* ---- kinds ------------------------------------------------------------------ */

static void show_launches(const struct out *o, const struct record_image *m)
{
	char hex[SHORT_LEN], other[SHORT_LEN];

	for (size_t i = 0; i < m->n_snp; i++)
		ROW(o, "AMD SEV-SNP",
		    "%u × %.*s, measurement %s, policy 0x%llx",
		    (unsigned)m->snp[i].vcpus, SLICE(m->snp[i].vcpu_type),
		    cut(hex, m->snp[i].measurement),
		    (unsigned long long)m->snp[i].policy);
	for (size_t i = 0; i < m->n_tdx; i++)
		ROW(o, "Intel TDX", "%.*s, MRTD %s, RTMR1 %s",
		    SLICE(m->tdx[i].shape), cut(hex, m->tdx[i].mrtd),
		    cut(other, m->tdx[i].rtmr[1]));
	for (size_t i = 0; i < m->n_sgx; i++)
		ROW(o, "Intel SGX", "MRENCLAVE %s, MRSIGNER %s, ISVSVN %u",
		    cut(hex, m->sgx[i].mrenclave),
		    cut(other, m->sgx[i].mrsigner), (unsigned)m->sgx[i].isvsvn);
	for (size_t i = 0; i < m->n_sim; i++)
		ROW(o, "simulated", "launch %s, protects nothing",
		    cut(hex, m->sim[i]));
}

static void show_image(const struct out *o, const struct tlog_record *rec)
{
	const struct record_image *m = &rec->image;
	char digest[SHORT_LEN + 8];

	show_source(o, &m->source);
	if (m->has_recipe)
		row_hash(o, "recipe", &m->recipe);
	if (m->has_builder)
		row_hash(o, "builder", &m->builder);
	show_files(o, &m->files);
	show_launches(o, m);
	for (size_t i = 0; i < m->n_models; i++)
		ROW(o, "model", "%.*s, %s", SLICE(m->model[i].name),
		    digest_of(digest, &m->model[i].digest));
	if (m->supersedes != 0)
		ROW(o, "supersedes", "%llu", (unsigned long long)m->supersedes);
}

static void show_model(const struct out *o, const struct tlog_record *rec)
{
	const struct record_model *m = &rec->model;
	char size[32], hex[SHORT_LEN];

	ROW(o, "file", "%s, sha256 %s", size_of(size, m->size),
	    cut(hex, m->sha256.b));
	if (m->has_verity)
		ROW(o, "device", "verity %s", cut(hex, m->verity.b));
	ROW(o, "made of", "%.*s, tokenizer %.*s, context of %llu tokens",
	    SLICE(m->quant), SLICE(m->tokenizer),
	    (unsigned long long)m->context);
	if (m->has_template)
		row_hash(o, "template", &m->template_sha256);
}

static void show_web(const struct out *o, const struct tlog_record *rec)
{
	const struct record_web *m = &rec->web;
	char size[32], hex[SHORT_LEN];

	show_source(o, &m->source);
	if (m->has_recipe)
		row_hash(o, "recipe", &m->recipe);
	ROW(o, "bundle", "%s, sha256 %s", size_of(size, m->size),
	    cut(hex, m->bundle.b));
}

static void show_client(const struct out *o, const struct tlog_record *rec)
{
	const struct record_client *m = &rec->client;

	show_source(o, &m->source);
	if (m->has_recipe)
		row_hash(o, "recipe", &m->recipe);
	show_files(o, &m->files);
}

/* Chips before Turin have no FMC. */
static void show_tcb(const struct out *o, const char *name, bool has_fmc,
    const struct record_snp_tcb *t)
{
	char fmc[16] = "";

	if (has_fmc)
		(void)fmt_print(fmc, sizeof(fmc), " FMC %u,", (unsigned)t->fmc);
	if (t->listed)
		ROW(o, "AMD floor",
		    "%s:%s bootloader %u, TEE %u, SNP %u, microcode %u", name,
		    fmc, (unsigned)t->bootloader, (unsigned)t->tee,
		    (unsigned)t->snp, (unsigned)t->microcode);
}

static void show_machines(const struct out *o, const char *label,
    const struct record_chip *chip, size_t n)
{
	char hex[SHORT_LEN], until[UTC_TEXT_LEN + 1];

	for (size_t i = 0; i < n; i++) {
		utc_format(until, chip[i].not_after);
		ROW(o, label, "%s until %s", cut(hex, chip[i].id), until);
	}
}

static void show_next_keys(const struct out *o, const struct record_policy *m)
{
	for (size_t i = 0; i < m->n_next_logs; i++)
		ROW(o, "next log", "%.*s, key %08x", SLICE(m->next_log[i].name),
		    (unsigned)m->next_log[i].id);
	for (size_t i = 0; i < m->n_next_witnesses; i++)
		ROW(o, "next witness", "%.*s: %.*s, key %08x",
		    SLICE(m->next_witness[i].name),
		    SLICE(m->next_witness[i].key.name),
		    (unsigned)m->next_witness[i].key.id);
}

static void show_policy(const struct out *o, const struct tlog_record *rec)
{
	const struct record_policy *m = &rec->policy;
	char hex[SHORT_LEN];

	for (size_t i = 0; i < m->n_min_seq; i++)
		ROW(o, "at least", "%s %llu of %.*s/%.*s",
		    tlog_record_kind_name(m->min_seq[i].kind),
		    (unsigned long long)m->min_seq[i].seq,
		    SLICE(m->min_seq[i].product), SLICE(m->min_seq[i].channel));
	for (size_t i = 0; i < m->n_revoked; i++)
		ROW(o, "revoked", "leaf %s", cut(hex, m->revoked[i].b));
	show_tcb(o, "Milan", false, &m->milan);
	show_tcb(o, "Genoa", false, &m->genoa);
	show_tcb(o, "Turin", true, &m->turin);
	if (m->has_tdx)
		ROW(o, "TDX floor", "evaluation data %llu",
		    (unsigned long long)m->tdx_eval);
	if (m->has_sgx)
		ROW(o, "SGX floor", "evaluation data %llu",
		    (unsigned long long)m->sgx_eval);
	ROW(o, "hardware", "%s",
	    m->any_hardware ? "any (lists no machine)" : "only that listed");
	show_machines(o, "AMD chip", m->chip, m->n_chips);
	show_machines(o, "Intel platform", m->ppid, m->n_ppids);
	show_next_keys(o, m);
}

static void show_retire(const struct out *o, const struct tlog_record *rec)
{
	const struct record_retire *m = &rec->retire;
	char hex[SHORT_LEN];

	ROW(o, "log", "%.*s ends: %.*s", SLICE(m->log), SLICE(m->cause));
	ROW(o, "last tree", "%llu entries, root %s",
	    (unsigned long long)m->size, cut(hex, m->root.b));
	if (m->successor.len > 0)
		ROW(o, "goes on as", "%.*s", SLICE(m->successor));
}

static void show_rebuild(const struct out *o, const struct tlog_record *rec)
{
	const struct record_rebuild *m = &rec->rebuild;
	char hex[SHORT_LEN];

	ROW(o, "rebuilt", "leaf %s, by %.*s", cut(hex, m->release.b),
	    SLICE(m->rebuilder));
	row_hash(o, "result", &m->result);
}

/* ---- all of it ---------------------------------------------------------------- */

/* Of kinds that have one: ", version 1.4.0"; of a model, its name. */
static void put_version(FILE *f, const struct tlog_record *rec)
{
	const struct bytes *v = NULL;

	if (rec->kind == RECORD_IMAGE)
		v = &rec->image.version;
	else if (rec->kind == RECORD_WEB)
		v = &rec->web.version;
	else if (rec->kind == RECORD_CLIENT)
		v = &rec->client.version;
	else if (rec->kind == RECORD_MODEL)
		v = &rec->model.name;
	if (v != NULL)
		(void)fprintf(f, "%s%.*s",
		    rec->kind == RECORD_MODEL ? ": " : ", version ", SLICE(*v));
}

static void show_times(
    const struct out *o, const struct tlog_record *rec, uint64_t now_s)
{
	char issued[UTC_TEXT_LEN + 1], from[UTC_TEXT_LEN + 1];
	char until[UTC_TEXT_LEN + 1];
	const uint64_t left =
	    rec->not_after > now_s ? (rec->not_after - now_s) / DAY_S : 0;

	utc_format(issued, rec->issued);
	utc_format(from, rec->not_before);
	utc_format(until, rec->not_after);
	ROW(o, "issued", "%s", issued);
	if (rec->not_before != rec->issued)
		ROW(o, "holds from", "%s", from);
	if (rec->not_after <= now_s)
		ROW(o, "holds until", "%s: over", until);
	else
		ROW(o, "holds until", "%s, %llu %s left", until,
		    (unsigned long long)left, left == 1 ? "day" : "days");
}

static void show_signatures(
    const struct out *o, const struct cli_release_file *file)
{
	char hex[2 * TLOG_HASH_LEN + 1];
	struct tlog_hash leaf;

	for (size_t i = 0; i < file->note.n; i++)
		ROW(o, "signed by", "%.*s, key %08x",
		    SLICE(file->note.sig[i].name),
		    (unsigned)file->note.sig[i].id);
	if (!file->has_signatures) {
		ROW(o, "signed by", "nobody yet");
		return;
	}
	tlog_leaf_hash(&leaf, file->all);
	hex_encode(hex, leaf.b, sizeof(leaf.b));
	ROW(o, "leaf hash", "%s", hex);
}

static void (*const show_kind[])(
    const struct out *, const struct tlog_record *) = {
	[RECORD_IMAGE] = show_image,
	[RECORD_MODEL] = show_model,
	[RECORD_WEB] = show_web,
	[RECORD_CLIENT] = show_client,
	[RECORD_POLICY] = show_policy,
	[RECORD_RETIRE] = show_retire,
	[RECORD_REBUILD] = show_rebuild,
};

void cli_release_show(const struct cli_term *t, FILE *f,
    const struct cli_release_file *file, uint64_t now_s)
{
	const struct tlog_record *rec = &file->rec;
	const struct out o = { t, f };

	(void)fprintf(f, "%s%s %llu of %.*s/%.*s", cli_style(t, f, CLI_BOLD),
	    tlog_record_kind_name(rec->kind), (unsigned long long)rec->seq,
	    SLICE(rec->product), SLICE(rec->channel));
	put_version(f, rec);
	(void)fprintf(f, "%s\n", cli_style(t, f, CLI_PLAIN));
	show_times(&o, rec, now_s);
	show_kind[rec->kind](&o, rec);
	show_signatures(&o, file);
}
