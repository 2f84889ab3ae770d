/*
 * The compiler of schemas, from within: nodes are added, an error sticks, and
 * after one nothing is added any more. schema.c reads the keywords.
 */
#ifndef CONFER_ENGINE_SCHEMA_BUILD_H
#define CONFER_ENGINE_SCHEMA_BUILD_H

#include "base/json.h"
#include "engine/schema.h"

#define SCHEMA_PATH_LEN 120 /* of a message; the rest of a path is left out */
#define SCHEMA_KEY_CHARS                                                       \
	32 /* of a name that the model makes up: its bytes are at most JSON_KEY_LEN_MAX */

enum {
	SCHEMA_TYPE_OBJECT = 1,
	SCHEMA_TYPE_ARRAY = 2,
	SCHEMA_TYPE_STRING = 4,
	SCHEMA_TYPE_NUMBER = 8,
	SCHEMA_TYPE_INTEGER = 16,
	SCHEMA_TYPE_BOOLEAN = 32,
	SCHEMA_TYPE_NULL = 64
};

struct definition {
	struct json schema;
	struct bytes ref; /* as the $ref is written */
	uint16_t node;
};

struct schema_build {
	struct schema *s;
	struct json root; /* in which $ref looks */
	enum err err;
	struct err_ctx *ctx;
	struct definition definition[SCHEMA_REFS_MAX];
	size_t definition_n;
	char path[SCHEMA_PATH_LEN];
	size_t path_n;
};

/* A node with a list, and its last entry. */
struct schema_list {
	uint16_t node, last;
};

/* Go down in the path; what is returned goes to schema_leave. */
size_t schema_enter(struct schema_build *c, struct bytes name);
size_t schema_enter_word(struct schema_build *c, const char *name);
void schema_leave(struct schema_build *c, size_t before);

/* The first failure counts. */
void schema_fail(struct schema_build *c, enum err e, const char *why);

/* A new node; 0 after an error. */
uint16_t schema_add(struct schema_build *c, enum schema_kind kind);
void schema_add_text(struct schema_build *c, uint16_t node, struct bytes text);
struct schema_list schema_list_begin(
    struct schema_build *c, enum schema_kind kind);
uint16_t schema_list_add(
    struct schema_build *c, struct schema_list *l, uint16_t child);

/* A constant, or `many` in an array, of those that have one of the types. */
uint16_t schema_set(
    struct schema_build *c, const struct json *v, bool many, uint32_t types);
uint16_t schema_literals(struct schema_build *c, const char *array);

/* Any schema (schema.c). */
uint16_t schema_read(struct schema_build *c, const struct json *v);

#endif
