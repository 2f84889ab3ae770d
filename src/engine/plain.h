/*
 * The arithmetic that is worth doing per CPU: matrix times vectors and the two
 * loops of attention. plain_scalar.c is plain C and the reference;
 * plain_avx2.c must agree with it to rounding.
 *
 * Every implementation computes one output from one row and one vector in one
 * fixed order of operations, whatever else it computes at the same time. So a
 * result does not depend on how many vectors are multiplied together, nor on
 * which thread does it.
 */
#ifndef CONFER_ENGINE_PLAIN_H
#define CONFER_ENGINE_PLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/gguf.h"

/* A weight matrix as it lies in the file, row after row. data NULL: absent. */
struct plain_matrix {
	enum gguf_tensor_type type;
	uint32_t rows;  /* outputs */
	uint32_t cols;  /* inputs; a multiple of the type's block */
	size_t row_len; /* bytes */
	const uint8_t *data;
};

/* out[v][row] = w[row] . x[v], for v < n and row_from <= row < row_to. */
struct plain_mul {
	const struct plain_matrix *w;
	const float *x; /* [n][w->cols] */
	float *out;     /* [n][w->rows] */
	uint32_t n;
	uint32_t row_from, row_to;
};

struct plain {
	const char *name;
	void (*mul)(const struct plain_mul *m);
	/* a . b over n floats */
	float (*dot)(const float *a, const float *b, uint32_t n);
	/* y += a * x over n floats */
	void (*add_scaled)(float *y, float a, const float *x, uint32_t n);
};

extern const struct plain plain_scalar;
extern const struct plain plain_avx2;

/* Does this CPU, under this operating system, run plain_avx2? */
bool plain_have_avx2(void);

/* Can matrices of this type be multiplied? */
bool plain_have_type(enum gguf_tensor_type type);

/* One row of a matrix as floats, out[w->cols]. */
void plain_row(float *out, const struct plain_matrix *w, uint32_t row);

/* IEEE 754 half to float, exact. */
float plain_f16(uint16_t half);

#endif
