/* The account of a verdict: tables of checks, and what it takes to accept. */
#include "test.h"

#include "attest/check.h"

/* What the checks below do, and what they saw. */
struct run {
	unsigned called;
	enum err answer;
};

static enum err pass(void *run, struct check_list *list)
{
	((struct run *)run)->called++;
	check_say(list, "%u passed", ((struct run *)run)->called);
	return ERR_OK;
}

static enum err oblige_one(struct check_list *list, const char *what)
{
	struct obligation *o = obligation_add(&list->obligations);

	CHECK(o != NULL);
	o->what = what;
	return ERR_OK;
}

static enum err one_signature(void *run, struct check_list *list)
{
	(void)pass(run, list);
	return oblige_one(list, "leaf");
}

static enum err two_signatures(void *run, struct check_list *list)
{
	(void)pass(run, list);
	(void)oblige_one(list, "chain a");
	return oblige_one(list, "chain b");
}

/* Fails with a reason of its own, after saying something. */
static enum err refuse(void *run, struct check_list *list)
{
	(void)pass(run, list);
	check_deadline(list, 50);
	return err_set(&list->reason, ((struct run *)run)->answer, "field 7");
}

/* Fails without saying why. */
static enum err refuse_silently(void *run, struct check_list *list)
{
	(void)pass(run, list);
	return ERR_EXPIRED;
}

/* Notes a failure and claims success. */
static enum err forget(void *run, struct check_list *list)
{
	(void)pass(run, list);
	(void)err_set(&list->reason, ERR_FORMAT, "noted");
	return ERR_OK;
}

static enum err short_lived(void *run, struct check_list *list)
{
	(void)pass(run, list);
	check_deadline(list, 100);
	check_deadline(list, 200);
	check_deadline(list, 99);
	check_deadline(list, 99);
	check_deadline(list, 100);
	return ERR_OK;
}

static const struct check_def good[] = {
	{ CHECK_REPORT, pass },
	{ CHECK_CHAIN, two_signatures },
	{ CHECK_TCB, short_lived },
	{ CHECK_REPORT_SIG, one_signature },
};
#define GOOD_N 4
static const uint8_t good_ids[GOOD_N] = { CHECK_REPORT, CHECK_CHAIN, CHECK_TCB,
	CHECK_REPORT_SIG };
static const bool yes[OBLIGATIONS_MAX] = { true, true, true, true };

static void start(struct check_list *list, struct run *run)
{
	memset(list, 0xff, sizeof(*list));
	check_list_init(list);
	*run = (struct run){ .answer = ERR_POLICY };
	CHECK_OK(check_run(list, good, GOOD_N, run));
}

/* A refusal leaves no time, and says which code. */
static void check_stopped(const struct check_list *list, enum err e)
{
	CHECK_EQ(list->reason.code, e);
	CHECK(list->reason.msg[0] != '\0');
	CHECK_EQ(list->deadline_s, 0);
}

/* Once it is concluded no signatures are left either. */
static void check_refused(const struct check_list *list, enum err e)
{
	check_stopped(list, e);
	CHECK_EQ(list->obligations.n, 0);
}

TEST(check_init_is_an_empty_account_without_end)
{
	struct check_list list;

	memset(&list, 0xff, sizeof(list));
	check_list_init(&list);
	CHECK_EQ(list.n, 0);
	CHECK_EQ(list.obligations.n, 0);
	CHECK_EQ(list.reason.code, ERR_OK);
	CHECK(list.deadline_s == UINT64_MAX);
}

TEST(check_run_writes_a_line_for_each_check)
{
	struct check_list list;
	struct run run;

	start(&list, &run);
	CHECK_EQ(run.called, GOOD_N);
	CHECK_EQ(list.n, GOOD_N);
	for (size_t i = 0; i < GOOD_N; i++)
		CHECK_EQ(list.line[i].id, good_ids[i]);
	CHECK_STR(list.line[0].text, "1 passed");
	CHECK_STR(list.line[3].text, "4 passed");
	CHECK_EQ(list.line[0].result, CHECK_PASSED);
	CHECK_EQ(list.line[1].result, CHECK_WAITING);
	CHECK_EQ(list.line[2].result, CHECK_PASSED);
	CHECK_EQ(list.line[3].result, CHECK_WAITING);
	CHECK_EQ(list.deadline_s, 99);
}

