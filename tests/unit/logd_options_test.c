/* The command line of confer-log. */
#include "test.h"

#include "logd/options.h"

#define ARGS_MAX 40

/* READ(&o, &ctx, "audit", "--full", ...) */
#define READ(o, ctx, ...)                                                      \
	read_line(o, ctx, (const char *[]){ "confer-log", __VA_ARGS__, NULL })

static enum err read_line(
    struct logd_options *o, struct err_ctx *ctx, const char **argv)
{
	static char text[ARGS_MAX][64]; /* options borrow it */
	static char *copy[ARGS_MAX + 1];
	int n = 0;

	for (; argv[n] != NULL; n++) {
		(void)snprintf(text[n], sizeof(text[n]), "%s", argv[n]);
		copy[n] = text[n];
	}
	copy[n] = NULL;
	*ctx = (struct err_ctx){ 0 };
	return logd_options_read(o, n, copy, ctx);
}

static void check_refused(
    enum err e, const struct err_ctx *ctx, const char *why)
{
	CHECK_ERR(e, ERR_FORMAT);
	if (strstr(ctx->msg, why) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", ctx->msg, why);
}

TEST(options_stand_anywhere_and_arguments_keep_their_order)
{
	struct logd_options o;
	struct err_ctx ctx;

	CHECK_OK(READ(&o, &ctx, "append", "/log", "--proofs", "/p", "a.record",
	    "--json", "b.record", "--now=17"));
	CHECK_EQ(o.command, LOGD_APPEND);
	CHECK_STR(o.proofs, "/p");
	CHECK(o.json);
	CHECK(!o.quiet);
	CHECK(o.has_now);
	CHECK_EQ(o.now_s, 17);
	CHECK_EQ(o.n_args, 3);
	CHECK_STR(o.arg[0], "/log");
	CHECK_STR(o.arg[1], "a.record");
	CHECK_STR(o.arg[2], "b.record");
}

TEST(options_of_every_command_have_their_place)
{
	struct logd_options o;
	struct err_ctx ctx;

	CHECK_OK(READ(
	    &o, &ctx, "key", "new", "--kind", "log", "--name", "n", "out"));
	CHECK_STR(o.kind, "log");
	CHECK_STR(o.name, "n");
	CHECK_OK(READ(&o, &ctx, "init", "d", "--key", "k", "--trust", "t"));
	CHECK_STR(o.key, "k");
	CHECK_STR(o.trust, "t");
	CHECK_OK(READ(&o, &ctx, "refresh", "d", "--force", "--ca", "c"));
	CHECK(o.force);
	CHECK_STR(o.ca_file, "c");
	CHECK_OK(READ(
	    &o, &ctx, "prove", "d", "--record", "r", "-o", "p", "--quiet"));
	CHECK_STR(o.record, "r");
	CHECK_STR(o.out, "p");
	CHECK(o.quiet);
	CHECK_OK(READ(&o, &ctx, "verify", "--policy", "y", "r", "p"));
	CHECK_STR(o.policy, "y");
	CHECK_OK(READ(&o, &ctx, "audit", "d", "--state", "s", "--evidence", "e",
	    "--full", "--rebuild", "b", "--rebuild-timeout", "9"));
	CHECK_STR(o.state, "s");
	CHECK_STR(o.evidence, "e");
	CHECK(o.full);
	CHECK_STR(o.rebuild, "b");
	CHECK_EQ(o.rebuild_s, 9);
	CHECK_OK(READ(&o, &ctx, "witness", "d", "--listen", "unix:/s"));
	CHECK_STR(o.listen, "unix:/s");
	CHECK_OK(READ(&o, &ctx, "witness", "d", "--init", "w"));
	CHECK_STR(o.init, "w");
	CHECK_OK(READ(&o, &ctx, "inspect", "f"));
	CHECK_EQ(o.command, LOGD_INSPECT);
	CHECK_OK(READ(&o, &ctx, "serve", "d", "--listen", "tcp:127.0.0.1:1"));
	CHECK_EQ(o.command, LOGD_SERVE);
}

TEST(index_0_is_an_index)
{
	struct logd_options o;
	struct err_ctx ctx;

	CHECK_OK(READ(&o, &ctx, "prove", "d", "--record", "r"));
	CHECK(!o.has_index);
	CHECK_OK(READ(&o, &ctx, "prove", "d", "--index", "0"));
	CHECK(o.has_index);
	CHECK_EQ(o.index, 0);
}

TEST(witnesses_may_be_many_but_not_too_many)
{
	struct logd_options o;
	struct err_ctx ctx;
	const char *line[2 * LOGD_OPTIONS_MANY_MAX + 6] = { "confer-log",
		"audit", "d" };
	size_t n = 3;

	for (size_t i = 0; i < LOGD_OPTIONS_MANY_MAX; i++) {
		line[n++] = "--witness";
		line[n++] = "unix:/w";
	}
	CHECK_OK(read_line(&o, &ctx, line));
	CHECK_EQ(o.n_many, LOGD_OPTIONS_MANY_MAX);
	CHECK_STR(o.many[LOGD_OPTIONS_MANY_MAX - 1], "unix:/w");
	line[n++] = "--witness=unix:/w";
	check_refused(read_line(&o, &ctx, line), &ctx, "at most 16 --witness");
}

TEST(two_hyphens_end_the_options)
{
	struct logd_options o;
	struct err_ctx ctx;

	CHECK_OK(READ(&o, &ctx, "inspect", "--", "--json"));
	CHECK(!o.json);
	CHECK_STR(o.arg[0], "--json");
	CHECK_OK(READ(&o, &ctx, "inspect", "-"));
	CHECK_STR(o.arg[0], "-");
}

TEST(mistakes_are_named)
{
	struct logd_options o;
	struct err_ctx ctx;

	check_refused(READ(&o, &ctx, "frob"), &ctx, "no command frob");
	check_refused(
	    READ(&o, &ctx, "init", "--frob"), &ctx, "no option --frob");
	check_refused(READ(&o, &ctx, "init", "d", "--index", "1"), &ctx,
	    "--index is an option of `confer-log prove`, not of `confer-log "
	    "init`");
	check_refused(
	    READ(&o, &ctx, "init", "d", "--key"), &ctx, "--key wants a FILE");
	check_refused(
	    READ(&o, &ctx, "init", "d", "--key="), &ctx, "--key wants a FILE");
	check_refused(
	    READ(&o, &ctx, "audit", "d", "--full=1"), &ctx, "takes no value");
	check_refused(READ(&o, &ctx, "key", "new", "--now", "1", "x"), &ctx,
	    "--now is an option of `confer-log append`");
}

TEST(numbers_are_whole_and_below_2_to_the_63)
{
	static const char *const bad[] = { "-1", "1.5", "01", "", "x", "1x",
		"9223372036854775808", "99999999999999999999999", " 1", "+1" };
	struct logd_options o;
	struct err_ctx ctx;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		check_refused(READ(&o, &ctx, "prove", "d", "--index", bad[i]),
		    &ctx, "--index wants a whole number");
	CHECK_OK(
	    READ(&o, &ctx, "prove", "d", "--index", "9223372036854775807"));
	CHECK_EQ(o.index, INT64_MAX);
}

TEST(arguments_are_counted)
{
	struct logd_options o;
	struct err_ctx ctx;

	check_refused(READ(&o, &ctx, "append", "/log"), &ctx,
	    "`confer-log append` needs the directory of the log, and records");
	check_refused(READ(&o, &ctx, "init", "a", "b"), &ctx,
	    "b is one argument too many");
	check_refused(READ(&o, &ctx, "verify", "a"), &ctx,
	    "needs a record and its proof");
	check_refused(READ(&o, &ctx, "inspect"), &ctx, "needs a file");
}

TEST(help_asks_for_nothing_else)
{
	struct logd_options o;
	struct err_ctx ctx;

	CHECK_OK(READ(&o, &ctx, "verify", "--help"));
	CHECK(o.help);
	CHECK_OK(READ(&o, &ctx, "init", "-h"));
	CHECK(o.help);
	CHECK_OK(READ(&o, &ctx, "--help"));
	CHECK(o.help);
	CHECK_EQ(o.command, LOGD_NO_COMMAND);
	CHECK_OK(READ(&o, &ctx, "-V"));
	CHECK(o.version);
	CHECK_OK(READ(&o, &ctx, "help", "audit"));
	CHECK_STR(o.arg[0], "audit");
	CHECK_OK(logd_options_read(
	    &o, 1, (char *[]){ (char *)"confer-log", NULL }, &ctx));
	CHECK_EQ(o.command, LOGD_NO_COMMAND);
	CHECK_EQ(o.n_args, 0);
}

TEST(commands_have_one_name_each)
{
	for (unsigned c = LOGD_KEY; c <= LOGD_HELP; c *= 2) {
		const char *name = logd_options_name((enum logd_command)c);

		assert_non_null(name);
		CHECK_EQ(logd_options_command(name), c);
	}
	CHECK(logd_options_name(LOGD_NO_COMMAND) == NULL);
	CHECK_EQ(logd_options_command("frob"), LOGD_NO_COMMAND);
}

/* The lines of help are the options that are read, and no others. */
TEST(help_and_the_reader_know_the_same_options)
{
	static const char *const all[] = { "kind", "name", "key", "trust",
		"policy", "proofs", "force", "index", "record", "out", "state",
		"evidence", "full", "witness", "rebuild", "rebuild-timeout",
		"listen", "init", "add-log", "ca", "now", "json", "quiet",
		"help" };

	for (unsigned c = LOGD_KEY; c < LOGD_HELP; c *= 2) {
		const char *name = logd_options_name((enum logd_command)c);
		char spelling[LOGD_SPELLING_MAX];
		const char *text;
		size_t told = 0, known = 0;

		while (logd_options_line(
		    (enum logd_command)c, told, spelling, &text)) {
			CHECK(strncmp(spelling, "--", 2) == 0);
			CHECK(text[0] != 0);
			told++;
		}
		for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
			struct logd_options o;
			struct err_ctx ctx;
			char option[64];

			snprintf(option, sizeof(option), "--%s=1", all[i]);
			(void)READ(&o, &ctx, name, option);
			known += strstr(ctx.msg, "no option") == NULL &&
				 strstr(ctx.msg, "is an option of") == NULL;
		}
		CHECK_EQ(told, known);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    options_stand_anywhere_and_arguments_keep_their_order),
		cmocka_unit_test(options_of_every_command_have_their_place),
		cmocka_unit_test(index_0_is_an_index),
		cmocka_unit_test(witnesses_may_be_many_but_not_too_many),
		cmocka_unit_test(two_hyphens_end_the_options),
		cmocka_unit_test(mistakes_are_named),
		cmocka_unit_test(numbers_are_whole_and_below_2_to_the_63),
		cmocka_unit_test(arguments_are_counted),
		cmocka_unit_test(help_asks_for_nothing_else),
		cmocka_unit_test(commands_have_one_name_each),
		cmocka_unit_test(help_and_the_reader_know_the_same_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
