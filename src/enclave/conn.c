#include "enclave/conn.h"

#include "base/assert.h"
#include "sys/rng.h"
#include "sys/secret.h"

_Static_assert(CONN_OUT_LEN >= FRAME_TICK_LEN + CONN_OUT_ROOM,
    "a tick always fits an empty buffer");

void conn_init(struct conn *c, const struct conn_env *env, uint64_t now_ms)
{
	session_server_init(&c->session, c->request, sizeof(c->request));
	c->env = env;
	c->opened_ms = now_ms;
	c->quiet_ms = now_ms;
	c->moved_ms = now_ms;
	c->ticks_due = 0;
	c->open = false;
	c->closed = false;
	c->why = ERR_OK;
	c->in_len = 0;
	c->in_used = 0;
	c->out_from = 0;
	c->out_len = 0;
	c->out_used = 0;
}

static void drop_answers(struct conn *c)
{
	for (size_t i = 0; i < FRAME_STREAMS_MAX; i++)
		answer_clear(&c->answer[i], c->env->worker);
}

void conn_wipe(struct conn *c)
{
	drop_answers(c);
	session_server_wipe(&c->session);
	mem_wipe(c->in, c->in_used);
	mem_wipe(c->out, c->out_used);
	mem_wipe(c, offsetof(struct conn, in));
	secret_scrub_stack();
}

/* Nothing more is read; what is in the buffer may still leave. */
static void close_with(struct conn *c, enum err why, uint64_t now_ms)
{
	if (c->closed)
		return;
	c->closed = true;
	c->why = why;
	c->closed_ms = now_ms;
	drop_answers(c);
	mem_wipe(c->in, c->in_len);
	c->in_len = 0;
}

static struct wr out_cursor(struct conn *c)
{
	if (c->out_from > 0) {
		memmove(c->out, c->out + c->out_from, c->out_len);
		c->out_from = 0;
	}
	return wr_init(c->out + c->out_len, sizeof(c->out) - c->out_len);
}

static void out_written(struct conn *c, const struct wr *w, uint64_t now_ms)
{
	size_t written;

	if (c->out_len == 0)
		c->moved_ms = now_ms; /* waiting begins now */
	c->out_len += w->len;
	/* A record that could not be finished lies behind what counts. */
	written = c->out_len + FRAME_TICK_LEN + CONN_OUT_ROOM;
	if (written > sizeof(c->out))
		written = sizeof(c->out);
	if (c->out_used < written)
		c->out_used = written;
}

/* ---- input ---------------------------------------------------------------- */

uint8_t *conn_in(struct conn *c, size_t *room)
{
	bool full = sizeof(c->out) - c->out_len < CONN_OUT_ROOM;

	*room = c->closed || full ? 0 : sizeof(c->in) - c->in_len;
	return c->in + c->in_len;
}

static void on_event(struct conn *c, const struct session_server_event *ev)
{
	struct answer *a;

	switch (ev->type) {
	case SESSION_SERVER_OPENED:
		c->open = true;
		break;
	case SESSION_SERVER_REQUEST:
		a = answer_find(c->answer, 0);
		assert(a != NULL); /* the session bounds its streams */
		answer_begin(a, c->env, c, ev->stream, ev->request);
		session_server_request_done(&c->session);
		secret_scrub_stack();
		break;
	case SESSION_SERVER_CANCEL:
		a = answer_find(c->answer, ev->stream);
		if (a != NULL && a->job != NULL)
			worker_cancel(c->env->worker, a->job);
		break;
	case SESSION_SERVER_ENDED:
	case SESSION_SERVER_NONE:
	default:
		break;
	}
}

static enum err on_packet(
    struct conn *c, uint8_t *body, size_t len, uint64_t now_ms)
{
	uint8_t e_priv[X25519_LEN];
	struct session_server_keys keys = {
		.s_priv = c->env->s_priv,
		.s_pub = c->env->s_pub,
		.evidence = c->env->evidence,
		.evidence_hash = c->env->evidence_hash,
		.e_priv = e_priv,
	};
	bool hello = c->session.state == SESSION_SERVER_HELLO;
	struct session_server_event ev;
	struct wr w = out_cursor(c);
	enum err e;

	if (hello)
		rng_fill(e_priv, sizeof(e_priv));
	e = session_server_packet(
	    &c->session, hello ? &keys : NULL, body, len, &ev, &w);
	mem_wipe(e_priv, sizeof(e_priv));
	out_written(c, &w, now_ms);
	if (e == ERR_OK)
		on_event(c, &ev);
	return e;
}

