#include "enclave/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "base/assert.h"
#include "base/mem.h"
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
	/* the question to the processor, at each refresh */
	SANDBOX_ANY(SYS_connect),
};

/* Reading the records again, where Landlock keeps it to their directory. */
static const struct sandbox_syscall reading[] = {
	SANDBOX_IF(SYS_openat, 2, OPEN_FORBIDDEN, O_RDONLY),
	SANDBOX_ANY(SYS_newfstatat),
};

#define N(table) (sizeof(table) / sizeof(*(table)))

enum err confine_start(const struct confine *c, struct err_ctx *ctx)
{
	return sandbox_harden(c->fds_max, ctx);
}

/* The TCP port of the processor, 0 if it is not reached by TCP. */
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
	const int readable[] = { c->model_fd, c->records_fd };
	enum err e = sandbox_files(
	    &c->complete, readable, N(readable), tcp_port(c->simtee), ctx);

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

enum err confine_calls(const struct confine *c, struct err_ctx *ctx)
{
	struct sandbox_syscall all[N(calls) + N(reading) + 1];
	size_t n = N(calls);
	enum err e;

	_Static_assert(N(all) <= SANDBOX_SYSCALLS_MAX, "the filter is bounded");
	memcpy(all, calls, sizeof(calls));
	if (c->complete) {
		memcpy(all + n, reading, sizeof(reading));
		n += N(reading);
	}
	/* New sockets of the one family in which the processor is reached. */
	all[n++] = (struct sandbox_syscall)SANDBOX_IF(
	    SYS_socket, 0, UINT32_MAX, c->simtee->sa.ss_family);
	if (!confine_limits_calls())
		return ERR_OK;
	e = sandbox_syscalls(all, n, ctx);
	if (e == ERR_OK)
		log_event(LOG_CONFINED, 3, 0, 0);
	return e;
}
