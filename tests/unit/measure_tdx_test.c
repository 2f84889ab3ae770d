/* MRTD, hand-off blocks and registers: an invented TD, and two real quotes. */
#include "firmware.h"
#include "json_hex.h"

#include "measure/tdx_launch.h"

#define MIB     (1ULL << 20)
#define LITE    "attest/tdx/v4-directboot-90c06f-dstack/"
#define FULL    "attest/tdx/v4-eventlog-90c06f-dstack/"
#define RTMR_AT (48 + 328) /* in a quote of version 4 */
#define KERNEL                                                                 \
	"1e6a0a7ff79b7495b49e7dbb2465e34a6eddf56ba185a0d4"                     \
	"baf4d8af90f93bcd33799f020a15ad48d399c8fa51e9eeb3"
#define STR(s) ((struct bytes)BYTES_LITERAL(s))

static void from_hex(uint8_t out[SHA384_LEN], const char *hex)
{
	CHECK_OK(hex_decode(out, SHA384_LEN,
	    (struct bytes){ (const uint8_t *)hex, strlen(hex) }));
}

static void digest(uint8_t out[SHA384_LEN], struct bytes b)
{
	CHECK_OK(crypto_sha384(out, &b, 1));
}

static const uint8_t *invent(struct tdvf *t)
{
	static uint8_t fw[FW_LEN];

	fw_build(fw);
	CHECK_OK(tdvf_parse(t, fw_bytes(fw), NULL));
	return fw;
}

TEST(mrtd_agrees_with_the_second_implementation)
{
	struct tdvf t;
	const uint8_t *fw = invent(&t);
	uint8_t got[SHA384_LEN];

	CHECK_OK(tdx_launch_mrtd(got, &t, fw_bytes(fw), TDX_TWO_PASS, NULL));
	FW_CHECK(got, "4640743fffb9278fdeb5c93eb143a398babc2fe9e711463d"
		      "1e1972afe9fb81b6afc31a1e3c6edded8b93d2c586658e93");
	CHECK_OK(tdx_launch_mrtd(got, &t, fw_bytes(fw), TDX_SINGLE_PASS, NULL));
	FW_CHECK(got, "60f6fc81f043579cc269d302b024bbdc4bd8bdbfc30358ae"
		      "6534c5e49680f9ffc3d9d0d3ad35d69f85bb6a74f8554315");
}

/* Does MRTD change with this image or metadata? */
static bool mrtd_differs(const struct tdvf *t, const uint8_t *image)
{
	struct tdvf plain;
	uint8_t got[SHA384_LEN], want[SHA384_LEN];
	static uint8_t fw[FW_LEN];

	memcpy(fw, image, FW_LEN);
	CHECK_OK(tdx_launch_mrtd(got, t, fw_bytes(fw), TDX_TWO_PASS, NULL));
	CHECK_OK(tdx_launch_mrtd(
	    want, &plain, fw_bytes(invent(&plain)), TDX_TWO_PASS, NULL));
	return memcmp(got, want, sizeof(got)) != 0;
}

TEST(mrtd_covers_what_is_marked_and_the_order_of_sections)
{
	static uint8_t fw[FW_LEN];
	struct tdvf t;
	struct tdvf_section s;

	memcpy(fw, invent(&t), FW_LEN);
	CHECK(!mrtd_differs(&t, fw));
	fw[FW_CFV_LEN] ^= 1;
	CHECK(mrtd_differs(&t, fw));
	memcpy(fw, invent(&t), FW_LEN);
	fw[0] ^= 1; /* CFV: measured later, in RTMR0 */
	CHECK(!mrtd_differs(&t, fw));
	t.section[2].attributes = TDVF_PAGE_AUG;
	CHECK(mrtd_differs(&t, fw));
	(void)invent(&t);
	s = t.section[2];
	t.section[2] = t.section[3];
	t.section[3] = s;
	CHECK(mrtd_differs(&t, fw));
}

static void check_hob(uint64_t memory, const char *want)
{
	struct tdvf t;
	uint8_t got[SHA384_LEN];

	(void)invent(&t);
	CHECK_OK(tdx_launch_hob(got, &t, memory, NULL));
	FW_CHECK(got, want);
}

