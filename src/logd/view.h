/*
 * A view: one place from which a log can be read, a directory on disk or the
 * URL of a server; by whoever stands behind it, so nothing it says is believed.
 * Paths are those of tlog-tiles: `checkpoint`, `tile/...`.
 */
#ifndef CONFER_LOGD_VIEW_H
#define CONFER_LOGD_VIEW_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "sys/fd.h"
#include "tlog/tree.h"

#define LOGD_WHERE_MAX       2048
#define LOGD_VIEW_TIMEOUT_MS 10000 /* for one resource [L-116] */
#define LOGD_BUNDLE_LEN_MAX  (TLOG_TILE_WIDTH * (2 + 16384)) /* [L-05] */

/* Safe to read from several threads. */
struct logd_view {
	char where[LOGD_WHERE_MAX]; /* as given, for messages */
	int dir;                    /* of a directory; -1: a server */
	const char *ca_file;        /* PEM roots for https; or NULL */
	unsigned timeout_ms;        /* LOGD_VIEW_TIMEOUT_MS; may be changed */
};

/* clang-format off */
#define LOGD_VIEW_INIT { .dir = -1 }
/* clang-format on */

/*
 * `where` is a directory, http(s)://HOST/PREFIX, or unix:PATH (a socket on
 * which `confer-log serve` listens). Nothing is read yet. ERR_FORMAT,
 * ERR_UNSUPPORTED (another scheme), ERR_LIMIT, ERR_NOTFOUND, ERR_IO.
 */
enum err logd_view_open(struct logd_view *v, const char *where,
    const char *ca_file, struct err_ctx *ctx)
    __attribute__((warn_unused_result));
void logd_view_close(struct logd_view *v);

/*
 * Read one resource of at most cap bytes; its path has names of A-Z a-z 0-9 . _
 * - that do not begin with a dot (else ERR_FORMAT). ERR_NOTFOUND: the view says
 * that it has none (404, no such file); ERR_LIMIT: longer; else a failure of
 * reaching or reading it (ERR_IO, ERR_TIMEOUT, ERR_PROTOCOL, ...; of those
 * http_unreachable() tells which). ctx holds a sentence that names the place.
 * No symbolic link below a directory is followed.
 */
enum err logd_view_read(const struct logd_view *v, const char *path,
    uint8_t *out, size_t cap, size_t *len, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/*
 * Read the tile or bundle. A partial one may have been deleted in favour of the
 * full one, which is read and cut then: a bundle needs a cap for all of it. A
 * tile is exactly width hashes (else ERR_FORMAT; ERR_NOSPACE: above cap); a
 * bundle is checked with tlog_bundle_parse, and *len is that of its first
 * `width` entries. Errors else as logd_view_read.
 */
enum err logd_view_tile(const struct logd_view *v, const struct tlog_tile *tile,
    uint8_t *out, size_t cap, size_t *len, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/* The tiles of a tree of `size` entries at this view, which stays borrowed. */
struct tlog_tiles logd_view_tiles(const struct logd_view *v, uint64_t size);

#endif
