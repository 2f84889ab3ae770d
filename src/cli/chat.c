/* See chat.h. */
#include "cli/chat.h"
#include "base/utf8.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fmt.h"
#include "cli/chat_command.h"
#include "cli/report.h"

/* The only thing that the signal handler can reach. */
static volatile sig_atomic_t interrupted;

static void on_interrupt(int sig)
{
	(void)sig;
	interrupted = 1;
}

/* Ctrl-C interrupts reads and waits: no SA_RESTART. */
static void catch_interrupt(struct sigaction *before)
{
	struct sigaction act = { .sa_handler = on_interrupt };

	(void)sigaction(SIGINT, &act, before);
}

static void note(const struct cli_chat *c, const char *text)
{
	if (!c->term->quiet)
		(void)fprintf(stderr, "%s%s%s\n",
		    cli_style(c->term, stderr, CLI_DIM), text,
		    cli_style(c->term, stderr, CLI_PLAIN));
}

/* Where the editor does not draw it: on a terminal that cannot do much. */
static void prompt(const struct cli_chat *c)
{
	if (!c->interactive || c->input.raw)
		return;
	(void)fprintf(stderr, "%s›%s ", cli_style(c->term, stderr, CLI_ACCENT),
	    cli_style(c->term, stderr, CLI_PLAIN));
	(void)fflush(stderr);
}

/* The session may have ended while nobody looked: then come back. */
static enum cli_exit reconnect(struct cli_chat *c, struct err_ctx *ctx)
{
	struct client_conn *conn = c->link->conn;
	uint8_t before[X25519_LEN];
	enum cli_exit x;

	client_conn_poll(conn);
	if (conn->open)
		return CLI_EXIT_OK;
	memcpy(before, conn->key, sizeof(before));
	x = cli_link_open(c->link, ctx);
	if (x != CLI_EXIT_OK)
		return x;
	note(c,
	    mem_eq((struct bytes){ before, sizeof(before) },
		(struct bytes){ conn->key, sizeof(conn->key) })
		? "The session had ended. Connected again to the same enclave:"
		: "The session had ended. Connected again, to another "
		  "enclave:");
	if (!c->term->quiet)
		cli_report_print_summary(c->term, stderr, conn);
	return CLI_EXIT_OK;
}

static enum cli_exit put_once(struct cli_chat *c, struct err_ctx *ctx)
{
	struct client_message message[CLI_MESSAGES_MAX];
	const struct cli_question q = { .options = &c->options,
		.message = message,
		.n = cli_history_messages(&c->history, c->system, message),
		.stream = true,
		.proof = &c->proof };
	enum cli_exit x = reconnect(c, ctx);

	if (x != CLI_EXIT_OK)
		return x;
	cli_answer_wipe(&c->answer);
	c->answer.print = true;
	c->answer.term = c->term;
	c->answer.stop = &interrupted;
	interrupted = 0;
	cli_status(c->term, "thinking");
	x = cli_talk(c->link->conn, &c->answer, &q, ctx);
	cli_status_clear(c->term);
	return x;
}

/* Does the conversation only have to become shorter? */
static bool too_long_now(const struct cli_chat *c, enum cli_exit x)
{
	return x == CLI_EXIT_OK && c->answer.failed &&
	       strcmp(c->answer.failure.code, "context_length_exceeded") == 0;
}

/* Ended by the enclave before it began, as after a long pause. */
static bool stale_session(const struct cli_chat *c, enum cli_exit x)
{
	return x == CLI_EXIT_UNREACHABLE && !c->answer.started &&
	       c->link->conn->ended >= 0;
}

static void finish_line(const struct cli_chat *c, enum cli_exit x)
{
	const bool whole = x == CLI_EXIT_OK && !c->answer.failed;

	if (c->answer.started)
		(void)fputc('\n', stdout);
	(void)fflush(stdout);
	if (whole && strcmp(c->answer.result.finish, "cancelled") == 0)
		note(c, "(stopped)");
	else if (whole && strcmp(c->answer.result.finish, "length") == 0)
		note(c, "(the answer reached its limit of tokens)");
	if (c->interactive)
		(void)fputc('\n', stderr);
}

static bool leave_out_oldest(struct cli_chat *c)
{
	if (!cli_history_drop_oldest(&c->history))
		return false;
	if (!c->left_out)
		note(c, "(The conversation no longer fits the model's memory: "
			"its oldest part is left out.)");
	c->left_out = true;
	return true;
}

/*
 * Leave a third of the model's memory to the answer, going by how many tokens
 * the bytes of the last request became.
 */
