/* Whether an authentic SNP report is good enough: each demand failing alone, and
 * each number at, one below and one above its limit. */
#include "snp_world.h"

#define LISTED_UNTIL (PKI_NOW + 20 * PKI_DAY)

static const enum snp_family families[] = { SNP_FAMILY_MILAN, SNP_FAMILY_GENOA,
	SNP_FAMILY_TURIN };
#define FAMILIES 3

static void accepted(struct snp_world *w)
{
	struct check_list list;

	snp_world_accepted(w, &list);
}

TEST(snp_policy_strict_with_a_list_accepts_the_listed_chip_only)
{
	for (size_t i = 0; i < FAMILIES; i++) {
		struct snp_world w = snp_world(families[i]);

		accepted(&w);
		w.policy = attest_policy_strict();
		snp_world_fails(&w, CHECK_HARDWARE, ERR_POLICY,
		    "hardware c1c1c1c1c1c1.. is not on the list of policy "
		    "strict");
	}
}

TEST(snp_policy_baseline_accepts_what_the_vectors_need)
{
	for (size_t i = 0; i < FAMILIES; i++) {
		struct snp_world w = snp_world(families[i]);
		struct check_list list;

		w.policy = attest_policy_baseline();
		w.no_crl = true;
		snp_world_put(&w, SNP_AT_PLATFORM_INFO, 8, 0);
		snp_world_put(&w, SNP_AT_CURRENT, 3, 0x033a00);
		snp_world_accepted(&w, &list);
		CHECK_EQ(list.deadline_s, w.leaf.not_after);
		CHECK_STR(list.line[14].text,
		    "policy baseline accepts any genuine chip");
	}
}

TEST(snp_policy_says_what_it_compared)
{
	static const char *const line[] = {
		"POLICY 30000 without debug and migration, VMPL 0",
		"Turin, report version 3, key of the chip",
		"alias check done, ciphertext hiding off, not required, page "
		"swap possible, AES-256-XTS not required, TSME off, ECC on, "
		"SMT "
		"on",
		"firmware 1.55.40, snp 4 and microcode 81; policy listed wants "
		"0 and 0",
		"chip c1c1c1c1c1c1.. is on the list of policy listed until "
		"2027-02-04 08:00 UTC",
	};
	struct snp_world w = snp_world(SNP_FAMILY_TURIN);
	struct check_list list;

	snp_world_accepted(&w, &list);
	for (size_t i = 0; i < SNP_CHECKS_POLICY; i++)
		CHECK_STR(list.line[SNP_CHECKS_AUTHENTIC + i].text, line[i]);
	CHECK_EQ(list.deadline_s, LISTED_UNTIL);
}

