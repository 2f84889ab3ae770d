/* Slices of JSON that was checked; see json.h. */
#include "base/json.h"

#include "base/json_scan.h"
#include "base/utf8.h"

static struct json next_value(struct bytes *rest)
{
	struct json_scan s = { .p = rest->p, .len = rest->len };
	struct json v;

	json_scan_space(&s);
	if (json_scan_peek(&s) == ',' || json_scan_peek(&s) == ':')
		s.off++;
	json_scan_space(&s);
	v.text.p = s.p + s.off;
	v.type = json_scan_type(json_scan_peek(&s));
	size_t start = s.off;
	json_scan_value(&s, true);
	v.text.len = s.off - start;
	rest->p += s.off;
	rest->len -= s.off;
	return v;
}

struct json_iter json_iter(const struct json *c)
{
	struct json_iter it = { .object = c->type == JSON_OBJECT };

	if (c->type == JSON_OBJECT || c->type == JSON_ARRAY)
		it.rest = (struct bytes){ c->text.p + 1, c->text.len - 2 };
	return it;
}

bool json_next(struct json_iter *it, struct json *key, struct json *value)
{
	struct json_scan s = { .p = it->rest.p, .len = it->rest.len };
	struct json k;

	json_scan_space(&s);
	if (s.off == s.len)
		return false;
	if (it->object) {
		k = next_value(&it->rest);
		if (key != NULL)
			*key = k;
	}
	*value = next_value(&it->rest);
	return true;
}

/* Decode a checked string into w. */
static void decode_string(const struct json *v, struct wr *w)
{
	struct json_scan s = { .p = v->text.p, .len = v->text.len };

	json_scan_string(&s, w);
}

bool json_is_str(const struct json *v, const char *str)
{
	uint8_t buf[64];
	struct wr w = wr_init(buf, sizeof(buf));

	if (v->type != JSON_STRING)
		return false;
	decode_string(v, &w);
	return w.err == ERR_OK && mem_eq_str((struct bytes){ buf, w.len }, str);
}

bool json_get(const struct json *object, const char *name, struct json *out)
{
	struct json_iter it = json_iter(object);
	struct json key;

	while (it.object && json_next(&it, &key, out)) {
		if (json_is_str(&key, name))
			return true;
	}
	return false;
}

enum err json_string(
    const struct json *v, uint8_t *out, size_t cap, size_t *len)
{
	struct wr w = wr_init(out, cap);

	*len = 0;
	if (v->type != JSON_STRING)
		return ERR_FORMAT;
	decode_string(v, &w);
	return wr_end(&w, len);
}

enum err json_u64(const struct json *v, uint64_t *out)
{
	uint64_t n = 0;

	*out = 0;
	if (v->type != JSON_NUMBER)
		return ERR_FORMAT;
	for (size_t i = 0; i < v->text.len; i++) {
		uint8_t c = v->text.p[i];
		uint64_t digit = (uint64_t)c - '0';

		if (c < '0' || c > '9')
			return ERR_FORMAT;
		if (n > (UINT64_MAX - digit) / 10)
			return ERR_LIMIT;
		n = 10 * n + digit;
	}
	*out = n;
	return ERR_OK;
}

static double scale10(double v, int exponent)
{
	for (; exponent > 0 && v != 0.0 && v < 1e300; exponent--)
		v *= 10.0;
	for (; exponent < 0 && v != 0.0; exponent++)
		v /= 10.0;
	return v;
}

enum err json_double(const struct json *v, double *out)
{
	uint64_t digits = 0;
	int exponent = 0, explicit_exp = 0, sign = 1;
	bool fraction = false;
	size_t i = 0;

	*out = 0.0;
	if (v->type != JSON_NUMBER)
		return ERR_FORMAT;
	bool negative = v->text.p[0] == '-';
	for (i = negative; i < v->text.len; i++) {
		uint8_t c = v->text.p[i];

		if (c == 'e' || c == 'E')
			break;
		if (c == '.') {
			fraction = true;
		} else if (digits < UINT64_MAX / 100) {
			digits = digits * 10 + (uint64_t)(c - '0');
			exponent -= fraction;
		} else {
			exponent += !fraction;
		}
	}
	for (i++; i < v->text.len; i++) {
		uint8_t c = v->text.p[i];

		if (c == '-')
			sign = -1;
		else if (c != '+' && explicit_exp < 1000)
			explicit_exp = explicit_exp * 10 + (c - '0');
	}
	*out = scale10((double)digits, exponent + sign * explicit_exp);
	if (*out >= 1e300)
		return ERR_LIMIT;
	if (negative)
		*out = -*out;
	return ERR_OK;
}

enum err json_bool(const struct json *v, bool *out)
{
	*out = v->type == JSON_BOOL && v->text.p[0] == 't';
	return v->type == JSON_BOOL ? ERR_OK : ERR_FORMAT;
}

/* ---- The whole document ---------------------------------------------------- */

enum err json_parse(struct json *out, struct bytes text, struct err_ctx *ctx)
{
	struct json_scan s = { .p = text.p, .len = text.len };
	struct json v = { .type = JSON_NULL };
	size_t start, end;

	*out = v;
	if (text.len > JSON_LEN_MAX)
		return err_set(ctx, ERR_LIMIT, "JSON: %zu bytes", text.len);
	json_scan_space(&s);
	start = s.off;
	v.type = json_scan_type(json_scan_peek(&s));
	json_scan_value(&s, false);
	end = s.off;
	json_scan_space(&s);
	if (s.err == ERR_OK && s.off != s.len)
		json_scan_fail(&s, ERR_TRAILING, "nothing after the value");
	if (s.err != ERR_OK)
		return err_set(ctx, s.err, "JSON: expected %s at offset %zu",
		    s.what, s.off);
	v.text = (struct bytes){ text.p + start, end - start };
	*out = v;
	return ERR_OK;
}

/* One character, or a byte that is none; how many bytes it was. */
static size_t write_char(struct wr *w, struct bytes text)
{
	const size_t n = utf8_len(text);
	const uint8_t c = text.p[0];

	if (n == 0)
		wr_str(w, "\xef\xbf\xbd");
	else if (c == '"' || c == '\\')
		wr_fmt(w, "\\%c", c);
	else if (c == '\n')
		wr_str(w, "\\n");
	else if (c < 0x20 || c == 0x7f)
		wr_fmt(w, "\\u%04x", c);
	else if (c == 0xc2 && text.p[1] < 0xa0)
		wr_fmt(w, "\\u%04x", text.p[1]);
	else
		wr_copy(w, text.p, n);
	return n > 0 ? n : 1;
}

void json_write_string(struct wr *w, struct bytes text)
{
	wr_u8(w, '"');
	while (text.len > 0) {
		const size_t n = write_char(w, text);

		text.p += n;
		text.len -= n;
	}
	wr_u8(w, '"');
}
