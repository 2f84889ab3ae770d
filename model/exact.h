/*
 * Elementary functions that give the same bits on every machine: libm's differ
 * between versions and between CPUs, these are plain additions, products and
 * fused multiply-adds in a written order.
 */
#ifndef MODEL_EXACT_H
#define MODEL_EXACT_H

#include <immintrin.h>
#include <stddef.h>

double exact_exp(double x);
double exact_log(double x); /* x > 0, normal */
double exact_sin(double x); /* |x| up to some thousands */
double exact_cos(double x);

/* Eight exponentials; the argument is clamped to [-87, 87]. */
__m256 exact_exp8(__m256 x);

/* Square root, correctly rounded by IEEE 754. */
static inline float exact_sqrt(float x)
{
	return _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(x)));
}

/* The eight lanes added in one fixed order. */
float exact_sum8(__m256 v);

/* Sums over n elements (a multiple of 8). */
float exact_dot(const float *a, const float *b, size_t n);

#endif
