/*
 * What the file's blocks mean, written down as plainly as can be from the
 * description of ggml's formats: one weight at a time, bit by bit, sharing
 * nothing with what is tested. Little endian; h is a half:
 *
 *	Q8_0  h d | 32 i8                                      d q
 *	Q4_0  h d | 16 nibbles                                 d (u - 8)
 *	Q4_1  h d | h m | 16 nibbles                           d u + m
 *	Q5_0  h d | u32 bits | 16 nibbles                      d (u - 16)
 *	Q5_1  h d | h m | u32 bits | 16 nibbles                d u + m
 *	Q4_K  h d | h dmin | 12 scales | 128 nibbles           d sc u - dmin mn
 *	Q5_K  h d | h dmin | 12 scales | 32 bits | 128 nibbles the same
 *	Q6_K  128 low | 64 high | 16 i8 sc | h d               d sc (u - 32)
 */
#ifndef CONFER_TESTS_UNIT_QUANT_REF_H
#define CONFER_TESTS_UNIT_QUANT_REF_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "engine/gguf.h"

static const enum gguf_tensor_type quant_ref_types[] = { GGUF_TENSOR_F32,
	GGUF_TENSOR_F16, GGUF_TENSOR_BF16, GGUF_TENSOR_Q8_0, GGUF_TENSOR_Q4_0,
	GGUF_TENSOR_Q4_1, GGUF_TENSOR_Q5_0, GGUF_TENSOR_Q5_1, GGUF_TENSOR_Q4_K,
	GGUF_TENSOR_Q5_K, GGUF_TENSOR_Q6_K };

#define QUANT_REF_TYPE_N (sizeof(quant_ref_types) / sizeof(quant_ref_types[0]))

/* Columns of a block, its bytes, and where its halves are. */
struct quant_ref_block {
	uint32_t cols, len, halves, half_at[2];
};

static inline struct quant_ref_block quant_ref_block(enum gguf_tensor_type type)
{
	static const struct quant_ref_block blocks[] = {
		[GGUF_TENSOR_F32] = { 1, 4, 0, { 0, 0 } },
		[GGUF_TENSOR_F16] = { 1, 2, 1, { 0, 0 } },
		[GGUF_TENSOR_BF16] = { 1, 2, 0, { 0, 0 } },
		[GGUF_TENSOR_Q8_0] = { 32, 34, 1, { 0, 0 } },
		[GGUF_TENSOR_Q4_0] = { 32, 18, 1, { 0, 0 } },
		[GGUF_TENSOR_Q4_1] = { 32, 20, 2, { 0, 2 } },
		[GGUF_TENSOR_Q5_0] = { 32, 22, 1, { 0, 0 } },
		[GGUF_TENSOR_Q5_1] = { 32, 24, 2, { 0, 2 } },
		[GGUF_TENSOR_Q4_K] = { 256, 144, 2, { 0, 2 } },
		[GGUF_TENSOR_Q5_K] = { 256, 176, 2, { 0, 2 } },
		[GGUF_TENSOR_Q6_K] = { 256, 210, 1, { 208, 0 } },
	};

	return blocks[type];
}

static inline size_t quant_ref_len(enum gguf_tensor_type type, uint32_t cols)
{
	struct quant_ref_block b = quant_ref_block(type);

	return (size_t)(cols / b.cols) * b.len;
}

static inline uint32_t quant_ref_u16(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8;
}

static inline float quant_ref_half(uint32_t h)
{
	int exponent = (int)(h >> 10 & 31);
	int mantissa = (int)(h & 1023);
	float v = exponent == 0
		      ? ldexpf((float)mantissa, -24)
		      : ldexpf((float)(mantissa + 1024), exponent - 25);

	if (exponent == 31)
		v = mantissa == 0 ? INFINITY : NAN;
	return (h & 0x8000) != 0 ? -v : v;
}

/* Nibble i of bytes whose low nibbles are the first `half` numbers. */
static inline uint32_t quant_ref_nibble(
    const uint8_t *p, uint32_t i, uint32_t half)
{
	return i < half ? p[i] & 15u : p[i - half] >> 4;
}

/* The unsigned number that is stored for column i of a block. */
static inline uint32_t quant_ref_number(
    enum gguf_tensor_type type, const uint8_t *p, uint32_t i)
{
	uint32_t chunk = i / 64, quarter = i % 128 / 32;

	switch ((int)type) {
	case GGUF_TENSOR_Q8_0:
		return (uint32_t)((int)(int8_t)p[2 + i] + 128);
	case GGUF_TENSOR_Q4_0:
		return quant_ref_nibble(p + 2, i, 16);
	case GGUF_TENSOR_Q4_1:
		return quant_ref_nibble(p + 4, i, 16);
	case GGUF_TENSOR_Q5_0:
		return quant_ref_nibble(p + 6, i, 16) |
		       (p[2 + i / 8] >> i % 8 & 1u) << 4;
	case GGUF_TENSOR_Q5_1:
		return quant_ref_nibble(p + 8, i, 16) |
		       (p[4 + i / 8] >> i % 8 & 1u) << 4;
	case GGUF_TENSOR_Q4_K:
		return quant_ref_nibble(p + 16 + 32 * chunk, i % 64, 32);
	case GGUF_TENSOR_Q5_K:
		return quant_ref_nibble(p + 48 + 32 * chunk, i % 64, 32) |
		       (p[16 + i % 32] >> i / 32 & 1u) << 4;
	default: /* Q6_K */
		return quant_ref_nibble(p + i / 128 * 64, i % 128, 64) |
		       (p[128 + i / 128 * 32 + i % 32] >> 2 * quarter & 3u)
			   << 4;
	}
}

