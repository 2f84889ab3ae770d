/* The log part of a trust file: several policies, each for its time. */
#include "evidence_fixture.h"

static struct fix f;
static struct trust t;
static struct verdict v;
static char above[4096]; /* up to and with the empty line */
static char policy[4096];
static char text[TRUST_LEN_MAX + 1];

/* A good trust file, in two parts. */
static void make(void)
{
	char *gap;

	fix_init(&f);
	memset(fix_text, 0, sizeof(fix_text));
	fix_trust(&f, f.tee.root.pub);
	gap = strstr(fix_text, "\n\n");
	assert_non_null(gap);
	(void)snprintf(
	    above, sizeof(above), "%.*s", (int)(gap + 2 - fix_text), fix_text);
	(void)snprintf(policy, sizeof(policy), "%s", gap + 2);
	fix_clear(&f);
}

/* The trust file with `valid` lines, the policy under each. */
static enum err windows(const char *const *valid, size_t n, struct err_ctx *ctx)
{
	size_t len = (size_t)snprintf(text, sizeof(text), "%s", above);

	for (size_t i = 0; i < n; i++)
		len += (size_t)snprintf(
		    text + len, sizeof(text) - len, "%s\n%s", valid[i], policy);
	return trust_parse(&t, fix_str(text), ctx);
}

static enum err window(const char *valid)
{
	return windows(&valid, 1, NULL);
}

/* [L-39] */
TEST(a_policy_is_believed_in_its_window_alone)
{
	static const char *const three[] = { "valid 100 200", "valid 200 300",
		"valid 400 9223372036854775807" };

	make();
	CHECK_OK(windows(three, 3, NULL));
	CHECK_EQ(t.n_logs, 3);
	CHECK(trust_policy_at(&t, 99) == NULL);
	CHECK(trust_policy_at(&t, 100) == &t.log[0].policy);
	CHECK(trust_policy_at(&t, 199) == &t.log[0].policy);
	CHECK(trust_policy_at(&t, 200) == &t.log[1].policy);
	CHECK(trust_policy_at(&t, 300) == NULL);
	CHECK(trust_policy_at(&t, 399) == NULL);
	CHECK(trust_policy_at(&t, 400) == &t.log[2].policy);
	CHECK(trust_window_at(&t, 400) == &t.log[2]);
	for (size_t i = 0; i < 3; i++)
		CHECK_EQ(t.log[i].policy.n_witnesses,
		    f.trust.log[0].policy.n_witnesses);
}

TEST(empty_lines_belong_to_the_window_above)
{
	make();
	(void)snprintf(text, sizeof(text), "%svalid 1 2\n%s\nvalid 2 3\n\n%s\n",
	    above, policy, policy);
	CHECK_OK(trust_parse(&t, fix_str(text), NULL));
	CHECK_EQ(t.n_logs, 2);
}

TEST(without_a_valid_line_there_is_one_policy_for_ever)
{
	make();
	(void)snprintf(text, sizeof(text), "%s%s", above, policy);
	CHECK_OK(trust_parse(&t, fix_str(text), NULL));
	CHECK_EQ(t.n_logs, 1);
	CHECK(trust_policy_at(&t, 0) == &t.log[0].policy);
	CHECK(trust_policy_at(&t, UINT64_MAX - 1) == &t.log[0].policy);
}

TEST(who_has_no_policy_is_told_why)
{
	static const char *const two[] = { "valid 86400 172800",
		"valid 259200 345600" };
	struct err_ctx ctx;

	make();
	CHECK_OK(windows(two, 2, NULL));
	memset(&ctx, 0, sizeof(ctx));
	CHECK_ERR(trust_no_policy(&t, 345600, &ctx), ERR_EXPIRED);
	CHECK_STR(ctx.msg, "this client's list of logs and witnesses ended on "
			   "1970-01-05 00:00 UTC: update it");
	memset(&ctx, 0, sizeof(ctx));
	CHECK_ERR(trust_no_policy(&t, 200000, &ctx), ERR_EXPIRED);
	CHECK(strstr(ctx.msg, "ended on 1970-01-03 00:00 UTC") != NULL);
	memset(&ctx, 0, sizeof(ctx));
	CHECK_ERR(trust_no_policy(&t, 0, &ctx), ERR_EXPIRED);
	CHECK_STR(ctx.msg, "this client's list of logs and witnesses begins on "
			   "1970-01-02 00:00 UTC");
}

