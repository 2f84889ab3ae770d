/*
 * Roots and proofs from tiles; see tree.h.
 *
 * A subtree of 2^h entries that is complete is a hash of level h/8, or it is
 * made of 2^(h mod 8) neighbours in one tile of that level. Every proof is made
 * of such subtrees: the siblings on the way up to the complete subtree that
 * holds the entry, and the right edge of the tree. Heights are gone through
 * upwards and tile by tile, so that each tile is read once.
 */
#include "tlog/tree.h"

#include "base/assert.h"

#define LEVEL_BITS 8
#define LEVELS     8 /* that trees below 2^63 have */

/* The tile read last. */
struct walk {
	const struct tlog_tiles *tiles;
	struct tlog_tile have; /* width 0: none yet */
	struct tlog_hash hash[TLOG_TILE_WIDTH];
	struct err_ctx *ctx;
};

/* Subtree number i of those of 2^height entries; it is complete. */
static enum err subtree(
    struct tlog_hash *out, struct walk *w, unsigned height, uint64_t i)
{
	const unsigned level = height / LEVEL_BITS, low = height % LEVEL_BITS;
	const uint64_t first = i << low;
	const struct tlog_tile t =
	    tlog_tile_of(w->tiles->size, level, first + (1U << low) - 1);
	enum err e;

	if (w->have.width == 0 || w->have.level != level ||
	    w->have.index != t.index) {
		e = w->tiles->read(w->tiles->cookie, w->hash, &t, w->ctx);
		if (e != ERR_OK)
			return e;
		w->have = t;
	}
	tlog_root(out, &w->hash[first % TLOG_TILE_WIDTH], (size_t)1 << low);
	return ERR_OK;
}

/* What of the right edge of `size` entries is in tiles of this level, without
 * the subtree of height `but`. */
static enum err edges(struct tlog_range *out, struct walk *w, uint64_t size,
    unsigned level, unsigned but)
{
	enum err e = ERR_OK;

	for (unsigned h = level * LEVEL_BITS;
	     h < (level + 1) * LEVEL_BITS && e == ERR_OK; h++) {
		if ((size >> h & 1) != 0 && h != but)
			e = subtree(&out->edge[h], w, h, (size >> h) - 1);
	}
	return e;
}

enum err tlog_tree_range(struct tlog_range *out, const struct tlog_tiles *tiles,
    uint64_t size, struct err_ctx *ctx)
{
	struct walk w = { .tiles = tiles, .ctx = ctx };
	enum err e = ERR_OK;

	assert(size <= tiles->size && tiles->size <= TLOG_SIZE_MAX);
	memset(out, 0, sizeof(*out));
	for (unsigned level = 0; level < LEVELS && e == ERR_OK; level++)
		e = edges(out, &w, size, level, TLOG_RANGE_EDGES);
	if (e != ERR_OK)
		memset(out, 0, sizeof(*out));
	else
		out->size = size;
	return e;
}

/* Height of the complete subtree of the right edge that holds this entry: the
 * highest bit in which the size differs from the index. */
static unsigned height_over(uint64_t size, uint64_t index)
{
	unsigned h = TLOG_RANGE_EDGES - 1;

	while ((size >> h & 1) == (index >> h & 1))
		h--;
	return h;
}

/* A way up through the tree. */
struct climb {
	uint64_t index;      /* of an entry below */
	unsigned from;       /* height of the subtree that the way starts at */
	struct tlog_hash at; /* its hash */
	struct tlog_hash path[TLOG_PATH_MAX]; /* what it meets, upwards */
	size_t n;
};

/* All that lies right of the complete subtree, and what lies left of it. */
static void climb_edge(
    struct climb *c, const struct tlog_range *range, unsigned over)
{
	struct tlog_range right = *range;

	right.size &= (UINT64_C(1) << over) - 1;
	if (right.size != 0)
		tlog_range_root(&c->path[c->n++], &right);
	for (unsigned h = over + 1; h < TLOG_RANGE_EDGES; h++) {
		if ((range->size >> h & 1) != 0)
			c->path[c->n++] = range->edge[h];
	}
}

static enum err climb(struct climb *c, const struct tlog_tiles *tiles)
{
	const unsigned over = height_over(tiles->size, c->index);
	struct tlog_range range = { .size = tiles->size };
	struct walk w = { .tiles = tiles };
	enum err e = ERR_OK;

	for (unsigned level = 0; level < LEVELS && e == ERR_OK; level++) {
		e = edges(&range, &w, tiles->size, level, over);
		for (unsigned h = level * LEVEL_BITS;
		     h < (level + 1) * LEVEL_BITS && h <= over && e == ERR_OK;
		     h++) {
			if (h == c->from)
				e = subtree(&c->at, &w, h, c->index >> h);
			if (h >= c->from && h < over && e == ERR_OK)
				e = subtree(
				    &c->path[c->n++], &w, h, c->index >> h ^ 1);
		}
	}
	if (e == ERR_OK)
		climb_edge(c, &range, over);
	return e;
}

enum err tlog_tree_inclusion(struct tlog_hash path[TLOG_PATH_MAX], size_t *n,
    struct tlog_hash *leaf, const struct tlog_tiles *tiles, uint64_t index,
    const struct tlog_hash *root)
{
	struct climb c = { .index = index };
	enum err e;

	assert(index < tiles->size && tiles->size <= TLOG_SIZE_MAX);
	e = climb(&c, tiles);
	if (e == ERR_OK) /* L-112 */
		e = tlog_inclusion_verify(
		    root, tiles->size, index, &c.at, c.path, c.n);
	if (e != ERR_OK)
		memset(&c, 0, sizeof(c));
	mem_copy(path, c.path, sizeof(c.path));
	*leaf = c.at;
	*n = c.n;
	return e;
}

enum err tlog_tree_consistency(struct tlog_hash proof[TLOG_PATH_MAX], size_t *n,
    const struct tlog_tiles *tiles, uint64_t old_size,
    const struct tlog_hash *old_root, const struct tlog_hash *root)
{
	struct climb c = { .index = old_size - 1 };
	size_t start = 0;
	enum err e = ERR_OK;

	assert(old_size > 0 && old_size <= tiles->size);
	assert(tiles->size <= TLOG_SIZE_MAX);
	memset(proof, 0, TLOG_PATH_MAX * sizeof(proof[0]));
	*n = 0;
	/* The way starts at the lowest subtree of the old right edge. It is
	 * itself told, unless it is the whole old tree. */
	while ((old_size >> c.from & 1) == 0)
		c.from++;
	if (old_size < tiles->size) {
		e = climb(&c, tiles);
		if ((old_size & (old_size - 1)) != 0)
			start = 1;
	}
	if (e == ERR_OK && start + c.n > TLOG_PATH_MAX)
		e = ERR_LIMIT;
	if (e != ERR_OK)
		return e;
	proof[0] = c.at;
	mem_copy(proof + start, c.path, c.n * sizeof(proof[0]));
	*n = start + c.n;
	e = tlog_consistency_verify(
	    old_root, old_size, root, tiles->size, proof, *n); /* L-112 */
	if (e != ERR_OK) {
		memset(proof, 0, TLOG_PATH_MAX * sizeof(proof[0]));
		*n = 0;
	}
	return e;
}
