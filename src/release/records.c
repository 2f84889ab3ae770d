/* Records of a local enclave; see records.h. */
#include "release/records.h"

#include "base/assert.h"
#include "base/fmt.h"
#include "client/seed.h"
#include "crypto/crypto_native.h"
#include "tlog/proof.h"

static struct bytes str(const char *s)
{
	return (struct bytes){ (const uint8_t *)s, mem_strlen(s) };
}

/* ---- keys ---------------------------------------------------------------- */

static enum err open_key(
    struct release_keys *keys, const char *dir, size_t i, struct err_ctx *ctx)
{
	uint8_t pub[ED25519_PUB_LEN];
	char path[FD_PATH_MAX];
	enum err e;

	if (fmt_print(path, sizeof(path), "%s/release-%zu", dir, i + 1) >=
	    sizeof(path))
		return err_set(ctx, ERR_LIMIT, "release keys: path");
	e = client_seed_open(keys->seed_priv[i], path, true, ctx);
	if (e != ERR_OK)
		return e;
	(void)fmt_print(keys->name[i], sizeof(keys->name[i]),
	    "local.confer/release/%zu", i + 1);
	crypto_ed25519_public(pub, keys->seed_priv[i]);
	keys->set.key[i] =
	    tlog_key_make(str(keys->name[i]), TLOG_KEY_ED25519, pub);
	keys->set.n = keys->set.need = i + 1;
	return ERR_OK;
}

enum err release_keys_open(
    struct release_keys *keys, const char *dir, size_t n, struct err_ctx *ctx)
{
	enum err e = fd_make_dirs(dir, ctx);

	assert(n >= 1 && n <= RECORD_KEYS_MAX);
	memset(keys, 0, sizeof(*keys));
	for (size_t i = 0; e == ERR_OK && i < n; i++)
		e = open_key(keys, dir, i, ctx);
	if (e != ERR_OK)
		release_keys_wipe(keys);
	return e;
}

void release_keys_wipe(struct release_keys *keys)
{
	mem_wipe(keys, sizeof(*keys));
}

/* ---- records ------------------------------------------------------------- */

static void head(struct tlog_record *rec, const struct release_facts *what,
    enum record_kind kind, uint64_t seq, uint64_t life_s)
{
	memset(rec, 0, sizeof(*rec));
	rec->kind = kind;
	rec->product = str(what->product);
	rec->channel = str(what->channel);
	rec->seq = seq;
	rec->issued = rec->not_before = what->issued;
	rec->not_after = what->issued + life_s;
}

void release_image(struct tlog_record *rec, const struct release_facts *what)
{
	struct record_image *m = &rec->image;

	head(rec, what, RECORD_IMAGE, what->image_seq, what->life_s);
	m->version = str(what->version);
	m->files.n = 1;
	m->files.item[0] = (struct record_file){
		.role = str("confer-enclave"),
		.size = what->enclave_size,
		.digest = { RECORD_SHA256, what->enclave_sha256 },
	};
	m->n_sim = 1;
	mem_copy(m->sim[0], what->sim, RECORD_MEASUREMENT_LEN);
	m->n_models = 1;
	m->model[0].name = str(what->model_name);
	m->model[0].digest =
	    (struct record_digest){ RECORD_SHA256, what->model_sha256 };
}

void release_model(struct tlog_record *rec, const struct release_facts *what)
{
	struct record_model *m = &rec->model;

	head(rec, what, RECORD_MODEL, what->model_seq, what->life_s);
	m->name = str(what->model_name);
	m->size = what->model_size;
	m->sha256 = what->model_sha256;
	m->tokenizer = str(what->tokenizer);
	m->quant = str(what->quant);
	m->context = what->context;
}

void release_policy(struct tlog_record *rec, const struct release_facts *what)
{
	struct record_policy *m = &rec->policy;

	head(rec, what, RECORD_POLICY, what->policy_seq, RECORD_LIFE_POLICY_S);
	m->n_min_seq = 2;
	m->min_seq[0] = (struct record_min_seq){ RECORD_IMAGE, rec->product,
		rec->channel, what->image_seq };
	m->min_seq[1] = (struct record_min_seq){ RECORD_MODEL, rec->product,
		rec->channel, what->model_seq };
	m->any_hardware = true;
}

