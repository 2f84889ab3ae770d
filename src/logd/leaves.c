#include "logd/leaves.h"

#include <stdlib.h>

#include "base/assert.h"

#define LEVEL_BITS 8 /* 256 hashes of one level make one of the next */

_Static_assert((LOGD_ENTRIES_MAX >> LEVEL_BITS * LOGD_LEVELS) == 0,
    "there is no level above these");
_Static_assert((LOGD_SLOTS & (LOGD_SLOTS - 1)) == 0, "slots are masked");

struct logd_leaves *logd_leaves_new(void)
{
	struct logd_leaves *l = calloc(1, sizeof(*l));
	bool ok;

	if (l == NULL)
		return NULL;
	l->slot = calloc(LOGD_SLOTS, sizeof(*l->slot));
	ok = l->slot != NULL;
	for (unsigned i = 0; i < LOGD_LEVELS; i++) {
		l->level[i] = calloc(
		    LOGD_ENTRIES_MAX >> LEVEL_BITS * i, sizeof(*l->level[i]));
		ok = ok && l->level[i] != NULL;
	}
	if (ok)
		return l;
	logd_leaves_free(l);
	return NULL;
}

void logd_leaves_free(struct logd_leaves *l)
{
	if (l == NULL)
		return;
	free(l->slot);
	for (unsigned i = 0; i < LOGD_LEVELS; i++)
		free(l->level[i]);
	free(l);
}

/*
 * The slot of this leaf, or the empty one where it belongs. Leaf hashes are
 * spread evenly, and half of the slots stay empty.
 */
static uint32_t *slot_of(
    const struct logd_leaves *l, const struct tlog_hash *leaf)
{
	uint32_t at = (uint32_t)leaf->b[0] << 24 | (uint32_t)leaf->b[1] << 16 |
		      (uint32_t)leaf->b[2] << 8 | leaf->b[3];

	for (;; at++) {
		uint32_t *slot = &l->slot[at & (LOGD_SLOTS - 1)];

		if (*slot == 0 || tlog_hash_eq(&l->level[0][*slot - 1], leaf))
			return slot;
	}
}

void logd_leaves_add(struct logd_leaves *l, const struct tlog_hash *leaf)
{
	uint64_t at = l->edge.size;
	uint32_t *slot;

	assert(at < LOGD_ENTRIES_MAX);
	slot = slot_of(l, leaf);
	if (*slot == 0)
		*slot = (uint32_t)at + 1;
	l->level[0][at] = *leaf;
	tlog_range_add(&l->edge, leaf);
	for (unsigned i = 1; i < LOGD_LEVELS; i++) {
		if (at % TLOG_TILE_WIDTH != TLOG_TILE_WIDTH - 1)
			break;
		at /= TLOG_TILE_WIDTH;
		tlog_tile_hash(
		    &l->level[i][at], &l->level[i - 1][at * TLOG_TILE_WIDTH]);
	}
}

void logd_leaves_cut(struct logd_leaves *l, const struct tlog_range *edge)
{
	/* The last first, so that no search meets a gap. */
	for (uint64_t i = l->edge.size; i-- > edge->size;) {
		uint32_t *slot = slot_of(l, &l->level[0][i]);

		if (*slot == i + 1)
			*slot = 0;
	}
	l->edge = *edge;
}

bool logd_leaves_find(
    const struct logd_leaves *l, const struct tlog_hash *leaf, uint64_t *index)
{
	const uint32_t *slot = slot_of(l, leaf);

	*index = *slot == 0 ? 0 : *slot - 1;
	return *slot != 0;
}

const struct tlog_hash *logd_leaves_tile(
    const struct logd_leaves *l, const struct tlog_tile *tile)
{
	uint64_t hashes;

	if (tile->entries || tile->level >= LOGD_LEVELS)
		return NULL;
	hashes = l->edge.size >> LEVEL_BITS * tile->level;
	if (tile->index > hashes / TLOG_TILE_WIDTH ||
	    tile->index * TLOG_TILE_WIDTH + tile->width > hashes)
		return NULL;
	return &l->level[tile->level][tile->index * TLOG_TILE_WIDTH];
}

static enum err read_tile(void *cookie, struct tlog_hash *out,
    const struct tlog_tile *tile, struct err_ctx *ctx)
{
	const struct tlog_hash *hash = logd_leaves_tile(cookie, tile);

	if (hash == NULL)
		return err_set(
		    ctx, ERR_NOTFOUND, "no tile of level %u", tile->level);
	mem_copy(out, hash, tile->width * sizeof(*out));
	return ERR_OK;
}

struct tlog_tiles logd_leaves_tiles(struct logd_leaves *l, uint64_t size)
{
	return (
	    struct tlog_tiles){ .size = size, .read = read_tile, .cookie = l };
}
