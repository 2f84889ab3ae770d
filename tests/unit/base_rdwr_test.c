/* The cursors: sticky errors, exact ends, no read past the input. */
#include "test.h"

#include "base/fmt.h"
#include "base/hex.h"
#include "base/rd.h"
#include "base/wr.h"

static const uint8_t sample[] = { 1, 2, 3, 4, 5, 6, 7, 8 };

TEST(rd_reads_both_byte_orders)
{
	struct rd r = rd_init(sample, sizeof(sample));

	CHECK_EQ(rd_u16be(&r), 0x0102);
	CHECK_EQ(rd_u16le(&r), 0x0403);
	CHECK_EQ(rd_u32be(&r), 0x05060708);
	CHECK_OK(rd_end(&r));
}

TEST(rd_rejects_every_truncation_and_stays_put)
{
	for (size_t n = 0; n < 8; n++) {
		struct rd r = rd_init(sample, n);

		CHECK_EQ(rd_u64le(&r), 0);
		CHECK_ERR(rd_end(&r), ERR_TRUNCATED);
		CHECK_EQ(rd_u8(&r), 0);
		CHECK_EQ(r.off, 0);
	}
}

TEST(rd_reports_trailing_bytes)
{
	struct rd r = rd_init(sample, sizeof(sample));

	rd_u8(&r);
	CHECK_ERR(rd_end(&r), ERR_TRAILING);
}

TEST(rd_accepts_null_with_zero_length)
{
	struct rd r = rd_init(NULL, 0);

	CHECK_EQ(rd_take(&r, 0).len, 0);
	CHECK_OK(rd_end(&r));
	CHECK_EQ(rd_u8(&r), 0);
	CHECK_ERR(rd_end(&r), ERR_TRUNCATED);
}

TEST(rd_zero_points_at_the_first_byte_of_the_field)
{
	const uint8_t in[] = { 9, 0, 0, 1 };
	struct rd r = rd_init(in, sizeof(in));

	rd_u8(&r);
	rd_zero(&r, 3);
	CHECK_ERR(rd_end(&r), ERR_FORMAT);
	CHECK_EQ(r.off, 1);
}

TEST(rd_sub_cannot_read_past_its_parent)
{
	struct rd r = rd_init(sample, sizeof(sample));
	struct rd s = rd_sub(&r, 3);

	rd_u32be(&s);
	CHECK_ERR(rd_end(&s), ERR_TRUNCATED);
	CHECK_EQ(rd_left(&r), 5);
	s = rd_sub(&r, 6);
	CHECK_ERR(s.err, ERR_TRUNCATED);
}

TEST(wr_round_trips_and_sticks_when_full)
{
	uint8_t out[7];
	struct wr w = wr_init(out, sizeof(out));
	size_t n;

	wr_u16be(&w, 0x0102);
	wr_u32le(&w, 0x06050403);
	wr_u16be(&w, 1);
	wr_u8(&w, 1);
	CHECK_ERR(wr_end(&w, &n), ERR_NOSPACE);
	CHECK_EQ(n, 0);
	CHECK_MEM(out, sample, 6);
}

TEST(hex_and_base64_have_one_spelling)
{
	uint8_t b[4];
	char text[16];
	size_t n;

	hex_encode(text, sample, 4);
	CHECK_STR(text, "01020304");
	CHECK_ERR(
	    hex_decode(b, 2, (struct bytes)BYTES_LITERAL("0A0b")), ERR_FORMAT);
	CHECK_ERR(hex_decode(b, 2, (struct bytes)BYTES_LITERAL("0a0")),
	    ERR_TRUNCATED);
	base64_encode(text, sample, 4);
	CHECK_STR(text, "AQIDBA==");
	CHECK_OK(
	    base64_decode(b, 4, &n, (struct bytes)BYTES_LITERAL("AQIDBA==")));
	CHECK_MEM(b, sample, 4);
	CHECK_ERR(
	    base64_decode(b, 4, &n, (struct bytes)BYTES_LITERAL("AQIDBB==")),
	    ERR_FORMAT);
	CHECK_ERR(
	    base64_decode(b, 4, &n, (struct bytes)BYTES_LITERAL("AQ==AQ==")),
	    ERR_FORMAT);
	CHECK_ERR(
	    base64_decode(b, 3, &n, (struct bytes)BYTES_LITERAL("AQIDBA==")),
	    ERR_NOSPACE);
}

TEST(fmt_cuts_and_says_how_much_it_needed)
{
	char s[8];

	CHECK_EQ(fmt_print(s, sizeof(s), "%s-%08x", "ab", 0xbeefu), 11);
	CHECK_STR(s, "ab-0000");
	CHECK_EQ(fmt_print(s, sizeof(s), "%d %lld", -5, -6LL), 5);
	CHECK_STR(s, "-5 -6");
	CHECK_EQ(fmt_print(s, sizeof(s), "%.*s%%", 2, "abc"), 3);
	CHECK_STR(s, "ab%");
}

TEST(err_set_keeps_the_first_cause)
{
	struct err_ctx c = { 0 };

	CHECK_ERR(err_set(&c, ERR_FORMAT, "field %s at %zu", "size", (size_t)7),
	    ERR_FORMAT);
	CHECK_ERR(err_set(&c, ERR_POLICY, "later"), ERR_POLICY);
	CHECK_EQ(c.code, ERR_FORMAT);
	CHECK_STR(c.msg, "field size at 7");
}

TEST(mem_knows_how_bytes_begin_and_end)
{
	const struct bytes b = BYTES_LITERAL("word"), none = { NULL, 0 };

	CHECK_EQ(mem_str("word").len, 4);
	CHECK(mem_eq_str(b, "word") && mem_str(NULL).len == 0);
	CHECK(mem_eq_str(mem_skip(b, 1), "ord"));
	CHECK(mem_skip(b, 4).len == 0 && mem_skip(none, 0).len == 0);
	CHECK(mem_starts(b, "wo") && mem_ends(b, "rd"));
	CHECK(mem_starts(b, "word") && mem_ends(b, "word"));
	CHECK(!mem_starts(b, "or") && !mem_ends(b, "or"));
	CHECK(!mem_starts(b, "words") && !mem_ends(b, "sword"));
	CHECK(mem_starts(none, "") && !mem_ends(none, "d"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rd_reads_both_byte_orders),
		cmocka_unit_test(mem_knows_how_bytes_begin_and_end),
		cmocka_unit_test(rd_rejects_every_truncation_and_stays_put),
		cmocka_unit_test(rd_reports_trailing_bytes),
		cmocka_unit_test(rd_accepts_null_with_zero_length),
		cmocka_unit_test(rd_zero_points_at_the_first_byte_of_the_field),
		cmocka_unit_test(rd_sub_cannot_read_past_its_parent),
		cmocka_unit_test(wr_round_trips_and_sticks_when_full),
		cmocka_unit_test(hex_and_base64_have_one_spelling),
		cmocka_unit_test(fmt_cuts_and_says_how_much_it_needed),
		cmocka_unit_test(err_set_keeps_the_first_cause),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
