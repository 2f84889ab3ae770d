/*
 * Constrained decoding: which tokens may come next so that a text becomes JSON
 * that fits a schema. A schema is compiled into a small graph of nodes; a
 * machine with a bounded stack walks it byte by byte. A token is allowed when
 * all its bytes are; the end is allowed when the text is whole.
 *
 * Understood of JSON Schema: type (also several), properties, required,
 * additionalProperties, items, prefixItems, minItems, maxItems, enum, const,
 * anyOf, oneOf (as anyOf), $ref to #/$defs and #/definitions, minLength,
 * maxLength, minimum and the like of integers where a bound is a sign; title,
 * description, default, examples and $schema say nothing. Anything else is
 * refused by its name: a schema is never enforced in part.
 */
#ifndef CONFER_ENGINE_GRAMMAR_H
#define CONFER_ENGINE_GRAMMAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "engine/tok.h"

#define GRAMMAR_NODES_MAX 4096  /* of one schema */
#define GRAMMAR_TEXT_MAX  65536 /* bytes of names and literals in it */
#define GRAMMAR_DEPTH_MAX 64    /* nesting of the text */

struct grammar; /* one slot's, of grammar_len() bytes */

/* Bytes of memory for one grammar and its machine; aligned to 8. */
size_t grammar_len(void);

/* Literal text before and after the JSON, for calls of tools. */
struct grammar_frame {
	struct bytes before, after;
};

/*
 * Start a grammar in `memory`: any JSON object (`schema` empty), or JSON that
 * fits the schema (JSON text). ERR_FORMAT, ERR_LIMIT, ERR_UNSUPPORTED; ctx
 * names the path in the schema ("#/properties/a/pattern").
 */
enum err grammar_init(struct grammar *g, struct bytes schema,
    const struct grammar_frame *frame, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/*
 * Set the logits of all tokens that may not come now to -INFINITY. At least
 * one token stays possible: ends of turn when the text is whole.
 */
void grammar_mask(const struct grammar *g, const struct tok *t, float *logits);

/* A token was chosen. False: it was not allowed (a defect of the caller). */
bool grammar_accept(struct grammar *g, const struct tok *t, uint32_t token);

/* Is the text whole, so that only an end may come? */
bool grammar_done(const struct grammar *g);

void grammar_wipe(struct grammar *g);

#endif
