/* Answers on a terminal: lines end between words. */
#include "test.h"

#include "cli/flow.h"

/* What arrives in a file when `in` comes in pieces of `step` bytes. */
static const char *flow(unsigned columns, const char *in, size_t step)
{
	static char out[4096];
	struct cli_flow f = { .columns = columns };
	FILE *file = fmemopen(out, sizeof(out), "w");
	size_t n = strlen(in);

	assert_non_null(file);
	memset(out, 0, sizeof(out));
	for (size_t i = 0; i < n; i += step)
		cli_flow_put(&f, file,
		    (struct bytes){
			(const uint8_t *)in + i, n - i < step ? n - i : step });
	cli_flow_end(&f, file);
	fclose(file);
	return out;
}

static void check(unsigned columns, const char *in, const char *want)
{
	for (size_t step = 1; step < 9; step++)
		CHECK_STR(flow(columns, in, step), want);
}

TEST(lines_end_between_words)
{
	check(10, "one two three four", "one two\nthree four");
	check(10, "0123456789 x", "0123456789\nx");
	check(10, "one\ntwo  three", "one\ntwo  three");
	check(10, "a b\n\n- c", "a b\n\n- c");
}

TEST(indentation_stays)
{
	check(20, "  if x:\n\treturn 1\n", "  if x:\n\treturn 1\n");
}

TEST(long_words_are_cut_at_the_edge)
{
	check(4, "abcdefghij", "abcd\nefgh\nij");
}

TEST(wide_characters_count_twice_and_may_be_parted)
{
	check(4, "世界世界", "世界\n世界");
	check(6, "e\xcc\x81t\xcc\x81 abc", "e\xcc\x81t\xcc\x81 abc");
}

TEST(escape_sequences_do_not_reach_the_terminal)
{
	check(40, "a\x1b[2Jb", "a\\x1b[2Jb");
}

TEST(elsewhere_bytes_pass_as_they_are)
{
	check(0, "one two\x1b[2J \xff", "one two\x1b[2J \xff");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_end_between_words),
		cmocka_unit_test(indentation_stays),
		cmocka_unit_test(long_words_are_cut_at_the_edge),
		cmocka_unit_test(wide_characters_count_twice_and_may_be_parted),
		cmocka_unit_test(escape_sequences_do_not_reach_the_terminal),
		cmocka_unit_test(elsewhere_bytes_pass_as_they_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
