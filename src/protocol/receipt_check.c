/* The checks of a statement; see receipt_check.h. */
#include "protocol/receipt_check.h"

#include "base/fmt.h"
#include "base/hex.h"

#define SHORT 6 /* bytes of a hash that tell two apart by eye */

/* What the checks share. */
struct run {
	struct receipt_check *out;
	const struct receipt *r;
	const struct claims *claims;
	struct err_ctx *ctx;
};

/* "WHAT 0123456789ab..", as the line of a check. */
static enum err say(const struct run *run, enum receipt_check_id id,
    const char *what, const uint8_t *hash)
{
	char hex[2 * SHORT + 1] = "";

	if (hash != NULL)
		hex_encode(hex, hash, SHORT);
	(void)fmt_print(run->out->line[id].text, ERR_MSG_LEN_MAX, "%s%s%s",
	    what, hex, hash != NULL ? ".." : "");
	return ERR_OK;
}

static enum err check_format(const struct run *run)
{
	enum err e = receipt_statement_parse(
	    &run->out->statement, run->r->statement, run->ctx);

	if (e != ERR_OK)
		return e;
	(void)fmt_print(run->out->line[RECEIPT_CHECK_FORMAT].text,
	    ERR_MSG_LEN_MAX, "%zu bytes", run->r->statement.len);
	return ERR_OK;
}

static enum err check_signature(const struct run *run)
{
	const struct report_data_fields *f = &run->claims->binding;

	if (!f->has_receipt_key)
		return err_set(run->ctx, ERR_POLICY,
		    "the evidence names no key for receipts");
	if (receipt_statement_verify(run->r->statement, run->r->signature.p,
		f->receipt_key) != ERR_OK)
		return err_set(run->ctx, ERR_AUTH,
		    "the signature is not by the receipt key in REPORT_DATA");
	return say(run, RECEIPT_CHECK_SIGNATURE,
	    "Ed25519 by the key in REPORT_DATA ", f->receipt_key);
}

static enum err check_channel(const struct run *run)
{
	const uint8_t *key = run->out->statement.channel_key;

	if (!mem_eq((struct bytes){ key, X25519_LEN }, run->r->channel_key))
		return err_set(run->ctx, ERR_AUTH,
		    "the statement is about another channel key");
	return say(run, RECEIPT_CHECK_CHANNEL, "channel key ", key);
}

static enum err check_model(const struct run *run)
{
	const uint8_t *hash = run->out->statement.model_sha256;

	if (!mem_eq((struct bytes){ hash, SHA256_LEN },
		(struct bytes){ run->claims->model_sha256, SHA256_LEN }))
		return err_set(run->ctx, ERR_AUTH,
		    "the statement names another model than the release");
	return say(run, RECEIPT_CHECK_MODEL, "that of the release, ", hash);
}

/* Salt and text against a hash; *shown if they are there and fit. */
static enum err check_text(const struct run *run, enum receipt_check_id id,
    struct bytes salted, const uint8_t want[SHA256_LEN], bool *shown)
{
	const bool answer = id == RECEIPT_CHECK_ANSWER;
	uint8_t got[SHA256_LEN];

	if (salted.len == 0)
		return say(run, id,
		    "not shown: the statement has its hash only", NULL);
	crypto_sha256(got, &salted, 1);
	if (!mem_eq((struct bytes){ got, SHA256_LEN },
		(struct bytes){ want, SHA256_LEN }))
		return err_set(run->ctx, ERR_AUTH,
		    "the %s in the receipt is not the one of the statement",
		    answer ? "answer" : "question");
	*shown = true;
	return say(run, id, "is the one of the statement, ", want);
}

static enum err run_check(const struct run *run, enum receipt_check_id id)
{
	switch (id) {
	case RECEIPT_CHECK_FORMAT:
		return check_format(run);
	case RECEIPT_CHECK_SIGNATURE:
		return check_signature(run);
	case RECEIPT_CHECK_CHANNEL:
		return check_channel(run);
	case RECEIPT_CHECK_MODEL:
		return check_model(run);
	case RECEIPT_CHECK_REQUEST:
		return check_text(run, id, run->r->request,
		    run->out->statement.request_sha256,
		    &run->out->request_shown);
	case RECEIPT_CHECK_ANSWER:
		return check_text(run, id, run->r->answer,
		    run->out->statement.answer_sha256, &run->out->answer_shown);
	case RECEIPT_CHECK_N:
		break;
	}
	return ERR_INTERNAL;
}

/* What was not shown was not checked either. */
static enum check_result passed(
    const struct receipt_check *out, enum receipt_check_id id)
{
	if ((id == RECEIPT_CHECK_REQUEST && !out->request_shown) ||
	    (id == RECEIPT_CHECK_ANSWER && !out->answer_shown))
		return CHECK_NOT_RUN;
	return CHECK_PASSED;
}

enum err receipt_check(struct receipt_check *out, const struct receipt *r,
    const struct verdict *v, struct err_ctx *ctx)
{
	struct err_ctx why = { 0 };
	const struct run run = {
		.out = out, .r = r, .claims = &v->claims, .ctx = &why
	};

	memset(out, 0, sizeof(*out));
	out->present = r->statement.len > 0;
	if (!v->accepted)
		return err_set(
		    ctx, ERR_POLICY, "the evidence was not accepted");
	for (unsigned i = 0; out->present && i < RECEIPT_CHECK_N; i++) {
		enum receipt_check_id id = (enum receipt_check_id)i;
		enum err e = run_check(&run, id);

		if (e != ERR_OK) {
			out->line[i].result = CHECK_FAILED;
			(void)fmt_print(
			    out->line[i].text, ERR_MSG_LEN_MAX, "%s", why.msg);
			out->request_shown = out->answer_shown = false;
			memset(&out->statement, 0, sizeof(out->statement));
			return err_set(ctx, e, "%s", why.msg);
		}
		out->line[i].result = passed(out, id);
	}
	out->accepted = out->present;
	return ERR_OK;
}

const char *receipt_check_name(enum receipt_check_id id)
{
	static const char *const name[RECEIPT_CHECK_N] = {
		[RECEIPT_CHECK_FORMAT] = "statement format",
		[RECEIPT_CHECK_SIGNATURE] = "statement signature",
		[RECEIPT_CHECK_CHANNEL] = "statement's channel",
		[RECEIPT_CHECK_MODEL] = "statement's model",
		[RECEIPT_CHECK_REQUEST] = "question",
		[RECEIPT_CHECK_ANSWER] = "answer",
	};

	return (unsigned)id < RECEIPT_CHECK_N ? name[id] : "unknown";
}
