/* The reading cursor; see rd.h. */
#include "base/rd.h"

struct rd rd_init(const void *p, size_t len)
{
	return (struct rd){ .p = p, .len = len, .off = 0, .err = ERR_OK };
}

struct rd rd_bytes_init(struct bytes b)
{
	return rd_init(b.p, b.len);
}

void rd_fail(struct rd *r, enum err e)
{
	if (r->err == ERR_OK)
		r->err = e;
}

size_t rd_left(const struct rd *r)
{
	return r->err == ERR_OK ? r->len - r->off : 0;
}

struct bytes rd_take(struct rd *r, size_t n)
{
	struct bytes b = { NULL, 0 };

	if (r->err != ERR_OK)
		return b;
	if (n > r->len - r->off) {
		r->err = ERR_TRUNCATED;
		return b;
	}
	if (n == 0)
		return b;
	b.p = r->p + r->off;
	b.len = n;
	r->off += n;
	return b;
}

static uint64_t get_be(struct rd *r, size_t n)
{
	struct bytes b = rd_take(r, n);
	uint64_t v = 0;

	for (size_t i = 0; i < b.len; i++)
		v = v << 8 | b.p[i];
	return v;
}

static uint64_t get_le(struct rd *r, size_t n)
{
	struct bytes b = rd_take(r, n);
	uint64_t v = 0;

	for (size_t i = b.len; i > 0; i--)
		v = v << 8 | b.p[i - 1];
	return v;
}

uint8_t rd_u8(struct rd *r)
{
	return (uint8_t)get_be(r, 1);
}
uint16_t rd_u16be(struct rd *r)
{
	return (uint16_t)get_be(r, 2);
}
uint32_t rd_u32be(struct rd *r)
{
	return (uint32_t)get_be(r, 4);
}
uint64_t rd_u64be(struct rd *r)
{
	return get_be(r, 8);
}
uint16_t rd_u16le(struct rd *r)
{
	return (uint16_t)get_le(r, 2);
}
uint32_t rd_u32le(struct rd *r)
{
	return (uint32_t)get_le(r, 4);
}
uint64_t rd_u64le(struct rd *r)
{
	return get_le(r, 8);
}

void rd_copy(struct rd *r, void *out, size_t n)
{
	struct bytes b = rd_take(r, n);

	if (b.len != n)
		memset(out, 0, n);
	else
		mem_copy(out, b.p, n);
}

void rd_zero(struct rd *r, size_t n)
{
	size_t at = r->off;
	struct bytes b = rd_take(r, n);

	if (b.len == 0 || mem_is_zero(b.p, b.len))
		return;
	r->off = at;
	rd_fail(r, ERR_FORMAT);
}

struct rd rd_sub(struct rd *r, size_t n)
{
	struct rd sub = rd_bytes_init(rd_take(r, n));

	sub.err = r->err;
	return sub;
}

enum err rd_end(const struct rd *r)
{
	if (r->err != ERR_OK)
		return r->err;
	return r->off == r->len ? ERR_OK : ERR_TRAILING;
}
