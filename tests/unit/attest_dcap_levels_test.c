/* The TCB evaluation of real platforms agrees with the manifest. */
#include "dcap_vectors.h"
#include "tcb_ids.h"

struct real {
	struct bytes quote_text, info_text, qe_text;
	struct dcap_quote quote;
	struct dcap_pck pck;
	struct tcb_info info;
	struct qe_identity qe_id;
	struct dcap_tcb tcb;
};

static struct real real;

static void parse_pck(struct real *r)
{
	uint8_t der[DCAP_CERT_LEN_MAX];
	struct bytes pem = r->quote.pck_pem;
	struct x509_cert cert;
	size_t len;

	CHECK_OK(x509_pem_next(&pem, der, sizeof(der), &len, "PCK", NULL));
	CHECK_OK(
	    x509_cert_parse(&cert, (struct bytes){ der, len }, "PCK", NULL));
	CHECK_OK(dcap_pck_parse(&r->pck, &cert, NULL));
}

static void real_open(struct real *r, const struct manifest *m,
    const struct json *item, const struct json *expect)
{
	struct json fields = json_member(item, "fields");
	struct json trailing = json_member(&fields, "trailing_bytes");
	char id[64];
	struct json docs =
	    manifest_find(m, item_text(expect, "collateral", id));
	uint64_t n;

	r->quote_text = manifest_file(item, "quote");
	r->info_text = manifest_file(&docs, "tcb_info");
	r->qe_text = manifest_file(&docs, "qe_identity");
	CHECK_OK(json_u64(&trailing, &n));
	CHECK_OK(dcap_quote_parse(&r->quote,
	    (struct bytes){ r->quote_text.p, r->quote_text.len - n }, NULL));
	CHECK_OK(tcb_info_parse(&r->info, r->info_text, NULL));
	CHECK_OK(qe_identity_parse(&r->qe_id, r->qe_text, NULL));
	parse_pck(r);
}

static void real_close(struct real *r)
{
	bytes_free(&r->quote_text);
	bytes_free(&r->info_text);
	bytes_free(&r->qe_text);
}

/* A status by its name; null, or a remark instead of a name, is not_matched. */
static void check_status(const struct json *expect, const char *name,
    enum dcap_status got, enum dcap_status not_matched)
{
	struct json v = json_member(expect, name);

	if (v.type == JSON_NULL || memcmp(v.text.p, "\"no matching", 12) == 0)
		CHECK_EQ(got, not_matched);
	else
		CHECK(json_is_str(&v, dcap_status_name(got)));
}

static void check_level(
    const struct json *expect, const char *name, const struct tcb_level *got)
{
	check_status(expect, name,
	    got != NULL ? got->status : DCAP_NOT_SUPPORTED, DCAP_NOT_SUPPORTED);
}

static void check_module(const struct real *r, const struct json *expect)
{
	struct json m = json_member(expect, "tdx_module"), id;

	if (m.type == JSON_NULL) {
		CHECK(r->tcb.module == NULL);
		CHECK(r->tcb.module_level == NULL);
		CHECK_EQ(r->tcb.module_status, DCAP_UP_TO_DATE);
		return;
	}
	id = json_member(&m, "id");
	CHECK(
	    json_is_str(&id, r->tcb.module->version == 1 ? "TDX_01" : "ver0"));
	check_status(&m, "status", r->tcb.module_status, DCAP_UP_TO_DATE);
	CHECK_EQ(r->tcb.module_level != NULL, r->tcb.module->version == 1);
}

static void check_advisories(
    const struct dcap_tcb *t, const struct json *expect)
{
	struct json v = json_member(expect, "advisory_ids"), item;
	struct json_iter it = json_iter(&v);
	static struct ids got;

	got.n = got.stop_at = 0;
	CHECK(dcap_tcb_advisories(t, collect, &got));
	for (size_t i = 0; i < got.n; i++) {
		CHECK(json_next(&it, NULL, &item));
		CHECK(json_is_str(&item, got.id[i]));
	}
	CHECK(!json_next(&it, NULL, &item));
}

