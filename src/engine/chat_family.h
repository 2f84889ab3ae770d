/* The table of chat families, and the sink that their renderings go to. */
#ifndef CONFER_ENGINE_CHAT_FAMILY_H
#define CONFER_ENGINE_CHAT_FAMILY_H

#include "base/json.h"
#include "engine/chat.h"

#define CHAT_SAYS_MAX 5

/* Where a system message goes. */
enum chat_system {
	CHAT_SYSTEM_TURN,  /* a turn of its own */
	CHAT_SYSTEM_FIRST, /* before the text of the next user's message */
	CHAT_SYSTEM_LAST,  /* the same, of the conversation's last message */
	CHAT_SYSTEM_NONE   /* the template refuses it */
};

enum chat_tools {
	CHAT_TOOLS_NONE,
	CHAT_TOOLS_HERMES,
	CHAT_TOOLS_LLAMA3,
	CHAT_TOOLS_MISTRAL,
	CHAT_TOOLS_GRANITE
};

enum chat_style { CHAT_PLAIN, CHAT_QWEN3, CHAT_SMOLLM3 };

/* Which texts lose their outer white space. */
enum { CHAT_TRIM_SYSTEM = 1, CHAT_TRIM_USER = 2, CHAT_TRIM_ASSISTANT = 4 };
#define CHAT_TRIM_ALL 7

struct chat_wrap {
	const char *before, *after;
};

/*
 * Literals spell special tokens as templates do ("<|im_start|>", "[INST]");
 * "{bos}" and "{eos}" are the model's own. NULL is no text.
 */
struct chat_family {
	const char *name;
	const char *says[CHAT_SAYS_MAX]; /* canonical text, all of it there */
	const char *markers; /* all that it may have, with blanks between */
	const char *lead;    /* once, at the start */
	struct chat_wrap system, user, assistant;
	const char *join;     /* from a system text to the user's text */
	const char *open;     /* the start of an answer */
	const char *close;    /* in its stead when none is to follow */
	struct chat_wrap own; /* around the template's own system text */
	enum chat_system system_at;
	enum chat_tools tools;
	enum chat_style style;
	const char *blank; /* CHAT_TOOLS_MISTRAL: after a marker */
	unsigned trim;
	bool alternate; /* user and assistant must take turns */
};

extern const struct chat_family chat_family_tab[];
extern const uint32_t chat_family_n;

/* The row of a family other than CHAT_NONE. */
const struct chat_family *chat_family_of(const struct chat *chat);

/* ---- a rendering under way ---- */

struct chat_out {
	const struct chat *chat;
	const struct chat_family *f;
	const struct chat_input *in;
	chat_emit_fn *emit;
	void *cookie;
	struct err_ctx *ctx;
	bool started; /* something was emitted */
	bool holds;   /* a system text waits for a user's message */
	struct bytes held;
	enum err err; /* sticky */
};

/* Text of a person, a model or a tool. */
void chat_text(struct chat_out *o, struct bytes text);

/* A literal of ours; NULL is fine. */
void chat_put(struct chat_out *o, const char *literal);

void chat_wrapped(struct chat_out *o, struct chat_wrap wrap, struct bytes text);

void chat_fail(struct chat_out *o, enum err e, const char *what);

/* Without white space (as Python counts it) at its ends. */
struct bytes chat_trim_start(struct bytes text);
struct bytes chat_trim_end(struct bytes text);

/* ---- JSON as Python writes it (chat_json.c) ---- */

/*
 * A checked JSON text, spelled as json.dumps does without ensure_ascii; numbers
 * stay as they are. indent 0: one line.
 */
void chat_json(struct chat_out *o, struct bytes json, unsigned indent);

/* A text as a JSON string. */
void chat_json_text(struct chat_out *o, struct bytes text);

/* The text that a JSON string stands for. */
void chat_json_decoded(struct chat_out *o, struct bytes string);

/* ---- what a row cannot say (chat_style.c) ---- */

void chat_style_smollm3(struct chat_out *o);

/* May write before an assistant's text; returns what of it is left to write. */
struct bytes chat_style_assistant(
    struct chat_out *o, size_t i, struct bytes text);

/* Behind the start of an answer. */
void chat_style_open(struct chat_out *o);

/* ---- tools (chat_tools.c) ---- */

/* What goes with the system message at the start of a conversation. */
void chat_tools_hermes(struct chat_out *o, struct bytes system);
void chat_tools_granite(struct chat_out *o);

/* The same; returns how many messages it took. */
size_t chat_tools_llama3(struct chat_out *o, bool has_system);

/* Before a user's message. */
void chat_tools_mistral(struct chat_out *o, struct bytes text);

/* An assistant's message with calls; of Hermes only the calls, behind `text`. */
void chat_tools_calls(
    struct chat_out *o, const struct engine_message *m, struct bytes text);

/* A tool's message. */
void chat_tools_result(struct chat_out *o, size_t i);

#endif
