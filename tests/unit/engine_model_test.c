/*
 * Logits and greedy texts of real files, one for each architecture and type of
 * weights, against recorded ones; and the same bits from every kind of kernels,
 * number of threads and cut of the prompt.
 */
#include "engine_test.h"

#include <math.h>

#include "engine/kernels.h"

#define TOKENS_MAX 320
#define GREEDY_MAX 256

/* How far from the recorded logits; MANIFEST.json says why. */
#define NMSE_F32       1e-6
#define NMSE_F16       1e-5
#define NMSE_BF16      1e-4
#define NMSE_QUANTISED 2e-3

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

static struct engine *open_model(
    const char *model, enum engine_kernels kernels, uint32_t threads)
{
	char name[128], path[4096];

	snprintf(name, sizeof(name), "llm/%s.gguf", model);
	snprintf(path, sizeof(path), "%s", vector_path(name));
	return open_engine(&(struct engine_options){
	    .path = path, .threads = threads, .kernels = kernels });
}

static struct json sidecar(const char *model, uint8_t **text)
{
	char name[128];

	snprintf(name, sizeof(name), "llm/%s.json", model);
	return load_json(name, text);
}

/* The stories share one sidecar. */
static void story_tokens(struct logits *l, const char *model)
{
	struct json array, one, name;
	struct json_iter it;
	uint8_t *text;
	struct json doc = sidecar("stories260K/stories260K", &text);

	assert_true(json_get(&doc, "models", &array));
	for (it = json_iter(&array); json_next(&it, NULL, &one);) {
		char file[64];

		snprintf(file, sizeof(file), "%s.gguf", strchr(model, '/') + 1);
		assert_true(json_get(&one, "model", &name));
		if (json_is_str(&name, file))
			l->n = json_tokens(
			    &one, "logits_tokens", l->token, TOKENS_MAX);
	}
	free(text);
}

static void load_tokens(struct logits *l, const char *model)
{
	uint8_t *text;
	struct json doc;

	if (strncmp(model, "stories", 7) == 0) {
		story_tokens(l, model);
		return;
	}
	doc = sidecar(model, &text);
	l->n = json_tokens(&doc, "tokens", l->token, TOKENS_MAX);
	free(text);
}

/* Logits of a model for the tokens of its sidecar. */
static void run(struct logits *l, const char *model,
    enum engine_kernels kernels, uint32_t threads)
{
	struct engine *e = open_model(model, kernels, threads);

	load_tokens(l, model);
	l->vocabulary = engine_info(e)->vocabulary;
	l->got = malloc(l->n * l->vocabulary * sizeof(float));
	CHECK_OK(engine_logits(e, l->token, l->n, l->got));
	engine_close(e);
}

static void within(const char *model, const char *kind, double limit)
{
	struct logits l;
	char name[128];
	double error;
	float *want;
	size_t len;

	run(&l, model, ENGINE_KERNELS_AUTO, 1);
	snprintf(name, sizeof(name), "llm/%s.%s.bin", model, kind);
	want = (float *)read_file(vector_path(name), &len);
	CHECK_EQ(len, l.n * l.vocabulary * sizeof(float));
	error = nmse(l.got, want, l.n * l.vocabulary);
	print_message("%s %s: %.2e\n", model, kind, error);
	if (!(error <= limit))
		fail_msg(
		    "%s %s: %.2e is above %.0e", model, kind, error, limit);
	free(want);
	free(l.got);
}

static const char *const f32_models[] = { "tiny/llama-F32", "tiny/llama3-F32",
	"tiny/qwen2-F32", "tiny/qwen3-F32", "tiny/gemma2-F32",
	"tiny/gemma3-F32", "tiny/phi3-F32" };

static const char *const quantised_models[] = { "tiny/llama-Q8_0",
	"tiny/llama3-Q8_0", "tiny/qwen2-Q8_0", "tiny/qwen3-Q8_0",
	"tiny/gemma2-Q8_0", "tiny/gemma3-Q8_0", "tiny/phi3-Q8_0",
	"tiny/llama-Q4_0", "tiny/llama3-Q4_0", "tiny/qwen2-Q4_0",
	"tiny/qwen3-Q4_0", "tiny/gemma2-Q4_0", "tiny/gemma3-Q4_0",
	"tiny/phi3-Q4_0", "tiny/llama-Q4_1", "tiny/llama-Q5_0",
	"tiny/llama-Q5_1", "tiny/llama-Q4_K_M", "tiny/llama-k256-Q8_0",
	"tiny/llama-k256-Q4_K", "tiny/llama-k256-Q5_K", "tiny/llama-k256-Q6_K",
	"tiny/llama-k256-Q4_K_M", "tiny/qwen3-k256-Q4_K_M" };

#define N_OF(a) (sizeof(a) / sizeof((a)[0]))

TEST(model_matches_logits_of_every_architecture)
{
	for (size_t i = 0; i < N_OF(f32_models); i++)
		within(f32_models[i], "logits", NMSE_F32);
}

