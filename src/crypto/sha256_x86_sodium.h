/* SHA-256 of whole blocks on x86 CPUs with instructions for it. */
#ifndef CONFER_CRYPTO_SHA256_X86_SODIUM_H
#define CONFER_CRYPTO_SHA256_X86_SODIUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Does this CPU have them? */
bool sha256_x86_have(void);

/* Take n blocks of 64 bytes into the state (FIPS 180-4, 6.2.2: a to h). */
void sha256_x86_blocks(uint32_t state[8], const uint8_t *p, size_t n);

#endif
