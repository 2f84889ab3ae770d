/*
 * The text of requests and answers: OpenAI chat completions, as far as
 * docs/protocol.md section 7 understands them. Bytes in, a request for the
 * engine out; nothing is allocated and nothing is kept.
 */
#ifndef CONFER_ENCLAVE_OPENAI_H
#define CONFER_ENCLAVE_OPENAI_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/wr.h"
#include "engine/engine.h"

#define OPENAI_STOPS_MAX   4  /* [P-36] */
#define OPENAI_IGNORED_MAX 16 /* names reported; more are counted only */
#define OPENAI_NAME_MAX    64 /* bytes shown of such a name */
#define OPENAI_ID_LEN      25 /* "chatcmpl-" and 16 digits */

/* An error object [P-40]. All strings are ours and static, but message. */
struct openai_error {
	const char *type;
	const char *code;
	const char *param; /* the field at fault, NULL if none */
	char message[ERR_MSG_LEN_MAX];
};

/* Longest error object: a message of which every byte needs two. */
#define OPENAI_ERROR_LEN_MAX 512

/* The codes of [P-40], with the type that goes with each. */
enum openai_code {
	OPENAI_INVALID,
	OPENAI_CONTEXT,
	OPENAI_MODEL,
	OPENAI_BUSY,
	OPENAI_TOO_MANY,
	OPENAI_METHOD,
	OPENAI_INTERNAL,
	OPENAI_CODE_N
};

/* Fill *out; `message` is copied, `param` is borrowed for ever. */
void openai_error_set(struct openai_error *out, enum openai_code code,
    const char *param, const char *message);

/* {"error":{...}}, at most OPENAI_ERROR_LEN_MAX bytes. */
void openai_error_write(struct wr *w, const struct openai_error *e);

/*
 * A chat request taken apart. All slices point into the caller's `text`, where
 * decoded strings are put one after another.
 */
struct openai_request {
	struct engine_message message[ENGINE_MESSAGES_MAX];
	size_t message_n;
	struct engine_sampling sampling;
	bool has_seed;
	uint32_t max_tokens; /* 0: not given */
	struct bytes stop[OPENAI_STOPS_MAX];
	size_t stop_n;
	bool stream;
	struct {
		const char *prefix; /* "", "messages." or "stream_options." */
		struct bytes name;
	} ignored[OPENAI_IGNORED_MAX];
	size_t ignored_n;
	uint8_t *text;
	size_t text_len; /* bytes of text used, also after an error */
	size_t text_cap;
};

/*
 * Read the body of a chat request. text holds at least body.len bytes and must
 * outlive *out. `model` is the one name that is served; a request may also
 * leave it out. Anything but ERR_OK comes with *why for the client.
 */
enum err openai_request_parse(struct openai_request *out, uint8_t *text,
    size_t cap, struct bytes body, const char *model, struct openai_error *why)
    __attribute__((warn_unused_result));

/* The engine's view of a request; borrows it. */
void openai_request_engine(
    struct engine_request *out, const struct openai_request *r);

/*
 * The RESULT of a chat [P-38], in three parts so that the text between them
 * need never be whole in memory: head, then the content (openai_escape, between
 * the quotes that head and tail write) or nothing, then tail. With `content`
 * false, message.content is null.
 */
void openai_head_write(struct wr *w, const char id[OPENAI_ID_LEN + 1],
    const char *model, bool content);

struct openai_usage {
	uint32_t prompt_tokens;
	uint32_t completion_tokens;
};

/*
 * All of the tail but its last brace, so that a member may follow [P-44]; then
 * openai_end_write.
 */
void openai_tail_write(struct wr *w, const struct openai_request *r,
    bool content, enum engine_finish finish, const struct openai_usage *usage);
void openai_end_write(struct wr *w);

#define OPENAI_HEAD_LEN_MAX 512
#define OPENAI_TAIL_LEN_MAX 8192

/*
 * Write `in` as the inside of a JSON string until out is full or in is done.
 * Returns the bytes of `in` used; *len the bytes written. Bytes above 0x7f pass
 * as they are, so UTF-8 may be cut anywhere.
 */
size_t openai_escape(uint8_t *out, size_t cap, size_t *len, struct bytes in);

#define OPENAI_ESCAPE_MAX 6 /* bytes that one byte can become */

/* The RESULT of models [P-39]. */
void openai_models_write(struct wr *w, const char *model, uint32_t context);

#define OPENAI_MODELS_LEN_MAX 512

#endif
