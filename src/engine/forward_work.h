/* The working memory of a forward pass; see forward.h. */
#ifndef CONFER_ENGINE_FORWARD_WORK_H
#define CONFER_ENGINE_FORWARD_WORK_H

#include "engine/forward.h"

/* Rows of one slot in a batch. */
struct forward_span {
	const struct kv_seq *kv;
	uint32_t first, n;
};

/* All [rows_max][...]. */
struct forward_work {
	float *rope;       /* [rope] cosines and sines of the row's position */
	float *rope_local; /* the same, of windowed blocks */
	float *x;          /* [width] the residual stream */
	float *y;          /* [width] what a part of a block adds to it */
	float *q;          /* [heads * head] */
	float *k, *v;      /* [kv_heads * head] */
	float *gate;       /* [hidden] */
	float *up;         /* [hidden] */
	float *norm;       /* [widest input] of the next matrix, as floats */
	struct act *act;   /* [widest input / 32] the same, quantised */
	struct forward_span *span;
	uint32_t span_n;
	uint32_t wanted; /* rows whose logits are wanted */
};

#endif
