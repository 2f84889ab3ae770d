/* Telling how likely tokens were; see told.h. */
#include "engine/told.h"

#include "base/assert.h"
#include "engine/real.h"

bool told_has_room(const struct told *t)
{
	return t->taken || t->n < ENGINE_TOLD_MAX;
}

static void drop_taken(struct told *t)
{
	if (!t->taken)
		return;
	mem_wipe(t->token, t->n * sizeof(t->token[0]));
	t->n = 0;
	t->taken = false;
}

/* Written so that NaN becomes the lowest. */
static float logprob(float logit, double log_total)
{
	double p = (double)logit - log_total;

	return p > (double)TOLD_LOWEST ? (float)p : TOLD_LOWEST;
}

/* The n most likely tokens in order, of equals the lower number first. */
static uint32_t find_top(
    uint32_t *top, uint32_t n, const float *logits, uint32_t vocabulary)
{
	uint32_t found = 0;

	for (uint32_t id = 0; id < vocabulary; id++) {
		uint32_t at = found;

		if (found == n && !(logits[id] > logits[top[n - 1]]))
			continue;
		while (at > 0 && logits[id] > logits[top[at - 1]])
			at--;
		found += found < n;
		for (uint32_t i = found - 1; i > at; i--)
			top[i] = top[i - 1];
		top[at] = id;
	}
	return found;
}

void told_add(struct told *t, const struct tok *tok, const struct kernels *k,
    const float *logits, uint32_t token, uint32_t top_n)
{
	uint32_t top[ENGINE_TOP_MAX];
	struct engine_told *out;
	double log_total;
	float max, sum;

	drop_taken(t);
	assert(t->n < ENGINE_TOLD_MAX && top_n <= ENGINE_TOP_MAX);
	k->log_sum(logits, tok->n, &max, &sum);
	log_total = (double)max + (sum > 0 ? real_log((double)sum) : 0);
	out = &t->token[t->n++];
	out->text = tok_text(tok, token);
	out->logprob = logprob(logits[token], log_total);
	out->top_n = top_n > 0 ? find_top(top, top_n, logits, tok->n) : 0;
	for (uint32_t i = 0; i < out->top_n; i++) {
		out->top[i].text = tok_text(tok, top[i]);
		out->top[i].logprob = logprob(logits[top[i]], log_total);
	}
	mem_wipe(top, sizeof(top));
}

const struct engine_told *told_take(struct told *t, uint32_t *n)
{
	drop_taken(t);
	t->taken = t->n > 0;
	*n = t->n;
	return t->token;
}
