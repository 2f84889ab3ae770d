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

/* Entry number i of a bundle that has so many. */
static struct bytes entry_of(struct bytes bundle, uint64_t i)
{
	struct bytes entry = { 0 };

	do {
		if (!tlog_bundle_next(&bundle, &entry))
			return (struct bytes){ 0 };
	} while (i-- > 0);
	return entry;
}

/* The bundle may be damaged since it was verified, so its hash decides. */
static enum err take_entry(const struct logd_log *log, uint64_t index,
    struct bytes bundle, unsigned width, struct bytes *entry)
{
	struct tlog_hash leaf;

	if (tlog_bundle_parse(bundle, width, NULL) != ERR_OK)
		return ERR_AUTH;
	*entry = entry_of(bundle, index % TLOG_TILE_WIDTH);
	tlog_leaf_hash(&leaf, *entry);
	return tlog_hash_eq(&leaf, &log->leaves->level[0][index]) ? ERR_OK
								  : ERR_AUTH;
}

enum err logd_log_read(const struct logd_log *log, uint64_t index, uint8_t *out,
    size_t cap, size_t *len)
{
	char path[TLOG_TILE_PATH_MAX];
	struct bytes entry = { 0 };
	struct tlog_tile tile;
	uint8_t *buf;
	size_t n;
	enum err e;

	*len = 0;
	if (index >= log->size)
		return ERR_NOTFOUND;
	buf = malloc(LOGD_BUNDLE_LEN_MAX);
	if (buf == NULL)
		return ERR_NOMEM;
	tile = tlog_tile_of(log->size, 0, index);
	tile.entries = true;
	(void)tlog_tile_path(path, &tile);
	e = fd_read_file_at(buf, LOGD_BUNDLE_LEN_MAX, &n, log->public, path);
	if (e == ERR_NOTFOUND || e == ERR_LIMIT)
		e = ERR_AUTH;
	if (e == ERR_OK)
		e = take_entry(
		    log, index, (struct bytes){ buf, n }, tile.width, &entry);
	if (e == ERR_OK && entry.len > cap)
		e = ERR_NOSPACE;
	if (e == ERR_OK) {
		mem_copy(out, entry.p, entry.len);
		*len = entry.len;
	}
	free(buf);
	return e;
}
