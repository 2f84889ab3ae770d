/*
 * Interleaved matrices against the formats as quant_ref.h has them. What a
 * group must be is built here bit by bit from the text of matrix.h, and rows
 * come back as the same floats to the bit: of Q4_K and Q5_K as
 * (d sc) u - (dmin mn), where each product and the difference round to float.
 */
#include "engine/matrix.h"
#include "gguf_writer.h"
#include "quant_ref.h"
#include "test.h"

/* Where the text of matrix.h puts things in a step. */
struct step {
	enum gguf_tensor_type type;
	size_t len;      /* bytes of a step */
	size_t parts_at; /* behind the halves */
	size_t part_len;
	size_t small; /* bytes of small scales in a part */
	bool bits, pairs;
};

static const struct step steps[] = {
	{ GGUF_TENSOR_F32, 64, 0, 0, 0, false, false },
	{ GGUF_TENSOR_F16, 32, 0, 0, 0, false, false },
	{ GGUF_TENSOR_BF16, 32, 0, 0, 0, false, false },
	{ GGUF_TENSOR_Q8_0, 32 + 512, 32, 512, 0, false, false },
	{ GGUF_TENSOR_Q4_0, 32 + 256, 32, 256, 0, false, false },
	{ GGUF_TENSOR_Q4_1, 64 + 256, 64, 256, 0, false, false },
	{ GGUF_TENSOR_Q5_0, 32 + 256 + 64, 32, 320, 0, true, false },
	{ GGUF_TENSOR_Q5_1, 64 + 256 + 64, 64, 320, 0, true, false },
	{ GGUF_TENSOR_Q4_K, 64 + 8 * 288, 64, 288, 32, false, false },
	{ GGUF_TENSOR_Q5_K, 64 + 8 * 352, 64, 352, 32, true, false },
	{ GGUF_TENSOR_Q6_K, 32 + 8 * 416, 32, 416, 32, false, true },
};

static const struct step *step_of(enum gguf_tensor_type type)
{
	const struct step *s = steps;

	while (s->type != type)
		s++;
	return s;
}

/* Bits of number u, of column c of 32 and row r, into the lines at p. */
static void naive_number(
    uint8_t *p, const struct step *s, uint32_t r, uint32_t c, uint32_t u)
{
	uint32_t q = c / 4, at = 4 * r + c % 4;

	if (s->type == GGUF_TENSOR_Q8_0) {
		p[64 * q + at] = (uint8_t)u;
		return;
	}
	p[64 * (q % 4) + at] |= (uint8_t)((u & 15) << (q < 4 ? 0 : 4));
	if (s->bits)
		p[64 * 4 + at] |= (uint8_t)((u >> 4) << q);
	if (s->pairs)
		p[64 * (4 + q / 4) + at] |= (uint8_t)((u >> 4) << 2 * (q % 4));
}

/* One block of row r into a step that is zero there. */
static void naive_block(
    uint8_t *step, const struct step *s, const uint8_t *block, uint32_t r)
{
	struct quant_ref_block b = quant_ref_block(s->type);
	uint32_t size = b.len;

	if (b.cols == 1) {
		memcpy(step + size * r, block, size);
		return;
	}
	for (uint32_t i = 0; i < b.halves; i++)
		memcpy(step + 32 * i + 2 * r, block + b.half_at[i], 2);
	for (uint32_t c = 0; c < b.cols; c++) {
		uint8_t *part = step + s->parts_at + c / 32 * s->part_len;
		uint32_t j = c / 32;

		if (s->pairs)
			part[16 * (c % 32 / 16) + r] =
			    (uint8_t)quant_ref_sc(s->type, block, c / 16);
		else if (s->small != 0) {
			part[r] = (uint8_t)quant_ref_sc(s->type, block, j);
			part[16 + r] = (uint8_t)quant_ref_mn(block, j);
		}
		naive_number(part + s->small, s, r, c % 32,
		    quant_ref_number(s->type, block, c));
	}
}

/* A matrix in the file's encoding, in groups, and as groups ought to be. */
struct world {
	enum gguf_tensor_type type;
	uint32_t rows, cols;
	size_t row_len;
	uint8_t *file, *want;
	uint8_t *groups;
	struct matrix m;
};

static void world_clear(struct world *w)
{
	free(w->file);
	free(w->want);
	free(w->groups);
}

