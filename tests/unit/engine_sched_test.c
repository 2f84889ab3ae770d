/*
 * Batches: the same answer in any company, in any chunks, on any machine, with
 * guesses and without; and who gets which rows and which memory.
 */
#include "engine_test.h"

#include <math.h>

#include "engine/slot.h"
#include "tiny_model.h"

#define TEXT_MAX 8192
#define TOLD_MAX 256

struct answer_seen {
	char text[TEXT_MAX];
	size_t len;
	uint32_t told_n;
	float logprob[TOLD_MAX];
	float second[TOLD_MAX];
	struct engine_output last;
};

static struct bytes image;
static const struct tiny chatml = { .type = GGUF_TENSOR_Q8_0,
	.chat_template = TINY_CHATML };
static const struct tiny plain = { .type = GGUF_TENSOR_F32 };

static struct engine *open_tiny(
    const struct tiny *t, const struct engine_options *opt)
{
	struct engine_options o = *opt;
	struct engine *e;

	image = tiny_model(t);
	o.image = image;
	e = open_engine(&o);
	e->forward.alone_max = 0; /* so small a model needs no threads */
	return e;
}

static void close_tiny(struct engine *e)
{
	engine_close(e);
	free((void *)(uintptr_t)image.p);
}

static enum err try_submit(struct engine *e, const char *text, uint32_t max,
    int *slot, struct err_ctx *ctx)
{
	struct engine_message msg = { .role = ENGINE_USER,
		.text = str_bytes(text) };
	struct engine_request req = {
		.message = &msg, .message_n = 1, .max_tokens = max
	};

	return engine_submit(e, &req, slot, ctx);
}

static int submit(struct engine *e, const char *text, uint32_t max)
{
	struct err_ctx ctx = { .code = ERR_OK };
	int slot;

	if (try_submit(e, text, max, &slot, &ctx) != ERR_OK)
		fail_msg("engine_submit: %s", ctx.msg);
	return slot;
}

static void poll_into(struct engine *e, int slot, struct answer_seen *a)
{
	engine_poll(e, slot, &a->last);
	CHECK(a->len + a->last.text.len < TEXT_MAX);
	mem_copy(a->text + a->len, a->last.text.p, a->last.text.len);
	a->len += a->last.text.len;
	for (uint32_t i = 0; i < a->last.told_n; i++) {
		CHECK(a->told_n < TOLD_MAX);
		a->logprob[a->told_n] = a->last.told[i].logprob;
		a->second[a->told_n++] = a->last.told[i].top_n > 1
					     ? a->last.told[i].top[1].logprob
					     : 0;
	}
}

static void same(const struct answer_seen *a, const struct answer_seen *b)
{
	CHECK_EQ(a->len, b->len);
	CHECK_MEM(a->text, b->text, a->len);
	CHECK_EQ(a->told_n, b->told_n);
	CHECK_MEM(a->logprob, b->logprob, a->told_n * sizeof(float));
	CHECK_MEM(a->second, b->second, a->told_n * sizeof(float));
	CHECK_EQ(a->last.finish, b->last.finish);
	CHECK_EQ(a->last.completion_tokens, b->last.completion_tokens);
}

/* ---- the same bits -------------------------------------------------------- */

#define LONG_TEXT                                                              \
	"A longer prompt: hello hello hello hello hello hello hello hello "    \
	"hello hello hello hello hello hello hello hello hello hello!"

static const char *const texts[] = { "hello world", "a", LONG_TEXT,
	"xyxyxyxyxyxyxy", "hell o! hell o! hell o! hell", "w w w w", "1, 2, 3",
	"?" };
#define REQUESTS 8

static const struct engine_bias bias[] = { { 'e', 1.5f }, { 'q', -3 } };

/* Requests of all sorts, each always the same. */
static struct engine_request request(size_t i, const struct engine_message *msg)
{
	struct engine_request req = { .message = msg,
		.message_n = 1,
		.max_tokens = 40 + (uint32_t)i,
		.logprobs = i % 3 == 0,
		.top_logprobs = i % 2 == 0 ? 3 : 0 };

