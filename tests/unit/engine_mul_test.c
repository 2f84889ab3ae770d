/*
 * The matrix product of all kinds of kernels, on groups of random bytes. The
 * judge is `exact`, kernels.h in words of C, one number at a time.
 */
#include "test.h"

#include <math.h>

#include "engine/kernels.h"

#define ROWS_MAX   80
#define COLS_MAX   1024
#define TOKENS_MAX 150
#define GROUPS     (ROWS_MAX / MATRIX_LANES)
#define UNTOUCHED  12345.0f

static const struct type {
	enum gguf_tensor_type type;
	const char *name;
	uint32_t cols, len; /* of a step */
	uint32_t bits;      /* of a weight's number; 0: a float */
	uint32_t zero;      /* the number that stands for zero */
	bool min;
	bool k;
} types[] = {
	{ GGUF_TENSOR_F32, "F32", 1, 64, 0, 0, false, false },
	{ GGUF_TENSOR_F16, "F16", 1, 32, 0, 0, false, false },
	{ GGUF_TENSOR_BF16, "BF16", 1, 32, 0, 0, false, false },
	{ GGUF_TENSOR_Q8_0, "Q8_0", 32, 544, 8, 128, false, false },
	{ GGUF_TENSOR_Q4_0, "Q4_0", 32, 288, 4, 8, false, false },
	{ GGUF_TENSOR_Q4_1, "Q4_1", 32, 320, 4, 0, true, false },
	{ GGUF_TENSOR_Q5_0, "Q5_0", 32, 352, 5, 16, false, false },
	{ GGUF_TENSOR_Q5_1, "Q5_1", 32, 384, 5, 0, true, false },
	{ GGUF_TENSOR_Q4_K, "Q4_K", 256, 64 + 8 * 288, 4, 0, true, true },
	{ GGUF_TENSOR_Q5_K, "Q5_K", 256, 64 + 8 * 352, 5, 0, true, true },
	{ GGUF_TENSOR_Q6_K, "Q6_K", 256, 32 + 8 * 416, 6, 32, false, true },
};
#define TYPES (sizeof(types) / sizeof(types[0]))

/* A product and its operands, with room for the largest of them. */
static struct {
	struct matrix w;
	struct kernel_mul m;
	uint8_t data[GROUPS * COLS_MAX * 64] __attribute__((aligned(64)));
	float x[TOKENS_MAX * COLS_MAX];
	struct act act[TOKENS_MAX * COLS_MAX / 32];
	float out[TOKENS_MAX * ROWS_MAX];
	float want[TOKENS_MAX * ROWS_MAX];
} world;

static uint64_t seed;

static uint32_t random_bits(void)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(seed >> 32);
}

/* -1 to 1 */
static float random_float(void)
{
	return (float)(int32_t)random_bits() * 0x1p-31f;
}

static float bits_float(uint32_t bits)
{
	float f;

	memcpy(&f, &bits, sizeof(f));
	return f;
}

static uint32_t get_u16(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

/* Halves of this test are normal numbers or zero. */
static float half_float(const uint8_t *p)
{
	uint32_t h = get_u16(p), e = h >> 10 & 31;

	if (e == 0)
		return h >> 15 != 0 ? -0.0f : 0.0f;
	return bits_float(h >> 15 << 31 | (e + 112) << 23 | (h & 1023) << 13);
}

/* n halves of a size between 2^-10 and 2. */
static void fill_halves(uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint32_t bits = random_bits();
		uint32_t h = (bits & 0x83ff) | (5 + bits % 11) << 10;

		p[2 * i] = (uint8_t)h;
		p[2 * i + 1] = (uint8_t)(h >> 8);
	}
}

static void fill_step(uint8_t *p, const struct type *t)
{
	for (uint32_t i = 0; i < t->len; i++)
		p[i] = (uint8_t)(random_bits() >> 8);
	if (t->type == GGUF_TENSOR_F32) {
		float f[16];

		for (unsigned i = 0; i < 16; i++)
			f[i] = random_float();
		memcpy(p, f, sizeof(f));
	} else if (t->type == GGUF_TENSOR_BF16) {
		for (unsigned i = 0; i < 32; i += 2)
			p[i + 1] = (uint8_t)((p[i + 1] & 0x81) | 0x3c);
	} else {
		fill_halves(p, t->min ? 32 : 16);
	}
}

static void fill_act(struct act *a, const int8_t *q, float d)
{
	a->d = d;
	a->sum[0] = a->sum[1] = 0;
	for (unsigned i = 0; i < 32; i++) {
		a->q[i] = q[i];
		a->sum[i / 16] += q[i];
	}
	a->ds = d * (float)(a->sum[0] + a->sum[1]);
}

