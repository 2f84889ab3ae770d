/*
 * One thread's event loop: epoll for descriptors, one timerfd for all timers.
 * Nodes belong to the caller and nothing is allocated after loop_init().
 *
 * A callback may add, change and remove any node, its own too; a removed node
 * gets no further call, not even one that was ready in the same round.
 */
#ifndef CONFER_SYS_LOOP_H
#define CONFER_SYS_LOOP_H

#include "base/err.h"
#include "sys/timers.h"

#define LOOP_READ  1u /* readable, or the peer has closed */
#define LOOP_WRITE 2u
#define LOOP_ERROR 4u /* hung up or broken; told without being asked for */

#define LOOP_ROUND_MAX 64 /* events taken per round */

typedef void loop_fn(void *cookie, unsigned ready);

/* Owned by the caller; must stay in place while it is added. */
struct loop_node {
	int fd;
	unsigned want;
	loop_fn *fn;
	void *cookie;
	bool added;
};

struct loop {
	int epoll_fd;
	int timer_fd;
	int wake_fd;
	bool stop;
	uint64_t armed_ns; /* what timer_fd is set to; UINT64_MAX: off */
	struct timers timers;
	struct loop_node *round[LOOP_ROUND_MAX]; /* of the current round */
	loop_fn *wake_fn;
	void *wake_cookie;
	struct loop_node timer_node;
	struct loop_node wake_node;
};

/* clang-format off */
#define LOOP_INIT { .epoll_fd = -1, .timer_fd = -1, .wake_fd = -1 }
/* clang-format on */

/* ERR_IO: the system has no descriptors left. The loop must stay in place. */
enum err loop_init(struct loop *l, struct err_ctx *ctx)
    __attribute__((warn_unused_result));
void loop_clear(struct loop *l);

/* Watch n->fd for n->want. n->fd, n->fn and n->cookie are set by the caller. */
enum err loop_add(struct loop *l, struct loop_node *n)
    __attribute__((warn_unused_result));

/* Change what is waited for; 0 waits for errors only. */
void loop_want(struct loop *l, struct loop_node *n, unsigned want);

/* Stop watching; before the descriptor is closed. */
void loop_remove(struct loop *l, struct loop_node *n);

/*
 * What to do on this thread after any thread, or a signal handler, called
 * loop_wake(). Several wakes may become one call.
 */
void loop_on_wake(struct loop *l, loop_fn *fn, void *cookie);
void loop_wake(struct loop *l);

/* Wait for one round of events and deal with it. ERR_IO if epoll fails. */
enum err loop_step(struct loop *l) __attribute__((warn_unused_result));

/* Steps until loop_stop(). */
enum err loop_run(struct loop *l) __attribute__((warn_unused_result));
void loop_stop(struct loop *l);

#endif
