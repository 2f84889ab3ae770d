/* Sessions: handshakes, the verdict's gate, streams, and every way to break in. */
#include "session_pair.h"

#include "protocol/record.h"

static struct pair *p;

static int setup(void **state)
{
	(void)state;
	p = pair_new();
	pair_connect(p, NULL, NULL);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(p);
	return 0;
}

static bool holds(const void *where, size_t n, const uint8_t secret[32])
{
	return memmem(where, n, secret, 32) != NULL;
}

/* ---- Handshakes ------------------------------------------------------------ */

TEST(session_xx_delivers_evidence_then_opens) /* P-08 */
{
	pair_until_verdict(p);
	CHECK_EQ(p->client_event.type, SESSION_CLIENT_EVIDENCE);
	CHECK(mem_eq(p->client_event.data,
	    (struct bytes){ p->evidence, sizeof(p->evidence) }));
	CHECK_MEM(session_client_server_key(&p->client), p->s_pub, 32);
	CHECK_OK(session_client_accept(&p->client, pair_verdict(p), PAIR_NOW,
	    &p->to_server));
	CHECK_EQ(p->to_server.len, 2 + 1 + 64);
	CHECK_OK(pair_to_server(p));
	CHECK_EQ(p->server_event.type, SESSION_SERVER_OPENED);
	CHECK_MEM(p->client.transport.h, p->server.transport.h, 32);
}

TEST(session_ik_opens_after_one_reply) /* P-13 to P-15 */
{
	pair_connect(p, p->s_pub, NULL);
	pair_until_verdict(p);
	CHECK_EQ(p->client_event.type, SESSION_CLIENT_EVIDENCE);
	CHECK_EQ(p->server.state, SESSION_SERVER_OPEN);
	CHECK_OK(session_client_accept(&p->client, pair_verdict(p), PAIR_NOW,
	    &p->to_server));
	CHECK_EQ(p->to_server.len, 0);
	pair_ask(p, "{}");
}

TEST(session_ik_answers_same_for_the_evidence_that_is_held) /* P-14 */
{
	pair_connect(p, p->s_pub, p->evidence_hash);
	pair_until_verdict(p);
	CHECK_EQ(p->client_event.type, SESSION_CLIENT_SAME);
	CHECK_OK(session_client_accept(&p->client, pair_verdict(p), PAIR_NOW,
	    &p->to_server));
}

TEST(session_ik_sends_new_evidence_when_another_is_held)
{
	uint8_t old[32] = { 7 };

	pair_connect(p, p->s_pub, old);
	pair_until_verdict(p);
	CHECK_EQ(p->client_event.type, SESSION_CLIENT_EVIDENCE);
}

TEST(session_falls_back_when_the_key_has_changed) /* P-12, P-16, P-17 */
{
	uint8_t old[32];

	memcpy(old, p->s_pub, 32);
	pair_new_enclave_key(p);
	pair_connect(p, old, p->evidence_hash);
	pair_open(p);
	CHECK_EQ(p->client.reply, PACKET_FALLBACK_REPLY);
	CHECK_MEM(session_client_server_key(&p->client), p->s_pub, 32);
	pair_ask(p, "{}");
}

TEST(session_falls_back_when_the_message_was_changed) /* P-16 */
{
	pair_connect(p, p->s_pub, NULL);
	CHECK_OK(session_client_start(&p->client, &p->to_server));
	p->to_server.p[60] ^= 1; /* inside the encrypted static key */
	CHECK_OK(pair_to_server(p));
	CHECK_EQ(p->to_client.p[2], PACKET_FALLBACK_REPLY);
	CHECK_OK(pair_to_client(p));
}

TEST(session_same_is_refused_for_a_hash_not_named) /* P-18 */
{
	/* An enclave that answers "same" to a client that named nothing. */
	uint8_t zero[32] = { 0 };

	pair_connect(p, p->s_pub, NULL);
	p->keys.evidence_hash = zero;
	CHECK_OK(session_client_start(&p->client, &p->to_server));
	CHECK_OK(pair_to_server(p));
	CHECK_ERR(pair_to_client(p), ERR_AUTH);
	CHECK_EQ(p->client.state, SESSION_CLIENT_CLOSED);
}

