/* Functions of vectors against double precision, and bit by bit. */
#include "engine_kernels.h"

#include "engine/lanes_scalar.h"

#include "engine/lanes_math.h"

#define N_MAX 2048
#define GUARD 77.0f /* behind a vector: stays */

static float x[N_MAX + 1], y[N_MAX + 1], z[N_MAX + 1], cs[2 * N_MAX];

static const uint32_t lengths[] = { 1, 2, 7, 8, 15, 16, 17, 31, 32, 33, 63, 64,
	80, 96, 100, 576, 1000, N_MAX };

#define LENGTHS (sizeof(lengths) / sizeof(lengths[0]))

/* For each length and each kernels k: fresh x, y, z = x. */
static const struct kernels *fresh(unsigned k, uint32_t n, float most)
{
	struct noise noise = { n };

	noise_fill(&noise, x, n, most);
	noise_fill(&noise, y, n, most);
	noise_fill(&noise, cs, (size_t)2 * n, 1);
	memcpy(z, x, sizeof(z));
	z[n] = GUARD;
	return kernels_try(k);
}

#define EACH(k, n, most)                                                       \
	for (unsigned k_ = 0; k_ < KERNELS_N; k_++)                            \
		for (unsigned l_ = 0; l_ < LENGTHS; l_++)                      \
			if ((k = fresh(k_, n = lengths[l_], most)) != NULL)

TEST(exp_is_within_two_units_in_the_last_place)
{
	double worst = 0;

	for (double v = -87; v <= 88; v += 0.0001) {
		float in = (float)v;
		float got = lanes_exp(lanes_set1(in)).f[0];
		double want = exp((double)in);
		double unit = ldexp(1, ilogb(want) - 23);

		worst = fmax(worst, fabs(got - want) / unit);
	}
	if (worst > 2)
		fail_msg("%f units", worst);
}

TEST(exp_of_zero_is_one)
{
	CHECK(lanes_exp(lanes_set1(0.0f)).f[0] == 1.0f);
	CHECK(lanes_exp(lanes_set1(-0.0f)).f[0] == 1.0f);
}

TEST(exp_is_clamped_outside_and_keeps_nan)
{
	float low = lanes_exp(lanes_set1(-87.0f)).f[0];
	float high = lanes_exp(lanes_set1(88.0f)).f[0];

	CHECK(lanes_exp(lanes_set1(-87.5f)).f[0] == low);
	CHECK(lanes_exp(lanes_set1(-INFINITY)).f[0] == low);
	CHECK(lanes_exp(lanes_set1(88.5f)).f[0] == high);
	CHECK(lanes_exp(lanes_set1(INFINITY)).f[0] == high);
	CHECK(isnan(lanes_exp(lanes_set1(NAN)).f[0]));
	CHECK(isnormal(low) && isfinite(high));
}

TEST(tanh_is_right_near_zero_and_far_away)
{
	for (float v = 1e-30f; v < 100; v *= 1.001f) {
		double want = tanh((double)v);

		check_near(lanes_tanh(lanes_set1(v)).f[0], want, 5e-7 * want);
		check_near(lanes_tanh(lanes_set1(-v)).f[0], -want, 5e-7 * want);
	}
	CHECK(lanes_tanh(lanes_set1(0.0f)).f[0] == 0.0f);
	CHECK(lanes_tanh(lanes_set1(INFINITY)).f[0] == 1.0f);
	CHECK(lanes_tanh(lanes_set1(-INFINITY)).f[0] == -1.0f);
	CHECK(isnan(lanes_tanh(lanes_set1(NAN)).f[0]));
}

/* q is the nearest of 255 steps; all fields say the same. */
static void check_block(const struct act *a, const float *in)
{
	float most = 0;
	int sum[2] = { 0, 0 };

	for (int i = 0; i < 32; i++)
		most = fmaxf(most, fabsf(in[i]));
	check_near(a->d, most / 127.0, most * 1e-8);
	for (int i = 0; i < 32; i++) {
		CHECK(a->q[i] >= -127);
		check_near((double)a->q[i] * a->d, in[i], a->d * 0.50001);
		sum[i / 16] += a->q[i];
	}
	CHECK_EQ(a->sum[0], sum[0]);
	CHECK_EQ(a->sum[1], sum[1]);
	CHECK(a->ds == a->d * (float)(sum[0] + sum[1]));
}

TEST(quantize_takes_the_nearest_step)
{
	static struct act act[N_MAX / 32];
	const struct kernels *k;
	uint32_t n;

	for (float most = 1e-25f; most < 1e37f; most *= 1e4f) {
		EACH(k, n, most)
		{
			n = n / 32 * 32;
			k->quantize(act, x, n);
			for (uint32_t i = 0; i < n / 32; i++)
				check_block(&act[i], x + (size_t)i * 32);
		}
	}
}