TEST(hob_agrees_with_the_second_implementation)
{
	check_hob(128 * MIB,
	    "54556500625c8acce79ab51e4691cbf8fb0a34a2b87e2a03"
	    "f8d877ad3a5db9f936fd11ccd5ec04a6af7d44f2f66c6b10");
	check_hob(2815 * MIB,
	    "51d4fd91da99cc87d6826bd6177fe8c74790b01b6a315d7c"
	    "a2639d9d1df9e7835a2251b8e69ecef132b6b0302040f25e");
	check_hob(2816 * MIB,
	    "8eb1a02074362aa0761541cdb4dc3f1788dfeb4538803b24"
	    "1477848e26de294dbe917ab56c5628732679b3abc168c2de");
}

/* Real digests, signed as part of RTMR0 below; the sections are OVMF's. */
TEST(hob_is_that_of_two_real_machines)
{
	check_hob(2048 * MIB,
	    "0b8772e5b0b41b83e6044a68397e02f49fb47066b4fbe491"
	    "7ea2c45c64f323fdacbb37948f821ebaf8bc9c938ba8a749");
	check_hob(65536 * MIB,
	    "8ae1e425351df7992c444586eff99d35af3b779aa2b0e981"
	    "cb4b73bc5b279f2ade19b6a62a203fc3c3bbdaae80af596d");
}

