/*
 * A disk that fails a witness at each step in turn: what leaves the process is
 * on the disk, and what the disk has can be started from. L-135 of docs/log.md.
 * The system calls are those of this file, which count and fail.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/syscall.h>

#include "witness_dir.h"

static unsigned calls;   /* since the last arm() */
static unsigned fail_at; /* the call that fails; 0: none */
static int fail_with;
static char trace[64];   /* a letter for each call */
static ino_t synced[64]; /* of its fsyncs, what they were of */

static void arm(unsigned at, int with)
{
	calls = 0;
	fail_at = at;
	fail_with = with;
	memset(trace, 0, sizeof(trace));
	memset(synced, 0, sizeof(synced));
}

static bool fails(char letter)
{
	if (calls < sizeof(trace) - 1)
		trace[calls] = letter;
	if (++calls != fail_at)
		return false;
	errno = fail_with;
	return true;
}

int fsync(int fd)
{
	struct stat st;

	if (calls < sizeof(trace) - 1 && fstat(fd, &st) == 0)
		synced[calls] = st.st_ino;
	return fails('s') ? -1 : (int)syscall(SYS_fsync, fd);
}

ssize_t write(int fd, const void *p, size_t n)
{
	return fails('w') ? -1 : syscall(SYS_write, fd, p, n);
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	return fails('r')
		   ? -1
		   : (int)syscall(SYS_renameat, from_dir, from, to_dir, to);
}

int mkdirat(int dir, const char *name, mode_t mode)
{
	return fails('m') ? -1 : (int)syscall(SYS_mkdirat, dir, name, mode);
}

int openat(int dir, const char *name, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = (flags & O_CREAT) != 0 ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	return fails('o') ? -1
			  : (int)syscall(SYS_openat, dir, name, flags, mode);
}

/* ---- what is asked of the witness ------------------------------------------ */

static uint8_t answer[TLOG_WITNESS_ANSWER_MAX];
static size_t answer_len;

static struct logd_witnessd *open_witness(const char *dir)
{
	struct logd_witnessd *w;
	struct err_ctx ctx = { 0 };

	if (logd_witnessd_open(&w, dir, &ctx) != ERR_OK)
		fail_msg("%s", ctx.msg);
	return w;
}

static unsigned add(struct logd_witnessd *w, uint64_t old, uint64_t size)
{
	struct wr out = wr_init(answer, sizeof(answer));
	unsigned status =
	    logd_witnessd_add(w, &out, world_grow(old, size), WORLD_NOW);

	answer_len = out.len;
	return status;
}

static uint64_t size_of(const struct logd_witnessd *w)
{
	struct logd_witness_view v;

	CHECK(logd_witnessd_view(w, 0, &v));
	return v.size;
}

/* ---- claims ----------------------------------------------------------------- */

/* The directory, the file, its content: on disk, renamed, on disk. */
TEST(the_answer_comes_after_the_disk)
{
	struct logd_witnessd *w = open_witness(dir_witness());

	arm(0, 0);
	CHECK_EQ(add(w, 0, 5), 200);
	CHECK_STR(trace, "moowsrs");
	logd_witnessd_close(w);
}

/* One request with its k-th call failing; false when it has fewer calls. */
static bool try_fault(unsigned k, int with)
{
	const char *dir = dir_witness();
	struct logd_witnessd *w = open_witness(dir);
	unsigned status;
	uint64_t size;
	bool hit;

	CHECK_EQ(add(w, 0, 5), 200);
	arm(k, with);
	status = add(w, 5, 8);
	hit = calls >= k;
	CHECK_EQ(status, hit ? 500 : 200);
	if (hit) {
		CHECK(memchr(answer, 0xe2, answer_len) == NULL); /* a dash */
		CHECK_EQ(size_of(w), 5);
		arm(0, 0);
		CHECK_EQ(add(w, 5, 8), 500);
		CHECK_EQ(calls, 0); /* nothing is tried again */
	}
	arm(0, 0);
	logd_witnessd_close(w);

	w = open_witness(dir);
	size = size_of(w);
	CHECK(hit ? size == 5 || size == 8 : size == 8);
	CHECK_EQ(add(w, size, 8), 200);
	CHECK_EQ(add(w, 8, 300), 200);
	logd_witnessd_close(w);
	return hit;
}

TEST(each_call_may_fail_and_the_witness_starts_again)
{
	static const int with[] = { EIO, ENOSPC, EDQUOT, EROFS };

	for (size_t i = 0; i < sizeof(with) / sizeof(with[0]); i++) {
		unsigned k = 1;

		while (try_fault(k, with[i]))
			k++;
		CHECK_EQ(k, 8); /* seven calls */
	}
}

TEST(a_write_that_is_interrupted_goes_on)
{
	struct logd_witnessd *w = open_witness(dir_witness());

	arm(4, EINTR);
	CHECK_EQ(add(w, 0, 5), 200);
	CHECK_STR(trace, "moowwsrs");
	logd_witnessd_close(w);
}

TEST(a_start_that_fails_says_so_and_can_be_repeated)
{
	const char *dir = dir_witness();
	struct logd_witnessd *w = open_witness(dir);
	unsigned k = 0;
	enum err e;

	CHECK_EQ(add(w, 0, 5), 200);
	logd_witnessd_close(w);
	do {
		struct err_ctx why = { 0 };

		arm(++k, EIO);
		e = logd_witnessd_open(&w, dir, &why);
		CHECK((e == ERR_OK) == (calls < k));
		CHECK((e == ERR_OK) == (why.msg[0] == '\0'));
		if (e != ERR_OK)
			CHECK(w == NULL);
	} while (e != ERR_OK);
	arm(0, 0);
	CHECK(k > 6);
	CHECK_EQ(add(w, 5, 8), 200);
	logd_witnessd_close(w);
}

/* Killed behind the rename, it has left a name that is not on the disk. */
TEST(what_a_start_has_read_is_on_the_disk_before_it_answers)
{
	const char *dir = dir_witness();
	struct logd_witnessd *w = open_witness(dir);
	struct logd_witness_view v;
	char path[PATH_MAX];
	struct stat st;
	unsigned found = 0;

	arm(7, EIO);
	CHECK_EQ(add(w, 0, 5), 500);
	CHECK_STR(trace, "moowsrs");
	CHECK(logd_witnessd_view(w, 0, &v));
	(void)snprintf(path, sizeof(path), "%s/seen/%s", dir, v.hex);
	logd_witnessd_close(w);
	CHECK_EQ(stat(path, &st), 0);
	arm(0, 0);
	w = open_witness(dir);
	CHECK_EQ(size_of(w), 5);
	for (size_t i = 0; i < sizeof(synced) / sizeof(synced[0]); i++)
		found += synced[i] == st.st_ino;
	CHECK_EQ(found, 1);
	logd_witnessd_close(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_answer_comes_after_the_disk),
		cmocka_unit_test(
		    each_call_may_fail_and_the_witness_starts_again),
		cmocka_unit_test(a_write_that_is_interrupted_goes_on),
		cmocka_unit_test(
		    a_start_that_fails_says_so_and_can_be_repeated),
		cmocka_unit_test(
		    what_a_start_has_read_is_on_the_disk_before_it_answers),
	};

	return cmocka_run_group_tests(tests, dir_setup, dir_teardown);
}
