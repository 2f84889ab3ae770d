/* A release record as JSON, whole. */
#include "base/hex.h"
#include "base/json.h"
#include "cli/release_show.h"

/* ,"NAME": or, as the first member of an object, "NAME": */
static void name(struct wr *w, const char *s)
{
	const bool first = w->len > 0 && w->p[w->len - 1] == '{';

	wr_fmt(w, "%s\"%s\":", first ? "" : ",", s);
}

static void text(struct wr *w, const char *s, struct bytes b)
{
	name(w, s);
	json_write_string(w, b);
}

static void number(struct wr *w, const char *s, uint64_t v)
{
	name(w, s);
	wr_fmt(w, "%llu", (unsigned long long)v);
}

static void hex(struct wr *w, const char *s, const uint8_t *p, size_t n)
{
	char digits[2 * RECORD_CHIP_ID_LEN + 1];

	hex_encode(digits, p, n);
	name(w, s);
	wr_fmt(w, "\"%s\"", digits);
}

static void bits(struct wr *w, const char *s, uint64_t v)
{
	name(w, s);
	wr_fmt(w, "\"%016llx\"", (unsigned long long)v);
}

static void digest(struct wr *w, const char *s, const struct record_digest *d)
{
	char digits[2 * TLOG_HASH_LEN + 1];

	hex_encode(digits, d->hash.b, TLOG_HASH_LEN);
	name(w, s);
	wr_fmt(w, "\"%s:%s\"", d->alg == RECORD_SHA256 ? "sha256" : "verity",
	    digits);
}

static void sha256(struct wr *w, const char *s, const struct tlog_hash *h)
{
	digest(w, s, &(struct record_digest){ RECORD_SHA256, *h });
}

static void list(struct wr *w, const char *s)
{
	name(w, s);
	wr_u8(w, '[');
}

/* Before item i of a list of objects; '}' ends it. */
static void item(struct wr *w, size_t i)
{
	wr_str(w, i > 0 ? ",{" : "{");
}

static void write_source(struct wr *w, const struct record_source *s)
{
	if (s->url.len == 0)
		return;
	name(w, "source");
	wr_u8(w, '{');
	text(w, "url", s->url);
	hex(w, "commit", s->commit.b, s->commit.len);
	hex(w, "tree", s->tree.b, s->tree.len);
	wr_u8(w, '}');
}

static void write_files(struct wr *w, const struct record_files *f)
{
	list(w, "files");
	for (size_t i = 0; i < f->n; i++) {
		item(w, i);
		text(w, "role", f->item[i].role);
		number(w, "size", f->item[i].size);
		digest(w, "digest", &f->item[i].digest);
		wr_u8(w, '}');
	}
	wr_u8(w, ']');
}

static void write_snp(struct wr *w, const struct record_image *m)
{
	list(w, "snp");
	for (size_t i = 0; i < m->n_snp; i++) {
		item(w, i);
		number(w, "vcpus", m->snp[i].vcpus);
		text(w, "vcpu_type", m->snp[i].vcpu_type);
		hex(w, "measurement", m->snp[i].measurement,
		    RECORD_MEASUREMENT_LEN);
		bits(w, "policy", m->snp[i].policy);
		wr_u8(w, '}');
	}
	wr_u8(w, ']');
}

static void write_tdx(struct wr *w, const struct record_image *m)
{
	static const char *const rtmr[] = { "rtmr0", "rtmr1", "rtmr2",
		"rtmr3" };

	list(w, "tdx");
	for (size_t i = 0; i < m->n_tdx; i++) {
		item(w, i);
		text(w, "shape", m->tdx[i].shape);
		hex(w, "mrtd", m->tdx[i].mrtd, RECORD_MEASUREMENT_LEN);
		for (size_t n = 0; n < 4; n++)
			hex(w, rtmr[n], m->tdx[i].rtmr[n],
			    RECORD_MEASUREMENT_LEN);
		bits(w, "attributes", m->tdx[i].attributes);
		bits(w, "xfam", m->tdx[i].xfam);
		wr_u8(w, '}');
	}
	wr_u8(w, ']');
}

