/* See cmd_listen.h. */
#include "logd/cmd_listen.h"

#include <signal.h>
#include <stdio.h>

#include "sys/addr.h"

static struct loop main_loop = LOOP_INIT;

static void on_signal(int sig)
{
	(void)sig;
	loop_wake(&main_loop);
}

static void on_wake(void *cookie, unsigned ready)
{
	(void)ready;
	loop_stop(cookie);
}

static enum err answer(
    int listen_fd, http_serve_fn *fn, void *cookie, struct err_ctx *ctx)
{
	struct http_serve *serve = NULL;
	enum err e =
	    http_serve_start(&serve, &main_loop, listen_fd, fn, cookie);

	if (e != ERR_OK)
		return err_set(
		    ctx, e, "the server does not start: %s", err_name(e));
	e = loop_run(&main_loop);
	http_serve_stop(serve);
	return e;
}

static enum err listen_on(struct logd_show *s, const struct addr *a,
    http_serve_fn *fn, void *cookie, struct err_ctx *ctx)
{
	struct addr bound;
	int fd = -1;
	enum err e = addr_listen(&fd, a, ctx);

	if (e != ERR_OK)
		return e;
	if (addr_local(&bound, fd) != ERR_OK)
		bound = *a;
	/* Who waits for this line connects at once: the queue is there. */
	logd_show_answer(s, "listening %s", bound.text);
	logd_show_cstr(s, "listening", bound.text);
	(void)fflush(stdout);
	e = answer(fd, fn, cookie, ctx);
	fd_close(&fd);
	addr_unlink(a);
	return e;
}

/* An address that cannot be had is as far away as one that nobody answers. */
static enum logd_exit code_of(enum err e)
{
	return e == ERR_NOMEM || e == ERR_INTERNAL ? LOGD_EXIT_INTERNAL
						   : LOGD_EXIT_UNREACHABLE;
}

enum logd_exit logd_listen(
    struct logd_show *s, const char *address, http_serve_fn *fn, void *cookie)
{
	const struct sigaction stop = { .sa_handler = on_signal };
	struct err_ctx ctx = { 0 };
	struct addr a;
	enum err e;

	if (addr_parse(&a, address, &ctx) != ERR_OK)
		return logd_show_fail(s, LOGD_EXIT_USAGE, "--listen", &ctx);
	e = loop_init(&main_loop, &ctx);
	if (e != ERR_OK)
		return logd_show_fail(s, LOGD_EXIT_INTERNAL, NULL, &ctx);
	loop_on_wake(&main_loop, on_wake, &main_loop);
	/* Before anybody is told that it can be ended. */
	(void)sigaction(SIGTERM, &stop, NULL);
	(void)sigaction(SIGINT, &stop, NULL);
	e = listen_on(s, &a, fn, cookie, &ctx);
	loop_clear(&main_loop);
	return e == ERR_OK ? LOGD_EXIT_OK
			   : logd_show_fail(s, code_of(e), NULL, &ctx);
}
