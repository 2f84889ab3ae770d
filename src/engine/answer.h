/*
 * The text of an answer on its way out: tokens' bytes come in, whole UTF-8
 * characters go out. Bytes that cannot be UTF-8 become U+FFFD; an unfinished
 * character, and text that may yet turn out to be a stop string, are held back.
 */
#ifndef CONFER_ENGINE_ANSWER_H
#define CONFER_ENGINE_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "engine/engine.h"
#include "engine/tok.h"

#define ANSWER_HELD_MAX 32 /* bytes that a reply lets go before a token */

/* What one token can add: each byte may become the three of U+FFFD. */
#define ANSWER_ROOM                                                            \
	(3 * (TOK_TEXT_LEN_MAX + 4) + ENGINE_STOP_LEN_MAX + ANSWER_HELD_MAX)

struct answer {
	size_t len;   /* text here, checked */
	size_t ready; /* of it, what may go out */
	size_t taken; /* of that, what was handed out and is still borrowed */
	uint32_t tail_n;
	uint32_t stop_n;
	bool strip;      /* drop one blank at the very start */
	uint8_t tail[4]; /* an unfinished character */
	uint8_t stop_len[ENGINE_STOPS_MAX];
	uint8_t stop[ENGINE_STOPS_MAX][ENGINE_STOP_LEN_MAX];
	uint8_t text[ENGINE_OUTPUT_MAX];
};

_Static_assert(ANSWER_ROOM < ENGINE_OUTPUT_MAX / 2, "a token always fits");
_Static_assert(ENGINE_STOP_LEN_MAX <= UINT8_MAX, "lengths are bytes");

/*
 * Start. Stop strings are copied. ERR_LIMIT: too many or too long; ERR_FORMAT:
 * an empty one, or one that is not UTF-8.
 */
enum err answer_init(struct answer *a, const struct bytes *stop, size_t n,
    bool strip) __attribute__((warn_unused_result));

/* Is there room for one more token? */
bool answer_has_room(const struct answer *a);

/* Add a token's bytes. True: a stop string came, and nothing will follow. */
bool answer_push(struct answer *a, struct bytes token);

/* The end without a stop string: what was held back becomes ready. */
void answer_finish(struct answer *a);

/* What is new; borrowed until the next call. Earlier text is wiped. */
struct bytes answer_take(struct answer *a);

#endif
