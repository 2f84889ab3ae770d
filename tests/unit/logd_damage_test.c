/*
 * A log whose files were damaged, exchanged or put back from a copy: it is
 * opened as the tree that was signed, or refused, and then left as it is.
 * docs/log.md, section 11.4.
 */
#include "logd_world.h"

#include "logd/wal.h"

#define SIZE 257 /* has edges at levels 0 and 1, and a full tile */

static struct tlog_hash root_of_size; /* of entries 0 to SIZE - 1 */

/* A published log of SIZE entries. */
static int setup(void **state)
{
	(void)world_setup(state);
	open_log();
	append(0, SIZE);
	publish();
	logd_log_close(the_log);
	the_log = NULL;
	return 0;
}

/* The tree is what it was, or it is refused and nothing was touched. */
static void check_same_or_refused(uint64_t size, const char *name)
{
	struct err_ctx ctx = { 0 };
	size_t len;
	uint8_t *head = read_in(dir, "state/head", &len);
	enum err e = try_open(&ctx);

	if (e == ERR_OK) {
		CHECK(logd_log_size(the_log) == size ||
		      logd_log_size(the_log) == SIZE);
		CHECK_EQ(check_public(), logd_log_size(the_log));
		(void)read_head();
	} else {
		if (e != ERR_AUTH && e != ERR_FORMAT && e != ERR_TRUNCATED &&
		    e != ERR_TRAILING && e != ERR_LIMIT)
			fail_msg("%s: %s: %s", name, err_name(e), ctx.msg);
		CHECK(ctx.msg[0] != '\0');
		check_file(dir, "state/head", head, len);
	}
	logd_log_close(the_log);
	the_log = NULL;
	free(head);
}

/* Truncate, zero and flip bits of one file; in the end it is as before. */
static void damage(const char *name, uint64_t size, bool refused)
{
	size_t len, step;
	uint8_t *good = read_in(dir, name, &len), *bad = malloc(len);

	assert_non_null(bad);
	step = len > 300 ? len / 40 : 7;
	for (size_t n = 0; n < len; n += step) {
		write_in(dir, name, good, n);
		if (refused)
			CHECK(try_open(NULL) != ERR_OK);
		check_same_or_refused(size, name);
	}
	memset(bad, 0, len);
	write_in(dir, name, bad, len);
	check_same_or_refused(size, name);
	for (size_t i = 0; i < 8 * len; i += 8 * len / 150 + 1) {
		memcpy(bad, good, len);
		bad[i / 8] ^= (uint8_t)(1u << i % 8);
		write_in(dir, name, bad, len);
		if (refused)
			CHECK(try_open(NULL) != ERR_OK);
		check_same_or_refused(size, name);
	}
	write_in(dir, name, good, len);
	open_log();
	CHECK_EQ(logd_log_size(the_log), SIZE);
	logd_log_close(the_log);
	the_log = NULL;
	free(good);
	free(bad);
}

TEST(a_damaged_head_is_refused)
{
	damage("state/head", SIZE, true);
}

TEST(a_damaged_tile_at_any_edge_is_refused)
{
	damage("public/tile/0/000", SIZE, true);
	damage("public/tile/0/001.p/1", SIZE, true);
	damage("public/tile/1/000.p/1", SIZE, true);
	damage("public/tile/entries/001.p/1", SIZE, true);
}

/* Flipped bits can fall on cosignatures of witnesses, which nobody knows here;
 * this one has none. */
TEST(a_damaged_checkpoint_is_refused)
{
	damage("public/checkpoint", SIZE, true);
}

TEST(a_missing_file_is_named)
{
	static const char *const name[] = { "state/head", "state/key",
		"public/tile/0/000", "public/tile/1/000.p/1",
		"public/tile/entries/001.p/1" };

	for (size_t i = 0; i < sizeof(name) / sizeof(name[0]); i++) {
		struct err_ctx ctx = { 0 };
		const char *last = strchr(name[i], '/') + 1;
		size_t len;
		uint8_t *good = read_in(dir, name[i], &len);

		CHECK_EQ(remove(path_in(dir, name[i])), 0);
		CHECK(try_open(&ctx) != ERR_OK);
		if (strstr(ctx.msg, last) == NULL)
			fail_msg("%s", ctx.msg);
		write_in(dir, name[i], good, len);
		CHECK_EQ(chmod(path_in(dir, name[i]), 0600), 0);
		free(good);
	}
	open_log();
	CHECK_EQ(check_public(), SIZE);
}

