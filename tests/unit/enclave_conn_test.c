/*
 * One connection against a real client session, over numbers instead of a
 * clock, with the fake engine: what leaves, when, and what stays behind.
 */
#include "enclave_fake.h"

#include <sys/mman.h>

#include "attest/report_data.h"
#include "base/hex.h"
#include "base/json.h"
#include "crypto/crypto_native.h"
#include "enclave/conn.h"
#include "protocol/session_client.h"

#define PAGE_LEN      4096
#define EVIDENCE_TEXT "evidence, as far as this test is concerned"

static struct worker w;
static struct conn_env env;
static struct conn *c;
static uint8_t s_priv[X25519_LEN] = { 1 };
static uint8_t s_pub[X25519_LEN];
static const uint8_t receipt_seed[ED25519_SEED_LEN] = { 5 };
static const uint8_t model_sha256[SHA256_LEN] = { 6 };

/* The client's side. */
static struct session_client client;
static uint8_t wire[PACKET_LEN_MAX * 8];
static struct {
	char delta[FAKE_TEXT_MAX];
	size_t delta_len;
	char result[FAKE_TEXT_MAX];
	size_t result_len;
	char error[2048];
	size_t error_len;
	unsigned closed; /* streams that ended */
	int ended;       /* reason of an END, -1: none */
	unsigned pongs;
} got;

static void note_event(const struct session_client_event *ev)
{
	switch (ev->type) {
	case SESSION_CLIENT_DELTA:
		memcpy(got.delta + got.delta_len, ev->data.p, ev->data.len);
		got.delta_len += ev->data.len;
		break;
	case SESSION_CLIENT_RESULT:
		memcpy(got.result + got.result_len, ev->data.p, ev->data.len);
		got.result_len += ev->data.len;
		break;
	case SESSION_CLIENT_ERROR:
		memcpy(got.error + got.error_len, ev->data.p, ev->data.len);
		got.error_len += ev->data.len;
		break;
	case SESSION_CLIENT_ENDED:
		got.ended = (int)ev->reason;
		break;
	case SESSION_CLIENT_PONG:
		got.pongs++;
		break;
	default:
		break;
	}
	got.closed += ev->last;
}

/* Bytes to the connection, in pieces that fit. */
static void send_bytes(const uint8_t *p, size_t n, uint64_t now)
{
	while (n > 0) {
		size_t room;
		uint8_t *in = conn_in(c, &room);
		size_t step = n < room ? n : room;

		assert_true(step > 0);
		memcpy(in, p, step);
		conn_received(c, step, now);
		p += step;
		n -= step;
	}
}

/* Everything the connection has to say reaches the client; returns its size. */
static size_t receive(uint64_t now)
{
	struct bytes out = conn_out(c);
	size_t total = out.len, at = 0;

	assert_true(total <= sizeof(wire));
	mem_copy(wire, out.p, total);
	conn_sent(c, total, now);
	while (at < total && got.ended < 0) {
		struct session_client_event ev;
		struct bytes body;
		size_t used;
		uint8_t reply[1024];
		struct wr r = wr_init(reply, sizeof(reply));

		CHECK_OK(packet_find((struct bytes){ wire + at, total - at },
		    PACKET_BODY_MAX, &body, &used));
		CHECK_OK(session_client_packet(
		    &client, wire + at + 2, body.len, &ev, &r));
		note_event(&ev);
		at += used;
	}
	return total;
}

static struct verdict *accepting_verdict(void)
{
	static struct verdict v;

	memset(&v, 0, sizeof(v));
	v.accepted = true;
	v.checks.deadline_s = 1000;
	memcpy(v.claims.evidence_digest, env.evidence_hash, SHA256_LEN);
	report_data_make(v.claims.report_data, s_pub, &v.claims.binding);
	return &v;
}

