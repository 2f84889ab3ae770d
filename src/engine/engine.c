/*
 * Requests come into slots, answers are polled, slots are wiped. What happens
 * to them in between is in sched.c.
 */
#include "engine/engine.h"

#include <math.h>

#include "base/assert.h"
#include "engine/slot.h"

#define EMBED_ROWS_MAX 64 /* as of prompts beside answers */

static struct slot *slot_of(struct engine *e, int slot)
{
	assert(slot >= 0 && (uint32_t)slot < e->info.slots);
	assert(e->slot[slot].used);
	return &e->slot[slot];
}

/* Wipe all that one slot left in the memory that slots share. */
static void wipe_shared(struct engine *e)
{
	size_t n = e->info.vocabulary;

	forward_wipe(&e->forward);
	mem_wipe(e->logits, e->logits_used * sizeof(*e->logits));
	e->logits_used = 0;
	mem_wipe(e->raw, n * sizeof(*e->raw));
	mem_wipe(e->item, SAMPLE_FEW * sizeof(*e->item));
	mem_wipe(e->row, FORWARD_ROWS_MAX * sizeof(*e->row));
	mem_wipe(e->run, e->info.slots * sizeof(*e->run));
	pool_wipe_stacks(e->pool);
}

/* Forget everything a slot holds; its memory stays where it is. */
static void wipe_slot(struct engine *e, struct slot *s)
{
	uint32_t *token = s->token;
	struct kv_seq kv;

	if (s->grammar != NULL)
		grammar_wipe(s->grammar);
	kv_give(&e->kv, &s->kv);
	kv = s->kv;
	mem_wipe(token, e->info.context * sizeof(*token));
	mem_wipe(s, sizeof(*s));
	s->token = token;
	s->kv = kv;
	wipe_shared(e);
}

static struct slot *free_slot(struct engine *e, int *number)
{
	for (uint32_t i = 0; i < e->info.slots; i++) {
		if (!e->slot[i].used) {
			*number = (int)i;
			return &e->slot[i];
		}
	}
	return NULL;
}

static enum err all_taken(const struct engine *e, struct err_ctx *ctx)
{
	return err_set(ctx, ERR_BUSY, "all %u slots are taken", e->info.slots);
}

/* Memory for this many positions, all or nothing. */
static enum err reserve(
    struct engine *e, struct slot *s, uint32_t positions, struct err_ctx *ctx)
{
	if (kv_take(&e->kv, &s->kv, positions))
		return ERR_OK;
	return err_set(ctx, ERR_BUSY,
	    "memory for %u tokens is free now; the request may need %u",
	    e->kv.free_n * KERNEL_PAGE, positions);
}

enum err engine_submit(struct engine *e, const struct engine_request *req,
    int *slot, struct err_ctx *ctx)
{
	int number = -1;
	struct slot *s = free_slot(e, &number);
	enum err err;

	*slot = -1;
	if (s == NULL)
		return all_taken(e, ctx);
	err = slot_prompt(e, s, req, ctx);
	if (err == ERR_OK)
		err = reserve(e, s, s->prompt_n + s->completion_max, ctx);
	if (err != ERR_OK) {
		wipe_slot(e, s);
		return err;
	}
	s->used = true;
	*slot = number;
	return ERR_OK;
}

void engine_poll(struct engine *e, int slot, struct engine_output *out)
{
	struct slot *s = slot_of(e, slot);
	/* A call that is none may be longer than what fits the answer. */
	bool waits = !reply_ready(&s->reply) && s->reply.got > 0;
	bool calls = s->finish == ENGINE_CALLS && !waits;

	*out = (struct engine_output){
		.text = answer_take(&s->content),
		.reasoning = answer_take(&s->reasoning),
		.prompt_tokens = s->prompt_n,
		.prompt_done = s->fed < s->prompt_n ? s->fed : s->prompt_n,
		.completion_tokens = s->completion_n,
		.finish = waits ? ENGINE_RUNNING : s->finish,
		.call = calls ? s->reply.call : NULL,
		.call_n = calls ? s->reply.call_n : 0,
	};
	out->told = told_take(&s->told, &out->told_n);
}

void engine_cancel(struct engine *e, int slot)
{
	struct slot *s = slot_of(e, slot);

	if (s->finish == ENGINE_RUNNING)
		slot_finish(s, ENGINE_CANCELLED);
}

void engine_release(struct engine *e, int slot)
{
	wipe_slot(e, slot_of(e, slot));
}

/* ---- one text alone ------------------------------------------------------- */

/*
 * Feed the next tokens of a text, as many as there is room for; `all` want
 * something, or the last one alone does. Returns how many outputs there are.
 */