TEST(session_ephemeral_and_static_keys_do_not_outlive_the_handshake)
{
	pair_open(p);
	CHECK(!holds(&p->client, sizeof(p->client), p->client_e));
	CHECK(!holds(&p->client, sizeof(p->client), p->client_s));
	CHECK(!holds(&p->server, sizeof(p->server), p->server_e));
	CHECK(!holds(&p->server, sizeof(p->server), p->s_priv));
}

/* ---- The verdict's gate ---------------------------------------------------- */

/* Everything a client could do, tried in state VERDICT. */
static void check_client_is_silent(void)
{
	struct session_client_request r = { .method = SESSION_METHOD_CHAT };
	uint8_t ping[8] = { 0 };
	uint32_t stream;

	CHECK_ERR(session_client_start(&p->client, &p->to_server),
	    ERR_PROTOCOL);
	CHECK_ERR(session_client_request(&p->client, &r, &stream,
		      &p->to_server), ERR_PROTOCOL);
	CHECK_ERR(session_client_cancel(&p->client, 1, &p->to_server),
	    ERR_PROTOCOL);
	CHECK_ERR(session_client_credit(&p->client, 1, 1, &p->to_server),
	    ERR_PROTOCOL);
	CHECK_ERR(session_client_ping(&p->client, ping, &p->to_server),
	    ERR_PROTOCOL);
	CHECK_EQ(session_client_packet_max(&p->client), 0);
	CHECK_EQ(p->to_server.len, 0);
}

TEST(session_client_sends_nothing_between_message_1_and_verdict) /* P-09 */
{
	for (int ik = 0; ik < 2; ik++) {
		pair_connect(p, ik ? p->s_pub : NULL, NULL);
		pair_until_verdict(p);
		check_client_is_silent();
	}
}

TEST(session_client_reads_nothing_before_the_verdict) /* P-42 */
{
	uint8_t body[300] = { 0 };

	pair_until_verdict(p);
	CHECK_ERR(session_client_packet(&p->client, body, sizeof(body),
		      &p->client_event, &p->to_server), ERR_PROTOCOL);
	CHECK_EQ(p->client.state, SESSION_CLIENT_CLOSED);
	CHECK_EQ(p->to_server.len, 0);
}

/* accept() with a verdict that does not fit: closed, and not one byte. */
static void check_refused(const struct verdict *v, uint64_t now, enum err want)
{
	CHECK_ERR(session_client_accept(&p->client, v, now, &p->to_server),
	    want);
	CHECK_EQ(p->client.state, SESSION_CLIENT_CLOSED);
	CHECK_EQ(p->to_server.len, 0);
	CHECK(!holds(&p->client, sizeof(p->client), p->client_e));
}

TEST(session_accept_needs_a_concluded_verdict)
{
	pair_until_verdict(p);
	pair_verdict(p)->accepted = false;
	check_refused(&p->verdict, PAIR_NOW, ERR_POLICY);
}

TEST(session_accept_needs_the_verdict_on_this_evidence)
{
	pair_until_verdict(p);
	pair_verdict(p)->claims.evidence_digest[31] ^= 1;
	check_refused(&p->verdict, PAIR_NOW, ERR_POLICY);
}

TEST(session_accept_needs_the_verdict_on_this_key) /* P-19 */
{
	uint8_t other[32] = { 9 };
	struct verdict *v;

	pair_until_verdict(p);
	v = pair_verdict(p);
	report_data_make(v->claims.report_data, other, &v->claims.binding);
	check_refused(v, PAIR_NOW, ERR_POLICY);
}

TEST(session_accept_needs_time_before_the_deadline)
{
	pair_until_verdict(p);
	check_refused(pair_verdict(p), PAIR_DEADLINE, ERR_EXPIRED);
}

TEST(session_expires_in_the_middle) /* P-31 */
{
	pair_open(p);
	CHECK(!session_client_expired(&p->client, PAIR_DEADLINE - 1));
	CHECK(session_client_expired(&p->client, PAIR_DEADLINE));
	CHECK_OK(session_client_end(&p->client, FRAME_END_EXPIRED,
	    &p->to_server));
	CHECK_OK(pair_to_server(p));
	CHECK_EQ(p->server_event.type, SESSION_SERVER_ENDED);
	CHECK_EQ(p->server.state, SESSION_SERVER_CLOSED);
}

