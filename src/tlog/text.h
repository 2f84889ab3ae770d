/*
 * A cursor over our line formats: `keyword field field LF`, one space between
 * fields. Like rd, the first error sticks and later reads yield nothing, so a
 * parser reads like the grammar; messages name the keyword and the offset.
 */
#ifndef CONFER_TLOG_TEXT_H
#define CONFER_TLOG_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"

struct tlog_text {
	struct bytes in;
	size_t off;
	size_t line;     /* offset of the current line */
	const char *key; /* its keyword, for messages; static */
	enum err err;    /* sticky */
	struct err_ctx *ctx;
};

struct tlog_text tlog_text_init(struct bytes in, struct err_ctx *ctx);

/* Record an error at the cursor unless one stands already. `why` is static. */
void tlog_text_fail(struct tlog_text *t, enum err e, const char *why);

/* Does the next line start with this keyword? False after an error. */
bool tlog_text_peek(const struct tlog_text *t, const char *key);

/* The next line must start with this keyword. `key` must outlive the cursor. */
void tlog_text_key(struct tlog_text *t, const char *key);

/* Fields of the line, each after one space. */
void tlog_text_word(struct tlog_text *t, const char *word);
struct bytes tlog_text_token(struct tlog_text *t);
struct bytes tlog_text_visible(struct tlog_text *t, size_t max);
uint64_t tlog_text_num(struct tlog_text *t, uint64_t min, uint64_t max);
void tlog_text_hex(struct tlog_text *t, uint8_t *out, size_t n);
uint64_t tlog_text_hex64(struct tlog_text *t);

/* The line must end here. */
void tlog_text_eol(struct tlog_text *t);

/* One whole line with its LF taken off; fails on a missing LF. */
struct bytes tlog_text_line(struct tlog_text *t);

/* ERR_OK, the sticky error, or ERR_TRAILING if text is left. */
enum err tlog_text_end(struct tlog_text *t) __attribute__((warn_unused_result));

/*
 * Decimal without sign or leading zero. ERR_FORMAT, or ERR_LIMIT above max
 * (numbers of any length are recognised as too large, none wraps).
 */
enum err tlog_text_decimal(uint64_t *out, struct bytes digits, uint64_t max)
    __attribute__((warn_unused_result));

/* 1 to 64 of A-Z a-z 0-9 . _ + - */
bool tlog_text_is_token(struct bytes b);

/* 1 to max of 0x21..0x7e */
bool tlog_text_is_visible(struct bytes b, size_t max);

/* Canonical padded base64; *len is the decoded length. Empty text is. */
bool tlog_text_is_base64(struct bytes text, size_t *len);

/* <0, 0, >0 as the bytes of a and b compare; a prefix comes first. */
int tlog_text_compare(struct bytes a, struct bytes b);

#endif
