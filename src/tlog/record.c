/*
 * Parser of release records; the functions follow docs/log.md section 6 line by
 * line. record_write.c writes the same lines, record_check.c judges records.
 */
#include "tlog/record.h"

#include "base/hex.h"
#include "tlog/text.h"

#define MAGIC        "confer-release/v1"
#define VCPUS_MAX    4096
#define DIGEST_LEN   71 /* "sha256:" and 64 digits */
#define DIGEST_LABEL 7

static const char *const kind_names[] = {
	[RECORD_IMAGE] = "image",
	[RECORD_MODEL] = "model",
	[RECORD_WEB] = "web",
	[RECORD_CLIENT] = "client",
	[RECORD_POLICY] = "policy",
	[RECORD_RETIRE] = "retire",
	[RECORD_REBUILD] = "rebuild",
};

const char *tlog_record_kind_name(enum record_kind kind)
{
	if (kind < RECORD_IMAGE || kind > RECORD_REBUILD)
		return "unknown";
	return kind_names[kind];
}

/* ---- fields -------------------------------------------------------------- */

static enum record_kind get_kind(struct tlog_text *t)
{
	struct bytes name = tlog_text_token(t);

	for (unsigned k = RECORD_IMAGE; k <= RECORD_REBUILD; k++) {
		if (mem_eq_str(name, kind_names[k]))
			return (enum record_kind)k;
	}
	tlog_text_fail(t, ERR_UNSUPPORTED, "unknown kind");
	return RECORD_IMAGE;
}

static void get_digest(struct tlog_text *t, struct record_digest *d)
{
	struct bytes f = tlog_text_visible(t, DIGEST_LEN);
	struct bytes label = { f.p, DIGEST_LABEL };

	if (t->err != ERR_OK)
		return;
	if (f.len != DIGEST_LEN) {
		tlog_text_fail(
		    t, ERR_FORMAT, "the digest before has no 64 digits");
		return;
	}
	if (mem_eq_str(label, "sha256:"))
		d->alg = RECORD_SHA256;
	else if (mem_eq_str(label, "verity:"))
		d->alg = RECORD_VERITY;
	else
		tlog_text_fail(t, ERR_FORMAT, "unknown digest before");
	if (hex_decode(d->hash.b, TLOG_HASH_LEN,
		(struct bytes){
		    f.p + DIGEST_LABEL, DIGEST_LEN - DIGEST_LABEL }) != ERR_OK)
		tlog_text_fail(t, ERR_FORMAT, "the digest before is not hex");
}

static void get_sha256(struct tlog_text *t, struct tlog_hash *h)
{
	struct record_digest d = { .alg = RECORD_SHA256 };

	get_digest(t, &d);
	if (t->err == ERR_OK && d.alg != RECORD_SHA256)
		tlog_text_fail(t, ERR_FORMAT, "the digest before is no sha256");
	*h = d.hash;
}

/* A whole line `key sha256:...`. */
static void line_sha256(
    struct tlog_text *t, const char *key, struct tlog_hash *h)
{
	tlog_text_key(t, key);
	get_sha256(t, h);
	tlog_text_eol(t);
}

static bool opt_sha256(
    struct tlog_text *t, const char *key, struct tlog_hash *h)
{
	if (!tlog_text_peek(t, key))
		return false;
	line_sha256(t, key, h);
	return true;
}

static struct bytes line_token(struct tlog_text *t, const char *key)
{
	struct bytes b;

	tlog_text_key(t, key);
	b = tlog_text_token(t);
	tlog_text_eol(t);
	return b;
}

static uint64_t line_num(struct tlog_text *t, const char *key, uint64_t min)
{
	uint64_t v;

	tlog_text_key(t, key);
	v = tlog_text_num(t, min, INT64_MAX);
	tlog_text_eol(t);
	return v;
}

static void get_git(struct tlog_text *t, struct record_git_hash *h)
{
	struct bytes f = tlog_text_visible(t, (size_t)2 * RECORD_GIT_HASH_MAX);

	if (t->err != ERR_OK)
		return;
	h->len = f.len / 2;
	if ((f.len != 40 && f.len != 64) ||
	    hex_decode(h->b, h->len, f) != ERR_OK)
		tlog_text_fail(t, ERR_FORMAT,
		    "the git hash before has not 40 or 64 digits");
}

