/* Bounded text formatting without libc. */
#include "base/fmt.h"

#include <stdint.h>

#include "base/assert.h"
#include "base/mem.h"

#define FMT_DIGITS_MAX 20 /* 2^64 - 1 in decimal */

struct sink {
	char *out;
	size_t cap;
	size_t len;
};

static void put(struct sink *s, char c)
{
	if (s->len + 1 < s->cap)
		s->out[s->len] = c;
	s->len++;
}

static void put_str(struct sink *s, const char *str, size_t max)
{
	for (size_t i = 0; i < max && str[i] != '\0'; i++)
		put(s, str[i]);
}

static void put_num(struct sink *s, uint64_t v, unsigned base, unsigned width)
{
	char digit[FMT_DIGITS_MAX];
	unsigned n = 0;

	do {
		digit[n++] = "0123456789abcdef"[v % base];
		v /= base;
	} while (v != 0);
	for (unsigned pad = n; pad < width; pad++)
		put(s, '0');
	while (n > 0)
		put(s, digit[--n]);
}

static void put_signed(struct sink *s, int64_t v, unsigned width)
{
	if (v < 0)
		put(s, '-');
	put_num(s, v < 0 ? 0 - (uint64_t)v : (uint64_t)v, 10, width);
}

/* The argument list is passed by pointer so that it advances for the caller. */
struct args {
	va_list ap;
};

static uint64_t next_unsigned(struct args *a, int longs, int is_size)
{
	if (is_size)
		return va_arg(a->ap, size_t);
	if (longs >= 2)
		return va_arg(a->ap, unsigned long long);
	return longs == 1 ? va_arg(a->ap, unsigned long)
			  : va_arg(a->ap, unsigned int);
}

static int64_t next_signed(struct args *a, int longs, int is_size)
{
	if (is_size)
		return (int64_t)va_arg(a->ap, size_t);
	if (longs >= 2)
		return va_arg(a->ap, long long);
	return longs == 1 ? va_arg(a->ap, long) : va_arg(a->ap, int);
}

/* Format one conversion; `f` points after the '%'. Returns its end. */
static const char *convert(struct sink *s, const char *f, struct args *a)
{
	size_t precision = SIZE_MAX;
	unsigned width = 0;
	int longs = 0, is_size = 0;

	for (; *f >= '0' && *f <= '9'; f++)
		width = width * 10 + (unsigned)(*f - '0');
	if (f[0] == '.' && f[1] == '*') {
		int n = va_arg(a->ap, int);

		precision = n < 0 ? 0 : (size_t)n;
		f += 2;
	}
	for (; *f == 'l'; f++)
		longs++;
	for (; *f == 'z'; f++)
		is_size = 1;

	switch (*f) {
	case 's':
		put_str(s, va_arg(a->ap, const char *), precision);
		break;
	case 'c':
		put(s, (char)va_arg(a->ap, int));
		break;
	case 'd':
		put_signed(s, next_signed(a, longs, is_size), width);
		break;
	case 'u':
		put_num(s, next_unsigned(a, longs, is_size), 10, width);
		break;
	case 'x':
		put_num(s, next_unsigned(a, longs, is_size), 16, width);
		break;
	case '%':
		put(s, '%');
		break;
	default:
		assert(*f == '%'); /* unknown conversion: our defect */
	}
	return f + 1;
}

size_t fmt_vprint(char *out, size_t cap, const char *fmt, va_list ap)
{
	struct sink s = { .out = out, .cap = cap, .len = 0 };
	struct args a;

	assert(out != NULL && cap >= 1 && fmt != NULL);
	va_copy(a.ap, ap);
	while (*fmt != '\0') {
		if (*fmt == '%')
			fmt = convert(&s, fmt + 1, &a);
		else
			put(&s, *fmt++);
	}
	va_end(a.ap);
	out[s.len < cap ? s.len : cap - 1] = '\0';
	return s.len;
}

size_t fmt_print(char *out, size_t cap, const char *fmt, ...)
{
	va_list ap;
	size_t n;

	va_start(ap, fmt);
	n = fmt_vprint(out, cap, fmt, ap);
	va_end(ap);
	return n;
}
