/*
 * The forward pass. All threads run it together, stage by stage: in each they
 * take units (rows, groups of rows of a matrix, heads) by number. What a unit
 * computes does not depend on who takes it.
 */
#include "engine/forward.h"

#include <math.h>

#include "base/assert.h"
#include "base/mem.h"
#include "engine/forward_work.h"
#include "engine/rope.h"

#define SHARE   8    /* units per thread that a matrix is cut into */
#define SEGMENT 1024 /* hidden states that one unit activates */

/* One batch on its way. */
struct pass {
	struct forward *f;
	const struct shape *shape;
	const struct forward_row *row;
	uint32_t n;
	float *logits, *hidden;
	struct forward_work *w;
	uint32_t thread; /* whose view this is */
};

static bool take(const struct pass *p, uint32_t units, uint32_t *unit)
{
	return pool_take(p->f->pool, p->thread, units, unit);
}

static void end_stage(const struct pass *p)
{
	pool_barrier(p->f->pool);
}

/* ---- matrices ---- */

struct job {
	const struct matrix *m;
	float *out;
};

static uint32_t groups_of(const struct matrix *m)
{
	return (m->rows + MATRIX_LANES - 1) / MATRIX_LANES;
}

/* Groups of rows in a unit, an even number: kernels like two at once. */
static uint32_t unit_groups(const struct pass *p, const struct matrix *m)
{
	uint32_t threads = pool_threads(p->f->pool);
	uint32_t n =
	    threads == 1 ? groups_of(m) : groups_of(m) / (SHARE * threads);

	return n < 2 ? 2 : n + n % 2;
}

static uint32_t units_of(const struct pass *p, const struct matrix *m)
{
	uint32_t n = unit_groups(p, m);

	return (groups_of(m) + n - 1) / n;
}

static void multiply_unit(
    const struct pass *p, const struct job *j, uint32_t unit, uint32_t rows)
{
	uint32_t groups = groups_of(j->m), n = unit_groups(p, j->m);
	uint32_t from = unit * n;

	p->f->kernels->mul(&(struct kernel_mul){ .w = j->m,
	    .x = p->w->norm,
	    .act = p->w->act,
	    .out = j->out,
	    .out_stride = j->m->rows,
	    .n = rows,
	    .group_from = from,
	    .group_to = n < groups - from ? from + n : groups });
}

/* out = m x for matrices with one input, the first `rows` in norm and act. */
static void multiply(
    const struct pass *p, const struct job *job, uint32_t n, uint32_t rows)
{
	uint32_t units = 0, u;

	for (uint32_t i = 0; i < n; i++)
		units += units_of(p, job[i].m);
	while (take(p, units, &u)) {
		const struct job *j = job;

		for (; u >= units_of(p, j->m); j++)
			u -= units_of(p, j->m);
		multiply_unit(p, j, u, rows);
	}
	end_stage(p);
}

/* A row of floats becomes the input of the next matrices. */
static void set_input(const struct pass *p, uint32_t r, uint32_t cols)
{
	if (cols % 32 == 0)
		p->f->kernels->quantize(p->w->act + (size_t)r * (cols / 32),
		    p->w->norm + (size_t)r * cols, cols);
}

/* ---- rows ---- */

static void norm_input(
    const struct pass *p, uint32_t to, uint32_t from, const float *weight)
{
	uint32_t width = p->shape->width;

	p->f->kernels->rms_norm(p->w->norm + (size_t)to * width,
	    p->w->x + (size_t)from * width, weight, width, p->shape->epsilon);
	set_input(p, to, width);
}

/* Add what attention or feed-forward gave; gemma norms it before. */
static void add_residual(
    const struct pass *p, uint32_t r, const float *post_norm)
{
	const struct kernels *k = p->f->kernels;
	uint32_t width = p->shape->width;
	float *y = p->w->y + (size_t)r * width;

	if (post_norm != NULL)
		k->rms_norm(y, y, post_norm, width, p->shape->epsilon);
	k->add(p->w->x + (size_t)r * width, y, width);
}

