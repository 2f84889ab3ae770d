/* See home.h. */
#include "client/home.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/fmt.h"

static enum err join(char out[FD_PATH_MAX], const char *a, const char *b,
    const char *c, struct err_ctx *ctx)
{
	size_t n =
	    fmt_print(out, FD_PATH_MAX, "%s%s%s%s%s", a, b != NULL ? "/" : "",
		b != NULL ? b : "", c != NULL ? "/" : "", c != NULL ? c : "");

	if (n >= FD_PATH_MAX)
		return err_set(ctx, ERR_LIMIT,
		    "the path of the home directory is too long");
	return ERR_OK;
}

enum err client_home_find(
    char out[FD_PATH_MAX], const char *given, struct err_ctx *ctx)
{
	const char *xdg = getenv("XDG_DATA_HOME");
	const char *home = getenv("HOME");
	char cwd[FD_PATH_MAX];

	if (given != NULL && given[0] == '/')
		return join(out, given, NULL, NULL, ctx);
	if (given != NULL && getcwd(cwd, sizeof(cwd)) == NULL)
		return err_set(
		    ctx, ERR_NOTFOUND, "the working directory cannot be named");
	if (given != NULL && given[0] != '\0')
		return join(out, cwd, given, NULL, ctx);
	/* XDG: a path that is not absolute is to be ignored. */
	if (xdg != NULL && xdg[0] == '/')
		return join(out, xdg, "confer", NULL, ctx);
	if (home != NULL && home[0] == '/')
		return join(out, home, ".local/share", "confer", ctx);
	return err_set(ctx, ERR_NOTFOUND,
	    "neither XDG_DATA_HOME nor HOME names a directory: use --home");
}

enum err client_home_path(char out[FD_PATH_MAX], const char *home,
    const char *dir, const char *name, struct err_ctx *ctx)
{
	return join(out, home, dir, name, ctx);
}

enum err client_home_make(
    const char *home, const char *dir, struct err_ctx *ctx)
{
	char path[FD_PATH_MAX];
	enum err e = join(path, home, dir, NULL, ctx);

	if (e == ERR_OK)
		e = fd_make_dirs(path, ctx);
	return e;
}
