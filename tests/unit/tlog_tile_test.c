/* Tiles: each coordinate has one path, each path one coordinate. */
#include "test.h"

#include "tlog/tile.h"

#define FULL TLOG_TILE_WIDTH

static struct bytes text(const char *s)
{
	return (struct bytes){ (const uint8_t *)s, strlen(s) };
}

static const struct {
	const char *path;
	struct tlog_tile tile;
} spelling[] = {
	{ "tile/0/000", { false, 0, 0, FULL } },
	{ "tile/0/000.p/1", { false, 0, 0, 1 } },
	{ "tile/0/999.p/255", { false, 0, 999, 255 } },
	{ "tile/0/x001/000", { false, 0, 1000, FULL } },
	{ "tile/1/x001/x234/067", { false, 1, 1234067, FULL } },
	{ "tile/9/x010/000.p/10", { false, 9, 10000, 10 } },
	{ "tile/10/x100/x000/001", { false, 10, 100000001, FULL } },
	{ "tile/63/x999/x999/x999/x999/x999/999.p/255",
	    { false, 63, TLOG_TILE_INDEX_MAX, 255 } },
	{ "tile/entries/000.p/44", { true, 0, 0, 44 } },
	{ "tile/entries/x123/x456/789", { true, 0, 123456789, FULL } },
	{ "tile/entries/x999/x999/x999/x999/x999/999.p/255",
	    { true, 0, TLOG_TILE_INDEX_MAX, 255 } },
};

#define SPELLINGS (sizeof(spelling) / sizeof(spelling[0]))

/* L-101, L-102 */
TEST(a_tile_has_this_path_and_the_path_is_that_tile)
{
	for (size_t i = 0; i < SPELLINGS; i++) {
		char path[TLOG_TILE_PATH_MAX];
		struct tlog_tile t;

		CHECK_EQ(tlog_tile_path(path, &spelling[i].tile),
		    strlen(spelling[i].path));
		CHECK_STR(path, spelling[i].path);
		CHECK_OK(tlog_tile_path_parse(&t, text(path), NULL));
		CHECK_EQ(t.entries, spelling[i].tile.entries);
		CHECK_EQ(t.level, spelling[i].tile.level);
		CHECK_EQ(t.index, spelling[i].tile.index);
		CHECK_EQ(t.width, spelling[i].tile.width);
	}
}

/* What is accepted is what would be written. The bytes lie in a place of their
 * own, so that a sanitizer sees who reads on. */
static void check_one_spelling(const char *path, size_t len)
{
	char again[TLOG_TILE_PATH_MAX];
	struct err_ctx ctx = { 0 };
	struct tlog_tile t;
	uint8_t *copy = malloc(len > 0 ? len : 1);
	enum err e;

	assert_non_null(copy);
	memcpy(copy, path, len);
	e = tlog_tile_path_parse(&t, (struct bytes){ copy, len }, &ctx);
	free(copy);

	if (e == ERR_OK) {
		CHECK_EQ(tlog_tile_path(again, &t), len);
		CHECK_MEM(again, path, len);
		return;
	}
	CHECK(e == ERR_FORMAT || e == ERR_LIMIT);
	CHECK(ctx.code == e && ctx.msg[0] != '\0');
	CHECK(!t.entries && t.level == 0 && t.index == 0 && t.width == 0);
}

/* L-103 */
TEST(a_path_cut_or_changed_anywhere_is_another_tile_or_none)
{
	char path[TLOG_TILE_PATH_MAX + 1];

	for (size_t i = 0; i < SPELLINGS; i++) {
		const size_t len = strlen(spelling[i].path);

		for (size_t n = 0; n < len; n++)
			check_one_spelling(spelling[i].path, n);
		for (size_t n = 0; n < len; n++) {
			for (int c = 0; c < 256; c++) {
				memcpy(path, spelling[i].path, len);
				path[n] = (char)c;
				check_one_spelling(path, len);
			}
		}
		for (int c = 0; c < 256; c++) {
			memcpy(path, spelling[i].path, len);
			path[len] = (char)c;
			check_one_spelling(path, len + 1);
		}
	}
}

