#include "enclave/source_os.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/clock.h"

/* ---- the calls themselves ------------------------------------------------- */

static int open_at(int dir_fd, const char *path, int flags)
{
	return openat(dir_fd, path, flags | O_CLOEXEC);
}

static int make_dir_at(int dir_fd, const char *name)
{
	return mkdirat(dir_fd, name, 0700);
}

static int remove_dir_at(int dir_fd, const char *name)
{
	return unlinkat(dir_fd, name, AT_REMOVEDIR);
}

static int device_ioctl(int fd, unsigned long request, void *arg)
{
	return ioctl(fd, request, arg);
}

static void wait_ms(unsigned ms)
{
	(void)poll(NULL, 0, (int)ms);
}

const struct source_os source_os_linux = {
	.open_at = open_at,
	.close = close,
	.read = read,
	.write = write,
	.make_dir_at = make_dir_at,
	.remove_dir_at = remove_dir_at,
	.ioctl = device_ioctl,
	.mono_ms = clock_mono_ms,
	.wait_ms = wait_ms,
};

/* ---- files ---------------------------------------------------------------- */

enum err source_errno(int e)
{
	switch (e) {
	case ENOENT:
	case ENOTDIR:
	case ENODEV:
	case ENXIO:
		return ERR_NOTFOUND;
	case EAGAIN: /* and EWOULDBLOCK */
	case EBUSY:
	case EINTR:
	case ETXTBSY:
		return ERR_BUSY;
	case EFBIG:
	case E2BIG:
		return ERR_LIMIT;
	case ETIMEDOUT:
		return ERR_TIMEOUT;
	default:
		return ERR_IO;
	}
}

/* To the end of the file; one byte more than cap is too long. */
static enum err read_to_end(
    const struct source_os *os, int fd, uint8_t *out, size_t cap, size_t *len)
{
	uint8_t more;

	for (*len = 0;;) {
		bool full = *len == cap;
		ssize_t n = os->read(
		    fd, full ? &more : out + *len, full ? 1 : cap - *len);

		if (n < 0)
			return source_errno(errno);
		if (n == 0)
			return ERR_OK;
		if (full)
			return ERR_LIMIT;
		*len += (size_t)n;
	}
}

enum err source_read(const struct source_os *os, int dir_fd, const char *path,
    void *out, size_t cap, size_t *len)
{
	int fd = os->open_at(dir_fd, path, O_RDONLY);
	enum err e;

	*len = 0;
	if (fd < 0)
		return source_errno(errno);
	e = read_to_end(os, fd, out, cap, len);
	(void)os->close(fd);
	if (e != ERR_OK)
		*len = 0;
	return e;
}

enum err source_write(const struct source_os *os, int dir_fd, const char *path,
    const void *p, size_t len)
{
	int fd = os->open_at(dir_fd, path, O_WRONLY);
	ssize_t n;
	enum err e = ERR_OK;

	if (fd < 0)
		return source_errno(errno);
	n = os->write(fd, p, len);
	if (n < 0)
		e = source_errno(errno);
	else if ((size_t)n != len)
		e = ERR_IO;
	/* The kernel takes a binary attribute when it is closed. */
	if (os->close(fd) != 0 && e == ERR_OK)
		e = source_errno(errno);
	return e;
}