static void world_init(
    struct world *w, enum gguf_tensor_type type, uint32_t rows, uint32_t cols)
{
	size_t n = (rows + 15) / 16;
	size_t len = matrix_group_len(type, cols);

	*w = (struct world){ .type = type, .rows = rows, .cols = cols };
	w->row_len = quant_ref_len(type, cols);
	w->file = malloc(w->row_len * rows);
	w->want = calloc(n, len);
	w->groups = aligned_alloc(MATRIX_LINE, n * len);
	assert_non_null(w->file);
	assert_non_null(w->want);
	assert_non_null(w->groups);
	memset(w->groups, 0xa5, n * len);
	w->m = (struct matrix){ .type = type,
		.rows = rows,
		.cols = cols,
		.group_len = len,
		.data = w->groups };
}

static void world_pack(struct world *w)
{
	for (uint32_t row = 0; row < w->rows; row += 16) {
		uint32_t n = w->rows - row < 16 ? w->rows - row : 16;
		size_t bad = 12345;

		CHECK(matrix_pack(w->groups + row / 16 * w->m.group_len,
		    w->type, w->cols, w->file + row * w->row_len, n, &bad));
		CHECK_EQ(bad, 12345);
	}
}

/* Every byte of every group, and every row as floats. */
static void world_check(struct world *w)
{
	const struct step *s = step_of(w->type);
	struct quant_ref_block b = quant_ref_block(w->type);
	float *got = malloc(w->cols * sizeof(float));
	float *want = malloc(w->cols * sizeof(float));

	for (uint32_t row = 0; row < w->rows; row++) {
		const uint8_t *src = w->file + row * w->row_len;
		uint8_t *step = w->want + row / 16 * w->m.group_len;

		for (uint32_t c = 0; c < w->cols; c += b.cols) {
			naive_block(step, s, src, row % 16);
			src += b.len;
			step += s->len;
		}
	}
	CHECK_MEM(w->groups, w->want, (w->rows + 15) / 16 * w->m.group_len);
	for (uint32_t row = 0; row < w->rows; row++) {
		matrix_row(got, &w->m, row);
		quant_ref_row(
		    want, w->type, w->file + row * w->row_len, w->cols);
		CHECK_MEM(got, want, w->cols * sizeof(float));
	}
	free(got);
	free(want);
}

static const uint32_t row_counts[] = { 1, 15, 16, 17, 40 };
static const uint32_t block_counts[] = { 1, 2, 5, 35 };

TEST(matrix_packs_every_type_and_shape_as_its_header_says)
{
	uint32_t seed = 7;
	struct world w;

	for (size_t t = 0; t < QUANT_REF_TYPE_N; t++) {
		enum gguf_tensor_type type = quant_ref_types[t];
		uint32_t block = quant_ref_block(type).cols;

		for (size_t i = 0; i < 5 * 4 * 2; i++) {
			uint32_t rows = row_counts[i % 5];
			uint32_t cols = block * block_counts[i / 5 % 4];

			world_init(&w, type, rows, cols);
			quant_ref_fill(w.file, type,
			    (size_t)rows * cols / block, i >= 20, &seed);
			world_pack(&w);
			world_check(&w);
			world_clear(&w);
		}
	}
}

/* All bits of a block the same: the ends of every range. */
TEST(matrix_keeps_the_extremes_of_numbers)
{
	struct world w;

	for (size_t i = 0; i < 2 * QUANT_REF_TYPE_N; i++) {
		enum gguf_tensor_type type = quant_ref_types[i / 2];
		struct quant_ref_block b = quant_ref_block(type);

		world_init(&w, type, 16, b.cols);
		memset(w.file, i % 2 == 0 ? 0xff : 0, w.row_len * 16);
		for (uint32_t r = 0; r < 16; r++) {
			uint8_t *p = w.file + r * w.row_len;

			for (uint32_t k = 0; k < b.halves; k++)
				memcpy(p + b.half_at[k], "\xff\xfb", 2);
			if (b.halves == 0)
				memcpy(p + b.len - 2, "\x7f\xff", 2);
		}
		world_pack(&w);
		world_check(&w);
		world_clear(&w);
	}
}

