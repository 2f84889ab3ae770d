/*
 * From the file's rows to groups of 16; see matrix.h. This runs over every byte
 * of a model when it is loaded, so it moves words of four columns: a quad of a
 * row is one word in the file (or nibbles of one) and one word of a line here.
 */
#include "base/assert.h"
#include "engine/matrix_layout.h"

#define BYTES 0x01010101u /* times x: x in each byte of a word */

/* Where word q of a row lies, `line` being its word of the first line. */
static inline uint8_t *word(uint8_t *line, uint32_t q)
{
	return line + (size_t)MATRIX_LINE * q;
}

static void put_bytes(uint8_t *p, const uint8_t *src, uint32_t r)
{
	for (uint32_t q = 0; q < 8; q++)
		matrix_store32(word(p + 4 * r, q),
		    matrix_load32(src + 4 * q) ^ BYTES * 0x80);
}

/* A nibble's byte i holds numbers i and i + 16: quads c and c + 4 already. */
static void put_nibbles(uint8_t *p, const uint8_t *src, uint32_t r)
{
	for (uint32_t c = 0; c < 4; c++)
		matrix_store32(word(p + 4 * r, c), matrix_load32(src + 4 * c));
}

/* Swap bits `mask` of x with those `shift` higher. */
static inline uint32_t swap_bits(uint32_t x, uint32_t shift, uint32_t mask)
{
	uint32_t t = (x >> shift ^ x) & mask;

	return x ^ t ^ t << shift;
}

/*
 * Bit 4 q + j to bit 8 j + q. In the five bits of a position these are
 * q2 q1 q0 j1 j0 and j1 j0 q2 q1 q0; each swap exchanges two of them.
 */
static inline uint32_t transpose_bits(uint32_t x)
{
	x = swap_bits(x, 14, 0x0000cccc); /* j1 q1 q0 q2 j0 */
	x = swap_bits(x, 7, 0x00aa00aa);  /* j1 j0 q0 q2 q1 */
	x = swap_bits(x, 2, 0x0c0c0c0c);  /* j1 j0 q2 q0 q1 */
	return swap_bits(x, 1, 0x22222222);
}

static void put_bits(uint8_t *p, const uint8_t *src, uint32_t r)
{
	put_nibbles(p, src + 4, r);
	matrix_store32(word(p + 4 * r, 4), transpose_bits(matrix_load32(src)));
}

/*
 * Eight numbers sc and eight mn of 6 bits in 12 bytes: the first four of each
 * in bytes 0 to 7, whose upper two bits complete the nibbles in bytes 8 to 11.
 */
static void put_six_bits(
    uint8_t *p, size_t part_len, const uint8_t *src, uint32_t r)
{
	uint32_t a = matrix_load32(src), b = matrix_load32(src + 4);
	uint32_t c = matrix_load32(src + 8);
	uint8_t sc[8], mn[8];

	matrix_store32(sc, a & BYTES * 63);
	matrix_store32(mn, b & BYTES * 63);
	matrix_store32(sc + 4, (c & BYTES * 15) | (a >> 2 & BYTES * 48));
	matrix_store32(mn + 4, (c >> 4 & BYTES * 15) | (b >> 2 & BYTES * 48));
	for (uint32_t i = 0; i < 8; i++, p += part_len) {
		p[r] = sc[i];
		p[MATRIX_LANES + r] = mn[i];
	}
}

/*
 * 32 bytes hold the numbers of two parts, one in the low nibbles and one in the
 * high ones. Of 8 words each line of a part takes one for its low nibbles and
 * one for its high ones.
 */
static void put_nibble_parts(
    uint8_t *low, uint8_t *high, const uint8_t *src, uint32_t r)
{
	for (uint32_t c = 0; c < 4; c++) {
		uint32_t x = matrix_load32(src + 4 * c);
		uint32_t y = matrix_load32(src + 16 + 4 * c);

		matrix_store32(word(low + 4 * r, c),
		    (x & BYTES * 15) | (y & BYTES * 15) << 4);
		matrix_store32(word(high + 4 * r, c),
		    (x >> 4 & BYTES * 15) | (y & BYTES * 240));
	}
}