	req.sampling.seed = i;
	if (i % 4 == 1)
		req.sampling.temperature = 0.4f;
	if (i % 4 == 2) {
		req.sampling.temperature = 0.9f;
		req.sampling.top_p = 0.9f;
		req.sampling.frequency_penalty = 0.3f;
	}
	if (i % 4 == 3) {
		req.sampling.repeat_penalty = 1.2f;
		req.sampling.presence_penalty = 0.1f;
		req.sampling.bias = bias;
		req.sampling.bias_n = 2;
	}
	return req;
}

/* Serve all, the i-th `later` steps after the one before. Returns the steps. */
static uint32_t serve_all(
    struct engine *e, struct answer_seen *out, size_t later)
{
	uint32_t slots = engine_info(e)->slots, steps = 0;
	int slot[REQUESTS];

	memset(out, 0, REQUESTS * sizeof(*out));
	for (size_t i = 0; i < REQUESTS; i++) {
		struct engine_message msg = { .role = ENGINE_USER,
			.text = str_bytes(texts[i]) };
		struct engine_request req = request(i, &msg);

		CHECK_OK(engine_submit(e, &req, &slot[i], NULL));
		for (size_t k = 0; k < later; k++)
			steps += engine_step(e) > 0;
		if (slots == 1 || i + 1 == REQUESTS) {
			size_t from = slots == 1 ? i : 0;
			uint32_t moved;

			do {
				moved = engine_step(e);
				steps += moved > 0;
				for (size_t k = from; k <= i; k++)
					poll_into(e, slot[k], &out[k]);
			} while (moved > 0);
			for (size_t k = from; k <= i; k++)
				engine_release(e, slot[k]);
		}
	}
	return steps;
}

static struct answer_seen alone[REQUESTS], now[REQUESTS];

static bool have(enum engine_kernels k)
{
	return k == ENGINE_KERNELS_AVX2     ? kernels_have_avx2()
	       : k == ENGINE_KERNELS_AVX512 ? kernels_have_avx512()
					    : true;
}

TEST(engine_answers_alike_on_any_machine_in_any_company)
{
	static const struct engine_options opts[] = {
		{ .slots = 1, .kernels = ENGINE_KERNELS_AVX2 },
		{ .slots = 1, .kernels = ENGINE_KERNELS_AVX512 },
		{ .slots = 1, .threads = 2, .speculate = true },
		{ .slots = 8, .threads = 1 },
		{ .slots = 8, .threads = 3, .kernels = ENGINE_KERNELS_SCALAR },
		{ .slots = 8, .threads = 2, .speculate = true },
	};
	const struct engine_options first = { .slots = 1,
		.kernels = ENGINE_KERNELS_SCALAR };
	struct engine *e = open_tiny(&chatml, &first);

	serve_all(e, alone, 0);
	close_tiny(e);
	for (size_t i = 0; i < REQUESTS; i++) {
		CHECK(
		    alone[i].len > 0 && alone[i].last.finish != ENGINE_RUNNING);
		CHECK(i % 3 != 0 ||
		      alone[i].told_n == alone[i].last.completion_tokens);
	}
	for (size_t o = 0; o < sizeof(opts) / sizeof(opts[0]); o++) {
		if (!have(opts[o].kernels))
			continue;
		for (size_t later = 0; later < 8; later += 7) {
			e = open_tiny(&chatml, &opts[o]);
			serve_all(e, now, later);
			for (size_t i = 0; i < REQUESTS; i++)
				same(&alone[i], &now[i]);
			close_tiny(e);
		}
	}
}

