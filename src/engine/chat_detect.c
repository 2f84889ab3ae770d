/*
 * Recognising a template. Its text is brought into one spelling: no white space
 * between the words of its program, one kind of quote, escapes resolved,
 * 'a' + 'b' joined, x['y'] as x.y, no comments. In that text a family's row
 * looks for the literal sentences that it renders. Markers ("<|im_end|>",
 * "[INST]", "<think>") that the row does not list mean that the template knows
 * more than the row, and it is refused.
 */
#include <stdlib.h>
#include <string.h>

#include "engine/chat_family.h"

#define MARKER_LEN_MAX 48 /* longer ones are something else */

const struct chat_family *chat_family_of(const struct chat *chat)
{
	return &chat_family_tab[chat->family - 1];
}

const char *chat_name(uint32_t family)
{
	return family == CHAT_NONE ? "none" : chat_family_tab[family - 1].name;
}

static size_t find(struct bytes text, size_t from, const char *s)
{
	const uint8_t *p =
	    memmem(text.p + from, text.len - from, s, mem_strlen(s));

	return p == NULL ? text.len : (size_t)(p - text.p);
}

/* ---- one spelling ---- */

struct canon {
	struct bytes in;
	size_t at;
	uint8_t *out;
	size_t len;
	size_t quoted; /* len just behind a literal's closing quote, or 0 */
};

static bool is_word(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_';
}

static uint8_t peek(const struct canon *c, size_t ahead)
{
	return ahead < c->in.len - c->at ? c->in.p[c->at + ahead] : 0;
}

/* A literal at c->at, without its escapes. */
static void literal(struct canon *c)
{
	uint8_t quote = c->in.p[c->at++];

	if (c->quoted != 0 && c->len == c->quoted + 1 &&
	    c->out[c->len - 1] == '+')
		c->len -= 2;
	else
		c->out[c->len++] = '\'';
	for (; c->at < c->in.len && c->in.p[c->at] != quote; c->at++) {
		if (peek(c, 0) == '\\' && peek(c, 1) != 0) {
			c->at++;
			c->out[c->len++] = peek(c, 0) == 'n'   ? '\n'
					   : peek(c, 0) == 't' ? '\t'
							       : peek(c, 0);
		} else {
			c->out[c->len++] = c->in.p[c->at];
		}
	}
	c->at += c->at < c->in.len;
	c->out[c->len++] = '\'';
	c->quoted = c->len;
}

/* ['name'] behind a word becomes .name; false: it is something else. */
static bool subscript(struct canon *c)
{
	size_t n = 0;
	uint8_t last = c->len > 0 ? c->out[c->len - 1] : 0;
	uint8_t quote = peek(c, 1);

	if ((quote != '\'' && quote != '"') || (!is_word(last) && last != ']'))
		return false;
	while (is_word(peek(c, 2 + n)))
		n++;
	if (n == 0 || peek(c, 2 + n) != quote || peek(c, 3 + n) != ']')
		return false;
	c->out[c->len++] = '.';
	mem_copy(c->out + c->len, c->in.p + c->at + 2, n);
	c->len += n;
	c->at += n + 4;
	return true;
}

/* The inside of {{ }} or {% %}, to behind its end. */
static void program(struct canon *c)
{
	c->quoted = 0;
	while (c->at < c->in.len) {
		uint8_t b = peek(c, 0), b2 = peek(c, 1);

		if ((b == '-' || b == '+') && (b2 == '}' || b2 == '%') &&
		    peek(c, 2) == '}') {
			c->at++;
		} else if ((b == '}' || b == '%') && b2 == '}') {
			c->out[c->len++] = b;
			c->out[c->len++] = b2;
			c->at += 2;
			return;
		} else if (b == '\'' || b == '"') {
			literal(c);
		} else if (b == ' ' || (b >= '\t' && b <= '\r')) {
			c->at++;
		} else if (b != '[' || !subscript(c)) {
			c->out[c->len++] = b;
			c->at++;
		}
	}
}

/* out has room for in.len + 4 bytes. */
static struct bytes canonical(struct bytes in, uint8_t *out)
{
	struct canon c = { .in = in, .out = out };

	while (c.at < in.len) {
		uint8_t b = peek(&c, 1);

		if (peek(&c, 0) != '{' || (b != '{' && b != '%' && b != '#')) {
			out[c.len++] = in.p[c.at++];
		} else if (b == '#') {
			c.at = find(in, c.at, "#}");
			c.at += c.at < in.len ? 2 : 0;
		} else {
			out[c.len++] = '{';
			out[c.len++] = b;
			c.at += 2;
			c.at += peek(&c, 0) == '-' || peek(&c, 0) == '+';
			program(&c);
		}
	}
	return (struct bytes){ out, c.len };
}

/* ---- markers ---- */

static bool all_of(struct bytes b, bool (*fits)(uint8_t))
{
	for (size_t i = 0; i < b.len; i++) {
		if (!fits(b.p[i]))
			return false;
	}
	return b.len > 0;
}

static bool in_bars(uint8_t c)
{
	return is_word(c) || c == '/' || c == ':' || c >= 0x80;
}

static bool in_brackets(uint8_t c)
{
	return (c >= 'A' && c <= 'Z') || c == '_' || c == '/';
}

static bool in_angles(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || c == '_' || c == '/';
}

