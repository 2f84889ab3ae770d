/* The command line. */
#include "test.h"

#include "cli/options.h"

#define READ(o, ctx, ...)                                                      \
	read_line(o, ctx, (const char *[]){ "confer", __VA_ARGS__, NULL })

static enum err read_line(
    struct cli_options *o, struct err_ctx *ctx, const char **argv)
{
	static char text[16][64]; /* options borrow it */
	char *copy[16];
	int n = 0;

	for (; argv[n] != NULL; n++) {
		(void)snprintf(text[n], sizeof(text[n]), "%s", argv[n]);
		copy[n] = text[n];
	}
	*ctx = (struct err_ctx){ 0 };
	return cli_options_read(o, n, copy, ctx);
}

TEST(options_are_read_in_both_spellings)
{
	struct cli_options o;
	struct err_ctx ctx;

	CHECK_OK(READ(&o, &ctx, "ask", "--seed", "7", "--home=/h", "hello",
	    "--json", "unix:/x"));
	CHECK_EQ(o.command, CLI_ASK);
	CHECK_STR(o.chat.seed, "7");
	CHECK_STR(o.home, "/h");
	CHECK(o.json);
	CHECK(!o.quiet);
	CHECK_EQ(o.args, 2);
	CHECK_STR(o.arg[0], "hello");
	CHECK_STR(o.arg[1], "unix:/x");
}

TEST(model_is_a_file_for_up_and_a_name_for_ask)
{
	struct cli_options o;
	struct err_ctx ctx;

	CHECK_OK(READ(&o, &ctx, "up", "--model", "x.gguf"));
	CHECK_STR(o.model, "x.gguf");
	CHECK_OK(READ(&o, &ctx, "ask", "--model", "x", "hi"));
	CHECK_STR(o.model, "x");
}

TEST(two_hyphens_end_the_options_and_one_is_an_argument)
{
	struct cli_options o;
	struct err_ctx ctx;

	CHECK_OK(READ(&o, &ctx, "ask", "--", "--json"));
	CHECK(!o.json);
	CHECK_STR(o.arg[0], "--json");
	CHECK_OK(READ(&o, &ctx, "ask", "-"));
	CHECK_STR(o.arg[0], "-");
}

