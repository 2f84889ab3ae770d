/* DER elements: one spelling each, and errors that stay where they happened. */
#include "attest/der.h"
#include "test.h"

/* A cursor over hexadecimal digits, in static storage. */
static struct rd hex(const char *digits)
{
	static uint8_t buf[512];
	size_t n = strlen(digits) / 2;

	assert_true(n <= sizeof(buf));
	for (size_t i = 0; i < n; i++) {
		unsigned v;

		assert_int_equal(sscanf(digits + 2 * i, "%2x", &v), 1);
		buf[i] = (uint8_t)v;
	}
	return rd_init(buf, n);
}

TEST(der_takes_content_whole_and_entered)
{
	struct rd r = hex("0402aabb30030101ff0500"), sub;
	struct bytes b;

	CHECK_EQ(der_peek(&r), DER_OCTET_STRING);
	b = der_take(&r, DER_OCTET_STRING);
	CHECK_EQ(b.len, 2);
	CHECK_EQ(b.p[0], 0xaa);
	sub = der_enter(&r, DER_SEQUENCE);
	CHECK(der_bool(&sub));
	CHECK_OK(rd_end(&sub));
	CHECK_EQ(der_peek(&sub), 0);
	b = der_whole(&r);
	CHECK_EQ(b.len, 2);
	CHECK_EQ(b.p[0], DER_NULL);
	CHECK_OK(rd_end(&r));
	CHECK_EQ(der_peek(&r), 0);
}

TEST(der_of_nothing_is_truncated)
{
	struct rd r = rd_init(NULL, 0), sub;

	CHECK_EQ(der_peek(&r), 0);
	sub = der_enter(&r, DER_SEQUENCE);
	CHECK_ERR(r.err, ERR_TRUNCATED);
	CHECK_ERR(rd_end(&sub), ERR_TRUNCATED);
	CHECK_EQ(der_whole(&r).len, 0);
	CHECK_EQ(der_unsigned(&r).len, 0);
	CHECK_EQ(der_bits(&r).len, 0);
	CHECK(!der_bool(&r));
	CHECK_EQ(der_time(&r), 0);
	CHECK_EQ(der_small(&r, 5), 0);
}

TEST(der_lengths_have_one_form)
{
	static const struct {
		const char *in;
		enum err want;
	} c[] = {
		{ "0400", ERR_OK },
		{ "04", ERR_TRUNCATED },
		{ "0401", ERR_TRUNCATED },
		{ "0480", ERR_FORMAT },        /* indefinite */
		{ "04800000", ERR_FORMAT },    /* with its end */
		{ "04817f", ERR_FORMAT },      /* fits the short form */
		{ "0481", ERR_TRUNCATED },     /* no length */
		{ "048180", ERR_TRUNCATED },   /* no content */
		{ "04820080", ERR_FORMAT },    /* leading zero */
		{ "048200ff", ERR_FORMAT },    /* fits one byte */
		{ "04820100", ERR_TRUNCATED }, /* no content */
		{ "04830001ff", ERR_FORMAT },  /* leading zero */
		{ "0483010000", ERR_TRUNCATED },
		{ "0484", ERR_FORMAT }, /* 16 MB and more */
		{ "048401000000", ERR_FORMAT },
		{ "04ff", ERR_FORMAT },   /* reserved */
		{ "0000", ERR_FORMAT },   /* end of contents */
		{ "1f0100", ERR_FORMAT }, /* long tag */
		{ "3f0100", ERR_FORMAT },
		{ "bf8100", ERR_FORMAT },
	};

	for (size_t i = 0; i < sizeof(c) / sizeof(c[0]); i++) {
		struct rd r = hex(c[i].in);

		(void)der_whole(&r);
		CHECK_ERR(r.err, c[i].want);
		CHECK(r.err == ERR_OK || r.off == 0);
	}
}

TEST(der_long_lengths_are_read)
{
	static uint8_t buf[70000];
	struct rd r;

	buf[0] = 4, buf[1] = 0x81, buf[2] = 0x80;
	r = rd_init(buf, 3 + 0x80);
	CHECK_EQ(der_take(&r, 4).len, 0x80);
	CHECK_OK(rd_end(&r));
	buf[1] = 0x82, buf[2] = 0x01, buf[3] = 0x00;
	r = rd_init(buf, 4 + 0x100);
	CHECK_EQ(der_whole(&r).len, 4 + 0x100);
	CHECK_OK(rd_end(&r));
	buf[1] = 0x83, buf[2] = 0x01, buf[3] = 0x00, buf[4] = 0x00;
	r = rd_init(buf, 5 + 0x10000);
	CHECK_EQ(der_take(&r, 4).len, 0x10000);
	CHECK_OK(rd_end(&r));
}

