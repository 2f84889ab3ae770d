/* Single-precision matrix product with one fixed order of additions. */
#ifndef MODEL_GEMM_H
#define MODEL_GEMM_H

#include <stdbool.h>
#include <stddef.h>

/* A read-only matrix: element (i, j) is p[i * rs + j * cs]. */
struct gemm_in {
	const float *p;
	size_t rs, cs;
};

/* Packing space of one thread, for products up to the sizes at init. */
struct gemm_work {
	float *a, *b;
};

void gemm_work_init(struct gemm_work *w, size_t dim_max);
void gemm_work_clear(struct gemm_work *w);

/* C (m x n, row stride ldc) = A (m x k) * B (k x n), or C += when `add`. */
void gemm(float *c, size_t ldc, struct gemm_in a, struct gemm_in b,
    const size_t mnk[3], bool add, struct gemm_work *w);

#endif
