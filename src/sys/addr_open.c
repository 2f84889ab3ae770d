/* Listening, accepting and connecting, with one clear sentence per failure. */
#include <errno.h>
#include <fcntl.h>
#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fmt.h"
#include "base/mem.h"
#include "sys/addr.h"
#include "sys/clock.h"
#include "sys/fd.h"

#define ADDR_BACKLOG        64  /* waiting connections that the kernel holds */
#define ADDR_STALE_PROBE_MS 500 /* a living local listener accepts at once */

static int open_socket(const struct addr *a)
{
	return socket(
	    a->sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

static const char *unix_path(const struct addr *a)
{
	return a->text + sizeof("unix:") - 1;
}

static enum err listen_failed(const struct addr *a, int e, struct err_ctx *ctx)
{
	switch (e) {
	case EADDRINUSE:
		return err_set(ctx, ERR_BUSY,
		    "cannot listen on %s: another program listens there",
		    a->text);
	case ENOENT:
	case ENOTDIR:
		return err_set(ctx, ERR_NOTFOUND,
		    "cannot listen on %s: its directory does not exist",
		    a->text);
	case EADDRNOTAVAIL:
		return err_set(ctx, ERR_NOTFOUND,
		    "cannot listen on %s: this machine has no such address",
		    a->text);
	default:
		return err_set(ctx, ERR_IO, "cannot listen on %s: %s", a->text,
		    strerrordesc_np(e));
	}
}

/*
 * Remove the socket at path if it is a socket that nobody answers. Returns an
 * errno value: 0 when the name is free now.
 */
static int clear_stale(const struct addr *a)
{
	struct err_ctx ignored = { 0 };
	struct stat st;
	enum err e;
	int fd = -1;

	if (lstat(unix_path(a), &st) != 0)
		return errno == ENOENT ? 0 : errno;
	if (!S_ISSOCK(st.st_mode))
		return EEXIST;
	e = addr_connect(&fd, a, ADDR_STALE_PROBE_MS, &ignored);
	fd_close(&fd);
	if (e != ERR_NOTFOUND)
		return EADDRINUSE;
	return unlink(unix_path(a)) == 0 ? 0 : errno;
}

/* The directory of the socket, to be locked; -1 with errno. */
static int open_parent(const struct addr *a)
{
	char dir[ADDR_TEXT_MAX];
	const char *path = unix_path(a);
	const char *slash = strrchr(path, '/');
	int n = slash == NULL ? 0 : (int)(slash - path);

	if (slash == NULL)
		(void)fmt_print(dir, sizeof(dir), ".");
	else
		(void)fmt_print(dir, sizeof(dir), "%.*s", n == 0 ? 1 : n, path);
	return open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/*
 * Two programs that start at once must not both find the old socket stale and
 * remove each other's: the directory is locked from the probe to listen().
 */
static int bind_unix(int fd, const struct addr *a)
{
	int dir = open_parent(a);
	int e = 0;

	if (dir < 0)
		return errno;
	if (flock(dir, LOCK_EX) != 0)
		e = errno;
	if (e == 0)
		e = clear_stale(a);
	/* On Linux the name inherits the mode of the unbound socket. */
	if (e == 0 && fchmod(fd, 0600) != 0)
		e = errno;
	if (e == 0 && bind(fd, (const struct sockaddr *)&a->sa, a->len) != 0)
		e = errno;
	if (e == 0 && listen(fd, ADDR_BACKLOG) != 0)
		e = errno;
	fd_close(&dir); /* unlocks */
	return e;
}

static int bind_port(int fd, const struct addr *a)
{
	int one = 1;

	/* Rebinding after a restart; it does not allow two listeners. */
	if (a->kind == ADDR_TCP &&
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) != 0)
		return errno;
	if (bind(fd, (const struct sockaddr *)&a->sa, a->len) != 0 ||
	    listen(fd, ADDR_BACKLOG) != 0)
		return errno;
	return 0;
}

enum err addr_listen(int *fd, const struct addr *a, struct err_ctx *ctx)
{
	int s = open_socket(a);
	int e;

	*fd = -1;
	if (s < 0)
		return listen_failed(a, errno, ctx);
	e = a->kind == ADDR_UNIX ? bind_unix(s, a) : bind_port(s, a);
	if (e == EEXIST) {
		fd_close(&s);
		return err_set(ctx, ERR_BUSY,
		    "cannot listen on %s: a file that is no socket is there",
		    a->text);
	}
	if (e != 0) {
		fd_close(&s);
		return listen_failed(a, e, ctx);
	}
	*fd = s;
	return ERR_OK;
}

static void peer_key(
    struct addr_peer *peer, int fd, const struct sockaddr_storage *sa)
{
	const struct sockaddr_in *in4 = (const void *)sa;
	const struct sockaddr_in6 *in6 = (const void *)sa;
	const struct sockaddr_vm *vm = (const void *)sa;
	struct ucred cred = { 0 };
	socklen_t n = sizeof(cred);

	*peer = (struct addr_peer){ { 0 } };
	switch (sa->ss_family) {
	case AF_INET:
		memcpy(peer->key, &in4->sin_addr, 4);
		break;
	case AF_INET6:
		/* One customer usually has a whole /64. */
		memcpy(peer->key, &in6->sin6_addr, 8);
		break;
	case AF_VSOCK:
		memcpy(peer->key, &vm->svm_cid, sizeof(vm->svm_cid));
		break;
	default:
		if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &n) == 0)
			memcpy(peer->key, &cred.uid, sizeof(cred.uid));
	}
}

