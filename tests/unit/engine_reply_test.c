/* A model's words taken apart, however they are cut into tokens. */
#include "engine_test.h"

#include "engine/chat_family.h"
#include "engine/reply.h"

static struct reply r;
static struct answer content, reasoning;
static struct tok tok;
static struct tok_entry entry;

static char got[2][65536];
static size_t got_n[2];

static void drain(void)
{
	struct answer *const from[] = { &content, &reasoning };

	for (size_t i = 0; i < 2; i++) {
		struct bytes b = answer_take(from[i]);

		assert_true(got_n[i] + b.len < sizeof(got[i]));
		mem_copy(got[i] + got_n[i], b.p, b.len);
		got_n[i] += b.len;
		got[i][got_n[i]] = '\0';
	}
}

static void begin(const char *family, bool tools, const char *stop)
{
	struct chat chat = { .family = CHAT_NONE };
	struct bytes stops;

	while (family != NULL && strcmp(chat_name(chat.family), family) != 0)
		chat.family++;
	stops = str_bytes(stop != NULL ? stop : "");
	CHECK_OK(answer_init(&content, &stops, stop != NULL, false));
	CHECK_OK(answer_init(&reasoning, NULL, 0, false));
	tok = (struct tok){ .n = 1, .entry = &entry };
	reply_init(&r, &chat, &tok, &content, &reasoning, tools);
	got_n[0] = got_n[1] = 0;
	got[0][0] = got[1][0] = '\0';
}

static void ready(void)
{
	for (int i = 0; i < 100 && !reply_ready(&r); i++)
		drain();
	CHECK(reply_ready(&r));
}

static bool push(struct bytes text, enum tok_type type)
{
	bool stopped;

	entry = (struct tok_entry){
		.text = text.p, .len = (uint32_t)text.len, .type = type
	};
	ready();
	stopped = reply_push(&r, 0);
	(void)reply_ready(&r);
	drain();
	return stopped;
}

static bool say(const char *s)
{
	return push(str_bytes(s), TOK_NORMAL);
}

static void finish(void)
{
	reply_finish(&r);
	ready();
	drain();
	CHECK_EQ(r.held_n, 0);
}

/* The calls as text: "name(arguments) ". */
static const char *calls(void)
{
	static char out[4096];
	size_t n = 0;

	out[0] = '\0';
	for (uint32_t i = 0; i < r.call_n; i++) {
		const struct engine_call *c = &r.call[i];

		CHECK_EQ(c->id.len, 0);
		n += (size_t)snprintf(out + n, sizeof(out) - n, "%.*s(%.*s) ",
		    (int)c->name.len, (const char *)c->name.p,
		    (int)c->arguments.len, (const char *)c->arguments.p);
	}
	return out;
}

struct words {
	const char *family, *in, *content, *reasoning, *calls;
};

#define WEATHER "{\"name\": \"get\", \"arguments\": {\"a\": [1, \"}\"]}}"
#define BARE    "{\"name\": \"get\", \"parameters\": {\"a\": {}}}"

