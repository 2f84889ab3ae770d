/*
 * A few threads that run one function together and sleep between. The caller's
 * thread takes part, so a pool of one has no thread of its own.
 */
#ifndef CONFER_ENGINE_POOL_H
#define CONFER_ENGINE_POOL_H

#include <stdint.h>

#include "base/err.h"

struct pool;

/* What all threads run: part 0 <= i < n, i once each. */
typedef void pool_fn(void *cookie, uint32_t i, uint32_t n);

/* threads >= 1, the caller's included. ERR_NOMEM, or ERR_IO for the threads. */
enum err pool_new(struct pool **out, uint32_t threads)
    __attribute__((warn_unused_result));

/* Stop and join the threads. NULL is fine. */
void pool_free(struct pool *p);

/* Run fn on all threads; returns when all parts are done. */
void pool_run(struct pool *p, pool_fn *fn, void *cookie);

/* Overwrite what earlier work left on the threads' stacks, the caller's too. */
void pool_wipe_stacks(struct pool *p);

#endif