TEST(check_run_ties_each_obligation_to_its_line)
{
	struct check_list list;
	struct run run;

	start(&list, &run);
	CHECK_EQ(list.obligations.n, 3);
	CHECK_EQ(list.obligation_line[0], 1);
	CHECK_EQ(list.obligation_line[1], 1);
	CHECK_EQ(list.obligation_line[2], 3);
}

TEST(check_run_stops_at_the_first_failure)
{
	static const struct check_def def[] = { { CHECK_REPORT, one_signature },
		{ CHECK_ROOT, refuse }, { CHECK_TCB, pass },
		{ CHECK_CHIP, refuse_silently } };
	struct run run = { .answer = ERR_AUTH };
	struct check_list list;

	check_list_init(&list);
	CHECK_ERR(check_run(&list, def, 4, &run), ERR_AUTH);
	CHECK_EQ(run.called, 2);
	CHECK_EQ(list.n, 4);
	CHECK_EQ(list.line[0].result, CHECK_WAITING);
	CHECK_EQ(list.line[1].result, CHECK_FAILED);
	CHECK_STR(list.line[1].text, "field 7");
	CHECK_EQ(list.failed, 1);
	CHECK_EQ(list.line[2].result, CHECK_NOT_RUN);
	CHECK_STR(list.line[2].text, "");
	CHECK_EQ(list.line[3].id, CHECK_CHIP);
	CHECK_EQ(list.line[3].result, CHECK_NOT_RUN);
	check_stopped(&list, ERR_AUTH);
	/* A further table is listed, not run. */
	CHECK_ERR(check_run(&list, good, GOOD_N, &run), ERR_AUTH);
	CHECK_EQ(run.called, 2);
	CHECK_EQ(list.n, 4 + GOOD_N);
	CHECK_EQ(list.line[4].id, CHECK_REPORT);
	CHECK_EQ(list.line[4].result, CHECK_NOT_RUN);
	CHECK_EQ(list.failed, 1);
}

TEST(check_run_names_the_error_where_the_check_did_not)
{
	static const struct check_def def[] = { { CHECK_CHIP,
	    refuse_silently } };
	struct run run = { 0 };
	struct check_list list;

	check_list_init(&list);
	CHECK_ERR(check_run(&list, def, 1, &run), ERR_EXPIRED);
	CHECK_STR(list.line[0].text, "expired");
	check_refused(&list, ERR_EXPIRED);
}

TEST(check_run_believes_a_noted_failure_over_a_returned_success)
{
	static const struct check_def def[] = { { CHECK_CHIP, forget },
		{ CHECK_TCB, pass } };
	static const uint8_t ids[] = { CHECK_CHIP, CHECK_TCB };
	struct run run = { 0 };
	struct check_list list;

	check_list_init(&list);
	CHECK_ERR(check_run(&list, def, 2, &run), ERR_FORMAT);
	CHECK_EQ(list.line[1].result, CHECK_NOT_RUN);
	CHECK_ERR(check_conclude(&list, yes, 0, ids, 2), ERR_FORMAT);
	check_refused(&list, ERR_FORMAT);
}

TEST(check_conclude_accepts_the_whole_list_with_every_answer_yes)
{
	struct check_list list;
	struct run run;

	start(&list, &run);
	CHECK_OK(check_conclude(&list, yes, 3, good_ids, GOOD_N));
	CHECK_EQ(list.reason.code, ERR_OK);
	CHECK_EQ(list.deadline_s, 99);
	for (size_t i = 0; i < GOOD_N; i++)
		CHECK_EQ(list.line[i].result, CHECK_PASSED);
}

TEST(check_conclude_refuses_each_no)
{
	static const char *const why[] = {
		"chain a: the signature does not verify",
		"chain b: the signature does not verify",
		"leaf: the signature does not verify",
	};
	static const size_t line[] = { 1, 1, 3 };
	struct check_list list;
	struct run run;

	for (size_t no = 0; no < 3; no++) {
		bool answer[3] = { true, true, true };

		answer[no] = false;
		start(&list, &run);
		CHECK_ERR(check_conclude(&list, answer, 3, good_ids, GOOD_N),
		    ERR_AUTH);
		check_refused(&list, ERR_AUTH);
		CHECK_STR(list.reason.msg, why[no]);
		CHECK_EQ(list.failed, line[no]);
		CHECK_EQ(list.line[line[no]].result, CHECK_FAILED);
		CHECK_STR(list.line[line[no]].text, why[no]);
	}
}

