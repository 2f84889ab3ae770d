/*
 * The primitives in the browser: imports of the module "host", all of them
 * synchronous. The host gets pointers into the module's memory; `struct bytes`
 * is two little-endian u32 there, address and length. It must neither keep nor
 * copy what it is shown, as far as its language lets it.
 */
#include "base/assert.h"
#include "crypto/crypto.h"

#define HOST(name)                                                             \
	__attribute__((import_module("host"), import_name(name))) extern

_Static_assert(sizeof(struct bytes) == 8, "as the host reads it");

HOST("sha256")
void host_sha256(uint8_t *out, const struct bytes *part, size_t n);
HOST("sha512")
void host_sha512(uint8_t *out, const struct bytes *part, size_t n);
/* The three that return int: 0 is yes; anything else is no, out unspecified. */
HOST("x25519")
int host_x25519(uint8_t *out, const uint8_t *priv, const uint8_t *pub);
HOST("x25519_base")
void host_x25519_base(uint8_t *pub, const uint8_t *priv);
HOST("seal")
void host_seal(uint8_t *out, const uint8_t *key, const uint8_t *nonce,
    const struct bytes *ad, const struct bytes *in);
HOST("open")
int host_open(uint8_t *out, const uint8_t *key, const uint8_t *nonce,
    const struct bytes *ad, const struct bytes *in);
HOST("ed25519_verify")
int host_ed25519_verify(
    const uint8_t *pub, const uint8_t *sig, const struct bytes *msg);

void crypto_sha256(uint8_t out[SHA256_LEN], const struct bytes *part, size_t n)
{
	assert(n <= HASH_PARTS_MAX);
	host_sha256(out, part, n);
}

void crypto_sha512(uint8_t out[SHA512_LEN], const struct bytes *part, size_t n)
{
	assert(n <= HASH_PARTS_MAX);
	host_sha512(out, part, n);
}

/* Libraries differ in what they do about a zero secret, so it is asked here. */
enum err crypto_x25519(uint8_t out[X25519_LEN], const uint8_t priv[X25519_LEN],
    const uint8_t pub[X25519_LEN])
{
	if (host_x25519(out, priv, pub) == 0 && !mem_is_zero(out, X25519_LEN))
		return ERR_OK;
	mem_wipe(out, X25519_LEN);
	return ERR_AUTH;
}

void crypto_x25519_base(uint8_t pub[X25519_LEN], const uint8_t priv[X25519_LEN])
{
	host_x25519_base(pub, priv);
}

void crypto_aead_seal(uint8_t *out, const uint8_t key[AEAD_KEY_LEN],
    const uint8_t nonce[AEAD_NONCE_LEN], struct bytes ad, struct bytes in)
{
	host_seal(out, key, nonce, &ad, &in);
}

enum err crypto_aead_open(uint8_t *out, const uint8_t key[AEAD_KEY_LEN],
    const uint8_t nonce[AEAD_NONCE_LEN], struct bytes ad, struct bytes in)
{
	if (in.len < AEAD_TAG_LEN)
		return ERR_TRUNCATED;
	if (host_open(out, key, nonce, &ad, &in) == 0)
		return ERR_OK;
	mem_wipe(out, in.len - AEAD_TAG_LEN);
	return ERR_AUTH;
}

enum err crypto_ed25519_verify(const uint8_t pub[ED25519_PUB_LEN],
    const uint8_t sig[ED25519_SIG_LEN], struct bytes msg)
{
	return host_ed25519_verify(pub, sig, &msg) == 0 ? ERR_OK : ERR_AUTH;
}
