/* Sampling: greedy, cuts, proportions, seeds. */
#include "engine_test.h"

#include <math.h>

#include "engine/sample.h"

#define N     8
#define DRAWS 20000

static struct sample_item item[N];

/* Logits of likelihoods 1/2, 1/4 ... 1/128, 1/128 at scattered places. */
static const float logits[N] = { -3, -1, -7, -2, -5, -7, -4, -6 };

static void scaled(float x[N])
{
	for (size_t i = 0; i < N; i++)
		x[i] = logits[i] * logf(2);
}

static void draw(const struct engine_sampling *opt, double share[N])
{
	unsigned count[N] = { 0 };
	struct sample s;
	float x[N];

	scaled(x);
	CHECK_OK(sample_init(&s, opt));
	for (size_t i = 0; i < DRAWS; i++)
		count[sample_pick(&s, x, N, item)]++;
	for (size_t i = 0; i < N; i++)
		share[i] = count[i] / (double)DRAWS;
}

static void close_to(double got, double want)
{
	if (fabs(got - want) > 0.015)
		fail_msg("%f, want %f", got, want);
}

TEST(sample_is_greedy_at_zero)
{
	struct engine_sampling opt = { .seed = 1 };
	double share[N];

	draw(&opt, share);
	CHECK(share[1] == 1);
}

TEST(sample_draws_in_proportion)
{
	struct engine_sampling opt = { .temperature = 1 };
	double share[N];

	draw(&opt, share);
	close_to(share[1], 0.5);
	close_to(share[3], 0.25);
	close_to(share[0], 0.125);
	close_to(share[2], 1 / 128.0);
	opt.temperature = 0.5f; /* likelihoods squared */
	draw(&opt, share);
	close_to(share[1], 0.75);
	close_to(share[3], 0.1875);
}

TEST(sample_top_k_keeps_the_best)
{
	struct engine_sampling opt = { .temperature = 1, .top_k = 2 };
	double share[N];

	draw(&opt, share);
	close_to(share[1], 2 / 3.0);
	close_to(share[3], 1 / 3.0);
	CHECK(share[1] + share[3] > 0.9999);
	opt.top_k = 1;
	draw(&opt, share);
	CHECK(share[1] == 1);
	opt.top_k = 1000;
	draw(&opt, share);
	close_to(share[1], 0.5);
}

TEST(sample_top_p_keeps_what_is_needed)
{
	struct engine_sampling opt = { .temperature = 1, .top_p = 0.7f };
	double share[N];

	draw(&opt, share);
	CHECK(share[1] + share[3] > 0.9999);
	close_to(share[1], 2 / 3.0);
	opt.top_p = 0.1f;
	draw(&opt, share);
	CHECK(share[1] == 1);
}

TEST(sample_min_p_is_relative_to_the_best)
{
	struct engine_sampling opt = { .temperature = 1, .min_p = 0.2f };
	double share[N];

	draw(&opt, share);
	CHECK(share[1] + share[3] + share[0] > 0.9999);
	close_to(share[0], 1 / 7.0);
}

TEST(sample_repeats_with_the_same_seed_only)
{
	struct engine_sampling opt = { .temperature = 1, .seed = 7 };
	struct sample a, b, c;
	unsigned same = 0, other = 0;
	float x[N];

	scaled(x);
	CHECK_OK(sample_init(&a, &opt));
	CHECK_OK(sample_init(&b, &opt));
	opt.seed = 8;
	CHECK_OK(sample_init(&c, &opt));
	for (size_t i = 0; i < 100; i++) {
		uint32_t id = sample_pick(&a, x, N, item);

		same += id == sample_pick(&b, x, N, item);
		other += id == sample_pick(&c, x, N, item);
	}
	CHECK_EQ(same, 100);
	CHECK(other < 70);
}

TEST(sample_survives_numbers_that_are_none)
{
	struct engine_sampling opt = { .temperature = 1, .top_p = 0.9f };
	float x[N] = { NAN, 1, NAN, 2, NAN, -INFINITY, 0, NAN };
	struct sample s;

	CHECK_OK(sample_init(&s, &opt));
	for (size_t i = 0; i < 100; i++) {
		uint32_t id = sample_pick(&s, x, N, item);

		CHECK(id == 1 || id == 3 || id == 6);
	}
	for (size_t i = 0; i < N; i++)
		x[i] = NAN;
	CHECK(sample_pick(&s, x, N, item) < N);
	x[5] = INFINITY;
	CHECK_EQ(sample_pick(&s, x, N, item), 5);
}

TEST(sample_refuses_options_out_of_range)
{
	static const struct engine_sampling bad[] = {
		{ .temperature = -1 },
		{ .temperature = 2.5f },
		{ .temperature = NAN },
		{ .top_p = 1.5f },
		{ .top_p = -0.1f },
		{ .min_p = 2 },
		{ .min_p = NAN },
	};
	struct sample s;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_ERR(sample_init(&s, &bad[i]), ERR_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sample_is_greedy_at_zero),
		cmocka_unit_test(sample_draws_in_proportion),
		cmocka_unit_test(sample_top_k_keeps_the_best),
		cmocka_unit_test(sample_top_p_keeps_what_is_needed),
		cmocka_unit_test(sample_min_p_is_relative_to_the_best),
		cmocka_unit_test(sample_repeats_with_the_same_seed_only),
		cmocka_unit_test(sample_survives_numbers_that_are_none),
		cmocka_unit_test(sample_refuses_options_out_of_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
