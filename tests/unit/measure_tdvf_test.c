/* TDX metadata: a real end of OVMF, an invented image, and every lie. */
#include "firmware.h"

#include "measure/tdvf.h"

#define REAL_LEN 0x400000 /* of the build that the real suffix is cut from */

static void check_section(const struct tdvf *t, size_t i, uint32_t offset,
    uint64_t address, uint64_t size, enum tdvf_type type)
{
	CHECK(i < t->n);
	CHECK_EQ(t->section[i].data_offset, offset);
	CHECK_EQ(t->section[i].address, address);
	CHECK_EQ(t->section[i].size, size);
	CHECK_EQ(t->section[i].type, type);
}

/* The suffix alone is too short for the volumes that it names. */
TEST(tdvf_gives_what_the_end_of_a_real_image_says)
{
	size_t len;
	uint8_t *p = read_file(
	    vector_path("attest/measure/ovmf_OvmfX64_suffix.bin"), &len);
	uint8_t *whole = calloc(1, REAL_LEN);
	struct err_ctx ctx = { 0 };
	struct tdvf t;

	assert_non_null(whole);
	memcpy(whole + REAL_LEN - len, p, len);
	CHECK_OK(tdvf_parse(&t, (struct bytes){ whole, REAL_LEN }, NULL));
	CHECK_EQ(t.n, 6);
	check_section(&t, 0, 0x84000, 0xffc84000, 0x37c000, TDVF_BFV);
	CHECK_EQ(t.section[0].attributes, TDVF_MR_EXTEND);
	check_section(&t, 1, 0, 0xffc00000, 0x84000, TDVF_CFV);
	CHECK_EQ(t.section[1].attributes, 0);
	check_section(&t, 2, 0, 0x811000, 0xf000, TDVF_TEMP_MEM);
	check_section(&t, 4, 0, 0x809000, 0x2000, TDVF_TD_HOB);
	CHECK_ERR(tdvf_parse(&t, (struct bytes){ p, len }, &ctx), ERR_FORMAT);
	CHECK(strstr(ctx.msg, "section 0, data 0x84000 + 0x37c000") != NULL);
	free(whole);
	free(p);
}

TEST(tdvf_reads_an_invented_image)
{
	static uint8_t fw[FW_LEN];
	struct tdvf t;

	fw_build(fw);
	CHECK_OK(tdvf_parse(&t, fw_bytes(fw), NULL));
	CHECK_EQ(t.n, FW_TDX_COUNT);
	check_section(&t, 0, FW_CFV_LEN, 0xffff4000, 0xc000, TDVF_BFV);
	check_section(&t, 4, 0, 0x809000, 0x2000, TDVF_TD_HOB);
	CHECK(tdvf_section_find(&t, TDVF_CFV) == &t.section[1]);
}

TEST(tdvf_refuses_every_truncation)
{
	static uint8_t fw[FW_LEN];
	struct err_ctx ctx;
	struct tdvf t;

	fw_build(fw);
	for (size_t n = 0; n < FW_LEN; n++) {
		enum err e;

		ctx = (struct err_ctx){ 0 };
		e = tdvf_parse(&t, (struct bytes){ fw, n }, &ctx);
		if (e == ERR_OK)
			fail_msg("%zu bytes are accepted", n);
		CHECK_EQ(ctx.code, e);
		CHECK(ctx.msg[0] != '\0');
		CHECK(mem_is_zero(&t, sizeof(t)));
	}
	/* Data offsets count from the start, so nothing may be missing there. */
	for (size_t at = 1; at < FW_LEN; at++)
		CHECK(tdvf_parse(&t, (struct bytes){ fw + at, FW_LEN - at },
			  NULL) != ERR_OK);
}

