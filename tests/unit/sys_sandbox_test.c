/*
 * Each forbidden act is tried in a child of its own, and each has a control
 * that shows that the act works where it is allowed.
 */
#include "test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/fd.h"
#include "sys/sandbox.h"
#include "sys/secret.h"

/* Run fn in a child: its exit code, or 128 + the signal that ended it. */
static int in_child(int (*fn)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		signal(SIGSEGV, SIG_DFL); /* cmocka catches it */
		_exit(fn());
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static char dir[] = "/tmp/sys_sandbox_XXXXXX";
static char inside[64];
static char asked[64];
static char requests[] = "/tmp/sys_sandbox_requests_XXXXXX";

/* ---- phase 1 */

static int harden_child(void)
{
	struct rlimit r;

	if (sandbox_harden(32, NULL) != ERR_OK)
		return 1;
	if (prctl(PR_GET_DUMPABLE) != 0)
		return 2;
	if (getrlimit(RLIMIT_CORE, &r) != 0 || r.rlim_max != 0)
		return 3;
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return 4;
	for (int i = 0; i < 64; i++)
		if (dup(0) < 0)
			return errno == EMFILE ? 0 : 5;
	return 6;
}

TEST(sandbox_harden_stops_dumps_privileges_and_descriptors)
{
	CHECK_EQ(in_child(harden_child), 0);
}

static int chroot_child(void)
{
	if (chroot("/") != 0)
		return 77; /* not root: nothing to lose */
	if (sandbox_harden(32, NULL) != ERR_OK)
		return 1;
	return chroot("/") != 0 && errno == EPERM ? 0 : 2;
}

TEST(sandbox_harden_takes_roots_capabilities)
{
	int rc = in_child(chroot_child);

	if (rc == 77)
		SKIP("not started as root");
	CHECK_EQ(rc, 0);
}

/* ---- phase 2 */

static int confine(void)
{
	bool complete;
	const struct sandbox_path path[] = {
		{ open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC), SANDBOX_READ },
		{ open(requests, O_PATH | O_DIRECTORY | O_CLOEXEC),
		    SANDBOX_REQUEST },
	};

	if (sandbox_harden(32, NULL) != ERR_OK ||
	    sandbox_files(&complete, path, 2, 9, NULL) != ERR_OK)
		return 1;
	return complete ? 0 : 77;
}

static int denied(int fd)
{
	return fd < 0 && (errno == EACCES || errno == EPERM) ? 0 : 2;
}

static int read_inside(void)
{
	int rc = confine();

	return rc != 0 ? rc : open(inside, O_RDONLY) >= 0 ? 0 : 2;
}

static int read_outside(void)
{
	int rc = confine();

	return rc != 0 ? rc : denied(open("/etc/passwd", O_RDONLY));
}

static int write_inside(void)
{
	int rc = confine();

	return rc != 0 ? rc : denied(open(inside, O_WRONLY));
}

static int create_inside(void)
{
	int at = open(dir, O_RDONLY | O_DIRECTORY);
	int rc = confine();

	return rc != 0 ? rc
		       : denied(openat(at, "new", O_CREAT | O_WRONLY, 0600));
}

static int create_outside(void)
{
	int rc = confine();

	return rc != 0 ? rc
		       : denied(open(
			     "/tmp/sys_sandbox_new", O_CREAT | O_RDWR, 0600));
}

static int truncate_inside(void)
{
	int rc = confine();

	return rc != 0 ? rc : denied(truncate(inside, 0));
}

static int remove_inside(void)
{
	int rc = confine();

	return rc != 0 ? rc : denied(unlink(inside));
}

static int execute(void)
{
	char *argv[] = { (char[]){ "true" }, NULL };
	int rc = confine();

	return rc != 0 ? rc : denied(execv("/bin/true", argv));
}

