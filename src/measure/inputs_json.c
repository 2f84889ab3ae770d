/* See inputs_json.h. */
#include "measure/inputs_json.h"

#include "base/hex.h"
#include "measure/inputs.h"

#define SHOWN_MAX  60 /* bytes of a name in a message */
#define NUMBER_MAX 24 /* characters: 2^64 has 20 digits */
#define HEX_MAX    48 /* bytes: SHA-384 */

void inputs_json_fail(
    struct inputs_json *in, enum err e, const char *name, const char *what)
{
	if (in->err == ERR_OK)
		in->err = err_set(in->ctx, e, "inputs: %s %s", name, what);
}

struct inputs_json inputs_json_open(struct bytes text, struct err_ctx *ctx)
{
	struct inputs_json in = { .ctx = ctx, .err = ERR_OK };

	if (text.len > INPUTS_LEN_MAX) {
		in.err =
		    err_set(ctx, ERR_LIMIT, "inputs of %zu bytes, at most %d",
			text.len, INPUTS_LEN_MAX);
		return in;
	}
	in.err = json_parse(&in.object, text, ctx);
	if (in.err == ERR_OK && in.object.type != JSON_OBJECT)
		in.err = err_set(ctx, ERR_FORMAT, "inputs are no JSON object");
	return in;
}

void inputs_json_only(
    struct inputs_json *in, const char *const *names, size_t n)
{
	struct json key, value;
	struct json_iter it;

	if (in->err != ERR_OK)
		return;
	for (it = json_iter(&in->object); json_next(&it, &key, &value);) {
		uint8_t name[SHOWN_MAX];
		size_t i = 0, len;

		while (i < n && !json_is_str(&key, names[i]))
			i++;
		if (i < n)
			continue;
		if (json_string(&key, name, sizeof(name), &len) != ERR_OK)
			len = 0;
		in->err = err_set(in->ctx, ERR_UNSUPPORTED,
		    "inputs: member \"%.*s\"%s is not known", (int)len,
		    (const char *)name, len == 0 ? " (empty or long)" : "");
		return;
	}
}

/* The member, unless it is absent or null. */
static bool find(struct inputs_json *in, const char *name, struct json *out)
{
	return in->err == ERR_OK && json_get(&in->object, name, out) &&
	       out->type != JSON_NULL;
}

bool inputs_json_hex(
    struct inputs_json *in, const char *name, uint8_t *out, size_t n)
{
	struct json v;
	uint8_t text[2 * HEX_MAX], bytes[HEX_MAX];
	size_t len;

	if (!find(in, name, &v))
		return false;
	if (json_string(&v, text, 2 * n, &len) != ERR_OK ||
	    hex_decode(bytes, n, (struct bytes){ text, len }) != ERR_OK) {
		if (in->err == ERR_OK)
			in->err = err_set(in->ctx, ERR_FORMAT,
			    "inputs: %s is not %zu lower-case hexadecimal "
			    "digits",
			    name, 2 * n);
		return false;
	}
	memcpy(out, bytes, n);
	return true;
}

/* The value of a digit in this base, or the base itself. */
static unsigned digit(uint8_t c, unsigned base)
{
	unsigned v = base;

	if (c >= '0' && c <= '9')
		v = c - (unsigned)'0';
	else if (c >= 'a' && c <= 'f')
		v = c - (unsigned)'a' + 10;
	else if (c >= 'A' && c <= 'F')
		v = c - (unsigned)'A' + 10;
	return v < base ? v : base;
}

bool inputs_number(uint64_t *out, struct bytes text)
{
	const bool hex = text.len > 2 && text.p[0] == '0' && text.p[1] == 'x';
	const unsigned base = hex ? 16 : 10;
	uint64_t n = 0;

	if (text.len == 0 || text.len > NUMBER_MAX)
		return false;
	for (size_t i = hex ? 2 : 0; i < text.len; i++) {
		const unsigned v = digit(text.p[i], base);

		if (v == base || n > (UINT64_MAX - v) / base)
			return false;
		n = n * base + v;
	}
	*out = n;
	return true;
}

bool inputs_json_number(
    struct inputs_json *in, const char *name, uint64_t *out, uint64_t max)
{
	struct json v;
	uint8_t text[NUMBER_MAX];
	size_t len = 0;
	uint64_t n = 0;
	bool ok;

	if (!find(in, name, &v))
		return false;
	if (v.type == JSON_STRING)
		ok = json_string(&v, text, sizeof(text), &len) == ERR_OK &&
		     inputs_number(&n, (struct bytes){ text, len });
	else
		ok = json_u64(&v, &n) == ERR_OK;
	if (ok && n <= max) {
		*out = n;
		return true;
	}
	if (in->err == ERR_OK)
		in->err = err_set(in->ctx, ok ? ERR_LIMIT : ERR_FORMAT,
		    "inputs: %s is not a number up to %llu", name,
		    (unsigned long long)max);
	return false;
}

bool inputs_json_text(struct inputs_json *in, const char *name, uint8_t *buf,
    size_t cap, struct bytes *out)
{
	struct json v;
	size_t len;
	enum err e;

	if (!find(in, name, &v))
		return false;
	e = json_string(&v, buf, cap, &len);
	if (e == ERR_OK) {
		*out = (struct bytes){ buf, len };
		return true;
	}
	inputs_json_fail(in, e == ERR_NOSPACE ? ERR_LIMIT : ERR_FORMAT, name,
	    e == ERR_NOSPACE ? "is too long" : "is no text");
	return false;
}

bool inputs_json_array(
    struct inputs_json *in, const char *name, struct json_iter *out)
{
	struct json v;

	if (!find(in, name, &v))
		return false;
	if (v.type != JSON_ARRAY) {
		inputs_json_fail(in, ERR_FORMAT, name, "is no array");
		return false;
	}
	*out = json_iter(&v);
	return true;
}

bool inputs_token(struct bytes b)
{
	for (size_t i = 0; i < b.len; i++) {
		const uint8_t c = b.p[i], lower = c | 0x20;

		if (!(c >= '0' && c <= '9') &&
		    !(lower >= 'a' && lower <= 'z') && c != '.' && c != '_' &&
		    c != '+' && c != '-')
			return false;
	}
	return b.len > 0 && b.len <= INPUTS_TOKEN_MAX;
}