static void write_sgx(struct wr *w, const struct record_image *m)
{
	list(w, "sgx");
	for (size_t i = 0; i < m->n_sgx; i++) {
		const struct record_sgx *it = &m->sgx[i];

		item(w, i);
		hex(w, "mrenclave", it->mrenclave, sizeof(it->mrenclave));
		hex(w, "mrsigner", it->mrsigner, sizeof(it->mrsigner));
		number(w, "isvprodid", it->isvprodid);
		number(w, "isvsvn", it->isvsvn);
		hex(w, "attributes", it->attributes, sizeof(it->attributes));
		hex(w, "mask", it->mask, sizeof(it->mask));
		wr_u8(w, '}');
	}
	wr_u8(w, ']');
}

static void write_image(struct wr *w, const struct tlog_record *rec)
{
	const struct record_image *m = &rec->image;
	char digits[2 * RECORD_MEASUREMENT_LEN + 1];

	text(w, "version", m->version);
	write_source(w, &m->source);
	if (m->has_recipe)
		sha256(w, "recipe", &m->recipe);
	if (m->has_builder)
		sha256(w, "builder", &m->builder);
	write_files(w, &m->files);
	write_snp(w, m);
	write_tdx(w, m);
	write_sgx(w, m);
	list(w, "sim");
	for (size_t i = 0; i < m->n_sim; i++) {
		hex_encode(digits, m->sim[i], RECORD_MEASUREMENT_LEN);
		wr_fmt(w, "%s\"%s\"", i > 0 ? "," : "", digits);
	}
	wr_u8(w, ']');
	list(w, "models");
	for (size_t i = 0; i < m->n_models; i++) {
		item(w, i);
		text(w, "name", m->model[i].name);
		digest(w, "digest", &m->model[i].digest);
		wr_u8(w, '}');
	}
	wr_u8(w, ']');
	if (m->supersedes != 0)
		number(w, "supersedes", m->supersedes);
}

static void write_model(struct wr *w, const struct tlog_record *rec)
{
	const struct record_model *m = &rec->model;

	text(w, "name", m->name);
	number(w, "size", m->size);
	sha256(w, "digest", &m->sha256);
	if (m->has_verity)
		hex(w, "verity", m->verity.b, TLOG_HASH_LEN);
	text(w, "tokenizer", m->tokenizer);
	if (m->has_template)
		sha256(w, "template", &m->template_sha256);
	text(w, "quant", m->quant);
	number(w, "context", m->context);
}

static void write_web(struct wr *w, const struct tlog_record *rec)
{
	const struct record_web *m = &rec->web;

	text(w, "version", m->version);
	write_source(w, &m->source);
	if (m->has_recipe)
		sha256(w, "recipe", &m->recipe);
	number(w, "size", m->size);
	sha256(w, "bundle", &m->bundle);
}

static void write_client(struct wr *w, const struct tlog_record *rec)
{
	const struct record_client *m = &rec->client;

	text(w, "version", m->version);
	write_source(w, &m->source);
	if (m->has_recipe)
		sha256(w, "recipe", &m->recipe);
	write_files(w, &m->files);
}

static void write_tcb(
    struct wr *w, const char *s, const struct record_snp_tcb *t, bool has_fmc)
{
	if (!t->listed)
		return;
	name(w, s);
	wr_u8(w, '{');
	if (has_fmc)
		number(w, "fmc", t->fmc);
	number(w, "bootloader", t->bootloader);
	number(w, "tee", t->tee);
	number(w, "snp", t->snp);
	number(w, "microcode", t->microcode);
	wr_u8(w, '}');
}

static void write_machines(struct wr *w, const char *s,
    const struct record_chip *chip, size_t n, size_t id_len)
{
	list(w, s);
	for (size_t i = 0; i < n; i++) {
		item(w, i);
		hex(w, "id", chip[i].id, id_len);
		number(w, "not_after", chip[i].not_after);
		wr_u8(w, '}');
	}
	wr_u8(w, ']');
}

static void write_vkey(struct wr *w, const struct tlog_key *key)
{
	uint8_t buf[TLOG_VKEY_LEN_MAX];
	struct wr v = wr_init(buf, sizeof(buf));

	tlog_vkey_format(&v, key->name, key->type, key->pub);
	text(w, "vkey", (struct bytes){ v.p, v.len });
}

