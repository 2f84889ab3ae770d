/* See text.h. The UTF-8 of Unicode 15, table 3-7: no overlong form, no
 * surrogate, nothing above U+10FFFF. */
#include "client/text.h"

#define REPLACEMENT "\xef\xbf\xbd"

/* Length that the first byte announces; 0: it starts no character. */
static size_t sequence_len(uint8_t first)
{
	if (first < 0x80)
		return 1;
	if (first >= 0xc2 && first <= 0xdf)
		return 2;
	if (first >= 0xe0 && first <= 0xef)
		return 3;
	if (first >= 0xf0 && first <= 0xf4)
		return 4;
	return 0;
}

/* May `b` be the second byte after `first`? */
static bool second_fits(uint8_t first, uint8_t b)
{
	uint8_t low = 0x80, high = 0xbf;

	if (first == 0xe0)
		low = 0xa0;
	if (first == 0xed)
		high = 0x9f;
	if (first == 0xf0)
		low = 0x90;
	if (first == 0xf4)
		high = 0x8f;
	return b >= low && b <= high;
}

uint32_t client_text_char(const uint8_t *s, size_t n)
{
	static const uint8_t mask[CLIENT_TEXT_SEQ_MAX] = { 0x7f, 0x1f, 0x0f,
		0x07 };
	uint32_t c = s[0] & (uint32_t)mask[n - 1];

	for (size_t i = 1; i < n; i++)
		c = c << 6 | (s[i] & 0x3fu);
	return c;
}

static bool hidden(uint32_t c)
{
	if (c == '\n' || c == '\t')
		return false;
	return c < 0x20 || (c >= 0x7f && c <= 0x9f) || /* C0, DEL, C1 */
	       c == 0x2028 || c == 0x2029 ||           /* separators */
	       (c >= 0x202a && c <= 0x202e) ||         /* direction */
	       (c >= 0x2066 && c <= 0x2069) || c == 0xfeff ||
	       (c >= 0xfff9 && c <= 0xfffb) || (c >= 0xe0000 && c <= 0xe0fff);
}

static void write_char(struct wr *out, const uint8_t *s, size_t n)
{
	uint32_t c = client_text_char(s, n);

	if (!hidden(c))
		wr_copy(out, s, n);
	else if (c <= 0xff)
		wr_fmt(out, "\\x%02x", (unsigned)c);
	else if (c <= 0xffff)
		wr_fmt(out, "\\u%04x", (unsigned)c);
	else
		wr_fmt(out, "\\U%08x", (unsigned)c);
}

void client_text_clean(
    struct client_text *t, struct wr *out, struct bytes piece)
{
	for (size_t i = 0; i < piece.len; i++) {
		uint8_t b = piece.p[i];

		/* What is held ends wrongly: it counts as one bad character,
		 * and b starts anew. */
		if ((t->n == 1 && !second_fits(t->held[0], b)) ||
		    (t->n > 1 && (b & 0xc0) != 0x80)) {
			wr_str(out, REPLACEMENT);
			t->n = 0;
		}
		if (t->n == 0 && sequence_len(b) == 0) {
			wr_str(out, REPLACEMENT);
			continue;
		}
		t->held[t->n++] = b;
		if (t->n == sequence_len(t->held[0])) {
			write_char(out, t->held, t->n);
			t->n = 0;
		}
	}
}

void client_text_end(struct client_text *t, struct wr *out)
{
	if (t->n > 0)
		wr_str(out, REPLACEMENT);
	*t = (struct client_text){ 0 };
}

void client_text_all(struct wr *out, struct bytes text)
{
	struct client_text t = { 0 };

	client_text_clean(&t, out, text);
	client_text_end(&t, out);
}