TEST(check_conclude_names_the_first_no_of_several)
{
	static const bool answer[3] = { true, false, false };
	struct check_list list;
	struct run run;

	start(&list, &run);
	CHECK_ERR(check_conclude(&list, answer, 3, good_ids, GOOD_N), ERR_AUTH);
	CHECK_EQ(list.failed, 1);
	CHECK_EQ(list.line[3].result, CHECK_WAITING);
	/* No second question about it: it stays refused. */
	CHECK_ERR(check_conclude(&list, yes, 3, good_ids, GOOD_N), ERR_AUTH);
	CHECK_ERR(check_conclude(&list, yes, 0, good_ids, GOOD_N), ERR_AUTH);
}

TEST(check_conclude_refuses_another_number_of_answers)
{
	static const size_t n[] = { 0, 1, 2, 4, OBLIGATIONS_MAX };
	struct check_list list;
	struct run run;

	for (size_t i = 0; i < sizeof(n) / sizeof(n[0]); i++) {
		start(&list, &run);
		CHECK_ERR(check_conclude(&list, yes, n[i], good_ids, GOOD_N),
		    ERR_INTERNAL);
		check_refused(&list, ERR_INTERNAL);
	}
}

TEST(check_conclude_refuses_a_list_without_signatures)
{
	static const struct check_def def[] = { { CHECK_REPORT, pass } };
	struct run run = { 0 };
	struct check_list list;

	check_list_init(&list);
	CHECK_OK(check_run(&list, def, 1, &run));
	CHECK_ERR(check_conclude(&list, yes, 0, good_ids, 1), ERR_INTERNAL);
	check_refused(&list, ERR_INTERNAL);
}

TEST(check_conclude_refuses_another_list_than_the_required_one)
{
	static const uint8_t longer[] = { CHECK_REPORT, CHECK_CHAIN, CHECK_TCB,
		CHECK_REPORT_SIG, CHECK_GUEST };
	static const uint8_t swapped[] = { CHECK_REPORT, CHECK_TCB, CHECK_CHAIN,
		CHECK_REPORT_SIG };
	static const uint8_t other[] = { CHECK_REPORT, CHECK_CHAIN, CHECK_TCB,
		CHECK_GUEST };
	static const struct {
		const uint8_t *ids;
		size_t n;
	} bad[] = { { longer, 5 }, { good_ids, GOOD_N - 1 }, { good_ids, 0 },
		{ swapped, GOOD_N }, { other, GOOD_N } };
	struct check_list list;
	struct run run;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		start(&list, &run);
		CHECK_ERR(check_conclude(&list, yes, 3, bad[i].ids, bad[i].n),
		    ERR_INTERNAL);
		check_refused(&list, ERR_INTERNAL);
	}
	CHECK_EQ(list.failed, 3);
	CHECK_STR(list.reason.msg, "check 4 of 4 was not concluded");
}

TEST(check_conclude_refuses_a_list_with_nothing_on_it)
{
	struct check_list list;

	check_list_init(&list);
	CHECK_ERR(check_conclude(&list, NULL, 0, NULL, 0), ERR_INTERNAL);
	check_list_init(&list);
	(void)oblige_one(&list, "alone");
	CHECK_ERR(check_conclude(&list, yes, 1, NULL, 0), ERR_INTERNAL);
	CHECK_STR(list.reason.msg, "0 checks ran, 0 are required");
}

TEST(check_conclude_refuses_a_line_that_did_not_pass)
{
	struct check_list list;
	struct run run;

	start(&list, &run);
	list.line[2].result = CHECK_NOT_RUN;
	CHECK_ERR(
	    check_conclude(&list, yes, 3, good_ids, GOOD_N), ERR_INTERNAL);
	check_refused(&list, ERR_INTERNAL);
	CHECK_EQ(list.failed, 2);
}

TEST(check_conclude_keeps_the_reason_of_an_earlier_failure)
{
	static const struct check_def def[] = { { CHECK_ROOT, refuse } };
	static const uint8_t ids[] = { CHECK_ROOT };
	struct run run = { .answer = ERR_POLICY };
	struct check_list list;

	check_list_init(&list);
	CHECK_ERR(check_run(&list, def, 1, &run), ERR_POLICY);
	CHECK_ERR(check_conclude(&list, yes, 0, ids, 1), ERR_POLICY);
	CHECK_STR(list.reason.msg, "field 7");
	check_refused(&list, ERR_POLICY);
}