/* Logits say more than answers: every bit of every number. */
TEST(engine_logits_are_the_same_bits_on_any_machine)
{
	static const struct engine_options opts[] = {
		{ .kernels = ENGINE_KERNELS_SCALAR, .threads = 1 },
		{ .kernels = ENGINE_KERNELS_SCALAR, .threads = 3 },
		{ .kernels = ENGINE_KERNELS_AVX2, .threads = 2 },
		{ .kernels = ENGINE_KERNELS_AVX512, .threads = 1 },
		{ .kernels = ENGINE_KERNELS_AVX512, .threads = 3 },
	};
	size_t n = TINY_CONTEXT, len = n * TINY_N * sizeof(float);
	float *want = malloc(len), *got = malloc(len);
	uint32_t token[TINY_CONTEXT];

	for (uint32_t i = 0; i < n; i++)
		token[i] = i * 37 % TINY_N;
	for (size_t o = 0; o < sizeof(opts) / sizeof(opts[0]); o++) {
		struct engine *e;

		if (!have(opts[o].kernels))
			continue;
		e = open_tiny(&chatml, &opts[o]);
		CHECK_OK(engine_logits(e, token, n, o == 0 ? want : got));
		if (o > 0)
			CHECK_MEM(want, got, len);
		/* Also those of a part alone. */
		CHECK_OK(engine_logits(e, token, 7, got));
		CHECK_MEM(want, got, 7 * TINY_N * sizeof(float));
		close_tiny(e);
	}
	free(want);
	free(got);
}

TEST(engine_guesses_save_steps)
{
	const struct engine_options slow = { .slots = 1 };
	const struct engine_options fast = { .slots = 1, .speculate = true };
	struct engine *e = open_tiny(&chatml, &slow);
	uint32_t steps = serve_all(e, alone, 0);

	close_tiny(e);
	e = open_tiny(&chatml, &fast);
	CHECK(serve_all(e, now, 0) < steps);
	close_tiny(e);
}

/* ---- rows ----------------------------------------------------------------- */

static uint32_t prompt_done(struct engine *e, int slot)
{
	struct engine_output out;

	engine_poll(e, slot, &out);
	return out.prompt_done;
}

static const char *long_text(size_t n)
{
	static char text[256];

	memset(text, 'x', n);
	text[n] = '\0';
	return text;
}

TEST(engine_reads_a_prompt_at_once_when_nobody_waits)
{
	const struct engine_options opt = { .slots = 2 };
	struct engine *e = open_tiny(&plain, &opt);
	int a = submit(e, long_text(200), 10);
	struct engine_output out;

	CHECK_EQ(engine_step(e), 1);
	engine_poll(e, a, &out);
	CHECK(out.prompt_done == 200 && out.completion_tokens == 1);
	close_tiny(e);
}

TEST(engine_shares_the_rows_of_prompts_evenly)
{
	const struct engine_options opt = { .slots = 4 };
	struct engine *e = open_tiny(&plain, &opt);
	int a = submit(e, "y", 100), b, c, d;

	engine_step(e);
	b = submit(e, long_text(150), 10);
	c = submit(e, long_text(150), 10);
	d = submit(e, "zzz", 10); /* its share goes to the others */
	CHECK_EQ(engine_step(e), 4);
	CHECK_EQ(prompt_done(e, a), 1);
	CHECK_EQ(prompt_done(e, d), 3);
	CHECK(prompt_done(e, b) + prompt_done(e, c) <= 61);
	CHECK(prompt_done(e, b) >= 21 && prompt_done(e, c) >= 21);
	CHECK_EQ(engine_step(e), 4);
	CHECK(prompt_done(e, b) + prompt_done(e, c) >= 2 * 21 + 64);
	close_tiny(e);
}

TEST(engine_cancel_works_after_any_step)
{
	const struct engine_options opt = { .slots = 2, .speculate = true };
	struct engine *e = open_tiny(&chatml, &opt);
	struct engine_output out;

	for (uint32_t steps = 0; steps < 12; steps++) {
		int b, a = submit(e, long_text(100), 30);

		engine_step(e);
		b = submit(e, long_text(150), 30);
		for (uint32_t i = 0; i < steps; i++)
			engine_step(e);
		engine_cancel(e, b);
		engine_cancel(e, a);
		CHECK_EQ(engine_step(e), 0);
		engine_poll(e, b, &out);
		CHECK_EQ(out.finish, ENGINE_CANCELLED);
		engine_release(e, a);
		engine_release(e, b);
	}
	close_tiny(e);
}