TEST(quantize_rounds_ties_to_even)
{
	static const float in[32] = { 127, 0.5f, 1.5f, 2.5f, -0.5f, -1.5f,
		-126.5f, 126.5f };
	static const int8_t want[32] = { 127, 0, 2, 2, 0, -2, -126, 126 };
	struct act a;

	for (unsigned i = 0; i < KERNELS_N; i++) {
		if (kernels_try(i) == NULL)
			continue;
		kernels_try(i)->quantize(&a, in, 32);
		CHECK(a.d == 1);
		CHECK_MEM(a.q, want, 32);
	}
}

TEST(quantize_of_nothing_is_zero)
{
	static const float most[] = { 0, -0.0f, 1e-38f, 1e-45f, 7e-31f };
	float in[32] = { 0 };
	struct act a;

	for (unsigned i = 0; i < KERNELS_N; i++) {
		for (unsigned m = 0; kernels_try(i) != NULL && m < 5; m++) {
			memset(&a, 1, sizeof(a));
			in[9] = most[m];
			kernels_try(i)->quantize(&a, in, 32);
			CHECK(mem_is_zero(&a, sizeof(a)));
		}
	}
}

TEST(quantize_stays_in_range_whatever_comes)
{
	static const float bad[] = { NAN, INFINITY, -INFINITY, 3.4e38f };
	float in[32] = { 1, -1 };
	struct act a;

	for (unsigned i = 0; i < KERNELS_N; i++) {
		for (unsigned m = 0; kernels_try(i) != NULL && m < 4; m++) {
			in[20] = bad[m];
			kernels_try(i)->quantize(&a, in, 32);
			for (unsigned c = 0; c < 32; c++)
				CHECK(a.q[c] >= -127);
		}
	}
}

TEST(rms_norm_is_near_double_precision)
{
	static float out[N_MAX];
	const struct kernels *k;
	uint32_t n;

	EACH(k, n, 3)
	{
		double sum = 0, by;

		for (uint32_t i = 0; i < n; i++)
			sum += (double)x[i] * x[i];
		by = 1 / sqrt(sum / n + 1e-5);
		k->rms_norm(out, x, y, n, 1e-5f);
		for (uint32_t i = 0; i < n; i++)
			check_near(out[i], x[i] * by * y[i],
			    fabs(x[i] * by * y[i]) * 1e-6);
		k->rms_norm(z, z, y, n, 1e-5f);
		CHECK_MEM(z, out, n * sizeof(float));
		CHECK(z[n] == GUARD);
	}
}

TEST(add_and_scale_are_exact)
{
	const struct kernels *k;
	uint32_t n;

	EACH(k, n, 9)
	{
		k->add(z, y, n);
		for (uint32_t i = 0; i < n; i++)
			CHECK(z[i] == x[i] + y[i]);
		k->scale(z, 0.3f, n);
		for (uint32_t i = 0; i < n; i++)
			CHECK(z[i] == (x[i] + y[i]) * 0.3f);
		CHECK(z[n] == GUARD);
	}
}

TEST(silu_is_near_double_precision)
{
	const struct kernels *k;
	uint32_t n;

	EACH(k, n, 80)
	{
		k->silu_mul(z, y, n);
		for (uint32_t i = 0; i < n; i++) {
			double want = x[i] / (1 + exp(-(double)x[i])) * y[i];

			check_near(z[i], want, fabs(want) * 5e-7);
		}
		CHECK(z[n] == GUARD);
	}
}

TEST(gelu_is_near_double_precision)
{
	const struct kernels *k;
	uint32_t n;

	EACH(k, n, 6)
	{
		k->gelu_mul(z, y, n);
		for (uint32_t i = 0; i < n; i++) {
			double v = x[i];
			double u = sqrt(2 / M_PI) * (v + 0.044715 * v * v * v);
			double want = 0.5 * v * (1 + tanh(u)) * y[i];

			/* 1 + tanh is a difference: its own error is 1e-16 */
			check_near(z[i], want, fabs(want) * 2e-5 + 1e-14);
		}
		CHECK(z[n] == GUARD);
	}
}

TEST(softcap_is_near_double_precision)
{
	const struct kernels *k;
	uint32_t n;

	EACH(k, n, 200)
	{
		k->softcap(z, 30, n);
		for (uint32_t i = 0; i < n; i++) {
			double want = 30 * tanh(x[i] / 30.0);

			check_near(z[i], want, fabs(want) * 1e-6);
		}
		CHECK(z[n] == GUARD);
	}
}

