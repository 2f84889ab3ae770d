/*
 * Reading weights: tensors in the order of the file, a piece of 16 rows or more
 * at a time, each interleaved into its place at once; see weights.h.
 */
#include "engine/weights.h"

#include <stdlib.h>

#include "base/assert.h"
#include "engine/weights_place.h"

#define PIECE_LEN (1u << 18) /* bytes read at a time: an L2 cache holds it */

/*
 * Groups of 16 rows are filled up: a matrix of one row takes 16 times its
 * bytes. No model is made of those.
 */
#define SPARE_LEN (16u << 20)

struct loader {
	struct weights *w;
	const struct gguf *g;
	struct model_file *src;
	struct weights_place *place; /* [g->tensor_n], by offset in the file */
	uint8_t *piece;
	size_t piece_len;
	struct err_ctx *ctx;
};

static size_t lines(size_t len)
{
	return (len + MATRIX_LINE - 1) / MATRIX_LINE * MATRIX_LINE;
}

static size_t matrix_len(const struct matrix *m)
{
	return ((size_t)m->rows + MATRIX_LANES - 1) / MATRIX_LANES *
	       m->group_len;
}

/* Counts with base NULL, hands out with the real base. */
static size_t lay_out(struct loader *l, uint8_t *base)
{
	size_t len = 0;

	for (uint32_t i = 0; i < l->g->tensor_n; i++) {
		struct weights_place *p = &l->place[i];

		for (int k = 0; k < WEIGHTS_CUTS; k++) {
			if (p->matrix[k] == NULL)
				continue;
			if (base != NULL)
				p->matrix[k]->data = base + len;
			len += matrix_len(p->matrix[k]);
		}
		if (p->vector == NULL)
			continue;
		if (base != NULL)
			*p->vector = (const void *)(base + len);
		len += lines(p->tensor->dim[0] * sizeof(float));
	}
	return len;
}

/* Rows of a tensor, of all its matrices. */
static size_t row_len(const struct gguf_tensor *t)
{
	return (size_t)(t->len / t->dim[1]);
}

static enum err take_memory(struct loader *l)
{
	size_t len = lay_out(l, NULL);
	enum err e;

	if (len > 2 * l->g->file_len + SPARE_LEN)
		return err_set(l->ctx, ERR_LIMIT,
		    "gguf: matrices of few rows: %zu MiB of weights in a file "
		    "of %zu",
		    len >> 20, (size_t)(l->g->file_len >> 20));
	e = pages_alloc(&l->w->memory, len);
	if (e != ERR_OK)
		return err_set(
		    l->ctx, e, "no memory for %zu MiB of weights", len >> 20);
	(void)lay_out(l, l->w->memory.p);
	/* A piece holds 16 rows of any matrix, and any vector. */
	l->piece_len = PIECE_LEN;
	for (uint32_t i = 0; i < l->g->tensor_n; i++) {
		const struct gguf_tensor *t = l->place[i].tensor;
		size_t rows =
		    t->dim[1] < MATRIX_LANES ? t->dim[1] : MATRIX_LANES;

		if (rows * row_len(t) > l->piece_len)
			l->piece_len = rows * row_len(t);
	}
	l->piece = malloc(l->piece_len);
	if (l->piece == NULL)
		return err_set(l->ctx, ERR_NOMEM,
		    "no memory for %zu bytes of weights", l->piece_len);
	return ERR_OK;
}

/* What lies between tensors is read as well: it is part of the file's hash. */
static enum err skip_to(struct loader *l, uint64_t at)
{
	enum err e = ERR_OK;

	assert(at >= l->src->at);
	while (l->src->at < at && e == ERR_OK) {
		uint64_t left = at - l->src->at;

		e = model_file_read(l->src, l->piece,
		    left < l->piece_len ? (size_t)left : l->piece_len, l->ctx);
	}
	return e;
}

static enum err not_finite(
    struct loader *l, const struct gguf_tensor *t, uint64_t at)
{
	return err_set(l->ctx, ERR_FORMAT,
	    "gguf: tensor %.*s: number at offset %llu is out of range",
	    (int)t->name.len, (const char *)t->name.p, (unsigned long long)at);
}

static enum err read_matrix(
    struct loader *l, const struct gguf_tensor *t, const struct matrix *m)
{
	size_t len = row_len(t);
	uint32_t most =
	    (uint32_t)(l->piece_len / len / MATRIX_LANES) * MATRIX_LANES;
	uint8_t *dst = l->w->memory.p + (m->data - l->w->memory.p);

