/*
 * The matrix product, written once; a file kernels_*.c includes it behind the
 * lanes and lines of its kind of CPU.
 *
 * A block is 32 columns of a group of 16 rows. It is unpacked once, into
 * registers, and then meets the activations of up to 64 tokens one after the
 * other, whose sums lie in the first cache. So unpacking costs next to nothing
 * in a batch, one body serves all types, and the order of operations does not
 * depend on the number of tokens. Of a single token the sums are registers too.
 *
 * A thread reads one sequential stream of weights, and asks for it well ahead:
 * a CPU whose window of instructions is full of arithmetic does not reach the
 * next lines early enough by itself. (One token: 65 to 90 % of memory's speed
 * without that, depending on the type, 95 to 98 % with it; 16 tokens: 3.2 times
 * the time of one without, 2.1 with.)
 *
 * Everything is inlined with a constant type, so that what a type does not
 * have leaves no trace; but plain C has one code for all types.
 */
#ifndef CONFER_ENGINE_BODY_MATMUL_H
#define CONFER_ENGINE_BODY_MATMUL_H

#include <string.h>

#include "base/assert.h"
#include "engine/kernels.h"

#define MUL_TOKENS       64   /* of a tile */
#define MUL_FLOAT_TOKENS 32   /* the same for float weights: four sums each */
#define MUL_FEW          16   /* tokens that wait for memory, not for loads */
#define MUL_AHEAD        8192 /* bytes */
#define MUL_COLS         32   /* of a block */
#define MUL_QUADS        8    /* quads of columns in it */
#define MUL_K            8    /* blocks that share scales in the K types */
#define MUL_CHAINS       4    /* sums of float weights */
#define MUL_CHUNK        16   /* their columns that are registers at once */

/* What stands before a step: scales, and minima as they are added. */
struct mul_scales {
	struct lanes d;
	struct lanes m;
};

/* w[i] is quad i, m the minimum, or the scale of the second half. */
struct mul_block {
	struct line w[MUL_QUADS];
	struct lanes d;
	struct lanes m;
};

/* n tokens from `from` on, and the group, or first of two, they meet. */
struct mul_tile {
	uint32_t from;
	uint32_t n;
	uint32_t group;
};

INLINE bool mul_is_k(enum gguf_tensor_type t)
{
	return t == GGUF_TENSOR_Q4_K || t == GGUF_TENSOR_Q5_K ||
	       t == GGUF_TENSOR_Q6_K;
}

INLINE bool mul_has_min(enum gguf_tensor_type t)
{
	return t == GGUF_TENSOR_Q4_1 || t == GGUF_TENSOR_Q5_1 ||
	       t == GGUF_TENSOR_Q4_K || t == GGUF_TENSOR_Q5_K;
}

INLINE unsigned mul_bits(enum gguf_tensor_type t)
{
	if (t == GGUF_TENSOR_Q8_0)
		return 8;
	if (t == GGUF_TENSOR_Q6_K)
		return 6;
	if (t == GGUF_TENSOR_Q5_0 || t == GGUF_TENSOR_Q5_1 ||
	    t == GGUF_TENSOR_Q5_K)
		return 5;
	return 4;
}

/* The readers return where they stopped. K types subtract their minimum. */
INLINE const uint8_t *mul_read_scales(
    struct mul_scales *s, const uint8_t *p, enum gguf_tensor_type t)
{
	s->d = s->m = lanes_from_f16(p);
	p += 2 * MATRIX_LANES;
	if (!mul_has_min(t))
		return p;
	s->m = lanes_from_f16(p);
	if (mul_is_k(t))
		s->m = lanes_neg(s->m);
	return p + 2 * MATRIX_LANES;
}

INLINE const uint8_t *mul_read_weights(
    struct line *w, const uint8_t *p, enum gguf_tensor_type t)
{
	if (mul_bits(t) == 8) {
		LINE_UNROLL
		for (unsigned i = 0; i < MUL_QUADS; i++)
			w[i] = line_load(p + i * MATRIX_LINE);
		return p + MUL_QUADS * MATRIX_LINE;
	}
	LINE_UNROLL
	for (unsigned i = 0; i < MUL_QUADS / 2; i++, p += MATRIX_LINE) {
		w[i] = line_low(line_load(p));
		w[i + 4] = line_high(line_load(p));
	}
	if (mul_bits(t) == 5) {
		LINE_UNROLL
		for (unsigned i = 0; i < MUL_QUADS; i++)
			w[i] = line_above(w[i], line_load(p), (uint8_t)i, 0x10);
		p += MATRIX_LINE;
	} else if (mul_bits(t) == 6) {
		LINE_UNROLL
		for (unsigned i = 0; i < MUL_QUADS; i++)
			w[i] =
			    line_above(w[i], line_load(p + i / 4 * MATRIX_LINE),
				(uint8_t)(2 * (i % 4)), 0x30);
		p += 2 * MATRIX_LINE;
	}
	return p;
}