TEST(no_second_spelling_of_a_path_is_read)
{
	static const char *const bad[] = { "", "tile", "tile/", "tile/0",
		"tile/0/", "/tile/0/000", "tile/00/000", "tile/+1/000",
		"tile/-1/000", "tile//000", "tile/0//000", "tile/0/0",
		"tile/0/00", "tile/0/0000", "tile/0/000/", "tile/0/000.p",
		"tile/0/000.p/", "tile/0/000.p/0", "tile/0/000.p/01",
		"tile/0/000.p/+1", "tile/0/000.p/1/", "tile/0/000.P/1",
		"tile/0/x000/001", "tile/0/x000/x001/001", "tile/0/X001/002",
		"tile/0/001/002", "tile/0/x001", "tile/0/x001/",
		"tile/0/x001.p/1", "tile/0/xx001/002", "tile/entries",
		"tile/entries/", "tile/entries000", "tile/entries/0/000",
		"tile/0/%30%30%30", "tile/0/../000", "tile/0/000 ",
		"checkpoint" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct tlog_tile t;

		if (tlog_tile_path_parse(&t, text(bad[i]), NULL) != ERR_FORMAT)
			fail_msg("%s", bad[i]);
	}
}

TEST(what_is_above_a_limit_is_said_to_be)
{
	static const char *const large[] = { "tile/64/000",
		"tile/99999999999999999999999/000", "tile/0/000.p/256",
		"tile/0/000.p/99999999999999999999999",
		"tile/0/x001/x000/x000/x000/x000/x000/000" };

	for (size_t i = 0; i < sizeof(large) / sizeof(large[0]); i++) {
		struct tlog_tile t;

		if (tlog_tile_path_parse(&t, text(large[i]), NULL) != ERR_LIMIT)
			fail_msg("%s", large[i]);
	}
}

TEST(a_refused_path_says_where)
{
	struct err_ctx ctx = { 0 };
	struct tlog_tile t;

	CHECK_ERR(
	    tlog_tile_path_parse(&t, text("tile/0/0x0"), &ctx), ERR_FORMAT);
	CHECK_STR(ctx.msg, "tile path: wrong or too large at byte 8");
}

/* L-104 */
TEST(a_size_has_these_tiles)
{
	static const struct {
		uint64_t size;
		unsigned level;
		uint64_t full;
		unsigned partial;
	} c[] = {
		{ 0, 0, 0, 0 },
		{ 1, 0, 0, 1 },
		{ 255, 0, 0, 255 },
		{ 255, 1, 0, 0 },
		{ 256, 0, 1, 0 },
		{ 256, 1, 0, 1 },
		{ 257, 0, 1, 1 },
		{ 257, 1, 0, 1 },
		{ 65535, 1, 0, 255 },
		{ 65536, 1, 1, 0 },
		{ 65537, 1, 1, 0 },
		{ 65537, 2, 0, 1 },
		{ 70000, 0, 273, 112 },
		{ 70000, 1, 1, 17 },
		{ 70000, 2, 0, 1 },
		{ 70000, 3, 0, 0 },
		{ TLOG_SIZE_MAX, 0, TLOG_SIZE_MAX / 256, 255 },
		{ TLOG_SIZE_MAX, 7, 0, 127 },
		{ TLOG_SIZE_MAX, 8, 0, 0 },
		{ TLOG_SIZE_MAX, TLOG_TILE_LEVEL_MAX, 0, 0 },
	};

	for (size_t i = 0; i < sizeof(c) / sizeof(c[0]); i++) {
		CHECK_EQ(tlog_tile_full(c[i].size, c[i].level), c[i].full);
		CHECK_EQ(
		    tlog_tile_partial(c[i].size, c[i].level), c[i].partial);
	}
}

TEST(a_hash_is_in_the_tile_that_its_size_names)
{
	struct tlog_tile t = tlog_tile_of(70000, 0, 69887);

	CHECK(!t.entries && t.level == 0 && t.index == 272 && t.width == FULL);
	t = tlog_tile_of(70000, 0, 69888);
	CHECK(t.index == 273 && t.width == 112);
	t = tlog_tile_of(70000, 1, 272);
	CHECK(t.level == 1 && t.index == 1 && t.width == 17);
	t = tlog_tile_of(70000, 1, 255);
	CHECK(t.index == 0 && t.width == FULL);
	t = tlog_tile_of(TLOG_SIZE_MAX, 7, 126);
	CHECK(t.level == 7 && t.index == 0 && t.width == 127);
}

/* L-100 */
TEST(a_full_tile_stands_for_the_tree_below_it)
{
	struct tlog_hash hash[FULL], got, want;

	for (unsigned i = 0; i < FULL; i++)
		tlog_leaf_hash(
		    &hash[i], (struct bytes){ (const uint8_t *)&i, 1 });
	tlog_root(&want, hash, FULL);
	tlog_tile_hash(&got, hash);
	CHECK(tlog_hash_eq(&got, &want));
}

