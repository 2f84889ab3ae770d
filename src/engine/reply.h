/*
 * What a model says, taken apart: reasoning before the answer, the answer, and
 * calls of tools, each in the form of the model's chat family (chat.h). Tokens
 * come in as they are chosen; text goes out into two answers (answer.h), one
 * for content and one for reasoning, as soon as it cannot become a marker any
 * more. Calls are gathered and read as JSON; what looks like a call and is none
 * becomes content, nothing is lost. Line breaks around reasoning and before
 * calls belong to the form and go.
 *
 *	reply_init
 *	while (running)
 *		if (reply_ready(r))
 *			reply_push(r, token)
 *		answer_take(...)
 *	reply_finish
 *	until (reply_ready(r))
 *		answer_take(...)
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
	struct chat_form form;
	const struct tok *tok; /* borrowed, as all here */
	struct answer *content, *reasoning;
	bool tools;    /* may there be calls? */
	bool stopped;  /* a stop string came in the content */
	bool fresh;    /* line breaks go: reasoning has just begun or ended */
	bool called;   /* nothing was said since the last call */
	bool finished; /* reply_finish() was called */
	uint8_t state;
	uint32_t held_n;
	uint8_t held[ANSWER_HELD_MAX]; /* may become a marker, the longest one
					  and line breaks before it */
	uint32_t call_n;
	struct engine_call call[ENGINE_CALLS_MAX]; /* into text; ids empty */
	uint32_t text_n;  /* bytes of calls that are complete */
	uint32_t got;     /* behind them, of one that is not */
	uint32_t spilled; /* of these, how many became content */
	uint8_t text[REPLY_CALLS_LEN_MAX];
};

/* Start; tools: there may be calls. All is borrowed until it is wiped. */
void reply_init(struct reply *r, const struct chat *chat, const struct tok *tok,
    struct answer *content, struct answer *reasoning, bool tools);

/*
 * Move on what waits for room. True: there is room for one token, or, after
 * reply_finish(), everything has come out.
 */
bool reply_ready(struct reply *r);

/*
 * One token that is no end, when reply_ready(). True: a stop string came in the
 * content.
 */
bool reply_push(struct reply *r, uint32_t token);

/*
 * No more tokens: what was held back goes out, and calls are complete. A call
 * that is none may wait for room: see reply_ready().
 */
void reply_finish(struct reply *r);

#endif