static void fill_inputs(uint32_t n, uint32_t cols)
{
	int8_t q[32];

	for (size_t i = 0; i < (size_t)n * cols; i++)
		world.x[i] = random_float();
	for (size_t i = 0; i < (size_t)n * cols / 32; i++) {
		for (unsigned k = 0; k < 32; k++)
			q[k] = (int8_t)(random_bits() % 255 - 127);
		fill_act(&world.act[i], q, fabsf(random_float()) / 127);
	}
}

/* A random product of this shape. */
static struct kernel_mul *make(
    const struct type *t, uint32_t rows, uint32_t cols, uint32_t n)
{
	uint32_t groups = (rows + MATRIX_LANES - 1) / MATRIX_LANES;
	size_t len = (size_t)(cols / t->cols) * t->len;

	seed = (uint64_t)t->type * 1000003 + rows * 7919 + cols * 31 + n;
	world.w = (struct matrix){ .type = t->type,
		.rows = rows,
		.cols = cols,
		.group_len = (len + 63) / 64 * 64,
		.data = world.data };
	assert_true(cols <= COLS_MAX && rows <= ROWS_MAX && n <= TOKENS_MAX);
	for (uint32_t g = 0; g < groups; g++) {
		for (uint32_t s = 0; s < cols / t->cols; s++)
			fill_step(world.data + g * world.w.group_len +
				      (size_t)s * t->len,
			    t);
	}
	fill_inputs(n, cols);
	world.m = (struct kernel_mul){ .w = &world.w,
		.x = world.x,
		.act = world.act,
		.out = world.out,
		.out_stride = rows,
		.n = n,
		.group_from = 0,
		.group_to = groups };
	for (size_t i = 0; i < TOKENS_MAX * ROWS_MAX; i++)
		world.out[i] = UNTOUCHED;
	return &world.m;
}

/* The number that is stored for row r and column c of these 32 columns. */
static uint32_t number(const uint8_t *p, uint32_t bits, uint32_t r, uint32_t c)
{
	uint32_t quad = c / 4, at = 4 * r + c % 4, u;

	if (bits == 8)
		return p[64 * quad + at];
	u = p[64 * (quad % 4) + at];
	u = quad < 4 ? u & 15 : u >> 4;
	p += 4 * 64;
	if (bits == 5)
		u |= (p[at] >> quad & 1u) << 4;
	if (bits == 6)
		u |= (p[64 * (quad / 4) + at] >> 2 * (quad % 4) & 3u) << 4;
	return u;
}

/* Scale, and minimum or scale of the second half, of a row of 32 columns. */
struct scale {
	float d, m;
	const uint8_t *numbers;
};

static struct scale scale_of(
    const struct type *t, const uint8_t *group, uint32_t block, uint32_t r)
{
	const uint8_t *p = group + (size_t)(block * 32 / t->cols) * t->len;
	struct scale s = { half_float(p + 2 * r), 0, p + 32 };
	uint32_t each = (t->len - (t->min ? 64 : 32)) / 8;

	if (t->min) {
		s.m = half_float(s.numbers + 2 * r);
		s.numbers += 32;
	}
	if (!t->k)
		return s;
	s.numbers += block % 8 * each;
	if (t->min) {
		s.d *= (float)s.numbers[r];
		s.m = -(s.m * (float)s.numbers[16 + r]);
	} else {
		s.m = s.d * (float)(int8_t)s.numbers[16 + r];
		s.d *= (float)(int8_t)s.numbers[r];
	}
	s.numbers += 32;
	return s;
}

/* Columns [from, to) of 32. */
static float exact_dot(const struct type *t, const struct scale *s,
    const struct act *a, uint32_t r, const uint32_t range[2])
{
	int32_t i = 0;

	for (uint32_t c = range[0]; c < range[1]; c++)
		i += ((int32_t)number(s->numbers, t->bits, r, c) -
			 (int32_t)t->zero) *
		     a->q[c];
	return (float)i;
}

static float exact_quantised(const struct type *t, const uint8_t *group,
    const struct act *a, uint32_t r, uint32_t cols)
{
	static const uint32_t all[2] = { 0, 32 }, low[2] = { 0, 16 },
			      high[2] = { 16, 32 };
	float sum = 0;

	for (uint32_t b = 0; b < cols / 32; b++, a++) {
		struct scale s = scale_of(t, group, b, r);

		if (t->type == GGUF_TENSOR_Q6_K) {
			sum =
			    fmaf(exact_dot(t, &s, a, r, low), s.d * a->d, sum);
			sum =
			    fmaf(exact_dot(t, &s, a, r, high), s.m * a->d, sum);
			continue;
		}
		sum = fmaf(exact_dot(t, &s, a, r, all), s.d * a->d, sum);
		if (t->min)
			sum = fmaf(s.m, a->ds, sum);
	}
	return sum;
}

