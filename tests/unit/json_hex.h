/* Reading test vectors: members of JSON objects that hold hexadecimal text. */
#ifndef CONFER_TESTS_UNIT_JSON_HEX_H
#define CONFER_TESTS_UNIT_JSON_HEX_H

#include "test.h"

#include "base/hex.h"
#include "base/json.h"

/* The root of a JSON file; the text is malloc'ed and given back in *text. */
static inline struct json json_file(const char *path, uint8_t **text)
{
	struct err_ctx ctx = { 0 };
	struct json root;
	size_t len;

	*text = read_file(path, &len);
	if (json_parse(&root, (struct bytes){ *text, len }, &ctx) != ERR_OK)
		fail_msg("%s: %s", path, ctx.msg);
	return root;
}

static inline struct json json_member(
    const struct json *object, const char *name)
{
	struct json v;

	if (!json_get(object, name, &v))
		fail_msg("no member %s", name);
	return v;
}

/* The text of a string without escapes, borrowed. */
static inline struct bytes json_text(const struct json *v)
{
	CHECK_EQ(v->type, JSON_STRING);
	return (struct bytes){ v->text.p + 1, v->text.len - 2 };
}

/* Decode the hexadecimal member `name`; a missing one is empty. */
static inline size_t json_hex(
    const struct json *object, const char *name, uint8_t *out, size_t cap)
{
	struct json v;
	struct bytes text;

	if (!json_get(object, name, &v))
		return 0;
	text = json_text(&v);
	CHECK(text.len % 2 == 0 && text.len / 2 <= cap);
	CHECK_OK(hex_decode(out, text.len / 2, text));
	return text.len / 2;
}

#endif
