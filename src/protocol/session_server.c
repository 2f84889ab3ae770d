/*
 * The enclave's side of a session; see session_server.h. The handshake is in
 * session_server_hello.c; here are frames by a table of handlers, and the tick. Whatever fails closes the
 * session: on a reliable, authenticated stream no failure is an accident.
 */
#include "protocol/session_server.h"

#include "base/assert.h"
#include "protocol/record.h"
#include "protocol/session_server_hello.h"

void session_server_init(struct session_server *s, uint8_t *request, size_t cap)
{
	assert(s != NULL && request != NULL && cap > 0);
	memset(s, 0, sizeof(*s));
	s->request = request;
	s->request_cap = cap < FRAME_REQUEST_MAX ? cap : FRAME_REQUEST_MAX;
	s->next_stream = 1;
	s->end = -1;
}

void session_server_wipe(struct session_server *s)
{
	if (s->request != NULL)
		mem_wipe(s->request, s->request_used);
	mem_wipe(s, sizeof(*s));
	s->state = SESSION_SERVER_CLOSED;
}

size_t session_server_packet_max(const struct session_server *s)
{
	static const size_t max[SESSION_SERVER_STATE_N] = {
		[SESSION_SERVER_HELLO] = PACKET_FIRST_MAX,
		[SESSION_SERVER_FINISH] = PACKET_FINISH_MAX,
		[SESSION_SERVER_OPEN] = PACKET_BODY_MAX,
	};

	return max[s->state];
}

/* ---- Streams --------------------------------------------------------------- */

static struct session_server_stream *find_stream(
    struct session_server *s, uint32_t id)
{
	for (size_t i = 0; i < FRAME_STREAMS_MAX; i++) {
		if (s->stream[i].id == id)
			return &s->stream[i];
	}
	return NULL;
}

bool session_server_paced(const struct session_server *s)
{
	if (s->state != SESSION_SERVER_OPEN)
		return false;
	for (size_t i = 0; i < FRAME_STREAMS_MAX; i++) {
		if (s->stream[i].id != 0)
			return true;
	}
	return s->refused_stream != 0;
}

/* A first piece opens a stream, with the next odd number [P-24]. */
static enum err begin_request(struct session_server *s, uint32_t id)
{
	if (id != s->next_stream || s->next_stream > UINT32_MAX - 2)
		return ERR_PROTOCOL;
	s->next_stream += 2;
	s->request_stream = id;
	s->request_len = 0;
	return ERR_OK;
}

/* The message is whole: give it a stream, or say that there are too many. */
static void finish_request(
    struct session_server *s, struct session_server_event *ev)
{
	struct session_server_stream *stream = find_stream(s, 0);
	uint32_t id = s->request_stream;

	s->request_stream = 0;
	if (stream == NULL) {
		s->refused_stream = id;
		session_server_request_done(s);
		return;
	}
	*stream = (struct session_server_stream){ .id = id,
		.credit = FRAME_WINDOW_FIRST };
	*ev = (struct session_server_event){ .type = SESSION_SERVER_REQUEST,
		.stream = id,
		.request = { s->request, s->request_len } };
}

static enum err on_request(struct session_server *s, const struct frame *f,
    struct session_server_event *ev)
{
	enum err e;

	if (s->request_stream == 0) {
		e = begin_request(s, f->stream);
		if (e != ERR_OK)
			return e;
	}
	if (f->stream != s->request_stream) /* [P-25] */
		return ERR_PROTOCOL;
	/* One refusal waits at a time: who piles up more is not confused. */
	if (s->refused_stream != 0)
		return ERR_PROTOCOL;
	if (f->data.len > s->request_cap - s->request_len)
		return ERR_LIMIT;
	mem_copy(s->request + s->request_len, f->data.p, f->data.len);
	s->request_len += f->data.len;
	if (s->request_used < s->request_len)
		s->request_used = s->request_len;
	if (f->last)
		finish_request(s, ev);
	return ERR_OK;
}

void session_server_request_done(struct session_server *s)
{
	mem_wipe(s->request, s->request_len);
	s->request_len = 0;
}

/* Streams that were never opened are a mistake; closed ones are a race. */
static bool was_opened(const struct session_server *s, uint32_t id)
{
	return (id & 1) == 1 && id < s->next_stream;
}