static const struct words words[] = {
	{ "chatml", "a <think>b</think> <tool_call>{}</tool_call>",
	    "a <think>b</think> <tool_call>{}</tool_call>", "", "" },
	{ "qwen3", "<think>\nhm\n\nwell\n</think>\n\nYes.\n", "Yes.\n",
	    "hm\n\nwell", "" },
	{ "qwen3", "\n<think>\n\n</think>\n\nYes", "Yes", "", "" },
	{ "qwen3", "<think>cut off</thi", "", "cut off</thi", "" },
	{ "qwen3", "<thin air>", "<thin air>", "", "" },
	{ "qwen3", "say <think>x</think>", "say <think>x</think>", "", "" },
	{ "qwen3", "<think>x</think>I <tool_call>\n" WEATHER "\n</tool_call>",
	    "I ", "x", "get({\"a\": [1, \"}\"]}) " },
	{ "qwen2.5",
	    "Look.\n<tool_call>\n" WEATHER "\n</tool_call>\n<tool_call>\n"
	    "{\"name\": \"n\\u00f6\", \"arguments\": {}}\n</tool_call>\n",
	    "Look.", "", "get({\"a\": [1, \"}\"]}) n\xc3\xb6({}) " },
	{ "qwen2.5", "<tool_call>{\"name\":\"f\"}</tool_call>more\n", "more\n",
	    "", "f({}) " },
	{ "qwen2.5", "<tool_call>" WEATHER, "", "",
	    "get({\"a\": [1, \"}\"]}) " },
	{ "qwen2.5", "x\n<tool_call>oops</tool_call>y",
	    "x\n<tool_call>oops</tool_call>y", "", "" },
	{ "qwen2.5", "<tool_call>{\"name\":\"\"}</tool_call>",
	    "<tool_call>{\"name\":\"\"}</tool_call>", "", "" },
	{ "qwen2.5", "<tool_call>{\"name\":\"f\",\"arguments\":1}</tool_call>",
	    "<tool_call>{\"name\":\"f\",\"arguments\":1}</tool_call>", "", "" },
	{ "qwen2.5", "<tool_call>[{\"name\":\"f\"}]</tool_call>",
	    "<tool_call>[{\"name\":\"f\"}]</tool_call>", "", "" },
	{ "qwen2.5", "a < b <tool_cal", "a < b <tool_cal", "", "" },
	{ "qwen2.5", "\n\n\n\n\n\n\n\n\n\nx", "\n\n\n\n\n\n\n\n\n\nx", "", "" },
	{ "llama3.1", BARE, "", "", "get({\"a\": {}}) " },
	{ "llama3.1", "\n " BARE, "\n " BARE, "", "" },
	{ "llama3.1", "\n\n" BARE "\n", "", "", "get({\"a\": {}}) " },
	{ "llama3.1", "<|python_tag|>" BARE, "", "", "get({\"a\": {}}) " },
	{ "llama3.1", "<|python_tag|>print(1)", "<|python_tag|>print(1)", "",
	    "" },
	{ "llama3.1",
	    "{\"type\": \"function\", \"name\": \"f\", "
	    "\"parameters\": {}}",
	    "", "", "f({}) " },
	{ "llama3.1", "{\"name\": \"Ann\"}", "{\"name\": \"Ann\"}", "", "" },
	{ "llama3.1", "{\"age\": 3}", "{\"age\": 3}", "", "" },
	{ "llama3.1", "{{\"name\"", "{{\"name\"", "", "" },
	{ "llama3.1", "text " BARE, "text " BARE, "", "" },
	{ "mistral-v3", "[TOOL_CALLS] [" WEATHER ", {\"name\": \"g\"}]", "", "",
	    "get({\"a\": [1, \"}\"]}) g({}) " },
	{ "mistral-v3", "Hm [TOOL_CALLS]{\"name\": \"g\"}", "Hm ", "",
	    "g({}) " },
	{ "mistral-v3", "[TOOL_CALLS] []", "[TOOL_CALLS] []", "", "" },
	{ "mistral-v3", "[TOOL_CALLS] [{\"name\": \"g\"}, 1]",
	    "[TOOL_CALLS] [{\"name\": \"g\"}, 1]", "", "" },
	{ "mistral-v3",
	    "[TOOL_CALLS][{\"name\":\"\\u00e9\"},{\"name\":\"\\n\"}]", "", "",
	    "\xc3\xa9({}) \n({}) " },
	{ "mistral-v3", "[TOOLS] [TOOL_CALLS", "[TOOLS] [TOOL_CALLS", "", "" },
	{ "granite", "<|tool_call|>[{\"name\": \"g\"}]", "", "", "g({}) " },
};

static void check_words(const struct words *w, size_t step)
{
	struct bytes in = str_bytes(w->in);

	begin(w->family, true, NULL);
	for (size_t i = 0; i < in.len; i += step)
		(void)push((struct bytes){ in.p + i,
			       in.len - i < step ? in.len - i : step },
		    TOK_NORMAL);
	finish();
	if (strcmp(got[0], w->content) != 0 ||
	    strcmp(got[1], w->reasoning) != 0 || strcmp(calls(), w->calls) != 0)
		fail_msg("%s by %zu: content \"%s\" reasoning \"%s\" calls %s",
		    w->in, step, got[0], got[1], calls());
}

TEST(reply_takes_words_apart_however_they_are_cut)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		for (size_t step = 1; step <= 20; step++)
			check_words(&words[i], step);
		check_words(&words[i], 1024);
	}
}

TEST(reply_without_tools_makes_no_calls)
{
	begin("qwen3", false, NULL);
	CHECK(!say("<tool_call>" WEATHER "</tool_call>"));
	finish();
	CHECK_STR(got[0], "<tool_call>" WEATHER "</tool_call>");
	CHECK_EQ(r.call_n, 0);
}

