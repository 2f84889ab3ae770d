/*
 * The JSON scanner: one value checked, byte by byte, without recursion and
 * without a tree; see json_scan.h.
 */
#include "base/json_scan.h"

#include "base/utf8.h"

void json_scan_fail(struct json_scan *s, enum err e, const char *what)
{
	if (s->err != ERR_OK)
		return;
	s->err = e;
	s->what = what;
}

/* The next byte, or 0 (which no rule accepts) at the end. */
uint8_t json_scan_peek(const struct json_scan *s)
{
	return s->err == ERR_OK && s->off < s->len ? s->p[s->off] : 0;
}

/* Fail for a byte that does not fit: at the end the text is truncated. */
static void unexpected(struct json_scan *s, const char *what)
{
	json_scan_fail(s, s->off >= s->len ? ERR_TRUNCATED : ERR_FORMAT, what);
}

void json_scan_space(struct json_scan *s)
{
	for (;;) {
		uint8_t c = json_scan_peek(s);

		if (c != ' ' && c != '\t' && c != '\n' && c != '\r')
			return;
		s->off++;
	}
}

static void scan_word(struct json_scan *s, const char *word)
{
	for (; *word != '\0' && s->err == ERR_OK; word++) {
		if (json_scan_peek(s) != (uint8_t)*word) {
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

static void scan_digits(struct json_scan *s)
{
	if (!is_digit(json_scan_peek(s)))
		unexpected(s, "a digit");
	while (is_digit(json_scan_peek(s)))
		s->off++;
}

static void scan_number(struct json_scan *s)
{
	if (json_scan_peek(s) == '-')
		s->off++;
	if (json_scan_peek(s) == '0')
		s->off++;
	else
		scan_digits(s);
	if (is_digit(json_scan_peek(s)))
		unexpected(s, "a number without a leading zero");
	if (json_scan_peek(s) == '.') {
		s->off++;
		scan_digits(s);
	}
	if (json_scan_peek(s) == 'e' || json_scan_peek(s) == 'E') {
		s->off++;
		if (json_scan_peek(s) == '+' || json_scan_peek(s) == '-')
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
static uint32_t scan_hex4(struct json_scan *s)
{
	uint32_t v = 0;

	for (int i = 0; i < 4; i++) {
		int d = hex_digit(json_scan_peek(s));

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
static uint32_t scan_escape(struct json_scan *s)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	uint8_t c = json_scan_peek(s);
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
		json_scan_fail(s, ERR_FORMAT, "a pair of surrogates");
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

/* How many bytes from here on stand for themselves: most of any string. */
static size_t plain_run(const struct json_scan *s)
{
	size_t i = s->off;

	while (i < s->len && s->p[i] >= 0x20 && s->p[i] < 0x80 &&
	       s->p[i] != '"' && s->p[i] != '\\')
		i++;
	return i - s->off;
}

/* One string; its decoded text goes to w unless that is NULL. */
void json_scan_string(struct json_scan *s, struct wr *w)
{
	if (json_scan_peek(s) != '"') {
		unexpected(s, "a string");
		return;
	}
	s->off++;
	while (s->err == ERR_OK && json_scan_peek(s) != '"') {
		uint8_t c = json_scan_peek(s);
		size_t n = plain_run(s);

		if (n > 0) {
			if (w != NULL)
				wr_copy(w, s->p + s->off, n);
			s->off += n;
			continue;
		}
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
		n = utf8_len((struct bytes){ s->p + s->off, s->len - s->off });
		if (n == 0) {
			json_scan_fail(s, ERR_FORMAT, "UTF-8");
			return;
		}
		if (w != NULL)
			wr_copy(w, s->p + s->off, n);
		s->off += n;
	}
	s->off += s->err == ERR_OK;
}

/* ---- Structure: one loop with a stack of bits, no recursion ---------------- */

enum json_type json_scan_type(uint8_t c)
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

static void scan_scalar(struct json_scan *s)
{
	uint8_t c = json_scan_peek(s);

	if (c == '"')
		json_scan_string(s, NULL);
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

static void open_container(struct json_scan *s, struct nest *n)
{
	if (n->depth == JSON_DEPTH_MAX) {
		json_scan_fail(s, ERR_LIMIT, "nesting of at most 32");
		return;
	}
	n->objects &= ~(1u << n->depth);
	if (json_scan_peek(s) == '{')
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
static bool key_equals(const struct json_scan *s, uint32_t at, struct bytes key)
{
	uint8_t buf[JSON_KEY_LEN_MAX];
	struct wr w = wr_init(buf, sizeof(buf));
	struct json_scan old = { .p = s->p, .len = s->len, .off = at };

	json_scan_string(&old, &w);
	return mem_eq((struct bytes){ buf, w.len }, key);
}

/* The key that starts at `start` must be new in its object. */
static void check_key(
    struct json_scan *s, struct nest *n, struct bytes key, size_t start)
{
	uint32_t hash = key_hash(key);

	if (n->keys == JSON_KEYS_OPEN_MAX) {
		json_scan_fail(s, ERR_LIMIT, "fewer keys");
		return;
	}
	for (uint32_t i = n->first_key[n->depth - 1]; i < n->keys; i++) {
		if (n->hash[i] != hash)
			continue;
		if (++n->alike > JSON_ALIKE_MAX) {
			json_scan_fail(s, ERR_LIMIT, "fewer keys");
			return;
		}
		if (key_equals(s, n->key[i], key)) {
			s->off = start;
			json_scan_fail(
			    s, ERR_FORMAT, "a key that is not repeated");
			return;
		}
	}
	n->hash[n->keys] = hash;
	n->key[n->keys++] = (uint32_t)start;
}

/* `"key" :` before a member's value. */
static void scan_key(struct json_scan *s, struct nest *n)
{
	uint8_t buf[JSON_KEY_LEN_MAX];
	struct wr w = wr_init(buf, sizeof(buf));
	size_t start = s->off;

	json_scan_string(s, n->checked ? NULL : &w);
	if (w.err != ERR_OK)
		json_scan_fail(s, ERR_LIMIT, "shorter keys");
	if (s->err == ERR_OK && !n->checked)
		check_key(s, n, (struct bytes){ buf, w.len }, start);
	if (s->err != ERR_OK)
		return;
	json_scan_space(s);
	if (json_scan_peek(s) != ':')
		unexpected(s, "a colon");
	s->off += s->err == ERR_OK;
	json_scan_space(s);
}

/* After a value: close what ends here. True when another member follows. */
static bool scan_after(struct json_scan *s, struct nest *n)
{
	while (s->err == ERR_OK && n->depth > 0) {
		bool object = in_object(n);
		uint32_t limit = object ? JSON_KEYS_MAX : JSON_MEMBERS_MAX;

		json_scan_space(s);
		if (json_scan_peek(s) == ',') {
			s->off++;
			json_scan_space(s);
			if (++n->count[n->depth - 1] >= limit)
				json_scan_fail(s, ERR_LIMIT, "fewer members");
			return true;
		}
		if (json_scan_peek(s) != (object ? '}' : ']')) {
			unexpected(s, "a comma or the end of a container");
			return false;
		}
		s->off++;
		close_container(n);
	}
	return false;
}

/* Is the container that was just opened empty? Then it is closed. */
static bool scan_empty(struct json_scan *s, struct nest *n)
{
	json_scan_space(s);
	if (json_scan_peek(s) != (in_object(n) ? '}' : ']'))
		return false;
	s->off++;
	close_container(n);
	return true;
}

void json_scan_value(struct json_scan *s, bool checked)
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
		c = json_scan_peek(s);
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