/* One change that alone makes the metadata unreadable. */
static void refused32(size_t at, uint32_t v, enum err want, const char *why)
{
	static uint8_t fw[FW_LEN];
	struct err_ctx ctx = { 0 };
	struct tdvf t;

	fw_build(fw);
	fw_put32(fw, at, v);
	CHECK_ERR(tdvf_parse(&t, fw_bytes(fw), &ctx), want);
	if (strstr(ctx.msg, why) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", ctx.msg, why);
}

static void refused64(size_t at, uint64_t v, enum err want, const char *why)
{
	static uint8_t fw[FW_LEN];
	struct err_ctx ctx = { 0 };
	struct tdvf t;

	fw_build(fw);
	fw_put64(fw, at, v);
	CHECK_ERR(tdvf_parse(&t, fw_bytes(fw), &ctx), want);
	if (strstr(ctx.msg, why) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", ctx.msg, why);
}

TEST(tdvf_metadata_is_where_its_offset_says)
{
	refused32(FW_TDX_PTR_AT + 6, 0, ERR_UNSUPPORTED, "no TDX metadata");
	refused32(FW_TDX_PTR_AT, FW_LEN + 1, ERR_FORMAT, "outside");
	refused32(FW_TDX_PTR_AT, 15, ERR_TRUNCATED, "ends with the firmware");
	refused32(FW_TDX_PTR_AT, 0x801, ERR_FORMAT, "no TDVF at offset 63487");
}

TEST(tdvf_metadata_has_one_version_and_an_exact_length)
{
	refused32(FW_TDX_AT + 4, 16 + 32 * 6 + 1, ERR_FORMAT, "length 209");
	refused32(FW_TDX_AT + 4, 0xffffffff, ERR_FORMAT, "length 4294967295");
	refused32(FW_TDX_AT + 8, 0, ERR_UNSUPPORTED, "version 0");
	refused32(FW_TDX_AT + 12, 0, ERR_LIMIT, "0 sections");
	refused32(FW_TDX_AT + 12, TDVF_SECTIONS_MAX + 1, ERR_LIMIT,
	    "33 sections at offset 63500");
	refused32(FW_TDX_AT + 12, 0xffffffff, ERR_LIMIT, "sections");
	refused32(FW_TDX_AT + 12, 5, ERR_FORMAT, "with 5 sections");
}

TEST(tdvf_metadata_ends_inside_of_the_image)
{
	static uint8_t fw[FW_LEN];
	struct err_ctx ctx = { 0 };
	struct tdvf t;

	fw_build(fw);
	fw_put32(fw, FW_TDX_PTR_AT, 16); /* in the reset vector */
	memcpy(fw + FW_LEN - 16, fw + FW_TDX_AT, 16);
	CHECK_ERR(tdvf_parse(&t, fw_bytes(fw), &ctx), ERR_FORMAT);
	CHECK(strstr(ctx.msg, "16 bytes to the end") != NULL);
}

/* Where the field at offset k of section i stands. */
static size_t field(size_t i, size_t k)
{
	return FW_TDX_AT + 16 + 32 * i + k;
}

enum { DATA = 0, DATA_LEN = 4, ADDRESS = 8, SIZE = 16, TYPE = 24, ATTR = 28 };

TEST(tdvf_sections_are_whole_pages_below_4_gib)
{
	refused64(field(2, ADDRESS), 0x810001, ERR_FORMAT, "section 2 is not");
	refused64(field(2, SIZE), 0x10001, ERR_FORMAT, "section 2 is not of");
	refused64(field(2, SIZE), 0, ERR_FORMAT, "section 2 is not of");
	refused64(field(2, ADDRESS), 0x100000000, ERR_FORMAT,
	    "section 2, address 0x100000000");
	refused64(field(2, ADDRESS), 0x100001000, ERR_FORMAT,
	    "section 2, address 0x100001000");
	refused64(field(2, ADDRESS), 0xfffff000, ERR_FORMAT, "above 4 GiB");
	refused64(field(2, SIZE), 0xfffffffffffff000, ERR_FORMAT,
	    "size 0xfffffffffffff000, ends above");
}

TEST(tdvf_sections_have_known_types_and_attributes)
{
	refused32(field(2, TYPE), 4, ERR_UNSUPPORTED, "unknown type 4");
	refused32(field(2, TYPE), 0xffffffff, ERR_UNSUPPORTED, "unknown type");
	refused32(field(2, ATTR), 4, ERR_UNSUPPORTED, "unknown attributes 0x4");
	refused32(field(2, ATTR), TDVF_MR_EXTEND, ERR_UNSUPPORTED,
	    "section 2 of type 3 is to be measured");
	refused32(field(4, ATTR), TDVF_MR_EXTEND, ERR_UNSUPPORTED,
	    "section 4 of type 2");
}

TEST(tdvf_volumes_have_data_in_the_image_and_memory_has_none)
{
	refused32(field(0, DATA_LEN), 0xb000, ERR_UNSUPPORTED,
	    "section 0 of type 0 has 0xb000 bytes of data");
	refused32(field(1, DATA_LEN), 0, ERR_UNSUPPORTED, "section 1 of type");
	refused32(field(2, DATA_LEN), 1, ERR_UNSUPPORTED, "section 2 of type");
	refused32(field(0, DATA), FW_CFV_LEN + 1, ERR_FORMAT,
	    "section 0, data 0x4001 + 0xc000, ends outside");
	refused32(field(0, DATA), 0xffffffff, ERR_FORMAT, "ends outside");
	refused32(field(2, DATA), FW_LEN + 1, ERR_FORMAT, "section 2, data");
}

TEST(tdvf_has_one_section_of_a_kind_but_much_memory)
{
	refused32(field(2, TYPE), TDVF_TD_HOB, ERR_FORMAT,
	    "section 4 has type 2 again");
	refused32(field(1, TYPE), TDVF_BFV, ERR_FORMAT, "type 0 again");
	refused32(field(0, TYPE), TDVF_CFV, ERR_FORMAT, "type 1 again");
}

TEST(tdvf_needs_a_boot_volume)
{
	static uint8_t fw[FW_LEN];
	struct err_ctx ctx = { 0 };
	struct tdvf t;

	fw_build(fw);
	fw_put32(fw, field(0, TYPE), TDVF_CFV);
	fw_put32(fw, field(1, TYPE), TDVF_TEMP_MEM);
	fw_put32(fw, field(1, DATA_LEN), 0);
	CHECK_ERR(tdvf_parse(&t, fw_bytes(fw), &ctx), ERR_FORMAT);
	CHECK(strstr(ctx.msg, "no section is a BFV") != NULL);
}

TEST(tdvf_sections_do_not_overlap)
{
	refused64(field(3, ADDRESS), 0x80f000, ERR_FORMAT,
	    "section 3 overlaps section 2");
	refused64(
	    field(5, SIZE), 0xa000, ERR_FORMAT, "section 5 overlaps section 4");
}

TEST(tdvf_sections_are_limited_in_number_and_pages)
{
	struct tdvf t = { .n = 0 };
	struct tdvf_section s = { 0, 0, 0, PAGE_LEN, TDVF_TEMP_MEM, 0 };

	for (size_t i = 0; i < TDVF_SECTIONS_MAX; i++) {
		s.address = i * PAGE_LEN;
		CHECK_OK(tdvf_section_add(&t, &s, 0, NULL));
	}
	s.address += PAGE_LEN;
	CHECK_ERR(tdvf_section_add(&t, &s, 0, NULL), ERR_LIMIT);
	t.n = 0;
	s.size = (uint64_t)(TDVF_PAGES_MAX - 1) * PAGE_LEN;
	CHECK_OK(tdvf_section_add(&t, &s, 0, NULL));
	s = (struct tdvf_section){ 0, 0, 0x80000000, 2 * PAGE_LEN,
		TDVF_TEMP_MEM, 0 };
	CHECK_ERR(tdvf_section_add(&t, &s, 0, NULL), ERR_LIMIT);
	s.size = PAGE_LEN;
	CHECK_OK(tdvf_section_add(&t, &s, 0, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tdvf_gives_what_the_end_of_a_real_image_says),
		cmocka_unit_test(tdvf_reads_an_invented_image),
		cmocka_unit_test(tdvf_refuses_every_truncation),
		cmocka_unit_test(tdvf_metadata_is_where_its_offset_says),
		cmocka_unit_test(
		    tdvf_metadata_has_one_version_and_an_exact_length),
		cmocka_unit_test(tdvf_metadata_ends_inside_of_the_image),
		cmocka_unit_test(tdvf_sections_are_whole_pages_below_4_gib),
		cmocka_unit_test(tdvf_sections_have_known_types_and_attributes),
		cmocka_unit_test(
		    tdvf_volumes_have_data_in_the_image_and_memory_has_none),
		cmocka_unit_test(
		    tdvf_has_one_section_of_a_kind_but_much_memory),
		cmocka_unit_test(tdvf_needs_a_boot_volume),
		cmocka_unit_test(tdvf_sections_do_not_overlap),
		cmocka_unit_test(tdvf_sections_are_limited_in_number_and_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