/* Halves of a head with stride 1, neighbours with stride 2. */
static void rotate_near(uint32_t stride)
{
	const struct kernels *k;
	uint32_t n;

	EACH(k, n, 5)
	{
		uint32_t half = n / 2, apart = stride == 1 ? half : 1;

		k->rotate(z, z + apart, stride, cs, half);
		for (uint32_t i = 0; i < half; i++) {
			double a = x[i * stride], b = x[i * stride + apart];
			double c = cs[i], s = cs[half + i];

			check_near(z[i * stride], a * c - b * s, 2e-6);
			check_near(z[i * stride + apart], a * s + b * c, 2e-6);
		}
		CHECK(z[2 * half] == (n % 2 != 0 ? x[n - 1] : GUARD));
	}
}

TEST(rotate_turns_halves_and_neighbours)
{
	rotate_near(1);
	rotate_near(2);
}

/* Store one number as key and value of a head of 3 and read it back. */
static uint16_t stored(const struct kernels *k, float f)
{
	static uint8_t page[3 * KERNEL_PAGE * 2 + KERNEL_PAGE * 16 * 2];
	float v[3] = { 0, f, 0 };
	uint16_t key, value;

	k->store(page, 5, v, v, 3);
	key = half_at(page + 2 * (KERNEL_PAGE + 5));
	value = half_at(page + 3 * KERNEL_PAGE * 2 + 2 * (5 * 16 + 1));
	CHECK_EQ(key, value);
	return key;
}

/* Each half, and around the middle between it and the next larger. */
TEST(store_rounds_every_half_to_nearest_even)
{
	for (unsigned i = 0; i < KERNELS_N; i++) {
		const struct kernels *k = kernels_try(i);

		for (uint32_t h = 0; k != NULL && h < 0x7bff; h++) {
			double a = half_value((uint16_t)h);
			double b = half_value((uint16_t)(h + 1));
			float mid = (float)((a + b) / 2);

			CHECK_EQ(stored(k, (float)a), h);
			CHECK_EQ(stored(k, mid), h + (h & 1));
			CHECK_EQ(stored(k, nextafterf(mid, 0)), h);
			CHECK_EQ(stored(k, nextafterf(mid, 1e9f)), h + 1);
			CHECK_EQ(
			    stored(k, -nextafterf(mid, 1e9f)), 0x8000 + h + 1);
		}
	}
}

TEST(store_keeps_what_does_not_fit_finite)
{
	static const float big[] = { 65504, 65505, 65519, 65520, 1e30f,
		INFINITY };

	for (unsigned i = 0; i < KERNELS_N; i++) {
		for (unsigned b = 0; kernels_try(i) != NULL && b < 6; b++) {
			CHECK_EQ(stored(kernels_try(i), big[b]), 0x7bff);
			CHECK_EQ(stored(kernels_try(i), -big[b]), 0xfbff);
		}
		if (kernels_try(i) != NULL)
			CHECK((stored(kernels_try(i), NAN) & 0x7c00) != 0x7c00);
	}
}

/* A column of keys and a row of values, filled up with zeros; no more. */
TEST(store_writes_one_column_and_one_row)
{
	static const uint32_t heads[] = { 8, 16, 24, 80, 128 };
	static uint8_t page[(128 + 128) * KERNEL_PAGE * 2];

	for (unsigned h = 0; h < 5 * KERNELS_N; h++) {
		const struct kernels *k = kernels_try(h / 5);
		uint32_t head = heads[h % 5], pad = (head + 15) / 16 * 16;
		uint32_t keys = head * KERNEL_PAGE;
		struct noise noise = { h };

		if (k == NULL)
			continue;
		noise_fill(&noise, x, head, 4);
		noise_fill(&noise, y, head, 4);
		memset(page, 0xee, sizeof(page));
		k->store(page, 33, x, y, head);
		for (uint32_t i = 0; i < sizeof(page) / 2; i++) {
			uint32_t row = (i - keys) / pad, d = (i - keys) % pad;
			double got = half_value(half_at(page + (size_t)2 * i));

			if (i < keys && i % KERNEL_PAGE == 33)
				check_near(got, x[i / KERNEL_PAGE], 2e-3);
			else if (i >= keys && row == 33)
				check_near(got, d < head ? y[d] : 0, 2e-3);
			else
				CHECK_EQ(half_at(page + (size_t)2 * i), 0xeeee);
		}
	}
}

