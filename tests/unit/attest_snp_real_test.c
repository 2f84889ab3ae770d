/* Real SNP evidence of the shared vectors, judged under the baseline policy. */
#include "json_hex.h"
#include "snp_world.h"

#include "attest/x509.h"

#define REPORTS 10 /* of the manifest */

/* Files of one piece of evidence, malloc'ed. */
struct files {
	struct snp_evidence ev;
	uint8_t *owned[5];
	size_t n;
};

static struct bytes keep(struct files *f, uint8_t *p, size_t len)
{
	CHECK(f->n < 5);
	f->owned[f->n++] = p;
	return (struct bytes){ p, len };
}

static struct bytes load(struct files *f, const char *name)
{
	size_t len;
	uint8_t *p = read_file(vector_path(name), &len);

	return keep(f, p, len);
}

/* Certificate number i of a file, which is DER or PEM. */
static struct bytes load_cert(struct files *f, const char *name, int i)
{
	struct bytes text;
	uint8_t *der = malloc(X509_CERT_LEN_MAX);
	size_t len = 0;

	text = load(f, name);
	if (text.p[0] == 0x30) {
		free(der);
		return text;
	}
	for (; i >= 0; i--)
		CHECK_OK(x509_pem_next(
		    &text, der, X509_CERT_LEN_MAX, &len, "vector", NULL));
	free(f->owned[--f->n]);
	return keep(f, der, len);
}

static void unload(struct files *f)
{
	while (f->n > 0)
		free(f->owned[--f->n]);
	memset(f, 0, sizeof(*f));
}

/* report, leaf of a folder and the ASK or ASVK of a family */
static void load_all(struct files *f, const char *report, const char *leaf,
    const char *family, bool vlek)
{
	char name[200];

	memset(f, 0, sizeof(*f));
	(void)snprintf(name, sizeof(name), "attest/%s", report);
	f->ev.report = load(f, name);
	(void)snprintf(name, sizeof(name), "attest/%s", leaf);
	f->ev.leaf = load_cert(f, name, 0);
	(void)snprintf(name, sizeof(name),
	    "attest/sev-snp/roots/%s-%s-cert_chain.pem", family,
	    vlek ? "vlek" : "vcek");
	f->ev.ca = load_cert(f, name, 0);
	f->ev.root = load_cert(f, name, 1);
}

static enum err judge(const struct snp_evidence *ev, uint64_t now_s,
    const struct attest_policy *policy, struct check_list *list)
{
	struct snp_run run = { .ev = *ev,
		.roots = attest_roots,
		.policy = policy,
		.now_s = now_s };

	return snp_judge(list, &run);
}

/* Judge under baseline: refused by this check for that reason. */
static void fails(
    const struct snp_evidence *ev, uint64_t now_s, uint8_t id, const char *why)
{
	struct attest_policy baseline = attest_policy_baseline();
	struct check_list list;
	enum err e = judge(ev, now_s, &baseline, &list);

	if (e == ERR_OK || list.line[list.failed].id != id ||
	    strstr(list.reason.msg, why) == NULL)
		fail_msg("%s in \"%s\": %s; want \"%s\": %s", err_name(e),
		    check_name(list.line[list.failed].id), list.reason.msg,
		    check_name(id), why);
}

static void accepted(const struct snp_evidence *ev, uint64_t now_s)
{
	struct attest_policy baseline = attest_policy_baseline();
	struct check_list list;

	if (judge(ev, now_s, &baseline, &list) != ERR_OK)
		fail_msg("%s: %s", check_name(list.line[list.failed].id),
		    list.reason.msg);
	CHECK(list.deadline_s > now_s);
	for (size_t i = 0; i < list.n; i++)
		CHECK_EQ(list.line[i].result, CHECK_PASSED);
}

static void text_of(char *out, size_t cap, const struct json *o, const char *n)
{
	struct json v = json_member(o, n);
	struct bytes t = json_text(&v);

	CHECK(t.len < cap);
	memcpy(out, t.p, t.len);
	out[t.len] = 0;
}

/* What the manifest expects of an item at its good time, as a check. */
static const struct {
	const char *id;
	uint8_t check;
	const char *why;
} refused[] = {
	{ "milan-v2-vcek-debug", CHECK_GUEST, "DEBUG" },
	{ "milan-v3-vlek-aws", CHECK_GUEST, "VMPL 1" },
	{ "bad-wrong-chip-vcek", CHECK_CHIP, "the certificate is of chip" },
};

static void check_good_time(
    const char *id, const struct snp_evidence *ev, uint64_t now_s)
{
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		if (strcmp(id, refused[i].id) == 0) {
			fails(ev, now_s, refused[i].check, refused[i].why);
			return;
		}
	}
	accepted(ev, now_s);
}

