/* Attestation policies: the built-in ones, the hardware list, and the file. */
#include "test.h"

#include "attest/policy.h"

#define MAGIC  "confer-attest-policy/v1\n"
#define HEX16  "0123456789abcdef"
#define HEX32  HEX16 HEX16
#define HEX128 HEX32 HEX32 HEX32 HEX32

static struct attest_policy p;
static struct err_ctx ctx;

/* Parse the magic and `lines`; the message is in ctx. */
static enum err parse(const char *lines)
{
	static char text[POLICY_LEN_MAX + 2];

	(void)snprintf(text, sizeof(text), "%s%s", MAGIC, lines);
	memset(&ctx, 0, sizeof(ctx));
	memset(&p, 0xff, sizeof(p));
	return attest_policy_parse(&p,
	    (struct bytes){ (const uint8_t *)text, strlen(text) }, "file",
	    &ctx);
}

/* Refused: with this code, a message that has `why`, and nothing left in p. */
static void refuses(const char *lines, enum err want, const char *why)
{
	enum err e = parse(lines);

	if (e != want || strstr(ctx.msg, why) == NULL)
		fail_msg(
		    "%s: %s: %s, want %s", lines, err_name(e), ctx.msg, why);
	CHECK_EQ(ctx.code, want);
	CHECK(mem_is_zero(&p, sizeof(p)));
}

static void accepts(const char *lines)
{
	if (parse(lines) != ERR_OK)
		fail_msg("%s: %s", lines, ctx.msg);
	CHECK_STR(p.name, "file");
}

TEST(policy_strict_is_what_the_document_says)
{
	const struct attest_policy strict = attest_policy_strict();
	const struct attest_policy *s = &strict;

	CHECK_STR(s->name, "strict");
	CHECK(s->snp.milan.accepted && s->snp.milan.only_listed);
	CHECK_EQ(s->snp.milan.floor.snp, 0x18);
	CHECK(s->snp.genoa.accepted && !s->snp.genoa.only_listed);
	CHECK_EQ(s->snp.genoa.floor.snp, 0x17);
	CHECK(s->snp.turin.accepted && !s->snp.turin.only_listed);
	CHECK_EQ(s->snp.report_version_min, 3);
	CHECK(!s->snp.allow_vlek && !s->snp.allow_masked_chip);
	CHECK_EQ(s->snp.vmpl_max, 0);
	CHECK(s->snp.require_crl && s->snp.current_is_committed);
	CHECK_EQ(s->snp.guest_require, 0);
	CHECK_EQ(s->snp.guest_refuse, 1 << 19 | 1 << 18);
	CHECK_EQ(s->snp.platform_require, 1 << 5);
	CHECK(s->snp.protect_memory);
	CHECK_EQ(s->dcap.statuses, 1);
	CHECK_EQ(s->dcap.n_advisories, 0);
	CHECK_EQ(s->dcap.tdx_eval_min, 19);
	CHECK_EQ(s->dcap.sgx_eval_min, 19);
	CHECK_EQ(s->dcap.td_require, 1ULL << 28);
	CHECK_EQ(s->dcap.td_allow, 1ULL << 30);
	CHECK_EQ(s->dcap.xfam_allow, 0x61AE7);
	CHECK(!s->dcap.allow_service_td && s->dcap.zero_config);
	CHECK(s->dcap.allow_dynamic);
	CHECK(s->dcap.accept_tdx && s->dcap.accept_sgx);
	CHECK(!s->any_hardware);
	CHECK_EQ(s->n_chips, 0);
	CHECK_EQ(s->n_ppids, 0);
}

