/*
 * 16 lanes in two registers of AVX2, with FMA and F16C. What each function
 * means is said in lanes_scalar.h, and the bits are the same.
 */
#ifndef CONFER_ENGINE_LANES_H
#define CONFER_ENGINE_LANES_H

#include <immintrin.h>
#include <stdint.h>

#define LANES 16

/* Sums that stay in registers: LANES_QUERIES times LANES_ACROSS vectors. */
#define LANES_QUERIES 4
#define LANES_ACROSS  1

#define INLINE static inline __attribute__((always_inline))

struct lanes {
	__m256 low, high;
};

INLINE struct lanes lanes_load(const float *p)
{
	return (struct lanes){ _mm256_loadu_ps(p), _mm256_loadu_ps(p + 8) };
}

INLINE void lanes_store(float *p, struct lanes a)
{
	_mm256_storeu_ps(p, a.low);
	_mm256_storeu_ps(p + 8, a.high);
}

INLINE struct lanes lanes_set1(float x)
{
	return (struct lanes){ _mm256_set1_ps(x), _mm256_set1_ps(x) };
}

INLINE struct lanes lanes_add(struct lanes a, struct lanes b)
{
	return (struct lanes){ _mm256_add_ps(a.low, b.low),
		_mm256_add_ps(a.high, b.high) };
}

INLINE struct lanes lanes_sub(struct lanes a, struct lanes b)
{
	return (struct lanes){ _mm256_sub_ps(a.low, b.low),
		_mm256_sub_ps(a.high, b.high) };
}

INLINE struct lanes lanes_mul(struct lanes a, struct lanes b)
{
	return (struct lanes){ _mm256_mul_ps(a.low, b.low),
		_mm256_mul_ps(a.high, b.high) };
}

INLINE struct lanes lanes_div(struct lanes a, struct lanes b)
{
	return (struct lanes){ _mm256_div_ps(a.low, b.low),
		_mm256_div_ps(a.high, b.high) };
}

INLINE struct lanes lanes_max(struct lanes a, struct lanes b)
{
	return (struct lanes){ _mm256_max_ps(a.low, b.low),
		_mm256_max_ps(a.high, b.high) };
}

INLINE struct lanes lanes_min(struct lanes a, struct lanes b)
{
	return (struct lanes){ _mm256_min_ps(a.low, b.low),
		_mm256_min_ps(a.high, b.high) };
}

INLINE struct lanes lanes_fma(struct lanes a, struct lanes b, struct lanes c)
{
	return (struct lanes){ _mm256_fmadd_ps(a.low, b.low, c.low),
		_mm256_fmadd_ps(a.high, b.high, c.high) };
}

INLINE struct lanes lanes_neg(struct lanes a)
{
	__m256 sign = _mm256_set1_ps(-0.0f);

	return (struct lanes){ _mm256_xor_ps(a.low, sign),
		_mm256_xor_ps(a.high, sign) };
}

INLINE struct lanes lanes_abs(struct lanes a)
{
	__m256 sign = _mm256_set1_ps(-0.0f);

	return (struct lanes){ _mm256_andnot_ps(sign, a.low),
		_mm256_andnot_ps(sign, a.high) };
}

INLINE struct lanes lanes_if_le(
    struct lanes a, struct lanes b, struct lanes yes, struct lanes no)
{
	return (struct lanes){
		_mm256_blendv_ps(
		    no.low, yes.low, _mm256_cmp_ps(a.low, b.low, _CMP_LE_OQ)),
		_mm256_blendv_ps(no.high, yes.high,
		    _mm256_cmp_ps(a.high, b.high, _CMP_LE_OQ)),
	};
}

INLINE __m256 lanes_pow2_half(__m256 a)
{
	__m256i n = _mm256_cvtps_epi32(a);

	n = _mm256_slli_epi32(_mm256_add_epi32(n, _mm256_set1_epi32(127)), 23);
	return _mm256_castsi256_ps(n);
}

INLINE struct lanes lanes_pow2(struct lanes a)
{
	return (
	    struct lanes){ lanes_pow2_half(a.low), lanes_pow2_half(a.high) };
}

INLINE struct lanes lanes_from_f16(const uint8_t *p)
{
	return (struct lanes){
		_mm256_cvtph_ps(_mm_loadu_si128((const void *)p)),
		_mm256_cvtph_ps(_mm_loadu_si128((const void *)(p + 16))),
	};
}

INLINE void lanes_to_f16(uint8_t *p, struct lanes a)
{
	_mm_storeu_si128(
	    (void *)p, _mm256_cvtps_ph(a.low, _MM_FROUND_TO_NEAREST_INT));
	_mm_storeu_si128((void *)(p + 16),
	    _mm256_cvtps_ph(a.high, _MM_FROUND_TO_NEAREST_INT));
}

INLINE struct lanes lanes_from_i32(const int32_t *p)
{
	return (struct lanes){
		_mm256_cvtepi32_ps(_mm256_loadu_si256((const void *)p)),
		_mm256_cvtepi32_ps(_mm256_loadu_si256((const void *)(p + 8))),
	};
}

INLINE void lanes_to_i8(int8_t *p, struct lanes a)
{
	/* Packing works within halves of a register: put them in order. */
	__m256i w = _mm256_packs_epi32(
	    _mm256_cvtps_epi32(a.low), _mm256_cvtps_epi32(a.high));

	w = _mm256_permute4x64_epi64(w, 0xd8);
	_mm_storeu_si128((void *)p, _mm_packs_epi16(_mm256_castsi256_si128(w),
					_mm256_extracti128_si256(w, 1)));
}

INLINE __m256 lanes_low(struct lanes a)
{
	return a.low;
}

INLINE __m256 lanes_high(struct lanes a)
{
	return a.high;
}

#include "engine/lanes_across.h"

#endif
