/*
 * Tables of positions against numbers computed from the papers' formulas by
 * another program: RoPE, linear, YaRN (arXiv 2309.00071), LongRoPE (arXiv
 * 2402.13753).
 */
#include "test.h"

#include <math.h>

#include "engine/rope.h"

#define POINTS 5

/* Cosine and sine of one pair at one position, times the attention factor. */
struct point {
	uint32_t position, pair;
	float cosine, sine;
};

static const float factors[] = { 1, 1.5f, 2, 4, 8, 16, 32, 64 };

/* A row alone is the row of the whole table. */
static void starts_anywhere(const struct shape *s, bool local, const float *f)
{
	float many[9 * 64], one[64];

	assert_true(s->rope <= 64);
	rope_table(many, s, local, f, (struct rope_range){ 1000, 9 });
	rope_table(one, s, local, f, (struct rope_range){ 1008, 1 });
	CHECK_MEM(one, many + (size_t)8 * s->rope, s->rope * sizeof(float));
}

static void matches(
    const struct shape *s, bool local, const float *f, const struct point *want)
{
	float *table =
	    malloc((size_t)ROPE_CONTEXT_MAX * s->rope * sizeof(*table));

	rope_table(
	    table, s, local, f, (struct rope_range){ 0, ROPE_CONTEXT_MAX });
	for (int i = 0; i < POINTS; i++) {
		const struct point *w = &want[i];
		const float *row = table + (size_t)w->position * s->rope;
		float c = row[w->pair], x = row[s->rope / 2 + w->pair];

		if (fabsf(c - w->cosine) > 2e-7f || fabsf(x - w->sine) > 2e-7f)
			fail_msg("position %u, pair %u: %.9g %.9g, not %.9g "
				 "%.9g",
			    w->position, w->pair, (double)c, (double)x,
			    (double)w->cosine, (double)w->sine);
	}
	free(table);
	starts_anywhere(s, local, f);
}

static struct shape shape(uint32_t rope, float base)
{
	struct shape s = { .rope = rope, .rope_base = base };

	s.scaling.factor = 1;
	s.scaling.attn_factor = 1;
	s.scaling.ext_factor = 1;
	s.scaling.beta_fast = 32;
	s.scaling.beta_slow = 1;
	return s;
}

TEST(rope_turns_pairs_by_positions)
{
	static const struct point want[POINTS] = {
		{ 1, 0, 0.540302306f, 0.841470985f },
		{ 100, 2, -0.839071529f, -0.544021111f },
		{ 5000, 4, 0.964966028f, -0.262374854f },
		{ 131071, 6, 0.640312376f, -0.768114614f },
		{ 131071, 7, -0.821029088f, -0.57088636f },
	};
	struct shape s = shape(16, 10000);

	matches(&s, false, NULL, want);
	/* Local blocks with their own base know of nothing else. */
	s.local_base = s.rope_base;
	s.rope_base = 1000000;
	s.scaling.kind = ROPE_LINEAR;
	s.scaling.factor = 8;
	s.scaling.attn_factor = 3;
	matches(&s, true, factors, want);
}

TEST(rope_divides_frequencies_by_factors)
{
	static const struct point want[POINTS] = {
		{ 1, 0, 0.540302306f, 0.841470985f },
		{ 100, 2, -0.304587403f, 0.95248439f },
		{ 5000, 4, 0.634153201f, 0.773207422f },
		{ 131071, 6, 0.976367469f, 0.216117016f },
		{ 131071, 7, 0.999776946f, 0.0211200817f },
	};
	struct shape s = shape(16, 500000);

	matches(&s, false, factors, want);
	matches(&s, true, factors, want); /* no base of their own */
}

TEST(rope_scales_linearly)
{
	static const struct point want[POINTS] = {
		{ 1, 0, 0.992197667f, 0.124674733f },
		{ 100, 2, 0.922886969f, 0.385070957f },
		{ 5000, 4, 0.81096312f, 0.585097273f },
		{ 131071, 6, 0.868759893f, 0.49523353f },
		{ 131071, 7, 0.995758729f, 0.0920030088f },
	};
	struct shape s = shape(16, 1000000);

	s.scaling.kind = ROPE_LINEAR;
	s.scaling.factor = 8;
	matches(&s, false, NULL, want);
}

