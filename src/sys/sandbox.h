/*
 * Giving up rights, in three phases that a program lists in a table of its own:
 *
 *	1 sandbox_harden	no dumps, no tracing, no new privileges, no
 *				capabilities, small limits
 *	2 sandbox_files		Landlock: no file but those named, no new TCP
 *				socket, no signal to others
 *	3 sandbox_syscalls	seccomp: a table of system calls; any other
 *				ends the process at once
 *
 * 1 and 2 bind the calling thread and the threads it starts later, so they come
 * before any thread. 3 binds all threads of the process. None can be undone.
 */
#ifndef CONFER_SYS_SANDBOX_H
#define CONFER_SYS_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* At most fds_max descriptors are open afterwards. ERR_IO. */
enum err sandbox_harden(unsigned fds_max, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/* What stays possible at or below a file or directory. */
enum sandbox_right {
	SANDBOX_READ, /* files can be opened for reading */
	/* and for writing, if they exist; directories can be made and removed.
	 * For file systems of the kernel, where that asks it for something. */
	SANDBOX_REQUEST,
};

struct sandbox_path {
	int fd; /* opened before; borrowed */
	enum sandbox_right right;
};

/*
 * From now on only what lies at or below the n paths can be opened, as its right
 * says; and no TCP connection be made but to port tcp_port, if that is not 0.
 * *complete is set to false where the kernel has no Landlock (LOG_NO_LANDLOCK
 * is logged); whether that is acceptable is the caller's decision. ERR_IO.
 */
enum err sandbox_files(bool *complete, const struct sandbox_path *path,
    size_t n, uint16_t tcp_port, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/*
 * One allowed system call. With arg >= 0 it is allowed only if
 * (low 32 bits of argument arg & mask) == value: every argument that our tables
 * check has 32 bits in the kernel. Several rows for one call are alternatives.
 */
struct sandbox_syscall {
	int nr;
	int arg;
	uint32_t mask;
	uint32_t value;
};

/* clang-format off */
#define SANDBOX_ANY(nr)			{ (nr), -1, 0, 0 }
#define SANDBOX_IF(nr, arg, mask, v)	{ (nr), (arg), (mask), (v) }
/* clang-format on */

#define SANDBOX_SYSCALLS_MAX 128

/*
 * Allow the n <= SANDBOX_SYSCALLS_MAX rows and nothing else. ERR_UNSUPPORTED:
 * the kernel lacks seccomp filters. Needs sandbox_harden() before.
 */
enum err sandbox_syscalls(const struct sandbox_syscall *row, size_t n,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

#endif
