/* Sampling: greedy, cuts, proportions, seeds, penalties. */
#include "engine_test.h"

#include <math.h>

#include "engine/sample.h"

#define N         8
#define DRAWS     20000
#define FEW_DRAWS 4000
#define MANY      5000 /* a vocabulary of several blocks */

static struct sample_item item[SAMPLE_FEW];
static uint8_t seen[MANY / 8 + 1];

static void init(struct sample *s, const struct engine_sampling *opt)
{
	CHECK_OK(sample_init(s, opt, MANY, NULL));
}

static uint32_t pick_by(
    struct sample *s, const struct kernels *k, const float *x, uint32_t n)
{
	static float copy[MANY];

	memcpy(copy, x, n * sizeof(*x));
	return sample_pick(s, k, copy, n, item);
}

static uint32_t pick(struct sample *s, const float *x, uint32_t n)
{
	return pick_by(s, kernels_best(), x, n);
}

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
	init(&s, opt);
	for (size_t i = 0; i < DRAWS; i++)
		count[pick(&s, x, N)]++;
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
	opt.temperature = 1e-30f; /* as good as 0 */
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
	init(&a, &opt);
	init(&b, &opt);
	opt.seed = 8;
	init(&c, &opt);
	for (size_t i = 0; i < 100; i++) {
		uint32_t id = pick(&a, x, N);

		same += id == pick(&b, x, N);
		other += id == pick(&c, x, N);
	}
	CHECK_EQ(same, 100);
	CHECK(other < 70);
}

TEST(sample_survives_numbers_that_are_none)
{
	struct engine_sampling opt = { .temperature = 1, .top_p = 0.9f };
	float x[N] = { NAN, 1, NAN, 2, NAN, -INFINITY, 0, NAN };
	struct sample s;

	init(&s, &opt);
	for (size_t i = 0; i < 100; i++) {
		uint32_t id = pick(&s, x, N);

		CHECK(id == 1 || id == 3 || id == 6);
	}
	for (size_t i = 0; i < N; i++)
		x[i] = NAN;
	CHECK(pick(&s, x, N) < N);
	x[5] = INFINITY;
	CHECK_EQ(pick(&s, x, N), 5);
}

/* ---- large vocabularies ---- */

/* Logits over several blocks; the best are equal and far apart. */
static void many(float x[MANY])
{
	uint32_t state = 7;

	for (uint32_t i = 0; i < MANY; i++) {
		state = state * 1664525 + 1013904223;
		x[i] = (float)(state >> 8) * 0x1p-21f - 8;
	}
	x[17] = x[4000] = x[MANY - 1] = 1;
}

/* The distribution function at the drawn token has the drawn value. */
/* However unlikely all that may come is: a grammar relies on it. */
TEST(sample_never_draws_what_is_masked)
{
	static const float low[] = { -1e30f, -9e29f, -1e25f, 0 };
	static const struct engine_sampling how[] = { { .temperature = 1 },
		{ .temperature = 2 }, { .temperature = 0.002f },
		{ .temperature = 1, .top_k = 3 },
		{ .temperature = 1, .top_p = 0.999f },
		{ .temperature = 1, .top_k = 4000, .min_p = 0.1f } };
	static float x[MANY];
	struct sample s;

	for (size_t i = 0; i < MANY; i++)
		x[i] = -INFINITY;
	for (size_t h = 0; h < sizeof(how) / sizeof(how[0]); h++) {
		for (size_t k = 0; k < sizeof(low) / sizeof(low[0]); k++) {
			init(&s, &how[h]);
			x[77] = low[k];
			for (size_t i = 0; i < 20; i++)
				CHECK_EQ(pick(&s, x, MANY), 77);
		}
	}
}

TEST(sample_draws_from_all_blocks)
{
	struct engine_sampling opt = { .temperature = 1 };
	static float x[MANY];
	unsigned low = 0, high = 0, best = 0;
	double total = 0, below = 0;
	struct sample s;

	many(x);
	for (uint32_t i = 0; i < MANY; i++) {
		total += exp((double)x[i]);
		below += i < 1800 ? exp((double)x[i]) : 0;
	}
	init(&s, &opt);
	for (unsigned i = 0; i < FEW_DRAWS; i++) {
		uint32_t id = pick(&s, x, MANY);

		low += id < 1800;
		high += id >= MANY - 1000;
		best += id == 4000;
	}
	CHECK(fabs(low / (double)FEW_DRAWS - below / total) < 0.03);
	CHECK(high > 0 && best > 0);
}