TEST(matrix_group_len_counts_whole_lines)
{
	for (size_t i = 0; i < QUANT_REF_TYPE_N; i++) {
		enum gguf_tensor_type type = steps[i].type;
		uint32_t cols = 0, len = 0, n = quant_ref_block(type).cols;

		CHECK(gguf_type_block(type, &cols, &len));
		CHECK_EQ(n, cols);
		CHECK_EQ(quant_ref_block(type).len, len);
		for (uint32_t k = 1; k < 9; k++) {
			size_t got = matrix_group_len(type, k * n);

			CHECK_EQ(got % MATRIX_LINE, 0);
			CHECK(got >= k * steps[i].len);
			CHECK(got < k * steps[i].len + MATRIX_LINE);
		}
	}
	CHECK_EQ(matrix_group_len(GGUF_TENSOR_F32, 1u << 24), 1u << 30);
	CHECK_EQ(
	    matrix_group_len(GGUF_TENSOR_Q8_0, 1u << 24), 544u * (1u << 19));
}

TEST(matrix_has_type_knows_what_it_packs)
{
	uint32_t known = 0;

	for (uint32_t type = 0; type < 300; type++)
		known += matrix_has_type((enum gguf_tensor_type)type);
	CHECK_EQ(known, QUANT_REF_TYPE_N);
	for (size_t i = 0; i < QUANT_REF_TYPE_N; i++)
		CHECK(matrix_has_type(quant_ref_types[i]));
	CHECK(!matrix_has_type(GGUF_TENSOR_Q2_K));
	CHECK(!matrix_has_type(GGUF_TENSOR_Q3_K));
	CHECK(!matrix_has_type((enum gguf_tensor_type)UINT32_MAX));
}

/* Infinities and NaN of both signs; the least and the largest payload. */
static const uint32_t bad_halves[] = { 0x7c00, 0xfc00, 0x7c01, 0xffff };
static const uint32_t bad_bf16[] = { 0x7f80, 0xff80, 0x7f81, 0xffff };
static const uint32_t bad_floats[] = { 0x7f800000, 0xff800000, 0x7f800001,
	0xffffffff };

/* With `value` at `at` of the file, packing fails and says where. */
static void check_bad(struct world *w, size_t at, uint32_t value, size_t size)
{
	uint8_t kept[4];
	size_t bad = SIZE_MAX;

	memcpy(kept, w->file + at, size);
	memcpy(w->file + at, &value, size);
	CHECK(
	    !matrix_pack(w->groups, w->type, w->cols, w->file, w->rows, &bad));
	CHECK_EQ(bad, at);
	memcpy(w->file + at, kept, size);
}

TEST(matrix_pack_finds_every_number_that_is_not_finite)
{
	uint32_t seed = 11;
	struct world w;

	for (size_t i = 0; i < QUANT_REF_TYPE_N * 2; i++) {
		enum gguf_tensor_type type = quant_ref_types[i / 2];
		struct quant_ref_block b = quant_ref_block(type);
		uint32_t rows = i % 2 == 0 ? 16 : 3;
		uint32_t cols = b.cols == 1 ? 67 : 3 * b.cols;
		size_t size = type == GGUF_TENSOR_F32 ? 4 : 2;
		const uint32_t *v = size == 4       ? bad_floats
				    : b.halves == 0 ? bad_bf16
						    : bad_halves;

		world_init(&w, type, rows, cols);
		quant_ref_fill(
		    w.file, type, (size_t)rows * cols / b.cols, true, &seed);
		for (size_t at = 0; at < w.row_len * rows; at += b.len)
			for (uint32_t k = 0; k < 4; k++) {
				check_bad(&w, at + b.half_at[0], v[k], size);
				if (b.halves == 2)
					check_bad(
					    &w, at + b.half_at[1], v[k], size);
			}
		world_pack(&w);
		world_check(&w);
		world_clear(&w);
	}
}

TEST(matrix_f16_is_exact_for_every_half)
{
	for (uint32_t h = 0; h < 65536; h++) {
		float got = matrix_f16((uint16_t)h), want = quant_ref_half(h);
		uint32_t bits;

		memcpy(&bits, &got, 4);
		if ((h & 0x7fff) > 0x7c00) { /* quiet, sign and payload kept */
			CHECK_EQ(bits, (h & 0x8000) << 16 | 0x7fc00000 |
					   (h & 0x3ff) << 13);
			CHECK_EQ(matrix_to_f16(got), h | 0x200);
			continue;
		}
		CHECK_MEM(&got, &want, 4);
		CHECK_EQ(matrix_to_f16(got), h);
	}
}

