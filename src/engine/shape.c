/* The families, and a model's shape from its file; see shape.h. */
#include "engine/shape.h"

#include <math.h>

#include "base/assert.h"
#include "base/fmt.h"

#define KEY_LEN     96
#define BASE_MIN    1.01f /* of rotary positions; its logarithm divides */
#define BASE_MAX    1e12f
#define SOFTCAP_MAX 1e6f
#define FACTOR_MAX  65536.0f
#define TURNS_MIN   1e-3f
#define TURNS_MAX   1e6f
#define KNOWN_FAMILIES                                                         \
	"llama, mistral3, smollm3, qwen2, qwen3, phi3, gemma, gemma2, gemma3"

static const struct family families[] = {
	{ .architecture = "llama", .qkv_bias = true, .windowed = true },
	{ .architecture = "mistral3", .qkv_bias = true, .windowed = true },
	{ .architecture = "smollm3", .unrotated_every = 4 },
	{ .architecture = "qwen2", .rope_halves = true, .qkv_bias = true },
	{ .architecture = "qwen3", .rope_halves = true, .head_norm = true },
	{ .architecture = "phi3",
	    .rope_halves = true,
	    .fused_qkv = true,
	    .fused_up = true,
	    .windowed = true },
	{ .architecture = "gemma",
	    .rope_halves = true,
	    .gelu = true,
	    .scaled_embedding = true },
	{ .architecture = "gemma2",
	    .rope_halves = true,
	    .gelu = true,
	    .scaled_embedding = true,
	    .post_norms = true,
	    .windowed = true,
	    .flat_blocks = 46, /* 27 B */
	    .window = 4096,
	    .global_every = 2,
	    .attn_softcap = 50,
	    .final_softcap = 30 },
	{ .architecture = "gemma3",
	    .rope_halves = true,
	    .gelu = true,
	    .scaled_embedding = true,
	    .post_norms = true,
	    .head_norm = true,
	    .windowed = true,
	    .flat_blocks = 62, /* 27 B */
	    .global_every = 6,
	    .local_base = 10000 },
};

/*
 * Keys that change the computation in ways that are not built here: refused
 * unless their value is zero. "attention.scale" and the other scales belong to
 * families that are variants of llama.
 */
static const char *const refused[] = { "expert_count", "logit_scale",
	"residual_scale", "embedding_scale", "attention.scale",
	"attention.clamp_kqv", "attention.max_alibi_bias",
	"attention.temperature_scale", "attention.temperature_length",
	"attention.key_length_swa", "attention.value_length_swa",
	"attention.shared_kv_layers", "rope.dimension_count_swa",
	"rope.scaling.alpha", "use_parallel_residual", "nextn_predict_layers",
	"dense_2_feat_out", "dense_3_feat_out" };

bool shape_is_local(const struct shape *s, uint32_t block)
{
	return s->window != 0 &&
	       (s->global_every == 0 ||
		   block % s->global_every != s->global_every - 1);
}

bool shape_is_rotated(const struct shape *s, uint32_t block)
{
	uint32_t every = s->family->unrotated_every;

	return every == 0 || block % every != every - 1;
}

/* The file, and a key of its architecture that is being looked at. */
struct reader {
	const struct gguf *g;
	const char *architecture;
	char key[KEY_LEN];
	struct err_ctx *ctx;
};

static const char *key_of(struct reader *r, const char *name)
{
	size_t n = fmt_print(r->key, KEY_LEN, "%s.%s", r->architecture, name);

	assert(n < KEY_LEN);
	return r->key;
}

/* A message about the key that was looked at last. */
static enum err refuse(struct reader *r, enum err e, const char *why)
{
	const struct gguf_pair *pair = gguf_find(r->g, r->key);

	if (pair == NULL)
		return err_set(r->ctx, e, "gguf: no %s", r->key);
	return err_set(r->ctx, e, "gguf: %s at offset %zu: %s", r->key,
	    (size_t)pair->offset, why);
}

