/*
 * Roots and proofs from tiles, wherever they come from. A tile is data from a
 * stranger: every function that is given a root checks what it made of the
 * tiles against it before anything is handed out. L-110..L-112 of docs/log.md.
 */
#ifndef CONFER_TLOG_TREE_H
#define CONFER_TLOG_TREE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "tlog/merkle.h"
#include "tlog/range.h"
#include "tlog/tile.h"

/*
 * Fill out[0..tile->width) with the hashes of that tile. Errors are the
 * caller's: they end the walk and are handed on.
 */
typedef enum err tlog_tiles_fn(void *cookie, struct tlog_hash *out,
    const struct tlog_tile *tile, struct err_ctx *ctx);

/* A place to read tiles from, which holds those of a tree of `size`. */
struct tlog_tiles {
	uint64_t size;
	tlog_tiles_fn *read;
	void *cookie;
};

/*
 * The right edge, and so the root, that these tiles give to the first `size` <=
 * tiles->size entries (asserted). Nothing is authenticated: compare its root.
 */
enum err tlog_tree_range(struct tlog_range *out, const struct tlog_tiles *tiles,
    uint64_t size, struct err_ctx *ctx) __attribute__((warn_unused_result));

/*
 * Inclusion proof of entry `index` < tiles->size (asserted) in the tree of all
 * tiles, whose root is `root`; *leaf is its leaf hash as the tiles have it.
 * ERR_AUTH: the tiles do not lead to this root.
 */
enum err tlog_tree_inclusion(struct tlog_hash path[TLOG_PATH_MAX], size_t *n,
    struct tlog_hash *leaf, const struct tlog_tiles *tiles, uint64_t index,
    const struct tlog_hash *root) __attribute__((warn_unused_result));

/*
 * Consistency proof from the tree (old_size, old_root) to that of all tiles,
 * with `root`. 0 < old_size <= tiles->size (asserted); equal sizes give no
 * hashes. ERR_AUTH: no proof leads to both roots, so one of the three is wrong.
 * ERR_LIMIT: it needs 64 hashes, which trees above 2^62 entries can.
 */
enum err tlog_tree_consistency(struct tlog_hash proof[TLOG_PATH_MAX], size_t *n,
    const struct tlog_tiles *tiles, uint64_t old_size,
    const struct tlog_hash *old_root, const struct tlog_hash *root)
    __attribute__((warn_unused_result));

#endif
