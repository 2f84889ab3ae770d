/*
 * Lines of weights (matrix.h) in two registers of AVX2. What each function
 * means is said in lines_scalar.h, and the sums are the same.
 *
 * Products of bytes are added in pairs to 16 bits, which must not saturate:
 * two products of a weight of n bits reach 2 (2^n - 1) 127. So 8 pairs of 4 bits
 * fit one after the other, 4 of 5 bits, 2 of 6 bits; then they are widened.
 * Weights of 8 bits do not fit at all: they take the activation's sign, and
 * their size is at most 128.
 */
#ifndef CONFER_ENGINE_LINES_H
#define CONFER_ENGINE_LINES_H

#include "engine/lanes_avx2.h"

/* A loop over registers must vanish, or they live in memory. */
#ifdef __clang__
#define LINE_UNROLL _Pragma("clang loop unroll(full)")
#else
#define LINE_UNROLL _Pragma("GCC unroll 16")
#endif

#define LINE_GROUPS  1
#define LINE_BY_TYPE 1

struct line {
	__m256i low, high;
};

/* Sums, and pairs that are not among them yet. */
struct dot {
	__m256i low, high;
	__m256i pairs_low, pairs_high;
};

INLINE struct line line_load(const uint8_t *p)
{
	return (struct line){ _mm256_loadu_si256((const void *)p),
		_mm256_loadu_si256((const void *)(p + 32)) };
}

INLINE struct line line_and(struct line a, char mask)
{
	return (struct line){ _mm256_and_si256(a.low, _mm256_set1_epi8(mask)),
		_mm256_and_si256(a.high, _mm256_set1_epi8(mask)) };
}

INLINE struct line line_low(struct line a)
{
	return line_and(a, 15);
}

INLINE struct line line_high(struct line a)
{
	return line_and((struct line){ _mm256_srli_epi16(a.low, 4),
			    _mm256_srli_epi16(a.high, 4) },
	    15);
}

INLINE struct line line_above(
    struct line a, struct line b, uint8_t from, uint8_t mask)
{
	if (from < 4)
		b = (struct line){ _mm256_slli_epi16(b.low, 4 - from),
			_mm256_slli_epi16(b.high, 4 - from) };
	else
		b = (struct line){ _mm256_srli_epi16(b.low, from - 4),
			_mm256_srli_epi16(b.high, from - 4) };
	b = line_and(b, (char)mask);
	return (struct line){ _mm256_or_si256(a.low, b.low),
		_mm256_or_si256(a.high, b.high) };
}

INLINE struct dot dot_begin(int32_t sum, unsigned zero)
{
	/* The size of weights of 8 bits is taken, so they need no zero. */
	__m256i s = zero == 128 ? _mm256_setzero_si256()
				: _mm256_set1_epi32(-(int32_t)zero * sum);

	return (
	    struct dot){ s, s, _mm256_setzero_si256(), _mm256_setzero_si256() };
}

/* Sums of pairs of w times x. */
INLINE __m256i dot_pairs(__m256i w, __m256i x, unsigned bits)
{
	if (bits == 8) {
		w = _mm256_xor_si256(w, _mm256_set1_epi8(-128));
		x = _mm256_sign_epi8(x, w);
		w = _mm256_abs_epi8(w);
	}
	return _mm256_maddubs_epi16(w, x);
}

INLINE __m256i dot_widen(__m256i sum, __m256i pairs)
{
	return _mm256_add_epi32(
	    sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

INLINE struct dot dot_quad(
    struct dot d, struct line w, const int8_t *q, unsigned i, unsigned bits)
{
	unsigned fit = bits == 8 ? 1 : 128u >> bits;
	int32_t four;
	__m256i x;

	__builtin_memcpy(&four, q + 4 * i, sizeof(four));
	x = _mm256_set1_epi32(four);
	w.low = dot_pairs(w.low, x, bits);
	w.high = dot_pairs(w.high, x, bits);
	if (i % fit == 0) {
		d.pairs_low = w.low;
		d.pairs_high = w.high;
	} else {
		d.pairs_low = _mm256_add_epi16(d.pairs_low, w.low);
		d.pairs_high = _mm256_add_epi16(d.pairs_high, w.high);
	}
	if (i % fit == fit - 1) {
		d.low = dot_widen(d.low, d.pairs_low);
		d.high = dot_widen(d.high, d.pairs_high);
	}
	return d;
}

INLINE struct lanes dot_end(struct dot d)
{
	return (struct lanes){ _mm256_cvtepi32_ps(d.low),
		_mm256_cvtepi32_ps(d.high) };
}

INLINE struct lanes line_u8(const uint8_t *p)
{
	__m128i v = _mm_loadu_si128((const void *)p);

	return (struct lanes){ _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(v)),
		_mm256_cvtepi32_ps(
		    _mm256_cvtepu8_epi32(_mm_srli_si128(v, 8))) };
}

INLINE struct lanes line_i8(const uint8_t *p)
{
	__m128i v = _mm_loadu_si128((const void *)p);

	return (struct lanes){ _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(v)),
		_mm256_cvtepi32_ps(
		    _mm256_cvtepi8_epi32(_mm_srli_si128(v, 8))) };
}

INLINE __m256 line_bf16_half(const uint8_t *p)
{
	__m256i v = _mm256_cvtepu16_epi32(_mm_loadu_si128((const void *)p));

	return _mm256_castsi256_ps(_mm256_slli_epi32(v, 16));
}

INLINE struct lanes line_bf16(const uint8_t *p)
{
	return (struct lanes){ line_bf16_half(p), line_bf16_half(p + 16) };
}

#endif