static void embed(const struct pass *p, uint32_t r)
{
	uint32_t width = p->shape->width;
	float *x = p->w->x + (size_t)r * width;

	matrix_row(x, &p->f->weights->embedding, p->row[r].token);
	if (p->shape->family->scaled_embedding)
		p->f->kernels->scale(x, sqrtf((float)width), width);
}

/* Cosines and sines of a row's position. */
static void turn(const struct pass *p, uint32_t r)
{
	struct rope_range one = { p->row[r].position, 1 };
	size_t at = (size_t)r * p->shape->rope;

	rope_table(p->w->rope + at, p->shape, false, p->f->rope_factors, one);
	if (p->w->rope_local != p->w->rope)
		rope_table(p->w->rope_local + at, p->shape, true, NULL, one);
}

/* The embedding of each row, and the input of the first block. */
static void begin(const struct pass *p)
{
	const float *norm = p->f->weights->block[0].attn_norm;
	uint32_t r;

	while (take(p, p->n, &r)) {
		embed(p, r);
		turn(p, r);
		norm_input(p, r, r, norm);
	}
	end_stage(p);
}

/* Residual, then the input of what comes next; norm NULL: nothing does. */
static void join(
    const struct pass *p, const float *post_norm, const float *norm)
{
	uint32_t r;

	while (take(p, p->n, &r)) {
		add_residual(p, r, post_norm);
		if (norm != NULL)
			norm_input(p, r, r, norm);
	}
	end_stage(p);
}

/* ---- attention ---- */

/* Bias and norm (where the family has them) and position of a row's heads. */
static void prepare_heads(const struct pass *p, float *x, uint32_t heads,
    const float *norm, const float *angles)
{
	const struct kernels *k = p->f->kernels;
	const struct shape *s = p->shape;

	for (uint32_t h = 0; h < heads; h++, x += s->head) {
		if (norm != NULL)
			k->rms_norm(x, x, norm, s->head, s->epsilon);
		if (angles == NULL)
			continue;
		if (s->family->rope_halves)
			k->rotate(x, x + s->rope / 2, 1, angles, s->rope / 2);
		else
			k->rotate(x, x + 1, 2, angles, s->rope / 2);
	}
}

static void add_bias(const struct pass *p, float *x, const float *b, uint32_t n)
{
	if (b != NULL)
		p->f->kernels->add(x, b, n);
}

/* A row's keys and values go to its page. */
static void store_row(const struct pass *p, uint32_t block, uint32_t r)
{
	const struct shape *s = p->shape;
	const struct forward_row *row = &p->row[r];
	uint8_t *page = row->kv->page[row->position / KERNEL_PAGE];
	size_t at = (size_t)r * s->kv_heads * s->head;

	for (uint32_t h = 0; h < s->kv_heads; h++, at += s->head)
		p->f->kernels->store(page + kv_offset(&p->f->kv, block, h),
		    row->position % KERNEL_PAGE, p->w->k + at, p->w->v + at,
		    s->head);
}

static void prepare_rows(const struct pass *p, uint32_t block)
{
	const struct shape *s = p->shape;
	const struct weights_block *b = &p->f->weights->block[block];
	const float *table =
	    shape_is_local(s, block) ? p->w->rope_local : p->w->rope;
	uint32_t q = s->heads * s->head, kv = s->kv_heads * s->head, r;

	while (take(p, p->n, &r)) {
		const float *angles = shape_is_rotated(s, block)
					  ? table + (size_t)r * s->rope
					  : NULL;
		float *qr = p->w->q + (size_t)r * q;
		float *kr = p->w->k + (size_t)r * kv;

		add_bias(p, qr, b->q_bias, q);
		add_bias(p, kr, b->k_bias, kv);
		add_bias(p, p->w->v + (size_t)r * kv, b->v_bias, kv);
		prepare_heads(p, qr, s->heads, b->q_norm, angles);
		prepare_heads(p, kr, s->kv_heads, b->k_norm, angles);
		store_row(p, block, r);
	}
	end_stage(p);
}

