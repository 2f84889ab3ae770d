/* Durable files [L-146] [L-147]. */
#include "logd_dir.h"

#include <signal.h>
#include <sys/wait.h>

#include "logd/store.h"

static char dir[PATH_LEN];
static int fd;

static int setup(void **state)
{
	(void)state;
	scratch_make(dir);
	fd = open_in(dir, ".");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	close(fd);
	scratch_remove(dir);
	return 0;
}

static struct bytes text(const char *s)
{
	return (struct bytes){ (const uint8_t *)s, strlen(s) };
}

static unsigned mode_of(const char *name)
{
	struct stat st;

	CHECK_EQ(stat(path_in(dir, name), &st), 0);
	return st.st_mode & 07777;
}

TEST(replace_makes_a_file_and_then_another_in_its_place)
{
	CHECK_OK(logd_store_replace(fd, "head", text("one"), 0600, NULL));
	check_file(dir, "head", "one", 3);
	CHECK_OK(logd_store_replace(fd, "head", text(""), 0600, NULL));
	check_file(dir, "head", "", 0);
	CHECK_EQ(mode_of("head"), 0600);
	CHECK(!exists_in(dir, LOGD_STORE_TMP));
}

TEST(replace_says_what_it_could_not_do)
{
	struct err_ctx ctx = { 0 };

	CHECK_EQ(mkdir(path_in(dir, "head"), 0700), 0);
	CHECK_ERR(
	    logd_store_replace(fd, "head", text("x"), 0600, &ctx), ERR_IO);
	CHECK(strstr(ctx.msg, "rename head") != NULL);
	ctx = (struct err_ctx){ 0 };
	CHECK_ERR(
	    logd_store_replace(-1, "head", text("x"), 0600, &ctx), ERR_IO);
	CHECK(strstr(ctx.msg, "head") != NULL);
}

TEST(put_makes_directories_and_a_file_that_nobody_writes_to)
{
	CHECK_OK(
	    logd_store_put(fd, "tile/0/x001/000", text("tile"), false, NULL));
	check_file(dir, "tile/0/x001/000", "tile", 4);
	CHECK_EQ(mode_of("tile/0/x001/000"), 0444);
	CHECK(!exists_in(dir, "tile/0/x001/" LOGD_STORE_TMP));
	CHECK_OK(logd_store_put(fd, "top", text("t"), true, NULL));
	check_file(dir, "top", "t", 1);
}

TEST(put_accepts_the_same_file_and_no_other)
{
	static uint8_t big[20000];
	struct err_ctx ctx = { 0 };

	CHECK_OK(logd_store_put(fd, "t/a", text("tile"), false, NULL));
	CHECK_OK(logd_store_put(fd, "t/a", text("tile"), true, NULL));
	CHECK_ERR(
	    logd_store_put(fd, "t/a", text("tilt"), false, &ctx), ERR_AUTH);
	CHECK_STR(ctx.msg, "t/a is there with other bytes");
	CHECK_ERR(
	    logd_store_put(fd, "t/a", text("til"), false, NULL), ERR_AUTH);
	CHECK_ERR(
	    logd_store_put(fd, "t/a", text("tile2"), false, NULL), ERR_AUTH);
	CHECK_ERR(logd_store_put(fd, "t/a", text(""), false, NULL), ERR_AUTH);
	check_file(dir, "t/a", "tile", 4);
	CHECK(!exists_in(dir, "t/" LOGD_STORE_TMP));
	CHECK_OK(logd_store_put(
	    fd, "big", (struct bytes){ big, sizeof(big) }, false, NULL));
	CHECK_OK(logd_store_put(
	    fd, "big", (struct bytes){ big, sizeof(big) }, false, NULL));
	big[sizeof(big) - 1] = 1;
	CHECK_ERR(logd_store_put(fd, "big", (struct bytes){ big, sizeof(big) },
		      false, NULL),
	    ERR_AUTH);
}

/* A crash between link and unlink leaves two names of one file. */
TEST(put_never_writes_through_a_leftover_name)
{
	CHECK_OK(logd_store_put(fd, "a", text("first"), false, NULL));
	CHECK_EQ(linkat(fd, "a", fd, LOGD_STORE_TMP, 0), 0);
	CHECK_OK(logd_store_put(fd, "b", text("second"), false, NULL));
	check_file(dir, "a", "first", 5);
	check_file(dir, "b", "second", 6);
	CHECK(!exists_in(dir, LOGD_STORE_TMP));
}

