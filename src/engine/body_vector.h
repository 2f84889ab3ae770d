/*
 * Functions of vectors, on whatever lanes were included before. A length that
 * is no multiple of 16 ends in lanes that are filled up, so that every element
 * meets the same operations wherever it stands.
 */
#ifndef CONFER_ENGINE_BODY_VECTOR_H
#define CONFER_ENGINE_BODY_VECTOR_H

#include <math.h>
#include <string.h>

#include "engine/kernels.h"
#include "engine/lanes_math.h"

#define VECTOR_F16_MAX  65504.0f
#define VECTOR_Q8_MAX   127.0f
#define VECTOR_Q8_LEAST 0x1p-100f /* 127 / x is far from infinite above */
#define VECTOR_SUM_STEP 1024      /* elements of a part of a long sum */

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
			q = lanes_round(q);
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
		struct lanes a = lanes_load_part(x + i, lanes_left(n, i), 0.0f);

		sum = lanes_fma(a, a, sum);
	}
	by = lanes_set1(1.0f / sqrtf(lanes_sum(sum) / (float)n + epsilon));
	for (uint32_t i = 0; i < n; i += LANES) {
		uint32_t k = lanes_left(n, i);
		struct lanes a = lanes_mul(lanes_load_part(x + i, k, 0.0f), by);

		a = lanes_mul(a, lanes_load_part(weight + i, k, 0.0f));
		lanes_store_part(out + i, a, k);
	}
}

static void vector_add(float *x, const float *y, uint32_t n)
{
	for (uint32_t i = 0; i < n; i += LANES) {
		uint32_t k = lanes_left(n, i);

		lanes_store_part(x + i,
		    lanes_add(lanes_load_part(x + i, k, 0.0f),
			lanes_load_part(y + i, k, 0.0f)),
		    k);
	}
}

static void vector_scale(float *x, float a, uint32_t n)
{
	for (uint32_t i = 0; i < n; i += LANES) {
		uint32_t k = lanes_left(n, i);

		lanes_store_part(x + i,
		    lanes_mul(lanes_load_part(x + i, k, 0.0f), lanes_set1(a)),
		    k);
	}
}

static void vector_silu_mul(float *gate, const float *up, uint32_t n)
{
	for (uint32_t i = 0; i < n; i += LANES) {
		uint32_t k = lanes_left(n, i);
		struct lanes g = lanes_load_part(gate + i, k, 0.0f);

		g = lanes_mul(
		    lanes_gated(g, g), lanes_load_part(up + i, k, 0.0f));
		lanes_store_part(gate + i, g, k);
	}
}

/* (1 + tanh u) / 2 is 1 / (1 + e^-2u). */
static void vector_gelu_mul(float *gate, const float *up, uint32_t n)
{
	const float first = 1.59576912f;   /* 2 sqrt(2 / pi) */
	const float third = 0.0713548163f; /* that times 0.044715 */

	for (uint32_t i = 0; i < n; i += LANES) {
		uint32_t k = lanes_left(n, i);
		struct lanes g = lanes_load_part(gate + i, k, 0.0f), u;

		u = lanes_fma(
		    lanes_mul(g, g), lanes_set1(third), lanes_set1(first));
		g = lanes_gated(g, lanes_mul(g, u));
		g = lanes_mul(g, lanes_load_part(up + i, k, 0.0f));
		lanes_store_part(gate + i, g, k);
	}
}

static void vector_softcap(float *x, float c, uint32_t n)
{
	for (uint32_t i = 0; i < n; i += LANES) {
		uint32_t k = lanes_left(n, i);

		lanes_store_part(x + i,
		    lanes_softcap(lanes_load_part(x + i, k, 0.0f), c), k);
	}
}

/* n <= 16 floats that lie `stride` apart. */
INLINE struct lanes vector_gather(const float *p, uint32_t stride, uint32_t n)
{
	float part[LANES] = { 0 };

	if (stride == 1)
		return lanes_load_part(p, n, 0.0f);
	for (uint32_t i = 0; i < n; i++)
		part[i] = p[(size_t)i * stride];
	return lanes_load(part);
}

INLINE void vector_scatter(
    float *p, uint32_t stride, struct lanes a, uint32_t n)
{
	float part[LANES];

	if (stride == 1) {
		lanes_store_part(p, a, n);
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
		uint32_t k = lanes_left(n, i);
		size_t at = (size_t)i * stride;
		struct lanes a = vector_gather(x + at, stride, k);
		struct lanes b = vector_gather(y + at, stride, k);
		struct lanes c = lanes_load_part(cs + i, k, 0.0f);
		struct lanes s = lanes_load_part(cs + n + i, k, 0.0f);

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
		uint32_t m = lanes_left(head, i);

		vector_to_f16(row + 2 * i, lanes_load_part(v + i, m, 0.0f));
		vector_to_f16(part, lanes_load_part(k + i, m, 0.0f));
		for (uint32_t c = 0; c < m; c++)
			memcpy(page + 2 * ((size_t)(i + c) * KERNEL_PAGE + at),
			    part + 2 * c, 2);
	}
}

/* Sum of e^(x - max), the first n <= 16 of them. */
INLINE struct lanes vector_exp_part(const float *x, uint32_t n, float max)
{
	float part[LANES] = { 0 };

	lanes_store_part(part,
	    lanes_exp(lanes_sub(lanes_load_part(x, n, max), lanes_set1(max))),
	    n);
	return lanes_load(part);
}

/* In parts, so that the sum of a large vocabulary keeps its precision. */
static void vector_log_sum(const float *x, uint32_t n, float *max, float *sum)
{
	struct lanes most = lanes_set1(x[0]), total = lanes_set1(0.0f);

	for (uint32_t i = 0; i < n; i += LANES)
		most = lanes_max(
		    lanes_load_part(x + i, lanes_left(n, i), x[0]), most);
	*max = lanes_highest(most);
	for (uint32_t i = 0; i < n;) {
		struct lanes part = lanes_set1(0.0f);
		uint32_t end =
		    n - i < VECTOR_SUM_STEP ? n : i + VECTOR_SUM_STEP;

		for (; i < end; i += LANES)
			part = lanes_add(part,
			    vector_exp_part(x + i, lanes_left(n, i), *max));
		total = lanes_add(total, part);
	}
	*sum = lanes_sum(total);
}

#endif
