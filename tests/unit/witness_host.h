/* Witnesses as processes have them, each in a thread of a test: its directory,
 * its socket, its loop. */
#ifndef CONFER_TESTS_UNIT_WITNESS_HOST_H
#define CONFER_TESTS_UNIT_WITNESS_HOST_H

#include <pthread.h>

#include "logd/witness_http.h"
#include "sys/addr.h"
#include "sys/loop.h"
#include "test.h"

#define WITNESS_HOST_NOW 1800000000ull

/* All zero: not running. Must not move while it runs. */
struct witness_host {
	struct logd_witnessd *witness;
	struct logd_witness_site site;
	struct http_serve *serve;
	struct addr addr;
	struct loop loop;
	int fd;
	pthread_t thread;
};

static uint64_t witness_host_now = WITNESS_HOST_NOW;

static inline uint64_t witness_host_clock(void)
{
	return __atomic_load_n(&witness_host_now, __ATOMIC_SEQ_CST);
}

static inline void *witness_host_run(void *arg)
{
	struct witness_host *h = arg;

	return loop_run(&h->loop) == ERR_OK ? NULL : arg;
}

static inline void witness_host_on_wake(void *cookie, unsigned ready)
{
	(void)ready;
	loop_stop(cookie);
}

static inline void witness_host_start(
    struct witness_host *h, const char *dir, const char *listen)
{
	struct err_ctx ctx = { 0 };

	h->loop = (struct loop)LOOP_INIT;
	if (logd_witnessd_open(&h->witness, dir, &ctx) != ERR_OK ||
	    addr_parse(&h->addr, listen, &ctx) != ERR_OK ||
	    addr_listen(&h->fd, &h->addr, &ctx) != ERR_OK)
		fail_msg("%s", ctx.msg);
	h->site = (struct logd_witness_site){ .w = h->witness,
		.clock = witness_host_clock };
	CHECK_OK(loop_init(&h->loop, NULL));
	loop_on_wake(&h->loop, witness_host_on_wake, &h->loop);
	CHECK_OK(http_serve_start(
	    &h->serve, &h->loop, h->fd, logd_witness_http, &h->site));
	CHECK_EQ(pthread_create(&h->thread, NULL, witness_host_run, h), 0);
}

static inline void witness_host_stop(struct witness_host *h)
{
	void *failed;

	if (h->witness == NULL)
		return;
	loop_wake(&h->loop);
	CHECK_EQ(pthread_join(h->thread, &failed), 0);
	CHECK(failed == NULL);
	http_serve_stop(h->serve);
	loop_clear(&h->loop);
	fd_close(&h->fd);
	addr_unlink(&h->addr);
	logd_witnessd_close(h->witness);
	h->witness = NULL;
}

#endif
