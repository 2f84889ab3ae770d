/*
 * The arithmetic of the engine, written once on vectors of 16 lanes (lanes_*.h)
 * and compiled for three kinds of CPU: plain C, AVX2, AVX-512 with VNNI. A lane
 * does the same operations in the same order in all of them, sums across lanes
 * have one fixed order, multiplications that feed an addition are fused where
 * the source says so and nowhere else, and integer sums are exact. So the three
 * give the same bits, for every number of vectors at once and every thread.
 *
 * Nothing here allocates, and nothing can fail.
 */
#ifndef CONFER_ENGINE_KERNELS_H
#define CONFER_ENGINE_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/matrix.h"

/* 32 activations against which quantised weights are multiplied. */
struct act {
	float d;        /* q d is the activation */
	float ds;       /* d times the sum of q */
	int32_t sum[2]; /* of q[0..15] and of q[16..31] */
	int8_t q[32];   /* -127 to 127 */
};

/*
 * out[v][row] = w[row] . x[v] for v < n and group_from <= row / 16 < group_to,
 * row < w->rows. F32, F16 and BF16 weights meet x, others meet act. Each output
 * is computed in one order of operations:
 *
 *	float weights: four sums s[c % 4] = fma(weight[c], x[c], s[c % 4]) in
 *	    ascending c, then (s[0] + s[1]) + (s[2] + s[3])
 *	quantised: one sum s over blocks of 32 columns in ascending order, with
 *	    i the exact integer sum of (weight number) times q:
 *	    Q8_0, Q4_0, Q5_0  s = fma(i, d_w * d_x, s)
 *	    Q4_1, Q5_1        the same, then s = fma(m, ds_x, s)
 *	    Q4_K, Q5_K        d_w = d * sc; the same, then
 *	                      s = fma(-(dmin * mn), ds_x, s)
 *	    Q6_K              s = fma(i_low, (d * sc) * d_x, s), then
 *	                      s = fma(i_high, (d * sc') * d_x, s)
 */
struct kernel_mul {
	const struct matrix *w;
	const float *x;        /* [n][w->cols] */
	const struct act *act; /* [n][w->cols / 32] */
	float *out;            /* [n][out_stride] */
	size_t out_stride;     /* floats */
	uint32_t n;
	uint32_t group_from, group_to;
};

#define KERNEL_ATTEND_MAX 8   /* queries that share keys */
#define KERNEL_PAGE       64  /* positions in a page of keys and values */
#define KERNEL_HEAD_MAX   512 /* width of a head */

/*
 * Attention of up to 8 queries over one head of keys and values of one slot.
 * A page holds, at `offset`, the keys of KERNEL_PAGE positions as halves
 * [head][KERNEL_PAGE], and behind them the values [KERNEL_PAGE][head_pad] with
 * head_pad = head rounded up to 16. What lies beyond the last position is
 * finite. Query i sees positions p with p <= position[i], and with a window
 * position[i] - p < window.
 *
 * Pages are taken in ascending order; those that a query cannot see at all
 * change nothing. Within each: scores by fma over the head in ascending order,
 * times `scale`, softcap; running maximum; weights by the kernels' own exp;
 * 16 sums of weights, one per lane; values by fma in ascending position.
 */
struct kernel_attend {
	const uint8_t *const *page; /* [position / KERNEL_PAGE] */
	size_t offset;              /* bytes; a multiple of 64 */
	uint32_t head;              /* width */
	uint32_t window;            /* 0: all positions */
	float scale;
	float softcap;                     /* c tanh(score / c); 0: none */
	uint32_t n;                        /* queries, 1 to KERNEL_ATTEND_MAX */
	const float *q[KERNEL_ATTEND_MAX]; /* [head] */
	float *out[KERNEL_ATTEND_MAX];     /* [head] */
	uint32_t position[KERNEL_ATTEND_MAX];
};

struct kernels {
	const char *name; /* "scalar", "avx2", "avx512" */
	void (*mul)(const struct kernel_mul *m);
	void (*attend)(const struct kernel_attend *a);

	/*
	 * n floats, a multiple of 32, to n / 32 blocks; to nearest even. A
	 * block without a number of 2^-100 and more is 0.
	 */
	void (*quantize)(struct act *out, const float *x, uint32_t n);

	/* out = x / sqrt(mean(x^2) + epsilon) * weight; out may be x. */
	void (*rms_norm)(float *out, const float *x, const float *weight,
	    uint32_t n, float epsilon);

	/* x += y */
	void (*add)(float *x, const float *y, uint32_t n);

	/* x *= a */
	void (*scale)(float *x, float a, uint32_t n);

	/* gate = silu(gate) * up; gelu by the tanh formula */
	void (*silu_mul)(float *gate, const float *up, uint32_t n);
	void (*gelu_mul)(float *gate, const float *up, uint32_t n);

	/* x = c tanh(x / c) */
	void (*softcap)(float *x, float c, uint32_t n);

	/*
	 * Rotate pairs (x[i], y[i]), i < n, by the angles whose cosines and
	 * sines are cs[0..n) and cs[n..2n): halves of a head, stride 1; or
	 * with stride 2 and y = x + 1 neighbours.
	 */
	void (*rotate)(
	    float *x, float *y, uint32_t stride, const float *cs, uint32_t n);

	/*
	 * Store keys and values of one position of one head at its place in a
	 * page (kv.h, kv_offset): k[head] into column `at` of
	 * [head][KERNEL_PAGE], v[head] into row `at` of the values behind
	 * them, both halves. What does not fit a half becomes the largest that
	 * does, and a NaN a number: what is stored is finite.
	 */
	void (*store)(uint8_t *page, uint32_t at, const float *k,
	    const float *v, uint32_t head);

	/* The largest of x, and sum of exp(x - max): for probabilities. */
	void (*log_sum)(const float *x, uint32_t n, float *max, float *sum);
};

extern const struct kernels kernels_scalar;
extern const struct kernels kernels_avx2;
extern const struct kernels kernels_avx512;

/* Does this CPU, under this operating system, run these kernels? */
bool kernels_have_avx2(void);   /* AVX2, FMA, F16C */
bool kernels_have_avx512(void); /* AVX-512 F, BW, DQ, VL, VNNI */

/* The fastest that this CPU runs. */
const struct kernels *kernels_best(void);

#endif
