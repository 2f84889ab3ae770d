/* Pages of keys and values; see kv.h. */
#include "engine/kv.h"

#include <stdlib.h>

#include "base/assert.h"
#include "base/mem.h"

#define KV_HALF 2 /* bytes */

/* Bytes of the keys and values of one head; head is at most KERNEL_HEAD_MAX. */
static size_t piece_len(uint32_t head)
{
	size_t pad = ((size_t)head + 15) / 16 * 16;

	return KERNEL_PAGE * KV_HALF * (head + pad);
}

size_t kv_page_len(const struct kv_shape *shape)
{
	size_t n;

	if (shape->head > KERNEL_HEAD_MAX ||
	    __builtin_mul_overflow(
		(size_t)shape->blocks, (size_t)shape->heads, &n) ||
	    __builtin_mul_overflow(n, piece_len(shape->head), &n))
		return 0;
	return n;
}

size_t kv_offset(const struct kv_shape *shape, uint32_t block, uint32_t head)
{
	assert(block < shape->blocks && head < shape->heads);
	return ((size_t)block * shape->heads + head) * piece_len(shape->head);
}

uint32_t kv_pages_for(uint32_t positions)
{
	return positions / KERNEL_PAGE + (positions % KERNEL_PAGE != 0);
}

enum err kv_init(
    struct kv_pool *pool, const struct kv_shape *shape, uint32_t page_n)
{
	size_t page_len = kv_page_len(shape), len;
	enum err e;

	*pool = (struct kv_pool){ 0 };
	if (page_len == 0 || page_n == 0 ||
	    __builtin_mul_overflow(page_len, (size_t)page_n, &len))
		return ERR_LIMIT;
	e = pages_alloc(&pool->memory, len);
	if (e != ERR_OK)
		return e;
	pool->shape = *shape;
	pool->page_len = page_len;
	pool->free = malloc((size_t)page_n * sizeof(*pool->free));
	if (pool->free == NULL) {
		kv_clear(pool);
		return ERR_NOMEM;
	}
	pool->page_n = pool->free_n = page_n;
	for (uint32_t i = 0; i < page_n; i++)
		pool->free[i] = page_n - 1 - i;
	return ERR_OK;
}

/* Pages that were never handed out are not touched, and take no memory. */
void kv_clear(struct kv_pool *pool)
{
	if (pool->used_n != 0)
		mem_wipe(pool->memory.p, pool->used_n * pool->page_len);
	pages_free(&pool->memory);
	free(pool->free);
	*pool = (struct kv_pool){ 0 };
}

bool kv_take(struct kv_pool *pool, struct kv_seq *seq, uint32_t positions)
{
	uint32_t want = kv_pages_for(positions);

	if (want > seq->cap || (want > seq->n && want - seq->n > pool->free_n))
		return false;
	while (seq->n < want) {
		uint32_t i = pool->free[--pool->free_n];

		seq->page[seq->n++] = pool->memory.p + i * pool->page_len;
		if (pool->used_n <= i)
			pool->used_n = i + 1;
	}
	return true;
}

void kv_give(struct kv_pool *pool, struct kv_seq *seq)
{
	while (seq->n > 0) {
		uint8_t *page = seq->page[--seq->n];
		size_t at = (size_t)(page - pool->memory.p);

		assert(at < pool->used_n * pool->page_len);
		assert(at % pool->page_len == 0 && pool->free_n < pool->page_n);
		mem_wipe(page, pool->page_len);
		pool->free[pool->free_n++] = (uint32_t)(at / pool->page_len);
		seq->page[seq->n] = NULL;
	}
}
