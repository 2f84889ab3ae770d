/* The names and shapes of tensors; see weights_place.h. */
#include "engine/weights_place.h"

#include <float.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/fmt.h"
#include "engine/rope.h"

enum need { NEVER, MAY, MUST };

/* A tensor that a model has: its name, and what it is made of. */
struct part {
	const char *name;
	enum need need;
	uint32_t cols;
	const float **vector; /* [cols]; else matrices: */
	struct {
		struct matrix *matrix;
		uint32_t rows;
	} cut[WEIGHTS_CUTS];
};

struct finder {
	struct weights_place *place; /* in the order of g->tensor */
	struct weights *w;
	const struct gguf *g;
	struct err_ctx *ctx;
};

/* `part` as it stands with its full name. */
static enum err refuse(const struct finder *f, enum err e,
    const struct gguf_tensor *t, const char *why)
{
	return err_set(f->ctx, e, "gguf: tensor %.*s at offset %llu: %s",
	    (int)t->name.len, (const char *)t->name.p,
	    (unsigned long long)t->offset, why);
}

static enum err check_shape(const struct finder *f, const struct gguf_tensor *t,
    uint64_t rows, uint32_t cols)
{
	if (t->rank > 2 || t->dim[0] != cols || t->dim[1] != rows)
		return err_set(f->ctx, ERR_FORMAT,
		    "gguf: tensor %.*s at offset %llu is %u x %u, not %llu x "
		    "%u",
		    (int)t->name.len, (const char *)t->name.p,
		    (unsigned long long)t->offset, t->dim[1], t->dim[0],
		    (unsigned long long)rows, cols);
	return ERR_OK;
}

static enum err find_matrices(
    const struct finder *f, const struct gguf_tensor *t, const struct part *p)
{
	struct weights_place *place = &f->place[t - f->g->tensor];
	uint64_t rows = 0;
	bool even = true;
	enum err e;

	for (int i = 0; i < WEIGHTS_CUTS; i++) {
		/* The matrix before ends with a whole group. */
		even = even &&
		       (p->cut[i].matrix == NULL || rows % MATRIX_LANES == 0);
		rows += p->cut[i].rows;
	}
	e = check_shape(f, t, rows, p->cols);
	if (e != ERR_OK)
		return e;
	if (!matrix_has_type(t->type))
		return refuse(f, ERR_UNSUPPORTED, t, gguf_type_name(t->type));
	if (!even)
		return refuse(f, ERR_UNSUPPORTED, t,
		    "parts that are no multiple of 16 rows");
	for (int i = 0; i < WEIGHTS_CUTS; i++) {
		place->matrix[i] = p->cut[i].matrix;
		if (p->cut[i].matrix == NULL)
			continue;
		*p->cut[i].matrix = (struct matrix){ .type = t->type,
			.rows = p->cut[i].rows,
			.cols = p->cols,
			.group_len = matrix_group_len(t->type, p->cols) };
	}
	return ERR_OK;
}

static enum err find_vector(
    const struct finder *f, const struct gguf_tensor *t, const struct part *p)
{
	struct weights_place *place = &f->place[t - f->g->tensor];
	enum err e = check_shape(f, t, 1, p->cols);

	if (e != ERR_OK)
		return e;
	if (t->type != GGUF_TENSOR_F32 && t->type != GGUF_TENSOR_F16 &&
	    t->type != GGUF_TENSOR_BF16)
		return refuse(f, ERR_UNSUPPORTED, t,
		    "numbers of a vector that are no floats");
	place->vector = p->vector;
	place->min = -FLT_MAX;
	place->max = FLT_MAX;
	return ERR_OK;
}

static enum err find(
    const struct finder *f, const char *name, const struct part *p)
{
	const struct gguf_tensor *t =
	    p->need == NEVER ? NULL : gguf_tensor(f->g, name);

	if (t == NULL && p->need == MUST)
		return err_set(f->ctx, ERR_FORMAT, "gguf: no tensor %s", name);
	if (t == NULL)
		return ERR_OK;
	f->place[t - f->g->tensor].tensor = t;
	return p->vector != NULL ? find_vector(f, t, p)
				 : find_matrices(f, t, p);
}