/* Three entries; the middle one is empty, as the format allows. */
static const uint8_t bundle[] = { 0, 3, 'a', 'b', 'c', 0, 0, 0, 1, 'd' };

/* L-106 */
TEST(a_bundle_gives_its_entries_back)
{
	struct bytes rest = { bundle, sizeof(bundle) }, entry;

	CHECK_OK(tlog_bundle_parse(rest, 3, NULL));
	CHECK(tlog_bundle_next(&rest, &entry) && mem_eq_str(entry, "abc"));
	CHECK(tlog_bundle_next(&rest, &entry) && entry.len == 0);
	CHECK(tlog_bundle_next(&rest, &entry) && mem_eq_str(entry, "d"));
	CHECK(!tlog_bundle_next(&rest, &entry));
	CHECK_EQ(rest.len, 0);
}

TEST(a_written_bundle_is_read_back)
{
	static uint8_t buf[4 + 1 + TLOG_ENTRY_LEN_MAX],
	    entry[TLOG_ENTRY_LEN_MAX];
	struct wr w = wr_init(buf, sizeof(buf));
	struct bytes rest, got;

	memset(entry, 'x', sizeof(entry));
	tlog_bundle_add(&w, (struct bytes){ entry, 1 });
	tlog_bundle_add(&w, (struct bytes){ entry, sizeof(entry) });
	CHECK_OK(w.err);
	CHECK_EQ(w.len, sizeof(buf));
	rest = (struct bytes){ buf, w.len };
	CHECK_OK(tlog_bundle_parse(rest, 2, NULL));
	CHECK(tlog_bundle_next(&rest, &got) && got.len == 1);
	CHECK(tlog_bundle_next(&rest, &got) && got.len == sizeof(entry));
	CHECK_MEM(got.p, entry, sizeof(entry));
	tlog_bundle_add(&w, (struct bytes){ entry, 1 });
	CHECK_ERR(w.err, ERR_NOSPACE);
}

TEST(a_bundle_cut_anywhere_is_truncated)
{
	struct err_ctx ctx = { 0 };

	for (size_t n = 0; n < sizeof(bundle); n++)
		CHECK_ERR(
		    tlog_bundle_parse((struct bytes){ bundle, n }, 3, NULL),
		    ERR_TRUNCATED);
	CHECK_ERR(tlog_bundle_parse((struct bytes){ bundle, 6 }, 3, &ctx),
	    ERR_TRUNCATED);
	CHECK_STR(ctx.msg, "bundle: ends in entry 1 of 3");
}

TEST(a_bundle_with_more_than_its_entries_is_trailing)
{
	struct err_ctx ctx = { 0 };

	CHECK_ERR(tlog_bundle_parse(
		      (struct bytes){ bundle, sizeof(bundle) }, 2, &ctx),
	    ERR_TRAILING);
	CHECK_STR(ctx.msg, "bundle: 3 bytes after entry 2, its last");
	CHECK_OK(tlog_bundle_parse((struct bytes){ NULL, 0 }, 0, NULL));
	CHECK_ERR(tlog_bundle_parse((struct bytes){ bundle, 1 }, 0, NULL),
	    ERR_TRAILING);
}

TEST(a_broken_bundle_ends_before_its_broken_entry)
{
	struct bytes rest = { bundle, 4 }, entry;

	CHECK(!tlog_bundle_next(&rest, &entry));
	CHECK(entry.len == 0 && rest.len == 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_tile_has_this_path_and_the_path_is_that_tile),
		cmocka_unit_test(
		    a_path_cut_or_changed_anywhere_is_another_tile_or_none),
		cmocka_unit_test(no_second_spelling_of_a_path_is_read),
		cmocka_unit_test(what_is_above_a_limit_is_said_to_be),
		cmocka_unit_test(a_refused_path_says_where),
		cmocka_unit_test(a_size_has_these_tiles),
		cmocka_unit_test(a_hash_is_in_the_tile_that_its_size_names),
		cmocka_unit_test(a_full_tile_stands_for_the_tree_below_it),
		cmocka_unit_test(a_bundle_gives_its_entries_back),
		cmocka_unit_test(a_written_bundle_is_read_back),
		cmocka_unit_test(a_bundle_cut_anywhere_is_truncated),
		cmocka_unit_test(
		    a_bundle_with_more_than_its_entries_is_trailing),
		cmocka_unit_test(a_broken_bundle_ends_before_its_broken_entry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
