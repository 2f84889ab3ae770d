/*
 * The client's side of a session; see session_client.h. The verdict is a state
 * of its own: in it nothing is read and nothing is written.
 */
#include "protocol/session_client.h"

#include "attest/report_data.h"
#include "base/assert.h"
#include "protocol/record.h"

#define REPLY_WHOLE 1
#define REPLY_SAME  2

static const struct noise_offer offered = { .n = 1,
	.suite = { NOISE_SUITE_25519 } };

void session_client_init(
    struct session_client *s, const struct session_client_config *config)
{
	memset(s, 0, sizeof(*s));
	mem_copy(s->s_priv, config->s_priv, X25519_LEN);
	mem_copy(s->e_priv, config->e_priv, X25519_LEN);
	s->evidence = config->evidence;
	s->next_stream = 1;
	if (config->rs == NULL)
		return;
	s->resuming = true;
	mem_copy(s->rs, config->rs, X25519_LEN);
	if (config->held != NULL)
		mem_copy(s->held, config->held, SHA256_LEN);
}

void session_client_wipe(struct session_client *s)
{
	mem_wipe(s, sizeof(*s));
	s->state = SESSION_CLIENT_CLOSED;
}

size_t session_client_packet_max(const struct session_client *s)
{
	static const size_t max[SESSION_CLIENT_STATE_N] = {
		[SESSION_CLIENT_REPLY] = PACKET_BODY_MAX,
		[SESSION_CLIENT_OPEN] = PACKET_BODY_MAX,
	};

	return max[s->state];
}

const uint8_t *session_client_server_key(const struct session_client *s)
{
	return mem_is_zero(s->rs, X25519_LEN) ? NULL : s->rs;
}

/* ---- Handshake ------------------------------------------------------------- */

static void start_noise(struct session_client *s, enum noise_pattern pattern)
{
	bool ik = pattern == NOISE_IK, fallback = pattern == NOISE_XXFALLBACK;
	struct noise_config c = {
		.pattern = pattern,
		.role = fallback ? NOISE_RESPONDER : NOISE_INITIATOR,
		.prologue = { s->bound, s->bound_len },
		.s_priv = s->s_priv,
		.e_priv = s->e_priv,
		.rs = ik ? s->rs : NULL,
	};

	noise_handshake_init(&s->hs, &c);
}

/* Write packet 1 at the place of its length, which is filled in last. */
static enum err write_first(struct session_client *s, struct wr *out)
{
	enum packet_kind kind = s->resuming ? PACKET_IK : PACKET_XX;
	struct bytes payload = { s->held, s->resuming ? SHA256_LEN : 0 };
	uint8_t body[PACKET_FIRST_MAX], key_id[PACKET_KEY_ID_LEN];
	struct wr w = wr_init(body, sizeof(body));
	size_t len;
	enum err e;

	if (s->resuming)
		packet_key_id(key_id, s->rs);
	packet_hello_write(&w, kind, &offered, key_id);
	s->bound_len = packet_prologue(s->bound, (struct bytes){ body, w.len });
	start_noise(s, s->resuming ? NOISE_IK : NOISE_XX);
	e = noise_write(
	    &s->hs, body + w.len, sizeof(body) - w.len, &len, payload);
	if (e != ERR_OK)
		return e;
	(void)wr_reserve(&w, len);
	wr_u16be(out, (uint16_t)w.len);
	wr_copy(out, body, w.len);
	return out->err;
}

enum err session_client_start(struct session_client *s, struct wr *out)
{
	enum err e;

	if (s->state != SESSION_CLIENT_START)
		return ERR_PROTOCOL;
	e = write_first(s, out);
	s->state = e == ERR_OK ? SESSION_CLIENT_REPLY : SESSION_CLIENT_CLOSED;
	return e;
}

/* Which pattern a reply of this kind belongs to, given how we started. */
static enum err pattern_of(const struct session_client *s, uint8_t kind)
{
	if (s->resuming)
		return kind == PACKET_IK_REPLY || kind == PACKET_FALLBACK_REPLY
			   ? ERR_OK
			   : ERR_PROTOCOL;
	return kind == PACKET_XX_REPLY ? ERR_OK : ERR_PROTOCOL;
}

/* The evidence reply inside Noise message 2. */
static enum err on_evidence(struct session_client *s, struct bytes payload,
    struct session_client_event *ev)
{
	struct rd r = rd_bytes_init(payload);
	uint8_t kind = rd_u8(&r);

