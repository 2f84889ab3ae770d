/* The statement, line by line; see receipt_statement.h. */
#include "protocol/receipt_statement.h"

#include "base/hex.h"
#include "tlog/text.h"

#define MAGIC "confer-receipt-statement/v1"

static const char label[] = "confer receipt statement v1"; /* NUL included */

_Static_assert(
    sizeof(label) + RECEIPT_STATEMENT_LEN_MAX == RECEIPT_SIGNED_LEN_MAX,
    "what is signed is label and text");

const char *receipt_finish_name(enum receipt_finish finish)
{
	static const char *const name[RECEIPT_FINISH_N] = {
		[RECEIPT_STOP] = "stop",
		[RECEIPT_LENGTH] = "length",
		[RECEIPT_CANCELLED] = "cancelled",
		[RECEIPT_TOOL_CALLS] = "tool_calls",
	};

	return (unsigned)finish < RECEIPT_FINISH_N ? name[finish] : "unknown";
}

/* ---- reading --------------------------------------------------------------- */

static void get_hash(struct tlog_text *t, const char *key, uint8_t *out)
{
	tlog_text_key(t, key);
	tlog_text_hex(t, out, SHA256_LEN);
	tlog_text_eol(t);
}

static uint64_t get_num(struct tlog_text *t, const char *key, uint64_t max)
{
	uint64_t v;

	tlog_text_key(t, key);
	v = tlog_text_num(t, 0, max);
	tlog_text_eol(t);
	return v;
}

static uint32_t get_u32(struct tlog_text *t, const char *key)
{
	return (uint32_t)get_num(t, key, UINT32_MAX);
}

static uint32_t get_f32(struct tlog_text *t, const char *key)
{
	uint8_t b[4];
	uint32_t v;

	tlog_text_key(t, key);
	tlog_text_hex(t, b, sizeof(b));
	v = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 |
	    b[3];
	if (v > RECEIPT_F32_MAX)
		tlog_text_fail(t, ERR_FORMAT,
		    "the number before is negative or no number");
	tlog_text_eol(t);
	return v;
}

static enum receipt_finish get_finish(struct tlog_text *t)
{
	struct bytes word;

	tlog_text_key(t, "finish");
	word = tlog_text_token(t);
	for (unsigned i = 0; i < RECEIPT_FINISH_N; i++) {
		enum receipt_finish f = (enum receipt_finish)i;

		if (mem_eq_str(word, receipt_finish_name(f))) {
			tlog_text_eol(t);
			return f;
		}
	}
	tlog_text_fail(t, ERR_FORMAT, "the word before is none of three");
	return RECEIPT_STOP;
}

static void get_options(struct tlog_text *t, struct receipt_statement *s)
{
	s->context = get_u32(t, "context");
	s->temperature = get_f32(t, "temperature-f32");
	s->top_p = get_f32(t, "top-p-f32");
	s->min_p = get_f32(t, "min-p-f32");
	s->top_k = get_u32(t, "top-k");
	s->max_tokens = get_u32(t, "max-tokens");
	s->stops = (uint32_t)get_num(t, "stops", RECEIPT_STOPS_MAX);
	s->seed = get_num(t, "seed", UINT64_MAX);
}

enum err receipt_statement_parse(
    struct receipt_statement *out, struct bytes text, struct err_ctx *ctx)
{
	struct tlog_text t = tlog_text_init(text, ctx);
	enum err e;

	memset(out, 0, sizeof(*out));
	if (text.len > RECEIPT_STATEMENT_LEN_MAX)
		return err_set(ctx, ERR_LIMIT,
		    "statement of %zu bytes, at most %d", text.len,
		    RECEIPT_STATEMENT_LEN_MAX);
	tlog_text_key(&t, MAGIC);
	tlog_text_eol(&t);
	get_hash(&t, "channel-key", out->channel_key);
	get_hash(&t, "model-sha256", out->model_sha256);
	get_options(&t, out);
	get_hash(&t, "request-sha256", out->request_sha256);
	get_hash(&t, "answer-sha256", out->answer_sha256);
	out->finish = get_finish(&t);
	e = tlog_text_end(&t);
	if (e != ERR_OK)
		memset(out, 0, sizeof(*out));
	return e;
}

/* ---- writing --------------------------------------------------------------- */

static void put_hash(struct wr *w, const char *key, const uint8_t *p)
{
	char hex[2 * SHA256_LEN + 1];

	hex_encode(hex, p, SHA256_LEN);
	wr_fmt(w, "%s %s\n", key, hex);
}

static void put_num(struct wr *w, const char *key, uint64_t v)
{
	wr_fmt(w, "%s %llu\n", key, (unsigned long long)v);
}

static void put_f32(struct wr *w, const char *key, uint32_t v)
{
	if (v > RECEIPT_F32_MAX)
		wr_fail(w, ERR_FORMAT);
	wr_fmt(w, "%s %08x\n", key, v);
}

void receipt_statement_write(struct wr *w, const struct receipt_statement *s)
{
	if (s->stops > RECEIPT_STOPS_MAX ||
	    (unsigned)s->finish >= RECEIPT_FINISH_N)
		wr_fail(w, ERR_FORMAT);
	wr_str(w, MAGIC "\n");
	put_hash(w, "channel-key", s->channel_key);
	put_hash(w, "model-sha256", s->model_sha256);
	put_num(w, "context", s->context);
	put_f32(w, "temperature-f32", s->temperature);
	put_f32(w, "top-p-f32", s->top_p);
	put_f32(w, "min-p-f32", s->min_p);
	put_num(w, "top-k", s->top_k);
	put_num(w, "max-tokens", s->max_tokens);
	put_num(w, "stops", s->stops);
	put_num(w, "seed", s->seed);
	put_hash(w, "request-sha256", s->request_sha256);
	put_hash(w, "answer-sha256", s->answer_sha256);
	wr_fmt(w, "finish %s\n", receipt_finish_name(s->finish));
}

/* ---- signature and hashes -------------------------------------------------- */

void receipt_statement_signed(struct wr *w, struct bytes text)
{
	wr_copy(w, label, sizeof(label));
	wr_bytes(w, text);
}

enum err receipt_statement_verify(struct bytes text,
    const uint8_t sig[ED25519_SIG_LEN], const uint8_t pub[ED25519_PUB_LEN])
{
	uint8_t buf[RECEIPT_SIGNED_LEN_MAX];
	struct wr w = wr_init(buf, sizeof(buf));

	receipt_statement_signed(&w, text);
	if (w.err != ERR_OK)
		return ERR_LIMIT;
	return crypto_ed25519_verify(pub, sig, (struct bytes){ buf, w.len });
}

void receipt_statement_hash(uint8_t out[SHA256_LEN],
    const uint8_t salt[RECEIPT_SALT_LEN], struct bytes text)
{
	const struct bytes part[] = { { salt, RECEIPT_SALT_LEN }, text };

	crypto_sha256(out, part, 2);
}