TEST(windows_have_one_spelling)
{
	static const char *const bad[] = { "valid", "valid ", "valid 1",
		"valid 1 ", "valid 1  2", "valid  1 2", "valid 1 2 ",
		"valid 1 2 3", "valid 01 2", "valid 1 02", "valid +1 2",
		"valid 2 2", "valid 3 2", "valid a b", "valid 1\t2",
		"valid 1 9223372036854775808", "Valid 1 2", " valid 1 2" };

	make();
	CHECK_OK(window("valid 0 1"));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (window(bad[i]) == ERR_OK)
			fail_msg("accepted: %s", bad[i]);
		CHECK(mem_is_zero(&t, sizeof(t)));
	}
}

TEST(windows_ascend_and_do_not_overlap)
{
	static const char *const overlap[] = { "valid 1 5", "valid 4 9" };
	static const char *const back[] = { "valid 5 9", "valid 1 4" };
	static const char *const same[] = { "valid 1 4", "valid 1 4" };
	static const char *const many[] = { "valid 1 2", "valid 2 3",
		"valid 3 4", "valid 4 5", "valid 5 6" };
	struct err_ctx ctx = { 0 };

	make();
	CHECK_ERR(windows(overlap, 2, &ctx), ERR_FORMAT);
	CHECK(strstr(ctx.msg, "before the one above ends") != NULL);
	CHECK_ERR(windows(back, 2, NULL), ERR_FORMAT);
	CHECK_ERR(windows(same, 2, NULL), ERR_FORMAT);
	CHECK_OK(windows(many, TRUST_POLICIES_MAX, NULL));
	CHECK_EQ(t.n_logs, TRUST_POLICIES_MAX);
	CHECK_ERR(windows(many, TRUST_POLICIES_MAX + 1, NULL), ERR_LIMIT);
}

TEST(each_window_has_a_whole_policy)
{
	struct err_ctx ctx = { 0 };

	make();
	(void)snprintf(
	    text, sizeof(text), "%svalid 1 2\nvalid 2 3\n%s", above, policy);
	CHECK_ERR(trust_parse(&t, fix_str(text), &ctx), ERR_FORMAT);
	CHECK(strstr(ctx.msg, "after line 13: policy line 0") != NULL);
	(void)snprintf(
	    text, sizeof(text), "%svalid 1 2\n%svalid 2 3\n", above, policy);
	CHECK_ERR(trust_parse(&t, fix_str(text), NULL), ERR_FORMAT);
	(void)snprintf(text, sizeof(text),
	    "%svalid 1 2\n%svalid 2 3\nquorum none\n", above, policy);
	CHECK_ERR(trust_parse(&t, fix_str(text), NULL), ERR_POLICY);
	(void)snprintf(
	    text, sizeof(text), "%s%svalid 2 3\n%s", above, policy, policy);
	CHECK_ERR(trust_parse(&t, fix_str(text), NULL), ERR_FORMAT);
}

TEST(every_truncation_of_windows_is_refused)
{
	static const char *const two[] = { "valid 1 2", "valid 2 3" };
	size_t n;

	make();
	CHECK_OK(windows(two, 2, NULL));
	n = strlen(text);
	for (size_t i = 0; i < n; i++) {
		enum err e = trust_parse(
		    &t, (struct bytes){ (const uint8_t *)text, i }, NULL);

		/* whole up to the second window: another good file */
		if ((e == ERR_OK) !=
		    (i == strlen(above) + strlen(two[0]) + 1 + strlen(policy)))
			fail_msg("%zu of %zu: %s", i, n, err_name(e));
	}
}

/* ---- operators and rebuilders ---------------------------------------------- */

/* The trust file with other lines below `threshold` and this log policy. */
static enum err with(const char *lines, const char *log, struct err_ctx *ctx)
{
	char *from = strstr(above, "rebuilder-key "),
	     *to = strstr(above, "sim-root");

	(void)snprintf(text, sizeof(text), "%.*s%s%s%s", (int)(from - above),
	    above, lines, to, log);
	return trust_parse(&t, fix_str(text), ctx);
}

#define W1 "operator " FIX_WITNESS " "
#define W2 "operator " FIX_WITNESS2 " "

/* */
TEST(operators_are_known_by_the_name_of_the_witness_key)
{
	make();
	CHECK_OK(with(W1 "A & B, Inc.\n" W2 "Beta\n", policy, NULL));
	CHECK_EQ(t.n_ops, 2);
	CHECK(mem_eq_str(
	    trust_operator_of(&t, fix_str(FIX_WITNESS)), "A & B, Inc."));
	CHECK(mem_eq_str(trust_operator_of(&t, fix_str(FIX_WITNESS2)), "Beta"));
	CHECK_EQ(trust_operator_of(&t, fix_str("witness.example/w")).len, 0);
}