static void opt_source(struct tlog_text *t, struct record_source *s)
{
	if (!tlog_text_peek(t, "source"))
		return;
	tlog_text_key(t, "source");
	s->url = tlog_text_visible(t, RECORD_URL_LEN_MAX);
	get_git(t, &s->commit);
	get_git(t, &s->tree);
	if (s->commit.len != s->tree.len)
		tlog_text_fail(t, ERR_FORMAT, "git hashes of two lengths");
	tlog_text_eol(t);
}

/* ---- repeated lines ------------------------------------------------------ */

/* Walks the repeated lines of one keyword. L-53 */
struct lines {
	struct tlog_text *t;
	const char *key;
	size_t max;
	size_t n;
	struct bytes last; /* the line before */
};

/* Start the next line; false when there is none. */
static bool lines_next(struct lines *l)
{
	if (!tlog_text_peek(l->t, l->key))
		return false;
	tlog_text_key(l->t, l->key);
	if (l->n == l->max) {
		tlog_text_fail(l->t, ERR_LIMIT, "too many of these lines");
		return false;
	}
	return true;
}

/* End it. `same` says that its unique field equals that of the line before. */
static void lines_end(struct lines *l, bool same)
{
	struct tlog_text *t = l->t;
	struct bytes line;

	tlog_text_eol(t);
	if (t->err != ERR_OK)
		return;
	line = (struct bytes){ t->in.p + t->line, t->off - t->line };
	if (l->n > 0 && tlog_text_compare(l->last, line) >= 0)
		tlog_text_fail(
		    t, ERR_FORMAT, "the line before is out of order");
	else if (l->n > 0 && same)
		tlog_text_fail(t, ERR_FORMAT, "the line before repeats a name");
	l->last = line;
	l->n++;
}

static void parse_files(struct tlog_text *t, struct record_files *f)
{
	struct lines l = { .t = t, .key = "file", .max = RECORD_FILES_MAX };

	while (lines_next(&l)) {
		struct record_file *it = &f->item[l.n];

		it->role = tlog_text_token(t);
		it->size = tlog_text_num(t, 0, INT64_MAX);
		get_digest(t, &it->digest);
		lines_end(&l, l.n > 0 && mem_eq(it->role, it[-1].role));
	}
	f->n = l.n;
}

/* ---- image --------------------------------------------------------------- */

static void parse_snp(struct tlog_text *t, struct record_image *m)
{
	struct lines l = { .t = t, .key = "snp", .max = RECORD_SHAPES_MAX };

	while (lines_next(&l)) {
		struct record_snp *it = &m->snp[l.n];

		it->vcpus = (uint32_t)tlog_text_num(t, 1, VCPUS_MAX);
		it->vcpu_type = tlog_text_token(t);
		tlog_text_hex(t, it->measurement, sizeof(it->measurement));
		tlog_text_word(t, "policy");
		it->policy = tlog_text_hex64(t);
		lines_end(&l, false);
	}
	m->n_snp = l.n;
}

static void parse_tdx(struct tlog_text *t, struct record_image *m)
{
	static const char *const rtmr[] = { "rtmr0", "rtmr1", "rtmr2",
		"rtmr3" };
	struct lines l = { .t = t, .key = "tdx", .max = RECORD_SHAPES_MAX };

	while (lines_next(&l)) {
		struct record_tdx *it = &m->tdx[l.n];

		it->shape = tlog_text_token(t);
		tlog_text_word(t, "mrtd");
		tlog_text_hex(t, it->mrtd, sizeof(it->mrtd));
		for (size_t i = 0; i < 4; i++) {
			tlog_text_word(t, rtmr[i]);
			tlog_text_hex(t, it->rtmr[i], sizeof(it->rtmr[i]));
		}
		tlog_text_word(t, "attributes");
		it->attributes = tlog_text_hex64(t);
		tlog_text_word(t, "xfam");
		it->xfam = tlog_text_hex64(t);
		lines_end(&l, false);
	}
	m->n_tdx = l.n;
}

static void parse_sgx(struct tlog_text *t, struct record_image *m)
{
	struct lines l = { .t = t, .key = "sgx", .max = RECORD_SHAPES_MAX };

	while (lines_next(&l)) {
		struct record_sgx *it = &m->sgx[l.n];

		tlog_text_word(t, "mrenclave");
		tlog_text_hex(t, it->mrenclave, sizeof(it->mrenclave));
		tlog_text_word(t, "mrsigner");
		tlog_text_hex(t, it->mrsigner, sizeof(it->mrsigner));
		tlog_text_word(t, "isvprodid");
		it->isvprodid = (uint16_t)tlog_text_num(t, 0, UINT16_MAX);
		tlog_text_word(t, "isvsvn");
		it->isvsvn = (uint16_t)tlog_text_num(t, 0, UINT16_MAX);
		tlog_text_word(t, "attributes");
		tlog_text_hex(t, it->attributes, sizeof(it->attributes));
		tlog_text_word(t, "mask");
		tlog_text_hex(t, it->mask, sizeof(it->mask));
		lines_end(&l, false);
	}
	m->n_sgx = l.n;
}

