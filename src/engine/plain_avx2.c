/*
 * AVX2, FMA and F16C. A tile is one row times up to TILE vectors, so that a
 * weight is read and converted once for all of them. Q8_0 weights meet float
 * activations: converting eight bytes takes two instructions, which one core
 * does about as fast as memory delivers them, and nothing is rounded away.
 *
 * This file alone is compiled for these instructions: nothing in it may run
 * before plain_have_avx2() has said yes, except that function's answer,
 * which lives in plain_cpu.c.
 */
#include "engine/plain.h"

#include <immintrin.h>
#include <string.h>

#include "base/assert.h"

#define LANES        8
#define TILE         4
#define ROWS         16
#define Q8_BLOCK     32
#define Q8_BLOCK_LEN 34

#define INLINE static inline __attribute__((always_inline))

/* Loops over a tile must vanish, or the sums live in memory: 9 times slower. */
#define UNROLL _Pragma("GCC unroll 4")

/* One row against n <= TILE vectors; n is a constant where this is used. */
struct tile {
	const uint8_t *row;
	const float *x[TILE];
	uint32_t cols;
	uint32_t from, to; /* rows */
	float out[TILE];
};

INLINE float sum_lanes(__m256 v)
{
	__m128 s =
	    _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));

	s = _mm_add_ps(s, _mm_movehl_ps(s, s));
	s = _mm_add_ss(s, _mm_movehdup_ps(s));
	return _mm_cvtss_f32(s);
}

INLINE __m256 load_f32(const uint8_t *p)
{
	__m256 v;

	memcpy(&v, p, sizeof(v));
	return v;
}

INLINE __m256 load_f16(const uint8_t *p)
{
	__m128i v;

	memcpy(&v, p, sizeof(v));
	return _mm256_cvtph_ps(v);
}

INLINE __m256 load_i8(const uint8_t *p)
{
	return _mm256_cvtepi32_ps(
	    _mm256_cvtepi8_epi32(_mm_loadl_epi64((const void *)p)));
}

INLINE float half_at(const uint8_t *p)
{
	uint16_t h;

	memcpy(&h, p, sizeof(h));
	return _cvtsh_ss(h);
}

/* Plain elements of `size` bytes, 4 or 2; two sums to hide the latency. */
INLINE void tile_plain(struct tile *t, uint32_t n, size_t size)
{
	__m256 even[TILE], odd[TILE];
	uint32_t c = 0;

	UNROLL
	for (uint32_t v = 0; v < n; v++)
		even[v] = odd[v] = _mm256_setzero_ps();
	for (; c + 2 * LANES <= t->cols; c += 2 * LANES) {
		const uint8_t *p = t->row + c * size;
		__m256 a = size == 4 ? load_f32(p) : load_f16(p);
		__m256 b = size == 4 ? load_f32(p + LANES * size)
				     : load_f16(p + LANES * size);

		UNROLL
		for (uint32_t v = 0; v < n; v++) {
			even[v] = _mm256_fmadd_ps(
			    a, _mm256_loadu_ps(t->x[v] + c), even[v]);
			odd[v] = _mm256_fmadd_ps(
			    b, _mm256_loadu_ps(t->x[v] + c + LANES), odd[v]);
		}
	}
	UNROLL
	for (uint32_t v = 0; v < n; v++)
		t->out[v] = sum_lanes(_mm256_add_ps(even[v], odd[v]));
	for (; c < t->cols; c++) {
		float w;

		if (size == 4)
			memcpy(&w, t->row + c * size, sizeof(w));
		else
			w = half_at(t->row + c * size);
		UNROLL
		for (uint32_t v = 0; v < n; v++)
			t->out[v] += w * t->x[v][c];
	}
}

