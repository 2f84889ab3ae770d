#include "sys/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/assert.h"
#include "sys/clock.h"
#include "sys/fd.h"

#define FIRST_FREE_FD 3

enum err proc_pipe(int fd[2])
{
	if (pipe2(fd, O_CLOEXEC) == 0)
		return ERR_OK;
	fd[0] = fd[1] = -1;
	return ERR_IO;
}

enum err proc_self_path(char *out, size_t cap, struct err_ctx *ctx)
{
	ssize_t n = readlink("/proc/self/exe", out, cap);

	out[0] = n < 0 ? 0 : out[0];
	if (n < 0)
		return err_set(ctx, ERR_IO, "cannot read /proc/self/exe: %s",
		    strerrordesc_np(errno));
	if ((size_t)n >= cap) {
		out[0] = 0;
		return err_set(ctx, ERR_LIMIT,
		    "this program's path is longer "
		    "than %zu bytes",
		    cap - 1);
	}
	out[n] = 0;
	return ERR_OK;
}

/* ---- in the child, between fork and exec: async-signal-safe calls only ---- */

/* Everything from 3 up that is not passed closes at exec. */
static int mark_descriptors(const struct proc_spec *s)
{
	if (syscall(SYS_close_range, FIRST_FREE_FD, ~0u, 4u /* CLOEXEC */) != 0)
		for (int fd = FIRST_FREE_FD; fd < 1024; fd++)
			(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	for (size_t i = 0; i < s->pass_count; i++)
		if (fcntl(s->pass[i], F_SETFD, 0) != 0)
			return -1;
	return 0;
}

/*
 * Put in, out and err at 0, 1 and 2. They are first moved out of the way, so
 * that no dup2() overwrites one that is still needed.
 */
static int place_standard(const struct proc_spec *s)
{
	int from[3] = { s->in, s->out, s->err };

	for (int i = 0; i < 3; i++) {
		int fd = from[i] >= 0 ? from[i]
				      : open("/dev/null", O_RDWR | O_CLOEXEC);
		int high = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FREE_FD + 61);

		if (fd < 0 || high < 0)
			return -1;
		from[i] = high;
	}
	for (int i = 0; i < 3; i++)
		if (dup2(from[i], i) < 0)
			return -1;
	return 0;
}

static void child(const struct proc_spec *s, pid_t parent, int report)
{
	char *argv[PROC_ARGS_MAX + 1] = { 0 };
	sigset_t none;
	int e;

	for (size_t i = 0; s->argv[i] != NULL; i++)
		memcpy(&argv[i], &s->argv[i], sizeof(argv[i]));
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	for (int sig = 1; sig < NSIG; sig++)
		(void)signal(sig, SIG_DFL);
	/* A group of its own: Ctrl-C on the terminal is for the parent. */
	(void)setpgid(0, 0);
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) == 0 && getppid() == parent &&
	    (s->dir == NULL || chdir(s->dir) == 0) && place_standard(s) == 0 &&
	    mark_descriptors(s) == 0)
		(void)execv(s->path, argv);
	e = errno;
	if (write(report, &e, sizeof(e)) != sizeof(e))
		_exit(126);
	_exit(127);
}

/* ---- in the parent -------------------------------------------------------- */

static enum err spawn_failed(
    const struct proc_spec *s, int e, struct err_ctx *ctx)
{
	return err_set(ctx, e == ENOENT ? ERR_NOTFOUND : ERR_IO,
	    "cannot start %.*s: %s", 90, s->path, strerrordesc_np(e));
}

enum err proc_spawn(
    struct proc *out, const struct proc_spec *s, struct err_ctx *ctx)
{
	int report[2];
	pid_t parent = getpid();
	pid_t pid;
	int e = 0;
	size_t args = 0;

	*out = (struct proc)PROC_INIT;
	while (s->argv[args] != NULL)
		args++;
	assert(args <= PROC_ARGS_MAX && s->pass_count <= PROC_PASS_MAX);
	for (size_t i = 0; i < s->pass_count; i++)
		assert(s->pass[i] >= FIRST_FREE_FD);
	if (proc_pipe(report) != ERR_OK)
		return spawn_failed(s, errno, ctx);
	pid = fork();
	if (pid == 0)
		child(s, parent, report[1]);
	if (pid < 0)
		e = errno;
	fd_close(&report[1]);
	/* exec closes the pipe; a failure before it arrives as an errno. */
	if (pid > 0 &&
	    fd_read_full(report[0], &e, sizeof(e), FD_NO_DEADLINE) != ERR_OK)
		e = 0;
	fd_close(&report[0]);
	if (e == 0) {
		out->pid = pid;
		out->pid_fd = (int)syscall(SYS_pidfd_open, pid, 0);
		if (out->pid_fd >= 0)
			return ERR_OK;
		e = errno;
		(void)kill(pid, SIGKILL);
	}
	if (pid > 0)
		(void)waitpid(pid, NULL, 0);
	*out = (struct proc)PROC_INIT;
	return spawn_failed(s, e, ctx);
}

enum err proc_wait(struct proc *p, int *status, unsigned timeout_ms)
{
	uint64_t end = clock_mono_ms() + timeout_ms;
	struct pollfd pf = { .fd = p->pid_fd, .events = POLLIN };
	int raw = 0;
	int rc;

	*status = -1;
	if (p->pid <= 0)
		return ERR_NOTFOUND;
	do {
		uint64_t now = clock_mono_ms();

		rc = poll(&pf, 1, now < end ? (int)(end - now) : 0);
	} while (rc < 0 && errno == EINTR);
	if (rc == 0)
		return ERR_TIMEOUT;
	if (rc < 0 || waitpid(p->pid, &raw, 0) != p->pid)
		return ERR_IO;
	*status = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
	fd_close(&p->pid_fd);
	*p = (struct proc)PROC_INIT;
	return ERR_OK;
}

int proc_stop(struct proc *p, unsigned grace_ms)
{
	int status = -1;

	if (p->pid <= 0)
		return -1;
	(void)kill(p->pid, SIGTERM);
	if (proc_wait(p, &status, grace_ms) == ERR_TIMEOUT) {
		(void)kill(p->pid, SIGKILL);
		if (proc_wait(p, &status, INT32_MAX) != ERR_OK)
			return -1;
	}
	return status;
}

enum err proc_signals_open(int *fd)
{
	sigset_t set;

	*fd = -1;
	if (sigemptyset(&set) != 0 || sigaddset(&set, SIGINT) != 0 ||
	    sigaddset(&set, SIGTERM) != 0 || sigaddset(&set, SIGHUP) != 0 ||
	    sigprocmask(SIG_BLOCK, &set, NULL) != 0 ||
	    signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return ERR_IO;
	*fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return *fd >= 0 ? ERR_OK : ERR_IO;
}

int proc_signals_next(int fd)
{
	struct signalfd_siginfo info;

	if (read(fd, &info, sizeof(info)) != sizeof(info))
		return 0;
	return (int)info.ssi_signo;
}