/* ---- Hostile first packets ------------------------------------------------- */

TEST(session_every_flipped_bit_of_the_handshake_breaks_it)
{
	static uint8_t first[512], reply[8192], finish[512];
	size_t n1, n2, n3;

	pair_until_verdict(p); /* lengths first */
	pair_connect(p, NULL, NULL);
	CHECK_OK(session_client_start(&p->client, &p->to_server));
	CHECK(pair_take(&p->to_server, first, &n1));
	for (size_t i = 0; i < n1; i++) {
		uint8_t body[512];
		struct session_client client = p->client;
		enum err e;

		memcpy(body, first, n1);
		body[i] ^= 1;
		session_server_init(&p->server, p->request, 512);
		pair_reset_wire(p);
		e = session_server_packet(&p->server, &p->keys, body, n1,
		    &p->server_event, &p->to_client);
		if (e == ERR_OK) { /* the client notices: e or prologue */
			CHECK(pair_take(&p->to_client, reply, &n2));
			e = session_client_packet(&client, reply, n2,
			    &p->client_event, &p->to_server);
		}
		CHECK(e != ERR_OK);
	}
	/* Message 2 and 3. */
	for (size_t i = 0; i < 5200; i += i < 120 ? 1 : 61) {
		pair_connect(p, NULL, NULL);
		CHECK_OK(session_client_start(&p->client, &p->to_server));
		CHECK_OK(pair_to_server(p));
		if (2 + i >= p->to_client.len)
			break;
		p->to_client.p[2 + i] ^= 0x80;
		CHECK(pair_to_client(p) != ERR_OK);
	}
	for (size_t i = 0; i < 65; i++) {
		pair_connect(p, NULL, NULL);
		pair_until_verdict(p);
		CHECK_OK(session_client_accept(&p->client, pair_verdict(p),
		    PAIR_NOW, &p->to_server));
		CHECK(pair_take(&p->to_server, finish, &n3));
		CHECK_EQ(n3, 65);
		finish[i] ^= 0x80;
		CHECK(session_server_packet(&p->server, NULL, finish, n3,
			  &p->server_event, &p->to_client) != ERR_OK);
		CHECK_EQ(p->server.state, SESSION_SERVER_CLOSED);
	}
}

TEST(session_first_packet_of_every_shorter_length_is_refused)
{
	uint8_t first[512], body[512];
	size_t n;

	CHECK_OK(session_client_start(&p->client, &p->to_server));
	CHECK(pair_take(&p->to_server, first, &n));
	for (size_t cut = 0; cut < n; cut++) {
		memcpy(body, first, cut);
		session_server_init(&p->server, p->request, 512);
		CHECK(session_server_packet(&p->server, &p->keys, body, cut,
			  &p->server_event, &p->to_client) != ERR_OK);
	}
}

/* Change one byte of the first packet; what does the enclave answer? */
static void check_refusal(size_t at, uint8_t value, unsigned reason)
{
	pair_connect(p, NULL, NULL);
	CHECK_OK(session_client_start(&p->client, &p->to_server));
	p->to_server.p[2 + at] = value;
	CHECK(pair_to_server(p) != ERR_OK);
	CHECK_OK(pair_to_client(p));
	CHECK_EQ(p->client_event.type, SESSION_CLIENT_REFUSED);
	CHECK_EQ(p->client_event.reason, reason);
	CHECK_EQ(p->client.state, SESSION_CLIENT_CLOSED);
}

TEST(session_refusals_say_why) /* P-03, P-04, P-06 */
{
	check_refusal(5, 2, PACKET_REFUSED_VERSION);
	check_refusal(7, 2, PACKET_REFUSED_SUITE);
	check_refusal(1, 'X', PACKET_REFUSED_MALFORMED);
}

TEST(session_payload_in_the_first_message_is_refused) /* P-07 */
{
	CHECK_OK(session_client_start(&p->client, &p->to_server));
	wr_u8(&p->to_server, 'x');
	p->to_server.p[1]++;
	CHECK_ERR(pair_to_server(p), ERR_FORMAT);
}

