/* What confer-log prints of texts that others wrote, and its exit codes. */
#include "test.h"

#include "logd/show.h"

#define FFFD "\xef\xbf\xbd"

static const char *clean(const char *text, size_t len)
{
	static char out[512];
	struct wr w = wr_init(out, sizeof(out) - 1);

	logd_show_clean(&w, (struct bytes){ (const uint8_t *)text, len });
	CHECK_OK(w.err);
	out[w.len] = 0;
	return out;
}

#define CLEAN(text) clean(text, sizeof(text) - 1)

TEST(show_passes_what_can_be_read)
{
	CHECK_STR(CLEAN(""), "");
	CHECK_STR(CLEAN("log.example/1 \xe2\x80\x94 \xc3\xa9 \xf0\x9f\x99\x82"),
	    "log.example/1 \xe2\x80\x94 \xc3\xa9 \xf0\x9f\x99\x82");
}

TEST(show_escapes_every_control_a_new_line_too)
{
	for (unsigned c = 0; c < 0x20; c++) {
		char in = (char)c, want[8];

		snprintf(want, sizeof(want), "\\x%02x", c);
		CHECK_STR(clean(&in, 1), want);
	}
	CHECK_STR(CLEAN("a\x1b[31mb\x7f"), "a\\x1b[31mb\\x7f");
	CHECK_STR(CLEAN("\xc2\x9b"), "\\x9b");
}

TEST(show_escapes_what_turns_text_around_or_hides)
{
	CHECK_STR(CLEAN("\xe2\x80\xae"), "\\u202e");
	CHECK_STR(CLEAN("\xd8\x9c"), "\\u061c");
	CHECK_STR(CLEAN("\xe1\xa0\x8e"), "\\u180e");
	CHECK_STR(CLEAN("\xe2\x80\x8b"), "\\u200b");
	CHECK_STR(CLEAN("\xe2\x81\xa6"), "\\u2066");
	CHECK_STR(CLEAN("\xef\xbb\xbf"), "\\ufeff");
	CHECK_STR(CLEAN("\xf3\xa0\x81\x81"), "\\ue0041");
}

TEST(show_replaces_what_is_no_utf_8)
{
	CHECK_STR(CLEAN("a\xff"
			"b"),
	    "a" FFFD "b");
	CHECK_STR(CLEAN("\xc3"), FFFD);
	CHECK_STR(CLEAN("\xe2\x80"), FFFD FFFD);
	CHECK_STR(CLEAN("\xc0\x9b"), FFFD FFFD);
}

TEST(show_has_an_exit_code_for_every_error)
{
	CHECK_EQ(logd_show_code_input(ERR_OK), LOGD_EXIT_OK);
	CHECK_EQ(logd_show_code_input(ERR_NOTFOUND), LOGD_EXIT_REFUSED);
	CHECK_EQ(logd_show_code_input(ERR_AUTH), LOGD_EXIT_REFUSED);
	CHECK_EQ(logd_show_code_input(ERR_NOMEM), LOGD_EXIT_INTERNAL);
	CHECK_EQ(logd_show_code_local(ERR_OK), LOGD_EXIT_OK);
	CHECK_EQ(logd_show_code_local(ERR_BUSY), LOGD_EXIT_REFUSED);
	CHECK_EQ(logd_show_code_local(ERR_AUTH), LOGD_EXIT_DAMAGE);
	CHECK_EQ(logd_show_code_local(ERR_PROTOCOL), LOGD_EXIT_DAMAGE);
	CHECK_EQ(logd_show_code_local(ERR_NOSPACE), LOGD_EXIT_DAMAGE);
	CHECK_EQ(logd_show_code_local(ERR_INTERNAL), LOGD_EXIT_INTERNAL);
	CHECK_EQ(logd_show_code_view(ERR_OK), LOGD_EXIT_OK);
	CHECK_EQ(logd_show_code_view(ERR_TIMEOUT), LOGD_EXIT_UNREACHABLE);
	CHECK_EQ(logd_show_code_view(ERR_NOTFOUND), LOGD_EXIT_UNREACHABLE);
	CHECK_EQ(logd_show_code_view(ERR_AUTH), LOGD_EXIT_REFUSED);
	CHECK_EQ(logd_show_code_view(ERR_NOMEM), LOGD_EXIT_INTERNAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(show_passes_what_can_be_read),
		cmocka_unit_test(show_escapes_every_control_a_new_line_too),
		cmocka_unit_test(show_escapes_what_turns_text_around_or_hides),
		cmocka_unit_test(show_replaces_what_is_no_utf_8),
		cmocka_unit_test(show_has_an_exit_code_for_every_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
