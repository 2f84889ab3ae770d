/*
 * Whole sessions made by another implementation, written from the documents
 * alone (tests/interop, tools/gen/protocol_vectors.mjs), replayed through both
 * of our sessions: every byte that ours write is theirs.
 */
#include "json_hex.h"
#include "session_pair.h"

#define FOLDER     "tests/vectors/protocol/"
#define FRAMES_MAX 64

struct vector_frame {
	bool from_client, last;
	enum frame_type type;
	uint32_t stream;
	struct bytes data, packet; /* malloc'ed */
};

/* The tick's pieces with data, in order. */
struct queue {
	const struct vector_frame *next;
	size_t n;
};

struct replay {
	struct pair *pair;
	struct json root;
	struct vector_frame frame[FRAMES_MAX];
	size_t frames;
	uint8_t rs[32], held[32];
};

static struct bytes member_bytes(const struct json *object, const char *name)
{
	struct json v = json_member(object, name);
	size_t cap = v.text.len;
	uint8_t *p = malloc(cap);

	assert_non_null(p);
	return (struct bytes){ p, json_hex(object, name, p, cap) };
}

static void free_bytes(struct bytes b)
{
	free((void *)(uintptr_t)b.p);
}

static uint32_t member_u32(const struct json *object, const char *name)
{
	struct json v = json_member(object, name);
	uint64_t n;

	CHECK_OK(json_u64(&v, &n));
	CHECK(n <= UINT32_MAX);
	return (uint32_t)n;
}

static enum frame_type member_type(const struct json *object)
{
	static const char *const name[FRAME_TYPE_N] = { "IDLE", "REQUEST",
		"DELTA", "RESULT", "CANCEL", "ERROR", "PING", "PONG", "CREDIT",
		"END", "REASONING" };
	struct json v = json_member(object, "type");

	for (unsigned i = 0; i < FRAME_TYPE_N; i++) {
		if (json_is_str(&v, name[i]))
			return (enum frame_type)i;
	}
	fail_msg("an unknown type of frame");
	return FRAME_IDLE;
}

static void load_frames(struct replay *r)
{
	struct json records = json_member(&r->root, "records"), v, from;
	struct json_iter it = json_iter(&records);

	while (json_next(&it, NULL, &v)) {
		struct vector_frame *f = &r->frame[r->frames++];

		CHECK(r->frames <= FRAMES_MAX);
		from = json_member(&v, "from");
		f->from_client = json_is_str(&from, "client");
		f->type = member_type(&v);
		f->last = member_u32(&v, "flags") == FRAME_FLAG_LAST;
		f->stream = member_u32(&v, "stream");
		f->data = member_bytes(&v, "data");
		f->packet = member_bytes(&v, "packet");
	}
}

static void load_key(const struct replay *r, const char *name, uint8_t priv[32])
{
	struct json keys = json_member(&r->root, "keys");
	struct json pair = json_member(&keys, name);
	uint8_t pub[32], want[32];

	CHECK_EQ(json_hex(&pair, "private", priv, 32), 32);
	CHECK_EQ(json_hex(&pair, "public", want, 32), 32);
	crypto_x25519_base(pub, priv);
	CHECK_MEM(pub, want, 32);
}

/* The sessions with the keys and the evidence of the vector. */
static void set_up(struct replay *r)
{
	struct pair *p = r->pair;
	struct session_client_config c = { .s_priv = p->client_s,
		.e_priv = p->client_e,
		.evidence = p->client_evidence };
	struct json known = json_member(&r->root, "remembered"), hash;
	size_t n =
	    json_hex(&r->root, "evidence", p->evidence, sizeof(p->evidence));

	load_key(r, "client_static", p->client_s);
	load_key(r, "client_ephemeral", p->client_e);
	load_key(r, "enclave_static", p->s_priv);
	load_key(r, "enclave_ephemeral", p->server_e);
	crypto_x25519_base(p->s_pub, p->s_priv);
	evidence_digest(p->evidence_hash, (struct bytes){ p->evidence, n });
	p->keys = (struct session_server_keys){ .s_priv = p->s_priv,
		.s_pub = p->s_pub,
		.evidence = { p->evidence, n },
		.evidence_hash = p->evidence_hash,
		.e_priv = p->server_e };
	if (known.type == JSON_OBJECT) {
		CHECK_EQ(json_hex(&known, "static", r->rs, 32), 32);
		c.rs = r->rs;
		hash = json_member(&known, "evidence_hash");
		if (hash.type == JSON_STRING) {
			json_hex(&known, "evidence_hash", r->held, 32);
			c.held = r->held;
		}
	}
	pair_reset_wire(p);
	session_client_init(&p->client, &c);
	session_server_init(&p->server, p->request, sizeof(p->request));
}

