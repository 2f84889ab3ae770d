/* SymmetricState: chaining key and transcript hash (Noise, section 5.2). */
#include "noise/state.h"

void noise_symmetric_init(struct noise_symmetric *s, struct bytes name)
{
	memset(s, 0, sizeof(*s));
	if (name.len <= sizeof(s->h))
		mem_copy(s->h, name.p, name.len);
	else
		crypto_sha256(s->h, &name, 1);
	mem_copy(s->ck, s->h, sizeof(s->ck));
}

void noise_symmetric_mix_hash(struct noise_symmetric *s, struct bytes in)
{
	struct bytes part[] = { { s->h, sizeof(s->h) }, in };

	crypto_sha256(s->h, part, 2);
}

void noise_symmetric_mix_key(struct noise_symmetric *s, struct bytes ikm)
{
	uint8_t temp_k[SHA256_LEN];

	crypto_hkdf_noise(s->ck, temp_k, NULL, s->ck, ikm);
	noise_cipher_init(&s->cipher, temp_k);
	mem_wipe(temp_k, sizeof(temp_k));
}

enum err noise_symmetric_seal(
    struct noise_symmetric *s, uint8_t *out, struct bytes in)
{
	size_t len = in.len + noise_cipher_tag_len(&s->cipher);
	enum err e;

	e = noise_cipher_seal(
	    &s->cipher, out, (struct bytes){ s->h, sizeof(s->h) }, in);
	if (e == ERR_OK)
		noise_symmetric_mix_hash(s, (struct bytes){ out, len });
	return e;
}

enum err noise_symmetric_open(
    struct noise_symmetric *s, uint8_t *out, struct bytes in)
{
	enum err e;

	e = noise_cipher_open(
	    &s->cipher, out, (struct bytes){ s->h, sizeof(s->h) }, in);
	if (e == ERR_OK)
		noise_symmetric_mix_hash(s, in);
	return e;
}

void noise_symmetric_split(const struct noise_symmetric *s,
    struct noise_cipher *c1, struct noise_cipher *c2)
{
	uint8_t k1[SHA256_LEN], k2[SHA256_LEN];

	crypto_hkdf_noise(k1, k2, NULL, s->ck, (struct bytes){ NULL, 0 });
	noise_cipher_init(c1, k1);
	noise_cipher_init(c2, k2);
	mem_wipe(k1, sizeof(k1));
	mem_wipe(k2, sizeof(k2));
}