TEST(session_reply_of_another_kind_or_suite_is_refused) /* P-04 */
{
	static const uint8_t kinds[] = { PACKET_XX, PACKET_IK, PACKET_IK_REPLY,
		PACKET_FALLBACK_REPLY, PACKET_FINISH, 8, 0 };

	for (size_t i = 0; i < sizeof(kinds); i++) {
		pair_connect(p, NULL, NULL);
		CHECK_OK(session_client_start(&p->client, &p->to_server));
		CHECK_OK(pair_to_server(p));
		p->to_client.p[2] = kinds[i];
		CHECK_ERR(pair_to_client(p), ERR_PROTOCOL);
	}
	pair_connect(p, NULL, NULL);
	CHECK_OK(session_client_start(&p->client, &p->to_server));
	CHECK_OK(pair_to_server(p));
	p->to_client.p[3] = NOISE_SUITE_25519_MLKEM768;
	CHECK_ERR(pair_to_client(p), ERR_UNSUPPORTED);
}

TEST(session_changed_offer_breaks_the_handshake) /* P-05 */
{
	uint8_t *hello = p->to_server.p + 2; /* kind "CONF" 1 1 1 e... */

	CHECK_OK(session_client_start(&p->client, &p->to_server));
	memmove(hello + 9, hello + 8, 32);
	hello[6] = 2;
	hello[8] = NOISE_SUITE_25519_MLKEM768; /* added behind suite 1 */
	p->to_server.len++;
	p->to_server.p[1]++;
	CHECK_OK(pair_to_server(p));
	CHECK_ERR(pair_to_client(p), ERR_AUTH);
}

/* ---- Streams --------------------------------------------------------------- */

TEST(session_request_of_every_size_arrives_whole) /* P-21, P-25 */
{
	static uint8_t text[FRAME_REQUEST_MAX];
	static const size_t sizes[] = { 0, 1, 244, 245, 65507, 65508, 131016,
		262142 };
	struct session_client_request r = { .method = 1 };
	uint32_t stream;

	memset(text, 'q', sizeof(text));
	for (size_t i = 0; i < 8; i++) {
		pair_connect(p, NULL, NULL);
		pair_open(p);
		r.body = (struct bytes){ text, sizes[i] };
		CHECK_OK(session_client_request(&p->client, &r, &stream,
		    &p->to_server));
		do
			CHECK_OK(pair_to_server(p));
		while (p->to_server.len > 0);
		CHECK_EQ(p->server_event.type, SESSION_SERVER_REQUEST);
		CHECK_EQ(p->server_event.request.len, sizes[i] + 2);
		CHECK_EQ(p->server_event.request.p[0], SESSION_METHOD_CHAT);
		CHECK_EQ(p->server_event.request.p[1], 0);
		session_server_request_done(&p->server);
		CHECK(mem_is_zero(p->request, sizeof(p->request)));
	}
	r.body.len = 262143;
	CHECK_ERR(session_client_request(&p->client, &r, &stream,
		      &p->to_server), ERR_LIMIT);
}

/* Send a frame as a client that does not follow the rules. */
static enum err rogue_client(enum frame_type type, uint32_t stream, bool last,
    size_t len)
{
	static uint8_t data[FRAME_DATA_MAX];
	struct frame f = { .type = type, .stream = stream, .last = last,
		.data = { data, len } };

	CHECK_OK(record_seal(&p->client.transport, &p->to_server,
	    frame_size_for(len), &f));
	return pair_to_server(p);
}

static enum err rogue_server(enum frame_type type, uint32_t stream, bool last,
    size_t len)
{
	static uint8_t data[FRAME_DATA_MAX];
	struct frame f = { .type = type, .stream = stream, .last = last,
		.data = { data, len } };

	CHECK_OK(record_seal(&p->server.transport, &p->to_client,
	    frame_size_for(len), &f));
	return pair_to_client(p);
}