TEST(operator_lines_have_one_spelling)
{
	static const char *const bad[] = { W1 "A", W1 "\n" W2 "B\n",
		W1 " A\n" W2 "B\n", W1 "A \n" W2 "B\n",
		"operator " FIX_WITNESS "\n" W2 "B\n", W2 "B\n" W1 "A\n",
		W1 "A\n" W1 "A\n" W2 "B\n", W1 "not stated\n" W2 "B\n",
		W1 "A\n" W2 "B\noperator z Z\n",
		"operator a A\n" W1 "A\n" W2 "B\n",
		"operator a+b A\n" W1 "A\n" W2 "B\n",
		"Operator " FIX_WITNESS " A\n" W2 "B\n", W1 "A\x7f\n" W2 "B\n",
		W1 "A\t\n" W2 "B\n" };
	char line[256], name[TRUST_OPERATOR_LEN_MAX + 2];

	make();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (with(bad[i], policy, NULL) != ERR_FORMAT)
			fail_msg("accepted: %s", bad[i]);
	}
	memset(name, 'n', sizeof(name));
	name[TRUST_OPERATOR_LEN_MAX] = '\0';
	(void)snprintf(line, sizeof(line), W1 "%s\n" W2 "B\n", name);
	CHECK_OK(with(line, policy, NULL));
	name[TRUST_OPERATOR_LEN_MAX] = 'n';
	name[TRUST_OPERATOR_LEN_MAX + 1] = '\0';
	(void)snprintf(line, sizeof(line), W1 "%s\n" W2 "B\n", name);
	CHECK_ERR(with(line, policy, NULL), ERR_FORMAT);
}

/* Or one operator would be counted, and shown, as two. */
TEST(an_operator_has_one_spelling)
{
	static const char *const bad[] = { W1 "Acme Inc\n" W2 "Acme  Inc\n",
		W1 "Acme Inc\n" W2 "ACME inc\n",
		W1 "Acme Inc.\n" W2 "acmeinc\n", W1 "A1\n" W2 "A_1\n",
		W1 "This-Machine\n" W2 "B\n", W1 "A\n" W2 "this machine\n",
		W1 "Not stated\n" W2 "B\n", W1 "not-stated\n" W2 "B\n",
		W1 "-\n" W2 "B\n", W1 "AZ\n" W2 "az\n" };
	static const char *const good[] = { W1 "Acme Inc\n" W2 "Acme Ink\n",
		W1 "A1\n" W2 "A2\n", W1 "Acme\n" W2 "Acme Inc\n",
		W1 "Acme Inc\n" W2 "Acme\n", W1 "0\n" W2 "9\n",
		W1 "machine\n" W2 "stated\n" };

	make();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (with(bad[i], policy, NULL) != ERR_FORMAT)
			fail_msg("accepted: %s", bad[i]);
	}
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if (with(good[i], policy, NULL) != ERR_OK)
			fail_msg("refused: %s", good[i]);
	}
}

TEST(operator_lines_are_limited)
{
	static char lines[16384];
	size_t len = 0;

	make();
	for (unsigned i = 0; i <= TRUST_OPERATORS_MAX; i++)
		len += (size_t)snprintf(
		    lines + len, sizeof(lines) - len, "operator k%03u A\n", i);
	CHECK_ERR(with(lines, policy, NULL), ERR_LIMIT);
	strstr(lines, "operator k096")[0] = '\0';
	CHECK_ERR(with(lines, policy, NULL), ERR_FORMAT); /* no witnesses */
}

/* [L-40] One cannot vouch for the log alone, whatever the names. */
TEST(a_quorum_needs_two_operators)
{
	static const char *const bad[] = { "", W1 "A\n" W2 "A\n",
		W1 "A\n" W2 TRUST_THIS_MACHINE "\n",
		W1 TRUST_THIS_MACHINE "\n" W2 TRUST_THIS_MACHINE "\n",
		W1 TRUST_THIS_MACHINE "\n" };
	static const char *const who[] = { "(not stated)", "(A)", "(A)",
		"(this-machine)", "(not stated)" };
	struct err_ctx ctx;

	make();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		memset(&ctx, 0, sizeof(ctx));
		if (with(bad[i], policy, &ctx) != ERR_POLICY)
			fail_msg("accepted: %s", bad[i]);
		CHECK(strstr(ctx.msg, "meet the quorum") != NULL);
		CHECK(strstr(ctx.msg, who[i]) != NULL);
	}
	CHECK_OK(with(W1 "A\n", policy, NULL)); /* two: A, and not stated */
	CHECK_OK(with(W1 "A\n" W2 "B\n", policy, NULL));
}

