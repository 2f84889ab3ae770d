#include "logd/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h> /* renameat() */
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/fmt.h"
#include "sys/fd.h"
#include "tlog/text.h"

#define COMPARE_LEN 8192 /* bytes of a file compared at a time */

static enum err failed_as(
    struct err_ctx *ctx, enum err e, const char *what, const char *path)
{
	return err_set(ctx, e, "cannot %s %.*s: %s", what, 80, path,
	    strerrordesc_np(errno));
}

/* A failure that leaves things as they were: a full disk is told apart. */
static enum err failed(struct err_ctx *ctx, const char *what, const char *path)
{
	bool full = errno == ENOSPC || errno == EDQUOT;

	return failed_as(ctx, full ? ERR_NOSPACE : ERR_IO, what, path);
}

/* A failure after which the disk's content is not known. */
static enum err lost(struct err_ctx *ctx, const char *what, const char *path)
{
	return failed_as(ctx, ERR_IO, what, path);
}

static enum err sync_fd(int fd, const char *path, struct err_ctx *ctx)
{
	return fsync(fd) == 0 ? ERR_OK : lost(ctx, "see on disk", path);
}

enum err logd_store_lock(
    int *fd, int dir, const char *name, struct err_ctx *ctx)
{
	enum err e;

	*fd =
	    openat(dir, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (*fd < 0)
		return failed(ctx, "open", name);
	if (flock(*fd, LOCK_EX | LOCK_NB) == 0)
		return ERR_OK;
	if (errno == EWOULDBLOCK)
		e = err_set(ctx, ERR_BUSY, "another process holds the lock");
	else
		e = failed(ctx, "lock", name);
	fd_close(fd);
	return e;
}

static enum err write_all(
    int fd, struct bytes content, const char *path, struct err_ctx *ctx)
{
	size_t done = 0;

	while (done < content.len) {
		ssize_t n = write(fd, content.p + done, content.len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return failed(ctx, "write", path);
		done += (size_t)n;
	}
	return ERR_OK;
}

/*
 * The content in dir under the temporary name, on disk. What an earlier run left
 * there may be a second name of a finished file, so it is removed, never
 * written to.
 */
static enum err write_tmp(int dir, struct bytes content, unsigned mode,
    const char *path, struct err_ctx *ctx)
{
	enum err e;
	int fd;

	if (unlinkat(dir, LOGD_STORE_TMP, 0) != 0 && errno != ENOENT)
		return lost(ctx, "make room for", path);
	fd = openat(dir, LOGD_STORE_TMP,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	if (fd < 0)
		return failed(ctx, "create", path);
	e = write_all(fd, content, path, ctx);
	if (e == ERR_OK)
		e = sync_fd(fd, path, ctx);
	if (close(fd) != 0)
		e = lost(ctx, "close", path);
	if (e == ERR_NOSPACE && unlinkat(dir, LOGD_STORE_TMP, 0) != 0)
		e = lost(ctx, "take back", path);
	return e;
}

enum err logd_store_replace(int dir, const char *name, struct bytes content,
    unsigned mode, struct err_ctx *ctx)
{
	enum err e = write_tmp(dir, content, mode, name, ctx);

	if (e != ERR_OK)
		return e;
	if (renameat(dir, LOGD_STORE_TMP, dir, name) != 0)
		return lost(ctx, "rename", name);
	return sync_fd(dir, name, ctx);
}

enum err logd_store_remove(int dir, const char *name, struct err_ctx *ctx)
{
	if (unlinkat(dir, name, 0) != 0)
		return errno == ENOENT ? ERR_OK : lost(ctx, "remove", name);
	return sync_fd(dir, name, ctx);
}

enum err logd_store_sync(int dir, const char *name, struct err_ctx *ctx)
{
	return sync_fd(dir, name, ctx);
}

enum err logd_store_has(int dir, const char *path)
{
	if (faccessat(dir, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return ERR_OK;
	return errno == ENOENT ? ERR_NOTFOUND : ERR_IO;
}

/* ---- files that are never replaced ---------------------------------------- */

/* Go from the directory *at into `name`, which is made if it is not there. */
static enum err enter(
    int *at, const char *name, bool again, struct err_ctx *ctx)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(*at, name, flags);
	enum err e = ERR_OK;

	if (fd < 0 && errno == ENOENT) {
		if (mkdirat(*at, name, 0755) != 0)
			return failed(ctx, "make directory", name);
		again = true;
		fd = openat(*at, name, flags);
	}
	if (fd < 0)
		return failed(ctx, "open directory", name);
	if (again)
		e = sync_fd(*at, name, ctx);
	fd_close(at);
	*at = fd;
	return e;
}

/* Open the directory of `path`, which *name then is a name in. */
static enum err open_parent(int *at, const char **name, int dir,
    const char *path, bool again, struct err_ctx *ctx)
{
	char part[FD_NAME_MAX + 1];
	enum err e = ERR_OK;

	*name = path;
	*at = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*at < 0)
		return failed(ctx, "open the directory of", path);
	for (const char *slash; e == ERR_OK; *name = slash + 1) {
		slash = strchr(*name, '/');
		if (slash == NULL)
			break;
		if (fmt_print(part, sizeof(part), "%.*s", (int)(slash - *name),
			*name) >= sizeof(part))
			return err_set(ctx, ERR_LIMIT, "%.*s: a name of %d", 80,
			    path, (int)(slash - *name));
		e = enter(at, part, again, ctx);
	}
	return e;
}

/* Has the file exactly these bytes? */
static enum err check_same(int dir, const char *name, struct bytes want,
    const char *path, struct err_ctx *ctx)
{
	uint8_t got[COMPARE_LEN];
	size_t done = 0;
	enum err e = ERR_OK;
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return failed(ctx, "open", path);
	while (e == ERR_OK) {
		size_t n = 0;

		e = fd_read_some(fd, got, sizeof(got), &n);
		if (e == ERR_OK && (n > want.len - done ||
				       !mem_eq((struct bytes){ got, n },
					   (struct bytes){ want.p + done, n })))
			e = ERR_AUTH;
		done += n;
	}
	if (e == ERR_CLOSED)
		e = done == want.len ? ERR_OK : ERR_AUTH;
	else if (e != ERR_AUTH)
		e = failed(ctx, "read", path);
	fd_close(&fd);
	if (e == ERR_AUTH)
		(void)err_set(
		    ctx, e, "%.*s is there with other bytes", 80, path);
	return e;
}

enum err logd_store_put(int dir, const char *path, struct bytes content,
    bool again, struct err_ctx *ctx)
{
	const char *name;
	int at;
	enum err e = open_parent(&at, &name, dir, path, again, ctx);

	if (e == ERR_OK)
		e = write_tmp(at, content, 0444, path, ctx);
	if (e == ERR_OK) {
		if (linkat(at, LOGD_STORE_TMP, at, name, 0) != 0)
			e = errno == EEXIST
				? check_same(at, name, content, path, ctx)
				: failed(ctx, "link", path);
		if (unlinkat(at, LOGD_STORE_TMP, 0) != 0 && e == ERR_OK)
			e = lost(ctx, "remove the temporary file of", path);
	}
	if (e == ERR_OK)
		e = sync_fd(at, path, ctx);
	fd_close(&at);
	return e;
}

/* ---- room, and what is in the way ------------------------------------------ */

enum err logd_store_reserve(int dir, uint64_t need, struct err_ctx *ctx)
{
	struct statvfs st;
	uint64_t free_bytes;

	if (fstatvfs(dir, &st) != 0)
		return failed_as(ctx, ERR_IO, "ask for", "free space");
	if (__builtin_mul_overflow(st.f_bavail, st.f_frsize, &free_bytes))
		free_bytes = UINT64_MAX;
	if (free_bytes < need)
		return err_set(ctx, ERR_NOSPACE,
		    "the disk has %llu MiB left, less than the %llu MiB that "
		    "are kept free",
		    (unsigned long long)(free_bytes >> 20),
		    (unsigned long long)(need >> 20));
	return ERR_OK;
}

/* The directory at path as a stream, NULL with errno if there is none. */
static DIR *open_dir(int dir, const char *path)
{
	int fd =
	    openat(dir, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (d == NULL)
		fd_close(&fd);
	return d;
}

/* NULL with errno 0 is the end, with another a failure. */
static const struct dirent *next(DIR *d)
{
	errno = 0;
	return readdir(d);
}

enum err logd_store_widest(
    unsigned *out, int dir, const char *path, struct err_ctx *ctx)
{
	const struct dirent *entry;
	DIR *d = open_dir(dir, path);
	enum err e = ERR_OK;

	*out = 0;
	if (d == NULL)
		return errno == ENOENT ? ERR_OK : lost(ctx, "read", path);
	while ((entry = next(d)) != NULL) {
		const struct bytes name = { (const uint8_t *)entry->d_name,
			strlen(entry->d_name) };
		uint64_t width;

		if (tlog_text_decimal(&width, name, UINT16_MAX) == ERR_OK &&
		    width > *out)
			*out = (unsigned)width;
	}
	if (errno != 0)
		e = lost(ctx, "read", path);
	(void)closedir(d);
	return e;
}

void logd_store_drop(int dir, const char *path)
{
	const struct dirent *entry;
	DIR *d = open_dir(dir, path);

	if (d == NULL)
		return;
	while ((entry = readdir(d)) != NULL) {
		if (entry->d_name[0] != '.' ||
		    strcmp(entry->d_name, LOGD_STORE_TMP) == 0)
			(void)unlinkat(dirfd(d), entry->d_name, 0);
	}
	(void)closedir(d);
	(void)unlinkat(dir, path, AT_REMOVEDIR);
}