static float float_weight(
    const struct type *t, const uint8_t *group, uint32_t r, uint32_t c)
{
	const uint8_t *p = group + (size_t)c * t->len;
	float f;

	if (t->type == GGUF_TENSOR_F16)
		return half_float(p + 2 * r);
	if (t->type == GGUF_TENSOR_BF16)
		return bits_float(get_u16(p + 2 * r) << 16);
	memcpy(&f, p + 4 * r, sizeof(f));
	return f;
}

static float exact_float(const struct type *t, const uint8_t *group,
    const float *x, uint32_t r, uint32_t cols)
{
	float s[4] = { 0 };

	for (uint32_t c = 0; c < cols; c++)
		s[c % 4] = fmaf(float_weight(t, group, r, c), x[c], s[c % 4]);
	return (s[0] + s[1]) + (s[2] + s[3]);
}

static float exact(
    const struct type *t, const struct kernel_mul *m, uint32_t v, uint32_t row)
{
	const struct matrix *w = m->w;
	const uint8_t *group = w->data + row / MATRIX_LANES * w->group_len;
	uint32_t r = row % MATRIX_LANES;

	if (t->bits == 0)
		return exact_float(
		    t, group, m->x + (size_t)v * w->cols, r, w->cols);
	return exact_quantised(
	    t, group, m->act + (size_t)v * (w->cols / 32), r, w->cols);
}

static void exact_all(const struct type *t)
{
	const struct kernel_mul *m = &world.m;

	for (uint32_t v = 0; v < m->n; v++) {
		for (uint32_t row = 0; row < m->w->rows; row++)
			world.want[v * m->w->rows + row] = exact(t, m, v, row);
	}
}

/* Weight times activation in double precision, for one output. */
static double product(
    const struct type *t, const struct kernel_mul *m, uint32_t v, uint32_t row)
{
	const uint8_t *group =
	    m->w->data + row / MATRIX_LANES * m->w->group_len;
	uint32_t r = row % MATRIX_LANES;
	double sum = 0;

	for (uint32_t c = 0; c < m->w->cols; c++) {
		const struct act *a =
		    &m->act[(size_t)v * (m->w->cols / 32) + c / 32];
		struct scale s;
		double u;

		if (t->bits == 0) {
			sum += (double)float_weight(t, group, r, c) *
			       (double)m->x[(size_t)v * m->w->cols + c];
			continue;
		}
		s = scale_of(t, group, c / 32, r);
		u = (double)number(s.numbers, t->bits, r, c % 32) - t->zero;
		if (t->type == GGUF_TENSOR_Q6_K && c % 32 >= 16)
			s.d = s.m;
		sum += (u * (double)s.d + (t->min ? (double)s.m : 0)) *
		       (double)a->q[c % 32] * (double)a->d;
	}
	return sum;
}

/* The kinds of kernels that this CPU runs. */
static const struct kernels *set(unsigned i)
{
	if (i == 1)
		return kernels_have_avx2() ? &kernels_avx2 : NULL;
	if (i == 2)
		return kernels_have_avx512() ? &kernels_avx512 : NULL;
	return &kernels_scalar;
}

static void check_outputs(const struct type *t, const struct kernels *k)
{
	size_t n = (size_t)world.m.n * world.m.w->rows;

	for (size_t i = 0; i < n; i++) {
		if (memcmp(&world.out[i], &world.want[i], sizeof(float)) != 0)
			fail_msg("%s, %s: output %zu of %zu is %a, want %a",
			    k->name, t->name, i, n, (double)world.out[i],
			    (double)world.want[i]);
	}
	assert_true(world.out[n] == UNTOUCHED);
}

static void check_shape(const struct kernels *k, const struct type *t,
    uint32_t rows, uint32_t cols, uint32_t n)
{
	const struct kernel_mul *m = make(t, rows, cols, n);

	exact_all(t);
	k->mul(m);
	check_outputs(t, k);
}

/* All types and counts of tokens, with rows that end within a group. */
static void check_kernels(unsigned i)
{
	const struct kernels *k = set(i);

	if (k == NULL)
		SKIP("not on this CPU");
	for (const struct type *t = types; t < types + TYPES; t++) {
		for (uint32_t n = 1; n <= 40; n++)
			check_shape(k, t, 37, t->cols == 256 ? 512 : 96, n);
		check_shape(k, t, 16, t->cols == 256 ? 256 : 32, 1);
		check_shape(k, t, 1, t->cols == 256 ? 1024 : 992, 3);
		check_shape(k, t, 80, t->cols == 256 ? 256 : 64, 64);
		check_shape(k, t, 35, t->cols == 256 ? 256 : 32, 129);
	}
}

TEST(scalar_products_are_what_kernels_h_says)
{
	check_kernels(0);
}

TEST(avx2_products_are_what_kernels_h_says)
{
	check_kernels(1);
}

