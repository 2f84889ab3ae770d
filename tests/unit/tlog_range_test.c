/* The right edge of a growing tree against the tree of all its leaves. */
#include "test.h"

#include "tlog/range.h"

#define LEAVES 66000

static struct tlog_hash leaf[LEAVES];

static int setup(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < LEAVES; i++) {
		uint8_t b[4] = { (uint8_t)(i >> 24), (uint8_t)(i >> 16),
			(uint8_t)(i >> 8), (uint8_t)i };

		tlog_leaf_hash(&leaf[i], (struct bytes){ b, sizeof(b) });
	}
	return 0;
}

/* L-01 */
TEST(range_has_the_root_of_all_leaves_at_every_size)
{
	struct tlog_range r = { 0 };

	for (size_t n = 0; n <= LEAVES; n++) {
		if (n <= 600 || (n >= 65534 && n <= 65538) || n == LEAVES) {
			struct tlog_hash want, got;

			tlog_root(&want, leaf, n);
			tlog_range_root(&got, &r);
			CHECK_EQ(r.size, n);
			CHECK(tlog_hash_eq(&got, &want));
		}
		if (n < LEAVES)
			tlog_range_add(&r, &leaf[n]);
	}
}

TEST(range_keeps_the_complete_subtrees_and_nothing_else)
{
	struct tlog_range r = { 0 };
	struct tlog_hash want;

	for (size_t n = 0; n < 1000; n++) {
		size_t at = 0;

		for (unsigned k = TLOG_RANGE_EDGES; k-- > 0;) {
			if ((r.size >> k & 1) == 0) {
				CHECK(mem_is_zero(&r.edge[k], TLOG_HASH_LEN));
				continue;
			}
			tlog_root(&want, leaf + at, (size_t)1 << k);
			CHECK(tlog_hash_eq(&r.edge[k], &want));
			at += (size_t)1 << k;
		}
		CHECK_EQ(at, n);
		tlog_range_add(&r, &leaf[n]);
	}
}

/* All subtrees of one height are alike here, so the largest tree is known. */
TEST(range_reaches_the_largest_size)
{
	struct tlog_range r = { .size = TLOG_SIZE_MAX - 1 };
	struct tlog_hash want, got;

	r.edge[0] = leaf[0];
	for (unsigned k = 1; k < TLOG_RANGE_EDGES; k++)
		tlog_node_hash(&r.edge[k], &r.edge[k - 1], &r.edge[k - 1]);
	tlog_range_add(&r, &leaf[0]);
	CHECK_EQ(r.size, TLOG_SIZE_MAX);
	want = r.edge[0];
	for (unsigned k = 1; k < TLOG_RANGE_EDGES; k++)
		tlog_node_hash(&want, &r.edge[k], &want);
	tlog_range_root(&got, &r);
	CHECK(tlog_hash_eq(&got, &want));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    range_has_the_root_of_all_leaves_at_every_size),
		cmocka_unit_test(
		    range_keeps_the_complete_subtrees_and_nothing_else),
		cmocka_unit_test(range_reaches_the_largest_size),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
