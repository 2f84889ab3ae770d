/* The model's file; see model_file.h. */
#include "engine/model_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/assert.h"

#define READ_LEN (1u << 20) /* at a time, so that `seen` finds it in a cache */

static enum err measure(
    struct model_file *s, const char *path, struct err_ctx *ctx)
{
	struct stat st;
	off_t end;

	if (fstat(s->fd, &st) != 0 ||
	    (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode)))
		return err_set(
		    ctx, ERR_IO, "%s: neither a regular file nor a disk", path);
	end = lseek(s->fd, 0, SEEK_END); /* st_size of a disk is 0 */
	if (end < 0 || lseek(s->fd, 0, SEEK_SET) != 0)
		return err_set(ctx, ERR_IO, "%s: cannot seek", path);
	if (end == 0)
		return err_set(ctx, ERR_TRUNCATED, "%s: empty file", path);
	s->len = (uint64_t)end;
	/* A wish. */
	(void)posix_fadvise(s->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	return ERR_OK;
}

enum err model_file_open(
    struct model_file *s, const char *path, struct err_ctx *ctx)
{
	/* Not blocking, so that a FIFO in the file's place does not hold us. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	enum err e;

	*s = (struct model_file){ .fd = fd };
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return err_set(ctx, ERR_NOTFOUND, "%s: no such file", path);
	if (fd < 0)
		return err_set(ctx, ERR_IO, "%s: cannot open", path);
	e = measure(s, path, ctx);
	if (e != ERR_OK)
		model_file_close(s);
	return e;
}

void model_file_image(struct model_file *s, struct bytes image)
{
	*s = (struct model_file){ .fd = -1, .image = image, .len = image.len };
}

/* 1 to n bytes that were not read before. */
static enum err read_some(struct model_file *s, uint8_t *out, size_t n,
    size_t *got, struct err_ctx *ctx)
{
	ssize_t r;

	if (s->fd < 0) {
		mem_copy(out, s->image.p + s->at, n);
		*got = n;
		return ERR_OK;
	}
	do {
		r = read(s->fd, out, n);
	} while (r < 0 && errno == EINTR);
	if (r < 0)
		return err_set(ctx, ERR_IO, "model: cannot read at offset %llu",
		    (unsigned long long)s->at);
	if (r == 0)
		return err_set(ctx, ERR_TRUNCATED,
		    "model: ends at %llu of %llu bytes",
		    (unsigned long long)s->at, (unsigned long long)s->len);
	*got = (size_t)r;
	return ERR_OK;
}

static size_t take_ahead(struct model_file *s, uint8_t *out, size_t n)
{
	size_t had = n < s->ahead.len ? n : s->ahead.len;

	if (had > 0) {
		mem_copy(out, s->ahead.p, had);
		s->ahead = mem_skip(s->ahead, had);
		s->at += had;
	}
	return had;
}

enum err model_file_read(
    struct model_file *s, uint8_t *out, size_t n, struct err_ctx *ctx)
{
	enum err e = ERR_OK;
	size_t had;

	if (n > s->len - s->at)
		return err_set(ctx, ERR_TRUNCATED,
		    "model: %zu bytes at offset %llu, but it has %llu", n,
		    (unsigned long long)s->at, (unsigned long long)s->len);
	for (had = take_ahead(s, out, n); had < n;) {
		size_t want = n - had < READ_LEN ? n - had : READ_LEN;
		size_t got;

		e = read_some(s, out + had, want, &got, ctx);
		if (e != ERR_OK)
			return e;
		if (s->seen != NULL)
			s->seen(s->cookie, (struct bytes){ out + had, got });
		s->at += got;
		had += got;
	}
	return ERR_OK;
}

void model_file_unread(struct model_file *s, struct bytes ahead)
{
	assert(s->ahead.len == 0 && ahead.len <= s->at);
	s->ahead = ahead;
	s->at -= ahead.len;
}

void model_file_close(struct model_file *s)
{
	if (s->fd > 0)
		(void)close(s->fd);
	*s = (struct model_file){ .fd = -1 };
}
