/*
 * Growing the tree by one batch, in the order of L-145; docs/log.md, section
 * 11.3.
 */
#include <stdlib.h>

#include "base/assert.h"
#include "logd/log_parts.h"
#include "logd/store.h"
#include "logd/view.h"
#include "tlog/checkpoint.h"

#define RESERVE_FACTOR 4 /* a batch is in the wal, a bundle, and then some */

/* ---- the files of a batch -------------------------------------------------- */

static enum err put_file(const struct logd_log *log,
    const struct tlog_tile *tile, struct bytes content, bool again,
    struct err_ctx *ctx)
{
	char path[TLOG_TILE_PATH_MAX];

	(void)tlog_tile_path(path, tile);
	return logd_store_put(log->public, path, content, again, ctx);
}

/* The bundles that got entries, from the left. */
static enum err put_bundles(struct logd_log *log, const struct logd_wal *wal,
    bool again, struct err_ctx *ctx)
{
	struct wr w = wr_init(log->bundle, LOGD_BUNDLE_LEN_MAX);
	struct bytes rest = wal->entries, entry;
	enum err e = ERR_OK;

	w.len = log->bundle_len;
	for (uint64_t n = wal->old_size + 1; e == ERR_OK; n++) {
		struct tlog_tile tile = { .entries = true,
			.index = (n - 1) / TLOG_TILE_WIDTH,
			.width = (unsigned)((n - 1) % TLOG_TILE_WIDTH) + 1 };

		if (!tlog_bundle_next(&rest, &entry))
			break;
		tlog_bundle_add(&w, entry);
		assert(w.err == ERR_OK);
		if (tile.width < TLOG_TILE_WIDTH && n < wal->new_size)
			continue;
		e = put_file(
		    log, &tile, (struct bytes){ w.p, w.len }, again, ctx);
		if (tile.width == TLOG_TILE_WIDTH)
			w.len = 0;
	}
	log->bundle_len = w.len;
	return e;
}

static enum err put_tile(const struct logd_log *log,
    const struct tlog_tile *tile, bool again, struct err_ctx *ctx)
{
	const struct tlog_hash *hash = logd_leaves_tile(log->leaves, tile);

	assert(hash != NULL);
	return put_file(log, tile,
	    (struct bytes){ hash->b, tile->width * sizeof(*hash) }, again, ctx);
}

/* The tiles of one level that got hashes: full ones, then the partial [L-148]. */
static enum err put_level(const struct logd_log *log,
    const struct logd_wal *wal, unsigned level, bool again, struct err_ctx *ctx)
{
	struct tlog_tile tile = { .level = level,
		.index = tlog_tile_full(wal->old_size, level),
		.width = TLOG_TILE_WIDTH };
	const uint64_t full = tlog_tile_full(wal->new_size, level);
	unsigned old_width = tlog_tile_partial(wal->old_size, level);
	enum err e = ERR_OK;

	for (; e == ERR_OK && tile.index < full; tile.index++) {
		e = put_tile(log, &tile, again, ctx);
		old_width = 0;
	}
	tile.width = tlog_tile_partial(wal->new_size, level);
	if (e == ERR_OK && tile.width > old_width)
		e = put_tile(log, &tile, again, ctx);
	return e;
}

enum err logd_log_sign(struct logd_log *log, uint64_t size,
    const struct tlog_hash *root, struct err_ctx *ctx)
{
	uint8_t note[LOGD_HEAD_LEN_MAX], file[LOGD_HEAD_LEN_MAX];
	struct wr w = wr_init(note, sizeof(note));
	struct wr f = wr_init(file, sizeof(file));
	enum err e;

	assert(log->head_len == 0 || size > log->size);
	tlog_checkpoint_format(&w, log->key.key.name, size, root);
	struct bytes text = { note, w.len };

	tlog_note_format_end_text(&w);
	logd_key_sign(&w, &log->key, text, 0);
	logd_head_format(&f, (struct bytes){ note, w.len });
	assert(w.err == ERR_OK && f.err == ERR_OK);
	e = logd_store_replace(
	    log->state, "head", (struct bytes){ file, f.len }, 0600, ctx);
	if (e != ERR_OK)
		return e;
	mem_copy(log->head, note, w.len);
	log->head_len = w.len;
	log->size = size;
	log->root = *root;
	return ERR_OK;
}

enum err logd_log_commit(struct logd_log *log, const struct logd_wal *wal,
    bool again, struct err_ctx *ctx)
{
	enum err e = put_bundles(log, wal, again, ctx);

	for (unsigned level = 0; e == ERR_OK && level < LOGD_LEVELS; level++)
		e = put_level(log, wal, level, again, ctx);
	if (e == ERR_OK)
		e = logd_log_sign(log, wal->new_size, &wal->root, ctx);
	if (e != ERR_OK)
		log->broken = true;
	return e;
}

/* ---- a new batch ------------------------------------------------------------ */

