/*
 * Obligations: signature checks that the core demands and its host performs.
 * The core cannot call WebCrypto, which is asynchronous, so a verifier emits
 * {algorithm, key, signature, message} records; the host answers each one, and
 * the verdict is "accept" only when every obligation was answered yes. An empty
 * set is never a proof of anything.
 */
#ifndef CONFER_CRYPTO_OBLIGATION_H
#define CONFER_CRYPTO_OBLIGATION_H

#include "base/err.h"
#include "base/mem.h"

enum sig_alg {
	SIG_ECDSA_P384_SHA384 = 1, /* key 04||X||Y (97), signature r||s (96) */
	SIG_ECDSA_P256_SHA256 = 2, /* key 04||X||Y (65), signature r||s (64) */
	SIG_RSA_PSS_SHA384 = 3,    /* key: SubjectPublicKeyInfo DER; salt 48 */
};

#define ECDSA_P384_PUB_LEN 97
#define ECDSA_P384_SIG_LEN 96
#define OBLIGATIONS_MAX    16 /* the longest chain, TDX with CRLs, needs 12 */
#define OBLIGATION_SIG_MAX 96 /* signatures that the core had to rewrite */

struct obligation {
	enum sig_alg alg;
	const char *what; /* static: "chip certificate", for messages */
	struct bytes key; /* borrowed from the evidence */
	struct bytes sig; /* borrowed from the evidence, or sig_buf */
	struct bytes msg; /* borrowed from the evidence */
	uint8_t sig_buf[OBLIGATION_SIG_MAX]; /* r||s, when rewritten */
};

/* Not to be copied: sig may point into sig_buf. */
struct obligations {
	struct obligation item[OBLIGATIONS_MAX];
	size_t n;
};

/*
 * Add one and return it for the caller to fill, all zero; NULL if
 * OBLIGATIONS_MAX is reached, which a verifier reports as ERR_LIMIT.
 */
struct obligation *obligation_add(struct obligations *set);

/*
 * Native hosts only (crypto_openssl.c): check one. ERR_OK, ERR_AUTH when the
 * signature does not verify, ERR_FORMAT when the key or signature is malformed
 * (RSA: 2048 to 4096 bits), ERR_UNSUPPORTED for another algorithm,
 * ERR_INTERNAL when OpenSSL cannot work.
 */
enum err obligation_resolve(const struct obligation *o)
    __attribute__((warn_unused_result));

#endif
