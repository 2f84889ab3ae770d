/* Reading requests, from within: what its files share; see openai.h. */
#ifndef CONFER_OPENAI_OPENAI_PARSE_H
#define CONFER_OPENAI_OPENAI_PARSE_H

#include "base/json.h"
#include "openai/openai.h"

/* Say what is wrong with a field, in our words only: ERR_FORMAT. */
enum err openai_invalid(struct openai_error *why, const char *param,
    const char *message) __attribute__((warn_unused_result));

/* Decode a string behind what is in r->text already. */
enum err openai_decode(struct openai_request *r, struct bytes *out,
    const struct json *v) __attribute__((warn_unused_result));

/* A value's JSON text, copied there. */
enum err openai_copy(struct openai_request *r, struct bytes *out,
    const struct json *v) __attribute__((warn_unused_result));

/* Remember the name of a field that means nothing to us, once. */
enum err openai_ignore(struct openai_request *r, const char *prefix,
    const struct json *key) __attribute__((warn_unused_result));

/* `,"confer_ignored":[...]`, or nothing (openai.c). */
void openai_ignored_write(struct wr *w, const struct openai_request *r);

/* One field of a request; its value is not null. */
typedef enum err openai_field_fn(
    struct openai_request *r, const struct json *v, struct openai_error *why);

/* Read each item of an array, until one is wrong. */
enum err openai_read_each(struct openai_request *r, const struct json *array,
    openai_field_fn *read, struct openai_error *why)
    __attribute__((warn_unused_result));

/* Some field of a request; its value may be null. */
typedef enum err openai_member_fn(struct openai_request *r,
    const struct json *key, const struct json *v, struct openai_error *why);

/*
 * Read each field of a body, an object, but "model": that must be null or the
 * one that is served, else ERR_NOTFOUND.
 */
enum err openai_read_body(struct openai_request *r, struct bytes body,
    const char *model, openai_member_fn *read, struct openai_error *why)
    __attribute__((warn_unused_result));

openai_field_fn openai_read_messages; /* openai_messages.c */
openai_field_fn openai_read_tools;    /* openai_tools.c */
openai_field_fn openai_read_tool_choice;
openai_field_fn openai_read_parallel;
openai_field_fn openai_read_response_format;

/* After all fields: what tools and the choice among them say together. */
enum err openai_choose_tools(struct openai_request *r, struct openai_error *why)
    __attribute__((warn_unused_result));

#endif
