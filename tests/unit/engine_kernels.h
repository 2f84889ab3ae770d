/* All kernels that this CPU runs, and numbers to try them on. */
#ifndef CONFER_TESTS_UNIT_ENGINE_KERNELS_H
#define CONFER_TESTS_UNIT_ENGINE_KERNELS_H

#include "test.h"

#include <math.h>

#include "engine/kernels.h"

#define KERNELS_N 3

/* Kernels number i, or NULL: this CPU lacks them. The first always run. */
static inline const struct kernels *kernels_try(unsigned i)
{
	if (i == 1)
		return kernels_have_avx2() ? &kernels_avx2 : NULL;
	if (i == 2)
		return kernels_have_avx512() ? &kernels_avx512 : NULL;
	return &kernels_scalar;
}

/* Say once what is not compared. */
static inline int kernels_say_what_lacks(void **state)
{
	(void)state;
	if (kernels_try(1) == NULL)
		print_message("SKIP: avx2: not on this CPU\n");
	if (kernels_try(2) == NULL)
		print_message("SKIP: avx512: not on this CPU\n");
	return 0;
}

struct noise {
	uint32_t x;
};

static inline uint32_t noise_u32(struct noise *n)
{
	n->x = n->x * 1664525 + 1013904223;
	return n->x >> 8;
}

/* Between -most and most. */
static inline float noise_float(struct noise *n, float most)
{
	return ((float)noise_u32(n) * 0x1p-23f - 1) * most;
}

static inline void noise_fill(struct noise *n, float *x, size_t len, float most)
{
	for (size_t i = 0; i < len; i++)
		x[i] = noise_float(n, most);
}

/* Exact, by the definition of the format. */
static inline double half_value(uint16_t h)
{
	int e = h >> 10 & 31;
	double m =
	    e == 0 ? ldexp(h & 1023, -24) : ldexp((h & 1023) + 1024, e - 25);

	return (h & 0x8000) != 0 ? -m : m;
}

static inline uint16_t half_at(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

/* |got - want| <= most; NaN is never near. */
static inline void check_near(double got, double want, double most)
{
	if (!(fabs(got - want) <= most))
		fail_msg("%.9g, want %.9g within %.3g", got, want, most);
}

#endif
