/*
 * File descriptors: whole reads and writes with a deadline, read-only maps,
 * files replaced in one step. Every function copes with EINTR and with
 * blocking and non-blocking descriptors alike.
 */
#ifndef CONFER_SYS_FD_H
#define CONFER_SYS_FD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"

#define FD_NO_DEADLINE UINT64_MAX
#define FD_PATH_MAX    4096 /* Linux' own limit, with the NUL */
#define FD_NAME_MAX    255  /* one component of a path, without the NUL */

/* Close *fd if it is open, and set it to -1. */
void fd_close(int *fd);

/* Close whatever was inherited from number `first` up. */
void fd_close_from(int first);

/*
 * Read exactly n bytes before the moment deadline_ms of clock_mono_ms().
 * ERR_CLOSED: the stream ended before the first byte; ERR_TRUNCATED: later;
 * ERR_TIMEOUT; ERR_IO.
 */
enum err fd_read_full(int fd, void *out, size_t n, uint64_t deadline_ms)
    __attribute__((warn_unused_result));

/* Write all n bytes. ERR_CLOSED: nobody reads any more; ERR_TIMEOUT; ERR_IO. */
enum err fd_write_full(int fd, const void *p, size_t n, uint64_t deadline_ms)
    __attribute__((warn_unused_result));

/*
 * One read or write that does not wait, for non-blocking descriptors. *n is
 * the number of bytes moved. ERR_AGAIN: would wait; ERR_CLOSED; ERR_IO.
 * Writing to a closed socket raises no signal.
 */
enum err fd_read_some(int fd, void *out, size_t cap, size_t *n)
    __attribute__((warn_unused_result));
enum err fd_write_some(int fd, const void *p, size_t len, size_t *n)
    __attribute__((warn_unused_result));

/*
 * Wait until fd can be read or, if `writable`, written. ERR_TIMEOUT: at
 * deadline_ms of clock_mono_ms(); ERR_AGAIN: a signal handler ran; ERR_IO.
 */
enum err fd_wait(int fd, bool writable, uint64_t deadline_ms)
    __attribute__((warn_unused_result));

/* O_NONBLOCK on or off. ERR_IO if fd is not open. */
enum err fd_set_blocking(int fd, bool blocking)
    __attribute__((warn_unused_result));

/*
 * Read a whole regular file of at most cap bytes. ERR_NOTFOUND, ERR_LIMIT when
 * it is longer, ERR_IO. ctx names the file and the reason. The _at form looks
 * the name up below the open directory dir_fd and follows no symbolic link.
 */
enum err fd_read_file(void *out, size_t cap, size_t *len, const char *path,
    struct err_ctx *ctx) __attribute__((warn_unused_result));
enum err fd_read_file_at(void *out, size_t cap, size_t *len, int dir_fd,
    const char *name) __attribute__((warn_unused_result));

/*
 * Put `content` in place of the file at path so that a reader sees the old or
 * the new file, whole, also after a power cut: temporary file beside it, fsync,
 * rename, fsync of the directory. `mode` as for open(2). ERR_NOSPACE when the
 * disk is full; the old file is then untouched.
 */
enum err fd_replace_file(const char *path, struct bytes content, unsigned mode,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/* Make path and what is missing above it, mode 0700. Existing ones stay. */
enum err fd_make_dirs(const char *path, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/* A file seen as memory. p is NULL for an empty file. */
struct fd_map {
	const uint8_t *p;
	size_t len;
};

/*
 * Map a regular file read-only. ERR_NOTFOUND, ERR_IO, ERR_NOMEM. The _at form
 * walks the path below the open directory dir_fd: it follows no symbolic link,
 * at its end (ERR_IO) or before (ERR_NOTFOUND), and no "..".
 */
enum err fd_map_open(struct fd_map *out, const char *path, struct err_ctx *ctx)
    __attribute__((warn_unused_result));
enum err fd_map_open_at(struct fd_map *out, int dir_fd, const char *path)
    __attribute__((warn_unused_result));
void fd_map_close(struct fd_map *m);

#endif
