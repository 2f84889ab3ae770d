/* Whole reads and writes, deadlines, files that are replaced in one step. */
#include "test.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/fd.h"

static char dir[] = "/tmp/sys_fd_XXXXXX";
static char path[256];

static const char *in_dir(const char *name)
{
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

/* Where fd_replace_file writes before it renames. */
static const char *temporary(const char *name)
{
	snprintf(path, sizeof(path), "%s/.%s.%d.tmp", dir, name, (int)getpid());
	return path;
}

static struct bytes of(const char *s)
{
	return (struct bytes){ (const uint8_t *)s, strlen(s) };
}

static void make_pair(int fd[2])
{
	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd), 0);
}

TEST(fd_read_full_tells_an_end_from_a_cut)
{
	int fd[2];
	char got[4];

	make_pair(fd);
	CHECK_OK(fd_write_full(fd[0], "abcdef", 6, FD_NO_DEADLINE));
	fd_close(&fd[0]);
	CHECK_EQ(fd[0], -1);
	CHECK_OK(fd_read_full(fd[1], got, 4, FD_NO_DEADLINE));
	CHECK_MEM(got, "abcd", 4);
	CHECK_ERR(fd_read_full(fd[1], got, 4, FD_NO_DEADLINE), ERR_TRUNCATED);
	CHECK_ERR(fd_read_full(fd[1], got, 4, FD_NO_DEADLINE), ERR_CLOSED);
	fd_close(&fd[1]);
}

