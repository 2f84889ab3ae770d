/*
 * Whole pages of private memory, taken once and kept: for a model's weights and
 * for the engine's working memory. Left out of core dumps.
 */
#ifndef CONFER_SYS_PAGES_H
#define CONFER_SYS_PAGES_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"

struct pages {
	uint8_t *p; /* NULL when there are none */
	size_t len;
};

/* len zeroed bytes, page aligned, in huge pages where the system has them. */
enum err pages_alloc(struct pages *out, size_t len)
    __attribute__((warn_unused_result));

/*
 * A whole regular file, read into private memory that is then made read-only:
 * later changes of the file do not reach it. ERR_NOTFOUND, ERR_TRUNCATED for an
 * empty file or one that shrinks under our hands, ERR_NOMEM, ERR_IO.
 */
enum err pages_load(struct pages *out, const char *path, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

#define PAGES_LINE 64 /* bytes; what every part below starts on */

/* Parts of one stretch of memory; base NULL: only counts what they take. */
struct pages_carver {
	uint8_t *base;
	size_t len;
};

/* The next part: n things of a size. */
void *pages_carve(struct pages_carver *c, size_t n, size_t size);

/* Give the memory back; accepts a zeroed *p. Does not wipe. */
void pages_free(struct pages *p);

#endif
