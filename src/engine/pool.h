/*
 * A few threads that run one function together and sleep between. The caller's
 * thread takes part: a pool of one has no thread of its own. Within the
 * function the threads go from stage to stage together: they take a stage's units
 * one by one, so that one that the system holds up does not hold up the others,
 * and wait for each other at its end.
 */
#ifndef CONFER_ENGINE_POOL_H
#define CONFER_ENGINE_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct pool;

/* What is run: once on each of n threads, i being its number. */
typedef void pool_fn(void *cookie, uint32_t i, uint32_t n);

/*
 * threads >= 1, the caller's included. `pinned`: bind each of the others to a
 * CPU of its own, if there are so many. ERR_NOMEM, or ERR_IO for the threads.
 */
enum err pool_new(struct pool **out, uint32_t threads, bool pinned)
    __attribute__((warn_unused_result));

/* Stop and join the threads. NULL is fine. */
void pool_free(struct pool *p);

uint32_t pool_threads(const struct pool *p);

/* Run fn on all threads; returns when it has ended on each. */
void pool_run(struct pool *p, pool_fn *fn, void *cookie);

/* Run fn(cookie, 0, 1) on the caller's alone: for work too small to share. */
void pool_run_alone(struct pool *p, pool_fn *fn, void *cookie);

/*
 * Within fn, on thread i: take one of this stage's units, 0 to units - 1. Each
 * thread takes a run of neighbours of its own in ascending order, and then what
 * slower ones have left. False: all are taken. Every thread of a stage names
 * the same number of units, and a stage is over only at its barrier.
 */
bool pool_take(struct pool *p, uint32_t i, uint32_t units, uint32_t *unit)
    __attribute__((warn_unused_result));

/* Within fn: the stage is over when all threads have come here. */
void pool_barrier(struct pool *p);

/* Overwrite what earlier work left on the threads' stacks, the caller's too. */
void pool_wipe_stacks(struct pool *p);

#endif
