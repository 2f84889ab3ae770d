/* Typing a message: keys in, text and drawing out. */
#include "test.h"

#include "cli/edit.h"

static struct cli_edit ed;

static enum cli_edit_step feed(const char *s)
{
	enum cli_edit_step step = CLI_EDIT_MORE;

	for (size_t i = 0; s[i] != '\0' && step == CLI_EDIT_MORE; i++)
		step = cli_edit_feed(&ed, (uint8_t)s[i]);
	return step;
}

/* Type `keys` from nothing; the text is `want` with a | at the cursor. */
static void check(const char *keys, const char *want)
{
	char got[256];

	cli_edit_start(&ed);
	CHECK_EQ(feed(keys), CLI_EDIT_MORE);
	(void)snprintf(got, sizeof(got), "%.*s|%.*s", (int)ed.pos, ed.text,
	    (int)(ed.n - ed.pos), ed.text + ed.pos);
	CHECK_STR(got, want);
}

TEST(text_is_inserted_at_the_cursor)
{
	check("abc", "abc|");
	check("ac\x1b[Db", "ab|c");
	check("bc\x01"
	      "a",
	    "a|bc");
	check("ab\x1b[Hx\x1b[Fy", "xaby|");
	check("ab\x1bOHx\x1bOFy", "xaby|");
}

TEST(text_is_deleted_by_characters_not_bytes)
{
	check("aü\x7f", "a|");
	check("世界\x1b[D\x7f", "|界");
	check("世界\x01\x1b[3~", "|界");
	check("世界\x01\x04", "|界");
	check("\x7f\x1b[3~\x1b[D\x1b[C", "|");
}

TEST(words_and_lines_are_deleted)
{
	check("one two \x17", "one |");
	check("one two\x15", "|");
	check("one two\x1b[D\x1b[D\x0b", "one t|");
	check("one\x03", "|");
}

TEST(enter_ends_and_a_backslash_continues)
{
	cli_edit_start(&ed);
	CHECK_EQ(feed("one\r"), CLI_EDIT_DONE);
	check("one\\\rtwo", "one\ntwo|");
	check("one\x1b\rtwo", "one\ntwo|");
	cli_edit_start(&ed);
	CHECK_EQ(feed("\r"), CLI_EDIT_DONE);
	CHECK_EQ(ed.n, 0);
}

TEST(pasted_newlines_are_text)
{
	check("\x1b[200~a\rb\nc\x1b[201~", "a\nb\nc|");
	cli_edit_start(&ed);
	CHECK_EQ(feed("\x1b[200~a\r\x1b[201~\r"), CLI_EDIT_DONE);
	/* Nothing pasted is a key: not Ctrl-C, not Ctrl-D. */
	check("\x1b[200~a\x03\x04\x15"
	      "b\x1b[201~",
	    "ab|");
}

TEST(control_c_and_d_have_their_meaning_on_an_empty_line)
{
	cli_edit_start(&ed);
	CHECK_EQ(feed("\x03"), CLI_EDIT_CANCEL);
	cli_edit_start(&ed);
	CHECK_EQ(feed("\x04"), CLI_EDIT_END);
}

TEST(unknown_keys_and_bad_bytes_are_ignored)
{
	check("a\x1b[15~\x1b[1;5Cb", "ab|");
	check("a\x1bxb", "ab|");
	check("a\xff\xc0\x80"
	      "b",
	    "ab|");
	check("a\xc3(b", "ab|");
	check("a\x1b[999999999999999999999999b", "a|");
}

TEST(earlier_questions_come_back)
{
	static struct cli_history h;
	const char *q[] = { "one", "two" };

	for (unsigned i = 0; i < 2; i++) {
		CHECK_OK(cli_history_ask(
		    &h, (struct bytes){ (const uint8_t *)q[i], 3 }));
		CHECK_OK(cli_history_answer(
		    &h, (struct bytes){ (const uint8_t *)"x", 1 }));
	}
	ed.history = &h;
	check("\x1b[A", "two|");
	check("\x1b[A\x1b[A", "one|");
	check("\x1b[A\x1b[A\x1b[A\x1b[A", "one|");
	check("\x1b[A\x1b[A\x1b[B", "two|");
	check("\x1b[A\x1b[B", "|");
	check("\x1b[A!", "two!|");
	ed.history = NULL;
	cli_history_clear(&h);
}

TEST(a_message_keeps_its_limit)
{
	cli_edit_start(&ed);
	for (unsigned i = 0; i < CLI_INPUT_MAX + 10; i++)
		CHECK_EQ(cli_edit_feed(&ed, 'x'), CLI_EDIT_MORE);
	CHECK_EQ(ed.n, CLI_INPUT_MAX);
	cli_edit_start(&ed);
	CHECK_EQ(ed.n, 0);
	CHECK_EQ(ed.text[0], 0); /* wiped */
}

static const char *drawn(unsigned columns)
{
	static uint8_t out[CLI_EDIT_DRAW_MAX];
	struct wr w = wr_init(out, sizeof(out) - 1);

	ed.prompt = "> ";
	cli_edit_draw(&ed, &w, columns);
	CHECK_OK(w.err);
	out[w.len] = '\0';
	return (const char *)out;
}

TEST(drawing_puts_the_cursor_where_it_is)
{
	check("abc\x1b[D", "ab|c");
	CHECK_STR(drawn(20), "\r\x1b[J> abc\r\x1b[4C");
	check("abc", "abc|");
	CHECK_STR(drawn(20), "\r\x1b[J> abc\r\x1b[5C");
}

TEST(drawing_breaks_lines_itself_and_comes_back)
{
	check("12345678901234567890", "12345678901234567890|");
	CHECK_STR(drawn(20), "\r\x1b[J> 123456789012345678\r\n90\r\x1b[2C");
	CHECK_EQ(ed.row, 1);
	CHECK_EQ(feed("\x01"), CLI_EDIT_MORE);
	CHECK_STR(drawn(20),
	    "\r\x1b[1A\x1b[J> 123456789012345678\r\n90\r\x1b[1A\x1b[2C");
	CHECK_EQ(ed.row, 0);
	check("123456789012345678", "123456789012345678|");
	CHECK_STR(drawn(20), "\r\x1b[J> 123456789012345678\r\n\r");
	CHECK_EQ(ed.row, 1);
}

TEST(drawing_shows_what_would_steer_the_terminal)
{
	check("a\xe2\x80\xae"
	      "b",
	    "a\xe2\x80\xae"
	    "b|");
	CHECK_STR(drawn(40), "\r\x1b[J> a\\u202eb\r\x1b[10C");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_inserted_at_the_cursor),
		cmocka_unit_test(text_is_deleted_by_characters_not_bytes),
		cmocka_unit_test(words_and_lines_are_deleted),
		cmocka_unit_test(enter_ends_and_a_backslash_continues),
		cmocka_unit_test(pasted_newlines_are_text),
		cmocka_unit_test(
		    control_c_and_d_have_their_meaning_on_an_empty_line),
		cmocka_unit_test(unknown_keys_and_bad_bytes_are_ignored),
		cmocka_unit_test(earlier_questions_come_back),
		cmocka_unit_test(a_message_keeps_its_limit),
		cmocka_unit_test(drawing_puts_the_cursor_where_it_is),
		cmocka_unit_test(drawing_breaks_lines_itself_and_comes_back),
		cmocka_unit_test(drawing_shows_what_would_steer_the_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
