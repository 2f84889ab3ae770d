/*
 * Opening a log: everything is read and held against the signed head [L-142],
 * then what an interrupted run left is finished. docs/log.md, section 11.4.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "logd/log_parts.h"
#include "logd/store.h"
#include "logd/view.h"
#include "tlog/checkpoint.h"
#include "tlog/note.h"

static enum err contradiction(struct err_ctx *ctx, const char *what)
{
	return err_set(ctx, ERR_AUTH, "the log contradicts itself: %s", what);
}

/* Read DIR/state/name or DIR/public/name; ERR_NOTFOUND without a message. */
static enum err read_part(struct bytes *out, uint8_t *buf, size_t cap, int dir,
    const char *name, struct err_ctx *ctx)
{
	enum err e;

	*out = (struct bytes){ buf, 0 };
	e = fd_read_file_at(buf, cap, &out->len, dir, name);
	if (e == ERR_OK || e == ERR_NOTFOUND)
		return e;
	if (e == ERR_LIMIT)
		return err_set(ctx, ERR_FORMAT, "%.*s is longer than %zu bytes",
		    TLOG_TILE_PATH_MAX, name, cap);
	return err_set(
	    ctx, ERR_IO, "cannot read %.*s", TLOG_TILE_PATH_MAX, name);
}

/* A dead copy stays dead: what stands in the file says why [L-153]. */
static enum err check_alive(const struct logd_log *log, struct err_ctx *ctx)
{
	uint8_t why[ERR_MSG_LEN_MAX];
	struct bytes text;

	if (read_part(&text, why, sizeof(why), log->state, "dead", NULL) ==
	    ERR_NOTFOUND)
		return ERR_OK;
	while (text.len > 0 && text.p[text.len - 1] == '\n')
		text.len--;
	return err_set(ctx, ERR_AUTH, "this copy never signs again: %.*s",
	    (int)text.len, (const char *)text.p);
}

static enum err load_key(
    struct logd_log *log, const char *dir, struct err_ctx *ctx)
{
	char path[FD_PATH_MAX];
	enum err e;

	if (logd_log_unsigned(log))
		return err_set(
		    ctx, ERR_NOTFOUND, "there is no log in %.*s", 100, dir);
	e = logd_log_path(path, dir, "state/key", ctx);
	if (e == ERR_OK)
		e = logd_key_load(&log->key, path, ctx);
	if (e == ERR_NOTFOUND)
		return contradiction(ctx, "state/key is gone");
	if (e == ERR_OK && log->key.key.type != TLOG_KEY_ED25519)
		e = contradiction(ctx, "state/key is not a log's");
	return e;
}

static enum err load_head(struct logd_log *log, struct err_ctx *ctx)
{
	uint8_t buf[LOGD_HEAD_LEN_MAX];
	struct logd_head head;
	struct bytes file;
	enum err e =
	    read_part(&file, buf, sizeof(buf), log->state, "head", ctx);

	if (e == ERR_NOTFOUND)
		return contradiction(ctx, "state/head is gone");
	if (e == ERR_OK)
		e = logd_head_parse(&head, &log->key.key, file, ctx);
	if (e != ERR_OK)
		return e;
	if (head.size > LOGD_ENTRIES_MAX)
		return err_set(ctx, ERR_LIMIT, "head: more than %u entries",
		    LOGD_ENTRIES_MAX);
	log->size = head.size;
	log->root = head.root;
	mem_copy(log->head, head.note.p, head.note.len);
	log->head_len = head.note.len;
	return ERR_OK;
}

/* The public checkpoint must be ours; then its size and root count. */
static enum err parse_checkpoint(
    struct logd_log *log, struct bytes file, struct err_ctx *ctx)
{
	struct tlog_checkpoint cp;
	struct tlog_note note;
	struct tlog_seen seen;
	enum err e = tlog_note_parse(&note, file, ctx);

	if (e == ERR_OK)
		e = tlog_note_verify(&seen, &note, &log->key.key, 1, 0, ctx);
	if (e == ERR_OK)
		e = tlog_checkpoint_parse(&cp, note.text, ctx);
	if (e == ERR_OK &&
	    (!mem_eq(cp.origin, log->key.key.name) || cp.extensions.len != 0))
		e = contradiction(ctx, "public/checkpoint is another log's");
	if (e != ERR_OK)
		return e;
	log->published = cp.size;
	log->published_root = cp.root;
	return ERR_OK;
}

/* Nobody may have been shown more than the head, or other than it [L-151]. */
static enum err load_checkpoint(struct logd_log *log, struct err_ctx *ctx)
{
	struct err_ctx why = { 0 };
	struct bytes file;
	enum err e = read_part(&file, log->note, sizeof(log->note), log->public,
	    "checkpoint", ctx);

	if (e == ERR_NOTFOUND)
		return ERR_OK;
	if (e != ERR_OK)
		return e;
	e = parse_checkpoint(log, file, &why);
	if (e != ERR_OK)
		return err_set(ctx, e, "public/checkpoint: %s", why.msg);
	if (log->published > log->size)
		return contradiction(ctx,
		    "public/checkpoint is ahead of state/head, which is an "
		    "old copy");
	if (log->published == log->size &&
	    !tlog_hash_eq(&log->published_root, &log->root))
		return contradiction(
		    ctx, "public/checkpoint and state/head are of two trees");
	log->note_len = file.len;
	return ERR_OK;
}

/* ---- the tree ---------------------------------------------------------------- */

static enum err read_file(struct bytes *out, uint8_t *buf, size_t cap,
    struct logd_log *log, const struct tlog_tile *tile, struct err_ctx *ctx)
{
	char path[TLOG_TILE_PATH_MAX];
	enum err e;