static void connect_client(uint64_t now)
{
	static uint8_t out[4096];
	static uint8_t evidence[SESSION_CLIENT_EVIDENCE_ROOM];
	uint8_t cs[X25519_LEN] = { 7 }, ce[X25519_LEN] = { 8 };
	struct session_client_config cfg = {
		.s_priv = cs, .e_priv = ce, .evidence = evidence
	};
	struct wr o = wr_init(out, sizeof(out));

	memset(&got, 0, sizeof(got));
	got.ended = -1;
	session_client_init(&client, &cfg);
	CHECK_OK(session_client_start(&client, &o));
	send_bytes(out, o.len, now);
	receive(now);
	CHECK_EQ(client.state, SESSION_CLIENT_VERDICT);
	o = wr_init(out, sizeof(out));
	CHECK_OK(session_client_accept(&client, accepting_verdict(), 1, &o));
	send_bytes(out, o.len, now);
	CHECK(c->open);
}

static uint32_t request_bytes(uint8_t method, struct bytes body, uint64_t now)
{
	static uint8_t out[FRAME_REQUEST_MAX * 2];
	struct wr o = wr_init(out, sizeof(out));
	uint32_t stream = 0;
	const struct session_client_request r = { .method = method,
		.body = body };

	CHECK_OK(session_client_request(&client, &r, &stream, &o));
	send_bytes(out, o.len, now);
	return stream;
}

static uint32_t request(uint8_t method, const char *body, uint64_t now)
{
	return request_bytes(
	    method, (struct bytes){ (const uint8_t *)body, strlen(body) }, now);
}

static void cancel(uint32_t stream, uint64_t now)
{
	uint8_t out[1024];
	struct wr o = wr_init(out, sizeof(out));

	CHECK_OK(session_client_cancel(&client, stream, &o));
	send_bytes(out, o.len, now);
}

/* Ticks with a round of the engine before each, until no answer runs. */
static unsigned run_ticks(uint64_t now, unsigned max)
{
	unsigned n = 0;

	while (conn_paced(c) && n < max) {
		(void)worker_round(&w);
		conn_tick(c, 1, now);
		CHECK_EQ(receive(now), FRAME_TICK_LEN);
		n++;
	}
	return n;
}