static void check_real(struct real *r, const struct json *expect)
{
	bool tdx = r->quote.tee == DCAP_TEE_TDX;
	struct json v;
	bool advised;

	CHECK_OK(dcap_qe_match(&r->qe_id, &r->quote.qe, NULL));
	memset(&r->tcb, 0, sizeof(r->tcb));
	if (tdx)
		CHECK_OK(dcap_module_match(
		    &r->info, &r->quote.td, &r->tcb.module, NULL));
	dcap_tcb_evaluate(&r->tcb, &r->info, &r->qe_id, &r->pck, &r->quote.qe,
	    tdx ? &r->quote.td : NULL);
	check_status(expect, "tcb_status", r->tcb.status, DCAP_NOT_SUPPORTED);
	check_level(expect, "sgx_tcb_level_status", r->tcb.sgx_level);
	check_level(expect, "tdx_tcb_level_status", r->tcb.tdx_level);
	check_status(
	    expect, "qe_tcb_status", r->tcb.qe_status, DCAP_NOT_SUPPORTED);
	check_module(r, expect);
	check_advisories(&r->tcb, expect);
	v = json_member(expect, "td_relaunch_advised");
	CHECK_OK(json_bool(&v, &advised));
	CHECK_EQ(r->tcb.relaunch_advised, advised);
}

static struct check_list list;

static enum err judge(const struct real *r, const struct attest_policy *policy)
{
	static struct dcap_work work;
	static struct dcap_run run;

	work.tcb_info = r->info;
	work.qe_identity = r->qe_id;
	run = (struct dcap_run){ .work = &work,
		.tee = r->quote.tee,
		.quote = r->quote,
		.pck = r->pck,
		.tcb = r->tcb,
		.policy = policy,
		.now_s = r->info.issued };
	check_list_init(&list);
	return check_run(&list, dcap_checks_policy, DCAP_CHECKS_POLICY, &run);
}

/* The policy that the manifest's verdicts presume, and the strict one. */
static void check_policies(const struct real *r, const struct json *expect)
{
	const struct attest_policy policy[] = { attest_policy_baseline(),
		attest_policy_strict() };
	struct json v = json_member(expect, "baseline_policy");
	bool accept = json_is_str(&v, "accept");

	for (int i = 0; i < 2; i++)
		CHECK_ERR(judge(r, &policy[i]),
		    accept && i == 0 ? ERR_OK : ERR_POLICY);
}

TEST(every_real_quote_has_the_status_of_the_manifest)
{
	struct manifest m = manifest_open();
	struct json_iter it = json_iter(&m.items);
	struct json item, expect, docs;
	unsigned n = 0;

	while (manifest_next_quote(&it, &item)) {
		expect = json_member(&item, "expect");
		docs = json_member(&expect, "collateral");
		if (docs.type == JSON_NULL)
			continue;
		real_open(&real, &m, &item, &expect);
		check_real(&real, &expect);
		check_policies(&real, &expect);
		real_close(&real);
		n++;
	}
	CHECK_EQ(n, DCAP_QUOTES - 1);
	manifest_close(&m);
}

TEST(a_real_platform_is_accepted_with_its_advisories)
{
	static struct attest_policy policy;
	struct manifest m = manifest_open();
	struct json item = manifest_find(&m, "v3-configswhardening-00a06711");
	struct json expect = json_member(&item, "expect");

	real_open(&real, &m, &item, &expect);
	check_real(&real, &expect);
	policy = attest_policy_baseline();
	policy.dcap.statuses |= 1U
				<< DCAP_CONFIGURATION_AND_SW_HARDENING_NEEDED;
	policy.dcap.n_advisories = 1;
	memcpy(policy.dcap.advisory[0], "INTEL-SA-00289", 15);
	memcpy(policy.dcap.advisory[1], "INTEL-SA-00615", 15);
	CHECK_ERR(judge(&real, &policy), ERR_POLICY);
	CHECK(strstr(list.reason.msg, "advisory INTEL-SA-00615,") != NULL);
	policy.dcap.n_advisories = 2;
	CHECK_OK(judge(&real, &policy));
	CHECK_STR(list.line[1].text,
	    "ConfigurationAndSWHardeningNeeded as of 2025-06-19, evaluation "
	    "17, advisories INTEL-SA-00289, INTEL-SA-00615");
	real_close(&real);
	manifest_close(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    every_real_quote_has_the_status_of_the_manifest),
		cmocka_unit_test(
		    a_real_platform_is_accepted_with_its_advisories),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
