/*
 * The forward pass: a batch of rows, each one token of some slot at its
 * position, goes through all blocks together, so that a weight is read from
 * memory once for all of them. Threads share the work by groups of rows of a
 * matrix and by heads; each number is computed by one thread in an order that
 * depends neither on the sharing nor on the rest of the batch.
 */
#ifndef CONFER_ENGINE_FORWARD_H
#define CONFER_ENGINE_FORWARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "engine/kernels.h"
#include "engine/kv.h"
#include "engine/pool.h"
#include "engine/weights.h"
#include "sys/pages.h"

#define FORWARD_ROWS_MAX 256 /* rows in one batch */

struct forward {
	const struct weights *weights;
	const struct kernels *kernels;
	struct pool *pool;  /* borrowed, as the two above */
	uint32_t context;   /* positions per slot */
	uint32_t rows_max;  /* of a batch */
	uint64_t alone_max; /* multiplications that one thread does alone */
	struct kv_shape kv;
	const float *rope_factors; /* [rope / 2], or NULL */
	struct pages memory;
	size_t head_len; /* bytes at its start that hold no secrets */
	struct forward_work *work;
};

/* ERR_NOMEM. rows_max is 1 to FORWARD_ROWS_MAX. */
enum err forward_init(struct forward *f, const struct weights *weights,
    const struct kernels *kernels, struct pool *pool, uint32_t context,
    uint32_t rows_max) __attribute__((warn_unused_result));

/* Wipe and free; accepts a zeroed *f. */
void forward_clear(struct forward *f);

/* What a row is to yield. */
enum forward_want {
	FORWARD_NOTHING,
	FORWARD_LOGITS,
	FORWARD_HIDDEN /* the normed state before the output matrix */
};

struct forward_row {
	const struct kv_seq *kv; /* has pages for this position */
	uint32_t token;          /* < vocabulary */
	uint32_t position;       /* < context */
	enum forward_want want;
};

/*
 * Run a batch of 1 to rows_max rows: writes each row's keys and values at its
 * position and, for the rows that want them in their order, logits[i]
 * [vocabulary] or hidden[i][width] (each counted by itself; NULL where no row
 * wants it). Rows of one slot stand next to each other in ascending order of
 * position, and everything before them is in kv.
 */
void forward_run(struct forward *f, const struct forward_row *row, uint32_t n,
    float *logits, float *hidden);

/* Overwrite what the last batch left in activations. */
void forward_wipe(struct forward *f);

#endif
