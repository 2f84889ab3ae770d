/*
 * The text of requests and answers: OpenAI chat completions, as far as
 * docs/protocol.md section 7 understands them. Bytes in, a request for the
 * engine out; nothing is allocated and nothing is kept.
 */
#ifndef CONFER_OPENAI_OPENAI_H
#define CONFER_OPENAI_OPENAI_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/wr.h"
#include "engine/engine.h"

#define OPENAI_STOPS_MAX   4   /* [P-36] */
#define OPENAI_IGNORED_MAX 16  /* names reported; more are counted only */
#define OPENAI_NAME_MAX    64  /* bytes shown of such a name */
#define OPENAI_ID_LEN      25  /* "chatcmpl-" and 16 digits */
#define OPENAI_CALL_ID_LEN 29  /* "call_" and 24 letters */
#define OPENAI_CALLS_MAX   256 /* tool calls in all messages */
#define OPENAI_INPUTS_MAX  64  /* texts of one request of embeddings */
#define OPENAI_TOLD_MAX                                                        \
	4096 /* tokens and alternatives told: keeps a RESULT below 1 MiB */

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
	struct engine_call call[OPENAI_CALLS_MAX]; /* of the messages */
	size_t call_n;
	struct engine_sampling sampling;
	struct engine_bias bias[ENGINE_BIAS_MAX];
	bool has_seed;
	bool stream;
	bool stream_reasoning; /* and the reasoning before the text */
	bool no_reasoning;
	bool one_call; /* of a tool, though the model may make more */
	bool logprobs;
	bool embed;  /* the messages are texts to be embedded */
	bool base64; /* their vectors are written so */
	uint32_t top_logprobs;
	uint32_t max_tokens; /* 0: not given */
	struct bytes stop[OPENAI_STOPS_MAX];
	size_t stop_n;
	struct engine_tool tool[ENGINE_TOOLS_MAX];
	size_t tool_n;
	enum engine_tool_choice tool_choice;
	struct bytes tool_named; /* in tool_choice */
	enum engine_format format;
	struct bytes schema;
	struct {
		const char *prefix; /* "", "messages." and the like */
		struct bytes name;
	} ignored[OPENAI_IGNORED_MAX];
	size_t ignored_n;
	uint8_t *text;
	size_t text_len; /* bytes of text used, also after an error */
	size_t text_cap;
};

/*
 * Read the body of a chat request. text holds at least body.len bytes and must
 * outlive *out, which must stay where it is. `model` is the one name that is
 * served; a request may also leave it out. Anything but ERR_OK comes with *why
 * for the client.
 */
enum err openai_request_parse(struct openai_request *out, uint8_t *text,
    size_t cap, struct bytes body, const char *model, struct openai_error *why)
    __attribute__((warn_unused_result));

/* The same for a request of embeddings (openai_embed.c). */
enum err openai_embed_parse(struct openai_request *out, uint8_t *text,
    size_t cap, struct bytes body, const char *model, struct openai_error *why)
    __attribute__((warn_unused_result));

/* The engine's view of a request; borrows it. */
void openai_request_engine(
    struct engine_request *out, const struct openai_request *r);

/*
 * The RESULT of a chat [P-38], piece by piece, so that what the model said need
 * never be whole in memory: the head, which ends inside the message; then its
 * members: reasoning and content (openai_escape between the quotes of the
 * pieces below), calls of tools; the end of the message; the tokens that are
 * told; the tail.
 */
void openai_head_write(
    struct wr *w, const char id[OPENAI_ID_LEN + 1], const char *model);

#define OPENAI_REASONING    ",\"reasoning_content\":\""
#define OPENAI_CONTENT      ",\"content\":\""
#define OPENAI_CONTENT_NONE ",\"content\":null"

/* Call number n, up to its arguments: escaped text, then OPENAI_CALL_END. */
void openai_call_write(struct wr *w, uint32_t n,
    const char id[OPENAI_CALL_ID_LEN + 1], struct bytes name);

#define OPENAI_CALL_END     "\"}}"
#define OPENAI_CALLS_END    "]"
#define OPENAI_MESSAGE_END  "}"
#define OPENAI_TOLD         ",\"logprobs\":{\"content\":["
#define OPENAI_TOLD_END     "]}"
#define OPENAI_TOLD_TOP     ",\"top_logprobs\":["
#define OPENAI_TOLD_TOP_END "]}"

/*
 * A token and the natural logarithm of its likelihood, without its last brace:
 * alternatives may follow. Text that is no UTF-8 is whole in its bytes only. With
 * what is around it OPENAI_TOLD_LEN bytes at most.
 */
void openai_told_write(struct wr *w, struct bytes text, float logprob);

#define OPENAI_TOLD_LEN(text_len)                                              \
	(120 + (text_len) * (OPENAI_ESCAPE_MAX + sizeof("255,") - 1))

struct openai_usage {
	uint32_t prompt_tokens;
	uint32_t completion_tokens;
};

/*
 * All of the tail but its last brace, so that a member may follow [P-44]; then
 * openai_end_write.
 */
void openai_tail_write(struct wr *w, const struct openai_request *r,
    enum engine_finish finish, const struct openai_usage *usage);
void openai_end_write(struct wr *w);

#define OPENAI_HEAD_LEN_MAX 512
#define OPENAI_TAIL_LEN_MAX 8192

/*
 * The RESULT of embeddings, piece by piece: OPENAI_EMBED; for each text its
 * number, its vector in pieces of OPENAI_EMBED_PIECE numbers, and its end; the
 * tail.
 */
#define OPENAI_EMBED       "{\"object\":\"list\",\"data\":["
#define OPENAI_EMBED_PIECE 36 /* numbers: 144 bytes, whole groups of base64 */

void openai_embed_begin_write(struct wr *w, uint32_t number, bool base64);
void openai_embed_write(
    struct wr *w, const float *v, size_t n, bool first, bool base64);
void openai_embed_end_write(struct wr *w, bool base64);
void openai_embed_tail_write(struct wr *w, const struct openai_request *r,
    const char *model, const struct openai_usage *usage);

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
