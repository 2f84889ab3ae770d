/*
 * What is asked and what comes back, as OpenAI-style JSON: building chat
 * completion requests [P-36], reading results [P-38], lists of models [P-39] and
 * errors [P-40]. The enclave's JSON is untrusted: strings from it are bounded
 * here and still need text.h before a terminal sees them.
 */
#ifndef CONFER_CLIENT_CHAT_H
#define CONFER_CLIENT_CHAT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/wr.h"

#define CLIENT_STOPS_MAX   4   /* P-36 */
#define CLIENT_NAME_MAX    128 /* of a model, a code; with NUL */
#define CLIENT_MESSAGE_MAX 512 /* of an error's text; with NUL */
#define CLIENT_MODELS_MAX  64

enum client_role { CLIENT_SYSTEM, CLIENT_USER, CLIENT_ASSISTANT };

struct client_message {
	enum client_role role;
	struct bytes text; /* UTF-8 */
};

/* Numbers are their JSON spelling; NULL is not sent. */
struct client_options {
	const char *model;
	const char *temperature, *top_p, *top_k, *min_p, *seed, *max_tokens;
	const char *stop[CLIENT_STOPS_MAX];
	size_t stops;
	struct bytes schema; /* JSON that the answer must fit; empty: none */
};

/* Write the request's JSON. ERR_NOSPACE in w. */
void client_chat_request(struct wr *w, const struct client_options *options,
    const struct client_message *message, size_t n, bool stream);

struct client_answer {
	char model[CLIENT_NAME_MAX];
	char finish[CLIENT_NAME_MAX]; /* "stop", "length", "cancelled" ... */
	uint64_t prompt_tokens;
	uint64_t completion_tokens;
	struct json content; /* JSON_STRING, or JSON_NULL when streamed */
	struct json ignored; /* JSON_ARRAY of names, else JSON_NULL */
	struct json usage;   /* JSON_OBJECT, else JSON_NULL */
	struct json receipt; /* `confer_receipt` [P-44], else JSON_NULL */
};

/* ERR_FORMAT names the field; *out borrows text and is zero on failure. */
enum err client_answer_parse(struct client_answer *out, struct bytes text,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

struct client_failure {
	char message[CLIENT_MESSAGE_MAX];
	char code[CLIENT_NAME_MAX];
};

/* The same for an ERROR message. */
enum err client_failure_parse(struct client_failure *out, struct bytes text,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

struct client_model {
	char id[CLIENT_NAME_MAX];
	uint64_t context; /* tokens; 0 if not said */
};

/* ERR_LIMIT above CLIENT_MODELS_MAX. */
enum err client_models_parse(struct client_model out[CLIENT_MODELS_MAX],
    size_t *n, struct bytes text, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

#endif
