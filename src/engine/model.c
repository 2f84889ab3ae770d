/*
 * The forward pass. A batch of rows goes through each block together, so that
 * a weight is read from memory once for all of them. Work is split between
 * threads by rows of matrices and by heads of attention: each number is
 * computed by one thread, in an order that does not depend on the split.
 */
#include "engine/model.h"

#include <math.h>
#include <string.h>

#include "base/assert.h"
#include "base/mem.h"

#define PARALLEL_MIN 262144 /* multiplications; below, threads do not pay */
#define JOBS_MAX     3      /* matrices multiplied with one input: q, k, v */

/* The working memory, each [MODEL_BATCH_MAX][...] but the scores. */
struct work {
	float *x;      /* [width] the residual stream */
	float *norm;   /* [width] */
	float *q;      /* [heads * head] */
	float *k, *v;  /* [kv_heads * head] */
	float *mixed;  /* [heads * head] what attention gathered */
	float *gate;   /* [hidden] */
	float *up;     /* [hidden] */
	float *scores; /* [threads][context] */
};

static size_t per_row(const struct model *m)
{
	size_t q = (size_t)m->heads * m->head;
	size_t kv = (size_t)m->kv_heads * m->head;

	return 2 * (size_t)m->width + 2 * q + 2 * kv + 2 * (size_t)m->hidden;
}

size_t model_work_n(const struct model *m, uint32_t context, uint32_t threads)
{
	return per_row(m) * MODEL_BATCH_MAX +
	       (size_t)threads * context;
}

size_t model_kv_n(const struct model *m, uint32_t context)
{
	return (size_t)m->blocks * 2 * m->kv_heads * m->head * context;
}

static struct work lay_out(const struct model_run *run)
{
	const struct model *m = run->model;
	size_t q = (size_t)m->heads * m->head * MODEL_BATCH_MAX;
	size_t kv = (size_t)m->kv_heads * m->head * MODEL_BATCH_MAX;
	size_t width = (size_t)m->width * MODEL_BATCH_MAX;
	size_t hidden = (size_t)m->hidden * MODEL_BATCH_MAX;
	struct work w;

	w.x = run->work;
	w.norm = w.x + width;
	w.q = w.norm + width;
	w.mixed = w.q + q;
	w.k = w.mixed + q;
	w.v = w.k + kv;
	w.gate = w.v + kv;
	w.up = w.gate + hidden;
	w.scores = w.up + hidden;
	return w;
}

/* ---- matrices ---- */

struct jobs {
	const struct plain *kernels;
	struct plain_mul mul[JOBS_MAX];
	uint32_t n;
};

static void mul_part(void *cookie, uint32_t i, uint32_t n)
{
	const struct jobs *jobs = cookie;

	for (uint32_t k = 0; k < jobs->n; k++) {
		struct plain_mul mul = jobs->mul[k];
		uint64_t rows = mul.w->rows;

		mul.row_from = (uint32_t)(rows * i / n);
		mul.row_to = (uint32_t)(rows * (i + 1) / n);
		jobs->kernels->mul(&mul);
	}
}

/* out_j = w_j x for up to three matrices with one input. */
static void multiply(const struct model_run *run, struct jobs *jobs,
    const float *x, uint32_t rows)
{
	uint64_t work = 0;

	jobs->kernels = run->kernels;
	for (uint32_t k = 0; k < jobs->n; k++) {
		jobs->mul[k].x = x;
		jobs->mul[k].n = rows;
		work += (uint64_t)jobs->mul[k].w->rows * jobs->mul[k].w->cols *
			rows;
	}
	if (work < PARALLEL_MIN)
		mul_part(jobs, 0, 1);
	else
		pool_run(run->pool, mul_part, jobs);
}

static void multiply_one(const struct model_run *run, const struct plain_matrix *w,
    const float *x, float *out, uint32_t rows)
{
	struct jobs jobs = { .n = 1, .mul = { { .w = w, .out = out } } };

	multiply(run, &jobs, x, rows);
}

/* ---- norms, positions, residuals ---- */

static void rms_norm(const struct model *m, float *out, const float *x,
    const float *weight, uint32_t n)
{
	double sum = 0;
	float scale;

	for (uint32_t i = 0; i < n; i++)
		sum += (double)x[i] * (double)x[i];
	scale = (float)(1.0 / sqrt(sum / n + (double)m->epsilon));
	for (uint32_t i = 0; i < n; i++)
		out[i] = x[i] * scale * weight[i];
}

