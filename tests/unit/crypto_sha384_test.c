/* SHA-384 against the examples of FIPS 180-4. */
#include "test.h"

#include "base/hex.h"
#include "crypto/crypto_native.h"

#define STR(s) ((struct bytes)BYTES_LITERAL(s))

static void check_hex(const uint8_t got[SHA384_LEN], const char *want)
{
	char text[2 * SHA384_LEN + 1];

	hex_encode(text, got, SHA384_LEN);
	CHECK_STR(text, want);
}

TEST(sha384_gives_the_published_digests)
{
	uint8_t out[SHA384_LEN];

	CHECK_OK(crypto_sha384(out, &STR("abc"), 1));
	check_hex(out, "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded163"
		       "1a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7");
	CHECK_OK(crypto_sha384(out, NULL, 0));
	check_hex(out, "38b060a751ac96384cd9327eb1b1e36a21fdb71114be0743"
		       "4c0cc7bf63f6e1da274edebfe76f65fbd51ad2f14898b95b");
}

TEST(sha384_is_the_same_in_parts_and_as_a_stream)
{
	const struct bytes part[] = { STR("a"), { NULL, 0 }, STR("bc") };
	struct crypto_sha384_stream s;
	uint8_t whole[SHA384_LEN], out[SHA384_LEN];

	CHECK_OK(crypto_sha384(whole, &STR("abc"), 1));
	CHECK_OK(crypto_sha384(out, part, 3));
	CHECK_MEM(out, whole, sizeof(out));
	crypto_sha384_init(&s);
	for (size_t i = 0; i < 3; i++)
		crypto_sha384_update(&s, part[i]);
	CHECK_OK(crypto_sha384_final(&s, out));
	CHECK_MEM(out, whole, sizeof(out));
}

TEST(sha384_that_failed_stays_failed_and_gives_zeros)
{
	static const uint8_t zero[SHA384_LEN];
	struct crypto_sha384_stream s;
	uint8_t out[SHA384_LEN];

	crypto_sha384_init(&s);
	CHECK_OK(crypto_sha384_final(&s, out));
	crypto_sha384_update(&s, STR("abc")); /* its state is gone */
	CHECK_ERR(crypto_sha384_final(&s, out), ERR_INTERNAL);
	CHECK_MEM(out, zero, sizeof(out));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha384_gives_the_published_digests),
		cmocka_unit_test(sha384_is_the_same_in_parts_and_as_a_stream),
		cmocka_unit_test(
		    sha384_that_failed_stays_failed_and_gives_zeros),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
