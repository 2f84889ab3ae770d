/* The JSON form of inputs: two real machines, an invented one, every lie. */
#include "firmware.h"
#include "json_hex.h"

#include "measure/inputs.h"
#include "measure/inputs_json.h"

#define SNP_REAL   "attest/measure/snp-real-dstack.json"
#define SNP_REPORT "attest/sev-snp/milan-v3-vcek-dstack/report.bin"
#define TDX_REAL   "attest/measure/tdx-real-directboot.json"
#define TDX_QUOTE  "attest/tdx/v4-directboot-90c06f-dstack/quote.bin"
#define MRTD_AT    (48 + 136)
#define RTMR_AT    (48 + 328)
#define DOC_MAX    4096

/* Digests of the invented machine, by tests/e2e/lib/launch.py. */
#define SNP_1                                                                  \
	"b06ad728ada3fe6f5ebd3874296936669e9471d48a1b446b"                     \
	"fecbf135d32d15eb8a91c19aa82ed8d8d345874540298971"
#define KERNEL                                                                 \
	"1e6a0a7ff79b7495b49e7dbb2465e34a6eddf56ba185a0d4"                     \
	"baf4d8af90f93bcd33799f020a15ad48d399c8fa51e9eeb3"
#define RTMR1                                                                  \
	"8129eecefeb26a8a0ef524fc7f70ca6d642ffc0efb9d2070"                     \
	"e524395b4b910718564b627e03de240afce4a166455e4ccc"
#define H384                                                                   \
	"000000000000000000000000000000000000000000000000"                     \
	"000000000000000000000000000000000000000000000001"
#define H256 "0000000000000000000000000000000000000000000000000000000000000001"

#define SECTIONS                                                               \
	"[{\"gpa\":\"0x800000\",\"size\":4096,\"type\":1},"                    \
	"{\"gpa\":\"0x810000\",\"size\":\"0x1000\",\"type\":\"0x10\"}]"
#define BASE                                                                   \
	"\"ovmf_pages_digest\":\"" H384                                        \
	"\",\"sev_es_reset_eip\":\"0x80b004\","                                \
	"\"metadata_sections_in_table_order\":" SECTIONS ","                   \
	"\"hash_table_gpa\":8457216,\"vcpus\":1"
#define TYPE ",\"vcpu_type\":\"EPYC-v4\""

static enum err snp(
    struct snp_inputs *out, const char *doc, struct err_ctx *ctx)
{
	return snp_inputs_parse(
	    out, (struct bytes){ (const uint8_t *)doc, strlen(doc) }, ctx);
}

static enum err tdx(
    struct tdx_inputs *out, const char *doc, struct err_ctx *ctx)
{
	return tdx_inputs_parse(
	    out, (struct bytes){ (const uint8_t *)doc, strlen(doc) }, ctx);
}

TEST(snp_inputs_give_the_measurement_that_amd_signed)
{
	uint8_t *text, *report, got[SHA384_LEN], want[SHA384_LEN];
	struct json root = json_file(vector_path(SNP_REAL), &text);
	struct json inputs = json_member(&root, "inputs");
	struct snp_inputs in;
	size_t len;

	CHECK_OK(snp_inputs_parse(&in, inputs.text, NULL));
	CHECK_STR(in.vcpu_type, "EPYC-v4");
	CHECK_EQ(in.launch.machine.vcpus, 2);
	CHECK_OK(snp_launch_digest(got, &in.launch, NULL));
	CHECK_EQ(json_hex(&root, "expected_measurement", want, sizeof(want)),
	    sizeof(want));
	CHECK_MEM(got, want, sizeof(want));
	report = read_file(vector_path(SNP_REPORT), &len);
	CHECK_MEM(got, report + 0x90, sizeof(got));
	free(report);
	free(text);
}

