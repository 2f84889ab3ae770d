/* Logits of files of all families and types against recorded ones. */
#include "engine_test.h"

#include <math.h>

#include "engine/kernels.h"

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

static double compare(const char *model, const char *kind)
{
	struct logits l;
	char name[128];
	double error;
	float *want;
	size_t len;

	run(&l, model, ENGINE_KERNELS_AUTO, 1);
	snprintf(name, sizeof(name), "llm/tiny/%s.%s.bin", model, kind);
	want = (float *)read_file(vector_path(name), &len);
	CHECK_EQ(len, l.n * l.vocabulary * sizeof(float));
	error = nmse(l.got, want, l.n * l.vocabulary);
	print_message("%s %s: %.2e\n", model, kind, error);
	free(want);
	free(l.got);
	return error;
}

/* Keys and values are halves, which alone costs about 4e-7. */
TEST(model_matches_float_logits)
{
	static const char *const models[] = { "gemma2-F32", "gemma3-F32",
		"llama-F32", "llama3-F32", "phi3-F32", "qwen2-F32",
		"qwen3-F32" };

	for (size_t i = 0; i < sizeof(models) / sizeof(models[0]); i++)
		assert_true(compare(models[i], "logits") <= 1e-6);
	assert_true(
	    compare("llama-F16", "logits") <= 1e-5);
	assert_true(
	    compare("llama-BF16", "logits") <= 1e-4);
}

/* Activations are rounded to 8 bits, as in the recorded runs. */
TEST(model_matches_quantised_logits)
{
	static const char *const models[] = { "gemma2-Q4_0", "gemma2-Q8_0",
		"gemma3-Q4_0", "gemma3-Q8_0", "llama-Q4_0", "llama-Q4_1",
		"llama-Q4_K_M", "llama-Q5_0", "llama-Q5_1", "llama-Q8_0",
		"llama-k256-Q4_K", "llama-k256-Q4_K_M", "llama-k256-Q5_K",
		"llama-k256-Q6_K", "llama-k256-Q8_0", "llama3-Q4_0",
		"llama3-Q8_0", "phi3-Q4_0", "phi3-Q8_0", "qwen2-Q4_0",
		"qwen2-Q8_0", "qwen3-Q4_0", "qwen3-Q8_0",
		"qwen3-k256-Q4_K_M" };

	for (size_t i = 0; i < sizeof(models) / sizeof(models[0]); i++) {
		assert_true(compare(models[i], "logits") <= 2e-3);
		assert_true(compare(models[i], "dequant-logits") <= 2e-3);
	}
}

/* Threads share out the work, kernels do more at once: no bit may change. */
TEST(model_is_the_same_with_any_threads_and_kernels)
{
	static const char *const models[] = { "llama-k256-Q4_K_M",
		"gemma3-Q4_0", "phi3-Q8_0", "llama-Q5_1", "qwen3-F32" };
	const enum engine_kernels other[] = { ENGINE_KERNELS_AUTO,
		kernels_have_avx2() ? ENGINE_KERNELS_AVX2
				    : ENGINE_KERNELS_AUTO };
	struct logits one, four;

	for (size_t i = 0; i < sizeof(models) / sizeof(models[0]); i++) {
		run(&one, models[i], ENGINE_KERNELS_SCALAR, 1);
		for (size_t k = 0; k < 2; k++) {
			run(&four, models[i], other[k], 4);
			CHECK_MEM(one.got, four.got,
			    one.n * one.vocabulary * sizeof(float));
			free(four.got);
		}
		free(one.got);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(model_matches_float_logits),
		cmocka_unit_test(model_matches_quantised_logits),
		cmocka_unit_test(
		    model_is_the_same_with_any_threads_and_kernels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
