/*
 * A few threads that run one function together and sleep between. The caller's
 * thread takes part: a pool of one has no thread of its own. Work is cut into
 * more parts than threads and each thread takes the next one: a thread that the
 * system holds up does not hold up the others.
 */
#ifndef CONFER_ENGINE_POOL_H
#define CONFER_ENGINE_POOL_H

#include <stdint.h>

#include "base/err.h"

struct pool;

#define POOL_PARTS_PER_THREAD 4

/* What is run: part i of n, each once, on any thread. */
typedef void pool_fn(void *cookie, uint32_t i, uint32_t n);

/* threads >= 1, the caller's included. ERR_NOMEM, or ERR_IO for the threads. */
enum err pool_new(struct pool **out, uint32_t threads)
    __attribute__((warn_unused_result));

/* Stop and join the threads. NULL is fine. */
void pool_free(struct pool *p);

/* Into how many parts pool_run cuts the work, at most. */
uint32_t pool_parts(uint32_t threads);

/* Run all parts of fn; returns when they are done. */
void pool_run(struct pool *p, pool_fn *fn, void *cookie);

/* Overwrite what earlier work left on the threads' stacks, the caller's too. */
void pool_wipe_stacks(struct pool *p);

#endif
