/*
 * Strict JSON (RFC 8259) over exact bytes, without allocation. json_parse()
 * checks a whole document once: UTF-8, escapes, numbers, nesting, duplicate
 * keys. What it returns is a slice of the text; the functions below look inside
 * slices that passed, so they cannot fail for reasons of syntax.
 *
 * A slice is read again at every look, which is fine for documents of some
 * kilobytes and keeps the reader free of state and tables.
 */
#ifndef CONFER_BASE_JSON_H
#define CONFER_BASE_JSON_H

#include "base/err.h"
#include "base/mem.h"
#include "base/wr.h"

#define JSON_DEPTH_MAX   32 /* nesting; OpenAI's tool schemas stay under 20 */
#define JSON_MEMBERS_MAX 65536 /* members of one object or items of one array */
#define JSON_KEYS_MAX                                                          \
	256                     /* members of one object: duplicates are sought
				  pairwise, so this bounds the work */
#define JSON_ALIKE_MAX     1024 /* keys whose hashes collide: honest ones do not */
#define JSON_KEYS_OPEN_MAX 1024 /* members of all objects open at one place */
#define JSON_KEY_LEN_MAX   128  /* bytes of one decoded key */
#define JSON_LEN_MAX       0x7fffffff /* of a document: offsets are 32 bits */

enum json_type {
	JSON_NULL,
	JSON_BOOL,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT
};

/* A value inside the caller's text: its exact bytes, without white space. */
struct json {
	enum json_type type;
	struct bytes text; /* strings with their quotes, objects with braces */
};

/*
 * Check the whole text (one value, white space around it) and return it.
 * ERR_TRUNCATED, ERR_TRAILING, ERR_FORMAT or ERR_LIMIT, with the offset in ctx.
 * Borrows text.
 */
enum err json_parse(struct json *out, struct bytes text, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/* Walk the members of an object or the items of an array. */
struct json_iter {
	struct bytes rest;
	bool object;
};

struct json_iter json_iter(const struct json *container);

/*
 * The next member or item; false at the end. key is a JSON_STRING for objects
 * and unset for arrays (key may be NULL then).
 */
bool json_next(struct json_iter *it, struct json *key, struct json *value);

/* The member `name` (plain ASCII without escapes) of an object. */
bool json_get(const struct json *object, const char *name, struct json *out);

/* Is this JSON_STRING, decoded, equal to the ASCII string s? */
bool json_is_str(const struct json *v, const char *s);

/*
 * Decode a JSON_STRING to UTF-8. ERR_FORMAT if v is no string, ERR_NOSPACE if
 * it needs more than cap bytes. No NUL is added; NUL bytes may occur inside.
 * A decoded string is never longer than v->text.len - 2.
 */
enum err json_string(const struct json *v, uint8_t *out, size_t cap,
    size_t *len) __attribute__((warn_unused_result));

/* A non-negative integer without fraction or exponent, at most 2^64 - 1. */
enum err json_u64(const struct json *v, uint64_t *out)
    __attribute__((warn_unused_result));

/* Any number, rounded to double (up to 19 significant digits are used). */
enum err json_double(const struct json *v, double *out)
    __attribute__((warn_unused_result));

enum err json_bool(const struct json *v, bool *out)
    __attribute__((warn_unused_result));

/*
 * Write a JSON string with its quotes, escaping what must be escaped, and the
 * controls U+007F to U+009F, which terminals obey. What is no UTF-8 cannot stand
 * in JSON: each such byte becomes U+FFFD. At most 6 bytes for one.
 */
void json_write_string(struct wr *w, struct bytes text);

#endif