INLINE const uint8_t *mul_read_block(struct mul_block *b,
    const struct mul_scales *s, const uint8_t *p, enum gguf_tensor_type t)
{
	b->d = s->d;
	b->m = s->m;
	if (t == GGUF_TENSOR_Q6_K) {
		b->d = lanes_mul(s->d, line_i8(p));
		b->m = lanes_mul(s->d, line_i8(p + MATRIX_LANES));
	} else if (mul_is_k(t)) {
		b->d = lanes_mul(s->d, line_u8(p));
		b->m = lanes_mul(s->m, line_u8(p + MATRIX_LANES));
	}
	if (mul_is_k(t))
		p += 2 * MATRIX_LANES;
	return mul_read_weights(b->w, p, t);
}

/*
 * Exact sums of `groups` blocks times the same activations: of all columns, or
 * of half 1 or 2 of them.
 */
INLINE void mul_dots(struct lanes *out, const struct mul_block *b,
    const struct act *a, unsigned half, uint32_t groups,
    enum gguf_tensor_type t)
{
	unsigned zero = mul_has_min(t) ? 0 : 1u << (mul_bits(t) - 1);
	unsigned from = half == 2 ? MUL_QUADS / 2 : 0;
	unsigned to = half == 1 ? MUL_QUADS / 2 : MUL_QUADS;
	int32_t sum = half == 0 ? a->sum[0] + a->sum[1] : a->sum[half - 1];
	struct dot d[LINE_GROUPS];

	LINE_UNROLL
	for (uint32_t g = 0; g < groups; g++)
		d[g] = dot_begin(sum, zero);
	LINE_UNROLL
	for (unsigned i = from; i < to; i++) {
		LINE_UNROLL
		for (uint32_t g = 0; g < groups; g++)
			d[g] = dot_quad(d[g], b[g].w[i], a->q, i, mul_bits(t));
	}
	LINE_UNROLL
	for (uint32_t g = 0; g < groups; g++)
		out[g] = dot_end(d[g]);
}

/* One token's sums, with one block of each group more. */
INLINE void mul_meet(struct lanes *s, const struct mul_block *b,
    const struct act *a, uint32_t groups, enum gguf_tensor_type t)
{
	struct lanes i[LINE_GROUPS], dx = lanes_set1(a->d);

	mul_dots(i, b, a, t == GGUF_TENSOR_Q6_K, groups, t);
	LINE_UNROLL
	for (uint32_t g = 0; g < groups; g++)
		s[g] = lanes_fma(i[g], lanes_mul(b[g].d, dx), s[g]);
	if (t == GGUF_TENSOR_Q6_K) {
		mul_dots(i, b, a, 2, groups, t);
		LINE_UNROLL
		for (uint32_t g = 0; g < groups; g++)
			s[g] = lanes_fma(i[g], lanes_mul(b[g].m, dx), s[g]);
	} else if (mul_has_min(t)) {
		LINE_UNROLL
		for (uint32_t g = 0; g < groups; g++)
			s[g] = lanes_fma(b[g].m, lanes_set1(a->ds), s[g]);
	}
}

/* Rows of a group as far as the matrix has them. */
INLINE void mul_store(
    const struct kernel_mul *m, uint32_t v, uint32_t group, struct lanes s)
{
	uint32_t row = group * MATRIX_LANES;
	float *out = m->out + (size_t)v * m->out_stride + row, part[16];

	if (m->w->rows - row >= MATRIX_LANES) {
		lanes_store(out, s);
		return;
	}
	lanes_store(part, s);
	memcpy(out, part, (m->w->rows - row) * sizeof(*out));
}

