/*
 * Directories for tests of the log, in memory where there is such a place:
 * these tests make many files.
 */
#ifndef CONFER_TESTS_UNIT_LOGD_DIR_H
#define CONFER_TESTS_UNIT_LOGD_DIR_H

#include "test.h"

#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_LEN 512

static inline const char *scratch_root(void)
{
	const char *dir = getenv("TMPDIR");

	if (dir != NULL && *dir != '\0')
		return dir;
	return access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
}

/* A new directory; its path is in out. */
static inline void scratch_make(char out[PATH_LEN])
{
	CHECK(snprintf(out, PATH_LEN, "%s/confer-log-XXXXXX", scratch_root()) <
	      PATH_LEN);
	assert_non_null(mkdtemp(out));
}

static inline int scratch_remove_one(
    const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

static inline void scratch_remove(const char *dir)
{
	CHECK_EQ(nftw(dir, scratch_remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

static inline const char *path_in(const char *dir, const char *name)
{
	static char path[4][2 * PATH_LEN];
	static unsigned next;
	char *p = path[next++ % 4];

	CHECK(snprintf(p, sizeof(path[0]), "%s/%s", dir, name) <
	      (int)sizeof(path[0]));
	return p;
}

static inline bool exists_in(const char *dir, const char *name)
{
	return access(path_in(dir, name), F_OK) == 0;
}

/* Write a file by other means than those under test. */
static inline void write_in(
    const char *dir, const char *name, const void *p, size_t len)
{
	const char *path = path_in(dir, name);
	FILE *f;

	(void)remove(path);
	f = fopen(path, "wb");
	assert_non_null(f);
	CHECK_EQ(fwrite(p, 1, len, f), len);
	CHECK_EQ(fclose(f), 0);
}

static inline uint8_t *read_in(const char *dir, const char *name, size_t *len)
{
	return read_file(path_in(dir, name), len);
}

static inline int open_in(const char *dir, const char *name)
{
	int fd = open(path_in(dir, name), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	CHECK(fd >= 0);
	return fd;
}

static inline void check_file(
    const char *dir, const char *name, const void *want, size_t len)
{
	size_t n;
	uint8_t *p = read_in(dir, name, &n);

	CHECK_EQ(n, len);
	CHECK_MEM(p, want, n);
	free(p);
}

#endif
