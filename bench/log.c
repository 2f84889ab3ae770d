/*
 * The release log. Verifying a stapled proof beside its bare signature checks;
 * an append beside the bare cost of the writes that make it durable; batches of
 * signed records beside the bare checks of their signatures; bytes on disk.
 *
 * To be reached: a proof in 0.5 ms and 1.1 times its signature checks; batches
 * at 60 % of the bare signature checks.
 */
#include <ftw.h>
#include <unistd.h>

#include "base/fmt.h"
#include "bench.h"
#include "crypto/crypto_native.h"
#include "logd/admit.h"
#include "logd/log.h"
#include "sys/fd.h"
#include "tlog/checkpoint.h"
#include "tlog/proof.h"

#define NOW       1800000000u
#define WITNESSES 3
#define SIGNERS   2 /* release keys that sign a record */
#define BATCH     2048
#define SINGLES   41    /* odd: the median is one of them */
#define STORED    600   /* appended one by one */
#define TREE      65536 /* entries under the proof: a path of 16 */
#define DIR_MAX   512

static void die(const char *what, const struct err_ctx *ctx)
{
	fprintf(stderr, "bench: log: %s: %s\n", what, ctx ? ctx->msg : "");
	exit(4);
}

static void must(enum err e, const char *what, const struct err_ctx *ctx)
{
	if (e != ERR_OK)
		die(what, ctx);
}

static struct bytes str(const char *s)
{
	return (struct bytes){ (const uint8_t *)s, strlen(s) };
}

static void new_key(
    struct logd_key *k, const char *name, enum tlog_key_type type)
{
	must(logd_key_make(k, name, type, NULL), "key", NULL);
}

/* ---- a stapled proof ------------------------------------------------------ */

struct stapled {
	struct logd_key log, witness[WITNESSES];
	char policy_text[2048];
	struct tlog_policy policy;
	uint8_t entry[700]; /* as long as an image record */
	uint8_t file[8192];
	size_t file_len;
	uint8_t text[512]; /* of the checkpoint, and as witnesses sign it */
	size_t text_len;
	uint8_t cosigned[512];
	size_t cosigned_len;
	uint8_t log_sig[ED25519_SIG_LEN];
	uint8_t witness_sig[WITNESSES][ED25519_SIG_LEN];
};

static void write_policy(struct stapled *s)
{
	struct wr w = wr_init(s->policy_text, sizeof(s->policy_text));

	wr_str(&w, "log ");
	tlog_vkey_format(&w, s->log.key.name, s->log.key.type, s->log.key.pub);
	for (int i = 0; i < WITNESSES; i++) {
		const struct tlog_key *k = &s->witness[i].key;

		wr_fmt(&w, "\nwitness w%d ", i);
		tlog_vkey_format(&w, k->name, k->type, k->pub);
	}
	wr_str(&w, "\ngroup three all w0 w1 w2\nquorum three\n");
	must(w.err, "policy", NULL);
	must(tlog_policy_parse(&s->policy,
		 (struct bytes){ (uint8_t *)s->policy_text, w.len }, false,
		 NULL),
	    "policy", NULL);
}

static void write_checkpoint(
    struct stapled *s, const struct tlog_hash *root, struct wr *note)
{
	struct wr text = wr_init(s->text, sizeof(s->text));
	struct wr cosigned = wr_init(s->cosigned, sizeof(s->cosigned));

	tlog_checkpoint_format(&text, s->log.key.name, TREE, root);
	s->text_len = text.len;
	tlog_cosigned_format(
	    &cosigned, NOW, (struct bytes){ s->text, s->text_len });
	s->cosigned_len = cosigned.len;
	crypto_ed25519_sign(s->log_sig, s->log.seed_priv,
	    (struct bytes){ s->text, s->text_len });
	wr_copy(note, s->text, s->text_len);
	tlog_note_format_end_text(note);
	tlog_note_format_sig(note, &s->log.key, s->log_sig, 0);
	for (int i = 0; i < WITNESSES; i++) {
		crypto_ed25519_sign(s->witness_sig[i], s->witness[i].seed_priv,
		    (struct bytes){ s->cosigned, s->cosigned_len });
		tlog_note_format_sig(
		    note, &s->witness[i].key, s->witness_sig[i], NOW);
	}
}

