/* Rendering a conversation by its family's row; see chat_family.h. */
#include <string.h>

#include "base/utf8.h"
#include "engine/chat_family.h"
#include "engine/unicode.h"

static void put(struct chat_out *o, enum chat_piece kind, struct bytes text)
{
	bool first = !o->started;

	o->started = true;
	if (o->err == ERR_OK && !(kind == CHAT_BOS && first))
		o->err = o->emit(o->cookie, kind, text);
}

void chat_text(struct chat_out *o, struct bytes text)
{
	if (text.len > 0)
		put(o, CHAT_TEXT, text);
}

void chat_fail(struct chat_out *o, enum err e, const char *what)
{
	if (o->err == ERR_OK)
		o->err = err_set(o->ctx, e, "the model's chat template (%s) %s",
		    o->f == NULL ? "none" : o->f->name, what);
}

/* Length of the marker at the start of a literal, or 0. */
static size_t marker(const char *s, enum chat_piece *kind)
{
	static const char small[] = "abcdefghijklmnopqrstuvwxyz_/";
	static const char large[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ_/";
	size_t n;

	*kind = CHAT_MARKER;
	if (strncmp(s, "<|", 2) == 0 && strstr(s, "|>") != NULL) {
		*kind = CHAT_SPECIAL;
		return (size_t)(strstr(s, "|>") - s) + 2;
	}
	if (s[0] == '[' && (n = strspn(s + 1, large)) > 0 && s[1 + n] == ']')
		return n + 2;
	if (s[0] != '<' || (n = strspn(s + 1, small)) == 0 || s[1 + n] != '>')
		return 0;
	if (n > 8 && strncmp(s + 1 + n - 8, "_of_turn", 8) == 0)
		*kind = CHAT_SPECIAL;
	return n + 2;
}

void chat_put(struct chat_out *o, const char *s)
{
	const struct bytes nothing = { NULL, 0 };
	size_t n = 0;

	while (s != NULL && s[n] != '\0') {
		enum chat_piece kind = CHAT_MARKER;
		size_t len = 5;

		if (strncmp(s + n, "{bos}", len) == 0)
			kind = CHAT_BOS;
		else if (strncmp(s + n, "{eos}", len) == 0)
			kind = CHAT_EOS;
		else
			len = marker(s + n, &kind);
		if (len == 0) {
			n++;
			continue;
		}
		chat_text(o, (struct bytes){ (const uint8_t *)s, n });
		put(o, kind,
		    kind == CHAT_BOS || kind == CHAT_EOS
			? nothing
			: (struct bytes){ (const uint8_t *)s + n, len });
		s += n + len;
		n = 0;
	}
	if (s != NULL)
		chat_text(o, (struct bytes){ (const uint8_t *)s, n });
}

void chat_wrapped(struct chat_out *o, struct chat_wrap wrap, struct bytes text)
{
	chat_put(o, wrap.before);
	chat_text(o, text);
	chat_put(o, wrap.after);
}

/* Python's str.isspace() */
static bool is_space(uint32_t c)
{
	return unicode_class(c) == UNICODE_SPACE || (c >= 0x1c && c <= 0x1f);
}

struct bytes chat_trim_start(struct bytes b)
{
	while (b.len > 0) {
		size_t n;

		if (!is_space(unicode_at(b, 0, &n)))
			break;
		b = mem_skip(b, n);
	}
	return b;
}

struct bytes chat_trim_end(struct bytes b)
{
	while (b.len > 0) {
		size_t at = b.len - 1, n;

		while (at > 0 && (b.p[at] & 0xc0) == 0x80)
			at--;
		if (!is_space(unicode_at(b, at, &n)))
			break;
		b.len = at;
	}
	return b;
}

static struct bytes trimmed(
    const struct chat_out *o, struct bytes text, unsigned which)
{
	if ((o->f->trim & which) == 0)
		return text;
	return chat_trim_start(chat_trim_end(text));
}

/* ---- messages ---- */

static void system_message(struct chat_out *o, size_t i, struct bytes text)
{
	text = trimmed(o, text, CHAT_TRIM_SYSTEM);
	if (o->f->system_at == CHAT_SYSTEM_NONE)
		chat_fail(o, ERR_UNSUPPORTED, "takes no system message");
	else if (i > 0 && (o->f->alternate || o->f->style == CHAT_SMOLLM3))
		chat_fail(o, ERR_UNSUPPORTED,
		    "takes a system message only as the first one");
	else if (o->f->system_at == CHAT_SYSTEM_TURN)
		chat_wrapped(o, o->f->system, text);
	else if (o->holds)
		chat_fail(o, ERR_UNSUPPORTED,
		    "takes one system message for a user's message");
	else
		o->held = text;
	o->holds = o->f->system_at != CHAT_SYSTEM_TURN;
}

static void user(struct chat_out *o, size_t i)
{
	struct bytes text = o->in->message[i].text;
	bool joined = o->holds && (o->f->system_at == CHAT_SYSTEM_FIRST ||
				      i + 1 == o->in->message_n);

	if (o->f->tools == CHAT_TOOLS_MISTRAL)
		chat_tools_mistral(o, text);
	chat_put(o, o->f->user.before);
	if (joined) {
		chat_wrapped(o, o->f->system, o->held);
		chat_put(o, o->f->join);
		o->holds = false;
	}
	/* Llama 2 trims the two as one text. */
	if (joined && o->f->system.before != NULL)
		text = chat_trim_end(text);
	else
		text = trimmed(o, text, CHAT_TRIM_USER);
	chat_text(o, text);
	chat_put(o, o->f->user.after);
}

static void assistant(struct chat_out *o, size_t i)
{
	const struct engine_message *m = &o->in->message[i];
	struct bytes text = trimmed(o, m->text, CHAT_TRIM_ASSISTANT);

	if (m->call_n > 0 && o->f->tools != CHAT_TOOLS_HERMES) {
		chat_tools_calls(o, m, text);
		return;
	}
	chat_put(o, o->f->assistant.before);
	text = chat_style_assistant(o, i, text);
	chat_text(o, text);
	if (m->call_n > 0)
		chat_tools_calls(o, m, text);
	chat_put(o, o->f->assistant.after);
}

/* Must user and assistant take turns, and do they? Calls are between turns. */
static void check_turns(struct chat_out *o)
{
	enum engine_role want = ENGINE_USER;

	for (size_t i = 0; o->f->alternate && i < o->in->message_n; i++) {
		const struct engine_message *m = &o->in->message[i];

		if (m->role == ENGINE_SYSTEM || m->role == ENGINE_TOOL ||
		    m->call_n > 0)
			continue;
		if (m->role != want) {
			chat_fail(o, ERR_UNSUPPORTED,
			    "wants user and assistant to take turns, the user "
			    "first");
			return;
		}
		want = want == ENGINE_USER ? ENGINE_ASSISTANT : ENGINE_USER;
	}
}

/* What comes first. Returns how many messages are part of it. */
static size_t start(struct chat_out *o)
{
	const struct chat_input *in = o->in;
	bool has = in->message_n > 0 && in->message[0].role == ENGINE_SYSTEM;
	struct bytes own = { o->chat->system_len > 0 ? o->chat->system : NULL,
		o->chat->system_len };

	if (o->f->style == CHAT_SMOLLM3) {
		chat_style_smollm3(o);
		return has;
	}
	if (o->f->tools == CHAT_TOOLS_LLAMA3)
		return chat_tools_llama3(o, has);
	if (o->f->tools == CHAT_TOOLS_HERMES && in->tool_n > 0) {
		chat_tools_hermes(o, has ? in->message[0].text : own);
		return has;
	}
	if (o->f->tools == CHAT_TOOLS_GRANITE && in->tool_n > 0)
		chat_tools_granite(o);
	if (!has && own.len > 0)
		system_message(o, 0, own);
	return 0;
}

static void conversation(struct chat_out *o)
{
	const struct chat_input *in = o->in;
	size_t i;

	if (in->tool_n > 0 && o->f->tools == CHAT_TOOLS_NONE)
		chat_fail(o, ERR_UNSUPPORTED, "has no tools");
	check_turns(o);
	for (i = o->err == ERR_OK ? start(o) : 0;
	     i < in->message_n && o->err == ERR_OK; i++) {
		switch (in->message[i].role) {
		case ENGINE_SYSTEM:
			system_message(o, i, in->message[i].text);
			break;
		case ENGINE_USER:
			user(o, i);
			break;
		case ENGINE_ASSISTANT:
			assistant(o, i);
			break;
		case ENGINE_TOOL:
		default:
			chat_tools_result(o, i);
			break;
		}
	}
	if (o->holds && o->f->system_at == CHAT_SYSTEM_FIRST)
		chat_fail(o, ERR_UNSUPPORTED,
		    "joins a system message to a user's, which is missing");
	chat_put(o, in->complete ? o->f->close : o->f->open);
	if (!in->complete)
		chat_style_open(o);
}

enum err chat_render(const struct chat *chat, const struct chat_input *in,
    chat_emit_fn *emit, void *cookie, struct err_ctx *ctx)
{
	struct chat_out o = { .chat = chat,
		.in = in,
		.emit = emit,
		.cookie = cookie,
		.ctx = ctx };

	for (size_t i = 0; i < in->message_n; i++) {
		struct bytes text = in->message[i].text;

		if (utf8_prefix(text) != text.len)
			return err_set(
			    ctx, ERR_FORMAT, "message %zu is not UTF-8", i);
	}
	if (chat->family != CHAT_NONE) {
		o.f = chat_family_of(chat);
		conversation(&o);
	} else if (in->message_n == 1 && in->tool_n == 0 &&
		   in->message[0].role == ENGINE_USER) {
		chat_text(&o, in->message[0].text);
	} else {
		chat_fail(&o, ERR_UNSUPPORTED,
		    "is missing: it continues one user message and holds no "
		    "conversation");
	}
	return o.err;
}
