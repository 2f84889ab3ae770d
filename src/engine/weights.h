/*
 * A model in memory: its shape and its weights, interleaved. Loading reads the
 * file once, from its first byte to its last, and keeps no copy of it: memory
 * is the weights, about as large as the file.
 */
#ifndef CONFER_ENGINE_WEIGHTS_H
#define CONFER_ENGINE_WEIGHTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "engine/gguf.h"
#include "engine/matrix.h"
#include "engine/model_file.h"
#include "engine/shape.h"
#include "sys/pages.h"

/*
 * One transformer block. What a family lacks is absent: data or pointer NULL.
 * Fused matrices of a file are cut into these by rows. Vectors are floats,
 * aligned to 64 bytes.
 */
struct weights_block {
	const float *attn_norm; /* [width] */
	struct matrix q, k, v;  /* [heads * head][width], [kv_heads * head] */
	const float *q_bias, *k_bias, *v_bias;
	const float *q_norm, *k_norm; /* [head] */
	struct matrix attn_out;       /* [width][heads * head] */
	const float *attn_post_norm;  /* [width] */
	const float *ffn_norm;        /* [width] */
	struct matrix gate, up;       /* [hidden][width] */
	struct matrix down;           /* [width][hidden] */
	const float *ffn_post_norm;   /* [width] */
};

struct weights {
	struct shape shape;
	uint64_t parameters;      /* elements of all tensors */
	struct matrix embedding;  /* [vocabulary][width] */
	const float *output_norm; /* [width] */
	struct matrix output;    /* [vocabulary][width]; may be the embedding */
	const float *rope_freqs; /* [rope / 2] divisors, or NULL */
	const float *rope_long, *rope_short; /* LongRoPE; or NULL */
	struct weights_block *block;         /* [shape.blocks] */
	struct pages memory;
};

/*
 * Find, check and read everything. src stands where gguf_read_head left it, or
 * where an image's head ends. Every shape is checked, and no tensor of the file
 * may be left over: a tensor that we do not know would be a computation that we
 * silently leave out. Reads to the file's last byte, so that src has seen all
 * of it. ERR_FORMAT (also numbers that are not finite), ERR_LIMIT,
 * ERR_UNSUPPORTED, ERR_NOMEM, ERR_TRUNCATED, ERR_IO; ctx names the tensor and
 * its offset. On failure *w is clear.
 */
enum err weights_read(struct weights *w, const struct gguf *g,
    struct model_file *src, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/*
 * What weights_read will find and take, by the head alone: the shape, and bytes
 * of memory. The errors of weights_read but for those of reading; *shape is
 * zero if it is at fault, and read if only tensors are.
 */
enum err weights_plan(const struct gguf *g, struct shape *shape, uint64_t *len,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/* Accepts a zeroed *w. */
void weights_clear(struct weights *w);

/* The divisors of frequencies for a context of so many positions, or NULL. */
const float *weights_rope_factors(const struct weights *w, uint32_t context);

#endif