enum err addr_accept(int *fd, struct addr_peer *peer, int listen_fd)
{
	struct sockaddr_storage sa = { 0 };
	socklen_t n = sizeof(sa);
	int one = 1;

	do {
		*fd = accept4(listen_fd, (struct sockaddr *)&sa, &n,
		    SOCK_CLOEXEC | SOCK_NONBLOCK);
	} while (*fd < 0 && (errno == EINTR || errno == ECONNABORTED));
	if (*fd < 0 && errno == EAGAIN)
		return ERR_AGAIN;
	if (*fd < 0)
		return errno == EMFILE || errno == ENFILE ? ERR_NOSPACE
							  : ERR_IO;
	if (sa.ss_family == AF_INET || sa.ss_family == AF_INET6)
		(void)setsockopt(
		    *fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	peer_key(peer, *fd, &sa);
	return ERR_OK;
}

static enum err connect_failed(const struct addr *a, int e, struct err_ctx *ctx)
{
	switch (e) {
	case ECONNREFUSED:
	case ENOENT:
	case ENOTDIR:
		return err_set(
		    ctx, ERR_NOTFOUND, "nothing listens on %s", a->text);
	case ETIMEDOUT:
	case EAGAIN: /* the backlog of a Unix socket is full */
		return err_set(ctx, ERR_TIMEOUT, "%s does not answer", a->text);
	default:
		return err_set(ctx, ERR_IO, "cannot connect to %s: %s", a->text,
		    strerrordesc_np(e));
	}
}

/* Wait for a connect() under way; returns its errno value. */
static int finish_connect(int fd, unsigned timeout_ms)
{
	struct pollfd pf = { .fd = fd, .events = POLLOUT };
	uint64_t end = clock_mono_ms() + timeout_ms;
	socklen_t n = sizeof(int);
	int e = 0;
	int rc;

	do {
		uint64_t now = clock_mono_ms();

		rc = poll(&pf, 1, now < end ? (int)(end - now) : 0);
	} while (rc < 0 && errno == EINTR);
	if (rc == 0)
		return ETIMEDOUT;
	if (rc < 0 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &e, &n) != 0)
		return errno;
	return e;
}

enum err addr_connect(
    int *fd, const struct addr *a, unsigned timeout_ms, struct err_ctx *ctx)
{
	int s = open_socket(a);
	int one = 1;
	int e = 0;

	*fd = -1;
	if (s < 0)
		return connect_failed(a, errno, ctx);
	if (connect(s, (const struct sockaddr *)&a->sa, a->len) != 0)
		e = errno;
	if (e == EINPROGRESS || e == EINTR)
		e = finish_connect(s, timeout_ms);
	if (e != 0) {
		fd_close(&s);
		return connect_failed(a, e, ctx);
	}
	if (a->kind == ADDR_TCP)
		(void)setsockopt(
		    s, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	*fd = s;
	return ERR_OK;
}

void addr_unlink(const struct addr *a)
{
	if (a->kind == ADDR_UNIX)
		(void)unlink(unix_path(a));
}
