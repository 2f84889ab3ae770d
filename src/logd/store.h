/*
 * Files that are on the disk whole or not at all, also after a power cut, in
 * directories that one process writes to. What failed matters here: after
 * ERR_NOSPACE nothing has changed, after ERR_IO nobody knows what the disk has,
 * and the caller writes nothing more . docs/log.md, section 11.
 */
#ifndef CONFER_LOGD_STORE_H
#define CONFER_LOGD_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"

/* The one temporary name of each directory, since there is one writer. */
#define LOGD_STORE_TMP ".tmp"

/*
 * Hold `name` in dir locked [L-141] for this process until *fd is closed, or the
 * process ends in any way. ERR_BUSY: another one has it; ERR_IO, ERR_NOSPACE.
 */
enum err logd_store_lock(int *fd, int dir, const char *name,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/*
 * Put a file in place of the one of this name in dir, if there is one: temporary
 * file, fsync, close, rename, fsync of dir. ERR_NOSPACE: there was no room to
 * write it, and nothing has changed; ERR_IO: the file may be the old or the new
 * one.
 */
enum err logd_store_replace(int dir, const char *name, struct bytes content,
    unsigned mode, struct err_ctx *ctx) __attribute__((warn_unused_result));

/*
 * Make the file at `path` below dir, mode 0444, and the directories above it. A
 * file is never replaced: one that is there has to have the same bytes (else
 * ERR_AUTH). `again`: an earlier run may have been cut short, so directories
 * that are there are made durable too. ERR_NOSPACE: no room; ERR_IO.
 */
enum err logd_store_put(int dir, const char *path, struct bytes content,
    bool again, struct err_ctx *ctx) __attribute__((warn_unused_result));

/* Remove the file durably, if it is there. ERR_IO. */
enum err logd_store_remove(int dir, const char *name, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/*
 * See the names in dir, which is called `name`, on disk: who was killed after a
 * rename has left one that everybody sees, and that a power cut takes back.
 * ERR_IO.
 */
enum err logd_store_sync(int dir, const char *name, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/* ERR_OK: there is something of this name; ERR_NOTFOUND; ERR_IO. */
enum err logd_store_has(int dir, const char *path)
    __attribute__((warn_unused_result));

/* Is there room for `need` bytes, as the file system of dir says? ERR_NOSPACE,
 * ERR_IO. */
enum err logd_store_reserve(int dir, uint64_t need, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/*
 * For the directories of partial tiles, whose files have widths for names: the
 * largest width in the directory at path, 0 without one; ERR_IO.
 */
enum err logd_store_widest(unsigned *out, int dir, const char *path,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/* Delete such a directory and its files, as far as that goes. */
void logd_store_drop(int dir, const char *path);

#endif
