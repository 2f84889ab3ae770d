#include "enclave/statement.h"

#include "base/assert.h"
#include "base/hex.h"
#include "base/json.h"
#include "base/rd.h"

#define MEMBER_OPEN ",\"confer_receipt\":{\"statement\":"
#define MEMBER_SIG  ",\"signature\":\""
#define MEMBER_END  "\"}"

/* JSON writes each LF as two bytes, and quotes around the text. */
_Static_assert(sizeof(MEMBER_OPEN MEMBER_SIG MEMBER_END) - 1 + 2 +
		       RECEIPT_STATEMENT_LONGEST + RECEIPT_STATEMENT_LINES +
		       BASE64_LEN(ED25519_SIG_LEN) <=
		   STATEMENT_MEMBER_LEN,
    "the longest statement fits");

enum err statement_begin(struct statement *s, struct bytes *body)
{
	struct rd r = rd_bytes_init(*body);
	struct bytes request_salt = rd_take(&r, RECEIPT_SALT_LEN);
	struct bytes answer_salt = rd_take(&r, RECEIPT_SALT_LEN);
	struct bytes rest = rd_take(&r, rd_left(&r));

	if (r.err != ERR_OK)
		return r.err;
	s->asked = true;
	receipt_statement_hash(s->request_sha256, request_salt.p, rest);
	crypto_sha256_init(&s->answer);
	crypto_sha256_update(&s->answer, answer_salt);
	*body = rest;
	return ERR_OK;
}

void statement_text(struct statement *s, struct bytes text)
{
	if (s->asked)
		crypto_sha256_update(&s->answer, text);
}

/* A client may have sent -0, which is 0 and has no spelling of its own. */
static uint32_t bits_of(float f)
{
	uint32_t bits = 0;

	_Static_assert(sizeof(bits) == sizeof(f), "binary32");
	if (f > 0.0f)
		memcpy(&bits, &f, sizeof(bits));
	return bits;
}

static enum receipt_finish finish_of(enum engine_finish finish)
{
	switch (finish) {
	case ENGINE_LENGTH:
		return RECEIPT_LENGTH;
	case ENGINE_CANCELLED:
		return RECEIPT_CANCELLED;
	case ENGINE_CALLS:
		return RECEIPT_TOOL_CALLS;
	case ENGINE_STOP:
	case ENGINE_RUNNING:
	default:
		return RECEIPT_STOP;
	}
}

/* The text of the statement: into out, which holds any. */
static struct bytes write_text(uint8_t out[RECEIPT_STATEMENT_LEN_MAX],
    struct statement *s, const struct statement_signer *signer,
    const struct openai_request *r, enum engine_finish finish)
{
	struct receipt_statement st = {
		.context = signer->context,
		.temperature = bits_of(r->sampling.temperature),
		.top_p = bits_of(r->sampling.top_p),
		.min_p = bits_of(r->sampling.min_p),
		.top_k = r->sampling.top_k,
		.max_tokens = r->max_tokens,
		.stops = (uint32_t)r->stop_n,
		.seed = r->sampling.seed,
		.finish = finish_of(finish),
	};
	struct wr w = wr_init(out, RECEIPT_STATEMENT_LEN_MAX);

	memcpy(st.channel_key, signer->s_pub, sizeof(st.channel_key));
	memcpy(st.model_sha256, signer->model_sha256, sizeof(st.model_sha256));
	memcpy(st.request_sha256, s->request_sha256, SHA256_LEN);
	crypto_sha256_final(&s->answer, st.answer_sha256);
	receipt_statement_write(&w, &st);
	assert(w.err == ERR_OK);
	return (struct bytes){ out, w.len };
}

void statement_write(struct wr *w, struct statement *s,
    const struct statement_signer *signer, const struct openai_request *r,
    enum engine_finish finish)
{
	uint8_t buf[RECEIPT_STATEMENT_LEN_MAX], msg[RECEIPT_SIGNED_LEN_MAX];
	uint8_t sig[ED25519_SIG_LEN];
	char base64[BASE64_LEN(ED25519_SIG_LEN) + 1];
	const struct bytes text = write_text(buf, s, signer, r, finish);
	struct wr m = wr_init(msg, sizeof(msg));
	const size_t from = w->len;

	receipt_statement_signed(&m, text);
	assert(m.err == ERR_OK);
	crypto_ed25519_sign(
	    sig, signer->seed_priv, (struct bytes){ msg, m.len });
	base64_encode(base64, sig, sizeof(sig));
	wr_str(w, MEMBER_OPEN);
	json_write_string(w, text);
	wr_str(w, MEMBER_SIG);
	wr_str(w, base64);
	wr_str(w, MEMBER_END);
	assert(w->len - from <= STATEMENT_MEMBER_LEN);
	wr_fill(w, ' ', STATEMENT_MEMBER_LEN - (w->len - from));
}
