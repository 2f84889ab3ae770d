/*
 * Models of real shape with random weights, for measuring: a GGUF file whose
 * matrices, types of numbers and vocabulary have the sizes of a published
 * model, and whose text means nothing. Other engines load them as well.
 */
#ifndef CONFER_BENCH_LLM_MODEL_H
#define CONFER_BENCH_LLM_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct llm_shape {
	const char *name;
	const char *architecture;
	const char *pretok; /* tokenizer.ggml.pre */
	uint32_t blocks, width, hidden;
	uint32_t heads, kv_heads, head;
	uint32_t vocabulary, context;
	float rope_base, epsilon;
	bool bias;       /* of q, k and v */
	bool head_norm;  /* of q and k */
	bool rope_freqs; /* Llama 3's divisors, here all 1 */
};

/* How weights are kept, as files of these names do it. */
enum llm_mix { LLM_Q8_0, LLM_Q4_0, LLM_Q4_K_M, LLM_MIX_N };

/* NULL: no such shape. llm_shape_at: the i-th one, NULL after the last. */
const struct llm_shape *llm_shape_find(const char *name);
const struct llm_shape *llm_shape_at(size_t i);

/* "Q8_0", ...; LLM_MIX_N: no such name. */
const char *llm_mix_name(enum llm_mix mix);
enum llm_mix llm_mix_find(const char *name);

/* Write the file; the same bytes each time. False: it cannot be written. */
bool llm_model_write(
    const char *path, const struct llm_shape *s, enum llm_mix mix);

#endif
