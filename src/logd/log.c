/* The log as it is seen from outside: what it has, and reading it back. */
#include "logd/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/fmt.h"
#include "logd/log_parts.h"
#include "logd/store.h"
#include "logd/view.h"

struct logd_log *logd_log_new(void)
{
	struct logd_log *log = calloc(1, sizeof(*log));

	if (log == NULL)
		return NULL;
	log->state = log->public = log->lock = -1;
	log->bundle = malloc(LOGD_BUNDLE_LEN_MAX);
	log->leaves = logd_leaves_new();
	if (log->bundle != NULL && log->leaves != NULL)
		return log;
	logd_log_close(log);
	return NULL;
}

void logd_log_close(struct logd_log *log)
{
	if (log == NULL)
		return;
	fd_close(&log->state);
	fd_close(&log->public);
	fd_close(&log->lock);
	logd_leaves_free(log->leaves);
	free(log->bundle);
	logd_key_wipe(&log->key);
	free(log);
}

enum err logd_log_path(char out[FD_PATH_MAX], const char *dir, const char *name,
    struct err_ctx *ctx)
{
	if (fmt_print(out, FD_PATH_MAX, "%s/%s", dir, name) >= FD_PATH_MAX)
		return err_set(ctx, ERR_LIMIT, "the log's path is too long");
	return ERR_OK;
}

static enum err open_part(
    int *fd, const char *dir, const char *name, struct err_ctx *ctx)
{
	char path[FD_PATH_MAX];
	enum err e = logd_log_path(path, dir, name, ctx);

	if (e != ERR_OK)
		return e;
	*fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*fd >= 0)
		return ERR_OK;
	if (errno == ENOENT || errno == ENOTDIR)
		return err_set(
		    ctx, ERR_NOTFOUND, "there is no log in %.*s", 100, dir);
	return err_set(ctx, ERR_IO, "cannot open %.*s: %s", 100, path,
	    strerrordesc_np(errno));
}

enum err logd_log_enter(
    struct logd_log *log, const char *dir, struct err_ctx *ctx)
{
	enum err e = open_part(&log->state, dir, "state", ctx);

	if (e == ERR_OK)
		e = open_part(&log->public, dir, "public", ctx);
	if (e == ERR_OK)
		e = logd_store_lock(&log->lock, log->state, "lock", ctx);
	return e;
}

bool logd_log_unsigned(const struct logd_log *log)
{
	return logd_store_has(log->state, "head") == ERR_NOTFOUND &&
	       logd_store_has(log->state, "dead") == ERR_NOTFOUND &&
	       logd_store_has(log->public, "checkpoint") == ERR_NOTFOUND &&
	       logd_store_has(log->public, "tile") == ERR_NOTFOUND;
}

const struct tlog_key *logd_log_key(const struct logd_log *log)
{
	return &log->key.key;
}

uint64_t logd_log_size(const struct logd_log *log)
{
	return log->size;
}

struct tlog_hash logd_log_root(const struct logd_log *log)
{
	return log->root;
}

struct bytes logd_log_checkpoint(const struct logd_log *log)
{
	return (struct bytes){ log->note, log->note_len };
}

struct tlog_tiles logd_log_tiles(const struct logd_log *log)
{
	return logd_leaves_tiles(log->leaves, log->size);
}

bool logd_log_find(
    const struct logd_log *log, const struct tlog_hash *leaf, uint64_t *index)
{
	return logd_leaves_find(log->leaves, leaf, index) && *index < log->size;
}

static enum err read_bundle(const struct logd_log *log, uint8_t *buf,
    struct bytes *bundle, uint64_t index)
{
	struct tlog_tile tile = tlog_tile_of(log->size, 0, index);
	char path[TLOG_TILE_PATH_MAX];
	enum err e;

	*bundle = (struct bytes){ buf, 0 };
	tile.entries = true;
	(void)tlog_tile_path(path, &tile);
	e = fd_read_file_at(
	    buf, LOGD_BUNDLE_LEN_MAX, &bundle->len, log->public, path);
	if (e == ERR_OK &&
	    tlog_bundle_parse(*bundle, tile.width, NULL) != ERR_OK)
		e = ERR_AUTH;
	return e == ERR_NOTFOUND || e == ERR_LIMIT ? ERR_AUTH : e;
}

/*
 * Hand on the entries of one bundle, from number *index to number `end`. It may
 * be damaged since it was verified, so each entry's hash decides.
 */
static enum err each_entry(const struct logd_log *log, uint64_t *index,
    uint64_t end, struct bytes bundle, logd_entry_fn *fn, void *cookie)
{
	struct tlog_hash leaf;
	struct bytes entry;

	for (uint64_t i = *index - *index % TLOG_TILE_WIDTH;
	     i < end && tlog_bundle_next(&bundle, &entry); i++) {
		if (i < *index)
			continue;
		tlog_leaf_hash(&leaf, entry);
		if (!tlog_hash_eq(&leaf, &log->leaves->level[0][i]))
			return ERR_AUTH;
		fn(cookie, i, entry);
		*index = i + 1;
	}
	return ERR_OK;
}

enum err logd_log_each(const struct logd_log *log, uint64_t from, uint64_t end,
    logd_entry_fn *fn, void *cookie, struct err_ctx *ctx)
{
	uint8_t *buf = malloc(LOGD_BUNDLE_LEN_MAX);
	struct bytes bundle;
	enum err e = ERR_OK;

	if (buf == NULL)
		return err_set(ctx, ERR_NOMEM, "no memory for a bundle");
	end = end < log->size ? end : log->size;
	while (e == ERR_OK && from < end) {
		e = read_bundle(log, buf, &bundle, from);
		if (e == ERR_OK)
			e = each_entry(log, &from, end, bundle, fn, cookie);
	}
	free(buf);
	if (e == ERR_OK)
		return e;
	return err_set(ctx, e, "entry %llu: %s", (unsigned long long)from,
	    e == ERR_AUTH ? "its bundle is not what its tile says"
			  : "its bundle cannot be read");
}
