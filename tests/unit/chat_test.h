/* What the tests of chat templates share: renderings as one text. */
#ifndef CONFER_TESTS_UNIT_CHAT_TEST_H
#define CONFER_TESTS_UNIT_CHAT_TEST_H

#include "engine_test.h"

#include "engine/chat.h"
#include "engine/chat_family.h"

static char rendered[65536];
static size_t rendered_len;
static const char *eos;
static struct err_ctx why;

/* Decoded strings of one case. */
static uint8_t texts[262144];
static size_t used;

/* Pieces joined as a template would print them. */
static inline enum err collect(
    void *cookie, enum chat_piece kind, struct bytes text)
{
	(void)cookie;
	if (kind == CHAT_BOS)
		text = str_bytes("<s>");
	else if (kind == CHAT_EOS)
		text = str_bytes(eos);
	assert_true(rendered_len + text.len < sizeof(rendered));
	mem_copy(rendered + rendered_len, text.p, text.len);
	rendered_len += text.len;
	rendered[rendered_len] = '\0';
	return ERR_OK;
}

static inline struct bytes string_of(const struct json *v)
{
	size_t len;

	CHECK_OK(json_string(v, texts + used, sizeof(texts) - used, &len));
	used += len;
	return (struct bytes){ texts + used - len, len };
}

static inline struct bytes get_text(const struct json *object, const char *key)
{
	struct json v;

	if (!json_get(object, key, &v) || v.type == JSON_NULL)
		return (struct bytes){ NULL, 0 };
	return string_of(&v);
}

static inline const char *c_string(struct bytes b)
{
	uint8_t *p = texts + used;

	memmove(p, b.p, b.len);
	p[b.len] = 0;
	used += b.len + 1;
	return (char *)p;
}

static inline enum err render(
    const struct chat *chat, const struct chat_input *in)
{
	rendered_len = 0;
	rendered[0] = '\0';
	why = (struct err_ctx){ .code = ERR_OK };
	return chat_render(chat, in, collect, NULL, &why);
}

static inline bool is_rendered(struct bytes want)
{
	return mem_eq(
	    want, (struct bytes){ (uint8_t *)rendered, rendered_len });
}

static inline void renders(const struct chat *chat, const struct chat_input *in,
    struct bytes want, const char *name)
{
	if (render(chat, in) != ERR_OK)
		fail_msg("%s: %s", name, why.msg);
	if (!is_rendered(want))
		fail_msg("%s: rendered\n%s\nwant\n%.*s", name, rendered,
		    (int)want.len, (const char *)want.p);
}

static inline struct chat family_named(struct bytes name)
{
	struct chat chat = { .family = 1 };

	while (!mem_eq_str(name, chat_name(chat.family)))
		chat.family++;
	if (mem_eq_str(name, "qwen2.5")) {
		static const char own[] = "You are Qwen, created by Alibaba "
					  "Cloud. You are a helpful "
					  "assistant.";

		chat.system_len = sizeof(own) - 1;
		mem_copy(chat.system, own, chat.system_len);
	}
	return chat;
}

#endif
