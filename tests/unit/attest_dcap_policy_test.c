/* What a policy demands of authentic SGX and TDX evidence: each demand alone. */
#include "test.h"

#include "attest/dcap_verify.h"

#define NOW     1750400000 /* 2025-06-20 06:13:20 UTC */
#define SEPT_VE (1ULL << 28)
#define PKS     (1ULL << 30)
#define PERFMON (1ULL << 63)

static struct attest_policy policy;
static struct dcap_work work;
static struct dcap_run run;
static struct check_list list;
static struct tcb_level level;
static struct isv_level module_level, qe_level;

static struct tcb_advisories ids_of(const char *array)
{
	return (struct tcb_advisories){
		{ (const uint8_t *)array, strlen(array) }, 1
	};
}

/* Evidence that the policy accepts. */
static void init(enum dcap_tee tee)
{
	memset(&policy, 0, sizeof(policy));
	policy.name = "test";
	policy.any_hardware = true;
	policy.dcap.statuses = 1U << DCAP_UP_TO_DATE;
	policy.dcap.tdx_eval_min = 17;
	policy.dcap.sgx_eval_min = 15;
	policy.dcap.td_require = SEPT_VE;
	policy.dcap.td_allow = PKS;
	policy.dcap.xfam_allow = 0x602e7;
	policy.dcap.zero_config = true;
	policy.dcap.accept_tdx = tee == DCAP_TEE_TDX;
	policy.dcap.accept_sgx = tee == DCAP_TEE_SGX;

	memset(&work, 0, sizeof(work));
	work.tcb_info.issued = NOW;
	work.tcb_info.eval_number = tee == DCAP_TEE_TDX ? 17 : 15;
	work.qe_identity.eval_number = tee == DCAP_TEE_TDX ? 17 : 15;

	memset(&level, 0, sizeof(level));
	memset(&module_level, 0, sizeof(module_level));
	memset(&qe_level, 0, sizeof(qe_level));
	memset(&run, 0, sizeof(run));
	run.work = &work;
	run.tee = tee;
	run.policy = &policy;
	run.now_s = NOW;
	run.tcb.sgx_level = &level;
	run.tcb.qe_level = &qe_level;
	if (tee == DCAP_TEE_TDX) {
		run.tcb.tdx_level = &level;
		run.tcb.module_level = &module_level;
	}
	run.quote.td.tdattributes = SEPT_VE;
	run.quote.td.xfam = 0x602e7;
	run.quote.sgx.attributes[0] = 0x05;
	memset(run.pck.ppid, 0xa1, sizeof(run.pck.ppid));
}

static enum err judge(void)
{
	enum err e;

	check_list_init(&list);
	e = check_run(&list, dcap_checks_policy, DCAP_CHECKS_POLICY, &run);
	CHECK_EQ(e, list.reason.code);
	CHECK_EQ(list.n, DCAP_CHECKS_POLICY);
	CHECK_EQ(list.obligations.n, 0);
	return e;
}

static void check_passes(void)
{
	if (judge() != ERR_OK)
		fail_msg("%s", list.reason.msg);
	for (size_t i = 0; i < list.n; i++) {
		CHECK_EQ(list.line[i].result, CHECK_PASSED);
		CHECK(list.line[i].text[0] != '\0');
	}
}

static void check_refused(uint8_t id, const char *message)
{
	enum err e = judge();

	if (e != ERR_POLICY || list.line[list.failed].id != id ||
	    strstr(list.reason.msg, message) == NULL)
		fail_msg("%s: \"%s\", want \"%s\"",
		    check_name(list.line[list.failed].id), list.reason.msg,
		    message);
}

static void check_text(size_t line, const char *want)
{
	CHECK_STR(list.line[line].text, want);
}

TEST(the_table_has_its_three_checks_in_order)
{
	CHECK_EQ(dcap_checks_policy[0].id, CHECK_GUEST);
	CHECK_EQ(dcap_checks_policy[1].id, CHECK_TCB_STATUS);
	CHECK_EQ(dcap_checks_policy[2].id, CHECK_HARDWARE);
}

TEST(lines_say_what_was_found)
{
	init(DCAP_TEE_TDX);
	check_passes();
	check_text(0, "no debug, no migration; TDATTRIBUTES 0000000010000000, "
		      "XFAM 00000000000602e7");
	check_text(
	    1, "UpToDate as of 2025-06-20, evaluation 17, no advisories");
	check_text(2, "platform a1a1a1a1a1a1.., any is accepted");
	CHECK_EQ(list.deadline_s, UINT64_MAX);
	init(DCAP_TEE_SGX);
	check_passes();
	check_text(0, "no debug, initialised; ATTRIBUTES 0000000000000005");
	check_text(
	    1, "UpToDate as of 2025-06-20, evaluation 15, no advisories");
}