/* Ask for as much as was just read, that far ahead in each stream. */
INLINE void mul_fetch(const uint8_t *from, const uint8_t *to, uint32_t streams)
{
	for (; from < to; from += MATRIX_LINE)
		__builtin_prefetch(from + MUL_AHEAD / streams);
}

/* s is room for n times `groups`, a constant, as n is if it is 1. */
INLINE void mul_tile(struct lanes *s, const struct kernel_mul *m,
    const struct mul_tile *tile, uint32_t n, uint32_t groups,
    enum gguf_tensor_type t)
{
	uint32_t blocks = m->w->cols / MUL_COLS, each = mul_is_k(t) ? MUL_K : 1;
	const struct act *a = m->act + (size_t)tile->from * blocks;
	const uint8_t *p[LINE_GROUPS], *old[LINE_GROUPS];

	for (uint32_t v = 0; v < n * groups; v++)
		s[v] = lanes_set1(0);
	LINE_UNROLL
	for (uint32_t g = 0; g < groups; g++)
		p[g] = m->w->data + (tile->group + g) * m->w->group_len;
	for (uint32_t i = 0; i < blocks; i += each) {
		struct mul_scales scales[LINE_GROUPS];

		LINE_UNROLL
		for (uint32_t g = 0; g < groups; g++) {
			old[g] = p[g];
			p[g] = mul_read_scales(&scales[g], p[g], t);
		}
		for (uint32_t k = i; k < i + each; k++) {
			struct mul_block b[LINE_GROUPS];

			LINE_UNROLL
			for (uint32_t g = 0; g < groups; g++) {
				p[g] =
				    mul_read_block(&b[g], &scales[g], p[g], t);
				mul_fetch(old[g], p[g], groups);
				old[g] = p[g];
			}
			for (uint32_t v = 0; v < n; v++)
				mul_meet(s + v * groups, b,
				    a + (size_t)v * blocks + k, groups, t);
		}
	}
	for (uint32_t v = 0; v < n; v++) {
		LINE_UNROLL
		for (uint32_t g = 0; g < groups; g++)
			mul_store(m, tile->from + v, tile->group + g,
			    s[v * groups + g]);
	}
}

INLINE struct lanes mul_column(
    const uint8_t *p, uint32_t c, enum gguf_tensor_type t)
{
	if (t == GGUF_TENSOR_F32)
		return lanes_load((const void *)(p + c * MATRIX_LINE));
	p += c * MATRIX_LINE / 2;
	return t == GGUF_TENSOR_F16 ? lanes_from_f16(p) : line_bf16(p);
}

/* Float weights of a group from some column on, and n tokens' activations. */
struct mul_operands {
	const uint8_t *w;
	const float *x; /* n, each a row of `stride` after the last */
	uint32_t stride;
	uint32_t n;
};

/* `cols` columns, a constant; s has the sums of each token. */
INLINE void mul_columns(struct lanes *s, const struct mul_operands *o,
    uint32_t cols, enum gguf_tensor_type t)
{
	struct lanes w[MUL_CHUNK];

	LINE_UNROLL
	for (uint32_t c = 0; c < cols; c++)
		w[c] = mul_column(o->w, c, t);
	for (uint32_t v = 0; v < o->n; v++, s += MUL_CHAINS) {
		const float *x = o->x + (size_t)v * o->stride;

		LINE_UNROLL
		for (uint32_t c = 0; c < cols; c++)
			s[c % MUL_CHAINS] = lanes_fma(
			    w[c], lanes_set1(x[c]), s[c % MUL_CHAINS]);
	}
}