TEST(put_follows_no_link_and_enters_no_file)
{
	char name[400];

	CHECK_EQ(symlink("/tmp", path_in(dir, "away")), 0);
	CHECK_ERR(logd_store_put(fd, "away/x", text("x"), false, NULL), ERR_IO);
	CHECK_OK(logd_store_put(fd, "file", text("x"), false, NULL));
	CHECK_ERR(logd_store_put(fd, "file/x", text("x"), false, NULL), ERR_IO);
	CHECK_EQ(symlink("file", path_in(dir, "link")), 0);
	CHECK_ERR(logd_store_put(fd, "link", text("x"), false, NULL), ERR_IO);
	memset(name, 'n', sizeof(name));
	memcpy(name + sizeof(name) - 3, "/x", 3);
	CHECK_ERR(logd_store_put(fd, name, text("x"), false, NULL), ERR_LIMIT);
	CHECK_ERR(logd_store_put(-1, "x", text("x"), false, NULL), ERR_IO);
}

TEST(remove_is_content_with_nothing)
{
	CHECK_OK(logd_store_remove(fd, "wal", NULL));
	CHECK_OK(logd_store_replace(fd, "wal", text("x"), 0600, NULL));
	CHECK_OK(logd_store_has(fd, "wal"));
	CHECK_OK(logd_store_remove(fd, "wal", NULL));
	CHECK_ERR(logd_store_has(fd, "wal"), ERR_NOTFOUND);
	CHECK_EQ(mkdir(path_in(dir, "wal"), 0700), 0);
	CHECK_ERR(logd_store_remove(fd, "wal", NULL), ERR_IO);
	CHECK_ERR(logd_store_has(-1, "wal"), ERR_IO);
}

TEST(lock_is_held_by_one_process_until_it_dies)
{
	struct err_ctx ctx = { 0 };
	int mine = -1, second = -1, ready[2], status;
	char byte;
	pid_t pid;

	CHECK_EQ(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		(void)!(logd_store_lock(&mine, fd, "lock", NULL) == ERR_OK &&
			write(ready[1], "x", 1) == 1);
		(void)pause();
		_exit(0);
	}
	CHECK_EQ(read(ready[0], &byte, 1), 1);
	CHECK_ERR(logd_store_lock(&mine, fd, "lock", &ctx), ERR_BUSY);
	CHECK_STR(ctx.msg, "another process holds the lock");
	CHECK_EQ(mine, -1);
	CHECK_EQ(kill(pid, SIGKILL), 0);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_OK(logd_store_lock(&mine, fd, "lock", NULL));
	CHECK_EQ(fcntl(mine, F_GETFD), FD_CLOEXEC);
	CHECK_ERR(logd_store_lock(&second, fd, "lock", NULL), ERR_BUSY);
	close(mine);
	CHECK_OK(logd_store_lock(&second, fd, "lock", NULL));
	close(second);
	CHECK_ERR(logd_store_lock(&mine, -1, "lock", NULL), ERR_IO);
	close(ready[0]);
	close(ready[1]);
}

TEST(reserve_compares_with_what_is_free)
{
	struct err_ctx ctx = { 0 };

	CHECK_OK(logd_store_reserve(fd, 1, NULL));
	CHECK_ERR(logd_store_reserve(fd, UINT64_MAX, &ctx), ERR_NOSPACE);
	CHECK(strstr(ctx.msg, "MiB that are kept free") != NULL);
	CHECK_ERR(logd_store_reserve(-1, 1, NULL), ERR_IO);
}

TEST(widest_reads_widths_and_nothing_else)
{
	unsigned width = 7;

	CHECK_OK(logd_store_widest(&width, fd, "000.p", NULL));
	CHECK_EQ(width, 0);
	CHECK_OK(logd_store_put(fd, "000.p/9", text("x"), false, NULL));
	CHECK_OK(logd_store_put(fd, "000.p/12", text("x"), false, NULL));
	CHECK_OK(logd_store_put(fd, "000.p/.tmp2", text("x"), false, NULL));
	CHECK_OK(logd_store_put(fd, "000.p/099", text("x"), false, NULL));
	CHECK_OK(logd_store_widest(&width, fd, "000.p", NULL));
	CHECK_EQ(width, 12);
	CHECK_ERR(logd_store_widest(&width, fd, "000.p/9", NULL), ERR_IO);
}

TEST(drop_deletes_partial_tiles_and_their_directory)
{
	CHECK_OK(logd_store_put(fd, "000.p/9", text("x"), false, NULL));
	CHECK_OK(logd_store_put(fd, "000.p/12", text("x"), false, NULL));
	write_in(dir, "000.p/" LOGD_STORE_TMP, "x", 1);
	logd_store_drop(fd, "000.p");
	CHECK(!exists_in(dir, "000.p"));
	logd_store_drop(fd, "000.p");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(replace_makes_a_file_and_then_another_in_its_place),
		T(replace_says_what_it_could_not_do),
		T(put_makes_directories_and_a_file_that_nobody_writes_to),
		T(put_accepts_the_same_file_and_no_other),
		T(put_never_writes_through_a_leftover_name),
		T(put_follows_no_link_and_enters_no_file),
		T(remove_is_content_with_nothing),
		T(lock_is_held_by_one_process_until_it_dies),
		T(reserve_compares_with_what_is_free),
		T(widest_reads_widths_and_nothing_else),
		T(drop_deletes_partial_tiles_and_their_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
