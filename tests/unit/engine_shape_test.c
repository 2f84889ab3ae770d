/* Shapes of all families, and each thing in them that must be refused. */
#include "test.h"

#include <math.h>

#include "engine/shape.h"
#include "gguf_writer.h"

static struct gw g;
static char arch[32];

/* Keys without a prefix get the architecture's. */
static const char *key(const char *name)
{
	static char text[96];

	snprintf(text, sizeof(text), "%s.%s", arch, name);
	return text;
}

static void begin(const char *architecture)
{
	gw_begin(&g, 65536);
	snprintf(arch, sizeof(arch), "%s", architecture);
	gw_str(&g, "general.architecture", architecture);
}

/* All that a file must have but for `without`, which is left to the test. */
static void sizes(const char *without)
{
	static const struct {
		const char *name;
		uint32_t v;
	} all[] = {
		{ "context_length", 4096 },
		{ "embedding_length", 256 },
		{ "block_count", 8 },
		{ "feed_forward_length", 512 },
		{ "attention.head_count", 8 },
	};
	static const char eps[] = "attention.layer_norm_rms_epsilon";

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (strcmp(without, all[i].name) != 0)
			gw_u32(&g, key(all[i].name), all[i].v);
	}
	if (strcmp(without, eps) != 0)
		gw_f32(&g, key(eps), 1e-5f);
	if (strcmp(without, "tokens") != 0) {
		gw_array(&g, "tokenizer.ggml.tokens", GGUF_STRING, 3);
		for (int i = 0; i < 3; i++)
			gw_string(&g, "x");
	}
}

static void model(const char *architecture)
{
	begin(architecture);
	sizes("");
}

static struct shape accepted(void)
{
	struct err_ctx ctx = { .code = ERR_OK };
	struct shape s;
	struct gguf f;
	enum err e;

	CHECK_OK(gguf_whole(&f, (struct bytes){ g.buf, gw_end(&g) }, NULL));
	e = shape_read(&s, &f, &ctx);
	if (e != ERR_OK)
		fail_msg("%s", ctx.msg);
	gguf_clear(&f);
	free(g.buf);
	return s;
}

