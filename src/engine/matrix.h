/*
 * Weight matrices as they lie in memory. A file stores row after row; here 16
 * rows are interleaved, so that one vector register holds the same columns of
 * 16 rows: no sums across lanes, one sequential stream of memory per matrix,
 * and the same order of operations for every width of register.
 *
 * A matrix is a sequence of groups of 16 rows (the last one is filled up with
 * zeros). A group is a sequence of steps, each a whole number of columns. With
 * r = 0..15 the row, little endian, f16 = IEEE half:
 *
 *	F32           1 column:    16 f32
 *	F16, BF16     1 column:    16 halves
 *	Q8_0          32 columns:  16 f16 d | bytes[8]
 *	Q4_0          32 columns:  16 f16 d | nibbles
 *	Q4_1          32 columns:  16 f16 d | 16 f16 m | nibbles
 *	Q5_0          32 columns:  16 f16 d | nibbles | bits
 *	Q5_1          32 columns:  16 f16 d | 16 f16 m | nibbles | bits
 *	Q4_K          256 columns: 16 f16 d | 16 f16 dmin |
 *	                           8 x (16 u8 sc | 16 u8 mn | nibbles)
 *	Q5_K          256 columns: the same with (... | nibbles | bits)
 *	Q6_K          256 columns: 16 f16 d |
 *	                           8 x (16 i8 sc | 16 i8 sc' | nibbles | pairs)
 *
 * 32 columns are 8 quads of 4. Byte 4 r + j of a 64-byte line belongs to row r
 * and column 4 q + j of the quad q that the line, or part of the byte, is for:
 *
 *	bytes[8]  8 lines, line q: the weight + 128, unsigned
 *	nibbles   4 lines, line c: low nibble quad c, high nibble quad c + 4
 *	bits      1 line: bit q is bit 4 of quad q
 *	pairs     2 lines, line p: bits 2 i, 2 i + 1 are bits 4, 5 of quad 4 p + i
 *
 * What a weight is, with u the unsigned number so stored: Q8_0 d (u - 128);
 * Q4_0 d (u - 8); Q5_0 d (u - 16); Q4_1, Q5_1 d u + m; Q4_K, Q5_K
 * (d sc) u - (dmin mn); Q6_K (d sc) (u - 32), sc for columns 0 to 15 of the 32
 * and sc' for the others. These are the formats of ggml, in another order.
 */
#ifndef CONFER_ENGINE_MATRIX_H
#define CONFER_ENGINE_MATRIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/gguf.h"

#define MATRIX_LANES 16 /* rows in a group */
#define MATRIX_LINE  64 /* bytes; alignment of data and of every group */

struct matrix {
	enum gguf_tensor_type type;
	uint32_t rows;       /* outputs */
	uint32_t cols;       /* inputs; a multiple of the type's block */
	size_t group_len;    /* bytes of 16 rows */
	const uint8_t *data; /* [ceil(rows / 16)][group_len]; NULL: absent */
};

/* Can matrices of this type be multiplied? */
bool matrix_has_type(enum gguf_tensor_type type);

/*
 * Bytes of a group of this many columns, a multiple of MATRIX_LINE: where the
 * steps end in the middle of a line, zeros fill it up. cols is a multiple of
 * the type's block, 1 to 2^24.
 */
size_t matrix_group_len(enum gguf_tensor_type type, uint32_t cols);

/*
 * Interleave n rows, 1 to 16, that lie in the file's encoding at src one after
 * the other, into the group at dst. The bytes of rows beyond n become zero, and
 * so do their products: all their scales are. False: a number that is not
 * finite is among the scales or the floats, and *bad is its offset from src;
 * what dst holds is then undefined.
 */
bool matrix_pack(uint8_t *dst, enum gguf_tensor_type type, uint32_t cols,
    const uint8_t *src, uint32_t n, size_t *bad)
    __attribute__((warn_unused_result));

/* One row of a matrix as floats, out[w->cols]; row < w->rows. */
void matrix_row(float *out, const struct matrix *w, uint32_t row);

/*
 * IEEE 754 half to float, exact; float to half, to nearest, ties to even. NaN
 * becomes quiet and keeps sign and upper payload, as F16C does it.
 */
float matrix_f16(uint16_t half);
uint16_t matrix_to_f16(float f);

/* The number at p in the file's encoding: F32, F16 or BF16. */
float matrix_float(const uint8_t *p, enum gguf_tensor_type type);

#endif