/* The marker that starts at `at`; empty: none does. */
static struct bytes marker_at(struct bytes t, size_t at)
{
	struct bytes m = { t.p + at, 0 }, inside;
	uint8_t close = t.p[at] == '[' ? ']' : '>';

	if (t.p[at] != '<' && t.p[at] != '[')
		return m;
	for (m.len = 1; at + m.len < t.len && m.len < MARKER_LEN_MAX;) {
		uint8_t c = m.p[m.len++];

		if (c == '<' || c == '[')
			break;
		if (c != close)
			continue;
		inside = (struct bytes){ m.p + 1, m.len - 2 };
		if (close == ']' ? all_of(inside, in_brackets)
				 : all_of(inside, in_angles))
			return m;
		if (inside.len > 2 && inside.p[0] == '|' &&
		    inside.p[inside.len - 1] == '|' &&
		    all_of((struct bytes){ inside.p + 1, inside.len - 2 },
			in_bars))
			return m;
		if (all_of(inside, in_bars) && inside.p[0] >= 0x80)
			return m;
		break;
	}
	m.len = 0;
	return m;
}

/* Is `m` one of the words in `list`? */
static bool listed(const char *list, struct bytes m)
{
	while (list != NULL && *list != '\0') {
		size_t n = 0;

		while (list[n] != '\0' && list[n] != ' ')
			n++;
		if (mem_eq(m, (struct bytes){ (const uint8_t *)list, n }))
			return true;
		list += n + (list[n] == ' ');
	}
	return false;
}

/* The first marker that is not in `known`; empty: there is none. */
static struct bytes strange_marker(struct bytes tmpl, const char *known)
{
	for (size_t i = 0; i < tmpl.len; i++) {
		struct bytes m = marker_at(tmpl, i);

		if (m.len > 0 && !listed(known, m))
			return m;
	}
	return (struct bytes){ tmpl.p, 0 };
}

/* ---- families ---- */

static bool says_all(const struct chat_family *f, struct bytes text)
{
	for (size_t i = 0; i < CHAT_SAYS_MAX && f->says[i] != NULL; i++) {
		if (find(text, 0, f->says[i]) == text.len)
			return false;
	}
	return true;
}

/* Copy the system text that the template itself adds, where it has one. */
static enum err own_system(struct chat *out, const struct chat_family *f,
    struct bytes text, struct err_ctx *ctx)
{
	size_t from, to;

	if (f->own.before == NULL)
		return ERR_OK;
	for (from = 0;; from++) {
		struct bytes own;

		from = find(text, from, f->own.before);
		if (from == text.len)
			return ERR_OK;
		own.p = text.p + from + mem_strlen(f->own.before);
		to = find(text, (size_t)(own.p - text.p), f->own.after);
		own.len = to - (size_t)(own.p - text.p);
		/* Otherwise what follows is no literal. */
		if (to == text.len || find(own, 0, "'+") < own.len ||
		    find(own, 0, "'}") < own.len)
			continue;
		if (own.len > CHAT_SYSTEM_MAX)
			return err_set(ctx, ERR_LIMIT,
			    "gguf: tokenizer.chat_template: a system text of "
			    "%zu bytes, limit %u",
			    own.len, CHAT_SYSTEM_MAX);
		mem_copy(out->system, own.p, own.len);
		out->system_len = (uint32_t)own.len;
		return ERR_OK;
	}
}

/* Markers are bytes of the file: only printable ones are shown. */
static int shown(struct bytes m)
{
	for (size_t i = 0; i < m.len; i++) {
		if (m.p[i] < 0x20 || m.p[i] >= 0x7f)
			return 0;
	}
	return (int)m.len;
}

static enum err recognise(
    struct chat *out, struct bytes tmpl, struct bytes text, struct err_ctx *ctx)
{
	struct bytes strange = strange_marker(tmpl, NULL);

	for (uint32_t i = 0; i < chat_family_n; i++) {
		const struct chat_family *f = &chat_family_tab[i];

		if (!says_all(f, text))
			continue;
		strange = strange_marker(tmpl, f->markers);
		if (strange.len > 0)
			return err_set(ctx, ERR_UNSUPPORTED,
			    "gguf: tokenizer.chat_template: like %s, but with "
			    "%.*s",
			    f->name, shown(strange), (const char *)strange.p);
		out->family = i + 1;
		return own_system(out, f, text, ctx);
	}
	return err_set(ctx, ERR_UNSUPPORTED,
	    "gguf: tokenizer.chat_template: of no known family%s%.*s",
	    strange.len > 0 ? "; it has " : "", shown(strange),
	    (const char *)strange.p);
}

enum err chat_detect(struct chat *out, struct bytes tmpl, struct err_ctx *ctx)
{
	uint8_t *text;
	enum err e;

	*out = (struct chat){ .family = CHAT_NONE };
	if (tmpl.len == 0)
		return ERR_OK;
	if (tmpl.len > CHAT_TEMPLATE_MAX)
		return err_set(ctx, ERR_LIMIT,
		    "gguf: tokenizer.chat_template: %zu bytes, limit %u",
		    tmpl.len, CHAT_TEMPLATE_MAX);
	text = malloc(2 * tmpl.len + 4); /* every byte could be an empty '' */
	if (text == NULL)
		return err_set(ctx, ERR_NOMEM, "no memory for a template");
	e = recognise(out, tmpl, canonical(tmpl, text), ctx);
	free(text);
	if (e != ERR_OK)
		*out = (struct chat){ .family = CHAT_NONE };
	return e;
}