static void write_next(struct wr *w, const struct record_policy *m)
{
	list(w, "next_logs");
	for (size_t i = 0; i < m->n_next_logs; i++) {
		item(w, i);
		write_vkey(w, &m->next_log[i]);
		wr_u8(w, '}');
	}
	wr_u8(w, ']');
	list(w, "next_witnesses");
	for (size_t i = 0; i < m->n_next_witnesses; i++) {
		item(w, i);
		text(w, "name", m->next_witness[i].name);
		write_vkey(w, &m->next_witness[i].key);
		wr_u8(w, '}');
	}
	wr_u8(w, ']');
}

static void write_refused(struct wr *w, const struct record_policy *m)
{
	char digits[2 * TLOG_HASH_LEN + 1];

	list(w, "min_seq");
	for (size_t i = 0; i < m->n_min_seq; i++) {
		item(w, i);
		wr_fmt(w, "\"kind\":\"%s\"",
		    tlog_record_kind_name(m->min_seq[i].kind));
		text(w, "product", m->min_seq[i].product);
		text(w, "channel", m->min_seq[i].channel);
		number(w, "seq", m->min_seq[i].seq);
		wr_u8(w, '}');
	}
	wr_u8(w, ']');
	list(w, "revoked");
	for (size_t i = 0; i < m->n_revoked; i++) {
		hex_encode(digits, m->revoked[i].b, TLOG_HASH_LEN);
		wr_fmt(w, "%s\"%s\"", i > 0 ? "," : "", digits);
	}
	wr_u8(w, ']');
}

static void write_policy(struct wr *w, const struct tlog_record *rec)
{
	const struct record_policy *m = &rec->policy;

	write_refused(w, m);
	write_tcb(w, "milan", &m->milan, false);
	write_tcb(w, "genoa", &m->genoa, false);
	write_tcb(w, "turin", &m->turin, true);
	if (m->has_tdx)
		number(w, "tcb_tdx", m->tdx_eval);
	if (m->has_sgx)
		number(w, "tcb_sgx", m->sgx_eval);
	name(w, "hardware");
	wr_str(w, m->any_hardware ? "\"any\"" : "\"listed\"");
	write_machines(w, "chips", m->chip, m->n_chips, RECORD_CHIP_ID_LEN);
	write_machines(w, "ppids", m->ppid, m->n_ppids, RECORD_PPID_LEN);
	write_next(w, m);
}

static void write_retire(struct wr *w, const struct tlog_record *rec)
{
	const struct record_retire *m = &rec->retire;

	text(w, "log", m->log);
	number(w, "size", m->size);
	hex(w, "root", m->root.b, TLOG_HASH_LEN);
	text(w, "cause", m->cause);
	if (m->successor.len > 0)
		text(w, "successor", m->successor);
}

static void write_rebuild(struct wr *w, const struct tlog_record *rec)
{
	const struct record_rebuild *m = &rec->rebuild;

	hex(w, "release", m->release.b, TLOG_HASH_LEN);
	sha256(w, "result", &m->result);
	text(w, "rebuilder", m->rebuilder);
}

static void (*const write_kind[])(struct wr *, const struct tlog_record *) = {
	[RECORD_IMAGE] = write_image,
	[RECORD_MODEL] = write_model,
	[RECORD_WEB] = write_web,
	[RECORD_CLIENT] = write_client,
	[RECORD_POLICY] = write_policy,
	[RECORD_RETIRE] = write_retire,
	[RECORD_REBUILD] = write_rebuild,
};

static void write_signatures(struct wr *w, const struct cli_release_file *file)
{
	struct tlog_hash leaf;

	list(w, "signatures");
	for (size_t i = 0; i < file->note.n; i++) {
		item(w, i);
		text(w, "name", file->note.sig[i].name);
		name(w, "id");
		wr_fmt(w, "\"%08x\"}", (unsigned)file->note.sig[i].id);
	}
	wr_u8(w, ']');
	if (!file->has_signatures)
		return;
	tlog_leaf_hash(&leaf, file->all);
	hex(w, "leaf_hash", leaf.b, TLOG_HASH_LEN);
}

void cli_release_json(struct wr *w, const struct cli_release_file *file)
{
	const struct tlog_record *rec = &file->rec;

	wr_fmt(w, ",\"kind\":\"%s\"", tlog_record_kind_name(rec->kind));
	text(w, "product", rec->product);
	text(w, "channel", rec->channel);
	number(w, "seq", rec->seq);
	number(w, "issued", rec->issued);
	number(w, "not_before", rec->not_before);
	number(w, "not_after", rec->not_after);
	write_kind[rec->kind](w, rec);
	write_signatures(w, file);
}
