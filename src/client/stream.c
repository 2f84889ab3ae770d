/* See stream.h. */
#include "client/stream.h"

#include "crypto/crypto_native.h"
#include "sys/clock.h"
#include "sys/fd.h"

static enum err dial(void *cookie, struct err_ctx *ctx)
{
	struct client_stream *s = cookie;

	fd_close(&s->fd);
	return addr_connect(&s->fd, &s->addr, CLIENT_DIAL_MS, ctx);
}

static void hang_up(void *cookie)
{
	struct client_stream *s = cookie;

	fd_close(&s->fd);
}

static enum err read_stream(void *cookie, void *out, size_t cap, size_t *n)
{
	struct client_stream *s = cookie;

	return fd_read_some(s->fd, out, cap, n);
}

static enum err write_stream(void *cookie, const void *p, size_t len, size_t *n)
{
	struct client_stream *s = cookie;

	return fd_write_some(s->fd, p, len, n);
}

static enum err wait_stream(void *cookie, bool writable, uint64_t until_ms)
{
	struct client_stream *s = cookie;

	return fd_wait(s->fd, writable, until_ms);
}

static uint64_t mono_ms(void *cookie)
{
	(void)cookie;
	return clock_mono_ms();
}

static uint64_t unix_s(void *cookie)
{
	(void)cookie;
	return clock_unix_s();
}

static void fill_random(void *cookie, void *out, size_t n)
{
	(void)cookie;
	crypto_random(out, n);
}

enum err client_stream_init(struct client_stream *s, struct client_io *io,
    const char *address, struct err_ctx *ctx)
{
	*s = (struct client_stream){ .fd = -1 };
	*io = (struct client_io){ .cookie = s,
		.dial = dial,
		.hang_up = hang_up,
		.read = read_stream,
		.write = write_stream,
		.wait = wait_stream,
		.mono_ms = mono_ms,
		.unix_s = unix_s,
		.random = fill_random };
	return addr_parse(&s->addr, address, ctx);
}
