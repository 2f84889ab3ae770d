/* Memory helpers; see mem.h. */
#include "base/mem.h"

size_t mem_strlen(const char *s)
{
	size_t n = 0;

	while (s[n] != '\0')
		n++;
	return n;
}

struct bytes mem_str(const char *s)
{
	return (
	    struct bytes){ (const uint8_t *)s, s == NULL ? 0 : mem_strlen(s) };
}

struct bytes mem_skip(struct bytes b, size_t n)
{
	return n == 0 ? b : (struct bytes){ b.p + n, b.len - n };
}

bool mem_starts(struct bytes a, const char *s)
{
	const size_t n = mem_strlen(s);

	return a.len >= n && mem_eq_str((struct bytes){ a.p, n }, s);
}

bool mem_ends(struct bytes a, const char *s)
{
	const size_t n = mem_strlen(s);

	return a.len >= n && mem_eq_str(mem_skip(a, a.len - n), s);
}

bool mem_eq(struct bytes a, struct bytes b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

bool mem_eq_str(struct bytes a, const char *s)
{
	return mem_eq(a, mem_str(s));
}

void mem_wipe(void *p, size_t n)
{
	if (n == 0)
		return;
	memset(p, 0, n);
	/* A plain memset of a dying object vanishes at -O2 in gcc and clang. */
	__asm__ __volatile__("" : : "r"(p) : "memory");
}

bool mem_eq_ct(const void *a, const void *b, size_t n)
{
	const volatile uint8_t *x = a, *y = b;
	uint8_t diff = 0;

	for (size_t i = 0; i < n; i++)
		diff = (uint8_t)(diff | (x[i] ^ y[i]));
	return diff == 0;
}

bool mem_is_zero(const void *p, size_t n)
{
	const volatile uint8_t *x = p;
	uint8_t any = 0;

	for (size_t i = 0; i < n; i++)
		any = (uint8_t)(any | x[i]);
	return any == 0;
}

void mem_copy(void *dst, const void *src, size_t n)
{
	if (n != 0)
		memcpy(dst, src, n);
}