TEST(policy_baseline_is_that_of_the_vectors)
{
	static const struct snp_tcb zero;
	const struct attest_policy baseline = attest_policy_baseline();
	const struct attest_policy *b = &baseline;
	const struct snp_product_policy *product[] = { &b->snp.milan,
		&b->snp.genoa, &b->snp.turin };

	CHECK_STR(b->name, "baseline");
	for (size_t i = 0; i < 3; i++) {
		CHECK(product[i]->accepted && !product[i]->only_listed);
		CHECK_MEM(&product[i]->floor, &zero, sizeof(zero));
	}
	CHECK_EQ(b->snp.report_version_min, 2);
	CHECK(!b->snp.allow_vlek && !b->snp.allow_masked_chip);
	CHECK_EQ(b->snp.vmpl_max, 0);
	CHECK(!b->snp.require_crl && !b->snp.current_is_committed);
	CHECK_EQ(b->snp.guest_require, 0);
	CHECK_EQ(b->snp.guest_refuse, 1 << 19 | 1 << 18);
	CHECK_EQ(b->snp.platform_require, 0);
	CHECK(!b->snp.protect_memory);
	CHECK_EQ(b->dcap.statuses, 1);
	CHECK_EQ(b->dcap.n_advisories, 0);
	CHECK_EQ(b->dcap.tdx_eval_min, 0);
	CHECK_EQ(b->dcap.sgx_eval_min, 0);
	CHECK_EQ(b->dcap.td_require, 1ULL << 28);
	CHECK(b->dcap.td_allow == ~1ULL && b->dcap.xfam_allow == ~0ULL);
	CHECK(!b->dcap.allow_service_td && !b->dcap.zero_config);
	CHECK(b->dcap.allow_dynamic);
	CHECK(b->dcap.accept_tdx && b->dcap.accept_sgx);
	CHECK(b->any_hardware);
	CHECK_EQ(b->n_chips, 0);
}

TEST(policy_names_the_statuses_as_intel_does)
{
	CHECK_STR(dcap_status_name(DCAP_UP_TO_DATE), "UpToDate");
	CHECK_STR(dcap_status_name(DCAP_NOT_SUPPORTED), "NotSupported");
	CHECK_STR(dcap_status_name(DCAP_STATUSES), "unknown");
	CHECK_STR(dcap_status_name((enum dcap_status)255), "unknown");
	for (unsigned s = 0; s < DCAP_STATUSES; s++)
		CHECK(dcap_status_name((enum dcap_status)s)[0] != '\0');
}

/* Two machines of each kind; the second ends at 2000. */
static void list_some(struct attest_policy *some)
{
	memset(some, 0, sizeof(*some));
	some->name = "some";
	some->n_chips = some->n_ppids = 2;
	memset(some->chip[0].id, 0x11, SNP_CHIP_ID_LEN);
	memset(some->chip[1].id, 0x22, SNP_CHIP_ID_LEN);
	memset(some->chip[2].id, 0x33, SNP_CHIP_ID_LEN); /* not counted */
	memset(some->ppid[0].ppid, 0x11, POLICY_PPID_LEN);
	memset(some->ppid[1].ppid, 0x22, POLICY_PPID_LEN);
	memset(some->ppid[2].ppid, 0x33, POLICY_PPID_LEN);
	some->chip[0].not_after = some->ppid[0].not_after = 1000;
	some->chip[1].not_after = some->ppid[1].not_after = 2000;
	some->chip[2].not_after = some->ppid[2].not_after = 3000;
}

typedef enum err find_fn(const struct attest_policy *, const uint8_t *,
    uint64_t, uint64_t *, struct err_ctx *);

static void check_list(find_fn *find, const struct attest_policy *some)
{
	static const struct {
		uint64_t now, end;
		uint8_t byte;
		enum err want;
	} cases[] = { { 0, 1000, 0x11, ERR_OK }, { 999, 1000, 0x11, ERR_OK },
		{ 1000, 0, 0x11, ERR_EXPIRED }, { 1001, 0, 0x11, ERR_EXPIRED },
		{ 1999, 2000, 0x22, ERR_OK }, { 2000, 0, 0x22, ERR_EXPIRED },
		{ 0, 0, 0x33, ERR_POLICY }, { 0, 0, 0x00, ERR_POLICY } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t id[SNP_CHIP_ID_LEN];
		struct err_ctx why = { 0 };
		uint64_t end = 7;

		memset(id, cases[i].byte, sizeof(id));
		CHECK_ERR(
		    find(some, id, cases[i].now, &end, &why), cases[i].want);
		CHECK_EQ(end, cases[i].end);
		CHECK_EQ(why.code, cases[i].want);
	}
}

