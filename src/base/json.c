/* Strict JSON slices; see json.h. */
#include "base/json.h"

/* ---- UTF-8 (RFC 3629) ---------------------------------------------------- */

/* Length of the valid sequence at b, or 0. */
static size_t utf8_len(struct bytes b)
{
	uint8_t c = b.p[0], lo = 0x80, hi = 0xbf;
	size_t n;

	if (c < 0x80)
		return 1;
	if (c < 0xc2 || c > 0xf4)
		return 0;
	n = c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	if (n > b.len)
		return 0;
	if (c == 0xe0)
		lo = 0xa0; /* overlong */
	if (c == 0xed)
		hi = 0x9f; /* surrogates */
	if (c == 0xf0)
		lo = 0x90; /* overlong */
	if (c == 0xf4)
		hi = 0x8f; /* above U+10FFFF */
	if (b.p[1] < lo || b.p[1] > hi)
		return 0;
	for (size_t i = 2; i < n; i++) {
		if ((b.p[i] & 0xc0) != 0x80)
			return 0;
	}
	return n;
}

size_t json_utf8_prefix(struct bytes b)
{
	size_t at = 0;

	while (at < b.len) {
		size_t n = utf8_len((struct bytes){ b.p + at, b.len - at });

		if (n == 0)
			break;
		at += n;
	}
	return at;
}

/* ---- Scanning ------------------------------------------------------------ */

struct scan {
	const uint8_t *p;
	size_t len;
	size_t off;
	enum err err;
	const char *what; /* the rule that was broken */
};

static void scan_fail(struct scan *s, enum err e, const char *what)
{
	if (s->err != ERR_OK)
		return;
	s->err = e;
	s->what = what;
}

/* The next byte, or 0 (which no rule accepts) at the end. */
static uint8_t peek(const struct scan *s)
{
	return s->err == ERR_OK && s->off < s->len ? s->p[s->off] : 0;
}

/* Fail for a byte that does not fit: at the end the text is truncated. */
static void unexpected(struct scan *s, const char *what)
{
	scan_fail(s, s->off >= s->len ? ERR_TRUNCATED : ERR_FORMAT, what);
}

static void skip_space(struct scan *s)
{
	for (;;) {
		uint8_t c = peek(s);

		if (c != ' ' && c != '\t' && c != '\n' && c != '\r')
			return;
		s->off++;
	}
}