enum err release_sign(struct wr *out, const struct release_keys *keys,
    const struct tlog_record *rec, struct err_ctx *ctx)
{
	size_t start = out->len;
	struct bytes text;
	enum err e = tlog_record_format(out, rec, ctx);

	if (e != ERR_OK)
		return e;
	text = (struct bytes){ out->p + start, out->len - start };
	tlog_note_format_end_text(out);
	for (size_t i = 0; i < keys->set.n; i++) {
		uint8_t sig[ED25519_SIG_LEN];

		crypto_ed25519_sign(sig, keys->seed_priv[i], text);
		tlog_note_format_sig(out, &keys->set.key[i], sig, 0);
	}
	if (out->err == ERR_OK && out->len - start > RECORD_LEN_MAX)
		wr_fail(out, ERR_LIMIT);
	return out->err == ERR_OK
		   ? ERR_OK
		   : err_set(ctx, out->err, "record: longer than its buffer");
}

/* ---- publishing ---------------------------------------------------------- */

enum err release_next_seq(uint64_t *seq, const struct client_log *log,
    enum record_kind kind, const struct release_facts *what,
    struct err_ctx *ctx)
{
	uint8_t entry[RECORD_LEN_MAX];
	struct tlog_record rec;
	struct tlog_note note;
	size_t len;

	*seq = 1;
	for (size_t i = log->n; i > 0; i--) {
		enum err e =
		    client_log_read(log, i - 1, entry, sizeof(entry), &len);

		if (e == ERR_OK)
			e = tlog_note_parse(
			    &note, (struct bytes){ entry, len }, ctx);
		if (e == ERR_OK)
			e = tlog_record_parse(&rec, note.text, ctx);
		if (e != ERR_OK)
			return err_set(ctx, e, "log: entry %zu", i - 1);
		if (rec.kind == kind &&
		    mem_eq_str(rec.product, what->product) &&
		    mem_eq_str(rec.channel, what->channel)) {
			*seq = rec.seq + 1;
			break;
		}
	}
	return ERR_OK;
}

/* Where a record and its proof go. */
struct target {
	const char *name;
	enum record_kind kind;
	void (*fill)(struct tlog_record *, const struct release_facts *);
};

static const struct target targets[] = {
	{ "image", RECORD_IMAGE, release_image },
	{ "model", RECORD_MODEL, release_model },
	{ "policy", RECORD_POLICY, release_policy },
};

#define TARGETS (sizeof(targets) / sizeof(targets[0]))

static enum err write_out(const char *dir, const char *name, const char *suffix,
    const struct wr *w, struct err_ctx *ctx)
{
	char path[FD_PATH_MAX];

	if (fmt_print(path, sizeof(path), "%s/%s.%s", dir, name, suffix) >=
	    sizeof(path))
		return err_set(ctx, ERR_LIMIT, "records: path");
	return fd_replace_file(path, (struct bytes){ w->p, w->len }, 0644, ctx);
}

/* What a publication works with. */
struct publication {
	const struct release_facts *what;
	struct client_log *log;
	const struct release_keys *keys;
	const char *dir;
	struct err_ctx *ctx;
};

/* Make, sign, append and write one record. */
static enum err publish_record(
    const struct publication *p, const struct target *t, uint64_t *index)
{
	uint8_t buf[RECORD_LEN_MAX];
	struct wr w = wr_init(buf, sizeof(buf));
	struct tlog_record rec;
	enum err e;

	t->fill(&rec, p->what);
	e = release_sign(&w, p->keys, &rec, p->ctx);
	if (e == ERR_OK)
		e = client_log_append(
		    p->log, index, (struct bytes){ buf, w.len }, p->ctx);
	if (e == ERR_OK)
		e = write_out(p->dir, t->name, "record", &w, p->ctx);
	return e;
}

static enum err publish_proof(
    const struct publication *p, const struct target *t, uint64_t index)
{
	uint8_t buf[TLOG_PROOF_LEN_MAX];
	struct wr w = wr_init(buf, sizeof(buf));
	enum err e = client_log_prove(p->log, &w, index);

	return e == ERR_OK ? write_out(p->dir, t->name, "proof", &w, p->ctx)
			   : e;
}

enum err release_publish(struct release_facts *what, struct client_log *log,
    const struct release_keys *keys, const char *dir, struct err_ctx *ctx)
{
	const struct publication p = { what, log, keys, dir, ctx };
	uint64_t *const seq[TARGETS] = { &what->image_seq, &what->model_seq,
		&what->policy_seq };
	uint64_t index[TARGETS] = { 0 };
	enum err e = ERR_OK;

	for (size_t i = 0; e == ERR_OK && i < TARGETS; i++)
		e = release_next_seq(seq[i], log, targets[i].kind, what, ctx);
	for (size_t i = 0; e == ERR_OK && i < TARGETS; i++)
		e = publish_record(&p, &targets[i], &index[i]);
	/* Proofs last: all are under the checkpoint that holds all three. */
	for (size_t i = 0; e == ERR_OK && i < TARGETS; i++)
		e = publish_proof(&p, &targets[i], index[i]);
	return e;
}
