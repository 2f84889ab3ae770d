/* SNP launch digests: published cases, a real report, an invented machine. */
#include "firmware.h"
#include "json_hex.h"

#include "measure/snp_launch.h"

#define CASES    "attest/measure/snp-cases.json"
#define CASES_N  15 /* 14 digests and a refusal */
#define NAME_MAX 128

static uint64_t hex_number(const struct json *object, const char *name)
{
	struct json v = json_member(object, name);
	struct bytes text = json_text(&v);
	char copy[32] = { 0 };

	CHECK(text.len < sizeof(copy));
	memcpy(copy, text.p, text.len);
	return strtoull(copy, NULL, 16);
}

static void set_machine(struct snp_machine *m, const struct json *c)
{
	struct json v = json_member(c, "vcpus"), vmm = json_member(c, "vmm"),
		    type = json_member(c, "vcpu_type");
	uint64_t n;

	CHECK_OK(json_u64(&v, &n));
	m->vcpus = (uint32_t)n;
	CHECK(snp_vcpu_sig(&m->vcpu_sig, json_text(&type)));
	m->guest_features = hex_number(c, "guest_features");
	CHECK(snp_vmm_named(&m->vmm, json_text(&vmm)));
}

static void run_case(const struct json *c, const char *file)
{
	char path[NAME_MAX + sizeof("attest/measure/")];
	struct snp_launch l = { .has_kernel = false };
	struct json v = json_member(c, "cmdline");
	uint8_t got[SHA384_LEN], want[SHA384_LEN];
	struct err_ctx ctx = { 0 };
	size_t len;
	uint8_t *fw;
	enum err e;

	(void)snprintf(path, sizeof(path), "attest/measure/%s", file);
	fw = read_file(vector_path(path), &len);
	CHECK_OK(ovmf_parse(&l.ovmf, (struct bytes){ fw, len }, NULL));
	CHECK_OK(
	    snp_launch_firmware(l.firmware, (struct bytes){ fw, len }, NULL));
	set_machine(&l.machine, c);
	l.has_kernel = v.type == JSON_STRING;
	if (l.has_kernel) /* kernel and initrd of all cases are empty */
		snp_launch_kernel(&l.kernel, (struct bytes){ NULL, 0 },
		    (struct bytes){ NULL, 0 }, json_text(&v));
	e = snp_launch_digest(got, &l, &ctx);
	if (json_hex(c, "expected_launch_digest", want, sizeof(want)) > 0) {
		CHECK_OK(e);
		CHECK_EQ(l.machine.vcpu_sig, hex_number(c, "vcpu_sig"));
		CHECK_MEM(got, want, sizeof(want));
	} else {
		CHECK_ERR(e, ERR_UNSUPPORTED);
		CHECK(strstr(ctx.msg, "KERNEL_HASHES") != NULL);
		CHECK(mem_is_zero(got, sizeof(got)));
	}
	free(fw);
}

TEST(snp_launch_gives_every_published_digest_and_refusal)
{
	uint8_t *text;
	struct json root = json_file(vector_path(CASES), &text), c, v;
	struct json cases = json_member(&root, "cases");
	struct json_iter it = json_iter(&cases);
	size_t n = 0;

	for (; json_next(&it, NULL, &c); n++) {
		char file[NAME_MAX] = { 0 };

		v = json_member(&c, "ovmf_file");
		memcpy(file, json_text(&v).p, json_text(&v).len);
		run_case(&c, file);
	}
	CHECK_EQ(n, CASES_N);
	free(text);
}

/* The invented machine of firmware.h with a kernel. */
static void invent(struct snp_launch *l)
{
	static uint8_t fw[FW_LEN];
	const struct bytes kernel = BYTES_LITERAL("kernel\n"),
			   initrd = BYTES_LITERAL("initrd\n"),
			   cmdline = BYTES_LITERAL("console=ttyS0");

	fw_build(fw);
	memset(l, 0, sizeof(*l));
	CHECK_OK(ovmf_parse(&l->ovmf, fw_bytes(fw), NULL));
	CHECK_OK(snp_launch_firmware(l->firmware, fw_bytes(fw), NULL));
	l->has_kernel = true;
	snp_launch_kernel(&l->kernel, kernel, initrd, cmdline);
	l->machine = (struct snp_machine){ SNP_VMM_QEMU, 1, 0x800f12, 1 };
}

