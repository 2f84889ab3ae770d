/* See talk.h. */
#include "cli/talk.h"

#include <stdlib.h>
#include <string.h>

/* A request message without method and credit, at its longest. */
#define BODY_MAX (FRAME_REQUEST_MAX - 2)

static void on_text(void *cookie, struct bytes piece)
{
	struct cli_answer *a = cookie;
	const size_t room = sizeof(a->text) - a->len;
	const size_t n = piece.len < room ? piece.len : room;

	if (!a->started)
		cli_status_clear(a->term);
	a->started = a->started || piece.len > 0;
	memcpy(a->text + a->len, piece.p, n);
	a->len += n;
	a->cut = a->cut || n < piece.len;
	if (a->print) {
		cli_flow_put(&a->flow, stdout, piece);
		(void)fflush(stdout);
	}
}

static bool stop_wanted(void *cookie)
{
	const struct cli_answer *a = cookie;

	return a->stop != NULL && *a->stop != 0;
}

/* The answer of a request without streaming is a string in the result. */
static enum err take_content(struct cli_answer *a)
{
	size_t n = 0;
	enum err e;

	if (a->result.content.type != JSON_STRING)
		return ERR_OK;
	e = json_string(&a->result.content, a->text, sizeof(a->text), &n);
	a->len = n;
	if (a->print && e == ERR_OK)
		cli_flow_put(
		    &a->flow, stdout, (struct bytes){ a->text, a->len });
	return e;
}

static enum cli_exit take_reply(
    struct cli_answer *a, const struct client_reply *reply, struct err_ctx *ctx)
{
	enum err e;

	a->failed = reply->error;
	if (a->failed)
		e = client_failure_parse(&a->failure, reply->json, ctx);
	else
		e = client_answer_parse(&a->result, reply->json, ctx);
	if (e == ERR_OK && !a->failed)
		e = take_content(a);
	return e == ERR_OK ? CLI_EXIT_OK : CLI_EXIT_REFUSED;
}

/* The request: with the salts before it where a statement is wanted. */
static enum err write_body(struct client_ask *ask, struct wr *w,
    struct client_conn *c, const struct cli_question *q)
{
	ask->method = SESSION_METHOD_CHAT;
	if (q->proof != NULL && client_proof_possible(c)) {
		ask->method = SESSION_METHOD_RECEIPT;
		client_proof_begin(q->proof, c, w);
	}
	client_chat_request(w, q->options, q->message, q->n, q->stream);
	ask->body.p = w->p;
	return wr_end(w, &ask->body.len);
}

static enum cli_exit take_statement(const struct client_conn *c,
    struct cli_answer *a, const struct client_ask *ask,
    const struct cli_question *q, struct err_ctx *ctx)
{
	/* No receipt holds an answer that was too long to be kept. */
	if (ask->method != SESSION_METHOD_RECEIPT || a->failed || a->cut)
		return CLI_EXIT_OK;
	if (client_proof_take(q->proof, c, &a->result.receipt, ask->body,
		(struct bytes){ a->text, a->len }, ctx) == ERR_OK)
		return CLI_EXIT_OK;
	return CLI_EXIT_REFUSED;
}

enum cli_exit cli_talk(struct client_conn *c, struct cli_answer *a,
    const struct cli_question *q, struct err_ctx *ctx)
{
	uint8_t *body = malloc(BODY_MAX);
	struct wr w = wr_init(body, body != NULL ? BODY_MAX : 0);
	struct client_reply reply;
	struct client_ask ask = {
		.text = on_text, .cancelled = stop_wanted, .cookie = a
	};
	enum cli_exit x = CLI_EXIT_USAGE;

	a->flow.columns = cli_columns(a->term, stdout);
	if (body == NULL || write_body(&ask, &w, c, q) != ERR_OK) {
		(void)err_set(
		    ctx, ERR_LIMIT, "the request is above %d bytes", BODY_MAX);
		goto out;
	}
	if (client_conn_ask(c, &ask, &reply, ctx) != ERR_OK)
		x = cli_exit_of_fault(c->fault);
	else
		x = take_reply(a, &reply, ctx);
	if (x == CLI_EXIT_OK)
		x = take_statement(c, a, &ask, q, ctx);
	if (a->print)
		cli_flow_end(&a->flow, stdout);
out:
	if (body != NULL)
		mem_wipe(body, BODY_MAX);
	free(body);
	return x;
}

enum cli_exit cli_talk_failure(const struct cli_answer *a, struct err_ctx *ctx)
{
	static const struct {
		const char *code;
		enum cli_exit code_of;
	} known[] = {
		{ "busy", CLI_EXIT_UNREACHABLE },
		{ "too_many_requests", CLI_EXIT_UNREACHABLE },
		{ "internal", CLI_EXIT_INTERNAL },
	};
	enum cli_exit x = CLI_EXIT_USAGE;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcmp(a->failure.code, known[i].code) == 0)
			x = known[i].code_of;
	}
	(void)err_set(
	    ctx, ERR_FORMAT, "the enclave answered: %s", a->failure.message);
	return x;
}

void cli_answer_wipe(struct cli_answer *a)
{
	mem_wipe(a, sizeof(*a));
}
