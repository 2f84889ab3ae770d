/* Memory, files and random numbers of the trainer. Failure ends the program. */
#ifndef MODEL_UTIL_H
#define MODEL_UTIL_H

#include <stddef.h>
#include <stdint.h>

/* Prints the message to stderr and exits with status 1. */
_Noreturn void util_die(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));

/* Zeroed, 64-byte aligned; release with util_free. */
float *util_floats(size_t n);
void util_free(void *p);
void *util_realloc(void *p, size_t n);

/* The whole file with a final NUL; release with util_free. */
char *util_read_file(size_t *len, const char *path);

/* Splitmix64: small, fast, and the same everywhere. */
struct rng {
	uint64_t s;
};

uint64_t rng_next(struct rng *r);
/* A number in [0, n); n must not be 0. */
size_t rng_below(struct rng *r, size_t n);
/* True in `percent` of a hundred cases. */
int rng_chance(struct rng *r, unsigned percent);
/* Nearly normal, mean 0, deviation 1: the sum of twelve uniforms. */
float rng_normal(struct rng *r);

/* FNV-1a over `len` bytes, continued from `h`. */
uint64_t util_hash(uint64_t h, const void *p, size_t len);

double util_seconds(void);

#endif