TEST(invented_firmware_is_that_of_the_second_implementation)
{
	static uint8_t fw[FW_LEN];
	uint8_t got[SHA384_LEN];

	fw_build(fw);
	CHECK_OK(crypto_sha384(got, &(struct bytes){ fw, FW_LEN }, 1));
	FW_CHECK(got, "8f61d0776c349a02723321da9aa163928dd8f6e595a7dad7"
		      "2259c673947fb2e9869b722c8c5d21b636f675620c1cfbf4");
}

TEST(snp_launch_agrees_with_the_second_implementation)
{
	struct snp_launch l;
	uint8_t got[SHA384_LEN];

	invent(&l);
	CHECK_OK(snp_launch_digest(got, &l, NULL));
	FW_CHECK(got, "b06ad728ada3fe6f5ebd3874296936669e9471d48a1b446b"
		      "fecbf135d32d15eb8a91c19aa82ed8d8d345874540298971");
	l.machine.vcpus = 4;
	CHECK_OK(snp_launch_digest(got, &l, NULL));
	FW_CHECK(got, "b85829c95ff7321ed3c9ee8a11079e6f98042c7aafaa9052"
		      "f1e02d854bd6f066198c648661333b92f5e9d2ae6a55f76f");
	l.machine.vcpus = 2;
	l.has_kernel = false;
	CHECK_OK(snp_launch_digest(got, &l, NULL));
	FW_CHECK(got, "963882e5494e692ec0cc643b4d911b7fd8700df0c4ffdb2e"
		      "2dbed60814af601218136819eee3ca00fa6e914875d0c0bf");
}

/* After each change of one input: is the digest another one? */
static void check_counts(const struct snp_launch *changed)
{
	struct snp_launch l;
	uint8_t a[SHA384_LEN], b[SHA384_LEN];

	invent(&l);
	CHECK_OK(snp_launch_digest(a, &l, NULL));
	CHECK_OK(snp_launch_digest(b, changed, NULL));
	CHECK(memcmp(a, b, sizeof(a)) != 0);
}

TEST(snp_launch_depends_on_each_of_its_inputs)
{
	struct snp_launch l;

	invent(&l);
	l.firmware[0] ^= 1;
	check_counts(&l);
	invent(&l);
	l.kernel.kernel[31] ^= 1;
	check_counts(&l);
	invent(&l);
	l.kernel.initrd[31] ^= 1;
	check_counts(&l);
	invent(&l);
	l.kernel.cmdline[31] ^= 1;
	check_counts(&l);
	invent(&l);
	l.ovmf.hash_table_gpa += 16;
	check_counts(&l);
	invent(&l);
	l.machine.vcpus++;
	check_counts(&l);
	invent(&l);
	l.machine.vcpu_sig++;
	check_counts(&l);
	invent(&l);
	l.machine.guest_features = 0x21;
	check_counts(&l);
	invent(&l);
	l.machine.vmm = SNP_VMM_EC2;
	check_counts(&l);
	invent(&l);
	l.machine.vmm = SNP_VMM_GCE;
	check_counts(&l);
}

TEST(snp_launch_depends_on_the_order_of_sections)
{
	struct snp_launch l;
	struct ovmf_section s;

	invent(&l);
	s = l.ovmf.sections.item[0];
	l.ovmf.sections.item[0] = l.ovmf.sections.item[1];
	l.ovmf.sections.item[1] = s;
	check_counts(&l);
}

TEST(snp_launch_by_ec2_needs_no_cpuid_page)
{
	struct snp_launch l;
	uint8_t got[SHA384_LEN];

	invent(&l);
	l.machine.vmm = SNP_VMM_EC2;
	l.ovmf.sections.item[3].type = OVMF_SEC_MEM;
	CHECK_OK(snp_launch_digest(got, &l, NULL));
}

