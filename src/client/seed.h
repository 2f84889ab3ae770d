/* Ed25519 seeds of one machine, each in a file of 32 bytes and mode 0600. */
#ifndef CONFER_CLIENT_SEED_H
#define CONFER_CLIENT_SEED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "crypto/crypto.h"

/*
 * Read the seed in the file at path; where there is none, and `create`, make
 * one from the kernel's generator. ERR_NOTFOUND: none, and not to be made.
 * ERR_FORMAT: another length. ERR_POLICY: others may read it. ERR_IO,
 * ERR_NOSPACE. Zeroed on failure.
 */
enum err client_seed_open(uint8_t seed_priv[ED25519_SEED_LEN], const char *path,
    bool create, struct err_ctx *ctx) __attribute__((warn_unused_result));

#endif
