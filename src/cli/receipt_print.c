/* What `confer verify FILE` shows; see receipt.h. */
#include <stdlib.h>
#include <string.h>

#include "base/fmt.h"
#include "base/hex.h"
#include "base/json.h"
#include "base/utc.h"
#include "base/utf8.h"
#include "cli/receipt.h"
#include "cli/report.h"

#define REST_MAX  (256 * 1024) /* of JSON: all but the texts */
#define ESCAPED   6            /* bytes of JSON for one of text */
#define SHORT_HEX 4
#define SELF_VOUCHED                                                           \
	"THE RECEIPT VOUCHES FOR ITSELF: whoever made it chose whom to "       \
	"believe"

/* A binary32 by its bits, as a number. */
static double number(uint32_t bits)
{
	float f;

	memcpy(&f, &bits, sizeof(f));
	return (double)f;
}

/* What stands behind the salt of a private part. */
static struct bytes text_of(struct bytes salted)
{
	if (salted.len < RECEIPT_SALT_LEN)
		return (struct bytes){ NULL, 0 };
	return (struct bytes){ salted.p + RECEIPT_SALT_LEN,
		salted.len - RECEIPT_SALT_LEN };
}

static uint64_t judged_for(const struct cli_receipt *r)
{
	return r->options->now ? r->now_s : r->receipt.account.verified_at;
}

/* ---- for people -------------------------------------------------------------- */

static void print_file(const struct cli_receipt *r)
{
	const struct receipt_account *a = &r->receipt.account;
	char when[UTC_TEXT_LEN + 1], text[ERR_MSG_LEN_MAX];
	bool self = r->options->trust_receipt;

	utc_format(when, a->verified_at);
	(void)fmt_print(text, sizeof(text),
	    "made by %.*s, which verified on %s", (int)a->client.len,
	    (const char *)a->client.p, when);
	cli_report_print_step(r->term, stdout, CHECK_PASSED, "receipt", text);
	cli_report_print_step(r->term, stdout,
	    self ? CHECK_FAILED : CHECK_PASSED, "trust file",
	    self      ? "the one in the receipt, and not yours"
	    : r->same ? "yours, the same as in the receipt"
		      : "yours; the receipt was made with another one");
	if (a->handshake == RECEIPT_IK_SAME)
		cli_report_print_step(r->term, stdout, CHECK_PASSED,
		    "handshake",
		    "the enclave was known: it showed its key, and the "
		    "evidence is what the client held");
}

static void print_statement(const struct cli_receipt *r)
{
	if (!r->check.present && r->judgement.verdict.accepted)
		cli_report_print_step(r->term, stdout, CHECK_NOT_RUN,
		    "statement", "none: this says nothing about any answer");
	for (unsigned i = 0; r->check.present && i < RECEIPT_CHECK_N; i++) {
		if (r->check.line[i].text[0] != '\0')
			cli_report_print_step(r->term, stdout,
			    r->check.line[i].result,
			    receipt_check_name((enum receipt_check_id)i),
			    r->check.line[i].text);
	}
}

/* A line in a style of its own; text of others is cleaned. */
static void print_line(
    const struct cli_receipt *r, enum cli_style style, const char *text)
{
	(void)fputs(cli_style(r->term, stdout, style), stdout);
	cli_put(r->term, stdout, 0, 0, text);
	(void)printf("%s\n", cli_style(r->term, stdout, CLI_PLAIN));
}

/* Which answer this is, or that it is not said. */
static void print_answer(const struct cli_receipt *r)
{
	const struct receipt_statement *s = &r->check.statement;
	const struct claims *c = &r->judgement.verdict.claims;
	char line[CLI_SUMMARY_MAX], hex[2 * SHORT_HEX + 1];

	if (!r->check.accepted)
		return;
	if (!r->check.answer_shown) {
		print_line(r, CLI_PLAIN,
		    "An answer of this enclave stands behind it, which the "
		    "receipt does not show.");
		return;
	}
	hex_encode(hex, s->model_sha256, SHORT_HEX);
	(void)snprintf(line, sizeof(line),
	    "The answer in it, %zu bytes, was produced by this enclave: "
	    "release %s of %s/%s, model %s (sha256 %s…), temperature %.9g, "
	    "seed %llu, ended by %s.",
	    text_of(r->receipt.answer).len, c->image_version, c->product,
	    c->channel, c->model_name, hex, number(s->temperature),
	    (unsigned long long)s->seed, receipt_finish_name(s->finish));
	print_line(r, CLI_PLAIN, line);
	if (!r->check.request_shown)
		print_line(r, CLI_PLAIN,
		    "To which question, the receipt does not show.");
}

