/*
 * A log in a scratch directory, and a stranger who reads all that it publishes.
 * Entry i is i as 8 bytes, big endian, as in golden500.
 */
#ifndef CONFER_TESTS_UNIT_LOGD_WORLD_H
#define CONFER_TESTS_UNIT_LOGD_WORLD_H

#include "logd_dir.h"

#include "base/fmt.h"
#include "logd/head.h"
#include "logd/key.h"
#include "logd/log.h"
#include "logd/view.h"
#include "tlog/checkpoint.h"
#include "tlog/note.h"
#include "tlog/tile.h"

#define ENTRIES_N 70000
#define ORIGIN    "log.example.org/releases"

static char dir[PATH_LEN]; /* the log's */
static struct logd_key key;
static struct logd_log *the_log;

/* Every tree that was signed: there is one root for each size. */
struct signed_tree {
	uint64_t size;
	struct tlog_hash root;
};

static struct signed_tree signed_tree[4096];
static size_t n_signed;

static inline struct bytes entry(uint64_t i)
{
	static uint8_t text[ENTRIES_N][8];

	CHECK(i < ENTRIES_N);
	for (unsigned k = 0; k < 8; k++)
		text[i][k] = (uint8_t)(i >> (56 - 8 * k));
	return (struct bytes){ text[i], 8 };
}

/* ---- what the public half says --------------------------------------------- */

/* A tree that the log has signed: is it the only one of its size? */
static inline void note_signed(uint64_t size, const struct tlog_hash *root)
{
	for (size_t i = 0; i < n_signed; i++) {
		if (signed_tree[i].size != size)
			continue;
		if (!tlog_hash_eq(root, &signed_tree[i].root))
			fail_msg("two roots of size %u", (unsigned)size);
		return;
	}
	CHECK(n_signed < sizeof(signed_tree) / sizeof(signed_tree[0]));
	signed_tree[n_signed++] = (struct signed_tree){ size, *root };
}

static inline struct tlog_checkpoint read_checkpoint(const char *name)
{
	static uint8_t text[4][LOGD_NOTE_MAX];
	static unsigned next;
	uint8_t *buf = text[next++ % 4];
	struct tlog_checkpoint cp;
	struct tlog_note note;
	struct tlog_seen seen;
	size_t len;

	CHECK_OK(
	    fd_read_file(buf, LOGD_NOTE_MAX, &len, path_in(dir, name), NULL));
	CHECK_OK(tlog_note_parse(&note, (struct bytes){ buf, len }, NULL));
	CHECK_OK(tlog_note_verify(&seen, &note, &key.key, 1, 0, NULL));
	CHECK_OK(tlog_checkpoint_parse(&cp, note.text, NULL));
	CHECK(mem_eq(cp.origin, key.key.name));
	note_signed(cp.size, &cp.root);
	return cp;
}

/* The size of the tree in state/head, which is noted. */
static inline uint64_t read_head(void)
{
	struct logd_head head;
	struct bytes file;

	file.p = read_in(dir, "state/head", &file.len);
	CHECK_OK(logd_head_parse(&head, &key.key, file, NULL));
	note_signed(head.size, &head.root);
	free((void *)file.p);
	return head.size;
}

/* The file of a tile, as it has to be; malloc'ed. */
static inline struct bytes tile_file(const struct tlog_tile *tile)
{
	char path[TLOG_TILE_PATH_MAX], name[TLOG_TILE_PATH_MAX + 8];
	struct bytes file;

	(void)tlog_tile_path(path, tile);
	(void)snprintf(name, sizeof(name), "public/%s", path);
	file.p = read_in(dir, name, &file.len);
	return file;
}

/* Tiles of one level against their hashes, n of them. */
static inline void check_level(
    unsigned level, const struct tlog_hash *hash, uint64_t n)
{
	for (uint64_t i = 0; i < n; i += TLOG_TILE_WIDTH) {
		struct tlog_tile tile = { .level = level,
			.index = i / TLOG_TILE_WIDTH,
			.width = (unsigned)(n - i < TLOG_TILE_WIDTH
						? n - i
						: TLOG_TILE_WIDTH) };
		struct bytes file = tile_file(&tile);

		CHECK_EQ(file.len, tile.width * TLOG_HASH_LEN);
		CHECK_MEM(file.p, hash + i, file.len);
		free((void *)file.p);
	}
}

