/* The host's certificate table: what is in it, and its bounds. */
#include "test.h"

#include "attest/snp_certs_table.h"
#include "base/hex.h"
#include "base/wr.h"

#define VCEK "63da758de6644564adc5f4b93be8accd"
#define VLEK "a8074bc2a25a483eaae639c045a0b8a1"
#define ASK  "4ab7b379bbac4fe4a02f05aef327c782"
#define ARK  "c0b406a4a80349529743 3fb6014cd0ae"

static uint8_t raw[SNP_CERTS_TABLE_LEN_MAX + 1];
static struct wr w;

/* Rows first, then what they name. */
static void begin(void)
{
	memset(raw, 0, sizeof(raw));
	w = wr_init(raw, sizeof(raw));
}

static void row(const char *guid, uint32_t offset, uint32_t len)
{
	char digits[33];
	uint8_t id[16];
	size_t n = 0;

	for (const char *s = guid; *s != 0; s++)
		if (*s != ' ')
			digits[n++] = *s;
	CHECK_OK(hex_decode(
	    id, sizeof(id), (struct bytes){ (const uint8_t *)digits, n }));
	wr_copy(&w, id, sizeof(id));
	wr_u32le(&w, offset);
	wr_u32le(&w, len);
}

static void end_rows(void)
{
	wr_fill(&w, 0, SNP_CERTS_ROW_LEN);
}

static enum err parse(struct snp_certs_table *t, struct err_ctx *ctx)
{
	return snp_certs_table_parse(t, (struct bytes){ raw, w.len }, ctx);
}

/* Four kinds, one unknown between them; 145 bytes. */
static void make(void)
{
	begin();
	row(VCEK, 144, 4);
	row(ASK, 148, 3);
	row("000102030405060708090a0b0c0d0e0f", 144, 1);
	row(VLEK, 151, 4);
	row(ARK, 155, 3);
	end_rows();
	CHECK_EQ(w.len, 144);
	wr_str(&w, "VCEKaskVLEKark");
}

TEST(certs_table_finds_each_kind_by_its_guid)
{
	struct snp_certs_table t;

	make();
	CHECK_OK(parse(&t, NULL));
	CHECK(mem_eq_str(t.vcek, "VCEK"));
	CHECK(mem_eq_str(t.vlek, "VLEK"));
	CHECK(mem_eq_str(t.ask, "ask"));
	CHECK(mem_eq_str(t.ark, "ark"));
	CHECK(t.vcek.p == raw + 144);
}

TEST(certs_table_may_be_empty_and_padded)
{
	struct snp_certs_table t;

	begin();
	end_rows();
	CHECK_OK(parse(&t, NULL));
	CHECK_EQ(t.vcek.len + t.ask.len + t.vlek.len + t.ark.len, 0);
	make();
	wr_fill(&w, 0, 4096);
	CHECK_OK(parse(&t, NULL));
	CHECK(mem_eq_str(t.ark, "ark"));
}

TEST(certs_table_rejects_every_truncation)
{
	struct snp_certs_table t;

	make();
	for (size_t n = 0; n < w.len; n++) {
		uint8_t *copy = malloc(n + 1); /* its end is watched */
		struct err_ctx ctx = { 0 };

		memcpy(copy, raw, n);
		CHECK_ERR(
		    snp_certs_table_parse(&t, (struct bytes){ copy, n }, &ctx),
		    ERR_TRUNCATED);
		CHECK(ctx.msg[0] != 0);
		CHECK_EQ(t.vcek.len, 0);
		free(copy);
	}
}

/* One row with the offset and length given, 10 bytes behind the rows. */
static enum err one(uint32_t offset, uint32_t len, struct err_ctx *ctx)
{
	struct snp_certs_table t;

	begin();
	row(VCEK, offset, len);
	end_rows();
	wr_fill(&w, 1, 10);
	*ctx = (struct err_ctx){ 0 };
	return parse(&t, ctx);
}

TEST(certs_table_rejects_what_lies_elsewhere)
{
	struct err_ctx ctx;

	CHECK_OK(one(48, 10, &ctx));
	CHECK_ERR(one(48, 0, &ctx), ERR_FORMAT);
	CHECK_STR(ctx.msg, "certificate table: the certificate of the row at "
			   "offset 0 is empty");
	CHECK_ERR(one(47, 1, &ctx), ERR_FORMAT);
	CHECK(strstr(ctx.msg, "among the rows") != NULL);
	CHECK_ERR(one(48, 11, &ctx), ERR_TRUNCATED);
	CHECK_ERR(one(58, 1, &ctx), ERR_TRUNCATED);
	CHECK_ERR(one(59, 1, &ctx), ERR_TRUNCATED);
	CHECK_ERR(one(UINT32_MAX, 2, &ctx), ERR_TRUNCATED);
	CHECK_ERR(one(50, UINT32_MAX, &ctx), ERR_TRUNCATED);
	CHECK(strstr(ctx.msg, "ends behind the table") != NULL);
}

TEST(certs_table_rejects_bounds_of_unknown_kinds_too)
{
	struct snp_certs_table t;

	begin();
	row("000102030405060708090a0b0c0d0e0f", 48, 1);
	end_rows();
	CHECK_ERR(parse(&t, NULL), ERR_TRUNCATED);
	wr_u8(&w, 1);
	CHECK_OK(parse(&t, NULL));
}

TEST(certs_table_rejects_a_kind_that_stands_twice)
{
	struct snp_certs_table t;
	struct err_ctx ctx = { 0 };

	begin();
	row(VCEK, 72, 1);
	row(VCEK, 73, 1);
	end_rows();
	wr_fill(&w, 1, 2);
	CHECK_ERR(parse(&t, &ctx), ERR_FORMAT);
	CHECK_STR(
	    ctx.msg, "certificate table: the row at offset 24 repeats a kind");
	CHECK_EQ(t.vcek.len, 0);
}

TEST(certs_table_has_limits)
{
	struct snp_certs_table t;
	struct err_ctx ctx = { 0 };

	for (unsigned n = SNP_CERTS_ROWS_MAX; n <= SNP_CERTS_ROWS_MAX + 1;
	     n++) {
		begin();
		for (unsigned i = 0; i < n; i++)
			row("000102030405060708090a0b0c0d0e0f", 600, 1);
		end_rows();
		wr_fill(&w, 1, 601 - w.len);
		CHECK_ERR(parse(&t, &ctx),
		    n > SNP_CERTS_ROWS_MAX ? ERR_LIMIT : ERR_OK);
	}
	CHECK_STR(ctx.msg, "certificate table: more than 16 rows");
	make();
	w.len = SNP_CERTS_TABLE_LEN_MAX;
	CHECK_OK(parse(&t, NULL));
	w.len++;
	CHECK_ERR(parse(&t, NULL), ERR_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(certs_table_finds_each_kind_by_its_guid),
		cmocka_unit_test(certs_table_may_be_empty_and_padded),
		cmocka_unit_test(certs_table_rejects_every_truncation),
		cmocka_unit_test(certs_table_rejects_what_lies_elsewhere),
		cmocka_unit_test(
		    certs_table_rejects_bounds_of_unknown_kinds_too),
		cmocka_unit_test(certs_table_rejects_a_kind_that_stands_twice),
		cmocka_unit_test(certs_table_has_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
