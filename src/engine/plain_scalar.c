/*
 * The reference arithmetic: each row is turned into floats a block at a time
 * and summed in double precision, so that what differs elsewhere is theirs.
 */
#include "engine/plain.h"

#include <string.h>

#include "base/assert.h"

#define Q8_BLOCK     32
#define Q8_BLOCK_LEN 34 /* one half, 32 signed bytes */
#define CHUNK        32 /* columns turned into floats at a time */

float plain_f16(uint16_t half)
{
	uint32_t sign = (uint32_t)(half & 0x8000) << 16;
	uint32_t exponent = half >> 10 & 31;
	uint32_t fraction = half & 1023;
	uint32_t bits;
	float v;

	if (exponent == 0) { /* zero and subnormals: fraction * 2^-24 */
		v = (float)fraction * 0x1p-24f;
		return sign != 0 ? -v : v;
	}
	bits = sign | (exponent == 31 ? 255 : exponent + 112) << 23 |
	       fraction << 13;
	memcpy(&v, &bits, sizeof(v));
	return v;
}

static uint16_t load_half(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

/* Columns [from, from + n) of a row; n <= CHUNK, from a multiple of CHUNK. */
static void load(
    float *out, const struct plain_matrix *w, uint32_t row, uint32_t from, uint32_t n)
{
	const uint8_t *p = w->data + (size_t)row * w->row_len;

	if (w->type == GGUF_TENSOR_F32) {
		memcpy(out, p + (size_t)from * 4, (size_t)n * 4);
	} else if (w->type == GGUF_TENSOR_F16) {
		for (uint32_t i = 0; i < n; i++)
			out[i] =
			    plain_f16(load_half(p + ((size_t)from + i) * 2));
	} else {
		float scale;

		assert(w->type == GGUF_TENSOR_Q8_0);
		p += (size_t)(from / Q8_BLOCK) * Q8_BLOCK_LEN;
		scale = plain_f16(load_half(p));
		for (uint32_t i = 0; i < n; i++)
			out[i] = scale * (float)(int8_t)p[2 + i];
	}
}

static uint32_t chunk_at(const struct plain_matrix *w, uint32_t from)
{
	return w->cols - from < CHUNK ? w->cols - from : CHUNK;
}

void plain_row(float *out, const struct plain_matrix *w, uint32_t row)
{
	assert(row < w->rows);
	for (uint32_t c = 0; c < w->cols; c += CHUNK)
		load(out + c, w, row, c, chunk_at(w, c));
}

static float mul_one(const struct plain_matrix *w, uint32_t row, const float *x)
{
	float chunk[CHUNK];
	double sum = 0;

	for (uint32_t c = 0; c < w->cols; c += CHUNK) {
		uint32_t n = chunk_at(w, c);

		load(chunk, w, row, c, n);
		for (uint32_t i = 0; i < n; i++)
			sum += (double)chunk[i] * (double)x[c + i];
	}
	return (float)sum;
}

static void scalar_mul(const struct plain_mul *m)
{
	for (uint32_t row = m->row_from; row < m->row_to; row++) {
		for (uint32_t v = 0; v < m->n; v++)
			m->out[(size_t)v * m->w->rows + row] =
			    mul_one(m->w, row, m->x + (size_t)v * m->w->cols);
	}
}

static float scalar_dot(const float *a, const float *b, uint32_t n)
{
	double sum = 0;

	for (uint32_t i = 0; i < n; i++)
		sum += (double)a[i] * (double)b[i];
	return (float)sum;
}

static void scalar_add_scaled(float *y, float a, const float *x, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		y[i] += a * x[i];
}

const struct plain plain_scalar = {
	.name = "scalar",
	.mul = scalar_mul,
	.dot = scalar_dot,
	.add_scaled = scalar_add_scaled,
};

bool plain_have_type(enum gguf_tensor_type type)
{
	return type == GGUF_TENSOR_F32 || type == GGUF_TENSOR_F16 ||
	       type == GGUF_TENSOR_Q8_0;
}