/* ---- the wal ---------------------------------------------------------------------- */

/* The wal that led to SIZE from one entry less, and the log as it was then;
 * `begun`: its last bundle was there already. */
static void put_wal(bool begun, void (*change)(struct logd_wal *wal))
{
	static uint8_t buf[256], entries[64];
	struct wr w = wr_init(buf, sizeof(buf)),
		  b = wr_init(entries, sizeof(entries));
	struct logd_wal wal = { .old_size = SIZE - 1, .new_size = SIZE };

	(void)world_teardown(NULL);
	(void)world_setup(NULL);
	open_log();
	append(0, SIZE - 1);
	publish();
	logd_log_close(the_log);
	the_log = NULL;
	tlog_bundle_add(&b, entry(SIZE - 1));
	if (begun) {
		CHECK_EQ(
		    mkdir(path_in(dir, "public/tile/entries/001.p"), 0755), 0);
		write_in(dir, "public/tile/entries/001.p/1", entries, b.len);
	}
	wal.entries = (struct bytes){ entries, b.len };
	memcpy(&wal.root, &root_of_size, sizeof(wal.root));
	if (change != NULL)
		change(&wal);
	logd_wal_format(&w, &wal);
	CHECK_OK(w.err);
	write_in(dir, "state/wal", buf, w.len);
}

TEST(a_wal_is_finished)
{
	for (int begun = 0; begun < 2; begun++) {
		put_wal(begun, NULL);
		open_log();
		CHECK_EQ(logd_log_size(the_log), SIZE);
		CHECK_EQ(check_public(), SIZE);
		CHECK(!exists_in(dir, "state/wal"));
	}
}

TEST(a_damaged_wal_is_dropped_if_nothing_was_begun)
{
	size_t len;
	uint8_t *wal;

	put_wal(false, NULL);
	wal = read_in(dir, "state/wal", &len);
	for (size_t n = 0; n < 8 * len; n += 9) {
		write_in(dir, "state/wal", wal, n / 8);
		open_log();
		CHECK_EQ(logd_log_size(the_log), SIZE - 1);
		CHECK(!exists_in(dir, "state/wal"));
		wal[n / 8] ^= (uint8_t)(1u << n % 8);
		write_in(dir, "state/wal", wal, len);
		wal[n / 8] ^= (uint8_t)(1u << n % 8);
		open_log();
		CHECK_EQ(logd_log_size(the_log), SIZE - 1);
		CHECK(!exists_in(dir, "state/wal"));
	}
	free(wal);
	append(SIZE - 1, 1);
	publish();
	CHECK_EQ(check_public(), SIZE);
}

/* What was begun with it is of no tree that anybody signed. */
TEST(a_damaged_or_lost_wal_is_refused_if_something_was_begun)
{
	struct err_ctx ctx = { 0 };

	put_wal(true, NULL);
	CHECK_EQ(truncate(path_in(dir, "state/wal"), 50), 0);
	CHECK_ERR(try_open(&ctx), ERR_AUTH);
	CHECK_STR(ctx.msg, "the log contradicts itself: "
			   "tile/entries/001.p is beyond the signed tree");
	CHECK_EQ(remove(path_in(dir, "state/wal")), 0);
	CHECK_ERR(try_open(NULL), ERR_AUTH);
	CHECK_EQ(read_head(), SIZE - 1);
}

static void other_root(struct logd_wal *wal)
{
	wal->root.b[0] ^= 1;
}

static void other_old_size(struct logd_wal *wal)
{
	wal->old_size++;
	wal->new_size++;
}

static void done_with_another_root(struct logd_wal *wal)
{
	wal->old_size--;
	wal->new_size--;
}

