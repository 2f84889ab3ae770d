/*
 * The table of system calls as a BPF program (seccomp(2)): load the number,
 * compare with each row in turn, end the process if none fits.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/assert.h"
#include "sys/sandbox.h"

#define HEAD_LEN    4 /* architecture and number */
#define ROW_LEN_MAX 6
#define PROGRAM_MAX (HEAD_LEN + SANDBOX_SYSCALLS_MAX * ROW_LEN_MAX + 1)
/* Calls of the x32 convention have this bit, so they match no row. */
#define X32_CALL_BIT 0x40000000u

_Static_assert(PROGRAM_MAX <= BPF_MAXINSNS, "the kernel takes no more");

#define STMT(code, k)         ((struct sock_filter)BPF_STMT(code, k))
#define JUMP(code, k, jt, jf) ((struct sock_filter)BPF_JUMP(code, k, jt, jf))
#define LOAD(off)             STMT(BPF_LD | BPF_W | BPF_ABS, off)
#define RETURN(what)          STMT(BPF_RET | BPF_K, what)

#define OFF_NR   (uint32_t) offsetof(struct seccomp_data, nr)
#define OFF_ARG  (uint32_t) offsetof(struct seccomp_data, args)
#define OFF_ARCH (uint32_t) offsetof(struct seccomp_data, arch)

struct program {
	struct sock_filter op[PROGRAM_MAX];
	unsigned short len;
};

static void emit(struct program *p, struct sock_filter op)
{
	assert(p->len < PROGRAM_MAX);
	p->op[p->len++] = op;
}

/* The accumulator holds the number before and after each row. */
static void emit_row(struct program *p, const struct sandbox_syscall *row)
{
	uint32_t nr = (uint32_t)row->nr;

	if (row->arg < 0) {
		emit(p, JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1));
		emit(p, RETURN(SECCOMP_RET_ALLOW));
		return;
	}
	emit(p, JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 5));
	emit(p, LOAD(OFF_ARG + 8 * (uint32_t)row->arg)); /* little endian */
	emit(p, STMT(BPF_ALU | BPF_AND | BPF_K, row->mask));
	emit(p, JUMP(BPF_JMP | BPF_JEQ | BPF_K, row->value, 0, 1));
	emit(p, RETURN(SECCOMP_RET_ALLOW));
	emit(p, LOAD(OFF_NR));
}

enum err sandbox_syscalls(
    const struct sandbox_syscall *row, size_t n, struct err_ctx *ctx)
{
	struct program p = { .len = 0 };
	struct sock_fprog prog;
	long rc;

	assert(n <= SANDBOX_SYSCALLS_MAX);
	emit(&p, LOAD(OFF_ARCH));
	emit(&p, JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0));
	emit(&p, RETURN(SECCOMP_RET_KILL_PROCESS));
	emit(&p, LOAD(OFF_NR));
	for (size_t i = 0; i < n; i++) {
		assert(row[i].nr >= 0 && (uint32_t)row[i].nr < X32_CALL_BIT &&
		       row[i].arg < 6);
		emit_row(&p, &row[i]);
	}
	emit(&p, RETURN(SECCOMP_RET_KILL_PROCESS));
	prog = (struct sock_fprog){ .len = p.len, .filter = p.op };
	rc = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
	    SECCOMP_FILTER_FLAG_TSYNC, &prog);
	if (rc == 0)
		return ERR_OK;
	return err_set(ctx,
	    rc < 0 && errno == ENOSYS ? ERR_UNSUPPORTED : ERR_IO,
	    "cannot limit the system calls: %s",
	    rc > 0 ? "a thread has a filter of its own"
		   : strerrordesc_np(errno));
}