/* ---- memory for keys and values ------------------------------------------- */

static uint64_t page_len(void)
{
	const struct kv_shape shape = { .blocks = 2, .heads = 2, .head = 8 };

	return kv_page_len(&shape);
}

TEST(engine_reserves_what_an_answer_may_need)
{
	struct engine_options opt = { .slots = 3 };
	struct err_ctx ctx = { .code = ERR_OK };
	struct engine *e;
	int a, b, c;

	opt.kv_len = 4 * page_len();
	e = open_tiny(&plain, &opt);
	CHECK_EQ(engine_info(e)->context, TINY_CONTEXT);
	a = submit(e, "hello", 100); /* two pages */
	b = submit(e, "x", 50);      /* one */
	CHECK_ERR(try_submit(e, "hello", 100, &c, &ctx), ERR_BUSY);
	if (strstr(ctx.msg, "memory for 64 tokens is free now; the request "
			    "may need 102") == NULL)
		fail_msg("%s", ctx.msg);
	c = submit(e, "x", 60);
	engine_release(e, a);
	engine_release(e, b);
	a = submit(e, "hello", 100);
	engine_release(e, a);
	engine_release(e, c);
	/* All of it for one. */
	a = submit(e, "hello", 1000);
	CHECK_ERR(try_submit(e, "x", 1, &c, NULL), ERR_BUSY);
	close_tiny(e);
}

TEST(engine_without_max_tokens_reserves_a_share)
{
	struct engine_options opt = { .slots = 4, .kv_len = 0 };
	struct engine *e = open_tiny(&plain, &opt);

	for (size_t i = 0; i < 4; i++)
		(void)submit(e, "hello", 0);
	close_tiny(e);
	/* Less than 512 tokens in all: the answer may take everything. */
	opt.kv_len = 4 * page_len();
	e = open_tiny(&plain, &opt);
	(void)submit(e, "hello", 0);
	close_tiny(e);
}

TEST(engine_context_is_no_longer_than_its_memory)
{
	struct engine_options opt = { .slots = 4 };
	struct err_ctx ctx = { .code = ERR_OK };
	struct engine *e;
	int slot;

	opt.kv_len = 2 * page_len() + 1;
	e = open_tiny(&plain, &opt);
	CHECK_EQ(engine_info(e)->context, 128);
	CHECK_ERR(try_submit(e, long_text(128), 1, &slot, &ctx), ERR_LIMIT);
	CHECK(strstr(ctx.msg, "the context holds 128") != NULL);
	close_tiny(e);
	opt.kv_len = page_len() - 1;
	opt.image = tiny_model(&plain);
	ctx = (struct err_ctx){ .code = ERR_OK };
	CHECK_ERR(engine_open(&e, &opt, &ctx), ERR_LIMIT);
	CHECK(strstr(ctx.msg, "kv_len is") != NULL);
	free((void *)(uintptr_t)opt.image.p);
}

TEST(engine_counts_its_memory)
{
	const struct engine_options opts[] = { { .slots = 1 }, { .slots = 2 } };
	struct engine_info info[2];

	for (size_t i = 0; i < 2; i++) {
		struct engine *e = open_tiny(&plain, &opts[i]);

		info[i] = *engine_info(e);
		close_tiny(e);
	}
	CHECK(info[0].slot_len > 4 * page_len());
	CHECK(info[1].total_len - info[0].total_len >= info[0].slot_len);
	CHECK(info[0].total_len > info[0].file_len);
	CHECK_EQ(info[0].width, TINY_WIDTH);
}