TEST(model_matches_logits_of_16_bit_weights)
{
	within("tiny/llama-F16", "logits", NMSE_F16);
	within("tiny/llama-F16", "dequant-logits", NMSE_F32);
	within("tiny/llama-BF16", "logits", NMSE_BF16);
	within("tiny/llama-BF16", "dequant-logits", NMSE_F32);
}

TEST(model_matches_logits_of_every_quantised_type)
{
	for (size_t i = 0; i < N_OF(quantised_models); i++) {
		within(quantised_models[i], "logits", NMSE_QUANTISED);
		within(quantised_models[i], "dequant-logits", NMSE_QUANTISED);
	}
}

TEST(model_matches_logits_of_a_trained_model)
{
	within("stories260K/stories260K-F32", "logits", NMSE_F32);
	within("stories260K/stories260K-F16", "logits", NMSE_F16);
	within("stories260K/stories260K-ff192-Q8_0", "logits", NMSE_QUANTISED);
	within("stories260K/stories260K-ff192-Q4_0", "logits", NMSE_QUANTISED);
}

/* ---- greedy texts ---- */

static uint32_t best(const float *logits, size_t n)
{
	uint32_t at = 0;

	for (uint32_t i = 1; i < n; i++)
		at = logits[i] > logits[at] ? i : at;
	return at;
}

/* Continue the tokens of *l greedily by n, each from the whole text so far. */
static void continue_greedily(const char *model, struct logits *l, size_t n)
{
	struct engine *e = open_model(model, ENGINE_KERNELS_AUTO, 1);
	size_t vocabulary = engine_info(e)->vocabulary;
	float *got = malloc(TOKENS_MAX * vocabulary * sizeof(float));

	for (; n > 0; n--, l->n++) {
		CHECK_OK(engine_logits(e, l->token, l->n, got));
		l->token[l->n] =
		    best(got + (l->n - 1) * vocabulary, vocabulary);
	}
	free(got);
	engine_close(e);
}

/* Steps until the recorded choice was too close to be demanded. */
static size_t clear_steps(const struct json *doc, double margin)
{
	struct json array, one;
	struct json_iter it;
	size_t n = 0;
	double m = 0;

	assert_true(json_get(doc, "greedy32_top1_minus_top2", &array));
	for (it = json_iter(&array); json_next(&it, NULL, &one); n++) {
		CHECK_OK(json_double(&one, &m));
		if (m < margin)
			return n;
	}
	return n;
}

static size_t greedy(const char *model, double margin)
{
	uint32_t want[GREEDY_MAX];
	struct logits l = { .n = 0 };
	uint8_t *text;
	struct json doc = sidecar(model, &text);
	size_t from, n = clear_steps(&doc, margin);

	from = l.n = json_tokens(&doc, "tokens", l.token, TOKENS_MAX);
	(void)json_tokens(&doc, "greedy32", want, GREEDY_MAX);
	free(text);
	continue_greedily(model, &l, n);
	CHECK_MEM(l.token + from, want, n * sizeof(uint32_t));
	return n;
}

TEST(model_continues_as_recorded_while_the_choice_is_clear)
{
	size_t steps = 0;

	for (size_t i = 0; i < N_OF(f32_models); i++)
		steps += greedy(f32_models[i], 0.01);
	for (size_t i = 0; i < N_OF(quantised_models); i++)
		steps += greedy(quantised_models[i], 1.0);
	print_message("%zu steps compared\n", steps);
	assert_true(steps > 150);
}

/* ---- the same bits ---- */

static void same(const char *model, const struct logits *want,
    enum engine_kernels kernels, uint32_t threads)
{
	struct logits l;

	run(&l, model, kernels, threads);
	CHECK_MEM(l.got, want->got, l.n * l.vocabulary * sizeof(float));
	free(l.got);
}

static void same_everywhere(const char *model)
{
	struct logits l;

	run(&l, model, ENGINE_KERNELS_SCALAR, 1);
	same(model, &l, ENGINE_KERNELS_SCALAR, 2);
	if (kernels_have_avx2())
		same(model, &l, ENGINE_KERNELS_AVX2, 1);
	if (kernels_have_avx512())
		same(model, &l, ENGINE_KERNELS_AVX512, 3);
	free(l.got);
}

TEST(model_gives_the_same_bits_for_every_width_and_number_of_threads)
{
	for (size_t i = 0; i < N_OF(f32_models); i++)
		same_everywhere(f32_models[i]);
	same_everywhere("tiny/llama-F16");
	same_everywhere("tiny/llama-BF16");
	for (size_t i = 0; i < N_OF(quantised_models); i++)
		same_everywhere(quantised_models[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(model_matches_logits_of_every_architecture),
		cmocka_unit_test(model_matches_logits_of_16_bit_weights),
		cmocka_unit_test(model_matches_logits_of_every_quantised_type),
		cmocka_unit_test(model_matches_logits_of_a_trained_model),
		cmocka_unit_test(
		    model_continues_as_recorded_while_the_choice_is_clear),
		cmocka_unit_test(
		    model_gives_the_same_bits_for_every_width_and_number_of_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
