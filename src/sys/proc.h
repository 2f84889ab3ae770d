/*
 * Child programs, for `confer up`: started with the descriptors they are given
 * and nothing else, ended when their parent ends, waited for with a deadline.
 */
#ifndef CONFER_SYS_PROC_H
#define CONFER_SYS_PROC_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

#define PROC_ARGS_MAX 64
#define PROC_PASS_MAX 8

struct proc {
	pid_t pid;  /* 0: no child */
	int pid_fd; /* readable once the child has ended (for loop.h) */
};

/* clang-format off */
#define PROC_INIT { .pid_fd = -1 }
/* clang-format on */

/* What a child sees. Descriptors of -1 become /dev/null. */
struct proc_spec {
	const char *path;        /* of the program, not searched in PATH */
	const char *const *argv; /* ends in NULL; argv[0] too */
	int in, out, err;        /* its 0, 1 and 2; borrowed */
	const int *pass;         /* further open descriptors, same numbers */
	size_t pass_count;       /* at most PROC_PASS_MAX */
	const char *dir;         /* working directory; NULL: ours */
};

/*
 * Start a child. All other descriptors are closed in it; it gets SIGTERM when
 * the calling thread ends. ERR_NOTFOUND: no such program; ERR_IO: it cannot be
 * executed. ctx holds one sentence. The environment is ours.
 */
enum err proc_spawn(struct proc *out, const struct proc_spec *s,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/*
 * Wait until the child has ended: *status is its exit code, or 128 + the signal
 * that killed it, and the child is forgotten. ERR_TIMEOUT: it still runs (a
 * timeout of 0 asks without waiting). ERR_NOTFOUND: there is no child.
 */
enum err proc_wait(struct proc *p, int *status, unsigned timeout_ms)
    __attribute__((warn_unused_result));

/* SIGTERM, up to grace_ms, then SIGKILL; returns its status as proc_wait(). */
int proc_stop(struct proc *p, unsigned grace_ms);

/*
 * Turn SIGINT, SIGTERM and SIGHUP into something to read: they are blocked in
 * this thread and in those it starts later, and *fd becomes readable when one
 * comes. SIGPIPE is ignored. Before any thread. ERR_IO.
 */
enum err proc_signals_open(int *fd) __attribute__((warn_unused_result));

/* Take one signal that has come; 0 if none has. */
int proc_signals_next(int fd);

/* A pipe with both ends close-on-exec: [0] reads, [1] writes. */
enum err proc_pipe(int fd[2]) __attribute__((warn_unused_result));

/* Path of the running program itself, such as /usr/bin/confer. */
enum err proc_self_path(char *out, size_t cap, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

#endif