TEST(policy_knows_a_listed_machine_until_its_end)
{
	struct attest_policy some;
	struct err_ctx why = { 0 };
	uint8_t id[SNP_CHIP_ID_LEN];
	uint64_t end;

	list_some(&some);
	check_list(policy_find_chip, &some);
	check_list(policy_check_chip, &some);
	check_list(policy_check_ppid, &some);
	memset(id, 0x22, sizeof(id));
	CHECK_ERR(policy_check_chip(&some, id, 3000, &end, &why), ERR_EXPIRED);
	CHECK_STR(why.msg, "hardware 222222222222.. was on the list until "
			   "1970-01-01 00:33 UTC");
	memset(&why, 0, sizeof(why));
	id[63] = 0; /* the last byte of the id counts */
	CHECK_ERR(policy_check_chip(&some, id, 0, &end, &why), ERR_POLICY);
	CHECK_STR(why.msg, "hardware 222222222222.. is not on the list of "
			   "policy some");
	id[15] = 0;
	CHECK_ERR(policy_check_ppid(&some, id, 0, &end, &why), ERR_POLICY);
}

TEST(policy_takes_a_masked_id_for_no_machine)
{
	static const uint8_t masked[SNP_CHIP_ID_LEN];
	struct attest_policy some;
	uint64_t end = 7;

	list_some(&some);
	memset(some.chip[0].id, 0, SNP_CHIP_ID_LEN); /* no file can say this */
	CHECK_ERR(policy_find_chip(&some, masked, 0, &end, NULL), ERR_POLICY);
	CHECK_EQ(end, 0);
}

TEST(policy_of_any_hardware_looks_at_no_list_unless_asked)
{
	struct attest_policy some;
	uint8_t id[SNP_CHIP_ID_LEN] = { 9 };
	uint64_t end = 0;

	list_some(&some);
	some.any_hardware = true;
	CHECK_OK(policy_check_chip(&some, id, 5000, &end, NULL));
	CHECK(end == UINT64_MAX);
	end = 0;
	CHECK_OK(policy_check_ppid(&some, id, 5000, &end, NULL));
	CHECK(end == UINT64_MAX);
	CHECK_ERR(policy_find_chip(&some, id, 0, &end, NULL), ERR_POLICY);
	check_list(policy_find_chip, &some);
}

TEST(policy_file_without_lines_is_the_strict_policy)
{
	struct attest_policy strict = attest_policy_strict();

	accepts("");
	strict.name = p.name;
	CHECK_MEM(&p, &strict, sizeof(p));
	accepts("\n# a comment\n   \n  # and another\n");
	CHECK_MEM(&p, &strict, sizeof(p));
}

TEST(policy_file_sets_each_switch_both_ways)
{
	static const struct {
		const char *on, *off;
		bool *v;
	} cases[] = {
		{ "snp-vlek allow", "snp-vlek refuse", &p.snp.allow_vlek },
		{ "snp-masked-chip allow", "snp-masked-chip refuse",
		    &p.snp.allow_masked_chip },
		{ "snp-crl required", "snp-crl if-given", &p.snp.require_crl },
		{ "snp-protect-memory yes", "snp-protect-memory no",
		    &p.snp.protect_memory },
		{ "snp-current-is-committed yes", "snp-current-is-committed no",
		    &p.snp.current_is_committed },
		{ "dcap-dynamic allow", "dcap-dynamic refuse",
		    &p.dcap.allow_dynamic },
		{ "td-service allow", "td-service refuse",
		    &p.dcap.allow_service_td },
		{ "td-config zero", "td-config any", &p.dcap.zero_config },
		{ "tdx accept", "tdx refuse", &p.dcap.accept_tdx },
		{ "sgx accept", "sgx refuse", &p.dcap.accept_sgx },
		{ "hardware any", "hardware listed", &p.any_hardware },
	};
	char line[80];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		(void)snprintf(line, sizeof(line), "%s\n", cases[i].on);
		accepts(line);
		CHECK(*cases[i].v);
		(void)snprintf(line, sizeof(line), "%s # so\n", cases[i].off);
		accepts(line);
		CHECK(!*cases[i].v);
		(void)snprintf(line, sizeof(line), "%sx\n", cases[i].on);
		refuses(line, ERR_FORMAT, "line 2: ");
		(void)snprintf(line, sizeof(line), "%s %s\n", cases[i].on, "x");
		refuses(line, ERR_FORMAT, "line 2: a field too many");
		(void)snprintf(
		    line, sizeof(line), "%s\n%s\n", cases[i].on, cases[i].off);
		refuses(line, ERR_FORMAT, "line 3: this key is there already");
	}
	refuses("snp-crl\n", ERR_FORMAT,
	    "line 2: snp-crl is \"required\" or \"if-given\"");
}

