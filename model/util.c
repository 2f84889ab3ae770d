#define _POSIX_C_SOURCE 200809L
#include "util.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

_Noreturn void util_die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("train: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(1);
}

float *util_floats(size_t n)
{
	size_t bytes = (n * sizeof(float) + 63) / 64 * 64;
	float *p = aligned_alloc(64, bytes);

	if (p == NULL)
		util_die("out of memory");
	memset(p, 0, bytes);
	return p;
}

void util_free(void *p)
{
	free(p);
}

void *util_realloc(void *p, size_t n)
{
	void *q = realloc(p, n);

	if (q == NULL)
		util_die("out of memory");
	return q;
}

char *util_read_file(size_t *len, const char *path)
{
	FILE *f = fopen(path, "rb");
	char *buf = NULL;
	size_t n = 0, got;

	if (f == NULL)
		util_die("cannot open %s", path);
	do {
		buf = util_realloc(buf, n + 65536 + 1);
		got = fread(buf + n, 1, 65536, f);
		n += got;
	} while (got > 0);
	if (ferror(f))
		util_die("cannot read %s", path);
	fclose(f);
	buf[n] = '\0';
	*len = n;
	return buf;
}

uint64_t rng_next(struct rng *r)
{
	uint64_t z = (r->s += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

size_t rng_below(struct rng *r, size_t n)
{
	return (size_t)((rng_next(r) >> 32) * n >> 32);
}

int rng_chance(struct rng *r, unsigned percent)
{
	return rng_below(r, 100) < percent;
}

float rng_normal(struct rng *r)
{
	float sum = -6;

	for (int i = 0; i < 12; i++)
		sum += (float)(rng_next(r) >> 40) * (1.0f / 16777216.0f);
	return sum;
}

uint64_t util_hash(uint64_t h, const void *p, size_t len)
{
	const unsigned char *s = p;

	for (size_t i = 0; i < len; i++)
		h = (h ^ s[i]) * 0x100000001b3u;
	return h;
}

double util_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}