/*
 * Queries `from` to `from` + n of the rows of one slot, n <= KERNEL_ATTEND_MAX,
 * against one head of keys; query i is head i % group of row i / group.
 */
static void attend_tile(const struct pass *p, uint32_t block,
    const struct forward_span *span, uint32_t kv_head, uint32_t from)
{
	const struct shape *s = p->shape;
	uint32_t group = s->heads / s->kv_heads;
	uint32_t left = span->n * group - from;
	struct kernel_attend a = { .offset =
				       kv_offset(&p->f->kv, block, kv_head),
		.page = (const uint8_t *const *)span->kv->page,
		.head = s->head,
		.window = shape_is_local(s, block) ? s->window : 0,
		.scale = s->query_scale,
		.softcap = s->attn_softcap,
		.n = left < KERNEL_ATTEND_MAX ? left : KERNEL_ATTEND_MAX };

	for (uint32_t i = 0; i < a.n; i++) {
		uint32_t r = span->first + (from + i) / group;
		uint32_t head = kv_head * group + (from + i) % group;
		size_t at = ((size_t)r * s->heads + head) * s->head;

		a.q[i] = p->w->q + at;
		a.out[i] = p->w->norm + at;
		a.position[i] = p->row[r].position;
	}
	p->f->kernels->attend(&a);
}

static uint32_t span_tiles(const struct pass *p, const struct forward_span *s)
{
	uint32_t group = p->shape->heads / p->shape->kv_heads;

	return (s->n * group + KERNEL_ATTEND_MAX - 1) / KERNEL_ATTEND_MAX;
}

/* Leaves its result in norm, as the next matrix wants it. */
static void attend(const struct pass *p, uint32_t block)
{
	uint32_t heads = p->shape->kv_heads, units = 0, u;

	for (uint32_t i = 0; i < p->w->span_n; i++)
		units += span_tiles(p, &p->w->span[i]) * heads;
	while (take(p, units, &u)) {
		const struct forward_span *s = p->w->span;

		for (; u >= span_tiles(p, s) * heads; s++)
			u -= span_tiles(p, s) * heads;
		attend_tile(
		    p, block, s, u % heads, u / heads * KERNEL_ATTEND_MAX);
	}
	end_stage(p);
}

static void quantize_rows(const struct pass *p, uint32_t cols)
{
	uint32_t r;

	while (take(p, p->n, &r))
		set_input(p, r, cols);
	end_stage(p);
}

static void attention(const struct pass *p, uint32_t block)
{
	const struct weights_block *b = &p->f->weights->block[block];
	const struct job in[] = { { &b->q, p->w->q }, { &b->k, p->w->k },
		{ &b->v, p->w->v } };
	const struct job out = { &b->attn_out, p->w->y };

	multiply(p, in, 3, p->n);
	prepare_rows(p, block);
	attend(p, block);
	quantize_rows(p, p->shape->heads * p->shape->head);
	multiply(p, &out, 1, p->n);
	join(p, b->attn_post_norm, b->ffn_norm);
}

/* ---- feed-forward ---- */

/* norm = activation(gate) * up, a segment of a row at a time. */
static void activate(const struct pass *p)
{
	const struct kernels *k = p->f->kernels;
	uint32_t hidden = p->shape->hidden, u;
	uint32_t segments = (hidden + SEGMENT - 1) / SEGMENT;

	while (take(p, p->n * segments, &u)) {
		uint32_t from = u % segments * SEGMENT;
		uint32_t n = hidden - from < SEGMENT ? hidden - from : SEGMENT;
		size_t at = (size_t)(u / segments) * hidden + from;

		if (p->shape->family->gelu)
			k->gelu_mul(p->w->gate + at, p->w->up + at, n);
		else
			k->silu_mul(p->w->gate + at, p->w->up + at, n);
		mem_copy(p->w->norm + at, p->w->gate + at, n * sizeof(float));
		if (hidden % 32 == 0)
			k->quantize(p->w->act + at / 32, p->w->gate + at, n);
	}
	end_stage(p);
}

