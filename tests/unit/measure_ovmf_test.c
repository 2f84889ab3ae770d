/* Firmware tables: real ends of OVMF, an invented image, and every lie. */
#include "firmware.h"

#include "measure/ovmf.h"

static enum err parse(struct ovmf *o, const uint8_t *fw)
{
	return ovmf_parse(o, fw_bytes(fw), NULL);
}

static void check_section(
    const struct ovmf *o, size_t i, uint32_t gpa, uint32_t size, int type)
{
	CHECK(i < o->sections.n);
	CHECK_EQ(o->sections.item[i].gpa, gpa);
	CHECK_EQ(o->sections.item[i].size, size);
	CHECK_EQ(o->sections.item[i].type, type);
}

TEST(ovmf_gives_what_the_end_of_a_real_image_says)
{
	size_t len;
	uint8_t *p = read_file(
	    vector_path("attest/measure/ovmf_AmdSev_suffix.bin"), &len);
	struct ovmf o;

	CHECK_OK(ovmf_parse(&o, (struct bytes){ p, len }, NULL));
	CHECK_EQ(o.reset_eip, 0x80b004);
	CHECK_EQ(o.hash_table_gpa, 0x810c00);
	CHECK_EQ(o.sections.n, 7);
	check_section(&o, 0, 0x800000, 0x9000, OVMF_SEC_MEM);
	check_section(&o, 2, 0x80d000, 0x1000, OVMF_SECRETS);
	check_section(&o, 3, 0x80e000, 0x1000, OVMF_CPUID);
	check_section(&o, 4, 0x80f000, 0x1000, OVMF_SVSM_CAA);
	check_section(&o, 5, 0x810000, 0x1000, OVMF_KERNEL_HASHES);
	check_section(&o, 6, 0x811000, 0xf000, OVMF_SEC_MEM);
	free(p);
}

TEST(ovmf_without_a_hash_area_says_zero)
{
	size_t len;
	uint8_t *p = read_file(
	    vector_path("attest/measure/ovmf_OvmfX64_suffix.bin"), &len);
	struct ovmf o;

	CHECK_OK(ovmf_parse(&o, (struct bytes){ p, len }, NULL));
	CHECK_EQ(o.hash_table_gpa, 0);
	CHECK_EQ(o.sections.n, 6);
	CHECK(ovmf_section_find(&o.sections, OVMF_KERNEL_HASHES) == NULL);
	free(p);
}

TEST(ovmf_reads_an_invented_image)
{
	static uint8_t fw[FW_LEN];
	struct ovmf o;

	fw_build(fw);
	CHECK_OK(parse(&o, fw));
	CHECK_EQ(o.reset_eip, FW_RESET_EIP);
	CHECK_EQ(o.hash_table_gpa, FW_HASH_AREA);
	CHECK_EQ(o.sections.n, FW_SEV_COUNT);
}

TEST(ovmf_refuses_every_truncation)
{
	static uint8_t fw[FW_LEN];
	struct err_ctx ctx;
	struct ovmf o;

	fw_build(fw);
	for (size_t n = 0; n < FW_LEN; n++) {
		enum err e;

		ctx = (struct err_ctx){ 0 };
		e = ovmf_parse(&o, (struct bytes){ fw, n }, &ctx);
		if (e == ERR_OK)
			fail_msg("%zu bytes are accepted", n);
		CHECK_EQ(ctx.code, e);
		CHECK(ctx.msg[0] != '\0');
		CHECK(mem_is_zero(&o, sizeof(o)));
	}
}

/* A start that is missing is another image, as long as the tables are there. */
TEST(ovmf_refuses_every_image_whose_start_cuts_a_table)
{
	static uint8_t fw[FW_LEN];
	struct ovmf o;

	fw_build(fw);
	for (size_t at = FW_SEV_AT + 1; at < FW_LEN; at++) {
		const struct bytes b = { fw + at, FW_LEN - at };

		if (ovmf_parse(&o, b, NULL) == ERR_OK)
			fail_msg("the last %zu bytes are accepted", b.len);
	}
	CHECK_OK(ovmf_parse(
	    &o, (struct bytes){ fw + FW_SEV_AT, FW_LEN - FW_SEV_AT }, NULL));
}

