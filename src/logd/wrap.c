/* See wrap.h. */
#include "logd/wrap.h"

/* Bytes to the next space or the end; *width: their characters. */
static size_t word_len(struct bytes text, unsigned *width)
{
	size_t n = 0;

	*width = 0;
	for (; n < text.len && text.p[n] != ' '; n++)
		*width += (text.p[n] & 0xc0) != 0x80;
	return n;
}

void logd_wrap(struct wr *w, struct bytes text, unsigned columns, unsigned at,
    unsigned indent)
{
	unsigned width;
	size_t n = word_len(text, &width);

	wr_copy(w, text.p, n);
	at += width;
	while (n < text.len) { /* a space is here */
		text.p += n + 1;
		text.len -= n + 1;
		n = word_len(text, &width);
		if (columns != 0 && at + 1 + width > columns && at > indent) {
			wr_u8(w, '\n');
			for (at = 0; at < indent; at++)
				wr_u8(w, ' ');
			at += width;
		} else {
			wr_u8(w, ' ');
			at += 1 + width;
		}
		wr_copy(w, text.p, n);
	}
}