TEST(policy_file_sets_numbers_within_their_range)
{
	static const struct {
		const char *word, *low, *high, *above, *below;
		uint32_t *v, min, max;
	} cases[] = {
		{ "snp-report-version-min", "2", "5", "6", "1",
		    &p.snp.report_version_min, 2, 5 },
		{ "snp-vmpl-max", "0", "3", "4", "", &p.snp.vmpl_max, 0, 3 },
		{ "tdx-eval-min", "0", "4294967295", "4294967296", "-1",
		    &p.dcap.tdx_eval_min, 0, UINT32_MAX },
		{ "sgx-eval-min", "0", "4294967295", "42949672950", "x",
		    &p.dcap.sgx_eval_min, 0, UINT32_MAX },
	};
	static const char *const never[] = { "00", "01", "1x", "x1", "9", "99",
		"99999999999999999999999", "+1", "1/", "1:", "0x1" };
	char line[80];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		(void)snprintf(
		    line, sizeof(line), "%s %s\n", cases[i].word, cases[i].low);
		accepts(line);
		CHECK_EQ(*cases[i].v, cases[i].min);
		(void)snprintf(line, sizeof(line), "%s   %s  \n", cases[i].word,
		    cases[i].high);
		accepts(line);
		CHECK_EQ(*cases[i].v, cases[i].max);
		(void)snprintf(line, sizeof(line), "%s %s\n", cases[i].word,
		    cases[i].above);
		refuses(line, ERR_FORMAT, "a number from");
		(void)snprintf(line, sizeof(line), "%s %s\n", cases[i].word,
		    cases[i].below);
		refuses(line, ERR_FORMAT, "line 2: ");
	}
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
		(void)snprintf(
		    line, sizeof(line), "snp-vmpl-max %s\n", never[i]);
		refuses(line, ERR_FORMAT,
		    "line 2: snp-vmpl-max is a number from 0 to 3");
	}
	accepts("tdx-eval-min 4294967294\n");
	CHECK_EQ(p.dcap.tdx_eval_min, 4294967294);
}

TEST(policy_file_sets_bits)
{
	static const struct {
		const char *word;
		uint64_t *v;
	} cases[] = { { "snp-guest-require", &p.snp.guest_require },
		{ "snp-platform-require", &p.snp.platform_require },
		{ "td-require", &p.dcap.td_require },
		{ "td-allow", &p.dcap.td_allow },
		{ "xfam-allow", &p.dcap.xfam_allow } };
	char line[80];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		(void)snprintf(line, sizeof(line), "%s 0x0\n", cases[i].word);
		accepts(line);
		CHECK_EQ(*cases[i].v, 0);
		(void)snprintf(line, sizeof(line), "%s 0xfedcba9876503210\n",
		    cases[i].word);
		accepts(line);
		CHECK(*cases[i].v == 0xfedcba9876503210);
	}
	accepts("snp-guest-refuse 0x1c0000\n");
	CHECK_EQ(p.snp.guest_refuse, 0x1c0000);
	accepts("xfam-allow 0xffffffffffffffff\n");
	CHECK(p.dcap.xfam_allow == UINT64_MAX);
}

TEST(policy_file_refuses_malformed_bits)
{
	static const char *const bad[] = { "", "0x", "0", "1f", "0X1f", "0x1F",
		"0xg", "0x11112222333344445", "1x1", "0x1 2" };
	char line[80];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		(void)snprintf(line, sizeof(line), "xfam-allow %s\n", bad[i]);
		refuses(line, ERR_FORMAT, "line 2: ");
	}
}

