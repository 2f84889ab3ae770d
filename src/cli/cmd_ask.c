/* confer ask: one question; its answer on standard output. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/utf8.h"
#include "cli/cmd.h"
#include "cli/link.h"
#include "cli/print.h"
#include "cli/receipt.h"
#include "cli/report.h"
#include "cli/talk.h"

#define SCHEMA_LEN_MAX 65536 /* as the enclave takes it */

/* All that one question needs; on the heap, for its size and for wiping. */
struct ask {
	struct cli_link link;
	struct cli_answer answer;
	struct client_proof proof;
	uint8_t text[FRAME_REQUEST_MAX];
	size_t text_len;
	uint8_t schema[SCHEMA_LEN_MAX];
	size_t schema_len;
	struct err_ctx ctx;
};

/* Standard input, to its end. */
static enum err read_input(struct ask *a)
{
	for (;;) {
		size_t n = 0;
		enum err e;

		if (a->text_len == sizeof(a->text))
			return err_set(&a->ctx, ERR_LIMIT,
			    "the question is above %d bytes",
			    FRAME_REQUEST_MAX - 1);
		e = fd_read_some(STDIN_FILENO, a->text + a->text_len,
		    sizeof(a->text) - a->text_len, &n);
		if (e == ERR_CLOSED)
			return ERR_OK;
		if (e != ERR_OK)
			return err_set(&a->ctx, e,
			    "standard input cannot be read: %s", err_name(e));
		a->text_len += n;
	}
}

static enum cli_exit find_text(struct ask *a, const struct cli_options *o)
{
	const char *given = o->args > 0 ? o->arg[0] : "";
	struct bytes text = { a->text, 0 };

	if (strcmp(given, "-") == 0) {
		if (read_input(a) != ERR_OK)
			return CLI_EXIT_USAGE;
	} else {
		a->text_len = strlen(given);
		if (a->text_len > sizeof(a->text))
			a->text_len = sizeof(a->text);
		memcpy(a->text, given, a->text_len);
	}
	text.len = a->text_len;
	if (text.len == 0)
		(void)err_set(&a->ctx, ERR_FORMAT,
		    "ask what? For example: confer ask \"Who can read this?\"");
	else if (utf8_prefix(text) != text.len)
		(void)err_set(&a->ctx, ERR_FORMAT,
		    "the question is not UTF-8: see its byte %zu",
		    utf8_prefix(text));
	return a->ctx.code == ERR_OK ? CLI_EXIT_OK : CLI_EXIT_USAGE;
}

/* The enclave judges what the schema says; here it must be JSON. */
static enum cli_exit read_schema(struct ask *a, const struct cli_options *o)
{
	struct json v;
	enum err e;

	if (o->schema == NULL)
		return CLI_EXIT_OK;
	e = fd_read_file(
	    a->schema, sizeof(a->schema), &a->schema_len, o->schema, &a->ctx);
	if (e == ERR_OK)
		e = json_parse(
		    &v, (struct bytes){ a->schema, a->schema_len }, &a->ctx);
	return e == ERR_OK ? CLI_EXIT_OK : CLI_EXIT_USAGE;
}

/* The names of an "ignored" list, one by one. */
static void print_ignored(struct cli_term *t, const struct json *list)
{
	struct json_iter it = json_iter(list);
	struct json v;

	while (json_next(&it, NULL, &v)) {
		char name[CLIENT_NAME_MAX] = "";
		size_t n = 0;

		if (json_string(&v, (uint8_t *)name, sizeof(name) - 1, &n) !=
		    ERR_OK)
			continue;
		(void)fputs("confer: the enclave ignored ", stderr);
		cli_put(t, stderr, 28, 0, name);
		(void)fputc('\n', stderr);
	}
}

static void print_notes(struct cli_term *t, const struct cli_answer *a)
{
	if (t->quiet)
		return;
	if (strcmp(a->result.finish, "length") == 0)
		(void)fputs(
		    "confer: the answer reached its limit of tokens\n", stderr);
	if (a->result.ignored.type == JSON_ARRAY)
		print_ignored(t, &a->result.ignored);
}

