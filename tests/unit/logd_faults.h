/*
 * Calls of the log's writer that fail, or never return, where a test wants it;
 * linked with --wrap for each (tools/check.mk). With CUT the machine loses its
 * power: what no fsync has confirmed is taken back before the process ends.
 */
#ifndef CONFER_TESTS_UNIT_LOGD_FAULTS_H
#define CONFER_TESTS_UNIT_LOGD_FAULTS_H

#include "logd_dir.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <sys/statvfs.h>

enum fault {
	FAULT_NONE,     /* count the calls */
	FAULT_DIE,      /* as by kill -9, before the call */
	FAULT_CUT,      /* a power cut that loses names and data */
	FAULT_CUT_DATA, /* one after which names are there and data is not */
	FAULT_EIO,
	FAULT_ENOSPC,
	FAULT_EINTR,
	FAULT_SHORT, /* a write of half the bytes */
	FAULT_NOMEM, /* of malloc and calloc, which are counted alone */
	FAULT_EROFS, /* all that changes anything, from this call on */
	FAULT_FULL,  /* ENOSPC of all that needs room, from this call on */
	FAULT_N,
	/* As by kill -9 before the call, in a process that goes on: nothing has
	 * an effect any more, and a FAULT_CUT of what comes next also takes back
	 * what came before. */
	FAULT_STOP
};

#define DIED 99 /* exit status */

/* State of the faults in this process; armed: calls count. */
static struct {
	bool armed;
	enum fault kind;
	unsigned at, n;
	bool hit;
} faults;

static inline void arm(enum fault kind, unsigned at)
{
	faults.kind = kind;
	faults.at = at;
	faults.n = 0;
	faults.hit = false;
	faults.armed = true;
}

static inline unsigned disarm(void)
{
	faults.armed = false;
	return faults.n;
}

int __real_open(const char *path, int flags, ...);
int __real_openat(int dir, const char *path, int flags, ...);
ssize_t __real_read(int fd, void *p, size_t n);
ssize_t __real_write(int fd, const void *p, size_t n);
int __real_fsync(int fd);
int __real_close(int fd);
int __real_linkat(int a, const char *from, int b, const char *to, int flags);
int __real_renameat(int a, const char *from, int b, const char *to);
int __real_unlinkat(int dir, const char *path, int flags);
int __real_mkdirat(int dir, const char *path, mode_t mode);
int __real_mkdir(const char *path, mode_t mode);
int __real_fstatvfs(int fd, struct statvfs *out);
int __real_flock(int fd, int op);
int __real_faccessat(int dir, const char *path, int mode, int flags);
struct dirent *__real_readdir(DIR *d);
void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);

int __wrap_open(const char *path, int flags, ...);
int __wrap_openat(int dir, const char *path, int flags, ...);
ssize_t __wrap_read(int fd, void *p, size_t n);
ssize_t __wrap_write(int fd, const void *p, size_t n);
int __wrap_fsync(int fd);
int __wrap_close(int fd);
int __wrap_linkat(int a, const char *from, int b, const char *to, int flags);
int __wrap_renameat(int a, const char *from, int b, const char *to);
int __wrap_unlinkat(int dir, const char *path, int flags);
int __wrap_mkdirat(int dir, const char *path, mode_t mode);
int __wrap_mkdir(const char *path, mode_t mode);
int __wrap_fstatvfs(int fd, struct statvfs *out);
int __wrap_flock(int fd, int op);
int __wrap_faccessat(int dir, const char *path, int mode, int flags);
struct dirent *__wrap_readdir(DIR *d);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);

/* ---- what a power cut takes back --------------------------------------------- */

enum op_kind {
	OP_DATA,
	OP_CREATE,
	OP_LINK,
	OP_RENAME,
	OP_UNLINK,
	OP_MKDIR,
	OP_RMDIR
};

/* A change that is not on the disk before an fsync: of data that of the file,
 * of names that of the directory. */
struct op {
	enum op_kind kind;
	bool safe;
	char dir[PATH_LEN]; /* whose fsync makes it safe; of data: unused */
	char name[128], from[64];
	char kept[PATH_LEN + 16]; /* another name of the file concerned */
	ino_t ino;
};

static struct op ops[256];
static size_t n_ops;
static char kept_dir[PATH_LEN]; /* on the file system of the log */

static inline bool cutting(void)
{
	return faults.armed &&
	       (faults.kind == FAULT_CUT || faults.kind == FAULT_CUT_DATA ||
		   faults.kind == FAULT_STOP);
}

static inline void path_of_fd(char out[PATH_LEN], int fd)
{
	char link[64];
	ssize_t n;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, out, PATH_LEN - 1);
	CHECK(n > 0);
	out[n] = '\0';
}

