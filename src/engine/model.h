/*
 * The transformer: what a file says about its shape, where its weights are,
 * and the forward pass over a batch of tokens.
 *
 * Families differ by the flags of struct model_family; a family is a row in the
 * table in model_load.c. All are: embedding, then per block RMS norm, attention
 * with rotary positions and grouped heads, residual, RMS norm, gated
 * feed-forward (SiLU), residual; then RMS norm and the output matrix.
 */
#ifndef CONFER_ENGINE_MODEL_H
#define CONFER_ENGINE_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "engine/gguf.h"
#include "engine/plain.h"
#include "engine/pool.h"

#define MODEL_BLOCKS_MAX 256        /* 405 B models have 126 */
#define MODEL_WIDTH_MAX  65536      /* embedding; the largest have 16384 */
#define MODEL_HIDDEN_MAX (1u << 19) /* feed-forward; the largest have 53248 */
#define MODEL_HEADS_MAX  1024
#define MODEL_HEAD_MAX   1024 /* width of a head; known: up to 256 */
#define MODEL_BATCH_MAX  64   /* tokens in one forward pass */

struct model_family {
	const char *architecture;
	bool rope_halves; /* rotate (i, i + n/2), not (2i, 2i + 1) */
	bool head_norm;   /* RMS norm of each head of q and k */
};

/* One transformer block. Biases may be absent (data NULL). */
struct model_block {
	const float *attn_norm; /* [width] */
	struct plain_matrix q, k, v;  /* [heads * head][width], [kv_width] */
	const float *q_bias, *k_bias, *v_bias;
	const float *q_norm, *k_norm; /* [head] */
	struct plain_matrix attn_out;       /* [width][heads * head] */
	const float *ffn_norm;        /* [width] */
	struct plain_matrix gate, up;       /* [hidden][width] */
	struct plain_matrix down;           /* [width][hidden] */
};

struct model {
	const struct model_family *family;
	uint32_t blocks;
	uint32_t width;    /* embedding_length */
	uint32_t hidden;   /* feed_forward_length */
	uint32_t heads;    /* of queries */
	uint32_t kv_heads; /* of keys and values; divides heads */
	uint32_t head;     /* width of one head */
	uint32_t rope;     /* how much of a head is rotated; even */
	uint32_t vocabulary;
	uint32_t trained_context;
	float epsilon; /* of the RMS norms */
	float rope_base;
	const float *rope_freqs; /* [rope / 2] divisors, or NULL */
	uint64_t parameters;
	struct plain_matrix embedding;  /* [vocabulary][width] */
	const float *output_norm; /* [width] */
	struct plain_matrix output; /* [vocabulary][width]; may be the embedding */
	struct model_block *block;
};

/*
 * Find everything in a parsed file, which is borrowed until model_clear. Every
 * shape is checked, and no tensor of the file may be left over: a tensor that
 * we do not know would be a computation that we silently leave out.
 * ERR_FORMAT, ERR_LIMIT, ERR_UNSUPPORTED, ERR_NOMEM. On failure *m is clear.
 */
enum err model_load(struct model *m, const struct gguf *g, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

void model_clear(struct model *m);

/* Floats that one slot's keys and values take at this context. */
size_t model_kv_n(const struct model *m, uint32_t context);

/* Floats of working memory that a forward pass needs. */
size_t model_work_n(const struct model *m, uint32_t context, uint32_t threads);

/* One token of a batch. */
struct model_row {
	float *kv;         /* the slot's keys and values, model_kv_n floats */
	uint32_t token;    /* < vocabulary */
	uint32_t position; /* < context; all earlier ones are in kv or batch */
	bool wants_logits;
};

/* What stays the same from pass to pass. */
struct model_run {
	const struct model *model;
	const struct plain *kernels;
	struct pool *pool;
	uint32_t context; /* positions per slot */
	uint32_t threads;
	const float *rope_table; /* [context][rope / 2][cos, sin] */
	float *work;             /* model_work_n floats */
};

/* Fill table[context * rope]. */
void model_rope_table(const struct model *m, uint32_t context, float *table);

/*
 * Run a batch of 1 to MODEL_BATCH_MAX rows: extends each row's kv by its
 * position and writes the logits of the rows that want them, one after the
 * other: logits[wanted][vocabulary]. Rows of one slot are in ascending order of
 * position.
 */
void model_forward(const struct model_run *run, const struct model_row *row,
    uint32_t n, float *logits);

/* Overwrite the first n positions of a slot's keys and values. */
void model_kv_wipe(const struct model_run *run, float *kv, uint32_t n);

#endif