static void refused(enum err want, const char *word)
{
	struct err_ctx ctx = { .code = ERR_OK };
	struct shape s;
	struct gguf f;

	CHECK_OK(gguf_whole(&f, (struct bytes){ g.buf, gw_end(&g) }, NULL));
	CHECK_ERR(shape_read(&s, &f, &ctx), want);
	if (strstr(ctx.msg, word) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", ctx.msg, word);
	CHECK(s.family == NULL && s.width == 0);
	gguf_clear(&f);
	free(g.buf);
}

TEST(shape_reads_sizes_and_defaults)
{
	struct shape s;

	model("llama");
	s = accepted();
	CHECK_STR(s.family->architecture, "llama");
	CHECK(s.blocks == 8 && s.width == 256 && s.hidden == 512);
	CHECK(s.heads == 8 && s.kv_heads == 8 && s.head == 32 && s.rope == 32);
	CHECK(s.vocabulary == 3 && s.trained_context == 4096);
	CHECK(s.window == 0 && s.local_base == 0 && s.rope_base == 10000);
	CHECK(s.epsilon == 1e-5f && s.query_scale == 1 / sqrtf(32));
	CHECK(s.attn_softcap == 0 && s.final_softcap == 0);
	CHECK(s.pooling == POOLING_NONE);
	CHECK(s.scaling.kind == ROPE_LINEAR && s.scaling.factor == 1);
	CHECK(s.scaling.original_context == 4096 && s.scaling.attn_factor == 1);
	CHECK(!shape_is_local(&s, 0) && shape_is_rotated(&s, 3));
}

TEST(shape_reads_what_a_file_says)
{
	struct shape s;

	model("qwen3");
	gw_u32(&g, key("attention.head_count_kv"), 2);
	gw_u32(&g, key("attention.key_length"), 64);
	gw_u32(&g, key("attention.value_length"), 64);
	gw_u32(&g, key("rope.dimension_count"), 48);
	gw_f32(&g, key("rope.freq_base"), 1e6f);
	gw_u32(&g, key("pooling_type"), 3);
	gw_u32(&g, key("expert_count"), 0);
	gw_bool(&g, key("attention.causal"), 1);
	s = accepted();
	CHECK(s.family->head_norm && s.kv_heads == 2 && s.head == 64);
	CHECK(s.rope == 48 && s.rope_base == 1e6f);
	CHECK(s.pooling == POOLING_LAST && s.query_scale == 0.125f);
}

TEST(shape_knows_its_families)
{
	static const char *const names[] = { "llama", "mistral3", "smollm3",
		"qwen2", "qwen3", "phi3", "gemma", "gemma2", "gemma3" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		model(names[i]);
		CHECK_STR(accepted().family->architecture, names[i]);
	}
	model("mamba");
	refused(ERR_UNSUPPORTED, "\"mamba\"; known: llama, mistral3, smollm3, "
				 "qwen2, qwen3, phi3, gemma, gemma2, gemma3");
	gw_begin(&g, 4096);
	refused(ERR_FORMAT, "general.architecture");
	gw_begin(&g, 4096);
	gw_u32(&g, "general.architecture", 1);
	refused(ERR_FORMAT, "general.architecture");
}

TEST(shape_of_gemma2_has_windows_and_softcaps)
{
	struct shape s;

	model("gemma2");
	s = accepted();
	CHECK(s.window == 0); /* 4096, which is the whole context */
	CHECK(s.attn_softcap == 50 && s.final_softcap == 30);
	model("gemma2");
	gw_u32(&g, key("attention.sliding_window"), 512);
	gw_f32(&g, key("attn_logit_softcapping"), 20);
	gw_f32(&g, key("final_logit_softcapping"), 10);
	s = accepted();
	CHECK(s.window == 512 && s.local_base == 0);
	CHECK(shape_is_local(&s, 0) && !shape_is_local(&s, 1));
	CHECK(s.attn_softcap == 20 && s.final_softcap == 10);
}

TEST(shape_of_gemma3_is_global_every_sixth_block)
{
	struct shape s;

	model("gemma3");
	gw_u32(&g, key("attention.sliding_window"), 512);
	s = accepted();
	CHECK(s.local_base == 10000 && s.attn_softcap == 0);
	for (uint32_t i = 0; i < 12; i++)
		CHECK_EQ(shape_is_local(&s, i), i % 6 != 5);
	model("gemma3");
	gw_u32(&g, key("attention.sliding_window"), 4096);
	gw_u32(&g, key("attention.sliding_window_pattern"), 3);
	gw_f32(&g, key("rope.freq_base_swa"), 5000);
	s = accepted();
	CHECK(s.local_base == 5000 && !shape_is_local(&s, 2));
}

/* The largest Gemmas divide by the width per head, not by the head's. */
TEST(shape_scales_queries_of_large_gemmas_by_width)
{
	static const struct {
		const char *name;
		uint32_t blocks;
	} large[] = { { "gemma2", 46 }, { "gemma3", 62 } };

	for (size_t i = 0; i < 2; i++) {
		begin(large[i].name);
		sizes("block_count");
		gw_u32(&g, key("block_count"), large[i].blocks);
		gw_u32(&g, key("attention.key_length"), 128);
		gw_u32(&g, key("attention.value_length"), 128);
		CHECK(accepted().query_scale == 1 / sqrtf(32));
	}
}

TEST(shape_takes_windows_where_a_family_has_them)
{
	struct shape s;

	model("phi3");
	gw_u32(&g, key("attention.sliding_window"), 2047);
	s = accepted();
	CHECK(
	    s.window == 2047 && shape_is_local(&s, 0) && shape_is_local(&s, 7));
	model("llama");
	gw_u32(&g, key("attention.sliding_window"), 1024);
	CHECK_EQ(accepted().window, 1024);
	model("qwen2");
	gw_u32(&g, key("attention.sliding_window"), 4096);
	CHECK_EQ(accepted().window, 0);
	model("qwen2");
	gw_u32(&g, key("attention.sliding_window"), 4095);
	refused(ERR_UNSUPPORTED, "qwen2.attention.sliding_window at offset");
}

TEST(shape_of_smollm3_leaves_every_fourth_block_unrotated)
{
	struct shape s;

	model("smollm3");
	s = accepted();
	for (uint32_t i = 0; i < 8; i++)
		CHECK_EQ(shape_is_rotated(&s, i), i % 4 != 3);
}

TEST(shape_reads_scalings_of_positions)
{
	struct shape s;

	model("qwen2");
	gw_str(&g, key("rope.scaling.type"), "yarn");
	gw_f32(&g, key("rope.scaling.factor"), 4);
	gw_u32(&g, key("rope.scaling.original_context_length"), 1024);
	gw_f32(&g, key("rope.scaling.attn_factor"), 1.5f);
	gw_f32(&g, key("rope.scaling.yarn_ext_factor"), 0.5f);
	gw_f32(&g, key("rope.scaling.yarn_beta_fast"), 16);
	gw_f32(&g, key("rope.scaling.yarn_beta_slow"), 2);
	gw_f32(&g, key("rope.scaling.yarn_log_multiplier"), 0.75f);
	s = accepted();
	CHECK(s.scaling.kind == ROPE_YARN && s.scaling.factor == 4);
	CHECK(s.scaling.original_context == 1024);
	CHECK(s.scaling.attn_factor == 1.5f && s.scaling.ext_factor == 0.5f);
	CHECK(s.scaling.beta_fast == 16 && s.scaling.beta_slow == 2);
	CHECK(s.scaling.log_multiplier == 0.75f);
	model("gemma3"); /* no type means linear; so does the old key */
	gw_f32(&g, key("rope.scaling.factor"), 8);
	s = accepted();
	CHECK(s.scaling.kind == ROPE_LINEAR && s.scaling.factor == 8);
	model("llama");
	gw_f32(&g, key("rope.scale_linear"), 2);
	CHECK(accepted().scaling.factor == 2);
	model("llama");
	gw_str(&g, key("rope.scaling.type"), "none");
	gw_f32(&g, key("rope.scaling.factor"), 8);
	s = accepted();
	CHECK(s.scaling.kind == ROPE_NONE && s.scaling.factor == 1);
	model("llama");
	gw_f32(&g, key("rope.scaling.factor"), 0);
	CHECK(accepted().scaling.factor == 1);
	model("phi3");
	gw_tensor(&g, "rope_factors_long.weight", GGUF_TENSOR_F32, 16, 0);
	CHECK(accepted().scaling.kind == ROPE_LONGROPE);
}

TEST(shape_refuses_other_scalings)
{
	static const struct {
		const char *name;
		float v;
	} bad[] = { { "rope.scaling.factor", 0.5f },
		{ "rope.scaling.factor", 1e6f }, { "rope.scaling.factor", NAN },
		{ "rope.scale_linear", -1 }, { "rope.scaling.attn_factor", 0 },
		{ "rope.scaling.yarn_ext_factor", 2 },
		{ "rope.scaling.yarn_beta_fast", 0 },
		{ "rope.scaling.yarn_beta_slow", 1e7f },
		{ "rope.scaling.yarn_log_multiplier", -1 } };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		model("llama");
		gw_f32(&g, key(bad[i].name), bad[i].v);
		refused(ERR_FORMAT, "out of range");
	}
	model("llama");
	gw_str(&g, key("rope.scaling.type"), "dynamic");
	refused(ERR_UNSUPPORTED, "llama.rope.scaling.type at offset");
	model("llama");
	gw_u32(&g, key("rope.scaling.type"), 1);
	refused(ERR_FORMAT, "not a string");
	model("phi3");
	gw_str(&g, key("rope.scaling.type"), "longrope");
	refused(ERR_FORMAT, "rope_factors_long");
	model("llama");
	gw_u32(&g, key("rope.scaling.original_context_length"), 0);
	refused(ERR_LIMIT, "original_context_length");
}