static int listen_tcp(void)
{
	struct sockaddr_in in4 = { .sin_family = AF_INET,
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	int rc = confine();
	int s = socket(AF_INET, SOCK_STREAM, 0);

	return rc != 0 ? rc : denied(bind(s, (void *)&in4, sizeof(in4)));
}

static int connect_tcp(void)
{
	struct sockaddr_in in4 = { .sin_family = AF_INET,
		.sin_port = htons(8),
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	int rc = confine();
	int s = socket(AF_INET, SOCK_STREAM, 0);

	return rc != 0 ? rc : denied(connect(s, (void *)&in4, sizeof(in4)));
}

/* The one port that is named: nobody listens there, but we may ask. */
static int connect_named_port(void)
{
	struct sockaddr_in in4 = { .sin_family = AF_INET,
		.sin_port = htons(9),
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	int rc = confine();
	int s = socket(AF_INET, SOCK_STREAM, 0);

	if (rc != 0)
		return rc;
	rc = connect(s, (void *)&in4, sizeof(in4));
	return rc == 0 || errno == ECONNREFUSED ? 0 : 2;
}

static int signal_parent(void)
{
	int rc = confine();

	return rc != 0 ? rc : denied(kill(getppid(), 0));
}

/* At a path of requests: what a kernel's file system takes, and no more. */
static int request(void)
{
	int at = open(requests, O_RDONLY | O_DIRECTORY);
	int rc = confine();
	int fd;

	if (rc != 0)
		return rc;
	if (mkdirat(at, "d", 0700) != 0)
		return 2;
	if (unlinkat(at, "d", AT_REMOVEDIR) != 0)
		return 3;
	fd = openat(at, "f", O_WRONLY);
	if (fd < 0 || write(fd, "y", 1) != 1)
		return 4;
	return openat(at, "f", O_RDONLY) >= 0 ? 0 : 5;
}

static int create_request(void)
{
	int at = open(requests, O_RDONLY | O_DIRECTORY);
	int rc = confine();

	return rc != 0 ? rc
		       : denied(openat(at, "new", O_CREAT | O_WRONLY, 0600));
}

static int remove_request(void)
{
	int at = open(requests, O_RDONLY | O_DIRECTORY);
	int rc = confine();

	return rc != 0 ? rc : denied(unlinkat(at, "f", 0));
}

static int truncate_request(void)
{
	int at = open(requests, O_RDONLY | O_DIRECTORY);
	int rc = confine();

	/* Landlock knows of truncation since its third version. */
	if (rc != 0 || syscall(SYS_landlock_create_ruleset, NULL, 0, 1) < 3)
		return rc;
	return denied(openat(at, "f", O_WRONLY | O_TRUNC));
}

static int make_dir_elsewhere(void)
{
	int at = open(dir, O_RDONLY | O_DIRECTORY);
	int rc = confine();

	return rc != 0 ? rc : denied(mkdirat(at, "d", 0700));
}

static void check_files(int (*fn)(void))
{
	int rc = in_child(fn);

	if (rc == 77)
		SKIP("this kernel has no Landlock");
	assert_int_equal(rc, 0);
}

TEST(sandbox_files_lets_what_is_named_be_read)
{
	check_files(read_inside);
}

TEST(sandbox_files_forbids_all_other_files_and_all_writing)
{
	check_files(read_outside);
	check_files(write_inside);
	check_files(create_inside);
	check_files(create_outside);
	check_files(truncate_inside);
	check_files(remove_inside);
	check_files(execute);
}

TEST(sandbox_files_lets_requests_be_made_and_nothing_else)
{
	check_files(request);
	check_files(create_request);
	check_files(remove_request);
	check_files(truncate_request);
	check_files(make_dir_elsewhere);
}

TEST(sandbox_files_forbids_new_tcp_sockets_and_signals)
{
	if (syscall(SYS_landlock_create_ruleset, NULL, 0, 1) < 6)
		SKIP("Landlock of this kernel cannot restrict sockets");
	check_files(listen_tcp);
	check_files(connect_tcp);
	check_files(connect_named_port);
	check_files(signal_parent);
}

/* ---- phase 3 */

/* What a child needs to end; mmap only without PROT_EXEC. */
static const struct sandbox_syscall table[] = {
	SANDBOX_ANY(SYS_exit_group),
	SANDBOX_ANY(SYS_munmap),
	SANDBOX_IF(SYS_mmap, 2, PROT_EXEC, 0),
	SANDBOX_IF(SYS_fcntl, 1, UINT32_MAX, F_GETFD),
	SANDBOX_IF(SYS_fcntl, 1, UINT32_MAX, F_GETFL),
};

static int filter(void)
{
	if (sandbox_harden(32, NULL) != ERR_OK)
		return 1;
	return sandbox_syscalls(table, sizeof(table) / sizeof(*table), NULL) ==
		       ERR_OK
		   ? 0
		   : 1;
}

static long raw_mmap(int prot)
{
	return syscall(
	    SYS_mmap, NULL, 4096, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static int allowed_calls(void)
{
	if (filter() != 0 || raw_mmap(PROT_READ) == -1 ||
	    syscall(SYS_fcntl, 0, F_GETFD) == -1 ||
	    syscall(SYS_fcntl, 0, F_GETFL) == -1)
		syscall(SYS_exit_group, 1);
	syscall(SYS_exit_group, 0);
	return 2;
}

static int unlisted_call(void)
{
	if (filter() == 0)
		syscall(SYS_getppid);
	return 2;
}

static int forbidden_argument(void)
{
	if (filter() == 0)
		raw_mmap(PROT_READ | PROT_EXEC);
	return 2;
}

static int forbidden_alternative(void)
{
	if (filter() == 0)
		syscall(SYS_fcntl, 0, F_SETFD, 0);
	return 2;
}

/* exit_group of the x32 convention: the same number and one bit. */
static int other_convention(void)
{
	if (filter() == 0)
		syscall(SYS_exit_group | 0x40000000, 0);
	return 2;
}

/* The 32-bit entry: number 1 there is exit. */
static int other_architecture(void)
{
	if (filter() == 0)
		__asm__ volatile("int $0x80" : : "a"(1), "b"(0) : "memory");
	return 2;
}

TEST(sandbox_syscalls_allows_its_rows)
{
	CHECK_EQ(in_child(allowed_calls), 0);
}

TEST(sandbox_syscalls_ends_the_process_on_anything_else)
{
	CHECK_EQ(in_child(unlisted_call), 128 + SIGSYS);
	CHECK_EQ(in_child(forbidden_argument), 128 + SIGSYS);
	CHECK_EQ(in_child(forbidden_alternative), 128 + SIGSYS);
	CHECK_EQ(in_child(other_convention), 128 + SIGSYS);
	CHECK_EQ(in_child(other_architecture), 128 + SIGSYS);
}

/* ---- secrets */

static uint8_t *secret;

static int read_past_secret(void)
{
	return ((volatile uint8_t *)secret)[4096];
}

static int read_before_secret(void)
{
	return ((volatile uint8_t *)secret)[-1];
}

static int read_in_child(void)
{
	return ((volatile uint8_t *)secret)[0];
}

TEST(secret_memory_is_fenced_and_not_inherited)
{
	secret = secret_new(100);
	assert_non_null(secret);
	CHECK(mem_is_zero(secret, 4096));
	secret[0] = 42;
	CHECK_EQ(in_child(read_in_child), 0);
	CHECK(in_child(read_past_secret) != 0);
	CHECK(in_child(read_before_secret) != 0);
	secret_free(secret, 100);
	secret_free(NULL, 1);
}

static volatile uintptr_t mark_at;

static int lock_all(void)
{
	static uint8_t page[3 * 4096];
	unsigned long locked = 0;
	char line[128];
	FILE *f;

	if (!secret_lock_all())
		return 77;
	page[5000] = 1;
	f = fopen("/proc/self/status", "r");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		(void)sscanf(line, "VmLck: %lu", &locked);
	return locked > 100 && page[5000] == 1 ? 0 : 1; /* kilobytes */
}

TEST(secret_lock_all_locks_what_is_there)
{
	int rc = in_child(lock_all);

	if (rc == 77)
		SKIP("RLIMIT_MEMLOCK is not unlimited here");
	CHECK_EQ(rc, 0);
}

/* Leaves a mark on the stack and says where. */
static __attribute__((noinline)) void leave_mark(void)
{
	volatile uint8_t mark[1024];

	for (size_t i = 0; i < sizeof(mark); i++)
		mark[i] = 0xa5;
	mark_at = (uintptr_t)mark;
}

/* The mark lies deeper than the few bytes of the scrubbing call's own frame. */
static __attribute__((noinline)) void leave_deep_mark(void)
{
	volatile uint8_t space[512];

	space[0] = 0;
	leave_mark();
	space[511] = space[0];
}

static __attribute__((noinline, no_sanitize("address"))) size_t count_marks(
    uintptr_t at)
{
	size_t n = 0;

	for (size_t i = 0; i < 1024; i++)
		n += ((volatile uint8_t *)at)[i] == 0xa5;
	return n;
}

TEST(secret_scrub_stack_removes_what_a_call_left)
{
	leave_deep_mark();
	CHECK(count_marks(mark_at) > 0);
	secret_scrub_stack();
	CHECK_EQ(count_marks(mark_at), 0);
}

static int set_up(void **state)
{
	const struct bytes x = { (const uint8_t *)"x", 1 };

	(void)state;
	if (mkdtemp(dir) == NULL || mkdtemp(requests) == NULL)
		return 1;
	snprintf(inside, sizeof(inside), "%s/f", dir);
	snprintf(asked, sizeof(asked), "%s/f", requests);
	return fd_replace_file(inside, x, 0600, NULL) != ERR_OK ||
	       fd_replace_file(asked, x, 0600, NULL) != ERR_OK;
}

static int tear_down(void **state)
{
	(void)state;
	return unlink(inside) != 0 || rmdir(dir) != 0 || unlink(asked) != 0 ||
	       rmdir(requests) != 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    sandbox_harden_stops_dumps_privileges_and_descriptors),
		cmocka_unit_test(sandbox_harden_takes_roots_capabilities),
		cmocka_unit_test(sandbox_files_lets_what_is_named_be_read),
		cmocka_unit_test(
		    sandbox_files_forbids_all_other_files_and_all_writing),
		cmocka_unit_test(
		    sandbox_files_lets_requests_be_made_and_nothing_else),
		cmocka_unit_test(
		    sandbox_files_forbids_new_tcp_sockets_and_signals),
		cmocka_unit_test(sandbox_syscalls_allows_its_rows),
		cmocka_unit_test(
		    sandbox_syscalls_ends_the_process_on_anything_else),
		cmocka_unit_test(secret_memory_is_fenced_and_not_inherited),
		cmocka_unit_test(secret_lock_all_locks_what_is_there),
		cmocka_unit_test(secret_scrub_stack_removes_what_a_call_left),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
