/*
 * The pool. `work` holds the number of the round and how many of its parts are
 * to be taken; a thread takes one by lowering it, which fails when the round is
 * over. A part that is taken but not done keeps the round open, so what the
 * round runs can be read after taking. Both sides look a bounded number of
 * times before they sleep: rounds of a model's layers follow each other within
 * microseconds, and waking a sleeper costs more than the round.
 */
#include "engine/pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/mem.h"

#define POOL_LOOKS_MAX      4000  /* about 20 microseconds */
#define POOL_STACK_WIPE_LEN 32768 /* deeper than any kernel or tokenizer goes */

struct pool {
	pthread_mutex_t lock;
	pthread_cond_t wake; /* a new round, or stop */
	pthread_cond_t done; /* undone became 0 */
	atomic_ullong work;  /* round << 32 | parts to be taken */
	atomic_uint undone;  /* parts of the round that are not finished */
	atomic_bool stop;
	pool_fn *fn;
	void *cookie;
	uint32_t parts;   /* of the round */
	uint32_t threads; /* the caller's included */
	uint32_t started;
	pthread_t *thread;
};

uint32_t pool_parts(uint32_t threads)
{
	return threads == 1 ? 1 : threads * POOL_PARTS_PER_THREAD;
}

static void relax(void)
{
	__builtin_ia32_pause();
}

static uint32_t parts_left(unsigned long long work)
{
	return (uint32_t)work;
}

/* Take a part of the present round and run it; false: none is left. */
static bool take_part(struct pool *p)
{
	unsigned long long work = atomic_load(&p->work);

	do {
		if (parts_left(work) == 0)
			return false;
	} while (!atomic_compare_exchange_weak(&p->work, &work, work - 1));
	p->fn(p->cookie, parts_left(work) - 1, p->parts);
	if (atomic_fetch_sub(&p->undone, 1) == 1) {
		pthread_mutex_lock(&p->lock);
		pthread_cond_signal(&p->done);
		pthread_mutex_unlock(&p->lock);
	}
	return true;
}

static bool idle(struct pool *p)
{
	return parts_left(atomic_load(&p->work)) == 0 && !atomic_load(&p->stop);
}

static void *work(void *arg)
{
	struct pool *p = arg;

	while (!atomic_load(&p->stop)) {
		uint32_t looks = 0;

		while (take_part(p))
			;
		while (idle(p) && looks++ < POOL_LOOKS_MAX)
			relax();
		pthread_mutex_lock(&p->lock);
		while (idle(p))
			pthread_cond_wait(&p->wake, &p->lock);
		pthread_mutex_unlock(&p->lock);
	}
	return NULL;
}

static void announce(struct pool *p, uint32_t parts)
{
	unsigned long long round = (atomic_load(&p->work) >> 32) + 1;

	pthread_mutex_lock(&p->lock);
	atomic_store(&p->work, round << 32 | parts);
	pthread_cond_broadcast(&p->wake);
	pthread_mutex_unlock(&p->lock);
}

static void run_parts(struct pool *p, pool_fn *fn, void *cookie, uint32_t parts)
{
	p->fn = fn;
	p->cookie = cookie;
	p->parts = parts;
	atomic_store(&p->undone, parts);
	announce(p, parts);
	while (take_part(p))
		;
	for (uint32_t i = 0; i < POOL_LOOKS_MAX; i++) {
		if (atomic_load(&p->undone) == 0)
			return;
		relax();
	}
	pthread_mutex_lock(&p->lock);
	while (atomic_load(&p->undone) != 0)
		pthread_cond_wait(&p->done, &p->lock);
	pthread_mutex_unlock(&p->lock);
}

void pool_run(struct pool *p, pool_fn *fn, void *cookie)
{
	if (p->threads == 1)
		fn(cookie, 0, 1);
	else
		run_parts(p, fn, cookie, pool_parts(p->threads));
}

/* A thread that waits here takes no second part, so every thread gets one. */
static __attribute__((noinline)) void wipe_stack(
    void *cookie, uint32_t i, uint32_t n)
{
	uint8_t below[POOL_STACK_WIPE_LEN];
	pthread_barrier_t *all = cookie;

	(void)i;
	(void)n;
	mem_wipe(below, sizeof(below));
	(void)pthread_barrier_wait(all);
}

void pool_wipe_stacks(struct pool *p)
{
	pthread_barrier_t all;

	pthread_barrier_init(&all, NULL, p->threads);
	if (p->threads == 1)
		wipe_stack(&all, 0, 1);
	else
		run_parts(p, wipe_stack, &all, p->threads);
	pthread_barrier_destroy(&all);
}

static enum err start(struct pool *p)
{
	for (uint32_t i = 0; i + 1 < p->threads; i++) {
		if (pthread_create(&p->thread[i], NULL, work, p) != 0)
			return ERR_IO;
		p->started++;
	}
	return ERR_OK;
}

enum err pool_new(struct pool **out, uint32_t threads)
{
	struct pool *p = calloc(1, sizeof(*p));
	enum err e;

	assert(threads >= 1);
	*out = NULL;
	if (p == NULL)
		return ERR_NOMEM;
	p->threads = threads;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->wake, NULL);
	pthread_cond_init(&p->done, NULL);
	p->thread = calloc(threads, sizeof(*p->thread));
	e = p->thread == NULL ? ERR_NOMEM : start(p);
	if (e == ERR_OK)
		*out = p;
	else
		pool_free(p);
	return e;
}

void pool_free(struct pool *p)
{
	if (p == NULL)
		return;
	atomic_store(&p->stop, true);
	announce(p, 0);
	for (uint32_t i = 0; i < p->started; i++)
		pthread_join(p->thread[i], NULL);
	pthread_cond_destroy(&p->done);
	pthread_cond_destroy(&p->wake);
	pthread_mutex_destroy(&p->lock);
	free(p->thread);
	free(p);
}
