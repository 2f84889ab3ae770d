/*
 * Memory without libc headers: the four functions that compilers emit calls to,
 * a wipe that survives optimisation, a comparison in constant time, and a
 * pointer with a length.
 */
#ifndef CONFER_BASE_MEM_H
#define CONFER_BASE_MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * libc natively, src/wasm/mem.c in the browser. Files of sys/ include string.h
 * (glibc's guard tells) and then need no second declaration.
 */
#ifndef _STRING_H
void *memcpy(void *restrict dst, const void *restrict src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
#endif

/* Bytes borrowed from somewhere: no ownership. {NULL, 0} is legal. */
struct bytes {
	const uint8_t *p;
	size_t len;
};

/* The bytes of a string literal without its NUL; usable as an initialiser. */
#define BYTES_LITERAL(s)                                                       \
	{                                                                      \
		(const uint8_t *)(s), sizeof(s) - 1                            \
	}

/* Length of a NUL-terminated string. */
size_t mem_strlen(const char *s);

/* The bytes of a NUL-terminated string, without its NUL; NULL has none. */
struct bytes mem_str(const char *s);

/* What is left behind the first n bytes; n <= b.len. */
struct bytes mem_skip(struct bytes b, size_t n);

/* Does `a` begin, or end, with the NUL-terminated string `s`? */
bool mem_starts(struct bytes a, const char *s);
bool mem_ends(struct bytes a, const char *s);

/* Equal length and content; not constant time. */
bool mem_eq(struct bytes a, struct bytes b);

/* Does `a` equal the NUL-terminated string `s`? Not constant time. */
bool mem_eq_str(struct bytes a, const char *s);

/* Overwrite secrets; the compiler cannot drop it. n may be 0. */
void mem_wipe(void *p, size_t n);

/* Equality of two secrets of one length; time depends on n only. */
bool mem_eq_ct(const void *a, const void *b, size_t n);

/* Are all n bytes zero? Time depends on n only. */
bool mem_is_zero(const void *p, size_t n);

/* Copy that accepts {NULL, 0}, which memcpy does not. */
void mem_copy(void *dst, const void *src, size_t n);

#endif