TEST(tdx_inputs_give_the_registers_that_intel_signed)
{
	uint8_t *text, *quote;
	struct json root = json_file(vector_path(TDX_REAL), &text);
	struct json inputs = json_member(&root, "inputs");
	struct tdx_inputs in;
	struct tdx_values v;
	size_t len;

	quote = read_file(vector_path(TDX_QUOTE), &len);
	CHECK_OK(tdx_inputs_parse(&in, inputs.text, NULL));
	CHECK_EQ(in.order, TDX_TWO_PASS);
	CHECK_OK(tdx_inputs_measure(&v, &in, NULL));
	CHECK(v.has_mrtd && !v.has_rtmr[0] && v.has_rtmr[1] && v.has_rtmr[2]);
	CHECK_MEM(v.mrtd, quote + MRTD_AT, SHA384_LEN);
	CHECK_MEM(v.rtmr[1], quote + RTMR_AT + SHA384_LEN, SHA384_LEN);
	CHECK_MEM(v.rtmr[2], quote + RTMR_AT + 2 * SHA384_LEN, SHA384_LEN);
	free(quote);
	free(text);
}

/* No beginning of the published inputs is accepted. */
static void check_truncations(
    const char *file, enum err (*parse)(struct bytes, struct err_ctx *))
{
	uint8_t *text;
	struct json root = json_file(vector_path(file), &text);
	struct bytes doc = json_member(&root, "inputs").text;

	for (size_t n = 0; n < doc.len; n++) {
		struct err_ctx ctx = { 0 };
		enum err e = parse((struct bytes){ doc.p, n }, &ctx);

		if (e == ERR_OK)
			fail_msg("%zu bytes are accepted", n);
		CHECK(ctx.msg[0] != '\0');
	}
	free(text);
}

static enum err parse_snp(struct bytes b, struct err_ctx *ctx)
{
	struct snp_inputs in;
	enum err e = snp_inputs_parse(&in, b, ctx);

	CHECK(e == ERR_OK || mem_is_zero(&in, sizeof(in)));
	return e;
}

static enum err parse_tdx(struct bytes b, struct err_ctx *ctx)
{
	struct tdx_inputs in;
	enum err e = tdx_inputs_parse(&in, b, ctx);

	CHECK(e == ERR_OK || mem_is_zero(&in, sizeof(in)));
	return e;
}

TEST(inputs_refuse_every_truncation)
{
	check_truncations(SNP_REAL, parse_snp);
	check_truncations(TDX_REAL, parse_tdx);
}

/* The same machine as in measure_snp_test, written down. */
TEST(snp_inputs_agree_with_the_files)
{
	static uint8_t fw[FW_LEN];
	const struct bytes kernel = BYTES_LITERAL("kernel\n"),
			   initrd = BYTES_LITERAL("initrd\n");
	uint8_t ld[SHA384_LEN], k[SHA256_LEN], i[SHA256_LEN];
	char text[3][2 * SHA384_LEN + 1], doc[DOC_MAX];
	struct snp_inputs in;

	fw_build(fw);
	CHECK_OK(snp_launch_firmware(ld, fw_bytes(fw), NULL));
	crypto_sha256(k, &kernel, 1);
	crypto_sha256(i, &initrd, 1);
	hex_encode(text[0], ld, sizeof(ld));
	hex_encode(text[1], k, sizeof(k));
	hex_encode(text[2], i, sizeof(i));
	(void)snprintf(doc, sizeof(doc),
	    "{\"ovmf_pages_digest\":\"%s\",\"kernel_sha256\":\"%s\","
	    "\"initrd_sha256\":\"%s\",\"cmdline\":\"console=ttyS0\","
	    "\"hash_table_gpa\":\"0x810c00\",\"sev_es_reset_eip\":8433668,"
	    "\"metadata_sections_in_table_order\":["
	    "{\"gpa\":\"0x800000\",\"size\":\"0x9000\",\"type\":1},"
	    "{\"gpa\":\"0x80a000\",\"size\":\"0x3000\",\"type\":1},"
	    "{\"gpa\":\"0x80d000\",\"size\":\"0x1000\",\"type\":2},"
	    "{\"gpa\":\"0x80e000\",\"size\":\"0x1000\",\"type\":3},"
	    "{\"gpa\":\"0x80f000\",\"size\":\"0x1000\",\"type\":4},"
	    "{\"gpa\":\"0x810000\",\"size\":\"0x1000\",\"type\":16},"
	    "{\"gpa\":\"0x811000\",\"size\":\"0xf000\",\"type\":1}],"
	    "\"vcpus\":1,\"vcpu_sig\":\"0x800f12\",\"sev_features\":1}",
	    text[0], text[1], text[2]);
	CHECK_OK(snp(&in, doc, NULL));
	CHECK_STR(in.vcpu_type, "0x00800f12");
	CHECK_OK(snp_launch_digest(ld, &in.launch, NULL));
	FW_CHECK(ld, SNP_1);
}

