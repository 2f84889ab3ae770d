/* The trust file; see trust.h. Lines have a fixed order: one spelling. */
#include "base/hex.h"
#include "protocol/trust_parse.h"

struct lines {
	struct bytes rest;
	struct bytes line; /* the present one, without its LF */
	unsigned number;   /* of the present line, from 1 */
};

/* Step to the next line. Every line ends in LF, and none has a CR. */
static enum err next_line(struct lines *l, struct err_ctx *ctx)
{
	l->number++;
	for (size_t i = 0; i < l->rest.len; i++) {
		uint8_t c = l->rest.p[i];

		if (c == '\n') {
			l->line = (struct bytes){ l->rest.p, i };
			l->rest.p += i + 1;
			l->rest.len -= i + 1;
			return ERR_OK;
		}
		if (c < 0x20 || c > 0x7e)
			return err_set(ctx, ERR_FORMAT,
			    "trust file line %u: byte 0x%02x is not allowed",
			    l->number, c);
	}
	return err_set(
	    ctx, ERR_TRUNCATED, "trust file ends inside line %u", l->number);
}

/* Does the line start with `key` and a space? Then *value is what follows. */
static bool line_is(const struct lines *l, const char *key, struct bytes *value)
{
	size_t n = mem_strlen(key);

	if (l->line.len <= n || l->line.p[n] != ' ' ||
	    !mem_eq_str((struct bytes){ l->line.p, n }, key))
		return false;
	value->p = l->line.p + n + 1;
	value->len = l->line.len - n - 1;
	return true;
}

static enum err expected(
    const struct lines *l, const char *what, struct err_ctx *ctx)
{
	return err_set(ctx, ERR_FORMAT, "trust file line %u: expected %s",
	    l->number, what);
}

static bool token_ok(struct bytes t)
{
	for (size_t i = 0; i < t.len; i++) {
		uint8_t c = t.p[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
		    !(c >= '0' && c <= '9') && c != '.' && c != '_' &&
		    c != '-' && c != '+')
			return false;
	}
	return t.len > 0 && t.len <= RECORD_TOKEN_LEN_MAX;
}

static enum err read_token(
    struct lines *l, struct bytes *out, const char *key, struct err_ctx *ctx)
{
	enum err e = next_line(l, ctx);

	if (e == ERR_OK && (!line_is(l, key, out) || !token_ok(*out)))
		e = expected(l, key, ctx);
	return e;
}

/* `release-key VKEY`, once or more; leaves the line after them current. */
static enum err read_release_keys(
    struct trust *t, struct lines *l, struct err_ctx *ctx)
{
	struct bytes vkey;
	enum err e = ERR_OK;

	while (e == ERR_OK && line_is(l, "release-key", &vkey)) {
		e = tlog_keyset_add(&t->release, vkey, ctx);
		if (e == ERR_OK)
			e = next_line(l, ctx);
	}
	if (e == ERR_OK && t->release.n == 0)
		e = expected(l, "release-key", ctx);
	return e;
}

/* Who releases is nobody to ask whether the release is what it says. */
static bool is_release_key(const struct trust *t, const struct tlog_key *key)
{
	for (size_t i = 0; i < t->release.n; i++) {
		if (mem_eq_ct(t->release.key[i].pub, key->pub, ED25519_PUB_LEN))
			return true;
	}
	return false;
}

/* `rebuilder-key VKEY`, any number; leaves the line after them current. */
static enum err read_rebuilders(
    struct trust *t, struct lines *l, struct err_ctx *ctx)
{
	struct tlog_keyset *set = &t->rebuilder;
	struct bytes vkey;
	enum err e = ERR_OK;

	set->need = 1;
	while (e == ERR_OK && line_is(l, "rebuilder-key", &vkey)) {
		if (set->n == TRUST_REBUILDERS_MAX)
			return err_set(ctx, ERR_LIMIT,
			    "trust file line %u: more than %d rebuilder-key "
			    "lines",
			    l->number, TRUST_REBUILDERS_MAX);
		e = tlog_keyset_add(set, vkey, ctx);
		if (e == ERR_OK && is_release_key(t, &set->key[set->n - 1]))
			return expected(l, "a key that releases nothing", ctx);
		if (e == ERR_OK)
			e = next_line(l, ctx);
	}
	return e;
}

/* `operator WITNESS NAME`, any number; leaves the line after them current. */
static enum err read_operators(
    struct trust *t, struct lines *l, struct err_ctx *ctx)
{
	struct bytes value;
	enum err e = ERR_OK;

	while (e == ERR_OK && line_is(l, "operator", &value)) {
		e = trust_operator_read(t, value, l->number, ctx);
		if (e == ERR_OK)
			e = next_line(l, ctx);
	}
	return e;
}

/* `threshold K`, 1 <= K <= number of keys: two digits are enough. */
static enum err read_threshold(
    struct trust *t, struct lines *l, struct err_ctx *ctx)
{
	struct bytes v = { NULL, 0 };
	size_t k = 0;
	bool ok = line_is(l, "threshold", &v) && v.len >= 1 && v.len <= 2 &&
		  v.p[0] != '0';

