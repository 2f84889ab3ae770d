/*
 * Lines of weights (matrix.h) in plain C: the definition of what the lines of
 * AVX2 and AVX-512 do. One of the three is included before body_matmul.h.
 */
#ifndef CONFER_ENGINE_LINES_H
#define CONFER_ENGINE_LINES_H

#include "engine/lanes_scalar.h"

/* Loops over what are registers elsewhere stay loops here. */
#define LINE_UNROLL

/* Groups of rows that meet a token at once, 1 or 2. */
#define LINE_GROUPS 1

/* Is there code for each type, or for all? */
#define LINE_BY_TYPE 0

/* 16 rows of 4 columns: byte 4 r + j is row r, column j. */
struct line {
	uint8_t w[64];
};

/* Sums of weights times activations, one for each row. */
struct dot {
	int32_t sum[LANES];
};

#define LINE_EACH(expression)                                                  \
	struct line r;                                                         \
	for (unsigned i = 0; i < sizeof(r.w); i++)                             \
		r.w[i] = (uint8_t)(expression);                                \
	return r

INLINE struct line line_load(const uint8_t *p)
{
	LINE_EACH(p[i]);
}

INLINE struct line line_low(struct line a)
{
	LINE_EACH(a.w[i] & 15);
}

INLINE struct line line_high(struct line a)
{
	LINE_EACH(a.w[i] >> 4);
}

/* Bit `from` of b and those above it become bit 4 of a, as `mask` has them. */
INLINE struct line line_above(
    struct line a, struct line b, uint8_t from, uint8_t mask)
{
	LINE_EACH(a.w[i] | (b.w[i] << 4 >> from & mask));
}

/*
 * Sums of (w - zero) times q, w below 1 << bits, q from -127 to 127: what they
 * start with, given the sum of q; with quad i, whose activations are at q + 4 i;
 * and, with `n` quads in them, as floats. They are exact, for 2^24 bounds them.
 */
INLINE struct dot dot_begin(int32_t sum, unsigned zero)
{
	struct dot d;

	for (unsigned r = 0; r < LANES; r++)
		d.sum[r] = -(int32_t)zero * sum;
	return d;
}

INLINE struct dot dot_quad(
    struct dot d, struct line w, const int8_t *q, unsigned i, unsigned bits)
{
	(void)bits;
	for (unsigned k = 0; k < sizeof(w.w); k++)
		d.sum[k / 4] += w.w[k] * q[4 * i + k % 4];
	return d;
}

INLINE struct lanes dot_end(struct dot d)
{
	return lanes_from_i32(d.sum);
}

/* 16 numbers of other kinds, at any address. */
INLINE struct lanes line_u8(const uint8_t *p)
{
	struct lanes a;

	for (unsigned i = 0; i < LANES; i++)
		a.f[i] = (float)p[i];
	return a;
}

INLINE struct lanes line_i8(const uint8_t *p)
{
	struct lanes a;

	for (unsigned i = 0; i < LANES; i++)
		a.f[i] = (float)(int8_t)p[i];
	return a;
}

INLINE struct lanes line_bf16(const uint8_t *p)
{
	struct lanes a;

	for (unsigned i = 0; i < LANES; i++)
		a.f[i] = lanes_of_bits(
		    ((uint32_t)p[2 * i] | (uint32_t)p[2 * i + 1] << 8) << 16);
	return a;
}

#undef LINE_EACH

#endif
