/*
 * What a file says about its model's shape, checked, and what its family adds.
 * Families differ by data: a row of flags in shape.c and small functions.
 * All are: embedding; per block norm, attention with rotary positions and
 * grouped heads, residual, norm, gated feed-forward, residual; norm, output
 * matrix.
 */
#ifndef CONFER_ENGINE_SHAPE_H
#define CONFER_ENGINE_SHAPE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "engine/gguf.h"

#define SHAPE_BLOCKS_MAX 256        /* 405 B models have 126 */
#define SHAPE_WIDTH_MAX  65536      /* embedding; the largest have 16384 */
#define SHAPE_HIDDEN_MAX (1u << 19) /* feed-forward; the largest have 53248 */
#define SHAPE_HEADS_MAX  1024
#define SHAPE_HEAD_MAX   512 /* width of a head; known: up to 256 */

/* How positions beyond those of the first training are squeezed. */
enum rope_scaling {
	ROPE_NONE,
	ROPE_LINEAR,
	ROPE_YARN,
	ROPE_LONGROPE /* by the tensors rope_factors_{long,short} */
};

enum pooling { POOLING_NONE, POOLING_MEAN, POOLING_CLS, POOLING_LAST };

struct family {
	const char *architecture; /* general.architecture */
	bool rope_halves;         /* rotate (i, i + n/2), not (2i, 2i + 1) */
	bool head_norm;           /* RMS norm of each head of q and k */
	bool qkv_bias;            /* may have biases of q, k and v */
	bool fused_qkv;           /* attn_qkv instead of three matrices */
	bool fused_up;            /* ffn_up holds gate, then up */
	bool gelu;                /* else SiLU */
	bool post_norms;          /* after attention and feed-forward */
	bool scaled_embedding;    /* times sqrt(width) */
	bool windowed;            /* may have a sliding window */
	uint32_t unrotated_every; /* n: block l has no rotary positions if
				     l % n == n - 1; 0: all have */
	uint32_t flat_blocks;     /* the one size of the family, by its blocks,
				     whose scores are scaled by width / heads */
	/* Where the file does not say otherwise: */
	uint32_t global_every; /* shape.global_every, with a window */
	uint32_t window;
	float local_base;
	float attn_softcap, final_softcap;
};

struct shape {
	const struct family *family;
	uint32_t blocks;
	uint32_t width;        /* embedding_length */
	uint32_t hidden;       /* feed_forward_length */
	uint32_t heads;        /* of queries */
	uint32_t kv_heads;     /* of keys and values; divides heads */
	uint32_t head;         /* width of one head */
	uint32_t rope;         /* how much of a head is rotated; even */
	uint32_t window;       /* sliding window; 0: none */
	uint32_t global_every; /* n: block l sees all positions if l % n ==
				  n - 1, else its window; 0: all alike */
	uint32_t vocabulary;
	uint32_t trained_context;
	float epsilon;     /* of the RMS norms */
	float query_scale; /* of scores: 1 / sqrt(head) but for some */
	float attn_softcap, final_softcap; /* 0: none */
	float rope_base;
	float local_base; /* rope base of windowed blocks; 0: the same */
	enum pooling pooling;
	struct {
		enum rope_scaling kind;
		float factor;      /* 1 or more */
		float attn_factor; /* times what YaRN has by itself */
		uint32_t original_context;
		float ext_factor, beta_fast, beta_slow; /* YaRN */
		float log_multiplier;                   /* YaRN's mscale_all */
	} scaling;
};

/*
 * Read and check. vocabulary is the length of tokenizer.ggml.tokens. What is
 * not built (experts, other scalings, families) is refused by name.
 * ERR_FORMAT, ERR_LIMIT, ERR_UNSUPPORTED; ctx names key and offset.
 */
enum err shape_read(struct shape *s, const struct gguf *g, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/* Does this block see only shape->window positions? */
bool shape_is_local(const struct shape *s, uint32_t block);

/* Are queries and keys of this block rotated by their positions? */
bool shape_is_rotated(const struct shape *s, uint32_t block);

#endif
