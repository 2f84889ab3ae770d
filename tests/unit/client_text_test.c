/* Text for a terminal: nothing in it may steer the terminal. */
#include "test.h"

#include "client/text.h"

static const char *clean(const char *in, size_t n, size_t step)
{
	static uint8_t out[4096];
	struct wr w = wr_init(out, sizeof(out) - 1);
	struct client_text t = { 0 };

	for (size_t i = 0; i < n; i += step) {
		size_t left = n - i;

		client_text_clean(&t, &w,
		    (struct bytes){
			(const uint8_t *)in + i, left < step ? left : step });
	}
	client_text_end(&t, &w);
	CHECK_EQ(w.err, ERR_OK);
	out[w.len] = '\0';
	return (const char *)out;
}

/* In every cutting into pieces, the same. */
static void check(const char *in, const char *want)
{
	for (size_t step = 1; step <= 5; step++)
		CHECK_STR(clean(in, strlen(in), step), want);
}

TEST(text_of_people_passes)
{
	check("Grüße, 世界! 👋🏽 ok\n\ttab — “quote”\n",
	    "Grüße, 世界! 👋🏽 ok\n\ttab — “quote”\n");
	check("नमस्ते شكرا 👨‍👩‍👧",
	    "नमस्ते شكرا 👨‍👩‍👧");
}

TEST(escape_sequences_are_shown_not_obeyed)
{
	check("\x1b[2J\x1b]0;title\x07", "\\x1b[2J\\x1b]0;title\\x07");
	check("a\rb\bc\x7f", "a\\x0db\\x08c\\x7f");
	/* C1: CSI as one character, in UTF-8. */
	check("\xc2\x9b"
	      "2J",
	    "\\x9b2J");
}

TEST(hidden_and_turning_characters_are_shown)
{
	check("\xe2\x80\xae"
	      "abc\xe2\x81\xa6",
	    "\\u202eabc\\u2066");
	check("\xe2\x80\xa8\xe2\x80\xa9\xef\xbb\xbf", "\\u2028\\u2029\\ufeff");
	check("\xf3\xa0\x81\x81", "\\U000e0041");
}

TEST(bytes_that_are_not_utf8_are_replaced)
{
	check("a\xff"
	      "b",
	    "a\xef\xbf\xbd"
	    "b");
	check("\xc3(", "\xef\xbf\xbd(");
	check("\xe2\x82", "\xef\xbf\xbd"); /* cut */
	check("\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
	check("\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd"); /* overlong */
	check("\xf4\x90\x80\x80",
	    "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
}

TEST(a_nul_byte_is_shown)
{
	CHECK_STR(clean("a\0b", 3, 1), "a\\x00b");
}

/* Whatever comes in, no control character but LF and TAB comes out, and the
 * room that the header promises suffices. */
TEST(every_pair_of_bytes_is_harmless)
{
	uint8_t in[3] = { 0, 0, 'x' }, out[CLIENT_TEXT_LEN_MAX(3)];

	for (unsigned v = 0; v < 65536; v++) {
		struct wr w = wr_init(out, sizeof(out));

		in[0] = (uint8_t)(v >> 8);
		in[1] = (uint8_t)v;
		client_text_all(&w, (struct bytes){ in, sizeof(in) });
		CHECK_EQ(w.err, ERR_OK);
		for (size_t i = 0; i < w.len; i++)
			CHECK((out[i] >= 0x20 && out[i] != 0x7f) ||
			      out[i] == '\n' || out[i] == '\t');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_of_people_passes),
		cmocka_unit_test(escape_sequences_are_shown_not_obeyed),
		cmocka_unit_test(hidden_and_turning_characters_are_shown),
		cmocka_unit_test(bytes_that_are_not_utf8_are_replaced),
		cmocka_unit_test(a_nul_byte_is_shown),
		cmocka_unit_test(every_pair_of_bytes_is_harmless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
