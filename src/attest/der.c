/* Elements of DER, one at a time; see der.h. */
#include "attest/der.h"

#include "base/utc.h"

#define DER_LONG_LEN  0x80 /* length of a length: definite, long form */
#define DER_LEN_BYTES 3    /* lengths below 16 MB */
#define DER_TAG_MORE  0x1F /* the tag's number follows in more bytes */

#define NO_DIGITS 10000 /* above every field of a date */

/* A failed read leaves the cursor at the element, for the message. */
static struct bytes fail(struct rd *r, enum err e)
{
	rd_fail(r, e);
	return (struct bytes){ NULL, 0 };
}

/* Where the content of the element at r->off begins; *len is its length. */
static size_t read_header(struct rd *r, size_t *len)
{
	const uint8_t *p = r->p + r->off;
	size_t left = r->len - r->off, n, v = 0;

	if (left < 2) {
		rd_fail(r, ERR_TRUNCATED);
		return 0;
	}
	*len = p[1];
	if (p[1] < DER_LONG_LEN)
		return r->off + 2;
	n = p[1] & 0x7FU;
	if (n == 0 || n > DER_LEN_BYTES) {
		rd_fail(r, ERR_FORMAT);
		return 0;
	}
	if (left < 2 + n) {
		rd_fail(r, ERR_TRUNCATED);
		return 0;
	}
	for (size_t i = 0; i < n; i++)
		v = v << 8 | p[2 + i];
	/* The shortest form is the only one. */
	if (v < DER_LONG_LEN || v >> (8 * (n - 1)) == 0)
		rd_fail(r, ERR_FORMAT);
	*len = v;
	return r->off + 2 + n;
}

/* The element of this tag (0: any), whole or its content alone. */
static struct bytes take(struct rd *r, uint8_t tag, bool whole)
{
	size_t start = r->off, content, len = 0;
	struct bytes b = { NULL, 0 };
	uint8_t got;

	if (r->err != ERR_OK)
		return b;
	if (r->off == r->len)
		return fail(r, ERR_TRUNCATED);
	got = r->p[start];
	if (got == 0 || (got & DER_TAG_MORE) == DER_TAG_MORE ||
	    (tag != 0 && got != tag))
		return fail(r, ERR_FORMAT);
	content = read_header(r, &len);
	if (r->err != ERR_OK)
		return b;
	if (len > r->len - content)
		return fail(r, ERR_TRUNCATED);
	r->off = content + len;
	if (whole)
		content = start;
	return (struct bytes){ r->p + content, r->off - content };
}

uint8_t der_peek(const struct rd *r)
{
	return rd_left(r) > 0 ? r->p[r->off] : 0;
}

struct bytes der_take(struct rd *r, uint8_t tag)
{
	return take(r, tag, false);
}

struct rd der_enter(struct rd *r, uint8_t tag)
{
	struct rd sub = rd_bytes_init(take(r, tag, false));

	/* What failed stays locatable from the cursor within. */
	if (r->err != ERR_OK && r->p != NULL)
		sub.p = r->p + r->off;
	sub.err = r->err;
	return sub;
}

struct bytes der_whole(struct rd *r)
{
	return take(r, 0, true);
}

/* Go back to the element at `start` and fail there. After an error that stuck
 * nothing was read, and this changes nothing either. */
static struct bytes fail_at(struct rd *r, size_t start)
{
	r->off = start;
	return fail(r, ERR_FORMAT);
}

struct bytes der_unsigned(struct rd *r)
{
	size_t start = r->off;
	struct bytes b = der_take(r, DER_INTEGER);

	if (b.len == 0 || b.p[0] >= 0x80)
		return fail_at(r, start);
	if (b.len > 1 && b.p[0] == 0) {
		if (b.p[1] < 0x80)
			return fail_at(r, start);
		b.p++;
		b.len--;
	}
	return b;
}

uint64_t der_small(struct rd *r, uint64_t max)
{
	size_t start = r->off;
	struct bytes b = der_unsigned(r);
	uint64_t v = 0;

	for (size_t i = 0; i < b.len && i < sizeof(v); i++)
		v = v << 8 | b.p[i];
	if (b.len > sizeof(v) || v > max) {
		(void)fail_at(r, start);
		return 0;
	}
	return v;
}

struct bytes der_bits(struct rd *r)
{
	size_t start = r->off;
	struct bytes b = der_take(r, DER_BIT_STRING);

	if (b.len == 0 || b.p[0] != 0)
		return fail_at(r, start);
	return (struct bytes){ b.p + 1, b.len - 1 };
}

bool der_bool(struct rd *r)
{
	size_t start = r->off;
	struct bytes b = der_take(r, DER_BOOLEAN);

	if (b.len != 1 || (b.p[0] != 0 && b.p[0] != 0xFF)) {
		(void)fail_at(r, start);
		return false;
	}
	return b.p[0] != 0;
}

/* Two digits as a number; else one that is out of every field's range. */
static uint32_t two_digits(const uint8_t *p)
{
	if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
		return NO_DIGITS;
	return (uint32_t)(p[0] - '0') * 10 + (uint32_t)(p[1] - '0');
}

/* "MMDDHHMMSSZ" in the year of `d`. */
static enum err read_time(uint64_t *t, struct utc_date *d, const uint8_t *p)
{
	d->month = two_digits(p);
	d->day = two_digits(p + 2);
	d->hour = two_digits(p + 4);
	d->minute = two_digits(p + 6);
	d->second = two_digits(p + 8);
	return p[10] == 'Z' ? utc_seconds(t, d) : ERR_FORMAT;
}

uint64_t der_time(struct rd *r)
{
	bool utc = der_peek(r) == DER_UTC_TIME;
	size_t start = r->off, head = utc ? 2 : 4;
	struct bytes b = der_take(r, utc ? DER_UTC_TIME : DER_GENERALIZED_TIME);
	struct utc_date d = { .year = 0 };
	uint64_t t = 0;

	if (b.len != head + sizeof("MMDDHHMMSSZ") - 1)
		goto bad;
	d.year = two_digits(b.p);
	if (utc)
		d.year += d.year < 50 ? 2000 : 1900;
	else
		d.year = 100 * d.year + two_digits(b.p + 2);
	/* RFC 5280, 4.1.2.5: each year has one form. */
	if ((utc || d.year >= 2050) && read_time(&t, &d, b.p + head) == ERR_OK)
		return t;
bad:
	(void)fail_at(r, start);
	return 0;
}
