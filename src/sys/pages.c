/* Pages from the system; see pages.h. */
#include "sys/pages.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGES_READ_LEN (64u << 20) /* at a time; Linux moves at most 2 GiB */

enum err pages_alloc(struct pages *out, size_t len)
{
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	*out = (struct pages){ NULL, 0 };
	if (p == MAP_FAILED)
		return ERR_NOMEM;
	/* Both are wishes: older kernels may not know them. */
	(void)madvise(p, len, MADV_HUGEPAGE);
	(void)madvise(p, len, MADV_DONTDUMP);
	*out = (struct pages){ p, len };
	return ERR_OK;
}

static enum err read_all(
    int fd, const struct pages *to, const char *path, struct err_ctx *ctx)
{
	size_t got = 0;

	while (got < to->len) {
		size_t want = to->len - got;
		ssize_t n = read(fd, to->p + got,
		    want < PAGES_READ_LEN ? want : PAGES_READ_LEN);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(ctx, ERR_IO, "%s: cannot read", path);
		if (n == 0)
			return err_set(ctx, ERR_TRUNCATED,
			    "%s: ends at %zu of %zu bytes", path, got, to->len);
		got += (size_t)n;
	}
	return ERR_OK;
}

static enum err load_fd(
    struct pages *out, int fd, const char *path, struct err_ctx *ctx)
{
	struct stat st;
	enum err e;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return err_set(ctx, ERR_IO, "%s: not a regular file", path);
	if (st.st_size <= 0)
		return err_set(ctx, ERR_TRUNCATED, "%s: empty file", path);
	e = pages_alloc(out, (size_t)st.st_size);
	if (e != ERR_OK)
		return err_set(ctx, e, "%s: no memory for %zu bytes", path,
		    (size_t)st.st_size);
	e = read_all(fd, out, path, ctx);
	if (e == ERR_OK && mprotect(out->p, out->len, PROT_READ) != 0)
		e = err_set(ctx, ERR_IO, "%s: cannot protect memory", path);
	if (e != ERR_OK)
		pages_free(out);
	return e;
}

enum err pages_load(struct pages *out, const char *path, struct err_ctx *ctx)
{
	/* Not blocking, so that a FIFO in the file's place does not hold us. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	enum err e;

	*out = (struct pages){ NULL, 0 };
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return err_set(ctx, ERR_NOTFOUND, "%s: no such file", path);
	if (fd < 0)
		return err_set(ctx, ERR_IO, "%s: cannot open", path);
	e = load_fd(out, fd, path, ctx);
	(void)close(fd);
	return e;
}

void *pages_carve(struct pages_carver *c, size_t n, size_t size)
{
	void *p = c->base != NULL ? c->base + c->len : NULL;

	c->len += (n * size + PAGES_LINE - 1) / PAGES_LINE * PAGES_LINE;
	return p;
}

void pages_free(struct pages *p)
{
	if (p->p != NULL)
		(void)munmap(p->p, p->len);
	*p = (struct pages){ NULL, 0 };
}