/* What would be said today, where nobody asked for one time alone. */
static void print_today(const struct cli_receipt *r)
{
	char line[CLI_SUMMARY_MAX];

	if (r->options->now || r->options->at_its_time)
		return;
	if (r->today_ok)
		(void)fmt_print(line, sizeof(line),
		    "Shown today, it would be accepted as well.");
	else
		(void)fmt_print(line, sizeof(line),
		    "Shown today, it would be refused: %s. Evidence lives for "
		    "minutes; that does not change what was verified.",
		    r->today.split_view
			? "the log lies: it shows two different trees"
			: r->today.verdict.checks.reason.msg);
	print_line(r, CLI_DIM, line);
}

static void print_accepted(const struct cli_receipt *r)
{
	const struct verdict *v = &r->judgement.verdict;
	char line[CLI_SUMMARY_MAX], when[UTC_TEXT_LEN + 1];

	utc_format(when, judged_for(r));
	(void)fmt_print(line, sizeof(line), "Accepted %s %s%s%s",
	    r->options->now ? "now," : "as of", when,
	    v->simulated ? ", but " : "",
	    v->simulated ? VERDICT_SIMULATED : "");
	print_line(r,
	    v->simulated || r->options->trust_receipt ? CLI_WARN : CLI_GOOD,
	    line);
	cli_report_print_release(r->term, stdout, &v->claims, r->now_s);
	cli_report_print_old(r->term, stdout, &v->claims, judged_for(r));
	print_today(r);
	print_answer(r);
	if (r->options->public != NULL)
		print_line(r, CLI_PLAIN,
		    "Written without question and answer, for others.");
}

void cli_receipt_print(
    const struct cli_receipt *r, enum cli_exit x, const struct err_ctx *ctx)
{
	const struct verdict *v = &r->judgement.verdict;

	if (!r->options->quiet) {
		print_file(r);
		cli_report_print_checks(r->term, stdout, &v->checks);
		print_statement(r);
		(void)fputc('\n', stdout);
	}
	if (r->options->trust_receipt)
		print_line(r, CLI_WARN, SELF_VOUCHED);
	if (x == CLI_EXIT_OK) {
		print_accepted(r);
		return;
	}
	print_line(r, CLI_BAD, ctx->msg);
	if (v->simulated)
		print_line(r, CLI_WARN, VERDICT_SIMULATED);
}

/* ---- for programs ------------------------------------------------------------- */

static void write_str(struct wr *w, const char *name, struct bytes value)
{
	wr_fmt(w, ",\"%s\":", name);
	json_write_string(w, (struct bytes){ value.p, utf8_prefix(value) });
}

static void write_cstr(struct wr *w, const char *name, const char *value)
{
	write_str(
	    w, name, (struct bytes){ (const uint8_t *)value, strlen(value) });
}

static void write_hex(struct wr *w, const char *name, const uint8_t *hash)
{
	char hex[2 * SHA256_LEN + 1];

	hex_encode(hex, hash, SHA256_LEN);
	wr_fmt(w, ",\"%s\":\"%s\"", name, hex);
}

static void write_bool(struct wr *w, const char *name, bool value)
{
	wr_fmt(w, ",\"%s\":%s", name, value ? "true" : "false");
}

static void write_num(struct wr *w, const char *name, uint64_t value)
{
	wr_fmt(w, ",\"%s\":%llu", name, (unsigned long long)value);
}

static void write_account(struct wr *w, const struct cli_receipt *r)
{
	const struct receipt_account *a = &r->receipt.account;
	struct bytes rest = a->checks;
	struct receipt_check_line line;
	const char *comma = "";

	wr_fmt(w, ",\"receipt\":{\"bytes\":%zu", r->len);
	write_str(w, "client", a->client);
	write_num(w, "verified_at", a->verified_at);
	write_num(w, "deadline", a->deadline);
	write_cstr(w, "handshake", receipt_handshake_name(a->handshake));
	write_cstr(w, "tee", tee_kind_name(a->tee));
	write_hex(w, "trust_sha256", r->brought);
	wr_str(w, ",\"checks\":[");
	while (receipt_account_next(&rest, &line)) {
		wr_fmt(w, "%s{\"result\":\"passed\"", comma);
		write_str(w, "name", line.name);
		write_str(w, "text", line.text);
		wr_str(w, "}");
		comma = ",";
	}
	wr_str(w, "]}");
}

