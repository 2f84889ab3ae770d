/* Real quotes with the collateral of their time, and what must not pass. */
#include "dcap_judge.h"
#include "dcap_vectors.h"

static struct dcap_judged judged;

/* ---- the manifest's items ------------------------------------------------ */

/* Files of an item and of its collateral; borrowed by the evidence. */
struct item {
	char id[64];
	struct json expect;
	bool has_collateral;
	enum dcap_tee tee;
	struct dcap_evidence ev;
};

static void load_collateral(struct item *it, const struct json *from)
{
	it->has_collateral = true;
	it->ev.tcb_info = manifest_file(from, "tcb_info");
	it->ev.qe_identity = manifest_file(from, "qe_identity");
	it->ev.tcb_signing_chain = manifest_file(from, "tcb_signing_chain");
	it->ev.root_ca_crl = manifest_file(from, "root_ca_crl");
	it->ev.pck_crl = manifest_file(from, "pck_crl");
}

static void load(
    struct item *it, const struct manifest *m, const struct json *from)
{
	struct json v;
	char name[64];

	memset(it, 0, sizeof(*it));
	(void)item_text(from, "id", it->id);
	it->expect = json_member(from, "expect");
	v = json_member(from, "kind");
	it->tee = json_is_str(&v, "sgx-quote") ? DCAP_TEE_SGX : DCAP_TEE_TDX;
	it->ev.quote = manifest_file(from, "quote");
	v = json_member(&it->expect, "collateral");
	if (v.type == JSON_NULL)
		return;
	v = manifest_find(m, item_text(&it->expect, "collateral", name));
	load_collateral(it, &v);
}

static void load_id(struct item *it, const struct manifest *m, const char *id)
{
	struct json from = manifest_find(m, id);

	load(it, m, &from);
}

static void unload(struct item *it)
{
	bytes_free(&it->ev.quote);
	bytes_free(&it->ev.tcb_info);
	bytes_free(&it->ev.qe_identity);
	bytes_free(&it->ev.tcb_signing_chain);
	bytes_free(&it->ev.root_ca_crl);
	bytes_free(&it->ev.pck_crl);
}

static uint64_t now_ok(const struct item *it)
{
	struct json list = json_member(&it->expect, "now_ok"), v;
	struct json_iter walk = json_iter(&list);
	uint64_t now = 0;

	CHECK(json_next(&walk, NULL, &v));
	CHECK_OK(json_u64(&v, &now));
	CHECK(!json_next(&walk, NULL, &v)); /* there is one */
	return now;
}

static void judge(const struct item *it, uint64_t now)
{
	dcap_judge_init(&judged, &it->ev, it->tee, attest_roots, now);
	dcap_judge_table_1(&judged);
	dcap_judge_conclude(&judged);
}

/* Where table 1 refuses an item at the time it was made for; the rest pass. */
static const struct {
	const char *id;
	uint8_t check;
	enum err err;
	const char *text;
} refusals[] = {
	{ "v4-no-tcb-level-b0c06f", CHECK_TCB_LEVEL, ERR_POLICY,
	    "no level of Intel's lists matches" },
	{ "v5-no-tcb-level-90c06f", CHECK_TCB_LEVEL, ERR_POLICY,
	    "no level of Intel's lists matches" },
	{ TRAILING_ITEM, CHECK_REPORT, ERR_TRAILING,
	    "quote ends at offset 4935, bytes after it are not zero" },
	{ "v4-directboot-90c06f-dstack", CHECK_CERTIFICATES, ERR_NOTFOUND,
	    "collateral: no TCB Signing certificate chain" },
};

static void check_at_its_time(const struct item *it)
{
	struct json status;

	judge(it, now_ok(it));
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		if (strcmp(it->id, refusals[i].id) != 0)
			continue;
		dcap_judge_expect(&judged, refusals[i].check, refusals[i].err,
		    refusals[i].text);
		return;
	}
	dcap_judge_expect_passed(&judged);
	CHECK_EQ(judged.list.deadline_s > now_ok(it), true);
	status = json_member(&it->expect, "tcb_status");
	CHECK(json_is_str(&status, dcap_status_name(judged.run.tcb.status)));
}

