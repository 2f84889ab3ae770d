/*
 * Text from an enclave on its way to a terminal. What a model writes, and what
 * an enclave writes in error messages, is untrusted: an escape sequence in it
 * could move the cursor, rename the window or paint a false verification line.
 *
 * Passed on: printable characters, LF and TAB. Shown as \x1b, \u202e or
 * \U000e0041: control characters (C0, DEL, C1), line and paragraph separators,
 * marks that change the direction of what follows, invisible tags. Bytes that
 * are not UTF-8 become U+FFFD.
 */
#ifndef CONFER_CLIENT_TEXT_H
#define CONFER_CLIENT_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "base/wr.h"

#define CLIENT_TEXT_SEQ_MAX 4 /* bytes of one character in UTF-8 */

/* Bytes of a character whose end has not come yet. All zero: none. */
struct client_text {
	uint8_t held[CLIENT_TEXT_SEQ_MAX];
	size_t n;
};

/* What n bytes of input need at most, the held ones included. */
#define CLIENT_TEXT_LEN_MAX(n) (4 * ((n) + CLIENT_TEXT_SEQ_MAX))

/* Write the next piece to out; a cut character waits for the piece after it. */
void client_text_clean(
    struct client_text *t, struct wr *out, struct bytes piece);

/* No piece follows: write what waits, as U+FFFD. */
void client_text_end(struct client_text *t, struct wr *out);

/* The code point of one character of valid UTF-8, s[0..n). */
uint32_t client_text_char(const uint8_t *s, size_t n);

/* A whole text at once. */
void client_text_all(struct wr *out, struct bytes text);

#endif
