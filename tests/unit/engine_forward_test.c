/*
 * The forward pass: the same bits whatever else is in the batch, however a text
 * is cut, on any number of threads and by any kernels.
 */
#include "engine/forward.h"

#include <math.h>

#include "engine_test.h"
#include "tiny_model.h"

#define CONTEXT 192
#define TEXT    150 /* three pages */
#define PAGES   (CONTEXT / KERNEL_PAGE)

struct rig {
	struct gguf gguf;
	struct model_file file;
	struct weights weights;
	struct kv_pool pages;
	struct pool *pool;
	struct forward forward;
	struct bytes image;
};

struct seq {
	struct kv_seq kv;
	uint8_t *page[PAGES];
	uint32_t fed;
};

static void open_rig(struct rig *r, const struct tiny *t,
    const struct kernels *kernels, uint32_t threads)
{
	struct err_ctx ctx = { .code = ERR_OK };

	*r = (struct rig){ .image = tiny_model(t) };
	model_file_image(&r->file, r->image);
	CHECK_OK(gguf_read_head(&r->gguf, &r->file, &ctx));
	if (weights_read(&r->weights, &r->gguf, &r->file, &ctx) != ERR_OK)
		fail_msg("%s", ctx.msg);
	CHECK_OK(pool_new(&r->pool, threads, false));
	CHECK_OK(forward_init(&r->forward, &r->weights, kernels, r->pool,
	    CONTEXT, FORWARD_ROWS_MAX));
	r->forward.alone_max = 0;
	CHECK_OK(kv_init(&r->pages, &r->forward.kv, 4 * PAGES));
}

static void close_rig(struct rig *r)
{
	kv_clear(&r->pages);
	forward_clear(&r->forward);
	pool_free(r->pool);
	weights_clear(&r->weights);
	gguf_clear(&r->gguf);
	model_file_close(&r->file);
	free((void *)r->image.p);
}

static void open_seq(struct rig *r, struct seq *s)
{
	*s = (struct seq){ .fed = 0 };
	s->kv = (struct kv_seq){ .page = s->page, .cap = PAGES };
	assert_true(kv_take(&r->pages, &s->kv, CONTEXT));
}

static uint32_t token(uint32_t which, uint32_t at)
{
	return (at * 31 + which * 77 + at * at) % 256;
}

/* The next n rows of a text, all wanting logits. */
static uint32_t rows_of(
    struct forward_row *row, struct seq *s, uint32_t which, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++, s->fed++)
		row[i] = (struct forward_row){ .kv = &s->kv,
			.token = token(which, s->fed),
			.position = s->fed,
			.want = FORWARD_LOGITS };
	return n;
}

/* Logits of a whole text alone, in one batch on one thread. */
static float *alone(
    const struct tiny *t, const struct kernels *kernels, uint32_t which)
{
	struct forward_row row[TEXT];
	struct rig r;
	struct seq s;
	float *out;

	open_rig(&r, t, kernels, 1);
	out = malloc((size_t)TEXT * TINY_N * sizeof(*out));
	open_seq(&r, &s);
	forward_run(&r.forward, row, rows_of(row, &s, which, TEXT), out, NULL);
	close_rig(&r);
	return out;
}

/* Two texts side by side in pieces of changing size, on several threads. */
static void together(const struct tiny *t, const struct kernels *kernels,
    uint32_t threads, float *out[2])
{
	static float logits[FORWARD_ROWS_MAX * TINY_N];
	struct rig r;
	struct seq s[2];

	open_rig(&r, t, kernels, threads);
	for (int i = 0; i < 2; i++) {
		out[i] = malloc((size_t)TEXT * TINY_N * sizeof(float));
		open_seq(&r, &s[i]);
	}
	for (uint32_t step = 1; s[0].fed < TEXT || s[1].fed < TEXT; step++) {
		struct forward_row row[FORWARD_ROWS_MAX];
		uint32_t n[2], from[2] = { s[0].fed, s[1].fed };
		uint32_t want[2] = { 1 + step * 7 % 23, 1 + step * 5 % 41 };

		for (int i = 0; i < 2; i++) {
			uint32_t left = TEXT - s[i].fed;

			n[i] = rows_of(row + (i == 0 ? 0 : n[0]), &s[i],
			    (uint32_t)i, want[i] < left ? want[i] : left);
		}
		forward_run(&r.forward, row, n[0] + n[1], logits, NULL);
		memcpy(out[0] + (size_t)from[0] * TINY_N, logits,
		    (size_t)n[0] * TINY_N * sizeof(float));
		memcpy(out[1] + (size_t)from[1] * TINY_N,
		    logits + (size_t)n[0] * TINY_N,
		    (size_t)n[1] * TINY_N * sizeof(float));
	}
	close_rig(&r);
}

