/*
 * wr: a cursor that writes into the caller's buffer. The first error sticks
 * (ERR_NOSPACE when the buffer is full); later writes do nothing.
 */
#ifndef CONFER_BASE_WR_H
#define CONFER_BASE_WR_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"

struct wr {
	uint8_t *p;
	size_t cap;
	size_t len;   /* bytes written so far */
	enum err err; /* sticky */
};

struct wr wr_init(void *p, size_t cap);

void wr_u8(struct wr *w, uint8_t v);
void wr_u16be(struct wr *w, uint16_t v);
void wr_u32be(struct wr *w, uint32_t v);
void wr_u64be(struct wr *w, uint64_t v);
void wr_u16le(struct wr *w, uint16_t v);
void wr_u32le(struct wr *w, uint32_t v);
void wr_u64le(struct wr *w, uint64_t v);
void wr_copy(struct wr *w, const void *p, size_t n);
void wr_bytes(struct wr *w, struct bytes b);
void wr_str(struct wr *w, const char *s); /* without its NUL */
void wr_fill(struct wr *w, uint8_t v, size_t n);

/* Formatted text (see fmt.h), without a NUL. At most 512 bytes a call. */
void wr_fmt(struct wr *w, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* n bytes for the caller to fill, or NULL after an error. */
uint8_t *wr_reserve(struct wr *w, size_t n);

void wr_fail(struct wr *w, enum err e);

/* ERR_OK and *len = bytes written, or the sticky error and *len = 0. */
enum err wr_end(const struct wr *w, size_t *len)
    __attribute__((warn_unused_result));

#endif
