/*
 * Tiles (C2SP tlog-tiles): their coordinates, paths and bundles of entries. A
 * tile holds up to 256 hashes of one level: hash i of tile N at level L is the
 * root of entries [(256 N + i) 256^L, (256 N + i + 1) 256^L). Only full tiles
 * are hashed upward. L-100..L-106 of docs/log.md.
 */
#ifndef CONFER_TLOG_TILE_H
#define CONFER_TLOG_TILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/wr.h"
#include "tlog/merkle.h"

#define TLOG_TILE_WIDTH     256
#define TLOG_TILE_LEN       (TLOG_TILE_WIDTH * TLOG_HASH_LEN) /* a full one */
#define TLOG_TILE_LEVEL_MAX 63 /* of a path; sizes below 2^63 reach level 7 */
#define TLOG_TILE_INDEX_MAX 999999999999999999ULL /* six groups of digits */
#define TLOG_TILE_PATH_MAX  48 /* tile/entries/x999/.../999.p/255 and a NUL */
#define TLOG_ENTRY_LEN_MAX  65535 /* as u16 lengths allow; ours: 16 KiB */
#define TLOG_BUNDLE_LEN_MAX (TLOG_TILE_WIDTH * (2 + TLOG_ENTRY_LEN_MAX))

/* One resource: a tile of hashes, or a bundle of entries (level 0 then). */
struct tlog_tile {
	bool entries;
	unsigned level;
	uint64_t index;
	unsigned width; /* 1..255: partial; 256: full */
};

/* Write the path, without a leading slash, NUL-terminated; its length. The
 * coordinates are within the limits above (asserted). */
size_t tlog_tile_path(
    char out[TLOG_TILE_PATH_MAX], const struct tlog_tile *tile);

/* Read the one spelling of a path; anything else is ERR_FORMAT or ERR_LIMIT. */
enum err tlog_tile_path_parse(struct tlog_tile *out, struct bytes path,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/* Full tiles of this level in a tree of `size` entries. */
uint64_t tlog_tile_full(uint64_t size, unsigned level);

/* Width of its partial tile there; 0: it has none. */
unsigned tlog_tile_partial(uint64_t size, unsigned level);

/*
 * The tile that holds hash number `hash` of `level` in a tree of `size`
 * entries, as that size names it: full if it is, else partial. The hash exists
 * (asserted).
 */
struct tlog_tile tlog_tile_of(uint64_t size, unsigned level, uint64_t hash);

/* The hash of a full tile: what stands for it one level up. */
void tlog_tile_hash(
    struct tlog_hash *out, const struct tlog_hash hash[TLOG_TILE_WIDTH]);

/* Append one entry (1..TLOG_ENTRY_LEN_MAX bytes, asserted) to a bundle. */
void tlog_bundle_add(struct wr *w, struct bytes entry);

/*
 * Is this a bundle of exactly `width` entries? ERR_TRUNCATED, ERR_TRAILING,
 * naming the entry. Empty entries are legal in the format; our logs refuse
 * them elsewhere.
 */
enum err tlog_bundle_parse(struct bytes bundle, unsigned width,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/* Take the next entry of a bundle that passed; false at the end. */
bool tlog_bundle_next(struct bytes *rest, struct bytes *entry);

#endif
