/*
 * Steps. Each takes every slot forward that can move: a running answer by its
 * last token and perhaps some guesses at the next ones, a prompt by a share of
 * what the batch has left. While anybody waits for tokens a batch takes few
 * rows of prompts, so that a long prompt does not hold them up.
 */
#include "base/assert.h"
#include "engine/slot.h"

#define PROMPT_ROWS_MAX 64 /* of a step in which answers run */

_Static_assert(ENGINE_SLOTS_MAX + SLOT_GUESSES_MAX + PROMPT_ROWS_MAX <=
		   FORWARD_ROWS_MAX,
    "a batch has room for all");
_Static_assert(ENGINE_SLOTS_MAX <= PROMPT_ROWS_MAX, "every prompt moves");

bool slot_can_move(const struct slot *s)
{
	return s->used && s->finish == ENGINE_RUNNING &&
	       answer_has_room(&s->content) &&
	       (!s->logprobs || told_has_room(&s->told));
}

/* Tokens of the prompt that have not been fed; 0: the answer is running. */
static uint32_t prompt_left(const struct slot *s)
{
	return s->fed < s->prompt_n ? s->prompt_n - s->fed : 0;
}

static void add_row(
    struct engine *e, const struct slot *s, uint32_t token, uint32_t at)
{
	assert(e->row_n < e->forward.rows_max);
	e->row[e->row_n++] = (struct forward_row){
		.kv = &s->kv, .token = token, .position = at
	};
}

/* Put n tokens of a slot into the batch. */
static struct slot_run *add_run(struct engine *e, struct slot *s, uint32_t n)
{
	struct slot_run *r = &e->run[e->run_n++];

	*r = (struct slot_run){ .slot = s };
	for (uint32_t i = 0; i < n; i++, s->fed++)
		add_row(e, s, s->token[s->fed], s->fed);
	r->decides = s->fed == s->prompt_n + s->completion_n;
	if (r->decides)
		e->row[e->row_n - 1].want = FORWARD_LOGITS;
	return r;
}

/* Add guesses to a run; the last token of an answer needs none after it. */
static void add_guesses(struct engine *e, struct slot_run *r, uint32_t max)
{
	const struct slot *s = r->slot;
	uint32_t more = s->completion_max - s->completion_n - 1;

	if (max > more)
		max = more;
	if (max > SPECULATE_MAX)
		max = SPECULATE_MAX;
	r->guess_n = speculate(r->guess, max, s->token, s->fed);
	for (uint32_t i = 0; i < r->guess_n; i++) {
		add_row(e, s, r->guess[i], s->fed + i);
		e->row[e->row_n - 1].want = FORWARD_LOGITS;
	}
}

/* All answers that run. Returns how many prompts wait. */
static uint32_t add_answers(struct engine *e)
{
	uint32_t guesses = e->speculate ? e->logits_max - e->info.slots : 0;
	uint32_t prompts = 0;

	for (uint32_t i = 0; i < e->info.slots; i++) {
		struct slot *s = &e->slot[(e->next + i) % e->info.slots];
		struct slot_run *r;

		if (!slot_can_move(s))
			continue;
		if (prompt_left(s) != 0) {
			prompts++;
			continue;
		}
		r = add_run(e, s, 1);
		add_guesses(e, r, guesses);
		guesses -= r->guess_n;
	}
	return prompts;
}

/* Even shares for the prompts; what one leaves is for those after it. */
static void add_prompts(struct engine *e, uint32_t prompts)
{
	uint32_t left =
	    e->row_n > 0 ? PROMPT_ROWS_MAX : e->forward.rows_max;

	for (uint32_t i = 0; i < e->info.slots && prompts > 0; i++) {
		struct slot *s = &e->slot[(e->next + i) % e->info.slots];
		uint32_t want = prompt_left(s);
		uint32_t share = left / prompts;

		if (!slot_can_move(s) || want == 0)
			continue;
		if (want > share)
			want = share;
		(void)add_run(e, s, want);
		left -= want;
		prompts--;
	}
}

/* ---- answers -------------------------------------------------------------- */

/* Where the logits say nothing, neither does what is told of them. */
static void keep_raw(struct engine *e, const float *logits)
{
	for (uint32_t i = 0; i < e->info.vocabulary; i++)
		e->raw[i] = logits[i] > -1e30f ? logits[i] : -1e30f;
}

/* The next token of an answer. */
static uint32_t choose(struct engine *e, struct slot *s, float *logits)
{
	const struct sample_text text = { .token = s->token,
		.n = s->prompt_n + s->completion_n,
		.prompt_n = s->prompt_n };
	uint32_t id;

	if (s->logprobs)
		keep_raw(e, logits);
	sample_adjust(&s->sample, logits, &text, e->seen);
	id = sample_pick(
	    &s->sample, e->kernels, logits, e->info.vocabulary, e->item);
	if (s->logprobs && !tok_is_end(&e->tok, id))
		told_add(&s->told, &e->tok, e->kernels, e->raw, id,
		    s->top_logprobs);
	return id;
}

static void finish(struct slot *s, enum engine_finish how)
{
	answer_finish(&s->content);
	s->finish = how;
}

/* One more token of an answer has been chosen. */
static void advance(struct engine *e, struct slot *s, uint32_t id)
{
	if (tok_is_end(&e->tok, id)) {
		finish(s, ENGINE_STOP);
		return;
	}
	s->token[s->prompt_n + s->completion_n] = id;
	s->completion_n++;
	if (answer_push(&s->content, tok_text(&e->tok, id)))
		s->finish = ENGINE_STOP;
	else if (s->completion_n >= s->completion_max)
		finish(s, ENGINE_LENGTH);
}

/*
 * Choose as if each token had been fed alone: a guess that was chosen is a step
 * saved, and all behind a wrong one is thrown away. (Its keys and values are
 * overwritten before anything sees them.)
 */
static void decide(struct engine *e, const struct slot_run *r, float *logits)
{
	struct slot *s = r->slot;

	for (uint32_t i = 0;; i++, logits += e->info.vocabulary) {
		uint32_t id = choose(e, s, logits);

		advance(e, s, id);
		if (i == r->guess_n || id != r->guess[i] || !slot_can_move(s))
			return;
		s->fed++;
	}
}

uint32_t engine_step(struct engine *e)
{
	float *logits = e->logits;
	size_t wanted = 0;

	e->row_n = e->run_n = 0;
	add_prompts(e, add_answers(e));
	e->next = (e->next + 1) % e->info.slots;
	if (e->row_n == 0)
		return 0;
	for (uint32_t i = 0; i < e->run_n; i++)
		wanted += e->run[i].decides ? 1 + e->run[i].guess_n : 0;
	assert(wanted <= e->logits_max);
	wanted *= e->info.vocabulary;
	if (wanted > e->logits_used)
		e->logits_used = wanted;
	forward_run(&e->forward, e->row, e->row_n, e->logits, NULL);
	for (uint32_t i = 0; i < e->run_n; i++) {
		const struct slot_run *r = &e->run[i];

		if (!r->decides)
			continue;
		decide(e, r, logits);
		logits += (size_t)(1 + r->guess_n) * e->info.vocabulary;
	}
	return e->run_n;
}
