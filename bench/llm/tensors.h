/* The tensors of a model of a shape, between shapes.c and model.c. */
#ifndef CONFER_BENCH_LLM_TENSORS_H
#define CONFER_BENCH_LLM_TENSORS_H

#include <stdio.h>

#include "engine/gguf.h"
#include "llm/model.h"

#define LLM_NAME_MAX 64

enum llm_fill { LLM_RANDOM = 0, LLM_ONES, LLM_SMALL };

struct llm_tensor {
	const char *name;
	uint32_t cols, rows; /* rows 0: a vector */
	enum llm_fill fill;
	enum gguf_tensor_type type;
};

typedef void llm_tensor_fn(void *cookie, const struct llm_tensor *t);

/* In the order of the file. */
void llm_each_tensor(const struct llm_shape *s, enum llm_mix mix,
    llm_tensor_fn *fn, void *cookie);

#endif