static void scan_word(struct scan *s, const char *word)
{
	for (; *word != '\0' && s->err == ERR_OK; word++) {
		if (peek(s) != (uint8_t)*word) {
			unexpected(s, "a value");
			return;
		}
		s->off++;
	}
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static void scan_digits(struct scan *s)
{
	if (!is_digit(peek(s)))
		unexpected(s, "a digit");
	while (is_digit(peek(s)))
		s->off++;
}

static void scan_number(struct scan *s)
{
	if (peek(s) == '-')
		s->off++;
	if (peek(s) == '0')
		s->off++;
	else
		scan_digits(s);
	if (is_digit(peek(s)))
		unexpected(s, "a number without a leading zero");
	if (peek(s) == '.') {
		s->off++;
		scan_digits(s);
	}
	if (peek(s) == 'e' || peek(s) == 'E') {
		s->off++;
		if (peek(s) == '+' || peek(s) == '-')
			s->off++;
		scan_digits(s);
	}
}

static int hex_digit(uint8_t c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Four hexadecimal digits after "\u". */
static uint32_t scan_hex4(struct scan *s)
{
	uint32_t v = 0;

	for (int i = 0; i < 4; i++) {
		int d = hex_digit(peek(s));

		if (d < 0) {
			unexpected(s, "four hexadecimal digits");
			return 0;
		}
		v = v << 4 | (uint32_t)d;
		s->off++;
	}
	return v;
}

/* The code point of an escape; s stands after the backslash. */
static uint32_t scan_escape(struct scan *s)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	uint8_t c = peek(s);
	uint32_t v, low;

	for (size_t i = 0; i < sizeof(from) - 1; i++) {
		if (c == (uint8_t)from[i]) {
			s->off++;
			return (uint8_t)to[i];
		}
	}
	if (c != 'u') {
		unexpected(s, "an escape");
		return 0;
	}
	s->off++;
	v = scan_hex4(s);
	if (v < 0xd800 || v > 0xdfff)
		return v;
	scan_word(s, "\\u");
	low = scan_hex4(s);
	if (s->err == ERR_OK && (v > 0xdbff || low < 0xdc00 || low > 0xdfff))
		scan_fail(s, ERR_FORMAT, "a pair of surrogates");
	return 0x10000 + ((v - 0xd800) << 10) + (low - 0xdc00);
}

static void put_utf8(struct wr *w, uint32_t c)
{
	if (c < 0x80) {
		wr_u8(w, (uint8_t)c);
	} else if (c < 0x800) {
		wr_u8(w, (uint8_t)(0xc0 | c >> 6));
		wr_u8(w, (uint8_t)(0x80 | (c & 63)));
	} else if (c < 0x10000) {
		wr_u8(w, (uint8_t)(0xe0 | c >> 12));
		wr_u8(w, (uint8_t)(0x80 | (c >> 6 & 63)));
		wr_u8(w, (uint8_t)(0x80 | (c & 63)));
	} else {
		wr_u8(w, (uint8_t)(0xf0 | c >> 18));
		wr_u8(w, (uint8_t)(0x80 | (c >> 12 & 63)));
		wr_u8(w, (uint8_t)(0x80 | (c >> 6 & 63)));
		wr_u8(w, (uint8_t)(0x80 | (c & 63)));
	}
}

/* One string; its decoded text goes to w unless that is NULL. */
static void scan_string(struct scan *s, struct wr *w)
{
	if (peek(s) != '"') {
		unexpected(s, "a string");
		return;
	}
	s->off++;
	while (s->err == ERR_OK && peek(s) != '"') {
		uint8_t c = peek(s);

		if (c == '\\') {
			uint32_t code;

			s->off++;
			code = scan_escape(s);
			if (w != NULL)
				put_utf8(w, code);
			continue;
		}
		if (c < 0x20) {
			unexpected(s, "the end of a string");
			return;
		}
		size_t n =
		    utf8_len((struct bytes){ s->p + s->off, s->len - s->off });

		if (n == 0) {
			scan_fail(s, ERR_FORMAT, "UTF-8");
			return;
		}
		if (w != NULL)
			wr_copy(w, s->p + s->off, n);
		s->off += n;
	}
	s->off += s->err == ERR_OK;
}

/* ---- Structure: one loop with a stack of bits, no recursion ---------------- */

static enum json_type type_of(uint8_t c)
{
	switch (c) {
	case '{':
		return JSON_OBJECT;
	case '[':
		return JSON_ARRAY;
	case '"':
		return JSON_STRING;
	case 't':
	case 'f':
		return JSON_BOOL;
	case 'n':
		return JSON_NULL;
	default:
		return JSON_NUMBER;
	}
}

static void scan_scalar(struct scan *s)
{
	uint8_t c = peek(s);

	if (c == '"')
		scan_string(s, NULL);
	else if (c == 't')
		scan_word(s, "true");
	else if (c == 'f')
		scan_word(s, "false");
	else if (c == 'n')
		scan_word(s, "null");
	else if (c == '-' || is_digit(c))
		scan_number(s);
	else
		unexpected(s, "a value");
}

/*
 * The containers that are open. The keys of open objects lie on one stack, so
 * that a duplicate is found by looking at the keys of the innermost object only.
 */
struct nest {
	uint32_t objects; /* bit d: the container at depth d is an object */
	unsigned depth;
	uint32_t count[JSON_DEPTH_MAX];     /* members so far, at each depth */
	uint32_t first_key[JSON_DEPTH_MAX]; /* where its keys start */
	uint32_t key[JSON_KEYS_OPEN_MAX];   /* offsets of their quotes */
	uint32_t hash[JSON_KEYS_OPEN_MAX];  /* of the decoded keys */
	uint32_t keys;
	uint32_t alike; /* keys compared in full, in the whole document */
	bool checked;   /* read before: keys are not compared again */
};

_Static_assert(JSON_DEPTH_MAX <= 32, "one bit for each depth");

static bool in_object(const struct nest *n)
{
	return n->depth > 0 && (n->objects >> (n->depth - 1) & 1) != 0;
}

static void open_container(struct scan *s, struct nest *n)
{
	if (n->depth == JSON_DEPTH_MAX) {
		scan_fail(s, ERR_LIMIT, "nesting of at most 32");
		return;
	}
	n->objects &= ~(1u << n->depth);
	if (peek(s) == '{')
		n->objects |= 1u << n->depth;
	n->first_key[n->depth] = n->keys;
	n->count[n->depth++] = 0;
	s->off++;
}

static void close_container(struct nest *n)
{
	n->depth--;
	n->keys = n->first_key[n->depth];
}

/* FNV-1a: equal keys have equal values. Whoever makes others collide on purpose
 * runs into JSON_ALIKE_MAX. */
static uint32_t key_hash(struct bytes key)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < key.len; i++)
		h = (h ^ key.p[i]) * 16777619u;
	return h;
}

/* Does the string at offset `at`, decoded, equal `key`? */
static bool key_equals(const struct scan *s, uint32_t at, struct bytes key)
{
	uint8_t buf[JSON_KEY_LEN_MAX];
	struct wr w = wr_init(buf, sizeof(buf));
	struct scan old = { .p = s->p, .len = s->len, .off = at };

	scan_string(&old, &w);
	return mem_eq((struct bytes){ buf, w.len }, key);
}

/* The key that starts at `start` must be new in its object. */
static void check_key(
    struct scan *s, struct nest *n, struct bytes key, size_t start)
{
	uint32_t hash = key_hash(key);