static enum err on_cancel(struct session_server *s, const struct frame *f,
    struct session_server_event *ev)
{
	if (!was_opened(s, f->stream))
		return ERR_PROTOCOL;
	if (f->stream == s->request_stream) {
		/* Not begun: it is answered like any other, once complete. */
		return ERR_OK;
	}
	if (find_stream(s, f->stream) != NULL) {
		ev->type = SESSION_SERVER_CANCEL;
		ev->stream = f->stream;
	}
	return ERR_OK;
}

static enum err on_credit(struct session_server *s, const struct frame *f,
    struct session_server_event *ev)
{
	struct session_server_stream *stream = find_stream(s, f->stream);
	struct rd r = rd_bytes_init(f->data);
	uint64_t more = rd_u32be(&r);

	(void)ev;
	if (!was_opened(s, f->stream))
		return ERR_PROTOCOL;
	if (stream == NULL)
		return ERR_OK;
	if (more > FRAME_WINDOW_MAX - stream->credit) /* [P-28] */
		return ERR_LIMIT;
	stream->credit += more;
	return ERR_OK;
}

static enum err on_ping(struct session_server *s, const struct frame *f,
    struct session_server_event *ev)
{
	(void)ev;
	if (s->pongs == SESSION_PINGS_MAX) /* [P-29] */
		return ERR_LIMIT;
	mem_copy(s->pong[s->pongs++], f->data.p, FRAME_PING_LEN);
	return ERR_OK;
}

static enum err on_end(struct session_server *s, const struct frame *f,
    struct session_server_event *ev)
{
	(void)f;
	s->state = SESSION_SERVER_CLOSED;
	ev->type = SESSION_SERVER_ENDED;
	return ERR_OK;
}

static enum err on_nothing(struct session_server *s, const struct frame *f,
    struct session_server_event *ev)
{
	(void)s;
	(void)f;
	(void)ev;
	return ERR_OK;
}

typedef enum err frame_fn(struct session_server *s, const struct frame *f,
    struct session_server_event *ev);

/* frame_parse has refused what a client may not send: every other is here. */
static frame_fn *const handlers[FRAME_TYPE_N] = {
	[FRAME_IDLE] = on_nothing,
	[FRAME_REQUEST] = on_request,
	[FRAME_CANCEL] = on_cancel,
	[FRAME_PING] = on_ping,
	[FRAME_PONG] = on_nothing,
	[FRAME_CREDIT] = on_credit,
	[FRAME_END] = on_end,
};

/* Outside of pacing, PONGs leave at once. */
static enum err flush_pongs(struct session_server *s, struct wr *out)
{
	enum err e = ERR_OK;

	for (unsigned i = 0; e == ERR_OK && i < s->pongs; i++)
		e = record_seal_control(&s->transport, out, FRAME_PONG,
		    (struct bytes){ s->pong[i], FRAME_PING_LEN });
	s->pongs = 0;
	return e;
}

static enum err on_record(struct session_server *s, uint8_t *body, size_t len,
    struct session_server_event *ev, struct wr *out)
{
	struct frame f;
	enum err e =
	    record_open(&s->transport, body, len, FRAME_FROM_CLIENT, &f);

	if (e != ERR_OK)
		return e;
	e = handlers[f.type](s, &f, ev);
	if (e == ERR_OK && s->state == SESSION_SERVER_OPEN &&
	    !session_server_paced(s))
		e = flush_pongs(s, out);
	return e;
}

enum err session_server_packet(struct session_server *s,
    const struct session_server_keys *keys, uint8_t *body, size_t len,
    struct session_server_event *ev, struct wr *out)
{
	enum err e = ERR_PROTOCOL;

	memset(ev, 0, sizeof(*ev));
	if (len > session_server_packet_max(s))
		e = ERR_LIMIT;
	else if (s->state == SESSION_SERVER_HELLO)
		e = session_server_hello(
		    s, keys, (struct bytes){ body, len }, ev, out);
	else if (s->state == SESSION_SERVER_FINISH)
		e = session_server_finish(s, (struct bytes){ body, len }, ev);
	else if (s->state == SESSION_SERVER_OPEN)
		e = on_record(s, body, len, ev, out);
	if (e != ERR_OK) {
		s->state = SESSION_SERVER_CLOSED;
		memset(ev, 0, sizeof(*ev));
	}
	return e;
}

/* ---- The tick -------------------------------------------------------------- */

static const char too_many_streams[] =
    "{\"error\":{\"message\":\"too many requests are open in this session\","
    "\"type\":\"invalid_request_error\",\"param\":null,"
    "\"code\":\"too_many_requests\"}}";

