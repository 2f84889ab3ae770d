/* confer replay: is the answer in a receipt what its model says? */
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "cli/flow.h"
#include "cli/receipt.h"
#include "cli/replay.h"
#include "cli/report.h"

#define BEFORE    24 /* bytes shown before a difference, and from it on */
#define AFTER     40
#define SHORT_HEX 4

/* What stands behind the salt of a private part. */
static struct bytes unsalted(struct bytes part)
{
	return (struct bytes){ part.p + RECEIPT_SALT_LEN,
		part.len - RECEIPT_SALT_LEN };
}

/* ---- what is printed ---------------------------------------------------------- */

/* The text around a difference; whole characters, none that a terminal obeys. */
static void print_around(
    const struct cli_term *t, const char *whose, struct bytes text, size_t at)
{
	uint8_t clean[CLIENT_TEXT_LEN_MAX(BEFORE + AFTER)];
	struct wr w = wr_init(clean, sizeof(clean));
	size_t from = at > BEFORE ? at - BEFORE : 0;
	size_t to = at + AFTER < text.len ? at + AFTER : text.len;

	while (from > 0 && from < text.len && (text.p[from] & 0xc0) == 0x80)
		from--;
	if (from > to)
		from = to;
	client_text_all(&w, (struct bytes){ text.p + from, to - from });
	(void)printf("  %s%-9s%s %s", cli_style(t, stdout, CLI_DIM), whose,
	    cli_style(t, stdout, CLI_PLAIN), from > 0 ? "…" : "");
	for (size_t i = 0; i < w.len; i++) {
		if (clean[i] == '\n')
			(void)fputs("\\n", stdout);
		else
			(void)putchar(clean[i]);
	}
	(void)printf("%s\n", to < text.len ? "…" : "");
}

static const char *finish_name(enum engine_finish finish)
{
	return finish == ENGINE_LENGTH ? "length" : "stop";
}

static void print_same(const struct cli_term *t, const struct replay *r)
{
	(void)printf("\n%sThe same answer%s, byte for byte: %zu bytes",
	    cli_style(t, stdout, CLI_GOOD), cli_style(t, stdout, CLI_PLAIN),
	    r->answer.len);
	if (r->statement.finish == RECEIPT_CANCELLED)
		(void)fputs(", up to where it was cancelled", stdout);
	(void)fputs(".\n", stdout);
}

static void print_other(const struct cli_term *t, const struct replay *r)
{
	const bool only_end = r->at == r->answer.len && r->at == r->len;

	(void)printf("\n%sAnother answer%s", cli_style(t, stdout, CLI_BAD),
	    cli_style(t, stdout, CLI_PLAIN));
	if (only_end) {
		(void)printf(": the same %zu bytes, but ended by %s, and "
			     "stated is %s.\n",
		    r->len, finish_name(r->finish),
		    receipt_finish_name(r->statement.finish));
		return;
	}
	(void)printf(", from byte %zu on:\n", r->at);
	print_around(t, "stated", r->answer, r->at);
	print_around(t, "computed", (struct bytes){ r->text, r->len }, r->at);
}

static void print(const struct replay *r, struct cli_term *t, const char *path)
{
	char hex[2 * SHORT_HEX + 1], text[ERR_MSG_LEN_MAX];

	hex_encode(hex, r->statement.model_sha256, SHORT_HEX);
	(void)snprintf(
	    text, sizeof(text), "%.60s is sha256 %s…, as stated", path, hex);
	cli_report_print_step(t, stdout, CHECK_PASSED, "receipt",
	    "accepted for its time; question and answer are the signed ones");
	cli_report_print_step(t, stdout, CHECK_PASSED, "model", text);
	if (r->same)
		print_same(t, r);
	else
		print_other(t, r);
}

static void print_json(const struct replay *r, enum cli_exit x)
{
	char hex[2 * SHA256_LEN + 1];

	hex_encode(hex, r->statement.model_sha256, SHA256_LEN);
	(void)printf("{\"exit\":%d,\"same\":%s,\"model_sha256\":\"%s\","
		     "\"bytes\":%zu,\"computed_bytes\":%zu",
	    (int)x, r->same ? "true" : "false", hex, r->answer.len, r->len);
	if (!r->same)
		(void)printf(",\"differs_at\":%zu,\"finish\":\"%s\","
			     "\"stated_finish\":\"%s\"",
		    r->at, finish_name(r->finish),
		    receipt_finish_name(r->statement.finish));
	(void)fputs("}\n", stdout);
}

/* ---- the command --------------------------------------------------------------- */

static enum cli_exit has_texts(const struct cli_receipt *c, struct err_ctx *ctx)
{
	if (!c->check.present)
		(void)err_set(ctx, ERR_NOTFOUND,
		    "the receipt has no statement about an answer");
	else if (!c->check.request_shown || !c->check.answer_shown)
		(void)err_set(ctx, ERR_NOTFOUND,
		    "the receipt does not show question and answer: there is "
		    "nothing to compute again");
	return ctx->code == ERR_OK ? CLI_EXIT_OK : CLI_EXIT_REFUSED;
}

static enum cli_exit replay(struct model_job *j, struct cli_receipt *c)
{
	struct replay r = { .len = 0 };
	enum cli_exit x = cli_receipt_judge(c, j->options->arg[0], &j->ctx);

	if (x == CLI_EXIT_OK)
		x = has_texts(c, &j->ctx);
	if (x != CLI_EXIT_OK)
		return x;
	r.statement = c->check.statement;
	r.request = unsalted(c->receipt.request);
	r.answer = unsalted(c->receipt.answer);
	x = replay_run(&r, j);
	if (x == CLI_EXIT_OK) {
		x = r.same ? CLI_EXIT_OK : CLI_EXIT_REFUSED;
		if (j->options->json)
			print_json(&r, x);
		else if (!j->options->quiet)
			print(&r, j->term, j->options->model);
	}
	replay_clear(&r);
	return x;
}

enum cli_exit cli_cmd_replay(const struct cli_options *o, struct cli_term *t)
{
	struct model_job j = { .options = o, .term = t };
	struct cli_receipt *c = calloc(1, sizeof(*c));
	enum cli_exit x = CLI_EXIT_USAGE;

	if (c == NULL) {
		x = CLI_EXIT_INTERNAL;
		(void)err_set(&j.ctx, ERR_NOMEM, "out of memory");
	} else if (o->args != 1 || o->model == NULL) {
		(void)err_set(&j.ctx, ERR_FORMAT,
		    "confer replay wants a receipt and --model FILE");
	} else {
		c->options = o;
		c->term = t;
		x = replay(&j, c);
	}
	if (j.ctx.code != ERR_OK)
		(void)cli_exit_tell(t, o->json, x, &j.ctx);
	if (c != NULL)
		mem_wipe(c->file, c->len);
	free(c);
	return x;
}
