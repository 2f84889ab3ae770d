/*
 * A rebuild statement in evidence: what a good one says, and for each thing that
 * may be wrong with it the refusal.
 */
#include "evidence_fixture.h"

static struct fix f;
static struct verdict v;

static const struct check_line *line_of(unsigned id)
{
	for (size_t i = 0; i < v.checks.n; i++)
		if (v.checks.line[i].id == id)
			return &v.checks.line[i];
	return NULL;
}

static void begin(void)
{
	fix_init(&f);
	f.rebuild = true;
}

static void check_accepted(void)
{
	uint8_t ids[CHECKS_MAX];

	if (fix_judge(&v, &f, fix_bundle(&f)) != ERR_OK)
		fail_msg("%s: %s", evidence_check_name(v.failed),
		    v.checks.reason.msg);
	CHECK(v.accepted);
	CHECK_EQ(v.checks.n, evidence_required(ids, TEE_SIM, f.rebuild));
	for (size_t i = 0; i < v.checks.n; i++)
		CHECK_EQ(v.checks.line[i].id, ids[i]);
}

static void check_refused(enum err want, const char *why)
{
	enum err e = fix_judge(&v, &f, fix_bundle(&f));

	if (e != want || v.failed != CHECK_REBUILD ||
	    strstr(v.checks.reason.msg, why) == NULL)
		fail_msg("%s (%s): %s", evidence_check_name(v.failed),
		    err_name(e), v.checks.reason.msg);
	CHECK(!v.accepted);
	CHECK_EQ(line_of(CHECK_REBUILD)->result, CHECK_FAILED);
	CHECK_EQ(line_of(CHECK_MODEL_ALLOWED)->result, CHECK_PASSED);
	CHECK_EQ(line_of(CHECK_MEASUREMENT)->result, CHECK_NOT_RUN);
}

TEST(a_known_rebuilder_is_named)
{
	begin();
	check_accepted();
	CHECK_STR(v.claims.rebuilder, FIX_REBUILDER);
	CHECK_EQ(line_of(CHECK_REBUILD)->result, CHECK_PASSED);
	CHECK_STR(line_of(CHECK_REBUILD)->text,
	    "identically by " FIX_REBUILDER ", entry 6 of 8");
	fix_clear(&f);
}

TEST(without_a_statement_there_is_no_such_check)
{
	begin();
	f.rebuild = false;
	check_accepted();
	CHECK_STR(v.claims.rebuilder, "");
	CHECK(line_of(CHECK_REBUILD) == NULL);
	fix_clear(&f);
}

TEST(the_word_of_an_unknown_rebuilder_is_no_claim_and_no_harm)
{
	begin();
	f.rebuild_seed = 0;          /* another key under the same name */
	f.cosigned[FIX_REBUILD] = 0; /* and nothing of it is looked at */
	check_accepted();
	CHECK_STR(v.claims.rebuilder, "");
	CHECK_STR(line_of(CHECK_REBUILD)->text,
	    "statement not by a rebuilder that this client knows");
	fix_clear(&f);
}

/* Lay out the sections again without one of the two. */
static struct bytes without(enum evidence_section section)
{
	static uint8_t buf[EVIDENCE_LEN_MAX];
	struct wr w = wr_init(buf, sizeof(buf));
	struct evidence ev;

	CHECK_OK(evidence_parse(&ev, fix_bundle(&f), NULL));
	ev.section[section].len = 0;
	CHECK_OK(evidence_build(&w, &ev));
	return (struct bytes){ buf, w.len };
}

TEST(record_and_proof_come_together)
{
	begin();
	CHECK_ERR(
	    fix_judge(&v, &f, without(EVIDENCE_REBUILD_RECORD)), ERR_FORMAT);
	CHECK_EQ(v.failed, CHECK_REBUILD);
	CHECK_ERR(
	    fix_judge(&v, &f, without(EVIDENCE_REBUILD_PROOF)), ERR_FORMAT);
	CHECK_EQ(v.failed, CHECK_REBUILD);
	CHECK(strstr(v.checks.reason.msg, "come together") != NULL);
	fix_clear(&f);
}

TEST(a_statement_is_about_this_release)
{
	begin();
	(void)fix_bundle(&f);
	f.keep_rebuild = true;
	f.rec[FIX_REBUILD].rebuild.release.b[0] ^= 1;
	check_refused(ERR_POLICY, "about another release");
	f.rec[FIX_REBUILD].rebuild.release.b[0] ^= 1;
	check_accepted();
	fix_clear(&f);
}

TEST(a_rebuild_that_differs_is_refused)
{
	begin();
	(void)fix_bundle(&f);
	f.keep_rebuild = true;
	f.rec[FIX_REBUILD].rebuild.result.b[31] ^= 1;
	check_refused(ERR_POLICY, "got something else");
	f.rec[FIX_REBUILD].rebuild.result.b[31] ^= 1;
	check_accepted();
	fix_clear(&f);
}

/* A release without a line of a build: nothing to be identical with. */
TEST(nothing_cannot_be_rebuilt)
{
	begin();
	(void)fix_bundle(&f);
	f.rec[FIX_IMAGE].image.files.n = 0;
	tlog_leaf_hash(&f.rec[FIX_REBUILD].rebuild.release,
	    fix_sign_record(&f, FIX_IMAGE));
	f.keep_rebuild = true;
	check_refused(ERR_UNSUPPORTED, "no line that a rebuild could give");
	fix_clear(&f);
}

