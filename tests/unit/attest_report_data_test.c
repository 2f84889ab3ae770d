/* REPORT_DATA: vectors made by a separate calculation, and its fields. */
#include "test.h"

#include "attest/report_data.h"
#include "base/hex.h"

static uint8_t s_pub[REPORT_DATA_PUB_LEN];
static const struct report_data_fields none;

static struct report_data_fields all_fields(void)
{
	struct report_data_fields f = { .has_gpu_evidence_hash = true,
		.has_beacon = true,
		.has_batch_root = true,
		.has_not_after = true,
		.not_after = 1800000000 };

	memset(f.gpu_evidence_hash, 0x11, sizeof(f.gpu_evidence_hash));
	memset(f.beacon, 0x22, sizeof(f.beacon));
	memset(f.batch_root, 0x33, sizeof(f.batch_root));
	memset(f.receipt_key, 0x44, sizeof(f.receipt_key));
	return f;
}

static void check_vector(const struct report_data_fields *f, const char *want)
{
	uint8_t out[REPORT_DATA_LEN];
	char hex[2 * REPORT_DATA_LEN + 1];

	report_data_make(out, s_pub, f);
	hex_encode(hex, out, sizeof(out));
	CHECK_STR(hex, want);
}

/* */
TEST(report_data_is_that_of_the_document)
{
	struct report_data_fields f = all_fields();

	check_vector(&none,
	    "4d31c0ad4a20d8777f58a0e468e117916d8fd3bb5bceaf053a45a32a417ecf3d"
	    "9772e6216aba98f7eaf2d66f6bbd28d037321d55fdbece175058d3d71c7fe198");
	check_vector(&f,
	    "5f7e2e5995e57c30fa494f1c322aee6fa84a51de172c1e4b5952da5db9bba026"
	    "11df96d6fa9dc181bbbe38eeecd07eb5fef48340b5ed9ffb14df741350a709af");
	f.has_receipt_key = true;
	check_vector(&f,
	    "8d4704c3405533a6a4c135a509eb9dcf31d9398afa6431d104afa1603ae6d020"
	    "c29e292c5ce9a1a808699955497d8265fc876e88fa33b14c6a2a5530fe96ff6c");
	f = none, f.has_receipt_key = true;
	memset(f.receipt_key, 0x44, sizeof(f.receipt_key));
	check_vector(&f,
	    "7429419b875f7eeb7c91dd037797efdcda426e52d6c0acc2a5bf53e739e1cf5a"
	    "3915e84178f777827a3bc639fb387fedfae2e0d1bcb73a0f69ea73f6f1924ddc");
}

TEST(report_data_depends_on_each_field_and_its_place)
{
	struct report_data_fields f = all_fields(), g;
	uint8_t want[REPORT_DATA_LEN], pub[REPORT_DATA_PUB_LEN];

	report_data_make(want, s_pub, &f);
	CHECK_OK(report_data_check(want, s_pub, &f, NULL));
	memcpy(pub, s_pub, sizeof(pub));
	pub[31] ^= 1;
	CHECK_ERR(report_data_check(want, pub, &f, NULL), ERR_AUTH);
	g = f, g.gpu_evidence_hash[0] ^= 1;
	CHECK_ERR(report_data_check(want, s_pub, &g, NULL), ERR_AUTH);
	g = f, g.beacon[0] ^= 1;
	CHECK_ERR(report_data_check(want, s_pub, &g, NULL), ERR_AUTH);
	g = f, g.batch_root[0] ^= 1;
	CHECK_ERR(report_data_check(want, s_pub, &g, NULL), ERR_AUTH);
	g = f, g.not_after++;
	CHECK_ERR(report_data_check(want, s_pub, &g, NULL), ERR_AUTH);
	g = f, g.has_beacon = false;
	CHECK_ERR(report_data_check(want, s_pub, &g, NULL), ERR_AUTH);
	g = f, g.has_receipt_key = true;
	CHECK_ERR(report_data_check(want, s_pub, &g, NULL), ERR_AUTH);
	report_data_make(want, s_pub, &g);
	CHECK_OK(report_data_check(want, s_pub, &g, NULL));
	CHECK_ERR(report_data_check(want, s_pub, &f, NULL), ERR_AUTH);
	g.receipt_key[31] ^= 1;
	CHECK_ERR(report_data_check(want, s_pub, &g, NULL), ERR_AUTH);
	/* One hash alone, in another place. */
	g = none, g.has_beacon = true;
	report_data_make(want, s_pub, &g);
	g = none, g.has_batch_root = true;
	CHECK_ERR(report_data_check(want, s_pub, &g, NULL), ERR_AUTH);
}

