/* cmocka with the headers that it wants first, and a few claims of our own. */
#ifndef CONFER_TESTS_UNIT_TEST_H
#define CONFER_TESTS_UNIT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/mem.h"

/* A test is a claim: TEST(rd_rejects_every_truncation) { ... } */
#define TEST(name) static void name(void **state __attribute__((unused)))

/* Compare error codes and show their names when they differ. */
#define CHECK_ERR(expr, want)                                                  \
	do {                                                                   \
		enum err got_ = (expr);                                        \
		if (got_ != (want))                                            \
			fail_msg("%s: got \"%s\", want \"%s\"", #expr,         \
			    err_name(got_), err_name(want));                   \
	} while (0)
#define CHECK_OK(expr) CHECK_ERR(expr, ERR_OK)
#define CHECK(cond)    assert_true(cond)
#define CHECK_EQ(a, b) assert_int_equal(a, b)
#define CHECK_MEM(a, b, n) assert_memory_equal(a, b, n)
#define CHECK_STR(a, b) assert_string_equal(a, b)

/* Skip this test and say why: nobody notices a silent one. */
#define SKIP(why)                                                              \
	do {                                                                   \
		print_message("SKIP: %s: %s\n", __func__, why);                \
		skip();                                                        \
	} while (0)

/*
 * Path of a file below shared test vectors, or skip this test with a plain
 * message when they are not on this machine. CONFER_VECTORS names the folder.
 */
static inline const char *vector_path(const char *name)
{
	static char path[4096];
	const char *dir = getenv("CONFER_VECTORS");
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s",
	    dir != NULL ? dir : "../shared/vectors", name);
	f = fopen(path, "rb");
	if (f == NULL) {
		print_message("SKIP: %s is not on this machine\n", path);
		skip();
	}
	fclose(f);
	return path;
}

/* The whole file, malloc'ed with one NUL after it; fails the test otherwise. */
static inline uint8_t *read_file(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	uint8_t *p;
	long n;

	if (f == NULL)
		fail_msg("cannot open %s", path);
	fseek(f, 0, SEEK_END);
	n = ftell(f);
	rewind(f);
	p = malloc((size_t)n + 1);
	assert_non_null(p);
	*len = fread(p, 1, (size_t)n, f);
	p[*len] = 0;
	fclose(f);
	return p;
}

#endif
