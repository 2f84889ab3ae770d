/* Guesses from the text so far. */
#include "test.h"

#include "engine/speculate.h"

static void guesses(const char *text, const char *want)
{
	uint32_t token[64], guess[SPECULATE_MAX];
	uint32_t n = 0, got;

	for (; text[n] != '\0'; n++)
		token[n] = (uint32_t)text[n];
	got = speculate(guess, SPECULATE_MAX, token, n);
	CHECK_EQ(got, strlen(want));
	for (uint32_t i = 0; i < got; i++)
		CHECK_EQ(guess[i], (uint32_t)want[i]);
}

TEST(speculate_guesses_what_followed_before)
{
	guesses("abcdefgh-abc", "defg");
	guesses("xabc", "");
	guesses("", "");
	guesses("a", "");
	guesses("aa", "");
	guesses("ab", "");
}

TEST(speculate_takes_the_longest_then_the_latest_match)
{
	guesses("abcX.bcYZUV.abc", "X.bc"); /* three tokens beat two */
	guesses("abcX.abcYZUV.abc", "YZUV");
	guesses("xbcX.ybcYZUV.abc", "YZUV"); /* two are enough */
	guesses("cX.cYc", "");               /* one is not */
}

TEST(speculate_goes_on_repeating)
{
	guesses("abcabc", "abca");
	guesses("zzzz", "zzzz");
	guesses("xyxyx", "yxyx");
}

TEST(speculate_gives_no_more_than_asked)
{
	const uint32_t token[] = { 1, 2, 3, 4, 1, 2 };
	uint32_t guess[1];

	CHECK_EQ(speculate(guess, 1, token, 6), 1);
	CHECK_EQ(guess[0], 3);
	CHECK_EQ(speculate(guess, 0, token, 6), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(speculate_guesses_what_followed_before),
		cmocka_unit_test(
		    speculate_takes_the_longest_then_the_latest_match),
		cmocka_unit_test(speculate_goes_on_repeating),
		cmocka_unit_test(speculate_gives_no_more_than_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
