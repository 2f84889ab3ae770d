/* UTF-8: what is valid, alone and in pieces. */
#include "test.h"

#include "base/utf8.h"

static struct bytes bytes_of(const char *s)
{
	return (struct bytes){ (const uint8_t *)s, strlen(s) };
}

static const char *const bad[] = { "\x80", "\xc0\xaf", "\xc1\xbf", "\xc3(",
	"\xe0\x9f\xbf", "\xed\xa0\x80", "\xe2\x82(", "\xf0\x8f\xbf\xbf",
	"\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff" };
static const char good[] = "a\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf"
			   "\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf!";

/* Feed s cut at `cut`; true if it is valid and whole. */
static bool valid_in_two(const char *s, size_t cut)
{
	struct utf8_stream st = { .n = 0 };
	struct bytes b = bytes_of(s);

	return utf8_stream_feed(&st, (struct bytes){ b.p, cut }) &&
	       utf8_stream_feed(
		   &st, (struct bytes){ b.p + cut, b.len - cut }) &&
	       utf8_stream_whole(&st);
}

TEST(utf8_stream_accepts_text_cut_anywhere)
{
	struct utf8_stream st = { .n = 0 };
	struct bytes b = bytes_of(good);

	CHECK_EQ(utf8_prefix(b), b.len);
	for (size_t cut = 0; cut <= b.len; cut++)
		CHECK(valid_in_two(good, cut));
	for (size_t i = 0; i < b.len; i++)
		CHECK(utf8_stream_feed(&st, (struct bytes){ b.p + i, 1 }));
	CHECK(utf8_stream_whole(&st));
}

TEST(utf8_stream_refuses_what_is_invalid_however_it_is_cut)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK(utf8_prefix(bytes_of(bad[i])) < strlen(bad[i]));
		for (size_t cut = 0; cut <= strlen(bad[i]); cut++)
			CHECK(!valid_in_two(bad[i], cut));
	}
}

TEST(utf8_stream_knows_that_a_character_is_missing_its_end)
{
	struct utf8_stream st = { .n = 0 };

	CHECK(utf8_stream_feed(&st, bytes_of("ab\xf0\x9f")));
	CHECK(!utf8_stream_whole(&st));
	CHECK(utf8_stream_feed(&st, bytes_of("\x98")));
	CHECK(!utf8_stream_whole(&st));
	CHECK(utf8_stream_feed(&st, bytes_of("\x80")));
	CHECK(utf8_stream_whole(&st));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(utf8_stream_accepts_text_cut_anywhere),
		cmocka_unit_test(
		    utf8_stream_refuses_what_is_invalid_however_it_is_cut),
		cmocka_unit_test(
		    utf8_stream_knows_that_a_character_is_missing_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
