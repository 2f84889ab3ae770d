/* Random bytes from the kernel, for programs that do not link crypto/. */
#ifndef CONFER_SYS_RNG_H
#define CONFER_SYS_RNG_H

#include <stddef.h>

/*
 * n bytes of getrandom(2), waiting until the kernel's pool is ready. There is
 * no safe way to go on without them, so a failure stops the program.
 */
void rng_fill(void *out, size_t n);

#endif
