/* See exchange.h. */
#include "sys/exchange.h"

#include <stdlib.h>
#include <sys/socket.h>

#include "base/assert.h"
#include "sys/addr.h"
#include "sys/clock.h"
#include "sys/fd.h"
#include "sys/log.h"

#define NS_PER_MS  1000000ULL
#define PARTS      2
#define DROP_PIECE 4096 /* bytes dropped at once */

enum state {
	FREE = 0,
	READING,
	WRITING,
	DROPPING, /* the answer is out; what still comes is dropped */
};

struct conn {
	struct exchange *x;
	enum state state;
	struct loop_node node;
	struct timers_node deadline;
	uint8_t *request;
	size_t got;
	struct exchange_answer left; /* of the answer */
	size_t dropped;
};

struct exchange {
	struct exchange_spec spec;
	struct loop *loop;
	struct loop_node listener;
	struct timers_node retry;
	size_t open;
	struct conn conn[]; /* spec.conns; then their requests */
};

static size_t index_of(const struct conn *c)
{
	return (size_t)(c - c->x->conn);
}

static uint64_t in_ms(uint64_t ms)
{
	return clock_mono_ns() + ms * NS_PER_MS;
}

/* ---- one connection ------------------------------------------------------- */

/* Free the entry, and take connections again if there was no room. */
static void conn_close(struct conn *c, enum err why)
{
	struct exchange *x = c->x;

	timers_stop(&x->loop->timers, &c->deadline);
	loop_remove(x->loop, &c->node);
	fd_close(&c->node.fd);
	if (x->spec.ops->gone != NULL)
		x->spec.ops->gone(x->spec.cookie, index_of(c),
		    c->state == DROPPING ? ERR_OK : why);
	c->state = FREE;
	x->open--;
	timers_stop(&x->loop->timers, &x->retry);
	loop_want(x->loop, &x->listener, LOOP_READ);
}

static void on_deadline(void *cookie, uint64_t periods)
{
	(void)periods;
	conn_close(cookie, ERR_TIMEOUT);
}

static size_t need(const struct conn *c)
{
	const struct exchange_spec *spec = &c->x->spec;
	const size_t n = spec->ops->need(
	    spec->cookie, index_of(c), (struct bytes){ c->request, c->got });

	assert(n <= spec->request_max);
	return n;
}

/* ERR_OK: the request is whole. */
static enum err read_request(struct conn *c)
{
	enum err e = ERR_OK;
	size_t want;

	while (e == ERR_OK && (want = need(c)) > c->got) {
		size_t n = 0;

		e = fd_read_some(
		    c->node.fd, c->request + c->got, want - c->got, &n);
		c->got += n;
	}
	return e;
}

static void answer(struct conn *c)
{
	const struct exchange_spec *spec = &c->x->spec;

	c->left = (struct exchange_answer){ 0 };
	spec->ops->answer(spec->cookie, index_of(c),
	    (struct bytes){ c->request, c->got }, &c->left);
	c->state = WRITING;
}

static enum err write_part(int fd, struct bytes *part)
{
	enum err e = ERR_OK;

	while (e == ERR_OK && part->len > 0) {
		size_t n = 0;

		e = fd_write_some(fd, part->p, part->len, &n);
		part->p += n;
		part->len -= n;
	}
	return e;
}

static enum err write_answer(struct conn *c)
{
	enum err e = ERR_OK;

	for (size_t i = 0; e == ERR_OK && i < PARTS; i++)
		e = write_part(c->node.fd, &c->left.part[i]);
	if (e != ERR_OK)
		return e;
	c->state = DROPPING;
	(void)shutdown(c->node.fd, SHUT_WR); /* fails if the client is gone */
	return ERR_OK;
}

/* ERR_AGAIN: the client has not hung up yet. */
static enum err drop(struct conn *c)
{
	uint8_t piece[DROP_PIECE];
	size_t n = 0;
	enum err e = fd_read_some(c->node.fd, piece, sizeof(piece), &n);

	c->dropped += n;
	if (e == ERR_OK && c->dropped < EXCHANGE_DROPPED_MAX)
		return ERR_AGAIN; /* others come first */
	return e;
}

