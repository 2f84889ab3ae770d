/*
 * Timers as data: a list sorted by due time, over a clock that the caller
 * passes in. loop.h drives it from CLOCK_MONOTONIC; tests from numbers.
 */
#ifndef CONFER_SYS_TIMERS_H
#define CONFER_SYS_TIMERS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * What a timer does. `periods` is 1, or for a fixed-rate timer the number of
 * periods that have passed since the last call (more when we were late).
 */
typedef void timers_fn(void *cookie, uint64_t periods);

/* Owned by the caller; must stay in place while it is armed. */
struct timers_node {
	struct timers_node *next;
	uint64_t due_ns;
	uint64_t period_ns; /* 0: one shot */
	bool armed;
	timers_fn *fn;
	void *cookie;
};

struct timers {
	struct timers_node *head; /* the earliest */
};

/* Arm t to fire once at due_ns. An armed timer moves. */
void timers_once(struct timers *ts, struct timers_node *t, uint64_t due_ns);

/*
 * Arm t to fire at first_ns and every period_ns > 0 after it. The rate does not
 * drift: due times are first + k * period however late a call is.
 */
void timers_every(struct timers *ts, struct timers_node *t, uint64_t first_ns,
    uint64_t period_ns);

/* Disarm t; nothing happens if it is not armed. */
void timers_stop(struct timers *ts, struct timers_node *t);

/* Due time of the earliest timer, UINT64_MAX if none is armed. */
uint64_t timers_next(const struct timers *ts);

/* Fire all timers that are due at now_ns, in order of their due times. */
void timers_run(struct timers *ts, uint64_t now_ns);

#endif
