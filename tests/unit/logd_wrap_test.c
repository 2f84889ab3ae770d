/* Sentences on a terminal. */
#include "test.h"

#include "logd/wrap.h"

static const char *wrapped(
    const char *text, unsigned columns, unsigned at, unsigned indent)
{
	static char out[128];
	struct wr w = wr_init(out, sizeof(out) - 1);

	logd_wrap(&w, (struct bytes){ (const uint8_t *)text, strlen(text) },
	    columns, at, indent);
	CHECK_OK(w.err);
	out[w.len] = '\0';
	return out;
}

TEST(lines_break_at_spaces)
{
	CHECK_STR(wrapped("one two three", 7, 0, 0), "one two\nthree");
	CHECK_STR(wrapped("one two three", 6, 0, 0), "one\ntwo\nthree");
	CHECK_STR(wrapped("one two three", 13, 0, 0), "one two three");
}

TEST(columns_that_are_taken_count)
{
	CHECK_STR(wrapped("one two", 9, 2, 2), "one two");
	CHECK_STR(wrapped("one two", 8, 2, 2), "one\n  two");
}

TEST(long_words_stand_as_they_are)
{
	CHECK_STR(wrapped("abcdefgh ij", 4, 0, 0), "abcdefgh\nij");
	CHECK_STR(wrapped("a bcdefgh", 4, 0, 2), "a bcdefgh");
	CHECK_STR(wrapped("", 4, 0, 2), "");
}

TEST(characters_count_and_not_bytes)
{
	CHECK_STR(wrapped("äöü äöü", 7, 0, 0), "äöü äöü");
	CHECK_STR(wrapped("äöü äöü", 6, 0, 0), "äöü\näöü");
}

TEST(without_an_edge_nothing_is_broken)
{
	CHECK_STR(wrapped("one two  three ", 0, 0, 0), "one two  three ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_break_at_spaces),
		cmocka_unit_test(columns_that_are_taken_count),
		cmocka_unit_test(long_words_stand_as_they_are),
		cmocka_unit_test(characters_count_and_not_bytes),
		cmocka_unit_test(without_an_edge_nothing_is_broken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