static enum err find_family(struct shape *s, struct reader *r)
{
	static const char key[] = "general.architecture";
	struct bytes name;
	enum err e = gguf_string(r->g, key, &name, r->ctx);

	if (e != ERR_OK)
		return err_set(r->ctx, ERR_FORMAT, "gguf: no %s", key);
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		if (mem_eq_str(name, families[i].architecture)) {
			s->family = &families[i];
			r->architecture = families[i].architecture;
			return ERR_OK;
		}
	}
	return err_set(r->ctx, ERR_UNSUPPORTED,
	    "gguf: %s at offset %zu is \"%.*s\"; known: " KNOWN_FAMILIES, key,
	    (size_t)gguf_find(r->g, key)->offset,
	    name.len > 24 ? 24 : (int)name.len, (const char *)name.p);
}

/* Absent: *out stays, which is an error if it is 0. */
static enum err read_size(
    struct reader *r, const char *name, uint32_t max, uint32_t *out)
{
	enum err e = gguf_u32(r->g, key_of(r, name), out, r->ctx);

	if (e == ERR_NOTFOUND && *out == 0)
		return refuse(r, ERR_FORMAT, NULL);
	if (gguf_optional(e) == ERR_OK && (*out == 0 || *out > max))
		return err_set(r->ctx, ERR_LIMIT,
		    "gguf: %s is %u, limit 1 to %u", r->key, *out, max);
	return gguf_optional(e);
}

/* Absent: *out stays, and is judged like a value of the file. */
struct number {
	const char *name;
	float min, max;
	float *out;
};

static enum err read_numbers(
    struct reader *r, const struct number *number, size_t n)
{
	enum err e = ERR_OK;

	for (size_t i = 0; i < n && e == ERR_OK; i++, number++) {
		e = gguf_optional(gguf_f32(
		    r->g, key_of(r, number->name), number->out, r->ctx));
		/* Also refuses NaN. */
		if (e == ERR_OK && !(*number->out >= number->min &&
				       *number->out <= number->max))
			e = refuse(r, ERR_FORMAT, "out of range");
	}
	return e;
}

static enum err refuse_variants(struct reader *r)
{
	bool causal = true;
	enum err e;

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		const struct gguf_pair *pair =
		    gguf_find(r->g, key_of(r, refused[i]));

		if (pair != NULL &&
		    !mem_is_zero(pair->value.p, pair->value.len))
			return refuse(r, ERR_UNSUPPORTED, "not supported");
	}
	e = gguf_optional(
	    gguf_bool(r->g, key_of(r, "attention.causal"), &causal, r->ctx));
	if (e == ERR_OK && !causal)
		e = refuse(r, ERR_UNSUPPORTED, "not supported");
	return e;
}

static enum err read_heads(struct shape *s, struct reader *r)
{
	uint32_t value_head;
	enum err e =
	    read_size(r, "attention.head_count", SHAPE_HEADS_MAX, &s->heads);

	if (e != ERR_OK)
		return e;
	s->kv_heads = s->heads;
	e = read_size(r, "attention.head_count_kv", s->heads, &s->kv_heads);
	s->head = s->width / s->heads;
	if (e == ERR_OK)
		e = read_size(
		    r, "attention.key_length", SHAPE_HEAD_MAX, &s->head);
	if (e != ERR_OK)
		return e;
	value_head = s->head;
	s->rope = s->head;
	e = read_size(r, "attention.value_length", SHAPE_HEAD_MAX, &value_head);
	if (e == ERR_OK)
		e = read_size(r, "rope.dimension_count", s->head, &s->rope);
	if (e == ERR_OK && (s->heads % s->kv_heads != 0 ||
			       value_head != s->head || s->rope % 2 != 0))
		e = err_set(r->ctx, ERR_UNSUPPORTED,
		    "gguf: %u heads, %u for keys, of width %u and %u, %u "
		    "rotated: no such attention",
		    s->heads, s->kv_heads, s->head, value_head, s->rope);
	s->query_scale = 1 / sqrtf((float)s->head);
	if (s->blocks == s->family->flat_blocks && s->width >= s->heads)
		s->query_scale = 1 / sqrtf((float)(s->width / s->heads));
	return e;
}

