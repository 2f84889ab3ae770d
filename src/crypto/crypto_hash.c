/* What is built on SHA-256 alone, the same on every platform. */
#include "base/assert.h"
#include "crypto/crypto.h"

#define SHA256_BLOCK_LEN 64
#define IPAD             0x36
#define OPAD             0x5c

/* out = H(key block xor pad || parts). */
static void hash_padded(uint8_t out[SHA256_LEN],
    const uint8_t block[SHA256_BLOCK_LEN], uint8_t pad,
    const struct bytes *part, size_t n)
{
	uint8_t padded[SHA256_BLOCK_LEN];
	struct bytes all[HASH_PARTS_MAX] = { { padded, sizeof(padded) } };

	for (size_t i = 0; i < sizeof(padded); i++)
		padded[i] = block[i] ^ pad;
	for (size_t i = 0; i < n; i++)
		all[i + 1] = part[i];
	crypto_sha256(out, all, n + 1);
	mem_wipe(padded, sizeof(padded));
}

void crypto_hmac_sha256(uint8_t out[SHA256_LEN], struct bytes key,
    const struct bytes *part, size_t n)
{
	uint8_t block[SHA256_BLOCK_LEN] = { 0 };
	uint8_t inner[SHA256_LEN];

	assert(n < HASH_PARTS_MAX);
	if (key.len > sizeof(block))
		crypto_sha256(block, &key, 1);
	else
		mem_copy(block, key.p, key.len);
	hash_padded(inner, block, IPAD, part, n);
	hash_padded(
	    out, block, OPAD, &(struct bytes){ inner, sizeof(inner) }, 1);
	mem_wipe(block, sizeof(block));
	mem_wipe(inner, sizeof(inner));
}

void crypto_hkdf_noise(uint8_t out1[SHA256_LEN], uint8_t out2[SHA256_LEN],
    uint8_t *out3, const uint8_t ck[SHA256_LEN], struct bytes ikm)
{
	static const uint8_t one = 1, two = 2, three = 3;
	uint8_t temp[SHA256_LEN], t1[SHA256_LEN];
	struct bytes key = { temp, sizeof(temp) };

	/* ck may be out1 itself, so it is read before anything is written. */
	crypto_hmac_sha256(temp, (struct bytes){ ck, SHA256_LEN }, &ikm, 1);
	crypto_hmac_sha256(t1, key, &(struct bytes){ &one, 1 }, 1);
	crypto_hmac_sha256(
	    out2, key, (struct bytes[]){ { t1, SHA256_LEN }, { &two, 1 } }, 2);
	if (out3 != NULL)
		crypto_hmac_sha256(out3, key,
		    (struct bytes[]){ { out2, SHA256_LEN }, { &three, 1 } }, 2);
	mem_copy(out1, t1, sizeof(t1));
	mem_wipe(temp, sizeof(temp));
	mem_wipe(t1, sizeof(t1));
}