	if (n->keys == JSON_KEYS_OPEN_MAX) {
		scan_fail(s, ERR_LIMIT, "fewer keys");
		return;
	}
	for (uint32_t i = n->first_key[n->depth - 1]; i < n->keys; i++) {
		if (n->hash[i] != hash)
			continue;
		if (++n->alike > JSON_ALIKE_MAX) {
			scan_fail(s, ERR_LIMIT, "fewer keys");
			return;
		}
		if (key_equals(s, n->key[i], key)) {
			s->off = start;
			scan_fail(s, ERR_FORMAT, "a key that is not repeated");
			return;
		}
	}
	n->hash[n->keys] = hash;
	n->key[n->keys++] = (uint32_t)start;
}

/* `"key" :` before a member's value. */
static void scan_key(struct scan *s, struct nest *n)
{
	uint8_t buf[JSON_KEY_LEN_MAX];
	struct wr w = wr_init(buf, sizeof(buf));
	size_t start = s->off;

	scan_string(s, n->checked ? NULL : &w);
	if (w.err != ERR_OK)
		scan_fail(s, ERR_LIMIT, "shorter keys");
	if (s->err == ERR_OK && !n->checked)
		check_key(s, n, (struct bytes){ buf, w.len }, start);
	if (s->err != ERR_OK)
		return;
	skip_space(s);
	if (peek(s) != ':')
		unexpected(s, "a colon");
	s->off += s->err == ERR_OK;
	skip_space(s);
}

/* After a value: close what ends here. True when another member follows. */
static bool scan_after(struct scan *s, struct nest *n)
{
	while (s->err == ERR_OK && n->depth > 0) {
		bool object = in_object(n);
		uint32_t limit = object ? JSON_KEYS_MAX : JSON_MEMBERS_MAX;

		skip_space(s);
		if (peek(s) == ',') {
			s->off++;
			skip_space(s);
			if (++n->count[n->depth - 1] >= limit)
				scan_fail(s, ERR_LIMIT, "fewer members");
			return true;
		}
		if (peek(s) != (object ? '}' : ']')) {
			unexpected(s, "a comma or the end of a container");
			return false;
		}
		s->off++;
		close_container(n);
	}
	return false;
}

/* Is the container that was just opened empty? Then it is closed. */
static bool scan_empty(struct scan *s, struct nest *n)
{
	skip_space(s);
	if (peek(s) != (in_object(n) ? '}' : ']'))
		return false;
	s->off++;
	close_container(n);
	return true;
}

static void scan_value(struct scan *s, bool checked)
{
	struct nest n;
	bool more = true;

	n.depth = 0; /* the tables need no clearing */
	n.objects = 0;
	n.keys = 0;
	n.alike = 0;
	n.checked = checked;
	while (more && s->err == ERR_OK) {
		uint8_t c;

		if (in_object(&n))
			scan_key(s, &n);
		c = peek(s);
		if (c == '{' || c == '[') {
			open_container(s, &n);
			if (s->err != ERR_OK || !scan_empty(s, &n))
				continue;
		} else {
			scan_scalar(s);
		}
		more = scan_after(s, &n);
	}
}

/* ---- Looking inside slices that were checked ------------------------------- */

static struct json next_value(struct bytes *rest)
{
	struct scan s = { .p = rest->p, .len = rest->len };
	struct json v;

	skip_space(&s);
	if (peek(&s) == ',' || peek(&s) == ':')
		s.off++;
	skip_space(&s);
	v.text.p = s.p + s.off;
	v.type = type_of(peek(&s));
	size_t start = s.off;
	scan_value(&s, true);
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
	struct scan s = { .p = it->rest.p, .len = it->rest.len };
	struct json k;

	skip_space(&s);
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
	struct scan s = { .p = v->text.p, .len = v->text.len };

	scan_string(&s, w);
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

		if (!is_digit(c))
			return ERR_FORMAT;
		if (__builtin_mul_overflow(n, 10u, &n) ||
		    __builtin_add_overflow(n, (uint64_t)(c - '0'), &n))
			return ERR_LIMIT;
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
	struct scan s = { .p = text.p, .len = text.len };
	struct json v = { .type = JSON_NULL };
	size_t start;

	*out = v;
	if (text.len > JSON_LEN_MAX)
		return err_set(ctx, ERR_LIMIT, "JSON: %zu bytes", text.len);
	skip_space(&s);
	start = s.off;
	v.type = type_of(peek(&s));
	scan_value(&s, false);
	v.text = (struct bytes){ text.p + start, s.off - start };
	skip_space(&s);
	if (s.err == ERR_OK && s.off != s.len)
		scan_fail(&s, ERR_TRAILING, "nothing after the value");
	if (s.err != ERR_OK)
		return err_set(ctx, s.err, "JSON: expected %s at offset %zu",
		    s.what, s.off);
	*out = v;
	return ERR_OK;
}

void json_write_string(struct wr *w, struct bytes utf8)
{
	wr_u8(w, '"');
	for (size_t i = 0; i < utf8.len; i++) {
		uint8_t c = utf8.p[i];

		if (c == '"' || c == '\\') {
			wr_u8(w, '\\');
			wr_u8(w, c);
		} else if (c == '\n') {
			wr_str(w, "\\n");
		} else if (c < 0x20 || c == 0x7f) {
			wr_fmt(w, "\\u%04x", c);
		} else {
			wr_u8(w, c);
		}
	}
	wr_u8(w, '"');
}
