/* Text of an answer: whole characters, stop strings, nothing left behind. */
#include "engine_test.h"
#include "base/utf8.h"

#include "engine/answer.h"

static struct answer a;
static char out[ENGINE_OUTPUT_MAX * 4];
static size_t out_len;

static void start(const char *stop1, const char *stop2)
{
	struct bytes stop[2];
	size_t n = 0;

	if (stop1 != NULL)
		stop[n++] = str_bytes(stop1);
	if (stop2 != NULL)
		stop[n++] = str_bytes(stop2);
	CHECK_OK(answer_init(&a, stop, n, false));
	out_len = 0;
	out[0] = '\0';
}

static void take(void)
{
	struct bytes b = answer_take(&a);

	CHECK_EQ(utf8_prefix(b), b.len);
	memcpy(out + out_len, b.p, b.len);
	out_len += b.len;
	out[out_len] = '\0';
}

/* Push one token, take what is ready. */
static bool push(const char *s)
{
	bool stopped = answer_push(&a, str_bytes(s));

	take();
	return stopped;
}

static void finish(void)
{
	answer_finish(&a);
	take();
	take();
	CHECK(mem_is_zero(a.text, sizeof(a.text)));
	CHECK(mem_is_zero(a.tail, sizeof(a.tail)));
}

TEST(answer_holds_back_unfinished_characters)
{
	start(NULL, NULL);
	push("a\xf0\x9f");
	CHECK_STR(out, "a");
	push("\x8c");
	CHECK_STR(out, "a");
	push("\x8d"
	     "b\xc3");
	CHECK_STR(out, "a\xf0\x9f\x8c\x8d"
		       "b");
	push("\xa9");
	finish();
	CHECK_STR(out, "a\xf0\x9f\x8c\x8d"
		       "b\xc3\xa9");
}

TEST(answer_replaces_what_is_not_utf8)
{
	start(NULL, NULL);
	push("\xff"
	     "a\xc3");
	push("b\xed\xa0\x80");
	push("\xe2\x82");
	finish();
	CHECK_STR(out, "\xef\xbf\xbd"
		       "a\xef\xbf\xbd"
		       "b\xef\xbf\xbd\xef\xbf\xbd"
		       "\xef\xbf\xbd\xef\xbf\xbd");
}

TEST(answer_ends_before_a_stop_string)
{
	start("STOP", NULL);
	CHECK(!push("one "));
	CHECK(push("two STOP three"));
	finish();
	CHECK_STR(out, "one two ");
}

TEST(answer_finds_stop_strings_across_tokens)
{
	start("\n\nUser:", "END");
	CHECK(!push("text\n"));
	CHECK_STR(out, "text");
	CHECK(!push("\n"));
	CHECK(!push("Us"));
	CHECK_STR(out, "text");
	CHECK(push("er: x"));
	finish();
	CHECK_STR(out, "text");
}

TEST(answer_gives_back_what_was_no_stop_string)
{
	start("abcabd", NULL);
	push("abcab");
	CHECK_STR(out, "");
	push("c");
	CHECK_STR(out, "abc");
	CHECK(push("abd"));
	finish();
	CHECK_STR(out, "abc");
	start("END", NULL);
	push("the EN");
	CHECK_STR(out, "the ");
	finish();
	CHECK_STR(out, "the EN");
}

TEST(answer_takes_the_first_of_several_stop_strings)
{
	start("late", "early");
	CHECK(push("x early y late"));
	finish();
	CHECK_STR(out, "x ");
}

TEST(answer_finds_a_stop_string_split_inside_a_character)
{
	start("\xe2\x82\xac!", NULL);
	push("5 \xe2");
	push("\x82\xac");
	CHECK_STR(out, "5 ");
	CHECK(push("!"));
	finish();
	CHECK_STR(out, "5 ");
}

TEST(answer_strips_one_blank_at_the_start)
{
	CHECK_OK(answer_init(&a, NULL, 0, true));
	out_len = 0;
	push("");
	push("  a b");
	finish();
	CHECK_STR(out, " a b");
}

TEST(answer_says_when_it_is_full)
{
	static uint8_t token[TOK_TEXT_LEN_MAX];
	size_t n = 0;

	start(NULL, NULL);
	memset(token, 0xff, sizeof(token));
	while (answer_has_room(&a)) {
		CHECK(!answer_push(&a, (struct bytes){ token, sizeof(token) }));
		n++;
	}
	CHECK(n >= 1 && a.len <= sizeof(a.text));
	take();
	CHECK(answer_has_room(&a));
	CHECK_EQ(out_len, n * sizeof(token) * 3);
}

TEST(answer_refuses_bad_stop_strings)
{
	static uint8_t text[ENGINE_STOP_LEN_MAX + 1];
	struct bytes stop[ENGINE_STOPS_MAX + 1];

	for (size_t i = 0; i <= ENGINE_STOPS_MAX; i++)
		stop[i] = (struct bytes){ text, ENGINE_STOP_LEN_MAX };
	CHECK_OK(answer_init(&a, stop, ENGINE_STOPS_MAX, false));
	CHECK_ERR(
	    answer_init(&a, stop, ENGINE_STOPS_MAX + 1, false), ERR_LIMIT);
	stop[0].len++;
	CHECK_ERR(answer_init(&a, stop, 1, false), ERR_LIMIT);
	stop[0].len = 0;
	CHECK_ERR(answer_init(&a, stop, 1, false), ERR_FORMAT);
	/* The end of U+FFFD, found by fuzzing: it would cut one in half. */
	stop[0] = str_bytes("\xbf\xbd");
	CHECK_ERR(answer_init(&a, stop, 1, false), ERR_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answer_holds_back_unfinished_characters),
		cmocka_unit_test(answer_replaces_what_is_not_utf8),
		cmocka_unit_test(answer_ends_before_a_stop_string),
		cmocka_unit_test(answer_finds_stop_strings_across_tokens),
		cmocka_unit_test(answer_gives_back_what_was_no_stop_string),
		cmocka_unit_test(
		    answer_takes_the_first_of_several_stop_strings),
		cmocka_unit_test(
		    answer_finds_a_stop_string_split_inside_a_character),
		cmocka_unit_test(answer_strips_one_blank_at_the_start),
		cmocka_unit_test(answer_says_when_it_is_full),
		cmocka_unit_test(answer_refuses_bad_stop_strings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
