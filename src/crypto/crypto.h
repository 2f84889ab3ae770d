/*
 * The primitives of the core, one thin interface with two implementations:
 * crypto_sodium.c natively, crypto_host.c in the browser (imports). Nothing
 * here allocates, and nothing here has a choice of algorithm: the project's
 * suite is X25519, ChaCha20-Poly1305, SHA-256 and Ed25519.
 */
#ifndef CONFER_CRYPTO_CRYPTO_H
#define CONFER_CRYPTO_CRYPTO_H

#include "base/err.h"
#include "base/mem.h"

#define SHA256_LEN       32
#define SHA512_LEN       64
#define X25519_LEN       32 /* public key, private key and shared secret */
#define AEAD_KEY_LEN     32
#define AEAD_NONCE_LEN   12
#define AEAD_TAG_LEN     16
#define ED25519_PUB_LEN  32
#define ED25519_SEED_LEN 32
#define ED25519_SIG_LEN  64
#define HASH_PARTS_MAX   16 /* pieces of one hash input; our longest has 9 */

/* SHA-256 (FIPS 180-4) of the concatenation of n <= HASH_PARTS_MAX parts. */
void crypto_sha256(uint8_t out[SHA256_LEN], const struct bytes *part, size_t n);

/* SHA-512, likewise. */
void crypto_sha512(uint8_t out[SHA512_LEN], const struct bytes *part, size_t n);

/* HMAC-SHA-256 (RFC 2104) of the concatenation of n < HASH_PARTS_MAX parts, since
 * the padded key is one more. */
void crypto_hmac_sha256(uint8_t out[SHA256_LEN], struct bytes key,
    const struct bytes *part, size_t n);

/*
 * HKDF of the Noise specification (section 4.3): n = 2 or 3 outputs of 32
 * bytes from a chaining key and input key material. out3 is NULL when n == 2.
 */
void crypto_hkdf_noise(uint8_t out1[SHA256_LEN], uint8_t out2[SHA256_LEN],
    uint8_t *out3, const uint8_t ck[SHA256_LEN], struct bytes ikm);

/* X25519 (RFC 7748). ERR_AUTH, out zeroed, when the result is all zero. */
enum err crypto_x25519(uint8_t out[X25519_LEN], const uint8_t priv[X25519_LEN],
    const uint8_t pub[X25519_LEN]) __attribute__((warn_unused_result));

/* The public key of `priv`. */
void crypto_x25519_base(
    uint8_t pub[X25519_LEN], const uint8_t priv[X25519_LEN]);

/*
 * ChaCha20-Poly1305 (RFC 8439). Seal writes in.len + AEAD_TAG_LEN bytes; open
 * writes in.len - AEAD_TAG_LEN bytes: the plaintext if the tag has verified, else
 * zeros (ERR_AUTH). ERR_TRUNCATED below AEAD_TAG_LEN, nothing written then. out
 * may be in.p itself, else the two must not overlap.
 */
void crypto_aead_seal(uint8_t *out, const uint8_t key[AEAD_KEY_LEN],
    const uint8_t nonce[AEAD_NONCE_LEN], struct bytes ad, struct bytes in);
enum err crypto_aead_open(uint8_t *out, const uint8_t key[AEAD_KEY_LEN],
    const uint8_t nonce[AEAD_NONCE_LEN], struct bytes ad, struct bytes in)
    __attribute__((warn_unused_result));

/*
 * Ed25519 (RFC 8032). Verification is synchronous on both platforms, so notes
 * and records need no obligation. ERR_AUTH if the signature is not valid.
 */
enum err crypto_ed25519_verify(const uint8_t pub[ED25519_PUB_LEN],
    const uint8_t sig[ED25519_SIG_LEN], struct bytes msg)
    __attribute__((warn_unused_result));

#endif