TEST(policy_file_can_never_allow_debugging_or_migration)
{
	refuses("snp-guest-refuse 0x0\n", ERR_FORMAT, "cannot leave out");
	refuses("snp-guest-refuse 0x80000\n", ERR_FORMAT, "cannot leave out");
	refuses("snp-guest-refuse 0x40000\n", ERR_FORMAT, "cannot leave out");
	refuses("snp-guest-require 0x80000\n", ERR_FORMAT, "cannot name");
	refuses("snp-guest-require 0xb0000\n", ERR_FORMAT, "cannot name");
	refuses("snp-guest-require 0x40000\n", ERR_FORMAT, "cannot name");
	refuses("td-require 0x10000001\n", ERR_FORMAT, "cannot name 0x1");
	refuses("td-allow 0x1\n", ERR_FORMAT, "never accepted");
}

TEST(policy_file_lists_statuses_but_never_the_worst)
{
	accepts("dcap-status SWHardeningNeeded\n");
	CHECK_EQ(p.dcap.statuses, 1U << DCAP_SW_HARDENING_NEEDED);
	accepts("dcap-status UpToDate ConfigurationNeeded "
		"ConfigurationAndSWHardeningNeeded TDRelaunchAdvised "
		"TDRelaunchAdvisedConfigurationNeeded OutOfDate "
		"OutOfDateConfigurationNeeded\n");
	CHECK_EQ(p.dcap.statuses, 0xfd);
	refuses("dcap-status UpToDate Revoked\n", ERR_FORMAT, "never accepted");
	refuses("dcap-status NotSupported\n", ERR_FORMAT, "never accepted");
	refuses("dcap-status\n", ERR_FORMAT, "no status");
	refuses("dcap-status uptodate\n", ERR_FORMAT, "unknown status");
	refuses("dcap-status unknown\n", ERR_FORMAT, "unknown status");
	refuses("dcap-status UpToDate UpToDate\n", ERR_FORMAT, "named twice");
	refuses("dcap-status UpToDate\ndcap-status UpToDate\n", ERR_FORMAT,
	    "line 3: this key is there already");
}

TEST(policy_file_lists_advisories)
{
	accepts("dcap-advisory INTEL-SA-00615\ndcap-advisory A\n"
		"dcap-advisory ABCDEFGHIJKLMNOPQRSTUVW\n"
		"dcap-advisory XYZ-0123456789\n");
	CHECK_EQ(p.dcap.n_advisories, 4);
	CHECK_STR(p.dcap.advisory[0], "INTEL-SA-00615");
	CHECK_STR(p.dcap.advisory[1], "A");
	CHECK_STR(p.dcap.advisory[2], "ABCDEFGHIJKLMNOPQRSTUVW");
	CHECK_STR(p.dcap.advisory[3], "XYZ-0123456789");
	refuses("dcap-advisory\n", ERR_FORMAT, "1 to 23 bytes");
	refuses("dcap-advisory ABCDEFGHIJKLMNOPQRSTUVWX\n", ERR_FORMAT,
	    "1 to 23 bytes");
	refuses("dcap-advisory INTEL_SA\n", ERR_FORMAT, "A-Z, 0-9");
	refuses("dcap-advisory intel\n", ERR_FORMAT, "A-Z, 0-9");
	refuses("dcap-advisory A@\n", ERR_FORMAT, "A-Z, 0-9");
	refuses("dcap-advisory A[\n", ERR_FORMAT, "A-Z, 0-9");
	refuses("dcap-advisory A/\n", ERR_FORMAT, "A-Z, 0-9");
	refuses("dcap-advisory A:\n", ERR_FORMAT, "A-Z, 0-9");
	refuses("dcap-advisory A\ndcap-advisory A\n", ERR_FORMAT,
	    "line 3: an advisory named twice");
	refuses("dcap-advisory A B\n", ERR_FORMAT, "a field too many");
}

/* n lines of `format`, which takes one number. */
static const char *many(const char *format, int n)
{
	static char text[POLICY_LEN_MAX];
	size_t at = 0;

	for (int i = 1; i <= n; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, format, i);
	return text;
}