#define PART_4K (MATRIX_SMALL + 4 * MATRIX_LINE)
#define PART_5K (MATRIX_SMALL + 5 * MATRIX_LINE)
#define PART_6K (MATRIX_SMALL + 6 * MATRIX_LINE)

static void put_4k(uint8_t *p, const uint8_t *src, uint32_t r)
{
	put_six_bits(p, PART_4K, src, r);
	p += MATRIX_SMALL;
	for (uint32_t i = 0; i < 4; i++, p += 2 * PART_4K)
		put_nibble_parts(p, p + PART_4K, src + 12 + 32 * i, r);
}

/* Byte c of 32 holds in bit i the upper bit of column c of part i. */
static void put_5k(uint8_t *p, const uint8_t *src, uint32_t r)
{
	uint32_t bits[8] = { 0 };

	put_six_bits(p, PART_5K, src, r);
	p += MATRIX_SMALL;
	for (uint32_t i = 0; i < 4; i++)
		put_nibble_parts(p + 2 * i * PART_5K, p + (2 * i + 1) * PART_5K,
		    src + 44 + 32 * i, r);
	for (uint32_t q = 0; q < 8; q++) {
		uint32_t w = matrix_load32(src + 12 + 4 * q);

		for (uint32_t i = 0; i < 8; i++)
			bits[i] |= (w >> i & BYTES) << q;
	}
	for (uint32_t i = 0; i < 8; i++, p += PART_5K)
		matrix_store32(word(p + 4 * r, 4), bits[i]);
}

/*
 * Two halves of four parts: 64 bytes with the lower nibbles of parts 0 and 1,
 * in their upper nibbles those of 2 and 3; 32 bytes with two bits of each.
 */
static void put_6k(uint8_t *p, const uint8_t *src, uint32_t r)
{
	const uint8_t *scales = src + 192;

	for (uint32_t i = 0; i < 8; i++) {
		p[i * PART_6K + r] = scales[2 * i];
		p[i * PART_6K + MATRIX_LANES + r] = scales[2 * i + 1];
	}
	p += MATRIX_SMALL;
	for (uint32_t i = 0; i < 8; i++, p += PART_6K) {
		const uint8_t *pairs = src + 128 + i / 4 * 32;

		if ((i & 2) == 0)
			put_nibble_parts(p, p + 2 * PART_6K,
			    src + i / 4 * 64 + i % 2 * 32, r);
		for (uint32_t k = 0; k < 2; k++, pairs += 16) {
			uint32_t w = 0;

			for (uint32_t q = 0; q < 4; q++)
				w |=
				    (matrix_load32(pairs + 4 * q) >> i % 4 * 2 &
					BYTES * 3)
				    << 2 * q;
			matrix_store32(word(p + 4 * r, 4 + k), w);
		}
	}
}

/* A block in the file: where its halves and its other bytes are. */
static const struct source {
	uint8_t scale_at, rest_at;
	void (*put)(uint8_t *parts, const uint8_t *rest, uint32_t r);
} sources[] = {
	[GGUF_TENSOR_Q8_0] = { 0, 2, put_bytes },
	[GGUF_TENSOR_Q4_0] = { 0, 2, put_nibbles },
	[GGUF_TENSOR_Q4_1] = { 0, 4, put_nibbles },
	[GGUF_TENSOR_Q5_0] = { 0, 2, put_bits },
	[GGUF_TENSOR_Q5_1] = { 0, 4, put_bits },
	[GGUF_TENSOR_Q4_K] = { 0, 4, put_4k },
	[GGUF_TENSOR_Q5_K] = { 0, 4, put_5k },
	[GGUF_TENSOR_Q6_K] = { 208, 0, put_6k },
};

/* What is packed: n rows of row_len bytes, and how they lie here. */
struct packing {
	const struct matrix_layout *layout;
	enum gguf_tensor_type type;
	uint32_t cols, n;
	const uint8_t *src;
	size_t row_len;
};

/*
 * The rows are 16 streams, more than CPUs foresee: ask for the bytes of the
 * block that comes so much later in this row.
 */
#define AHEAD 256

