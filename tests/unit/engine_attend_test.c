/*
 * Attention against a softmax of all positions in double precision, and bit by
 * bit: on every CPU, alone or in company, whatever lies where nobody looks.
 */
#include "engine_kernels.h"

#define HEAD_MAX  256
#define POSITIONS 320 /* 5 pages */
#define PAGES     (POSITIONS / KERNEL_PAGE)
#define OFFSET    192 /* of the head in a page */
#define PIECE_LEN (HEAD_MAX * KERNEL_PAGE * 4)

static const uint32_t heads[] = { 8, 16, 64, 80, 96, 128, 256 };

#define HEADS (sizeof(heads) / sizeof(heads[0]))

static _Alignas(64) uint8_t memory[PAGES][OFFSET + PIECE_LEN];
static float query[KERNEL_ATTEND_MAX][HEAD_MAX];
static float out[KERNEL_ATTEND_MAX][HEAD_MAX];

/* Pages not in the order of memory. */
static const uint8_t *const page[PAGES] = { memory[3], memory[0], memory[4],
	memory[1], memory[2] };

static uint16_t key_at(uint32_t position, uint32_t d)
{
	return half_at(page[position / KERNEL_PAGE] + OFFSET +
		       2 * (d * KERNEL_PAGE + position % KERNEL_PAGE));
}

static uint16_t value_at(uint32_t head, uint32_t position, uint32_t d)
{
	uint32_t pad = (head + 15) / 16 * 16;

	return half_at(
	    page[position / KERNEL_PAGE] + OFFSET +
	    2 * (head * KERNEL_PAGE + position % KERNEL_PAGE * pad + d));
}

static void store(uint32_t head, uint32_t p, const float *k, const float *v)
{
	uint8_t *to = memory[(page[p / KERNEL_PAGE] - memory[0]) /
			     (ptrdiff_t)sizeof(memory[0])];

	kernels_scalar.store(to + OFFSET, p % KERNEL_PAGE, k, v, head);
}

static void fill_position(
    struct noise *noise, uint32_t head, uint32_t p, float most)
{
	float k[HEAD_MAX], v[HEAD_MAX];

	noise_fill(noise, k, head, most);
	noise_fill(noise, v, head, most);
	store(head, p, k, v);
}

/* Fresh keys, values and queries; what no position has is any number. */
static struct kernel_attend fresh(uint32_t head, float most)
{
	struct noise noise = { head };
	struct kernel_attend a = { .page = page,
		.offset = OFFSET,
		.head = head,
		.scale = 1 / sqrtf((float)head),
		.n = KERNEL_ATTEND_MAX };

	memset(memory, 0x5a, sizeof(memory));
	for (uint32_t p = 0; p < POSITIONS; p++)
		fill_position(&noise, head, p, most);
	for (uint32_t i = 0; i < KERNEL_ATTEND_MAX; i++) {
		noise_fill(&noise, query[i], head, most * 4);
		a.q[i] = query[i];
		a.out[i] = out[i];
	}
	return a;
}

/* Eight positions up to p; some twice, in no order. */
static void positions(struct kernel_attend *a, uint32_t p)
{
	static const uint32_t back[KERNEL_ATTEND_MAX] = { 0, 1, 70, 3, 0, 17,
		200, 2 };

	for (uint32_t i = 0; i < KERNEL_ATTEND_MAX; i++)
		a->position[i] = p < back[i] ? 0 : p - back[i];
}

static double score(const struct kernel_attend *a, uint32_t i, uint32_t p)
{
	double s = 0;

	for (uint32_t d = 0; d < a->head; d++)
		s += (double)a->q[i][d] * half_value(key_at(p, d));
	s *= a->scale;
	return a->softcap != 0 ? a->softcap * tanh(s / a->softcap) : s;
}

/* What query i sees, all at once. */
static void naive(const struct kernel_attend *a, uint32_t i, double *want)
{
	double s[POSITIONS], max = -INFINITY, sum = 0;
	uint32_t to = a->position[i], from = 0;

	if (a->window != 0 && to >= a->window)
		from = to - a->window + 1;
	for (uint32_t p = from; p <= to; p++) {
		s[p] = score(a, i, p);
		max = fmax(max, s[p]);
	}
	for (uint32_t p = from; p <= to; p++)
		sum += exp(s[p] - max);
	for (uint32_t d = 0; d < a->head; d++) {
		want[d] = 0;
		for (uint32_t p = from; p <= to; p++)
			want[d] += exp(s[p] - max) / sum *
				   half_value(value_at(a->head, p, d));
	}
}