INLINE void tile_q8(struct tile *t, uint32_t n)
{
	const uint8_t *p = t->row;
	__m256 sum[TILE];

	UNROLL
	for (uint32_t v = 0; v < n; v++)
		sum[v] = _mm256_setzero_ps();
	for (uint32_t c = 0; c < t->cols; c += Q8_BLOCK, p += Q8_BLOCK_LEN) {
		__m256 scale = _mm256_set1_ps(half_at(p));
		__m256 w[Q8_BLOCK / LANES];

		UNROLL
		for (uint32_t i = 0; i < Q8_BLOCK / LANES; i++)
			w[i] = load_i8(p + 2 + i * LANES);
		UNROLL
		for (uint32_t v = 0; v < n; v++) {
			const float *x = t->x[v] + c;
			__m256 b = _mm256_mul_ps(w[0], _mm256_loadu_ps(x));

			UNROLL
			for (uint32_t i = 1; i < Q8_BLOCK / LANES; i++)
				b = _mm256_fmadd_ps(
				    w[i], _mm256_loadu_ps(x + i * LANES), b);
			sum[v] = _mm256_fmadd_ps(scale, b, sum[v]);
		}
	}
	UNROLL
	for (uint32_t v = 0; v < n; v++)
		t->out[v] = sum_lanes(sum[v]);
}

/* Rows [from, to) against the tile's vectors; n is a constant here. */
INLINE void tile_rows(const struct plain_mul *m, struct tile *t, float *out,
    enum gguf_tensor_type type, uint32_t n)
{
	const struct plain_matrix *w = m->w;

	for (uint32_t row = t->from; row < t->to; row++) {
		t->row = w->data + (size_t)row * w->row_len;
		if (type == GGUF_TENSOR_Q8_0)
			tile_q8(t, n);
		else
			tile_plain(t, n, type == GGUF_TENSOR_F32 ? 4 : 2);
		for (uint32_t v = 0; v < n; v++)
			out[(size_t)v * w->rows + row] = t->out[v];
	}
}

/* A block of rows and a tile of vectors stay in the first cache together. */
INLINE void mul_rows(const struct plain_mul *m, enum gguf_tensor_type type)
{
	const struct plain_matrix *w = m->w;
	struct tile t = { .cols = w->cols };

	for (t.from = m->row_from; t.from < m->row_to; t.from = t.to) {
		t.to = m->row_to - t.from < ROWS ? m->row_to : t.from + ROWS;
		for (uint32_t v = 0; v < m->n; v += TILE) {
			float *out = m->out + (size_t)v * w->rows;
			uint32_t n = m->n - v < TILE ? m->n - v : TILE;

			for (uint32_t i = 0; i < n; i++)
				t.x[i] = m->x + (size_t)(v + i) * w->cols;
			if (n == 1)
				tile_rows(m, &t, out, type, 1);
			else if (n == 2)
				tile_rows(m, &t, out, type, 2);
			else if (n == 3)
				tile_rows(m, &t, out, type, 3);
			else
				tile_rows(m, &t, out, type, TILE);
		}
	}
}

static void avx2_mul(const struct plain_mul *m)
{
	assert(plain_have_type(m->w->type));
	if (m->w->type == GGUF_TENSOR_Q8_0)
		mul_rows(m, GGUF_TENSOR_Q8_0);
	else if (m->w->type == GGUF_TENSOR_F16)
		mul_rows(m, GGUF_TENSOR_F16);
	else
		mul_rows(m, GGUF_TENSOR_F32);
}

static float avx2_dot(const float *a, const float *b, uint32_t n)
{
	__m256 sum = _mm256_setzero_ps();
	uint32_t i = 0;
	float total;

	for (; i + LANES <= n; i += LANES)
		sum = _mm256_fmadd_ps(
		    _mm256_loadu_ps(a + i), _mm256_loadu_ps(b + i), sum);
	total = sum_lanes(sum);
	for (; i < n; i++)
		total += a[i] * b[i];
	return total;
}

static void avx2_add_scaled(float *y, float a, const float *x, uint32_t n)
{
	__m256 scale = _mm256_set1_ps(a);
	uint32_t i = 0;

	for (; i + LANES <= n; i += LANES)
		_mm256_storeu_ps(
		    y + i, _mm256_fmadd_ps(scale, _mm256_loadu_ps(x + i),
			       _mm256_loadu_ps(y + i)));
	for (; i < n; i++)
		y[i] += a * x[i];
}

const struct plain plain_avx2 = {
	.name = "avx2",
	.mul = avx2_mul,
	.dot = avx2_dot,
	.add_scaled = avx2_add_scaled,
};
