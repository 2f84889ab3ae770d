#include "live.h"

#include <poll.h>
#include <sys/socket.h>

#include "client/chat.h"
#include "sys/clock.h"

static void mark(struct live_answer *a, struct bytes piece, double now)
{
	if (piece.len == 0)
		return;
	if (a->marks == LIVE_MARKS_MAX || LIVE_TEXT_MAX - a->len < piece.len)
		live_die("the answer", "is longer than expected");
	memcpy(a->text + a->len, piece.p, piece.len);
	a->len += piece.len;
	a->at[a->marks] = now;
	a->reached[a->marks++] = a->len;
}

/* ---- the bare engine ------------------------------------------------------ */

void live_answer_bare(struct live_answer *out, struct engine *engine,
    const struct live_question *q)
{
	const struct engine_message message = { ENGINE_USER,
		{ (const uint8_t *)q->text, strlen(q->text) } };
	const struct engine_request req = { .message = &message,
		.message_n = 1,
		.max_tokens = (uint32_t)strtoul(q->max_tokens, NULL, 10) };
	struct engine_output o = { .finish = ENGINE_RUNNING };
	struct err_ctx ctx = { 0 };
	double cpu = bench_cpu(), start = bench_wall();
	int slot;

	out->marks = out->len = 0;
	live_must(engine_submit(engine, &req, &slot, &ctx), "question", &ctx);
	while (o.finish == ENGINE_RUNNING) {
		(void)engine_step(engine);
		engine_poll(engine, slot, &o);
		mark(out, o.text, bench_wall() - start);
	}
	engine_release(engine, slot);
	out->wall = bench_wall() - start;
	out->cpu = bench_cpu() - cpu;
	out->tokens = o.completion_tokens;
}

/* ---- the channel: client_io with a notebook ------------------------------- */

static enum err dial(void *cookie, struct err_ctx *ctx)
{
	struct live_channel *c = cookie;

	return c->real.dial(c->real.cookie, ctx);
}

static void hang_up(void *cookie)
{
	struct live_channel *c = cookie;

	c->real.hang_up(c->real.cookie);
}

static enum err read_some(void *cookie, void *out, size_t cap, size_t *n)
{
	struct live_channel *c = cookie;
	enum err e = c->real.read(c->real.cookie, out, cap, n);

	if (e == ERR_OK)
		live_ticks_add(&c->ticks, *n, bench_wall());
	return e;
}

static enum err write_some(void *cookie, const void *p, size_t len, size_t *n)
{
	struct live_channel *c = cookie;

	return c->real.write(c->real.cookie, p, len, n);
}

static size_t drain(int fd)
{
	uint8_t bytes[16 * FRAME_TICK_LEN];
	ssize_t n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	return n > 0 ? (size_t)n : 0;
}

/* Both sources of ticks are waited for by one thread in one way. */
static enum err wait_both(void *cookie, bool writable, uint64_t until_ms)
{
	struct live_channel *c = cookie;
	struct pollfd p[2] = {
		{ c->stream.fd, writable ? POLLOUT : POLLIN, 0 },
		{ c->pacer_fd, POLLIN, 0 },
	};

	for (;;) {
		uint64_t now = clock_mono_ms();
		int left = until_ms > now ? (int)(until_ms - now) : 0;
		int ready = poll(p, 2, left);

		if (ready < 0)
			return ERR_AGAIN;
		if (p[1].revents != 0)
			live_ticks_add(
			    &c->pacer, drain(c->pacer_fd), bench_wall());
		if (p[0].revents != 0)
			return ERR_OK;
		if (ready == 0)
			return ERR_TIMEOUT;
	}
}

static uint64_t mono_ms(void *cookie)
{
	struct live_channel *c = cookie;

	return c->real.mono_ms(c->real.cookie);
}

static uint64_t unix_s(void *cookie)
{
	struct live_channel *c = cookie;

	return c->real.unix_s(c->real.cookie);
}

static void fill_random(void *cookie, void *out, size_t n)
{
	struct live_channel *c = cookie;

	c->real.random(c->real.cookie, out, n);
}

void live_channel_open(
    struct live_channel *c, struct live_service *s, int pacer_fd)
{
	struct err_ctx ctx = { 0 };

	c->service = s;
	c->pacer_fd = pacer_fd;
	live_must(client_stream_init(
		      &c->stream, &c->real, s->parts.listen.text, &ctx),
	    "address", &ctx);
	c->io = (struct client_io){ c, dial, hang_up, read_some, write_some,
		wait_both, mono_ms, unix_s, fill_random };
	c->config = (struct client_config){ .io = &c->io,
		.address = s->parts.listen.text,
		.trust = &s->trust,
		.accept_simulated = true };
	c->conn = client_conn_new(&c->config);
	if (c->conn == NULL)
		live_die("no memory", "for a connection");
	live_must(client_conn_open(c->conn, &ctx), "the enclave", &ctx);
}

void live_channel_close(struct live_channel *c)
{
	client_conn_free(c->conn);
	c->conn = NULL;
}

struct hearing {
	struct live_answer *out;
	double start;
};

static void hear(void *cookie, struct bytes piece)
{
	struct hearing *h = cookie;

	mark(h->out, piece, bench_wall() - h->start);
}

void live_answer_channel(struct live_answer *out, struct live_channel *c,
    const struct live_question *q)
{
	const struct client_message message = { CLIENT_USER,
		{ (const uint8_t *)q->text, strlen(q->text) } };
	const struct client_options options = { .temperature = "0",
		.max_tokens = q->max_tokens };
	uint8_t json[4096];
	struct wr w = wr_init(json, sizeof(json));
	struct hearing h = { .out = out };
	struct client_ask ask = {
		.method = SESSION_METHOD_CHAT, .text = hear, .cookie = &h
	};
	struct client_answer end;
	struct client_reply reply;
	struct err_ctx ctx = { 0 };
	double cpu;

	client_chat_request(&w, &options, &message, 1, true);
	live_must(w.err, "question", NULL);
	ask.body = (struct bytes){ json, w.len };
	while (c->pacer_fd >= 0 && drain(c->pacer_fd) > 0)
		;
	c->ticks.n = c->ticks.bytes = c->pacer.n = c->pacer.bytes = 0;
	out->marks = out->len = 0;
	cpu = live_service_cpu(c->service);
	h.start = bench_wall();
	live_must(client_conn_ask(c->conn, &ask, &reply, &ctx), "answer", &ctx);
	out->wall = bench_wall() - h.start;
	out->cpu = live_service_cpu(c->service) - cpu;
	live_must(reply.error ? ERR_FORMAT : ERR_OK, "the question", NULL);
	live_must(client_answer_parse(&end, reply.json, &ctx), "answer", &ctx);
	out->tokens = (uint32_t)end.completion_tokens;
}
