/* See up_serve.h. */
#include "cli/up_serve.h"

#include "sys/clock.h"
#include "sys/loop.h"

struct serving {
	struct loop loop;
	struct up_parts *parts;
	struct release_home *publish;
	struct err_ctx *ctx;
	struct loop_node signals, enclave, simtee;
	struct timers_node renew;
	enum cli_exit x;
};

static void on_signal(void *cookie, unsigned ready)
{
	struct serving *s = cookie;

	(void)ready;
	if (proc_signals_next(s->signals.fd) != 0)
		loop_stop(&s->loop);
}

static void part_ended(struct serving *s, const char *name)
{
	s->x = CLI_EXIT_INTERNAL;
	(void)err_set(s->ctx, ERR_INTERNAL,
	    "%s has ended unexpectedly: see its log in %s", name,
	    s->parts->dir);
	loop_stop(&s->loop);
}

static void on_enclave(void *cookie, unsigned ready)
{
	(void)ready;
	part_ended(cookie, "the enclave");
}

static void on_simtee(void *cookie, unsigned ready)
{
	(void)ready;
	part_ended(cookie, "the simulated processor");
}

static void on_renew(void *cookie, uint64_t periods)
{
	struct serving *s = cookie;

	(void)periods;
	/* A failure shows when the records run out; the next hour may mend
	 * it. */
	if (release_home_renew(s->publish, clock_unix_s(), NULL) != ERR_OK)
		return;
}

static enum err watch(struct serving *s)
{
	enum err e = loop_add(&s->loop, &s->signals);

	if (e == ERR_OK)
		e = loop_add(&s->loop, &s->enclave);
	if (e == ERR_OK)
		e = loop_add(&s->loop, &s->simtee);
	if (e == ERR_OK)
		timers_every(&s->loop.timers, &s->renew,
		    clock_mono_ns() + UP_RENEW_S * 1000000000ull,
		    UP_RENEW_S * 1000000000ull);
	return e == ERR_OK ? loop_run(&s->loop) : e;
}

enum cli_exit up_serve(struct up_parts *parts, struct release_home *publish,
    int signal_fd, struct err_ctx *ctx)
{
	struct serving s = { .loop = LOOP_INIT,
		.parts = parts,
		.publish = publish,
		.ctx = ctx };
	enum err e;

	s.signals = (struct loop_node){ .fd = signal_fd,
		.want = LOOP_READ,
		.fn = on_signal,
		.cookie = &s };
	s.enclave = (struct loop_node){ .fd = parts->enclave.pid_fd,
		.want = LOOP_READ,
		.fn = on_enclave,
		.cookie = &s };
	s.simtee = (struct loop_node){ .fd = parts->simtee.pid_fd,
		.want = LOOP_READ,
		.fn = on_simtee,
		.cookie = &s };
	s.renew = (struct timers_node){ .fn = on_renew, .cookie = &s };
	e = loop_init(&s.loop, ctx);
	if (e == ERR_OK)
		e = watch(&s);
	loop_clear(&s.loop);
	if (e == ERR_OK)
		return s.x;
	(void)err_set(ctx, e, "waiting failed: %s", err_name(e));
	return CLI_EXIT_INTERNAL;
}
