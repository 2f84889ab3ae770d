/*
 * Pace: over an injected clock every tick has the same number of equal records,
 * whatever the engine does, so neither lengths nor times of tokens show. [P-32]
 */
#include "session_pair.h"

static struct pair *p;

static int setup(void **state)
{
	(void)state;
	p = pair_new();
	pair_connect(p, NULL, NULL);
	pair_open(p);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(p);
	return 0;
}

/*
 * An engine whose output follows a script: at tick t it has produced made[t]
 * bytes of text in all; after the last entry comes the result.
 */
struct script {
	size_t made[64];
	unsigned ticks;
	unsigned now; /* the injected clock, in ticks */
	size_t sent;
	size_t result_len;
	size_t result_sent;
};

static size_t script_pull(void *cookie, uint32_t stream, uint8_t *buf,
    size_t cap, enum frame_type *type, bool *last)
{
	struct script *s = cookie;
	unsigned t = s->now < s->ticks ? s->now : s->ticks - 1;
	size_t n = s->made[t] - s->sent;

	(void)stream;
	if (n > 0) {
		n = n < cap ? n : cap;
		memset(buf, 'a' + (int)(s->sent % 26), n);
		s->sent += n;
		return n;
	}
	if (s->now < s->ticks)
		return 0;
	*type = FRAME_RESULT;
	n = s->result_len - s->result_sent;
	n = n < cap ? n : cap;
	memset(buf, 'r', n);
	s->result_sent += n;
	*last = s->result_sent == s->result_len;
	return n;
}

/*
 * Run one answer to its end. Every tick must be FRAME_TICK_RECORDS records of
 * FRAME_SIZE_MIN on the wire; the client reads them. Returns the ticks it took.
 */
static unsigned run_script(struct script *s, size_t *text, size_t *result)
{
	bool closed = false;
	unsigned ticks = 0;

	*text = *result = 0;
	for (; session_server_paced(&p->server); ticks++, s->now++) {
		CHECK_OK(session_server_tick(&p->server, script_pull, s,
		    &p->to_client));
		CHECK_EQ(p->to_client.len, FRAME_TICK_LEN);
		for (int i = 0; i < FRAME_TICK_RECORDS; i++) {
			CHECK_EQ(p->to_client.p[0] << 8 | p->to_client.p[1],
			    FRAME_SIZE_MIN + NOISE_TAG_LEN);
			CHECK_OK(pair_to_client(p));
			if (p->client_event.type == SESSION_CLIENT_DELTA)
				*text += p->client_event.data.len;
			if (p->client_event.type == SESSION_CLIENT_RESULT)
				*result += p->client_event.data.len;
			closed |= p->client_event.last;
		}
		CHECK_EQ(p->to_client.len, 0);
		assert_true(ticks < 1000);
	}
	CHECK(closed);
	return ticks;
}

TEST(pace_every_tick_is_alike_whatever_the_engine_makes) /* P-32, P-33 */
{
	/* A burst, a stall, single bytes, a flood: the shapes of real tokens. */
	struct script s = { .ticks = 12, .result_len = 300,
		.made = { 0, 700, 700, 700, 701, 702, 702, 9000, 9000, 9000,
		    9001, 9001 } };
	size_t text, result;
	unsigned ticks;

	pair_ask(p, "{}");
	ticks = run_script(&s, &text, &result);
	CHECK_EQ(text, 9001);
	CHECK_EQ(result, 300);
	CHECK(ticks > 12);
	/* Nothing more comes once the answer is out. */
	CHECK(!session_server_paced(&p->server));
	CHECK_ERR(session_server_tick(&p->server, script_pull, &s,
		      &p->to_client), ERR_PROTOCOL);
	CHECK_EQ(p->to_client.len, 0);
}

TEST(pace_does_not_depend_on_token_lengths)
{
	/* The same ticks for the same number of slots, whatever fills them. */
	struct script one = { .ticks = 6, .result_len = 10,
		.made = { 1, 2, 3, 4, 5, 6 } };
	struct script many = { .ticks = 6, .result_len = 200,
		.made = { 0, 900, 900, 1700, 1700, 2600 } };
	size_t text, result;

	pair_ask(p, "{}");
	unsigned a = run_script(&one, &text, &result);
	pair_ask(p, "{}");
	unsigned b = run_script(&many, &text, &result);
	CHECK_EQ(a, b);
}

TEST(pace_starts_with_the_request_and_without_output)
{
	struct script s = { .ticks = 3, .made = { 0, 0, 0 }, .result_len = 1 };
	size_t text, result;

	CHECK(!session_server_paced(&p->server));
	pair_ask(p, "{}");
	CHECK(session_server_paced(&p->server));
	CHECK_EQ(p->to_client.len, 0);
	CHECK_EQ(run_script(&s, &text, &result), 4);
	CHECK_EQ(text, 0);
}

