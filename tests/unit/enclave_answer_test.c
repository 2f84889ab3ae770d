/*
 * What one stream says, frame by frame, with the fake engine: reasoning, calls
 * of tools and tokens told find their places in the RESULT.
 */
#include <math.h>

#include "enclave_fake.h"

#include "base/hex.h"
#include "base/json.h"
#include "enclave/answer.h"

static struct worker w;
static struct conn_env env = { .worker = &w, .model = "demo", .context = 99 };
static struct answer a;

static char delta[4096], reasoning[4096], result[1 << 20];
static char order[4096]; /* the frames' types in turn: D, R, = */
static bool failed;
static uint8_t method = 1;

static void put(char *out, const uint8_t *p, size_t n)
{
	const size_t at = strlen(out);

	memcpy(out + at, p, n);
	out[at + n] = 0;
}

static void note(enum frame_type type, const uint8_t *p, size_t n)
{
	const char c = type == FRAME_DELTA       ? 'D'
		       : type == FRAME_REASONING ? 'R'
						 : '=';
	const size_t at = strlen(order);

	if (n > 0 && (at == 0 || order[at - 1] != c)) {
		order[at] = c;
		order[at + 1] = 0;
	}
	failed |= type == FRAME_ERROR;
	put(type == FRAME_DELTA       ? delta
	    : type == FRAME_REASONING ? reasoning
				      : result,
	    p, n);
}

/* Everything said, in frames of `cap` bytes, a round of the engine before each. */
static struct json ask(const char *body, size_t cap)
{
	static uint8_t message[65536];
	size_t n = strlen(body);
	bool last = false;
	struct json v;

	delta[0] = reasoning[0] = result[0] = order[0] = 0;
	failed = false;
	message[0] = method;
	message[1] = 0;
	memcpy(message + 2, body, n);
	CHECK_OK(worker_init(&w, &fake, 1, 0, NULL));
	answer_begin(&a, &env, &w, 1, (struct bytes){ message, n + 2 });
	for (int i = 0; !last; i++) {
		uint8_t buf[1024];
		enum frame_type type;

		assert_true(i < 1000000);
		if (i % 2 == 0)
			(void)worker_round(&w);
		n = answer_pull(&a, &env, buf, cap, &type, &last);
		note(type, buf, n);
	}
	CHECK(mem_is_zero(&a, sizeof(a)));
	CHECK(mem_is_zero(w.job[0], sizeof(struct job)));
	worker_clear(&w);
	CHECK_OK(json_parse(&v,
	    (struct bytes){ (const uint8_t *)result, strlen(result) }, NULL));
	return v;
}

static struct bytes str(const char *s)
{
	return (struct bytes){ (const uint8_t *)s, strlen(s) };
}

#define CHAT(text, more)                                                       \
	"{\"messages\":[{\"role\":\"user\",\"content\":\"" text "\"}]" more "}"

/* Where the path leads: names and [0] as "0". */
static struct json at(struct json v, const char *path)
{
	char copy[128], *save = NULL;

	snprintf(copy, sizeof(copy), "%s", path);
	for (char *p = strtok_r(copy, "/", &save); p != NULL;
	     p = strtok_r(NULL, "/", &save)) {
		struct json_iter it = json_iter(&v);

		if (v.type == JSON_OBJECT) {
			if (!json_get(&v, p, &v))
				fail_msg("no %s of %s", p, path);
			continue;
		}
		for (int i = p[0] - '0'; i >= 0; i--)
			if (!json_next(&it, NULL, &v))
				fail_msg("no %s of %s", p, path);
	}
	return v;
}

static void check_text(struct json v, const char *path, const char *want)
{
	struct json x = at(v, path);

	if (!mem_eq(x.text, str(want)))
		fail_msg("%s is %.*s, not %s", path, (int)x.text.len,
		    (const char *)x.text.p, want);
}

TEST(answer_puts_reasoning_before_the_content)
{
	for (size_t cap = 1; cap < 300; cap += 37) {
		struct json v;

		fake_reset(2);
		fake.reasoning = str("so \"it\" is");
		v = ask(CHAT("hello", ""), cap);
		CHECK_STR(order, "=");
		check_text(v, "choices/0/message/reasoning_content",
		    "\"so \\\"it\\\" is\"");
		check_text(v, "choices/0/message/content", "\"hello\"");
		check_text(v, "choices/0/finish_reason", "\"stop\"");
	}
}

