#define _POSIX_C_SOURCE 200809L
#include "pool.h"

#include <pthread.h>
#include <stdbool.h>

#include "util.h"

enum { THREADS_MAX = 256 };

struct worker {
	struct pool *pool;
	size_t index;
	pthread_t thread;
};

struct pool {
	pthread_mutex_t lock;
	pthread_cond_t work, done;
	size_t threads, next, tasks, left;
	pool_fn *fn;
	void *ctx;
	bool stop;
	struct worker *workers;
};

/* Takes tasks until none is left; called and returns with the lock held. */
static void drain(struct pool *p, size_t worker)
{
	while (p->next < p->tasks) {
		size_t task = p->next++;

		pthread_mutex_unlock(&p->lock);
		p->fn(p->ctx, task, worker);
		pthread_mutex_lock(&p->lock);
		if (--p->left == 0)
			pthread_cond_broadcast(&p->done);
	}
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;
	struct pool *p = w->pool;

	pthread_mutex_lock(&p->lock);
	while (!p->stop) {
		drain(p, w->index);
		if (!p->stop)
			pthread_cond_wait(&p->work, &p->lock);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

struct pool *pool_new(size_t threads)
{
	struct pool *p = util_realloc(NULL, sizeof(*p));

	if (threads == 0 || threads > THREADS_MAX)
		util_die("threads must be 1 to %d", THREADS_MAX);
	*p = (struct pool){ .threads = threads };
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->work, NULL);
	pthread_cond_init(&p->done, NULL);
	p->workers = util_realloc(NULL, threads * sizeof(*p->workers));
	for (size_t i = 1; i < threads; i++) {
		struct worker *w = &p->workers[i];

		w->pool = p;
		w->index = i;
		if (pthread_create(&w->thread, NULL, worker_main, w) != 0)
			util_die("cannot start a thread");
	}
	return p;
}

void pool_free(struct pool *p)
{
	pthread_mutex_lock(&p->lock);
	p->stop = true;
	pthread_cond_broadcast(&p->work);
	pthread_mutex_unlock(&p->lock);
	for (size_t i = 1; i < p->threads; i++)
		pthread_join(p->workers[i].thread, NULL);
	pthread_cond_destroy(&p->done);
	pthread_cond_destroy(&p->work);
	pthread_mutex_destroy(&p->lock);
	util_free(p->workers);
	util_free(p);
}

void pool_run(struct pool *p, pool_fn *fn, void *ctx, size_t tasks)
{
	pthread_mutex_lock(&p->lock);
	p->fn = fn;
	p->ctx = ctx;
	p->next = 0;
	p->tasks = tasks;
	p->left = tasks;
	pthread_cond_broadcast(&p->work);
	drain(p, 0);
	while (p->left > 0)
		pthread_cond_wait(&p->done, &p->lock);
	pthread_mutex_unlock(&p->lock);
}
