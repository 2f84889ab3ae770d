/*
 * The enclave's own tables: in a child that has given up its rights, what the
 * enclave needs works and every other act fails or ends the process.
 */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "enclave/confine.h"
#include "enclave/source_sev.h"
#include "sys/fd.h"

static char dir[] = "/tmp/enclave_confine_XXXXXX";
static char record[64], simtee_text[80];
static char tsm[] = "/tmp/enclave_confine_tsm_XXXXXX";
static char asked[64];
static enum source_kind kind = SOURCE_SIM;
static bool has_host = true;
static struct source source;

#define RC_NO_LANDLOCK 77
#define RC_SIGSYS      (128 + SIGSYS)

/* Give everything up, as the enclave does, then run fn. */
static int confined(int (*fn)(int records_fd))
{
	struct addr simtee;
	struct confine c = { .fds_max = 32,
		.source = &source,
		.host = has_host ? &simtee : NULL };

	source = (struct source){ .kind = kind, .fd = -1 };
	if (kind == SOURCE_TSM || kind == SOURCE_GRAMINE)
		source.fd = open(tsm, O_RDONLY | O_DIRECTORY);
	if (kind == SOURCE_SEV_GUEST)
		source.fd = open("/dev/null", O_RDWR);

	if (addr_parse(&simtee, simtee_text, NULL) != ERR_OK)
		return 90;
	c.records_fd = open(dir, O_RDONLY | O_DIRECTORY);
	c.model_fd = open(record, O_PATH);
	if (confine_start(&c, NULL) != ERR_OK ||
	    confine_files(&c, NULL) != ERR_OK ||
	    confine_calls(&c, NULL) != ERR_OK)
		return 91;
	return c.complete ? fn(c.records_fd) : RC_NO_LANDLOCK;
}

static int in_child(int (*fn)(int records_fd))
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(confined(fn));
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == RC_NO_LANDLOCK)
		SKIP("this kernel has no Landlock");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int read_records(int fd)
{
	char got[8];
	size_t n;

	return fd_read_file_at(got, sizeof(got), &n, fd, "r") == ERR_OK ? 0 : 1;
}

static int read_other_file(int fd)
{
	(void)fd;
	return open("/etc/passwd", O_RDONLY) < 0 ? 0 : 1;
}

static int leave_records(int fd)
{
	return openat(fd, "../../etc/passwd", O_RDONLY) < 0 ? 0 : 1;
}

static int ask_processor(int fd)
{
	struct addr a;
	struct err_ctx ctx = { 0 };

	/* Nobody is there: that we are told so shows that we may ask. */
	if (addr_parse(&a, simtee_text, NULL) != ERR_OK)
		return 1;
	return addr_connect(&fd, &a, 100, &ctx) == ERR_NOTFOUND ? 0 : 2;
}

static int write_record(int fd)
{
	return openat(fd, "r", O_WRONLY);
}

static int create_file(int fd)
{
	return openat(fd, "new", O_RDWR | O_CREAT, 0600);
}

static int run_program(int fd)
{
	char *argv[] = { (char[]){ "true" }, NULL };

	(void)fd;
	return execv("/bin/true", argv);
}

static int start_process(int fd)
{
	(void)fd;
	return fork() == 0 ? 0 : 1;
}

static int open_inet(int fd)
{
	(void)fd;
	return socket(AF_INET, SOCK_STREAM, 0) >= 0;
}

static int open_listener(int fd)
{
	struct sockaddr sa = { .sa_family = AF_UNIX };

	(void)fd;
	return bind(socket(AF_UNIX, SOCK_STREAM, 0), &sa, sizeof(sa));
}

static int make_code(int fd)
{
	(void)fd;
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED;
}

static int rename_record(int fd)
{
	return renameat(fd, "r", fd, "s");
}

static int send_signal(int fd)
{
	(void)fd;
	return kill(getppid(), 0);
}

/* ---- what each source needs */

static int request(int fd)
{
	int at;

	(void)fd;
	if (mkdirat(source.fd, "r", 0700) != 0)
		return 1;
	if (unlinkat(source.fd, "r", AT_REMOVEDIR) != 0)
		return 2;
	at = openat(source.fd, "f", O_WRONLY);
	if (at < 0 || write(at, "x", 1) != 1 || close(at) != 0)
		return 3;
	return openat(source.fd, "f", O_RDONLY) >= 0 ? 0 : 4;
}

static int ask_device(int fd)
{
	uint8_t arg[32] = { 1 };

	(void)fd;
	if (ioctl(source.fd, SEV_GUEST_GET_EXT_REPORT, arg) != -1 ||
	    errno != ENOTTY)
		return 1;
	return ioctl(source.fd, SEV_GUEST_GET_REPORT, arg) == -1 ? 0 : 2;
}

static int derive_key(int fd)
{
	uint8_t arg[32] = { 1 };

	(void)fd; /* the third request that the device knows */
	return ioctl(source.fd, SEV_GUEST_GET_REPORT + 1, arg);
}

static int write_elsewhere(int fd)
{
	return openat(fd, "r", O_WRONLY) < 0 ? 0 : 1;
}

static int make_dir_elsewhere(int fd)
{
	return mkdirat(fd, "new", 0700) < 0 ? 0 : 1;
}

static int create_in_request(int fd)
{
	(void)fd;
	return openat(source.fd, "new", O_WRONLY | O_CREAT, 0600);
}

