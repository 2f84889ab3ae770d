/*
 * What only native programs need: initialisation, randomness, signing,
 * streaming hashes. The core never includes this header: it gets random bytes
 * and signatures as arguments.
 */
#ifndef CONFER_CRYPTO_CRYPTO_NATIVE_H
#define CONFER_CRYPTO_CRYPTO_NATIVE_H

#include <stdint.h>

#include "crypto/crypto.h"

/* Once, before anything else of crypto/. ERR_INTERNAL if libsodium fails. */
enum err crypto_init(void) __attribute__((warn_unused_result));

/* n bytes from the kernel's generator. Never fails (libsodium aborts). */
void crypto_random(void *out, size_t n);

/* The public key of a 32-byte seed (RFC 8032, section 5.1.5). */
void crypto_ed25519_public(
    uint8_t pub[ED25519_PUB_LEN], const uint8_t seed[ED25519_SEED_LEN]);
void crypto_ed25519_sign(uint8_t sig[ED25519_SIG_LEN],
    const uint8_t seed[ED25519_SEED_LEN], struct bytes msg);

/* Streaming SHA-256 for files: init, update any number of times, final. */
struct crypto_sha256_stream {
	uint64_t opaque[16]; /* the library's state, at least its size */
};

void crypto_sha256_init(struct crypto_sha256_stream *s);
void crypto_sha256_update(struct crypto_sha256_stream *s, struct bytes in);
void crypto_sha256_final(
    struct crypto_sha256_stream *s, uint8_t out[SHA256_LEN]);

#endif