TEST(answer_streams_reasoning_only_to_who_asks)
{
	struct json v, x;

	fake_reset(2);
	fake.reasoning = str("hm");
	v = ask(CHAT("hello", ",\"stream\":true,\"stream_options\":"
			      "{\"include_reasoning\":true}"),
	    246);
	CHECK_STR(order, "RD=");
	CHECK_STR(reasoning, "hm");
	CHECK_STR(delta, "hello");
	check_text(v, "choices/0/message/content", "null");
	fake_reset(2);
	fake.reasoning = str("hm");
	v = ask(CHAT("hello", ",\"stream\":true"), 246);
	CHECK_STR(order, "D=");
	x = at(v, "choices/0/message");
	CHECK(!json_get(&x, "reasoning_content", &x));
}

TEST(answer_brings_calls_of_tools_with_ids)
{
	static char longest[8192];
	struct engine_call call[2] = { { .name = str("now"),
	    .arguments = str("{\"a\":\"\\n\"}") } };
	struct json v, x;

	memset(longest, '"', sizeof(longest) - 1);
	call[1] =
	    (struct engine_call){ .name = str("f"), .arguments = str(longest) };
	for (int stream = 0; stream < 2; stream++) {
		fake_reset(9);
		fake.call = call;
		fake.call_n = 2;
		v = stream ? ask(CHAT("", ",\"stream\":true"), 246)
			   : ask(CHAT("", ""), 246);
		check_text(v, "choices/0/message/content", "null");
		check_text(v, "choices/0/finish_reason", "\"tool_calls\"");
		check_text(
		    v, "choices/0/message/tool_calls/0/type", "\"function\"");
		check_text(v, "choices/0/message/tool_calls/0/function/name",
		    "\"now\"");
		check_text(v,
		    "choices/0/message/tool_calls/0/function/arguments",
		    "\"{\\\"a\\\":\\\"\\\\n\\\"}\"");
		x = at(v, "choices/0/message/tool_calls/0/id");
		CHECK_EQ(x.text.len, OPENAI_CALL_ID_LEN + 2);
		CHECK(!mem_eq(
		    x.text, at(v, "choices/0/message/tool_calls/1/id").text));
		CHECK_EQ(at(v, "choices/0/message/tool_calls/1/function/"
			       "arguments")
			     .text.len,
		    2 * (sizeof(longest) - 1) + 2);
	}
	/* Text beside calls is kept; one call, if only one is wanted. */
	fake_reset(9);
	fake.call = call;
	fake.call_n = 2;
	v = ask(CHAT("well", ",\"parallel_tool_calls\":false"), 246);
	check_text(v, "choices/0/message/content", "\"well\"");
	x = at(v, "choices/0/message");
	CHECK(json_get(&x, "tool_calls", &x));
	CHECK(strstr(result, "\"name\":\"now\"") != NULL);
	CHECK(strstr(result, "\"name\":\"f\"") == NULL);
}

TEST(answer_tells_tokens_and_their_alternatives)
{
	static struct engine_told told[3];
	struct json v, x;

	for (int i = 0; i < 3; i++) {
		told[i] = (struct engine_told){ .text = str("h\xc3"),
			.logprob = -0.25f };
		told[i].top_n = (uint32_t)i;
		told[i].top[0].text = str("x");
		told[i].top[0].logprob = -1.0f;
		told[i].top[1].text = str("\"");
		told[i].top[1].logprob = -INFINITY;
	}
	fake_reset(9);
	fake.told = told;
	fake.told_n = 3;
	v = ask(CHAT("h", ",\"logprobs\":true,\"top_logprobs\":2"), 100);
	check_text(v, "choices/0/message/content", "\"h\"");
	check_text(v, "choices/0/logprobs/content/0/logprob", "-0.250000");
	check_text(v, "choices/0/logprobs/content/0/bytes", "[104,195]");
	check_text(v, "choices/0/logprobs/content/0/top_logprobs", "[]");
	check_text(
	    v, "choices/0/logprobs/content/1/top_logprobs/0/token", "\"x\"");
	check_text(
	    v, "choices/0/logprobs/content/2/top_logprobs/1/token", "\"\\\"\"");
	check_text(v, "choices/0/logprobs/content/2/top_logprobs/1/logprob",
	    "-9999.000000");
	/* None were chosen, or they were not asked for. */
	fake_reset(9);
	v = ask(CHAT("h", ",\"logprobs\":true"), 100);
	check_text(v, "choices/0/logprobs/content", "[]");
	fake_reset(9);
	fake.told = told;
	fake.told_n = 3;
	v = ask(CHAT("h", ""), 100);
	x = at(v, "choices/0");
	CHECK(!json_get(&x, "logprobs", &x));
}