/* ---- GUEST ----------------------------------------------------------------- */

TEST(each_bit_of_tdattributes_is_judged)
{
	for (unsigned bit = 0; bit < 64; bit++) {
		uint64_t b = 1ULL << bit;

		init(DCAP_TEE_TDX);
		run.quote.td.tdattributes |= b;
		if (b == SEPT_VE || b == PKS)
			check_passes();
		else
			check_refused(CHECK_GUEST, "TDATTRIBUTES");
		/* A policy that allows all of them cannot allow these. */
		policy.dcap.td_allow = UINT64_MAX;
		if (bit == 0)
			check_refused(CHECK_GUEST, "have DEBUG");
		else if (bit < 8)
			check_refused(CHECK_GUEST, "bits 7 to 1 must be 0");
		else if (bit == 29)
			check_refused(CHECK_GUEST, "have MIGRATABLE");
		else
			check_passes();
	}
}

TEST(required_bits_of_tdattributes_are_all_there)
{
	init(DCAP_TEE_TDX);
	run.quote.td.tdattributes = 0;
	check_refused(CHECK_GUEST, "lack bits of 0000000010000000");
	policy.dcap.td_require = 0;
	check_passes();
	init(DCAP_TEE_TDX);
	policy.dcap.td_require = SEPT_VE | PERFMON;
	check_refused(CHECK_GUEST, "lack bits of 8000000010000000");
	run.quote.td.tdattributes = PERFMON;
	check_refused(CHECK_GUEST, "lack bits of 8000000010000000");
	run.quote.td.tdattributes = SEPT_VE | PERFMON;
	check_passes();
	run.quote.td.tdattributes |= 1ULL << 31;
	check_refused(CHECK_GUEST, "have bits 0000000080000000");
}

TEST(each_bit_of_xfam_is_judged)
{
	for (unsigned bit = 0; bit < 64; bit++) {
		uint64_t b = 1ULL << bit;

		init(DCAP_TEE_TDX);
		run.quote.td.xfam = 3 | b;
		if ((0x602e7 & b) != 0)
			check_passes();
		else
			check_refused(CHECK_GUEST, "XFAM has bits");
		run.quote.td.xfam = 0x602e7 & ~b;
		if (bit < 2)
			check_refused(CHECK_GUEST, "bits 0 and 1 must be 1");
		else
			check_passes();
	}
}

TEST(fields_that_the_host_chooses_are_zero)
{
	struct td_report *td = &run.quote.td;
	uint8_t *const field[] = { td->mrservicetd, td->mrconfigid, td->mrowner,
		td->mrownerconfig };
	static const char *const name[] = { "MRSERVICETD is ", "MRCONFIGID is ",
		"MROWNER is ", "MROWNERCONFIG is " };

	for (int i = 0; i < 4; i++) {
		for (int k = 0; k < TDX_MEASUREMENT_LEN; k++) {
			init(DCAP_TEE_TDX);
			field[i][k] = 0x80;
			check_refused(CHECK_GUEST, name[i]);
		}
		policy.dcap.allow_service_td = i != 0;
		policy.dcap.zero_config = i == 0;
		if (i == 0) /* each by its own rule, not by the other */
			check_refused(CHECK_GUEST, name[0]);
		else
			check_passes();
		policy.dcap.allow_service_td = i == 0;
		policy.dcap.zero_config = i != 0;
		if (i == 0)
			check_passes();
		else
			check_refused(CHECK_GUEST, name[i]);
	}
}

TEST(each_bit_of_an_enclaves_attributes_is_judged)
{
	for (unsigned bit = 0; bit < 64; bit++) {
		init(DCAP_TEE_SGX);
		run.quote.sgx.attributes[bit / 8] ^= (uint8_t)(1U << bit % 8);
		switch (bit) {
		case 0:
			check_refused(CHECK_GUEST, "lack INIT");
			break;
		case 1:
			check_refused(CHECK_GUEST, "have DEBUG");
			break;
		case 2:
			check_refused(CHECK_GUEST, "lack MODE64BIT");
			break;
		case 4:
		case 5:
			check_refused(CHECK_GUEST, "provisions or launches");
			break;
		case 6:
		case 7:
		case 10:
			check_passes();
			break;
		default:
			check_refused(CHECK_GUEST, "unknown bits");
		}
	}
	init(DCAP_TEE_SGX);
	memset(run.quote.sgx.attributes + 8, 0xff, 8); /* XFRM */
	check_passes();
}

/* The other report, which is not there, decides nothing. */
TEST(only_the_report_of_the_tee_is_judged)
{
	init(DCAP_TEE_SGX);
	run.quote.td.tdattributes = 1;
	check_passes();
	init(DCAP_TEE_TDX);
	run.quote.sgx.attributes[0] = 2;
	check_passes();
}

