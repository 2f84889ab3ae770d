#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/assert.h"
#include "sys/clock.h"

void fd_close(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd); /* Linux closes it even on EINTR */
	*fd = -1;
}

void fd_close_from(int first)
{
	/* Needs Linux 5.9; Debian 12 has 6.1. */
	(void)close_range((unsigned)first, ~0u, 0);
}

enum err fd_read_some(int fd, void *out, size_t cap, size_t *n)
{
	ssize_t got;

	*n = 0;
	do {
		got = read(fd, out, cap);
	} while (got < 0 && errno == EINTR);
	if (got < 0 && errno == EAGAIN)
		return ERR_AGAIN;
	if (got < 0)
		return errno == ECONNRESET ? ERR_CLOSED : ERR_IO;
	if (got == 0 && cap > 0)
		return ERR_CLOSED;
	*n = (size_t)got;
	return ERR_OK;
}

enum err fd_write_some(int fd, const void *p, size_t len, size_t *n)
{
	ssize_t put;

	*n = 0;
	do {
		put = send(fd, p, len, MSG_NOSIGNAL);
		if (put < 0 && errno == ENOTSOCK)
			put = write(fd, p, len);
	} while (put < 0 && errno == EINTR);
	if (put < 0 && errno == EAGAIN)
		return ERR_AGAIN;
	if (put < 0 && errno == ENOSPC)
		return ERR_NOSPACE;
	if (put < 0)
		return errno == EPIPE || errno == ECONNRESET ? ERR_CLOSED
							     : ERR_IO;
	*n = (size_t)put;
	return ERR_OK;
}

/* One poll: ERR_TIMEOUT at the deadline, ERR_AGAIN before it or by a signal. */
static enum err poll_once(int fd, short events, uint64_t deadline_ms)
{
	struct pollfd pf = { .fd = fd, .events = events };
	uint64_t now = clock_mono_ms();
	int timeout = -1;
	int rc;

	if (deadline_ms != FD_NO_DEADLINE) {
		uint64_t left = now < deadline_ms ? deadline_ms - now : 0;

		timeout = left > 60000 ? 60000 : (int)left;
	}
	rc = poll(&pf, 1, timeout);
	if (rc > 0)
		return (pf.revents & POLLNVAL) != 0 ? ERR_IO : ERR_OK;
	if (rc < 0)
		return errno == EINTR ? ERR_AGAIN : ERR_IO;
	return clock_mono_ms() >= deadline_ms ? ERR_TIMEOUT : ERR_AGAIN;
}

enum err fd_wait(int fd, bool writable, uint64_t deadline_ms)
{
	const int events = POLLIN | (writable ? POLLOUT : 0);

	return poll_once(fd, (short)events, deadline_ms);
}

/* Wait until fd is ready for `events`; ERR_TIMEOUT at the deadline. */
static enum err wait_ready(int fd, short events, uint64_t deadline_ms)
{
	enum err e;

	do {
		e = poll_once(fd, events, deadline_ms);
	} while (e == ERR_AGAIN);
	return e;
}

enum err fd_read_full(int fd, void *out, size_t n, uint64_t deadline_ms)
{
	uint8_t *p = out;
	size_t got = 0;

	while (got < n) {
		size_t step;
		enum err e = wait_ready(fd, POLLIN, deadline_ms);

		if (e == ERR_OK)
			e = fd_read_some(fd, p + got, n - got, &step);
		if (e == ERR_AGAIN)
			continue;
		if (e == ERR_CLOSED && got > 0)
			return ERR_TRUNCATED;
		if (e != ERR_OK)
			return e;
		got += step;
	}
	return ERR_OK;
}

enum err fd_write_full(int fd, const void *p, size_t n, uint64_t deadline_ms)
{
	const uint8_t *from = p;
	size_t put = 0;

	while (put < n) {
		size_t step;
		enum err e = wait_ready(fd, POLLOUT, deadline_ms);

		if (e == ERR_OK)
			e = fd_write_some(fd, from + put, n - put, &step);
		if (e == ERR_AGAIN)
			continue;
		if (e != ERR_OK)
			return e;
		put += step;
	}
	return ERR_OK;
}

enum err fd_set_blocking(int fd, bool blocking)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0)
		return ERR_IO;
	flags = blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK;
	return fcntl(fd, F_SETFL, flags) == 0 ? ERR_OK : ERR_IO;
}
