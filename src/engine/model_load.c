/* From a parsed file to a checked model; see model.h. */
#include <math.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/fmt.h"
#include "engine/model.h"

static const struct model_family families[] = {
	{ .architecture = "llama", .rope_halves = false },
	{ .architecture = "qwen2", .rope_halves = true },
	{ .architecture = "qwen3", .rope_halves = true, .head_norm = true },
};

/* The file, the name of its architecture, and how many tensors were used. */
struct loader {
	const struct gguf *g;
	const char *architecture;
	uint32_t used;
	struct err_ctx *ctx;
};

static enum err find_family(struct model *m, struct loader *l)
{
	struct bytes name;
	enum err e = gguf_string(l->g, "general.architecture", &name, l->ctx);

	if (e != ERR_OK)
		return err_set(l->ctx, e, "gguf: no general.architecture");
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		if (mem_eq_str(name, families[i].architecture)) {
			m->family = &families[i];
			l->architecture = families[i].architecture;
			return ERR_OK;
		}
	}
	return err_set(l->ctx, ERR_UNSUPPORTED,
	    "gguf: general.architecture at offset %zu is \"%.*s\"; known are "
	    "llama, qwen2, qwen3",
	    (size_t)gguf_find(l->g, "general.architecture")->offset,
	    name.len > 32 ? 32 : (int)name.len, (const char *)name.p);
}

#define KEY_LEN 96

static const char *key_of(
    const struct loader *l, char key[KEY_LEN], const char *name)
{
	size_t n = fmt_print(key, KEY_LEN, "%s.%s", l->architecture, name);

	assert(n < KEY_LEN);
	return key;
}

/* A size of 1 to max. Absent: *out stays, and is an error if it is 0. */
static enum err read_size(
    const struct loader *l, const char *name, uint32_t max, uint32_t *out)
{
	char key[KEY_LEN];
	enum err e = gguf_u32(l->g, key_of(l, key, name), out, l->ctx);

	if (e != ERR_OK && e != ERR_NOTFOUND)
		return e;
	if (e == ERR_NOTFOUND && *out == 0)
		return err_set(l->ctx, ERR_FORMAT, "gguf: no %s", key);
	if (*out == 0 || *out > max)
		return err_set(l->ctx, ERR_LIMIT,
		    "gguf: %s is %u, limit 1 to %u", key, *out, max);
	return ERR_OK;
}

static enum err read_float(
    const struct loader *l, const char *name, float min, float max, float *out)
{
	char key[KEY_LEN];
	enum err e = gguf_f32(l->g, key_of(l, key, name), out, l->ctx);

	if (e != ERR_OK && e != ERR_NOTFOUND)
		return e;
	if (!(*out >= min && *out <= max)) /* also refuses NaN */
		return err_set(l->ctx, ERR_FORMAT,
		    "gguf: %s is missing or out of range", key);
	return ERR_OK;
}

/* What changes the computation in ways that are not built here. */
static enum err refuse_variants(const struct loader *l)
{
	char key[KEY_LEN];
	struct bytes scaling = { NULL, 0 };
	uint32_t experts = 0;
	enum err e = gguf_string(
	    l->g, key_of(l, key, "rope.scaling.type"), &scaling, l->ctx);

	if (e != ERR_OK && e != ERR_NOTFOUND)
		return e;
	if (e == ERR_OK && !mem_eq_str(scaling, "none"))
		return err_set(l->ctx, ERR_UNSUPPORTED,
		    "gguf: %s: scaled positions are not supported", key);
	e = gguf_u32(l->g, key_of(l, key, "expert_count"), &experts, l->ctx);
	if (e != ERR_OK && e != ERR_NOTFOUND)
		return e;
	if (experts != 0)
		return err_set(l->ctx, ERR_UNSUPPORTED,
		    "gguf: %s: mixtures of experts are not supported", key);
	return ERR_OK;
}

static enum err read_heads(struct model *m, const struct loader *l)
{
	uint32_t value_head;
	enum err e =
	    read_size(l, "attention.head_count", MODEL_HEADS_MAX, &m->heads);

	if (e != ERR_OK)
		return e;
	m->kv_heads = m->heads;
	e = read_size(l, "attention.head_count_kv", m->heads, &m->kv_heads);
	m->head = m->width / m->heads;
	if (e == ERR_OK)
		e = read_size(
		    l, "attention.key_length", MODEL_HEAD_MAX, &m->head);
	if (e != ERR_OK)
		return e;
	value_head = m->head;
	m->rope = m->head;
	e = read_size(l, "attention.value_length", MODEL_HEAD_MAX, &value_head);
	if (e == ERR_OK)
		e = read_size(l, "rope.dimension_count", m->head, &m->rope);
	if (e == ERR_OK && (m->heads % m->kv_heads != 0 ||
			       value_head != m->head || m->rope % 2 != 0))
		e = err_set(l->ctx, ERR_UNSUPPORTED,
		    "gguf: %u heads, %u for keys, of width %u and %u, %u "
		    "rotated: no such attention",
		    m->heads, m->kv_heads, m->head, value_head, m->rope);
	return e;
}

