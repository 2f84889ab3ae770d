/*
 * Steps. Each takes every slot forward that can move: a running answer by its
 * last token and perhaps some guesses at the next ones, a prompt by a share of
 * what the batch has left. While anybody waits for tokens a batch takes few
 * rows of prompts, so that a long prompt does not hold them up.
 */
#include "base/assert.h"
#include "engine/slot.h"

#define PROMPT_ROWS_MAX 64 /* of a step in which answers run */

_Static_assert(
    ENGINE_SLOTS_MAX + SLOT_GUESSES_MAX + PROMPT_ROWS_MAX <= FORWARD_ROWS_MAX,
    "a batch has room for all");
_Static_assert(ENGINE_SLOTS_MAX <= PROMPT_ROWS_MAX, "every prompt moves");

/* Can its answer or its prompt go on? Moves on what waits for a reader. */
static bool can_move(struct slot *s)
{
	return s->used && s->finish == ENGINE_RUNNING &&
	       reply_ready(&s->reply) &&
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

		if (!can_move(s))
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
	uint32_t left = e->row_n > 0 ? PROMPT_ROWS_MAX : e->forward.rows_max;

	for (uint32_t i = 0; i < e->info.slots && prompts > 0; i++) {
		struct slot *s = &e->slot[(e->next + i) % e->info.slots];
		uint32_t want = prompt_left(s);
		uint32_t share = left / prompts;

		if (!can_move(s) || want == 0)
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

/* A token that comes whatever the logits say, or TOK_NONE. */
static uint32_t ours(struct slot *s)
{
	uint32_t id = TOK_NONE;

	if (s->grammar == NULL)
		return id;
	if (s->opening != TOK_NONE) {
		id = s->opening;
		s->opening = TOK_NONE;
	} else if (grammar_done(s->grammar)) {
		id = s->closing;
		s->closing = TOK_NONE;
	}
	return id;
}

/* By the logits; TOK_NONE: the grammar knows no token that could follow. */
static uint32_t sampled(struct engine *e, struct slot *s, float *logits)
{
	uint32_t id;
	bool fits;

	if (s->grammar != NULL &&
	    grammar_mask(s->grammar, &e->words, logits) == 0)
		return TOK_NONE;
	id = sample_pick(
	    &s->sample, e->kernels, logits, e->info.vocabulary, e->item);
	if (s->grammar != NULL && !tok_is_end(&e->tok, id)) {
		fits = grammar_accept(s->grammar, &e->tok, id);
		assert(fits);
	}
	return id;
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
	id = ours(s);
	if (id == TOK_NONE)
		id = sampled(e, s, logits);
	if (s->logprobs && id != TOK_NONE && !tok_is_end(&e->tok, id))
		told_add(
		    &s->told, &e->tok, e->kernels, e->raw, id, s->top_logprobs);
	return id;
}

void slot_finish(struct slot *s, enum engine_finish how)
{
	bool calls;

	reply_finish(&s->reply);
	calls = how == ENGINE_STOP && s->reply.call_n > 0;
	s->finish = calls ? ENGINE_CALLS : how;
}

/* Is there nothing left to say in the form that the answer is held to? */
static bool form_is_full(const struct slot *s)
{
	return s->grammar != NULL && s->opening == TOK_NONE &&
	       s->closing == TOK_NONE && grammar_done(s->grammar);
}

/* One more token of an answer has been chosen. */
static void advance(struct engine *e, struct slot *s, uint32_t id)
{
	if (id == TOK_NONE || tok_is_end(&e->tok, id)) {
		slot_finish(s, id == TOK_NONE ? ENGINE_LENGTH : ENGINE_STOP);
		return;
	}
	s->token[s->prompt_n + s->completion_n] = id;
	s->completion_n++;
	if (reply_push(&s->reply, id) || form_is_full(s))
		slot_finish(s, ENGINE_STOP);
	else if (s->completion_n >= s->completion_max)
		slot_finish(s, ENGINE_LENGTH);
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
		if (i == r->guess_n || id != r->guess[i] || !can_move(s))
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