static inline struct op *add_op(enum op_kind kind, int at, const char *name)
{
	struct op *op = &ops[n_ops];

	CHECK(n_ops < sizeof(ops) / sizeof(ops[0]));
	memset(op, 0, sizeof(*op));
	op->kind = kind;
	path_of_fd(op->dir, at);
	(void)snprintf(op->name, sizeof(op->name), "%s", name);
	(void)snprintf(
	    op->kept, sizeof(op->kept), "%s/%u", kept_dir, (unsigned)n_ops);
	n_ops++;
	return op;
}

/* Another name for the file, so that it can come back; false: no such file. */
static inline bool keep_file(const struct op *op)
{
	return link(path_in(op->dir, op->name), op->kept) == 0;
}

static inline void make_safe(int fd)
{
	char path[PATH_LEN];
	struct stat st;

	CHECK_EQ(fstat(fd, &st), 0);
	path_of_fd(path, fd);
	for (size_t i = 0; i < n_ops; i++) {
		struct op *op = &ops[i];

		if (op->kind == OP_DATA
			? op->ino == st.st_ino
			: S_ISDIR(st.st_mode) && strcmp(op->dir, path) == 0)
			op->safe = true;
	}
}

static inline void take_back(const struct op *op)
{
	const char *path = path_in(op->dir, op->name);

	switch (op->kind) {
	case OP_DATA:
		(void)chmod(op->kept, 0600);
		CHECK_EQ(truncate(op->kept, 0), 0);
		break;
	case OP_CREATE:
	case OP_LINK:
		CHECK_EQ(unlink(path), 0);
		break;
	case OP_RENAME:
		CHECK_EQ(rename(path, path_in(op->dir, op->from)), 0);
		(void)link(op->kept, path); /* if there was one before */
		break;
	case OP_UNLINK:
		CHECK_EQ(link(op->kept, path), 0);
		break;
	case OP_RMDIR:
		CHECK_EQ(mkdir(path, 0755), 0);
		break;
	case OP_MKDIR:
		scratch_remove(path);
		break;
	}
}

static inline void power_cut(void)
{
	faults.armed = false;
	for (size_t i = n_ops; i-- > 0;) {
		if (!ops[i].safe &&
		    (faults.kind == FAULT_CUT || ops[i].kind == OP_DATA))
			take_back(&ops[i]);
	}
}

/* ---- the calls ------------------------------------------------------------------- */

static inline bool is_at(bool memory)
{
	if (!faults.armed || memory != (faults.kind == FAULT_NOMEM))
		return false;
	return faults.n++ == faults.at;
}

static void (*before_cut)(void); /* what a test does then */

/* What a call does to the disk. */
enum effect { READS, CHANGES, GROWS };

/* The next call: true if it fails, with errno. `size`: of a write, else NULL. */
static inline bool fails(enum effect effect, size_t *size)
{
	bool now = is_at(false);

	if (faults.armed && faults.n > faults.at &&
	    ((faults.kind == FAULT_FULL && effect == GROWS) ||
		(faults.kind == FAULT_EROFS && effect != READS))) {
		errno = faults.kind == FAULT_FULL ? ENOSPC : EROFS;
		faults.hit = true;
		return true;
	}
	if (faults.armed && faults.n > faults.at && faults.kind == FAULT_STOP) {
		errno = EIO;
		return true;
	}
	if (!now || faults.kind == FAULT_NONE)
		return false;
	faults.hit = faults.kind != FAULT_SHORT || size != NULL;
	switch (faults.kind) {
	case FAULT_CUT:
	case FAULT_CUT_DATA:
		if (before_cut != NULL)
			before_cut();
		power_cut();
		_exit(DIED);
	case FAULT_DIE:
		_exit(DIED);
	case FAULT_EIO:
		errno = EIO;
		return true;
	case FAULT_ENOSPC:
		errno = ENOSPC;
		return true;
	case FAULT_EINTR:
		errno = EINTR;
		return true;
	case FAULT_SHORT:
		if (size != NULL)
			*size = *size > 1 ? *size / 2 : *size;
		return false;
	default:
		return false;
	}
}

static inline mode_t mode_arg(int flags, va_list ap)
{
	return (flags & O_CREAT) != 0 ? (mode_t)va_arg(ap, int) : 0;
}

static inline enum effect opens_to_write(int flags)
{
	return (flags & (O_WRONLY | O_RDWR | O_CREAT)) != 0 ? GROWS : READS;
}

