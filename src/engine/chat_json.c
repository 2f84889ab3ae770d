/*
 * JSON in prompts. Models were trained on JSON as Python's json.dumps writes
 * it, so that is how what a client sent is spelled again, byte by byte, from
 * text that passed json_parse().
 */
#include "base/assert.h"
#include "base/fmt.h"
#include "engine/chat_family.h"

struct writer {
	struct chat_out *o;
	struct bytes in;
	size_t at, from; /* in[from .. at) goes out as it is */
	unsigned indent, depth;
	bool quoting; /* inside a string that is written with its escapes */
};

static void flush(struct writer *w)
{
	if (w->from == w->at)
		return;
	chat_text(w->o, (struct bytes){ w->in.p + w->from, w->at - w->from });
	w->from = w->at;
}

static void put(struct writer *w, const char *s)
{
	chat_text(w->o, mem_str(s));
}

/* One ASCII character of a string. */
static void put_char(struct writer *w, uint8_t c)
{
	static const char names[32] = { ['\b'] = 'b',
		['\t'] = 't',
		['\n'] = 'n',
		['\f'] = 'f',
		['\r'] = 'r' };
	char b[8] = { '\\', (char)c };

	if (!w->quoting || (c >= 32 && c != '"' && c != '\\')) {
		chat_text(w->o, (struct bytes){ &c, 1 });
		return;
	}
	if (c < 32 && names[c] != 0)
		b[1] = names[c];
	else if (c < 32)
		(void)fmt_print(b, sizeof(b), "\\u%04x", c);
	put(w, b);
}

/* The escape at w->at, with its other half if it has one: its character. */
static void put_escape(struct writer *w)
{
	const uint8_t *p = w->in.p + w->at;
	const bool pair = p[1] == 'u' && (p[2] | 32) == 'd' && p[3] > '7';
	const size_t n = p[1] != 'u' ? 2 : pair ? 12 : 6;
	uint8_t string[14], c[4];
	const struct json v = { JSON_STRING, { string, n + 2 } };
	size_t len;
	enum err e;

	string[0] = string[n + 1] = '"';
	mem_copy(string + 1, p, n);
	e = json_string(&v, c, sizeof(c), &len);
	assert(e == ERR_OK); /* json_parse saw it */
	w->at += n;
	if (len == 1)
		put_char(w, c[0]);
	else
		chat_text(w->o, (struct bytes){ c, len });
}

/* The string at w->at, whose opening quote was passed, to its closing quote. */
static void string_body(struct writer *w)
{
	while (w->in.p[w->at] != '"') {
		if (w->in.p[w->at] != '\\') {
			w->at++;
			continue;
		}
		flush(w);
		put_escape(w);
		w->from = w->at;
	}
	flush(w);
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void new_line(struct writer *w)
{
	if (w->indent == 0)
		return;
	put(w, "\n");
	for (unsigned i = 0; i < w->indent * w->depth; i++)
		put(w, " ");
}

/* "{" or "[", which may close at once. */
static void enter(struct writer *w)
{
	w->at++;
	flush(w);
	while (is_blank(w->in.p[w->at]))
		w->at++;
	w->from = w->at;
	w->depth++;
	if (w->in.p[w->at] == '}' || w->in.p[w->at] == ']') {
		w->depth--;
		w->at++;
		flush(w);
	} else {
		new_line(w);
	}
}

void chat_json(struct chat_out *o, struct bytes json, unsigned indent)
{
	struct writer w = {
		.o = o, .in = json, .indent = indent, .quoting = true
	};

	while (w.at < json.len) {
		uint8_t c = json.p[w.at];

		if (is_blank(c)) {
			flush(&w);
			w.from = ++w.at;
		} else if (c == '"') {
			w.at++;
			string_body(&w);
			w.at++;
		} else if (c == '{' || c == '[') {
			enter(&w);
		} else if (c == '}' || c == ']') {
			flush(&w);
			w.depth--;
			new_line(&w);
			w.at++;
		} else if (c == ',' || c == ':') {
			w.at++;
			flush(&w);
			if (c == ':' || indent == 0)
				put(&w, " ");
			else
				new_line(&w);
		} else {
			w.at++;
		}
	}
	flush(&w);
}

void chat_json_text(struct chat_out *o, struct bytes text)
{
	struct writer w = { .o = o, .in = text, .quoting = true };

	put(&w, "\"");
	while (w.at < text.len) {
		uint8_t c = text.p[w.at];

		if (c >= 32 && c != '"' && c != '\\') {
			w.at++;
			continue;
		}
		flush(&w);
		put_char(&w, c);
		w.from = ++w.at;
	}
	flush(&w);
	put(&w, "\"");
}

void chat_json_decoded(struct chat_out *o, struct bytes string)
{
	struct writer w = { .o = o, .in = string, .at = 1, .from = 1 };

	string_body(&w);
}