TEST(dcap_real_quotes_have_their_verdicts_at_their_time)
{
	struct manifest m = manifest_open();
	struct json_iter walk = json_iter(&m.items);
	struct json from;
	struct item it;
	size_t n = 0;

	for (; manifest_next_quote(&walk, &from); n++) {
		load(&it, &m, &from);
		check_at_its_time(&it);
		unload(&it);
	}
	CHECK_EQ(n, DCAP_QUOTES);
	manifest_close(&m);
}

/* Before and after the collateral's time; whatever is wrong besides. */
static void check_outside(const struct item *it, uint64_t now)
{
	uint8_t id;

	judge(it, now);
	id = dcap_judge_failed(&judged);
	CHECK(id == CHECK_CERT_TIME || id == CHECK_REVOCATION ||
	      id == CHECK_TCB_INFO || id == CHECK_QE_IDENTITY);
	dcap_judge_expect(&judged, id, ERR_EXPIRED, "");
}

TEST(dcap_real_quotes_are_refused_outside_their_time)
{
	struct manifest m = manifest_open();
	struct json_iter walk = json_iter(&m.items), times;
	struct json from, list, entry, v;
	struct item it;
	uint64_t now;
	size_t n = 0;

	while (manifest_next_quote(&walk, &from)) {
		load(&it, &m, &from);
		if (strcmp(it.id, TRAILING_ITEM) == 0)
			it.ev.quote.len -= TRAILING_BYTES;
		if (json_get(&it.expect, "now_bad", &list)) {
			times = json_iter(&list);
			while (json_next(&times, NULL, &entry)) {
				v = json_member(&entry, "now");
				CHECK_OK(json_u64(&v, &now));
				check_outside(&it, now);
				n++;
			}
		}
		unload(&it);
	}
	CHECK_EQ(n, 2 * (DCAP_QUOTES - 1));
	manifest_close(&m);
}

/* The deadline is the first end of the collateral's valid_window. */
TEST(dcap_real_deadline_is_the_end_of_the_window)
{
	struct manifest m = manifest_open();
	struct item it;

	load_id(&it, &m, "v4-uptodate-b0c06f");
	judge(&it, now_ok(&it));
	dcap_judge_expect_passed(&judged);
	CHECK_EQ(judged.list.deadline_s, 1752919235); /* 10:00:35, a list's */
	judge(&it, 1752919234);
	dcap_judge_expect_passed(&judged);
	judge(&it, 1752919235);
	dcap_judge_expect(&judged, CHECK_REVOCATION, ERR_EXPIRED,
	    "PCK CA's list: nextUpdate is past");
	unload(&it);
	manifest_close(&m);
}

/* ---- with the policy that the manifest assumes --------------------------- */

/* Where table 2 refuses what table 1 has passed. */
static const struct {
	const char *id;
	uint8_t check;
} judgements[] = {
	{ "v4-debug-50806f", CHECK_GUEST },
	{ "v4-outofdate-00806f05", CHECK_TCB_STATUS },
	{ "v4-outofdate-00806f05-azure", CHECK_GUEST },
	{ "v5-uptodate-mrservicetd-90c06f", CHECK_GUEST },
	{ "v3-configswhardening-00a06711", CHECK_TCB_STATUS },
	{ "v3-debug-00a06711", CHECK_GUEST },
	{ "v3-outofdate-debug-00606a", CHECK_GUEST },
};

static uint8_t judge_policy(
    const struct item *it, const struct attest_policy *policy)
{
	dcap_judge_init(&judged, &it->ev, it->tee, attest_roots, now_ok(it));
	judged.run.policy = policy;
	dcap_judge_table_1(&judged);
	dcap_judge_run(&judged, dcap_checks_policy, DCAP_CHECKS_POLICY);
	dcap_judge_conclude(&judged);
	return dcap_judge_failed(&judged);
}

static uint8_t expected_check(const char *id)
{
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		if (strcmp(id, refusals[i].id) == 0)
			return refusals[i].check;
	}
	for (size_t i = 0; i < sizeof(judgements) / sizeof(judgements[0]);
	     i++) {
		if (strcmp(id, judgements[i].id) == 0)
			return judgements[i].check;
	}
	return CHECK_HARDWARE_END;
}

