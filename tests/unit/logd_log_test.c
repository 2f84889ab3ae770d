/* The log in its directory: docs/log.md, section 11. */
#include "logd_world.h"

#include <signal.h>
#include <sys/wait.h>

#include "tlog_vectors.h"

/* ---- making it ---------------------------------------------------------------- */

TEST(init_signs_and_publishes_the_empty_tree)
{
	struct tlog_hash root, empty;

	open_log();
	CHECK_EQ(logd_log_size(the_log), 0);
	root = logd_log_root(the_log);
	tlog_root(&empty, NULL, 0);
	CHECK(tlog_hash_eq(&root, &empty));
	CHECK(mem_eq_str(logd_log_key(the_log)->name, ORIGIN));
	CHECK_EQ(check_public(), 0);
	CHECK(!exists_in(dir, "state/wal"));
	CHECK(!exists_in(dir, "public/tile"));
}

TEST(init_refuses_a_directory_that_is_in_use)
{
	struct err_ctx ctx = { 0 };

	CHECK_ERR(logd_log_init(dir, &key, &ctx), ERR_BUSY);
	CHECK(strstr(ctx.msg, "there is a log in") != NULL);
	ctx = (struct err_ctx){ 0 };
	CHECK_ERR(logd_log_init(path_in(dir, "state"), &key, &ctx), ERR_BUSY);
	CHECK(strstr(ctx.msg, "there is something in") != NULL);
	CHECK_ERR(logd_log_init(path_in(dir, "state/key"), &key, NULL), ERR_IO);
	CHECK_ERR(
	    logd_log_init(path_in(dir, "state/key/x/y"), &key, NULL), ERR_IO);
	open_log();
	CHECK_ERR(logd_log_init(dir, &key, NULL), ERR_BUSY);
}

TEST(init_makes_what_is_missing_above_and_goes_on_after_a_crash)
{
	static const char *const gone[] = { "public/checkpoint", "state/head" };
	char deep[PATH_LEN + 16];
	struct err_ctx ctx = { 0 };
	size_t len;
	uint8_t *first;

	(void)snprintf(deep, sizeof(deep), "%s/slash/x//", dir);
	CHECK_OK(logd_log_init(deep, &key, NULL));
	CHECK(exists_in(dir, "slash/x/state/head"));
	(void)snprintf(deep, sizeof(deep), "%s/deeper/x/y", dir);
	CHECK_OK(logd_log_init(deep, &key, NULL));
	first = read_in(dir, "deeper/x/y/state/key", &len);
	for (size_t i = 0; i < 2; i++)
		CHECK_EQ(remove(path_in(deep, gone[i])), 0);
	CHECK_ERR(logd_log_open(&the_log, deep, &ctx), ERR_NOTFOUND);
	CHECK(strstr(ctx.msg, "there is no log in") != NULL);
	CHECK_OK(logd_log_init(deep, &key, NULL));
	CHECK_OK(logd_log_open(&the_log, deep, NULL));
	check_file(dir, "deeper/x/y/state/key", first, len);
	free(first);
}

TEST(init_wants_the_key_of_a_log_and_a_path_that_fits)
{
	struct logd_key *witness = calloc(1, sizeof(*witness));
	char deep[FD_PATH_MAX];

	assert_non_null(witness);
	CHECK_OK(logd_key_make(
	    witness, "w.example.org", TLOG_KEY_COSIGNATURE, NULL));
	CHECK_ERR(logd_log_init(dir, witness, NULL), ERR_FORMAT);
	free(witness);
	memset(deep, '/', sizeof(deep));
	memcpy(deep, dir, strlen(dir));
	deep[sizeof(deep) - 4] = '\0';
	CHECK_ERR(logd_log_init(deep, &key, NULL), ERR_LIMIT);
	CHECK_ERR(logd_log_open(&the_log, deep, NULL), ERR_LIMIT);
}

TEST(open_says_when_there_is_no_log)
{
	struct err_ctx ctx = { 0 };

	CHECK_ERR(
	    logd_log_open(&the_log, path_in(dir, "none"), &ctx), ERR_NOTFOUND);
	CHECK(strstr(ctx.msg, "there is no log in") != NULL);
	CHECK(the_log == NULL);
}

