/*
 * Functions of vectors, on whatever lanes were included before. A length that
 * is no multiple of 16 ends in lanes that are filled up, so that every element
 * meets the same operations wherever it stands.
 */
#ifndef CONFER_ENGINE_BODY_VECTOR_H
#define CONFER_ENGINE_BODY_VECTOR_H

#include <float.h>
#include <math.h>
#include <string.h>

#include "engine/kernels.h"

#define VECTOR_F16_MAX  65504.0f
#define VECTOR_Q8_MAX   127.0f
#define VECTOR_Q8_LEAST 0x1p-100f /* 127 / x is far from infinite above */
#define VECTOR_EXP_MIN  (-87.0f)  /* its exp is still a normal number */
#define VECTOR_EXP_MAX  88.0f
#define VECTOR_LOG2E    1.44269504f
#define VECTOR_LN2_HIGH 0x1.62e400p-1f /* 15 bits: n times it is exact */
#define VECTOR_LN2_LOW  0x1.7f7d1cp-20f
#define VECTOR_SUM_STEP 1024 /* elements of a part of a long sum */

/* n <= 16 floats, and `fill` in the lanes behind them. */
INLINE struct lanes vector_load(const float *p, uint32_t n, float fill)
{
	float part[LANES];

	if (n == LANES)
		return lanes_load(p);
	for (uint32_t i = 0; i < LANES; i++)
		part[i] = i < n ? p[i] : fill;
	return lanes_load(part);
}

/* The first n <= 16 lanes. */
INLINE void vector_store(float *p, struct lanes a, uint32_t n)
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
INLINE uint32_t vector_part(uint32_t n, uint32_t i)
{
	return n - i < LANES ? n - i : LANES;
}

/* To the nearest whole number, ties to even; |a| < 2^22. */
INLINE struct lanes vector_round(struct lanes a)
{
	struct lanes big = lanes_set1(0x1.8p23f);

	return lanes_sub(lanes_add(a, big), big);
}

/* sum of c[i] x^i */
INLINE struct lanes vector_polynomial(
    struct lanes x, const float *c, uint32_t n)
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
INLINE struct lanes vector_exp(struct lanes x)
{
	/* (e^r - 1 - r) / r^2 at five Chebyshev points */
	static const float c[] = { 0.5f, 0.166665734f, 0.0416665501f,
		0.00836377387f, 0.00139269266f };
	struct lanes in = lanes_min(lanes_max(x, lanes_set1(VECTOR_EXP_MIN)),
	    lanes_set1(VECTOR_EXP_MAX));
	struct lanes n = vector_round(lanes_mul(in, lanes_set1(VECTOR_LOG2E)));
	struct lanes r, e;

	r = lanes_fma(n, lanes_set1(-VECTOR_LN2_HIGH), in);
	r = lanes_fma(n, lanes_set1(-VECTOR_LN2_LOW), r);
	e = lanes_fma(lanes_mul(r, r),
	    vector_polynomial(r, c, sizeof(c) / sizeof(c[0])), r);
	e = lanes_add(e, lanes_set1(1.0f));
	e = lanes_mul(e, lanes_pow2(n));
	return lanes_if_le(x, x, e, x); /* a NaN stays one */
}

/* tanh: near 0 an odd polynomial, elsewhere 1 - 2 / (e^2x + 1). */
INLINE struct lanes vector_tanh(struct lanes x)
{
	/* (tanh(x) / x - 1) / x^2 in x^2, at six Chebyshev points */
	static const float c[] = { -0.333333332f, 0.133333035f, -0.0539592534f,
		0.0217688682f, -0.00834378035f, 0.00229255768f };
	struct lanes one = lanes_set1(1.0f), square = lanes_mul(x, x);
	struct lanes small, large;

	small = vector_polynomial(square, c, sizeof(c) / sizeof(c[0]));
	small = lanes_fma(lanes_mul(small, square), x, x);
	large = lanes_add(vector_exp(lanes_add(x, x)), one);
	large = lanes_sub(one, lanes_div(lanes_set1(2.0f), large));
	return lanes_if_le(lanes_abs(x), lanes_set1(0.625f), small, large);
}

