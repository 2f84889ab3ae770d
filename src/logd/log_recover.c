/* What an interrupted run left: the table of docs/log.md, section 11.4 [L-150]. */
#include "logd/log_parts.h"
#include "logd/store.h"

static enum err contradiction(struct err_ctx *ctx, const char *what)
{
	return err_set(ctx, ERR_AUTH, "the log contradicts itself: %s", what);
}

void logd_log_partial_dir(
    char out[TLOG_TILE_PATH_MAX], bool entries, unsigned level, uint64_t index)
{
	const struct tlog_tile tile = {
		.entries = entries, .level = level, .index = index, .width = 1
	};

	out[tlog_tile_path(out, &tile) - 2] = '\0'; /* without its "/1" */
}

/* Is there a tile that the tree does not have? */
static enum err check_edge(const struct logd_log *log, bool entries,
    unsigned level, struct err_ctx *ctx)
{
	const struct tlog_tile next = { .entries = entries,
		.level = level,
		.index = tlog_tile_full(log->size, level),
		.width = TLOG_TILE_WIDTH };
	char path[TLOG_TILE_PATH_MAX];
	unsigned widest;
	enum err e;

	(void)tlog_tile_path(path, &next);
	e = logd_store_has(log->public, path);
	if (e == ERR_NOTFOUND) {
		logd_log_partial_dir(path, entries, level, next.index);
		e = logd_store_widest(&widest, log->public, path, ctx);
		if (e != ERR_OK ||
		    widest <= tlog_tile_partial(log->size, level))
			return e;
	}
	if (e != ERR_OK)
		return err_set(ctx, e, "cannot look for %s", path);
	return err_set(ctx, ERR_AUTH,
	    "the log contradicts itself: %s is beyond the signed tree", path);
}

/*
 * Without a wal nothing was begun, so nothing may be there that goes beyond the
 * head. If it is, then the head is an old copy, or the wal was lost.
 */
static enum err check_edges(const struct logd_log *log, struct err_ctx *ctx)
{
	enum err e = check_edge(log, true, 0, ctx);

	for (unsigned i = 0; e == ERR_OK && i < LOGD_LEVELS; i++)
		e = check_edge(log, false, i, ctx);
	return e;
}

/* Go on where the wal's batch was cut short. */
static enum err replay(
    struct logd_log *log, const struct logd_wal *wal, struct err_ctx *ctx)
{
	struct bytes rest = wal->entries, entry;
	struct tlog_hash leaf, root;

	while (tlog_bundle_next(&rest, &entry)) {
		tlog_leaf_hash(&leaf, entry);
		logd_leaves_add(log->leaves, &leaf);
	}
	tlog_range_root(&root, &log->leaves->edge);
	if (!tlog_hash_eq(&root, &wal->root))
		return contradiction(
		    ctx, "state/wal does not lead to the tree that it names");
	return logd_log_commit(log, wal, true, ctx);
}

static enum err use_wal(
    struct logd_log *log, struct bytes file, struct err_ctx *ctx)
{
	struct logd_wal wal;

	log->wal = true;
	if (logd_wal_parse(&wal, file, NULL) != ERR_OK)
		return check_edges(log, ctx); /* torn: nothing happened */
	if (wal.old_size == log->size)
		return replay(log, &wal, ctx);
	if (wal.new_size == log->size && tlog_hash_eq(&wal.root, &log->root))
		return ERR_OK; /* done, apart from its publication */
	return contradiction(
	    ctx, "state/wal fits neither before nor after state/head");
}

static enum err open_wal(
    struct logd_log *log, const char *dir, struct err_ctx *ctx)
{
	char path[FD_PATH_MAX];
	struct fd_map map;
	enum err e = logd_store_has(log->state, "wal");

	if (e == ERR_NOTFOUND)
		return check_edges(log, ctx);
	if (e != ERR_OK)
		return err_set(ctx, e, "cannot look for state/wal");
	e = logd_log_path(path, dir, "state/wal", ctx);
	if (e == ERR_OK)
		e = fd_map_open(&map, path, ctx);
	if (e != ERR_OK)
		return e;
	e = use_wal(log, (struct bytes){ map.p, map.len }, ctx);
	fd_map_close(&map);
	return e;
}

/*
 * The names in state/ are on disk before anything is built on them: if the last
 * process was killed behind a rename, they are not [L-150].
 */
static enum err settle(const struct logd_log *log, struct err_ctx *ctx)
{
	enum err e = logd_store_remove(log->state, LOGD_STORE_TMP, ctx);

	if (e == ERR_OK)
		e = logd_store_remove(log->public, LOGD_STORE_TMP, ctx);
	return e == ERR_OK ? logd_store_sync(log->state, "state", ctx) : e;
}

enum err logd_log_recover(
    struct logd_log *log, const char *dir, struct err_ctx *ctx)
{
	const uint64_t before = log->published;
	enum err e = settle(log, ctx);

	if (e == ERR_OK)
		e = open_wal(log, dir, ctx);
	if (e != ERR_OK)
		return e;
	if (log->note_len == 0 || log->published < log->size)
		e = logd_log_release(
		    log, (struct bytes){ log->head, log->head_len }, ctx);
	else if (log->wal)
		e = logd_store_remove(log->state, "wal", ctx);
	if (e != ERR_OK)
		return e;
	log->wal = false;
	/* The last full tiles' partial ones may have outlived a crash. */
	logd_log_drop_partials(
	    log, before < TLOG_TILE_WIDTH ? 0 : before - TLOG_TILE_WIDTH);
	return ERR_OK;
}