static void check_refused(
    enum err e, const struct err_ctx *ctx, const char *why)
{
	CHECK_ERR(e, ERR_FORMAT);
	if (strstr(ctx->msg, why) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", ctx->msg, why);
}

TEST(up_takes_the_options_of_its_engine)
{
	struct cli_options o;
	struct err_ctx ctx;

	CHECK_OK(READ(&o, &ctx, "up", "--threads", "3", "--slots=8",
	    "--context", "512", "--kv-memory", "64", "--speculate", "--pin"));
	CHECK_STR(o.engine.threads, "3");
	CHECK_STR(o.serving.slots, "8");
	CHECK_STR(o.serving.context, "512");
	CHECK_STR(o.serving.kv_memory, "64");
	CHECK(o.serving.speculate && o.serving.pin);
	check_refused(READ(&o, &ctx, "up", "--slots", "x"), &ctx,
	    "--slots wants a whole number");
}

TEST(mistakes_are_named)
{
	struct cli_options o;
	struct err_ctx ctx;

	check_refused(READ(&o, &ctx, "frob"), &ctx, "no command frob");
	check_refused(
	    READ(&o, &ctx, "ask", "--frob"), &ctx, "no option --frob");
	check_refused(READ(&o, &ctx, "chat", "--listen", "x"), &ctx,
	    "an option of `confer up`");
	check_refused(READ(&o, &ctx, "ask", "--seed"), &ctx, "wants a N");
	check_refused(
	    READ(&o, &ctx, "ask", "--json=yes"), &ctx, "takes no value");
	check_refused(READ(&o, &ctx, "ask", "a", "b", "c"), &ctx,
	    "one argument too many");
	check_refused(READ(&o, &ctx, "up", "a"), &ctx, "one argument too many");
}

TEST(numbers_must_be_numbers)
{
	static const char *const bad[] = { "", "x", "1x", " 1", "-1", "0x10",
		"nan", "inf", "1e", "[]", "111111111111111111111111111111111" };
	struct cli_options o;
	struct err_ctx ctx;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		check_refused(READ(&o, &ctx, "ask", "--temperature", bad[i]),
		    &ctx, "wants a number");
	check_refused(READ(&o, &ctx, "ask", "--top-k", "1.5"), &ctx,
	    "wants a whole number");
	CHECK_OK(READ(&o, &ctx, "ask", "--temperature", "0.7"));
	CHECK_OK(READ(&o, &ctx, "ask", "--seed", "18446744073709551615"));
}

TEST(stops_are_at_most_four)
{
	struct cli_options o;
	struct err_ctx ctx;

	CHECK_OK(READ(&o, &ctx, "ask", "--stop", "a", "--stop", "b", "--stop",
	    "c", "--stop", "d"));
	CHECK_EQ(o.chat.stops, 4);
	CHECK_STR(o.chat.stop[3], "d");
	check_refused(READ(&o, &ctx, "ask", "--stop=1", "--stop=2", "--stop=3",
			  "--stop=4", "--stop=5"),
	    &ctx, "at most 4");
}

TEST(help_lists_every_option_of_a_command)
{
	char spelling[40];
	const char *text;
	size_t n = 0;

	while (cli_options_line(CLI_VERIFY, n, spelling, &text)) {
		CHECK(strncmp(spelling, "--", 2) == 0);
		CHECK(text[0] != '\0');
		n++;
	}
	CHECK_EQ(n, 12);
}

TEST(measure_takes_files_and_a_machine)
{
	struct cli_options o;
	struct err_ctx ctx;

	CHECK_OK(READ(&o, &ctx, "measure", "snp", "--firmware=f", "--append",
	    "-x", "--vcpus", "4", "--json"));
	CHECK_EQ(o.command, CLI_MEASURE);
	CHECK_STR(o.arg[0], "snp");
	CHECK_STR(o.measure.firmware, "f");
	CHECK_STR(o.measure.append, "-x");
	CHECK_STR(o.measure.vcpus, "4");
	CHECK(o.json && o.measure.kernel == NULL);
	check_refused(READ(&o, &ctx, "verify", "--firmware", "f"), &ctx,
	    "an option of `confer measure`");
	check_refused(READ(&o, &ctx, "measure", "snp", "tdx"), &ctx,
	    "one argument too many");
}

TEST(options_of_one_letter_are_short_for_long_ones)
{
	struct cli_options o;
	struct err_ctx ctx;

	CHECK_OK(READ(&o, &ctx, "model", "bench", "-n", "8", "-p", "16",
	    "--model", "x.gguf", "--temp", "0"));
	CHECK_EQ(o.command, CLI_MODEL);
	CHECK_STR(o.chat.max_tokens, "8");
	CHECK_STR(o.engine.prompt_tokens, "16");
	CHECK_STR(o.chat.temperature, "0");
	CHECK_STR(o.model, "x.gguf");
	check_refused(READ(&o, &ctx, "replay", "r", "-p", "1"), &ctx,
	    "of `confer model`, not of `confer replay`");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_are_read_in_both_spellings),
		cmocka_unit_test(model_is_a_file_for_up_and_a_name_for_ask),
		cmocka_unit_test(
		    two_hyphens_end_the_options_and_one_is_an_argument),
		cmocka_unit_test(up_takes_the_options_of_its_engine),
		cmocka_unit_test(mistakes_are_named),
		cmocka_unit_test(numbers_must_be_numbers),
		cmocka_unit_test(stops_are_at_most_four),
		cmocka_unit_test(help_lists_every_option_of_a_command),
		cmocka_unit_test(measure_takes_files_and_a_machine),
		cmocka_unit_test(options_of_one_letter_are_short_for_long_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