/* In a child, since the test's own descriptors go too. */
TEST(fd_close_from_leaves_only_the_lower_ones)
{
	int status, fd[2];
	pid_t pid;

	CHECK_EQ(pipe(fd), 0);
	pid = fork();
	if (pid == 0) {
		fd_close_from(fd[1]);
		_exit(fcntl(fd[0], F_GETFD) < 0 || fcntl(fd[1], F_GETFD) >= 0 ||
		      fcntl(2, F_GETFD) < 0);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
	fd_close(&fd[0]);
	fd_close(&fd[1]);
}

TEST(fd_deadline_in_the_past_is_a_timeout_not_a_hang)
{
	static const uint8_t zeros[1 << 16];
	int fd[2];
	char got[1];
	enum err e = ERR_OK;

	make_pair(fd);
	CHECK_ERR(fd_read_full(fd[1], got, 1, clock_mono_ms()), ERR_TIMEOUT);
	/* Nobody reads: the socket's buffer fills up. */
	for (int i = 0; i < 1000 && e == ERR_OK; i++)
		e = fd_write_full(fd[0], zeros, sizeof(zeros), clock_mono_ms());
	CHECK_ERR(e, ERR_TIMEOUT);
	fd_close(&fd[0]);
	fd_close(&fd[1]);
}

TEST(fd_wait_tells_what_can_be_done)
{
	int fd[2];

	make_pair(fd);
	CHECK_ERR(fd_wait(fd[1], false, clock_mono_ms()), ERR_TIMEOUT);
	CHECK_OK(fd_wait(fd[1], true, FD_NO_DEADLINE));
	CHECK_OK(fd_write_full(fd[0], "a", 1, FD_NO_DEADLINE));
	CHECK_OK(fd_wait(fd[1], false, FD_NO_DEADLINE));
	fd_close(&fd[0]);
	fd_close(&fd[1]);
}

static void on_alarm(int sig)
{
	(void)sig;
}

TEST(fd_wait_ends_when_a_signal_comes)
{
	const struct sigaction act = { .sa_handler = on_alarm };
	const struct itimerval soon = { .it_value = { .tv_usec = 1000 },
		.it_interval = { .tv_usec = 1000 } };
	const struct itimerval off = { 0 };
	int fd[2];

	make_pair(fd);
	CHECK_EQ(sigaction(SIGALRM, &act, NULL), 0);
	CHECK_EQ(setitimer(ITIMER_REAL, &soon, NULL), 0);
	CHECK_ERR(fd_wait(fd[1], false, FD_NO_DEADLINE), ERR_AGAIN);
	CHECK_EQ(setitimer(ITIMER_REAL, &off, NULL), 0);
	fd_close(&fd[0]);
	fd_close(&fd[1]);
}

TEST(fd_write_to_a_closed_peer_is_an_error_not_a_signal)
{
	int fd[2];
	size_t n;

	make_pair(fd);
	CHECK_ERR(fd_read_some(fd[0], path, 1, &n), ERR_AGAIN);
	fd_close(&fd[1]);
	CHECK_ERR(fd_write_some(fd[0], "x", 1, &n), ERR_CLOSED);
	fd_close(&fd[0]);
}

TEST(fd_replace_file_leaves_old_or_new_and_no_rest)
{
	char got[16];
	size_t n;
	struct stat st;

	CHECK_OK(fd_replace_file(in_dir("a"), of("one"), 0600, NULL));
	CHECK_OK(fd_replace_file(in_dir("a"), of("second"), 0600, NULL));
	CHECK_OK(fd_read_file(got, sizeof(got), &n, in_dir("a"), NULL));
	CHECK_EQ(n, 6);
	CHECK_MEM(got, "second", 6);
	CHECK_EQ(stat(in_dir("a"), &st), 0);
	CHECK_EQ(st.st_mode & 0777, 0600);
	CHECK(access(temporary("a"), F_OK) != 0);
	unlink(in_dir("a"));
}

/* Two writers at once: each of their files is whole, and none fails. */
TEST(fd_replace_file_suffers_other_writers)
{
	const char *target = strdup(in_dir("shared"));
	pid_t other = fork();
	char got[8];
	size_t n;
	int status = 0;

	for (unsigned i = 0; i < 200; i++) {
		if (fd_replace_file(target, of(other == 0 ? "other" : "ours!"),
			0600, NULL) != ERR_OK)
			status = 1;
	}
	if (other == 0)
		_exit(status);
	CHECK_EQ(status, 0);
	CHECK_EQ(waitpid(other, &status, 0), other);
	CHECK_EQ(status, 0);
	CHECK_OK(fd_read_file(got, sizeof(got), &n, target, NULL));
	CHECK_EQ(n, 5);
	CHECK_EQ(unlink(target), 0);
	free((void *)(uintptr_t)target);
}

TEST(fd_replace_file_on_a_full_disk_keeps_the_old_file)
{
	struct err_ctx ctx = { 0 };

	/* /dev/full gives ENOSPC on every write. */
	CHECK_EQ(symlink("/dev/full", temporary("b")), 0);
	CHECK_OK(fd_replace_file(in_dir("c"), of("old"), 0600, NULL));
	CHECK_ERR(fd_replace_file(in_dir("b"), of("new"), 0600, &ctx),
	    ERR_IO); /* a link in the way is not followed */
	CHECK(access(in_dir("b"), F_OK) != 0);
	CHECK_ERR(fd_replace_file(in_dir("no/b"), of("new"), 0600, &ctx),
	    ERR_NOTFOUND);
	unlink(in_dir("c"));
	unlink(temporary("b"));
}

TEST(fd_read_file_keeps_its_limit)
{
	struct err_ctx ctx = { 0 };
	char got[4];
	size_t n;

	CHECK_OK(fd_replace_file(in_dir("l"), of("12345"), 0600, NULL));
	CHECK_ERR(fd_read_file(got, 4, &n, in_dir("l"), &ctx), ERR_LIMIT);
	CHECK_EQ(n, 0);
	CHECK(strstr(ctx.msg, "longer than 4 bytes") != NULL);
	CHECK_OK(fd_replace_file(in_dir("l"), of("1234"), 0600, NULL));
	CHECK_OK(fd_read_file(got, 4, &n, in_dir("l"), NULL));
	CHECK_EQ(n, 4);
	unlink(in_dir("l"));
}

TEST(fd_read_file_names_what_is_missing)
{
	struct err_ctx ctx = { 0 };
	char got[4];
	size_t n;

	CHECK_ERR(fd_read_file(got, 4, &n, in_dir("none"), &ctx), ERR_NOTFOUND);
	CHECK(strstr(ctx.msg, path) != NULL);
	CHECK(strstr(ctx.msg, "No such file") != NULL);
	CHECK_ERR(fd_read_file(got, 4, &n, dir, NULL), ERR_IO);
}

TEST(fd_read_file_at_follows_no_link_out_of_its_directory)
{
	char got[16];
	size_t n;
	int at = open(dir, O_RDONLY | O_DIRECTORY);

	CHECK(at >= 0);
	CHECK_OK(fd_replace_file(in_dir("f"), of("x"), 0600, NULL));
	CHECK_EQ(symlink("f", in_dir("link")), 0);
	CHECK_OK(fd_read_file_at(got, sizeof(got), &n, at, "f"));
	CHECK_EQ(n, 1);
	CHECK_ERR(fd_read_file_at(got, sizeof(got), &n, at, "link"), ERR_IO);
	CHECK_ERR(fd_read_file_at(got, sizeof(got), &n, at, "g"), ERR_NOTFOUND);
	unlink(in_dir("link"));
	unlink(in_dir("f"));
	fd_close(&at);
}

TEST(fd_make_dirs_makes_all_and_accepts_what_exists)
{
	struct stat st;

	CHECK_OK(fd_make_dirs(in_dir("p/q/r"), NULL));
	CHECK_OK(fd_make_dirs(in_dir("p/q/r"), NULL));
	CHECK_EQ(stat(path, &st), 0);
	CHECK_EQ(st.st_mode & 0777, 0700);
	CHECK_OK(fd_replace_file(in_dir("p/file"), of("x"), 0600, NULL));
	CHECK_ERR(fd_make_dirs(in_dir("p/file"), NULL), ERR_NOTFOUND);
	unlink(path);
	rmdir(in_dir("p/q/r"));
	rmdir(in_dir("p/q"));
	rmdir(in_dir("p"));
}

TEST(fd_map_shows_the_file_and_refuses_a_directory)
{
	struct fd_map m;

	CHECK_OK(fd_replace_file(in_dir("m"), of("mapped"), 0600, NULL));
	CHECK_OK(fd_map_open(&m, in_dir("m"), NULL));
	CHECK_EQ(m.len, 6);
	CHECK_MEM(m.p, "mapped", 6);
	fd_map_close(&m);
	CHECK(m.p == NULL);
	CHECK_OK(fd_replace_file(in_dir("m"), of(""), 0600, NULL));
	CHECK_OK(fd_map_open(&m, in_dir("m"), NULL));
	CHECK_EQ(m.len, 0);
	fd_map_close(&m);
	unlink(in_dir("m"));
	CHECK_ERR(fd_map_open(&m, dir, NULL), ERR_IO);
}

TEST(fd_map_open_at_stays_below_its_directory)
{
	static const char *const none[] = { "p/g", "q/f", "p/f/f", "", "p/",
		"/p/f", "p//f", "../p/f", "p/../p/f", "link/f" };
	char name[FD_NAME_MAX + 8];
	int at = open(dir, O_RDONLY | O_DIRECTORY);
	struct fd_map m;

	CHECK_OK(fd_make_dirs(in_dir("p"), NULL));
	CHECK_OK(fd_replace_file(in_dir("p/f"), of("mapped"), 0600, NULL));
	CHECK_EQ(symlink("p", in_dir("link")), 0);
	CHECK_EQ(symlink("f", in_dir("p/link")), 0);
	CHECK_OK(fd_map_open_at(&m, at, "p/f"));
	CHECK_EQ(m.len, 6);
	CHECK_MEM(m.p, "mapped", 6);
	fd_map_close(&m);
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		CHECK_ERR(fd_map_open_at(&m, at, none[i]), ERR_NOTFOUND);
		CHECK(m.p == NULL);
	}
	CHECK_ERR(fd_map_open_at(&m, at, "p/link"), ERR_IO);
	CHECK_ERR(fd_map_open_at(&m, at, "p"), ERR_IO);
	CHECK_ERR(fd_map_open_at(&m, at, "p/.."), ERR_IO);
	memset(name, 'a', sizeof(name));
	memcpy(name + sizeof(name) - 3, "/f", 3);
	CHECK_ERR(fd_map_open_at(&m, at, name), ERR_NOTFOUND);
	fd_close(&at);
	CHECK_ERR(fd_map_open_at(&m, at, "p/f"), ERR_IO);
	unlink(in_dir("p/link"));
	unlink(in_dir("p/f"));
	unlink(in_dir("link"));
	rmdir(in_dir("p"));
}