static void write_f32(struct wr *w, const char *name, uint32_t bits)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%.9g", number(bits));
	wr_fmt(w, ",\"%s\":%s", name, text);
}

static void write_fields(struct wr *w, const struct receipt_statement *s)
{
	write_hex(w, "channel_key", s->channel_key);
	write_hex(w, "model_sha256", s->model_sha256);
	write_num(w, "context", s->context);
	write_f32(w, "temperature", s->temperature);
	write_f32(w, "top_p", s->top_p);
	write_f32(w, "min_p", s->min_p);
	write_num(w, "top_k", s->top_k);
	write_num(w, "max_tokens", s->max_tokens);
	write_num(w, "stops", s->stops);
	write_num(w, "seed", s->seed);
	write_hex(w, "request_sha256", s->request_sha256);
	write_hex(w, "answer_sha256", s->answer_sha256);
	write_cstr(w, "finish_reason", receipt_finish_name(s->finish));
}

static void write_statement(struct wr *w, const struct cli_receipt *r)
{
	static const char *const result[] = {
		[CHECK_NOT_RUN] = "not run",
		[CHECK_PASSED] = "passed",
		[CHECK_FAILED] = "failed",
		[CHECK_WAITING] = "not run",
	};
	const struct receipt_check *c = &r->check;

	if (!c->present)
		return;
	wr_fmt(w, ",\"statement\":{\"accepted\":%s",
	    c->accepted ? "true" : "false");
	write_bool(w, "question_shown", c->request_shown);
	write_bool(w, "answer_shown", c->answer_shown);
	wr_str(w, ",\"checks\":[");
	for (unsigned i = 0; i < RECEIPT_CHECK_N; i++) {
		wr_fmt(w, "%s{\"result\":\"%s\"", i == 0 ? "" : ",",
		    result[c->line[i].result]);
		write_cstr(
		    w, "name", receipt_check_name((enum receipt_check_id)i));
		write_cstr(w, "text", c->line[i].text);
		wr_str(w, "}");
	}
	wr_str(w, "]");
	if (c->accepted)
		write_fields(w, &c->statement);
	wr_str(w, "}");
	if (c->request_shown)
		write_str(w, "request", text_of(r->receipt.request));
	if (c->answer_shown)
		write_str(w, "answer", text_of(r->receipt.answer));
}

static void write_judged(struct wr *w, const struct cli_receipt *r)
{
	write_hex(w, "trust_sha256", r->trust.digest);
	write_bool(w, "trust_is_the_receipts", r->same);
	write_bool(w, "vouches_for_itself", r->options->trust_receipt);
	if (r->options->trust_receipt)
		write_cstr(w, "warning", SELF_VOUCHED);
	write_num(w, "judged_for", judged_for(r));
	wr_str(w, ",\"verification\":");
	cli_report_json_judgement(w, &r->judgement);
	if (!r->options->now && !r->options->at_its_time) {
		write_bool(w, "accepted_now", r->today_ok);
		wr_str(w, ",\"verification_now\":");
		cli_report_json_judgement(w, &r->today);
	}
	write_statement(w, r);
}

void cli_receipt_print_json(
    const struct cli_receipt *r, enum cli_exit x, const struct err_ctx *ctx)
{
	const size_t cap = REST_MAX + ESCAPED * r->len;
	uint8_t *buf = malloc(cap);
	struct wr w = wr_init(buf, buf != NULL ? cap : 0);

	wr_fmt(&w, "{\"exit\":%d", (int)x);
	if (r->parsed)
		write_account(&w, r);
	if (r->judged)
		write_judged(&w, r);
	if (x != CLI_EXIT_OK) {
		wr_fmt(&w, ",\"error\":{\"code\":\"%s\"", cli_exit_name(x));
		write_cstr(&w, "message",
		    ctx->msg[0] != '\0' ? ctx->msg : err_name(ctx->code));
		wr_str(&w, "}");
	}
	wr_str(&w, "}\n");
	if (w.err == ERR_OK)
		(void)fwrite(buf, 1, w.len, stdout);
	(void)fflush(stdout);
	if (buf != NULL)
		mem_wipe(buf, cap);
	free(buf);
}