	if (r.err != ERR_OK)
		return r.err;
	ev->data = rd_take(&r, rd_left(&r));
	if (kind == REPLY_WHOLE) {
		if (ev->data.len > PACKET_EVIDENCE_MAX)
			return ERR_LIMIT;
		ev->type = SESSION_CLIENT_EVIDENCE;
		evidence_digest(s->digest, ev->data);
		return ERR_OK;
	}
	/* [P-18]; a client that named none has 32 zero bytes here. */
	if (kind != REPLY_SAME || s->reply != PACKET_IK_REPLY)
		return ERR_FORMAT;
	if (ev->data.len != SHA256_LEN || mem_is_zero(s->held, SHA256_LEN) ||
	    !mem_eq_ct(ev->data.p, s->held, SHA256_LEN))
		return ERR_AUTH;
	mem_copy(s->digest, s->held, SHA256_LEN);
	ev->type = SESSION_CLIENT_SAME;
	return ERR_OK;
}

static enum err on_refused(
    struct session_client *s, struct rd *r, struct session_client_event *ev)
{
	uint8_t reason = rd_u8(r);

	if (rd_end(r) != ERR_OK)
		return ERR_FORMAT;
	s->state = SESSION_CLIENT_CLOSED;
	ev->type = SESSION_CLIENT_REFUSED;
	ev->reason = reason;
	return ERR_OK;
}

/* The one reply: evidence goes to the host's buffer and waits for a verdict. */
static enum err on_reply(struct session_client *s, uint8_t *body, size_t len,
    struct session_client_event *ev)
{
	struct rd r = rd_init(body, len);
	uint8_t kind = rd_u8(&r);
	size_t n;
	enum err e;

	if (kind == PACKET_REFUSED)
		return on_refused(s, &r, ev);
	e = pattern_of(s, kind);
	if (e != ERR_OK)
		return e;
	if (rd_u8(&r) != NOISE_SUITE_25519) /* [P-04] */
		return r.err != ERR_OK ? r.err : ERR_UNSUPPORTED;
	s->reply = (enum packet_kind)kind;
	if (kind == PACKET_FALLBACK_REPLY)
		start_noise(s, NOISE_XXFALLBACK); /* [P-17] */
	e = noise_read(&s->hs, s->evidence, SESSION_CLIENT_EVIDENCE_ROOM, &n,
	    rd_take(&r, rd_left(&r)));
	if (e != ERR_OK)
		return e;
	mem_copy(s->rs, noise_remote_static(&s->hs), X25519_LEN);
	mem_wipe(s->s_priv, X25519_LEN);
	mem_wipe(s->e_priv, X25519_LEN);
	e = on_evidence(s, (struct bytes){ s->evidence, n }, ev);
	if (e == ERR_OK)
		s->state = SESSION_CLIENT_VERDICT;
	return e;
}

/* Does this verdict speak of this session's evidence and key? */
static enum err check_verdict(
    const struct session_client *s, const struct verdict *v, uint64_t now_s)
{
	if (!v->accepted)
		return ERR_POLICY;
	if (!mem_eq_ct(v->claims.evidence_digest, s->digest, SHA256_LEN))
		return ERR_POLICY;
	if (report_data_check(v->claims.report_data, s->rs, &v->claims.binding,
		NULL) != ERR_OK)
		return ERR_POLICY;
	return now_s < v->checks.deadline_s ? ERR_OK : ERR_EXPIRED;
}

static enum err write_finish(struct session_client *s, struct wr *out)
{
	uint8_t message[PACKET_FINISH_MAX];
	size_t len;
	enum err e = noise_write(
	    &s->hs, message, sizeof(message), &len, (struct bytes){ NULL, 0 });

	if (e != ERR_OK)
		return e;
	wr_u16be(out, (uint16_t)(1 + len));
	wr_u8(out, PACKET_FINISH);
	wr_copy(out, message, len);
	return out->err;
}

enum err session_client_accept(struct session_client *s,
    const struct verdict *v, uint64_t now_s, struct wr *out)
{
	enum err e;

	if (s->state != SESSION_CLIENT_VERDICT)
		return ERR_PROTOCOL;
	e = check_verdict(s, v, now_s);
	if (e == ERR_OK && s->reply != PACKET_IK_REPLY)
		e = write_finish(s, out);
	if (e == ERR_OK)
		e = noise_split(&s->hs, &s->transport);
	if (e != ERR_OK) {
		session_client_wipe(s);
		return e;
	}
	s->deadline_s = v->checks.deadline_s;
	s->state = SESSION_CLIENT_OPEN;
	return ERR_OK;
}

bool session_client_expired(const struct session_client *s, uint64_t now_s)
{
	return s->state == SESSION_CLIENT_OPEN && now_s >= s->deadline_s;
}

/* ---- Records from the enclave ---------------------------------------------- */

static struct session_client_stream *find_stream(
    struct session_client *s, uint32_t id)
{
	for (size_t i = 0; i < FRAME_STREAMS_MAX; i++) {
		if (s->stream[i].id == id)
			return &s->stream[i];
	}
	return NULL;
}

