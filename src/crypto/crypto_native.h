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

/*
 * SHA-384 (FIPS 180-4), for measurements. By OpenSSL: the enclave, which links
 * libsodium alone, cannot use it. The first failure sticks, and `final` says
 * so; it also frees the state, so it has to be called after every `init`.
 */
#define SHA384_LEN 48

struct crypto_sha384_stream {
	void *opaque; /* the library's state; NULL after a failure */
};

void crypto_sha384_init(struct crypto_sha384_stream *s);
void crypto_sha384_update(struct crypto_sha384_stream *s, struct bytes in);
/* ERR_INTERNAL, out zeroed, when the library failed (no memory). */
enum err crypto_sha384_final(struct crypto_sha384_stream *s,
    uint8_t out[SHA384_LEN]) __attribute__((warn_unused_result));

/* Of the concatenation of n parts; errors as of crypto_sha384_final. */
enum err crypto_sha384(uint8_t out[SHA384_LEN], const struct bytes *part,
    size_t n) __attribute__((warn_unused_result));

#endif
