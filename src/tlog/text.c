/* Line cursor; see text.h. */
#include "tlog/text.h"

#include "base/hex.h"

#define TEXT_TOKEN_LEN_MAX 64
#define BASE64_STEP        64 /* characters decoded at once */

struct tlog_text tlog_text_init(struct bytes in, struct err_ctx *ctx)
{
	return (struct tlog_text){ .in = in, .key = "text", .ctx = ctx };
}

void tlog_text_fail(struct tlog_text *t, enum err e, const char *why)
{
	if (t->err != ERR_OK)
		return;
	t->err =
	    err_set(t->ctx, e, "%s at offset %zu: %s", t->key, t->off, why);
}

static bool starts(const struct tlog_text *t, const char *s, size_t *end)
{
	size_t n = mem_strlen(s);

	if (t->err != ERR_OK || t->in.len - t->off < n)
		return false;
	*end = t->off + n;
	return n == 0 || mem_eq_ct(t->in.p + t->off, s, n);
}

/* Is the byte at `at` the end of a field? */
static bool at_boundary(const struct tlog_text *t, size_t at)
{
	return at < t->in.len && (t->in.p[at] == ' ' || t->in.p[at] == '\n');
}

bool tlog_text_peek(const struct tlog_text *t, const char *key)
{
	size_t end;

	return starts(t, key, &end) && at_boundary(t, end);
}

void tlog_text_key(struct tlog_text *t, const char *key)
{
	t->key = key;
	t->line = t->off;
	if (!tlog_text_peek(t, key)) {
		tlog_text_fail(t,
		    t->off == t->in.len ? ERR_TRUNCATED : ERR_FORMAT,
		    "this line must come here");
		return;
	}
	t->off += mem_strlen(key);
}

/* The next field's bytes, up to a space or LF, which must be there. */
static struct bytes field(struct tlog_text *t)
{
	struct bytes f = { NULL, 0 };
	size_t at;

	if (t->err != ERR_OK)
		return f;
	if (t->off == t->in.len || t->in.p[t->off] != ' ') {
		tlog_text_fail(t,
		    t->off == t->in.len ? ERR_TRUNCATED : ERR_FORMAT,
		    "a field is missing");
		return f;
	}
	at = ++t->off;
	while (at < t->in.len && !at_boundary(t, at))
		at++;
	f.p = t->in.p + t->off;
	f.len = at - t->off;
	t->off = at;
	return f;
}

/* Like tlog_text_fail, at the start of a field that was read already. */
static void fail_field(
    struct tlog_text *t, struct bytes f, enum err e, const char *why)
{
	if (t->err != ERR_OK)
		return;
	t->off -= f.len;
	tlog_text_fail(t, e, why);
}

void tlog_text_word(struct tlog_text *t, const char *word)
{
	struct bytes f = field(t);

	if (t->err == ERR_OK && !mem_eq_str(f, word))
		fail_field(t, f, ERR_FORMAT, "another word must stand here");
}

struct bytes tlog_text_token(struct tlog_text *t)
{
	struct bytes f = field(t);

	if (t->err == ERR_OK && !tlog_text_is_token(f))
		fail_field(t, f,
		    f.len > TEXT_TOKEN_LEN_MAX ? ERR_LIMIT : ERR_FORMAT,
		    "not a token");
	return t->err == ERR_OK ? f : (struct bytes){ NULL, 0 };
}

struct bytes tlog_text_visible(struct tlog_text *t, size_t max)
{
	struct bytes f = field(t);

	if (t->err == ERR_OK && !tlog_text_is_visible(f, max))
		fail_field(t, f, f.len > max ? ERR_LIMIT : ERR_FORMAT,
		    "not printable or too long");
	return t->err == ERR_OK ? f : (struct bytes){ NULL, 0 };
}

uint64_t tlog_text_num(struct tlog_text *t, uint64_t min, uint64_t max)
{
	struct bytes f = field(t);
	uint64_t v = 0;
	enum err e;

	e = tlog_text_decimal(&v, f, max);
	if (e == ERR_OK && v < min)
		e = ERR_LIMIT;
	if (e == ERR_OK)
		return v;
	fail_field(t, f, e,
	    e == ERR_LIMIT ? "number out of range" : "not a decimal number");
	return 0;
}