TEST(answer_tells_as_many_tokens_as_there_is_room_for)
{
	static struct engine_told told[ENGINE_TOLD_MAX];
	static char longest[1025];
	struct json v, list, x;
	struct json_iter it;
	size_t n = 0;

	memset(longest, 1, sizeof(longest) - 1);
	for (int i = 0; i < ENGINE_TOLD_MAX; i++)
		told[i] = (struct engine_told){ .text = str(longest) };
	fake_reset(9);
	fake.told = told;
	fake.told_n = ENGINE_TOLD_MAX;
	v = ask(CHAT("h", ",\"logprobs\":true"), 246);
	list = at(v, "choices/0/logprobs/content");
	it = json_iter(&list);
	while (json_next(&it, NULL, &x))
		n++;
	CHECK_EQ(n, WORKER_TOLD_LEN / (1024 + sizeof(struct job_told)));
}

TEST(answer_says_what_was_wrong)
{
	fake_reset(9);
	fake.refuse = ERR_UNSUPPORTED;
	fake.why = "#/x: is not supported";
	check_text(ask(CHAT("h", ",\"response_format\":{\"type\":"
				 "\"json_schema\",\"json_schema\":{\"schema\":"
				 "{\"x\":1}}}"),
		       246),
	    "error/param", "\"response_format\"");
	CHECK(failed);
}

static struct json embed(const char *body)
{
	struct json v;

	method = 4;
	v = ask(body, 246);
	method = 1;
	return v;
}

TEST(answer_embeds_texts_as_numbers_or_base64)
{
	struct json v, list;
	struct json_iter it;
	double d = 0.0;
	size_t n = 0;
	uint8_t raw[40 * 4];
	float f;

	fake_reset(9);
	v = embed("{\"input\":[\"a\",\"bcd\"],\"model\":\"demo\",\"x\":1}");
	check_text(v, "object", "\"list\"");
	check_text(v, "data/1/index", "1");
	check_text(v, "usage/prompt_tokens", "4");
	check_text(v, "confer_ignored/0", "\"x\"");
	list = at(v, "data/1/embedding");
	for (it = json_iter(&list); json_next(&it, NULL, &v); n++)
		CHECK_OK(json_double(&v, &d));
	CHECK_EQ(n, 40);
	CHECK(d == 3.0 + 39 / 4.0);
	v = embed("{\"input\":\"ab\",\"encoding_format\":\"base64\"}");
	list = at(v, "data/0/embedding");
	CHECK_OK(base64_decode(raw, sizeof(raw), &n,
	    (struct bytes){ list.text.p + 1, list.text.len - 2 }));
	CHECK_EQ(n, sizeof(raw));
	memcpy(&f, raw + 39 * sizeof(f), sizeof(f));
	CHECK(f == 2.0f + 39 / 4.0f);
}

TEST(answer_refuses_texts_that_cannot_be_embedded)
{
	static const struct {
		const char *body, *param;
	} rows[] = {
		{ "{}", "\"input\"" },
		{ "{\"input\":[]}", "\"input\"" },
		{ "{\"input\":\"\"}", "\"input\"" },
		{ "{\"input\":[1]}", "\"input\"" },
		{ "{\"input\":\"a\",\"model\":\"b\"}", "\"model\"" },
		{ "{\"input\":\"a\",\"encoding_format\":\"int8\"}",
		    "\"encoding_format\"" },
		{ "[]", "null" },
		{ "{", "null" },
	};

	fake_reset(9);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check_text(embed(rows[i].body), "error/param", rows[i].param);
		CHECK(failed);
	}
	fake.refuse = ERR_LIMIT;
	check_text(embed("{\"input\":\"a\"}"), "error/code",
	    "\"context_length_exceeded\"");
	check_text(embed("{\"input\":\"a\"}"), "error/param", "\"input\"");
	fake.refuse = ERR_BUSY;
	check_text(embed("{\"input\":\"a\"}"), "error/code", "\"busy\"");
	fake.refuse = ERR_OK;
	fake.info.width = 70000;
	check_text(embed("{\"input\":\"a\"}"), "error/param", "\"input\"");
	fake.info.width = 40;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answer_puts_reasoning_before_the_content),
		cmocka_unit_test(answer_streams_reasoning_only_to_who_asks),
		cmocka_unit_test(answer_brings_calls_of_tools_with_ids),
		cmocka_unit_test(answer_tells_tokens_and_their_alternatives),
		cmocka_unit_test(
		    answer_tells_as_many_tokens_as_there_is_room_for),
		cmocka_unit_test(answer_says_what_was_wrong),
		cmocka_unit_test(answer_embeds_texts_as_numbers_or_base64),
		cmocka_unit_test(answer_refuses_texts_that_cannot_be_embedded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