static void make_room(struct cli_chat *c)
{
	const uint64_t room = c->context - c->context / 3;

	while (c->context > 0 && c->bytes > 0 &&
	       cli_history_bytes(&c->history) * c->tokens / c->bytes > room &&
	       leave_out_oldest(c))
		continue;
}

enum cli_exit cli_chat_put(struct cli_chat *c)
{
	struct err_ctx ctx = { 0 };
	enum cli_exit x;

	make_room(c);
	x = put_once(c, &ctx);

	if (stale_session(c, x)) {
		ctx = (struct err_ctx){ 0 };
		x = put_once(c, &ctx);
	}
	while (too_long_now(c, x) && leave_out_oldest(c))
		x = put_once(c, &ctx);
	finish_line(c, x);
	if (x == CLI_EXIT_OK && c->answer.failed) {
		x = cli_talk_failure(&c->answer, &ctx);
		cli_history_drop_last(&c->history);
		(void)cli_exit_say(c->term, x, &ctx);
		return CLI_EXIT_OK; /* the session goes on */
	}
	if (x != CLI_EXIT_OK) {
		if (c->answer.started)
			note(c, "The answer above is not complete.");
		return cli_exit_say(c->term, x, &ctx);
	}
	c->tokens = c->answer.result.prompt_tokens;
	c->bytes = cli_history_bytes(&c->history);
	if (cli_history_answer(&c->history,
		(struct bytes){ c->answer.text, c->answer.len }) != ERR_OK)
		return CLI_EXIT_INTERNAL;
	return CLI_EXIT_OK;
}

/* One message of the person: a command, or a question. */
static enum cli_exit take(struct cli_chat *c)
{
	const struct bytes text = { (const uint8_t *)c->input.text,
		c->input.n };

	if (text.len == 0)
		return CLI_EXIT_OK;
	if (text.p[0] == '/')
		return cli_chat_command(c, c->input.text);
	if (utf8_prefix(text) != text.len) {
		note(c, "That was not UTF-8, so it was not sent.");
		return CLI_EXIT_OK;
	}
	if (cli_history_ask(&c->history, text) != ERR_OK)
		return CLI_EXIT_INTERNAL;
	return cli_chat_put(c);
}

/*
 * What could not be asked may work again at the next try (the enclave was
 * restarted), except with lines from a pipe: nobody would notice.
 */
static bool goes_on(const struct cli_chat *c, enum cli_exit x)
{
	return x == CLI_EXIT_OK ||
	       (c->interactive && x == CLI_EXIT_UNREACHABLE);
}

static enum cli_exit loop(struct cli_chat *c)
{
	enum cli_exit x = CLI_EXIT_OK;

	while (goes_on(c, x) && !c->quit) {
		enum err e;

		x = CLI_EXIT_OK;
		prompt(c);
		e = cli_input_read(&c->input);
		if (e == ERR_OK)
			x = take(c);
		else if (e == ERR_LIMIT)
			note(c, "That was too long, so it was not sent.");
		else if (e == ERR_CANCELLED && c->interactive)
			note(c, c->input.raw ? "Ctrl-D or /quit leaves."
					     : "\nCtrl-D or /quit leaves.");
		else
			break;
	}
	if (c->interactive && !c->quit)
		(void)fputc('\n', stderr);
	return x;
}

enum cli_exit cli_chat_run(
    struct cli_link *l, const struct cli_options *o, struct cli_term *t)
{
	struct cli_chat *c = calloc(1, sizeof(*c));
	struct sigaction before;
	enum cli_exit x;

	if (c == NULL)
		return CLI_EXIT_INTERNAL;
	c->link = l;
	c->term = t;
	c->options = o->chat;
	c->options.model = o->command == CLI_CHAT ? o->model : NULL;
	c->interactive = isatty(STDIN_FILENO) != 0 && t->err_tty;
	(void)fmt_print(c->prompt, sizeof(c->prompt), "%s›%s ",
	    cli_style(t, stderr, CLI_ACCENT), cli_style(t, stderr, CLI_PLAIN));
	cli_input_open(
	    &c->input, t, c->interactive && t->ansi, &c->history, c->prompt);
	if (o->system != NULL)
		(void)cli_chat_set_system(c, o->system);
	catch_interrupt(&before);
	cli_chat_learn_context(c);
	x = loop(c);
	cli_input_close(&c->input);
	(void)sigaction(SIGINT, &before, NULL);
	cli_history_clear(&c->history);
	mem_wipe(c, sizeof(*c));
	free(c);
	return x;
}
