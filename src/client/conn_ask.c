/* conn: requests and their answers, and the end of a session; see conn.h. */
#include "base/utf8.h"
#include "client/conn_wire.h"

static uint64_t mono_ms(const struct client_conn *c)
{
	return c->config->io->mono_ms(c->config->io->cookie);
}

/* What an answer is made of while it comes. */
struct asking {
	const struct client_ask *ask;
	struct client_reply *reply;
	uint32_t stream;
	uint32_t eaten; /* bytes since the last CREDIT */
	struct utf8_stream utf8;
	bool cancelled;
	bool done;
};

/* The session is over: nothing of it can be used again. */
static void drop(struct client_conn *c)
{
	c->open = false;
	c->config->io->hang_up(c->config->io->cookie);
	session_client_wipe(&c->session);
}

/* P-31: the verdict's time is over, so the session's is. */
static enum err expire(struct client_conn *c, struct err_ctx *ctx)
{
	struct wr w = client_conn_writer(c);

	if (session_client_end(&c->session, FRAME_END_EXPIRED, &w) == ERR_OK &&
	    client_conn_written(c, &w) == ERR_OK &&
	    client_conn_flush(c, mono_ms(c) + CLIENT_CLOSE_MS) == ERR_OK)
		c->ended = FRAME_END_EXPIRED;
	return err_set(ctx, ERR_EXPIRED,
	    "what was verified about the enclave is no longer current");
}

static bool expired(const struct client_conn *c)
{
	const struct client_io *io = c->config->io;

	return session_client_expired(&c->session, io->unix_s(io->cookie));
}

static const char *const endings[FRAME_END_N] = {
	[FRAME_END_DONE] = "it was done",
	[FRAME_END_IDLE] = "nothing was asked for too long",
	[FRAME_END_STOPPING] = "it is stopping",
	[FRAME_END_PROTOCOL] = "it saw a protocol error",
	[FRAME_END_EXPIRED] = "its evidence is no longer current",
};

static enum err ended(
    struct client_conn *c, unsigned reason, struct err_ctx *ctx)
{
	c->ended = (int)reason;
	c->fault = CLIENT_FAULT_UNREACHABLE;
	return err_set(ctx, ERR_CANCELLED, "the enclave ended the session: %s",
	    reason < FRAME_END_N ? endings[reason] : "no reason given");
}

/* P-28: give back what was consumed, in large pieces. */
static enum err consume(struct client_conn *c, struct asking *a, size_t n)
{
	struct wr w = client_conn_writer(c);
	enum err e;

	a->eaten += (uint32_t)n;
	if (a->eaten < CLIENT_GRANT)
		return ERR_OK;
	e = session_client_credit(&c->session, a->stream, a->eaten, &w);
	a->eaten = 0;
	return e == ERR_OK ? client_conn_written(c, &w) : e;
}

/* A piece of the closing message. */
static enum err collect(struct client_conn *c, struct asking *a,
    const struct session_client_event *ev)
{
	if (c->result_len + ev->data.len > CLIENT_RESULT_MAX)
		return ERR_LIMIT;
	if (!utf8_stream_whole(&a->utf8)) /* [P-26] */
		return ERR_FORMAT;
	mem_copy(c->result + c->result_len, ev->data.p, ev->data.len);
	c->result_len += ev->data.len;
	a->done = ev->last;
	a->reply->error = ev->type == SESSION_CLIENT_ERROR;
	a->reply->json = (struct bytes){ c->result, c->result_len };
	return a->done ? ERR_OK : consume(c, a, ev->data.len);
}

static enum err on_event(struct client_conn *c, struct asking *a,
    const struct session_client_event *ev, struct err_ctx *ctx)
{
	switch (ev->type) {
	case SESSION_CLIENT_DELTA:
		if (!utf8_stream_feed(&a->utf8, ev->data)) /* [P-26] */
			return ERR_FORMAT;
		if (a->ask->text != NULL)
			a->ask->text(a->ask->cookie, ev->data);
		return consume(c, a, ev->data.len);
	case SESSION_CLIENT_REASONING: /* nothing here asks for it */
		return consume(c, a, ev->data.len);
	case SESSION_CLIENT_RESULT:
	case SESSION_CLIENT_ERROR:
		return collect(c, a, ev);
	case SESSION_CLIENT_ENDED:
		return ended(c, ev->reason, ctx);
	case SESSION_CLIENT_PONG:
	case SESSION_CLIENT_NONE:
		return ERR_OK;
	case SESSION_CLIENT_EVIDENCE:
	case SESSION_CLIENT_SAME:
	case SESSION_CLIENT_REFUSED:
		break;
	}
	return ERR_PROTOCOL; /* not in this state: see session_client.h */
}

