/*
 * Chat templates. A GGUF file carries a program in a template language; we do
 * not run it. What the template says literally tells its family, and each
 * family is a row of a table (chat_family.c) that is rendered by common code. A
 * template that says anything of which no family knows is refused.
 *
 * A rendering is a sequence of pieces. Only the pieces that this code makes can
 * become special tokens; what a person or a model wrote (messages, names,
 * arguments, definitions of tools, results) is CHAT_TEXT and is tokenized
 * without looking for special tokens in it. (Families whose markers are
 * ordinary text, Llama 2's "[INST]", have nothing else to tell the two apart:
 * there a message can imitate a marker, though never a special token.)
 *
 * Some templates print today's date. The only clock here is the host's, which
 * nobody can check, so the date is the one that such a template falls back to.
 */
#ifndef CONFER_ENGINE_CHAT_H
#define CONFER_ENGINE_CHAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "engine/engine.h"

#define CHAT_NONE         0      /* no template: the text is continued */
#define CHAT_TEMPLATE_MAX 262144 /* bytes; the longest known has 20,000 */
#define CHAT_SYSTEM_MAX   1024   /* bytes of a template's own system text */

struct chat {
	uint32_t family;     /* CHAT_NONE, else 1 + the row of the table */
	uint32_t system_len; /* the system text where a request has none */
	uint8_t system[CHAT_SYSTEM_MAX];
};

enum chat_piece {
	CHAT_TEXT,    /* ordinary text, never special */
	CHAT_SPECIAL, /* the special token that is spelled like this */
	CHAT_MARKER,  /* the special token of this name, else ordinary text */
	CHAT_BOS,     /* the model's token for the start of a text */
	CHAT_EOS      /* and for its end */
};

/* Receives the pieces in order; an error ends the rendering. */
typedef enum err chat_emit_fn(
    void *cookie, enum chat_piece kind, struct bytes text);

/*
 * Recognise a template; {NULL, 0} gives CHAT_NONE. ERR_UNSUPPORTED, with what
 * was seen in it; ERR_LIMIT; ERR_NOMEM.
 */
enum err chat_detect(struct chat *out, struct bytes tmpl, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/* "chatml", "llama3", ... or "none". */
const char *chat_name(uint32_t family);

/* What chat_render() puts into a prompt; borrowed. */
struct chat_input {
	const struct engine_message *message;
	size_t message_n;
	const struct engine_tool *tool;
	size_t tool_n;
	bool no_reasoning;
	bool complete; /* stop after the last message: no answer is to follow */
};

/*
 * Render a conversation and the start of the assistant's answer. The first BOS
 * is the tokenizer's affair and is not emitted. ERR_UNSUPPORTED: what this
 * family's template cannot say (a system message, tools, two users in a row);
 * ctx tells. ERR_FORMAT: a tool or a call that is not JSON. Else what emit says.
 */
enum err chat_render(const struct chat *chat, const struct chat_input *in,
    chat_emit_fn *emit, void *cookie, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/* How a family's answers say what is not content. */
enum chat_calls {
	CHAT_CALLS_NONE,
	CHAT_CALLS_TAGS, /* <tool_call>{"name", "arguments"}</tool_call> */
	CHAT_CALLS_BARE, /* {"name", "parameters"}, perhaps <|python_tag|> */
	CHAT_CALLS_LIST  /* a marker, then [{"name", "arguments"}] to the end */
};

struct chat_form {
	enum chat_calls calls;
	const char *start, *end; /* around a call, or NULL. Where the vocabulary
				    has such a special token, the model says it
				    with that */
	bool reasons;            /* <think>...</think> may come first */
	uint32_t id_len; /* letters and digits of a call's id; 0: any id */
};

struct chat_form chat_form(const struct chat *chat);

#define CHAT_CALL_LEN_MAX 256 /* bytes around the arguments of a call */

/*
 * The literal text of a call of one tool: start, `before`, the arguments as a
 * JSON object, `after`, end; start and end are chat_form()'s. ERR_UNSUPPORTED:
 * a family without tools; ERR_LIMIT: the name is too long.
 */
struct chat_call {
	size_t before_len, after_len;
	uint8_t before[CHAT_CALL_LEN_MAX], after[CHAT_CALL_LEN_MAX];
};

enum err chat_call_form(const struct chat *chat, struct bytes name,
    struct chat_call *out) __attribute__((warn_unused_result));

#endif