/* */
TEST(report_data_refuses_all_zero)
{
	uint8_t zero[REPORT_DATA_LEN] = { 0 };
	struct err_ctx ctx = { 0 };

	CHECK_ERR(report_data_check(zero, s_pub, &none, &ctx), ERR_AUTH);
	CHECK_STR(ctx.msg, "REPORT_DATA is all zero");
}

/* Where the fields may end: before the receipt key, and after it. */
static void check_round_trip(const struct report_data_fields *f)
{
	uint8_t buf[REPORT_DATA_FIELDS_LEN_MAX + 1] = { 0 };
	const size_t four = f->has_receipt_key ? 2 + 32 : 0;
	struct wr w = wr_init(buf, REPORT_DATA_FIELDS_LEN_MAX);
	struct report_data_fields back;

	report_data_fields_write(&w, f);
	CHECK_OK(w.err);
	CHECK_OK(report_data_fields_parse(
	    &back, (struct bytes){ buf, w.len }, NULL));
	CHECK_MEM(&back, f, sizeof(back));
	for (size_t n = 0; n < w.len; n++) {
		if (n == w.len - four)
			continue;
		CHECK_ERR(report_data_fields_parse(
			      &back, (struct bytes){ buf, n }, NULL),
		    ERR_TRUNCATED);
		CHECK(mem_is_zero(&back, sizeof(back)));
	}
	CHECK_ERR(report_data_fields_parse(
		      &back, (struct bytes){ buf, w.len + 1 }, NULL),
	    f->has_receipt_key ? ERR_TRAILING : ERR_TRUNCATED);
}

TEST(report_data_fields_round_trip_and_reject_every_truncation)
{
	for (unsigned bits = 0; bits < 32; bits++) {
		struct report_data_fields f = all_fields(), g;

		memset(&g, 0, sizeof(g)); /* padding too: compared as memory */
		g.has_gpu_evidence_hash = bits & 1;
		g.has_beacon = bits & 2;
		g.has_batch_root = bits & 4;
		g.has_not_after = bits & 8;
		if (g.has_gpu_evidence_hash)
			memcpy(g.gpu_evidence_hash, f.gpu_evidence_hash, 32);
		if (g.has_beacon)
			memcpy(g.beacon, f.beacon, 32);
		if (g.has_batch_root)
			memcpy(g.batch_root, f.batch_root, 32);
		g.not_after = g.has_not_after ? f.not_after : 0;
		g.has_receipt_key = bits & 16;
		if (g.has_receipt_key)
			memcpy(g.receipt_key, f.receipt_key, 32);
		check_round_trip(&g);
	}
}

TEST(report_data_fields_have_no_other_lengths)
{
	static const uint8_t short_hash[] = { 0, 31 };
	uint8_t buf[REPORT_DATA_FIELDS_LEN_MAX] = { 0 };
	struct report_data_fields f;
	struct err_ctx ctx = { 0 };

	memcpy(buf + 2, short_hash, 2); /* of the beacon */
	CHECK_ERR(report_data_fields_parse(&f, (struct bytes){ buf, 39 }, &ctx),
	    ERR_FORMAT);
	CHECK(strstr(ctx.msg, "offset 2") != NULL);
	memset(buf, 0, sizeof(buf));
	buf[7] = 4; /* of not_after */
	CHECK_ERR(report_data_fields_parse(&f, (struct bytes){ buf, 12 }, NULL),
	    ERR_FORMAT);
	memset(buf, 0, sizeof(buf)); /* a receipt key of length 0 */
	CHECK_ERR(report_data_fields_parse(&f, (struct bytes){ buf, 10 }, &ctx),
	    ERR_FORMAT);
	CHECK(mem_is_zero(&f, sizeof(f)));
	buf[9] = 33;
	CHECK_ERR(report_data_fields_parse(&f, (struct bytes){ buf, 43 }, NULL),
	    ERR_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(report_data_is_that_of_the_document),
		cmocka_unit_test(
		    report_data_depends_on_each_field_and_its_place),
		cmocka_unit_test(report_data_refuses_all_zero),
		cmocka_unit_test(
		    report_data_fields_round_trip_and_reject_every_truncation),
		cmocka_unit_test(report_data_fields_have_no_other_lengths),
	};

	for (size_t i = 0; i < sizeof(s_pub); i++)
		s_pub[i] = (uint8_t)i;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
