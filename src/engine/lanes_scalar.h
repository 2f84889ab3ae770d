/*
 * 16 lanes of 32-bit floats in plain C: the definition of what the lanes of
 * AVX2 and AVX-512 do. One of the three is included before the bodies that are
 * written on lanes (body_*.h); each operation gives the same bits in all of
 * them, but for which NaN a NaN is.
 */
#ifndef CONFER_ENGINE_LANES_H
#define CONFER_ENGINE_LANES_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "engine/matrix.h"

#define LANES 16

/* Sums that stay in registers: LANES_QUERIES times LANES_ACROSS vectors. */
#define LANES_QUERIES 1
#define LANES_ACROSS  1

#define INLINE static inline __attribute__((always_inline))

struct lanes {
	float f[LANES];
};

/* For each lane i, with `a`, `b`, `c` and the result `r`. */
#define LANES_EACH(expression)                                                 \
	struct lanes r;                                                        \
	for (unsigned i = 0; i < LANES; i++)                                   \
		r.f[i] = (expression);                                         \
	return r

INLINE struct lanes lanes_load(const float *p)
{
	LANES_EACH(p[i]);
}

INLINE void lanes_store(float *p, struct lanes a)
{
	memcpy(p, a.f, sizeof(a.f));
}

INLINE struct lanes lanes_set1(float x)
{
	LANES_EACH(x);
}

INLINE struct lanes lanes_add(struct lanes a, struct lanes b)
{
	LANES_EACH(a.f[i] + b.f[i]);
}

INLINE struct lanes lanes_sub(struct lanes a, struct lanes b)
{
	LANES_EACH(a.f[i] - b.f[i]);
}

INLINE struct lanes lanes_mul(struct lanes a, struct lanes b)
{
	LANES_EACH(a.f[i] * b.f[i]);
}

INLINE struct lanes lanes_div(struct lanes a, struct lanes b)
{
	LANES_EACH(a.f[i] / b.f[i]);
}

/* b where one of them is NaN, or both are zero; so is the minimum. */
INLINE struct lanes lanes_max(struct lanes a, struct lanes b)
{
	LANES_EACH(a.f[i] > b.f[i] ? a.f[i] : b.f[i]);
}

INLINE struct lanes lanes_min(struct lanes a, struct lanes b)
{
	LANES_EACH(a.f[i] < b.f[i] ? a.f[i] : b.f[i]);
}

/* a b + c, rounded once. */
INLINE struct lanes lanes_fma(struct lanes a, struct lanes b, struct lanes c)
{
	LANES_EACH(fmaf(a.f[i], b.f[i], c.f[i]));
}

INLINE struct lanes lanes_neg(struct lanes a)
{
	LANES_EACH(-a.f[i]);
}

INLINE struct lanes lanes_abs(struct lanes a)
{
	LANES_EACH(fabsf(a.f[i]));
}

/* a <= b ? yes : no; `no` where one of them is NaN. */
INLINE struct lanes lanes_if_le(
    struct lanes a, struct lanes b, struct lanes yes, struct lanes no)
{
	LANES_EACH(a.f[i] <= b.f[i] ? yes.f[i] : no.f[i]);
}

INLINE float lanes_of_bits(uint32_t bits)
{
	float f;

	memcpy(&f, &bits, sizeof(f));
	return f;
}

/* 2^a for whole numbers from -126 to 127. */
INLINE struct lanes lanes_pow2(struct lanes a)
{
	LANES_EACH(lanes_of_bits((uint32_t)((int32_t)a.f[i] + 127) << 23));
}

/* 16 halves, at any address. */
INLINE struct lanes lanes_from_f16(const uint8_t *p)
{
	LANES_EACH(
	    matrix_f16((uint16_t)(p[2 * i] | (unsigned)p[2 * i + 1] << 8)));
}

/* To 16 halves, to nearest even; a is finite and at most 65504. */
INLINE void lanes_to_f16(uint8_t *p, struct lanes a)
{
	for (unsigned i = 0; i < LANES; i++) {
		uint16_t half = matrix_to_f16(a.f[i]);

		p[2 * i] = (uint8_t)half;
		p[2 * i + 1] = (uint8_t)(half >> 8);
	}
}

/* 16 integers, to nearest even. */
INLINE struct lanes lanes_from_i32(const int32_t *p)
{
	LANES_EACH((float)p[i]);
}

/* Whole numbers from -128 to 127 to bytes. */
INLINE void lanes_to_i8(int8_t *p, struct lanes a)
{
	for (unsigned i = 0; i < LANES; i++)
		p[i] = (int8_t)a.f[i];
}

/* Lane i takes lane i + 8, then i + 4, i + 2, i + 1. */
INLINE float lanes_sum(struct lanes a)
{
	for (unsigned n = LANES / 2; n > 0; n /= 2) {
		for (unsigned i = 0; i < n; i++)
			a.f[i] += a.f[i + n];
	}
	return a.f[0];
}

INLINE float lanes_highest(struct lanes a)
{
	for (unsigned n = LANES / 2; n > 0; n /= 2) {
		for (unsigned i = 0; i < n; i++)
			a.f[i] = a.f[i] > a.f[i + n] ? a.f[i] : a.f[i + n];
	}
	return a.f[0];
}

#undef LANES_EACH

#endif
