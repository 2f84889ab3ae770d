/* The simulated processor's socket; see serve.h. */
#include "simtee/serve.h"

#include "base/wr.h"
#include "sys/addr.h"
#include "sys/clock.h"
#include "sys/fd.h"
#include "sys/log.h"

#define NS_PER_MS 1000000ULL

/* Free the entry, and take connections again if there was no room. */
static void conn_close(struct simtee_conn *c)
{
	struct simtee_serve *s = c->serve;

	timers_stop(&s->loop->timers, &c->deadline);
	loop_remove(s->loop, &c->node);
	fd_close(&c->node.fd);
	c->serve = NULL;
	s->open--;
	loop_want(s->loop, &s->listener, LOOP_READ);
}

static void on_deadline(void *cookie, uint64_t periods)
{
	(void)periods;
	log_event(LOG_REPORT_REFUSED, ERR_TIMEOUT, 0, 0);
	conn_close(cookie);
}

/* Put the answer to a whole request together. */
static void answer(struct simtee_conn *c)
{
	static const uint8_t magic[] = SIMTEE_MAGIC;
	const struct simtee_serve *s = c->serve;
	struct bytes sent = { c->request, SIMTEE_MAGIC_LEN };
	struct wr w = wr_init(c->answer, sizeof(c->answer));
	uint8_t report[SNP_REPORT_LEN];
	enum simtee_status status = SIMTEE_OK;

	if (!mem_eq(sent, (struct bytes){ magic, SIMTEE_MAGIC_LEN }))
		status = SIMTEE_BAD_REQUEST;
	else if (simtee_launch_check(s->launch, NULL) != ERR_OK)
		status = SIMTEE_LAUNCH_CHANGED;
	else if (simtee_report_make(report, s->source,
		     c->request + SIMTEE_MAGIC_LEN) != ERR_OK)
		status = SIMTEE_FAILED;
	wr_copy(&w, magic, SIMTEE_MAGIC_LEN);
	wr_u32be(&w, status);
	if (status == SIMTEE_OK) {
		wr_copy(&w, report, sizeof(report));
		wr_copy(
		    &w, s->source->endorsement, sizeof(s->source->endorsement));
		log_event(LOG_REPORT_SIGNED, w.len, 0, 0);
	} else {
		log_event(LOG_REPORT_REFUSED, status, 0, 0);
	}
	c->len = w.len;
}

static enum err read_request(struct simtee_conn *c)
{
	enum err e = ERR_OK;

	while (e == ERR_OK && c->got < sizeof(c->request)) {
		size_t n = 0;

		e = fd_read_some(c->node.fd, c->request + c->got,
		    sizeof(c->request) - c->got, &n);
		c->got += n;
	}
	return e;
}

static enum err write_answer(struct simtee_conn *c)
{
	enum err e = ERR_OK;

	while (e == ERR_OK && c->sent < c->len) {
		size_t n = 0;

		e = fd_write_some(
		    c->node.fd, c->answer + c->sent, c->len - c->sent, &n);
		c->sent += n;
	}
	return e;
}

static void on_ready(void *cookie, unsigned ready)
{
	struct simtee_conn *c = cookie;
	enum err e = ERR_OK;

	(void)ready; /* reading or writing tells more */
	if (c->len == 0) {
		e = read_request(c);
		if (e == ERR_OK)
			answer(c);
	}
	if (c->len != 0) {
		loop_want(c->serve->loop, &c->node, LOOP_WRITE);
		e = write_answer(c);
	}
	if (e != ERR_AGAIN)
		conn_close(c);
}

/* Only called while the table has room. */
static struct simtee_conn *free_conn(struct simtee_serve *s)
{
	size_t i = 0;

	while (s->conn[i].serve != NULL)
		i++;
	return &s->conn[i];
}

static void conn_open(struct simtee_serve *s, int fd)
{
	struct simtee_conn *c = free_conn(s);

	c->got = c->len = c->sent = 0;
	c->node = (struct loop_node){
		.fd = fd, .want = LOOP_READ, .fn = on_ready, .cookie = c
	};
	if (loop_add(s->loop, &c->node) != ERR_OK) {
		fd_close(&fd);
		return;
	}
	c->serve = s;
	c->deadline = (struct timers_node){ .fn = on_deadline, .cookie = c };
	timers_once(&s->loop->timers, &c->deadline,
	    clock_mono_ns() + SIMTEE_EXCHANGE_MS * NS_PER_MS);
	s->open++;
}

static void accept_all(void *cookie, unsigned ready)
{
	struct simtee_serve *s = cookie;

	(void)ready;
	while (s->open < SIMTEE_CONNS_MAX) {
		struct addr_peer peer;
		int fd = -1;
		enum err e = addr_accept(&fd, &peer, s->listener.fd);

		if (e == ERR_AGAIN)
			return;
		if (e != ERR_OK) {
			log_event(LOG_ACCEPT_FAILED, e, 0, 0);
			break;
		}
		conn_open(s, fd);
	}
	/* Until one ends: those who wait in the queue are not looked at. */
	if (s->open > 0)
		loop_want(s->loop, &s->listener, 0);
}

enum err simtee_serve_start(struct simtee_serve *s, struct loop *loop,
    int listen_fd, const struct simtee_report *source,
    const struct simtee_launch *launch)
{
	memset(s, 0, sizeof(*s));
	s->loop = loop;
	s->source = source;
	s->launch = launch;
	s->listener = (struct loop_node){ .fd = listen_fd,
		.want = LOOP_READ,
		.fn = accept_all,
		.cookie = s };
	return loop_add(loop, &s->listener);
}

void simtee_serve_stop(struct simtee_serve *s)
{
	for (size_t i = 0; i < SIMTEE_CONNS_MAX; i++) {
		if (s->conn[i].serve != NULL)
			conn_close(&s->conn[i]);
	}
	loop_remove(s->loop, &s->listener);
}
