/*
 * JSON in prompts. Models were trained on JSON as Python's json.dumps writes
 * it, so that is how what a client sent is spelled again, byte by byte, from
 * text that passed json_parse().
 */
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
	chat_text(w->o, (struct bytes){ (const uint8_t *)s, mem_strlen(s) });
}

/* One character of a string. */
static void put_char(struct writer *w, uint32_t c)
{
	static const char *const names[32] = { [8] = "\\b",
		[9] = "\\t",
		[10] = "\\n",
		[12] = "\\f",
		[13] = "\\r" };
	static const char hex[] = "0123456789abcdef";
	char b[8] = { 0 };

	if (w->quoting && (c == '"' || c == '\\')) {
		b[0] = '\\';
		b[1] = (char)c;
	} else if (w->quoting && c < 32 && names[c] != NULL) {
		put(w, names[c]);
		return;
	} else if (w->quoting && c < 32) {
		mem_copy(b, "\\u00", 4);
		b[4] = hex[c >> 4];
		b[5] = hex[c & 15];
	} else if (c < 0x80) {
		b[0] = (char)c;
		chat_text(w->o, (struct bytes){ (const uint8_t *)b, 1 });
		return;
	} else if (c < 0x800) {
		b[0] = (char)(0xc0 | c >> 6);
		b[1] = (char)(0x80 | (c & 0x3f));
	} else if (c < 0x10000) {
		b[0] = (char)(0xe0 | c >> 12);
		b[1] = (char)(0x80 | (c >> 6 & 0x3f));
		b[2] = (char)(0x80 | (c & 0x3f));
	} else {
		b[0] = (char)(0xf0 | c >> 18);
		b[1] = (char)(0x80 | (c >> 12 & 0x3f));
		b[2] = (char)(0x80 | (c >> 6 & 0x3f));
		b[3] = (char)(0x80 | (c & 0x3f));
	}
	put(w, b);
}

/* Four hexadecimal digits. */
static uint32_t hex4(const uint8_t *p)
{
	uint32_t v = 0;

	for (size_t i = 0; i < 4; i++) {
		uint32_t c = p[i];

		v = v << 4 | (c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
	}
	return v;
}

/* The escape at w->at: its character; w->at goes behind it. */
static uint32_t unescape(struct writer *w)
{
	static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
	const uint8_t *p = w->in.p + w->at;
	uint32_t c;

	if (p[1] != 'u') {
		w->at += 2;
		for (size_t i = 0; from[i] != '\0'; i++) {
			if (p[1] == (uint8_t)from[i])
				return (uint8_t)to[i];
		}
		return p[1];
	}
	w->at += 6;
	c = hex4(p + 2);
	if (c >= 0xd800 && c < 0xdc00) {
		w->at += 6; /* json_parse saw that its other half follows */
		c = 0x10000 + ((c & 0x3ff) << 10) + (hex4(p + 8) & 0x3ff);
	}
	return c;
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
		put_char(w, unescape(w));
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