static enum err read_sizes(struct shape *s, struct reader *r)
{
	enum err e = read_size(r, "block_count", SHAPE_BLOCKS_MAX, &s->blocks);

	if (e == ERR_OK)
		e = read_size(
		    r, "embedding_length", SHAPE_WIDTH_MAX, &s->width);
	if (e == ERR_OK)
		e = read_size(
		    r, "feed_forward_length", SHAPE_HIDDEN_MAX, &s->hidden);
	if (e == ERR_OK)
		e = read_size(
		    r, "context_length", UINT32_MAX, &s->trained_context);
	return e == ERR_OK ? read_heads(s, r) : e;
}

/* The window and the bases, then which blocks they are for. */
static enum err read_attention(struct shape *s, struct reader *r)
{
	const struct family *f = s->family;
	const struct number numbers[] = {
		{ "attention.layer_norm_rms_epsilon", 1e-12f, 1.0f,
		    &s->epsilon },
		{ "rope.freq_base", BASE_MIN, BASE_MAX, &s->rope_base },
		{ "attn_logit_softcapping", 0, SOFTCAP_MAX, &s->attn_softcap },
		{ "final_logit_softcapping", 0, SOFTCAP_MAX,
		    &s->final_softcap },
		{ "rope.freq_base_swa", BASE_MIN, BASE_MAX, &s->local_base },
	};
	enum err e;

	s->window = f->window;
	s->global_every = f->global_every;
	s->local_base = f->local_base;
	s->attn_softcap = f->attn_softcap;
	s->final_softcap = f->final_softcap;
	s->rope_base = 10000;
	/* The last one is only for families that have such a base. */
	e = read_numbers(r, numbers,
	    sizeof(numbers) / sizeof(numbers[0]) - !(s->local_base > 0));
	if (e == ERR_OK && s->global_every != 0)
		e = read_size(r, "attention.sliding_window_pattern",
		    SHAPE_BLOCKS_MAX, &s->global_every);
	if (e == ERR_OK)
		e = gguf_optional(gguf_u32(r->g,
		    key_of(r, "attention.sliding_window"), &s->window, r->ctx));
	if (e != ERR_OK)
		return e;
	/* A window that is never full, unless it also chooses the base. */
	if (s->window >= s->trained_context && s->local_base == 0)
		s->window = 0;
	if (s->window != 0 && !f->windowed)
		return refuse(r, ERR_UNSUPPORTED, "not supported");
	return ERR_OK;
}

static enum err read_scaling_kind(struct shape *s, struct reader *r)
{
	static const char *const names[] = { [ROPE_NONE] = "none",
		[ROPE_LINEAR] = "linear",
		[ROPE_YARN] = "yarn",
		[ROPE_LONGROPE] = "longrope" };
	bool has_factors =
	    gguf_tensor(r->g, "rope_factors_long.weight") != NULL;
	struct bytes type;
	enum err e =
	    gguf_string(r->g, key_of(r, "rope.scaling.type"), &type, r->ctx);
	int kind = ROPE_LINEAR;

	if (gguf_optional(e) != ERR_OK)
		return e;
	if (e == ERR_OK) {
		for (kind = ROPE_LONGROPE; kind >= 0; kind--) {
			if (mem_eq_str(type, names[kind]))
				break;
		}
	}
	if (kind < 0)
		return refuse(
		    r, ERR_UNSUPPORTED, "no such scaling of positions");
	if (kind == ROPE_LONGROPE && !has_factors)
		return refuse(
		    r, ERR_FORMAT, "but no tensor rope_factors_long.weight");
	/* Files of Phi-3 do not name it. */
	s->scaling.kind = has_factors ? ROPE_LONGROPE : (enum rope_scaling)kind;
	return ERR_OK;
}

