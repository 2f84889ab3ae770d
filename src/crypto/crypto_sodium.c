/* The primitives natively, on libsodium and nothing else. */
#include <sodium.h>

#include "base/assert.h"
#include "crypto/crypto.h"
#include "crypto/crypto_native.h"
#include "crypto/sha256_x86_sodium.h"

#define SHA256_MUCH 4096 /* bytes; below, asking the CPU does not pay */

_Static_assert(
    AEAD_TAG_LEN == crypto_aead_chacha20poly1305_ietf_ABYTES, "tag length");
_Static_assert(
    sizeof(struct crypto_sha256_stream) >= sizeof(crypto_hash_sha256_state),
    "room for the library's state");
_Static_assert(
    _Alignof(struct crypto_sha256_stream) >= _Alignof(crypto_hash_sha256_state),
    "alignment of the library's state");

enum err crypto_init(void)
{
	return sodium_init() < 0 ? ERR_INTERNAL : ERR_OK;
}

void crypto_random(void *out, size_t n)
{
	randombytes_buf(out, n);
}

/* Both finals wipe their state, which may hold a key's block. */
void crypto_sha256(uint8_t out[SHA256_LEN], const struct bytes *part, size_t n)
{
	crypto_hash_sha256_state st;

	assert(n <= HASH_PARTS_MAX);
	crypto_hash_sha256_init(&st);
	for (size_t i = 0; i < n; i++)
		crypto_hash_sha256_update(&st, part[i].p, part[i].len);
	crypto_hash_sha256_final(&st, out);
}

void crypto_sha512(uint8_t out[SHA512_LEN], const struct bytes *part, size_t n)
{
	crypto_hash_sha512_state st;

	assert(n <= HASH_PARTS_MAX);
	crypto_hash_sha512_init(&st);
	for (size_t i = 0; i < n; i++)
		crypto_hash_sha512_update(&st, part[i].p, part[i].len);
	crypto_hash_sha512_final(&st, out);
}

void crypto_sha256_init(struct crypto_sha256_stream *s)
{
	crypto_hash_sha256_init((crypto_hash_sha256_state *)(void *)s);
}

/* Whole blocks at the start of much input; `count` is in bits. */
static size_t update_blocks(crypto_hash_sha256_state *st, struct bytes in)
{
	size_t n = in.len / sizeof(st->buf);

	if (in.len < SHA256_MUCH || st->count / 8 % sizeof(st->buf) != 0 ||
	    !sha256_x86_have())
		return 0;
	sha256_x86_blocks(st->state, in.p, n);
	st->count += (uint64_t)n * sizeof(st->buf) * 8;
	return n * sizeof(st->buf);
}

void crypto_sha256_update(struct crypto_sha256_stream *s, struct bytes in)
{
	crypto_hash_sha256_state *st = (void *)s;
	size_t done = update_blocks(st, in);

	if (done < in.len)
		crypto_hash_sha256_update(st, in.p + done, in.len - done);
}

void crypto_sha256_final(
    struct crypto_sha256_stream *s, uint8_t out[SHA256_LEN])
{
	crypto_hash_sha256_final((crypto_hash_sha256_state *)(void *)s, out);
}

enum err crypto_x25519(uint8_t out[X25519_LEN], const uint8_t priv[X25519_LEN],
    const uint8_t pub[X25519_LEN])
{
	if (crypto_scalarmult(out, priv, pub) == 0)
		return ERR_OK;
	mem_wipe(out, X25519_LEN);
	return ERR_AUTH;
}

void crypto_x25519_base(uint8_t pub[X25519_LEN], const uint8_t priv[X25519_LEN])
{
	int rc = crypto_scalarmult_base(pub, priv);

	assert(rc == 0);
}

void crypto_aead_seal(uint8_t *out, const uint8_t key[AEAD_KEY_LEN],
    const uint8_t nonce[AEAD_NONCE_LEN], struct bytes ad, struct bytes in)
{
	int rc = crypto_aead_chacha20poly1305_ietf_encrypt(
	    out, NULL, in.p, in.len, ad.p, ad.len, NULL, nonce, key);

	assert(rc == 0);
}

/* libsodium writes zeros, not plaintext, when the tag is wrong. */
enum err crypto_aead_open(uint8_t *out, const uint8_t key[AEAD_KEY_LEN],
    const uint8_t nonce[AEAD_NONCE_LEN], struct bytes ad, struct bytes in)
{
	if (in.len < AEAD_TAG_LEN)
		return ERR_TRUNCATED;
	if (crypto_aead_chacha20poly1305_ietf_decrypt(
		out, NULL, NULL, in.p, in.len, ad.p, ad.len, nonce, key) != 0)
		return ERR_AUTH;
	return ERR_OK;
}

enum err crypto_ed25519_verify(const uint8_t pub[ED25519_PUB_LEN],
    const uint8_t sig[ED25519_SIG_LEN], struct bytes msg)
{
	if (crypto_sign_verify_detached(sig, msg.p, msg.len, pub) != 0)
		return ERR_AUTH;
	return ERR_OK;
}

void crypto_ed25519_public(
    uint8_t pub[ED25519_PUB_LEN], const uint8_t seed[ED25519_SEED_LEN])
{
	uint8_t priv[crypto_sign_SECRETKEYBYTES];

	crypto_sign_seed_keypair(pub, priv, seed);
	mem_wipe(priv, sizeof(priv));
}

void crypto_ed25519_sign(uint8_t sig[ED25519_SIG_LEN],
    const uint8_t seed[ED25519_SEED_LEN], struct bytes msg)
{
	uint8_t pub[ED25519_PUB_LEN], priv[crypto_sign_SECRETKEYBYTES];

	crypto_sign_seed_keypair(pub, priv, seed);
	crypto_sign_detached(sig, NULL, msg.p, msg.len, priv);
	mem_wipe(priv, sizeof(priv));
}
