/*
 * Constrained decoding: which tokens may come next so that a text becomes JSON
 * that fits a schema. A schema is compiled into a small graph of nodes
 * (schema.h); a machine with a bounded stack walks it byte by byte. A token is
 * allowed when all its bytes are; the end is allowed when the text is whole.
 *
 * The machine writes less than JSON allows, so that no model can loop in what
 * says nothing: white space is one blank, or one line feed and up to
 * GRAMMAR_INDENT_MAX blanks or tabs, and only inside brackets, after ',' and
 * ':'; the digits of numbers are counted; names and constants have one
 * spelling. What may follow never leads into a dead end.
 */
#ifndef CONFER_ENGINE_GRAMMAR_H
#define CONFER_ENGINE_GRAMMAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "engine/tok.h"

#define GRAMMAR_DEPTH_MAX                                                      \
	(JSON_DEPTH_MAX - 4) /* nesting: JSON of ours, and what is put around */
#define GRAMMAR_INDENT_MAX 20 /* five levels of four */
#define GRAMMAR_TOKEN_MAX  64 /* bytes; longer tokens never come */
#define GRAMMAR_WAYS_MAX                                                       \
	16                   /* readings of one text kept at a time; of a
				  schema with more alternatives that begin
				  alike, the first ones stay */
#define GRAMMAR_PARTS_MAX 64 /* of one text: one for each tool */

/* ---- the vocabulary in the order of its bytes, once for each model ---- */

struct grammar_list {
	uint32_t *token; /* [n] in the order of their bytes */
	uint8_t *shared; /* [n] bytes that one shares with the one before */
	uint32_t n;
};

struct grammar_vocabulary {
	const struct tok *tok; /* borrowed */
	struct grammar_list
	    plain; /* whole characters that mean nothing inside a JSON string */
	struct grammar_list other;
	uint8_t *chars;     /* [plain.n] how many */
	uint8_t chars_most; /* of any */
	uint32_t words;     /* of the two sets below, one bit for each token */
	uint32_t *plain_set;
	uint32_t *allowed; /* work memory; zero between calls */
};

/* ERR_NOMEM. Accepted by grammar_vocabulary_clear in any case. */
enum err grammar_vocabulary_init(struct grammar_vocabulary *v,
    const struct tok *t) __attribute__((warn_unused_result));
void grammar_vocabulary_clear(struct grammar_vocabulary *v);

/* ---- the grammar and the machine of one answer ---- */

struct grammar; /* grammar_len() bytes, aligned to 8 */

size_t grammar_len(void);

/*
 * One form that the text may have: JSON that fits the schema (JSON text; empty:
 * any JSON object) between two literal texts, which may be empty.
 */
struct grammar_part {
	struct bytes before, schema, after;
};

/*
 * Start in the memory of grammar_len() bytes at g: the text has the form of one
 * of 1 to GRAMMAR_PARTS_MAX parts, none of which starts with another's whole
 * `before`. ERR_FORMAT (no JSON, no schema, a schema that nothing fits),
 * ERR_LIMIT, ERR_UNSUPPORTED (a keyword that is not understood); ctx names the
 * path in the schema ("#/properties/a/pattern"). Borrows nothing.
 */
enum err grammar_init(struct grammar *g, const struct grammar_part *part,
    size_t n, struct err_ctx *ctx) __attribute__((warn_unused_result));

/*
 * Set the logits of all tokens that may not come now to -INFINITY, and those of
 * the others to a number where they are none; the ends of a turn may come when
 * the text is whole. Returns how many tokens may come: 0
 * only for a vocabulary that cannot spell what must come.
 */
uint32_t grammar_mask(
    struct grammar *g, struct grammar_vocabulary *v, float *logits);

/* A token was chosen. False: it was not allowed, and nothing changed. */
bool grammar_accept(struct grammar *g, const struct tok *t, uint32_t token);

/* Is the text whole? More may still come: digits of a number. */
bool grammar_whole(const struct grammar *g);

/* Is the text whole, so that only an end may come? */
bool grammar_done(const struct grammar *g);

void grammar_wipe(struct grammar *g);

#endif
