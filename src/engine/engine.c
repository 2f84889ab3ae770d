/*
 * Serving: requests come into slots, each step runs one batch that takes every
 * slot forward, answers are polled, slots are wiped.
 */
#include "engine/engine.h"

#include "base/assert.h"
#include "engine/slot.h"

static struct slot *slot_of(struct engine *e, int slot)
{
	assert(slot >= 0 && (uint32_t)slot < e->info.slots);
	assert(e->slot[slot].used);
	return &e->slot[slot];
}

void slot_wipe_shared(struct engine *e)
{
	mem_wipe(e->work, e->work_n * sizeof(*e->work));
	mem_wipe(e->logits,
	    (size_t)e->info.slots * e->info.vocabulary * sizeof(*e->logits));
	mem_wipe(e->item, e->info.vocabulary * sizeof(*e->item));
	mem_wipe(e->row, MODEL_BATCH_MAX * sizeof(*e->row));
	pool_wipe_stacks(e->pool);
}

/* Forget everything a slot holds; its memory stays where it is. */
static void wipe_slot(struct engine *e, struct slot *s)
{
	uint32_t *token = s->token;
	float *kv = s->kv;

	model_kv_wipe(&e->run, kv, s->fed);
	mem_wipe(token, e->info.context * sizeof(*token));
	mem_wipe(s, sizeof(*s));
	s->token = token;
	s->kv = kv;
	slot_wipe_shared(e);
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

enum err engine_submit(struct engine *e, const struct engine_request *req,
    int *slot, struct err_ctx *ctx)
{
	int number = -1;
	struct slot *s = free_slot(e, &number);
	enum err err;

	*slot = -1;
	if (s == NULL)
		return err_set(
		    ctx, ERR_BUSY, "all %u slots are taken", e->info.slots);
	err = slot_prompt(e, s, req, ctx);
	if (err != ERR_OK) {
		wipe_slot(e, s);
		return err;
	}
	s->used = true;
	*slot = number;
	return ERR_OK;
}

static bool can_move(const struct slot *s)
{
	return s->used && s->finish == ENGINE_RUNNING &&
	       answer_has_room(&s->answer);
}

/* Tokens of the prompt that have not been fed; 0: the answer is running. */
static uint32_t prompt_left(const struct slot *s)
{
	return s->fed < s->prompt_n ? s->prompt_n - s->fed : 0;
}

/* Put n tokens of a slot into the batch. */
static void add_rows(
    struct engine *e, struct slot *s, uint32_t n, uint32_t *rows)
{
	for (uint32_t i = 0; i < n; i++, s->fed++) {
		uint32_t last = s->prompt_n + s->completion_n - 1;

		e->row_slot[*rows] = s;
		e->row[*rows] = (struct model_row){ .kv = s->kv,
			.token = s->token[s->fed],
			.position = s->fed,
			.wants_logits = s->fed == last };
		(*rows)++;
	}
}

/*
 * Every running answer gets a row; what is left of the batch is shared evenly
 * among the prompts. There are never more slots than rows, so all get some.
 */
static uint32_t fill_batch(struct engine *e, uint32_t *moved)
{
	uint32_t rows = 0, prompts = 0;

	*moved = 0;
	for (uint32_t i = 0; i < e->info.slots; i++) {
		struct slot *s = &e->slot[i];

		if (!can_move(s))
			continue;
		(*moved)++;
		if (prompt_left(s) != 0)
			prompts++;
		else
			add_rows(e, s, 1, &rows);
	}
	for (uint32_t i = 0; i < e->info.slots && prompts > 0; i++) {
		uint32_t at = (e->next + i) % e->info.slots;
		struct slot *s = &e->slot[at];
		uint32_t share = (MODEL_BATCH_MAX - rows) / prompts;
		uint32_t left = prompt_left(s);

		if (!can_move(s) || left == 0)
			continue;
		add_rows(e, s, left < share ? left : share, &rows);
		prompts--;
	}
	e->next = (e->next + 1) % e->info.slots;
	return rows;
}

/* One more token of an answer has been chosen. */
static void advance(struct engine *e, struct slot *s, uint32_t id)
{
	if (tok_is_end(&e->tok, id)) {
		s->finish = ENGINE_STOP;
		answer_finish(&s->answer);
		return;
	}
	s->token[s->prompt_n + s->completion_n] = id;
	s->completion_n++;
	if (answer_push(&s->answer, tok_text(&e->tok, id))) {
		s->finish = ENGINE_STOP;
	} else if (s->completion_n >= s->completion_max) {
		s->finish = ENGINE_LENGTH;
		answer_finish(&s->answer);
	}
}

uint32_t engine_step(struct engine *e)
{
	uint32_t moved;
	uint32_t rows = fill_batch(e, &moved);
	const float *logits = e->logits;

	if (rows == 0)
		return 0;
	model_forward(&e->run, e->row, rows, e->logits);
	for (uint32_t r = 0; r < rows; r++) {
		struct slot *s = e->row_slot[r];

		if (!e->row[r].wants_logits)
			continue;
		advance(e, s,
		    sample_pick(
			&s->sample, logits, e->info.vocabulary, e->item));
		logits += e->info.vocabulary;
	}
	return moved;
}

void engine_poll(struct engine *e, int slot, struct engine_output *out)
{
	struct slot *s = slot_of(e, slot);

	*out = (struct engine_output){
		.text = answer_take(&s->answer),
		.prompt_tokens = s->prompt_n,
		.prompt_done = s->fed < s->prompt_n ? s->fed : s->prompt_n,
		.completion_tokens = s->completion_n,
		.finish = s->finish,
	};
}

void engine_cancel(struct engine *e, int slot)
{
	struct slot *s = slot_of(e, slot);

	if (s->finish == ENGINE_RUNNING) {
		s->finish = ENGINE_CANCELLED;
		answer_finish(&s->answer);
	}
}

void engine_release(struct engine *e, int slot)
{
	wipe_slot(e, slot_of(e, slot));
}

enum err engine_logits(
    struct engine *e, const uint32_t *token, size_t n, float *out)
{
	int number;
	struct slot *s = free_slot(e, &number);

	if (s == NULL)
		return ERR_BUSY;
	if (n == 0 || n > e->info.context)
		return ERR_LIMIT;
	for (size_t i = 0; i < n; i++) {
		if (token[i] >= e->info.vocabulary)
			return ERR_FORMAT;
	}
	while (s->fed < n) {
		uint32_t rows = 0;

		for (; rows < MODEL_BATCH_MAX && s->fed < n; rows++, s->fed++)
			e->row[rows] = (struct model_row){ .kv = s->kv,
				.token = token[s->fed],
				.position = s->fed,
				.wants_logits = true };
		model_forward(&e->run, e->row, rows, out);
		out += (size_t)rows * e->info.vocabulary;
	}
	wipe_slot(e, s);
	return ERR_OK;
}