static enum err read_shape(struct model *m, const struct loader *l)
{
	enum err e = read_size(l, "block_count", MODEL_BLOCKS_MAX, &m->blocks);

	if (e == ERR_OK)
		e = read_size(
		    l, "embedding_length", MODEL_WIDTH_MAX, &m->width);
	if (e == ERR_OK)
		e = read_size(
		    l, "feed_forward_length", MODEL_HIDDEN_MAX, &m->hidden);
	if (e == ERR_OK)
		e = read_size(
		    l, "context_length", UINT32_MAX, &m->trained_context);
	if (e == ERR_OK)
		e = read_heads(m, l);
	if (e == ERR_OK)
		e = read_float(l, "attention.layer_norm_rms_epsilon", 1e-12f,
		    1.0f, &m->epsilon);
	m->rope_base = 10000.0f;
	if (e == ERR_OK)
		e = read_float(l, "rope.freq_base", 1.0f, 1e12f, &m->rope_base);
	return e == ERR_OK ? refuse_variants(l) : e;
}

static enum err check_shape(struct loader *l, const struct gguf_tensor *t,
    const char *name, uint32_t rows, uint32_t cols)
{
	if (t->rank > 2 || t->dim[0] != cols || t->dim[1] != rows)
		return err_set(l->ctx, ERR_FORMAT,
		    "gguf: tensor %s at offset %zu is %u x %u, not %u x %u",
		    name, (size_t)t->offset, t->dim[1], t->dim[0], rows, cols);
	l->used++;
	return ERR_OK;
}

/* `required` false: absence leaves *out as it is. */
static enum err find_matrix(struct loader *l, const char *name, bool required,
    struct plain_matrix *out, uint32_t rows, uint32_t cols)
{
	const struct gguf_tensor *t = gguf_tensor(l->g, name);
	enum err e;

	if (t == NULL && !required)
		return ERR_OK;
	if (t == NULL)
		return err_set(l->ctx, ERR_FORMAT, "gguf: no tensor %s", name);
	e = check_shape(l, t, name, rows, cols);
	if (e != ERR_OK)
		return e;
	if (!plain_have_type(t->type))
		return err_set(l->ctx, ERR_UNSUPPORTED,
		    "gguf: tensor %s at offset %zu has type %s; known are F32, "
		    "F16, Q8_0",
		    name, (size_t)t->offset, gguf_type_name(t->type));
	*out = (struct plain_matrix){ .type = t->type,
		.rows = rows,
		.cols = cols,
		.row_len = t->data.len / rows,
		.data = t->data.p };
	return ERR_OK;
}

static enum err find_vector(struct loader *l, const char *name, bool required,
    const float **out, uint32_t n)
{
	const struct gguf_tensor *t = gguf_tensor(l->g, name);
	enum err e;

	if (t == NULL && !required)
		return ERR_OK;
	if (t == NULL)
		return err_set(l->ctx, ERR_FORMAT, "gguf: no tensor %s", name);
	e = check_shape(l, t, name, 1, n);
	if (e != ERR_OK)
		return e;
	if (t->type != GGUF_TENSOR_F32)
		return err_set(l->ctx, ERR_UNSUPPORTED,
		    "gguf: tensor %s at offset %zu has type %s, not F32", name,
		    (size_t)t->offset, gguf_type_name(t->type));
	/* Aligned: the file is, and its tensors are to at least 8 bytes. */
	*out = (const void *)t->data.p;
	return ERR_OK;
}

/* A matrix or vector of a block: where it goes and what it must look like. */
struct part {
	const char *name;
	struct plain_matrix *matrix;
	const float **vector;
	bool optional;
	uint32_t rows, cols;
};

