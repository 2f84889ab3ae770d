/* Chat templates by family; see chat.h. */
#include "engine/chat.h"

#include <string.h>

struct render {
	const struct chat *chat;
	chat_emit_fn *emit;
	void *cookie;
	enum err err; /* sticky */
};

static bool contains(struct bytes text, const char *s)
{
	return text.len != 0 &&
	       memmem(text.p, text.len, s, mem_strlen(s)) != NULL;
}

enum err chat_detect(struct chat *out, struct bytes tmpl, struct err_ctx *ctx)
{
	/* Relatives of the families below with markers of their own. */
	static const char *const others[] = { "<|im_sep|>", "<|im_middle|>",
		"[AVAILABLE_TOOLS]", "[SYSTEM_PROMPT]",
		"' [INST] ' + system_message", "<|start_header_id|>tool" };

	*out = (struct chat){ .family = CHAT_NONE };
	if (tmpl.len == 0)
		return ERR_OK;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (contains(tmpl, others[i]))
			return err_set(ctx, ERR_UNSUPPORTED,
			    "gguf: tokenizer.chat_template: a variant with %s",
			    others[i]);
	}
	if (contains(tmpl, "<|im_start|>")) {
		out->family = CHAT_CHATML;
	} else if (contains(tmpl, "<|start_header_id|>") &&
		   contains(tmpl, "<|end_header_id|>")) {
		out->family = CHAT_LLAMA3;
	} else if (contains(tmpl, "[INST]")) {
		out->family = CHAT_LLAMA2;
		out->sys = contains(tmpl, "<<SYS>>");
		out->inner_bos = contains(tmpl, "bos_token + '[INST]");
		out->strip = contains(tmpl, "content.strip()");
	} else {
		return err_set(ctx, ERR_UNSUPPORTED,
		    "gguf: tokenizer.chat_template: unknown; known are ChatML, "
		    "Llama 2 and Llama 3");
	}
	return ERR_OK;
}

const char *chat_name(enum chat_family family)
{
	static const char *const names[] = {
		[CHAT_NONE] = "none",
		[CHAT_CHATML] = "chatml",
		[CHAT_LLAMA2] = "llama2",
		[CHAT_LLAMA3] = "llama3",
	};

	return names[family];
}

static const char *role_name(enum engine_role role)
{
	static const char *const names[] = {
		[ENGINE_SYSTEM] = "system",
		[ENGINE_USER] = "user",
		[ENGINE_ASSISTANT] = "assistant",
		[ENGINE_TOOL] = "tool",
	};

	return names[role];
}

static void put(struct render *r, enum chat_piece kind, struct bytes text)
{
	if (r->err == ERR_OK)
		r->err = r->emit(r->cookie, kind, text);
}

static void put_str(struct render *r, enum chat_piece kind, const char *s)
{
	put(r, kind, (struct bytes){ (const uint8_t *)s, mem_strlen(s) });
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct bytes trim(struct bytes b)
{
	while (b.len > 0 && is_blank(b.p[b.len - 1]))
		b.len--;
	while (b.len > 0 && is_blank(b.p[0])) {
		b.p++;
		b.len--;
	}
	return b;
}

static void chatml(struct render *r, const struct engine_message *msg, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		put_str(r, CHAT_SPECIAL, "<|im_start|>");
		put_str(r, CHAT_TEXT, role_name(msg[i].role));
		put_str(r, CHAT_TEXT, "\n");
		put(r, CHAT_TEXT, msg[i].text);
		put_str(r, CHAT_SPECIAL, "<|im_end|>");
		put_str(r, CHAT_TEXT, "\n");
	}
	put_str(r, CHAT_SPECIAL, "<|im_start|>");
	put_str(r, CHAT_TEXT, "assistant\n");
}

static void llama3_header(struct render *r, const char *role)
{
	put_str(r, CHAT_SPECIAL, "<|start_header_id|>");
	put_str(r, CHAT_TEXT, role);
	put_str(r, CHAT_SPECIAL, "<|end_header_id|>");
	put_str(r, CHAT_TEXT, "\n\n");
}

static void llama3(struct render *r, const struct engine_message *msg, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		llama3_header(r, role_name(msg[i].role));
		put(r, CHAT_TEXT, trim(msg[i].text));
		put_str(r, CHAT_SPECIAL, "<|eot_id|>");
	}
	llama3_header(r, "assistant");
}

/*
 * One turn is "[INST] system and user [/INST]answer" and EOS. A system message
 * shares the turn of the user message that follows it.
 */
static void llama2(struct render *r, const struct engine_message *msg, size_t n)
{
	const struct chat *c = r->chat;
	bool open = false;

	for (size_t i = 0; i < n; i++) {
		struct bytes text = c->strip ? trim(msg[i].text) : msg[i].text;

		if (!open) {
			if (i > 0 && c->inner_bos)
				put(r, CHAT_BOS, (struct bytes){ NULL, 0 });
			put_str(r, CHAT_MARKER, "[INST]");
			put_str(r, CHAT_TEXT, " ");
			open = true;
		}
		switch (msg[i].role) {
		case ENGINE_SYSTEM:
			if (c->sys)
				put_str(r, CHAT_TEXT, "<<SYS>>\n");
			put(r, CHAT_TEXT, text);
			put_str(r, CHAT_TEXT, c->sys ? "\n<</SYS>>\n\n" : "\n");
			break;
		case ENGINE_USER:
			put(r, CHAT_TEXT, text);
			put_str(r, CHAT_TEXT, " ");
			put_str(r, CHAT_MARKER, "[/INST]");
			break;
		case ENGINE_ASSISTANT:
		case ENGINE_TOOL:
		default:
			put(r, CHAT_TEXT, text);
			put(r, CHAT_EOS, (struct bytes){ NULL, 0 });
			open = false;
			break;
		}
	}
}

enum err chat_render(const struct chat *chat, const struct engine_message *msg,
    size_t n, chat_emit_fn *emit, void *cookie)
{
	struct render r = { .chat = chat, .emit = emit, .cookie = cookie };

	switch (chat->family) {
	case CHAT_CHATML:
		chatml(&r, msg, n);
		break;
	case CHAT_LLAMA2:
		llama2(&r, msg, n);
		break;
	case CHAT_LLAMA3:
		llama3(&r, msg, n);
		break;
	case CHAT_NONE:
	default:
		if (n != 1 || msg[0].role != ENGINE_USER)
			return ERR_UNSUPPORTED;
		put(&r, CHAT_TEXT, msg[0].text);
		break;
	}
	return r.err;
}
