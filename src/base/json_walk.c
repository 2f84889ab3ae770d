/* A forward cursor over checked JSON; see json_walk.h. */
#include "base/json_walk.h"

#include "base/json_scan.h"

/* The byte at the cursor, or 0 at the end. */
static uint8_t peek(const struct json_walk *w)
{
	return w->off < w->text.len ? w->text.p[w->off] : 0;
}

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip_space(struct json_walk *w)
{
	while (is_space(peek(w)))
		w->off++;
}

/* Step over one byte and the space after it. */
static void skip_mark(struct json_walk *w)
{
	w->off += w->off < w->text.len;
	skip_space(w);
}

/* From the opening quote to behind the closing one. */
static void skip_string(struct json_walk *w)
{
	const uint8_t *p = w->text.p;
	size_t i = w->off + 1, len = w->text.len;

	while (i < len && p[i] != '"')
		i += p[i] == '\\' ? 2 : 1;
	w->off = i < len ? i + 1 : len;
}

static void skip_container(struct json_walk *w)
{
	size_t depth = 0;

	while (w->off < w->text.len) {
		uint8_t c = peek(w);

		if (c == '"') {
			skip_string(w);
			continue;
		}
		w->off++;
		if (c == '{' || c == '[')
			depth++;
		else if ((c == '}' || c == ']') && --depth == 0)
			return;
	}
}

static void skip_scalar(struct json_walk *w)
{
	for (uint8_t c = peek(w); w->off < w->text.len; c = peek(w)) {
		if (c == ',' || c == '}' || c == ']' || is_space(c))
			return;
		w->off++;
	}
}

struct json_walk json_walk(struct bytes text)
{
	struct json_walk w = { .text = text };

	skip_space(&w);
	return w;
}

enum json_type json_walk_type(const struct json_walk *w)
{
	return json_scan_type(peek(w));
}

void json_walk_enter(struct json_walk *w)
{
	skip_mark(w);
}

bool json_walk_more(struct json_walk *w, struct bytes *key)
{
	size_t start;

	skip_space(w);
	if (peek(w) == ',')
		skip_mark(w);
	if (w->off >= w->text.len || peek(w) == '}' || peek(w) == ']') {
		w->off += w->off < w->text.len;
		return false;
	}
	if (key == NULL)
		return true;
	start = w->off;
	skip_string(w);
	*key = (struct bytes){ w->text.p + start + 1, 0 };
	key->len = w->off > start + 2 ? w->off - start - 2 : 0;
	skip_space(w);
	skip_mark(w); /* the colon */
	return true;
}

struct json json_walk_take(struct json_walk *w)
{
	struct json v = { .type = json_walk_type(w) };
	size_t start = w->off;

	if (v.type == JSON_STRING)
		skip_string(w);
	else if (v.type == JSON_OBJECT || v.type == JSON_ARRAY)
		skip_container(w);
	else
		skip_scalar(w);
	v.text = (struct bytes){ w->text.p + start, w->off - start };
	return v;
}