INLINE void mul_float_tile(struct lanes *s, const struct kernel_mul *m,
    const struct mul_tile *k, uint32_t n, enum gguf_tensor_type t)
{
	uint32_t cols = m->w->cols, c = 0;
	uint32_t len = t == GGUF_TENSOR_F32 ? MATRIX_LINE : MATRIX_LINE / 2;
	struct mul_operands o = { .w = m->w->data + k->group * m->w->group_len,
		.x = m->x + (size_t)k->from * cols,
		.stride = cols,
		.n = n };

	for (uint32_t v = 0; v < n * MUL_CHAINS; v++)
		s[v] = lanes_set1(0);
	for (; c + MUL_CHUNK <= cols; c += MUL_CHUNK) {
		mul_columns(s, &o, MUL_CHUNK, t);
		mul_fetch(o.w, o.w + MUL_CHUNK * len, 1);
		o.w += MUL_CHUNK * len;
		o.x += MUL_CHUNK;
	}
	/* Column c always goes to sum c % 4. */
	for (; c + MUL_CHAINS <= cols; c += MUL_CHAINS) {
		mul_columns(s, &o, MUL_CHAINS, t);
		o.w += MUL_CHAINS * len;
		o.x += MUL_CHAINS;
	}
	if (cols - c == 1)
		mul_columns(s, &o, 1, t);
	else if (cols - c == 2)
		mul_columns(s, &o, 2, t);
	else if (cols - c == 3)
		mul_columns(s, &o, 3, t);
	for (uint32_t v = 0; v < n; v++) {
		const struct lanes *sv = s + MUL_CHAINS * v;

		mul_store(m, k->from + v, k->group,
		    lanes_add(
			lanes_add(sv[0], sv[1]), lanes_add(sv[2], sv[3])));
	}
}

/* Tile i of as few as there can be, all about as large. */
INLINE bool mul_next_tile(
    struct mul_tile *k, const struct kernel_mul *m, uint32_t tokens, uint32_t i)
{
	uint32_t tiles = (m->n + tokens - 1) / tokens;

	if (i >= tiles)
		return false;
	k->from = m->n * i / tiles;
	k->n = m->n * (i + 1) / tiles - k->from;
	k->group = m->group_from;
	return true;
}

INLINE void mul_floats(const struct kernel_mul *m, enum gguf_tensor_type t)
{
	struct lanes s[MUL_FLOAT_TOKENS * MUL_CHAINS], one[MUL_CHAINS];
	struct mul_tile k;

	for (uint32_t i = 0; mul_next_tile(&k, m, MUL_FLOAT_TOKENS, i); i++) {
		for (; k.group < m->group_to; k.group++) {
			if (k.n == 1)
				mul_float_tile(one, m, &k, 1, t);
			else
				mul_float_tile(s, m, &k, k.n, t);
		}
	}
}

INLINE void mul_quantised(const struct kernel_mul *m, enum gguf_tensor_type t)
{
	struct lanes s[MUL_TOKENS * LINE_GROUPS], one[1];
	struct mul_tile k;

	for (uint32_t i = 0; mul_next_tile(&k, m, MUL_TOKENS, i); i++) {
		if (LINE_GROUPS > 1 && k.n > MUL_FEW) {
			for (; k.group + LINE_GROUPS <= m->group_to;
			     k.group += LINE_GROUPS)
				mul_tile(s, m, &k, k.n, LINE_GROUPS, t);
		}
		for (; k.group < m->group_to; k.group++) {
			if (k.n == 1)
				mul_tile(one, m, &k, 1, 1, t);
			else
				mul_tile(s, m, &k, k.n, 1, t);
		}
	}
}

INLINE void mul_typed(const struct kernel_mul *m, enum gguf_tensor_type t)
{
	if (t == GGUF_TENSOR_F32 || t == GGUF_TENSOR_F16 ||
	    t == GGUF_TENSOR_BF16)
		mul_floats(m, t);
	else
		mul_quantised(m, t);
}

#define MUL_TYPE(t)                                                            \
	case t:                                                                \
		mul_typed(m, t);                                               \
		break

static void mul_matrix(const struct kernel_mul *m)
{
	assert(matrix_has_type(m->w->type));
	if (!LINE_BY_TYPE) {
		mul_typed(m, m->w->type);
		return;
	}
	switch ((int)m->w->type) {
		MUL_TYPE(GGUF_TENSOR_F32);
		MUL_TYPE(GGUF_TENSOR_F16);
		MUL_TYPE(GGUF_TENSOR_BF16);
		MUL_TYPE(GGUF_TENSOR_Q8_0);
		MUL_TYPE(GGUF_TENSOR_Q4_0);
		MUL_TYPE(GGUF_TENSOR_Q4_1);
		MUL_TYPE(GGUF_TENSOR_Q5_0);
		MUL_TYPE(GGUF_TENSOR_Q5_1);
		MUL_TYPE(GGUF_TENSOR_Q4_K);
		MUL_TYPE(GGUF_TENSOR_Q5_K);
		MUL_TYPE(GGUF_TENSOR_Q6_K);
	}
}

#undef MUL_TYPE

#endif