void tlog_text_hex(struct tlog_text *t, uint8_t *out, size_t n)
{
	struct bytes f = field(t);
	enum err e;

	memset(out, 0, n);
	e = hex_decode(out, n, f);
	if (e != ERR_OK)
		fail_field(t, f, ERR_FORMAT,
		    e == ERR_FORMAT ? "not lower-case hex"
				    : "wrong number of hex digits");
}

uint64_t tlog_text_hex64(struct tlog_text *t)
{
	uint8_t b[8];
	uint64_t v = 0;

	tlog_text_hex(t, b, sizeof(b));
	for (size_t i = 0; i < sizeof(b); i++)
		v = v << 8 | b[i];
	return v;
}

void tlog_text_eol(struct tlog_text *t)
{
	if (t->err != ERR_OK)
		return;
	if (t->off == t->in.len)
		tlog_text_fail(t, ERR_TRUNCATED, "the line does not end");
	else if (t->in.p[t->off] != '\n')
		tlog_text_fail(t, ERR_FORMAT, "the line must end here");
	else
		t->off++;
}

struct bytes tlog_text_line(struct tlog_text *t)
{
	struct bytes line = { NULL, 0 };
	size_t at = t->off;

	if (t->err != ERR_OK)
		return line;
	while (at < t->in.len && t->in.p[at] != '\n')
		at++;
	if (at == t->in.len) {
		tlog_text_fail(t, ERR_TRUNCATED, "the line does not end");
		return line;
	}
	t->line = t->off;
	line.p = t->in.p + t->off;
	line.len = at - t->off;
	t->off = at + 1;
	return line;
}

enum err tlog_text_end(struct tlog_text *t)
{
	if (t->err == ERR_OK && t->off != t->in.len)
		tlog_text_fail(t, ERR_TRAILING, "unexpected line after this");
	return t->err;
}

enum err tlog_text_decimal(uint64_t *out, struct bytes digits, uint64_t max)
{
	uint64_t v = 0;
	bool large = false;

	*out = 0;
	if (digits.len == 0 || (digits.len > 1 && digits.p[0] == '0'))
		return ERR_FORMAT;
	for (size_t i = 0; i < digits.len; i++) {
		uint8_t c = digits.p[i];

		if (c < '0' || c > '9')
			return ERR_FORMAT;
		if (v > (UINT64_MAX - (uint64_t)(c - '0')) / 10)
			large = true;
		else
			v = v * 10 + (uint64_t)(c - '0');
	}
	if (large || v > max)
		return ERR_LIMIT;
	*out = v;
	return ERR_OK;
}

static bool is_token_byte(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '+' ||
	       c == '-';
}

bool tlog_text_is_token(struct bytes b)
{
	if (b.len == 0 || b.len > TEXT_TOKEN_LEN_MAX)
		return false;
	for (size_t i = 0; i < b.len; i++) {
		if (!is_token_byte(b.p[i]))
			return false;
	}
	return true;
}

bool tlog_text_is_visible(struct bytes b, size_t max)
{
	if (b.len == 0 || b.len > max)
		return false;
	for (size_t i = 0; i < b.len; i++) {
		if (b.p[i] < 0x21 || b.p[i] > 0x7e)
			return false;
	}
	return true;
}

bool tlog_text_is_base64(struct bytes text, size_t *len)
{
	uint8_t piece[BASE64_STEP / 4 * 3];
	size_t n;

	*len = 0;
	for (size_t i = 0; i < text.len; i += BASE64_STEP) {
		bool last = text.len - i <= BASE64_STEP;

		if (base64_decode(piece, sizeof(piece), &n,
			(struct bytes){ text.p + i,
			    last ? text.len - i : BASE64_STEP }) != ERR_OK)
			return false;
		if (!last && n != sizeof(piece))
			return false; /* padding in the middle */
		*len += n;
	}
	return true;
}

int tlog_text_compare(struct bytes a, struct bytes b)
{
	for (size_t i = 0; i < a.len && i < b.len; i++) {
		if (a.p[i] != b.p[i])
			return a.p[i] < b.p[i] ? -1 : 1;
	}
	return a.len < b.len ? -1 : a.len > b.len;
}
