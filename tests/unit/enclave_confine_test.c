/*
 * The enclave's own tables: in a child that has given up its rights, what the
 * enclave needs works and every other act fails or ends the process.
 */
#include "test.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "enclave/confine.h"
#include "sys/fd.h"

static char dir[] = "/tmp/enclave_confine_XXXXXX";
static char record[64], simtee_text[80];

#define RC_NO_LANDLOCK 77
#define RC_SIGSYS      (128 + SIGSYS)

/* Give everything up, as the enclave does, then run fn. */
static int confined(int (*fn)(int records_fd))
{
	struct addr simtee;
	struct confine c = { .fds_max = 32, .simtee = &simtee };

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
	(void)state;
	if (mkdtemp(dir) == NULL)
		return 1;
	snprintf(record, sizeof(record), "%s/r", dir);
	snprintf(simtee_text, sizeof(simtee_text), "unix:%s/t", dir);
	return fd_replace_file(record,
		   (struct bytes){ (const uint8_t *)"x", 1 }, 0600,
		   NULL) != ERR_OK;
}

static int tear_down(void **state)
{
	(void)state;
	return unlink(record) != 0 || rmdir(dir) != 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(confine_keeps_what_a_refresh_needs),
		cmocka_unit_test(confine_opens_no_other_file),
		cmocka_unit_test(confine_ends_the_process_on_anything_else),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
