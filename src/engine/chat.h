/*
 * Chat templates. A GGUF file carries a program in a template language; we do
 * not run it. The template's markers tell its family, and each family is
 * rendered by a few lines here.
 *
 * A rendering is a sequence of pieces. Only the pieces that this code makes can
 * become special tokens; what a person or a model wrote is CHAT_TEXT and is
 * tokenized without looking for special tokens in it. (Families whose markers
 * are ordinary text, Llama 2's "[INST]", have nothing else to tell the two
 * apart: there a message can imitate a marker, though never a special token.)
 */
#ifndef CONFER_ENGINE_CHAT_H
#define CONFER_ENGINE_CHAT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/mem.h"
#include "engine/engine.h"

enum chat_family {
	CHAT_NONE, /* no template: the text is continued */
	CHAT_CHATML,
	CHAT_LLAMA2,
	CHAT_LLAMA3
};

struct chat {
	enum chat_family family;
	bool sys;       /* Llama 2: the system text goes into <<SYS>> */
	bool inner_bos; /* Llama 2: every turn starts with BOS */
	bool strip;     /* Llama 2: messages lose their outer white space */
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

/* Recognise a template; {NULL, 0} gives CHAT_NONE. ERR_UNSUPPORTED. */
enum err chat_detect(struct chat *out, struct bytes tmpl, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/* "chatml", "llama2", "llama3" or "none". */
const char *chat_name(enum chat_family family);

/*
 * Render a conversation and the start of the assistant's answer. The first BOS
 * is the tokenizer's affair and is not emitted. ERR_UNSUPPORTED when the family
 * is CHAT_NONE and there is more than one user message; else what emit says.
 */
enum err chat_render(const struct chat *chat, const struct engine_message *msg,
    size_t n, chat_emit_fn *emit, void *cookie)
    __attribute__((warn_unused_result));

#endif
