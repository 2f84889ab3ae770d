/* SHA-256 by the CPU's instructions against libsodium's portable code. */
#include "crypto/crypto_native.h"
#include "crypto/sha256_x86_sodium.h"
#include "test.h"

#define LEN (300 * 64 + 17)

static uint8_t text[LEN];

static void fill(void)
{
	uint32_t x = 1;

	for (size_t i = 0; i < LEN; i++) {
		x = x * 1664525 + 1013904223;
		text[i] = (uint8_t)(x >> 24);
	}
}

/* FIPS 180-4, "abc": one padded block, from the initial state. */
TEST(sha256_x86_hashes_the_example_of_the_standard)
{
	uint32_t word[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
		0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };
	static const uint32_t want[8] = { 0xba7816bf, 0x8f01cfea, 0x414140de,
		0x5dae2223, 0xb00361a3, 0x96177a9c, 0xb410ff61, 0xf20015ad };
	uint8_t block[64] = { 'a', 'b', 'c', 0x80, [63] = 24 };

	if (!sha256_x86_have()) {
		print_message("this CPU has no SHA instructions\n");
		skip();
	}
	sha256_x86_blocks(word, block, 1);
	CHECK_MEM(word, want, sizeof(want));
}

/* The stream takes whole blocks of long pieces, the one-shot hash never. */
TEST(sha256_streams_agree_with_the_portable_hash_however_text_is_cut)
{
	fill();
	for (size_t len = LEN - 200; len <= LEN; len += 7) {
		for (size_t cut = 0; cut < 9000; cut += 997) {
			const struct bytes whole = { text, len };
			struct crypto_sha256_stream s;
			uint8_t got[SHA256_LEN], want[SHA256_LEN];

			crypto_sha256(want, &whole, 1);
			crypto_sha256_init(&s);
			crypto_sha256_update(&s, (struct bytes){ text, cut });
			crypto_sha256_update(
			    &s, (struct bytes){ text + cut, len - cut });
			crypto_sha256_final(&s, got);
			CHECK_MEM(got, want, SHA256_LEN);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha256_x86_hashes_the_example_of_the_standard),
		cmocka_unit_test(
		    sha256_streams_agree_with_the_portable_hash_however_text_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