/* Two streams: one always full, one with a byte a tick. */
static size_t greedy_pull(void *cookie, uint32_t stream, uint8_t *buf,
    size_t cap, enum frame_type *type, bool *last)
{
	size_t *count = cookie;

	(void)type;
	(void)last;
	memset(buf, 'x', cap);
	count[stream]++;
	return cap;
}

TEST(pace_shares_slots_between_streams)
{
	size_t count[8] = { 0 };

	pair_ask(p, "{}");
	pair_ask(p, "{}");
	pair_ask(p, "{}");
	for (int i = 0; i < 30; i++) {
		CHECK_OK(session_server_tick(&p->server, greedy_pull, count,
		    &p->to_client));
		CHECK_EQ(p->to_client.len, FRAME_TICK_LEN);
		p->to_client.len = 0;
	}
	CHECK_EQ(count[1] + count[3] + count[5], 120);
	CHECK(count[1] == 40 && count[3] == 40 && count[5] == 40);
}

TEST(pace_goes_on_empty_when_credit_is_used_up) /* P-28 */
{
	size_t count[8] = { 0 }, before = 0, data = 0;
	uint32_t stream = pair_ask(p, "{}");

	for (int t = 0; t < 80; t++) {
		if (t == 75) {
			before = data;
			CHECK_OK(session_client_credit(&p->client, stream, 100,
			    &p->to_server));
			CHECK_OK(pair_to_server(p));
		}
		CHECK_OK(session_server_tick(&p->server, greedy_pull, count,
		    &p->to_client));
		CHECK_EQ(p->to_client.len, FRAME_TICK_LEN);
		for (int i = 0; i < FRAME_TICK_RECORDS; i++) {
			CHECK_OK(pair_to_client(p));
			data += p->client_event.data.len;
		}
	}
	CHECK_EQ(before, FRAME_WINDOW_FIRST);
	CHECK_EQ(data, FRAME_WINDOW_FIRST + 100);
}

TEST(pace_pongs_and_end_wait_for_a_slot) /* P-32 */
{
	size_t count[8] = { 0 };
	uint8_t ping[8] = { 5 };

	pair_ask(p, "{}");
	CHECK_OK(session_client_ping(&p->client, ping, &p->to_server));
	CHECK_OK(pair_to_server(p));
	CHECK_OK(session_server_end(&p->server, FRAME_END_STOPPING,
	    &p->to_client));
	CHECK_EQ(p->to_client.len, 0);
	CHECK_OK(session_server_tick(&p->server, greedy_pull, count,
	    &p->to_client));
	CHECK_EQ(p->to_client.len, FRAME_TICK_LEN);
	CHECK_EQ(p->server.state, SESSION_SERVER_CLOSED);
	CHECK_OK(pair_to_client(p));
	CHECK_EQ(p->client_event.type, SESSION_CLIENT_PONG);
	CHECK_OK(pair_to_client(p));
	CHECK_EQ(p->client_event.type, SESSION_CLIENT_ENDED);
	CHECK_EQ(p->client_event.reason, FRAME_END_STOPPING);
}

TEST(pace_tells_a_ninth_stream_in_a_slot) /* P-24 */
{
	size_t count[64] = { 0 };
	struct session_client ninth;

	for (int i = 0; i < FRAME_STREAMS_MAX; i++)
		pair_ask(p, "{}");
	ninth = p->client; /* a client that counts differently */
	memset(&ninth.stream[0], 0, sizeof(ninth.stream[0]));
	p->client = ninth;
	struct session_client_request r = { .method = 1 };
	uint32_t stream;
	CHECK_OK(session_client_request(&p->client, &r, &stream,
	    &p->to_server));
	CHECK_OK(pair_to_server(p));
	CHECK_EQ(p->server_event.type, SESSION_SERVER_NONE);
	CHECK_OK(session_server_tick(&p->server, greedy_pull, count,
	    &p->to_client));
	CHECK_OK(pair_to_client(p));
	CHECK_EQ(p->client_event.type, SESSION_CLIENT_ERROR);
	CHECK_EQ(p->client_event.stream, 17);
	CHECK(p->client_event.last);
	CHECK(memmem(p->client_event.data.p, p->client_event.data.len,
		  "too_many_requests", 17) != NULL);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(pace_every_tick_is_alike_whatever_the_engine_makes),
		T(pace_does_not_depend_on_token_lengths),
		T(pace_starts_with_the_request_and_without_output),
		T(pace_shares_slots_between_streams),
		T(pace_goes_on_empty_when_credit_is_used_up),
		T(pace_pongs_and_end_wait_for_a_slot),
		T(pace_tells_a_ninth_stream_in_a_slot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