TEST(policy_file_takes_as_many_of_each_as_there_is_room_for)
{
	static const char chip[] = "chip %0128x not-after "
				   "2027-01-31T00:00:00Z\n";
	static const char ppid[] = "ppid %032x not-after "
				   "2027-01-31T00:00:00Z\n";
	static const char advisory[] = "dcap-advisory %d\n";

	accepts(many(chip, POLICY_CHIPS_MAX));
	CHECK_EQ(p.n_chips, POLICY_CHIPS_MAX);
	CHECK_EQ(p.chip[63].id[63], 64);
	refuses(many(chip, POLICY_CHIPS_MAX + 1), ERR_LIMIT,
	    "line 66: too many chips");
	accepts(many(ppid, POLICY_CHIPS_MAX));
	CHECK_EQ(p.n_ppids, POLICY_CHIPS_MAX);
	CHECK_EQ(p.ppid[63].ppid[15], 64);
	refuses(many(ppid, POLICY_CHIPS_MAX + 1), ERR_LIMIT,
	    "line 66: too many platforms");
	accepts(many(advisory, POLICY_ADVISORIES_MAX));
	CHECK_STR(p.dcap.advisory[63], "64");
	refuses(many(advisory, POLICY_ADVISORIES_MAX + 1), ERR_LIMIT,
	    "line 66: too many advisories");
}

TEST(policy_file_lists_hardware_with_an_end)
{
	accepts("chip " HEX128 " not-after 2027-01-31T00:00:00Z # rack 4\n"
		"ppid " HEX32 " not-after 2027-01-31T00:00:01Z\n");
	CHECK_EQ(p.n_chips, 1);
	CHECK_EQ(p.chip[0].id[0], 0x01);
	CHECK_EQ(p.chip[0].id[63], 0xef);
	CHECK_EQ(p.chip[0].not_after, 1801353600);
	CHECK_EQ(p.n_ppids, 1);
	CHECK_EQ(p.ppid[0].ppid[15], 0xef);
	CHECK_EQ(p.ppid[0].not_after, 1801353601);
}

TEST(policy_file_refuses_malformed_hardware)
{
	static const char end[] = " not-after 2027-01-31T00:00:00Z\n";
	char line[400];

	refuses("chip\n", ERR_FORMAT, "the id has 128 lower-case digits");
	refuses("ppid\n", ERR_FORMAT, "the id has 32 lower-case digits");
	(void)snprintf(line, sizeof(line), "chip %s%s", HEX32, end);
	refuses(line, ERR_FORMAT, "line 2: the id has 128");
	(void)snprintf(line, sizeof(line), "ppid %s0%s", HEX32, end);
	refuses(line, ERR_FORMAT, "line 2: the id has 32");
	(void)snprintf(
	    line, sizeof(line), "ppid %sABCDEF0123456789%s", HEX16, end);
	refuses(line, ERR_FORMAT, "line 2: the id has 32");
	(void)snprintf(line, sizeof(line), "ppid %032x%s", 0, end);
	refuses(line, ERR_FORMAT, "an id of zeros is no machine");
	(void)snprintf(line, sizeof(line), "chip %0128x%s", 0, end);
	refuses(line, ERR_FORMAT, "an id of zeros is no machine");
	(void)snprintf(
	    line, sizeof(line), "chip %s%schip %s%s", HEX128, end, HEX128, end);
	refuses(line, ERR_FORMAT, "line 3: this chip is listed already");
	(void)snprintf(
	    line, sizeof(line), "ppid %s%sppid %s%s", HEX32, end, HEX32, end);
	refuses(line, ERR_FORMAT, "line 3: this platform is listed already");
	refuses("ppid " HEX32 "\n", ERR_FORMAT, "not-after and a date");
	refuses("ppid " HEX32 " not-after\n", ERR_FORMAT, "not-after and");
	refuses("ppid " HEX32 " until 2027-01-31T00:00:00Z\n", ERR_FORMAT,
	    "not-after and a date");
	refuses("ppid " HEX32 " not-after 2027-01-32T00:00:00Z\n", ERR_FORMAT,
	    "not-after and a date");
	refuses("ppid " HEX32 " not-after 2027-01-31T00:00:00Z x\n", ERR_FORMAT,
	    "a field too many");
}

