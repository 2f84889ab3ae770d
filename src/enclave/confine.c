#include "enclave/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "base/assert.h"
#include "base/mem.h"
#include "enclave/source_sev.h"
#include "sys/log.h"
#include "sys/sandbox.h"

#define OPEN_FORBIDDEN                                                         \
	((uint32_t)(O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND | __O_TMPFILE))

/*
 * Everything that a serving enclave does, and nothing else: no new program or
 * thread, no file to write, no code that was not there at start.
 */
static const struct sandbox_syscall calls[] = {
	/* connections and the log */
	SANDBOX_ANY(SYS_read),
	SANDBOX_ANY(SYS_write),
	SANDBOX_ANY(SYS_sendto),
	SANDBOX_ANY(SYS_accept4),
	SANDBOX_ANY(SYS_setsockopt),
	SANDBOX_ANY(SYS_getsockopt),
	SANDBOX_ANY(SYS_close),
	/* the loop and the clock */
	SANDBOX_ANY(SYS_epoll_wait),
	SANDBOX_ANY(SYS_epoll_ctl),
	SANDBOX_ANY(SYS_timerfd_settime),
	SANDBOX_ANY(SYS_poll),
	SANDBOX_ANY(SYS_clock_gettime),
	SANDBOX_ANY(SYS_clock_nanosleep),
	SANDBOX_ANY(SYS_restart_syscall),
	/* threads that exist already; the newest may yet be registering */
	SANDBOX_ANY(SYS_rseq),
	SANDBOX_ANY(SYS_set_robust_list),
	SANDBOX_ANY(SYS_futex),
	SANDBOX_ANY(SYS_sched_yield),
	SANDBOX_ANY(SYS_rt_sigprocmask),
	SANDBOX_ANY(SYS_rt_sigreturn),
	SANDBOX_ANY(SYS_exit),
	SANDBOX_ANY(SYS_exit_group),
	/* memory that cannot be executed */
	SANDBOX_IF(SYS_mmap, 2, PROT_EXEC, 0),
	SANDBOX_IF(SYS_mprotect, 2, PROT_EXEC, 0),
	SANDBOX_ANY(SYS_munmap),
	SANDBOX_ANY(SYS_madvise),
	SANDBOX_ANY(SYS_brk),
	SANDBOX_ANY(SYS_getrandom),
	/* the records, read again where Landlock keeps it to their directory */
	SANDBOX_IF(SYS_openat, 2, OPEN_FORBIDDEN, O_RDONLY),
	SANDBOX_ANY(SYS_newfstatat),
};

/* A request of configfs-tsm: a directory, files written to and read. */
static const struct sandbox_syscall for_tsm[] = {
	SANDBOX_ANY(SYS_mkdirat),
	SANDBOX_IF(SYS_unlinkat, 2, UINT32_MAX, AT_REMOVEDIR),
	SANDBOX_IF(SYS_openat, 2, OPEN_FORBIDDEN, O_WRONLY),
};

/* The device is open; these two requests and no other. */
static const struct sandbox_syscall for_sev_guest[] = {
	SANDBOX_IF(SYS_ioctl, 1, UINT32_MAX, (uint32_t)SEV_GUEST_GET_REPORT),
	SANDBOX_IF(
	    SYS_ioctl, 1, UINT32_MAX, (uint32_t)SEV_GUEST_GET_EXT_REPORT),
};

static const struct sandbox_syscall for_gramine[] = {
	SANDBOX_IF(SYS_openat, 2, OPEN_FORBIDDEN, O_WRONLY),
};

#define N(table) (sizeof(table) / sizeof(*(table)))

enum err confine_start(const struct confine *c, struct err_ctx *ctx)
{
	return sandbox_harden(c->fds_max, ctx);
}

/* The TCP port of the host's end, 0 if it is not reached by TCP. */
static uint16_t tcp_port(const struct addr *a)
{
	const struct sockaddr *sa = (const void *)&a->sa;
	uint8_t port[2];

	if (sa->sa_family != AF_INET && sa->sa_family != AF_INET6)
		return 0;
	/* The port stands first in both, in network order. */
	memcpy(port, sa->sa_data, sizeof(port));
	return (uint16_t)(port[0] << 8 | port[1]);
}

enum err confine_files(struct confine *c, struct err_ctx *ctx)
{
	struct sandbox_path path[] = {
		{ c->model_fd, SANDBOX_READ },
		{ c->records_fd, SANDBOX_READ },
		{ c->source->fd, SANDBOX_REQUEST },
	};
	/* An open device needs no path, the simulated processor has none. */
	bool has_dir =
	    c->source->kind == SOURCE_TSM || c->source->kind == SOURCE_GRAMINE;
	enum err e =
	    sandbox_files(&c->complete, path, has_dir ? N(path) : N(path) - 1,
		c->host != NULL ? tcp_port(c->host) : 0, ctx);

	if (e == ERR_OK)
		log_event(LOG_CONFINED, c->complete ? 2 : 1, 0, 0);
	return e;
}

/*
 * A sanitizer makes calls of its own, at its own times, and looks for leaks
 * with ptrace. Such a build is for tests: it gives up phases 1 and 2 only.
 */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1 /* gcc's name for it */
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define CONFINE_CALLS false

const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}
#else
#define CONFINE_CALLS true
#endif

bool confine_limits_calls(void)
{
	return CONFINE_CALLS;
}

/* The table under construction. */
struct table {
	struct sandbox_syscall row[SANDBOX_SYSCALLS_MAX];
	size_t n;
};

static void add(struct table *t, const struct sandbox_syscall *row, size_t n)
{
	assert(n <= SANDBOX_SYSCALLS_MAX - t->n);
	memcpy(t->row + t->n, row, n * sizeof(*row));
	t->n += n;
}

static void add_source(struct table *t, enum source_kind kind)
{
	switch (kind) {
	case SOURCE_TSM:
		add(t, for_tsm, N(for_tsm));
		break;
	case SOURCE_SEV_GUEST:
		add(t, for_sev_guest, N(for_sev_guest));
		break;
	case SOURCE_GRAMINE:
		add(t, for_gramine, N(for_gramine));
		break;
	case SOURCE_SIM: /* on the connection that `host` stands for */
	case SOURCE_NONE:
		break;
	}
}

/* New sockets of the one family in which the host is reached. */
static void add_host(struct table *t, const struct addr *host)
{
	const struct sandbox_syscall row[] = {
		SANDBOX_ANY(SYS_connect),
		SANDBOX_IF(SYS_socket, 0, UINT32_MAX, host->sa.ss_family),
	};

	add(t, row, N(row));
}

enum err confine_calls(const struct confine *c, struct err_ctx *ctx)
{
	struct table t = { .n = 0 };
	enum err e;

	add(&t, calls, N(calls));
	add_source(&t, c->source->kind);
	if (c->host != NULL)
		add_host(&t, c->host);
	if (!confine_limits_calls())
		return ERR_OK;
	e = sandbox_syscalls(t.row, t.n, ctx);
	if (e == ERR_OK)
		log_event(LOG_CONFINED, 3, 0, 0);
	return e;
}
