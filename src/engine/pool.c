/*
 * The pool. A round is announced by raising `round`; a worker that sees it runs
 * its part and lowers `running`. Both sides look a bounded number of times
 * before they sleep: rounds of a model's layers follow each other within
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

struct worker {
	struct pool *pool;
	pthread_t thread;
	uint32_t index;
};

struct pool {
	pthread_mutex_t lock;
	pthread_cond_t wake; /* round or stop changed */
	pthread_cond_t done; /* running became 0 */
	atomic_uint round;
	atomic_uint running;
	atomic_bool stop;
	pool_fn *fn;
	void *cookie;
	uint32_t threads; /* the caller's included */
	uint32_t started;
	struct worker *worker;
};

static void relax(void)
{
	__builtin_ia32_pause();
}

/* Wait until the round differs from `seen`; false: stop. */
static bool wait_for_round(struct pool *p, unsigned seen)
{
	for (uint32_t i = 0; i < POOL_LOOKS_MAX; i++) {
		if (atomic_load_explicit(&p->round, memory_order_acquire) !=
		    seen)
			return !atomic_load(&p->stop);
		relax();
	}
	pthread_mutex_lock(&p->lock);
	while (atomic_load(&p->round) == seen)
		pthread_cond_wait(&p->wake, &p->lock);
	pthread_mutex_unlock(&p->lock);
	return !atomic_load(&p->stop);
}

static void *work(void *arg)
{
	struct worker *w = arg;
	struct pool *p = w->pool;
	unsigned seen = 0;

	while (wait_for_round(p, seen)) {
		seen++;
		p->fn(p->cookie, w->index, p->threads);
		if (atomic_fetch_sub(&p->running, 1) == 1) {
			pthread_mutex_lock(&p->lock);
			pthread_cond_signal(&p->done);
			pthread_mutex_unlock(&p->lock);
		}
	}
	return NULL;
}

static void announce(struct pool *p)
{
	pthread_mutex_lock(&p->lock);
	atomic_fetch_add_explicit(&p->round, 1, memory_order_release);
	pthread_cond_broadcast(&p->wake);
	pthread_mutex_unlock(&p->lock);
}

void pool_run(struct pool *p, pool_fn *fn, void *cookie)
{
	if (p->threads == 1) {
		fn(cookie, 0, 1);
		return;
	}
	p->fn = fn;
	p->cookie = cookie;
	atomic_store(&p->running, p->threads - 1);
	announce(p);
	fn(cookie, 0, p->threads);
	for (uint32_t i = 0; i < POOL_LOOKS_MAX; i++) {
		if (atomic_load_explicit(&p->running, memory_order_acquire) ==
		    0)
			return;
		relax();
	}
	pthread_mutex_lock(&p->lock);
	while (atomic_load(&p->running) != 0)
		pthread_cond_wait(&p->done, &p->lock);
	pthread_mutex_unlock(&p->lock);
}

static __attribute__((noinline)) void wipe_stack(
    void *cookie, uint32_t i, uint32_t n)
{
	uint8_t below[POOL_STACK_WIPE_LEN];

	(void)cookie;
	(void)i;
	(void)n;
	mem_wipe(below, sizeof(below));
}

void pool_wipe_stacks(struct pool *p)
{
	pool_run(p, wipe_stack, NULL);
}

static enum err start(struct pool *p)
{
	for (uint32_t i = 0; i + 1 < p->threads; i++) {
		p->worker[i] = (struct worker){ .pool = p, .index = i + 1 };
		if (pthread_create(
			&p->worker[i].thread, NULL, work, &p->worker[i]) != 0)
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
	p->worker = calloc(threads, sizeof(*p->worker));
	e = p->worker == NULL ? ERR_NOMEM : start(p);
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
	announce(p);
	for (uint32_t i = 0; i < p->started; i++)
		pthread_join(p->worker[i].thread, NULL);
	pthread_cond_destroy(&p->done);
	pthread_cond_destroy(&p->wake);
	pthread_mutex_destroy(&p->lock);
	free(p->worker);
	free(p);
}