	(void)tlog_tile_path(path, tile);
	e = read_part(out, buf, cap, log->public, path, ctx);
	if (e == ERR_NOTFOUND)
		return err_set(ctx, ERR_TRUNCATED, "%s is gone", path);
	if (e == ERR_OK && !tile->entries &&
	    out->len != tile->width * sizeof(struct tlog_hash))
		return err_set(ctx, ERR_TRUNCATED, "%s has %zu bytes, not %zu",
		    path, out->len, tile->width * sizeof(struct tlog_hash));
	return e;
}

/* Add the leaves of one tile, and on the way compare the tree that has been
 * published. */
static enum err add_leaves(
    struct logd_log *log, const struct tlog_tile *tile, struct err_ctx *ctx)
{
	struct tlog_hash hash[TLOG_TILE_WIDTH], root;
	struct bytes file;
	enum err e = read_file(&file, hash[0].b, sizeof(hash), log, tile, ctx);

	if (e != ERR_OK)
		return e;
	for (unsigned i = 0; i < tile->width; i++) {
		logd_leaves_add(log->leaves, &hash[i]);
		if (log->leaves->edge.size != log->published)
			continue;
		tlog_range_root(&root, &log->leaves->edge);
		if (!tlog_hash_eq(&root, &log->published_root))
			return contradiction(
			    ctx, "public/checkpoint is not of the tiles' tree");
	}
	return ERR_OK;
}

/* A tile above level 0 has to be what the leaves say. */
static enum err check_tile(
    struct logd_log *log, const struct tlog_tile *tile, struct err_ctx *ctx)
{
	uint8_t buf[TLOG_TILE_LEN];
	char path[TLOG_TILE_PATH_MAX];
	struct bytes file;
	const struct tlog_hash *want = logd_leaves_tile(log->leaves, tile);
	enum err e = read_file(&file, buf, sizeof(buf), log, tile, ctx);

	if (e != ERR_OK || mem_eq(file, (struct bytes){ want->b, file.len }))
		return e;
	(void)tlog_tile_path(path, tile);
	return err_set(ctx, ERR_AUTH,
	    "the log contradicts itself: %s is not of its tree", path);
}

typedef enum err tile_fn(
    struct logd_log *log, const struct tlog_tile *tile, struct err_ctx *ctx);

static enum err each_tile(
    struct logd_log *log, unsigned level, tile_fn *fn, struct err_ctx *ctx)
{
	const uint64_t full = tlog_tile_full(log->size, level);
	struct tlog_tile tile = { .level = level, .width = TLOG_TILE_WIDTH };
	enum err e = ERR_OK;

	for (; e == ERR_OK && tile.index < full; tile.index++)
		e = fn(log, &tile, ctx);
	tile.width = tlog_tile_partial(log->size, level);
	if (e == ERR_OK && tile.width > 0)
		e = fn(log, &tile, ctx);
	return e;
}

/* The last bundle, which the next entries may be added to. */
static enum err load_bundle(struct logd_log *log, struct err_ctx *ctx)
{
	struct tlog_tile tile;
	struct bytes file, rest, entry;
	struct tlog_hash leaf;
	uint64_t i;
	enum err e;

	if (log->size == 0)
		return ERR_OK;
	tile = tlog_tile_of(log->size, 0, log->size - 1);
	tile.entries = true;
	e = read_file(&file, log->bundle, LOGD_BUNDLE_LEN_MAX, log, &tile, ctx);
	if (e == ERR_OK)
		e = tlog_bundle_parse(file, tile.width, ctx);
	if (e != ERR_OK)
		return e;
	i = tile.index * TLOG_TILE_WIDTH;
	for (rest = file; tlog_bundle_next(&rest, &entry); i++) {
		tlog_leaf_hash(&leaf, entry);
		if (!tlog_hash_eq(&leaf, &log->leaves->level[0][i]))
			return contradiction(
			    ctx, "the last bundle is not of its tree");
	}
	log->bundle_len = tile.width < TLOG_TILE_WIDTH ? file.len : 0;
	return ERR_OK;
}

static enum err load_tree(struct logd_log *log, struct err_ctx *ctx)
{
	struct tlog_hash root;
	enum err e = each_tile(log, 0, add_leaves, ctx);

	if (e != ERR_OK)
		return e;
	tlog_range_root(&root, &log->leaves->edge);
	if (!tlog_hash_eq(&root, &log->root))
		return contradiction(
		    ctx, "the tiles of level 0 are not of the signed tree");
	for (unsigned i = 1; e == ERR_OK && i < LOGD_LEVELS; i++)
		e = each_tile(log, i, check_tile, ctx);
	if (e == ERR_OK)
		e = load_bundle(log, ctx);
	return e;
}

enum err logd_log_open(
    struct logd_log **out, const char *dir, struct err_ctx *ctx)
{
	struct logd_log *log = logd_log_new();
	enum err e;

	*out = NULL;
	if (log == NULL)
		return err_set(ctx, ERR_NOMEM, "no memory for a log");
	e = logd_log_enter(log, dir, ctx);
	if (e == ERR_OK)
		e = check_alive(log, ctx);
	if (e == ERR_OK)
		e = load_key(log, dir, ctx);
	if (e == ERR_OK)
		e = load_head(log, ctx);
	if (e == ERR_OK)
		e = load_checkpoint(log, ctx);
	if (e == ERR_OK)
		e = load_tree(log, ctx);
	if (e == ERR_OK)
		e = logd_log_recover(log, dir, ctx);
	if (e == ERR_OK)
		*out = log;
	else
		logd_log_close(log);
	return e;
}