/* ---- entries -------------------------------------------------------------------- */

static struct bytes last_read; /* in last_buf */
static uint8_t last_buf[LOGD_ENTRY_LEN_MAX];
static uint64_t reads;

static void on_entry(void *next, uint64_t index, struct bytes got)
{
	CHECK_EQ(index, *(uint64_t *)next);
	(*(uint64_t *)next)++;
	memcpy(last_buf, got.p, got.len);
	last_read = (struct bytes){ last_buf, got.len };
	reads++;
}

/* Read on from an entry; *next is the first that was not handed on. */
static enum err read_from(uint64_t from, uint64_t *next, struct err_ctx *ctx)
{
	*next = from;
	reads = 0;
	return logd_log_each(the_log, from, UINT64_MAX, on_entry, next, ctx);
}

TEST(entries_get_their_index_and_are_read_back)
{
	uint64_t next;

	open_log();
	append(0, 3);
	append(3, 1);
	CHECK_EQ(logd_log_size(the_log), 4);
	publish();
	for (int again = 0; again < 2; again++, open_log()) {
		for (uint64_t i = 0; i < 4; i++) {
			CHECK_OK(read_from(3 - i, &next, NULL));
			CHECK_EQ(next, 4);
			CHECK_EQ(reads, i + 1);
			CHECK(mem_eq(last_read, entry(3)));
		}
	}
	CHECK_OK(read_from(4, &next, NULL));
	CHECK_EQ(reads, 0);
	next = 1;
	CHECK_OK(logd_log_each(the_log, 1, 2, on_entry, &next, NULL));
	CHECK_EQ(next, 2);
	CHECK(mem_eq(last_read, entry(1)));
}

TEST(entries_are_read_back_over_the_edge_of_a_bundle)
{
	uint64_t next;

	open_log();
	append(0, 300);
	CHECK_OK(read_from(250, &next, NULL));
	CHECK_EQ(reads, 50);
	CHECK(mem_eq(last_read, entry(299)));
}

/* Damage that came after it was opened. */
TEST(each_gives_no_entry_that_is_not_in_the_tree)
{
	static const char name[] = "public/tile/entries/000.p/3";
	struct err_ctx ctx = { 0 };
	uint8_t *bundle;
	uint64_t next;
	size_t n;

	open_log();
	append(0, 3);
	bundle = read_in(dir, name, &n);
	bundle[n - 1] ^= 1;
	write_in(dir, name, bundle, n);
	CHECK_ERR(read_from(0, &next, &ctx), ERR_AUTH);
	CHECK_EQ(next, 2);
	CHECK(strstr(ctx.msg, "entry 2") != NULL);
	write_in(dir, name, bundle, n - 1);
	CHECK_ERR(read_from(0, &next, NULL), ERR_AUTH);
	CHECK_EQ(next, 0);
	CHECK_EQ(remove(path_in(dir, name)), 0);
	CHECK_ERR(read_from(1, &next, NULL), ERR_AUTH);
	free(bundle);
}

TEST(an_entry_that_is_there_keeps_its_index)
{
	struct bytes batch[5] = { entry(7), entry(1), entry(8), entry(7),
		entry(0) };
	uint64_t index[5];

	open_log();
	append(0, 3);
	CHECK_OK(logd_log_append(the_log, index, batch, 5, NULL));
	CHECK(index[0] == 3 && index[1] == 1 && index[2] == 4 &&
	      index[3] == 3 && index[4] == 0);
	CHECK_EQ(logd_log_size(the_log), 5);
	open_log();
	CHECK_OK(logd_log_append(the_log, index, batch, 5, NULL));
	CHECK(index[0] == 3 && index[2] == 4);
	CHECK_OK(logd_log_append(the_log, index, batch, 0, NULL));
	CHECK_EQ(logd_log_size(the_log), 5);
}

