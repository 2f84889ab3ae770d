/* Published shapes, and which numbers files of a mix keep where. */
#include <string.h>

#include "llm/tensors.h"

static const struct llm_shape shapes[] = {
	{ .name = "smollm2-135m",
	    .architecture = "llama",
	    .pretok = "smollm",
	    .blocks = 30,
	    .width = 576,
	    .hidden = 1536,
	    .heads = 9,
	    .kv_heads = 3,
	    .head = 64,
	    .vocabulary = 49152,
	    .context = 8192,
	    .rope_base = 100000,
	    .epsilon = 1e-5f },
	{ .name = "qwen2.5-0.5b",
	    .architecture = "qwen2",
	    .pretok = "qwen2",
	    .blocks = 24,
	    .width = 896,
	    .hidden = 4864,
	    .heads = 14,
	    .kv_heads = 2,
	    .head = 64,
	    .vocabulary = 151936,
	    .context = 32768,
	    .rope_base = 1000000,
	    .epsilon = 1e-6f,
	    .bias = true },
	{ .name = "qwen3-0.6b",
	    .architecture = "qwen3",
	    .pretok = "qwen2",
	    .blocks = 28,
	    .width = 1024,
	    .hidden = 3072,
	    .heads = 16,
	    .kv_heads = 8,
	    .head = 128,
	    .vocabulary = 151936,
	    .context = 40960,
	    .rope_base = 1000000,
	    .epsilon = 1e-6f,
	    .head_norm = true },
	{ .name = "llama3.2-1b",
	    .architecture = "llama",
	    .pretok = "llama-bpe",
	    .blocks = 16,
	    .width = 2048,
	    .hidden = 8192,
	    .heads = 32,
	    .kv_heads = 8,
	    .head = 64,
	    .vocabulary = 128256,
	    .context = 131072,
	    .rope_base = 500000,
	    .epsilon = 1e-5f,
	    .rope_freqs = true },
	{ .name = "qwen2.5-1.5b",
	    .architecture = "qwen2",
	    .pretok = "qwen2",
	    .blocks = 28,
	    .width = 1536,
	    .hidden = 8960,
	    .heads = 12,
	    .kv_heads = 2,
	    .head = 128,
	    .vocabulary = 151936,
	    .context = 32768,
	    .rope_base = 1000000,
	    .epsilon = 1e-6f,
	    .bias = true },
};

static const char *const mixes[LLM_MIX_N] = { "Q8_0", "Q4_0", "Q4_K_M" };

const struct llm_shape *llm_shape_at(size_t i)
{
	return i < sizeof(shapes) / sizeof(shapes[0]) ? &shapes[i] : NULL;
}

const struct llm_shape *llm_shape_find(const char *name)
{
	const struct llm_shape *s;

	for (size_t i = 0; (s = llm_shape_at(i)) != NULL; i++) {
		if (strcmp(s->name, name) == 0)
			return s;
	}
	return NULL;
}

const char *llm_mix_name(enum llm_mix mix)
{
	return mixes[mix];
}

enum llm_mix llm_mix_find(const char *name)
{
	unsigned mix = 0;

	while (mix < LLM_MIX_N && strcmp(mixes[mix], name) != 0)
		mix++;
	return (enum llm_mix)mix;
}

/* Blocks whose attn_v and ffn_down a Q4_K_M file keeps in more bits. */
static bool more_bits(uint32_t block, uint32_t blocks)
{
	return block < blocks / 8 || block >= 7 * blocks / 8 ||
	       (block - blocks / 8) % 3 == 2;
}

/* Formats with blocks of 256 columns give way where rows do not divide. */
static enum gguf_tensor_type fitting(enum gguf_tensor_type type, uint32_t cols)
{
	if (cols % 256 == 0)
		return type;
	if (type == GGUF_TENSOR_Q4_K)
		return GGUF_TENSOR_Q5_0;
	return type == GGUF_TENSOR_Q6_K ? GGUF_TENSOR_Q8_0 : type;
}