TEST(session_stream_numbers_are_odd_and_in_order) /* P-24 */
{
	static const uint32_t bad[] = { 2, 3, 5, 0xffffffff };

	for (size_t i = 0; i < 4; i++) {
		pair_connect(p, NULL, NULL);
		pair_open(p);
		CHECK_ERR(rogue_client(FRAME_REQUEST, bad[i], true, 2),
		    ERR_PROTOCOL);
		CHECK_EQ(p->server.state, SESSION_SERVER_CLOSED);
	}
	pair_connect(p, NULL, NULL);
	pair_open(p);
	pair_ask(p, "{}");
	CHECK_ERR(rogue_client(FRAME_REQUEST, 1, true, 2), ERR_PROTOCOL);
}

TEST(session_pieces_of_two_requests_cannot_mix) /* P-25 */
{
	pair_open(p);
	CHECK_OK(rogue_client(FRAME_REQUEST, 1, false, 5));
	CHECK_ERR(rogue_client(FRAME_REQUEST, 3, false, 5), ERR_PROTOCOL);
}

TEST(session_request_above_the_limit_ends_the_session) /* P-25 */
{
	pair_open(p);
	for (int i = 0; i < 4; i++)
		CHECK_OK(rogue_client(FRAME_REQUEST, 1, false, FRAME_DATA_MAX));
	CHECK_ERR(rogue_client(FRAME_REQUEST, 1, false, 200), ERR_LIMIT);
}

TEST(session_ninth_stream_is_answered_with_an_error) /* P-24 */
{
	struct session_client_request r = { .method = 1 };
	uint32_t stream;

	pair_open(p);
	for (int i = 0; i < FRAME_STREAMS_MAX; i++)
		pair_ask(p, "{}");
	CHECK_ERR(session_client_request(&p->client, &r, &stream,
		      &p->to_server), ERR_BUSY);
	CHECK_OK(rogue_client(FRAME_REQUEST, 17, true, 2));
	CHECK_EQ(p->server_event.type, SESSION_SERVER_NONE);
	CHECK_EQ(p->server.refused_stream, 17);
	CHECK(p->server.state == SESSION_SERVER_OPEN);
}

TEST(session_cancel_and_credit_of_closed_streams_are_ignored) /* P-27 */
{
	pair_open(p);
	CHECK_ERR(rogue_client(FRAME_CANCEL, 1, false, 0), ERR_PROTOCOL);
	pair_connect(p, NULL, NULL);
	pair_open(p);
	uint32_t stream = pair_ask(p, "{}");
	CHECK_OK(session_client_cancel(&p->client, stream, &p->to_server));
	CHECK_OK(pair_to_server(p));
	CHECK_EQ(p->server_event.type, SESSION_SERVER_CANCEL);
	CHECK_EQ(p->server_event.stream, stream);
	memset(p->server.stream, 0, sizeof(p->server.stream));
	CHECK_OK(rogue_client(FRAME_CANCEL, stream, false, 0));
	CHECK_EQ(p->server_event.type, SESSION_SERVER_NONE);
	CHECK_OK(rogue_client(FRAME_CREDIT, stream, false, 4));
}

TEST(session_credit_above_the_window_ends_the_session) /* P-28 */
{
	uint32_t stream;

	pair_open(p);
	stream = pair_ask(p, "{}");
	CHECK_OK(session_client_credit(&p->client, stream,
	    FRAME_WINDOW_MAX - FRAME_WINDOW_FIRST, &p->to_server));
	CHECK_OK(pair_to_server(p));
	CHECK_ERR(session_client_credit(&p->client, stream, 1, &p->to_server),
	    ERR_LIMIT);
	struct frame f = { .type = FRAME_CREDIT, .stream = stream,
		.data = BYTES_LITERAL("\0\0\0\1") };
	CHECK_OK(record_seal(&p->client.transport, &p->to_server, 256, &f));
	CHECK_ERR(pair_to_server(p), ERR_LIMIT);
}