TEST(find_knows_the_leaves_and_no_other)
{
	struct tlog_hash leaf;
	uint64_t index;

	open_log();
	append(0, 300);
	for (int again = 0; again < 2; again++, open_log()) {
		for (uint64_t i = 0; i < 300; i++) {
			tlog_leaf_hash(&leaf, entry(i));
			CHECK(logd_log_find(the_log, &leaf, &index));
			CHECK_EQ(index, i);
		}
		tlog_leaf_hash(&leaf, entry(300));
		CHECK(!logd_log_find(the_log, &leaf, &index));
	}
}

TEST(append_has_limits_and_leaves_nothing_behind_when_it_refuses)
{
	static struct bytes batch[LOGD_BATCH_MAX + 1];
	static uint8_t big[LOGD_ENTRY_LEN_MAX + 1];
	uint64_t index[3];
	uint64_t next;

	open_log();
	append(0, 2);
	CHECK_ERR(
	    logd_log_append(the_log, index, batch, LOGD_BATCH_MAX + 1, NULL),
	    ERR_LIMIT);
	batch[0] = entry(5);
	batch[1] = (struct bytes){ big, sizeof(big) };
	CHECK_ERR(logd_log_append(the_log, index, batch, 2, NULL), ERR_LIMIT);
	batch[1].len = 0;
	CHECK_ERR(logd_log_append(the_log, index, batch, 2, NULL), ERR_LIMIT);
	CHECK_EQ(logd_log_size(the_log), 2);
	batch[1].len = LOGD_ENTRY_LEN_MAX;
	CHECK_OK(logd_log_append(the_log, index, batch, 2, NULL));
	CHECK(index[0] == 2 && index[1] == 3);
	CHECK_OK(read_from(3, &next, NULL));
	CHECK_EQ(last_read.len, LOGD_ENTRY_LEN_MAX);
}

/* ---- tiles ---------------------------------------------------------------------- */

static void check_sha256(const char *name, const char *want)
{
	char hex[2 * SHA256_LEN + 1];
	uint8_t sum[SHA256_LEN];
	struct bytes file;

	file.p = read_in(dir, name, &file.len);
	crypto_sha256(sum, &file, 1);
	hex_encode(hex, sum, sizeof(sum));
	if (strcmp(hex, want) != 0)
		fail_msg("%s", name);
	free((void *)file.p);
}

/* The hashes of golden500.json, also where the vectors are not. */
static void check_golden(void)
{
	char base64[BASE64_LEN(TLOG_HASH_LEN) + 1];
	struct tlog_hash root = logd_log_root(the_log);

	CHECK_EQ(check_public(), 500);
	base64_encode(base64, root.b, TLOG_HASH_LEN);
	CHECK_STR(base64, "er9+f6OEq+pFqZ1Ig8ZEfvVwSxUwmE18YfB23xpFw1U=");
	check_sha256("public/tile/entries/000",
	    "f4bae1960a3cedc6303230167918d50a"
	    "56329bea77c58fbc22445dc195b60774");
	check_sha256("public/tile/entries/001.p/244",
	    "b3276e3f675ec36fb28d8c09e4566a1b"
	    "3038681d968af0e13fce8c9904ef1c45");
	check_sha256("public/tile/0/000", "20cd0859c7fb4ae9eeac1d244887e6f9"
					  "342d86ce0b1a1c7bb244915d3d0dc971");
	check_sha256("public/tile/0/001.p/244",
	    "02ed988bacba01ac7917ea0bb9c29dba"
	    "a1d7bcf23fef761e24daf4893aeb8f1c");
	check_sha256("public/tile/1/000.p/1",
	    "6798b752c531ad04237b025eaf98e4e0"
	    "0ee73d3af503cc71b8b220de3573b550");
}

TEST(five_hundred_entries_give_the_golden_tiles_in_every_batching)
{
	static const uint64_t step[] = { 500, 256, 250, 100, 7, 1 };

	for (size_t i = 0; i < sizeof(step) / sizeof(step[0]); i++) {
		open_log();
		for (uint64_t n = 0; n < 500; n += step[i]) {
			append(n, n + step[i] < 500 ? step[i] : 500 - n);
			if (n % 3 == 0)
				publish();
			if (n % 50 == 0)
				open_log();
		}
		publish();
		check_golden();
		(void)world_teardown(NULL);
		(void)world_setup(NULL);
	}
}

