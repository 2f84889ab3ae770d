/* Records of a local enclave; see records.h. */
#include "release/records.h"

#include "base/assert.h"
#include "base/fmt.h"
#include "sys/fd.h"

static struct bytes str(const char *s)
{
	return (struct bytes){ (const uint8_t *)s, mem_strlen(s) };
}

/* ---- keys ---------------------------------------------------------------- */

static enum err open_key(
    struct release_keys *keys, const char *dir, size_t i, struct err_ctx *ctx)
{
	char path[FD_PATH_MAX], name[TLOG_KEY_NAME_LEN_MAX + 1];
	enum err e;

	if (fmt_print(path, sizeof(path), "%s/release-%zu", dir, i + 1) >=
	    sizeof(path))
		return err_set(ctx, ERR_LIMIT, "release keys: path");
	(void)fmt_print(name, sizeof(name), "local.confer/release/%zu", i + 1);
	e = logd_key_open(&keys->signer[i], path, name, TLOG_KEY_ED25519, ctx);
	if (e != ERR_OK)
		return e;
	keys->set.key[i] = keys->signer[i].key;
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
	for (size_t i = 0; i < keys->set.n; i++)
		logd_key_sign(out, &keys->signer[i], text, 0);
	if (out->err == ERR_OK && out->len - start > RECORD_LEN_MAX)
		wr_fail(out, ERR_LIMIT);
	return out->err == ERR_OK
		   ? ERR_OK
		   : err_set(ctx, out->err, "record: longer than its buffer");
}
