#include "sys/loop.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/assert.h"
#include "sys/clock.h"
#include "sys/fd.h"

static uint32_t epoll_bits(unsigned want)
{
	uint32_t bits = 0;

	if (want & LOOP_READ)
		bits |= EPOLLIN | EPOLLRDHUP;
	if (want & LOOP_WRITE)
		bits |= EPOLLOUT;
	return bits;
}

static unsigned ready_bits(uint32_t bits)
{
	unsigned ready = 0;

	if (bits & (EPOLLIN | EPOLLRDHUP))
		ready |= LOOP_READ;
	if (bits & EPOLLOUT)
		ready |= LOOP_WRITE;
	if (bits & (EPOLLERR | EPOLLHUP))
		ready |= LOOP_ERROR;
	return ready;
}

static int control(struct loop *l, int op, struct loop_node *n)
{
	struct epoll_event ev = { .events = epoll_bits(n->want),
		.data = { .ptr = n } };

	return epoll_ctl(l->epoll_fd, op, n->fd, &ev);
}

enum err loop_add(struct loop *l, struct loop_node *n)
{
	assert(!n->added && n->fn != NULL);
	if (control(l, EPOLL_CTL_ADD, n) != 0)
		return ERR_IO;
	n->added = true;
	return ERR_OK;
}

void loop_want(struct loop *l, struct loop_node *n, unsigned want)
{
	int rc;

	assert(n->added);
	if (n->want == want)
		return;
	n->want = want;
	rc = control(l, EPOLL_CTL_MOD, n);
	assert(rc == 0); /* fails only for a descriptor closed behind us */
}

void loop_remove(struct loop *l, struct loop_node *n)
{
	if (!n->added)
		return;
	(void)control(l, EPOLL_CTL_DEL, n);
	n->added = false;
	for (size_t i = 0; i < LOOP_ROUND_MAX; i++)
		if (l->round[i] == n)
			l->round[i] = NULL;
}

static void drain(int fd)
{
	uint64_t count;
	ssize_t got = read(fd, &count, sizeof(count));

	(void)got; /* the count does not matter, that it is read does */
}

static void on_timer(void *cookie, unsigned ready)
{
	struct loop *l = cookie;

	(void)ready;
	drain(l->timer_fd);
	l->armed_ns = UINT64_MAX;
	timers_run(&l->timers, clock_mono_ns());
}

static void on_wake(void *cookie, unsigned ready)
{
	struct loop *l = cookie;

	drain(l->wake_fd);
	if (l->wake_fn != NULL)
		l->wake_fn(l->wake_cookie, ready);
}

enum err loop_init(struct loop *l, struct err_ctx *ctx)
{
	enum err e = ERR_IO;

	*l = (struct loop)LOOP_INIT;
	l->armed_ns = UINT64_MAX;
	l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	l->timer_fd =
	    timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	l->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	l->timer_node = (struct loop_node){ .fd = l->timer_fd,
		.want = LOOP_READ,
		.fn = on_timer,
		.cookie = l };
	l->wake_node = (struct loop_node){
		.fd = l->wake_fd, .want = LOOP_READ, .fn = on_wake, .cookie = l
	};
	if (l->epoll_fd >= 0 && l->timer_fd >= 0 && l->wake_fd >= 0)
		e = loop_add(l, &l->timer_node);
	if (e == ERR_OK)
		e = loop_add(l, &l->wake_node);
	if (e != ERR_OK) {
		e = err_set(ctx, e, "cannot make an event loop: %s",
		    strerrordesc_np(errno));
		loop_clear(l);
	}
	return e;
}

void loop_clear(struct loop *l)
{
	fd_close(&l->wake_fd);
	fd_close(&l->timer_fd);
	fd_close(&l->epoll_fd);
	*l = (struct loop)LOOP_INIT;
}

void loop_on_wake(struct loop *l, loop_fn *fn, void *cookie)
{
	l->wake_fn = fn;
	l->wake_cookie = cookie;
}

void loop_wake(struct loop *l)
{
	const uint64_t one = 1;
	ssize_t put = write(l->wake_fd, &one, sizeof(one));

	(void)put; /* a full counter is a pending wake */
}

/* Set timer_fd to the earliest timer, if that has changed. */
static void arm(struct loop *l)
{
	uint64_t next = timers_next(&l->timers);
	struct itimerspec when = { 0 };
	int rc;

	if (next == l->armed_ns)
		return;
	if (next != UINT64_MAX) {
		when.it_value.tv_sec = (time_t)(next / 1000000000u);
		when.it_value.tv_nsec = (long)(next % 1000000000u);
		if (next == 0)
			when.it_value.tv_nsec = 1; /* zero would disarm */
	}
	rc = timerfd_settime(l->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
	assert(rc == 0);
	l->armed_ns = next;
}

enum err loop_step(struct loop *l)
{
	struct epoll_event ev[LOOP_ROUND_MAX];
	int n;

	arm(l);
	n = epoll_wait(l->epoll_fd, ev, LOOP_ROUND_MAX, -1);
	if (n < 0)
		return errno == EINTR ? ERR_OK : ERR_IO;
	for (int i = 0; i < n; i++)
		l->round[i] = ev[i].data.ptr;
	for (int i = 0; i < n; i++) {
		struct loop_node *node = l->round[i];

		if (node != NULL)
			node->fn(node->cookie, ready_bits(ev[i].events));
	}
	memset(l->round, 0, sizeof(l->round));
	return ERR_OK;
}

enum err loop_run(struct loop *l)
{
	enum err e = ERR_OK;

	while (e == ERR_OK && !l->stop)
		e = loop_step(l);
	return e;
}

void loop_stop(struct loop *l)
{
	l->stop = true;
}