/* Tiles and bundles as another log's writer made them, at every size. */
TEST(fifteen_entries_give_the_tiles_of_another_writer_at_every_size)
{
	struct bytes bundle =
	    load_bytes("tlog/tiles/tessera15/tile/entries/000.p/15");
	struct bytes e;
	uint64_t index, n = 0;
	char name[128];

	open_log();
	while (tlog_bundle_next(&bundle, &e)) {
		CHECK_OK(logd_log_append(the_log, &index, &e, 1, NULL));
		CHECK_EQ(index, n++);
		publish();
		for (int k = 0; k < 2; k++) {
			struct bytes want;

			snprintf(name, sizeof(name),
			    "tlog/tiles/tessera15/tile/%s/000.p/%u",
			    k == 0 ? "entries" : "0", (unsigned)n);
			want = load_bytes(name);
			snprintf(name, sizeof(name), "public/tile/%s/000.p/%u",
			    k == 0 ? "entries" : "0", (unsigned)n);
			check_file(dir, name, want.p, want.len);
		}
	}
	CHECK_EQ(n, 15);
}

static void check_absent(const char *const *name, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (exists_in(dir, name[i]))
			fail_msg("%s is there", name[i]);
	}
}

/* Full tiles have no partial one, and no level has a tile of width 0 [L-148]. */
TEST(no_level_has_a_tile_of_width_0)
{
	static const char *const at_256[] = { "public/tile/0/001.p",
		"public/tile/0/001", "public/tile/0/000.p",
		"public/tile/entries/001.p", "public/tile/entries/001",
		"public/tile/entries/000.p", "public/tile/1/000",
		"public/tile/2" };
	static const char *const at_65536[] = { "public/tile/0/256.p",
		"public/tile/1/001.p", "public/tile/1/001",
		"public/tile/1/000.p", "public/tile/2/000", "public/tile/3" };

	open_log();
	append(0, 255);
	publish();
	CHECK(exists_in(dir, "public/tile/0/000.p/255"));
	append(255, 1);
	publish();
	CHECK_EQ(check_public(), 256);
	check_absent(at_256, sizeof(at_256) / sizeof(at_256[0]));
	append(256, 65536 - 256);
	publish();
	CHECK_EQ(check_public(), 65536);
	check_absent(at_65536, sizeof(at_65536) / sizeof(at_65536[0]));
	append(65536, 1);
	publish();
	CHECK_EQ(check_public(), 65537);
	check_absent(at_65536 + 1, 5);
	CHECK(exists_in(dir, "public/tile/0/256.p/1"));
	CHECK(exists_in(dir, "public/tile/2/000.p/1"));
	open_log();
	CHECK_EQ(logd_log_size(the_log), 65537);
}

TEST(the_tiles_in_memory_are_those_of_the_tree_and_no_others)
{
	struct tlog_tile tile = { .index = 1, .width = 44 };
	struct tlog_hash hash[TLOG_TILE_WIDTH];
	struct tlog_tiles tiles;

	open_log();
	append(0, 300);
	tiles = logd_log_tiles(the_log);
	CHECK_EQ(tiles.size, 300);
	CHECK_OK(tiles.read(tiles.cookie, hash, &tile, NULL));
	publish();
	check_file(dir, "public/tile/0/001.p/44", hash, 44 * TLOG_HASH_LEN);
	tile.width = 45;
	CHECK_ERR(tiles.read(tiles.cookie, hash, &tile, NULL), ERR_NOTFOUND);
	tile.index = 2;
	CHECK_ERR(tiles.read(tiles.cookie, hash, &tile, NULL), ERR_NOTFOUND);
	tile = (struct tlog_tile){ .level = 3, .width = 1 };
	CHECK_ERR(tiles.read(tiles.cookie, hash, &tile, NULL), ERR_NOTFOUND);
	tile = (struct tlog_tile){ .entries = true, .width = 1 };
	CHECK_ERR(tiles.read(tiles.cookie, hash, &tile, NULL), ERR_NOTFOUND);
}