static void parse_sim(struct tlog_text *t, struct record_image *m)
{
	struct lines l = { .t = t, .key = "sim", .max = RECORD_SHAPES_MAX };

	while (lines_next(&l)) {
		tlog_text_hex(t, m->sim[l.n], sizeof(m->sim[l.n]));
		lines_end(&l, false);
	}
	m->n_sim = l.n;
}

static void parse_model_refs(struct tlog_text *t, struct record_image *m)
{
	struct lines l = { .t = t, .key = "model", .max = RECORD_MODELS_MAX };

	while (lines_next(&l)) {
		struct record_model_ref *it = &m->model[l.n];

		it->name = tlog_text_token(t);
		get_digest(t, &it->digest);
		lines_end(&l, l.n > 0 && mem_eq(it->name, it[-1].name));
	}
	m->n_models = l.n;
}

static void parse_image(struct tlog_text *t, struct tlog_record *r)
{
	struct record_image *m = &r->image;

	m->version = line_token(t, "version");
	opt_source(t, &m->source);
	m->has_recipe = opt_sha256(t, "recipe", &m->recipe);
	m->has_builder = opt_sha256(t, "builder", &m->builder);
	parse_files(t, &m->files);
	parse_snp(t, m);
	parse_tdx(t, m);
	parse_sgx(t, m);
	parse_sim(t, m);
	if (m->n_snp + m->n_tdx + m->n_sgx + m->n_sim == 0)
		tlog_text_fail(t, ERR_FORMAT, "no measurement up to here");
	parse_model_refs(t, m);
	if (tlog_text_peek(t, "supersedes"))
		m->supersedes = line_num(t, "supersedes", 1);
	if (m->supersedes >= r->seq)
		tlog_text_fail(t, ERR_FORMAT, "supersedes is not before seq");
}

/* ---- model, web, client -------------------------------------------------- */

static void parse_model(struct tlog_text *t, struct tlog_record *r)
{
	struct record_model *m = &r->model;

	m->name = line_token(t, "name");
	tlog_text_key(t, "file");
	m->size = tlog_text_num(t, 1, INT64_MAX);
	get_sha256(t, &m->sha256);
	tlog_text_eol(t);
	m->has_verity = tlog_text_peek(t, "verity");
	if (m->has_verity) {
		tlog_text_key(t, "verity");
		tlog_text_hex(t, m->verity.b, TLOG_HASH_LEN);
		tlog_text_eol(t);
	}
	m->tokenizer = line_token(t, "tokenizer");
	m->has_template = opt_sha256(t, "template", &m->template_sha256);
	m->quant = line_token(t, "quant");
	m->context = line_num(t, "context", 1);
}

static void parse_web(struct tlog_text *t, struct tlog_record *r)
{
	struct record_web *m = &r->web;

	m->version = line_token(t, "version");
	opt_source(t, &m->source);
	m->has_recipe = opt_sha256(t, "recipe", &m->recipe);
	tlog_text_key(t, "bundle");
	m->size = tlog_text_num(t, 1, INT64_MAX);
	get_sha256(t, &m->bundle);
	tlog_text_eol(t);
}

static void parse_client(struct tlog_text *t, struct tlog_record *r)
{
	struct record_client *m = &r->client;

	m->version = line_token(t, "version");
	opt_source(t, &m->source);
	m->has_recipe = opt_sha256(t, "recipe", &m->recipe);
	parse_files(t, &m->files);
	if (m->files.n == 0)
		tlog_text_fail(t, ERR_FORMAT, "no file up to here");
}

/* ---- policy -------------------------------------------------------------- */