TEST(sample_top_p_may_keep_many)
{
	struct engine_sampling opt = { .temperature = 1, .top_p = 0.9f };
	static float x[MANY];
	double total = 0, kept = 0;
	struct sample s;
	unsigned above = 0;
	float cut = 8;

	many(x);
	for (uint32_t i = 0; i < MANY; i++)
		total += exp((double)x[i]);
	/* The logit at which nine tenths are reached, by bisection. */
	for (float step = 8; step > 1e-6f; step /= 2) {
		kept = 0;
		for (uint32_t i = 0; i < MANY; i++)
			kept += x[i] >= cut ? exp((double)x[i]) : 0;
		cut += kept < 0.9 * total ? -step : step;
	}
	init(&s, &opt);
	for (unsigned i = 0; i < 500; i++) {
		uint32_t id = pick(&s, x, MANY);

		above += x[id] > cut + 0.01f;
		CHECK(x[id] >= cut - 0.01f);
	}
	CHECK(above > 480);
}

/* More than are sorted: the 300 best, and a draw from them alone. */
TEST(sample_top_k_may_keep_many)
{
	struct engine_sampling opt = { .temperature = 2, .top_k = 300 };
	static float x[MANY];
	static bool drawn[MANY];
	struct sample s;
	uint32_t kinds = 0;

	for (uint32_t i = 0; i < MANY; i++)
		x[i] = -(float)(i * 7919 % MANY) * 0.001f;
	init(&s, &opt);
	for (unsigned i = 0; i < 3000; i++) {
		uint32_t id = pick(&s, x, MANY);

		CHECK(x[id] > -0.2995f);
		kinds += !drawn[id];
		drawn[id] = true;
	}
	CHECK(kinds > 290 && kinds <= 300);
	opt.min_p = 0.9f; /* exp(-x / 2): the first 210 */
	init(&s, &opt);
	for (unsigned i = 0; i < 500; i++)
		CHECK(x[pick(&s, x, MANY)] > -0.2115f);
	opt.top_k = 0; /* and with no other filter */
	opt.min_p = 0.86f;
	init(&s, &opt);
	for (unsigned i = 0; i < 500; i++)
		CHECK(x[pick(&s, x, MANY)] > -0.3025f);
}

TEST(sample_of_equals_keeps_the_lower_number)
{
	struct engine_sampling opt = { .temperature = 1, .top_k = 2 };
	static float x[MANY];
	struct sample s;

	many(x);
	init(&s, &opt);
	for (unsigned i = 0; i < 100; i++) {
		uint32_t id = pick(&s, x, MANY);

		CHECK(id == 17 || id == 4000);
	}
	opt.temperature = 0;
	init(&s, &opt);
	CHECK_EQ(pick(&s, x, MANY), 17);
}

TEST(sample_is_the_same_with_all_kernels)
{
	static const struct engine_sampling opts[] = { { .temperature = 1 },
		{ .temperature = 0.7f, .top_p = 0.9f },
		{ .temperature = 1.3f, .min_p = 0.3f } };
	const struct kernels *k[] = { kernels_have_avx2() ? &kernels_avx2
							  : &kernels_scalar,
		kernels_have_avx512() ? &kernels_avx512 : &kernels_scalar };
	static float x[MANY];
	struct sample s, t;

	many(x);
	for (size_t o = 0; o < 6; o++) {
		init(&s, &opts[o / 2]);
		init(&t, &opts[o / 2]);
		for (unsigned i = 0; i < 100; i++)
			CHECK_EQ(pick_by(&s, &kernels_scalar, x, MANY),
			    pick_by(&t, k[o % 2], x, MANY));
	}
}

/* ---- bias and penalties ---- */

static void adjusted(float x[N], const struct engine_sampling *opt,
    const struct sample_text *text)
{
	struct sample s;

	memcpy(x, logits, sizeof(logits));
	CHECK_OK(sample_init(&s, opt, N, NULL));
	sample_adjust(&s, x, text, seen);
	CHECK(mem_is_zero(seen, sizeof(seen)));
}