/* DELTA, REASONING, RESULT, ERROR: a piece of an answer. */
static enum err on_answer(struct session_client *s, const struct frame *f,
    struct session_client_event *ev, struct wr *out)
{
	static const enum session_client_event_type type[FRAME_TYPE_N] = {
		[FRAME_DELTA] = SESSION_CLIENT_DELTA,
		[FRAME_REASONING] = SESSION_CLIENT_REASONING,
		[FRAME_RESULT] = SESSION_CLIENT_RESULT,
		[FRAME_ERROR] = SESSION_CLIENT_ERROR,
	};
	struct session_client_stream *stream = find_stream(s, f->stream);

	(void)out;
	if (stream == NULL)
		return ERR_PROTOCOL;
	if (stream->ending != FRAME_IDLE && f->type != stream->ending)
		return ERR_PROTOCOL;      /* [P-26] */
	if (f->data.len > stream->credit) /* [P-28] */
		return ERR_LIMIT;
	stream->credit -= f->data.len;
	if (f->type != FRAME_DELTA && f->type != FRAME_REASONING)
		stream->ending = f->type;
	*ev = (struct session_client_event){ .type = type[f->type],
		.stream = f->stream,
		.last = f->last,
		.data = f->data };
	if (f->last)
		memset(stream, 0, sizeof(*stream));
	return ERR_OK;
}

static enum err on_ping(struct session_client *s, const struct frame *f,
    struct session_client_event *ev, struct wr *out)
{
	(void)ev;
	return record_seal_control(&s->transport, out, FRAME_PONG, f->data);
}

static enum err on_pong(struct session_client *s, const struct frame *f,
    struct session_client_event *ev, struct wr *out)
{
	(void)s;
	(void)out;
	ev->type = SESSION_CLIENT_PONG;
	ev->data = f->data;
	return ERR_OK;
}

static enum err on_end(struct session_client *s, const struct frame *f,
    struct session_client_event *ev, struct wr *out)
{
	(void)out;
	if (f->data.p[0] >= FRAME_END_N)
		return ERR_FORMAT;
	s->state = SESSION_CLIENT_CLOSED;
	ev->type = SESSION_CLIENT_ENDED;
	ev->reason = f->data.p[0];
	return ERR_OK;
}

static enum err on_idle(struct session_client *s, const struct frame *f,
    struct session_client_event *ev, struct wr *out)
{
	(void)s;
	(void)f;
	(void)ev;
	(void)out;
	return ERR_OK;
}

typedef enum err frame_fn(struct session_client *s, const struct frame *f,
    struct session_client_event *ev, struct wr *out);

/* frame_parse has refused what an enclave may not send. */
static frame_fn *const handlers[FRAME_TYPE_N] = {
	[FRAME_IDLE] = on_idle,
	[FRAME_DELTA] = on_answer,
	[FRAME_RESULT] = on_answer,
	[FRAME_ERROR] = on_answer,
	[FRAME_PING] = on_ping,
	[FRAME_PONG] = on_pong,
	[FRAME_END] = on_end,
	[FRAME_REASONING] = on_answer,
};

static enum err on_record(struct session_client *s, uint8_t *body, size_t len,
    struct session_client_event *ev, struct wr *out)
{
	struct frame f;
	enum err e;

	/* All records of an enclave have one size [P-21]. */
	if (len != FRAME_SIZE_MIN + NOISE_TAG_LEN)
		return ERR_FORMAT;
	e = record_open(&s->transport, body, len, FRAME_FROM_ENCLAVE, &f);
	return e == ERR_OK ? handlers[f.type](s, &f, ev, out) : e;
}

enum err session_client_packet(struct session_client *s, uint8_t *body,
    size_t len, struct session_client_event *ev, struct wr *out)
{
	enum err e = ERR_PROTOCOL; /* also in state VERDICT [P-42] */

	memset(ev, 0, sizeof(*ev));
	if (s->state == SESSION_CLIENT_REPLY)
		e = on_reply(s, body, len, ev);
	else if (s->state == SESSION_CLIENT_OPEN)
		e = on_record(s, body, len, ev, out);
	if (e != ERR_OK) {
		session_client_wipe(s);
		memset(ev, 0, sizeof(*ev));
	}
	return e;
}

/* ---- What the client says -------------------------------------------------- */

#define REQUEST_HEADER_LEN (2 + SESSION_CREDIT_MAX)

size_t session_client_request_len(size_t n)
{
	size_t total = n + REQUEST_HEADER_LEN;

	return (total / FRAME_DATA_MAX + 1) * FRAME_RECORD_LEN(FRAME_SIZE_MAX);
}

