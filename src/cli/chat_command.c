/* See chat_command.h. */
#include "cli/chat_command.h"

#include <stdio.h>
#include <string.h>

#include "base/fmt.h"
#include "cli/receipt.h"
#include "cli/report.h"

static void say(const struct cli_chat *c, const char *text)
{
	(void)fprintf(stderr, "%s%s%s\n\n", cli_style(c->term, stderr, CLI_DIM),
	    text, cli_style(c->term, stderr, CLI_PLAIN));
}

bool cli_chat_set_system(struct cli_chat *c, const char *text)
{
	if (strlen(text) >= sizeof(c->system_text))
		return false;
	(void)fmt_print(c->system_text, sizeof(c->system_text), "%s", text);
	c->system = text[0] != '\0' ? c->system_text : NULL;
	return true;
}

static enum cli_exit do_clear(struct cli_chat *c, const char *arg)
{
	(void)arg;
	cli_history_clear(&c->history);
	client_proof_forget(&c->proof);
	c->left_out = false;
	say(c, "The conversation is forgotten.");
	return CLI_EXIT_OK;
}

static enum cli_exit do_verify(struct cli_chat *c, const char *arg)
{
	(void)arg;
	cli_report_print_steps(c->term, stderr, c->link->conn);
	(void)fputc('\n', stderr);
	cli_report_print_summary(c->term, stderr, c->link->conn);
	(void)fputc('\n', stderr);
	return CLI_EXIT_OK;
}

static enum cli_exit do_system(struct cli_chat *c, const char *arg)
{
	if (arg[0] == '\0' && c->system != NULL) {
		say(c, c->system);
		return CLI_EXIT_OK;
	}
	if (strcmp(arg, "-") == 0)
		arg = "";
	if (!cli_chat_set_system(c, arg))
		say(c, "That is too long.");
	else
		say(c, c->system != NULL
			   ? "These instructions come first from now on."
			   : "No instructions come before the conversation.");
	return CLI_EXIT_OK;
}

static void print_models(
    struct cli_chat *c, const struct client_model *m, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		(void)fputs("  ", stderr);
		cli_put(c->term, stderr, 2, 2, m[i].id);
		if (m[i].context > 0)
			(void)fprintf(stderr, "  %llu tokens",
			    (unsigned long long)m[i].context);
		(void)fputc('\n', stderr);
	}
	(void)fputc('\n', stderr);
}

/* The enclave's models, over a session that is open. */
static enum err get_models(struct cli_chat *c,
    struct client_model model[CLIENT_MODELS_MAX], size_t *n,
    struct err_ctx *ctx)
{
	const struct client_ask ask = { .method = SESSION_METHOD_MODELS };
	struct client_reply reply;
	enum err e = client_conn_ask(c->link->conn, &ask, &reply, ctx);

	*n = 0;
	if (e != ERR_OK)
		return e;
	if (reply.error)
		return err_set(
		    ctx, ERR_FORMAT, "the enclave gives no list of its models");
	return client_models_parse(model, n, reply.json, ctx);
}

void cli_chat_learn_context(struct cli_chat *c)
{
	const char *name = c->options.model;
	struct client_model model[CLIENT_MODELS_MAX];
	size_t n = 0;

	c->context = 0;
	if (!c->link->conn->open || get_models(c, model, &n, NULL) != ERR_OK)
		return;
	for (size_t i = 0; i < n; i++) {
		if (name == NULL || strcmp(model[i].id, name) == 0) {
			c->context = model[i].context;
			return;
		}
	}
}

static enum cli_exit list_models(struct cli_chat *c)
{
	struct client_model model[CLIENT_MODELS_MAX];
	struct err_ctx ctx = { 0 };
	size_t n = 0;

	client_conn_poll(c->link->conn);
	if (!c->link->conn->open) {
		enum cli_exit x = cli_link_open(c->link, &ctx);

		if (x != CLI_EXIT_OK)
			return cli_exit_say(c->term, x, &ctx);
	}
	if (get_models(c, model, &n, &ctx) != ERR_OK)
		(void)cli_exit_say(c->term, CLI_EXIT_REFUSED, &ctx);
	else
		print_models(c, model, n);
	return CLI_EXIT_OK;
}

static enum cli_exit do_model(struct cli_chat *c, const char *arg)
{
	if (arg[0] == '\0')
		return list_models(c);
	if (fmt_print(c->model, sizeof(c->model), "%s", arg) >=
	    sizeof(c->model)) {
		say(c, "That is too long.");
		return CLI_EXIT_OK;
	}
	c->options.model = c->model;
	cli_chat_learn_context(c);
	say(c, "The next answer comes from this model.");
	return CLI_EXIT_OK;
}

static enum cli_exit do_retry(struct cli_chat *c, const char *arg)
{
	(void)arg;
	if (cli_history_retry(&c->history))
		return cli_chat_put(c);
	say(c, "Nothing was asked yet.");
	return CLI_EXIT_OK;
}

static enum cli_exit do_receipt(struct cli_chat *c, const char *arg)
{
	struct err_ctx ctx = { 0 };

	if (arg[0] == '\0')
		say(c, "Where to? /receipt FILE");
	else if (cli_receipt_save(arg, c->link, &c->proof, &ctx) != CLI_EXIT_OK)
		say(c, ctx.msg);
	else
		say(c,
		    c->proof.stated
			? "The receipt of the last answer, which it contains "
			  "with its question, is written."
			: "The receipt of this session is written; there is "
			  "no signed answer to put into it.");
	return CLI_EXIT_OK;
}

static enum cli_exit do_quit(struct cli_chat *c, const char *arg)
{
	(void)arg;
	c->quit = true;
	return CLI_EXIT_OK;
}

static enum cli_exit do_help(struct cli_chat *c, const char *arg);

static const struct command {
	const char *name;
	const char *value;
	const char *text;
	enum cli_exit (*run)(struct cli_chat *c, const char *arg);
} commands[] = {
	{ "/help", "", "this list", do_help },
	{ "/verify", "", "what was checked about this enclave", do_verify },
	{ "/retry", "", "ask the last question again", do_retry },
	{ "/receipt", "FILE", "keep what shows who gave the last answer",
	    do_receipt },
	{ "/clear", "", "forget the conversation", do_clear },
	{ "/system", "TEXT", "instructions before the conversation; - for none",
	    do_system },
	{ "/model", "NAME", "which model answers; alone: the list", do_model },
	{ "/quit", "", "leave; so does Ctrl-D", do_quit },
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static enum cli_exit do_help(struct cli_chat *c, const char *arg)
{
	(void)arg;
	for (size_t i = 0; i < COMMANDS; i++)
		(void)fprintf(stderr, "  %s%-8s%s %-5s %s\n",
		    cli_style(c->term, stderr, CLI_ACCENT), commands[i].name,
		    cli_style(c->term, stderr, CLI_PLAIN), commands[i].value,
		    commands[i].text);
	say(c, "  A line that ends in \\ goes on. Ctrl-C stops an answer.");
	return CLI_EXIT_OK;
}

enum cli_exit cli_chat_command(struct cli_chat *c, const char *line)
{
	const size_t n = strcspn(line, " ");
	const char *arg = line + n + strspn(line + n, " ");

	for (size_t i = 0; i < COMMANDS; i++) {
		if (strlen(commands[i].name) == n &&
		    strncmp(line, commands[i].name, n) == 0)
			return commands[i].run(c, arg);
	}
	say(c, "There is no such command: /help lists them.");
	return CLI_EXIT_OK;
}
