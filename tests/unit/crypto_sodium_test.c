/* Known answers of the primitives, from their RFCs. */
#include "test.h"

#include "base/hex.h"
#include "crypto/crypto.h"
#include "crypto/crypto_native.h"

#define STR(s) ((struct bytes)BYTES_LITERAL(s))

static void unhex(uint8_t *out, size_t n, const char *text)
{
	CHECK_OK(hex_decode(
	    out, n, (struct bytes){ (const uint8_t *)text, strlen(text) }));
}

static void check_hex(const uint8_t *got, size_t n, const char *want)
{
	char text[2 * 64 + 1];

	hex_encode(text, got, n);
	CHECK_STR(text, want);
}

TEST(sha256_hashes_the_concatenation_of_parts)
{
	const char *want = "ba7816bf8f01cfea414140de5dae2223"
			   "b00361a396177a9cb410ff61f20015ad";
	struct bytes part[] = { STR("a"), { NULL, 0 }, STR("bc") };
	struct crypto_sha256_stream s;
	uint8_t out[SHA256_LEN];

	crypto_sha256(out, part, 3);
	check_hex(out, sizeof(out), want);
	crypto_sha256_init(&s);
	for (size_t i = 0; i < 3; i++)
		crypto_sha256_update(&s, part[i]);
	crypto_sha256_final(&s, out);
	check_hex(out, sizeof(out), want);
}

TEST(sha512_hashes_the_concatenation_of_parts)
{
	struct bytes part[] = { STR("ab"), STR("c") };
	uint8_t out[SHA512_LEN];

	crypto_sha512(out, part, 2);
	check_hex(out, sizeof(out),
	    "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea2"
	    "0a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd"
	    "454d4423643ce80e2a9ac94fa54ca49f");
}

TEST(x25519_agrees_and_refuses_the_zero_point)
{
	static const uint8_t zero[X25519_LEN];
	uint8_t priv[2][X25519_LEN], pub[X25519_LEN], out[X25519_LEN];

	unhex(priv[0], 32,
	    "77076d0a7318a57d3c16c17251b26645"
	    "df4c2f87ebc0992ab177fba51db92c2a");
	unhex(priv[1], 32,
	    "5dab087e624a8a4b79e17f8b83800ee6"
	    "6f3bb1292618b6fd1c2f8b27ff88e0eb");
	crypto_x25519_base(pub, priv[1]);
	check_hex(pub, 32,
	    "de9edb7d7b7dc1b4d35b61c2ece43537"
	    "3f8343c85b78674dadfc7e146f882b4f");
	CHECK_OK(crypto_x25519(out, priv[0], pub));
	check_hex(out, 32,
	    "4a5d9d5ba4ce2de1728e3bf480350f25"
	    "e07e21c947d19e3376f09b3c1e161742");
	memset(out, 0xee, sizeof(out));
	CHECK_ERR(crypto_x25519(out, priv[0], zero), ERR_AUTH);
	CHECK_MEM(out, zero, sizeof(out));
}

TEST(aead_round_trips_in_place_and_zeroes_what_is_forged)
{
	static const uint8_t key[AEAD_KEY_LEN] = { 1 };
	static const uint8_t nonce[AEAD_NONCE_LEN] = { 2 };
	uint8_t buf[4 + AEAD_TAG_LEN] = "abcd";
	struct bytes sealed = { buf, sizeof(buf) };

	crypto_aead_seal(buf, key, nonce, STR("ad"), (struct bytes){ buf, 4 });
	CHECK_OK(crypto_aead_open(buf, key, nonce, STR("ad"), sealed));
	CHECK_MEM(buf, "abcd", 4);
	crypto_aead_seal(buf, key, nonce, STR("ad"), (struct bytes){ buf, 4 });
	CHECK_ERR(
	    crypto_aead_open(buf, key, nonce, STR("aD"), sealed), ERR_AUTH);
	CHECK_MEM(buf, "\0\0\0\0", 4);
}

TEST(aead_refuses_less_than_a_tag)
{
	static const uint8_t key[AEAD_KEY_LEN], nonce[AEAD_NONCE_LEN];
	uint8_t in[AEAD_TAG_LEN] = { 0 }, out[1] = { 7 };

	for (size_t n = 0; n < AEAD_TAG_LEN; n++)
		CHECK_ERR(crypto_aead_open(out, key, nonce, STR(""),
			      (struct bytes){ in, n }),
		    ERR_TRUNCATED);
	CHECK_EQ(out[0], 7);
	crypto_aead_seal(in, key, nonce, STR(""), STR(""));
	CHECK_OK(crypto_aead_open(
	    NULL, key, nonce, STR(""), (struct bytes){ in, sizeof(in) }));
}

TEST(ed25519_signs_as_rfc_8032_and_refuses_any_change)
{
	uint8_t seed[ED25519_SEED_LEN], pub[ED25519_PUB_LEN];
	uint8_t sig[ED25519_SIG_LEN];
	struct bytes msg = STR("\x72");

	unhex(seed, 32,
	    "4ccd089b28ff96da9db6c346ec114e0f"
	    "5b8a319f35aba624da8cf6ed4fb8a6fb");
	crypto_ed25519_public(pub, seed);
	check_hex(pub, 32,
	    "3d4017c3e843895a92b70aa74d1b7ebc"
	    "9c982ccf2ec4968cc0cd55f12af4660c");
	crypto_ed25519_sign(sig, seed, msg);
	check_hex(sig, 64,
	    "92a009a9f0d4cab8720e820b5f642540"
	    "a2b27b5416503f8fb3762223ebdb69da"
	    "085ac1e43e15996e458f3613d0f11d8c"
	    "387b2eaeb4302aeeb00d291612bb0c00");
	CHECK_OK(crypto_ed25519_verify(pub, sig, msg));
	CHECK_ERR(crypto_ed25519_verify(pub, sig, STR("\x73")), ERR_AUTH);
	for (size_t i = 0; i < sizeof(sig); i++) {
		sig[i] ^= 1;
		CHECK_ERR(crypto_ed25519_verify(pub, sig, msg), ERR_AUTH);
		sig[i] ^= 1;
	}
}

TEST(random_bytes_differ)
{
	uint8_t a[32], b[32];

	crypto_random(a, sizeof(a));
	crypto_random(b, sizeof(b));
	CHECK(!mem_eq_ct(a, b, sizeof(a)));
}

static int setup(void **state)
{
	(void)state;
	return crypto_init() == ERR_OK ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha256_hashes_the_concatenation_of_parts),
		cmocka_unit_test(sha512_hashes_the_concatenation_of_parts),
		cmocka_unit_test(x25519_agrees_and_refuses_the_zero_point),
		cmocka_unit_test(
		    aead_round_trips_in_place_and_zeroes_what_is_forged),
		cmocka_unit_test(aead_refuses_less_than_a_tag),
		cmocka_unit_test(
		    ed25519_signs_as_rfc_8032_and_refuses_any_change),
		cmocka_unit_test(random_bytes_differ),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
