/* The writing cursor; see wr.h. */
#include "base/wr.h"

#include "base/fmt.h"

#define WR_FMT_LEN_MAX 512 /* one line of any of our text formats */

struct wr wr_init(void *p, size_t cap)
{
	return (struct wr){ .p = p, .cap = cap, .len = 0, .err = ERR_OK };
}

void wr_fail(struct wr *w, enum err e)
{
	if (w->err == ERR_OK)
		w->err = e;
}

uint8_t *wr_reserve(struct wr *w, size_t n)
{
	uint8_t *at;

	if (w->err != ERR_OK)
		return NULL;
	if (n > w->cap - w->len) {
		w->err = ERR_NOSPACE;
		return NULL;
	}
	if (w->p == NULL)
		return NULL; /* {NULL, 0} with n == 0 */
	at = w->p + w->len;
	w->len += n;
	return at;
}

static void put_be(struct wr *w, uint64_t v, size_t n)
{
	uint8_t *at = wr_reserve(w, n);

	for (size_t i = n; at != NULL && i > 0; i--, v >>= 8)
		at[i - 1] = (uint8_t)v;
}

static void put_le(struct wr *w, uint64_t v, size_t n)
{
	uint8_t *at = wr_reserve(w, n);

	for (size_t i = 0; at != NULL && i < n; i++, v >>= 8)
		at[i] = (uint8_t)v;
}

void wr_u8(struct wr *w, uint8_t v)
{
	put_be(w, v, 1);
}
void wr_u16be(struct wr *w, uint16_t v)
{
	put_be(w, v, 2);
}
void wr_u32be(struct wr *w, uint32_t v)
{
	put_be(w, v, 4);
}
void wr_u64be(struct wr *w, uint64_t v)
{
	put_be(w, v, 8);
}
void wr_u16le(struct wr *w, uint16_t v)
{
	put_le(w, v, 2);
}
void wr_u32le(struct wr *w, uint32_t v)
{
	put_le(w, v, 4);
}
void wr_u64le(struct wr *w, uint64_t v)
{
	put_le(w, v, 8);
}

void wr_copy(struct wr *w, const void *p, size_t n)
{
	uint8_t *at = wr_reserve(w, n);

	if (at != NULL)
		mem_copy(at, p, n);
}

void wr_bytes(struct wr *w, struct bytes b)
{
	wr_copy(w, b.p, b.len);
}

void wr_str(struct wr *w, const char *s)
{
	wr_copy(w, s, mem_strlen(s));
}

void wr_fill(struct wr *w, uint8_t v, size_t n)
{
	uint8_t *at = wr_reserve(w, n);

	if (at != NULL)
		memset(at, v, n);
}

void wr_fmt(struct wr *w, const char *fmt, ...)
{
	char text[WR_FMT_LEN_MAX];
	size_t n;
	va_list ap;

	va_start(ap, fmt);
	n = fmt_vprint(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n >= sizeof(text)) {
		wr_fail(w, ERR_NOSPACE);
		return;
	}
	wr_copy(w, text, n);
	mem_wipe(text, sizeof(text));
}

enum err wr_end(const struct wr *w, size_t *len)
{
	*len = w->err == ERR_OK ? w->len : 0;
	return w->err;
}