/* ---- TCB_STATUS ------------------------------------------------------------ */

TEST(a_policy_says_which_tee_it_accepts)
{
	init(DCAP_TEE_TDX);
	policy.dcap.accept_tdx = false;
	policy.dcap.accept_sgx = true;
	check_refused(CHECK_TCB_STATUS, "policy test does not accept TDX");
	init(DCAP_TEE_SGX);
	policy.dcap.accept_sgx = false;
	policy.dcap.accept_tdx = true;
	check_refused(CHECK_TCB_STATUS, "policy test does not accept SGX");
}

TEST(lists_have_at_least_the_evaluation_number)
{
	static const enum dcap_tee tee[] = { DCAP_TEE_TDX, DCAP_TEE_SGX };

	for (int i = 0; i < 2; i++) {
		uint32_t min = tee[i] == DCAP_TEE_TDX ? 17 : 15;
		char text[64];

		(void)snprintf(text, sizeof(text),
		    "is evaluation %u, policy test wants at least %u", min - 1,
		    min);
		init(tee[i]);
		work.tcb_info.eval_number = min + 1;
		check_passes();
		work.tcb_info.eval_number = min - 1;
		check_refused(CHECK_TCB_STATUS, text);
		check_refused(CHECK_TCB_STATUS, "TCB Info is");
		init(tee[i]);
		work.qe_identity.eval_number = min + 1;
		check_passes();
		work.qe_identity.eval_number = min - 1;
		check_refused(CHECK_TCB_STATUS, text);
		check_refused(CHECK_TCB_STATUS, "QE Identity is");
	}
}

TEST(a_status_is_accepted_by_its_own_bit)
{
	for (unsigned s = 0; s < DCAP_STATUSES; s++) {
		init(DCAP_TEE_TDX);
		run.tcb.status = (enum dcap_status)s;
		policy.dcap.statuses = 1U << s;
		if (s < DCAP_REVOKED)
			check_passes();
		else
			check_refused(CHECK_TCB_STATUS, "refuses it");
		policy.dcap.statuses = ~(1U << s);
		check_refused(
		    CHECK_TCB_STATUS, dcap_status_name((enum dcap_status)s));
	}
	init(DCAP_TEE_TDX);
	policy.dcap.statuses = UINT32_MAX;
	run.tcb.status = DCAP_REVOKED;
	check_refused(CHECK_TCB_STATUS, "Revoked as of 2025-06-20");
	run.tcb.status = DCAP_NOT_SUPPORTED;
	check_refused(CHECK_TCB_STATUS, "NotSupported as of 2025-06-20");
}

TEST(a_refused_status_says_what_it_is_made_of)
{
	init(DCAP_TEE_TDX);
	run.tcb.status = DCAP_OUT_OF_DATE_CONFIGURATION_NEEDED;
	run.tcb.platform_status = DCAP_CONFIGURATION_NEEDED;
	run.tcb.module_status = DCAP_OUT_OF_DATE;
	check_refused(CHECK_TCB_STATUS,
	    "OutOfDateConfigurationNeeded as of 2025-06-20 (platform "
	    "ConfigurationNeeded, module OutOfDate, QE UpToDate), policy test "
	    "refuses it");
}

static void hardening_needed(void)
{
	init(DCAP_TEE_TDX);
	run.tcb.status = DCAP_SW_HARDENING_NEEDED;
	policy.dcap.statuses = 1U << DCAP_SW_HARDENING_NEEDED;
	policy.dcap.n_advisories = 2;
	memcpy(policy.dcap.advisory[0], "INTEL-SA-00289", 15);
	memcpy(policy.dcap.advisory[1], "INTEL-SA-00615", 15);
	memcpy(policy.dcap.advisory[2], "INTEL-SA-00999", 15); /* not of it */
}

TEST(advisories_are_tolerated_by_name)
{
	hardening_needed();
	check_passes();
	check_text(1, "SWHardeningNeeded as of 2025-06-20, evaluation 17, no "
		      "advisories");
	level.advisories = ids_of("[\"INTEL-SA-00615\",\"INTEL-SA-00289\"]");
	check_passes();
	check_text(1, "SWHardeningNeeded as of 2025-06-20, evaluation 17, "
		      "advisories INTEL-SA-00615, INTEL-SA-00289");
	policy.dcap.n_advisories = 1;
	check_refused(CHECK_TCB_STATUS,
	    "SWHardeningNeeded with advisory INTEL-SA-00615, which policy test "
	    "does not tolerate");
}