static uint32_t feed(struct engine *e, struct slot *s, uint32_t max,
    enum forward_want want, bool all)
{
	uint32_t outputs = 0;

	for (e->row_n = 0; e->row_n < max && s->fed < s->prompt_n; s->fed++) {
		bool wants = all || s->fed + 1 == s->prompt_n;

		e->row[e->row_n++] = (struct forward_row){ .kv = &s->kv,
			.token = s->token[s->fed],
			.position = s->fed,
			.want = wants ? want : FORWARD_NOTHING };
		outputs += wants;
	}
	return outputs;
}

enum err engine_logits(
    struct engine *e, const uint32_t *token, size_t n, float *out)
{
	int number;
	struct slot *s = free_slot(e, &number);
	enum err err;

	if (s == NULL)
		return ERR_BUSY;
	if (n == 0 || n > e->info.context)
		return ERR_LIMIT;
	for (size_t i = 0; i < n; i++) {
		if (token[i] >= e->info.vocabulary)
			return ERR_FORMAT;
	}
	mem_copy(s->token, token, n * sizeof(*token));
	s->prompt_n = (uint32_t)n;
	err = reserve(e, s, s->prompt_n, NULL);
	while (err == ERR_OK && s->fed < s->prompt_n) {
		uint32_t rows =
		    feed(e, s, FORWARD_ROWS_MAX, FORWARD_LOGITS, true);

		forward_run(&e->forward, e->row, e->row_n, out, NULL);
		out += (size_t)rows * e->info.vocabulary;
	}
	wipe_slot(e, s);
	return err;
}

/* Add one token's state to the pooled one. */
static void pool_state(float *out, const float *state, uint32_t width)
{
	for (uint32_t i = 0; i < width; i++)
		out[i] += state[i];
}

/* Length 1; nothing but zeros, or what has no length, becomes zeros. */
static void normalise(float *x, uint32_t n)
{
	double sum = 0;

	for (uint32_t i = 0; i < n; i++)
		sum += (double)x[i] * (double)x[i];
	for (uint32_t i = 0; i < n; i++)
		x[i] = sum > 0 && isfinite(sum)
			   ? (float)((double)x[i] / sqrt(sum))
			   : 0;
}

/* Tokens of a text in one batch: few while others wait for theirs. */
static uint32_t embed_rows(const struct engine *e, const struct slot *s)
{
	size_t room = e->logits_len / e->info.width;
	uint32_t max = FORWARD_ROWS_MAX;

	for (uint32_t i = 0; i < e->info.slots; i++)
		if (e->slot[i].used && &e->slot[i] != s)
			max = EMBED_ROWS_MAX;
	return room < max ? (uint32_t)room : max;
}

enum err engine_embed_begin(struct engine *e, struct bytes text, int *slot,
    uint32_t *tokens, struct err_ctx *ctx)
{
	int number;
	struct slot *s = free_slot(e, &number);
	enum err err;

	*tokens = 0;
	*slot = -1;
	if (s == NULL)
		return all_taken(e, ctx);
	err = slot_text(e, s, text, ctx);
	if (err == ERR_OK)
		err = reserve(e, s, s->prompt_n, ctx);
	if (err != ERR_OK) {
		wipe_slot(e, s);
		return err;
	}
	s->used = true;
	s->finish = ENGINE_STOP; /* there is nothing to answer */
	*slot = number;
	*tokens = s->prompt_n;
	return ERR_OK;
}

/* States take the place of logits. */
bool engine_embed_step(struct engine *e, int slot, float *out)
{
	struct slot *s = slot_of(e, slot);
	enum pooling pooling = e->weights.shape.pooling;
	uint32_t width = e->info.width, n;
	bool all = pooling == POOLING_MEAN || pooling == POOLING_CLS;
	bool first = s->fed == 0;

	if (first)
		memset(out, 0, width * sizeof(*out));
	e->logits_used = e->logits_len;
	n = feed(e, s, embed_rows(e, s), FORWARD_HIDDEN, all);
	forward_run(&e->forward, e->row, e->row_n, NULL, e->logits);
	if (pooling == POOLING_CLS)
		n = first;
	for (uint32_t i = 0; i < n; i++)
		pool_state(out, e->logits + (size_t)i * width, width);
	if (s->fed < s->prompt_n)
		return false;
	normalise(out, width);
	wipe_slot(e, s);
	return true;
}

enum err engine_embed(struct engine *e, struct bytes text, float *out,
    uint32_t *tokens, struct err_ctx *ctx)
{
	int slot;
	enum err err = engine_embed_begin(e, text, &slot, tokens, ctx);

	while (err == ERR_OK && !engine_embed_step(e, slot, out))
		continue;
	return err;
}