TEST(snp_launch_starts_only_other_vcpus_at_the_reset_block)
{
	struct snp_launch l;
	uint8_t a[SHA384_LEN], b[SHA384_LEN];

	invent(&l);
	CHECK_OK(snp_launch_digest(a, &l, NULL));
	l.ovmf.reset_eip = 0x1234;
	CHECK_OK(snp_launch_digest(b, &l, NULL));
	CHECK_MEM(a, b, sizeof(a));
	l.machine.vcpus = 2;
	CHECK_OK(snp_launch_digest(a, &l, NULL));
	l.ovmf.reset_eip = FW_RESET_EIP;
	CHECK_OK(snp_launch_digest(b, &l, NULL));
	CHECK(memcmp(a, b, sizeof(a)) != 0);
}

TEST(snp_launch_limits_vcpus)
{
	struct snp_launch l;
	struct err_ctx ctx = { 0 };
	uint8_t got[SHA384_LEN];

	invent(&l);
	l.machine.vcpus = 0;
	CHECK_ERR(snp_launch_digest(got, &l, &ctx), ERR_LIMIT);
	CHECK_STR(ctx.msg, "0 vCPUs, 1 to 4096 are possible");
	l.machine.vcpus = SNP_VCPUS_MAX + 1;
	CHECK_ERR(snp_launch_digest(got, &l, NULL), ERR_LIMIT);
	CHECK(mem_is_zero(got, sizeof(got)));
	l.machine.vcpus = SNP_VCPUS_MAX;
	CHECK_OK(snp_launch_digest(got, &l, NULL));
}

