/* See release_source.h. */
#include "cli/release_source.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fmt.h"
#include "sys/clock.h"
#include "sys/fd.h"
#include "sys/proc.h"

#define GIT_MS    20000 /* `git status` of a large tree on a cold disk */
#define ANSWER    512 /* bytes; longer answers are cut, and are none of ours */
#define DIR_SHOWN 60

/* proc_spawn does not search: the first git in PATH. */
static enum err find_git(char out[FD_PATH_MAX], struct err_ctx *ctx)
{
	const char *path = getenv("PATH");

	while (path != NULL && *path != '\0') {
		const size_t n = strcspn(path, ":");

		if (fmt_print(out, FD_PATH_MAX, "%.*s/git", (int)n, path) <
			FD_PATH_MAX &&
		    access(out, X_OK) == 0)
			return ERR_OK;
		path += n + (path[n] == ':');
	}
	return err_set(ctx, ERR_NOTFOUND,
	    "there is no git here: say --source, --commit and --tree");
}

/* Read until its end; what is too long is read and dropped. */
static enum err read_answer(int fd, char out[ANSWER], uint64_t deadline_ms)
{
	char drop[ANSWER] = { 0 };
	size_t len = 0, n = 0;
	enum err e;

	do {
		const size_t room = ANSWER - 1 - len;

		e = fd_wait(fd, false, deadline_ms);
		if (e == ERR_OK)
			e = fd_read_some(fd, room > 0 ? out + len : drop,
			    room > 0 ? room : sizeof(drop), &n);
		if (e == ERR_OK && room > 0)
			len += n;
	} while (e == ERR_OK || e == ERR_AGAIN);
	out[len] = '\0';
	return e == ERR_CLOSED ? ERR_OK : e;
}

/* Run git; what it says on standard output, and its status. */
static enum err run_git(
    char out[ANSWER], int *status, const char *const *argv, struct err_ctx *ctx)
{
	const uint64_t deadline = clock_mono_ms() + GIT_MS;
	struct proc git = PROC_INIT;
	struct proc_spec spec = { .argv = argv, .in = -1, .err = -1 };
	char path[FD_PATH_MAX];
	int pipe_fd[2] = { -1, -1 };
	enum err e = find_git(path, ctx);

	out[0] = '\0';
	if (e == ERR_OK)
		e = proc_pipe(pipe_fd);
	spec.path = path;
	spec.out = pipe_fd[1];
	if (e == ERR_OK)
		e = proc_spawn(&git, &spec, ctx);
	fd_close(&pipe_fd[1]);
	if (e == ERR_OK)
		e = read_answer(pipe_fd[0], out, deadline);
	fd_close(&pipe_fd[0]);
	if (e == ERR_OK)
		e = proc_wait(&git, status, GIT_MS);
	if (e != ERR_OK)
		(void)proc_stop(&git, 0);
	return e == ERR_OK ? ERR_OK : err_set(ctx, e, "git: %s", err_name(e));
}

/* One line of an answer, copied; false if it is too long or empty. */
static bool take_line(char *out, size_t cap, const char **rest)
{
	const size_t n = strcspn(*rest, "\n");

	if (n == 0 || n >= cap)
		return false;
	memcpy(out, *rest, n);
	out[n] = '\0';
	*rest += n + ((*rest)[n] == '\n');
	return true;
}

/* Everybody should be able to use the URL, and nobody as somebody else. */
static bool is_public(const char *url)
{
	return (strncmp(url, "https://", 8) == 0 ||
		   strncmp(url, "http://", 7) == 0) &&
	       strchr(url, '@') == NULL;
}

static enum err read_commit(
    struct cli_release_source *out, const char *dir, struct err_ctx *ctx)
{
	const char *const argv[] = { "git", "-C", dir, "rev-parse", "HEAD",
		"HEAD^{tree}", NULL };
	char answer[ANSWER];
	const char *rest = answer;
	int status = 0;
	enum err e = run_git(answer, &status, argv, ctx);

	if (e != ERR_OK)
		return e;
	if (status != 0 ||
	    !take_line(out->commit, sizeof(out->commit), &rest) ||
	    !take_line(out->tree, sizeof(out->tree), &rest))
		return err_set(ctx, ERR_NOTFOUND, "git finds no commit in %.*s",
		    DIR_SHOWN, dir);
	return ERR_OK;
}

static enum err check_clean(const char *dir, struct err_ctx *ctx)
{
	const char *const argv[] = { "git", "-C", dir, "status", "--porcelain",
		NULL };
	char answer[ANSWER];
	int status = 0;
	enum err e = run_git(answer, &status, argv, ctx);

	if (e != ERR_OK || (status == 0 && answer[0] == '\0'))
		return e;
	return err_set(ctx, ERR_POLICY,
	    "files in %.*s are in no commit: commit or remove them, or say "
	    "--commit and --tree",
	    DIR_SHOWN, dir);
}

enum err cli_release_source_git(
    struct cli_release_source *out, const char *dir, struct err_ctx *ctx)
{
	const char *const argv[] = { "git", "-C", dir, "remote", "get-url",
		"origin", NULL };
	char answer[ANSWER];
	const char *rest = answer;
	int status = 0;
	enum err e;

	memset(out, 0, sizeof(*out));
	e = read_commit(out, dir, ctx);
	if (e == ERR_OK)
		e = check_clean(dir, ctx);
	if (e == ERR_OK)
		e = run_git(answer, &status, argv, ctx);
	if (e == ERR_OK && status == 0 && is_public(answer))
		(void)take_line(out->url, sizeof(out->url), &rest);
	return e;
}
