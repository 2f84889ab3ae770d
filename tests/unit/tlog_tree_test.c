/*
 * Proofs from tiles against those from all leaves, for every size that has a
 * shape of its own; and what is made of tiles that lie.
 */
#include "test.h"

#include "tlog/tree.h"

#define LEAVES     66000
#define LEVELS     3
#define TILES_READ 32

static struct tlog_hash leaf[LEAVES];
static struct tlog_hash root_of[LEAVES + 1];
/* Every hash of every level, as full tiles are hashed upward. */
static struct tlog_hash level1[LEAVES / 256], level2[1];
static struct tlog_hash *const level[LEVELS] = { leaf, level1, level2 };

static int setup(void **state)
{
	struct tlog_range grown = { 0 };

	(void)state;
	for (uint32_t i = 0; i < LEAVES; i++) {
		uint8_t b[4] = { (uint8_t)(i >> 24), (uint8_t)(i >> 16),
			(uint8_t)(i >> 8), (uint8_t)i };

		tlog_leaf_hash(&leaf[i], (struct bytes){ b, sizeof(b) });
		tlog_range_root(&root_of[i], &grown);
		tlog_range_add(&grown, &leaf[i]);
	}
	tlog_range_root(&root_of[LEAVES], &grown);
	for (size_t i = 0; i < LEAVES / 256; i++)
		tlog_root(&level1[i], leaf + 256 * i, 256);
	tlog_root(&level2[0], leaf, 65536);
	return 0;
}

/* The tiles of the first `size` leaves, and what is asked of them. */
struct shelf {
	struct tlog_tiles tiles;
	struct tlog_tile asked[TILES_READ];
	size_t n;
	enum err fails; /* if not ERR_OK: with the read number `at` */
	size_t at;
	bool lie; /* flip one bit of each hash of level */
	unsigned in_level;
};

static enum err read_tile(void *cookie, struct tlog_hash *out,
    const struct tlog_tile *tile, struct err_ctx *ctx)
{
	struct shelf *s = cookie;
	const uint64_t first = tile->index * 256;

	CHECK(s->n < TILES_READ && tile->level < LEVELS && !tile->entries);
	CHECK_EQ(tile->width,
	    tile->index < tlog_tile_full(s->tiles.size, tile->level)
		? 256
		: tlog_tile_partial(s->tiles.size, tile->level));
	CHECK(tile->width > 0);
	for (size_t i = 0; i < s->n; i++) /* each tile is read once */
		CHECK(s->asked[i].level != tile->level ||
		      s->asked[i].index != tile->index);
	if (s->fails != ERR_OK && s->n == s->at)
		return err_set(ctx, s->fails, "no tile");
	s->asked[s->n++] = *tile;
	memcpy(out, &level[tile->level][first], tile->width * sizeof(*out));
	for (size_t i = 0;
	     s->lie && s->in_level == tile->level && i < tile->width; i++)
		out[i].b[31] ^= 1;
	return ERR_OK;
}

static struct shelf shelf_of(uint64_t size)
{
	return (struct shelf){ .tiles = { .size = size, .read = read_tile } };
}

static void shelf_ready(struct shelf *s)
{
	s->tiles.cookie = s;
	s->n = 0;
}

static void check_range(uint64_t size, uint64_t of)
{
	struct shelf s = shelf_of(of);
	struct tlog_range r;
	struct tlog_hash got;

	shelf_ready(&s);
	CHECK_OK(tlog_tree_range(&r, &s.tiles, size, NULL));
	tlog_range_root(&got, &r);
	CHECK_EQ(r.size, size);
	CHECK(tlog_hash_eq(&got, &root_of[size]));
	CHECK(s.n <= LEVELS);
}

/* Sizes at which tiles begin, fill up and end. */
static const uint64_t edge_size[] = { 1, 2, 3, 5, 7, 8, 127, 128, 129, 254, 255,
	256, 257, 258, 383, 384, 511, 512, 513, 514, 600, 65279, 65280, 65281,
	65534, 65535, 65536, 65537, 65791, 65792, 65793, LEAVES };