/* ---- telling -------------------------------------------------------------- */

static int submit_told(struct engine *e, uint32_t top)
{
	struct engine_message msg = { .role = ENGINE_USER,
		.text = str_bytes("hello") };
	struct engine_request req = { .message = &msg,
		.message_n = 1,
		.max_tokens = 200,
		.logprobs = true,
		.top_logprobs = top };
	int slot;

	CHECK_OK(engine_submit(e, &req, &slot, NULL));
	return slot;
}

TEST(engine_tells_how_likely_tokens_were)
{
	const struct engine_options opt = { .slots = 1 };
	struct engine *e = open_tiny(&plain, &opt);
	struct engine_output out;
	int slot = submit_told(e, ENGINE_TOP_MAX);

	engine_step(e);
	engine_step(e);
	engine_poll(e, slot, &out);
	CHECK_EQ(out.told_n, 2);
	for (uint32_t i = 0; i < 2; i++) {
		const struct engine_told *t = &out.told[i];
		double sum = 0;

		CHECK_EQ(t->top_n, ENGINE_TOP_MAX);
		CHECK(t->logprob == t->top[0].logprob); /* it is greedy */
		CHECK(mem_eq(t->text, t->top[0].text));
		for (uint32_t k = 0; k < t->top_n; k++) {
			CHECK(k == 0 ||
			      t->top[k].logprob <= t->top[k - 1].logprob);
			sum += exp((double)t->top[k].logprob);
		}
		CHECK(sum > 20.0 / TINY_N && sum < 1);
	}
	engine_poll(e, slot, &out);
	CHECK_EQ(out.told_n, 0);
	close_tiny(e);
}

TEST(engine_waits_for_who_reads_what_is_told)
{
	const struct engine_options opt = { .slots = 1, .speculate = true };
	struct engine *e = open_tiny(&plain, &opt);
	struct engine_output out;
	int slot = submit_told(e, 0);
	uint32_t told = 0;

	do {
		while (engine_step(e) != 0)
			;
		engine_poll(e, slot, &out);
		CHECK(out.told_n > 0 || out.finish != ENGINE_RUNNING);
		CHECK(out.told_n == ENGINE_TOLD_MAX ||
		      out.finish != ENGINE_RUNNING);
		told += out.told_n;
	} while (out.finish == ENGINE_RUNNING);
	CHECK_EQ(told, out.completion_tokens);
	CHECK(told > ENGINE_TOLD_MAX);
	close_tiny(e);
}

/* ---- embeddings ----------------------------------------------------------- */

static double dot(const float *a, const float *b, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += (double)a[i] * (double)b[i];
	return sum;
}

/* `pooling` as the file says it; 0: not at all. */
static struct engine *open_pooling(uint32_t pooling)
{
	struct engine_options opt = { .slots = 1 };
	struct gw g;

	gw_begin(&g, TINY_CAP);
	tiny_pairs(&g, &plain);
	if (pooling != 0)
		gw_u32(&g, "llama.pooling_type", pooling);
	tiny_tensors(&g, plain.type);
	image = opt.image = (struct bytes){ g.buf, gw_end(&g) };
	return open_engine(&opt);
}

TEST(engine_embeds_as_the_file_says)
{
	float v[4][2][TINY_WIDTH];
	uint32_t tokens;

	for (uint32_t p = 0; p < 4; p++) {
		struct engine *e = open_pooling(p);

		CHECK_OK(engine_embed(
		    e, str_bytes("hello world"), v[p][0], &tokens, NULL));
		CHECK_EQ(tokens, 7);
		CHECK_OK(engine_embed(
		    e, str_bytes("hello there"), v[p][1], &tokens, NULL));
		for (size_t i = 0; i < 2; i++)
			CHECK(
			    fabs(dot(v[p][i], v[p][i], TINY_WIDTH) - 1) < 1e-6);
		close_tiny(e);
	}
	/* The first token's state, the last one's, the mean. */
	CHECK_MEM(v[2][0], v[2][1], sizeof(v[2][0]));
	CHECK_MEM(v[0], v[3], sizeof(v[0]));
	CHECK(dot(v[0][0], v[0][1], TINY_WIDTH) < 0.9999);
	CHECK(dot(v[1][0], v[1][1], TINY_WIDTH) < 0.9999);
	CHECK(dot(v[1][0], v[0][0], TINY_WIDTH) < 0.9999);
}