static size_t check_item(const struct json *item)
{
	struct json files = json_member(item, "files"), v;
	struct json expect = json_member(item, "expect");
	struct json ok = json_member(&expect, "now_ok");
	struct json bad = json_member(&expect, "now_bad"), now;
	char id[80], report[120], leaf[120], family[16];
	bool vlek = json_get(&files, "vlek", &v);
	struct json_iter it;
	struct files f;
	size_t n = 0;

	text_of(id, sizeof(id), item, "id");
	text_of(family, sizeof(family), item, "family");
	text_of(report, sizeof(report), &files, "report");
	text_of(leaf, sizeof(leaf), &files, vlek ? "vlek" : "vcek");
	load_all(&f, report, leaf, family, vlek);
	for (it = json_iter(&ok); json_next(&it, NULL, &now); n++) {
		uint64_t t;

		CHECK_OK(json_u64(&now, &t));
		check_good_time(id, &f.ev, t);
		/* Nor does it need the root to be sent. */
		f.ev.root = (struct bytes){ NULL, 0 };
		check_good_time(id, &f.ev, t);
	}
	for (it = json_iter(&bad); json_next(&it, NULL, &now); n++) {
		char reason[80];
		uint64_t t;

		v = json_member(&now, "now");
		CHECK_OK(json_u64(&v, &t));
		text_of(reason, sizeof(reason), &now, "reason");
		fails(&f.ev, t, CHECK_CERT_TIME,
		    strstr(reason, "expired") != NULL ? "notAfter"
						      : "notBefore");
	}
	unload(&f);
	return n;
}

TEST(snp_judges_every_real_report_as_the_manifest_does)
{
	uint8_t *text;
	struct json doc = json_file(vector_path("attest/MANIFEST.json"), &text);
	struct json items = json_member(&doc, "items"), item;
	struct json_iter it = json_iter(&items);
	size_t n = 0;

	while (json_next(&it, NULL, &item)) {
		struct json kind = json_member(&item, "kind");

		if (!json_is_str(&kind, "snp-report"))
			continue;
		CHECK_EQ(check_item(&item), 3); /* one good, two bad times */
		n++;
	}
	CHECK_EQ(n, REPORTS);
	free(text);
}

#define DSTACK    "sev-snp/milan-v3-vcek-dstack/"
#define DSTACK_OK 1784250304

/* Change one byte of the genuine report, or its length. */
static void mutate(size_t at, uint8_t value, uint8_t check, const char *why)
{
	uint8_t raw[SNP_REPORT_LEN];
	struct files f;

	load_all(&f, DSTACK "report.bin", DSTACK "vcek.pem", "milan", false);
	memcpy(raw, f.ev.report.p, sizeof(raw));
	raw[at] = value;
	f.ev.report = (struct bytes){ raw, sizeof(raw) };
	fails(&f.ev, DSTACK_OK, check, why);
	unload(&f);
}

TEST(snp_refuses_each_mutation_of_a_real_report)
{
	uint8_t raw[SNP_REPORT_LEN + 1] = { 0 };
	struct files f;

	load_all(&f, DSTACK "report.bin", DSTACK "vcek.pem", "milan", false);
	accepted(&f.ev, DSTACK_OK);
	memcpy(raw, f.ev.report.p, SNP_REPORT_LEN);
	f.ev.report = (struct bytes){ raw, SNP_REPORT_LEN - 1 };
	fails(&f.ev, DSTACK_OK, CHECK_REPORT, "1183 bytes");
	f.ev.report.len = SNP_REPORT_LEN + 1;
	fails(&f.ev, DSTACK_OK, CHECK_REPORT, "1185 bytes");
	unload(&f);
	mutate(0x90, raw[0x90] ^ 1, CHECK_REPORT_SIG, "SNP report: the sig");
	mutate(0x2a0, raw[0x2a0] ^ 1, CHECK_REPORT_SIG, "SNP report: the sig");
	mutate(0x2d0, 1, CHECK_REPORT, "not zero");
	mutate(0x330, 1, CHECK_REPORT, "not zero");
	mutate(0, 1, CHECK_REPORT, "version 1 ");
	mutate(0, 6, CHECK_REPORT, "version 6 ");
	mutate(3, 0xff, CHECK_REPORT, "version");
	mutate(0x34, 0, CHECK_REPORT, "SIG_ALGO 0");
	mutate(0x34, 2, CHECK_REPORT, "SIG_ALGO 2");
}

#define AWS_OK 1736460861

/* A cloud's key is none of a chip, in whatever place it is put. */
TEST(snp_refuses_a_real_vlek_for_a_vcek)
{
	struct files f, vcek;
	uint8_t raw[SNP_REPORT_LEN];

	load_all(&f, "sev-snp/milan-v3-vlek-aws/report.bin",
	    "sev-snp/milan-v3-vlek-aws/vlek.der", "milan", true);
	load_all(&vcek, DSTACK "report.bin", DSTACK "vcek.pem", "milan", false);
	/* Under the issuer of VCEKs. */
	fails(&(struct snp_evidence){ f.ev.report, f.ev.leaf, vcek.ev.ca,
		  { NULL, 0 }, { NULL, 0 } },
	    AWS_OK, CHECK_CERTIFICATES, "issuer");
	/* For a report that says VCEK. */
	memcpy(raw, f.ev.report.p, sizeof(raw));
	raw[SNP_AT_KEY_INFO] = 0;
	f.ev.report.p = raw;
	fails(&f.ev, AWS_OK, CHECK_KEY_KIND, "KEY_INFO says VCEK");
	unload(&f);
	unload(&vcek);
}

