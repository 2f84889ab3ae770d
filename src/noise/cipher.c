/* CipherState: one key, one counter (Noise, section 5.1). */
#include "noise/state.h"

#include "base/wr.h"

/* Never the nonce of a message: Rekey uses it. */
#define NONCE_RESERVED UINT64_MAX

void noise_cipher_init(struct noise_cipher *c, const uint8_t k[AEAD_KEY_LEN])
{
	mem_copy(c->k, k, AEAD_KEY_LEN);
	c->n = 0;
	c->has_key = true;
}

size_t noise_cipher_tag_len(const struct noise_cipher *c)
{
	return c->has_key ? NOISE_TAG_LEN : 0;
}

/* ChaChaPoly, section 12.3: 32 zero bits, then n in little endian. */
static void nonce_put(uint8_t out[AEAD_NONCE_LEN], uint64_t n)
{
	struct wr w = wr_init(out, AEAD_NONCE_LEN);

	wr_fill(&w, 0, 4);
	wr_u64le(&w, n);
}

enum err noise_cipher_seal(
    struct noise_cipher *c, uint8_t *out, struct bytes ad, struct bytes in)
{
	uint8_t nonce[AEAD_NONCE_LEN];

	if (!c->has_key) {
		mem_copy(out, in.p, in.len);
		return ERR_OK;
	}
	if (c->n == NONCE_RESERVED)
		return ERR_LIMIT;
	nonce_put(nonce, c->n);
	crypto_aead_seal(out, c->k, nonce, ad, in);
	c->n++;
	return ERR_OK;
}

enum err noise_cipher_open(
    struct noise_cipher *c, uint8_t *out, struct bytes ad, struct bytes in)
{
	uint8_t nonce[AEAD_NONCE_LEN];
	enum err e;

	if (!c->has_key) {
		mem_copy(out, in.p, in.len);
		return ERR_OK;
	}
	if (c->n == NONCE_RESERVED)
		return ERR_LIMIT;
	nonce_put(nonce, c->n);
	e = crypto_aead_open(out, c->k, nonce, ad, in);
	if (e == ERR_OK)
		c->n++;
	return e;
}

void noise_cipher_rekey(struct noise_cipher *c)
{
	static const uint8_t zeros[AEAD_KEY_LEN];
	uint8_t sealed[AEAD_KEY_LEN + AEAD_TAG_LEN];
	uint8_t nonce[AEAD_NONCE_LEN];

	nonce_put(nonce, NONCE_RESERVED);
	crypto_aead_seal(sealed, c->k, nonce, (struct bytes){ NULL, 0 },
	    (struct bytes){ zeros, sizeof(zeros) });
	mem_copy(c->k, sealed, AEAD_KEY_LEN);
	mem_wipe(sealed, sizeof(sealed));
}