TEST(ovmf_refuses_an_image_above_the_limit)
{
	static const uint8_t none[1];
	struct ovmf o;

	/* Its length alone decides. */
	CHECK_ERR(
	    ovmf_parse(
		&o, (struct bytes){ none, (size_t)FIRMWARE_LEN_MAX + 1 }, NULL),
	    ERR_LIMIT);
}

/* One change that alone makes the image unreadable. */
static void refused32(size_t at, uint32_t v, enum err want, const char *why)
{
	static uint8_t fw[FW_LEN];
	struct err_ctx ctx = { 0 };
	struct ovmf o;

	fw_build(fw);
	fw_put32(fw, at, v);
	CHECK_ERR(ovmf_parse(&o, fw_bytes(fw), &ctx), want);
	if (strstr(ctx.msg, why) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", ctx.msg, why);
}

/* As above, for the u16 length of an entry. */
static void refused_len(size_t at, uint16_t v, const char *why)
{
	static uint8_t fw[FW_LEN];
	struct err_ctx ctx = { 0 };
	struct ovmf o;

	fw_build(fw);
	fw[at] = (uint8_t)v;
	fw[at + 1] = (uint8_t)(v >> 8);
	CHECK_ERR(ovmf_parse(&o, fw_bytes(fw), &ctx), ERR_FORMAT);
	if (strstr(ctx.msg, why) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", ctx.msg, why);
}

TEST(ovmf_table_has_a_footer_and_whole_entries)
{
	refused32(
	    FW_FOOTER_AT + 2, 0, ERR_FORMAT, "no OVMF table at offset 65488");
	refused_len(FW_FOOTER_AT, 17, "table length 17 at offset 65486");
	refused_len(FW_FOOTER_AT, 0xffff, "table length 65535");
	refused_len(FW_FOOTER_AT, 18 + 17, "17 bytes at offset");
	refused_len(FW_RESET_AT + 4, 17, "entry length 17 at offset 65468");
	refused_len(FW_RESET_AT + 4, 0, "entry length 0");
	refused_len(FW_RESET_AT + 4, 4096, "entry length 4096");
}

TEST(ovmf_entries_have_the_length_of_their_kind)
{
	static uint8_t fw[FW_LEN];
	struct err_ctx ctx = { 0 };
	struct bytes b;

	/* Shifting a border also hides the entry below. */
	refused_len(FW_SEV_PTR_AT + 4, 23, "entry of 23 bytes");
	fw_build(fw);
	CHECK_OK(
	    ovmf_table_find(&b, fw_bytes(fw), fw + FW_HASH_AT + 10, 8, NULL));
	CHECK(b.p == fw + FW_HASH_AT && b.len == 8);
	CHECK_ERR(
	    ovmf_table_find(&b, fw_bytes(fw), fw + FW_HASH_AT + 10, 4, &ctx),
	    ERR_FORMAT);
	CHECK(strstr(ctx.msg, "entry of 26 bytes at offset 65438") != NULL);
	CHECK(b.p == NULL && b.len == 0);
}

TEST(ovmf_refuses_two_entries_of_one_guid)
{
	static uint8_t fw[FW_LEN];
	struct err_ctx ctx = { 0 };
	struct ovmf o;

	fw_build(fw);
	memcpy(fw + FW_TDX_PTR_AT, fw + FW_SEV_PTR_AT, 22);
	CHECK_ERR(ovmf_parse(&o, fw_bytes(fw), &ctx), ERR_FORMAT);
	CHECK(strstr(ctx.msg, "a GUID again") != NULL);
}

TEST(ovmf_needs_metadata_and_reset_block_but_no_hash_area)
{
	static uint8_t fw[FW_LEN];
	struct ovmf o;

	refused32(FW_SEV_PTR_AT + 6, 0, ERR_UNSUPPORTED, "no SEV metadata");
	refused32(FW_RESET_AT + 6, 0, ERR_UNSUPPORTED, "no SEV-ES reset block");
	fw_build(fw);
	fw_put32(fw, FW_HASH_AT + 10, 0); /* its GUID */
	CHECK_OK(parse(&o, fw));
	CHECK_EQ(o.hash_table_gpa, 0);
}

TEST(ovmf_hash_area_has_room_for_the_table)
{
	static uint8_t fw[FW_LEN];
	struct ovmf o;

	refused32(FW_HASH_AT + 4, HASH_TABLE_LEN - 1, ERR_FORMAT,
	    "hash area of 175 bytes at offset 65442");
	fw_build(fw);
	fw_put32(fw, FW_HASH_AT + 4, HASH_TABLE_LEN);
	CHECK_OK(parse(&o, fw));
}

TEST(ovmf_metadata_is_where_its_offset_says)
{
	refused32(FW_SEV_PTR_AT, FW_LEN + 1, ERR_FORMAT, "outside");
	refused32(FW_SEV_PTR_AT, 0xffffffff, ERR_FORMAT, "outside");
	refused32(FW_SEV_PTR_AT, 15, ERR_TRUNCATED, "ends with the firmware");
	refused32(FW_SEV_PTR_AT, 0, ERR_TRUNCATED, "offset 65536");
	refused32(FW_SEV_PTR_AT, 0x601, ERR_FORMAT, "no ASEV at offset 63999");
}

TEST(ovmf_metadata_has_one_version_and_an_exact_length)
{
	refused32(FW_SEV_AT + 4, 16 + 12 * 7 + 1, ERR_FORMAT, "length 101");
	refused32(FW_SEV_AT + 4, 0xffffffff, ERR_FORMAT, "length 4294967295");
	refused32(FW_SEV_AT + 8, 2, ERR_UNSUPPORTED, "version 2");
	refused32(FW_SEV_AT + 12, 0, ERR_LIMIT, "0 sections");
	refused32(FW_SEV_AT + 12, OVMF_SECTIONS_MAX + 1, ERR_LIMIT,
	    "33 sections at offset 64012");
	refused32(FW_SEV_AT + 12, 0xffffffff, ERR_LIMIT, "sections");
	refused32(FW_SEV_AT + 12, 6, ERR_FORMAT, "with 6 sections");
}

TEST(ovmf_metadata_ends_inside_of_the_image)
{
	static uint8_t fw[FW_LEN];
	struct err_ctx ctx = { 0 };
	struct ovmf o;

	fw_build(fw);
	fw_put32(fw, FW_SEV_PTR_AT, 16); /* in the reset vector */
	memcpy(fw + FW_LEN - 16, fw + FW_SEV_AT, 16);
	CHECK_ERR(ovmf_parse(&o, fw_bytes(fw), &ctx), ERR_FORMAT);
	CHECK(strstr(ctx.msg, "16 bytes to the end") != NULL);
}

/* Where field k of section i stands. */
static size_t field(size_t i, size_t k)
{
	return FW_SEV_AT + 16 + 12 * i + 4 * k;
}

TEST(ovmf_sections_are_whole_pages_below_the_firmware)
{
	refused32(field(0, 0), 0x800001, ERR_FORMAT, "section 0 is not of");
	refused32(field(1, 1), 0x2fff, ERR_FORMAT, "section 1 is not of");
	refused32(field(1, 1), 0, ERR_FORMAT, "section 1 is not of");
	refused32(field(6, 0), (uint32_t)(FIRMWARE_END - FW_LEN), ERR_FORMAT,
	    "section 6, gpa 0xffff0000");
	refused32(field(6, 0), (uint32_t)(FIRMWARE_END - FW_LEN - 0xe000),
	    ERR_FORMAT, "section 6");
	refused32(field(6, 0), (uint32_t)(FIRMWARE_END - FW_LEN + 0x1000),
	    ERR_FORMAT, "section 6, gpa 0xffff1000");
	refused32(field(6, 1), 0xfffff000, ERR_FORMAT, "section 6");
}

TEST(ovmf_sections_have_known_types_each_page_once)
{
	refused32(field(0, 2), 0, ERR_UNSUPPORTED, "unknown type 0x0");
	refused32(field(4, 2), 5, ERR_UNSUPPORTED, "section 4 has the unknown");
	refused32(field(4, 2), 0xffffffff, ERR_UNSUPPORTED, "0xffffffff");
	refused32(field(4, 2), 2, ERR_FORMAT, "section 4 has type 0x2 again");
	refused32(field(4, 2), 3, ERR_FORMAT, "type 0x3 again");
	refused32(field(4, 2), 0x10, ERR_FORMAT, "type 0x10 again");
	refused32(field(0, 2), 2, ERR_FORMAT, "must be one page");
	refused32(field(6, 2), 0x10, ERR_FORMAT, "must be one page");
}

TEST(ovmf_sections_do_not_overlap)
{
	refused32(
	    field(1, 0), 0x808000, ERR_FORMAT, "section 1 overlaps section 0");
	refused32(
	    field(6, 0), 0x7f2000, ERR_FORMAT, "section 6 overlaps section 0");
	refused32(field(6, 0), 0x80f000, ERR_FORMAT, "overlaps section 4");
}

TEST(ovmf_sections_may_stand_in_any_order)
{
	struct ovmf_sections s = { .n = 0 };
	const struct ovmf_section high = { 0x2000, PAGE_LEN, OVMF_SEC_MEM },
				  low = { 0x1000, PAGE_LEN, OVMF_SEC_MEM };

	CHECK_OK(ovmf_section_add(&s, &high, FIRMWARE_END, NULL));
	CHECK_OK(ovmf_section_add(&s, &low, FIRMWARE_END, NULL));
	CHECK_EQ(s.item[1].gpa, 0x1000);
}

TEST(ovmf_sections_are_limited_in_number_and_pages)
{
	struct ovmf_sections s = { .n = 0 };
	struct ovmf_section one = { 0, PAGE_LEN, OVMF_SEC_MEM };

	for (uint32_t i = 0; i < OVMF_SECTIONS_MAX; i++) {
		one.gpa = i * PAGE_LEN;
		CHECK_OK(ovmf_section_add(&s, &one, FIRMWARE_END, NULL));
	}
	one.gpa += PAGE_LEN;
	CHECK_ERR(ovmf_section_add(&s, &one, FIRMWARE_END, NULL), ERR_LIMIT);
	s.n = 0;
	one.size = (OVMF_PAGES_MAX - 1) * PAGE_LEN;
	CHECK_OK(ovmf_section_add(&s, &one, FIRMWARE_END, NULL));
	one = (struct ovmf_section){ 0x40000000, 2 * PAGE_LEN, OVMF_SEC_MEM };
	CHECK_ERR(ovmf_section_add(&s, &one, FIRMWARE_END, NULL), ERR_LIMIT);
	one.size = PAGE_LEN;
	CHECK_OK(ovmf_section_add(&s, &one, FIRMWARE_END, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ovmf_gives_what_the_end_of_a_real_image_says),
		cmocka_unit_test(ovmf_without_a_hash_area_says_zero),
		cmocka_unit_test(ovmf_reads_an_invented_image),
		cmocka_unit_test(ovmf_refuses_every_truncation),
		cmocka_unit_test(
		    ovmf_refuses_every_image_whose_start_cuts_a_table),
		cmocka_unit_test(ovmf_refuses_an_image_above_the_limit),
		cmocka_unit_test(ovmf_table_has_a_footer_and_whole_entries),
		cmocka_unit_test(ovmf_entries_have_the_length_of_their_kind),
		cmocka_unit_test(ovmf_refuses_two_entries_of_one_guid),
		cmocka_unit_test(
		    ovmf_needs_metadata_and_reset_block_but_no_hash_area),
		cmocka_unit_test(ovmf_hash_area_has_room_for_the_table),
		cmocka_unit_test(ovmf_metadata_is_where_its_offset_says),
		cmocka_unit_test(
		    ovmf_metadata_has_one_version_and_an_exact_length),
		cmocka_unit_test(ovmf_metadata_ends_inside_of_the_image),
		cmocka_unit_test(
		    ovmf_sections_are_whole_pages_below_the_firmware),
		cmocka_unit_test(ovmf_sections_have_known_types_each_page_once),
		cmocka_unit_test(ovmf_sections_do_not_overlap),
		cmocka_unit_test(ovmf_sections_may_stand_in_any_order),
		cmocka_unit_test(ovmf_sections_are_limited_in_number_and_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