/* The same of a policy in which one witness suffices, and of each window. */
TEST(no_witness_is_a_quorum_outside_of_one_machine)
{
	static char any[2 * sizeof(policy) + 64];
	char *quorum;

	make();
	(void)snprintf(
	    any, sizeof(any), "valid 1 2\n%svalid 2 3\n%s", policy, policy);
	CHECK_OK(with(W1 "A\n" W2 "B\n", any, NULL));
	quorum = strstr(strstr(any, "valid 2"), "quorum both");
	memcpy(quorum, "quorum w1  ", 11);
	CHECK_ERR(with(W1 "A\n" W2 "B\n", any, NULL), ERR_POLICY);
	quorum = strstr(policy, "group both all");
	memcpy(quorum, "group both any", 14);
	CHECK_ERR(with(W1 "A\n" W2 "B\n", policy, NULL), ERR_POLICY);
}

TEST(one_machine_may_have_witnesses_of_its_own)
{
	char *at;

	make();
	at = strstr(above, "release-key");
	memmove(at + 6, at, strlen(at) + 1);
	memcpy(at, "local\n", 6);
	CHECK_OK(with(W1 TRUST_THIS_MACHINE "\n" W2 TRUST_THIS_MACHINE "\n",
	    policy, NULL));
	CHECK(t.local);
	CHECK_OK(with("", policy, NULL));
}

/* A line of this word for the key of this seed; returns its length. */
static size_t put_key(char *out, size_t cap, const char *word, unsigned seed)
{
	uint8_t pub[ED25519_PUB_LEN], from[ED25519_SEED_LEN];
	struct wr w = wr_init(out, cap);

	memset(from, (int)seed, sizeof(from));
	crypto_ed25519_public(pub, from);
	wr_fmt(&w, "%s ", word);
	tlog_vkey_format(&w, fix_str("somebody"), TLOG_KEY_ED25519, pub);
	wr_str(&w, "\n");
	wr_u8(&w, 0);
	CHECK_OK(w.err);
	return w.len - 1;
}

static size_t put_rebuilder(char *out, size_t cap, unsigned seed)
{
	return put_key(out, cap, "rebuilder-key", seed);
}

/* */
TEST(rebuilders_have_keys_of_their_own)
{
	static char lines[4096];
	size_t len = 0, one;

	make();
	for (unsigned i = 0; i < TRUST_REBUILDERS_MAX; i++)
		len += put_rebuilder(lines + len, sizeof(lines) - len, i);
	(void)snprintf(
	    lines + len, sizeof(lines) - len, "%s", W1 "A\n" W2 "B\n");
	CHECK_OK(with(lines, policy, NULL));
	CHECK_EQ(t.rebuilder.n, TRUST_REBUILDERS_MAX);
	CHECK_EQ(t.rebuilder.need, 1);
	len += put_rebuilder(
	    lines + len, sizeof(lines) - len, TRUST_REBUILDERS_MAX);
	CHECK_ERR(with(lines, policy, NULL), ERR_LIMIT);

	one = put_rebuilder(lines, sizeof(lines), 1);
	(void)put_rebuilder(lines + one, sizeof(lines) - one, 1);
	CHECK_ERR(with(lines, policy, NULL), ERR_FORMAT);
	(void)put_rebuilder(lines, sizeof(lines), 0x10); /* release-1's */
	CHECK_ERR(with(lines, policy, NULL), ERR_FORMAT);
	(void)snprintf(lines, sizeof(lines), W1 "A\n" W2 "B\n");
	(void)put_rebuilder(
	    lines + strlen(lines), sizeof(lines) - strlen(lines), 1);
	CHECK_ERR(with(lines, policy, NULL), ERR_FORMAT); /* out of order */
	CHECK_ERR(with("rebuilder-key x\n" W1 "A\n" W2 "B\n", policy, NULL),
	    ERR_FORMAT);
}

static void check_two_uses(enum err e, const struct err_ctx *ctx)
{
	CHECK_ERR(e, ERR_FORMAT);
	CHECK(strstr(ctx->msg, "somebody is also one of the log") != NULL);
}

