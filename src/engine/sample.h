/*
 * Choosing the next token from the logits. The order is temperature, top_k,
 * top_p, min_p, then a draw: each step keeps a part of what the one before it
 * kept. A token less likely than e^-30 times the best is never drawn.
 */
#ifndef CONFER_ENGINE_SAMPLE_H
#define CONFER_ENGINE_SAMPLE_H

#include <stdint.h>

#include "base/err.h"
#include "engine/engine.h"

struct sample {
	struct engine_sampling opt;
	uint64_t state; /* of the generator */
};

/* Room for one candidate; sample_pick wants one per token. */
struct sample_item {
	float p; /* relative to the best token's */
	uint32_t id;
};

/* ERR_FORMAT when an option is out of its range or not a number. */
enum err sample_init(struct sample *s, const struct engine_sampling *opt)
    __attribute__((warn_unused_result));

/* The next token, < n. NaN counts as impossible. item[n] is work memory. */
uint32_t sample_pick(struct sample *s, const float *logits, uint32_t n,
    struct sample_item *item);

#endif
