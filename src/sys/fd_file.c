/*
 * Whole files. What a name means can change under us, so each file is opened
 * once and everything else is asked of the descriptor.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h> /* renameat() */
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fmt.h"
#include "sys/fd.h"

static enum err err_of_errno(int e)
{
	switch (e) {
	case ENOENT:
	case ENOTDIR:
		return ERR_NOTFOUND;
	case ENOSPC:
	case EDQUOT:
		return ERR_NOSPACE;
	case ENOMEM:
		return ERR_NOMEM;
	default:
		return ERR_IO;
	}
}

/* What was tried, on which path, and the system's word for why not. */
static enum err failed(struct err_ctx *ctx, const char *what, const char *path)
{
	int e = errno;

	return err_set(ctx, err_of_errno(e), "cannot %s %.*s: %s", what, 90,
	    path, strerrordesc_np(e));
}

/* Open a regular file for reading; *size is its length. */
static enum err open_regular(
    int *fd, size_t *size, int dir_fd, const char *path, int flags)
{
	struct stat st = { 0 };

	*size = 0;
	*fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | flags);
	if (*fd < 0)
		return err_of_errno(errno);
	if (fstat(*fd, &st) == 0 && S_ISREG(st.st_mode)) {
		*size = (size_t)st.st_size;
		return ERR_OK;
	}
	fd_close(fd);
	errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
	return ERR_IO;
}

/* The file may grow while we read: cap decides, not the size it had. */
static enum err read_to_end(int fd, void *out, size_t cap, size_t *len)
{
	uint8_t *p = out;
	uint8_t extra;
	size_t step = 0;
	enum err e = ERR_OK;

	*len = 0;
	while (e == ERR_OK && *len < cap) {
		e = fd_read_some(fd, p + *len, cap - *len, &step);
		*len += step;
	}
	if (e == ERR_OK) {
		e = fd_read_some(fd, &extra, 1, &step);
		if (e == ERR_OK)
			e = ERR_LIMIT;
	}
	return e == ERR_CLOSED ? ERR_OK : e;
}

enum err fd_read_file_at(
    void *out, size_t cap, size_t *len, int dir_fd, const char *name)
{
	size_t size;
	int fd;
	enum err e = open_regular(&fd, &size, dir_fd, name, O_NOFOLLOW);

	*len = 0;
	if (e != ERR_OK)
		return e;
	e = read_to_end(fd, out, cap, len);
	fd_close(&fd);
	if (e != ERR_OK)
		*len = 0;
	return e;
}

enum err fd_read_file(
    void *out, size_t cap, size_t *len, const char *path, struct err_ctx *ctx)
{
	size_t size;
	int fd;
	enum err e = open_regular(&fd, &size, AT_FDCWD, path, 0);

	*len = 0;
	if (e != ERR_OK)
		return failed(ctx, "open", path);
	e = read_to_end(fd, out, cap, len);
	if (e == ERR_LIMIT)
		e = err_set(
		    ctx, e, "%.*s is longer than %zu bytes", 90, path, cap);
	else if (e != ERR_OK)
		e = failed(ctx, "read", path);
	fd_close(&fd);
	if (e != ERR_OK)
		*len = 0;
	return e;
}

/* Split path into its directory (copied to dir) and its last name. */
static enum err split(char dir[FD_PATH_MAX], const char **name,
    const char *path, struct err_ctx *ctx)
{
	const char *slash = strrchr(path, '/');
	size_t n = slash == NULL ? 0 : (size_t)(slash - path);

	*name = slash == NULL ? path : slash + 1;
	if (n >= FD_PATH_MAX || strlen(*name) > FD_NAME_MAX - 8)
		return err_set(
		    ctx, ERR_LIMIT, "path %.*s is too long", 90, path);
	if (**name == 0)
		return err_set(
		    ctx, ERR_FORMAT, "path %.*s names no file", 90, path);
	if (slash == NULL)
		(void)fmt_print(dir, FD_PATH_MAX, ".");
	else
		(void)fmt_print(
		    dir, FD_PATH_MAX, "%.*s", n == 0 ? 1 : (int)n, path);
	return ERR_OK;
}

/* Create tmp in dir_fd, fill it, and see it safely on the disk. */
static enum err write_temporary(
    int dir_fd, const char *tmp, struct bytes content, unsigned mode)
{
	enum err e;
	int fd = openat(dir_fd, tmp,
	    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, mode);

	if (fd < 0)
		return err_of_errno(errno);
	e = fd_write_full(fd, content.p, content.len, FD_NO_DEADLINE);
	if (e == ERR_OK && fsync(fd) != 0)
		e = err_of_errno(errno);
	fd_close(&fd);
	return e;
}