TEST(session_client_refuses_what_an_enclave_may_not_do) /* P-21, P-23 */
{
	static const struct {
		enum frame_type type;
		uint32_t stream;
		size_t len;
		enum err want;
	} bad[] = {
		{ FRAME_DELTA, 1, 1, ERR_PROTOCOL },	/* not open */
		{ FRAME_REQUEST, 1, 1, ERR_PROTOCOL },	/* not its to say */
		{ FRAME_IDLE, 0, 1, ERR_FORMAT },
		{ FRAME_END, 0, 2, ERR_FORMAT },
		{ FRAME_PING, 0, 7, ERR_FORMAT },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		pair_connect(p, NULL, NULL);
		pair_open(p);
		CHECK_ERR(rogue_server(bad[i].type, bad[i].stream, false,
			      bad[i].len), bad[i].want);
		CHECK_EQ(p->client.state, SESSION_CLIENT_CLOSED);
	}
	pair_connect(p, NULL, NULL);
	pair_open(p);
	pair_ask(p, "{}");
	CHECK_ERR(rogue_server(FRAME_DELTA, 1, false, 247), ERR_FORMAT);
}

TEST(session_nothing_but_its_rest_follows_a_result) /* P-26 */
{
	static const enum frame_type other[] = { FRAME_DELTA, FRAME_ERROR };

	for (size_t i = 0; i < 2; i++) {
		pair_connect(p, NULL, NULL);
		pair_open(p);
		pair_ask(p, "{}");
		CHECK_OK(rogue_server(FRAME_DELTA, 1, false, 5));
		CHECK_OK(rogue_server(FRAME_RESULT, 1, false, 5));
		CHECK_ERR(rogue_server(other[i], 1, false, 5), ERR_PROTOCOL);
	}
	pair_connect(p, NULL, NULL);
	pair_open(p);
	pair_ask(p, "{}");
	CHECK_OK(rogue_server(FRAME_RESULT, 1, false, 5));
	CHECK_OK(rogue_server(FRAME_RESULT, 1, true, 5));
	CHECK(p->client_event.last);
	CHECK_ERR(rogue_server(FRAME_RESULT, 1, true, 5), ERR_PROTOCOL);
}

TEST(session_client_refuses_more_than_it_granted) /* P-28 */
{
	size_t sent = 0;

	pair_open(p);
	pair_ask(p, "{}");
	for (; sent + FRAME_SLOT_DATA <= FRAME_WINDOW_FIRST;
	     sent += FRAME_SLOT_DATA)
		CHECK_OK(rogue_server(FRAME_DELTA, 1, false, FRAME_SLOT_DATA));
	CHECK_ERR(rogue_server(FRAME_DELTA, 1, false, FRAME_SLOT_DATA),
	    ERR_LIMIT);
}

TEST(session_pongs_come_in_order_and_a_flood_ends_it) /* P-29 */
{
	uint8_t data[8] = { 0 };

	pair_open(p);
	for (uint8_t i = 0; i < 40; i++) {
		data[0] = i;
		CHECK_OK(session_client_ping(&p->client, data, &p->to_server));
		CHECK_OK(pair_to_server(p));
		CHECK_OK(pair_to_client(p));
		CHECK_EQ(p->client_event.type, SESSION_CLIENT_PONG);
		CHECK_EQ(p->client_event.data.p[0], i);
	}
	pair_ask(p, "{}"); /* now they wait for a tick */
	for (int i = 0; i < SESSION_PINGS_MAX; i++)
		CHECK_OK(rogue_client(FRAME_PING, 0, false, 8));
	CHECK_EQ(p->to_client.len, 0);
	CHECK_ERR(rogue_client(FRAME_PING, 0, false, 8), ERR_LIMIT);
}

TEST(session_client_answers_pings)
{
	pair_open(p);
	CHECK_OK(rogue_server(FRAME_PING, 0, false, 8));
	CHECK_EQ(p->to_server.len, FRAME_RECORD_LEN(256));
	CHECK_OK(pair_to_server(p));
}

/* ---- Records --------------------------------------------------------------- */