/* x / (1 + e^-y) */
INLINE struct lanes vector_gated(struct lanes x, struct lanes y)
{
	return lanes_div(
	    x, lanes_add(lanes_set1(1.0f), vector_exp(lanes_neg(y))));
}

static void vector_quantize(struct act *out, const float *x, uint32_t n)
{
	for (uint32_t i = 0; i < n; i += 32, out++) {
		struct lanes part[2] = { lanes_load(x + i),
			lanes_load(x + i + LANES) };
		float most = lanes_highest(lanes_max(lanes_abs(part[0]),
		    lanes_max(lanes_abs(part[1]), lanes_set1(0.0f))));
		bool none = most < VECTOR_Q8_LEAST;
		struct lanes by =
		    lanes_set1(none ? 0.0f : VECTOR_Q8_MAX / most);

		for (uint32_t k = 0; k < 2; k++) {
			struct lanes q = lanes_mul(part[k], by);

			q = lanes_max(q, lanes_set1(-VECTOR_Q8_MAX));
			q = lanes_min(q, lanes_set1(VECTOR_Q8_MAX));
			q = vector_round(q);
			lanes_to_i8(out->q + k * LANES, q);
			out->sum[k] = (int32_t)lanes_sum(q); /* exact */
		}
		out->d = none ? 0.0f : most / VECTOR_Q8_MAX;
		out->ds = out->d * (float)(out->sum[0] + out->sum[1]);
	}
}

static void vector_rms_norm(
    float *out, const float *x, const float *weight, uint32_t n, float epsilon)
{
	struct lanes sum = lanes_set1(0.0f), by;

	for (uint32_t i = 0; i < n; i += LANES) {
		struct lanes a = vector_load(x + i, vector_part(n, i), 0.0f);

		sum = lanes_fma(a, a, sum);
	}
	by = lanes_set1(1.0f / sqrtf(lanes_sum(sum) / (float)n + epsilon));
	for (uint32_t i = 0; i < n; i += LANES) {
		uint32_t k = vector_part(n, i);
		struct lanes a = lanes_mul(vector_load(x + i, k, 0.0f), by);

		a = lanes_mul(a, vector_load(weight + i, k, 0.0f));
		vector_store(out + i, a, k);
	}
}

static void vector_add(float *x, const float *y, uint32_t n)
{
	for (uint32_t i = 0; i < n; i += LANES) {
		uint32_t k = vector_part(n, i);

		vector_store(x + i,
		    lanes_add(vector_load(x + i, k, 0.0f),
			vector_load(y + i, k, 0.0f)),
		    k);
	}
}

static void vector_scale(float *x, float a, uint32_t n)
{
	for (uint32_t i = 0; i < n; i += LANES) {
		uint32_t k = vector_part(n, i);

		vector_store(x + i,
		    lanes_mul(vector_load(x + i, k, 0.0f), lanes_set1(a)), k);
	}
}

static void vector_silu_mul(float *gate, const float *up, uint32_t n)
{
	for (uint32_t i = 0; i < n; i += LANES) {
		uint32_t k = vector_part(n, i);
		struct lanes g = vector_load(gate + i, k, 0.0f);

		g = lanes_mul(vector_gated(g, g), vector_load(up + i, k, 0.0f));
		vector_store(gate + i, g, k);
	}
}

/* (1 + tanh u) / 2 is 1 / (1 + e^-2u). */
static void vector_gelu_mul(float *gate, const float *up, uint32_t n)
{
	const float first = 1.59576912f;   /* 2 sqrt(2 / pi) */
	const float third = 0.0713548163f; /* that times 0.044715 */

	for (uint32_t i = 0; i < n; i += LANES) {
		uint32_t k = vector_part(n, i);
		struct lanes g = vector_load(gate + i, k, 0.0f), u;

		u = lanes_fma(
		    lanes_mul(g, g), lanes_set1(third), lanes_set1(first));
		g = vector_gated(g, lanes_mul(g, u));
		g = lanes_mul(g, vector_load(up + i, k, 0.0f));
		vector_store(gate + i, g, k);
	}
}

INLINE struct lanes vector_softcapped(struct lanes x, float c)
{
	return lanes_mul(
	    lanes_set1(c), vector_tanh(lanes_div(x, lanes_set1(c))));
}

