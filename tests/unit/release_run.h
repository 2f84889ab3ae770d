/*
 * Running `confer release` in a directory of its own, with the samples of
 * tests/vectors/tlog/records.json as files.
 */
#ifndef CONFER_TESTS_UNIT_RELEASE_RUN_H
#define CONFER_TESTS_UNIT_RELEASE_RUN_H

#include "tlog_vectors.h"

#include <fcntl.h>
#include <unistd.h>

#include "cli/cmd.h"
#include "crypto/crypto_native.h"

#define NOW   1800000000u
#define ARGS  64
#define VALUE 4096
#define DAY   86400u

static char dir[] = "/tmp/release-XXXXXX";
static struct json samples;
static char out_text[65536], err_text[65536];

/* ---- files ------------------------------------------------------------------ */

static inline const char *path_of(const char *name)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	return keep(strdup(path));
}

static inline const char *put_file(const char *name, struct bytes content)
{
	const char *path = path_of(name);
	FILE *f = fopen(path, "wb");

	CHECK(f != NULL);
	CHECK_EQ(fwrite(content.p, 1, content.len, f), content.len);
	fclose(f);
	return path;
}

static inline const char *put_text(const char *name, const char *text)
{
	return put_file(name, str_bytes(text));
}

static inline struct json sample(const char *name)
{
	struct json list = member(&samples, "cases"), c;
	struct json_iter it = json_iter(&list);

	while (json_next(&it, NULL, &c)) {
		struct json is = member(&c, "name");

		if (json_is_str(&is, name))
			return c;
	}
	fail_msg("no sample %s", name);
	return list;
}

/* The sample as a file: its signed entry, or its text alone. */
static inline const char *put_sample(const char *name, const char *what)
{
	const struct json c = sample(name);
	char file[64];

	(void)snprintf(file, sizeof(file), "%s.%s", name, what);
	return put_file(file, member_bytes(&c, what));
}

static inline int setup(void **state)
{
	static const struct {
		const char *name;
		char fill;
	} files[] = { { "one", '1' }, { "two", '2' }, { "empty", '\0' } };

	(void)state;
	CHECK_OK(crypto_init());
	CHECK(mkdtemp(dir) != NULL);
	samples = load_own("records.json");
	for (size_t i = 0; i < 3; i++)
		put_file(files[i].name,
		    (struct bytes){ (const uint8_t *)&files[i].fill,
			files[i].fill != '\0' });
	return 0;
}

static inline int teardown(void **state)
{
	char command[64];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

/* ---- running the command -------------------------------------------------------- */

static inline void slurp(char *out, const char *name)
{
	size_t n;
	uint8_t *p = read_file(path_of(name), &n);

	CHECK(n < sizeof(out_text));
	memcpy(out, p, n + 1);
	free(p);
}

/* `confer release ARGS`, its output in out_text and err_text. */
static inline enum cli_exit run(const char *const *args)
{
	static char text[ARGS][VALUE];
	static struct cli_options o; /* large */
	char *argv[ARGS] = { "confer", "release" };
	struct cli_term t = { .out_tty = false };
	struct err_ctx ctx = { 0 };
	int n = 2, saved[2], fd;
	enum cli_exit x;

	for (; args[n - 2] != NULL; n++) {
		CHECK(n < ARGS);
		(void)snprintf(text[n], VALUE, "%s", args[n - 2]);
		argv[n] = text[n];
	}
	if (cli_options_read(&o, n, argv, &ctx) != ERR_OK)
		fail_msg("%s", ctx.msg);
	t.quiet = o.quiet;
	fflush(stdout);
	for (int i = 0; i < 2; i++) {
		saved[i] = dup(i + 1);
		fd = open(path_of(i == 0 ? "out" : "err"),
		    O_WRONLY | O_CREAT | O_TRUNC, 0600);
		CHECK(fd >= 0 && dup2(fd, i + 1) == i + 1);
		close(fd);
	}
	x = cli_cmd_release(&o, &t);
	fflush(stdout);
	for (int i = 0; i < 2; i++) {
		(void)dup2(saved[i], i + 1);
		close(saved[i]);
	}
	slurp(out_text, "out");
	slurp(err_text, "err");
	return x;
}

#define RUN(...) run((const char *[]){ __VA_ARGS__, NULL })
#define WORKS(...)                                                             \
	do {                                                                   \
		if (RUN(__VA_ARGS__) != CLI_EXIT_OK)                           \
			fail_msg("%s%s", err_text, out_text);                  \
	} while (0)

static inline void check_says(const char *text, const char *what)
{
	if (strstr(text, what) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", text, what);
}

#define REFUSED(exit, why, ...)                                                \
	do {                                                                   \
		CHECK_EQ(RUN(__VA_ARGS__), exit);                              \
		check_says(err_text, why);                                     \
	} while (0)
#define MISTAKE(why, ...) REFUSED(CLI_EXIT_USAGE, why, __VA_ARGS__)

/* ---- options and values ---- */

#define HEAD(kind, life)                                                       \
	"confer-release/v1\nkind " kind "\nproduct p\nchannel stable\nseq 1\n" \
	"issued 1800000000\nnot-before 1800000000\nnot-after " life "\n"
#define HALF_YEAR "1815552000"
#define WEEK      "1800604800"
#define DECADE    "2116224000"
#define FIRST     "--product", "p", "--seq", "1", "--now", "1800000000"
#define HEX8      "0123abcd"
#define HEX32     HEX8 HEX8 HEX8 HEX8
#define HEX40     HEX32 HEX8
#define HEX64     HEX32 HEX32
#define HEX96     HEX64 HEX32
#define HEX128    HEX64 HEX64
#define ONE       "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b"
#define TWO       "d4735e3a265e16eee03f59718b9b5d03019c07d8b6c51f90da3a666eec13ab35"
#define NONE      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define SIM       FIRST, "--version", "1", "--sim", HEX96

#endif