static void staple(struct stapled *s)
{
	struct tlog_hash *leaf = calloc(TREE, sizeof(*leaf)), root;
	struct wr w = wr_init(s->file, sizeof(s->file));
	uint8_t note[4096];
	struct wr n = wr_init(note, sizeof(note));
	struct tlog_proof proof = { .index = TREE / 3 };

	new_key(&s->log, "log.example/releases", TLOG_KEY_ED25519);
	for (int i = 0; i < WITNESSES; i++) {
		char name[32];

		(void)fmt_print(name, sizeof(name), "w%d.example", i);
		new_key(&s->witness[i], name, TLOG_KEY_COSIGNATURE);
	}
	write_policy(s);
	memset(s->entry, 'e', sizeof(s->entry));
	crypto_random((uint8_t *)leaf, TREE * sizeof(*leaf));
	tlog_leaf_hash(
	    &leaf[proof.index], (struct bytes){ s->entry, sizeof(s->entry) });
	tlog_root(&root, leaf, TREE);
	tlog_inclusion_path(proof.path, &proof.n, leaf, TREE, proof.index);
	write_checkpoint(s, &root, &n);
	proof.checkpoint = (struct bytes){ note, n.len };
	tlog_proof_format(&w, &proof);
	must(w.err, "proof", NULL);
	s->file_len = w.len;
	free(leaf);
}

static void verify_proof(void *arg)
{
	const struct stapled *s = arg;
	struct tlog_included in;
	struct err_ctx ctx = { 0 };

	must(tlog_proof_verify(&in, &s->policy, NOW + 60,
		 (struct bytes){ s->entry, sizeof(s->entry) },
		 (struct bytes){ s->file, s->file_len }, &ctx),
	    "proof", &ctx);
}

static void verify_signatures(void *arg)
{
	const struct stapled *s = arg;
	enum err e = crypto_ed25519_verify(
	    s->log.key.pub, s->log_sig, (struct bytes){ s->text, s->text_len });

	for (int i = 0; e == ERR_OK && i < WITNESSES; i++)
		e = crypto_ed25519_verify(s->witness[i].key.pub,
		    s->witness_sig[i],
		    (struct bytes){ s->cosigned, s->cosigned_len });
	must(e, "signature", NULL);
}

static void bench_proof(void)
{
	static struct stapled s;
	void (*const fn[])(void *) = { verify_proof, verify_signatures };
	double took[2];

	staple(&s);
	bench_alternate(fn, 2, &s, took);
	bench_row("log.proof.verify", took[0] * 1e3, "ms", took[0] / took[1]);
	bench_row("log.proof.signatures-alone", took[1] * 1e3, "ms", 1);
	bench_row(
	    "log.proof.size", (double)s.file_len, "bytes", BENCH_NO_RATIO);
}

/* ---- appending ------------------------------------------------------------ */

/* Time inside fsync(2), which the linker leads through here. */
int __real_fsync(int fd);
int __wrap_fsync(int fd);

static double fsync_s;
static unsigned fsyncs;

int __wrap_fsync(int fd)
{
	double start = bench_wall();
	int rc = __real_fsync(fd);

	fsync_s += bench_wall() - start;
	fsyncs++;
	return rc;
}

static double public_bytes;

static int add_size(
    const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)path;
	(void)at;
	if (type == FTW_F)
		public_bytes += (double)st->st_size;
	return 0;
}

/* What everybody may download of a log of n entries, for each of them. */
static void bench_storage(const char *row, const char *dir, unsigned n)
{
	char path[DIR_MAX];

	(void)fmt_print(path, sizeof(path), "%s/public", dir);
	public_bytes = 0;
	if (nftw(path, add_size, 8, FTW_PHYS) != 0)
		die("nftw", NULL);
	bench_row(row, public_bytes / n, "bytes", BENCH_NO_RATIO);
}

static struct logd_log *open_log(
    char dir[DIR_MAX], const char *name, struct logd_key *key)
{
	const char *tmp = getenv("TMPDIR");
	struct err_ctx ctx = { 0 };
	struct logd_log *log = NULL;

	(void)fmt_print(dir, DIR_MAX, "%s/bench-log-%s-%d",
	    tmp != NULL ? tmp : "/tmp", name, (int)getpid());
	new_key(key, "log.example/bench", TLOG_KEY_ED25519);
	must(logd_log_init(dir, key, &ctx), "init", &ctx);
	must(logd_log_open(&log, dir, &ctx), "open", &ctx);
	return log;
}

static void append_one(struct logd_log *log, unsigned i)
{
	struct err_ctx ctx = { 0 };
	struct bytes entry;
	char text[700];
	uint64_t index;

	memset(text, 'r', sizeof(text));
	(void)fmt_print(text, sizeof(text), "record %u", i);
	entry = (struct bytes){ (uint8_t *)text, sizeof(text) };
	must(logd_log_append(log, &index, &entry, 1, &ctx), "append", &ctx);
	must(logd_log_publish(log, NULL, 0, NOW, &ctx), "publish", &ctx);
}

static void bench_append(void)
{
	double wall[SINGLES], synced[SINGLES], start, w, s;
	struct logd_key key;
	char dir[DIR_MAX];
	struct logd_log *log = open_log(dir, "single", &key);

	for (unsigned i = 0; i < SINGLES; i++) {
		fsync_s = 0;
		fsyncs = 0;
		start = bench_wall();
		append_one(log, i);
		wall[i] = bench_wall() - start;
		synced[i] = fsync_s;
	}
	w = bench_median(wall, SINGLES);
	s = bench_median(synced, SINGLES);
	bench_row("log.append.one", w * 1e3, "ms", w / s);
	bench_row("log.append.its-fsyncs", s * 1e3, "ms", 1);
	bench_row("log.append.fsyncs", fsyncs, "calls", BENCH_NO_RATIO);
	for (unsigned i = SINGLES; i < STORED; i++)
		append_one(log, i);
	logd_log_close(log);
	bench_storage("log.storage.700-byte-record.singly", dir, STORED);
}

