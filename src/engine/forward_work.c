/* Taking and wiping the memory of a forward pass. */
#include "engine/forward_work.h"

#include "base/assert.h"
#include "base/mem.h"

#define ALONE_MAX 4000000 /* less takes longer with other threads */

static size_t widest_input(const struct shape *s)
{
	size_t q = (size_t)s->heads * s->head;
	size_t n = s->width > s->hidden ? s->width : s->hidden;

	return n > q ? n : q;
}

static bool has_local(const struct shape *s)
{
	return s->window != 0 && s->local_base > 0.0f;
}

static void lay_out(
    const struct forward *f, struct pages_carver *c, struct forward_work *w)
{
	const struct shape *s = &f->weights->shape;
	size_t rows = f->rows_max, input = widest_input(s);
	size_t kv = (size_t)s->kv_heads * s->head;

	w->rope = pages_carve(c, rows * s->rope, sizeof(float));
	w->rope_local = has_local(s)
			    ? pages_carve(c, rows * s->rope, sizeof(float))
			    : w->rope;
	w->x = pages_carve(c, rows * s->width, sizeof(float));
	w->y = pages_carve(c, rows * s->width, sizeof(float));
	w->q = pages_carve(c, rows * s->heads * s->head, sizeof(float));
	w->k = pages_carve(c, rows * kv, sizeof(float));
	w->v = pages_carve(c, rows * kv, sizeof(float));
	w->gate = pages_carve(c, rows * s->hidden, sizeof(float));
	w->up = pages_carve(c, rows * s->hidden, sizeof(float));
	w->norm = pages_carve(c, rows * input, sizeof(float));
	w->act = pages_carve(c, rows * (input / 32 + 1), sizeof(struct act));
	w->span = pages_carve(c, rows, sizeof(*w->span));
}

enum err forward_init(struct forward *f, const struct weights *weights,
    const struct kernels *kernels, struct pool *pool, uint32_t context,
    uint32_t rows_max)
{
	const struct shape *s = &weights->shape;
	struct pages_carver count = { NULL, 0 }, real = { NULL, 0 };
	struct forward_work *w;
	enum err e;

	assert(rows_max >= 1 && rows_max <= FORWARD_ROWS_MAX);
	*f = (struct forward){ .weights = weights,
		.kernels = kernels,
		.pool = pool,
		.context = context,
		.rope_factors = weights_rope_factors(weights, context),
		.rows_max = rows_max,
		.alone_max = ALONE_MAX,
		.kv = { .blocks = s->blocks,
		    .heads = s->kv_heads,
		    .head = s->head } };
	w = pages_carve(&count, 1, sizeof(*w));
	lay_out(f, &count, &(struct forward_work){ .x = NULL });
	e = pages_alloc(&f->memory, count.len);
	if (e != ERR_OK)
		return e;
	real.base = f->memory.p;
	w = pages_carve(&real, 1, sizeof(*w));
	f->head_len = real.len;
	lay_out(f, &real, w);
	assert(real.len == count.len);
	f->work = w;
	return ERR_OK;
}

void forward_wipe(struct forward *f)
{
	mem_wipe(f->memory.p + f->head_len, f->memory.len - f->head_len);
}

void forward_clear(struct forward *f)
{
	if (f->memory.p != NULL)
		forward_wipe(f);
	pages_free(&f->memory);
	*f = (struct forward){ .weights = NULL };
}
