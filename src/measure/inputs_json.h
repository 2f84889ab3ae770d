/* Reading members of the inputs of a measurement; see inputs.h. */
#ifndef CONFER_MEASURE_INPUTS_JSON_H
#define CONFER_MEASURE_INPUTS_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/json.h"

/* The members of an object, and the first error, which sticks. */
struct inputs_json {
	struct json object;
	struct err_ctx *ctx;
	enum err err;
};

/* The root object of a document of at most INPUTS_LEN_MAX bytes. */
struct inputs_json inputs_json_open(struct bytes text, struct err_ctx *ctx);

/* ERR_UNSUPPORTED, by its name, for a member that is not among n names. */
void inputs_json_only(
    struct inputs_json *in, const char *const *names, size_t n);

/*
 * The readers: false, and *out as it was, if the member is absent or null, or
 * an error stands.
 */

/* n bytes of lower-case hexadecimal text. */
bool inputs_json_hex(
    struct inputs_json *in, const char *name, uint8_t *out, size_t n);

/* A number up to max, as 17, "17" or "0x11". */
bool inputs_json_number(
    struct inputs_json *in, const char *name, uint64_t *out, uint64_t max);

/* Text of at most cap bytes, put into buf. */
bool inputs_json_text(struct inputs_json *in, const char *name, uint8_t *buf,
    size_t cap, struct bytes *out);

/* An array of objects: walk it with json_next. */
bool inputs_json_array(
    struct inputs_json *in, const char *name, struct json_iter *out);

/* Record an error unless one stands: "inputs: NAME WHAT". */
void inputs_json_fail(
    struct inputs_json *in, enum err e, const char *name, const char *what);

/* "17" or "0x11", without a sign or anything else. */
bool inputs_number(uint64_t *out, struct bytes text);

/* A token of a release record: 1 to 64 of A-Z a-z 0-9 . _ + - */
bool inputs_token(struct bytes b);

#endif
