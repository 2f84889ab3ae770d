/* HMAC (RFC 4231) and the HKDF of Noise. */
#include "test.h"

#include "base/hex.h"
#include "crypto/crypto.h"

#define STR(s) ((struct bytes)BYTES_LITERAL(s))

static void check_hmac(
    struct bytes key, const struct bytes *part, size_t n, const char *want)
{
	uint8_t out[SHA256_LEN];
	char text[2 * SHA256_LEN + 1];

	crypto_hmac_sha256(out, key, part, n);
	hex_encode(text, out, sizeof(out));
	CHECK_STR(text, want);
}

TEST(hmac_takes_its_message_in_parts)
{
	const char *want = "5bdcc146bf60754e6a042426089575c7"
			   "5a003f089d2739839dec58b964ec3843";
	struct bytes part[] = { STR("what do ya want "), STR("for nothing?") };
	struct bytes whole = STR("what do ya want for nothing?");
	struct bytes many[HASH_PARTS_MAX - 1];

	check_hmac(STR("Jefe"), part, 2, want);
	for (size_t i = 0; i < HASH_PARTS_MAX - 1; i++)
		many[i] = (struct bytes){ whole.p + 2 * i,
			i == HASH_PARTS_MAX - 2 ? 0 : 2 };
	check_hmac(STR("Jefe"), many, HASH_PARTS_MAX - 1, want);
}

TEST(hmac_hashes_a_key_only_above_one_block)
{
	struct bytes part =
	    STR("Test Using Larger Than Block-Size Key - Hash Key First");
	uint8_t key[131];

	memset(key, 0xaa, sizeof(key));
	check_hmac((struct bytes){ key, sizeof(key) }, &part, 1,
	    "60e431591ee0b67f0d8a26aacbf5b77f"
	    "8e0bc6213728c5140546040f0ee37f54");
	memset(key, 'k', 64);
	check_hmac((struct bytes){ key, 64 }, &STR("m"), 1,
	    "3b7a8d453e76edb519238a515105a575"
	    "08d0f169f480ebeee120a9e7803289fa");
}

TEST(hkdf_gives_two_or_three_outputs_in_place)
{
	static const char *const want[] = {
		"6652e076ecbcbe76627293d67fcc22d2"
		"9dee719f3c185066ea867eaf1e6f4c47",
		"5c709f4c8626825d850cc12e878c9ea7"
		"a08159016a009bc36b8109676b9c074b",
		"9d6f3254e354007293d243ca6c6ddb2d"
		"10b725c55285c73317b7d383e39fd488",
	};
	uint8_t ck[SHA256_LEN], out[3][SHA256_LEN];
	char text[2 * SHA256_LEN + 1];

	for (size_t i = 0; i < sizeof(ck); i++)
		ck[i] = (uint8_t)i;
	crypto_hkdf_noise(out[0], out[1], out[2], ck, STR("input"));
	for (size_t i = 0; i < 3; i++) {
		hex_encode(text, out[i], SHA256_LEN);
		CHECK_STR(text, want[i]);
	}
	memset(out[1], 0, SHA256_LEN);
	crypto_hkdf_noise(ck, out[1], NULL, ck, STR("input"));
	CHECK_MEM(ck, out[0], SHA256_LEN);
	hex_encode(text, out[1], SHA256_LEN);
	CHECK_STR(text, want[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hmac_takes_its_message_in_parts),
		cmocka_unit_test(hmac_hashes_a_key_only_above_one_block),
		cmocka_unit_test(hkdf_gives_two_or_three_outputs_in_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
