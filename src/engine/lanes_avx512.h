/*
 * 16 lanes in one register of AVX-512. What each function means is said in
 * lanes_scalar.h, and the bits are the same.
 */
#ifndef CONFER_ENGINE_LANES_H
#define CONFER_ENGINE_LANES_H

#include <immintrin.h>
#include <stdint.h>

#define LANES 16

/* Sums that stay in registers: LANES_QUERIES times LANES_ACROSS vectors. */
#define LANES_QUERIES 4
#define LANES_ACROSS  4

#define INLINE static inline __attribute__((always_inline))

struct lanes {
	__m512 v;
};

INLINE struct lanes lanes_load(const float *p)
{
	return (struct lanes){ _mm512_loadu_ps(p) };
}

INLINE void lanes_store(float *p, struct lanes a)
{
	_mm512_storeu_ps(p, a.v);
}

INLINE struct lanes lanes_set1(float x)
{
	return (struct lanes){ _mm512_set1_ps(x) };
}

INLINE struct lanes lanes_add(struct lanes a, struct lanes b)
{
	return (struct lanes){ _mm512_add_ps(a.v, b.v) };
}

INLINE struct lanes lanes_sub(struct lanes a, struct lanes b)
{
	return (struct lanes){ _mm512_sub_ps(a.v, b.v) };
}

INLINE struct lanes lanes_mul(struct lanes a, struct lanes b)
{
	return (struct lanes){ _mm512_mul_ps(a.v, b.v) };
}

INLINE struct lanes lanes_div(struct lanes a, struct lanes b)
{
	return (struct lanes){ _mm512_div_ps(a.v, b.v) };
}

INLINE struct lanes lanes_max(struct lanes a, struct lanes b)
{
	return (struct lanes){ _mm512_max_ps(a.v, b.v) };
}

INLINE struct lanes lanes_min(struct lanes a, struct lanes b)
{
	return (struct lanes){ _mm512_min_ps(a.v, b.v) };
}

INLINE struct lanes lanes_fma(struct lanes a, struct lanes b, struct lanes c)
{
	return (struct lanes){ _mm512_fmadd_ps(a.v, b.v, c.v) };
}

INLINE struct lanes lanes_neg(struct lanes a)
{
	return (struct lanes){ _mm512_xor_ps(a.v, _mm512_set1_ps(-0.0f)) };
}

INLINE struct lanes lanes_abs(struct lanes a)
{
	return (struct lanes){ _mm512_andnot_ps(_mm512_set1_ps(-0.0f), a.v) };
}

INLINE struct lanes lanes_if_le(
    struct lanes a, struct lanes b, struct lanes yes, struct lanes no)
{
	return (struct lanes){ _mm512_mask_blend_ps(
	    _mm512_cmp_ps_mask(a.v, b.v, _CMP_LE_OQ), no.v, yes.v) };
}

INLINE struct lanes lanes_pow2(struct lanes a)
{
	__m512i n = _mm512_cvtps_epi32(a.v);

	n = _mm512_slli_epi32(_mm512_add_epi32(n, _mm512_set1_epi32(127)), 23);
	return (struct lanes){ _mm512_castsi512_ps(n) };
}

INLINE struct lanes lanes_from_f16(const uint8_t *p)
{
	return (struct lanes){ _mm512_cvtph_ps(
	    _mm256_loadu_si256((const void *)p)) };
}

INLINE void lanes_to_f16(uint8_t *p, struct lanes a)
{
	_mm256_storeu_si256(
	    (void *)p, _mm512_cvtps_ph(
			   a.v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}

INLINE struct lanes lanes_from_i32(const int32_t *p)
{
	return (struct lanes){ _mm512_cvtepi32_ps(
	    _mm512_loadu_si512((const void *)p)) };
}

INLINE void lanes_to_i8(int8_t *p, struct lanes a)
{
	_mm_storeu_si128(
	    (void *)p, _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(a.v)));
}

INLINE __m256 lanes_low(struct lanes a)
{
	return _mm512_castps512_ps256(a.v);
}

INLINE __m256 lanes_high(struct lanes a)
{
	return _mm512_extractf32x8_ps(a.v, 1);
}

#include "engine/lanes_across.h"

#endif
