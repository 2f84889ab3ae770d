/*
 * Chat templates: whatever a template contains, it is refused or rendered, and
 * pieces that may become special tokens never come from a message. The input is
 * a byte of options, a template (or the definition of a tool), then messages
 * with names and arguments, each ended by a NUL.
 */
#include <assert.h>
#include <string.h>

#include "engine/chat.h"
#include "engine/chat_family.h"

#define MESSAGES_MAX 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *p;
	size_t len;
};

static enum err check_piece(
    void *cookie, enum chat_piece kind, struct bytes text)
{
	const struct input *in = cookie;
	uintptr_t p = (uintptr_t)text.p, from = (uintptr_t)in->p;

	assert(kind == CHAT_TEXT || text.p == NULL || p < from ||
	       p >= from + in->len);
	return ERR_OK;
}

static struct bytes until_nul(struct input *rest)
{
	const uint8_t *end = memchr(rest->p, '\0', rest->len);
	struct bytes b = { rest->p,
		end != NULL ? (size_t)(end - rest->p) : rest->len };
	size_t used = end != NULL ? b.len + 1 : b.len;

	rest->p += used;
	rest->len -= used;
	return b;
}

/* Whether a refusal is one of those that the header names. */
static bool is_refusal(enum err e)
{
	return e == ERR_UNSUPPORTED || e == ERR_FORMAT;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input all = { data, size }, rest = all;
	struct engine_message msg[MESSAGES_MAX];
	struct engine_call call[MESSAGES_MAX];
	struct engine_tool tool;
	struct chat_input in = { .message = msg };
	struct bytes tmpl;
	struct chat chat;
	enum err e;

	if (size < 2)
		return 0;
	in.no_reasoning = data[0] & 1;
	in.complete = data[0] & 2;
	in.tool_n = data[0] >> 2 & 1;
	in.tool = &tool;
	chat = (struct chat){ .family = data[0] >> 3 };
	rest.p++;
	rest.len--;
	tmpl = until_nul(&rest);
	/* Family 0: what the template says; else that one. */
	if (chat.family == CHAT_NONE || chat.family > chat_family_n) {
		if (chat_detect(&chat, tmpl, NULL) != ERR_OK)
			return 0;
	}
	tool = (struct engine_tool){ .definition = tmpl };
	for (; in.message_n < MESSAGES_MAX && rest.len > 0; in.message_n++) {
		struct engine_message *m = &msg[in.message_n];

		*m = (struct engine_message){ .text = until_nul(&rest) };
		m->role = (enum engine_role)(m->text.len % 4);
		if (m->role == ENGINE_TOOL)
			m->call_id = until_nul(&rest);
		if (m->role != ENGINE_ASSISTANT || m->text.len % 3 != 0)
			continue;
		m->call = &call[in.message_n];
		m->call_n = 1;
		call[in.message_n] =
		    (struct engine_call){ .name = until_nul(&rest) };
		call[in.message_n].id = until_nul(&rest);
		call[in.message_n].arguments = until_nul(&rest);
	}
	e = chat_render(&chat, &in, check_piece, &all, NULL);
	assert(e == ERR_OK || is_refusal(e));
	return 0;
}