static void norm_rows(const struct model *m, float *out, const float *x,
    const float *weight, uint32_t rows)
{
	for (uint32_t r = 0; r < rows; r++)
		rms_norm(m, out + (size_t)r * m->width,
		    x + (size_t)r * m->width, weight, m->width);
}

static void add_rows(float *x, const float *y, size_t n)
{
	for (size_t i = 0; i < n; i++)
		x[i] += y[i];
}

/* Rotate one head to its position. */
static void rotate(const struct model_run *run, float *head, uint32_t position)
{
	uint32_t half = run->model->rope / 2;
	bool halves = run->model->family->rope_halves;
	const float *t = run->rope_table + (size_t)position * half * 2;

	for (uint32_t i = 0; i < half; i++) {
		float *a = head + (halves ? i : 2 * i);
		float *b = head + (halves ? i + half : 2 * i + 1);
		float x = *a, y = *b;

		*a = x * t[2 * i] - y * t[2 * i + 1];
		*b = x * t[2 * i + 1] + y * t[2 * i];
	}
}

/* Norm (where the family has it) and position of a row's heads. */
static void prepare_heads(const struct model_run *run, float *x, uint32_t heads,
    const float *norm, uint32_t position)
{
	uint32_t n = run->model->head;

	for (uint32_t h = 0; h < heads; h++, x += n) {
		if (norm != NULL)
			rms_norm(run->model, x, x, norm, n);
		rotate(run, x, position);
	}
}

/* ---- attention ---- */

/* One head's keys (which 0) or values (1) of a block: [context][head]. */
static float *kv_at(const struct model_run *run, float *kv, uint32_t block,
    uint32_t which, uint32_t kv_head)
{
	const struct model *m = run->model;
	size_t index = ((size_t)block * 2 + which) * m->kv_heads + kv_head;

	return kv + index * run->context * m->head;
}

/* Put a row's keys and values at its position. */
static void store_kv(const struct model_run *run, const struct model_row *row,
    uint32_t block, const float *k, const float *v)
{
	uint32_t n = run->model->head;

	for (uint32_t h = 0; h < run->model->kv_heads; h++) {
		size_t at = (size_t)row->position * n;

		mem_copy(kv_at(run, row->kv, block, 0, h) + at,
		    k + (size_t)h * n, n * sizeof(float));
		mem_copy(kv_at(run, row->kv, block, 1, h) + at,
		    v + (size_t)h * n, n * sizeof(float));
	}
}

static void softmax(float *s, uint32_t n)
{
	float max = s[0];
	double sum = 0;
	float scale;

	for (uint32_t i = 1; i < n; i++)
		max = s[i] > max ? s[i] : max;
	for (uint32_t i = 0; i < n; i++) {
		s[i] = expf(s[i] - max);
		sum += (double)s[i];
	}
	scale = (float)(1.0 / sum);
	for (uint32_t i = 0; i < n; i++)
		s[i] *= scale;
}

struct attention {
	const struct model_run *run;
	const struct model_row *row;
	const struct work *w;
	uint32_t rows;
	uint32_t block;
};

/* One head of queries of one row over all positions up to its own. */
static void attend(
    const struct attention *a, uint32_t r, uint32_t h, float *scores)
{
	const struct model *m = a->run->model;
	const struct plain *kernels = a->run->kernels;
	uint32_t kv_head = h / (m->heads / m->kv_heads);
	const struct model_row *row = &a->row[r];
	const float *k = kv_at(a->run, row->kv, a->block, 0, kv_head);
	const float *v = kv_at(a->run, row->kv, a->block, 1, kv_head);
	size_t at = ((size_t)r * m->heads + h) * m->head;
	float *out = a->w->mixed + at;
	float scale = 1.0f / sqrtf((float)m->head);
	uint32_t n = row->position + 1;

	for (uint32_t p = 0; p < n; p++)
		scores[p] = scale * kernels->dot(a->w->q + at,
					k + (size_t)p * m->head, m->head);
	softmax(scores, n);
	memset(out, 0, m->head * sizeof(*out));
	for (uint32_t p = 0; p < n; p++)
		kernels->add_scaled(
		    out, scores[p], v + (size_t)p * m->head, m->head);
}

static void attend_part(void *cookie, uint32_t i, uint32_t n)
{
	const struct attention *a = cookie;
	uint32_t units = a->rows * a->run->model->heads;

	for (uint32_t u = i; u < units; u += n)
		attend(a, u / a->run->model->heads, u % a->run->model->heads,
		    a->w->scores + (size_t)i * a->run->context);
}

