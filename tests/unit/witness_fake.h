/*
 * Witnesses, honest and hostile ones: each a thread that answers one connection
 * after another on a Unix socket.
 */
#ifndef CONFER_TESTS_UNIT_WITNESS_FAKE_H
#define CONFER_TESTS_UNIT_WITNESS_FAKE_H

#include <pthread.h>
#include <sys/socket.h>

#include "witness_dir.h"

#include "sys/addr.h"
#include "sys/clock.h"

#define PATIENCE_MS 30000 /* more than any test takes */

/* What a witness of these tests does with a request: writes a whole answer, or
 * nothing, which is a connection that ends. */
struct fake;
typedef void answer_fn(
    struct fake *f, struct wr *out, struct bytes head, struct bytes body);

struct fake {
	answer_fn *answer;
	struct logd_witnessd *w; /* of honest ones */
	const char *text;        /* of those that always say the same */
	unsigned status;
	int listener;
	bool mute; /* takes the connection and answers nothing */
	struct addr addr;
	pthread_t thread;
	unsigned posts;     /* requests that came */
	uint64_t old;       /* the size in the last one */
	size_t proof_n;     /* and its proof's length */
	char path[256];     /* and its request line */
	const uint8_t *big; /* an answer that is not text */
	size_t big_len;
};

static inline void put_answer(
    struct wr *out, unsigned status, struct bytes body)
{
	wr_fmt(out,
	    "HTTP/1.1 %u Any\r\nContent-Length: %zu\r\nConnection: close\r\n"
	    "\r\n",
	    status, body.len);
	wr_bytes(out, body);
}

/* Everything that one connection brings: a head and its body. */
static inline bool read_request(
    int fd, uint8_t *buf, size_t cap, struct bytes *head, struct bytes *body)
{
	const uint64_t deadline = clock_mono_ms() + PATIENCE_MS;
	size_t n = 0;
	char *length;

	memset(buf, 0, cap);
	while (strstr((char *)buf, "\r\n\r\n") == NULL) {
		if (n + 1 >= cap ||
		    fd_read_full(fd, buf + n, 1, deadline) != ERR_OK)
			return false;
		n++;
	}
	*head = (struct bytes){ buf, n };
	length = strstr((char *)buf, "Content-Length: ");
	*body = (struct bytes){ buf + n,
		length == NULL ? 0 : strtoul(length + 16, NULL, 10) };
	return body->len < cap - n &&
	       fd_read_full(fd, buf + n, body->len, deadline) == ERR_OK;
}

static inline void serve_one(struct fake *f, int fd, uint8_t *in, uint8_t *out)
{
	struct wr w = wr_init(out, 128 * 1024);
	struct tlog_add_checkpoint req;
	struct bytes head, body;

	if (!read_request(fd, in, 128 * 1024, &head, &body))
		return;
	(void)snprintf(f->path, sizeof(f->path), "%.*s",
	    (int)strcspn((const char *)head.p, "\r"), (const char *)head.p);
	f->posts++;
	if (tlog_add_checkpoint_parse(&req, body, NULL) == ERR_OK) {
		f->old = req.old;
		f->proof_n = req.n;
	}
	f->answer(f, &w, head, body);
	if (fd_write_full(fd, w.p, w.len, clock_mono_ms() + PATIENCE_MS) !=
	    ERR_OK)
		return; /* the client has heard enough */
}

static inline void *serve(void *cookie)
{
	struct fake *f = cookie;
	uint8_t *in = malloc(128 * 1024), *out = malloc(128 * 1024);
	struct addr_peer peer;
	int fd = -1, muted = -1;

	for (;;) {
		enum err e = fd_wait(f->listener, false, FD_NO_DEADLINE);

		if (e == ERR_AGAIN)
			continue;
		if (e != ERR_OK ||
		    addr_accept(&fd, &peer, f->listener) != ERR_OK)
			break;
		if (f->mute) {
			fd_close(&muted);
			muted = fd; /* open, and silent */
			fd = -1;
			continue;
		}
		serve_one(f, fd, in, out);
		fd_close(&fd);
	}
	fd_close(&muted);
	free(in);
	free(out);
	return NULL;
}

static inline void fake_start(struct fake *f, answer_fn *answer)
{
	static unsigned n;
	char text[128];

	*f = (struct fake){ .answer = answer };
	(void)snprintf(text, sizeof(text), "unix:%s/s%u", dir_all, n++);
	CHECK_OK(addr_parse(&f->addr, text, NULL));
	CHECK_OK(addr_listen(&f->listener, &f->addr, NULL));
	CHECK_EQ(pthread_create(&f->thread, NULL, serve, f), 0);
}

/* Afterwards what it saw may be read. */
static inline void fake_stop(struct fake *f)
{
	CHECK_EQ(shutdown(f->listener, SHUT_RDWR), 0);
	CHECK_EQ(pthread_join(f->thread, NULL), 0);
	fd_close(&f->listener);
	addr_unlink(&f->addr);
	logd_witnessd_close(f->w);
	f->w = NULL;
}

/* An honest witness: the real one. */
static inline void honest(
    struct fake *f, struct wr *out, struct bytes head, struct bytes body)
{
	static _Thread_local uint8_t buf[TLOG_WITNESS_ANSWER_MAX];
	struct wr w = wr_init(buf, sizeof(buf));
	const char *target = strchr((const char *)head.p, '/');
	unsigned status = 200;

	if (head.p[0] == 'P')
		status = logd_witnessd_add(f->w, &w, body, WORLD_NOW);
	else if (logd_witnessd_seen(f->w, &w,
		     (struct bytes){ (const uint8_t *)target + 1, 64 }) !=
		 ERR_OK)
		status = 404;
	put_answer(out, status, (struct bytes){ buf, w.len });
}

static inline void always(
    struct fake *f, struct wr *out, struct bytes head, struct bytes body)
{
	(void)head;
	(void)body;
	if (f->big != NULL)
		put_answer(
		    out, f->status, (struct bytes){ f->big, f->big_len });
	else if (f->text != NULL)
		put_answer(out, f->status, str_bytes(f->text));
}

#endif