TEST(snp_inputs_have_defaults_and_read_null_as_absent)
{
	struct snp_inputs in;

	CHECK_OK(snp(&in, "{" BASE TYPE ",\"kernel_sha256\":null}", NULL));
	CHECK(!in.launch.has_kernel);
	CHECK(mem_is_zero(&in.launch.kernel, sizeof(in.launch.kernel)));
	CHECK_EQ(in.launch.machine.guest_features, 1);
	CHECK_EQ(in.launch.machine.vmm, SNP_VMM_QEMU);
	CHECK_EQ(in.launch.machine.vcpu_sig, 0x800f12);
	CHECK_EQ(in.launch.ovmf.hash_table_gpa, 0x810c00);
	CHECK_EQ(in.launch.ovmf.sections.n, 2);
	CHECK_OK(snp(&in, "{" BASE TYPE ",\"vmm\":\"ec2\"}", NULL));
	CHECK_EQ(in.launch.machine.vmm, SNP_VMM_EC2);
}

TEST(snp_inputs_take_the_hash_of_a_command_line)
{
	struct snp_inputs a, b;
	uint8_t hash[SHA256_LEN];
	char text[2 * SHA256_LEN + 1], doc[DOC_MAX];

	CHECK_OK(snp(&a,
	    "{" BASE TYPE ",\"kernel_sha256\":\"" H256 "\",\"cmdline\":\"x\"}",
	    NULL));
	crypto_sha256(hash, &(struct bytes)BYTES_LITERAL("x\0"), 1);
	hex_encode(text, hash, sizeof(hash));
	(void)snprintf(doc, sizeof(doc),
	    "{" BASE TYPE ",\"kernel_sha256\":\"" H256
	    "\",\"cmdline_sha256\":\"%s\"}",
	    text);
	CHECK_OK(snp(&b, doc, NULL));
	CHECK_MEM(&a, &b, sizeof(a));
}