/* The nearest half of a float that is not NaN, by looking at both sides. */
static uint32_t nearest_half(float f)
{
	uint32_t low = 0, high = 0x7c00;
	double v = fabs((double)f), below, above;

	while (high - low > 1) {
		uint32_t mid = (low + high) / 2;

		if ((double)quant_ref_half(mid) <= v)
			low = mid;
		else
			high = mid;
	}
	below = (double)quant_ref_half(low);
	above = high == 0x7c00 ? 65536.0 : (double)quant_ref_half(high);
	if (v - below > above - v || (v - below == above - v && low % 2 == 1))
		low = high;
	return low | (signbit(f) ? 0x8000 : 0);
}

static float from_bits(uint32_t bits)
{
	float f;

	memcpy(&f, &bits, 4);
	return f;
}

TEST(matrix_to_f16_rounds_to_nearest_ties_to_even)
{
	uint32_t seed = 3;

	for (uint32_t h = 0; h < 0x7c00; h++) {
		float a = quant_ref_half(h);
		float b = h == 0x7bff ? 65536.0f : quant_ref_half(h + 1);
		float tie = a + (b - a) / 2;
		float near[] = { nextafterf(tie, 0), tie, nextafterf(tie, b),
			nextafterf(a, b), nextafterf(b, 0) };

		for (size_t i = 0; i < 5; i++) {
			CHECK_EQ(matrix_to_f16(near[i]), nearest_half(near[i]));
			CHECK_EQ(
			    matrix_to_f16(-near[i]), nearest_half(-near[i]));
		}
	}
	for (uint32_t i = 0; i < 200000; i++) {
		uint32_t r = quant_ref_random(&seed) << 8;
		float f = from_bits(r ^ quant_ref_random(&seed));

		if (!isnan(f))
			CHECK_EQ(matrix_to_f16(f), nearest_half(f));
	}
	CHECK_EQ(matrix_to_f16(INFINITY), 0x7c00);
	CHECK_EQ(matrix_to_f16(-INFINITY), 0xfc00);
	CHECK_EQ(matrix_to_f16(65519.996f), 0x7bff);
	CHECK_EQ(matrix_to_f16(65520.0f), 0x7c00);
	CHECK_EQ(matrix_to_f16(from_bits(1)), 0);
	CHECK_EQ(matrix_to_f16(from_bits(0x80000001)), 0x8000);
	CHECK_EQ(matrix_to_f16(from_bits(0x7f800001)), 0x7e00);
	CHECK_EQ(matrix_to_f16(from_bits(0xffffffff)), 0xffff);
}

/* A real file, which gguf_clear frees too. */
static void open_tiny(struct gguf *g, const char *model)
{
	struct err_ctx ctx = { .code = ERR_OK };
	char name[64];
	uint8_t *text, *file;
	size_t len;

	(void)snprintf(name, sizeof(name), "llm/tiny/%s.gguf", model);
	text = read_file(vector_path(name), &len);
	file = aligned_alloc(64, (len + 63) / 64 * 64);
	assert_non_null(file);
	memcpy(file, text, len);
	free(text);
	if (gguf_whole(g, (struct bytes){ file, len }, &ctx) != ERR_OK)
		fail_msg("%s: %s", name, ctx.msg);
	g->owned = file;
}

/* Real blocks: each matrix of a small model, as its quantiser wrote it. */
static uint32_t check_file(const char *model)
{
	struct gguf g;
	uint32_t seen = 0;

	open_tiny(&g, model);
	for (uint32_t i = 0; i < g.tensor_n; i++) {
		const struct gguf_tensor *t = &g.tensor[i];
		struct world w;

		CHECK(matrix_has_type(t->type));
		world_init(&w, t->type, t->dim[1], t->dim[0]);
		CHECK_EQ(w.row_len * w.rows, t->len);
		memcpy(w.file, g.owned + t->at, t->len);
		world_pack(&w);
		world_check(&w);
		world_clear(&w);
		seen |= 1u << t->type;
	}
	gguf_clear(&g);
	return seen;
}

