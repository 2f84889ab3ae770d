/*
 * The scores of one head and one conversation are a full square; entries above
 * the diagonal are set to zero after the softmax. That wastes half of a product
 * that is a few per cent of a step, and keeps the code short.
 */
#include "attention.h"

#include <string.h>

#include "exact.h"

enum { PAIRS = NET_HEAD / 2, STRIDE = 3 * NET_DIM };

static float rope_cos[NET_CTX][PAIRS], rope_sin[NET_CTX][PAIRS];

void attention_tables(void)
{
	for (int p = 0; p < NET_CTX; p++) {
		for (int i = 0; i < PAIRS; i++) {
			double f = exact_exp(
			    -exact_log(NET_ROPE_BASE) * 2 * i / NET_HEAD);

			rope_cos[p][i] = (float)exact_cos(p * f);
			rope_sin[p][i] = (float)exact_sin(p * f);
		}
	}
}

/* Rotates every head of q and k; sign -1 turns back. */
static void rope(float *qkv, const struct net_batch *b, float sign)
{
	for (size_t t = 0; t < b->n; t++) {
		const float *c = rope_cos[t - b->start[t]];
		const float *s = rope_sin[t - b->start[t]];
		float *x = qkv + t * STRIDE;

		for (size_t i = 0; i < NET_DIM; i++, x += 2) {
			float a = x[0], d = x[1];
			float si = sign * s[i % PAIRS], co = c[i % PAIRS];

			x[0] = a * co - d * si;
			x[1] = a * si + d * co;
		}
	}
}

/* Softmax of the first n entries (scaled), zeros up to the row's end. */
static void softmax_row(float *p, size_t n, size_t end)
{
	const float scale = 1 / exact_sqrt(NET_HEAD);
	__m256 sum = _mm256_setzero_ps();
	float max = p[0], k;

	for (size_t i = 1; i < n; i++)
		max = p[i] > max ? p[i] : max;
	for (size_t i = 0; i < n; i++)
		p[i] = (p[i] - max) * scale;
	for (size_t i = n; i < end; i++)
		p[i] = -1000;
	for (size_t i = 0; i < end; i += 8) {
		__m256 x = _mm256_loadu_ps(p + i);
		__m256 live = _mm256_cmp_ps(x, _mm256_set1_ps(-87), _CMP_GT_OQ);
		__m256 e = _mm256_and_ps(live, exact_exp8(x));

		_mm256_storeu_ps(p + i, e);
		sum = _mm256_add_ps(sum, e);
	}
	k = 1 / exact_sum8(sum);
	for (size_t i = 0; i < n; i++)
		p[i] *= k;
}

/* Where one head of one conversation lies. */
struct span {
	size_t from, n, ld; /* ld: row length of scores, a multiple of 8 */
	size_t head;
};

static struct gemm_in rows(const float *p, size_t part, const struct span *a)
{
	return (struct gemm_in){ p + a->from * STRIDE + part * NET_DIM +
				     a->head * NET_HEAD,
		STRIDE, 1 };
}

static struct gemm_in turned(struct gemm_in m)
{
	return (struct gemm_in){ m.p, m.cs, m.rs };
}

static void scores(const float *qkv, const struct span *a, struct net_state *s)
{
	gemm(s->score, a->ld, rows(qkv, 0, a), turned(rows(qkv, 1, a)),
	    (size_t[]){ a->n, a->n, NET_HEAD }, false, &s->work);
	for (size_t i = 0; i < a->n; i++)
		softmax_row(s->score + i * a->ld, i + 1, a->ld);
}

static void head_forward(
    float *out, const float *qkv, const struct span *a, struct net_state *s)
{
	scores(qkv, a, s);
	gemm(out + a->from * NET_DIM + a->head * NET_HEAD, NET_DIM,
	    (struct gemm_in){ s->score, a->ld, 1 }, rows(qkv, 2, a),
	    (size_t[]){ a->n, NET_HEAD, a->n }, false, &s->work);
}

/* dscore = scale * p * (dp - sum(p * dp)), dp being in dscore. */
static void softmax_back(const struct span *a, struct net_state *s)
{
	const float scale = 1 / exact_sqrt(NET_HEAD);

	for (size_t i = 0; i < a->n; i++) {
		float *d = s->dscore + i * a->ld;
		const float *p = s->score + i * a->ld;
		float dot;

		for (size_t j = a->n; j < a->ld; j++)
			d[j] = 0;
		dot = exact_dot(p, d, a->ld);
		for (size_t j = 0; j < a->n; j++)
			d[j] = p[j] * (d[j] - dot) * scale;
	}
}

static void head_backward(float *dqkv, const float *dout, const float *qkv,
    const struct span *a, struct net_state *s)
{
	struct gemm_in d = { dout + a->from * NET_DIM + a->head * NET_HEAD,
		NET_DIM, 1 };
	struct gemm_in p = { s->score, a->ld, 1 }, dp = { s->dscore, a->ld, 1 };
	size_t square[] = { a->n, a->n, NET_HEAD };
	size_t flat[] = { a->n, NET_HEAD, a->n };
	float *dq = dqkv + a->from * STRIDE + a->head * NET_HEAD;

	scores(qkv, a, s);
	gemm(dq + 2 * NET_DIM, STRIDE, turned(p), d, flat, false, &s->work);
	gemm(s->dscore, a->ld, d, turned(rows(qkv, 2, a)), square, false,
	    &s->work);
	softmax_back(a, s);
	gemm(dq, STRIDE, dp, rows(qkv, 1, a), flat, false, &s->work);
	gemm(dq + NET_DIM, STRIDE, turned(dp), rows(qkv, 0, a), flat, false,
	    &s->work);
}

/* The conversation that begins at `from`. */
static struct span span_at(const struct net_batch *b, size_t from)
{
	struct span a = { .from = from };

	while (from + a.n < b->n && b->start[from + a.n] == from)
		a.n++;
	a.ld = (a.n + 7) / 8 * 8;
	return a;
}

void attention_forward(
    float *out, float *qkv, const struct net_batch *b, struct net_state *s)
{
	struct span a;

	rope(qkv, b, 1);
	for (size_t from = 0; from < b->n; from += a.n) {
		a = span_at(b, from);
		for (a.head = 0; a.head < NET_HEADS; a.head++)
			head_forward(out, qkv, &a, s);
	}
}

void attention_backward(float *dqkv, const float *dout, const float *qkv,
    const struct net_batch *b, struct net_state *s)
{
	struct span a;

	for (size_t from = 0; from < b->n; from += a.n) {
		a = span_at(b, from);
		for (a.head = 0; a.head < NET_HEADS; a.head++)
			head_backward(dqkv, dout, qkv, &a, s);
	}
	rope(dqkv, b, -1);
}