/* What a later check read was never authentic, so the signature is the reason. */
TEST(check_conclude_blames_the_signature_before_what_it_covers)
{
	static const struct check_def def[] = { { CHECK_REPORT, one_signature },
		{ CHECK_ROOT, refuse } };
	static const uint8_t ids[] = { CHECK_REPORT, CHECK_ROOT };
	static const bool no[] = { false };
	struct run run = { .answer = ERR_POLICY };
	struct check_list list;

	check_list_init(&list);
	CHECK_ERR(check_run(&list, def, 2, &run), ERR_POLICY);
	CHECK_ERR(check_conclude(&list, no, 1, ids, 2), ERR_AUTH);
	CHECK_EQ(list.failed, 0);
	CHECK_EQ(list.line[0].result, CHECK_FAILED);
	check_refused(&list, ERR_AUTH);
	check_list_init(&list);
	CHECK_ERR(check_run(&list, def, 2, &run), ERR_POLICY);
	CHECK_ERR(check_conclude(&list, yes, 1, ids, 2), ERR_POLICY);
	CHECK_EQ(list.failed, 1);
	CHECK_EQ(list.line[0].result, CHECK_PASSED);
	check_refused(&list, ERR_POLICY);
}

static enum err sign_and_refuse(void *p, struct check_list *list)
{
	(void)p;
	(void)oblige_one(list, "never asked");
	return err_set(&list->reason, ERR_FORMAT, "field 8");
}

/* A check that fails takes the signatures it had demanded with it. */
TEST(check_run_drops_the_signatures_of_a_check_that_failed)
{
	static const struct check_def def[] = { { CHECK_REPORT, one_signature },
		{ CHECK_ROOT, sign_and_refuse } };
	struct run run = { 0 };
	struct check_list list;

	check_list_init(&list);
	CHECK_ERR(check_run(&list, def, 2, &run), ERR_FORMAT);
	CHECK_EQ(list.obligations.n, 1);
}

TEST(check_takes_as_many_lines_as_there_is_room_for)
{
	struct run run = { 0 };
	struct check_list list;

	check_list_init(&list);
	for (size_t i = 0; i < CHECKS_MAX; i++)
		CHECK_OK(check_run(&list, good, 1, &run));
	CHECK_EQ(list.n, CHECKS_MAX);
	CHECK_EQ(run.called, CHECKS_MAX);
}

TEST(check_has_a_name_for_each_check_of_the_hardware)
{
	for (uint8_t id = 0; id < CHECK_HARDWARE_END; id++)
		CHECK(check_name(id)[0] != '\0');
	CHECK_STR(check_name(CHECK_REPORT), "report format");
	CHECK_STR(check_name(CHECK_HARDWARE), "hardware list");
	CHECK_STR(check_name(CHECK_HARDWARE_END), "");
	CHECK_STR(check_name(255), "");
}

TEST(check_short_hex_shows_six_bytes)
{
	static const uint8_t b[] = { 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd };
	char text[SHORT_HEX_LEN];

	CHECK_STR(check_short_hex(text, b), "0123456789ab");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(check_init_is_an_empty_account_without_end),
		cmocka_unit_test(check_run_writes_a_line_for_each_check),
		cmocka_unit_test(check_run_ties_each_obligation_to_its_line),
		cmocka_unit_test(check_run_stops_at_the_first_failure),
		cmocka_unit_test(
		    check_run_names_the_error_where_the_check_did_not),
		cmocka_unit_test(
		    check_run_believes_a_noted_failure_over_a_returned_success),
		cmocka_unit_test(
		    check_conclude_accepts_the_whole_list_with_every_answer_yes),
		cmocka_unit_test(check_conclude_refuses_each_no),
		cmocka_unit_test(check_conclude_names_the_first_no_of_several),
		cmocka_unit_test(
		    check_conclude_refuses_another_number_of_answers),
		cmocka_unit_test(
		    check_conclude_refuses_a_list_without_signatures),
		cmocka_unit_test(
		    check_conclude_refuses_another_list_than_the_required_one),
		cmocka_unit_test(
		    check_conclude_refuses_a_list_with_nothing_on_it),
		cmocka_unit_test(
		    check_conclude_refuses_a_line_that_did_not_pass),
		cmocka_unit_test(
		    check_conclude_keeps_the_reason_of_an_earlier_failure),
		cmocka_unit_test(
		    check_conclude_blames_the_signature_before_what_it_covers),
		cmocka_unit_test(
		    check_run_drops_the_signatures_of_a_check_that_failed),
		cmocka_unit_test(
		    check_takes_as_many_lines_as_there_is_room_for),
		cmocka_unit_test(
		    check_has_a_name_for_each_check_of_the_hardware),
		cmocka_unit_test(check_short_hex_shows_six_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
