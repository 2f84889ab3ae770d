/*
 * Attention (kernels.h, struct kernel_attend), on whatever lanes were included
 * before. One product serves both halves of it: rows of halves, each times a
 * number of a query, added up lane by lane. For scores the rows are dimensions
 * of the head and the lanes positions; for values rows are positions and lanes
 * dimensions. A row is read and converted once for several queries.
 *
 * Each query has its own maximum and its own sums, and a weight of 0 adds
 * nothing, so its result does not depend on the others.
 */
#ifndef CONFER_ENGINE_BODY_ATTEND_H
#define CONFER_ENGINE_BODY_ATTEND_H

#include <float.h>
#include <stdbool.h>
#include <string.h>

#include "engine/kernels.h"
#include "engine/lanes_math.h"

/* Arrays of lanes live in registers only if all loops over them vanish. */
#ifdef __clang__
#define ATTEND_UNROLL _Pragma("clang loop unroll(full)")
#else
#define ATTEND_UNROLL _Pragma("GCC unroll 4")
#endif

/* sum[query][lane] += half[row][lane] by[query][row] */
struct attend_mul {
	const uint8_t *half;
	const uint8_t *next; /* the same in the page after, fetched early */
	size_t row_len;      /* bytes */
	uint32_t rows;
	const float *by;
	size_t by_stride; /* floats from query to query */
	float *sum;
	size_t sum_stride;
};

/* n queries and `across` vectors of lanes, both constants where it is used. */
INLINE void attend_tile(const struct attend_mul *m, uint32_t n, uint32_t across)
{
	struct lanes s[LANES_QUERIES][LANES_ACROSS];

	ATTEND_UNROLL
	for (uint32_t i = 0; i < n; i++) {
		ATTEND_UNROLL
		for (uint32_t v = 0; v < across; v++)
			s[i][v] =
			    lanes_load(m->sum + i * m->sum_stride + v * LANES);
	}
	for (uint32_t row = 0; row < m->rows; row++) {
		const uint8_t *p = m->half + row * m->row_len;
		const uint8_t *next = m->next + row * m->row_len;
		struct lanes h[LANES_ACROSS];

		for (uint32_t i = 0; i < across; i += 2)
			__builtin_prefetch(next + i * 2 * LANES, 0, 2);

		ATTEND_UNROLL
		for (uint32_t v = 0; v < across; v++)
			h[v] = lanes_from_f16(p + v * 2 * LANES);
		ATTEND_UNROLL
		for (uint32_t i = 0; i < n; i++) {
			struct lanes by =
			    lanes_set1(m->by[i * m->by_stride + row]);

			ATTEND_UNROLL
			for (uint32_t v = 0; v < across; v++)
				s[i][v] = lanes_fma(h[v], by, s[i][v]);
		}
	}
	ATTEND_UNROLL
	for (uint32_t i = 0; i < n; i++) {
		ATTEND_UNROLL
		for (uint32_t v = 0; v < across; v++)
			lanes_store(
			    m->sum + i * m->sum_stride + v * LANES, s[i][v]);
	}
}

/* `across` is a constant. */
INLINE void attend_queries(struct attend_mul m, uint32_t n, uint32_t across)
{
	for (; n >= LANES_QUERIES; n -= LANES_QUERIES) {
		attend_tile(&m, LANES_QUERIES, across);
		m.by += LANES_QUERIES * m.by_stride;
		m.sum += LANES_QUERIES * m.sum_stride;
	}
#if LANES_QUERIES > 1
	if (n == 1)
		attend_tile(&m, 1, across);
	else if (n == 2)
		attend_tile(&m, 2, across);
	else if (n == 3)
		attend_tile(&m, 3, across);
#endif
}

/* n queries and `across` vectors, any numbers. */
static void attend_product(struct attend_mul m, uint32_t n, uint32_t across)
{
	for (; across >= LANES_ACROSS; across -= LANES_ACROSS) {
		attend_queries(m, n, LANES_ACROSS);
		m.half += LANES_ACROSS * 2 * LANES;
		m.next += LANES_ACROSS * 2 * LANES;
		m.sum += LANES_ACROSS * LANES;
	}
#if LANES_ACROSS > 1
	for (; across > 0; across--) {
		attend_queries(m, n, 1);
		m.half += 2 * LANES;
		m.next += 2 * LANES;
		m.sum += LANES;
	}
#endif
}

struct attend {
	const struct kernel_attend *a;
	uint32_t pad;                          /* head rounded up to 16 */
	float most[KERNEL_ATTEND_MAX];         /* the highest score yet */
	struct lanes total[KERNEL_ATTEND_MAX]; /* of the weights */
	float weight[KERNEL_ATTEND_MAX][KERNEL_PAGE]; /* scores at first */
	float query[KERNEL_ATTEND_MAX][KERNEL_HEAD_MAX];
	float sum[KERNEL_ATTEND_MAX][KERNEL_HEAD_MAX];
};

/* The positions of a page that one query sees: from first to last. */
struct attend_seen {
	float first, last;
	bool all;
};

static struct attend_seen attend_sees(
    const struct kernel_attend *a, uint32_t query, uint32_t page, uint32_t n)
{
	int64_t last =
	    (int64_t)a->position[query] - (int64_t)page * KERNEL_PAGE;
	int64_t first = a->window == 0 ? 0 : last - a->window + 1;

	first = first < 0 ? 0 : first > KERNEL_PAGE ? KERNEL_PAGE : first;
	last = last < -1 ? -1 : last > KERNEL_PAGE ? KERNEL_PAGE : last;
	return (struct attend_seen){ (float)first, (float)last,
		first == 0 && last >= (int64_t)n - 1 };
}

