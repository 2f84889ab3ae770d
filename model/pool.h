/* A few threads that take numbered tasks. */
#ifndef MODEL_POOL_H
#define MODEL_POOL_H

#include <stddef.h>

struct pool;

/* `worker` is 0 .. threads - 1: for scratch space, never for the result. */
typedef void pool_fn(void *ctx, size_t task, size_t worker);

struct pool *pool_new(size_t threads);
void pool_free(struct pool *p);

/* Runs fn for tasks 0 .. tasks - 1 in any order, returns when all are done. */
void pool_run(struct pool *p, pool_fn *fn, void *ctx, size_t tasks);

#endif