TEST(session_changed_replayed_or_dropped_records_end_it) /* P-23 */
{
	for (int attack = 0; attack < 3; attack++) {
		uint8_t body[400], again[400];
		size_t n;

		pair_connect(p, NULL, NULL);
		pair_open(p);
		for (int i = 0; i < 2; i++)
			CHECK_OK(session_client_ping(&p->client,
			    (const uint8_t *)"12345678", &p->to_server));
		CHECK(pair_take(&p->to_server, body, &n));
		memcpy(again, body, n);
		if (attack == 0)
			body[100] ^= 1;
		if (attack != 2) /* 2: the first record never arrives */
			CHECK(session_server_packet(&p->server, NULL, body, n,
				  &p->server_event, &p->to_client) ==
			    (attack == 0 ? ERR_AUTH : ERR_OK));
		if (attack == 1)
			CHECK_ERR(session_server_packet(&p->server, NULL, again,
				      n, &p->server_event, &p->to_client),
			    ERR_AUTH);
		if (attack == 2)
			CHECK_ERR(pair_to_server(p), ERR_AUTH);
		CHECK_EQ(p->server.state, SESSION_SERVER_CLOSED);
	}
}

TEST(session_end_closes_both_sides) /* P-30 */
{
	pair_open(p);
	CHECK_OK(session_server_end(&p->server, FRAME_END_IDLE,
	    &p->to_client));
	CHECK_OK(pair_to_client(p));
	CHECK_EQ(p->client_event.type, SESSION_CLIENT_ENDED);
	CHECK_EQ(p->client_event.reason, FRAME_END_IDLE);
	CHECK_EQ(p->client.state, SESSION_CLIENT_CLOSED);
	CHECK_EQ(p->server.state, SESSION_SERVER_CLOSED);
	CHECK_ERR(session_server_packet(&p->server, NULL, p->request, 1,
		      &p->server_event, &p->to_client), ERR_LIMIT);
}

TEST(session_wipe_leaves_nothing)
{
	pair_open(p);
	pair_ask(p, "{}");
	CHECK_OK(rogue_client(FRAME_REQUEST, 3, false, 50));
	session_server_wipe(&p->server);
	session_client_wipe(&p->client);
	p->server.state = 0;
	p->client.state = 0;
	CHECK(mem_is_zero(&p->server, sizeof(p->server)));
	CHECK(mem_is_zero(&p->client, sizeof(p->client)));
	CHECK(mem_is_zero(p->request, sizeof(p->request)));
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(session_xx_delivers_evidence_then_opens),
		T(session_ik_opens_after_one_reply),
		T(session_ik_answers_same_for_the_evidence_that_is_held),
		T(session_ik_sends_new_evidence_when_another_is_held),
		T(session_falls_back_when_the_key_has_changed),
		T(session_falls_back_when_the_message_was_changed),
		T(session_same_is_refused_for_a_hash_not_named),
		T(session_ephemeral_and_static_keys_do_not_outlive_the_handshake),
		T(session_client_sends_nothing_between_message_1_and_verdict),
		T(session_client_reads_nothing_before_the_verdict),
		T(session_accept_needs_a_concluded_verdict),
		T(session_accept_needs_the_verdict_on_this_evidence),
		T(session_accept_needs_the_verdict_on_this_key),
		T(session_accept_needs_time_before_the_deadline),
		T(session_expires_in_the_middle),
		T(session_every_flipped_bit_of_the_handshake_breaks_it),
		T(session_first_packet_of_every_shorter_length_is_refused),
		T(session_refusals_say_why),
		T(session_payload_in_the_first_message_is_refused),
		T(session_reply_of_another_kind_or_suite_is_refused),
		T(session_changed_offer_breaks_the_handshake),
		T(session_request_of_every_size_arrives_whole),
		T(session_stream_numbers_are_odd_and_in_order),
		T(session_pieces_of_two_requests_cannot_mix),
		T(session_request_above_the_limit_ends_the_session),
		T(session_ninth_stream_is_answered_with_an_error),
		T(session_cancel_and_credit_of_closed_streams_are_ignored),
		T(session_credit_above_the_window_ends_the_session),
		T(session_client_refuses_what_an_enclave_may_not_do),
		T(session_nothing_but_its_rest_follows_a_result),
		T(session_client_refuses_more_than_it_granted),
		T(session_pongs_come_in_order_and_a_flood_ends_it),
		T(session_client_answers_pings),
		T(session_changed_replayed_or_dropped_records_end_it),
		T(session_end_closes_both_sides),
		T(session_wipe_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