TEST(log_sum_is_near_double_precision)
{
	static float v[151936]; /* a large vocabulary */
	static const uint32_t n[] = { 1, 5, 16, 1023, 1025, 151936 };
	struct noise noise = { 3 };

	noise_fill(&noise, v, sizeof(v) / sizeof(v[0]), 12);
	for (unsigned i = 0; i < 6 * KERNELS_N; i++) {
		const struct kernels *k = kernels_try(i / 6);
		float max, sum, most = -INFINITY;
		double want = 0;

		for (uint32_t c = 0; c < n[i % 6]; c++)
			most = fmaxf(most, v[c]);
		for (uint32_t c = 0; c < n[i % 6]; c++)
			want += exp((double)v[c] - most);
		if (k == NULL)
			continue;
		k->log_sum(v, n[i % 6], &max, &sum);
		CHECK(max == most);
		check_near(sum, want, want * 1e-6);
	}
}

/* Function f on numbers up to `most`; the result is in z. */
static void apply(const struct kernels *k, unsigned f, uint32_t n)
{
	switch (f) {
	case 0:
		k->rms_norm(z, x, y, n, 1e-6f);
		break;
	case 1:
		k->silu_mul(z, y, n);
		break;
	case 2:
		k->gelu_mul(z, y, n);
		break;
	case 3:
		k->softcap(z, 50, n);
		break;
	case 4:
		k->rotate(z, z + n / 2, 1, cs, n / 2);
		break;
	case 5:
		k->rotate(z, z + 1, 2, cs, n / 2);
		break;
	case 6:
		k->log_sum(x, n, z, z + 1);
		break;
	case 7:
		k->add(z, y, n);
		break;
	case 8:
		k->scale(z, -1.7f, n);
		break;
	case 9:
		k->quantize((struct act *)z, x, n / 32 * 32);
		break;
	default:
		k->store((uint8_t *)z, 9, x, y, n % 24);
	}
}

/* NaN may differ from NaN. */
static bool same(const float *a, const float *b)
{
	return memcmp(a, b, sizeof(*a)) == 0 || (isnan(*a) && isnan(*b));
}

TEST(all_cpus_give_the_same_bits)
{
	static float first[N_MAX + 1];
	static const float most[] = { 1, 1e-40f, 1e-20f, 20, 300, 1e15f, 1e30f,
		3e38f };
	const struct kernels *k;
	uint32_t n;

	for (unsigned f = 0; f <= 10; f++) {
		for (unsigned m = 0; m < 8; m++) {
			for (unsigned l = 0; l < LENGTHS * KERNELS_N; l++) {
				n = lengths[l / KERNELS_N];
				k = fresh(l % KERNELS_N, n, most[m]);
				if (k == NULL)
					continue;
				x[n / 2] = z[n / 2] = m % 2 != 0 ? 0 : -0.0f;
				apply(k, f, n);
				if (k == &kernels_scalar)
					memcpy(first, z, sizeof(z));
				for (unsigned i = 0; i <= N_MAX; i++)
					CHECK(same(&first[i], &z[i]));
			}
		}
	}
}

TEST(best_kernels_are_those_that_this_cpu_runs)
{
	const struct kernels *best = kernels_best();

	if (kernels_have_avx512())
		CHECK(best == &kernels_avx512 && kernels_have_avx2());
	else if (kernels_have_avx2())
		CHECK(best == &kernels_avx2);
	else
		CHECK(best == &kernels_scalar);
	CHECK_STR(kernels_scalar.name, "scalar");
	CHECK_STR(kernels_avx2.name, "avx2");
	CHECK_STR(kernels_avx512.name, "avx512");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(exp_is_within_two_units_in_the_last_place),
		cmocka_unit_test(exp_of_zero_is_one),
		cmocka_unit_test(exp_is_clamped_outside_and_keeps_nan),
		cmocka_unit_test(tanh_is_right_near_zero_and_far_away),
		cmocka_unit_test(quantize_takes_the_nearest_step),
		cmocka_unit_test(quantize_rounds_ties_to_even),
		cmocka_unit_test(quantize_of_nothing_is_zero),
		cmocka_unit_test(quantize_stays_in_range_whatever_comes),
		cmocka_unit_test(rms_norm_is_near_double_precision),
		cmocka_unit_test(add_and_scale_are_exact),
		cmocka_unit_test(silu_is_near_double_precision),
		cmocka_unit_test(gelu_is_near_double_precision),
		cmocka_unit_test(softcap_is_near_double_precision),
		cmocka_unit_test(rotate_turns_halves_and_neighbours),
		cmocka_unit_test(store_rounds_every_half_to_nearest_even),
		cmocka_unit_test(store_keeps_what_does_not_fit_finite),
		cmocka_unit_test(store_writes_one_column_and_one_row),
		cmocka_unit_test(log_sum_is_near_double_precision),
		cmocka_unit_test(all_cpus_give_the_same_bits),
		cmocka_unit_test(best_kernels_are_those_that_this_cpu_runs),
	};

	return cmocka_run_group_tests(tests, kernels_say_what_lacks, NULL);
}