static void on_ready(void *cookie, unsigned ready)
{
	struct conn *c = cookie;
	enum err e = ERR_OK;

	(void)ready; /* reading or writing tells more */
	if (c->state == READING) {
		e = read_request(c);
		if (e == ERR_OK)
			answer(c);
	}
	if (c->state == WRITING)
		e = write_answer(c);
	if (c->state == DROPPING)
		e = drop(c);
	if (e != ERR_AGAIN)
		conn_close(c, e);
	else
		loop_want(c->x->loop, &c->node,
		    c->state == WRITING ? LOOP_WRITE : LOOP_READ);
}

/* ---- the table ------------------------------------------------------------ */

/* Only called while the table has room. */
static struct conn *free_conn(struct exchange *x)
{
	size_t i = 0;

	while (x->conn[i].state != FREE)
		i++;
	return &x->conn[i];
}

static enum err conn_open(struct exchange *x, int fd)
{
	struct conn *c = free_conn(x);
	enum err e;

	c->got = c->dropped = 0;
	c->node = (struct loop_node){
		.fd = fd, .want = LOOP_READ, .fn = on_ready, .cookie = c
	};
	e = loop_add(x->loop, &c->node);
	if (e != ERR_OK) {
		fd_close(&fd);
		return e;
	}
	c->state = READING;
	c->deadline = (struct timers_node){ .fn = on_deadline, .cookie = c };
	timers_once(&x->loop->timers, &c->deadline, in_ms(x->spec.time_ms));
	x->open++;
	return ERR_OK;
}

static void on_retry(void *cookie, uint64_t periods)
{
	struct exchange *x = cookie;

	(void)periods;
	loop_want(x->loop, &x->listener, LOOP_READ);
}

static void accept_all(void *cookie, unsigned ready)
{
	struct exchange *x = cookie;
	enum err e = ERR_OK;

	(void)ready;
	while (e == ERR_OK && x->open < x->spec.conns) {
		struct addr_peer peer;
		int fd = -1;

		e = addr_accept(&fd, &peer, x->listener.fd);
		if (e == ERR_OK)
			e = conn_open(x, fd);
	}
	if (e == ERR_AGAIN)
		return;
	/* Until one ends: those who wait in the queue are not looked at. */
	loop_want(x->loop, &x->listener, 0);
	if (e == ERR_OK)
		return;
	log_event(LOG_ACCEPT_FAILED, e, 0, 0);
	timers_once(&x->loop->timers, &x->retry, in_ms(EXCHANGE_RETRY_MS));
}

/* ---- start and stop ------------------------------------------------------- */

/* The table with the requests behind it, in one piece. */
static struct exchange *exchange_new(const struct exchange_spec *spec)
{
	struct exchange *x;
	uint8_t *request;
	size_t each, n;

	assert(spec->conns > 0 && spec->request_max > 0);
	if (__builtin_add_overflow(
		sizeof(x->conn[0]), spec->request_max, &each) ||
	    __builtin_mul_overflow(spec->conns, each, &n) ||
	    __builtin_add_overflow(n, sizeof(*x), &n))
		return NULL;
	x = calloc(1, n);
	if (x == NULL)
		return NULL;
	x->spec = *spec;
	request = (uint8_t *)&x->conn[spec->conns];
	for (size_t i = 0; i < spec->conns; i++) {
		x->conn[i].x = x;
		x->conn[i].request = request + i * spec->request_max;
	}
	return x;
}

enum err exchange_start(struct exchange **out, struct loop *loop, int listen_fd,
    const struct exchange_spec *spec)
{
	struct exchange *x = exchange_new(spec);
	enum err e;

	*out = NULL;
	if (x == NULL)
		return ERR_NOMEM;
	x->loop = loop;
	x->retry = (struct timers_node){ .fn = on_retry, .cookie = x };
	x->listener = (struct loop_node){ .fd = listen_fd,
		.want = LOOP_READ,
		.fn = accept_all,
		.cookie = x };
	e = loop_add(loop, &x->listener);
	if (e == ERR_OK)
		*out = x;
	else
		free(x);
	return e;
}

void exchange_stop(struct exchange *x)
{
	if (x == NULL)
		return;
	for (size_t i = 0; i < x->spec.conns; i++) {
		if (x->conn[i].state != FREE)
			conn_close(&x->conn[i], ERR_CLOSED);
	}
	timers_stop(&x->loop->timers, &x->retry);
	loop_remove(x->loop, &x->listener);
	free(x);
}

size_t exchange_open(const struct exchange *x)
{
	return x->open;
}