static void attention(struct attention *a)
{
	const struct model *m = a->run->model;
	uint64_t work = 0;

	for (uint32_t r = 0; r < a->rows; r++)
		work += (uint64_t)(a->row[r].position + 1) * m->heads * m->head;
	if (work < PARALLEL_MIN)
		attend_part(a, 0, 1);
	else
		pool_run(a->run->pool, attend_part, a);
}

static void add_bias(float *x, const float *bias, size_t n, uint32_t rows)
{
	for (uint32_t r = 0; bias != NULL && r < rows; r++)
		add_rows(x + r * n, bias, n);
}

static void attention_block(struct attention *a)
{
	const struct model_run *run = a->run;
	const struct model *m = run->model;
	const struct model_block *b = &m->block[a->block];
	const struct work *w = a->w;
	size_t q = (size_t)m->heads * m->head;
	size_t kv = (size_t)m->kv_heads * m->head;
	struct jobs jobs = { .n = 3,
		.mul = { { .w = &b->q, .out = w->q },
		    { .w = &b->k, .out = w->k },
		    { .w = &b->v, .out = w->v } } };

	norm_rows(m, w->norm, w->x, b->attn_norm, a->rows);
	multiply(run, &jobs, w->norm, a->rows);
	add_bias(w->q, b->q_bias, q, a->rows);
	add_bias(w->k, b->k_bias, kv, a->rows);
	add_bias(w->v, b->v_bias, kv, a->rows);
	for (uint32_t r = 0; r < a->rows; r++) {
		uint32_t position = a->row[r].position;

		prepare_heads(run, w->q + r * q, m->heads, b->q_norm, position);
		prepare_heads(
		    run, w->k + r * kv, m->kv_heads, b->k_norm, position);
		store_kv(
		    run, &a->row[r], a->block, w->k + r * kv, w->v + r * kv);
	}
	attention(a);
	multiply_one(run, &b->attn_out, w->mixed, w->norm, a->rows);
	add_rows(w->x, w->norm, (size_t)a->rows * m->width);
}

/* ---- feed-forward ---- */

static void ffn_block(const struct model_run *run, const struct work *w,
    uint32_t block, uint32_t rows)
{
	const struct model *m = run->model;
	const struct model_block *b = &m->block[block];
	struct jobs jobs = { .n = 2,
		.mul = { { .w = &b->gate, .out = w->gate },
		    { .w = &b->up, .out = w->up } } };

	norm_rows(m, w->norm, w->x, b->ffn_norm, rows);
	multiply(run, &jobs, w->norm, rows);
	for (size_t i = 0; i < (size_t)rows * m->hidden; i++) {
		float g = w->gate[i];

		w->gate[i] = g / (1.0f + expf(-g)) * w->up[i];
	}
	multiply_one(run, &b->down, w->gate, w->norm, rows);
	add_rows(w->x, w->norm, (size_t)rows * m->width);
}

/* Norm and output matrix, for the rows whose logits are wanted. */
static void head(const struct model_run *run, const struct work *w,
    const struct model_row *row, uint32_t n, float *logits)
{
	const struct model *m = run->model;
	uint32_t wanted = 0;

	for (uint32_t r = 0; r < n; r++) {
		if (!row[r].wants_logits)
			continue;
		rms_norm(m, w->norm + (size_t)wanted * m->width,
		    w->x + (size_t)r * m->width, m->output_norm, m->width);
		wanted++;
	}
	if (wanted > 0)
		multiply_one(run, &m->output, w->norm, logits, wanted);
}

void model_forward(const struct model_run *run, const struct model_row *row,
    uint32_t n, float *logits)
{
	const struct model *m = run->model;
	struct work w = lay_out(run);
	struct attention a = { .run = run, .row = row, .w = &w, .rows = n };

	assert(n >= 1 && n <= MODEL_BATCH_MAX);
	for (uint32_t r = 0; r < n; r++) {
		assert(row[r].token < m->vocabulary);
		assert(row[r].position < run->context);
		plain_row(
		    w.x + (size_t)r * m->width, &m->embedding, row[r].token);
	}
	for (a.block = 0; a.block < m->blocks; a.block++) {
		attention_block(&a);
		ffn_block(run, &w, a.block, n);
	}
	head(run, &w, row, n, logits);
}

void model_kv_wipe(const struct model_run *run, float *kv, uint32_t n)
{
	const struct model *m = run->model;

	for (uint32_t b = 0; b < m->blocks; b++) {
		for (uint32_t h = 0; h < m->kv_heads; h++) {
			size_t len = (size_t)n * m->head * sizeof(float);

			mem_wipe(kv_at(run, kv, b, 0, h), len);
			mem_wipe(kv_at(run, kv, b, 1, h), len);
		}
	}
}
