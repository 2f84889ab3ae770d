/* What the parts of the engine share: slots and the engine itself. */
#ifndef CONFER_ENGINE_SLOT_H
#define CONFER_ENGINE_SLOT_H

#include "engine/answer.h"
#include "engine/chat.h"
#include "engine/engine.h"
#include "engine/forward.h"
#include "engine/grammar.h"
#include "engine/kv.h"
#include "engine/pool.h"
#include "engine/reply.h"
#include "engine/sample.h"
#include "engine/speculate.h"
#include "engine/tok.h"
#include "engine/told.h"
#include "engine/weights.h"
#include "sys/pages.h"

#define SLOT_GUESSES_MAX  16 /* rows of guesses in one step, of all slots */
#define SLOT_GRAMMARS_MAX 16 /* slots held to a form at once; 0.3 MB each */

struct slot {
	bool used;
	bool logprobs;
	uint32_t top_logprobs;
	enum engine_finish finish;
	uint32_t prompt_n;     /* tokens of the prompt */
	uint32_t fed;          /* tokens whose keys and values are in kv */
	uint32_t completion_n; /* tokens of the answer */
	uint32_t completion_max;
	uint32_t *token; /* [context] the prompt, then the answer */
	struct kv_seq kv;
	struct sample sample;
	struct answer content, reasoning;
	struct reply reply;
	struct grammar *grammar;   /* NULL: the answer is free */
	uint32_t opening, closing; /* with it: tokens of ours, or TOK_NONE */
	struct told told;
};

/* What a slot does in one step: rows that stand next to each other. */
struct slot_run {
	struct slot *slot;
	bool decides; /* logits of its last true token and of all guesses */
	uint32_t guess_n;
	uint32_t guess[SPECULATE_MAX];
};

struct engine {
	struct engine_info info;
	struct tok tok;
	struct chat chat;
	struct weights weights;
	const struct kernels *kernels;
	struct pool *pool;
	struct forward forward;
	struct kv_pool kv;
	struct grammar_vocabulary words;
	bool speculate;
	uint32_t next;       /* slot whose turn it is to go first */
	uint32_t logits_max; /* rows of logits that there is room for */
	size_t logits_len;   /* numbers; one state of the model fits at least */
	size_t logits_used;  /* numbers written since the last wipe, at most */

	/* All below lies in `memory`. */
	struct pages memory;
	struct slot *slot;        /* [slots] */
	float *logits;            /* [logits_max][vocabulary], or states */
	float *raw;               /* [vocabulary] as the model gave them */
	struct sample_item *item; /* [SAMPLE_FEW] */
	uint8_t *seen;            /* a bit for each token; zero between uses */
	struct forward_row *row;  /* [FORWARD_ROWS_MAX] of the present step */
	uint32_t row_n;
	struct slot_run *run; /* [slots] of the present step */
	uint32_t run_n;
	struct tok_work tok_work;
	void *tok_memory;
	uint8_t *render;  /* [text_max] template text before tokenizing */
	uint8_t *grammar; /* [grammar_n][grammar_step] */
	size_t grammar_step;
	uint32_t grammar_n;
	size_t text_max;
};

/* No more tokens will come. */
void slot_finish(struct slot *s, enum engine_finish how);

/* Fill a free slot from a request (slot_prompt.c); wiped by the caller. */
enum err slot_prompt(struct engine *e, struct slot *s,
    const struct engine_request *req, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/* Can there be such a form? To be asked before anything else. */
enum err slot_form_check(const struct engine_request *req, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/* How it is to be answered (slot_form.c); the answers are ready. */
enum err slot_form(struct engine *e, struct slot *s,
    const struct engine_request *req, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/* Is the answer held to a form? */
bool slot_is_held(const struct engine_request *req);

/* The tokens of a text without a template, into s->token, prompt_n of them. */
enum err slot_text(struct engine *e, struct slot *s, struct bytes text,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

#endif