TEST(dcap_real_quotes_have_the_baseline_verdict)
{
	struct attest_policy baseline = attest_policy_baseline();
	struct manifest m = manifest_open();
	struct json_iter walk = json_iter(&m.items);
	struct json from, word;
	struct item it;
	size_t n = 0;

	while (manifest_next_quote(&walk, &from)) {
		load(&it, &m, &from);
		word = json_member(&it.expect, "baseline_policy");
		CHECK_EQ(judge_policy(&it, &baseline), expected_check(it.id));
		CHECK_EQ(judged.list.reason.code == ERR_OK,
		    json_is_str(&word, "accept"));
		if (judged.list.reason.code == ERR_OK) {
			dcap_judge_expect_passed(&judged);
			n++;
		}
		unload(&it);
	}
	CHECK_EQ(n, 3);
	manifest_close(&m);
}

/* The policy of clients names no machine, so that it accepts none of these. */
TEST(dcap_real_quotes_are_refused_by_the_strict_policy)
{
	struct attest_policy strict = attest_policy_strict();
	struct manifest m = manifest_open();
	struct json_iter walk = json_iter(&m.items);
	struct json from;
	struct item it;

	while (manifest_next_quote(&walk, &from)) {
		load(&it, &m, &from);
		CHECK(judge_policy(&it, &strict) != CHECK_HARDWARE_END);
		unload(&it);
	}
	manifest_close(&m);
}

/* ---- mutations of the manifest ------------------------------------------ */

static uint8_t *copy(struct bytes b, size_t more)
{
	uint8_t *p = malloc(b.len + more);

	assert_non_null(p);
	memcpy(p, b.p, b.len);
	return p;
}

/* The same bytes, to be changed, with room for more. */
static uint8_t *own(struct bytes *b, size_t more)
{
	uint8_t *p = copy(*b, more);
	size_t len = b->len;

	bytes_free(b);
	*b = (struct bytes){ p, len };
	return p;
}

TEST(dcap_real_quote_with_one_bit_changed_is_refused)
{
	static const struct {
		size_t at;
		uint8_t check;
	} all[] = {
		{ 0, CHECK_REPORT },              /* version */
		{ 2, CHECK_REPORT },              /* attestation key type */
		{ 4, CHECK_REPORT },              /* TEE type */
		{ 8, CHECK_REPORT_SIG },          /* reserved */
		{ 12, CHECK_REPORT },             /* QE vendor */
		{ 28, CHECK_REPORT_SIG },         /* user data */
		{ 48, CHECK_REPORT_SIG },         /* TEE_TCB_SVN */
		{ 48 + 136, CHECK_REPORT_SIG },   /* MRTD */
		{ 48 + 583, CHECK_REPORT_SIG },   /* REPORTDATA */
		{ 636, CHECK_REPORT_SIG },        /* signature */
		{ 636 + 64, CHECK_QE_KEY },       /* attestation key */
		{ 770, CHECK_QE_REPORT },         /* CPUSVN of the QE */
		{ 770 + 320, CHECK_QE_REPORT },   /* its report data */
		{ 770 + 384, CHECK_QE_REPORT },   /* its signature */
		{ 770 + 384 + 66, CHECK_QE_KEY }, /* authentication data */
	};
	struct manifest m = manifest_open();
	struct item it;
	uint8_t *raw;

	load_id(&it, &m, "v4-uptodate-b0c06f");
	raw = own(&it.ev.quote, 0);
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		raw[all[i].at] ^= 1;
		judge(&it, now_ok(&it));
		CHECK_EQ(dcap_judge_failed(&judged), all[i].check);
		raw[all[i].at] ^= 1;
	}
	judge(&it, now_ok(&it));
	dcap_judge_expect_passed(&judged);
	unload(&it);
	manifest_close(&m);
}

/* Is it refused, by this check at the latest? Other answers are taken for yes,
 * to save the time. */
static void check_changed_document(const struct item *it, uint8_t check)
{
	struct check_list *list = &judged.list;

	dcap_judge_init(&judged, &it->ev, it->tee, attest_roots, now_ok(it));
	dcap_judge_table_1(&judged);
	for (size_t i = 0; i < list->obligations.n; i++) {
		if (list->line[list->obligation_line[i]].id != check)
			continue;
		CHECK(obligation_resolve(&list->obligations.item[i]) != ERR_OK);
		return;
	}
	CHECK(list->reason.code != ERR_OK);
}

