/*
 * Memory for keys and values: pages of KERNEL_PAGE positions, all taken at
 * start. A page belongs to one slot at a time, holds all blocks and heads of
 * the model, is zero when it is handed out, and is wiped when it comes back.
 * Pages are never shared and never looked up by what they hold.
 *
 * A page is, for each block of the model and each head of keys in this order,
 * the keys [head][KERNEL_PAGE] and then the values [KERNEL_PAGE][head_pad], as
 * halves (kernels.h, struct kernel_attend).
 */
#ifndef CONFER_ENGINE_KV_H
#define CONFER_ENGINE_KV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "engine/kernels.h"
#include "sys/pages.h"

/* What a page is made of. */
struct kv_shape {
	uint32_t blocks;
	uint32_t heads; /* of keys and values */
	uint32_t head;  /* width */
};

struct kv_pool {
	struct kv_shape shape;
	size_t page_len; /* bytes, a multiple of 64 */
	uint32_t page_n;
	uint32_t free_n;
	uint32_t used_n; /* only pages below this were ever handed out */
	uint32_t *free;  /* [page_n] numbers of free pages, the first free_n */
	struct pages memory;
};

/* Bytes of a page of this shape; 0: it overflows, or is not one. */
size_t kv_page_len(const struct kv_shape *shape);

/* Offset in a page of the keys of a block and head. */
size_t kv_offset(const struct kv_shape *shape, uint32_t block, uint32_t head);

/* Pages for so many positions. */
uint32_t kv_pages_for(uint32_t positions);

/*
 * Reserve memory for page_n pages; what is never handed out is never touched.
 * ERR_NOMEM, ERR_LIMIT (a size is 0 or overflows, a head is too wide). On
 * failure the pool is clear.
 */
enum err kv_init(struct kv_pool *pool, const struct kv_shape *shape,
    uint32_t page_n) __attribute__((warn_unused_result));

/* Wipe and free; accepts a zeroed pool. */
void kv_clear(struct kv_pool *pool);

/* The pages of one slot, in order of positions. */
struct kv_seq {
	uint8_t **page; /* [cap], the owner's memory */
	uint32_t cap;
	uint32_t n;
};

/*
 * Take pages until the slot has enough for `positions`. False, and nothing
 * changed: too few are free, or more than cap are wanted.
 */
bool kv_take(struct kv_pool *pool, struct kv_seq *seq, uint32_t positions)
    __attribute__((warn_unused_result));

/* Wipe all pages of a slot and give them back; seq->n becomes 0. */
void kv_give(struct kv_pool *pool, struct kv_seq *seq);

#endif