_Static_assert(sizeof(too_many_streams) - 1 <= FRAME_SLOT_DATA,
    "the refusal of a stream is one frame");

/* Data of one stream into the slot at `data`; false if it has none. */
static bool pull_stream(struct session_server_stream *stream,
    session_server_pull_fn *pull, void *cookie, struct frame *f, uint8_t *data)
{
	size_t cap = FRAME_SLOT_DATA, n;

	if (stream->id == 0)
		return false;
	if (stream->credit < cap)
		cap = (size_t)stream->credit;
	f->type = FRAME_DELTA;
	f->last = false;
	n = pull(cookie, stream->id, data, cap, &f->type, &f->last);
	assert(n <= cap);
	assert(f->type == FRAME_DELTA || f->type == FRAME_REASONING ||
	       f->type == FRAME_RESULT || f->type == FRAME_ERROR);
	assert(!f->last || f->type == FRAME_RESULT || f->type == FRAME_ERROR);
	if (n == 0 && !f->last)
		return false;
	f->stream = stream->id;
	f->data = (struct bytes){ data, n };
	stream->credit -= n;
	if (f->last)
		memset(stream, 0, sizeof(*stream));
	return true;
}

/* What the session itself has to say goes before the streams [P-32]. */
static bool pull_control(
    struct session_server *s, struct frame *f, uint8_t *data)
{
	static const uint8_t reason[FRAME_END_N] = { 0, 1, 2, 3, 4 };

	if (s->pongs > 0) {
		f->type = FRAME_PONG;
		mem_copy(data, s->pong[0], FRAME_PING_LEN);
		f->data = (struct bytes){ data, FRAME_PING_LEN };
		s->pongs--;
		memmove(s->pong[0], s->pong[1], s->pongs * FRAME_PING_LEN);
	} else if (s->end >= 0) {
		f->type = FRAME_END;
		f->data = (struct bytes){ &reason[s->end], 1 };
	} else if (s->refused_stream != 0) {
		f->type = FRAME_ERROR;
		f->last = true;
		f->stream = s->refused_stream;
		f->data = (struct bytes)BYTES_LITERAL(too_many_streams);
		s->refused_stream = 0;
	} else {
		return false;
	}
	return true;
}

/* Fill one slot: control, a stream in turn, or nothing. */
static void fill_slot(struct session_server *s, session_server_pull_fn *pull,
    void *cookie, struct frame *f, uint8_t *data)
{
	memset(f, 0, sizeof(*f));
	if (s->state != SESSION_SERVER_OPEN || pull_control(s, f, data))
		return;
	for (unsigned i = 0; i < FRAME_STREAMS_MAX; i++) {
		unsigned at = (s->turn + i) % FRAME_STREAMS_MAX;

		if (pull_stream(&s->stream[at], pull, cookie, f, data)) {
			s->turn = (at + 1) % FRAME_STREAMS_MAX;
			return;
		}
	}
	memset(f, 0, sizeof(*f));
}

enum err session_server_tick(struct session_server *s,
    session_server_pull_fn *pull, void *cookie, struct wr *out)
{
	enum err e = ERR_OK;

	if (!session_server_paced(s))
		return ERR_PROTOCOL;
	if (out->err != ERR_OK || out->cap - out->len < FRAME_TICK_LEN)
		return ERR_NOSPACE;
	for (int i = 0; e == ERR_OK && i < FRAME_TICK_RECORDS; i++) {
		struct frame f;

		fill_slot(
		    s, pull, cookie, &f, record_slot(out, FRAME_SIZE_MIN));
		e = record_seal(&s->transport, out, FRAME_SIZE_MIN, &f);
		if (f.type == FRAME_END)
			s->state = SESSION_SERVER_CLOSED;
	}
	if (e != ERR_OK)
		s->state = SESSION_SERVER_CLOSED;
	return e;
}

enum err session_server_end(
    struct session_server *s, enum frame_end reason, struct wr *out)
{
	uint8_t byte = (uint8_t)reason;
	enum err e = ERR_OK;

	if (session_server_paced(s)) {
		s->end = (int)reason;
		return ERR_OK;
	}
	if (s->state == SESSION_SERVER_OPEN)
		e = record_seal_control(
		    &s->transport, out, FRAME_END, (struct bytes){ &byte, 1 });
	s->state = SESSION_SERVER_CLOSED;
	return e;
}