static void parse_min_seq(struct tlog_text *t, struct record_policy *m)
{
	struct lines l = {
		.t = t, .key = "min-seq", .max = RECORD_MIN_SEQ_MAX
	};

	while (lines_next(&l)) {
		struct record_min_seq *it = &m->min_seq[l.n];

		it->kind = get_kind(t);
		it->product = tlog_text_token(t);
		it->channel = tlog_text_token(t);
		it->seq = tlog_text_num(t, 1, INT64_MAX);
		lines_end(&l, l.n > 0 && it->kind == it[-1].kind &&
				  mem_eq(it->product, it[-1].product) &&
				  mem_eq(it->channel, it[-1].channel));
	}
	m->n_min_seq = l.n;
}

static void parse_revoked(struct tlog_text *t, struct record_policy *m)
{
	struct lines l = {
		.t = t, .key = "revoked", .max = RECORD_REVOKED_MAX
	};

	while (lines_next(&l)) {
		tlog_text_hex(t, m->revoked[l.n].b, TLOG_HASH_LEN);
		lines_end(&l, false);
	}
	m->n_revoked = l.n;
}

/* `key` holds the product's name too. */
static void opt_snp_tcb(struct tlog_text *t, const char *key, bool has_fmc,
    struct record_snp_tcb *tcb)
{
	tcb->listed = tlog_text_peek(t, key);
	if (!tcb->listed)
		return;
	tlog_text_key(t, key);
	if (has_fmc)
		tcb->fmc = (uint8_t)tlog_text_num(t, 0, UINT8_MAX);
	tcb->bootloader = (uint8_t)tlog_text_num(t, 0, UINT8_MAX);
	tcb->tee = (uint8_t)tlog_text_num(t, 0, UINT8_MAX);
	tcb->snp = (uint8_t)tlog_text_num(t, 0, UINT8_MAX);
	tcb->microcode = (uint8_t)tlog_text_num(t, 0, UINT8_MAX);
	tlog_text_eol(t);
}

static bool opt_eval(struct tlog_text *t, const char *key, uint64_t *v)
{
	if (!tlog_text_peek(t, key))
		return false;
	*v = line_num(t, key, 0);
	return true;
}

static size_t parse_chips(struct tlog_text *t, const char *key, size_t id_len,
    struct record_chip *chip)
{
	struct lines l = { .t = t, .key = key, .max = RECORD_CHIPS_MAX };

	while (lines_next(&l)) {
		struct record_chip *it = &chip[l.n];

		tlog_text_hex(t, it->id, id_len);
		it->not_after = tlog_text_num(t, 0, INT64_MAX);
		lines_end(&l, l.n > 0 && mem_eq_ct(it->id, it[-1].id, id_len));
	}
	return l.n;
}

static void parse_hardware(struct tlog_text *t, struct record_policy *m)
{
	struct bytes word = line_token(t, "hardware");

	m->any_hardware = mem_eq_str(word, "any");
	if (m->any_hardware)
		return;
	if (!mem_eq_str(word, "listed"))
		tlog_text_fail(t, ERR_FORMAT, "neither any nor listed");
	m->n_chips = parse_chips(t, "chip", RECORD_CHIP_ID_LEN, m->chip);
	m->n_ppids = parse_chips(t, "ppid", RECORD_PPID_LEN, m->ppid);
}

static void get_vkey(
    struct tlog_text *t, struct tlog_key *key, enum tlog_key_type type)
{
	struct bytes f = tlog_text_visible(t, TLOG_VKEY_LEN_MAX);
	enum err e;

	if (t->err != ERR_OK)
		return;
	e = tlog_vkey_parse(key, f, NULL);
	if (e != ERR_OK)
		tlog_text_fail(t, e, "the key before is malformed");
	else if (key->type != type)
		tlog_text_fail(t, ERR_FORMAT, "wrong type of key before");
}

static void parse_next_keys(struct tlog_text *t, struct record_policy *m)
{
	struct lines logs = {
		.t = t, .key = "next-log", .max = RECORD_NEXT_KEYS_MAX
	};
	struct lines wits = {
		.t = t, .key = "next-witness", .max = RECORD_NEXT_KEYS_MAX
	};

	while (lines_next(&logs)) {
		get_vkey(t, &m->next_log[logs.n], TLOG_KEY_ED25519);
		lines_end(&logs, false);
	}
	m->n_next_logs = logs.n;
	while (lines_next(&wits)) {
		struct record_next_witness *it = &m->next_witness[wits.n];

		it->name = tlog_text_token(t);
		get_vkey(t, &it->key, TLOG_KEY_COSIGNATURE);
		lines_end(&wits, wits.n > 0 && mem_eq(it->name, it[-1].name));
	}
	m->n_next_witnesses = wits.n;
}