TEST(snp_policy_refuses_debugging_and_migration_under_any_policy)
{
	static const struct {
		uint64_t bits;
		const char *why;
	} cases[] = {
		{ 0x30000 | SNP_POLICY_DEBUG, "POLICY allows DEBUG" },
		{ 0x30000 | SNP_POLICY_MIGRATE_MA, "POLICY allows MIGRATE_MA" },
		{ 0x10000, "reserved bits of the wrong value" },
		{ 0x30000 | 1ULL << 26, "reserved bits of the wrong value" },
		{ 0x30000 | 1ULL << 63, "reserved bits of the wrong value" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct snp_world w = snp_world(SNP_FAMILY_GENOA);

		snp_world_put(&w, SNP_AT_POLICY, 8, cases[i].bits);
		snp_world_fails(&w, CHECK_GUEST, ERR_POLICY, cases[i].why);
		w.policy.snp.guest_refuse = 0; /* no file can say this */
		snp_world_fails(&w, CHECK_GUEST, ERR_POLICY, cases[i].why);
	}
}

TEST(snp_policy_demands_bits_of_the_guest)
{
	struct snp_world w = snp_world(SNP_FAMILY_GENOA);

	w.policy.snp.guest_require = 0x100000 | SNP_POLICY_AES_XTS;
	snp_world_put(&w, SNP_AT_POLICY, 8, 0x130000);
	snp_world_fails(&w, CHECK_GUEST, ERR_POLICY,
	    "POLICY 130000 lacks bits of 0x500000, which policy listed");
	snp_world_put(&w, SNP_AT_POLICY, 8, 0x430000);
	snp_world_fails(&w, CHECK_GUEST, ERR_POLICY, "lacks bits");
	snp_world_put(&w, SNP_AT_POLICY, 8, 0x530000);
	accepted(&w);
	w.policy.snp.guest_refuse |= 0x800000 | SNP_POLICY_SMT;
	snp_world_fails(&w, CHECK_GUEST, ERR_POLICY,
	    "POLICY 530000 has bits of 0x8d0000, which policy listed refuses");
	snp_world_put(&w, SNP_AT_POLICY, 8, 0xd20000);
	snp_world_fails(&w, CHECK_GUEST, ERR_POLICY, "has bits");
	snp_world_put(&w, SNP_AT_POLICY, 8, 0x520000);
	accepted(&w);
}

TEST(snp_policy_judges_vmpl_up_to_its_limit)
{
	for (uint32_t max = 0; max < 4; max++) {
		struct snp_world w = snp_world(SNP_FAMILY_GENOA);

		w.policy.snp.vmpl_max = max;
		snp_world_put(&w, SNP_AT_VMPL, 4, max);
		accepted(&w);
		snp_world_put(&w, SNP_AT_VMPL, 4, max > 0 ? max - 1 : 0);
		accepted(&w);
		snp_world_put(&w, SNP_AT_VMPL, 4, max + 1);
		snp_world_fails(&w, CHECK_GUEST, ERR_POLICY,
		    "report was asked for at VMPL");
		snp_world_put(&w, SNP_AT_VMPL, 4, 0xffffffff);
		snp_world_fails(&w, CHECK_GUEST, ERR_POLICY,
		    "VMPL 4294967295, policy listed accepts up to");
	}
}

TEST(snp_policy_judges_the_version_from_its_limit)
{
	for (uint32_t min = 3; min <= 5; min++) {
		struct snp_world w = snp_world(SNP_FAMILY_GENOA);

		w.policy.snp.report_version_min = min;
		snp_world_put(&w, SNP_AT_VERSION, 4, min);
		accepted(&w);
		snp_world_put(&w, SNP_AT_VERSION, 4, 5);
		accepted(&w);
		snp_world_put(&w, SNP_AT_VERSION, 4, min - 1);
		if (min == 3)
			snp_world_put(&w, SNP_AT_CPUID, 3, 0);
		snp_world_fails(&w, CHECK_PRODUCT, ERR_POLICY,
		    "policy listed accepts from");
	}
}

TEST(snp_policy_refuses_a_product_that_is_not_accepted)
{
	for (size_t i = 0; i < FAMILIES; i++) {
		struct snp_world w = snp_world(families[i]);
		struct snp_product_policy *p[] = { &w.policy.snp.milan,
			&w.policy.snp.genoa, &w.policy.snp.turin };
		char why[80];

		p[(i + 1) % 3]->accepted = p[(i + 2) % 3]->accepted = false;
		accepted(&w);
		p[(i + 1) % 3]->accepted = p[(i + 2) % 3]->accepted = true;
		p[i]->accepted = false;
		(void)snprintf(why, sizeof(why),
		    "processor %s is not accepted by policy listed",
		    snp_family_name(families[i]));
		snp_world_fails(&w, CHECK_PRODUCT, ERR_POLICY, why);
	}
}

/* Table 2 alone, on a run that table 1 did not fill. */
TEST(snp_policy_refuses_a_processor_without_family)
{
	struct attest_policy policy = attest_policy_baseline();
	struct snp_run run = { .policy = &policy,
		.report = { .version = 3, .policy = SNP_POLICY_MUST_BE_1 } };
	struct check_list list;

	check_list_init(&list);
	CHECK_ERR(check_run(&list, snp_checks_policy, SNP_CHECKS_POLICY, &run),
	    ERR_POLICY);
	CHECK_EQ(list.line[list.failed].id, CHECK_PRODUCT);
	CHECK(strstr(list.reason.msg, "processor unstated") != NULL);
}

TEST(snp_policy_refuses_vleks_unless_allowed)
{
	for (size_t i = 0; i < FAMILIES; i++) {
		struct snp_world w = snp_world(families[i]);
		struct check_list list;

		snp_world_vlek(&w);
		snp_world_accepted(&w, &list);
		CHECK(strstr(list.line[11].text, "key of a provider") != NULL);
		w.policy.snp.allow_vlek = false;
		snp_world_fails(&w, CHECK_PRODUCT, ERR_POLICY,
		    "signed by a VLEK, which is of no chip: policy listed");
		w.policy.snp.allow_vlek = true;
		w.policy.any_hardware = false;
		snp_world_fails(
		    &w, CHECK_HARDWARE, ERR_POLICY, "a VLEK names no chip");
	}
}

TEST(snp_policy_refuses_a_vlek_of_a_product_that_must_be_listed)
{
	struct snp_world w = snp_world(SNP_FAMILY_MILAN);

	snp_world_vlek(&w);
	w.policy.snp.milan.only_listed = true;
	snp_world_fails(&w, CHECK_HARDWARE, ERR_POLICY, "a VLEK names no chip");
}

TEST(snp_policy_refuses_masked_chips_unless_allowed)
{
	for (size_t i = 0; i < FAMILIES; i++) {
		struct snp_world w = snp_world(families[i]);
		struct check_list list;

		memset(w.report + SNP_AT_CHIP_ID, 0, SNP_CHIP_ID_LEN);
		snp_world_fails(&w, CHECK_PRODUCT, ERR_POLICY,
		    "CHIP_ID is masked, policy listed refuses that");
		w.policy.snp.allow_masked_chip = true;
		/* Still no chip of the list. */
		snp_world_fails(&w, CHECK_HARDWARE, ERR_POLICY,
		    "hardware 000000000000.. is not on the list");
		w.policy.any_hardware = true;
		if (families[i] == SNP_FAMILY_MILAN)
			w.policy.snp.milan.only_listed = false;
		snp_world_accepted(&w, &list);
		CHECK_STR(list.line[7].text,
		    "CHIP_ID is masked; the certificate is of "
		    "c1c1c1c1c1c1..");
		CHECK(strstr(list.line[11].text, "chip masked") != NULL);
	}
}

TEST(snp_policy_demands_bits_of_the_platform)
{
	struct snp_world w = snp_world(SNP_FAMILY_GENOA);
	struct check_list list;

	snp_world_put(
	    &w, SNP_AT_PLATFORM_INFO, 8, ~(uint64_t)SNP_PLATFORM_ALIAS_OK);
	snp_world_fails(&w, CHECK_MEMORY, ERR_POLICY,
	    "PLATFORM_INFO ffffffffffffffdf lacks bits of 0x20");
	w.policy.snp.platform_require = 0x24;
	snp_world_put(&w, SNP_AT_PLATFORM_INFO, 8, 0x20);
	snp_world_fails(&w, CHECK_MEMORY, ERR_POLICY, "lacks bits of 0x24");
	snp_world_put(&w, SNP_AT_PLATFORM_INFO, 8, 0x24);
	accepted(&w);
	snp_world_put(&w, SNP_AT_PLATFORM_INFO, 8, 0x65); /* bit 6: genuine */
	accepted(&w);
	w.policy.snp.platform_require = 0;
	snp_world_put(&w, SNP_AT_PLATFORM_INFO, 8, SNP_PLATFORM_TSME);
	snp_world_accepted(&w, &list);
	CHECK_STR(list.line[12].text,
	    "alias check NOT done, ciphertext hiding off, not required, page "
	    "swap possible, AES-256-XTS not required, TSME on, ECC off, SMT "
	    "off");
}

TEST(snp_policy_demands_ciphertext_hiding_where_it_is_offered)
{
	struct snp_world w = snp_world(SNP_FAMILY_GENOA);
	struct check_list list;

	snp_world_put(&w, SNP_AT_PLATFORM_INFO, 8, 0x35);
	snp_world_fails(&w, CHECK_MEMORY, ERR_POLICY,
	    "ciphertext hiding is on, but POLICY does not require it");
	snp_world_put(&w, SNP_AT_POLICY, 8, 0x30000 | SNP_POLICY_CT_HIDING);
	snp_world_accepted(&w, &list);
	CHECK(
	    strstr(list.line[12].text,
		"ciphertext hiding on, required, page swap possible") != NULL);
	snp_world_put(&w, SNP_AT_POLICY, 8, 0x30000);
	w.policy.snp.protect_memory = false;
	snp_world_accepted(&w, &list);
	CHECK(strstr(list.line[12].text,
		  "ciphertext hiding on, not required") != NULL);
}

TEST(snp_policy_demands_no_page_swap_where_the_firmware_knows_it)
{
	static const struct {
		uint8_t major, minor;
		bool offered;
	} cases[] = { { 1, 57, false }, { 1, 58, true }, { 1, 59, true },
		{ 0, 58, false }, { 0, 255, false }, { 2, 0, true },
		{ 2, 57, true }, { 1, 0, false } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct snp_world w = snp_world(SNP_FAMILY_GENOA);
		uint64_t version = (uint64_t)cases[i].major << 16 |
				   (uint64_t)cases[i].minor << 8;
		struct check_list list;

		snp_world_put(&w, SNP_AT_CURRENT, 3, version);
		snp_world_put(&w, SNP_AT_COMMITTED, 3, version);
		if (cases[i].offered)
			snp_world_fails(&w, CHECK_MEMORY, ERR_POLICY,
			    "can disable page swap, but POLICY does not");
		else
			accepted(&w);
		snp_world_put(&w, SNP_AT_POLICY, 8,
		    0x30000 | SNP_POLICY_NO_SWAP | SNP_POLICY_AES_XTS);
		snp_world_accepted(&w, &list);
		CHECK(strstr(list.line[12].text,
			  "page swap disabled, AES-256-XTS required") != NULL);
		w.policy.snp.protect_memory = false;
		snp_world_put(&w, SNP_AT_POLICY, 8, 0x30000);
		accepted(&w);
	}
}

/* A component of a floor, by its place in a family's TCB. */
static uint8_t *component(struct snp_tcb *t, enum snp_family f, size_t i)
{
	uint8_t *const milan[SNP_TCB_LEN] = { &t->bootloader, &t->tee, NULL,
		NULL, NULL, NULL, &t->snp, &t->microcode };
	uint8_t *const turin[SNP_TCB_LEN] = { &t->fmc, &t->bootloader, &t->tee,
		&t->snp, NULL, NULL, NULL, &t->microcode };

	return (f == SNP_FAMILY_TURIN ? turin : milan)[i];
}

static const char *component_name(enum snp_family f, size_t i)
{
	static const char *const milan[SNP_TCB_LEN] = { "bootloader", "tee", "",
		"", "", "", "snp", "microcode" };
	static const char *const turin[SNP_TCB_LEN] = { "fmc", "bootloader",
		"tee", "snp", "", "", "", "microcode" };

	return (f == SNP_FAMILY_TURIN ? turin : milan)[i];
}

/* One component of one family: each TCB of the report at and below the floor. */
static void check_component(enum snp_family f, size_t i)
{
	static const uint8_t tcb[] = { 31, 32, 33, 34, 35, 36, 37, 238 };
	static const struct {
		const char *name;
		size_t at;
	} cases[] = {
		{ "REPORTED_TCB", SNP_AT_REPORTED_TCB },
		{ "LAUNCH_TCB", SNP_AT_LAUNCH_TCB },
	};
	struct snp_world w = snp_world(f);
	struct snp_product_policy *product[] = { [SNP_FAMILY_MILAN] =
						     &w.policy.snp.milan,
		[SNP_FAMILY_GENOA] = &w.policy.snp.genoa,
		[SNP_FAMILY_TURIN] = &w.policy.snp.turin };
	uint8_t *floor = component(&product[f]->floor, f, i);
	char why[80];

	snp_world_put_tcbs(&w, tcb);
	snp_world_certify(&w, tcb);
	*floor = tcb[i]; /* at the floor, and one above it */
	accepted(&w);
	*floor = (uint8_t)(tcb[i] - 1);
	accepted(&w);
	*floor = tcb[i];
	for (size_t k = 0; k < 2; k++) {
		uint8_t lower[SNP_TCB_LEN];

		memcpy(lower, tcb, sizeof(tcb));
		lower[i]--;
		snp_world_put_tcbs(&w, tcb);
		snp_world_put_tcb(&w, cases[k].at, lower);
		snp_world_certify(&w, w.report + SNP_AT_REPORTED_TCB);
		(void)snprintf(why, sizeof(why),
		    "%s has %s %u, policy listed accepts from %u",
		    cases[k].name, component_name(f, i), lower[i], tcb[i]);
		snp_world_fails(&w, CHECK_TCB_STATUS, ERR_POLICY, why);
	}
}

TEST(snp_policy_demands_the_floor_of_each_component)
{
	struct snp_tcb none;

	for (size_t i = 0; i < FAMILIES * SNP_TCB_LEN; i++) {
		if (component(&none, families[i / 8], i % 8) != NULL)
			check_component(families[i / 8], i % 8);
	}
}

/* Only in a report that breaks the order of TCBs is COMMITTED alone too low, so
 * this asks table 2 alone. */
TEST(snp_policy_demands_the_floor_of_the_committed_tcb_too)
{
	struct attest_policy policy = attest_policy_baseline();
	struct snp_run run = { .policy = &policy,
		.family = SNP_FAMILY_GENOA,
		.report = { .version = 3, .policy = SNP_POLICY_MUST_BE_1 } };
	struct check_list list;

	policy.snp.genoa.floor.snp = 23;
	memset(run.report.chip_id, 1, SNP_CHIP_ID_LEN);
	run.report.reported_tcb.snp = run.report.launch_tcb.snp = 23;
	run.report.committed_tcb.snp = 22;
	check_list_init(&list);
	CHECK_ERR(check_run(&list, snp_checks_policy, SNP_CHECKS_POLICY, &run),
	    ERR_POLICY);
	CHECK_EQ(list.line[list.failed].id, CHECK_TCB_STATUS);
	CHECK_STR(list.reason.msg,
	    "COMMITTED_TCB has snp 22, policy baseline accepts from 23");
	run.report.committed_tcb.snp = 23;
	check_list_init(&list);
	CHECK_OK(check_run(&list, snp_checks_policy, SNP_CHECKS_POLICY, &run));
}

TEST(snp_policy_strict_demands_the_fix_of_each_product)
{
	static const uint8_t milan[] = { 4, 0, 0, 0, 0, 0, 23, 219 };
	static const uint8_t genoa[] = { 10, 0, 0, 0, 0, 0, 22, 84 };
	struct snp_world w = snp_world(SNP_FAMILY_MILAN);

	snp_world_put_tcbs(&w, milan);
	snp_world_certify(&w, milan);
	snp_world_fails(&w, CHECK_TCB_STATUS, ERR_POLICY,
	    "REPORTED_TCB has snp 23, policy listed accepts from 24");
	w = snp_world(SNP_FAMILY_GENOA);
	snp_world_put_tcbs(&w, genoa);
	snp_world_certify(&w, genoa);
	snp_world_fails(&w, CHECK_TCB_STATUS, ERR_POLICY,
	    "REPORTED_TCB has snp 22, policy listed accepts from 23");
}

/* The floor is each product's own. */
TEST(snp_policy_takes_the_floor_of_the_right_product)
{
	for (size_t i = 0; i < FAMILIES; i++) {
		struct snp_world w = snp_world(families[i]);
		struct snp_product_policy *p[] = { &w.policy.snp.milan,
			&w.policy.snp.genoa, &w.policy.snp.turin };

		p[(i + 1) % 3]->floor.snp = p[(i + 2) % 3]->floor.snp = 255;
		accepted(&w);
		p[i]->floor.snp = 255;
		snp_world_fails(&w, CHECK_TCB_STATUS, ERR_POLICY,
		    "policy listed accepts from 255");
	}
}

TEST(snp_policy_refuses_firmware_on_trial)
{
	static const struct {
		size_t at;
		const char *why;
	} cases[] = {
		{ SNP_AT_CURRENT, "firmware 1.55.41 runs, committed is" },
		{ SNP_AT_CURRENT + 1, "firmware 1.56.40 runs, committed is" },
		{ SNP_AT_CURRENT + 2, "firmware 2.55.40 runs, committed is" },
		{ SNP_AT_COMMITTED, "firmware 1.55.40 runs, committed is "
				    "1.55.41" },
		{ SNP_AT_COMMITTED + 1, "committed is 1.56.40" },
		{ SNP_AT_COMMITTED + 2, "committed is 2.55.40" },
	};

	for (size_t i = 0; i < SNP_TCB_LEN; i++) {
		struct snp_world w = snp_world(SNP_FAMILY_GENOA);

		w.report[SNP_AT_CURRENT_TCB + i]++;
		snp_world_fails(&w, CHECK_TCB_STATUS, ERR_POLICY,
		    "CURRENT_TCB is above COMMITTED_TCB: firmware on trial");
		w.policy.snp.current_is_committed = false;
		accepted(&w);
	}
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct snp_world w = snp_world(SNP_FAMILY_GENOA);

		snp_world_put(
		    &w, SNP_AT_POLICY, 8, 0x30000 | SNP_POLICY_NO_SWAP);
		w.report[cases[i].at]++;
		snp_world_fails(&w, CHECK_TCB_STATUS, ERR_POLICY, cases[i].why);
		w.policy.snp.current_is_committed = false;
		accepted(&w);
	}
}