#define SIZES (sizeof(edge_size) / sizeof(edge_size[0]))

/* L-110 */
TEST(tiles_have_the_right_edge_of_every_size)
{
	for (uint64_t n = 0; n <= 600; n++) {
		check_range(n, n);
		check_range(n, 600);
		check_range(n, LEAVES);
	}
	for (size_t i = 0; i < SIZES; i++) {
		check_range(edge_size[i], edge_size[i]);
		check_range(edge_size[i], LEAVES);
	}
}

TEST(a_range_from_tiles_is_the_one_that_grew_and_grows_on)
{
	struct tlog_range grown = { 0 }, r;
	struct shelf s = shelf_of(LEAVES);

	for (size_t n = 0; n < 600; n++) {
		shelf_ready(&s);
		CHECK_OK(tlog_tree_range(&r, &s.tiles, n, NULL));
		CHECK_MEM(&r, &grown, sizeof(r));
		tlog_range_add(&grown, &leaf[n]);
	}
}

static void check_inclusion(uint64_t size, uint64_t index)
{
	struct tlog_hash want[TLOG_PATH_MAX], got[TLOG_PATH_MAX], at;
	struct shelf s = shelf_of(size);
	size_t n_want, n;

	shelf_ready(&s);
	tlog_inclusion_path(want, &n_want, leaf, (size_t)size, (size_t)index);
	CHECK_OK(
	    tlog_tree_inclusion(got, &n, &at, &s.tiles, index, &root_of[size]));
	CHECK_EQ(n, n_want);
	CHECK(n == 0 || memcmp(got, want, n * sizeof(got[0])) == 0);
	CHECK(tlog_hash_eq(&at, &leaf[index]));
}

/* L-111 */
TEST(inclusion_proofs_are_those_of_all_leaves)
{
	for (uint64_t size = 1; size <= 40; size++) {
		for (uint64_t i = 0; i < size; i++)
			check_inclusion(size, i);
	}
	for (uint64_t i = 0; i < 600; i++)
		check_inclusion(600, i);
	for (size_t i = 0; i < SIZES; i++) {
		const uint64_t size = edge_size[i];

		check_inclusion(size, 0);
		check_inclusion(size, size / 2);
		check_inclusion(size, size - 1);
		for (size_t k = 0; k < i && size < 1000; k++)
			check_inclusion(size, edge_size[k]);
	}
	check_inclusion(LEAVES, 65535);
	check_inclusion(LEAVES, 65536);
	check_inclusion(65537, 65279);
}

static void check_consistency(uint64_t old, uint64_t size)
{
	struct tlog_hash want[TLOG_PATH_MAX], got[TLOG_PATH_MAX];
	struct shelf s = shelf_of(size);
	size_t n_want, n;

	shelf_ready(&s);
	tlog_consistency_path(want, &n_want, leaf, (size_t)size, (size_t)old);
	CHECK_OK(tlog_tree_consistency(
	    got, &n, &s.tiles, old, &root_of[old], &root_of[size]));
	CHECK_EQ(n, n_want);
	CHECK(n == 0 || memcmp(got, want, n * sizeof(got[0])) == 0);
}

/* L-111 */
TEST(consistency_proofs_are_those_of_all_leaves)
{
	for (uint64_t size = 1; size <= 40; size++) {
		for (uint64_t old = 1; old <= size; old++)
			check_consistency(old, size);
	}
	for (uint64_t old = 1; old <= 600; old++)
		check_consistency(old, 600);
	for (size_t i = 0; i < SIZES; i++) {
		for (size_t k = 0; k < i && edge_size[i] < 1000; k++)
			check_consistency(edge_size[k], edge_size[i]);
		check_consistency(edge_size[i] / 2 + 1, edge_size[i]);
	}
	check_consistency(65535, LEAVES);
	check_consistency(65536, LEAVES);
	check_consistency(65537, LEAVES);
	check_consistency(256, LEAVES);
}

