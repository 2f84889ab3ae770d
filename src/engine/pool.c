/*
 * The pool. Two numbers only grow: `round` starts a function, `stage` ends a
 * stage. Who waits for one to grow looks a bounded number of times before it
 * sleeps: the stages of a model's blocks follow each other within microseconds,
 * and waking a sleeper costs more than the stage.
 */
#include "engine/pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/mem.h"

#define POOL_LOOKS_MAX      4000   /* about 20 microseconds */
#define POOL_STACK_WIPE_LEN 131072 /* attention keeps 35 KiB there */
#define POOL_LINE           64     /* bytes; what two CPUs fight over */

struct pool_thread {
	_Alignas(POOL_LINE) atomic_uint taken; /* units of its own run */
	struct pool *pool;
	uint32_t number;
	pthread_t thread;
};

struct pool {
	_Alignas(POOL_LINE) atomic_uint round;
	_Alignas(POOL_LINE) atomic_uint stage;
	_Alignas(POOL_LINE) atomic_uint arrived; /* at the stage's end */
	_Alignas(POOL_LINE) atomic_uint sleepers;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	pool_fn *fn; /* of the round */
	void *cookie;
	bool stop;
	bool alone; /* the round runs on the caller's thread only */
	uint32_t threads;
	uint32_t started;           /* besides the caller's */
	struct pool_thread *thread; /* [threads], the caller's first */
};

uint32_t pool_threads(const struct pool *p)
{
	return p->threads;
}

/* ---- waiting ---- */

static void wait_while(struct pool *p, atomic_uint *word, unsigned old)
{
	for (uint32_t i = 0; i < POOL_LOOKS_MAX; i++) {
		if (atomic_load_explicit(word, memory_order_acquire) != old)
			return;
		__builtin_ia32_pause();
	}
	pthread_mutex_lock(&p->lock);
	atomic_fetch_add(&p->sleepers, 1);
	while (atomic_load(word) == old)
		pthread_cond_wait(&p->wake, &p->lock);
	atomic_fetch_sub(&p->sleepers, 1);
	pthread_mutex_unlock(&p->lock);
}

/* A sleeper that is not counted yet will see the new number first. */
static void advance(struct pool *p, atomic_uint *word)
{
	atomic_fetch_add(word, 1);
	if (atomic_load(&p->sleepers) == 0)
		return;
	pthread_mutex_lock(&p->lock);
	pthread_cond_broadcast(&p->wake);
	pthread_mutex_unlock(&p->lock);
}

/* Threads of this round. */
static uint32_t together(const struct pool *p)
{
	return p->alone ? 1 : p->threads;
}

void pool_barrier(struct pool *p)
{
	unsigned stage = atomic_load(&p->stage);
	uint32_t all = together(p);

	if (atomic_fetch_add(&p->arrived, 1) + 1 == all) {
		atomic_store(&p->arrived, 0);
		for (uint32_t t = 0; t < all; t++)
			atomic_store(&p->thread[t].taken, 0);
		advance(p, &p->stage);
	} else {
		wait_while(p, &p->stage, stage);
	}
}

/* The next of thread t's own run. */
static bool take_of(struct pool *p, uint32_t t, uint32_t units, uint32_t *unit)
{
	uint64_t all = together(p);
	uint32_t from = (uint32_t)(units * (uint64_t)t / all);
	uint32_t n = (uint32_t)(units * (uint64_t)(t + 1) / all) - from;
	atomic_uint *taken = &p->thread[t].taken;
	uint32_t i;

	if (atomic_load_explicit(taken, memory_order_relaxed) >= n)
		return false;
	i = atomic_fetch_add_explicit(taken, 1, memory_order_relaxed);
	*unit = from + i;
	return i < n;
}

bool pool_take(struct pool *p, uint32_t i, uint32_t units, uint32_t *unit)
{
	uint32_t all = together(p);

	for (uint32_t k = 0; k < all; k++)
		if (take_of(p, (i + k) % all, units, unit))
			return true;
	return false;
}

/* ---- running ---- */

static void *work(void *arg)
{
	const struct pool_thread *t = arg;
	struct pool *p = t->pool;

	for (unsigned round = 0;; round++) {
		wait_while(p, &p->round, round);
		if (p->stop)
			return NULL;
		p->fn(p->cookie, t->number, p->threads);
		pool_barrier(p);
	}
}

void pool_run(struct pool *p, pool_fn *fn, void *cookie)
{
	if (p->threads == 1) {
		pool_run_alone(p, fn, cookie);
		return;
	}
	p->fn = fn;
	p->cookie = cookie;
	advance(p, &p->round);
	fn(cookie, 0, p->threads);
	pool_barrier(p);
}

void pool_run_alone(struct pool *p, pool_fn *fn, void *cookie)
{
	p->alone = true;
	fn(cookie, 0, 1);
	pool_barrier(p);
	p->alone = false;
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

/* ---- starting and stopping ---- */

/* The CPUs that we may use, one for each thread; false: they are fewer. */
static bool choose_cpu(uint32_t number, uint32_t threads, cpu_set_t *out)
{
	cpu_set_t all;
	uint32_t seen = 0;

	if (sched_getaffinity(0, sizeof(all), &all) != 0 ||
	    (uint32_t)CPU_COUNT(&all) < threads)
		return false;
	CPU_ZERO(out);
	for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &all) || seen++ != number)
			continue;
		CPU_SET(cpu, out);
		return true;
	}
	return false;
}

/*
 * The caller's thread stays free: it may be another one in each round. Pinning
 * only helps: where it is refused, the system places the threads.
 */
static void pin(struct pool_thread *t)
{
	cpu_set_t own;

	if (choose_cpu(t->number, t->pool->threads, &own))
		(void)pthread_setaffinity_np(t->thread, sizeof(own), &own);
}

static enum err start(struct pool *p, bool pinned)
{
	for (uint32_t i = 1; i < p->threads; i++) {
		struct pool_thread *t = &p->thread[i];

		t->pool = p;
		t->number = i;
		if (pthread_create(&t->thread, NULL, work, t) != 0)
			return ERR_IO;
		p->started++;
		if (pinned)
			pin(t);
	}
	return ERR_OK;
}

enum err pool_new(struct pool **out, uint32_t threads, bool pinned)
{
	struct pool *p = aligned_alloc(POOL_LINE, sizeof(*p));
	enum err e;

	assert(threads >= 1);
	*out = NULL;
	if (p == NULL)
		return ERR_NOMEM;
	*p = (struct pool){ .threads = threads };
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->wake, NULL);
	p->thread = aligned_alloc(POOL_LINE, threads * sizeof(*p->thread));
	if (p->thread != NULL)
		memset(p->thread, 0, threads * sizeof(*p->thread));
	e = p->thread == NULL ? ERR_NOMEM : start(p, pinned);
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
	p->stop = true;
	advance(p, &p->round);
	for (uint32_t i = 1; i <= p->started; i++)
		pthread_join(p->thread[i].thread, NULL);
	pthread_cond_destroy(&p->wake);
	pthread_mutex_destroy(&p->lock);
	free(p->thread);
	free(p);
}