TEST(shape_refuses_what_changes_the_computation)
{
	static const char *const keys[] = { "expert_count", "logit_scale",
		"residual_scale", "embedding_scale", "attention.scale",
		"attention.clamp_kqv", "attention.max_alibi_bias",
		"attention.temperature_scale", "attention.temperature_length",
		"attention.key_length_swa", "attention.value_length_swa",
		"attention.shared_kv_layers", "rope.dimension_count_swa",
		"rope.scaling.alpha", "use_parallel_residual",
		"nextn_predict_layers", "dense_2_feat_out",
		"dense_3_feat_out" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		model("llama");
		gw_u32(&g, key(keys[i]), 1);
		refused(ERR_UNSUPPORTED, keys[i]);
	}
	model("llama");
	gw_bool(&g, key("attention.causal"), 0);
	refused(ERR_UNSUPPORTED, "attention.causal");
	model("llama");
	gw_u32(&g, key("attention.causal"), 1);
	refused(ERR_FORMAT, "attention.causal");
	model("llama");
	gw_u32(&g, key("pooling_type"), 4);
	refused(ERR_UNSUPPORTED, "pooling_type");
	model("llama");
	gw_f32(&g, key("pooling_type"), 0);
	refused(ERR_FORMAT, "pooling_type");
}

