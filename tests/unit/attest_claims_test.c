/* Evidence judged by both tables at once, and what is told of it. */
#include "dcap_world.h"
#include "snp_world.h"

#include "attest/attest.h"
#include "attest/claims.h"
#include "json_hex.h"

static struct check_list list;
static char text[16384];

static void answers(bool answer[OBLIGATIONS_MAX])
{
	for (size_t i = 0; i < list.obligations.n; i++)
		answer[i] =
		    obligation_resolve(&list.obligations.item[i]) == ERR_OK;
}

static struct json written(const struct wr *w)
{
	struct json root;
	size_t len;

	CHECK_OK(wr_end(w, &len));
	CHECK_OK(json_parse(&root, (struct bytes){ w->p, len }, NULL));
	return root;
}

static void says(const struct json *o, const char *name, const char *want)
{
	struct json v = json_member(o, name);

	if (!json_is_str(&v, want))
		fail_msg("%s is %.*s, not %s", name, (int)v.text.len,
		    (const char *)v.text.p, want);
}

static void counts(const struct json *o, const char *name, uint64_t want)
{
	struct json v = json_member(o, name);
	uint64_t got;

	CHECK_OK(json_u64(&v, &got));
	CHECK_EQ(got, want);
}

/* ---- SEV-SNP ------------------------------------------------------------- */

static struct snp_world snp;
static struct snp_run snp_run;

static enum err snp_tables(void)
{
	snp_run = (struct snp_run){ .ev = snp_world_evidence(&snp),
		.roots = snp.roots,
		.policy = &snp.policy,
		.now_s = snp.now_s };
	return attest_snp(&list, &snp_run);
}

static enum err snp_conclude(bool *authentic)
{
	bool answer[OBLIGATIONS_MAX];

	answers(answer);
	return attest_snp_conclude(
	    &list, answer, list.obligations.n, authentic);
}

TEST(attest_snp_accepts_and_tells_what_the_report_says)
{
	struct wr w = wr_init(text, sizeof(text));
	struct json root, tcb;
	bool authentic = false;

	snp = snp_world(SNP_FAMILY_GENOA);
	CHECK_OK(snp_tables());
	CHECK_OK(snp_conclude(&authentic));
	CHECK(authentic);
	CHECK_EQ(list.n, SNP_CHECKS_AUTHENTIC + SNP_CHECKS_POLICY);
	attest_claims_snp(&w, &snp_run);
	root = written(&w);
	says(&root, "tee", "snp");
	counts(&root, "version", 3);
	says(&root, "policy", "0x30000");
	says(&root, "platform_info", "0x25");
	tcb = json_member(&root, "reported_tcb");
	says(&tcb, "raw_le_bytes", "0a00000000001754");
	counts(&tcb, "bootloader", 10);
	counts(&tcb, "snp", 23);
	counts(&tcb, "microcode", 84);
}

TEST(attest_snp_tells_what_only_turin_or_version_5_has)
{
	struct wr w = wr_init(text, sizeof(text));
	struct json root, tcb;

	snp = snp_world(SNP_FAMILY_TURIN);
	snp_world_put(&snp, SNP_AT_VERSION, 4, 5);
	snp_world_put(&snp, 0x1F8, 8, 0x5); /* LAUNCH_MIT_VECTOR */
	snp_world_put(&snp, 0x200, 8, 0x7); /* CURRENT_MIT_VECTOR */
	CHECK_OK(snp_tables());
	attest_claims_snp(&w, &snp_run);
	root = written(&w);
	tcb = json_member(&root, "launch_tcb");
	counts(&tcb, "fmc", 1);
	counts(&tcb, "snp", 4);
	says(&root, "launch_mit_vector", "0x5");
	says(&root, "current_mit_vector", "0x7");
}

TEST(attest_snp_tells_authentic_from_accepted)
{
	bool authentic = false;

	snp = snp_world(SNP_FAMILY_GENOA);
	snp.policy.n_chips = 0;
	CHECK_ERR(snp_tables(), ERR_POLICY);
	CHECK_ERR(snp_conclude(&authentic), ERR_POLICY);
	CHECK(authentic);
	/* One signature that nobody made: neither. */
	snp.policy.n_chips = 1;
	snp.bad_report_sig = true;
	CHECK_OK(snp_tables());
	CHECK_ERR(snp_conclude(&authentic), ERR_AUTH);
	CHECK(!authentic);
	/* Nor where the first table stops; the second is listed as not run. */
	snp.bad_report_sig = false;
	snp.now_s = 0;
	CHECK_ERR(snp_tables(), ERR_EXPIRED);
	CHECK_ERR(snp_conclude(&authentic), ERR_EXPIRED);
	CHECK(!authentic);
	CHECK_EQ(list.n, SNP_CHECKS_AUTHENTIC + SNP_CHECKS_POLICY);
	CHECK_EQ(list.line[list.n - 1].result, CHECK_NOT_RUN);
}