TEST(snp_policy_refuses_a_chip_that_is_not_listed)
{
	for (size_t i = 0; i < FAMILIES; i++) {
		struct snp_world w = snp_world(families[i]);

		w.policy.chip[0].id[0] ^= 1;
		snp_world_fails(&w, CHECK_HARDWARE, ERR_POLICY,
		    "hardware c1c1c1c1c1c1.. is not on the list of policy "
		    "listed");
		w.policy.chip[0].id[0] ^= 1;
		w.policy.n_chips = 0;
		snp_world_fails(
		    &w, CHECK_HARDWARE, ERR_POLICY, "is not on the list");
	}
}

TEST(snp_policy_refuses_a_chip_that_is_listed_no_longer)
{
	for (size_t i = 0; i < FAMILIES; i++) {
		struct snp_world w = snp_world(families[i]);
		struct check_list list;

		w.policy.chip[0].not_after = PKI_NOW;
		snp_world_fails(&w, CHECK_HARDWARE, ERR_EXPIRED,
		    "was on the list until 2027-01-15 08:00 UTC");
		w.policy.chip[0].not_after = PKI_NOW - 1;
		snp_world_fails(
		    &w, CHECK_HARDWARE, ERR_EXPIRED, "was on the list until");
		w.policy.chip[0].not_after = PKI_NOW + 1;
		snp_world_accepted(&w, &list);
		CHECK_EQ(list.deadline_s, PKI_NOW + 1);
	}
}