void conn_received(struct conn *c, size_t n, uint64_t now_ms)
{
	size_t from = 0;
	enum err e = ERR_OK;

	assert(n <= sizeof(c->in) - c->in_len);
	c->in_len += n;
	if (c->in_used < c->in_len)
		c->in_used = c->in_len;
	while (e == ERR_OK && !c->closed &&
	       sizeof(c->out) - c->out_len >= CONN_OUT_ROOM) {
		struct bytes in = { c->in + from, c->in_len - from };
		struct bytes body;
		size_t used;

		e = packet_find(
		    in, session_server_packet_max(&c->session), &body, &used);
		if (e == ERR_OK) {
			from += used;
			e = on_packet(
			    c, c->in + from - body.len, body.len, now_ms);
		}
		if (c->session.state == SESSION_SERVER_CLOSED && e == ERR_OK)
			close_with(c, ERR_OK, now_ms);
	}
	if (c->closed)
		return;
	if (e != ERR_OK && e != ERR_AGAIN) {
		close_with(c, e, now_ms);
		return;
	}
	memmove(c->in, c->in + from, c->in_len - from);
	mem_wipe(c->in + c->in_len - from, from);
	c->in_len -= from;
	if (conn_paced(c))
		c->quiet_ms = now_ms;
}

void conn_lost(struct conn *c, enum err why, uint64_t now_ms)
{
	close_with(c, why, now_ms);
	c->out_len = 0;
}

/* ---- output --------------------------------------------------------------- */

static size_t pull(void *cookie, uint32_t stream, uint8_t *buf, size_t cap,
    enum frame_type *type, bool *last)
{
	struct conn *c = cookie;
	struct answer *a = answer_find(c->answer, stream);

	assert(a != NULL);
	return answer_pull(a, c->env, buf, cap, type, last);
}

bool conn_paced(const struct conn *c)
{
	return !c->closed && session_server_paced(&c->session);
}

static void write_ticks(struct conn *c, uint64_t now_ms)
{
	while (c->ticks_due > 0 && conn_paced(c)) {
		struct wr w = out_cursor(c);
		enum err e;

		if (w.cap < FRAME_TICK_LEN + CONN_OUT_ROOM)
			return;
		e = session_server_tick(&c->session, pull, c, &w);
		out_written(c, &w, now_ms);
		c->ticks_due--;
		c->quiet_ms = now_ms;
		if (e != ERR_OK || c->session.state == SESSION_SERVER_CLOSED)
			close_with(c, e, now_ms);
	}
	if (!conn_paced(c))
		c->ticks_due = 0;
}

void conn_tick(struct conn *c, uint64_t periods, uint64_t now_ms)
{
	c->ticks_due += periods;
	write_ticks(c, now_ms);
}

struct bytes conn_out(const struct conn *c)
{
	return (struct bytes){ c->out + c->out_from, c->out_len };
}

void conn_sent(struct conn *c, size_t n, uint64_t now_ms)
{
	assert(n <= c->out_len);
	c->out_from += n;
	c->out_len -= n;
	if (n > 0)
		c->moved_ms = now_ms;
	write_ticks(c, now_ms);
}

/* ---- ends ----------------------------------------------------------------- */

static void end_with(
    struct conn *c, enum frame_end reason, enum err why, uint64_t now_ms)
{
	struct wr w = out_cursor(c);
	enum err e;

	if (c->closed)
		return;
	e = session_server_end(&c->session, reason, &w);
	out_written(c, &w, now_ms);
	if (e != ERR_OK || c->session.state == SESSION_SERVER_CLOSED)
		close_with(c, e != ERR_OK ? e : why, now_ms);
}

void conn_stop(struct conn *c, uint64_t now_ms)
{
	end_with(c, FRAME_END_STOPPING, ERR_CANCELLED, now_ms);
}

uint64_t conn_idle_ms(const struct conn *c, uint64_t now_ms)
{
	if (conn_paced(c))
		return 0;
	return now_ms - (c->open ? c->quiet_ms : c->opened_ms);
}

void conn_give_way(struct conn *c, uint64_t now_ms)
{
	end_with(c, FRAME_END_IDLE, ERR_BUSY, now_ms);
}

void conn_check(struct conn *c, uint64_t now_ms)
{
	uint64_t idle = conn_idle_ms(c, now_ms);
	bool stalled = c->out_len > 0 && now_ms - c->moved_ms >= CONN_STALL_MS;

	if (stalled || (!c->open && !c->closed && idle >= CONN_HANDSHAKE_MS))
		conn_lost(c, ERR_TIMEOUT, now_ms);
	else if (c->closed && now_ms - c->closed_ms >= CONN_CLOSE_MS)
		c->out_len = 0;
	else if (c->open && idle >= CONN_IDLE_MS)
		end_with(c, FRAME_END_IDLE, ERR_TIMEOUT, now_ms);
}

bool conn_finished(const struct conn *c)
{
	return c->closed && c->out_len == 0;
}