	for (size_t i = 0; ok && i < v.len; i++) {
		ok = v.p[i] >= '0' && v.p[i] <= '9';
		k = k * 10 + (size_t)(v.p[i] - '0');
	}
	if (!ok || k > t->release.n)
		return expected(
		    l, "threshold, at most the number of keys", ctx);
	t->release.need = k;
	return next_line(l, ctx);
}

/* `sim-root HEX`, any number; leaves the line after them current. */
static enum err read_sim_roots(
    struct trust *t, struct lines *l, struct err_ctx *ctx)
{
	struct bytes hex;
	enum err e = ERR_OK;

	while (e == ERR_OK && line_is(l, "sim-root", &hex)) {
		uint8_t *root;

		if (t->n_sim_roots == TRUST_SIM_ROOTS_MAX)
			return err_set(ctx, ERR_LIMIT,
			    "trust file line %u: more than %d sim-root lines",
			    l->number, TRUST_SIM_ROOTS_MAX);
		root = t->sim_root[t->n_sim_roots];
		if (hex_decode(root, ECDSA_P384_PUB_LEN, hex) != ERR_OK ||
		    root[0] != 4)
			return expected(l,
			    "sim-root with 194 hex digits, the first 04", ctx);
		for (size_t i = 0; i < t->n_sim_roots; i++) {
			if (mem_eq_ct(t->sim_root[i], root, ECDSA_P384_PUB_LEN))
				return expected(l, "each sim-root once", ctx);
		}
		t->n_sim_roots++;
		e = next_line(l, ctx);
	}
	return e;
}

static enum err read_names(
    struct trust *t, struct lines *l, struct err_ctx *ctx)
{
	enum err e = next_line(l, ctx);

	if (e != ERR_OK)
		return e;
	if (!mem_eq_str(l->line, "confer-trust/v1"))
		return err_set(ctx, ERR_UNSUPPORTED,
		    "trust file line 1 is not confer-trust/v1");
	e = read_token(l, &t->product, "product", ctx);
	if (e == ERR_OK)
		e = read_token(l, &t->channel, "channel", ctx);
	if (e == ERR_OK)
		e = next_line(l, ctx);
	if (e == ERR_OK && mem_eq_str(l->line, "local")) {
		t->local = true;
		e = next_line(l, ctx);
	}
	return e;
}

static bool is_of_the_log(const struct trust *t, const struct tlog_key *key)
{
	for (size_t i = 0; i < t->n_logs; i++) {
		const struct tlog_policy *p = &t->log[i].policy;

		for (size_t k = 0; k < p->n_logs; k++) {
			if (mem_eq_ct(
				p->log[k].key.pub, key->pub, ED25519_PUB_LEN))
				return true;
		}
		for (size_t k = 0; k < p->n_witnesses; k++) {
			if (mem_eq_ct(p->witness[k].key.pub, key->pub,
				ED25519_PUB_LEN))
				return true;
		}
	}
	return false;
}

/* Who has the key of the log, or of a witness, cannot release with it. */
static enum err check_uses(
    const struct trust *t, const struct tlog_keyset *set, struct err_ctx *ctx)
{
	for (size_t i = 0; i < set->n; i++) {
		if (is_of_the_log(t, &set->key[i]))
			return err_set(ctx, ERR_FORMAT,
			    "trust file: the key %.*s is also one of the log "
			    "or of a witness",
			    (int)set->key[i].name.len,
			    (const char *)set->key[i].name.p);
	}
	return ERR_OK;
}

static enum err parse(struct trust *t, struct bytes text, struct err_ctx *ctx)
{
	struct lines l = { .rest = text };
	enum err e = read_names(t, &l, ctx);

	if (e == ERR_OK)
		e = read_release_keys(t, &l, ctx);
	if (e == ERR_OK)
		e = read_threshold(t, &l, ctx);
	if (e == ERR_OK)
		e = read_rebuilders(t, &l, ctx);
	if (e == ERR_OK)
		e = read_operators(t, &l, ctx);
	if (e == ERR_OK)
		e = read_sim_roots(t, &l, ctx);
	if (e == ERR_OK && l.line.len != 0)
		e = expected(&l, "an empty line before the log policy", ctx);
	if (e == ERR_OK && text.p[text.len - 1] != '\n')
		e = err_set(
		    ctx, ERR_TRUNCATED, "trust file ends inside its last line");
	if (e == ERR_OK)
		e = trust_log_read(t, l.rest, l.number, ctx);
	if (e == ERR_OK)
		e = check_uses(t, &t->release, ctx);
	if (e == ERR_OK)
		e = check_uses(t, &t->rebuilder, ctx);
	if (e == ERR_OK)
		e = trust_operators_check(t, ctx);
	if (e == ERR_OK)
		crypto_sha256(t->digest, &text, 1);
	return e;
}

enum err trust_parse(struct trust *out, struct bytes text, struct err_ctx *ctx)
{
	enum err e;

	memset(out, 0, sizeof(*out));
	if (text.len > TRUST_LEN_MAX)
		return err_set(ctx, ERR_LIMIT,
		    "trust file of %zu bytes, at most %d", text.len,
		    TRUST_LEN_MAX);
	e = parse(out, text, ctx);
	if (e != ERR_OK)
		memset(out, 0, sizeof(*out));
	return e;
}