static int make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) == NULL;
}

static int remove_dir(void **state)
{
	(void)state;
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fd_read_full_tells_an_end_from_a_cut),
		cmocka_unit_test(fd_close_from_leaves_only_the_lower_ones),
		cmocka_unit_test(
		    fd_deadline_in_the_past_is_a_timeout_not_a_hang),
		cmocka_unit_test(fd_wait_tells_what_can_be_done),
		cmocka_unit_test(fd_wait_ends_when_a_signal_comes),
		cmocka_unit_test(
		    fd_write_to_a_closed_peer_is_an_error_not_a_signal),
		cmocka_unit_test(fd_replace_file_leaves_old_or_new_and_no_rest),
		cmocka_unit_test(fd_replace_file_suffers_other_writers),
		cmocka_unit_test(
		    fd_replace_file_on_a_full_disk_keeps_the_old_file),
		cmocka_unit_test(fd_read_file_keeps_its_limit),
		cmocka_unit_test(fd_read_file_names_what_is_missing),
		cmocka_unit_test(
		    fd_read_file_at_follows_no_link_out_of_its_directory),
		cmocka_unit_test(
		    fd_make_dirs_makes_all_and_accepts_what_exists),
		cmocka_unit_test(fd_map_shows_the_file_and_refuses_a_directory),
		cmocka_unit_test(fd_map_open_at_stays_below_its_directory),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