TEST(a_statement_is_of_its_kind_product_and_channel)
{
	begin();
	f.rec[FIX_REBUILD].channel = fix_str("stable");
	check_refused(ERR_POLICY, "another product or channel");
	f.rec[FIX_REBUILD].channel = fix_str("local");
	f.rec[FIX_REBUILD].product = fix_str("other");
	check_refused(ERR_POLICY, "another product or channel");
	f.keep_rebuild = true;
	f.rec[FIX_REBUILD] = f.rec[FIX_MODEL];
	check_refused(ERR_POLICY, "record of kind model");
	fix_clear(&f);
}

TEST(a_statement_stands_in_the_same_log_fresh_and_cosigned)
{
	begin();
	f.index[FIX_REBUILD]--;
	check_refused(ERR_AUTH, "");
	f.index[FIX_REBUILD]++;
	f.cosigned[FIX_REBUILD] = 0;
	check_refused(ERR_POLICY, "");
	f.cosigned[FIX_REBUILD] = FIX_NOW - TLOG_FRESH_S - 1;
	check_refused(ERR_EXPIRED, "");
	f.cosigned[FIX_REBUILD] = FIX_NOW - 3600;
	f.forked[FIX_REBUILD] = true;
	check_refused(ERR_AUTH, "two different trees");
	f.forked[FIX_REBUILD] = false;
	f.elsewhere[FIX_REBUILD] = true;
	check_refused(ERR_POLICY, "another log");
	f.elsewhere[FIX_REBUILD] = false;
	check_accepted();
	fix_clear(&f);
}

TEST(a_statement_is_in_time_and_ends_the_verdict)
{
	begin();
	f.rec[FIX_REBUILD].not_after = FIX_NOW;
	check_refused(ERR_EXPIRED, "valid until");
	f.rec[FIX_REBUILD].not_after = FIX_NOW + 7;
	check_accepted();
	CHECK_EQ(v.checks.deadline_s, FIX_NOW + 7);
	f.rec[FIX_REBUILD].not_after = FIX_NOW + 9 * FIX_DAY;
	f.rec[FIX_REBUILD].not_before = FIX_NOW + RECORD_SKEW_S + 1;
	check_refused(ERR_EXPIRED, "valid from");
	fix_clear(&f);
}

TEST(the_policy_ends_a_statement_too)
{
	struct record_policy *p = &f.rec[FIX_POLICY].policy;

	begin();
	(void)fix_bundle(&f);
	p->n_revoked = 1;
	tlog_leaf_hash(&p->revoked[0], fix_sign_record(&f, FIX_REBUILD));
	check_refused(ERR_POLICY, "revoked");
	fix_clear(&f);
}

TEST(a_signature_of_a_known_rebuilder_has_to_verify)
{
	struct bytes bundle;
	struct evidence ev;
	uint8_t *line;

	begin();
	bundle = fix_bundle(&f);
	CHECK_OK(evidence_parse(&ev, bundle, NULL));
	/* a character of the signature's base64, not of its key id */
	line = fix_buf + (ev.section[EVIDENCE_REBUILD_RECORD].p - fix_buf) +
	       ev.section[EVIDENCE_REBUILD_RECORD].len - 20;
	*line = *line == 'A' ? 'B' : 'A';
	CHECK_ERR(fix_judge(&v, &f, bundle), ERR_AUTH);
	CHECK_EQ(v.failed, CHECK_REBUILD);
	fix_clear(&f);
}

TEST(what_is_no_note_is_refused)
{
	static const uint8_t garbage[] = "garbage\n";
	static uint8_t buf[EVIDENCE_LEN_MAX];
	struct wr w = wr_init(buf, sizeof(buf));
	struct evidence ev;

	begin();
	CHECK_OK(evidence_parse(&ev, fix_bundle(&f), NULL));
	ev.section[EVIDENCE_REBUILD_RECORD] =
	    (struct bytes){ garbage, sizeof(garbage) - 1 };
	CHECK_OK(evidence_build(&w, &ev));
	CHECK_ERR(fix_judge(&v, &f, (struct bytes){ buf, w.len }), ERR_FORMAT);
	CHECK_EQ(v.failed, CHECK_REBUILD);
	fix_clear(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_known_rebuilder_is_named),
		cmocka_unit_test(without_a_statement_there_is_no_such_check),
		cmocka_unit_test(
		    the_word_of_an_unknown_rebuilder_is_no_claim_and_no_harm),
		cmocka_unit_test(record_and_proof_come_together),
		cmocka_unit_test(a_statement_is_about_this_release),
		cmocka_unit_test(a_rebuild_that_differs_is_refused),
		cmocka_unit_test(nothing_cannot_be_rebuilt),
		cmocka_unit_test(
		    a_statement_is_of_its_kind_product_and_channel),
		cmocka_unit_test(
		    a_statement_stands_in_the_same_log_fresh_and_cosigned),
		cmocka_unit_test(a_statement_is_in_time_and_ends_the_verdict),
		cmocka_unit_test(the_policy_ends_a_statement_too),
		cmocka_unit_test(
		    a_signature_of_a_known_rebuilder_has_to_verify),
		cmocka_unit_test(what_is_no_note_is_refused),
	};

	return cmocka_run_group_tests(tests, fix_setup, fix_teardown);
}