TEST(der_errors_stick_and_stay_at_the_element)
{
	struct rd r = hex("3007040102040105"), sub, deep;

	/* Too long for what is there. */
	r.len--;
	(void)der_enter(&r, DER_SEQUENCE);
	CHECK_ERR(r.err, ERR_TRUNCATED);
	CHECK_EQ(r.off, 0);
	/* The second element is no INTEGER. */
	r = hex("3006040102040105");
	sub = der_enter(&r, DER_SEQUENCE);
	(void)der_take(&sub, DER_OCTET_STRING);
	deep = der_enter(&sub, DER_INTEGER);
	CHECK_ERR(sub.err, ERR_FORMAT);
	CHECK_EQ(sub.off, 3);
	/* What would have been within points at it. */
	CHECK(deep.p == r.p + 5 && deep.off == 0);
	CHECK_ERR(deep.err, ERR_FORMAT);
	CHECK_EQ(der_take(&deep, DER_INTEGER).len, 0);
	deep = der_enter(&deep, DER_SEQUENCE);
	CHECK(deep.p == r.p + 5 && deep.err == ERR_FORMAT);
	/* Later reads do nothing. */
	CHECK_EQ(der_take(&sub, DER_OCTET_STRING).len, 0);
	CHECK_EQ(sub.off, 3);
	CHECK_EQ(der_peek(&sub), 0);
}

/* An INTEGER's magnitude as digits, or NULL if it is refused. */
static void check_unsigned(const char *in, const char *want)
{
	struct rd r = hex(in);
	struct bytes b = der_unsigned(&r);
	char got[64] = "";

	CHECK(b.len < 31);
	for (size_t i = 0; i < b.len; i++)
		(void)snprintf(got + 2 * i, 3, "%02x", b.p[i]);
	CHECK_ERR(rd_end(&r), want != NULL ? ERR_OK : ERR_FORMAT);
	CHECK(want != NULL || r.off == 0);
	CHECK_STR(got, want != NULL ? want : "");
}

TEST(der_unsigned_has_one_form)
{
	check_unsigned("020100", "00");
	check_unsigned("02017f", "7f");
	check_unsigned("02020080", "80");
	check_unsigned("020300ffff", "ffff");
	check_unsigned("02020100", "0100");
	check_unsigned("0200", NULL);
	check_unsigned("020180", NULL);
	check_unsigned("0202ff01", NULL);
	check_unsigned("0202007f", NULL);
	check_unsigned("02020000", NULL);
	check_unsigned("0a0101", NULL);
}

TEST(der_small_is_bounded)
{
	struct rd r = hex("0201ff");

	CHECK_EQ(der_small(&r, 255), 0);
	CHECK_ERR(r.err, ERR_FORMAT);
	r = hex("020200ff");
	CHECK_EQ(der_small(&r, 255), 255);
	CHECK_OK(rd_end(&r));
	r = hex("02020100");
	CHECK_EQ(der_small(&r, 255), 0);
	CHECK_ERR(r.err, ERR_FORMAT);
	CHECK_EQ(r.off, 0);
	r = hex("020900ffffffffffffffff");
	CHECK(der_small(&r, UINT64_MAX) == UINT64_MAX);
	CHECK_OK(rd_end(&r));
	/* 2^64 + 1 is not 1. */
	r = hex("0209010000000000000001");
	CHECK_EQ(der_small(&r, UINT64_MAX), 0);
	CHECK_ERR(r.err, ERR_FORMAT);
}

TEST(der_bits_are_whole_bytes)
{
	struct rd r = hex("030300aabb");
	struct bytes b = der_bits(&r);

	CHECK_EQ(b.len, 2);
	CHECK_EQ(b.p[1], 0xbb);
	r = hex("030100");
	CHECK_EQ(der_bits(&r).len, 0);
	CHECK_OK(rd_end(&r));
	r = hex("0300");
	CHECK_EQ(der_bits(&r).len, 0);
	CHECK_ERR(r.err, ERR_FORMAT);
	r = hex("030201aa");
	CHECK_EQ(der_bits(&r).len, 0);
	CHECK_ERR(r.err, ERR_FORMAT);
	CHECK_EQ(r.off, 0);
}