static void feed_forward(const struct pass *p, uint32_t block)
{
	const struct weights *w = p->f->weights;
	const struct weights_block *b = &w->block[block];
	const struct job in[] = { { &b->gate, p->w->gate },
		{ &b->up, p->w->up } };
	const struct job out = { &b->down, p->w->y };
	const float *next =
	    block + 1 < p->shape->blocks ? w->block[block + 1].attn_norm : NULL;

	multiply(p, in, 2, p->n);
	activate(p);
	multiply(p, &out, 1, p->n);
	join(p, b->ffn_post_norm, next);
}

/* ---- the output ---- */

/* The rows that want something, normed, in their order; those for logits. */
static uint32_t collect(const struct pass *p)
{
	uint32_t logits = 0, hidden = 0;
	uint32_t width = p->shape->width;

	for (uint32_t r = 0; r < p->n; r++) {
		if (p->row[r].want == FORWARD_LOGITS) {
			norm_input(p, logits++, r, p->f->weights->output_norm);
		} else if (p->row[r].want == FORWARD_HIDDEN) {
			p->f->kernels->rms_norm(
			    p->hidden + (size_t)hidden++ * width,
			    p->w->x + (size_t)r * width,
			    p->f->weights->output_norm, width,
			    p->shape->epsilon);
		}
	}
	return logits;
}

static void output(const struct pass *p)
{
	const struct job out = { &p->f->weights->output, p->logits };
	uint32_t r, vocabulary = p->shape->vocabulary;

	if (p->thread == 0)
		p->w->wanted = collect(p);
	end_stage(p);
	if (p->w->wanted == 0)
		return;
	multiply(p, &out, 1, p->w->wanted);
	if (p->shape->final_softcap <= 0.0f)
		return;
	while (take(p, p->w->wanted, &r))
		p->f->kernels->softcap(p->logits + (size_t)r * vocabulary,
		    p->shape->final_softcap, vocabulary);
	end_stage(p);
}

static void run(void *cookie, uint32_t i, uint32_t n)
{
	struct pass p = *(const struct pass *)cookie;

	(void)n;
	p.thread = i;
	begin(&p);
	for (uint32_t b = 0; b < p.shape->blocks; b++) {
		attention(&p, b);
		feed_forward(&p, b);
	}
	output(&p);
}

/* Rows of one slot stand together: find where each begins. */
static void find_spans(struct pass *p)
{
	struct forward_work *w = p->w;

	w->span_n = 0;
	for (uint32_t r = 0; r < p->n; r++) {
		const struct forward_row *row = &p->row[r];

		assert(row->token < p->shape->vocabulary);
		assert(row->position < p->f->context);
		assert(row->position / KERNEL_PAGE < row->kv->n);
		if (r > 0 && row->kv == row[-1].kv) {
			assert(row->position == row[-1].position + 1);
			w->span[w->span_n - 1].n++;
			continue;
		}
		w->span[w->span_n++] =
		    (struct forward_span){ .kv = row->kv, .first = r, .n = 1 };
	}
}

void forward_run(struct forward *f, const struct forward_row *row, uint32_t n,
    float *logits, float *hidden)
{
	struct pass p = { .f = f,
		.shape = &f->weights->shape,
		.row = row,
		.n = n,
		.logits = logits,
		.hidden = hidden,
		.w = f->work };

	assert(n >= 1 && n <= f->rows_max);
	find_spans(&p);
	if (f->weights->parameters * n <= f->alone_max)
		pool_run_alone(f->pool, run, &p);
	else
		pool_run(f->pool, run, &p);
}