TEST(dcap_real_documents_with_any_byte_changed_are_refused)
{
	struct manifest m = manifest_open();
	struct item it;
	uint8_t *p;

	load_id(&it, &m, "v4-uptodate-b0c06f");
	p = own(&it.ev.tcb_info, 0);
	for (size_t i = 0; i < it.ev.tcb_info.len; i++) {
		p[i] ^= 1;
		check_changed_document(&it, CHECK_TCB_INFO);
		p[i] ^= 1;
	}
	p = own(&it.ev.qe_identity, 0);
	for (size_t i = 0; i < it.ev.qe_identity.len; i++) {
		p[i] ^= 1;
		check_changed_document(&it, CHECK_QE_IDENTITY);
		p[i] ^= 1;
	}
	judge(&it, now_ok(&it));
	dcap_judge_expect_passed(&judged);
	unload(&it);
	manifest_close(&m);
}

/* The same values with other white space are another message. */
TEST(dcap_real_documents_written_anew_are_refused)
{
	struct manifest m = manifest_open();
	struct item it;
	uint8_t *p;
	size_t at = strlen("{\"tcbInfo\":{");

	load_id(&it, &m, "v4-uptodate-b0c06f");
	p = own(&it.ev.tcb_info, 1);
	memmove(p + at + 1, p + at, it.ev.tcb_info.len - at);
	p[at] = ' ';
	it.ev.tcb_info.len++;
	judge(&it, now_ok(&it));
	dcap_judge_expect(&judged, CHECK_TCB_INFO, ERR_AUTH,
	    "TCB Info: the signature does not verify");
	unload(&it);
	manifest_close(&m);
}

TEST(dcap_real_quote_needs_the_identity_of_its_own_quoting_enclave)
{
	struct manifest m = manifest_open();
	struct json other = manifest_find(&m, "coll-sgx-00606a-2025-08");
	struct item it;

	load_id(&it, &m, "v4-uptodate-b0c06f");
	bytes_free(&it.ev.qe_identity);
	it.ev.qe_identity = manifest_file(&other, "qe_identity");
	judge(&it, now_ok(&it));
	dcap_judge_expect(&judged, CHECK_QE_IDENTITY, ERR_AUTH,
	    "QE Identity: id is not TD_QE");
	unload(&it);
	manifest_close(&m);
}

TEST(dcap_real_quote_needs_the_tcb_info_of_its_own_platform)
{
	struct manifest m = manifest_open();
	struct json other = manifest_find(&m, "coll-tdx-90c06f-2025-06");
	struct item it;

	load_id(&it, &m, "v4-uptodate-b0c06f");
	bytes_free(&it.ev.tcb_info);
	it.ev.tcb_info = manifest_file(&other, "tcb_info");
	judge(&it, now_ok(&it));
	dcap_judge_expect(&judged, CHECK_TCB_INFO, ERR_AUTH,
	    "TCB Info: fmspc is 90c06f000000, the PCK certificate's "
	    "b0c06f000000");
	unload(&it);
	manifest_close(&m);
}

TEST(dcap_real_quote_needs_the_list_of_its_own_ca)
{
	struct manifest m = manifest_open();
	struct json other = manifest_find(&m, "coll-sgx-00606a-2025-08");
	struct item it;

	load_id(&it, &m, "v3-configswhardening-00a06711");
	bytes_free(&it.ev.pck_crl);
	it.ev.pck_crl = manifest_file(&other, "pck_crl");
	judge(&it, now_ok(&it));
	dcap_judge_expect(&judged, CHECK_REVOCATION, ERR_AUTH,
	    "PCK CA's list: issued by \"Intel SGX PCK Platform CA\", must be "
	    "by \"Intel SGX PCK Processor CA\"");
	unload(&it);
	manifest_close(&m);
}

/* ---- the other root of the same name ------------------------------------- */

/* Intel's own samples. Their quote has no chain inside, so that one is put
 * there: no signature covers it. */
