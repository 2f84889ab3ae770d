/*
 * The two P-384 keys of a simulated processor, kept as PEM in one directory:
 * root.pem plays the vendor, chip.pem the chip. Created on first use, 0600.
 */
#ifndef CONFER_SIMTEE_KEY_H
#define CONFER_SIMTEE_KEY_H

#include <openssl/evp.h>

#include "base/err.h"
#include "base/mem.h"
#include "crypto/obligation.h"

struct simtee_key {
	EVP_PKEY *pkey;                  /* NULL when cleared */
	uint8_t pub[ECDSA_P384_PUB_LEN]; /* 04||X||Y */
};

#define SIMTEE_KEY_INIT                                                        \
	{                                                                      \
		.pkey = NULL                                                   \
	}

/* Both keys of the directory `dir`, which is created with what is missing.
 * Two processes that start at once agree on one pair (the directory is locked
 * meanwhile). ERR_FORMAT: a file is damaged or others may read it; ERR_IO,
 * ERR_NOSPACE; ctx holds one sentence. Both are cleared on failure. */
enum err simtee_key_open_pair(struct simtee_key *root, struct simtee_key *chip,
    const char *dir, struct err_ctx *ctx) __attribute__((warn_unused_result));
void simtee_key_clear(struct simtee_key *k);

/* ECDSA with SHA-384 over msg, as r||s. ERR_INTERNAL if OpenSSL fails. */
enum err simtee_key_sign(uint8_t sig[ECDSA_P384_SIG_LEN],
    const struct simtee_key *k, struct bytes msg)
    __attribute__((warn_unused_result));

#endif
