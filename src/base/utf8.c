/* UTF-8, strict (RFC 3629); see utf8.h. */
#include "base/utf8.h"

size_t utf8_len(struct bytes b)
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

size_t utf8_prefix(struct bytes b)
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

/*
 * Could these bytes, too few for a character, become one? The range of a second
 * byte depends on the first, and always holds 0x80 or 0xbf.
 */
static bool may_grow(const uint8_t *p, size_t n)
{
	for (uint8_t fill = 0x80; n < 4; fill = 0xbf) {
		uint8_t c[4] = { fill, fill, fill, fill };

		mem_copy(c, p, n);
		if (utf8_len((struct bytes){ c, sizeof(c) }) > n)
			return true;
		if (fill == 0xbf)
			break;
	}
	return false;
}

bool utf8_stream_feed(struct utf8_stream *s, struct bytes piece)
{
	size_t whole, rest;

	while (s->n > 0 && piece.len > 0) {
		s->tail[s->n++] = piece.p[0];
		piece.p++;
		piece.len--;
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
