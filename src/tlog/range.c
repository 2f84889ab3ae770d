/* The right edge of a growing tree; see range.h. Adding a leaf is adding one to
 * a binary number: each carry joins two subtrees of the same size. */
#include "tlog/range.h"

#include "base/assert.h"

void tlog_range_add(struct tlog_range *range, const struct tlog_hash *leaf)
{
	struct tlog_hash h = *leaf;
	unsigned k = 0;

	assert(range->size < TLOG_SIZE_MAX);
	for (; (range->size >> k & 1) != 0; k++) {
		tlog_node_hash(&h, &range->edge[k], &h);
		memset(&range->edge[k], 0, sizeof(range->edge[k]));
	}
	range->edge[k] = h;
	range->size++;
}

/* The smallest subtree is the rightmost one. L-01 */
void tlog_range_root(struct tlog_hash *out, const struct tlog_range *range)
{
	bool any = false;

	tlog_root(out, NULL, 0);
	for (unsigned k = 0; k < TLOG_RANGE_EDGES; k++) {
		if ((range->size >> k & 1) == 0)
			continue;
		if (any)
			tlog_node_hash(out, &range->edge[k], out);
		else
			*out = range->edge[k];
		any = true;
	}
}