/* 0 is as good as absent; positions are never stretched. */
static enum err read_factor(struct shape *s, struct reader *r)
{
	static const char *const names[] = { "rope.scale_linear",
		"rope.scaling.factor" };
	float *factor = &s->scaling.factor;
	enum err e = ERR_OK;

	for (size_t i = 0; i < 2 && e == ERR_OK; i++) {
		const struct number n = { names[i], 0, FACTOR_MAX, factor };

		e = read_numbers(r, &n, 1);
		if (e == ERR_OK && *factor > 0 && *factor < 1 &&
		    s->scaling.kind != ROPE_NONE)
			e = refuse(r, ERR_FORMAT, "out of range");
	}
	if (*factor == 0 || s->scaling.kind == ROPE_NONE)
		*factor = 1;
	return e;
}

static enum err read_scaling(struct shape *s, struct reader *r)
{
	const struct number numbers[] = {
		{ "rope.scaling.attn_factor", 0.01f, 100,
		    &s->scaling.attn_factor },
		{ "rope.scaling.yarn_ext_factor", 0, 1,
		    &s->scaling.ext_factor },
		{ "rope.scaling.yarn_beta_fast", TURNS_MIN, TURNS_MAX,
		    &s->scaling.beta_fast },
		{ "rope.scaling.yarn_beta_slow", TURNS_MIN, TURNS_MAX,
		    &s->scaling.beta_slow },
		{ "rope.scaling.yarn_log_multiplier", 0, 100,
		    &s->scaling.log_multiplier },
	};
	enum err e = read_scaling_kind(s, r);

	s->scaling.attn_factor = 1;
	s->scaling.ext_factor = 1;
	s->scaling.beta_fast = 32;
	s->scaling.beta_slow = 1;
	s->scaling.original_context = s->trained_context;
	if (e == ERR_OK)
		e = read_factor(s, r);
	if (e == ERR_OK)
		e = read_size(r, "rope.scaling.original_context_length",
		    UINT32_MAX, &s->scaling.original_context);
	if (e == ERR_OK)
		e = read_numbers(
		    r, numbers, sizeof(numbers) / sizeof(numbers[0]));
	return e;
}

static enum err read_pooling(struct shape *s, struct reader *r)
{
	uint32_t kind = POOLING_NONE;
	enum err e = gguf_optional(
	    gguf_u32(r->g, key_of(r, "pooling_type"), &kind, r->ctx));

	if (e == ERR_OK && kind > POOLING_LAST)
		e = refuse(r, ERR_UNSUPPORTED, "no such pooling");
	s->pooling = (enum pooling)kind;
	return e;
}

static enum err read_vocabulary(struct shape *s, struct reader *r)
{
	static const char key[] = "tokenizer.ggml.tokens";
	const struct gguf_pair *tokens;
	enum err e = gguf_array(r->g, key, GGUF_STRING, &tokens, r->ctx);

	if (e != ERR_OK)
		return err_set(r->ctx, ERR_FORMAT, "gguf: no %s", key);
	if (tokens->count == 0)
		return err_set(r->ctx, ERR_FORMAT,
		    "gguf: %s at offset %zu: empty", key,
		    (size_t)tokens->offset);
	s->vocabulary = tokens->count;
	return ERR_OK;
}

enum err shape_read(struct shape *s, const struct gguf *g, struct err_ctx *ctx)
{
	static enum err (*const steps[])(
	    struct shape *, struct reader *) = { find_family, read_sizes,
		read_attention, read_scaling, read_pooling, read_vocabulary };
	struct reader r = { .g = g, .ctx = ctx };
	enum err e = ERR_OK;

	*s = (struct shape){ .family = NULL };
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (e == ERR_OK)
			e = steps[i](s, &r);
	}
	if (e == ERR_OK)
		e = refuse_variants(&r);
	if (e != ERR_OK)
		*s = (struct shape){ .family = NULL };
	return e;
}
