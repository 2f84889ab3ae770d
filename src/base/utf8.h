/* UTF-8, strict (RFC 3629): no overlong forms, no surrogates, nothing above
 * U+10FFFF. */
#ifndef CONFER_BASE_UTF8_H
#define CONFER_BASE_UTF8_H

#include "base/mem.h"

/*
 * Look at the first bytes of possibly invalid text. Returns the length of the
 * valid character there (*valid true), or of the longest part that cannot
 * become one, at least 1 (*valid false), or 0 when more bytes are needed to
 * tell.
 */
size_t utf8_scan(struct bytes b, bool *valid);

/* Length of the valid sequence at the start of b (not empty), or 0. */
size_t utf8_len(struct bytes b);

/* Length of the prefix of b that is complete and valid. */
size_t utf8_prefix(struct bytes b);

/* Text that comes in pieces, which may cut a character. All zero: empty. */
struct utf8_stream {
	uint8_t tail[4]; /* the start of a character, with room for its end */
	size_t n;
};

/* One piece more. False: the text cannot become valid any more. */
bool utf8_stream_feed(struct utf8_stream *s, struct bytes piece);

/* Does the text so far end with a whole character? */
bool utf8_stream_whole(const struct utf8_stream *s);

#endif