static void begin(size_t jobs, size_t per_step)
{
	fake_reset(per_step);
	crypto_x25519_base(s_pub, s_priv);
	CHECK_OK(worker_init(&w, &fake, 1, jobs - 1, NULL));
	env = (struct conn_env){ .worker = &w,
		.model = "demo",
		.context = 4096,
		.s_priv = s_priv,
		.s_pub = s_pub,
		.evidence = BYTES_LITERAL(EVIDENCE_TEXT) };
	env.signer = (struct statement_signer){ .seed_priv = receipt_seed,
		.s_pub = s_pub,
		.model_sha256 = model_sha256,
		.context = 4096 };
	crypto_sha256(env.evidence_hash, &env.evidence, 1);
	c = mmap(NULL, sizeof(*c), PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(c != MAP_FAILED);
	conn_init(c, &env, 0);
}

static void finish(void)
{
	conn_wipe(c);
	munmap(c, sizeof(*c));
	worker_clear(&w);
	session_client_wipe(&client);
}

#define CHAT(text, more)                                                       \
	"{\"messages\":[{\"role\":\"user\",\"content\":\"" text "\"}]" more "}"

TEST(conn_lists_the_model)
{
	begin(1, 1);
	connect_client(0);
	request(SESSION_METHOD_MODELS, "", 0);
	CHECK_EQ(run_ticks(0, 9), 1);
	CHECK_STR(got.result, "{\"object\":\"list\",\"data\":[{\"id\":\"demo\","
			      "\"object\":\"model\",\"created\":0,"
			      "\"owned_by\":\"enclave\","
			      "\"context_length\":4096}]}");
	CHECK_EQ(got.closed, 1);
	finish();
}

TEST(conn_streams_an_answer_as_delta_and_then_the_result) /* P-37 */
{
	begin(1, 3);
	connect_client(0);
	request(
	    SESSION_METHOD_CHAT, CHAT("hello \\u00e9", ",\"stream\":true"), 0);
	run_ticks(0, 99);
	CHECK_STR(got.delta, "hello \xc3\xa9");
	CHECK(strstr(got.result, "\"content\":null},\"finish_reason\":"
				 "\"stop\"}],\"usage\":{\"prompt_tokens\":5,"
				 "\"completion_tokens\":8,"
				 "\"total_tokens\":13}}") != NULL);
	CHECK_EQ(got.closed, 1);
	CHECK_EQ(got.error_len, 0);
	CHECK_EQ(fake.releases, 1);
	finish();
}

TEST(conn_answers_whole_when_no_stream_is_asked_for)
{
	begin(1, 1000);
	connect_client(0);
	request(SESSION_METHOD_CHAT, CHAT("a \\\"b\\\"\\n\\u0001", ""), 0);
	run_ticks(0, 99);
	CHECK_EQ(got.delta_len, 0);
	CHECK(strstr(got.result, "\"role\":\"assistant\",\"content\":"
				 "\"a \\\"b\\\"\\n\\u0001\"},") != NULL);
	CHECK_EQ(got.closed, 1);
	finish();
}

/* The property of [P-32]: what leaves does not depend on the engine. */
TEST(conn_every_tick_has_the_same_size_whatever_the_engine_does)
{
	static const size_t speed[] = { 0, 1, 50, 246, 5000 };

	for (size_t i = 0; i < sizeof(speed) / sizeof(*speed); i++) {
		begin(1, speed[i]);
		connect_client(0);
		request(SESSION_METHOD_CHAT,
		    CHAT("some text that is repeated", ",\"stream\":true"), 0);
		/* Nothing leaves before the first tick. */
		CHECK_EQ(conn_out(c).len, 0);
		CHECK(run_ticks(0, 40) > 0); /* checks each tick's size */
		CHECK_EQ(conn_paced(c), speed[i] == 0);
		finish();
	}
}

TEST(conn_owes_ticks_that_the_transport_could_not_take)
{
	begin(1, 0);
	connect_client(0);
	request(SESSION_METHOD_CHAT, CHAT("x", ""), 0);
	conn_tick(c, 1000, 50); /* more than the buffer holds */
	CHECK(conn_out(c).len <= CONN_OUT_LEN);
	CHECK_EQ(conn_out(c).len % FRAME_TICK_LEN, 0);
	size_t total = 0;
	while (conn_out(c).len > 0)
		total += receive(60);
	CHECK_EQ(total, 1000 * FRAME_TICK_LEN);
	finish();
}

TEST(conn_cancel_ends_the_answer_with_what_it_has)
{
	uint32_t stream;

	begin(1, 1);
	connect_client(0);
	stream = request(SESSION_METHOD_CHAT,
	    CHAT("a very long answer", ",\"stream\":true"), 0);
	run_ticks(0, 3);
	cancel(stream, 0);
	run_ticks(0, 3);
	CHECK(!conn_paced(c));
	CHECK_EQ(fake.cancels, 1);
	CHECK(strstr(got.result, "\"finish_reason\":\"cancelled\"") != NULL);
	finish();
}

TEST(conn_says_busy_when_all_jobs_are_taken)
{
	begin(1, 0);
	connect_client(0);
	request(SESSION_METHOD_CHAT, CHAT("one", ""), 0);
	request(SESSION_METHOD_CHAT, CHAT("two", ""), 0);
	run_ticks(0, 2);
	CHECK(strstr(got.error, "\"code\":\"busy\"") != NULL);
	CHECK_EQ(got.closed, 1);
	finish();
}

TEST(conn_turns_bad_requests_into_errors_not_ends)
{
	begin(1, 9);
	connect_client(0);
	request(SESSION_METHOD_CHAT, "{\"messages\":[]}", 0);
	run_ticks(0, 9);
	CHECK(strstr(got.error, "invalid_request") != NULL);
	request(9, "", 0);
	run_ticks(0, 9);
	CHECK(strstr(got.error, "unknown_method") != NULL);
	request(SESSION_METHOD_MODELS, "x", 0);
	run_ticks(0, 9);
	fake.refuse = ERR_LIMIT;
	request(SESSION_METHOD_CHAT, CHAT("one", ""), 0);
	run_ticks(0, 9);
	CHECK(strstr(got.error, "context_length_exceeded") != NULL);
	CHECK_EQ(got.closed, 4);
	fake.refuse = ERR_OK;
	request(SESSION_METHOD_CHAT, CHAT("fine", ",\"stream\":true"), 0);
	run_ticks(0, 9);
	CHECK_STR(got.delta, "fine");
	finish();
}

TEST(conn_takes_a_request_of_many_records)
{
	static char body[200000];
	size_t n = (size_t)snprintf(body, sizeof(body),
	    "{\"stream\":true,\"messages\":[{\"role\":\"user\","
	    "\"content\":\"");

	memset(body + n, 'x', 150000);
	memcpy(body + n + 150000, "\"}]}", 5);
	begin(1, 50000);
	connect_client(0);
	request(SESSION_METHOD_CHAT, body, 0);
	/* Flow control: not more than the window without CREDIT [P-28]. */
	run_ticks(0, 200);
	CHECK_EQ(got.delta_len, FRAME_WINDOW_FIRST);
	for (int i = 0; i < 3; i++) {
		uint8_t out[1024];
		struct wr o = wr_init(out, sizeof(out));

		CHECK_OK(session_client_credit(&client, 1, 50000, &o));
		send_bytes(out, o.len, 0);
		run_ticks(0, 200);
	}
	CHECK_EQ(got.delta_len, 150000);
	CHECK_EQ(got.closed, 1);
	finish();
}

/* The salts of every request here: 32 times 'r', 32 times 'a'. */
static uint32_t request_receipt(const char *body)
{
	static uint8_t salted[4096];

	memset(salted, 'r', RECEIPT_SALT_LEN);
	memset(salted + RECEIPT_SALT_LEN, 'a', RECEIPT_SALT_LEN);
	memcpy(salted + STATEMENT_SALTS_LEN, body, strlen(body));
	return request_bytes(SESSION_METHOD_RECEIPT,
	    (struct bytes){ salted, STATEMENT_SALTS_LEN + strlen(body) }, 0);
}

/* The statement of the result, whose signature verifies. */
static struct receipt_statement received_statement(void)
{
	uint8_t text[RECEIPT_STATEMENT_LEN_MAX], sig[ED25519_SIG_LEN + 3];
	uint8_t b64[128], pub[ED25519_PUB_LEN];
	struct receipt_statement s;
	struct json root, member, v;
	size_t n, len;

	CHECK_OK(json_parse(&root,
	    (struct bytes){ (uint8_t *)got.result, got.result_len }, NULL));
	CHECK(json_get(&root, "confer_receipt", &member));
	CHECK(json_get(&member, "signature", &v));
	CHECK_OK(json_string(&v, b64, sizeof(b64), &n));
	CHECK_OK(
	    base64_decode(sig, sizeof(sig), &len, (struct bytes){ b64, n }));
	CHECK_EQ(len, ED25519_SIG_LEN);
	CHECK(json_get(&member, "statement", &v));
	CHECK_OK(json_string(&v, text, sizeof(text), &n));
	crypto_ed25519_public(pub, receipt_seed);
	CHECK_OK(receipt_statement_verify((struct bytes){ text, n }, sig, pub));
	CHECK_OK(receipt_statement_parse(&s, (struct bytes){ text, n }, NULL));
	return s;
}

static void check_hash(
    const uint8_t hash[SHA256_LEN], char salt, const char *text)
{
	uint8_t s[RECEIPT_SALT_LEN], want[SHA256_LEN];

	memset(s, salt, sizeof(s));
	receipt_statement_hash(
	    want, s, (struct bytes){ (const uint8_t *)text, strlen(text) });
	CHECK_MEM(hash, want, sizeof(want));
}

/* [P-44]: what was asked, applied and answered. */
TEST(conn_states_what_it_has_answered)
{
	static const char body[] = CHAT("hello \\u00e9 \\\"you\\\"",
	    ",\"stream\":true,\"temperature\":0.5,\"top_k\":7,"
	    "\"max_tokens\":99,\"stop\":[\"zz\",\"y\"],\"seed\":12345,"
	    "\"min_p\":-0.0");
	struct receipt_statement s;

	begin(1, 3);
	connect_client(0);
	request_receipt(body);
	run_ticks(0, 99);
	CHECK_STR(got.delta, "hello \xc3\xa9 \"you\"");
	s = received_statement();
	CHECK_MEM(s.channel_key, s_pub, X25519_LEN);
	CHECK_MEM(s.model_sha256, model_sha256, SHA256_LEN);
	CHECK_EQ(s.context, 4096);
	CHECK_EQ(s.temperature, 0x3f000000);
	CHECK_EQ(s.top_p, 0);
	CHECK_EQ(s.min_p, 0); /* of -0 too */
	CHECK_EQ(s.top_k, 7);
	CHECK_EQ(s.max_tokens, 99);
	CHECK_EQ(s.stops, 2);
	CHECK_EQ(s.seed, 12345);
	CHECK_EQ(s.finish, RECEIPT_STOP);
	check_hash(s.request_sha256, 'r', body);
	check_hash(s.answer_sha256, 'a', got.delta);
	finish();
}

/* The hash is of the text, not of its JSON; the seed is there though nobody
 * gave one. */
TEST(conn_states_an_answer_that_is_not_streamed)
{
	struct receipt_statement s;
	uint64_t seed;

	begin(1, 50);
	connect_client(0);
	request_receipt(CHAT("a \\\"b\\\"\\n\\u0001", ""));
	run_ticks(0, 99);
	CHECK(strstr(got.result, "\"content\":\"a \\\"b") != NULL);
	s = received_statement();
	check_hash(s.answer_sha256, 'a', "a \"b\"\n\001");
	CHECK_EQ(s.temperature, 0x3f800000);
	seed = s.seed;
	memset(&got, 0, sizeof(got));
	got.ended = -1;
	request_receipt(CHAT("a", ""));
	run_ticks(0, 99);
	CHECK(received_statement().seed != seed);
	finish();
}

TEST(conn_states_what_was_sent_of_a_cancelled_answer)
{
	struct receipt_statement s;
	uint32_t stream;

	begin(1, 1);
	connect_client(0);
	stream =
	    request_receipt(CHAT("a very long answer", ",\"stream\":true"));
	run_ticks(0, 3);
	cancel(stream, 0);
	run_ticks(0, 9);
	CHECK(got.delta_len > 0 && got.delta_len < 18);
	s = received_statement();
	CHECK_EQ(s.finish, RECEIPT_CANCELLED);
	check_hash(s.answer_sha256, 'a', got.delta);
	finish();
}

/* [P-45]: the member's length is one, and without being asked there is none. */
TEST(conn_statement_adds_the_same_to_every_answer)
{
	static const char *const bodies[] = {
		CHAT("x", ",\"stream\":true,\"seed\":1"),
		CHAT("xyz", ",\"stream\":true,\"seed\":18446744073709551615,"
			    "\"top_p\":0.3,\"max_tokens\":1234567"),
	};

	for (size_t i = 0; i < 2; i++) {
		size_t plain;

		begin(1, 500);
		connect_client(0);
		request(SESSION_METHOD_CHAT, bodies[i], 0);
		run_ticks(0, 9);
		CHECK(strstr(got.result, "confer_receipt") == NULL);
		plain = got.result_len;
		memset(&got, 0, sizeof(got));
		got.ended = -1;
		request_receipt(bodies[i]);
		run_ticks(0, 9);
		(void)received_statement();
		CHECK_EQ(got.result_len, plain + STATEMENT_MEMBER_LEN);
		finish();
	}
}

TEST(conn_states_nothing_without_salts_or_a_key)
{
	begin(1, 9);
	connect_client(0);
	request(SESSION_METHOD_RECEIPT, CHAT("x", ""), 0);
	run_ticks(0, 9);
	CHECK(strstr(got.error, "two salts") != NULL);
	memset(&got, 0, sizeof(got));
	got.ended = -1;
	env.signer.seed_priv = NULL;
	request_receipt(CHAT("x", ""));
	run_ticks(0, 9);
	CHECK(strstr(got.error, "unknown_method") != NULL);
	CHECK_EQ(fake.submits, 0);
	finish();
}

/* after the answer neither salts nor hashes are left. */
TEST(conn_forgets_what_it_stated)
{
	begin(1, 400);
	connect_client(0);
	request_receipt(CHAT("PROMPTSECRET", ""));
	CHECK(w.job[0]->statement.asked);
	CHECK(!holds(c, sizeof(*c), "rrrrrrrr")); /* not even now */
	run_ticks(0, 9);
	(void)received_statement();
	CHECK(mem_is_zero(c->answer, sizeof(c->answer)));
	CHECK(!holds(c, sizeof(*c), "PROMPTSECRET"));
	CHECK(!holds(c, sizeof(*c), "aaaaaaaa"));
	CHECK(mem_is_zero(w.job[0], sizeof(struct job)));
	finish();
}

TEST(conn_hang_up_stops_the_answer_and_leaves_nothing)
{
	struct job *j;

	begin(1, 4);
	connect_client(0);
	request(SESSION_METHOD_CHAT,
	    CHAT("PROMPTSECRET PROMPTSECRET", ",\"stream\":true"), 0);
	run_ticks(0, 2);
	j = w.job[0];
	CHECK(holds(j, sizeof(*j), "PROMPTSECRET"));
	CHECK(!holds(c, sizeof(*c), "PROMPTSECRET")); /* not even now */
	conn_lost(c, ERR_CLOSED, 0);
	CHECK(conn_finished(c));
	worker_round(&w);
	CHECK_EQ(fake.releases, 1);
	CHECK(mem_is_zero(j, sizeof(*j)));
	conn_wipe(c);
	c->session.state = SESSION_SERVER_HELLO; /* the one mark that is left */
	CHECK(mem_is_zero(c, sizeof(*c)));
	conn_init(c, &env, 0);
	finish();
}

TEST(conn_leaves_nothing_after_a_good_end) /* P-41 */
{
	uint8_t out[1024];
	struct wr o = wr_init(out, sizeof(out));

	begin(1, 400);
	connect_client(0);
	request(SESSION_METHOD_CHAT, CHAT("PROMPTSECRET", ""), 0);
	run_ticks(0, 9);
	CHECK(holds(got.result, sizeof(got.result), "PROMPTSECRET"));
	CHECK(!holds(c, sizeof(*c), "PROMPTSECRET"));
	CHECK(mem_is_zero(w.job[0], sizeof(struct job)));
	CHECK_OK(session_client_end(&client, FRAME_END_DONE, &o));
	send_bytes(out, o.len, 0);
	CHECK(conn_finished(c));
	CHECK_EQ(c->why, ERR_OK);
	finish();
}

/* Pages of c that are in RAM. */
static size_t pages_in_ram(void)
{
	unsigned char in_ram[sizeof(*c) / PAGE_LEN + 1];
	size_t n = 0;

	assert_int_equal(mincore(c, sizeof(*c), in_ram), 0);
	for (size_t i = 0; i < sizeof(in_ram); i++)
		n += in_ram[i] & 1;
	return n;
}

TEST(conn_wipe_touches_only_what_was_used)
{
	size_t used;

	begin(1, 400);
	connect_client(0);
	request(SESSION_METHOD_CHAT, CHAT("PROMPTSECRET", ""), 0);
	run_ticks(0, 9);
	used = pages_in_ram();
	CHECK(used * PAGE_LEN < sizeof(*c) / 4);
	conn_wipe(c);
	CHECK_EQ(pages_in_ram(), used);
	conn_init(c, &env, 0);
	finish();
}

TEST(conn_garbage_ends_the_session_only)
{
	static const uint8_t http[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
	uint8_t record[2 + 272];

	begin(1, 1);
	/* "GE" announces a packet of 18245 bytes: too long for a first one. */
	send_bytes(http, 2, 0);
	CHECK(c->closed);
	CHECK_EQ(c->why, ERR_LIMIT);
	finish();

	begin(1, 1);
	send_bytes((const uint8_t *)"\0\5hello", 7, 0);
	CHECK(c->closed);
	/* "refused, malformed" leaves before the end. */
	CHECK_EQ(conn_out(c).len, 4);
	CHECK_MEM(conn_out(c).p, "\0\2\7\4", 4);
	finish();

	begin(1, 1);
	connect_client(0);
	request(SESSION_METHOD_CHAT, CHAT("x", ""), 0);
	memset(record, 0x5a, sizeof(record));
	record[0] = 1;
	record[1] = 16;
	send_bytes(record, sizeof(record), 0);
	CHECK(c->closed);
	CHECK_EQ(c->why, ERR_AUTH);
	worker_round(&w);
	CHECK(mem_is_zero(w.job[0], sizeof(struct job)));
	finish();
}

TEST(conn_stops_reading_while_its_output_is_not_taken)
{
	uint8_t out[1024], data[FRAME_PING_LEN] = { 0 };
	size_t room, pings = 0;

	begin(1, 1);
	connect_client(0);
	do {
		struct wr o = wr_init(out, sizeof(out));

		CHECK_OK(session_client_ping(&client, data, &o));
		send_bytes(out, o.len, 0);
		pings++;
		(void)conn_in(c, &room);
	} while (room > 0 && !c->closed && pings < 10000);
	CHECK(!c->closed);
	CHECK_EQ(room, 0);
	CHECK(conn_out(c).len <= CONN_OUT_LEN);
	receive(0);
	CHECK_EQ(got.pongs, pings);
	(void)conn_in(c, &room);
	CHECK(room > 0);
	finish();
}

TEST(conn_keeps_its_timeouts)
{
	begin(1, 0);
	conn_check(c, CONN_HANDSHAKE_MS - 1);
	CHECK(!c->closed);
	conn_check(c, CONN_HANDSHAKE_MS);
	CHECK(conn_finished(c));
	CHECK_EQ(c->why, ERR_TIMEOUT);
	finish();

	begin(1, 0);
	connect_client(0);
	conn_check(c, CONN_IDLE_MS - 1);
	CHECK(!c->closed);
	conn_check(c, CONN_IDLE_MS);
	CHECK(c->closed);
	receive(CONN_IDLE_MS);
	CHECK_EQ(got.ended, FRAME_END_IDLE);
	CHECK(conn_finished(c));
	finish();

	begin(1, 0);
	connect_client(0);
	request(SESSION_METHOD_CHAT, CHAT("x", ""), 0);
	conn_check(c, 2 * CONN_IDLE_MS); /* an open stream is not idle */
	CHECK(!c->closed);
	conn_tick(c, 1, 2 * CONN_IDLE_MS); /* and then nobody reads */
	conn_check(c, 2 * CONN_IDLE_MS + CONN_STALL_MS - 1);
	CHECK(!c->closed);
	conn_check(c, 2 * CONN_IDLE_MS + CONN_STALL_MS);
	CHECK(conn_finished(c));
	finish();
}

TEST(conn_stop_is_said_also_in_the_middle_of_an_answer)
{
	begin(1, 0);
	connect_client(0);
	request(SESSION_METHOD_CHAT, CHAT("x", ""), 0);
	conn_stop(c, 0);
	CHECK(!c->closed); /* it waits for its slot in the next tick */
	CHECK_EQ(run_ticks(0, 9), 1);
	CHECK_EQ(got.ended, FRAME_END_STOPPING);
	CHECK(conn_finished(c));
	finish();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conn_lists_the_model),
		cmocka_unit_test(
		    conn_streams_an_answer_as_delta_and_then_the_result),
		cmocka_unit_test(
		    conn_answers_whole_when_no_stream_is_asked_for),
		cmocka_unit_test(
		    conn_every_tick_has_the_same_size_whatever_the_engine_does),
		cmocka_unit_test(
		    conn_owes_ticks_that_the_transport_could_not_take),
		cmocka_unit_test(conn_cancel_ends_the_answer_with_what_it_has),
		cmocka_unit_test(conn_says_busy_when_all_jobs_are_taken),
		cmocka_unit_test(conn_turns_bad_requests_into_errors_not_ends),
		cmocka_unit_test(conn_takes_a_request_of_many_records),
		cmocka_unit_test(conn_states_what_it_has_answered),
		cmocka_unit_test(conn_states_an_answer_that_is_not_streamed),
		cmocka_unit_test(
		    conn_states_what_was_sent_of_a_cancelled_answer),
		cmocka_unit_test(conn_statement_adds_the_same_to_every_answer),
		cmocka_unit_test(conn_states_nothing_without_salts_or_a_key),
		cmocka_unit_test(conn_forgets_what_it_stated),
		cmocka_unit_test(
		    conn_hang_up_stops_the_answer_and_leaves_nothing),
		cmocka_unit_test(conn_leaves_nothing_after_a_good_end),
		cmocka_unit_test(conn_wipe_touches_only_what_was_used),
		cmocka_unit_test(conn_garbage_ends_the_session_only),
		cmocka_unit_test(
		    conn_stops_reading_while_its_output_is_not_taken),
		cmocka_unit_test(conn_keeps_its_timeouts),
		cmocka_unit_test(
		    conn_stop_is_said_also_in_the_middle_of_an_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
