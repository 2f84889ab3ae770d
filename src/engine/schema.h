/*
 * JSON schemas, compiled: a graph of nodes that the machine of grammar.h walks.
 *
 * Understood of JSON Schema: type (also several), properties, required,
 * additionalProperties, items, prefixItems, minItems, maxItems, minLength,
 * maxLength, minimum, maximum, exclusiveMinimum, exclusiveMaximum, enum, const,
 * anyOf, oneOf (as anyOf), allOf of one schema, $ref to "#" and to names in
 * #/$defs and #/definitions. Title, description, default, examples, $schema,
 * $comment, deprecated, readOnly and writeOnly say nothing. Anything else is
 * refused by its name: a schema is never enforced in part.
 *
 * A schema describes more than is written: properties come in the schema's
 * order, and none that it does not list, unless it lists none; keywords of one
 * type imply the type; fractions of bounded numbers have six digits.
 */
#ifndef CONFER_ENGINE_SCHEMA_H
#define CONFER_ENGINE_SCHEMA_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "engine/grammar.h"

#define SCHEMA_NODES_MAX 4096
#define SCHEMA_TEXT_MAX  65536 /* bytes of names and constants */
#define SCHEMA_REFS_MAX  256   /* definitions in use */
#define SCHEMA_CHAIN_MAX 32    /* alternatives directly inside another */
#define SCHEMA_WAYS_MAX  1024  /* to begin a value: each byte tries them all */
#define SCHEMA_NEVER     UINT16_MAX

#define SCHEMA_NUMBER_SCALE  1000000 /* units in 1 of a bounded number */
#define SCHEMA_NUMBER_LIMIT  1000000000000000    /* units: nine digits of it */
#define SCHEMA_INTEGER_LIMIT 1000000000000000000 /* 18 digits */

enum schema_kind {
	SCHEMA_START = 0, /* node 0: around everything */
	SCHEMA_PART,      /* text, child, then the text of `hi` bytes at `lo` */
	SCHEMA_ANY_OF,    /* one of the entries */
	SCHEMA_REF,       /* child */
	SCHEMA_SET,       /* one of `n` texts that follow `child`, sorted */
	SCHEMA_STRING,    /* of lo to hi characters */
	SCHEMA_NUMBER,    /* any */
	SCHEMA_INTEGER,   /* of lo to hi */
	SCHEMA_BOUNDED,   /* number of lo to hi units */
	SCHEMA_OBJECT,    /* the entries are its properties */
	SCHEMA_MAP,       /* object of any names; child */
	SCHEMA_ARRAY,     /* lo to hi items: the entries, then `rest` */
	SCHEMA_ENTRY,     /* of a list: text (a quoted name), child, next */
};

struct schema_node {
	uint8_t kind;
	bool required;    /* ENTRY of an object */
	uint16_t height;  /* brackets that the shortest text opens at once, or
			    SCHEMA_NEVER */
	uint16_t child;   /* or the first entry */
	uint16_t next;    /* entry; 0: the last */
	uint16_t rest;    /* ARRAY: of further items; 0: none */
	uint16_t n;       /* SET */
	uint32_t at, len; /* its text */
	int64_t lo, hi;
};

struct schema {
	uint32_t node_n, text_n;
	uint16_t root;
	struct schema_node node[SCHEMA_NODES_MAX];
	uint8_t text[SCHEMA_TEXT_MAX];
};

/* Nodes that every schema has. */
enum { SCHEMA_ANY = 1, SCHEMA_KEY = 2 };

/* See grammar_init. */
enum err schema_compile(struct schema *s, const struct grammar_part *part,
    size_t n, struct err_ctx *ctx) __attribute__((warn_unused_result));

static inline const uint8_t *schema_text(
    const struct schema *s, const struct schema_node *n)
{
	return s->text + n->at;
}

#endif