static void same_bits(const struct tiny *t)
{
	const struct kernels *best = kernels_best();
	float *want[2] = { alone(t, &kernels_scalar, 0),
		alone(t, &kernels_scalar, 1) };

	for (uint32_t threads = 1; threads <= 3; threads++) {
		float *got[2];

		together(t, best, threads, got);
		for (int i = 0; i < 2; i++) {
			CHECK_MEM(got[i], want[i],
			    (size_t)TEXT * TINY_N * sizeof(float));
			free(got[i]);
		}
	}
	free(want[0]);
	free(want[1]);
}

TEST(forward_gives_the_same_bits_however_texts_are_mixed_and_cut)
{
	static const uint32_t types[] = { GGUF_TENSOR_F32, GGUF_TENSOR_F16,
		GGUF_TENSOR_Q8_0 };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		same_bits(&(struct tiny){ .type = types[i] });
	same_bits(&(struct tiny){
	    .type = GGUF_TENSOR_Q8_0, .architecture = "qwen2" });
}

/* The last logits of a text with such a family and such a divisor of angles. */
static void last_logits(
    float out[TINY_N], const struct family *family, float divisor)
{
	const struct tiny t = { .type = GGUF_TENSOR_F32 };
	static float logits[TEXT * TINY_N];
	struct forward_row row[TEXT];
	struct rig r;
	struct seq s;

	open_rig(&r, &t, &kernels_scalar, 1);
	r.weights.shape.family = family;
	r.weights.shape.scaling.factor = divisor;
	open_seq(&r, &s);
	forward_run(&r.forward, row, rows_of(row, &s, 0, TEXT), logits, NULL);
	memcpy(
	    out, logits + (size_t)(TEXT - 1) * TINY_N, TINY_N * sizeof(float));
	close_rig(&r);
}

/* What is turned by angles of next to nothing is as good as not turned. */
TEST(forward_leaves_blocks_without_positions_unrotated)
{
	const struct family with = { .architecture = "llama" };
	const struct family without = { .architecture = "llama",
		.unrotated_every = 1 };
	float rotated[TINY_N], hardly[TINY_N], not_at_all[TINY_N];
	float far = 0, near = 0;

	last_logits(rotated, &with, 1);
	last_logits(hardly, &with, 1e12f);
	last_logits(not_at_all, &without, 1);
	for (uint32_t i = 0; i < TINY_N; i++) {
		far = fmaxf(far, fabsf(rotated[i] - not_at_all[i]));
		near = fmaxf(near, fabsf(hardly[i] - not_at_all[i]));
	}
	CHECK(far > 1e-2f && near < 1e-5f);
}

/* The hidden state of a row times the output matrix is its logits. */
TEST(forward_gives_hidden_states_and_logits_in_their_order)
{
	struct tiny t = { .type = GGUF_TENSOR_F32 };
	static float logits[2 * TINY_N], hidden[2 * TINY_WIDTH];
	struct forward_row row[4];
	float *want = alone(&t, &kernels_scalar, 0);
	struct rig r;
	struct seq s;

	open_rig(&r, &t, kernels_best(), 2);
	open_seq(&r, &s);
	(void)rows_of(row, &s, 0, 4);
	row[0].want = FORWARD_HIDDEN;
	row[1].want = FORWARD_NOTHING;
	row[3].want = FORWARD_HIDDEN;
	forward_run(&r.forward, row, 4, logits, hidden);
	CHECK_MEM(logits, want + (size_t)2 * TINY_N, TINY_N * sizeof(float));
	for (uint32_t id = 0; id < TINY_N; id++) {
		float w[TINY_WIDTH];
		double sum = 0;

		matrix_row(w, &r.weights.output, id);
		for (uint32_t i = 0; i < TINY_WIDTH; i++)
			sum += (double)w[i] * (double)hidden[TINY_WIDTH + i];
		assert_true(fabs(sum - (double)want[3 * TINY_N + id]) < 1e-4);
	}
	close_rig(&r);
	free(want);
}

TEST(forward_wipe_leaves_nothing_of_a_batch)
{
	static float logits[FORWARD_ROWS_MAX * TINY_N];
	struct tiny t = { .type = GGUF_TENSOR_Q8_0 };
	struct forward_row row[8];
	struct rig r;
	struct seq s;

	open_rig(&r, &t, kernels_best(), 1);
	open_seq(&r, &s);
	forward_run(&r.forward, row, rows_of(row, &s, 0, 8), logits, NULL);
	forward_wipe(&r.forward);
	for (size_t i = r.forward.head_len; i < r.forward.memory.len; i++)
		assert_int_equal(r.forward.memory.p[i], 0);
	close_rig(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    forward_gives_the_same_bits_however_texts_are_mixed_and_cut),
		cmocka_unit_test(
		    forward_leaves_blocks_without_positions_unrotated),
		cmocka_unit_test(
		    forward_gives_hidden_states_and_logits_in_their_order),
		cmocka_unit_test(forward_wipe_leaves_nothing_of_a_batch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