TEST(policy_file_sets_products)
{
	accepts("snp-product milan as-hardware bootloader=4 tee=1 snp=255 "
		"microcode=219\n"
		"snp-product genoa listed-only\n"
		"snp-product turin fmc=1 snp=0\n");
	CHECK(p.snp.milan.accepted && !p.snp.milan.only_listed);
	CHECK_EQ(p.snp.milan.floor.bootloader, 4);
	CHECK_EQ(p.snp.milan.floor.tee, 1);
	CHECK_EQ(p.snp.milan.floor.snp, 255);
	CHECK_EQ(p.snp.milan.floor.microcode, 219);
	CHECK(p.snp.genoa.accepted && p.snp.genoa.only_listed);
	CHECK_EQ(p.snp.genoa.floor.snp, 0x17); /* not named: as in strict */
	CHECK_EQ(p.snp.turin.floor.fmc, 1);
	CHECK_EQ(p.snp.turin.floor.snp, 0);
	accepts("snp-product milan snp=25\nsnp-product turin no\n");
	CHECK(p.snp.milan.only_listed); /* likewise */
	CHECK_EQ(p.snp.milan.floor.snp, 25);
	CHECK(!p.snp.turin.accepted);
	CHECK(p.snp.genoa.accepted);
	accepts("snp-product milan no\nsnp-product genoa no\n");
	CHECK(!p.snp.milan.accepted && !p.snp.genoa.accepted);
	CHECK(p.snp.turin.accepted);
}

TEST(policy_file_refuses_malformed_products)
{
	static const char *const bad[] = { "rome snp=1", "", "milan",
		"milan no snp=1", "milan yes", "milan snp",
		"milan snp=", "milan snp=256", "milan snp=-1", "milan snp=01",
		"milan =1", "milan snp=1 snp=2", "milan fmc=1", "genoa fmc=1",
		"milan x=1", "milan snp=1 listed-only",
		"milan listed-only as-hardware", "milan snp==1",
		"turin fmc=1 fmc=1", "Milan snp=1",
		"milan bootloader=1 tee=1 snp=1 microcode=1 bootloader=1" };
	char line[120];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		(void)snprintf(line, sizeof(line), "snp-product %s\n", bad[i]);
		refuses(line, ERR_FORMAT, "line 2: ");
	}
	refuses("snp-product turin no\nsnp-product turin snp=1\n", ERR_FORMAT,
	    "line 3: a product named twice");
}

TEST(policy_file_refuses_what_it_does_not_know)
{
	refuses("snp-debug allow\n", ERR_FORMAT, "line 2: unknown key");
	refuses("SNP-VLEK allow\n", ERR_FORMAT, "unknown key");
	refuses("snp-vlek#allow\n", ERR_FORMAT, "unknown key");
	refuses("snp-vlek\tallow\n", ERR_FORMAT, "not ASCII text");
	refuses("snp-vlek allow\r\n", ERR_FORMAT, "line 2: a byte");
	refuses("# caf\xc3\xa9\n", ERR_FORMAT, "line 2: a byte");
	refuses("\n\n# \x7f\n", ERR_FORMAT, "line 4: a byte");
	refuses("\n# \x1f\n", ERR_FORMAT, "line 3: a byte");
	accepts("# ~ and #\n");
}

static enum err parse_raw(const char *text, size_t len)
{
	memset(&ctx, 0, sizeof(ctx));
	return attest_policy_parse(
	    &p, (struct bytes){ (const uint8_t *)text, len }, "file", &ctx);
}