TEST(rope_scales_by_yarn)
{
	static const struct point want[POINTS] = {
		{ 1, 0, 0.61520411f, 0.958123633f },
		{ 100, 8, -1.13838585f, -0.0235508778f },
		{ 5000, 16, -1.10994806f, 0.253953321f },
		{ 131071, 24, 0.580117468f, 0.979765644f },
		{ 131071, 31, 1.13718015f, 0.0574307797f },
	};
	struct shape s = shape(64, 1000000);

	s.scaling.kind = ROPE_YARN;
	s.scaling.factor = 4;
	s.scaling.original_context = 32768;
	matches(&s, false, NULL, want);
}

TEST(rope_takes_the_multiplier_of_yarn)
{
	static const struct point want[POINTS] = {
		{ 1, 0, 0.540302306f, 0.841470985f },
		{ 100, 8, -0.999786073f, -0.0206835315f },
		{ 5000, 16, -0.773448664f, -0.633858947f },
		{ 131071, 24, 0.966633305f, 0.256164115f },
		{ 131071, 31, 0.999920432f, 0.0126146473f },
	};
	struct shape s = shape(64, 1000000);

	s.scaling.kind = ROPE_YARN;
	s.scaling.factor = 16;
	s.scaling.original_context = 16384;
	s.scaling.beta_fast = 4;
	s.scaling.log_multiplier = 1;
	matches(&s, false, NULL, want);
}

TEST(rope_takes_the_other_numbers_of_yarn)
{
	static const struct point want[POINTS] = {
		{ 1, 0, 1.27728694f, 0.805249809f },
		{ 100, 8, 1.19451113f, -0.923597498f },
		{ 5000, 16, 0.999224785f, -1.13200663f },
		{ 131071, 24, -1.17795224f, -0.944625695f },
		{ 131071, 31, -0.869968582f, 1.23411663f },
	};
	struct shape s = shape(64, 10000);

	s.scaling.kind = ROPE_YARN;
	s.scaling.factor = 8;
	s.scaling.original_context = 2048;
	s.scaling.beta_fast = 16;
	s.scaling.beta_slow = 2;
	s.scaling.ext_factor = 0.5f;
	s.scaling.attn_factor = 1.25f;
	matches(&s, false, NULL, want);
}

/* The ramp begins at no pair below 0 and ends at none above the last. */
TEST(rope_clips_the_ramp_of_yarn)
{
	static const struct point want[POINTS] = {
		{ 1, 0, 0.61520411f, 0.958123633f },
		{ 100, 2, -0.525140495f, 1.01029919f },
		{ 5000, 4, -0.386805869f, 1.07091466f },
		{ 131071, 6, -1.031171f, 0.482869925f },
		{ 131071, 7, -0.0098364536f, -1.13858695f },
	};
	struct shape s = shape(16, 10000);

	s.scaling.kind = ROPE_YARN;
	s.scaling.factor = 4;
	s.scaling.original_context = 64;
	s.scaling.beta_slow = 1e-3f;
	matches(&s, false, NULL, want);
}

TEST(rope_scales_by_longrope)
{
	static const struct point want[POINTS] = {
		{ 1, 0, 0.643088375f, 1.0015508f },
		{ 100, 2, 0.337625533f, -1.14134818f },
		{ 5000, 4, 1.18958275f, -0.0394911667f },
		{ 131071, 6, -0.68809799f, -0.971178574f },
		{ 131071, 7, 0.949234073f, 0.718067783f },
	};
	struct shape s = shape(16, 10000);

	s.scaling.kind = ROPE_LONGROPE;
	s.scaling.attn_factor = (float)sqrt(1 + log(32) / log(4096));
	matches(&s, false, factors, want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rope_turns_pairs_by_positions),
		cmocka_unit_test(rope_divides_frequencies_by_factors),
		cmocka_unit_test(rope_scales_linearly),
		cmocka_unit_test(rope_scales_by_yarn),
		cmocka_unit_test(rope_takes_the_multiplier_of_yarn),
		cmocka_unit_test(rope_takes_the_other_numbers_of_yarn),
		cmocka_unit_test(rope_clips_the_ramp_of_yarn),
		cmocka_unit_test(rope_scales_by_longrope),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