TEST(avx512_products_are_what_kernels_h_says)
{
	check_kernels(2);
}

TEST(float_products_take_any_number_of_columns)
{
	for (unsigned i = 0; i < 3; i++) {
		if (set(i) == NULL)
			continue;
		for (uint32_t cols = 1; cols <= 70; cols++) {
			for (unsigned t = 0; t < 3; t++) {
				check_shape(set(i), &types[t], 18, cols, 1);
				check_shape(set(i), &types[t], 18, cols, 5);
			}
		}
	}
}

TEST(products_are_near_those_of_double_precision)
{
	for (const struct type *t = types; t < types + TYPES; t++) {
		const struct kernel_mul *m = make(t, 20, 512, 3);
		double error = 0, power = 0;

		kernels_best()->mul(m);
		for (uint32_t v = 0; v < m->n; v++) {
			for (uint32_t row = 0; row < m->w->rows; row++) {
				double want = product(t, m, v, row);
				double got =
				    (double)m->out[v * m->w->rows + row];

				error += (got - want) * (got - want);
				power += want * want;
			}
		}
		if (!(error <= 1e-10 * power))
			fail_msg("%s: error %g", t->name, error / power);
	}
}

TEST(any_split_of_tokens_and_groups_gives_the_same_bits)
{
	for (const struct type *t = types; t < types + TYPES; t++) {
		struct kernel_mul *m = make(t, 75, 256, 23), part = *m;

		kernels_best()->mul(m);
		memcpy(world.want, world.out, sizeof(world.want));
		memset(world.out, 0, sizeof(world.out));
		for (uint32_t from = 0; from < m->n; from += part.n) {
			part.n = 1 + from % 4;
			if (part.n > m->n - from)
				part.n = m->n - from;
			part.x = m->x + (size_t)from * m->w->cols;
			part.act = m->act + (size_t)from * (m->w->cols / 32);
			part.out = m->out + from * m->out_stride;
			part.group_from = part.group_to = 0;
			while (part.group_to < m->group_to) {
				part.group_from = part.group_to;
				part.group_to += 1 + (from + part.group_to) % 3;
				if (part.group_to > m->group_to)
					part.group_to = m->group_to;
				kernels_best()->mul(&part);
			}
		}
		world.out[m->n * m->w->rows] = UNTOUCHED;
		check_outputs(t, kernels_best());
	}
}

TEST(nothing_is_written_but_the_rows_and_groups_asked_for)
{
	for (unsigned i = 0; i < 3; i++) {
		struct kernel_mul *m = make(&types[3], 42, 64, 7);

		if (set(i) == NULL)
			continue;
		m->out_stride = 50;
		m->group_from = 1;
		m->group_to = 3;
		set(i)->mul(m);
		for (uint32_t at = 0; at < 7 * 50; at++) {
			bool mine = at % 50 >= 16 && at % 50 < 42;

			CHECK((world.out[at] != UNTOUCHED) == mine);
		}
		m->n = 0;
		world.out[20] = UNTOUCHED;
		set(i)->mul(m);
		m->n = 7;
		m->group_from = m->group_to = 1;
		set(i)->mul(m);
		CHECK(world.out[20] == UNTOUCHED);
	}
}

/* All numbers the largest or smallest, and so all activations. */
TEST(extremes_saturate_nowhere)
{
	for (const struct type *t = types + 3; t < types + TYPES; t++) {
		for (unsigned k = 0; k < 16; k++) {
			const struct kernel_mul *m = make(t, 16, 256, 2);
			uint32_t head = t->min ? 64 : 32;
			int8_t q[32];

			for (uint32_t s = 0; s < 256 / t->cols; s++)
				memset(world.data + s * t->len + head,
				    k & 1 ? 0xff : 0, t->len - head);
			for (unsigned c = 0; c < 32; c++)
				q[c] = (k >> (1 + c % 3)) & 1 ? 127 : -127;
			for (unsigned b = 0; b < 2 * 256 / 32; b++)
				fill_act(&world.act[b], q, 0.5f);
			exact_all(t);
			for (unsigned i = 0; i < 3; i++) {
				if (set(i) == NULL)
					continue;
				set(i)->mul(m);
				check_outputs(t, set(i));
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scalar_products_are_what_kernels_h_says),
		cmocka_unit_test(avx2_products_are_what_kernels_h_says),
		cmocka_unit_test(avx512_products_are_what_kernels_h_says),
		cmocka_unit_test(float_products_take_any_number_of_columns),
		cmocka_unit_test(products_are_near_those_of_double_precision),
		cmocka_unit_test(
		    any_split_of_tokens_and_groups_gives_the_same_bits),
		cmocka_unit_test(
		    nothing_is_written_but_the_rows_and_groups_asked_for),
		cmocka_unit_test(extremes_saturate_nowhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