static inline void fetch(const struct packing *k, size_t at, size_t len)
{
	size_t end = k->n * k->row_len;

	for (size_t i = at + AHEAD; i < at + AHEAD + len && i < end; i += 64)
		__builtin_prefetch(k->src + i);
}

static bool pack_blocks(uint8_t *dst, const struct packing *k, size_t *bad)
{
	const struct matrix_layout *l = k->layout;
	const struct source *s = &sources[k->type];
	uint32_t steps = k->cols / l->cols;
	size_t len = k->row_len / steps;

	for (uint32_t i = 0; i < steps; i++, dst += l->len) {
		for (uint32_t r = 0; r < k->n; r++) {
			size_t at = r * k->row_len + i * len;

			fetch(k, at, len);
			for (uint32_t h = 0; h < l->scales; h++) {
				size_t from = at + s->scale_at + 2 * h;
				uint16_t half = matrix_load16(k->src + from);

				if ((half & 0x7c00) == 0x7c00) {
					*bad = from;
					return false;
				}
				matrix_store16(
				    dst + MATRIX_HALVES * h + 2 * r, half);
			}
			s->put(dst + MATRIX_HALVES * l->scales,
			    k->src + at + s->rest_at, r);
		}
	}
	return true;
}

/*
 * A run of n floats to the lines below p. The sum of a magnitude and one unit
 * of the exponent reaches the sign's place when the exponent is all ones.
 */
static bool put_words(uint8_t *p, const uint8_t *src, uint32_t n)
{
	uint32_t seen = 0;

	for (uint32_t i = 0; i < n; i++, p += 4 * MATRIX_LANES) {
		uint32_t w = matrix_load32(src + 4 * i);

		seen |= (w & 0x7fffffff) + 0x00800000;
		matrix_store32(p, w);
	}
	return seen >> 31 == 0;
}

static bool put_halves(
    uint8_t *p, const uint8_t *src, uint32_t n, uint32_t unit)
{
	uint32_t seen = 0;

	for (uint32_t i = 0; i < n; i++, p += 2 * MATRIX_LANES) {
		uint16_t h = matrix_load16(src + 2 * i);

		seen |= (h & 0x7fffu) + unit;
		matrix_store16(p, h);
	}
	return seen >> 15 == 0;
}

static bool put_floats(
    uint8_t *p, const uint8_t *src, uint32_t n, enum gguf_tensor_type type)
{
	if (type == GGUF_TENSOR_F32)
		return put_words(p, src, n);
	return put_halves(p, src, n, type == GGUF_TENSOR_F16 ? 0x400 : 0x80);
}

/* A row gives one run after the other, so that its lines are read once. */
static bool pack_floats(uint8_t *dst, const struct packing *k, size_t *bad)
{
	size_t size = k->layout->len / MATRIX_LANES;

	for (uint32_t c = 0; c < k->cols; c += MATRIX_PART) {
		uint32_t n =
		    k->cols - c < MATRIX_PART ? k->cols - c : MATRIX_PART;

		for (uint32_t r = 0; r < k->n; r++) {
			uint8_t *p = dst + c * k->layout->len + size * r;

			size_t at = r * k->row_len + c * size;

			if (put_floats(p, k->src + at, n, k->type))
				continue;
			while (put_floats(p, k->src + at, 1, k->type))
				at += size;
			*bad = at;
			return false;
		}
	}
	return true;
}

bool matrix_pack(uint8_t *dst, enum gguf_tensor_type type, uint32_t cols,
    const uint8_t *src, uint32_t n, size_t *bad)
{
	struct packing k = { .layout = matrix_layout(type),
		.type = type,
		.cols = cols,
		.n = n,
		.src = src };
	size_t len = matrix_group_len(type, cols);
	size_t full = (size_t)(cols / k.layout->cols) * k.layout->len;
	uint32_t block_cols = 1, block_len = 0;

	assert(n > 0 && n <= MATRIX_LANES);
	(void)gguf_type_block(type, &block_cols, &block_len);
	k.row_len = (size_t)(cols / block_cols) * block_len;
	if (n < MATRIX_LANES)
		full = 0;
	memset(dst + full, 0, len - full);
	return k.layout->scales == 0 ? pack_floats(dst, &k, bad)
				     : pack_blocks(dst, &k, bad);
}