/* ---- batches of signed records -------------------------------------------- */

struct batch {
	struct logd_key signer[SIGNERS];
	uint8_t *buf;
	struct bytes entry[BATCH];
	struct bytes text[BATCH];
	uint8_t sig[BATCH][SIGNERS][ED25519_SIG_LEN];
};

static void fill_record(struct tlog_record *rec, uint64_t seq)
{
	static const uint8_t measurement[RECORD_MEASUREMENT_LEN] = { 7 };

	memset(rec, 0, sizeof(*rec));
	rec->kind = RECORD_IMAGE;
	rec->product = str("confer");
	rec->channel = str("bench");
	rec->seq = seq;
	rec->issued = rec->not_before = NOW;
	rec->not_after = NOW + 86400;
	rec->image.version = str("1.0.0");
	rec->image.n_sim = 1;
	memcpy(rec->image.sim[0], measurement, sizeof(measurement));
}

static void sign_batch(struct batch *b)
{
	struct wr w = wr_init(b->buf, BATCH * 1024);
	struct err_ctx ctx = { 0 };
	struct tlog_record rec;

	for (int i = 0; i < BATCH; i++) {
		size_t start = w.len;

		fill_record(&rec, (uint64_t)i + 1);
		must(tlog_record_format(&w, &rec, &ctx), "record", &ctx);
		b->text[i] = (struct bytes){ w.p + start, w.len - start };
		tlog_note_format_end_text(&w);
		for (int k = 0; k < SIGNERS; k++) {
			crypto_ed25519_sign(
			    b->sig[i][k], b->signer[k].seed_priv, b->text[i]);
			tlog_note_format_sig(
			    &w, &b->signer[k].key, b->sig[i][k], 0);
		}
		must(w.err, "record", NULL);
		b->entry[i] = (struct bytes){ w.p + start, w.len - start };
	}
}

/* Seconds that the signatures alone take. */
static double check_alone(const struct batch *b)
{
	double start = bench_cpu();

	for (int i = 0; i < BATCH; i++) {
		for (int k = 0; k < SIGNERS; k++)
			must(crypto_ed25519_verify(b->signer[k].key.pub,
				 b->sig[i][k], b->text[i]),
			    "signature", NULL);
	}
	return bench_cpu() - start;
}

/* Seconds from signed records to a published checkpoint over them. */
static double admit_and_append(
    const struct batch *b, struct logd_log *log, struct logd_admit *a)
{
	static uint64_t index[BATCH];
	struct err_ctx ctx = { 0 };
	struct tlog_record rec;
	double start = bench_cpu();

	for (int i = 0; i < BATCH; i++)
		must(
		    logd_admit_next(a, &rec, b->entry[i], &ctx), "admit", &ctx);
	must(
	    logd_log_append(log, index, b->entry, BATCH, &ctx), "append", &ctx);
	must(logd_log_publish(log, NULL, 0, NOW, &ctx), "publish", &ctx);
	return bench_cpu() - start;
}

static void bench_batch(void)
{
	static struct batch b;
	static struct logd_admit a;
	struct logd_key key;
	char dir[DIR_MAX];
	struct logd_log *log = open_log(dir, "batch", &key);
	double whole, alone;

	a.product = str("confer");
	a.origin = "log.example/bench";
	a.release.n = a.release.need = SIGNERS;
	for (int k = 0; k < SIGNERS; k++) {
		char name[32];

		(void)fmt_print(name, sizeof(name), "release.example/%d", k);
		new_key(&b.signer[k], name, TLOG_KEY_ED25519);
		a.release.key[k] = b.signer[k].key;
	}
	b.buf = malloc(BATCH * 1024);
	if (b.buf == NULL)
		die("memory", NULL);
	sign_batch(&b);
	alone = check_alone(&b);
	whole = admit_and_append(&b, log, &a);
	bench_row("log.batch.records", BATCH / whole, "per-CPU-second",
	    alone / whole);
	bench_row(
	    "log.batch.signatures-alone", BATCH / alone, "per-CPU-second", 1);
	logd_log_close(log);
	bench_storage("log.storage.record-in-batch", dir, BATCH);
	bench_row("log.batch.record-size", (double)b.entry[BATCH - 1].len,
	    "bytes", BENCH_NO_RATIO);
	free(b.buf);
}

int main(void)
{
	if (crypto_init() != ERR_OK)
		return 4;
	bench_proof();
	bench_append();
	bench_batch();
	return 0;
}