static enum err send_cancel(struct client_conn *c, struct asking *a)
{
	struct wr w = client_conn_writer(c);
	enum err e;

	a->cancelled = true;
	e = session_client_cancel(&c->session, a->stream, &w);
	return e == ERR_OK ? client_conn_written(c, &w) : e;
}

/* Until the answer is complete, or cannot become it. */
static enum err listen_on(
    struct client_conn *c, struct asking *a, struct err_ctx *ctx)
{
	struct session_client_event ev;
	enum err e = ERR_OK;

	c->heard_ms = mono_ms(c);
	while (e == ERR_OK && !a->done) {
		if (expired(c))
			return expire(c, ctx);
		if (!a->cancelled && a->ask->cancelled != NULL &&
		    a->ask->cancelled(a->ask->cookie))
			e = send_cancel(c, a);
		if (e != ERR_OK)
			return e;
		e = client_conn_next(c, c->heard_ms + CLIENT_SILENCE_MS, &ev);
		if (expired(c)) /* so what came now came too late */
			return expire(c, ctx);
		if (e == ERR_OK)
			e = on_event(c, a, &ev, ctx);
		else if (e == ERR_AGAIN)
			e = ERR_OK;
	}
	return e;
}

static enum err explain(struct client_conn *c, enum err e, struct err_ctx *ctx)
{
	c->fault = CLIENT_FAULT_UNREACHABLE;
	switch ((int)e) {
	case ERR_TIMEOUT:
		return err_set(ctx, e,
		    "the enclave fell silent in the middle of the answer");
	case ERR_CLOSED:
		return err_set(ctx, e,
		    "the connection was cut before the answer was complete");
	case ERR_IO:
		return err_set(ctx, e, "the connection failed");
	case ERR_EXPIRED:
	case ERR_CANCELLED:
		return e; /* said already */
	case ERR_LIMIT:
		return err_set(
		    ctx, e, "the answer is above %d bytes", CLIENT_RESULT_MAX);
	default:
		c->fault = CLIENT_FAULT_REFUSED;
		return err_set(
		    ctx, e, "the enclave broke the protocol: %s", err_name(e));
	}
}

static enum err send_request(
    struct client_conn *c, struct asking *a, struct err_ctx *ctx)
{
	const struct session_client_request request = {
		.method = a->ask->method, .body = a->ask->body
	};
	struct wr w = client_conn_writer(c);
	enum err e =
	    session_client_request(&c->session, &request, &a->stream, &w);

	if (e == ERR_OK)
		e = client_conn_written(c, &w);
	if (e == ERR_LIMIT)
		(void)err_set(
		    ctx, e, "the request is above %d bytes", FRAME_REQUEST_MAX);
	return e;
}

enum err client_conn_ask(struct client_conn *c, const struct client_ask *ask,
    struct client_reply *reply, struct err_ctx *ctx)
{
	struct asking a = { .ask = ask, .reply = reply };
	enum err e;

	*reply = (struct client_reply){ 0 };
	mem_wipe(c->result, c->result_len);
	c->result_len = 0;
	c->fault = CLIENT_FAULT_NONE;
	client_conn_poll(c);
	if (!c->open) {
		c->fault = CLIENT_FAULT_UNREACHABLE;
		return err_set(ctx, ERR_CLOSED, "the session has ended");
	}
	e = send_request(c, &a, ctx);
	if (e == ERR_LIMIT) {
		c->fault = CLIENT_FAULT_USAGE;
		return e; /* nothing was sent: the session goes on */
	}
	if (e == ERR_OK)
		e = listen_on(c, &a, ctx);
	if (e != ERR_OK) {
		e = explain(c, e, ctx);
		drop(c);
	}
	return e;
}

/* Is there anything that came? Does not wait. */
static bool has_input(const struct client_conn *c, uint64_t now)
{
	const struct client_io *io = c->config->io;

	return c->in_len > c->in_used ||
	       io->wait(io->cookie, false, now) != ERR_TIMEOUT;
}

void client_conn_poll(struct client_conn *c)
{
	const uint64_t now = mono_ms(c);
	struct session_client_event ev;
	enum err e = ERR_OK;

	if (!c->open)
		return;
	if (expired(c)) {
		(void)expire(c, NULL);
		drop(c);
		return;
	}
	/* What is there is read. A millisecond bounds it, and is waited for
	 * only where a packet is cut: a question must not be kept waiting. */
	while (e == ERR_OK && has_input(c, now)) {
		e = client_conn_next(c, now + 1, &ev);
		if (e == ERR_OK && ev.type == SESSION_CLIENT_ENDED)
			e = ended(c, ev.reason, NULL);
		else if (e == ERR_AGAIN)
			e = ERR_OK;
	}
	if (e != ERR_OK && e != ERR_TIMEOUT)
		drop(c);
}