/* [L-157]: they stay as long as somebody may hold their checkpoint. */
TEST(partial_tiles_go_when_the_full_one_is_published)
{
	open_log();
	append(0, 200);
	publish();
	append(200, 50);
	publish();
	append(250, 20);
	CHECK(exists_in(dir, "public/tile/0/000.p/200"));
	CHECK(exists_in(dir, "public/tile/entries/000.p/250"));
	CHECK(exists_in(dir, "public/tile/0/000"));
	CHECK_EQ(check_public(), 250);
	publish();
	CHECK(!exists_in(dir, "public/tile/0/000.p"));
	CHECK(!exists_in(dir, "public/tile/entries/000.p"));
	CHECK(exists_in(dir, "public/tile/1/000.p/1"));
	CHECK_EQ(check_public(), 270);
	/* Left over by a crash between publishing and deleting. */
	CHECK_EQ(mkdir(path_in(dir, "public/tile/0/000.p"), 0755), 0);
	write_in(dir, "public/tile/0/000.p/250", "x", 1);
	open_log();
	CHECK(!exists_in(dir, "public/tile/0/000.p"));
}

/* ---- publishing ------------------------------------------------------------------ */

TEST(nobody_sees_a_tree_before_it_is_published)
{
	struct bytes cp;

	open_log();
	append(0, 3);
	CHECK_EQ(logd_log_size(the_log), 3);
	CHECK_EQ(check_public(), 0);
	CHECK(exists_in(dir, "state/wal"));
	publish();
	CHECK_EQ(check_public(), 3);
	CHECK(!exists_in(dir, "state/wal"));
	cp = logd_log_checkpoint(the_log);
	check_file(dir, "public/checkpoint", cp.p, cp.len);
}

TEST(publishing_the_same_again_writes_nothing)
{
	struct stat before, after;

	open_log();
	append(0, 3);
	publish();
	CHECK_EQ(stat(path_in(dir, "public/checkpoint"), &before), 0);
	publish();
	CHECK_EQ(stat(path_in(dir, "public/checkpoint"), &after), 0);
	CHECK_EQ(before.st_ino, after.st_ino);
}

/* The same tree has the same bytes, whenever it is signed [L-149]. */
TEST(a_tree_is_signed_the_same_way_by_any_clock)
{
	struct bytes first;
	uint8_t copy[LOGD_NOTE_MAX];

	open_log();
	append(0, 3);
	publish();
	first = logd_log_checkpoint(the_log);
	memcpy(copy, first.p, first.len);
	first.p = copy;
	CHECK_OK(logd_log_publish(the_log, NULL, 0, UINT32_MAX, NULL));
	CHECK(mem_eq(first, logd_log_checkpoint(the_log)));
	CHECK_EQ(remove(path_in(dir, "public/checkpoint")), 0);
	open_log();
	CHECK(mem_eq(first, logd_log_checkpoint(the_log)));
	CHECK_EQ(check_public(), 3);
}

int main(void)
{
#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		T(init_signs_and_publishes_the_empty_tree),
		T(init_refuses_a_directory_that_is_in_use),
		T(init_makes_what_is_missing_above_and_goes_on_after_a_crash),
		T(init_wants_the_key_of_a_log_and_a_path_that_fits),
		T(open_says_when_there_is_no_log),
		T(entries_get_their_index_and_are_read_back),
		T(entries_are_read_back_over_the_edge_of_a_bundle),
		T(each_gives_no_entry_that_is_not_in_the_tree),
		T(an_entry_that_is_there_keeps_its_index),
		T(find_knows_the_leaves_and_no_other),
		T(append_has_limits_and_leaves_nothing_behind_when_it_refuses),
		T(five_hundred_entries_give_the_golden_tiles_in_every_batching),
		T(fifteen_entries_give_the_tiles_of_another_writer_at_every_size),
		T(no_level_has_a_tile_of_width_0),
		T(the_tiles_in_memory_are_those_of_the_tree_and_no_others),
		T(partial_tiles_go_when_the_full_one_is_published),
		T(nobody_sees_a_tree_before_it_is_published),
		T(publishing_the_same_again_writes_nothing),
		T(a_tree_is_signed_the_same_way_by_any_clock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