TEST(policy_file_begins_with_its_version)
{
	static const struct {
		const char *text;
		enum err want;
	} cases[] = {
		{ "confer-attest-policy/v1\n", ERR_OK },
		{ "confer-attest-policy/v2\n", ERR_UNSUPPORTED },
		{ "confer-attest-policy/v1 \n", ERR_UNSUPPORTED },
		{ "confer-attest-policy/x\n", ERR_UNSUPPORTED },
		{ "confer-attest-policy/\n", ERR_FORMAT },
		{ "confer-trust/v1\n", ERR_FORMAT },
		{ "\n", ERR_FORMAT },
		{ "# x\nconfer-attest-policy/v1\n", ERR_FORMAT },
		{ "confer-attest-policy/v1", ERR_TRUNCATED },
		{ "", ERR_TRUNCATED },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CHECK_ERR(parse_raw(cases[i].text, strlen(cases[i].text)),
		    cases[i].want);
		CHECK(cases[i].want == ERR_OK ||
		      strstr(ctx.msg, "line 1: ") != NULL);
	}
	CHECK_ERR(
	    attest_policy_parse(&p, (struct bytes){ NULL, 0 }, "file", NULL),
	    ERR_TRUNCATED);
}

TEST(policy_file_cut_within_a_line_is_refused)
{
	static const char text[] =
	    MAGIC "# all kinds\nsnp-product milan no\nsnp-vlek refuse\n"
		  "snp-vmpl-max 0\nsnp-guest-require 0x1000000\n"
		  "dcap-status UpToDate OutOfDate\ndcap-advisory INTEL-SA-1\n"
		  "chip " HEX128 " not-after 2027-01-31T00:00:00Z\n"
		  "ppid " HEX32 " not-after 2027-01-31T00:00:00Z\n";

	for (size_t n = 0; n <= sizeof(text) - 1; n++) {
		bool whole = n > 0 && text[n - 1] == '\n';

		CHECK_ERR(parse_raw(text, n), whole ? ERR_OK : ERR_TRUNCATED);
		CHECK(whole || mem_is_zero(&p, sizeof(p)));
	}
	CHECK_EQ(p.n_chips, 1);
	CHECK_ERR(parse_raw(text, sizeof(text)), ERR_FORMAT); /* its NUL */
}

TEST(policy_file_has_a_longest_length)
{
	static char text[POLICY_LEN_MAX + 1];

	memset(text, '\n', sizeof(text));
	memcpy(text, MAGIC, sizeof(MAGIC) - 1);
	CHECK_OK(parse_raw(text, POLICY_LEN_MAX));
	CHECK_ERR(parse_raw(text, POLICY_LEN_MAX + 1), ERR_LIMIT);
	CHECK_STR(ctx.msg, "policy of 65537 bytes, at most 65536");
	CHECK(mem_is_zero(&p, sizeof(p)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(policy_strict_is_what_the_document_says),
		cmocka_unit_test(policy_baseline_is_that_of_the_vectors),
		cmocka_unit_test(policy_names_the_statuses_as_intel_does),
		cmocka_unit_test(policy_knows_a_listed_machine_until_its_end),
		cmocka_unit_test(policy_takes_a_masked_id_for_no_machine),
		cmocka_unit_test(
		    policy_of_any_hardware_looks_at_no_list_unless_asked),
		cmocka_unit_test(
		    policy_file_without_lines_is_the_strict_policy),
		cmocka_unit_test(policy_file_sets_each_switch_both_ways),
		cmocka_unit_test(policy_file_sets_numbers_within_their_range),
		cmocka_unit_test(policy_file_sets_bits),
		cmocka_unit_test(policy_file_refuses_malformed_bits),
		cmocka_unit_test(
		    policy_file_can_never_allow_debugging_or_migration),
		cmocka_unit_test(
		    policy_file_lists_statuses_but_never_the_worst),
		cmocka_unit_test(policy_file_lists_advisories),
		cmocka_unit_test(
		    policy_file_takes_as_many_of_each_as_there_is_room_for),
		cmocka_unit_test(policy_file_lists_hardware_with_an_end),
		cmocka_unit_test(policy_file_refuses_malformed_hardware),
		cmocka_unit_test(policy_file_sets_products),
		cmocka_unit_test(policy_file_refuses_malformed_products),
		cmocka_unit_test(policy_file_refuses_what_it_does_not_know),
		cmocka_unit_test(policy_file_begins_with_its_version),
		cmocka_unit_test(policy_file_cut_within_a_line_is_refused),
		cmocka_unit_test(policy_file_has_a_longest_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