/* L-112: every level is needed, so a lie in any of them is seen. */
TEST(no_proof_is_handed_out_from_tiles_that_lie)
{
	struct tlog_hash path[TLOG_PATH_MAX], root, old, at;
	struct shelf s = shelf_of(LEAVES);
	size_t n;

	tlog_root(&root, leaf, LEAVES);
	tlog_root(&old, leaf, 65900);
	s.lie = true;
	for (s.in_level = 0; s.in_level < LEVELS; s.in_level++) {
		memset(path, 0xff, sizeof(path));
		shelf_ready(&s);
		CHECK_ERR(
		    tlog_tree_inclusion(path, &n, &at, &s.tiles, 65999, &root),
		    ERR_AUTH);
		CHECK(n == 0 && mem_is_zero(path, sizeof(path)));
		CHECK(mem_is_zero(&at, sizeof(at)));
		memset(path, 0xff, sizeof(path));
		shelf_ready(&s);
		CHECK_ERR(tlog_tree_consistency(
			      path, &n, &s.tiles, 65900, &old, &root),
		    ERR_AUTH);
		CHECK(n == 0 && mem_is_zero(path, sizeof(path)));
	}
}

TEST(no_proof_leads_to_another_root)
{
	struct tlog_hash path[TLOG_PATH_MAX], root, old, at;
	struct shelf s = shelf_of(500);
	size_t n;

	tlog_root(&root, leaf, 500);
	tlog_root(&old, leaf, 300);
	root.b[0] ^= 1;
	shelf_ready(&s);
	CHECK_ERR(
	    tlog_tree_inclusion(path, &n, &at, &s.tiles, 7, &root), ERR_AUTH);
	shelf_ready(&s);
	CHECK_ERR(tlog_tree_consistency(path, &n, &s.tiles, 300, &old, &root),
	    ERR_AUTH);
	root.b[0] ^= 1;
	old.b[31] ^= 0x80;
	shelf_ready(&s);
	CHECK_ERR(tlog_tree_consistency(path, &n, &s.tiles, 300, &old, &root),
	    ERR_AUTH);
	shelf_ready(&s);
	CHECK_ERR(tlog_tree_consistency(path, &n, &s.tiles, 500, &old, &root),
	    ERR_AUTH); /* equal sizes, other roots */
	CHECK_EQ(n, 0);
}

/* Of 300 entries the first 256 are one full tile, whose hash nobody needs. */
TEST(no_tile_is_read_that_is_not_needed)
{
	struct tlog_hash path[TLOG_PATH_MAX], at;
	struct shelf s = shelf_of(300);
	size_t n;

	shelf_ready(&s);
	CHECK_OK(
	    tlog_tree_inclusion(path, &n, &at, &s.tiles, 70, &root_of[300]));
	CHECK_EQ(s.n, 2);
	shelf_ready(&s);
	CHECK_OK(
	    tlog_tree_inclusion(path, &n, &at, &s.tiles, 299, &root_of[300]));
	CHECK_EQ(s.n, 2);
	shelf_ready(&s);
	CHECK_OK(tlog_tree_consistency(
	    path, &n, &s.tiles, 300, &root_of[300], &root_of[300]));
	CHECK_EQ(s.n, 0);
}

/* Whichever read fails, its error is the answer. */
TEST(a_tile_that_cannot_be_read_ends_the_walk)
{
	struct tlog_hash path[TLOG_PATH_MAX], root, old, at;
	struct shelf s = shelf_of(LEAVES);
	struct err_ctx ctx = { 0 };
	struct tlog_range r;
	size_t n, reads;

	tlog_root(&root, leaf, LEAVES);
	tlog_root(&old, leaf, 300);
	shelf_ready(&s);
	CHECK_OK(tlog_tree_inclusion(path, &n, &at, &s.tiles, 70, &root));
	reads = s.n;
	s.fails = ERR_IO;
	for (s.at = 0; s.at < reads; s.at++) {
		shelf_ready(&s);
		CHECK_ERR(
		    tlog_tree_inclusion(path, &n, &at, &s.tiles, 70, &root),
		    ERR_IO);
		CHECK(n == 0 && mem_is_zero(path, sizeof(path)));
	}
	s.at = 0;
	shelf_ready(&s);
	CHECK_ERR(tlog_tree_consistency(path, &n, &s.tiles, 300, &old, &root),
	    ERR_IO);
	shelf_ready(&s);
	CHECK_ERR(tlog_tree_range(&r, &s.tiles, LEAVES, &ctx), ERR_IO);
	CHECK_STR(ctx.msg, "no tile");
	CHECK(mem_is_zero(&r, sizeof(r)));
}