/* Leaf hashes from the bundles, whose entries are in order. */
static inline void bundle_leaves(struct tlog_hash *leaf, uint64_t n)
{
	for (uint64_t i = 0; i < n;) {
		struct tlog_tile tile = tlog_tile_of(n, 0, i);
		struct bytes file, rest, e;

		tile.entries = true;
		file = tile_file(&tile);
		CHECK_OK(tlog_bundle_parse(file, tile.width, NULL));
		for (rest = file; tlog_bundle_next(&rest, &e); i++)
			tlog_leaf_hash(&leaf[i], e);
		free((void *)file.p);
	}
}

/*
 * Read everything under the public checkpoint, and believe nothing; its size.
 */
static inline uint64_t check_public(void)
{
	struct tlog_checkpoint cp = read_checkpoint("public/checkpoint");
	struct tlog_hash *hash = calloc(cp.size + 1, sizeof(*hash)), root;
	uint64_t n = cp.size;

	assert_non_null(hash);
	bundle_leaves(hash, n);
	tlog_root(&root, hash, n);
	CHECK(tlog_hash_eq(&root, &cp.root));
	for (unsigned level = 0; n > 0; level++) {
		check_level(level, hash, n);
		n /= TLOG_TILE_WIDTH;
		for (uint64_t i = 0; i < n; i++) {
			tlog_root(
			    &root, hash + i * TLOG_TILE_WIDTH, TLOG_TILE_WIDTH);
			hash[i] = root;
		}
	}
	free(hash);
	return cp.size;
}

/* ---- the log ------------------------------------------------------------------ */

static inline enum err try_open(struct err_ctx *ctx)
{
	logd_log_close(the_log);
	return logd_log_open(&the_log, dir, ctx);
}

static inline void open_log(void)
{
	struct err_ctx ctx = { 0 };

	if (try_open(&ctx) != ERR_OK)
		fail_msg("%s", ctx.msg);
}

/* Entries from..from + n - 1 in one batch, which get the indexes from `at` on. */
static inline enum err try_append_at(
    uint64_t from, size_t n, uint64_t at, struct err_ctx *ctx)
{
	static struct bytes batch[LOGD_BATCH_MAX];
	static uint64_t index[LOGD_BATCH_MAX];
	enum err e;

	CHECK(n <= LOGD_BATCH_MAX);
	for (size_t i = 0; i < n; i++)
		batch[i] = entry(from + i);
	e = logd_log_append(the_log, index, batch, n, ctx);
	for (size_t i = 0; e == ERR_OK && i < n; i++)
		CHECK_EQ(index[i], at + i);
	return e;
}

static inline enum err try_append(uint64_t from, size_t n, struct err_ctx *ctx)
{
	return try_append_at(from, n, from, ctx);
}

static inline void append(uint64_t from, uint64_t n)
{
	struct err_ctx ctx = { 0 };

	while (n > 0) {
		size_t step = n < LOGD_BATCH_MAX ? (size_t)n : LOGD_BATCH_MAX;

		if (try_append(from, step, &ctx) != ERR_OK)
			fail_msg("%s", ctx.msg);
		from += step;
		n -= step;
	}
}

static inline void publish(void)
{
	struct err_ctx ctx = { 0 };

	if (logd_log_publish(the_log, NULL, 0, 0, &ctx) != ERR_OK)
		fail_msg("%s", ctx.msg);
}

static inline int world_setup(void **state)
{
	(void)state;
	the_log = NULL;
	n_signed = 0;
	scratch_make(dir);
	if (key.key.type == 0)
		CHECK_OK(logd_key_make(&key, ORIGIN, TLOG_KEY_ED25519, NULL));
	CHECK_OK(logd_log_init(dir, &key, NULL));
	return 0;
}

static inline int world_teardown(void **state)
{
	(void)state;
	logd_log_close(the_log);
	the_log = NULL;
	scratch_remove(dir);
	return 0;
}

#endif