/* Values are at most 1: errors of sums of halves, scores and exp. */
static void check_attend(const struct kernels *k, const struct kernel_attend *a)
{
	double want[HEAD_MAX];

	memset(out, 0, sizeof(out));
	k->attend(a);
	for (uint32_t i = 0; i < a->n; i++) {
		naive(a, i, want);
		for (uint32_t d = 0; d < a->head; d++)
			check_near(out[i][d], want[d], 2e-6);
		CHECK(mem_is_zero(&out[i][a->head],
		    (HEAD_MAX - a->head) * sizeof(out[i][0])));
	}
}

static void check_window(uint32_t head, uint32_t window, float softcap)
{
	static const uint32_t last[] = { 0, 1, 15, 16, 63, 64, 65, 127, 128,
		200, 256, 300 };
	struct kernel_attend a = fresh(head, 1);

	a.window = window;
	a.softcap = softcap;
	for (unsigned l = 0; l < sizeof(last) / sizeof(last[0]); l++) {
		positions(&a, last[l]);
		for (unsigned i = 0; i < KERNELS_N; i++) {
			if (kernels_try(i) != NULL)
				check_attend(kernels_try(i), &a);
		}
	}
}

TEST(attend_is_near_a_softmax_of_all_positions)
{
	for (unsigned h = 0; h < HEADS; h++)
		check_window(heads[h], 0, 0);
}

TEST(attend_sees_no_further_than_its_window)
{
	static const uint32_t window[] = { 1, 2, 63, 64, 65, 128, 1000,
		UINT32_MAX };

	for (unsigned w = 0; w < sizeof(window) / sizeof(window[0]); w++)
		check_window(16, window[w], 0);
	check_window(96, 70, 0);
}

TEST(attend_caps_scores)
{
	check_window(64, 0, 0.5f);
	check_window(8, 90, 2);
}

TEST(attend_is_right_at_every_position)
{
	struct kernel_attend a = fresh(8, 1);

	a.n = 3;
	for (uint32_t p = 0; p <= 300; p++) {
		positions(&a, p);
		for (unsigned i = 0; i < KERNELS_N; i++) {
			if (kernels_try(i) != NULL)
				check_attend(kernels_try(i), &a);
		}
	}
}

/* The queries' results one after the other; 0 where there is none. */
static void run(const struct kernels *k, const struct kernel_attend *a,
    float result[KERNEL_ATTEND_MAX][HEAD_MAX])
{
	memset(out, 0, sizeof(out));
	k->attend(a);
	memcpy(result, out, sizeof(out));
}

static float first[KERNEL_ATTEND_MAX][HEAD_MAX];
static float second[KERNEL_ATTEND_MAX][HEAD_MAX];

static void check_cpus(struct kernel_attend *a)
{
	run(&kernels_scalar, a, first);
	for (unsigned i = 1; i < KERNELS_N; i++) {
		if (kernels_try(i) == NULL)
			continue;
		run(kernels_try(i), a, second);
		CHECK_MEM(first, second, sizeof(first));
	}
}

/* Scores from alike to worlds apart; also beyond what floats hold. */
TEST(attend_gives_the_same_bits_on_every_cpu)
{
	static const float most[] = { 1e-6f, 0.3f, 5, 100, 60000 };

	for (unsigned c = 0; c < HEADS * 5; c++) {
		struct kernel_attend a = fresh(heads[c / 5], most[c % 5]);

		for (uint32_t n = 1; n <= KERNEL_ATTEND_MAX; n += 7 - c % 7) {
			a.n = n;
			a.window = c % 3 * 75;
			a.softcap = c % 2 != 0 ? 50 : 0;
			positions(&a, 40 + 9 * c % POSITIONS % 270);
			check_cpus(&a);
		}
	}
}

