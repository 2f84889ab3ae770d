/*
 * Parts of a vector, and functions of real numbers, written once on whatever
 * lanes were included before.
 */
#ifndef CONFER_ENGINE_LANES_MATH_H
#define CONFER_ENGINE_LANES_MATH_H

#include <string.h>

#define LANES_EXP_MIN  (-87.0f) /* its exp is still a normal number */
#define LANES_EXP_MAX  88.0f
#define LANES_LOG2E    1.44269504f
#define LANES_LN2_HIGH 0x1.62e400p-1f /* 15 bits: n times it is exact */
#define LANES_LN2_LOW  0x1.7f7d1cp-20f

/* n <= 16 floats, and `fill` in the lanes behind them. */
INLINE struct lanes lanes_load_part(const float *p, uint32_t n, float fill)
{
	float part[LANES];

	if (n == LANES)
		return lanes_load(p);
	for (uint32_t i = 0; i < LANES; i++)
		part[i] = i < n ? p[i] : fill;
	return lanes_load(part);
}

/* The first n <= 16 lanes. */
INLINE void lanes_store_part(float *p, struct lanes a, uint32_t n)
{
	float part[LANES];

	if (n == LANES) {
		lanes_store(p, a);
		return;
	}
	lanes_store(part, a);
	memcpy(p, part, n * sizeof(*p));
}

/* How many of the n elements are in the lanes at i. */
INLINE uint32_t lanes_left(uint32_t n, uint32_t i)
{
	return n - i < LANES ? n - i : LANES;
}

/* To the nearest whole number, ties to even; |a| < 2^22. */
INLINE struct lanes lanes_round(struct lanes a)
{
	struct lanes big = lanes_set1(0x1.8p23f);

	return lanes_sub(lanes_add(a, big), big);
}

/* sum of c[i] x^i */
INLINE struct lanes lanes_polynomial(struct lanes x, const float *c, uint32_t n)
{
	struct lanes sum = lanes_set1(c[n - 1]);

	for (uint32_t i = n - 1; i > 0; i--)
		sum = lanes_fma(sum, x, lanes_set1(c[i - 1]));
	return sum;
}

/*
 * e^x = 2^n e^r with |r| <= ln(2) / 2, e^r = 1 + r + r^2 p(r). Within 2 units
 * in the last place from -87 to 88; beyond them the value there.
 */
INLINE struct lanes lanes_exp(struct lanes x)
{
	/* (e^r - 1 - r) / r^2 at five Chebyshev points */
	static const float c[] = { 0.5f, 0.166665734f, 0.0416665501f,
		0.00836377387f, 0.00139269266f };
	struct lanes in = lanes_min(
	    lanes_max(x, lanes_set1(LANES_EXP_MIN)), lanes_set1(LANES_EXP_MAX));
	struct lanes n = lanes_round(lanes_mul(in, lanes_set1(LANES_LOG2E)));
	struct lanes r, e;

	r = lanes_fma(n, lanes_set1(-LANES_LN2_HIGH), in);
	r = lanes_fma(n, lanes_set1(-LANES_LN2_LOW), r);
	e = lanes_fma(lanes_mul(r, r),
	    lanes_polynomial(r, c, sizeof(c) / sizeof(c[0])), r);
	e = lanes_add(e, lanes_set1(1.0f));
	e = lanes_mul(e, lanes_pow2(n));
	return lanes_if_le(x, x, e, x); /* a NaN stays one */
}

/* tanh: near 0 an odd polynomial, elsewhere 1 - 2 / (e^2x + 1). */
INLINE struct lanes lanes_tanh(struct lanes x)
{
	/* (tanh(x) / x - 1) / x^2 in x^2, at six Chebyshev points */
	static const float c[] = { -0.333333332f, 0.133333035f, -0.0539592534f,
		0.0217688682f, -0.00834378035f, 0.00229255768f };
	struct lanes one = lanes_set1(1.0f), square = lanes_mul(x, x);
	struct lanes small, large;

	small = lanes_polynomial(square, c, sizeof(c) / sizeof(c[0]));
	small = lanes_fma(lanes_mul(small, square), x, x);
	large = lanes_add(lanes_exp(lanes_add(x, x)), one);
	large = lanes_sub(one, lanes_div(lanes_set1(2.0f), large));
	return lanes_if_le(lanes_abs(x), lanes_set1(0.625f), small, large);
}

/* x / (1 + e^-y) */
INLINE struct lanes lanes_gated(struct lanes x, struct lanes y)
{
	return lanes_div(
	    x, lanes_add(lanes_set1(1.0f), lanes_exp(lanes_neg(y))));
}

/* c tanh(x / c) */
INLINE struct lanes lanes_softcap(struct lanes x, float c)
{
	return lanes_mul(
	    lanes_set1(c), lanes_tanh(lanes_div(x, lanes_set1(c))));
}

#endif
