/*
 * All hashes of a log in memory: the levels of its tiles, and where each leaf
 * hash stands. Made anew from the tiles at each start, so nothing of it is on
 * disk that could be out of date [L-140].
 */
#ifndef CONFER_LOGD_LEAVES_H
#define CONFER_LOGD_LEAVES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "logd/log.h"
#include "tlog/range.h"
#include "tlog/tree.h"

#define LOGD_LEVELS 3 /* of tiles in a log of LOGD_ENTRIES_MAX */
#define LOGD_SLOTS  (2 * LOGD_ENTRIES_MAX)

struct logd_leaves {
	struct tlog_range edge; /* its size is the number of leaves */
	struct tlog_hash *level[LOGD_LEVELS]; /* edge.size >> 8 L hashes */
	uint32_t *slot; /* index + 1, by leaf hash; 0: empty */
};

/* Room for LOGD_ENTRIES_MAX leaves, none of which is there; NULL: no memory. */
struct logd_leaves *logd_leaves_new(void);
void logd_leaves_free(struct logd_leaves *l); /* NULL is legal */

/* Append; the caller ensures that there is room (asserted). */
void logd_leaves_add(struct logd_leaves *l, const struct tlog_hash *leaf);

/* Take back all that came after *edge, a copy of l->edge as it was then. */
void logd_leaves_cut(struct logd_leaves *l, const struct tlog_range *edge);

/* Index of the first leaf with this hash; false if there is none. */
bool logd_leaves_find(
    const struct logd_leaves *l, const struct tlog_hash *leaf, uint64_t *index);

/* The hashes of a tile, borrowed; NULL if the leaves do not reach so far. */
const struct tlog_hash *logd_leaves_tile(
    const struct logd_leaves *l, const struct tlog_tile *tile);

/* The tiles of the first `size` leaves; l is borrowed. */
struct tlog_tiles logd_leaves_tiles(struct logd_leaves *l, uint64_t size);

#endif