	if (most == 0) /* a matrix of less than 16 rows */
		most = m->rows;
	for (uint32_t row = 0; row < m->rows;) {
		uint32_t n = m->rows - row < most ? m->rows - row : most;
		uint64_t at = l->src->at;
		enum err e = model_file_read(l->src, l->piece, n * len, l->ctx);

		if (e != ERR_OK)
			return e;
		for (uint32_t r = 0; r < n; r += MATRIX_LANES) {
			uint32_t k =
			    n - r < MATRIX_LANES ? n - r : MATRIX_LANES;
			size_t bad;

			if (!matrix_pack(dst, t->type, m->cols,
				l->piece + r * len, k, &bad))
				return not_finite(l, t, at + r * len + bad);
			dst += m->group_len;
		}
		row += n;
	}
	return ERR_OK;
}

static enum err read_vector(struct loader *l, const struct weights_place *p)
{
	const struct gguf_tensor *t = p->tensor;
	uint64_t at = l->src->at;
	size_t one = (size_t)(t->len / t->dim[0]);
	uint8_t *dst =
	    l->w->memory.p + ((const uint8_t *)*p->vector - l->w->memory.p);
	enum err e = model_file_read(l->src, l->piece, (size_t)t->len, l->ctx);

	for (uint32_t i = 0; i < t->dim[0] && e == ERR_OK; i++) {
		float f = matrix_float(l->piece + i * one, t->type);

		if (!(f >= p->min && f <= p->max))
			e = not_finite(l, t, at + i * one);
		memcpy(dst + i * sizeof(f), &f, sizeof(f));
	}
	return e;
}

static enum err read_all(struct loader *l)
{
	enum err e = ERR_OK;

	for (uint32_t i = 0; i < l->g->tensor_n && e == ERR_OK; i++) {
		const struct weights_place *p = &l->place[i];

		e = skip_to(l, p->tensor->at);
		if (e == ERR_OK && p->vector != NULL)
			e = read_vector(l, p);
		for (int k = 0; k < WEIGHTS_CUTS; k++) {
			if (e == ERR_OK && p->matrix[k] != NULL)
				e = read_matrix(l, p->tensor, p->matrix[k]);
		}
	}
	return e == ERR_OK ? skip_to(l, l->src->len) : e;
}

/* Shape and places: all that the head says. */
static enum err plan(struct loader *l)
{
	struct weights *w = l->w;
	enum err e = shape_read(&w->shape, l->g, l->ctx);

	if (e != ERR_OK)
		return e;
	w->block = calloc(w->shape.blocks, sizeof(*w->block));
	l->place = calloc(l->g->tensor_n + 1, sizeof(*l->place));
	if (w->block == NULL || l->place == NULL)
		return err_set(l->ctx, ERR_NOMEM, "no memory for %u blocks",
		    w->shape.blocks);
	return weights_place_all(l->place, w, l->g, l->ctx);
}

static enum err load(struct loader *l)
{
	struct weights *w = l->w;
	enum err e = plan(l);

	if (e == ERR_OK)
		e = take_memory(l);
	if (e == ERR_OK)
		e = read_all(l);
	if (w->output.data == NULL)
		w->output = w->embedding;
	return e;
}

enum err weights_plan(const struct gguf *g, struct shape *shape, uint64_t *len,
    struct err_ctx *ctx)
{
	struct weights w = { .block = NULL };
	struct loader l = { .w = &w, .g = g, .ctx = ctx };
	enum err e = plan(&l);

	*shape = w.shape;
	*len = e == ERR_OK ? lay_out(&l, NULL) : 0;
	free(l.place);
	weights_clear(&w);
	return e;
}

enum err weights_read(struct weights *w, const struct gguf *g,
    struct model_file *src, struct err_ctx *ctx)
{
	struct loader l = { .w = w, .g = g, .src = src, .ctx = ctx };
	enum err e;

	*w = (struct weights){ .block = NULL };
	e = load(&l);
	free(l.place);
	free(l.piece);
	if (e != ERR_OK)
		weights_clear(w);
	return e;
}

void weights_clear(struct weights *w)
{
	free(w->block);
	pages_free(&w->memory);
	*w = (struct weights){ .block = NULL };
}

const float *weights_rope_factors(const struct weights *w, uint32_t context)
{
	if (w->shape.scaling.kind != ROPE_LONGROPE)
		return w->rope_freqs;
	return context > w->shape.scaling.original_context ? w->rope_long
							   : w->rope_short;
}