TEST(an_unknown_advisory_is_refused_wherever_it_stands)
{
	static const char *const bad[] = { "[\"INTEL-SA-00289\",\"NEW\"]",
		"[\"INTEL-SA-00999\"]", "[\"INTEL-SA-0028\"]",
		"[\"INTEL-SA-002890\"]", "[\"intel-sa-00289\"]" };

	for (int i = 0; i < 5; i++) {
		struct tcb_advisories a = ids_of(bad[i]);

		hardening_needed();
		level.advisories = a;
		check_refused(CHECK_TCB_STATUS, "does not tolerate");
		hardening_needed();
		module_level.advisories = a;
		check_refused(CHECK_TCB_STATUS, "does not tolerate");
		hardening_needed();
		qe_level.advisories = a;
		check_refused(CHECK_TCB_STATUS, "does not tolerate");
	}
}

/* Intel says so of a platform that has every fix: the advisory asks for nothing
 * more of it. */
TEST(advisories_beside_up_to_date_are_shown)
{
	init(DCAP_TEE_TDX);
	level.advisories = ids_of("[\"INTEL-SA-01036\"]");
	check_passes();
	check_text(1, "UpToDate as of 2025-06-20, evaluation 17, advisories "
		      "INTEL-SA-01036");
}

TEST(many_advisories_do_not_overflow_the_line)
{
	static char text[32 * TCB_ADVISORIES_MAX];

	hardening_needed();
	policy.dcap.n_advisories = POLICY_ADVISORIES_MAX;
	for (int i = 0; i < TCB_ADVISORIES_MAX; i++) {
		char id[POLICY_ADVISORY_LEN];

		(void)snprintf(id, sizeof(id), "INTEL-SA-%05d", i);
		memcpy(policy.dcap.advisory[i], id, sizeof(id));
		(void)snprintf(text + strlen(text), 32, "%s\"%s\"",
		    i == 0 ? "[" : ",", id);
	}
	level.advisories = ids_of(text);
	check_passes();
	CHECK(strstr(list.line[1].text, "INTEL-SA-00002") != NULL);
	CHECK_EQ(strlen(list.line[1].text), ERR_MSG_LEN_MAX - 1);
}

/* ---- HARDWARE -------------------------------------------------------------- */

TEST(a_platform_that_may_grow_is_accepted_by_policy_only)
{
	init(DCAP_TEE_TDX);
	run.pck.dynamic = true;
	check_refused(CHECK_HARDWARE, "may be given further processors");
	policy.dcap.allow_dynamic = true;
	check_passes();
	init(DCAP_TEE_TDX);
	policy.dcap.allow_dynamic = true;
	check_passes();
}

TEST(a_platform_is_on_the_list_until_its_end)
{
	init(DCAP_TEE_TDX);
	policy.any_hardware = false;
	check_refused(CHECK_HARDWARE, "a1a1a1a1a1a1");
	policy.n_ppids = 1;
	memset(policy.ppid[0].ppid, 0xa1, POLICY_PPID_LEN);
	policy.ppid[0].not_after = NOW + 1;
	check_passes();
	check_text(
	    2, "platform a1a1a1a1a1a1.. is listed until 2025-06-20 06:13 UTC");
	CHECK_EQ(list.deadline_s, NOW + 1);
	policy.ppid[0].not_after = NOW;
	CHECK_ERR(judge(), ERR_EXPIRED);
	CHECK_EQ(list.line[list.failed].id, CHECK_HARDWARE);
	policy.ppid[0].not_after = NOW + 1;
	policy.ppid[0].ppid[15] ^= 1;
	check_refused(CHECK_HARDWARE, "a1a1a1a1a1a1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_has_its_three_checks_in_order),
		cmocka_unit_test(lines_say_what_was_found),
		cmocka_unit_test(each_bit_of_tdattributes_is_judged),
		cmocka_unit_test(required_bits_of_tdattributes_are_all_there),
		cmocka_unit_test(each_bit_of_xfam_is_judged),
		cmocka_unit_test(fields_that_the_host_chooses_are_zero),
		cmocka_unit_test(each_bit_of_an_enclaves_attributes_is_judged),
		cmocka_unit_test(only_the_report_of_the_tee_is_judged),
		cmocka_unit_test(a_policy_says_which_tee_it_accepts),
		cmocka_unit_test(lists_have_at_least_the_evaluation_number),
		cmocka_unit_test(a_status_is_accepted_by_its_own_bit),
		cmocka_unit_test(a_refused_status_says_what_it_is_made_of),
		cmocka_unit_test(advisories_are_tolerated_by_name),
		cmocka_unit_test(
		    an_unknown_advisory_is_refused_wherever_it_stands),
		cmocka_unit_test(advisories_beside_up_to_date_are_shown),
		cmocka_unit_test(many_advisories_do_not_overflow_the_line),
		cmocka_unit_test(
		    a_platform_that_may_grow_is_accepted_by_policy_only),
		cmocka_unit_test(a_platform_is_on_the_list_until_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