/* Of a log, a witness, another log, another witness. */
TEST(no_key_has_two_uses)
{
	static const char operators[] = W1 "A\n" W2 "B\n";
	static char lines[4096], any[2 * sizeof(policy) + 64];
	struct err_ctx ctx = { 0 };
	char *line;

	for (unsigned seed = 0x13; seed <= 0x16; seed++) {
		size_t n = put_rebuilder(lines, sizeof(lines), seed);

		make();
		(void)snprintf(lines + n, sizeof(lines) - n, "%s", operators);
		check_two_uses(with(lines, policy, &ctx), &ctx);
		line = strstr(above, "threshold");
		n = put_key(lines, sizeof(lines), "release-key", seed);
		(void)snprintf(lines + n, sizeof(lines) - n, "%s", line);
		(void)snprintf(
		    line, sizeof(above) - (size_t)(line - above), "%s", lines);
		check_two_uses(with(operators, policy, &ctx), &ctx);
	}
	make(); /* in the second window alone */
	(void)snprintf(
	    any, sizeof(any), "valid 1 2\n%svalid 2 3\n%s", policy, policy);
	line = strstr(any, "log " FIX_LOG2);
	memset(line, ' ', (size_t)(strchr(line, '\n') - line));
	(void)snprintf(lines + put_rebuilder(lines, sizeof(lines), 0x15), 256,
	    "%s", operators);
	check_two_uses(with(lines, any, &ctx), &ctx);
	CHECK_OK(with(operators, any, NULL));
}

/* ---- in a verdict ---------------------------------------------------------- */

static void judge_in(uint64_t from, uint64_t until)
{
	fix_init(&f);
	f.from = from;
	f.until = until;
	fix_trust(&f, f.tee.root.pub);
	(void)!fix_judge(&v, &f, fix_bundle(&f));
	fix_clear(&f);
}

/* [L-39] */
TEST(evidence_is_judged_by_the_policy_of_its_time)
{
	judge_in(FIX_NOW, FIX_NOW + FIX_DAY);
	CHECK(v.accepted);
	CHECK_EQ(v.checks.deadline_s, FIX_NOW + FIX_LIFE);
	judge_in(FIX_NOW - FIX_DAY, FIX_NOW);
	CHECK(!v.accepted);
	CHECK_EQ(v.failed, CHECK_IMAGE_LOGGED);
	CHECK_EQ(v.checks.reason.code, ERR_EXPIRED);
	CHECK(strstr(v.checks.reason.msg, "ended on") != NULL);
	judge_in(FIX_NOW + 1, FIX_NOW + FIX_DAY);
	CHECK(!v.accepted);
	CHECK_EQ(v.failed, CHECK_IMAGE_LOGGED);
	CHECK(strstr(v.checks.reason.msg, "begins on") != NULL);
}

/* */
TEST(a_verdict_ends_with_the_window)
{
	judge_in(0, FIX_NOW + 60);
	CHECK(v.accepted);
	CHECK_EQ(v.checks.deadline_s, FIX_NOW + 60);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_policy_is_believed_in_its_window_alone),
		cmocka_unit_test(empty_lines_belong_to_the_window_above),
		cmocka_unit_test(
		    without_a_valid_line_there_is_one_policy_for_ever),
		cmocka_unit_test(who_has_no_policy_is_told_why),
		cmocka_unit_test(windows_have_one_spelling),
		cmocka_unit_test(windows_ascend_and_do_not_overlap),
		cmocka_unit_test(each_window_has_a_whole_policy),
		cmocka_unit_test(every_truncation_of_windows_is_refused),
		cmocka_unit_test(
		    operators_are_known_by_the_name_of_the_witness_key),
		cmocka_unit_test(operator_lines_have_one_spelling),
		cmocka_unit_test(an_operator_has_one_spelling),
		cmocka_unit_test(operator_lines_are_limited),
		cmocka_unit_test(a_quorum_needs_two_operators),
		cmocka_unit_test(no_witness_is_a_quorum_outside_of_one_machine),
		cmocka_unit_test(one_machine_may_have_witnesses_of_its_own),
		cmocka_unit_test(rebuilders_have_keys_of_their_own),
		cmocka_unit_test(no_key_has_two_uses),
		cmocka_unit_test(evidence_is_judged_by_the_policy_of_its_time),
		cmocka_unit_test(a_verdict_ends_with_the_window),
	};

	return cmocka_run_group_tests(tests, fix_setup, fix_teardown);
}