/* sc and mn of K types: of columns 32 j; of Q6_K sc of columns 16 j. */
static inline int quant_ref_sc(
    enum gguf_tensor_type type, const uint8_t *p, uint32_t j)
{
	const uint8_t *q = p + 4;

	if (type == GGUF_TENSOR_Q6_K)
		return (int8_t)p[192 + j];
	if (j < 4)
		return q[j] & 63;
	return (q[j + 4] & 15) | (q[j - 4] >> 6) << 4;
}

static inline int quant_ref_mn(const uint8_t *p, uint32_t j)
{
	const uint8_t *q = p + 4;

	return j < 4 ? q[j + 4] & 63 : q[j + 4] >> 4 | (q[j] >> 6) << 4;
}

/* The weight in column i of a block. Each operation rounds to float. */
static inline float quant_ref_weight(
    enum gguf_tensor_type type, const uint8_t *p, uint32_t i)
{
	struct quant_ref_block b = quant_ref_block(type);
	float d = quant_ref_half(quant_ref_u16(p + b.half_at[0]));
	float m = quant_ref_half(quant_ref_u16(p + b.half_at[1]));
	uint32_t bits = quant_ref_u16(p) << 16;
	float f, u, product, rest;

	if (type == GGUF_TENSOR_F16)
		return d;
	if (type == GGUF_TENSOR_F32 || type == GGUF_TENSOR_BF16) {
		if (type == GGUF_TENSOR_F32)
			memcpy(&bits, p, 4);
		memcpy(&f, &bits, 4);
		return f;
	}
	u = (float)quant_ref_number(type, p, i);
	switch ((int)type) {
	case GGUF_TENSOR_Q8_0:
		return d * (u - 128.0f);
	case GGUF_TENSOR_Q4_0:
		return d * (u - 8.0f);
	case GGUF_TENSOR_Q5_0:
		return d * (u - 16.0f);
	case GGUF_TENSOR_Q4_1:
	case GGUF_TENSOR_Q5_1:
		product = d * u;
		return product + m;
	case GGUF_TENSOR_Q6_K:
		product = d * (float)quant_ref_sc(type, p, i / 16);
		return product * (u - 32.0f);
	default: /* Q4_K, Q5_K */
		product = d * (float)quant_ref_sc(type, p, i / 32);
		product = product * u;
		rest = m * (float)quant_ref_mn(p, i / 32);
		return product - rest;
	}
}

/* A row of the file as floats. */
static inline void quant_ref_row(
    float *out, enum gguf_tensor_type type, const uint8_t *src, uint32_t cols)
{
	struct quant_ref_block b = quant_ref_block(type);

	for (uint32_t c = 0; c < cols; c++)
		out[c] = quant_ref_weight(
		    type, src + c / b.cols * b.len, c % b.cols);
}

static inline uint32_t quant_ref_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

/* One in ten numbers is special: zeros, the least, the largest, of both signs. */
static inline uint16_t quant_ref_wild_half(uint32_t *state)
{
	static const uint16_t special[] = { 0x0000, 0x8000, 0x0001, 0x8001,
		0x03ff, 0x83ff, 0x0400, 0x7bff, 0xfbff };
	uint32_t r = quant_ref_random(state);

	if (r % 10 == 0)
		return special[r / 10 % 9];
	while ((r & 0x7c00) == 0x7c00)
		r = quant_ref_random(state);
	return (uint16_t)r;
}

/*
 * Arbitrary blocks, reproducible from *state, without infinities and NaN: every
 * byte random, and the floats or scales of both signs and of 2^-7 to 2^-3; wild:
 * of any size.
 */
static inline void quant_ref_fill(uint8_t *p, enum gguf_tensor_type type,
    size_t blocks, bool wild, uint32_t *state)
{
	struct quant_ref_block b = quant_ref_block(type);
	uint32_t floats = type == GGUF_TENSOR_F32 || type == GGUF_TENSOR_BF16;
	uint32_t top = b.len - 2; /* where a float has its exponent */

	for (size_t n = 0; n < blocks; n++, p += b.len) {
		for (uint32_t i = 0; i < b.len; i++)
			p[i] = (uint8_t)quant_ref_random(state);
		for (uint32_t i = 0; i < b.halves; i++) {
			uint32_t r = quant_ref_random(state);
			uint16_t h = wild ? quant_ref_wild_half(state)
					  : (uint16_t)((r & 0x8fff) + 0x2000);

			p[b.half_at[i]] = (uint8_t)h;
			p[b.half_at[i] + 1] = (uint8_t)(h >> 8);
		}
		if (floats && wild &&
		    (quant_ref_u16(p + top) & 0x7f80) == 0x7f80)
			p[top] = (uint8_t)(p[top] & 0x7f);
		if (floats && !wild) {
			p[top] = (uint8_t)(quant_ref_random(state));
			p[top + 1] = (uint8_t)(0x3c + (p[top + 1] & 0x81));
		}
	}
}

#endif