static void load_impostor(struct item *it, const struct manifest *m)
{
	struct json from =
	    manifest_find(m, "bad-impostor-root-intel-sample-v3");
	struct bytes leaf = manifest_file(&from, "pckCert");
	struct bytes chain = manifest_file(&from, "pckSignChain");
	size_t at, len = leaf.len + chain.len;
	uint8_t *raw;

	memset(it, 0, sizeof(*it));
	it->tee = DCAP_TEE_SGX;
	it->ev.quote = manifest_file(&from, "quote");
	raw = own(&it->ev.quote, len);
	at = 436 + 128 + SGX_REPORT_LEN + DCAP_SIG_LEN;
	at += 2 + raw[at] + 256U * raw[at + 1]; /* authentication data */
	raw[at] = 5;
	for (size_t i = 0; i < 4; i++) {
		raw[at + 2 + i] = (uint8_t)(len >> (8 * i));
		raw[432 + i] = (uint8_t)((at + 6 + len - 436) >> (8 * i));
	}
	memcpy(raw + at + 6, leaf.p, leaf.len);
	memcpy(raw + at + 6 + leaf.len, chain.p, chain.len);
	it->ev.quote.len = at + 6 + len;
	bytes_free(&leaf);
	bytes_free(&chain);
	it->ev.tcb_info = manifest_file(&from, "tcbInfo");
	it->ev.qe_identity = manifest_file(&from, "qeIdentity");
	it->ev.tcb_signing_chain = manifest_file(&from, "tcbSignChain");
	it->ev.root_ca_crl = manifest_file(&from, "rootCaCrl");
	it->ev.pck_crl = manifest_file(&from, "intermediateCaCrl");
}

#define IMPOSTOR_NOW 1735689600 /* 2025-01-01: all its dates hold */

TEST(dcap_real_impostor_root_is_refused_by_its_key)
{
	struct manifest m = manifest_open();
	struct item it;

	load_impostor(&it, &m);
	judge(&it, IMPOSTOR_NOW);
	dcap_judge_expect(&judged, CHECK_ROOT, ERR_AUTH,
	    "root of the PCK chain: its key has SHA-256 ");
	unload(&it);
	manifest_close(&m);
}

/* Refused for its key alone: everything is right under its own root, up to
 * documents of a version that no longer exists. */
TEST(dcap_real_impostor_set_is_consistent_under_its_own_root)
{
	struct manifest m = manifest_open();
	struct root_key own_root[ATTEST_ROOTS] = { { NULL, { NULL, 0 } } };
	struct bytes spki;
	struct item it;

	load_impostor(&it, &m);
	judge(&it, IMPOSTOR_NOW);
	spki = judged.run.root.spki;
	spki.p = copy(spki, 0);
	own_root[ROOT_INTEL_SGX] = (struct root_key){ "impostor", spki };
	dcap_judge_init(&judged, &it.ev, it.tee, own_root, IMPOSTOR_NOW);
	dcap_judge_run(&judged, sgx_checks_authentic, 10);
	dcap_judge_conclude(&judged);
	dcap_judge_expect_passed(&judged);
	CHECK_EQ(judged.required[9], CHECK_REPORT_SIG);
	dcap_judge_init(&judged, &it.ev, it.tee, own_root, IMPOSTOR_NOW);
	dcap_judge_table_1(&judged);
	dcap_judge_expect(&judged, CHECK_TCB_INFO, ERR_UNSUPPORTED, "version");
	bytes_free(&spki);
	unload(&it);
	manifest_close(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    dcap_real_quotes_have_their_verdicts_at_their_time),
		cmocka_unit_test(
		    dcap_real_quotes_are_refused_outside_their_time),
		cmocka_unit_test(dcap_real_deadline_is_the_end_of_the_window),
		cmocka_unit_test(
		    dcap_real_quote_with_one_bit_changed_is_refused),
		cmocka_unit_test(
		    dcap_real_documents_with_any_byte_changed_are_refused),
		cmocka_unit_test(dcap_real_documents_written_anew_are_refused),
		cmocka_unit_test(
		    dcap_real_quote_needs_the_identity_of_its_own_quoting_enclave),
		cmocka_unit_test(
		    dcap_real_quote_needs_the_tcb_info_of_its_own_platform),
		cmocka_unit_test(dcap_real_quote_needs_the_list_of_its_own_ca),
		cmocka_unit_test(dcap_real_impostor_root_is_refused_by_its_key),
		cmocka_unit_test(
		    dcap_real_impostor_set_is_consistent_under_its_own_root),
		cmocka_unit_test(dcap_real_quotes_have_the_baseline_verdict),
		cmocka_unit_test(
		    dcap_real_quotes_are_refused_by_the_strict_policy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
