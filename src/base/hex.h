/* Hexadecimal and base64 (RFC 4648), strict: one spelling for each value. */
#ifndef CONFER_BASE_HEX_H
#define CONFER_BASE_HEX_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"

/* Write 2n lower-case digits and a NUL to out (2n + 1 bytes). */
void hex_encode(char *out, const uint8_t *in, size_t n);

/*
 * Read exactly n bytes from 2n digits. Upper case is ERR_FORMAT: our formats
 * have one spelling. Other lengths are ERR_TRUNCATED or ERR_TRAILING.
 */
enum err hex_decode(uint8_t *out, size_t n, struct bytes text)
    __attribute__((warn_unused_result));

/* Length of the padded base64 of n bytes, without a NUL. */
#define BASE64_LEN(n) (((n) + 2) / 3 * 4)

/* Write BASE64_LEN(n) characters and a NUL to out. */
void base64_encode(char *out, const uint8_t *in, size_t n);

/*
 * Decode padded, canonical base64 (unused bits zero, no white space). *len is
 * set to the decoded length; ERR_NOSPACE if it is above cap, ERR_FORMAT if the
 * text is not canonical.
 */
enum err base64_decode(uint8_t *out, size_t cap, size_t *len, struct bytes text)
    __attribute__((warn_unused_result));

#endif
