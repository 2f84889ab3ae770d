/*
 * rd: a cursor over bytes that somebody else wrote. The first error sticks:
 * later reads yield zero and do not move, so a parser reads like a schema and
 * asks once, at the end. The price: before a value that was read is used as a
 * length, an index, a bound or a decision, check r->err.
 */
#ifndef CONFER_BASE_RD_H
#define CONFER_BASE_RD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"

struct rd {
	const uint8_t *p;
	size_t len;
	size_t off;   /* where the next read starts; where the error was */
	enum err err; /* sticky */
};

struct rd rd_init(const void *p, size_t len);
struct rd rd_bytes_init(struct bytes b);

uint8_t rd_u8(struct rd *r);
uint16_t rd_u16be(struct rd *r);
uint32_t rd_u32be(struct rd *r);
uint64_t rd_u64be(struct rd *r);
uint16_t rd_u16le(struct rd *r);
uint32_t rd_u32le(struct rd *r);
uint64_t rd_u64le(struct rd *r);

/* The next n bytes, borrowed from the input; {NULL, 0} after an error. */
struct bytes rd_take(struct rd *r, size_t n);

/* Copy the next n bytes to out; zeroes out on error. */
void rd_copy(struct rd *r, void *out, size_t n);

/* The next n bytes must be zero: ERR_FORMAT otherwise. */
void rd_zero(struct rd *r, size_t n);

/* A cursor over the next n bytes, carrying r's error if there is one. */
struct rd rd_sub(struct rd *r, size_t n);

/* Record an error unless one stands already. */
void rd_fail(struct rd *r, enum err e);

size_t rd_left(const struct rd *r);

/* ERR_OK, the sticky error, or ERR_TRAILING if bytes are left. */
enum err rd_end(const struct rd *r) __attribute__((warn_unused_result));

#endif
