/* UTF-8, strict (RFC 3629); see utf8.h. */
#include "base/utf8.h"

/* Length that a first byte announces; 0: no first byte (table 3-7). */
static size_t announced(uint8_t b)
{
	if (b < 0x80)
		return 1;
	if (b < 0xc2)
		return 0;
	if (b < 0xe0)
		return 2;
	if (b < 0xf0)
		return 3;
	return b < 0xf5 ? 4 : 0;
}

/* May `b` be the second byte after `first`? (table 3-7 of the standard) */
static bool second_fits(uint8_t first, uint8_t b)
{
	uint8_t lo = 0x80, hi = 0xbf;

	if (first == 0xe0)
		lo = 0xa0;
	else if (first == 0xed)
		hi = 0x9f;
	else if (first == 0xf0)
		lo = 0x90;
	else if (first == 0xf4)
		hi = 0x8f;
	return b >= lo && b <= hi;
}

size_t utf8_scan(struct bytes b, bool *valid)
{
	size_t want;

	*valid = false;
	if (b.len == 0)
		return 0;
	want = announced(b.p[0]);
	if (want == 0)
		return 1;
	for (size_t i = 1; i < want; i++) {
		if (i == b.len)
			return 0;
		if (i == 1 ? !second_fits(b.p[0], b.p[1])
			   : (b.p[i] & 0xc0) != 0x80)
			return i;
	}
	*valid = true;
	return want;
}

size_t utf8_len(struct bytes b)
{
	bool valid;
	size_t n = utf8_scan(b, &valid);

	return valid ? n : 0;
}

size_t utf8_prefix(struct bytes b)
{
	size_t at = 0;

	while (at < b.len) {
		size_t n = utf8_len(mem_skip(b, at));

		if (n == 0)
			break;
		at += n;
	}
	return at;
}

/* Could these bytes, at least one, begin a character that goes on? */
static bool may_grow(const uint8_t *p, size_t n)
{
	bool valid;

	return utf8_scan((struct bytes){ p, n }, &valid) == 0;
}

bool utf8_stream_feed(struct utf8_stream *s, struct bytes piece)
{
	size_t whole, rest;

	while (s->n > 0 && piece.len > 0) {
		s->tail[s->n++] = piece.p[0];
		piece = mem_skip(piece, 1);
		if (utf8_len((struct bytes){ s->tail, s->n }) == s->n)
			s->n = 0;
		else if (!may_grow(s->tail, s->n))
			return false;
	}
	if (piece.len == 0)
		return true;
	whole = utf8_prefix(piece);
	rest = piece.len - whole;
	if (rest > 0 && !may_grow(piece.p + whole, rest))
		return false;
	mem_copy(s->tail, piece.p + whole, rest);
	s->n = rest;
	return true;
}

bool utf8_stream_whole(const struct utf8_stream *s)
{
	return s->n == 0;
}