static void check_wire(const struct wr *wire, struct bytes want)
{
	CHECK_EQ(wire->len, want.len);
	CHECK_MEM(wire->p, want.p, want.len);
}

static void check_packet(
    const struct replay *r, const char *name, const struct wr *wire)
{
	struct bytes want = member_bytes(&r->root, name);

	check_wire(wire, want);
	free_bytes(want);
}

static void shake_hands(struct replay *r)
{
	struct json same = json_member(&r->root, "same");
	struct json finish = json_member(&r->root, "finish");
	struct pair *p = r->pair;
	uint8_t h[32];
	bool is_same;

	CHECK_OK(json_bool(&same, &is_same));
	CHECK_OK(session_client_start(&p->client, &p->to_server));
	check_packet(r, "first", &p->to_server);
	CHECK_OK(pair_to_server(p));
	check_packet(r, "reply", &p->to_client);
	CHECK_OK(pair_to_client(p));
	CHECK_EQ(p->client_event.type,
	    is_same ? SESSION_CLIENT_SAME : SESSION_CLIENT_EVIDENCE);
	CHECK_OK(session_client_accept(
	    &p->client, pair_verdict(p), PAIR_NOW, &p->to_server));
	if (finish.type == JSON_STRING) {
		check_packet(r, "finish", &p->to_server);
		CHECK_OK(pair_to_server(p));
	}
	CHECK_EQ(p->to_server.len, 0);
	CHECK_EQ(p->server_event.type, SESSION_SERVER_OPENED);
	CHECK_EQ(json_hex(&r->root, "handshake_hash", h, 32), 32);
	CHECK_MEM(p->client.transport.h, h, 32);
	CHECK_MEM(p->server.transport.h, h, 32);
}

/* All pieces of the request that starts at f, sent; returns their number. */
static size_t send_request(struct pair *p, const struct vector_frame *f)
{
	uint8_t *message = calloc(1, FRAME_REQUEST_MAX);
	struct session_client_request r = { 0 };
	size_t n = 0, len = 0;
	uint32_t stream;

	assert_non_null(message);
	do {
		CHECK_EQ(f[n].type, FRAME_REQUEST);
		memcpy(message + len, f[n].data.p, f[n].data.len);
		len += f[n].data.len;
	} while (!f[n++].last);
	CHECK(len >= 2 && message[1] == 0);
	r.method = message[0];
	r.body = (struct bytes){ message + 2, len - 2 };
	CHECK_OK(
	    session_client_request(&p->client, &r, &stream, &p->to_server));
	CHECK_EQ(stream, f->stream);
	for (size_t i = 0, at = 0; i < n; at += f[i++].packet.len) {
		CHECK(at + f[i].packet.len <= p->to_server.len);
		CHECK_MEM(p->to_server.p + at, f[i].packet.p, f[i].packet.len);
	}
	for (size_t i = 0; i < n; i++)
		CHECK_OK(pair_to_server(p));
	CHECK_EQ(p->server_event.type, SESSION_SERVER_REQUEST);
	CHECK_EQ(p->server_event.request.len, len);
	CHECK_MEM(p->server_event.request.p, message, len);
	session_server_request_done(&p->server);
	free(message);
	return n;
}

static void write_control(struct pair *p, const struct vector_frame *f)
{
	const uint8_t *d = f->data.p;

	if (f->type == FRAME_PING)
		CHECK_OK(session_client_ping(&p->client, d, &p->to_server));
	else if (f->type == FRAME_CANCEL)
		CHECK_OK(session_client_cancel(
		    &p->client, f->stream, &p->to_server));
	else if (f->type == FRAME_CREDIT)
		CHECK_OK(session_client_credit(&p->client, f->stream,
		    (uint32_t)d[2] << 8 | d[3], &p->to_server));
	else
		CHECK_OK(session_client_end(
		    &p->client, (enum frame_end)d[0], &p->to_server));
}

/* What the enclave makes of f, a frame of its client. */
static enum session_server_event_type event_of(const struct vector_frame *f)
{
	if (f->type == FRAME_CANCEL)
		return SESSION_SERVER_CANCEL;
	return f->type == FRAME_END ? SESSION_SERVER_ENDED
				    : SESSION_SERVER_NONE;
}