static enum err find_block(struct loader *l, const struct model *m, uint32_t i)
{
	struct model_block *b = &m->block[i];
	uint32_t q = m->heads * m->head, kv = m->kv_heads * m->head;
	bool no_head_norm = !m->family->head_norm;
	const struct part parts[] = {
		{ "attn_norm.weight", NULL, &b->attn_norm, false, 1, m->width },
		{ "attn_q.weight", &b->q, NULL, false, q, m->width },
		{ "attn_k.weight", &b->k, NULL, false, kv, m->width },
		{ "attn_v.weight", &b->v, NULL, false, kv, m->width },
		{ "attn_q.bias", NULL, &b->q_bias, true, 1, q },
		{ "attn_k.bias", NULL, &b->k_bias, true, 1, kv },
		{ "attn_v.bias", NULL, &b->v_bias, true, 1, kv },
		{ "attn_q_norm.weight", NULL, &b->q_norm, no_head_norm, 1,
		    m->head },
		{ "attn_k_norm.weight", NULL, &b->k_norm, no_head_norm, 1,
		    m->head },
		{ "attn_output.weight", &b->attn_out, NULL, false, m->width,
		    q },
		{ "ffn_norm.weight", NULL, &b->ffn_norm, false, 1, m->width },
		{ "ffn_gate.weight", &b->gate, NULL, false, m->hidden,
		    m->width },
		{ "ffn_up.weight", &b->up, NULL, false, m->hidden, m->width },
		{ "ffn_down.weight", &b->down, NULL, false, m->width,
		    m->hidden },
	};

	for (size_t k = 0; k < sizeof(parts) / sizeof(parts[0]); k++) {
		const struct part *p = &parts[k];
		char name[KEY_LEN];
		enum err e;

		(void)fmt_print(name, sizeof(name), "blk.%u.%s", i, p->name);
		e = p->matrix != NULL ? find_matrix(l, name, !p->optional,
					    p->matrix, p->rows, p->cols)
				      : find_vector(l, name, !p->optional,
					    p->vector, p->cols);
		if (e != ERR_OK)
			return e;
	}
	return ERR_OK;
}

static enum err find_embedding(struct model *m, struct loader *l)
{
	static const char name[] = "token_embd.weight";
	const struct gguf_tensor *t = gguf_tensor(l->g, name);
	enum err e;

	if (t == NULL)
		return err_set(l->ctx, ERR_FORMAT, "gguf: no tensor %s", name);
	m->vocabulary = t->dim[1];
	e = find_matrix(l, name, true, &m->embedding, m->vocabulary, m->width);
	m->output = m->embedding;
	if (e == ERR_OK)
		e = find_matrix(l, "output.weight", false, &m->output,
		    m->vocabulary, m->width);
	if (e == ERR_OK)
		e = find_vector(
		    l, "output_norm.weight", true, &m->output_norm, m->width);
	if (e == ERR_OK)
		e = find_vector(
		    l, "rope_freqs.weight", false, &m->rope_freqs, m->rope / 2);
	return e;
}

static enum err find_tensors(struct model *m, struct loader *l)
{
	enum err e = find_embedding(m, l);

	m->block = calloc(m->blocks, sizeof(*m->block));
	if (m->block == NULL)
		return err_set(
		    l->ctx, ERR_NOMEM, "no memory for %u blocks", m->blocks);
	for (uint32_t i = 0; i < m->blocks && e == ERR_OK; i++)
		e = find_block(l, m, i);
	if (e == ERR_OK && l->used != l->g->tensor_n)
		e = err_set(l->ctx, ERR_UNSUPPORTED,
		    "gguf: %u of %u tensors have no place in a model of "
		    "architecture %s with %u blocks",
		    l->g->tensor_n - l->used, l->g->tensor_n, l->architecture,
		    m->blocks);
	for (uint32_t i = 0; i < l->g->tensor_n; i++) {
		const uint32_t *dim = l->g->tensor[i].dim;

		m->parameters += (uint64_t)dim[0] * dim[1];
	}
	return e;
}

enum err model_load(struct model *m, const struct gguf *g, struct err_ctx *ctx)
{
	struct loader l = { .g = g, .ctx = ctx };
	enum err e;

	*m = (struct model){ .family = NULL };
	e = find_family(m, &l);
	if (e == ERR_OK)
		e = read_shape(m, &l);
	if (e == ERR_OK)
		e = find_tensors(m, &l);
	if (e != ERR_OK)
		model_clear(m);
	return e;
}

void model_clear(struct model *m)
{
	free(m->block);
	*m = (struct model){ .family = NULL };
}

void model_rope_table(const struct model *m, uint32_t context, float *table)
{
	uint32_t half = m->rope / 2;

	for (uint32_t i = 0; i < half; i++) {
		double f = pow((double)m->rope_base, -(double)i / half);

		if (m->rope_freqs != NULL)
			f /= (double)m->rope_freqs[i];
		for (uint32_t p = 0; p < context; p++) {
			float *out = table + ((size_t)p * half + i) * 2;

			out[0] = (float)cos(p * f);
			out[1] = (float)sin(p * f);
		}
	}
}