TEST(snp_policy_wants_milan_listed_even_where_any_hardware_goes)
{
	struct snp_world w = snp_world(SNP_FAMILY_MILAN);
	struct check_list list;

	w.policy.any_hardware = true;
	snp_world_accepted(&w, &list);
	CHECK_EQ(list.deadline_s, LISTED_UNTIL);
	w.policy.n_chips = 0;
	snp_world_fails(&w, CHECK_HARDWARE, ERR_POLICY,
	    "is not on the list of policy listed");
	w = snp_world(SNP_FAMILY_GENOA);
	w.policy.any_hardware = true;
	w.policy.n_chips = 0;
	snp_world_accepted(&w, &list);
	CHECK_EQ(list.deadline_s, w.list.next_update);
	w.policy.snp.genoa.only_listed = true;
	snp_world_fails(&w, CHECK_HARDWARE, ERR_POLICY, "is not on the list");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    snp_policy_strict_with_a_list_accepts_the_listed_chip_only),
		cmocka_unit_test(
		    snp_policy_baseline_accepts_what_the_vectors_need),
		cmocka_unit_test(snp_policy_says_what_it_compared),
		cmocka_unit_test(
		    snp_policy_refuses_debugging_and_migration_under_any_policy),
		cmocka_unit_test(snp_policy_demands_bits_of_the_guest),
		cmocka_unit_test(snp_policy_judges_vmpl_up_to_its_limit),
		cmocka_unit_test(snp_policy_judges_the_version_from_its_limit),
		cmocka_unit_test(
		    snp_policy_refuses_a_product_that_is_not_accepted),
		cmocka_unit_test(snp_policy_refuses_a_processor_without_family),
		cmocka_unit_test(snp_policy_refuses_vleks_unless_allowed),
		cmocka_unit_test(
		    snp_policy_refuses_a_vlek_of_a_product_that_must_be_listed),
		cmocka_unit_test(
		    snp_policy_refuses_masked_chips_unless_allowed),
		cmocka_unit_test(snp_policy_demands_bits_of_the_platform),
		cmocka_unit_test(
		    snp_policy_demands_ciphertext_hiding_where_it_is_offered),
		cmocka_unit_test(
		    snp_policy_demands_no_page_swap_where_the_firmware_knows_it),
		cmocka_unit_test(
		    snp_policy_demands_the_floor_of_each_component),
		cmocka_unit_test(
		    snp_policy_demands_the_floor_of_the_committed_tcb_too),
		cmocka_unit_test(
		    snp_policy_strict_demands_the_fix_of_each_product),
		cmocka_unit_test(
		    snp_policy_takes_the_floor_of_the_right_product),
		cmocka_unit_test(snp_policy_refuses_firmware_on_trial),
		cmocka_unit_test(snp_policy_refuses_a_chip_that_is_not_listed),
		cmocka_unit_test(
		    snp_policy_refuses_a_chip_that_is_listed_no_longer),
		cmocka_unit_test(
		    snp_policy_wants_milan_listed_even_where_any_hardware_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