static enum cli_exit put_question(
    struct ask *a, const struct cli_options *o, struct cli_term *t)
{
	struct client_message message[2];
	struct client_options options = o->chat;
	struct cli_question q = {
		.options = &options, .message = message, .stream = !o->no_stream
	};
	enum cli_exit x;

	if (o->receipt != NULL)
		q.proof = &a->proof;
	options.model = o->model;
	options.schema = (struct bytes){ a->schema, a->schema_len };
	if (o->system != NULL)
		message[q.n++] = (struct client_message){ CLIENT_SYSTEM,
			{ (const uint8_t *)o->system, strlen(o->system) } };
	message[q.n++] =
	    (struct client_message){ CLIENT_USER, { a->text, a->text_len } };
	a->answer.print = !o->json;
	a->answer.term = t;
	cli_status(t, "waiting for the answer");
	x = cli_talk(a->link.conn, &a->answer, &q, &a->ctx);
	cli_status_clear(t);
	if (a->answer.print && a->answer.len > 0)
		(void)fputc('\n', stdout);
	(void)fflush(stdout);
	if (x == CLI_EXIT_OK && a->answer.failed)
		x = cli_talk_failure(&a->answer, &a->ctx);
	return x;
}

/* Where there is no statement the receipt tells less, and we say so. */
static enum cli_exit keep_receipt(
    struct ask *a, const struct cli_options *o, const struct cli_term *t)
{
	enum cli_exit x =
	    cli_receipt_save(o->receipt, &a->link, &a->proof, &a->ctx);

	if (x == CLI_EXIT_OK && !a->proof.stated && !t->quiet)
		(void)fprintf(stderr,
		    "confer: %s: the receipt says only what was verified\n",
		    a->answer.cut ? "the answer is too long for a receipt"
				  : "this enclave signs no answers");
	return x;
}

static enum cli_exit run(
    struct ask *a, const struct cli_options *o, struct cli_term *t)
{
	enum cli_exit x = find_text(a, o);

	if (x == CLI_EXIT_OK)
		x = read_schema(a, o);
	if (x == CLI_EXIT_OK)
		x = cli_link_prepare(
		    &a->link, o, o->args > 1 ? o->arg[1] : NULL, t, &a->ctx);
	if (x == CLI_EXIT_OK)
		x = cli_link_open(&a->link, &a->ctx);
	if (x != CLI_EXIT_OK)
		return x;
	if (!o->quiet && !o->json)
		cli_report_print_summary(t, stderr, a->link.conn);
	if (!o->quiet && !o->json && t->err_tty)
		(void)fputc('\n', stderr);
	x = put_question(a, o, t);
	if (x == CLI_EXIT_OK && o->receipt != NULL)
		x = keep_receipt(a, o, t);
	return x;
}

enum cli_exit cli_cmd_ask(const struct cli_options *o, struct cli_term *t)
{
	struct ask *a = calloc(1, sizeof(*a));
	const struct client_conn *shown;
	enum cli_exit x;

	if (a == NULL) {
		const struct err_ctx none = { .code = ERR_NOMEM };

		return cli_exit_say(t, CLI_EXIT_INTERNAL, &none);
	}
	x = run(a, o, t);
	shown = a->link.conn != NULL && a->link.conn->history.evidence_len > 0
		    ? a->link.conn
		    : NULL;
	if (o->json)
		cli_print_json(shown,
		    shown != NULL && shown->verified_at != 0 ? &a->answer
							     : NULL,
		    x, &a->ctx);
	else if (x != CLI_EXIT_OK)
		(void)cli_exit_say(t, x, &a->ctx);
	else
		print_notes(t, &a->answer);
	cli_link_close(&a->link);
	mem_wipe(a, sizeof(*a));
	free(a);
	return x;
}