int __wrap_open(const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = mode_arg(flags, ap);
	va_end(ap);
	if (fails(opens_to_write(flags), NULL))
		return -1;
	return __real_open(path, flags, mode);
}

int __wrap_openat(int at, const char *path, int flags, ...)
{
	struct stat st;
	va_list ap;
	mode_t mode;
	int fd;

	va_start(ap, flags);
	mode = mode_arg(flags, ap);
	va_end(ap);
	if (fails(opens_to_write(flags), NULL))
		return -1;
	fd = __real_openat(at, path, flags, mode);
	if (fd >= 0 && cutting() && (flags & O_EXCL) != 0) {
		struct op *op;

		(void)add_op(OP_CREATE, at, path);
		op = add_op(OP_DATA, at, path);
		CHECK(fstat(fd, &st) == 0 && keep_file(op));
		op->ino = st.st_ino;
	}
	return fd;
}

ssize_t __wrap_read(int fd, void *p, size_t n)
{
	return fails(READS, NULL) ? -1 : __real_read(fd, p, n);
}

ssize_t __wrap_write(int fd, const void *p, size_t n)
{
	return fails(GROWS, &n) ? -1 : __real_write(fd, p, n);
}

/* A counted no-op: these tests are about order, not about a disk. */
int __wrap_fsync(int fd)
{
	if (fails(CHANGES, NULL))
		return -1;
	if (cutting())
		make_safe(fd);
	return 0;
}

/* Linux closes also when it reports an error. */
int __wrap_close(int fd)
{
	bool failed = fails(READS, NULL);
	int e = errno;
	int rc = __real_close(fd);

	errno = failed ? e : errno;
	return failed ? -1 : rc;
}

int __wrap_linkat(int a, const char *from, int b, const char *to, int flags)
{
	int rc;

	if (fails(GROWS, NULL))
		return -1;
	rc = __real_linkat(a, from, b, to, flags);
	if (rc == 0 && cutting())
		(void)add_op(OP_LINK, b, to);
	return rc;
}

int __wrap_renameat(int a, const char *from, int b, const char *to)
{
	if (fails(GROWS, NULL))
		return -1;
	if (cutting()) {
		struct op *op = add_op(OP_RENAME, b, to);

		(void)snprintf(op->from, sizeof(op->from), "%s", from);
		(void)keep_file(op);
	}
	return __real_renameat(a, from, b, to);
}

int __wrap_unlinkat(int at, const char *path, int flags)
{
	if (fails(CHANGES, NULL))
		return -1;
	if (cutting() && (flags & AT_REMOVEDIR) != 0) {
		int rc = __real_unlinkat(at, path, flags);

		if (rc == 0)
			(void)add_op(OP_RMDIR, at, path);
		return rc;
	}
	if (cutting()) {
		const struct op *op = add_op(OP_UNLINK, at, path);

		if (!keep_file(op))
			n_ops--; /* there is nothing to be removed */
	}
	return __real_unlinkat(at, path, flags);
}

int __wrap_mkdirat(int at, const char *path, mode_t mode)
{
	int rc;

	if (fails(GROWS, NULL))
		return -1;
	rc = __real_mkdirat(at, path, mode);
	if (rc == 0 && cutting())
		(void)add_op(OP_MKDIR, at, path);
	return rc;
}

int __wrap_mkdir(const char *path, mode_t mode)
{
	return fails(GROWS, NULL) ? -1 : __real_mkdir(path, mode);
}

static bool directories_fail; /* to be read, from now on */

struct dirent *__wrap_readdir(DIR *d)
{
	if (fails(READS, NULL))
		return NULL;
	if (directories_fail) {
		errno = EIO;
		return NULL;
	}
	return __real_readdir(d);
}

static bool disk_is_small; /* fstatvfs says so */

int __wrap_fstatvfs(int fd, struct statvfs *out)
{
	int rc;

	if (fails(READS, NULL))
		return -1;
	rc = __real_fstatvfs(fd, out);
	/* The test machine's own disk may be small, so it is not asked. */
	out->f_frsize = 4096;
	out->f_bavail = disk_is_small ? 1000 : 1000000;
	return rc;
}

int __wrap_flock(int fd, int op)
{
	return fails(READS, NULL) ? -1 : __real_flock(fd, op);
}

int __wrap_faccessat(int at, const char *path, int mode, int flags)
{
	return fails(READS, NULL) ? -1
				  : __real_faccessat(at, path, mode, flags);
}

static inline bool no_memory(void)
{
	bool now = is_at(true);

	faults.hit = faults.hit || now;
	return now;
}

void *__wrap_malloc(size_t n)
{
	return no_memory() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return no_memory() ? NULL : __real_calloc(n, size);
}

#endif
