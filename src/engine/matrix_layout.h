/*
 * What the files of matrix.h share: each type's steps as numbers, and words of
 * four columns. A step starts with the halves of 16 rows, d and then m or dmin;
 * then come its parts of 32 columns, each with small scales, where there are 8
 * parts, and the lines of its numbers.
 */
#ifndef CONFER_ENGINE_MATRIX_LAYOUT_H
#define CONFER_ENGINE_MATRIX_LAYOUT_H

#include "base/mem.h"
#include "engine/matrix.h"

#define MATRIX_PART   32                 /* columns of a part: of an act */
#define MATRIX_HALVES (2 * MATRIX_LANES) /* bytes of a half of each row */
#define MATRIX_SMALL  (2 * MATRIX_LANES) /* bytes of a part's small scales */

struct matrix_layout {
	uint32_t cols;  /* of a step */
	uint32_t len;   /* bytes of a step; 0: no such matrices */
	uint8_t scales; /* halves of a row; 0: the step is a column of floats */
	uint8_t parts;  /* 8: with small scales */
	uint8_t lines;  /* of a part: 8 bytes, 4 nibbles, 5 bits, 6 pairs */
	uint8_t zero;   /* the number that stands for the weight 0 */
};

/* Of a type that matrix_has_type. */
const struct matrix_layout *matrix_layout(enum gguf_tensor_type type);

static inline uint16_t matrix_load16(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint32_t matrix_load32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline void matrix_store16(uint8_t *p, uint16_t v)
{
	memcpy(p, &v, sizeof(v));
}

static inline void matrix_store32(uint8_t *p, uint32_t v)
{
	memcpy(p, &v, sizeof(v));
}

static inline float matrix_bits(uint32_t bits)
{
	float f;

	memcpy(&f, &bits, sizeof(f));
	return f;
}

#endif
