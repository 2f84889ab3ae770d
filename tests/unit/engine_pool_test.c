/* Threads that go from stage to stage together. */
#include <stdatomic.h>

#include "engine/pool.h"
#include "engine_test.h"

#define STAGES 200
#define UNITS  37

struct work {
	struct pool *pool;
	atomic_uint done[STAGES][UNITS];
	atomic_uint early; /* units taken before the last stage was over */
	atomic_uint threads;
	uint32_t n;
};

static uint32_t stage_sum(struct work *w, uint32_t stage)
{
	uint32_t sum = 0;

	for (uint32_t u = 0; u < UNITS; u++)
		sum += atomic_load(&w->done[stage][u]);
	return sum;
}

static void stages(void *cookie, uint32_t i, uint32_t n)
{
	struct work *w = cookie;

	if (i == 0)
		w->n = n;
	atomic_fetch_add(&w->threads, 1);
	for (uint32_t s = 0; s < STAGES; s++) {
		uint32_t u;

		if (s > 0 && stage_sum(w, s - 1) != UNITS)
			atomic_fetch_add(&w->early, 1);
		while (pool_take(w->pool, i, UNITS, &u))
			atomic_fetch_add(&w->done[s][u], 1);
		pool_barrier(w->pool);
	}
}

static void check_all(struct work *w, uint32_t threads)
{
	assert_int_equal(w->n, threads);
	assert_int_equal(atomic_load(&w->threads), threads);
	assert_int_equal(atomic_load(&w->early), 0);
	for (uint32_t s = 0; s < STAGES; s++)
		for (uint32_t u = 0; u < UNITS; u++)
			assert_int_equal(atomic_load(&w->done[s][u]), 1);
}

TEST(pool_takes_each_unit_once_and_keeps_stages_apart)
{
	for (uint32_t threads = 1; threads <= 5; threads++) {
		struct work w = { .n = 0 };

		CHECK_OK(pool_new(&w.pool, threads, threads == 2));
		assert_int_equal(pool_threads(w.pool), threads);
		pool_run(w.pool, stages, &w);
		check_all(&w, threads);
		pool_free(w.pool);
	}
}

TEST(pool_runs_small_work_on_the_callers_thread)
{
	struct work w = { .n = 0 };

	CHECK_OK(pool_new(&w.pool, 3, false));
	pool_run_alone(w.pool, stages, &w);
	check_all(&w, 1);
	memset(w.done, 0, sizeof(w.done));
	atomic_store(&w.threads, 0);
	pool_run(w.pool, stages, &w);
	check_all(&w, 3);
	pool_free(w.pool);
}

static void nothing(void *cookie, uint32_t i, uint32_t n)
{
	(void)cookie;
	(void)i;
	(void)n;
}

TEST(pool_survives_many_rounds_with_more_threads_than_cpus)
{
	struct pool *p;

	CHECK_OK(pool_new(&p, 8, false));
	for (int i = 0; i < 2000; i++)
		pool_run(p, nothing, NULL);
	pool_free(p);
}

TEST(pool_free_accepts_nothing)
{
	pool_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    pool_takes_each_unit_once_and_keeps_stages_apart),
		cmocka_unit_test(pool_runs_small_work_on_the_callers_thread),
		cmocka_unit_test(
		    pool_survives_many_rounds_with_more_threads_than_cpus),
		cmocka_unit_test(pool_free_accepts_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
