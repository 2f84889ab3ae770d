/*
 * DER (ITU-T X.690) over an rd cursor, as far as certificates need it: definite
 * lengths in their shortest form, single-byte tags, nothing beyond 16 MB. Errors
 * stick to the cursor, ERR_FORMAT or ERR_TRUNCATED, with off at the element.
 * Nothing here recurses: the caller's code is as deep as the format it reads.
 */
#ifndef CONFER_ATTEST_DER_H
#define CONFER_ATTEST_DER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "base/rd.h"

enum der_tag {
	DER_BOOLEAN = 0x01,
	DER_INTEGER = 0x02,
	DER_BIT_STRING = 0x03,
	DER_OCTET_STRING = 0x04,
	DER_NULL = 0x05,
	DER_OID = 0x06,
	DER_ENUMERATED = 0x0A,
	DER_UTF8_STRING = 0x0C,
	DER_PRINTABLE_STRING = 0x13,
	DER_IA5_STRING = 0x16,
	DER_UTC_TIME = 0x17,
	DER_GENERALIZED_TIME = 0x18,
	DER_SEQUENCE = 0x30,
	DER_SET = 0x31,
	DER_CONTEXT_0 = 0xA0, /* constructed, [0] */
	DER_CONTEXT_1 = 0xA1,
	DER_CONTEXT_2 = 0xA2,
	DER_CONTEXT_3 = 0xA3,
};

/* The tag of the next element without moving; 0 at the end or after an error. */
uint8_t der_peek(const struct rd *r);

/* The content of the next element, which must have this tag. */
struct bytes der_take(struct rd *r, uint8_t tag);

/* Likewise as a cursor. rd_end() of it tells whether all was read. */
struct rd der_enter(struct rd *r, uint8_t tag);

/* The next element whole, tag and length included; any tag. */
struct bytes der_whole(struct rd *r);

/* A non-negative INTEGER: magnitude without its leading zero byte (the value 0
 * is one zero byte). Negative or not in shortest form: ERR_FORMAT. */
struct bytes der_unsigned(struct rd *r);

/* A non-negative INTEGER at most `max`. */
uint64_t der_small(struct rd *r, uint64_t max);

/* A BIT STRING of whole bytes, without its leading count of unused bits. */
struct bytes der_bits(struct rd *r);

/* A BOOLEAN: 00 or ff. */
bool der_bool(struct rd *r);

/* UTCTime or GeneralizedTime in the forms of RFC 5280 (seconds, Z); Unix
 * seconds. Years 1970 to 9999. */
uint64_t der_time(struct rd *r);

#endif