static enum err find_block(const struct finder *f, uint32_t i)
{
	const struct shape *s = &f->w->shape;
	const struct family *fam = s->family;
	struct weights_block *b = &f->w->block[i];
	uint32_t q = s->heads * s->head, kv = s->kv_heads * s->head;
	uint32_t w = s->width, h = s->hidden;
	enum need cut = fam->fused_qkv ? NEVER : MUST;
	enum need joined = fam->fused_qkv ? MUST : NEVER;
	enum need bias = fam->qkv_bias ? MAY : NEVER;
	enum need norm = fam->head_norm ? MUST : NEVER;
	enum need post = fam->post_norms ? MUST : NEVER;
	const struct part parts[] = {
		{ "attn_norm.weight", MUST, w, &b->attn_norm, { { 0 } } },
		{ "attn_q.weight", cut, w, NULL, { { &b->q, q } } },
		{ "attn_k.weight", cut, w, NULL, { { &b->k, kv } } },
		{ "attn_v.weight", cut, w, NULL, { { &b->v, kv } } },
		{ "attn_qkv.weight", joined, w, NULL,
		    { { &b->q, q }, { &b->k, kv }, { &b->v, kv } } },
		{ "attn_q.bias", bias, q, &b->q_bias, { { 0 } } },
		{ "attn_k.bias", bias, kv, &b->k_bias, { { 0 } } },
		{ "attn_v.bias", bias, kv, &b->v_bias, { { 0 } } },
		{ "attn_q_norm.weight", norm, s->head, &b->q_norm, { { 0 } } },
		{ "attn_k_norm.weight", norm, s->head, &b->k_norm, { { 0 } } },
		{ "attn_output.weight", MUST, q, NULL,
		    { { &b->attn_out, w } } },
		{ "post_attention_norm.weight", post, w, &b->attn_post_norm,
		    { { 0 } } },
		{ "ffn_norm.weight", MUST, w, &b->ffn_norm, { { 0 } } },
		{ "ffn_gate.weight", fam->fused_up ? NEVER : MUST, w, NULL,
		    { { &b->gate, h } } },
		{ "ffn_up.weight", fam->fused_up ? NEVER : MUST, w, NULL,
		    { { &b->up, h } } },
		{ "ffn_up.weight", fam->fused_up ? MUST : NEVER, w, NULL,
		    { { &b->gate, h }, { &b->up, h } } },
		{ "ffn_down.weight", MUST, h, NULL, { { &b->down, w } } },
		{ "post_ffw_norm.weight", post, w, &b->ffn_post_norm,
		    { { 0 } } },
	};
	enum err e = ERR_OK;

	for (size_t k = 0; k < sizeof(parts) / sizeof(parts[0]); k++) {
		char name[GGUF_NAME_LEN_MAX];

		(void)fmt_print(
		    name, sizeof(name), "blk.%u.%s", i, parts[k].name);
		if (e == ERR_OK)
			e = find(f, name, &parts[k]);
	}
	return e;
}

/* What does not belong to a block. */
static enum err find_outer(const struct finder *f)
{
	struct weights *w = f->w;
	const struct shape *s = &w->shape;
	uint32_t half = s->rope / 2;
	bool lr = s->scaling.kind == ROPE_LONGROPE;
	const struct part parts[] = {
		{ "token_embd.weight", MUST, s->width, NULL,
		    { { &w->embedding, s->vocabulary } } },
		{ "output_norm.weight", MUST, s->width, &w->output_norm,
		    { { 0 } } },
		{ "output.weight", MAY, s->width, NULL,
		    { { &w->output, s->vocabulary } } },
		{ "rope_freqs.weight", lr ? NEVER : MAY, half, &w->rope_freqs,
		    { { 0 } } },
		{ "rope_factors_long.weight", lr ? MUST : NEVER, half,
		    &w->rope_long, { { 0 } } },
		{ "rope_factors_short.weight", lr ? MUST : NEVER, half,
		    &w->rope_short, { { 0 } } },
	};
	enum err e = ERR_OK;

	for (size_t k = 0; k < sizeof(parts) / sizeof(parts[0]); k++) {
		if (e == ERR_OK)
			e = find(f, parts[k].name, &parts[k]);
	}
	return e;
}

/* Positions are divided by these, and real.h has bounds. */
static void bound_factors(struct weights_place *p, const struct weights *w)
{
	if (p->vector == &w->rope_freqs || p->vector == &w->rope_long ||
	    p->vector == &w->rope_short) {
		p->min = ROPE_FACTOR_MIN;
		p->max = (float)ROPE_FACTOR_MAX;
	}
}

static int compare(const void *a, const void *b)
{
	uint64_t x = ((const struct weights_place *)a)->tensor->at;
	uint64_t y = ((const struct weights_place *)b)->tensor->at;

	return x < y ? -1 : x > y;
}

enum err weights_place_all(struct weights_place *place, struct weights *w,
    const struct gguf *g, struct err_ctx *ctx)
{
	struct finder f = { place, w, g, ctx };
	enum err e = find_outer(&f);

	for (uint32_t i = 0; i < w->shape.blocks && e == ERR_OK; i++)
		e = find_block(&f, i);
	for (uint32_t i = 0; i < g->tensor_n && e == ERR_OK; i++) {
		const struct gguf_tensor *t = &g->tensor[i];

		if (place[i].tensor == NULL)
			e = refuse(&f, ERR_UNSUPPORTED, t,
			    "no place for it in such a model");
		bound_factors(&place[i], w);
		w->parameters += (uint64_t)t->dim[0] * t->dim[1];
	}
	if (e == ERR_OK)
		qsort(place, g->tensor_n, sizeof(*place), compare);
	return e;
}
