/*
 * Chat templates: whatever a template contains, it is refused or rendered, and
 * pieces that may become special tokens never come from a message. The input is
 * a template, a NUL, then messages, each ended by a NUL.
 */
#include <assert.h>
#include <string.h>

#include "engine/chat.h"

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input all = { data, size }, rest = all;
	struct engine_message msg[MESSAGES_MAX];
	struct bytes tmpl;
	struct chat chat;
	size_t n = 0;

	if (size == 0)
		return 0;
	tmpl = until_nul(&rest);
	if (chat_detect(&chat, tmpl, NULL) != ERR_OK)
		return 0;
	for (; n < MESSAGES_MAX && rest.len > 0; n++) {
		msg[n].text = until_nul(&rest);
		msg[n].role = (enum engine_role)(msg[n].text.len % 3);
	}
	if (chat_render(&chat, msg, n, check_piece, &all) != ERR_OK)
		assert(chat.family == CHAT_NONE);
	return 0;
}