#define TURIN_OK 1772845473

TEST(snp_reads_a_real_turin_in_the_layout_of_turin_only)
{
	struct attest_policy baseline = attest_policy_baseline();
	struct files f;
	struct check_list list;
	uint8_t raw[SNP_REPORT_LEN];

	load_all(&f, "sev-snp/turin-v5-vcek-ms/report.bin",
	    "sev-snp/turin-v5-vcek-ms/vcek.pem", "turin", false);
	CHECK_OK(judge(&f.ev, TURIN_OK, &baseline, &list));
	CHECK_STR(list.line[8].text, "fmc 1, bootloader 1, tee 1, snp 4, "
				     "microcode 81, as certified");
	memcpy(raw, f.ev.report.p, sizeof(raw));
	raw[SNP_AT_CPUID] = 0x19; /* a Milan, it says */
	raw[SNP_AT_CPUID + 1] = 1;
	f.ev.report.p = raw;
	fails(&f.ev, TURIN_OK, CHECK_ROOT, "a Milan report needs ARK-Milan");
	unload(&f);
}

/* The lists of September 2026. */
#define CRL_OK 1789900000

TEST(snp_checks_the_real_lists_where_they_are_given)
{
	struct attest_policy baseline = attest_policy_baseline();
	struct files f;
	struct check_list list;

	load_all(&f, DSTACK "report.bin", DSTACK "vcek.pem", "milan", false);
	free(f.owned[--f.n]); /* room for one more: not the root */
	f.ev.root = (struct bytes){ NULL, 0 };
	f.ev.crl = load(&f, "attest/sev-snp/roots/milan.crl.der");
	CHECK_OK(judge(&f.ev, CRL_OK, &baseline, &list));
	CHECK_EQ(list.deadline_s, 1791072000); /* 2026-10-04, nextUpdate */
	CHECK_STR(list.line[5].text, "SEV-Milan is not among the 0 of "
				     "ARK-Milan's list, valid until "
				     "2026-10-04 00:00 UTC");
	fails(&f.ev, DSTACK_OK, CHECK_REVOCATION, "thisUpdate");
	fails(&f.ev, 1791072000, CHECK_REVOCATION, "nextUpdate");
	free(f.owned[--f.n]);
	f.ev.crl = load(&f, "attest/sev-snp/roots/genoa.crl.der");
	fails(&f.ev, CRL_OK, CHECK_REVOCATION, "by \"ARK-Genoa\"");
	unload(&f);
}

TEST(snp_strict_accepts_no_machine_that_is_not_listed)
{
	struct attest_policy strict = attest_policy_strict(), listed = strict;
	struct files f;
	struct check_list list;
	struct snp_report r;

	load_all(&f, "sev-snp/turin-v5-vcek-ms/report.bin",
	    "sev-snp/turin-v5-vcek-ms/vcek.pem", "turin", false);
	free(f.owned[--f.n]);
	f.ev.root = (struct bytes){ NULL, 0 };
	CHECK_ERR(judge(&f.ev, CRL_OK, &strict, &list), ERR_POLICY);
	CHECK_EQ(list.line[list.failed].id, CHECK_REVOCATION);
	f.ev.crl = load(&f, "attest/sev-snp/roots/turin.crl.der");
	CHECK_ERR(judge(&f.ev, CRL_OK, &strict, &list), ERR_POLICY);
	CHECK_EQ(list.line[list.failed].id, CHECK_HARDWARE);
	CHECK(strstr(list.reason.msg, "59790fb1c39f.. is not on the list") !=
	      NULL);
	CHECK_OK(snp_report_parse(&r, f.ev.report, NULL));
	memcpy(listed.chip[0].id, r.chip_id, SNP_CHIP_ID_LEN);
	listed.chip[0].not_after = CRL_OK + 1;
	listed.n_chips = 1;
	CHECK_OK(judge(&f.ev, CRL_OK, &listed, &list));
	CHECK_EQ(list.deadline_s, CRL_OK + 1);
	CHECK_ERR(judge(&f.ev, CRL_OK + 1, &listed, &list), ERR_EXPIRED);
	CHECK_EQ(list.line[list.failed].id, CHECK_HARDWARE);
	unload(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    snp_judges_every_real_report_as_the_manifest_does),
		cmocka_unit_test(snp_refuses_each_mutation_of_a_real_report),
		cmocka_unit_test(snp_refuses_a_real_vlek_for_a_vcek),
		cmocka_unit_test(
		    snp_reads_a_real_turin_in_the_layout_of_turin_only),
		cmocka_unit_test(
		    snp_checks_the_real_lists_where_they_are_given),
		cmocka_unit_test(
		    snp_strict_accepts_no_machine_that_is_not_listed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