/* A log whose entries are all alike: subtrees of one height have one hash, so
 * the largest trees are known without their leaves. */
static struct tlog_hash same[TLOG_RANGE_EDGES];

static enum err read_same(void *cookie, struct tlog_hash *out,
    const struct tlog_tile *tile, struct err_ctx *ctx)
{
	(void)cookie;
	(void)ctx;
	CHECK(tile->level <= 7);
	for (unsigned i = 0; i < tile->width; i++)
		out[i] = same[8 * tile->level];
	return ERR_OK;
}

static struct tlog_hash same_root(uint64_t size)
{
	struct tlog_range r = { .size = size };
	struct tlog_hash root;

	same[0] = leaf[0];
	for (unsigned k = 1; k < TLOG_RANGE_EDGES; k++)
		tlog_node_hash(&same[k], &same[k - 1], &same[k - 1]);
	memcpy(r.edge, same, sizeof(same));
	tlog_range_root(&root, &r);
	return root;
}

TEST(trees_of_almost_2_to_the_63_entries_have_proofs)
{
	static const uint64_t some[] = { 0, 1, 255, 65536, UINT64_C(1) << 40,
		UINT64_C(1) << 56, (UINT64_C(1) << 62) - 1, UINT64_C(1) << 62,
		TLOG_SIZE_MAX - 1 };
	const struct tlog_tiles t = { .size = TLOG_SIZE_MAX,
		.read = read_same };
	const struct tlog_hash root = same_root(TLOG_SIZE_MAX);
	struct tlog_hash path[TLOG_PATH_MAX], old, at;
	struct tlog_range r;
	size_t n;

	CHECK_OK(tlog_tree_range(&r, &t, TLOG_SIZE_MAX, NULL));
	tlog_range_root(&at, &r);
	CHECK(tlog_hash_eq(&at, &root));
	for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++) {
		CHECK_OK(
		    tlog_tree_inclusion(path, &n, &at, &t, some[i], &root));
		if (some[i] == 0)
			CHECK_EQ(n, TLOG_PATH_MAX);
		old = same_root(some[i] - some[i] % 2);
		if (some[i] > 1)
			CHECK_OK(tlog_tree_consistency(
			    path, &n, &t, some[i] - some[i] % 2, &old, &root));
	}
}

TEST(a_proof_of_64_hashes_is_above_the_limit)
{
	const uint64_t old_size = (UINT64_C(1) << 62) + 1;
	const struct tlog_tiles t = { .size = TLOG_SIZE_MAX,
		.read = read_same };
	const struct tlog_hash root = same_root(TLOG_SIZE_MAX),
			       old = same_root(old_size);
	struct tlog_hash proof[TLOG_PATH_MAX];
	size_t n;

	CHECK_ERR(tlog_tree_consistency(proof, &n, &t, old_size, &old, &root),
	    ERR_LIMIT);
	CHECK(n == 0 && mem_is_zero(proof, sizeof(proof)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tiles_have_the_right_edge_of_every_size),
		cmocka_unit_test(
		    a_range_from_tiles_is_the_one_that_grew_and_grows_on),
		cmocka_unit_test(inclusion_proofs_are_those_of_all_leaves),
		cmocka_unit_test(consistency_proofs_are_those_of_all_leaves),
		cmocka_unit_test(no_proof_is_handed_out_from_tiles_that_lie),
		cmocka_unit_test(no_proof_leads_to_another_root),
		cmocka_unit_test(no_tile_is_read_that_is_not_needed),
		cmocka_unit_test(a_tile_that_cannot_be_read_ends_the_walk),
		cmocka_unit_test(
		    trees_of_almost_2_to_the_63_entries_have_proofs),
		cmocka_unit_test(a_proof_of_64_hashes_is_above_the_limit),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