static void snp_refused(const char *doc, enum err want, const char *why)
{
	struct err_ctx ctx = { 0 };
	struct snp_inputs in;

	CHECK_ERR(snp(&in, doc, &ctx), want);
	if (strstr(ctx.msg, why) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", ctx.msg, why);
	CHECK(mem_is_zero(&in, sizeof(in)));
}

static void tdx_refused(const char *doc, enum err want, const char *why)
{
	struct err_ctx ctx = { 0 };
	struct tdx_inputs in;

	CHECK_ERR(tdx(&in, doc, &ctx), want);
	if (strstr(ctx.msg, why) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", ctx.msg, why);
	CHECK(mem_is_zero(&in, sizeof(in)));
}

TEST(inputs_are_one_object_within_a_limit)
{
	static char large[INPUTS_LEN_MAX + 2];

	memset(large, ' ', sizeof(large) - 1);
	large[0] = '{';
	large[INPUTS_LEN_MAX] = '}';
	snp_refused(large, ERR_LIMIT, "inputs of 65537 bytes, at most 65536");
	tdx_refused(large, ERR_LIMIT, "inputs of 65537 bytes");
	snp_refused("[]", ERR_FORMAT, "no JSON object");
	tdx_refused("1", ERR_FORMAT, "no JSON object");
	snp_refused("{} x", ERR_TRAILING, "offset 3");
	tdx_refused("{\"a\":1,\"a\":1}", ERR_FORMAT, "");
}

TEST(inputs_refuse_unknown_members_by_name)
{
	snp_refused("{" BASE TYPE ",\"kernel\":\"x\"}", ERR_UNSUPPORTED,
	    "member \"kernel\" is not known");
	snp_refused("{" BASE TYPE ",\"\":1}", ERR_UNSUPPORTED, "empty or long");
	snp_refused("{\"metadata_sections_in_table_order\":"
		    "[{\"gpa\":0,\"size\":4096,\"type\":1,\"name\":1}],"
		    "\"ovmf_pages_digest\":\"" H384 "\","
		    "\"sev_es_reset_eip\":1,\"vcpus\":1" TYPE "}",
	    ERR_UNSUPPORTED, "member \"name\"");
	tdx_refused("{\"rtmr3\":1}", ERR_UNSUPPORTED, "member \"rtmr3\"");
	tdx_refused("{\"memory_mib\":128,\"tdvf_sections_in_table_order\":"
		    "[{\"gpa\":0,\"size\":4096,\"type\":2,\"raw\":0}]}",
	    ERR_UNSUPPORTED, "member \"raw\"");
}

TEST(snp_inputs_need_firmware_sections_and_vcpus)
{
	snp_refused("{}", ERR_FORMAT, "ovmf_pages_digest is missing");
	snp_refused("{\"ovmf_pages_digest\":\"" H384 "\"}", ERR_FORMAT,
	    "sev_es_reset_eip is missing");
	snp_refused("{\"ovmf_pages_digest\":\"" H384
		    "\",\"sev_es_reset_eip\":1}",
	    ERR_FORMAT, "metadata_sections_in_table_order is missing");
	snp_refused("{\"ovmf_pages_digest\":\"" H384
		    "\",\"sev_es_reset_eip\":1,"
		    "\"metadata_sections_in_table_order\":[]}",
	    ERR_FORMAT, "metadata_sections_in_table_order is missing");
	snp_refused("{\"ovmf_pages_digest\":\"" H384
		    "\",\"sev_es_reset_eip\":1,"
		    "\"metadata_sections_in_table_order\":" SECTIONS "}",
	    ERR_FORMAT, "vcpus is missing");
	snp_refused("{" BASE "}", ERR_FORMAT, "which vCPU is not said");
}

TEST(snp_inputs_have_digests_and_numbers_of_one_spelling)
{
	snp_refused("{\"ovmf_pages_digest\":\"00\"}", ERR_FORMAT,
	    "ovmf_pages_digest is not 96 lower-case");
	snp_refused("{" BASE TYPE ",\"kernel_sha256\":\"" H384 "\"}",
	    ERR_FORMAT, "kernel_sha256 is not 64");
	snp_refused(
	    "{" BASE TYPE ",\"kernel_sha256\":7}", ERR_FORMAT, "kernel_sha256");
	snp_refused("{" BASE TYPE ",\"vcpu_sig\":\"0x100000000\"}", ERR_LIMIT,
	    "vcpu_sig is not a number up to 4294967295");
	snp_refused(
	    "{" BASE TYPE ",\"vcpu_sig\":\"0x\"}", ERR_FORMAT, "vcpu_sig");
	snp_refused(
	    "{" BASE TYPE ",\"vcpu_sig\":\"-1\"}", ERR_FORMAT, "vcpu_sig");
	snp_refused("{" BASE TYPE ",\"vcpu_sig\":1.5}", ERR_FORMAT, "vcpu_sig");
	snp_refused("{" BASE TYPE ",\"guest_features\":"
		    "\"18446744073709551616\"}",
	    ERR_FORMAT, "guest_features");
	snp_refused(
	    "{" BASE TYPE ",\"cmdline\":[]}", ERR_FORMAT, "cmdline is no text");
}

TEST(inputs_read_numbers_of_two_bases)
{
	static const char *const bad[] = { "", "0x", "0xg", "0xG", "0x`", "0x@",
		"0x/", "0x:", "1:", "1/", "a", "x1", " 1", "1 ", "+1", "-1",
		"0000000000000000000000001", "18446744073709551616",
		"0x10000000000000000" };
	uint64_t n = 7;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const struct bytes b = { (const uint8_t *)bad[i],
			strlen(bad[i]) };

		if (inputs_number(&n, b))
			fail_msg("\"%s\" is a number", bad[i]);
		CHECK_EQ(n, 7);
	}
	CHECK(inputs_number(
	    &n, (struct bytes)BYTES_LITERAL("0xabcdefABCDEF0189")));
	CHECK_EQ(n, 0xabcdefabcdef0189);
	CHECK(inputs_number(
	    &n, (struct bytes)BYTES_LITERAL("18446744073709551615")));
	CHECK(n == UINT64_MAX);
	CHECK(inputs_number(&n, (struct bytes)BYTES_LITERAL("0")));
	CHECK_EQ(n, 0);
}

TEST(inputs_read_tokens)
{
	static uint8_t longest[INPUTS_TOKEN_MAX + 1];

	memset(longest, 'z', sizeof(longest));
	CHECK(inputs_token((struct bytes){ longest, INPUTS_TOKEN_MAX }));
	CHECK(!inputs_token((struct bytes){ longest, INPUTS_TOKEN_MAX + 1 }));
	CHECK(!inputs_token((struct bytes){ NULL, 0 }));
	CHECK(inputs_token((struct bytes)BYTES_LITERAL("aZ09._+-")));
	CHECK(!inputs_token((struct bytes)BYTES_LITERAL("a/b")));
	CHECK(!inputs_token((struct bytes)BYTES_LITERAL("a:b")));
	CHECK(!inputs_token((struct bytes)BYTES_LITERAL("a@b")));
	CHECK(!inputs_token((struct bytes)BYTES_LITERAL("a[b")));
}

TEST(snp_inputs_limit_vcpus)
{
	struct snp_inputs in;

	snp_refused("{\"ovmf_pages_digest\":\"" H384
		    "\",\"sev_es_reset_eip\":1,"
		    "\"metadata_sections_in_table_order\":" SECTIONS
		    ",\"vcpus\":4097" TYPE "}",
	    ERR_LIMIT, "vcpus is not a number up to 4096");
	CHECK_OK(snp(&in,
	    "{\"ovmf_pages_digest\":\"" H384 "\",\"sev_es_reset_eip\":1,"
	    "\"metadata_sections_in_table_order\":" SECTIONS
	    ",\"vcpus\":4096" TYPE "}",
	    NULL));
}

#define ONE(section)                                                           \
	"{\"ovmf_pages_digest\":\"" H384 "\",\"sev_es_reset_eip\":1,"          \
	"\"metadata_sections_in_table_order\":[" section "],\"vcpus\":1" TYPE  \
	"}"

TEST(snp_inputs_check_sections_as_firmware_does)
{
	snp_refused(ONE("1"), ERR_FORMAT, "metadata section is no object");
	snp_refused(ONE("{}"), ERR_FORMAT, "gpa is missing");
	snp_refused(ONE("{\"gpa\":0}"), ERR_FORMAT, "size is missing");
	snp_refused(
	    ONE("{\"gpa\":0,\"size\":4096}"), ERR_FORMAT, "type is missing");
	snp_refused(ONE("{\"gpa\":1,\"size\":4096,\"type\":1}"), ERR_FORMAT,
	    "section 0 is not of whole pages");
	snp_refused(ONE("{\"gpa\":0,\"size\":4096,\"type\":9}"),
	    ERR_UNSUPPORTED, "unknown type 0x9");
	snp_refused(ONE("{\"gpa\":\"0xfffff000\",\"size\":8192,\"type\":1}"),
	    ERR_FORMAT, "above 4 GiB");
	snp_refused("{\"ovmf_pages_digest\":\"" H384
		    "\",\"sev_es_reset_eip\":1,"
		    "\"metadata_sections_in_table_order\":7}",
	    ERR_FORMAT, "is no array");
}

TEST(snp_inputs_want_a_whole_kernel)
{
	snp_refused("{" BASE TYPE ",\"initrd_sha256\":\"" H256 "\"}",
	    ERR_FORMAT, "kernel_sha256 is missing");
	snp_refused("{" BASE TYPE ",\"cmdline\":\"x\"}", ERR_FORMAT,
	    "kernel_sha256 is missing");
	snp_refused("{" BASE TYPE ",\"cmdline_sha256\":\"" H256 "\"}",
	    ERR_FORMAT, "kernel_sha256 is missing");
	snp_refused("{" BASE TYPE ",\"kernel_sha256\":\"" H256 "\"}",
	    ERR_FORMAT, "cmdline or else cmdline_sha256");
	snp_refused("{" BASE TYPE ",\"kernel_sha256\":\"" H256
		    "\",\"cmdline\":\"x\",\"cmdline_sha256\":\"" H256 "\"}",
	    ERR_FORMAT, "not both");
	snp_refused("{" BASE TYPE ",\"kernel_sha256\":\"" H256
		    "\",\"cmdline\":\"a\\u0000b\"}",
	    ERR_FORMAT, "cmdline has a zero byte");
	snp_refused("{" BASE TYPE ",\"cmdline_hash_covers\":\"the text\"}",
	    ERR_UNSUPPORTED, "cmdline_hash_covers");
}

TEST(snp_inputs_agree_with_themselves)
{
	struct snp_inputs in;

	snp_refused("{" BASE TYPE ",\"vcpu_sig\":\"0x800f13\"}", ERR_FORMAT,
	    "EPYC-v4 has the signature 0x800f12, not 0x800f13");
	snp_refused("{" BASE ",\"vcpu_type\":\"Pentium\"}", ERR_UNSUPPORTED,
	    "vCPU type Pentium is not known");
	snp_refused("{" BASE ",\"vcpu_type\":\"a b\",\"vcpu_sig\":1}",
	    ERR_FORMAT, "A-Z a-z 0-9");
	CHECK_OK(snp(
	    &in, "{" BASE ",\"vcpu_type\":\"EPYC-new\",\"vcpu_sig\":1}", NULL));
	CHECK_STR(in.vcpu_type, "EPYC-new");
	snp_refused("{" BASE TYPE
		    ",\"guest_features\":1,\"sev_features\":\"0x21\"}",
	    ERR_FORMAT, "sev_features is not guest_features");
	CHECK_OK(snp(&in, "{" BASE TYPE ",\"sev_features\":\"0x21\"}", NULL));
	CHECK_EQ(in.launch.machine.guest_features, 0x21);
	CHECK_OK(snp(&in,
	    "{" BASE TYPE ",\"guest_features\":33,\"sev_features\":\"0x21\"}",
	    NULL));
	snp_refused("{" BASE TYPE ",\"vmm\":\"xen\"}", ERR_UNSUPPORTED,
	    "vmm is not QEMU");
}

TEST(tdx_inputs_give_what_they_suffice_for)
{
	struct tdx_inputs in;
	struct tdx_values v;
	struct err_ctx ctx = { 0 };

	CHECK_OK(
	    tdx(&in, "{\"kernel_authenticode_sha384\":\"" KERNEL "\"}", NULL));
	CHECK_OK(tdx_inputs_measure(&v, &in, NULL));
	CHECK(!v.has_mrtd && !v.has_rtmr[0] && v.has_rtmr[1] && !v.has_rtmr[2]);
	FW_CHECK(v.rtmr[1], RTMR1);
	CHECK(mem_is_zero(v.mrtd, sizeof(v.mrtd)));
	CHECK(mem_is_zero(v.rtmr[0], SHA384_LEN));
	CHECK(mem_is_zero(v.rtmr[2], SHA384_LEN));
	CHECK_OK(tdx(&in, "{\"cmdline\":\"console=ttyS0\"}", NULL));
	CHECK_OK(tdx_inputs_measure(&v, &in, NULL));
	CHECK(!v.has_rtmr[1] && v.has_rtmr[2]);
	CHECK(mem_is_zero(v.rtmr[1], SHA384_LEN));
	FW_CHECK(v.rtmr[2], "36482cf4d077603c0123f112545737a9b4f47ee76b20e1bc"
			    "943e1ea5a03df893ebc47967930dcac5a72ab07b1122d47a");
	CHECK_OK(tdx(&in, "{\"initrd_sha384\":\"" H384 "\"}", NULL));
	CHECK_ERR(tdx_inputs_measure(&v, &in, &ctx), ERR_FORMAT);
	CHECK(strstr(ctx.msg, "neither MRTD nor a register") != NULL);
	CHECK(mem_is_zero(&v, sizeof(v)));
}

#define ACPI                                                                   \
	"\"acpi_loader_sha384\":\"" H384 "\",\"acpi_rsdp_sha384\":\"" H384     \
	"\",\"acpi_tables_sha384\":\"" H384 "\""
#define HOB                                                                    \
	"\"memory_mib\":2048,\"tdvf_sections_in_table_order\":["               \
	"{\"gpa\":\"0x810000\",\"size\":\"0x10000\",\"type\":3},"              \
	"{\"gpa\":\"0x80b000\",\"size\":\"0x2000\",\"type\":3},"               \
	"{\"gpa\":\"0x809000\",\"size\":\"0x2000\",\"type\":2},"               \
	"{\"gpa\":\"0x800000\",\"size\":\"0x6000\",\"type\":3}]"

TEST(tdx_inputs_make_the_hand_off_blocks_or_take_their_digest)
{
	struct tdx_inputs a, b;
	struct tdx_values v;
	uint8_t want[SHA384_LEN];

	CHECK_OK(
	    tdx(&a, "{" HOB ",\"cfv_sha384\":\"" H384 "\"," ACPI "}", NULL));
	FW_CHECK(a.rtmr0.td_hob,
	    "0b8772e5b0b41b83e6044a68397e02f49fb47066b4fbe491"
	    "7ea2c45c64f323fdacbb37948f821ebaf8bc9c938ba8a749");
	CHECK_OK(tdx_inputs_measure(&v, &a, NULL));
	CHECK(v.has_rtmr[0]);
	CHECK_OK(tdx_launch_rtmr0(want, &a.rtmr0, NULL));
	CHECK_MEM(v.rtmr[0], want, sizeof(want));
	CHECK_OK(tdx(&b,
	    "{\"td_hob_sha384\":"
	    "\"0b8772e5b0b41b83e6044a68397e02f49fb47066b4fbe491"
	    "7ea2c45c64f323fdacbb37948f821ebaf8bc9c938ba8a749\","
	    "\"cfv_sha384\":\"" H384 "\"," ACPI "}",
	    NULL));
	CHECK_MEM(&a, &b, sizeof(a));
	CHECK_OK(tdx(&a, "{" HOB "," ACPI "}", NULL));
	CHECK_ERR(tdx_inputs_measure(&v, &a, NULL), ERR_FORMAT);
}

TEST(tdx_inputs_choose_the_order_of_pages)
{
	struct tdx_inputs in;
	struct tdx_values v;
	struct err_ctx ctx;

	CHECK_OK(tdx(&in, "{\"mrtd_two_pass\":\"" H384 "\"}", NULL));
	CHECK_ERR(tdx_inputs_measure(&v, &in, NULL), ERR_FORMAT);
	CHECK_OK(tdx(&in,
	    "{\"mrtd_two_pass\":\"" H384 "\",\"page_order\":\"two-pass\"}",
	    NULL));
	CHECK_OK(tdx_inputs_measure(&v, &in, NULL));
	FW_CHECK(v.mrtd, H384);
	CHECK_OK(tdx(&in, "{\"qemu\":\"8.2.2\"}", NULL));
	CHECK_EQ(in.order, TDX_TWO_PASS);
	CHECK_OK(tdx(&in, "{\"qemu\":\"9.0\"}", NULL));
	CHECK_EQ(in.order, TDX_SINGLE_PASS);
	CHECK_OK(tdx(&in, "{\"qemu\":\"10.1.0\"}", NULL));
	CHECK_EQ(in.order, TDX_SINGLE_PASS);
	CHECK_OK(
	    tdx(&in, "{\"qemu\":\"8.2\",\"page_order\":\"two-pass\"}", NULL));
	CHECK_EQ(in.order, TDX_TWO_PASS);
	tdx_refused("{\"qemu\":\"9\"}", ERR_FORMAT, "8.2.2 or 9.0");
	tdx_refused("{\"qemu\":\"new\"}", ERR_FORMAT, "8.2.2 or 9.0");
	tdx_refused("{\"qemu\":\"x.1\"}", ERR_FORMAT, "8.2.2 or 9.0");
	tdx_refused("{\"page_order\":\"one\"}", ERR_FORMAT, "page order is");
	tdx_refused("{\"qemu\":\"8.2\",\"page_order\":\"single-pass\"}",
	    ERR_FORMAT, "not that of this version");
	ctx = (struct err_ctx){ 0 };
	CHECK_ERR(tdx_inputs_order(&in.order, (struct bytes){ NULL, 0 }, &ctx),
	    ERR_FORMAT);
}

TEST(tdx_inputs_refuse_what_contradicts)
{
	tdx_refused("{\"memory_mib\":128}", ERR_FORMAT, "td_hob_sha384 or");
	tdx_refused("{\"tdvf_sections_in_table_order\":[]}", ERR_FORMAT,
	    "td_hob_sha384 or");
	tdx_refused("{\"td_hob_sha384\":\"" H384 "\"," HOB "}", ERR_FORMAT,
	    "td_hob_sha384 or");
	tdx_refused("{\"memory_mib\":67108865,"
		    "\"tdvf_sections_in_table_order\":[]}",
	    ERR_LIMIT, "memory_mib is not a number up to 67108864");
	tdx_refused("{\"memory_mib\":128,"
		    "\"tdvf_sections_in_table_order\":[]}",
	    ERR_FORMAT, "no section is a TD_HOB");
	tdx_refused("{\"memory_mib\":128,\"tdvf_sections_in_table_order\":"
		    "[{\"gpa\":0,\"size\":4096,\"type\":0}]}",
	    ERR_FORMAT, "neither TD_HOB nor TEMP_MEM");
	tdx_refused("{\"memory_mib\":128,\"tdvf_sections_in_table_order\":[1]}",
	    ERR_FORMAT, "is no object");
	tdx_refused("{\"memory_mib\":128,\"tdvf_sections_in_table_order\":"
		    "[{\"gpa\":0,\"type\":2}]}",
	    ERR_FORMAT, "section 0 is not of whole pages");
	tdx_refused("{\"cmdline\":\"x\",\"cmdline_event_sha384\":\"" H384 "\"}",
	    ERR_FORMAT, "and so is cmdline_event_sha384");
	tdx_refused("{\"cmdline\":\"\\u00e9\"}", ERR_UNSUPPORTED, "ASCII");
	tdx_refused("{\"cfv_sha384\":\"x\"}", ERR_FORMAT, "cfv_sha384");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    snp_inputs_give_the_measurement_that_amd_signed),
		cmocka_unit_test(
		    tdx_inputs_give_the_registers_that_intel_signed),
		cmocka_unit_test(inputs_refuse_every_truncation),
		cmocka_unit_test(snp_inputs_agree_with_the_files),
		cmocka_unit_test(
		    snp_inputs_have_defaults_and_read_null_as_absent),
		cmocka_unit_test(snp_inputs_take_the_hash_of_a_command_line),
		cmocka_unit_test(inputs_are_one_object_within_a_limit),
		cmocka_unit_test(inputs_refuse_unknown_members_by_name),
		cmocka_unit_test(snp_inputs_need_firmware_sections_and_vcpus),
		cmocka_unit_test(
		    snp_inputs_have_digests_and_numbers_of_one_spelling),
		cmocka_unit_test(inputs_read_numbers_of_two_bases),
		cmocka_unit_test(inputs_read_tokens),
		cmocka_unit_test(snp_inputs_limit_vcpus),
		cmocka_unit_test(snp_inputs_check_sections_as_firmware_does),
		cmocka_unit_test(snp_inputs_want_a_whole_kernel),
		cmocka_unit_test(snp_inputs_agree_with_themselves),
		cmocka_unit_test(tdx_inputs_give_what_they_suffice_for),
		cmocka_unit_test(
		    tdx_inputs_make_the_hand_off_blocks_or_take_their_digest),
		cmocka_unit_test(tdx_inputs_choose_the_order_of_pages),
		cmocka_unit_test(tdx_inputs_refuse_what_contradicts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