TEST(sample_adds_bias)
{
	const struct engine_bias bias[] = { { 6, 5 }, { 1, -100 } };
	struct engine_sampling opt = { .bias = bias, .bias_n = 2 };
	const struct sample_text none = { .token = NULL };
	float x[N];

	adjusted(x, &opt, &none);
	CHECK(x[6] == 1 && x[1] == -101 && x[0] == -3);
}

TEST(sample_penalties_are_for_the_answer)
{
	const uint32_t token[] = { 1, 1, 3, 0, 3, 3 };
	const struct sample_text text = { token, 6, 2 };
	struct engine_sampling opt = { .presence_penalty = 0.5f };
	float x[N];

	adjusted(x, &opt, &text);
	CHECK(x[1] == -1 && x[3] == -2.5f && x[0] == -3.5f && x[2] == -7);
	opt = (struct engine_sampling){ .frequency_penalty = -1 };
	adjusted(x, &opt, &text);
	CHECK(x[1] == -1 && x[3] == 1 && x[0] == -2);
}

TEST(sample_repeat_penalty_looks_back_so_far)
{
	uint32_t token[SAMPLE_REPEAT_N + 1] = { 2 };
	struct sample_text text = { token, 2, 2 };
	struct engine_sampling opt = { .repeat_penalty = 2 };
	float x[N];

	token[1] = 1;
	adjusted(x, &opt, &text);
	CHECK(x[2] == -14 && x[1] == -2 && x[0] == -3);
	for (size_t i = 1; i <= SAMPLE_REPEAT_N; i++)
		token[i] = 1;
	text.n = SAMPLE_REPEAT_N + 1;
	adjusted(x, &opt, &text);
	CHECK(x[2] == -7 && x[1] == -2);
	/* A likely token becomes less so, too. */
	text.n = 0;
	opt.bias = &(struct engine_bias){ 1, 9 };
	opt.bias_n = 1;
	adjusted(x, &opt, &text);
	CHECK(x[1] == 8);
	text.n = 2;
	adjusted(x, &opt, &text);
	CHECK(x[1] == 4);
}

TEST(sample_refuses_options_out_of_range)
{
	const struct engine_sampling bad[] = {
		{ .temperature = -1 },
		{ .temperature = 2.5f },
		{ .temperature = NAN },
		{ .top_p = 1.5f },
		{ .top_p = -0.1f },
		{ .min_p = 2 },
		{ .min_p = NAN },
		{ .frequency_penalty = 2.5f },
		{ .presence_penalty = -3 },
		{ .repeat_penalty = -0.5f },
		{ .repeat_penalty = 3 },
		{ .bias = &(struct engine_bias){ 0, 101 }, .bias_n = 1 },
		{ .bias = &(struct engine_bias){ N, 1 }, .bias_n = 1 },
	};
	static const char *const words[] = { "temperature", "temperature",
		"temperature", "top_p", "top_p", "min_p", "min_p",
		"frequency_penalty", "presence_penalty", "repeat_penalty",
		"repeat_penalty", "a bias", "bias for token 8" };
	struct engine_sampling more = { .bias_n = ENGINE_BIAS_MAX + 1 };
	struct sample s;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err_ctx ctx = { .code = ERR_OK };

		CHECK_ERR(sample_init(&s, &bad[i], N, &ctx), ERR_FORMAT);
		CHECK(strstr(ctx.msg, words[i]) != NULL);
	}
	CHECK_ERR(sample_init(&s, &more, N, NULL), ERR_LIMIT);
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
		cmocka_unit_test(sample_never_draws_what_is_masked),
		cmocka_unit_test(sample_draws_from_all_blocks),
		cmocka_unit_test(sample_top_p_may_keep_many),
		cmocka_unit_test(sample_top_k_may_keep_many),
		cmocka_unit_test(sample_of_equals_keeps_the_lower_number),
		cmocka_unit_test(sample_is_the_same_with_all_kernels),
		cmocka_unit_test(sample_adds_bias),
		cmocka_unit_test(sample_penalties_are_for_the_answer),
		cmocka_unit_test(sample_repeat_penalty_looks_back_so_far),
		cmocka_unit_test(sample_refuses_options_out_of_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