/* x at the positions that are seen, else `hidden`; at: that of lane 0. */
INLINE struct lanes attend_mask(
    struct lanes x, const struct attend_seen *seen, uint32_t at, float hidden)
{
	static const float lane[LANES] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
		12, 13, 14, 15 };
	struct lanes none = lanes_set1(hidden), position;

	if (seen->all)
		return x;
	position = lanes_add(lanes_load(lane), lanes_set1((float)at));
	x = lanes_if_le(lanes_set1(seen->first), position, x, none);
	return lanes_if_le(position, lanes_set1(seen->last), x, none);
}

/* What was summed up against the old maximum, now against the new one. */
static void attend_rescale(struct attend *t, uint32_t query, float most)
{
	struct lanes by;
	float *sum = t->sum[query];

	if (!(most > t->most[query]))
		return;
	by = lanes_exp(lanes_sub(lanes_set1(t->most[query]), lanes_set1(most)));
	t->total[query] = lanes_mul(t->total[query], by);
	for (uint32_t i = 0; i < t->pad; i += LANES)
		lanes_store(sum + i, lanes_mul(lanes_load(sum + i), by));
	t->most[query] = most;
}

/* The first n scores of a page become weights; n is a multiple of 16. */
static void attend_weigh(
    struct attend *t, uint32_t query, uint32_t page, uint32_t n)
{
	struct attend_seen seen = attend_sees(t->a, query, page, n);
	struct lanes scale = lanes_set1(t->a->scale);
	struct lanes high = lanes_set1(t->most[query]), most;
	float *w = t->weight[query];

	for (uint32_t i = 0; i < n; i += LANES) {
		struct lanes s = lanes_mul(lanes_load(w + i), scale);

		if (t->a->softcap != 0)
			s = lanes_softcap(s, t->a->softcap);
		s = attend_mask(s, &seen, i, -FLT_MAX);
		lanes_store(w + i, s);
		high = lanes_max(s, high);
	}
	attend_rescale(t, query, lanes_highest(high));
	most = lanes_set1(t->most[query]);
	for (uint32_t i = 0; i < n; i += LANES) {
		struct lanes s = lanes_exp(lanes_sub(lanes_load(w + i), most));

		s = attend_mask(s, &seen, i, 0.0f);
		lanes_store(w + i, s);
		t->total[query] = lanes_add(t->total[query], s);
	}
}

/* `seen`: positions of this page up to the last that a query sees. */
static void attend_page(
    struct attend *t, uint32_t page, uint32_t seen, bool more)
{
	const struct kernel_attend *a = t->a;
	const uint8_t *keys = a->page[page] + a->offset;
	const uint8_t *next = more ? a->page[page + 1] + a->offset : keys;
	uint32_t vectors = (seen + LANES - 1) / LANES;
	size_t keys_row = (size_t)KERNEL_PAGE * 2;

	memset(t->weight, 0, a->n * sizeof(t->weight[0]));
	attend_product((struct attend_mul){ .half = keys,
			   .next = next,
			   .row_len = keys_row,
			   .rows = a->head,
			   .by = t->query[0],
			   .by_stride = KERNEL_HEAD_MAX,
			   .sum = t->weight[0],
			   .sum_stride = KERNEL_PAGE },
	    a->n, vectors);
	for (uint32_t i = 0; i < a->n; i++)
		attend_weigh(t, i, page, vectors * LANES);
	attend_product((struct attend_mul){ .half = keys + a->head * keys_row,
			   .next = next + a->head * keys_row,
			   .row_len = (size_t)t->pad * 2,
			   .rows = seen,
			   .by = t->weight[0],
			   .by_stride = KERNEL_PAGE,
			   .sum = t->sum[0],
			   .sum_stride = KERNEL_HEAD_MAX },
	    a->n, t->pad / LANES);
}

/* Adding 0 makes -0 of values that all vanish a 0. */
static void attend_finish(const struct attend *t, uint32_t query)
{
	const struct kernel_attend *a = t->a;
	struct lanes total = lanes_set1(lanes_sum(t->total[query]));

	for (uint32_t i = 0; i < a->head; i += LANES) {
		struct lanes v =
		    lanes_div(lanes_load(t->sum[query] + i), total);

		lanes_store_part(a->out[query] + i,
		    lanes_add(v, lanes_set1(0.0f)), lanes_left(a->head, i));
	}
}

static void attend_all(const struct kernel_attend *a)
{
	/* 34 KiB, of which a narrow head uses little: not filled twice. */
	__attribute__((uninitialized)) struct attend t;
	uint32_t first = UINT32_MAX, last = 0;

	t.a = a;
	t.pad = (a->head + LANES - 1) / LANES * LANES;
	for (uint32_t i = 0; i < a->n; i++) {
		uint32_t p = a->position[i];
		uint32_t from =
		    a->window == 0 || p < a->window ? 0 : p - a->window + 1;

		first = from < first ? from : first;
		last = p > last ? p : last;
		t.most[i] = -FLT_MAX;
		t.total[i] = lanes_set1(0.0f);
		memcpy(t.query[i], a->q[i], a->head * sizeof(float));
		memset(t.sum[i], 0, t.pad * sizeof(float));
	}
	for (uint32_t page = first / KERNEL_PAGE; page <= last / KERNEL_PAGE;
	     page++) {
		uint32_t left = last - page * KERNEL_PAGE + 1;

		attend_page(&t, page, left < KERNEL_PAGE ? left : KERNEL_PAGE,
		    left > KERNEL_PAGE);
	}
	for (uint32_t i = 0; i < a->n; i++)
		attend_finish(&t, i);
}

#endif