/* Square of the distance of two tensors, relative to the first's square. */
static double distance(const struct gguf *ga, const struct gguf_tensor *a,
    const struct gguf *gb, const struct gguf_tensor *b)
{
	uint32_t cols = a->dim[0];
	float *x = malloc(cols * sizeof(*x)), *y = malloc(cols * sizeof(*y));
	double error = 0, sum = 0;

	CHECK_EQ(b->dim[0], cols);
	CHECK_EQ(b->dim[1], a->dim[1]);
	for (uint32_t row = 0; row < a->dim[1]; row++) {
		quant_ref_row(x, a->type,
		    ga->owned + a->at + row * quant_ref_len(a->type, cols),
		    cols);
		quant_ref_row(y, b->type,
		    gb->owned + b->at + row * quant_ref_len(b->type, cols),
		    cols);
		for (uint32_t c = 0; c < cols; c++) {
			error += pow((double)x[c] - (double)y[c], 2);
			sum += pow((double)x[c], 2);
		}
	}
	free(x);
	free(y);
	return error / sum;
}

/*
 * One model in two types has about the same weights; a quantiser that is not
 * ours wrote both. A weight in a wrong place, or a wrong scale, is a distance
 * of about 1.
 */
static void check_judge(const char *exact, const char *model, double limit)
{
	struct gguf a, b;
	uint32_t matrices = 0;

	open_tiny(&a, exact);
	open_tiny(&b, model);
	CHECK_EQ(a.tensor_n, b.tensor_n);
	for (uint32_t i = 0; i < a.tensor_n; i++) {
		const struct gguf_tensor *x = &a.tensor[a.by_name[i]];
		const struct gguf_tensor *y = &b.tensor[b.by_name[i]];
		double d = distance(&a, x, &b, y);

		CHECK(mem_eq(x->name, y->name));
		if (d > limit)
			fail_msg("%s: %.*s differs by %g", model,
			    (int)x->name.len, (const char *)x->name.p, d);
		matrices += x->type != y->type && d > 0;
	}
	CHECK(matrices > 0);
	gguf_clear(&a);
	gguf_clear(&b);
}

TEST(quant_ref_agrees_with_the_quantiser_of_real_files)
{
	check_judge("llama-F32", "llama-F16", 1e-6);
	check_judge("llama-F32", "llama-BF16", 1e-5);
	check_judge("llama-F32", "llama-Q8_0", 1e-4);
	check_judge("llama-F32", "llama-Q4_0", 2e-2);
	check_judge("llama-F32", "llama-Q4_1", 2e-2);
	check_judge("llama-F32", "llama-Q5_0", 5e-3);
	check_judge("llama-F32", "llama-Q5_1", 5e-3);
	check_judge("llama-k256-Q8_0", "llama-k256-Q4_K", 2e-2);
	check_judge("llama-k256-Q8_0", "llama-k256-Q5_K", 5e-3);
	check_judge("llama-k256-Q8_0", "llama-k256-Q6_K", 2e-3);
}

TEST(matrix_packs_the_blocks_of_real_files)
{
	static const char *const files[] = { "llama-F32", "llama-F16",
		"llama-BF16", "llama-Q8_0", "llama-Q4_0", "llama-Q4_1",
		"llama-Q5_0", "llama-Q5_1", "llama-k256-Q4_K",
		"llama-k256-Q5_K", "llama-k256-Q6_K", "qwen3-k256-Q4_K_M" };
	uint32_t seen = 0;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		seen |= check_file(files[i]);
	for (size_t i = 0; i < QUANT_REF_TYPE_N; i++)
		CHECK(seen & 1u << quant_ref_types[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    matrix_packs_every_type_and_shape_as_its_header_says),
		cmocka_unit_test(matrix_keeps_the_extremes_of_numbers),
		cmocka_unit_test(matrix_group_len_counts_whole_lines),
		cmocka_unit_test(matrix_has_type_knows_what_it_packs),
		cmocka_unit_test(
		    matrix_pack_finds_every_number_that_is_not_finite),
		cmocka_unit_test(matrix_f16_is_exact_for_every_half),
		cmocka_unit_test(matrix_to_f16_rounds_to_nearest_ties_to_even),
		cmocka_unit_test(matrix_packs_the_blocks_of_real_files),
		cmocka_unit_test(
		    quant_ref_agrees_with_the_quantiser_of_real_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
