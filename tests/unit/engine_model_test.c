/* Logits of real files against recorded ones; scalar, AVX2, threads, batches. */
#include "engine_test.h"

#include <math.h>

#include "engine/plain.h"

#define TOKENS_MAX 64

struct logits {
	uint32_t token[TOKENS_MAX];
	size_t n;
	size_t vocabulary;
	float *got;
};

static double nmse(const float *a, const float *b, size_t n)
{
	double num = 0, den = 0;

	for (size_t i = 0; i < n; i++) {
		double d = (double)a[i] - (double)b[i];

		num += d * d;
		den += (double)b[i] * (double)b[i];
	}
	assert_true(den > 0);
	return num / den;
}

/* Logits of a model in tiny/ for the tokens of its sidecar. */
static void run(struct logits *l, const char *model,
    enum engine_kernels kernels, uint32_t threads)
{
	struct engine_options opt = { .threads = threads, .kernels = kernels };
	char name[128], path[4096];
	struct engine *e;
	struct json doc;
	uint8_t *text;

	snprintf(name, sizeof(name), "llm/tiny/%s.json", model);
	doc = load_json(name, &text);
	l->n = json_tokens(&doc, "tokens", l->token, TOKENS_MAX);
	free(text);
	snprintf(name, sizeof(name), "llm/tiny/%s.gguf", model);
	snprintf(path, sizeof(path), "%s", vector_path(name));
	opt.path = path;
	e = open_engine(&opt);
	l->vocabulary = engine_info(e)->vocabulary;
	l->got = malloc(l->n * l->vocabulary * sizeof(float));
	CHECK_OK(engine_logits(e, l->token, l->n, l->got));
	engine_close(e);
}

static double compare(
    const char *model, const char *kind, enum engine_kernels kernels)
{
	struct logits l;
	char name[128];
	double error;
	float *want;
	size_t len;

	run(&l, model, kernels, 1);
	snprintf(name, sizeof(name), "llm/tiny/%s.%s.bin", model, kind);
	want = (float *)read_file(vector_path(name), &len);
	CHECK_EQ(len, l.n * l.vocabulary * sizeof(float));
	error = nmse(l.got, want, l.n * l.vocabulary);
	print_message("%s %s %s: %.2e\n", model, kind,
	    kernels == ENGINE_KERNELS_SCALAR ? "scalar" : "avx2", error);
	free(want);
	free(l.got);
	return error;
}

static void within(const char *model, const char *kind, double limit)
{
	assert_true(compare(model, kind, ENGINE_KERNELS_SCALAR) <= limit);
	if (plain_have_avx2())
		assert_true(compare(model, kind, ENGINE_KERNELS_AVX2) <= limit);
}

TEST(model_matches_f32_logits)
{
	within("llama-F32", "logits", 1e-6);
	within("llama3-F32", "logits", 1e-6);
	within("qwen2-F32", "logits", 1e-6);
	within("qwen3-F32", "logits", 1e-6);
}

TEST(model_matches_f16_logits)
{
	within("llama-F16", "logits", 1e-5);
	within("llama-F16", "dequant-logits", 1e-6);
}

TEST(model_matches_q8_logits)
{
	static const char *const models[] = { "llama-Q8_0", "llama-k256-Q8_0",
		"llama3-Q8_0", "qwen2-Q8_0", "qwen3-Q8_0" };

	for (size_t i = 0; i < sizeof(models) / sizeof(models[0]); i++) {
		within(models[i], "logits", 2e-3);
		within(models[i], "dequant-logits", 1e-6);
	}
}

/* Threads only share out the work; not one bit of a result may change. */
TEST(model_is_the_same_for_any_number_of_threads)
{
	struct logits one, four;

	run(&one, "llama-k256-Q8_0", ENGINE_KERNELS_AUTO, 1);
	run(&four, "llama-k256-Q8_0", ENGINE_KERNELS_AUTO, 4);
	CHECK_MEM(one.got, four.got, one.n * one.vocabulary * sizeof(float));
	free(one.got);
	free(four.got);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(model_matches_f32_logits),
		cmocka_unit_test(model_matches_f16_logits),
		cmocka_unit_test(model_matches_q8_logits),
		cmocka_unit_test(model_is_the_same_for_any_number_of_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