static enum err check_batch(
    const struct bytes *entry, size_t n, struct err_ctx *ctx)
{
	if (n > LOGD_BATCH_MAX)
		return err_set(ctx, ERR_LIMIT, "more than %u entries at once",
		    LOGD_BATCH_MAX);
	for (size_t i = 0; i < n; i++) {
		if (entry[i].len == 0 || entry[i].len > LOGD_ENTRY_LEN_MAX)
			return err_set(ctx, ERR_LIMIT,
			    "entry %zu has %zu bytes", i, entry[i].len);
	}
	return ERR_OK;
}

/*
 * Give each entry its index, and the new ones a place in log->leaves and their
 * bytes in w, which has room for all [L-156].
 */
static enum err stage(struct logd_log *log, uint64_t *index,
    const struct bytes *entry, size_t n, struct wr *w, struct err_ctx *ctx)
{
	for (size_t i = 0; i < n; i++) {
		struct tlog_hash leaf;

		tlog_leaf_hash(&leaf, entry[i]);
		if (logd_leaves_find(log->leaves, &leaf, &index[i]))
			continue;
		index[i] = log->leaves->edge.size;
		if (index[i] >= LOGD_ENTRIES_MAX)
			return err_set(ctx, ERR_LIMIT, "the log is full");
		logd_leaves_add(log->leaves, &leaf);
		tlog_bundle_add(w, entry[i]);
	}
	assert(w->err == ERR_OK);
	return ERR_OK;
}

/*
 * Is state/head what this process read or wrote last? If somebody removed the
 * lock of a running writer, or put other files in place, two would go on from
 * one tree [L-141].
 */
static enum err check_alone(const struct logd_log *log, struct err_ctx *ctx)
{
	uint8_t want[LOGD_HEAD_LEN_MAX], got[LOGD_HEAD_LEN_MAX];
	struct wr w = wr_init(want, sizeof(want));
	size_t n;
	enum err e;

	logd_head_format(&w, (struct bytes){ log->head, log->head_len });
	assert(w.err == ERR_OK);
	e = fd_read_file_at(got, sizeof(got), &n, log->state, "head");
	if (e == ERR_OK &&
	    mem_eq((struct bytes){ got, n }, (struct bytes){ want, w.len }))
		return ERR_OK;
	if (e != ERR_OK && e != ERR_NOTFOUND && e != ERR_LIMIT)
		return err_set(ctx, ERR_IO, "cannot read state/head again");
	return err_set(ctx, ERR_AUTH,
	    "another process has changed state/head: nothing is signed");
}

/* Put the wal on disk, if there is room for it and all that it leads to
 * [L-154]. */
static enum err write_wal(
    struct logd_log *log, const struct logd_wal *wal, struct err_ctx *ctx)
{
	const size_t len = LOGD_WAL_FRAME_LEN + wal->entries.len;
	const uint64_t need = LOGD_RESERVE + RESERVE_FACTOR * (uint64_t)len;
	uint8_t *file;
	struct wr w;
	enum err e = logd_store_reserve(log->state, need, ctx);

	if (e == ERR_OK)
		e = logd_store_reserve(log->public, need, ctx);
	if (e != ERR_OK)
		return e;
	file = malloc(len);
	if (file == NULL)
		return err_set(ctx, ERR_NOMEM, "no memory for %zu bytes", len);
	w = wr_init(file, len);
	logd_wal_format(&w, wal);
	assert(w.err == ERR_OK);
	e = logd_store_replace(
	    log->state, "wal", (struct bytes){ file, len }, 0600, ctx);
	free(file);
	log->wal = log->wal || e == ERR_OK;
	return e;
}

/* The staged batch, if it has any new entry. */
static enum err append_staged(
    struct logd_log *log, struct bytes entries, struct err_ctx *ctx)
{
	struct logd_wal wal = { .old_size = log->size,
		.new_size = log->leaves->edge.size,
		.entries = entries };
	enum err e;

	if (wal.new_size == wal.old_size)
		return ERR_OK;
	tlog_range_root(&wal.root, &log->leaves->edge);
	e = check_alone(log, ctx);
	if (e == ERR_OK)
		e = write_wal(log, &wal, ctx);
	if (e == ERR_OK)
		return logd_log_commit(log, &wal, false, ctx);
	if (e == ERR_IO || e == ERR_AUTH)
		log->broken = true; /* the wal may be there or not */
	return e;
}

enum err logd_log_append(struct logd_log *log, uint64_t *index,
    const struct bytes *entry, size_t n, struct err_ctx *ctx)
{
	const struct tlog_range edge = log->leaves->edge;
	size_t room = 1;
	uint8_t *buf;
	struct wr w;
	enum err e = check_batch(entry, n, ctx);

	if (e != ERR_OK)
		return e;
	if (log->broken)
		return err_set(
		    ctx, ERR_IO, "an earlier write failed: open the log anew");
	for (size_t i = 0; i < n; i++)
		room += 2 + entry[i].len;
	buf = malloc(room);
	if (buf == NULL)
		return err_set(ctx, ERR_NOMEM, "no memory for %zu bytes", room);
	w = wr_init(buf, room);
	e = stage(log, index, entry, n, &w, ctx);
	if (e == ERR_OK)
		e = append_staged(log, (struct bytes){ buf, w.len }, ctx);
	if (e != ERR_OK)
		logd_leaves_cut(log->leaves, &edge);
	free(buf);
	return e;
}