static int truncate_in_request(int fd)
{
	(void)fd;
	return openat(source.fd, "f", O_WRONLY | O_TRUNC);
}

static int unlink_in_request(int fd)
{
	(void)fd;
	return unlinkat(source.fd, "f", 0);
}

static int make_dir(int fd)
{
	return mkdirat(fd, "new", 0700);
}

static int ask_any_device(int fd)
{
	uint8_t arg[32] = { 1 };

	return ioctl(fd, SEV_GUEST_GET_REPORT, arg);
}

static int open_socket(int fd)
{
	(void)fd;
	return socket(AF_UNIX, SOCK_STREAM, 0);
}

static void with(enum source_kind k, bool host)
{
	kind = k;
	has_host = host;
}

TEST(confine_keeps_the_requests_of_configfs_tsm)
{
	with(SOURCE_TSM, true);
	CHECK_EQ(in_child(request), 0);
	CHECK_EQ(in_child(read_records), 0);
	CHECK_EQ(in_child(ask_processor), 0);
	CHECK_EQ(in_child(write_elsewhere), 0);
	CHECK_EQ(in_child(make_dir_elsewhere), 0);
	CHECK_EQ(in_child(read_other_file), 0);
	with(SOURCE_SIM, true);
}

TEST(confine_keeps_two_requests_of_sev_guest)
{
	with(SOURCE_SEV_GUEST, false);
	CHECK_EQ(in_child(ask_device), 0);
	CHECK_EQ(in_child(read_records), 0);
	with(SOURCE_SIM, true);
}

TEST(confine_takes_from_each_source_what_it_does_not_need)
{
	if (!confine_limits_calls())
		SKIP("a build with sanitizers has no system-call filter");
	with(SOURCE_TSM, false);
	CHECK_EQ(in_child(create_in_request), RC_SIGSYS);
	CHECK_EQ(in_child(truncate_in_request), RC_SIGSYS);
	CHECK_EQ(in_child(unlink_in_request), RC_SIGSYS);
	CHECK_EQ(in_child(ask_any_device), RC_SIGSYS);
	CHECK_EQ(in_child(open_socket), RC_SIGSYS);
	CHECK_EQ(in_child(run_program), RC_SIGSYS);
	with(SOURCE_SEV_GUEST, false);
	CHECK_EQ(in_child(derive_key), RC_SIGSYS);
	CHECK_EQ(in_child(make_dir), RC_SIGSYS);
	CHECK_EQ(in_child(write_record), RC_SIGSYS);
	CHECK_EQ(in_child(open_socket), RC_SIGSYS);
	with(SOURCE_GRAMINE, true);
	CHECK_EQ(in_child(ask_any_device), RC_SIGSYS);
	CHECK_EQ(in_child(make_dir), RC_SIGSYS);
	CHECK_EQ(in_child(create_file), RC_SIGSYS);
	with(SOURCE_SIM, true);
	CHECK_EQ(in_child(make_dir), RC_SIGSYS);
	CHECK_EQ(in_child(ask_any_device), RC_SIGSYS);
}

TEST(confine_keeps_what_a_refresh_needs)
{
	CHECK_EQ(in_child(read_records), 0);
	CHECK_EQ(in_child(ask_processor), 0);
}

TEST(confine_opens_no_other_file)
{
	CHECK_EQ(in_child(read_other_file), 0);
	CHECK_EQ(in_child(leave_records), 0);
}

TEST(confine_ends_the_process_on_anything_else)
{
	if (!confine_limits_calls())
		SKIP("a build with sanitizers has no system-call filter");
	CHECK_EQ(in_child(write_record), RC_SIGSYS);
	CHECK_EQ(in_child(create_file), RC_SIGSYS);
	CHECK_EQ(in_child(rename_record), RC_SIGSYS);
	CHECK_EQ(in_child(run_program), RC_SIGSYS);
	CHECK_EQ(in_child(start_process), RC_SIGSYS);
	CHECK_EQ(in_child(open_inet), RC_SIGSYS);
	CHECK_EQ(in_child(open_listener), RC_SIGSYS);
	CHECK_EQ(in_child(make_code), RC_SIGSYS);
	CHECK_EQ(in_child(send_signal), RC_SIGSYS);
}

static int set_up(void **state)
{
	const struct bytes x = { (const uint8_t *)"x", 1 };

	(void)state;
	if (mkdtemp(dir) == NULL)
		return 1;
	snprintf(record, sizeof(record), "%s/r", dir);
	if (mkdtemp(tsm) == NULL)
		return 1;
	snprintf(asked, sizeof(asked), "%s/f", tsm);
	snprintf(simtee_text, sizeof(simtee_text), "unix:%s/t", dir);
	return fd_replace_file(record, x, 0600, NULL) != ERR_OK ||
	       fd_replace_file(asked, x, 0600, NULL) != ERR_OK;
}

static int tear_down(void **state)
{
	(void)state;
	return unlink(record) != 0 || rmdir(dir) != 0 || unlink(asked) != 0 ||
	       rmdir(tsm) != 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(confine_keeps_what_a_refresh_needs),
		cmocka_unit_test(confine_opens_no_other_file),
		cmocka_unit_test(confine_ends_the_process_on_anything_else),
		cmocka_unit_test(confine_keeps_the_requests_of_configfs_tsm),
		cmocka_unit_test(confine_keeps_two_requests_of_sev_guest),
		cmocka_unit_test(
		    confine_takes_from_each_source_what_it_does_not_need),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