TEST(a_wal_that_fits_nothing_is_refused)
{
	static void (*const change[])(struct logd_wal *) = { other_root,
		other_old_size, done_with_another_root };

	for (size_t i = 0; i < 3; i++) {
		put_wal(false, change[i]);
		CHECK_ERR(try_open(NULL), ERR_AUTH);
		CHECK_EQ(read_head(), SIZE - 1);
		CHECK_EQ(check_public(), SIZE - 1);
	}
}

/* ---- old copies --------------------------------------------------------------------- */

/* Keep a copy of a file, grow the log, and put the copy back. */
static void put_back(const char *const *name, size_t n)
{
	uint8_t *old[4];
	size_t len[4];

	for (size_t i = 0; i < n; i++)
		old[i] = read_in(dir, name[i], &len[i]);
	open_log();
	append(SIZE, 3);
	publish();
	logd_log_close(the_log);
	the_log = NULL;
	for (size_t i = 0; i < n; i++) {
		write_in(dir, name[i], old[i], len[i]);
		free(old[i]);
	}
}

/* [L-151] */
TEST(an_old_state_is_refused_for_what_was_published)
{
	static const char *const name[] = { "state/head" };
	struct err_ctx ctx = { 0 };

	put_back(name, 1);
	CHECK_ERR(try_open(&ctx), ERR_AUTH);
	CHECK(strstr(ctx.msg, "ahead of state/head") != NULL);
	CHECK_EQ(check_public(), SIZE + 3);
}

TEST(an_old_state_and_checkpoint_are_refused_for_the_tiles)
{
	static const char *const name[] = { "state/head", "public/checkpoint" };
	struct err_ctx ctx = { 0 };

	put_back(name, 2);
	CHECK_ERR(try_open(&ctx), ERR_AUTH);
	CHECK(strstr(ctx.msg, "is beyond the signed tree") != NULL);
}

TEST(an_old_checkpoint_alone_is_published_anew)
{
	static const char *const name[] = { "public/checkpoint" };

	put_back(name, 1);
	CHECK_EQ(check_public(), SIZE);
	open_log();
	CHECK_EQ(check_public(), SIZE + 3);
}

/* Another tree under the same key, as a restored copy would have gone on. */
static void make_fork(uint64_t size)
{
	uint8_t *cp;
	size_t len;

	(void)world_teardown(NULL);
	(void)world_setup(NULL);
	open_log();
	CHECK_OK(try_append_at(50000, size, 0, NULL));
	publish();
	cp = read_in(dir, "public/checkpoint", &len);
	(void)world_teardown(NULL);
	(void)setup(NULL);
	write_in(dir, "public/checkpoint", cp, len);
	free(cp);
}

TEST(a_checkpoint_of_another_tree_is_refused)
{
	struct err_ctx ctx = { 0 };

	make_fork(SIZE);
	CHECK_ERR(try_open(&ctx), ERR_AUTH);
	CHECK(strstr(ctx.msg, "are of two trees") != NULL);
	make_fork(SIZE - 2);
	ctx = (struct err_ctx){ 0 };
	CHECK_ERR(try_open(&ctx), ERR_AUTH);
	CHECK(strstr(ctx.msg, "is not of the tiles' tree") != NULL);
}

static int group_setup(void **state)
{
	struct tlog_hash leaf[SIZE];

	(void)state;
	for (unsigned i = 0; i < SIZE; i++)
		tlog_leaf_hash(&leaf[i], entry(i));
	tlog_root(&root_of_size, leaf, SIZE);
	return 0;
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, world_teardown)
	const struct CMUnitTest tests[] = {
		T(a_damaged_head_is_refused),
		T(a_damaged_tile_at_any_edge_is_refused),
		T(a_damaged_checkpoint_is_refused),
		T(a_missing_file_is_named),
		T(a_wal_is_finished),
		T(a_damaged_wal_is_dropped_if_nothing_was_begun),
		T(a_damaged_or_lost_wal_is_refused_if_something_was_begun),
		T(a_wal_that_fits_nothing_is_refused),
		T(an_old_state_is_refused_for_what_was_published),
		T(an_old_state_and_checkpoint_are_refused_for_the_tiles),
		T(an_old_checkpoint_alone_is_published_anew),
		T(a_checkpoint_of_another_tree_is_refused),
	};

	return cmocka_run_group_tests(tests, group_setup, NULL);
}