TEST(reply_lets_text_go_as_soon_as_it_can_be_no_marker)
{
	begin("qwen3", true, NULL);
	CHECK(!say("<"));
	CHECK_STR(got[0], "");
	CHECK(!say("b> is <tool"));
	CHECK_STR(got[0], "<b> is ");
	CHECK(!say("_x"));
	CHECK_STR(got[0], "<b> is <tool_x");
	CHECK(!say("\n"));
	CHECK_STR(got[0], "<b> is <tool_x");
	CHECK(!say("y"));
	CHECK_STR(got[0], "<b> is <tool_x\ny");
	begin("llama3.1", true, NULL);
	CHECK(!say("{ \"na"));
	CHECK_STR(got[0], "");
	CHECK(!say("tion\""));
	CHECK_STR(got[0], "{ \"nation\"");
	begin("llama3.1", true, NULL);
	for (int i = 0; i < 70; i++)
		CHECK(!say(i == 0 ? "{" : " "));
	CHECK(got_n[0] >= 64);
}

TEST(reply_knows_markers_that_are_special_tokens)
{
	begin("mistral-v3", true, NULL);
	CHECK(!push(str_bytes("[TOOL_CALLS]"), TOK_CONTROL));
	CHECK(!say(" [{\"name\": \"f\", \"arguments\": {}}]"));
	CHECK(!push(str_bytes("<unk>"), TOK_CONTROL));
	finish();
	CHECK_STR(calls(), "f({}) ");
	CHECK_STR(got[0], "");
	begin("qwen3", true, NULL);
	CHECK(!push(str_bytes("<think>"), TOK_CONTROL));
	CHECK(!say("a"));
	CHECK(!push(str_bytes("</think>"), TOK_USER_DEFINED));
	CHECK(!say("b"));
	finish();
	CHECK_STR(got[1], "a");
	CHECK_STR(got[0], "b");
}

TEST(reply_stops_at_a_stop_string_of_the_content)
{
	begin("qwen3", true, "END");
	CHECK(!say("<think>END</think>one"));
	CHECK(say(" END two"));
	CHECK(r.stopped);
	drain();
	CHECK_STR(got[1], "END");
	CHECK_STR(got[0], "one ");
	/* Also where it comes out late. */
	begin("qwen3", true, "END");
	CHECK(!say("<tool_call>END</tool_call>"));
	CHECK(r.stopped);
	CHECK(say("more"));
	CHECK_STR(got[0], "<tool_call>");
}

/* Longer than a reply holds, or than an answer has room for. */
TEST(reply_gives_back_calls_that_are_too_long)
{
	static char piece[1001];
	const struct bytes start = str_bytes("<tool_call>");

	memset(piece, 'x', 1000);
	for (size_t n = 12; n <= 40; n += 4) {
		begin("qwen3", true, NULL);
		CHECK(!say("<tool_call>"));
		for (size_t i = 0; i < n; i++)
			CHECK(!say(piece));
		CHECK(!say("</tool_call><tool_call>" WEATHER "</tool_call>"));
		finish();
		CHECK(strncmp(got[0], (const char *)start.p, start.len) == 0);
		CHECK(got_n[0] >= n * 1000 + start.len);
		CHECK_EQ(r.got, 0);
	}
}

TEST(reply_holds_no_more_calls_than_an_answer_may_have)
{
	begin("qwen3", true, NULL);
	for (size_t i = 0; i <= ENGINE_CALLS_MAX; i++)
		CHECK(!say("<tool_call>" WEATHER "</tool_call>"));
	finish();
	CHECK_EQ(r.call_n, ENGINE_CALLS_MAX);
	CHECK_STR(got[0], "<tool_call>" WEATHER "</tool_call>");
}

/* A reader that lags: nothing moves until it has taken what is there. */
TEST(reply_waits_for_room)
{
	static char piece[1001];

	memset(piece, 'x', 1000);
	begin("mistral-v3", true, NULL);
	CHECK(!say("[TOOL_CALLS]"));
	for (size_t i = 0; i < 12; i++) {
		entry = (struct tok_entry){ .text = (const uint8_t *)piece,
			.len = 1000,
			.type = TOK_NORMAL };
		CHECK(reply_ready(&r));
		CHECK(!reply_push(&r, 0));
	}
	reply_finish(&r);
	CHECK(!reply_ready(&r));
	CHECK(!reply_ready(&r));
	ready();
	drain();
	CHECK_EQ(got_n[0], 12 * 1000 + 12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reply_takes_words_apart_however_they_are_cut),
		cmocka_unit_test(reply_without_tools_makes_no_calls),
		cmocka_unit_test(
		    reply_lets_text_go_as_soon_as_it_can_be_no_marker),
		cmocka_unit_test(reply_knows_markers_that_are_special_tokens),
		cmocka_unit_test(reply_stops_at_a_stop_string_of_the_content),
		cmocka_unit_test(reply_gives_back_calls_that_are_too_long),
		cmocka_unit_test(
		    reply_holds_no_more_calls_than_an_answer_may_have),
		cmocka_unit_test(reply_waits_for_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