/* ---- TDX and SGX --------------------------------------------------------- */

static struct dcap_world intel;
static struct dcap_work work;
static struct attest_policy baseline;
static struct dcap_run dcap_run;

static enum err dcap_tables(enum dcap_tee tee, uint16_t version)
{
	pki_reset();
	intel.by_processor = false;
	dcap_world_init(&intel, version, tee, version == 5);
	intel.info.level[0].advisories.array = pki_str("[\"INTEL-SA-1\"]");
	intel.qe_id.level[0].advisories.array = pki_str("[\"INTEL-SA-2\"]");
	dcap_world_make(&intel);
	baseline = attest_policy_baseline();
	dcap_run = (struct dcap_run){ .ev = intel.ev,
		.work = &work,
		.tee = tee,
		.roots = intel.roots,
		.policy = &baseline,
		.now_s = PKI_NOW };
	return attest_dcap(&list, &dcap_run);
}

static void dcap_accepted(enum dcap_tee tee, size_t checks)
{
	bool answer[OBLIGATIONS_MAX], authentic = false;

	answers(answer);
	CHECK_OK(attest_dcap_conclude(
	    &list, tee, answer, list.obligations.n, &authentic));
	CHECK(authentic);
	CHECK_EQ(list.n, checks + DCAP_CHECKS_POLICY);
}

static void advisories_are_told(const struct json *root)
{
	struct json ids = json_member(root, "advisory_ids"), v;
	struct json_iter it = json_iter(&ids);

	CHECK(json_next(&it, NULL, &v) && json_is_str(&v, "INTEL-SA-1"));
	CHECK(json_next(&it, NULL, &v) && json_is_str(&v, "INTEL-SA-2"));
	CHECK(!json_next(&it, NULL, &v));
}

TEST(attest_tdx_accepts_and_tells_what_the_quote_says)
{
	struct wr w = wr_init(text, sizeof(text));
	struct json root, v;

	CHECK_OK(dcap_tables(DCAP_TEE_TDX, 5));
	dcap_accepted(DCAP_TEE_TDX, TDX_CHECKS_AUTHENTIC);
	attest_claims_dcap(&w, &dcap_run);
	root = written(&w);
	says(&root, "tee", "tdx");
	counts(&root, "version", 5);
	says(&root, "tcb_status", "UpToDate");
	says(&root, "tdx_tcb_level_status", "UpToDate");
	says(&root, "tdx_module_status", "UpToDate");
	counts(&root, "tcb_evaluation_data_number", 18);
	advisories_are_told(&root);
	v = json_member(&root, "body");
	says(&v, "type", "td");
	says(&v, "tee_tcb_svn2", "05010200000000000000000000000000");
	v = json_member(&root, "pck");
	says(&v, "fmspc", "90c06f000000");
	counts(&v, "pcesvn", 13);
}

TEST(attest_sgx_accepts_and_tells_what_the_quote_says)
{
	struct wr w = wr_init(text, sizeof(text));
	struct json root, v;

	CHECK_OK(dcap_tables(DCAP_TEE_SGX, 3));
	dcap_accepted(DCAP_TEE_SGX, SGX_CHECKS_AUTHENTIC);
	attest_claims_dcap(&w, &dcap_run);
	root = written(&w);
	says(&root, "tee", "sgx");
	says(&root, "sgx_tcb_level_status", "UpToDate");
	CHECK(!json_get(&root, "tdx_tcb_level_status", &v));
	advisories_are_told(&root);
	v = json_member(&root, "body");
	says(&v, "type", "enclave");
	v = json_member(&root, "qe_report");
	says(&v, "type", "enclave");
	counts(&v, "isvsvn", 6);
}

/* A list of answers for the other kind is of other checks. */
TEST(attest_dcap_concludes_for_its_own_kind_only)
{
	bool answer[OBLIGATIONS_MAX], authentic = true;

	CHECK_OK(dcap_tables(DCAP_TEE_TDX, 5));
	answers(answer);
	CHECK_ERR(attest_dcap_conclude(&list, DCAP_TEE_SGX, answer,
		      list.obligations.n, &authentic),
	    ERR_INTERNAL);
	CHECK(!authentic);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    attest_snp_accepts_and_tells_what_the_report_says),
		cmocka_unit_test(
		    attest_snp_tells_what_only_turin_or_version_5_has),
		cmocka_unit_test(attest_snp_tells_authentic_from_accepted),
		cmocka_unit_test(
		    attest_tdx_accepts_and_tells_what_the_quote_says),
		cmocka_unit_test(
		    attest_sgx_accepts_and_tells_what_the_quote_says),
		cmocka_unit_test(attest_dcap_concludes_for_its_own_kind_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
