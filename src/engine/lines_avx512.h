/*
 * Lines of weights (matrix.h) in one register of AVX-512 with VNNI. What each
 * function means is said in lines_scalar.h, and the sums are the same.
 *
 * One instruction multiplies 16 rows by 4 columns. It takes numbers without a
 * sign, which is how weights are stored; what they exceed their weights by is
 * taken off at the beginning.
 */
#ifndef CONFER_ENGINE_LINES_H
#define CONFER_ENGINE_LINES_H

#include "engine/lanes_avx512.h"

/* A loop over registers must vanish, or they live in memory. */
#ifdef __clang__
#define LINE_UNROLL _Pragma("clang loop unroll(full)")
#else
#define LINE_UNROLL _Pragma("GCC unroll 16")
#endif

/* Two share the loads of activations: one would load more than multiply. */
#define LINE_GROUPS  2
#define LINE_BY_TYPE 1

struct line {
	__m512i v;
};

struct dot {
	__m512i v;
};

INLINE struct line line_load(const uint8_t *p)
{
	return (struct line){ _mm512_loadu_si512(p) };
}

INLINE struct line line_low(struct line a)
{
	return (struct line){ _mm512_and_si512(a.v, _mm512_set1_epi8(15)) };
}

INLINE struct line line_high(struct line a)
{
	return line_low((struct line){ _mm512_srli_epi16(a.v, 4) });
}

INLINE struct line line_above(
    struct line a, struct line b, uint8_t from, uint8_t mask)
{
	__m512i v = from < 4 ? _mm512_slli_epi16(b.v, (uint8_t)(4 - from))
			     : _mm512_srli_epi16(b.v, (uint8_t)(from - 4));

	return (struct line){ _mm512_ternarylogic_epi32(
	    a.v, v, _mm512_set1_epi8((char)mask), 0xf8) };
}

INLINE struct dot dot_begin(int32_t sum, unsigned zero)
{
	return (struct dot){ _mm512_set1_epi32(-(int32_t)zero * sum) };
}

INLINE struct dot dot_quad(
    struct dot d, struct line w, const int8_t *q, unsigned i, unsigned bits)
{
	int32_t x;

	(void)bits;
	__builtin_memcpy(&x, q + 4 * i, sizeof(x));
	return (
	    struct dot){ _mm512_dpbusd_epi32(d.v, w.v, _mm512_set1_epi32(x)) };
}

INLINE struct lanes dot_end(struct dot d)
{
	return (struct lanes){ _mm512_cvtepi32_ps(d.v) };
}

INLINE struct lanes line_u8(const uint8_t *p)
{
	return (struct lanes){ _mm512_cvtepi32_ps(
	    _mm512_cvtepu8_epi32(_mm_loadu_si128((const void *)p))) };
}

INLINE struct lanes line_i8(const uint8_t *p)
{
	return (struct lanes){ _mm512_cvtepi32_ps(
	    _mm512_cvtepi8_epi32(_mm_loadu_si128((const void *)p))) };
}

INLINE struct lanes line_bf16(const uint8_t *p)
{
	__m512i v = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const void *)p));

	return (struct lanes){ _mm512_castsi512_ps(_mm512_slli_epi32(v, 16)) };
}

#endif