/* One size after the other is missing, then absurd. */
TEST(shape_refuses_bad_sizes)
{
	static const struct {
		const char *name;
		uint64_t too_large; /* 0: none is */
	} all[] = {
		{ "context_length", 0 },
		{ "embedding_length", SHAPE_WIDTH_MAX + 1 },
		{ "block_count", SHAPE_BLOCKS_MAX + 1 },
		{ "feed_forward_length", SHAPE_HIDDEN_MAX + 1 },
		{ "attention.head_count", SHAPE_HEADS_MAX + 1 },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		begin("llama");
		sizes(all[i].name);
		refused(ERR_FORMAT, all[i].name);
		begin("llama");
		sizes(all[i].name);
		gw_u32(&g, key(all[i].name), 0);
		refused(ERR_LIMIT, all[i].name);
		begin("llama");
		sizes(all[i].name);
		gw_f32(&g, key(all[i].name), 8);
		refused(ERR_FORMAT, all[i].name);
		if (all[i].too_large == 0)
			continue;
		begin("llama");
		sizes(all[i].name);
		gw_u32(&g, key(all[i].name), (uint32_t)all[i].too_large);
		refused(ERR_LIMIT, all[i].name);
	}
}

TEST(shape_refuses_bad_heads)
{
	static const struct {
		const char *name;
		uint32_t v;
		enum err want;
	} bad[] = { { "attention.head_count_kv", 9, ERR_LIMIT },
		{ "attention.head_count_kv", 3, ERR_UNSUPPORTED },
		{ "attention.key_length", SHAPE_HEAD_MAX + 1, ERR_LIMIT },
		{ "attention.key_length", 33, ERR_UNSUPPORTED },
		{ "attention.value_length", 16, ERR_UNSUPPORTED },
		{ "rope.dimension_count", 34, ERR_LIMIT },
		{ "rope.dimension_count", 31, ERR_UNSUPPORTED } };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		model("llama");
		gw_u32(&g, key(bad[i].name), bad[i].v);
		refused(bad[i].want, "");
	}
	begin("llama"); /* heads of no width */
	sizes("attention.head_count");
	gw_u32(&g, key("attention.head_count"), 1024);
	refused(ERR_FORMAT, "key_length");
}

TEST(shape_refuses_bad_numbers)
{
	static const struct {
		const char *name;
		float v;
	} bad[] = { { "attention.layer_norm_rms_epsilon", 0 },
		{ "attention.layer_norm_rms_epsilon", NAN },
		{ "rope.freq_base", 1 }, { "rope.freq_base", INFINITY },
		{ "rope.freq_base_swa", 0 }, { "attn_logit_softcapping", -1 },
		{ "final_logit_softcapping", NAN } };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		begin("gemma3");
		sizes(bad[i].name);
		gw_f32(&g, key(bad[i].name), bad[i].v);
		refused(ERR_FORMAT, bad[i].name);
	}
	model("gemma3");
	gw_u32(&g, key("rope.freq_base"), 10000);
	refused(ERR_FORMAT, "rope.freq_base");
	begin("llama");
	sizes("attention.layer_norm_rms_epsilon");
	refused(ERR_FORMAT, "no llama.attention.layer_norm_rms_epsilon");
	model("gemma3");
	gw_u32(&g, key("attention.sliding_window_pattern"), 0);
	refused(ERR_LIMIT, "sliding_window_pattern");
	model("llama");
	gw_f32(&g, key("attention.sliding_window"), 1);
	refused(ERR_FORMAT, "sliding_window");
}

TEST(shape_refuses_a_bad_vocabulary)
{
	begin("llama");
	sizes("tokens");
	refused(ERR_FORMAT, "no tokenizer.ggml.tokens");
	begin("llama");
	sizes("tokens");
	gw_array(&g, "tokenizer.ggml.tokens", GGUF_STRING, 0);
	refused(ERR_FORMAT, "empty");
	begin("llama");
	sizes("tokens");
	gw_array(&g, "tokenizer.ggml.tokens", GGUF_U8, 1);
	wr_u8(&g.w, 1);
	refused(ERR_FORMAT, "tokenizer.ggml.tokens");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shape_reads_sizes_and_defaults),
		cmocka_unit_test(shape_reads_what_a_file_says),
		cmocka_unit_test(shape_knows_its_families),
		cmocka_unit_test(shape_of_gemma2_has_windows_and_softcaps),
		cmocka_unit_test(shape_of_gemma3_is_global_every_sixth_block),
		cmocka_unit_test(shape_scales_queries_of_large_gemmas_by_width),
		cmocka_unit_test(shape_takes_windows_where_a_family_has_them),
		cmocka_unit_test(
		    shape_of_smollm3_leaves_every_fourth_block_unrotated),
		cmocka_unit_test(shape_reads_scalings_of_positions),
		cmocka_unit_test(shape_refuses_other_scalings),
		cmocka_unit_test(shape_refuses_what_changes_the_computation),
		cmocka_unit_test(shape_refuses_bad_sizes),
		cmocka_unit_test(shape_refuses_bad_heads),
		cmocka_unit_test(shape_refuses_bad_numbers),
		cmocka_unit_test(shape_refuses_a_bad_vocabulary),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