TEST(der_bool_is_00_or_ff)
{
	struct rd r = hex("010100");

	CHECK(!der_bool(&r));
	CHECK_OK(rd_end(&r));
	r = hex("0101ff");
	CHECK(der_bool(&r));
	r = hex("010101");
	CHECK(!der_bool(&r));
	CHECK_ERR(r.err, ERR_FORMAT);
	CHECK_EQ(r.off, 0);
	r = hex("0100");
	CHECK(!der_bool(&r));
	CHECK_ERR(r.err, ERR_FORMAT);
	r = hex("0102ffff");
	CHECK(!der_bool(&r));
	CHECK_ERR(r.err, ERR_FORMAT);
}

static uint64_t time_of(uint8_t tag, const char *text, enum err want)
{
	uint8_t buf[64] = { tag, (uint8_t)strlen(text) };
	struct rd r = rd_init(buf, 2 + strlen(text));
	uint64_t t;

	memcpy(buf + 2, text, strlen(text));
	t = der_time(&r);
	if (r.err != want)
		fail_msg("%s: %s", text, err_name(r.err));
	CHECK(want == ERR_OK || (t == 0 && r.off == 0));
	return t;
}

TEST(der_times_are_those_of_rfc_5280)
{
	CHECK_EQ(time_of(DER_UTC_TIME, "700101000000Z", ERR_OK), 0);
	CHECK_EQ(time_of(DER_UTC_TIME, "000229120000Z", ERR_OK), 951825600);
	CHECK_EQ(time_of(DER_UTC_TIME, "230403192343Z", ERR_OK), 1680549823);
	CHECK_EQ(time_of(DER_UTC_TIME, "491231235959Z", ERR_OK), 2524607999);
	CHECK_EQ(time_of(DER_GENERALIZED_TIME, "20500101000000Z", ERR_OK),
	    2524608000);
	CHECK_EQ(time_of(DER_GENERALIZED_TIME, "99991231235959Z", ERR_OK),
	    253402300799);
}

TEST(der_times_in_other_forms_are_refused)
{
	static const char *const utc[] = { "", "7001010000Z", "691231235959Z",
		"500101000000Z", "230403192343", "2304031923430Z",
		"230403192343+0000", "230403192343z", "230003192343Z",
		"231303192343Z", "230400192343Z", "230431192343Z",
		"230229000000Z", "230403242343Z", "230403196043Z",
		"230403192360Z", "2304031923 3Z", "a30403192343Z",
		"2a0403192343Z", "23a403192343Z", "230a03192343Z",
		"2304a3192343Z", "23040319234/Z", "23040319234:Z",
		"230403192343Z0" };
	static const char *const general[] = { "", "20491231235959Z",
		"19700101000000Z", "20500101000000", "205001010000Z",
		"20500101000000.5Z", "20500101000000+", "a0500101000000Z",
		"2a500101000000Z", "20a00101000000Z", "205a0101000000Z",
		"21000229000000Z", "20501301000000Z", "21/90101000000Z" };

	for (size_t i = 0; i < sizeof(utc) / sizeof(utc[0]); i++)
		time_of(DER_UTC_TIME, utc[i], ERR_FORMAT);
	for (size_t i = 0; i < sizeof(general) / sizeof(general[0]); i++)
		time_of(DER_GENERALIZED_TIME, general[i], ERR_FORMAT);
	time_of(DER_OCTET_STRING, "230403192343Z", ERR_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(der_takes_content_whole_and_entered),
		cmocka_unit_test(der_of_nothing_is_truncated),
		cmocka_unit_test(der_lengths_have_one_form),
		cmocka_unit_test(der_long_lengths_are_read),
		cmocka_unit_test(der_errors_stick_and_stay_at_the_element),
		cmocka_unit_test(der_unsigned_has_one_form),
		cmocka_unit_test(der_small_is_bounded),
		cmocka_unit_test(der_bits_are_whole_bytes),
		cmocka_unit_test(der_bool_is_00_or_ff),
		cmocka_unit_test(der_times_are_those_of_rfc_5280),
		cmocka_unit_test(der_times_in_other_forms_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
