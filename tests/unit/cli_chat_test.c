/* The conversation that is kept, and the lines that people type. */
#include "test.h"

#include <unistd.h>

#include "cli/history.h"
#include "cli/input.h"

static struct bytes text(const char *s)
{
	return (struct bytes){ (const uint8_t *)s, strlen(s) };
}

static void say(struct cli_history *h, const char *q, const char *a)
{
	CHECK_OK(cli_history_ask(h, text(q)));
	if (a != NULL)
		CHECK_OK(cli_history_answer(h, text(a)));
}

TEST(history_becomes_messages_in_order)
{
	struct client_message m[CLI_MESSAGES_MAX];
	struct cli_history h = { 0 };

	say(&h, "one", "eins");
	say(&h, "two", NULL);
	CHECK_EQ(cli_history_messages(&h, "sys", m), 4);
	CHECK_EQ(m[0].role, CLIENT_SYSTEM);
	CHECK(mem_eq_str(m[0].text, "sys"));
	CHECK(mem_eq_str(m[1].text, "one"));
	CHECK_EQ(m[2].role, CLIENT_ASSISTANT);
	CHECK(mem_eq_str(m[2].text, "eins"));
	CHECK_EQ(m[3].role, CLIENT_USER);
	CHECK_EQ(cli_history_messages(&h, NULL, m), 3);
	cli_history_clear(&h);
	CHECK_EQ(cli_history_messages(&h, NULL, m), 0);
}

TEST(an_unanswered_question_is_replaced_by_the_next)
{
	struct client_message m[CLI_MESSAGES_MAX];
	struct cli_history h = { 0 };

	say(&h, "lost", NULL);
	say(&h, "next", NULL);
	CHECK_EQ(cli_history_messages(&h, NULL, m), 1);
	CHECK(mem_eq_str(m[0].text, "next"));
	cli_history_clear(&h);
}

TEST(retry_forgets_only_the_answer)
{
	struct client_message m[CLI_MESSAGES_MAX];
	struct cli_history h = { 0 };

	CHECK(!cli_history_retry(&h));
	say(&h, "one", "eins");
	CHECK(cli_history_retry(&h));
	CHECK_EQ(cli_history_messages(&h, NULL, m), 1);
	cli_history_clear(&h);
}

TEST(the_oldest_goes_first_and_the_last_stays)
{
	struct client_message m[CLI_MESSAGES_MAX];
	struct cli_history h = { 0 };
	char q[8];

	for (unsigned i = 0; i <= CLI_TURNS_MAX; i++) {
		(void)snprintf(q, sizeof(q), "q%u", i);
		say(&h, q, "a");
	}
	CHECK_EQ(h.n, CLI_TURNS_MAX);
	CHECK(cli_history_messages(&h, "s", m) <= 256);
	CHECK(mem_eq_str(m[1].text, "q1"));
	while (cli_history_drop_oldest(&h))
		continue;
	CHECK_EQ(h.n, 1);
	CHECK_EQ(cli_history_messages(&h, NULL, m), 2);
	CHECK(mem_eq_str(m[0].text, q));
	cli_history_clear(&h);
}

static struct cli_input in;

/* Give these bytes to a fresh input. */
static void type(const char *s, size_t n)
{
	int fd[2];

	CHECK_EQ(pipe(fd), 0);
	CHECK_EQ(write(fd[1], s, n), (ssize_t)n);
	(void)close(fd[1]);
	if (in.fd > 0)
		(void)close(in.fd);
	memset(&in, 0, sizeof(in));
	in.fd = fd[0];
}

TEST(lines_come_one_by_one)
{
	type("one\n\ntwo", 8);
	CHECK_OK(cli_input_read(&in));
	CHECK_STR(in.text, "one");
	CHECK_OK(cli_input_read(&in));
	CHECK_EQ(in.n, 0);
	CHECK_OK(cli_input_read(&in));
	CHECK_STR(in.text, "two");
	CHECK_ERR(cli_input_read(&in), ERR_CLOSED);
}

TEST(a_backslash_at_the_end_continues_the_line)
{
	type("a\\\nb\\\n\\n\nc\n", 11);
	CHECK_OK(cli_input_read(&in));
	CHECK_STR(in.text, "a\nb\n\\n");
	CHECK_OK(cli_input_read(&in));
	CHECK_STR(in.text, "c");
}

TEST(too_long_a_line_is_skipped_whole)
{
	static char line[CLI_INPUT_MAX + 100];
	int fd[2];
	pid_t writer;

	memset(line, 'x', sizeof(line));
	memcpy(line + sizeof(line) - 6, "\nnext\n", 6);
	CHECK_EQ(pipe(fd), 0);
	writer = fork();
	if (writer == 0) {
		(void)close(fd[0]);
		_exit(
		    write(fd[1], line, sizeof(line)) != (ssize_t)sizeof(line));
	}
	(void)close(fd[1]);
	memset(&in, 0, sizeof(in));
	in.fd = fd[0];
	CHECK_ERR(cli_input_read(&in), ERR_LIMIT);
	CHECK_OK(cli_input_read(&in));
	CHECK_STR(in.text, "next");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(history_becomes_messages_in_order),
		cmocka_unit_test(
		    an_unanswered_question_is_replaced_by_the_next),
		cmocka_unit_test(retry_forgets_only_the_answer),
		cmocka_unit_test(the_oldest_goes_first_and_the_last_stays),
		cmocka_unit_test(lines_come_one_by_one),
		cmocka_unit_test(a_backslash_at_the_end_continues_the_line),
		cmocka_unit_test(too_long_a_line_is_skipped_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
