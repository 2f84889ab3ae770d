/* Sum and maximum of 16 lanes, for lanes_avx2.h and lanes_avx512.h. */
#ifndef CONFER_ENGINE_LANES_ACROSS_H
#define CONFER_ENGINE_LANES_ACROSS_H

INLINE float lanes_sum(struct lanes a)
{
	__m256 e = _mm256_add_ps(lanes_low(a), lanes_high(a));
	__m128 q =
	    _mm_add_ps(_mm256_castps256_ps128(e), _mm256_extractf128_ps(e, 1));

	q = _mm_add_ps(q, _mm_movehl_ps(q, q));
	return _mm_cvtss_f32(_mm_add_ss(q, _mm_movehdup_ps(q)));
}

INLINE float lanes_highest(struct lanes a)
{
	__m256 e = _mm256_max_ps(lanes_low(a), lanes_high(a));
	__m128 q =
	    _mm_max_ps(_mm256_castps256_ps128(e), _mm256_extractf128_ps(e, 1));

	q = _mm_max_ps(q, _mm_movehl_ps(q, q));
	return _mm_cvtss_f32(_mm_max_ss(q, _mm_movehdup_ps(q)));
}

#endif
