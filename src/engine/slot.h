/* What the parts of the engine share: slots and the engine itself. */
#ifndef CONFER_ENGINE_SLOT_H
#define CONFER_ENGINE_SLOT_H

#include "engine/answer.h"
#include "engine/chat.h"
#include "engine/engine.h"
#include "engine/gguf.h"
#include "engine/model.h"
#include "engine/pool.h"
#include "engine/sample.h"
#include "engine/tok.h"
#include "sys/pages.h"

struct slot {
	bool used;
	enum engine_finish finish;
	uint32_t prompt_n;     /* tokens of the prompt */
	uint32_t fed;          /* tokens whose keys and values are in kv */
	uint32_t completion_n; /* tokens of the answer */
	uint32_t completion_max;
	uint32_t *token; /* [context] the prompt, then the answer */
	float *kv;
	struct sample sample;
	struct answer answer;
};

struct engine {
	struct engine_info info;
	struct pages file;  /* empty when the image is the caller's */
	struct bytes image; /* the file, whoever owns it */
	struct gguf gguf;
	struct model model;
	struct tok tok;
	struct chat chat;
	struct pool *pool;
	struct model_run run;
	uint32_t next; /* slot whose turn it is to go first */

	/* All below lies in `memory`. */
	struct pages memory;
	struct slot *slot; /* [slots] */
	float *rope_table;
	float *work;
	size_t work_n;            /* floats */
	float *logits;            /* [slots][vocabulary] */
	struct sample_item *item; /* [vocabulary] */
	struct model_row *row;    /* [MODEL_BATCH_MAX] of the present step */
	struct slot **row_slot;   /* [MODEL_BATCH_MAX] */
	struct tok_work tok_work;
	void *tok_memory;
	uint8_t *render; /* [text_max] template text before tokenizing */
	size_t text_max;
};

/* Wipe all that one slot left in the memory that slots share. */
void slot_wipe_shared(struct engine *e);

/* Fill a free slot's tokens from a request (slot_prompt.c). */
enum err slot_prompt(struct engine *e, struct slot *s,
    const struct engine_request *req, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

#endif
