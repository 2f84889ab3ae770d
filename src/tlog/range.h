/*
 * The right edge of a growing Merkle tree: the roots of its complete subtrees,
 * largest first in the tree, one for each bit of the size that is set. What is
 * needed to go on appending without the leaves, and to know the root at any
 * time. Requirement L-01 of docs/log.md.
 */
#ifndef CONFER_TLOG_RANGE_H
#define CONFER_TLOG_RANGE_H

#include <stdint.h>

#include "tlog/merkle.h"

#define TLOG_RANGE_EDGES 63 /* sizes stay below 2^63 */

/* All zero: the empty tree. */
struct tlog_range {
	uint64_t size;
	struct tlog_hash edge[TLOG_RANGE_EDGES]; /* [k]: 2^k leaves, if bit k
						    of size is set */
};

/* Append one leaf hash. The caller ensures size < TLOG_SIZE_MAX (asserted). */
void tlog_range_add(struct tlog_range *range, const struct tlog_hash *leaf);

/* The root of the tree as it is now. */
void tlog_range_root(struct tlog_hash *out, const struct tlog_range *range);

#endif