static void hob_refused(
    const struct tdvf *t, uint64_t memory, enum err want, const char *why)
{
	struct err_ctx ctx = { 0 };
	uint8_t got[SHA384_LEN];

	CHECK_ERR(tdx_launch_hob(got, t, memory, &ctx), want);
	if (strstr(ctx.msg, why) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", ctx.msg, why);
	CHECK(mem_is_zero(got, sizeof(got)));
}

TEST(hob_refuses_memory_that_no_machine_has)
{
	struct tdvf t;
	uint8_t got[SHA384_LEN];

	(void)invent(&t);
	hob_refused(&t, 0, ERR_LIMIT, "memory of 0 bytes");
	hob_refused(&t, 128 * MIB + 4096, ERR_LIMIT, "whole MiB");
	hob_refused(&t, TDX_MEMORY_MAX + MIB, ERR_LIMIT, "67108864");
	hob_refused(&t, 8 * MIB, ERR_FORMAT, "memory of 8 MiB ends below");
	CHECK_OK(tdx_launch_hob(got, &t, TDX_MEMORY_MAX, NULL));
	t.section[4].type = TDVF_TEMP_MEM;
	hob_refused(&t, 128 * MIB, ERR_FORMAT, "no section is a TD_HOB");
}

TEST(hob_does_not_depend_on_the_order_of_sections)
{
	struct tdvf t;
	struct tdvf_section s;
	uint8_t a[SHA384_LEN], b[SHA384_LEN];

	(void)invent(&t);
	CHECK_OK(tdx_launch_hob(a, &t, 128 * MIB, NULL));
	s = t.section[2];
	t.section[2] = t.section[5];
	t.section[5] = s;
	CHECK_OK(tdx_launch_hob(b, &t, 128 * MIB, NULL));
	CHECK_MEM(a, b, sizeof(a));
}

TEST(hob_has_room_for_the_most_sections)
{
	struct tdvf t = { .n = 0 };
	uint8_t got[SHA384_LEN];

	for (size_t i = 0; i < TDVF_SECTIONS_MAX; i++) {
		const struct tdvf_section s = { 0, 0, 2 * (i + 1) * PAGE_LEN,
			PAGE_LEN, i == 0 ? TDVF_TD_HOB : TDVF_TEMP_MEM, 0 };

		CHECK_OK(tdvf_section_add(&t, &s, 0, NULL));
	}
	CHECK_OK(tdx_launch_hob(got, &t, 4096 * MIB, NULL));
}

TEST(rtmrs_agree_with_the_second_implementation)
{
	struct tdvf t;
	const uint8_t *fw = invent(&t);
	struct tdx_rtmr0 in;
	uint8_t got[SHA384_LEN], kernel[SHA384_LEN], initrd[SHA384_LEN];

	CHECK_OK(tdx_launch_hob(in.td_hob, &t, 2048 * MIB, NULL));
	digest(in.cfv, (struct bytes){ fw, FW_CFV_LEN });
	digest(in.acpi_loader, STR("acpi loader\n"));
	digest(in.acpi_rsdp, STR("acpi rsdp\n"));
	digest(in.acpi_tables, STR("acpi tables\n"));
	CHECK_OK(tdx_launch_rtmr0(got, &in, NULL));
	FW_CHECK(got, "f85c48fe8a5c35e57f8a76d5fe8d988e8f2d288de6265541"
		      "72c52e9c65ceb01bd67c0245bde2aaae3bcc6f52a858b6e2");
	from_hex(kernel, KERNEL);
	CHECK_OK(tdx_launch_rtmr1(got, kernel, NULL));
	FW_CHECK(got, "8129eecefeb26a8a0ef524fc7f70ca6d642ffc0efb9d2070"
		      "e524395b4b910718564b627e03de240afce4a166455e4ccc");
	digest(initrd, STR("initrd\n"));
	CHECK_OK(tdx_launch_cmdline(kernel, STR("console=ttyS0"), true, NULL));
	CHECK_OK(tdx_launch_rtmr2(got, kernel, initrd, NULL));
	FW_CHECK(got, "04a65241f26d6ce489318b974237c0d86d71ad17c28157cb"
		      "f8d84fae9a945722f6473e50940da7e8debce0bb728ac3f3");
	CHECK_OK(tdx_launch_cmdline(kernel, STR("console=ttyS0"), false, NULL));
	CHECK_OK(tdx_launch_rtmr2(got, kernel, NULL, NULL));
	FW_CHECK(got, "36482cf4d077603c0123f112545737a9b4f47ee76b20e1bc"
		      "943e1ea5a03df893ebc47967930dcac5a72ab07b1122d47a");
}

TEST(cmdline_is_printable_ascii_within_a_limit)
{
	static uint8_t text[TDX_CMDLINE_MAX + 1];
	struct err_ctx ctx = { 0 };
	uint8_t got[SHA384_LEN];

	memset(text, 'x', sizeof(text));
	CHECK_OK(tdx_launch_cmdline(
	    got, (struct bytes){ text, TDX_CMDLINE_MAX }, true, NULL));
	CHECK_ERR(tdx_launch_cmdline(got,
		      (struct bytes){ text, TDX_CMDLINE_MAX + 1 }, true, NULL),
	    ERR_LIMIT);
	CHECK(mem_is_zero(got, sizeof(got)));
	CHECK_ERR(
	    tdx_launch_cmdline(got, STR("a\nb"), true, &ctx), ERR_UNSUPPORTED);
	CHECK(strstr(ctx.msg, "byte 0x0a at offset 1") != NULL);
	CHECK_ERR(
	    tdx_launch_cmdline(got, STR("\x7f"), true, NULL), ERR_UNSUPPORTED);
	CHECK_ERR(tdx_launch_cmdline(got, STR("\xc3\xa9"), true, NULL),
	    ERR_UNSUPPORTED);
	CHECK_OK(
	    tdx_launch_cmdline(got, (struct bytes){ NULL, 0 }, true, NULL));
	CHECK_ERR(
	    tdx_launch_cmdline(got, (struct bytes){ NULL, 0 }, false, NULL),
	    ERR_UNSUPPORTED);
}

/* The event log of a real machine, and RTMR0 to RTMR2 of its signed quote. */
struct real {
	uint8_t event[64][SHA384_LEN];
	uint64_t type[64];
	uint64_t imr[64];
	size_t n;
	uint8_t rtmr[3][SHA384_LEN];
};

static void load_log(struct real *r, const char *path)
{
	uint8_t *file, *text;
	struct json root = json_file(vector_path(path), &file);
	struct json log = json_member(&root, "event_log"), list, e, v;
	struct json_iter it;
	size_t len;

	text = malloc(log.text.len);
	assert_non_null(text);
	CHECK_OK(json_string(&log, text, log.text.len, &len));
	CHECK_OK(json_parse(&list, (struct bytes){ text, len }, NULL));
	for (it = json_iter(&list); json_next(&it, NULL, &e); r->n++) {
		CHECK(r->n < 64);
		v = json_member(&e, "imr");
		CHECK_OK(json_u64(&v, &r->imr[r->n]));
		v = json_member(&e, "event_type");
		CHECK_OK(json_u64(&v, &r->type[r->n]));
		(void)json_hex(&e, "digest", r->event[r->n], SHA384_LEN);
	}
	free(text);
	free(file);
}

static void load(struct real *r, const char *log, const char *quote)
{
	size_t len;
	uint8_t *p = read_file(vector_path(quote), &len);

	memset(r, 0, sizeof(*r));
	CHECK(len > RTMR_AT + sizeof(r->rtmr));
	memcpy(r->rtmr, p + RTMR_AT, sizeof(r->rtmr));
	free(p);
	load_log(r, log);
}

/* The i-th event of a register with this type. */
static const uint8_t *event(
    const struct real *r, uint64_t imr, uint32_t type, size_t i)
{
	for (size_t k = 0; k < r->n; k++) {
		if (r->imr[k] == imr && r->type[k] == type && i-- == 0)
			return r->event[k];
	}
	fail_msg("no event 0x%x", type);
	return NULL;
}

enum {
	EV_PLATFORM_CONFIG = 0xa,
	EV_EVENT_TAG = 6,
	EV_BOOT_APPLICATION = 0x80000003,
	EV_FIRMWARE_BLOB2 = 0x8000000a,
};

/* ACPI and CFV as logged; everything else of RTMR0 is ours. */
static void check_real(const struct real *r, uint64_t memory)
{
	struct tdvf t;
	struct tdx_rtmr0 in;
	uint8_t got[SHA384_LEN];

	(void)invent(&t); /* its memory sections are those of OVMF */
	CHECK_OK(tdx_launch_hob(in.td_hob, &t, memory, NULL));
	memcpy(in.cfv, event(r, 0, EV_FIRMWARE_BLOB2, 0), SHA384_LEN);
	memcpy(in.acpi_loader, event(r, 0, EV_PLATFORM_CONFIG, 0), SHA384_LEN);
	memcpy(in.acpi_rsdp, event(r, 0, EV_PLATFORM_CONFIG, 1), SHA384_LEN);
	memcpy(in.acpi_tables, event(r, 0, EV_PLATFORM_CONFIG, 2), SHA384_LEN);
	CHECK_OK(tdx_launch_rtmr0(got, &in, NULL));
	CHECK_MEM(got, r->rtmr[0], SHA384_LEN);
	CHECK_OK(tdx_launch_rtmr1(
	    got, event(r, 1, (uint32_t)EV_BOOT_APPLICATION, 0), NULL));
	CHECK_MEM(got, r->rtmr[1], SHA384_LEN);
	CHECK_OK(tdx_launch_rtmr2(got, event(r, 2, EV_EVENT_TAG, 0),
	    event(r, 2, EV_EVENT_TAG, 1), NULL));
	CHECK_MEM(got, r->rtmr[2], SHA384_LEN);
}

TEST(rtmrs_are_those_of_a_real_quote_of_2_gib)
{
	struct real r;

	load(&r, LITE "tdx-lite-getquote.json", LITE "quote.bin");
	check_real(&r, 2048 * MIB);
}

TEST(rtmrs_are_those_of_a_real_quote_of_64_gib)
{
	struct real r;

	load(&r, FULL "quote-report.json", FULL "quote.bin");
	check_real(&r, 65536 * MIB);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mrtd_agrees_with_the_second_implementation),
		cmocka_unit_test(
		    mrtd_covers_what_is_marked_and_the_order_of_sections),
		cmocka_unit_test(hob_agrees_with_the_second_implementation),
		cmocka_unit_test(hob_is_that_of_two_real_machines),
		cmocka_unit_test(hob_refuses_memory_that_no_machine_has),
		cmocka_unit_test(hob_does_not_depend_on_the_order_of_sections),
		cmocka_unit_test(hob_has_room_for_the_most_sections),
		cmocka_unit_test(rtmrs_agree_with_the_second_implementation),
		cmocka_unit_test(cmdline_is_printable_ascii_within_a_limit),
		cmocka_unit_test(rtmrs_are_those_of_a_real_quote_of_2_gib),
		cmocka_unit_test(rtmrs_are_those_of_a_real_quote_of_64_gib),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