TEST(engine_embeds_step_by_step_beside_answers)
{
	struct engine_options opt = { .slots = 2 };
	struct engine *e;
	float alone[TINY_WIDTH], v[TINY_WIDTH];
	uint32_t tokens, steps = 0, moved = 0;
	int slot, other;

	image = opt.image = tiny_model(&plain);
	e = open_engine(&opt);
	CHECK_OK(
	    engine_embed(e, str_bytes(long_text(255)), alone, &tokens, NULL));
	other = submit(e, "x", 100);
	CHECK_OK(engine_embed_begin(
	    e, str_bytes(long_text(255)), &slot, &tokens, NULL));
	do {
		moved += engine_step(e); /* the answer, until it ends */
		steps++;
	} while (!engine_embed_step(e, slot, v));
	CHECK(steps >= 4); /* of up to 64 tokens */
	CHECK(moved > 0 && moved <= steps);
	CHECK_MEM(v, alone, sizeof(v));
	/* One that is given up leaves a slot that can be used. */
	CHECK_OK(engine_embed_begin(
	    e, str_bytes(long_text(255)), &slot, &tokens, NULL));
	CHECK(!engine_embed_step(e, slot, v));
	engine_release(e, slot);
	engine_release(e, other);
	CHECK_OK(engine_embed(e, str_bytes(long_text(255)), v, &tokens, NULL));
	CHECK_MEM(v, alone, sizeof(v));
	close_tiny(e);
}

TEST(engine_embed_checks_its_text)
{
	struct engine *e = open_pooling(1);
	struct err_ctx ctx = { .code = ERR_OK };
	float out[TINY_WIDTH];
	uint32_t tokens;
	int slot;

	CHECK_ERR(
	    engine_embed(e, str_bytes(""), out, &tokens, NULL), ERR_FORMAT);
	CHECK_ERR(engine_embed(e, str_bytes("a\xff"), out, &tokens, NULL),
	    ERR_FORMAT);
	CHECK_OK(
	    engine_embed(e, str_bytes(long_text(255)), out, &tokens, NULL));
	CHECK_EQ(tokens, 255);
	slot = submit(e, "x", 1);
	CHECK_ERR(
	    engine_embed(e, str_bytes("x"), out, &tokens, &ctx), ERR_BUSY);
	CHECK_EQ(tokens, 0);
	engine_release(e, slot);
	close_tiny(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    engine_answers_alike_on_any_machine_in_any_company),
		cmocka_unit_test(
		    engine_logits_are_the_same_bits_on_any_machine),
		cmocka_unit_test(engine_guesses_save_steps),
		cmocka_unit_test(
		    engine_reads_a_prompt_at_once_when_nobody_waits),
		cmocka_unit_test(engine_shares_the_rows_of_prompts_evenly),
		cmocka_unit_test(engine_cancel_works_after_any_step),
		cmocka_unit_test(engine_reserves_what_an_answer_may_need),
		cmocka_unit_test(engine_without_max_tokens_reserves_a_share),
		cmocka_unit_test(engine_context_is_no_longer_than_its_memory),
		cmocka_unit_test(engine_counts_its_memory),
		cmocka_unit_test(engine_tells_how_likely_tokens_were),
		cmocka_unit_test(engine_waits_for_who_reads_what_is_told),
		cmocka_unit_test(engine_embeds_as_the_file_says),
		cmocka_unit_test(engine_embeds_step_by_step_beside_answers),
		cmocka_unit_test(engine_embed_checks_its_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
