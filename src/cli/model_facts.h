/* What the head of a GGUF file says, supported or not. */
#ifndef CONFER_CLI_MODEL_FACTS_H
#define CONFER_CLI_MODEL_FACTS_H

#include "cli/model.h"
#include "engine/chat.h"
#include "engine/shape.h"

#define MODEL_TYPES_MAX 64 /* numbers of tensor types; the known end at 40 */
#define MODEL_SAID_MAX  48 /* bytes of a name of the file */
#define MODEL_WHYS_MAX  3  /* weights, tokenizer, template */
#define MODEL_KV_TOKENS 1000

/* 0 and "" where the file says nothing. */
struct model_facts {
	char name[MODEL_SAID_MAX];
	char architecture[MODEL_SAID_MAX];
	char tokenizer[MODEL_SAID_MAX];
	char pretok[MODEL_SAID_MAX];
	char scaling[MODEL_SAID_MAX];
	uint32_t context, width, hidden, blocks;
	uint32_t heads, kv_heads, head, rope, window, vocabulary;
	uint32_t original_context;
	float rope_base, scaling_factor;
	bool has_rope_freqs;
	uint64_t parameters;
	uint64_t weights_len; /* bytes of all tensors */
	uint64_t memory_len;  /* that they take; 0: they cannot be loaded */
	uint64_t read_len;    /* of those that each token is multiplied with */
	uint64_t kv_len;      /* bytes of keys and values of 1000 tokens */
	struct {
		uint64_t tensors, len;
	} type[MODEL_TYPES_MAX];
	struct tok tok; /* tok.n 0: none */
	struct chat chat;
	struct err_ctx why[MODEL_WHYS_MAX]; /* it cannot be run */
	size_t why_n;
};

/* Read everything; *f is cleared by model_facts_clear. */
void model_facts_read(struct model_facts *f, const struct gguf *g);
void model_facts_clear(struct model_facts *f);

#endif
