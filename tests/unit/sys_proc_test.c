/* Children: what they see, how they end. */
#include "test.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "sys/fd.h"
#include "sys/proc.h"

/* Run /bin/sh -c `script`, its output into a pipe whose end is returned. */
static int run_shell(struct proc *p, const char *script)
{
	const char *argv[] = { "sh", "-c", script, NULL };
	int out[2];
	struct proc_spec spec = {
		.path = "/bin/sh", .argv = argv, .in = -1, .err = -1
	};

	CHECK_OK(proc_pipe(out));
	spec.out = out[1];
	CHECK_OK(proc_spawn(p, &spec, NULL));
	fd_close(&out[1]);
	return out[0];
}

TEST(proc_gives_output_and_exit_code)
{
	struct proc p;
	char got[3];
	int status;
	int out = run_shell(&p, "echo hi; exit 7");

	CHECK_OK(fd_read_full(out, got, 3, FD_NO_DEADLINE));
	CHECK_MEM(got, "hi\n", 3);
	CHECK_OK(proc_wait(&p, &status, 10000));
	CHECK_EQ(status, 7);
	CHECK_EQ(p.pid, 0);
	CHECK_ERR(proc_wait(&p, &status, 0), ERR_NOTFOUND);
	fd_close(&out);
}

TEST(proc_names_a_program_that_is_not_there)
{
	const char *argv[] = { "x", NULL };
	struct proc_spec spec = { .path = "/nonexistent/x",
		.argv = argv,
		.in = -1,
		.out = -1,
		.err = -1 };
	struct err_ctx ctx = { 0 };
	struct proc p;

	CHECK_ERR(proc_spawn(&p, &spec, &ctx), ERR_NOTFOUND);
	CHECK(strstr(ctx.msg, "cannot start /nonexistent/x") != NULL);
	spec.path = "/etc";
	CHECK_ERR(proc_spawn(&p, &spec, NULL), ERR_IO);
}

TEST(proc_stop_ends_even_what_ignores_the_polite_signal)
{
	struct proc p;
	char got[1];
	int status;
	int out =
	    run_shell(&p, "trap '' TERM; echo; while :; do sleep 1; done");

	CHECK_OK(fd_read_full(out, got, 1, FD_NO_DEADLINE));
	CHECK_ERR(proc_wait(&p, &status, 0), ERR_TIMEOUT);
	CHECK_EQ(proc_stop(&p, 20), 128 + SIGKILL);
	fd_close(&out);
	out = run_shell(&p, "echo; exec sleep 1000");
	CHECK_OK(fd_read_full(out, got, 1, FD_NO_DEADLINE));
	CHECK_EQ(proc_stop(&p, 10000), 128 + SIGTERM);
	fd_close(&out);
}

TEST(proc_child_sees_only_the_descriptors_it_is_given)
{
	struct proc p;
	char got[64] = { 0 };
	int status;
	int kept = open("/dev/null", O_RDWR); /* not close-on-exec */
	int out =
	    run_shell(&p, "for f in 0 1 2 3 4 5 6 7 8 9; do "
			  "[ -e /proc/$$/fd/$f ] && echo $f; done; exit 0");

	CHECK(kept >= 3);
	CHECK_OK(proc_wait(&p, &status, 10000));
	CHECK_EQ(status, 0);
	CHECK(read(out, got, sizeof(got) - 1) >= 0);
	CHECK_STR(got, "0\n1\n2\n");
	fd_close(&out);
	fd_close(&kept);
}

TEST(proc_child_sees_the_descriptors_passed)
{
	const char *argv[] = { "sh", "-c", NULL, NULL };
	char script[64];
	int pass[2];
	char got[4];
	int status;
	struct proc p;
	struct proc_spec spec = { .path = "/bin/sh",
		.argv = argv,
		.in = -1,
		.out = -1,
		.err = -1,
		.pass_count = 1 };

	CHECK_OK(proc_pipe(pass));
	spec.pass = &pass[1];
	snprintf(script, sizeof(script), "echo abc >&%d", pass[1]);
	argv[2] = script;
	CHECK_OK(proc_spawn(&p, &spec, NULL));
	CHECK_OK(fd_read_full(pass[0], got, 4, FD_NO_DEADLINE));
	CHECK_MEM(got, "abc\n", 4);
	CHECK_OK(proc_wait(&p, &status, 10000));
	fd_close(&pass[0]);
	fd_close(&pass[1]);
}

/* A parent that dies at once; its child would live on for 1000 seconds. */
TEST(proc_child_ends_with_its_parent)
{
	int out[2];
	char got[1];
	pid_t parent;

	CHECK_OK(proc_pipe(out));
	parent = fork();
	if (parent == 0) {
		const char *argv[] = { "sleep", "1000", NULL };
		struct proc_spec spec = { .path = "/bin/sleep",
			.argv = argv,
			.in = -1,
			.out = out[1],
			.err = -1 };
		struct proc p;

		_exit(proc_spawn(&p, &spec, NULL) == ERR_OK ? 0 : 1);
	}
	CHECK(parent > 0);
	fd_close(&out[1]);
	/* The pipe ends when the last holder of its other end is gone. */
	CHECK_ERR(fd_read_full(out[0], got, 1, FD_NO_DEADLINE), ERR_CLOSED);
	fd_close(&out[0]);
}

TEST(proc_child_has_a_process_group_of_its_own)
{
	struct proc p;
	char got = 0;
	int status, out = run_shell(&p, "echo; sleep 60");

	CHECK_OK(fd_read_full(out, &got, 1, FD_NO_DEADLINE));
	CHECK_EQ(getpgid(p.pid), p.pid);
	status = proc_stop(&p, 10000);
	CHECK(status != 0);
	fd_close(&out);
}

TEST(proc_signals_can_be_read)
{
	int fd;

	CHECK_OK(proc_signals_open(&fd));
	CHECK_EQ(proc_signals_next(fd), 0);
	CHECK_EQ(raise(SIGTERM), 0);
	CHECK_EQ(raise(SIGINT), 0);
	CHECK_EQ(proc_signals_next(fd), SIGINT);
	CHECK_EQ(proc_signals_next(fd), SIGTERM);
	CHECK_EQ(proc_signals_next(fd), 0);
	fd_close(&fd);
}

TEST(proc_knows_its_own_path)
{
	char path[4096];
	char small[2];

	CHECK_OK(proc_self_path(path, sizeof(path), NULL));
	CHECK(strstr(path, "sys_proc_test") != NULL);
	CHECK_ERR(proc_self_path(small, sizeof(small), NULL), ERR_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(proc_gives_output_and_exit_code),
		cmocka_unit_test(proc_names_a_program_that_is_not_there),
		cmocka_unit_test(
		    proc_stop_ends_even_what_ignores_the_polite_signal),
		cmocka_unit_test(
		    proc_child_sees_only_the_descriptors_it_is_given),
		cmocka_unit_test(proc_child_sees_the_descriptors_passed),
		cmocka_unit_test(proc_child_ends_with_its_parent),
		cmocka_unit_test(proc_child_has_a_process_group_of_its_own),
		cmocka_unit_test(proc_signals_can_be_read),
		cmocka_unit_test(proc_knows_its_own_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
