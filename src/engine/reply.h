/*
 * What a model says, taken apart: reasoning before the answer, the answer, and
 * calls of tools, each in the form of the model's chat family (chat.h). Tokens
 * come in as they are chosen; text goes out into two answers (answer.h), one
 * for content and one for reasoning. Calls are gathered and read as JSON; what
 * looks like a call and is none becomes content, nothing is lost.
 */
#ifndef CONFER_ENGINE_REPLY_H
#define CONFER_ENGINE_REPLY_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/answer.h"
#include "engine/chat.h"
#include "engine/engine.h"
#include "engine/tok.h"

#define REPLY_CALLS_LEN_MAX 16384 /* bytes of calls in one answer */

struct reply {
	const struct chat *chat; /* borrowed, as all here */
	const struct tok *tok;
	struct answer *content, *reasoning;
	bool tools; /* may there be calls? */
	uint8_t state;
	uint32_t call_n;
	struct engine_call call[ENGINE_CALLS_MAX]; /* into text */
	uint32_t text_n;
	uint8_t text[REPLY_CALLS_LEN_MAX];
};

/*
 * Start. `thinking`: the prompt ended inside the model's reasoning. All is
 * borrowed until the reply is wiped.
 */
void reply_init(struct reply *r, const struct chat *chat, const struct tok *tok,
    struct answer *content, struct answer *reasoning, bool tools,
    bool thinking);

/* One token that is no end. True: a stop string came in the content. */
bool reply_push(struct reply *r, uint32_t token);

/* No more tokens. What was held back goes out; calls are complete. */
void reply_finish(struct reply *r);

#endif