static size_t send_control(struct pair *p, const struct vector_frame *f)
{
	write_control(p, f);
	check_wire(&p->to_server, f->packet);
	CHECK_OK(pair_to_server(p));
	CHECK_EQ(p->server_event.type, event_of(f));
	return 1;
}

static size_t pull(void *cookie, uint32_t stream, uint8_t *buf, size_t cap,
    enum frame_type *type, bool *last)
{
	struct queue *q = cookie;
	const struct vector_frame *f = q->next;

	if (q->n == 0 || f->type == FRAME_IDLE)
		return 0;
	CHECK_EQ(f->stream, stream);
	CHECK(f->data.len <= cap);
	memcpy(buf, f->data.p, f->data.len);
	*type = f->type;
	*last = f->last;
	q->next++;
	q->n--;
	return f->data.len;
}

/* What the client makes of f, a frame of its enclave. */
static void check_client_event(
    const struct session_client_event *ev, const struct vector_frame *f)
{
	static const enum session_client_event_type want[FRAME_TYPE_N] = {
		[FRAME_DELTA] = SESSION_CLIENT_DELTA,
		[FRAME_RESULT] = SESSION_CLIENT_RESULT,
		[FRAME_ERROR] = SESSION_CLIENT_ERROR,
		[FRAME_PONG] = SESSION_CLIENT_PONG,
		[FRAME_REASONING] = SESSION_CLIENT_REASONING,
	};

	CHECK_EQ(ev->type, want[f->type]);
	if (ev->type == SESSION_CLIENT_NONE)
		return;
	CHECK_EQ(ev->stream, f->stream);
	CHECK_EQ(ev->last, f->last);
	CHECK_EQ(ev->data.len, f->data.len);
	CHECK_MEM(ev->data.p, f->data.p, f->data.len);
}

/* One tick, or the PONG that waits already; how many records it had. */
static size_t answer(struct pair *p, const struct vector_frame *f)
{
	size_t n = f->type == FRAME_PONG ? 1 : FRAME_TICK_RECORDS;
	struct queue q = { f, n };

	if (f->type != FRAME_PONG)
		CHECK_OK(
		    session_server_tick(&p->server, pull, &q, &p->to_client));
	for (size_t i = 0; i < n; i++) {
		CHECK(p->to_client.len >= f[i].packet.len);
		CHECK_MEM(p->to_client.p, f[i].packet.p, f[i].packet.len);
		CHECK_OK(pair_to_client(p));
		check_client_event(&p->client_event, &f[i]);
	}
	CHECK_EQ(p->to_client.len, 0);
	return n;
}

static void replay(const char *path, enum packet_kind kind)
{
	struct replay *r = calloc(1, sizeof(*r));
	uint8_t *text;

	assert_non_null(r);
	r->pair = pair_new();
	r->root = json_file(path, &text);
	load_frames(r);
	set_up(r);
	shake_hands(r);
	CHECK_EQ(r->pair->client.reply, kind);
	for (size_t i = 0; i < r->frames;) {
		const struct vector_frame *f = &r->frame[i];

		if (!f->from_client)
			i += answer(r->pair, f);
		else if (f->type == FRAME_REQUEST)
			i += send_request(r->pair, f);
		else
			i += send_control(r->pair, f);
	}
	CHECK_EQ(r->pair->server.state, SESSION_SERVER_CLOSED);
	for (size_t i = 0; i < r->frames; i++) {
		free_bytes(r->frame[i].data);
		free_bytes(r->frame[i].packet);
	}
	free(text);
	free(r->pair);
	free(r);
}

TEST(xx_with_a_request_in_two_records)
{
	replay(FOLDER "xx.json", PACKET_XX_REPLY);
}

TEST(ik_answered_with_the_evidence)
{
	replay(FOLDER "ik.json", PACKET_IK_REPLY);
}

TEST(ik_answered_same)
{
	replay(FOLDER "ik_same.json", PACKET_IK_REPLY);
}

TEST(ik_to_another_key_falls_back)
{
	replay(FOLDER "xxfallback.json", PACKET_FALLBACK_REPLY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(xx_with_a_request_in_two_records),
		cmocka_unit_test(ik_answered_with_the_evidence),
		cmocka_unit_test(ik_answered_same),
		cmocka_unit_test(ik_to_another_key_falls_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