enum err fd_replace_file(
    const char *path, struct bytes content, unsigned mode, struct err_ctx *ctx)
{
	char dir[FD_PATH_MAX];
	char tmp[FD_NAME_MAX + 1];
	const char *name;
	int dir_fd;
	enum err e = split(dir, &name, path, ctx);

	if (e != ERR_OK)
		return e;
	/* Another process may be replacing the same file. */
	(void)fmt_print(tmp, sizeof(tmp), ".%.*s.%d.tmp", FD_NAME_MAX - 20,
	    name, (int)getpid());
	dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0)
		return failed(ctx, "open directory", dir);
	e = write_temporary(dir_fd, tmp, content, mode);
	if (e == ERR_OK && renameat(dir_fd, tmp, dir_fd, name) != 0)
		e = err_of_errno(errno);
	if (e != ERR_OK) {
		(void)failed(ctx, "write", path);
		(void)unlinkat(dir_fd, tmp, 0);
	} else if (fsync(dir_fd) != 0) {
		e = failed(ctx, "write", path);
	}
	fd_close(&dir_fd);
	return e;
}

enum err fd_make_dirs(const char *path, struct err_ctx *ctx)
{
	char part[FD_PATH_MAX];
	size_t n = strlen(path);
	struct stat st;

	if (n == 0 || n >= sizeof(part))
		return err_set(
		    ctx, ERR_LIMIT, "directory path is empty or too long");
	for (size_t i = 1; i <= n; i++) {
		if (path[i] != '/' && path[i] != 0)
			continue;
		memcpy(part, path, i);
		part[i] = 0;
		if (mkdir(part, 0700) != 0 && errno != EEXIST)
			return failed(ctx, "make directory", part);
	}
	if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode)) {
		errno = ENOTDIR;
		return failed(ctx, "use", path);
	}
	return ERR_OK;
}

/* Map all of *fd, and close it. */
static enum err map_and_close(struct fd_map *out, int *fd, size_t size)
{
	void *p = NULL;
	enum err e = ERR_OK;

	if (size > 0) {
		p = mmap(NULL, size, PROT_READ, MAP_PRIVATE, *fd, 0);
		if (p == MAP_FAILED)
			e = err_of_errno(errno);
	}
	fd_close(fd);
	if (e == ERR_OK)
		*out = (struct fd_map){ .p = p, .len = size };
	return e;
}

enum err fd_map_open(struct fd_map *out, const char *path, struct err_ctx *ctx)
{
	size_t size;
	int fd;

	*out = (struct fd_map){ 0 };
	if (open_regular(&fd, &size, AT_FDCWD, path, 0) != ERR_OK)
		return failed(ctx, "open", path);
	if (map_and_close(out, &fd, size) != ERR_OK)
		return failed(ctx, "map", path);
	return ERR_OK;
}

/* The directory in *at that holds the last name of `path`; *name is that. */
static enum err walk(int *at, const char **name, int dir_fd, const char *path)
{
	char part[FD_NAME_MAX + 1];

	*at = openat(dir_fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (*name = path; *at >= 0;) {
		const char *slash = strchr(*name, '/');
		const size_t n = slash == NULL ? 0 : (size_t)(slash - *name);
		int next;

		if (slash == NULL)
			return ERR_OK;
		if (n >= sizeof(part))
			return ERR_NOTFOUND;
		memcpy(part, *name, n);
		part[n] = 0;
		if (strcmp(part, "..") == 0)
			return ERR_NOTFOUND;
		next = openat(
		    *at, part, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		fd_close(at);
		*at = next;
		*name = slash + 1;
	}
	return err_of_errno(errno);
}

enum err fd_map_open_at(struct fd_map *out, int dir_fd, const char *path)
{
	const char *name;
	size_t size;
	int at, fd;
	enum err e = walk(&at, &name, dir_fd, path);

	*out = (struct fd_map){ 0 };
	if (e == ERR_OK)
		e = open_regular(&fd, &size, at, name, O_NOFOLLOW);
	fd_close(&at);
	return e == ERR_OK ? map_and_close(out, &fd, size) : e;
}

void fd_map_close(struct fd_map *m)
{
	union {
		const uint8_t *in;
		void *out;
	} p = { .in = m->p }; /* munmap wants it writable in the type only */

	if (p.out != NULL)
		(void)munmap(p.out, m->len);
	*m = (struct fd_map){ 0 };
}
