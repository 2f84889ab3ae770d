/*
 * What is told of each chosen token: how likely it and its alternatives were,
 * by the model's own logits, before bias, penalties, grammar and temperature.
 */
#ifndef CONFER_ENGINE_TOLD_H
#define CONFER_ENGINE_TOLD_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/engine.h"
#include "engine/kernels.h"
#include "engine/tok.h"

#define TOLD_LOWEST (-9999.0f) /* said of what is less likely; OpenAI's */

struct told {
	uint32_t n;
	bool taken; /* all were handed out and are still borrowed */
	struct engine_told token[ENGINE_TOLD_MAX];
};

/* Is there room for one more token? */
bool told_has_room(const struct told *t);

/* A token was chosen by these logits [tok->n]; tell also of top_n others. */
void told_add(struct told *t, const struct tok *tok, const struct kernels *k,
    const float *logits, uint32_t token, uint32_t top_n);

/* What is new, *n tokens; borrowed until the next call. */
const struct engine_told *told_take(struct told *t, uint32_t *n);

#endif
