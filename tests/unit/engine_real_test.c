/* Our own exp, log, cosine and sine beside those of libm, and fixed bits. */
#include "test.h"

#include <math.h>

#include "engine/real.h"

#define SAMPLES 2000000

static uint64_t state = 1;

/* In [0, 1), every bit of it arbitrary. */
static double uniform(void)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (double)(state >> 11) * 0x1p-53;
}

/* Distance in units of the last place of b. */
static double units(double a, double b)
{
	double next = nextafter(fabs(b), INFINITY);

	return fabs(a - b) / (next - fabs(b));
}

TEST(real_exp_is_within_two_units)
{
	double worst = 0;

	for (int i = 0; i < SAMPLES; i++) {
		double range = i % 2 == 0 ? 700 : 1;
		double x = (2 * uniform() - 1) * range;
		double u = units(real_exp(x), exp(x));

		worst = u > worst ? u : worst;
	}
	CHECK(worst <= 2);
	CHECK(real_exp(0) == 1);
	CHECK(units(real_exp(700), exp(700)) <= 2);
	CHECK(units(real_exp(-700), exp(-700)) <= 2);
}

TEST(real_log_is_within_two_units)
{
	double worst = 0;

	for (int i = 0; i < SAMPLES; i++) {
		double x = i % 2 == 0 ? 0.5 + uniform()
				      : exp((2 * uniform() - 1) * 709);
		double u = x > 0 ? units(real_log(x), log(x)) : 0;

		worst = u > worst ? u : worst;
	}
	CHECK(worst <= 2);
	CHECK(real_log(1) == 0);
	CHECK(units(real_log(0x1p-1074), log(0x1p-1074)) <= 2);
	CHECK(units(real_log(0x1.8p1023), log(0x1.8p1023)) <= 2);
}

TEST(real_pow_is_as_exact_as_it_says)
{
	for (int i = 0; i < SAMPLES; i++) {
		double base = 1 + uniform() * 1e6;
		double x = 2 * uniform() - 1;
		double bound = 2 + 2 * fabs(x * log(base));

		if (units(real_pow(base, x), pow(base, x)) > bound)
			fail_msg("%a to the %a", base, x);
	}
}

TEST(real_cos_sin_are_within_two_units)
{
	static const double odd[] = { 0, 0x1p-1074, 0x1p-30, 0x1p21, -0x1p21,
		0x1.921fb54442d18p0, 0x1.921fb54442d18p1, 103993.0, 1670949.0,
		1146408.0 };
	double worst = 0, c, s;

	for (int i = 0; i < 2 * SAMPLES; i++) {
		double range = i % 4 == 0 ? 2 : i % 4 == 1 ? 4096 : 0x1p21 - 1;
		double x = (2 * uniform() - 1) * range;

		if (i % 4 == 3) /* near a multiple of pi/2 */
			x = nearbyint(x / M_PI_2) * M_PI_2;
		if ((size_t)i < sizeof(odd) / sizeof(odd[0]))
			x = odd[i];
		real_cos_sin(&c, &s, x);
		worst = fmax(worst, units(c, cos(x)));
		worst = fmax(worst, units(s, sin(x)));
	}
	CHECK(worst <= 2);
}

/* Results are part of answers: they may not change with compiler or CPU. */
TEST(real_functions_have_these_bits)
{
	double c, s;

	real_cos_sin(&c, &s, 12345.678);
	CHECK(c == 0x1.6b94c3bbe24b8p-1 && s == -0x1.687d5890974a5p-1);
	CHECK(real_exp(-3.25) == 0x1.3da368521902dp-5);
	CHECK(real_log(500000.0) == 0x1.a3ea669a05c01p+3);
	CHECK(real_pow(10000.0, -0.4375) == 0x1.235a71c5ee5cbp-6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(real_exp_is_within_two_units),
		cmocka_unit_test(real_log_is_within_two_units),
		cmocka_unit_test(real_pow_is_as_exact_as_it_says),
		cmocka_unit_test(real_cos_sin_are_within_two_units),
		cmocka_unit_test(real_functions_have_these_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