static enum gguf_tensor_type type_of(enum llm_mix mix, bool rich, uint32_t cols)
{
	static const enum gguf_tensor_type plain[LLM_MIX_N] = {
		GGUF_TENSOR_Q8_0, GGUF_TENSOR_Q4_0, GGUF_TENSOR_Q4_K
	};

	if (rich && mix != LLM_Q8_0)
		return fitting(GGUF_TENSOR_Q6_K, cols);
	return fitting(plain[mix], cols);
}

/* The largest block: 9 matrices and norms, 3 biases, 2 norms of heads. */
#define PARTS 14

static size_t block_parts(struct llm_tensor part[PARTS],
    const struct llm_shape *s, bool more, enum llm_mix mix)
{
	const uint32_t q = s->heads * s->head, kv = s->kv_heads * s->head;
	const uint32_t norm = s->head_norm ? s->head : 0;
	const bool rich = more && mix == LLM_Q4_K_M;
	const struct {
		const char *name;
		uint32_t cols, rows;
		enum llm_fill fill;
		bool rich;
	} all[PARTS] = {
		{ "attn_norm.weight", s->width, 0, LLM_ONES, false },
		{ "attn_q.weight", s->width, q, LLM_RANDOM, false },
		{ "attn_k.weight", s->width, kv, LLM_RANDOM, false },
		{ "attn_v.weight", s->width, kv, LLM_RANDOM, rich },
		{ "attn_output.weight", q, s->width, LLM_RANDOM, false },
		{ "ffn_norm.weight", s->width, 0, LLM_ONES, false },
		{ "ffn_gate.weight", s->width, s->hidden, LLM_RANDOM, false },
		{ "ffn_up.weight", s->width, s->hidden, LLM_RANDOM, false },
		{ "ffn_down.weight", s->hidden, s->width, LLM_RANDOM, rich },
		{ "attn_q.bias", s->bias ? q : 0, 0, LLM_SMALL, false },
		{ "attn_k.bias", s->bias ? kv : 0, 0, LLM_SMALL, false },
		{ "attn_v.bias", s->bias ? kv : 0, 0, LLM_SMALL, false },
		{ "attn_q_norm.weight", norm, 0, LLM_ONES, false },
		{ "attn_k_norm.weight", norm, 0, LLM_ONES, false },
	};
	size_t n = 0;

	for (size_t i = 0; i < PARTS; i++) {
		if (all[i].cols == 0)
			continue;
		part[n] = (struct llm_tensor){ .name = all[i].name,
			.cols = all[i].cols,
			.rows = all[i].rows,
			.fill = all[i].fill };
		if (all[i].rows > 0)
			part[n].type = type_of(mix, all[i].rich, all[i].cols);
		n++;
	}
	return n;
}

void llm_each_tensor(const struct llm_shape *s, enum llm_mix mix,
    llm_tensor_fn *fn, void *cookie)
{
	const struct llm_tensor whole[] = {
		{ .name = "token_embd.weight",
		    .cols = s->width,
		    .rows = s->vocabulary,
		    .type = type_of(mix, true, s->width) },
		{ .name = "output_norm.weight",
		    .cols = s->width,
		    .fill = LLM_ONES },
		{ .name = "rope_freqs.weight",
		    .cols = s->head / 2,
		    .fill = LLM_ONES },
	};

	for (size_t i = 0; i < (s->rope_freqs ? 3 : 2); i++)
		fn(cookie, &whole[i]);
	for (uint32_t b = 0; b < s->blocks; b++) {
		struct llm_tensor part[PARTS];
		const size_t n =
		    block_parts(part, s, more_bits(b, s->blocks), mix);

		for (size_t i = 0; i < n; i++) {
			char name[LLM_NAME_MAX];

			(void)snprintf(
			    name, sizeof(name), "blk.%u.%s", b, part[i].name);
			part[i].name = name;
			fn(cookie, &part[i]);
		}
	}
}