static void refused(const struct snp_launch *l, enum err want, const char *why)
{
	struct err_ctx ctx = { 0 };
	uint8_t got[SHA384_LEN];

	CHECK_ERR(snp_launch_digest(got, l, &ctx), want);
	if (strstr(ctx.msg, why) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", ctx.msg, why);
	CHECK(mem_is_zero(got, sizeof(got)));
}

TEST(snp_launch_refuses_a_kernel_that_would_not_be_measured)
{
	struct snp_launch l;
	uint8_t got[SHA384_LEN];

	invent(&l);
	l.ovmf.sections.item[5].type = OVMF_SEC_MEM;
	refused(&l, ERR_UNSUPPORTED, "no KERNEL_HASHES section");
	l.has_kernel = false;
	CHECK_OK(snp_launch_digest(got, &l, NULL));
	invent(&l);
	l.ovmf.hash_table_gpa = 0;
	refused(&l, ERR_UNSUPPORTED, "no hash area");
}

TEST(snp_launch_wants_the_hash_area_in_its_section)
{
	struct snp_launch l;
	uint8_t got[SHA384_LEN];

	invent(&l);
	l.ovmf.hash_table_gpa = 0x80fc00;
	refused(&l, ERR_FORMAT, "0x80fc00 is not within");
	l.ovmf.hash_table_gpa = 0x811000;
	refused(&l, ERR_FORMAT, "not within");
	l.ovmf.hash_table_gpa = 0x811000 - HASH_TABLE_LEN + 1;
	refused(&l, ERR_FORMAT, "not within");
	l.ovmf.hash_table_gpa--;
	CHECK_OK(snp_launch_digest(got, &l, NULL));
}

TEST(snp_launch_takes_firmware_of_whole_pages_within_a_limit)
{
	static uint8_t fw[FW_LEN];
	struct err_ctx ctx = { 0 };
	uint8_t got[SHA384_LEN];

	CHECK_ERR(
	    snp_launch_firmware(got, (struct bytes){ fw, PAGE_LEN + 1 }, &ctx),
	    ERR_FORMAT);
	CHECK_STR(ctx.msg, "firmware of 4097 bytes is not of whole pages");
	CHECK_ERR(snp_launch_firmware(got, (struct bytes){ NULL, 0 }, NULL),
	    ERR_FORMAT);
	/* Its length alone decides. */
	CHECK_ERR(snp_launch_firmware(got,
		      (struct bytes){ fw, (size_t)FIRMWARE_LEN_MAX + PAGE_LEN },
		      NULL),
	    ERR_LIMIT);
	CHECK(mem_is_zero(got, sizeof(got)));
	CHECK_OK(
	    snp_launch_firmware(got, (struct bytes){ fw, PAGE_LEN }, NULL));
}

TEST(snp_vcpu_models_have_the_signatures_of_their_families)
{
	uint32_t sig;

	CHECK(snp_vcpu_sig(&sig, (struct bytes)BYTES_LITERAL("EPYC-v4")));
	CHECK_EQ(sig, 0x800f12);
	CHECK(snp_vcpu_sig(&sig, (struct bytes)BYTES_LITERAL("EPYC-Rome")));
	CHECK_EQ(sig, 0x830f10);
	CHECK(snp_vcpu_sig(&sig, (struct bytes)BYTES_LITERAL("EPYC-Milan")));
	CHECK_EQ(sig, 0xa00f11);
	CHECK(snp_vcpu_sig(&sig, (struct bytes)BYTES_LITERAL("EPYC-Genoa")));
	CHECK_EQ(sig, 0xa10f10);
	CHECK(snp_vcpu_sig(&sig, (struct bytes)BYTES_LITERAL("EPYC-Turin")));
	CHECK_EQ(sig, 0xb00f00);
	CHECK(!snp_vcpu_sig(&sig, (struct bytes)BYTES_LITERAL("epyc-v4")));
	CHECK(!snp_vcpu_sig(&sig, (struct bytes){ NULL, 0 }));
}

TEST(snp_vcpu_names_are_listed_and_known)
{
	uint32_t sig;
	size_t n = 0;

	for (; snp_vcpu_name(n) != NULL; n++) {
		const char *name = snp_vcpu_name(n);

		CHECK(snp_vcpu_sig(&sig,
		    (struct bytes){ (const uint8_t *)name, strlen(name) }));
		CHECK(strlen(name) <= SNP_VCPU_NAME_MAX);
	}
	CHECK(n > 10);
}

TEST(snp_vmm_names_are_read_in_any_case)
{
	enum snp_vmm v;

	CHECK(snp_vmm_named(&v, (struct bytes)BYTES_LITERAL("QEMU")));
	CHECK_EQ(v, SNP_VMM_QEMU);
	CHECK(snp_vmm_named(&v, (struct bytes)BYTES_LITERAL("ec2")));
	CHECK_EQ(v, SNP_VMM_EC2);
	CHECK(snp_vmm_named(&v, (struct bytes)BYTES_LITERAL("Gce")));
	CHECK_EQ(v, SNP_VMM_GCE);
	CHECK(!snp_vmm_named(&v, (struct bytes)BYTES_LITERAL("qem")));
	CHECK(!snp_vmm_named(&v, (struct bytes)BYTES_LITERAL("qemuuuuuu")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    snp_launch_gives_every_published_digest_and_refusal),
		cmocka_unit_test(
		    invented_firmware_is_that_of_the_second_implementation),
		cmocka_unit_test(
		    snp_launch_agrees_with_the_second_implementation),
		cmocka_unit_test(snp_launch_depends_on_each_of_its_inputs),
		cmocka_unit_test(snp_launch_depends_on_the_order_of_sections),
		cmocka_unit_test(snp_launch_by_ec2_needs_no_cpuid_page),
		cmocka_unit_test(
		    snp_launch_starts_only_other_vcpus_at_the_reset_block),
		cmocka_unit_test(snp_launch_limits_vcpus),
		cmocka_unit_test(
		    snp_launch_refuses_a_kernel_that_would_not_be_measured),
		cmocka_unit_test(snp_launch_wants_the_hash_area_in_its_section),
		cmocka_unit_test(
		    snp_launch_takes_firmware_of_whole_pages_within_a_limit),
		cmocka_unit_test(
		    snp_vcpu_models_have_the_signatures_of_their_families),
		cmocka_unit_test(snp_vcpu_names_are_listed_and_known),
		cmocka_unit_test(snp_vmm_names_are_read_in_any_case),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