TEST(attend_stays_finite_with_extreme_scores)
{
	struct kernel_attend a = fresh(64, 60000);

	for (uint32_t i = 0; i < KERNEL_ATTEND_MAX; i++)
		query[i][0] = i % 2 != 0 ? 1e30f : -1e30f;
	positions(&a, 250);
	check_cpus(&a);
	for (uint32_t i = 0; i < KERNEL_ATTEND_MAX; i++) {
		for (uint32_t d = 0; d < 64; d++)
			CHECK(isfinite(first[i][d]));
	}
}

/* Each query of each tile alone. */
static void check_alone(const struct kernels *k, struct kernel_attend a)
{
	run(k, &a, first);
	for (uint32_t i = 0; i < a.n; i++) {
		struct kernel_attend one = a;

		one.n = 1;
		one.q[0] = a.q[i];
		one.position[0] = a.position[i];
		run(k, &one, second);
		CHECK_MEM(second[0], first[i], a.head * sizeof(float));
	}
}

TEST(attend_of_one_query_is_that_of_a_tile)
{
	for (unsigned c = 0; c < HEADS * KERNELS_N; c++) {
		const struct kernels *k = kernels_try(c % KERNELS_N);
		struct kernel_attend a = fresh(heads[c / KERNELS_N], 1);

		for (a.n = 1; k != NULL && a.n <= KERNEL_ATTEND_MAX; a.n++) {
			a.window = 0;
			positions(&a, 60 * a.n % 300 + a.n);
			check_alone(k, a);
			a.window = 33;
			check_alone(k, a);
		}
	}
}

/* Finite halves of any size where position p would be. */
static void spoil(uint32_t head, uint32_t p)
{
	struct noise noise = { p };

	fill_position(&noise, head, p, 65000);
}

/* Behind the last position and before the window lies anything. */
TEST(attend_looks_only_where_it_may)
{
	static const uint32_t last[] = { 0, 5, 63, 64, 100, 191, 255 };

	for (unsigned c = 0; c < 7 * KERNELS_N; c++) {
		const struct kernels *k = kernels_try(c % KERNELS_N);
		uint32_t p = last[c / KERNELS_N], window = c % 2 != 0 ? 40 : 0;
		struct kernel_attend a = fresh(80, 1);

		if (k == NULL)
			continue;
		a.window = window;
		for (uint32_t i = 0; i < KERNEL_ATTEND_MAX; i++)
			a.position[i] = p;
		run(k, &a, first);
		for (uint32_t at = p + 1; at < POSITIONS; at++)
			spoil(80, at);
		for (uint32_t at = 0; window != 0 && at + window <= p; at++)
			spoil(80, at);
		run(k, &a, second);
		CHECK_MEM(first, second, sizeof(first));
	}
}

/*
 * What page 0 adds is less than nothing and vanishes when later pages raise the
 * maximum, which leaves -0; whoever sees one more 0 would have +0.
 */
TEST(attend_has_one_zero)
{
	static const float tiny[16] = { -0x1p-24f }, zero[16] = { -0.0f };

	for (unsigned i = 0; i < KERNELS_N; i++) {
		struct kernel_attend a = fresh(16, 0);

		for (uint32_t p = 0; p < 3 * KERNEL_PAGE; p++) {
			float key[16] = { (float)(p / KERNEL_PAGE) * 1000 };

			store(16, p, key, p == 0 ? tiny : zero);
		}
		query[0][0] = 1;
		a.n = 1;
		a.position[0] = 3 * KERNEL_PAGE - 1;
		if (kernels_try(i) == NULL)
			continue;
		run(kernels_try(i), &a, first);
		CHECK(mem_is_zero(first, sizeof(first)));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(attend_is_near_a_softmax_of_all_positions),
		cmocka_unit_test(attend_sees_no_further_than_its_window),
		cmocka_unit_test(attend_caps_scores),
		cmocka_unit_test(attend_is_right_at_every_position),
		cmocka_unit_test(attend_gives_the_same_bits_on_every_cpu),
		cmocka_unit_test(attend_stays_finite_with_extreme_scores),
		cmocka_unit_test(attend_of_one_query_is_that_of_a_tile),
		cmocka_unit_test(attend_looks_only_where_it_may),
		cmocka_unit_test(attend_has_one_zero),
	};

	return cmocka_run_group_tests(tests, kernels_say_what_lacks, NULL);
}