static void vector_softcap(float *x, float c, uint32_t n)
{
	for (uint32_t i = 0; i < n; i += LANES) {
		uint32_t k = vector_part(n, i);

		vector_store(x + i,
		    vector_softcapped(vector_load(x + i, k, 0.0f), c), k);
	}
}

/* n <= 16 floats that lie `stride` apart. */
INLINE struct lanes vector_gather(const float *p, uint32_t stride, uint32_t n)
{
	float part[LANES] = { 0 };

	if (stride == 1)
		return vector_load(p, n, 0.0f);
	for (uint32_t i = 0; i < n; i++)
		part[i] = p[(size_t)i * stride];
	return lanes_load(part);
}

INLINE void vector_scatter(
    float *p, uint32_t stride, struct lanes a, uint32_t n)
{
	float part[LANES];

	if (stride == 1) {
		vector_store(p, a, n);
		return;
	}
	lanes_store(part, a);
	for (uint32_t i = 0; i < n; i++)
		p[(size_t)i * stride] = part[i];
}

static void vector_rotate(
    float *x, float *y, uint32_t stride, const float *cs, uint32_t n)
{
	for (uint32_t i = 0; i < n; i += LANES) {
		uint32_t k = vector_part(n, i);
		size_t at = (size_t)i * stride;
		struct lanes a = vector_gather(x + at, stride, k);
		struct lanes b = vector_gather(y + at, stride, k);
		struct lanes c = vector_load(cs + i, k, 0.0f);
		struct lanes s = vector_load(cs + n + i, k, 0.0f);

		vector_scatter(x + at, stride,
		    lanes_fma(a, c, lanes_neg(lanes_mul(b, s))), k);
		vector_scatter(
		    y + at, stride, lanes_fma(a, s, lanes_mul(b, c)), k);
	}
}

/* A NaN becomes a number too: what is stored is always finite. */
INLINE void vector_to_f16(uint8_t *p, struct lanes a)
{
	a = lanes_max(a, lanes_set1(-VECTOR_F16_MAX));
	lanes_to_f16(p, lanes_min(a, lanes_set1(VECTOR_F16_MAX)));
}

static void vector_store_kv(
    uint8_t *page, uint32_t at, const float *k, const float *v, uint32_t head)
{
	size_t row_len = (size_t)(head + LANES - 1) / LANES * LANES * 2;
	uint8_t *row = page + (size_t)head * KERNEL_PAGE * 2 + at * row_len;
	uint8_t part[2 * LANES];

	for (uint32_t i = 0; i < head; i += LANES) {
		uint32_t m = vector_part(head, i);

		vector_to_f16(row + 2 * i, vector_load(v + i, m, 0.0f));
		vector_to_f16(part, vector_load(k + i, m, 0.0f));
		for (uint32_t c = 0; c < m; c++)
			memcpy(page + 2 * ((size_t)(i + c) * KERNEL_PAGE + at),
			    part + 2 * c, 2);
	}
}

/* Sum of e^(x - max), the first n <= 16 of them. */
INLINE struct lanes vector_exp_part(const float *x, uint32_t n, float max)
{
	float part[LANES] = { 0 };

	vector_store(part,
	    vector_exp(lanes_sub(vector_load(x, n, max), lanes_set1(max))), n);
	return lanes_load(part);
}

/* In parts, so that the sum of a large vocabulary keeps its precision. */
static void vector_log_sum(const float *x, uint32_t n, float *max, float *sum)
{
	struct lanes most = lanes_set1(x[0]), total = lanes_set1(0.0f);

	for (uint32_t i = 0; i < n; i += LANES)
		most = lanes_max(
		    vector_load(x + i, vector_part(n, i), x[0]), most);
	*max = lanes_highest(most);
	for (uint32_t i = 0; i < n;) {
		struct lanes part = lanes_set1(0.0f);
		uint32_t end =
		    n - i < VECTOR_SUM_STEP ? n : i + VECTOR_SUM_STEP;

		for (; i < end; i += LANES)
			part = lanes_add(part,
			    vector_exp_part(x + i, vector_part(n, i), *max));
		total = lanes_add(total, part);
	}
	*sum = lanes_sum(total);
}

#endif