static void parse_policy(struct tlog_text *t, struct tlog_record *r)
{
	struct record_policy *m = &r->policy;

	parse_min_seq(t, m);
	parse_revoked(t, m);
	opt_snp_tcb(t, "tcb-snp milan", false, &m->milan);
	opt_snp_tcb(t, "tcb-snp genoa", false, &m->genoa);
	opt_snp_tcb(t, "tcb-snp turin", true, &m->turin);
	m->has_tdx = opt_eval(t, "tcb-tdx", &m->tdx_eval);
	m->has_sgx = opt_eval(t, "tcb-sgx", &m->sgx_eval);
	parse_hardware(t, m);
	parse_next_keys(t, m);
}

/* ---- retire, rebuild ----------------------------------------------------- */

static void parse_retire(struct tlog_text *t, struct tlog_record *r)
{
	struct record_retire *m = &r->retire;

	tlog_text_key(t, "log");
	m->log = tlog_text_visible(t, TLOG_KEY_NAME_LEN_MAX);
	tlog_text_eol(t);
	tlog_text_key(t, "last");
	m->size = tlog_text_num(t, 0, TLOG_SIZE_MAX);
	tlog_text_hex(t, m->root.b, TLOG_HASH_LEN);
	tlog_text_eol(t);
	m->cause = line_token(t, "cause");
	if (!tlog_text_peek(t, "successor"))
		return;
	tlog_text_key(t, "successor");
	m->successor = tlog_text_visible(t, TLOG_KEY_NAME_LEN_MAX);
	tlog_text_eol(t);
}

static void parse_rebuild(struct tlog_text *t, struct tlog_record *r)
{
	struct record_rebuild *m = &r->rebuild;

	tlog_text_key(t, "release");
	tlog_text_hex(t, m->release.b, TLOG_HASH_LEN);
	tlog_text_eol(t);
	line_sha256(t, "result", &m->result);
	m->rebuilder = line_token(t, "rebuilder");
}

/* ---- the whole record ---------------------------------------------------- */

static void (*const parse_kind[])(struct tlog_text *, struct tlog_record *) = {
	[RECORD_IMAGE] = parse_image,
	[RECORD_MODEL] = parse_model,
	[RECORD_WEB] = parse_web,
	[RECORD_CLIENT] = parse_client,
	[RECORD_POLICY] = parse_policy,
	[RECORD_RETIRE] = parse_retire,
	[RECORD_REBUILD] = parse_rebuild,
};

/* L-55 */
static void check_life(struct tlog_text *t, const struct tlog_record *r)
{
	uint64_t life = RECORD_LIFE_MAX_S;

	if (r->kind == RECORD_POLICY)
		life = RECORD_LIFE_POLICY_S;
	else if (r->kind == RECORD_RETIRE || r->kind == RECORD_REBUILD)
		life = RECORD_LIFE_FACT_S;
	if (r->issued > r->not_before || r->not_before >= r->not_after)
		tlog_text_fail(t, ERR_FORMAT,
		    "issued, not-before, not-after are not in order");
	else if (r->not_after - r->issued > life)
		tlog_text_fail(t, ERR_LIMIT, "too long a life for this kind");
}

static void parse_head(struct tlog_text *t, struct tlog_record *r)
{
	t->key = "record";
	if (!tlog_text_peek(t, MAGIC))
		tlog_text_fail(t, ERR_UNSUPPORTED, "not " MAGIC);
	tlog_text_key(t, MAGIC);
	tlog_text_eol(t);
	tlog_text_key(t, "kind");
	r->kind = get_kind(t);
	tlog_text_eol(t);
	r->product = line_token(t, "product");
	r->channel = line_token(t, "channel");
	r->seq = line_num(t, "seq", 1);
	r->issued = line_num(t, "issued", 0);
	r->not_before = line_num(t, "not-before", 0);
	r->not_after = line_num(t, "not-after", 0);
	check_life(t, r);
}

enum err tlog_record_parse(
    struct tlog_record *out, struct bytes text, struct err_ctx *ctx)
{
	struct tlog_text t = tlog_text_init(text, ctx);

	memset(out, 0, sizeof(*out));
	if (text.len > RECORD_LEN_MAX)
		return err_set(ctx, ERR_LIMIT, "record: %zu bytes", text.len);
	parse_head(&t, out);
	if (t.err == ERR_OK)
		parse_kind[out->kind](&t, out);
	if (tlog_text_end(&t) != ERR_OK)
		memset(out, 0, sizeof(*out));
	return t.err;
}