/* A message in two parts, read piece by piece without joining them first. */
struct message {
	struct bytes head;
	struct bytes body;
};

static void take_piece(struct message *m, uint8_t *to, size_t n)
{
	size_t first = n < m->head.len ? n : m->head.len;

	mem_copy(to, m->head.p, first);
	mem_copy(to + first, m->body.p, n - first);
	if (first > 0)
		m->head =
		    (struct bytes){ m->head.p + first, m->head.len - first };
	if (n > first)
		m->body = (struct bytes){ m->body.p + (n - first),
			m->body.len - (n - first) };
}

static enum err write_request(struct session_client *s, struct message *m,
    uint32_t stream, struct wr *out)
{
	struct frame f = { .type = FRAME_REQUEST, .stream = stream };

	while (!f.last) {
		size_t left = m->head.len + m->body.len;
		size_t n = left < FRAME_DATA_MAX ? left : FRAME_DATA_MAX;
		size_t size = frame_size_for(n);
		uint8_t *slot = record_slot(out, size);
		enum err e;

		if (slot == NULL)
			return ERR_NOSPACE;
		take_piece(m, slot, n);
		f.last = n == left;
		f.data = (struct bytes){ slot, n };
		e = record_seal(&s->transport, out, size, &f);
		if (e != ERR_OK)
			return e;
	}
	return ERR_OK;
}

enum err session_client_request(struct session_client *s,
    const struct session_client_request *request, uint32_t *stream,
    struct wr *out)
{
	uint8_t head[REQUEST_HEADER_LEN];
	struct wr w = wr_init(head, sizeof(head));
	struct session_client_stream *slot = find_stream(s, 0);
	struct message m = { .body = request->body };
	enum err e;

	*stream = 0;
	assert(request->credit.len <= SESSION_CREDIT_MAX);
	if (s->state != SESSION_CLIENT_OPEN)
		return ERR_PROTOCOL;
	if (slot == NULL)
		return ERR_BUSY;
	wr_u8(&w, request->method);
	wr_u8(&w, (uint8_t)request->credit.len);
	wr_bytes(&w, request->credit);
	m.head = (struct bytes){ head, w.len };
	if (m.body.len > FRAME_REQUEST_MAX - m.head.len)
		return ERR_LIMIT;
	if (out->cap - out->len < session_client_request_len(m.body.len))
		return ERR_NOSPACE;
	e = write_request(s, &m, s->next_stream, out);
	mem_wipe(head, sizeof(head));
	if (e != ERR_OK) {
		session_client_wipe(s);
		return e;
	}
	*stream = s->next_stream;
	*slot = (struct session_client_stream){ .id = *stream,
		.credit = FRAME_WINDOW_FIRST };
	s->next_stream += 2;
	return ERR_OK;
}

enum err session_client_cancel(
    struct session_client *s, uint32_t stream, struct wr *out)
{
	struct frame f = { .type = FRAME_CANCEL, .stream = stream };

	if (s->state != SESSION_CLIENT_OPEN)
		return ERR_PROTOCOL;
	if (stream == 0 || find_stream(s, stream) == NULL)
		return ERR_OK;
	return record_seal(&s->transport, out, FRAME_SIZE_MIN, &f);
}

enum err session_client_credit(
    struct session_client *s, uint32_t stream, uint32_t n, struct wr *out)
{
	struct session_client_stream *open = find_stream(s, stream);
	struct frame f = { .type = FRAME_CREDIT, .stream = stream };
	uint8_t data[4];
	struct wr w = wr_init(data, sizeof(data));

	if (s->state != SESSION_CLIENT_OPEN)
		return ERR_PROTOCOL;
	if (stream == 0 || open == NULL)
		return ERR_OK;
	if (n > FRAME_WINDOW_MAX - open->credit)
		return ERR_LIMIT;
	wr_u32be(&w, n);
	f.data = (struct bytes){ data, w.len };
	open->credit += n;
	return record_seal(&s->transport, out, FRAME_SIZE_MIN, &f);
}

enum err session_client_ping(struct session_client *s,
    const uint8_t data[FRAME_PING_LEN], struct wr *out)
{
	if (s->state != SESSION_CLIENT_OPEN)
		return ERR_PROTOCOL;
	return record_seal_control(&s->transport, out, FRAME_PING,
	    (struct bytes){ data, FRAME_PING_LEN });
}

enum err session_client_end(
    struct session_client *s, enum frame_end reason, struct wr *out)
{
	uint8_t byte = (uint8_t)reason;
	enum err e = ERR_OK;

	if (s->state == SESSION_CLIENT_OPEN)
		e = record_seal_control(
		    &s->transport, out, FRAME_END, (struct bytes){ &byte, 1 });
	session_client_wipe(s);
	return e;
}
