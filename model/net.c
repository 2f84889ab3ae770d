#include "net.h"

#include <string.h>

#include "attention.h"
#include "exact.h"
#include "util.h"

void net_state_init(struct net_state *s)
{
	size_t t = NET_CTX, row = t * NET_DIM;

	for (int l = 0; l < NET_LAYERS; l++) {
		s->layer[l] = (struct net_acts){
			.x = util_floats(row),
			.n1 = util_floats(row),
			.qkv = util_floats(3 * row),
			.att = util_floats(row),
			.xm = util_floats(row),
			.n2 = util_floats(row),
			.gu = util_floats(2 * t * NET_FF),
			.h = util_floats(t * NET_FF),
		};
	}
	s->x = util_floats(row);
	s->f = util_floats(row);
	s->logits = util_floats(t * NET_VOCAB);
	s->dx = util_floats(row);
	s->dn = util_floats(row);
	s->dqkv = util_floats(3 * row);
	s->dgu = util_floats(2 * t * NET_FF);
	s->dh = util_floats(t * NET_FF);
	s->df = util_floats(row);
	s->score = util_floats(t * t);
	s->dscore = util_floats(t * t);
	gemm_work_init(&s->work, NET_VOCAB);
}

void net_state_clear(struct net_state *s)
{
	for (int l = 0; l < NET_LAYERS; l++) {
		struct net_acts *a = &s->layer[l];
		float *all[] = { a->x, a->n1, a->qkv, a->att, a->xm, a->n2,
			a->gu, a->h };

		for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
			util_free(all[i]);
	}
	float *all[] = { s->x, s->f, s->logits, s->dx, s->dn, s->dqkv, s->dgu,
		s->dh, s->df, s->score, s->dscore };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		util_free(all[i]);
	gemm_work_clear(&s->work);
}

void net_tables(void)
{
	attention_tables();
}

void net_init_weights(float *w, uint64_t seed)
{
	struct rng r = { seed };
	/* Outputs of a block are damped: they add up over 2 * layers. */
	float std = 0.05f, out_std = std / exact_sqrt(2 * NET_LAYERS);

	for (size_t i = 0; i < NET_PARAMS; i++)
		w[i] = rng_normal(&r) * std;
	for (size_t l = 0; l < NET_LAYERS; l++) {
		float *p = w + NET_LAYER0 + l * NET_LAYER;

		for (size_t i = 0; i < NET_DIM; i++)
			p[NET_NORM1 + i] = p[NET_NORM2 + i] = 1;
		for (size_t i = 0; i < NET_DIM * NET_DIM; i++)
			p[NET_WO + i] *= out_std / std;
		for (size_t i = 0; i < NET_DIM * NET_FF; i++)
			p[NET_DOWN + i] *= out_std / std;
	}
	for (size_t i = 0; i < NET_DIM; i++)
		w[NET_NORM + i] = 1;
}

/* y (t x out) = or += x (t x in) * w^T, w being out x in. */
static void linear(struct net_state *s, float *y, const float *x,
    const float *w, const size_t t_out_in[3], bool add)
{
	size_t out = t_out_in[1], in = t_out_in[2];

	gemm(y, out, (struct gemm_in){ x, in, 1 }, (struct gemm_in){ w, 1, in },
	    t_out_in, add, &s->work);
}

/* dw += dy^T * x; then dx = or += dy * w. */
static void linear_back(struct net_state *s, float *dx, float *dw,
    const float *dy, const float *x, const float *w, const size_t t_out_in[3],
    bool add)
{
	size_t t = t_out_in[0], out = t_out_in[1], in = t_out_in[2];

	gemm(dw, in, (struct gemm_in){ dy, 1, out },
	    (struct gemm_in){ x, in, 1 }, (size_t[]){ out, in, t }, true,
	    &s->work);
	gemm(dx, in, (struct gemm_in){ dy, out, 1 },
	    (struct gemm_in){ w, in, 1 }, (size_t[]){ t, in, out }, add,
	    &s->work);
}

static float inv_rms(const float *x)
{
	float mean = exact_dot(x, x, NET_DIM) / NET_DIM;

	return 1 / exact_sqrt(mean + NET_EPS);
}

static void norm_row(float *y, const float *x, const float *g)
{
	float r = inv_rms(x);

	for (size_t i = 0; i < NET_DIM; i++)
		y[i] = x[i] * r * g[i];
}

static void norm(float *y, const float *x, const float *g, size_t t)
{
	for (size_t i = 0; i < t; i++)
		norm_row(y + i * NET_DIM, x + i * NET_DIM, g);
}

/* dx += d(norm)/dx applied to dy, dg += the same for the gain. */
static void norm_row_back(
    float *dx, float *dg, const float *dy, const float *x, const float *g)
{
	float r = inv_rms(x), t[NET_DIM], k;

	for (size_t i = 0; i < NET_DIM; i++) {
		t[i] = dy[i] * g[i];
		dg[i] += dy[i] * x[i] * r;
	}
	k = exact_dot(t, x, NET_DIM) * r * r * r / NET_DIM;
	for (size_t i = 0; i < NET_DIM; i++)
		dx[i] += t[i] * r - x[i] * k;
}

/* h = silu(gate) * up; a row holds all gates, then all ups. */
static void swiglu(float *h, const float *gu, size_t t)
{
	const __m256 one = _mm256_set1_ps(1), zero = _mm256_setzero_ps();

	for (size_t r = 0; r < t; r++, h += NET_FF, gu += 2 * NET_FF) {
		for (size_t i = 0; i < NET_FF; i += 8) {
			__m256 g = _mm256_loadu_ps(gu + i);
			__m256 u = _mm256_loadu_ps(gu + NET_FF + i);
			__m256 e = exact_exp8(_mm256_sub_ps(zero, g));
			__m256 s = _mm256_div_ps(g, _mm256_add_ps(one, e));

			_mm256_storeu_ps(h + i, _mm256_mul_ps(s, u));
		}
	}
}

static void swiglu_back(float *dgu, const float *dh, const float *gu, size_t t)
{
	const __m256 one = _mm256_set1_ps(1), zero = _mm256_setzero_ps();

	for (size_t r = 0; r < t; r++) {
		for (size_t i = 0; i < NET_FF; i += 8) {
			size_t at = r * 2 * NET_FF + i;
			__m256 g = _mm256_loadu_ps(gu + at);
			__m256 u = _mm256_loadu_ps(gu + at + NET_FF);
			__m256 d = _mm256_loadu_ps(dh + r * NET_FF + i);
			__m256 e = exact_exp8(_mm256_sub_ps(zero, g));
			__m256 sg = _mm256_div_ps(one, _mm256_add_ps(one, e));
			/* silu' = sg * (1 + g * (1 - sg)) */
			__m256 ds = _mm256_mul_ps(sg,
			    _mm256_fmadd_ps(g, _mm256_sub_ps(one, sg), one));
			__m256 du = _mm256_mul_ps(_mm256_mul_ps(g, sg), d);

			ds = _mm256_mul_ps(_mm256_mul_ps(ds, u), d);
			_mm256_storeu_ps(dgu + at, ds);
			_mm256_storeu_ps(dgu + at + NET_FF, du);
		}
	}
}

static void layer_forward(struct net_state *s, struct net_acts *a, float *out,
    const float *w, const struct net_batch *b)
{
	size_t t = b->n;

	norm(a->n1, a->x, w + NET_NORM1, t);
	linear(s, a->qkv, a->n1, w + NET_QKV,
	    (size_t[]){ t, 3 * NET_DIM, NET_DIM }, false);
	attention_forward(a->att, a->qkv, b, s);
	memcpy(a->xm, a->x, t * NET_DIM * sizeof(float));
	linear(s, a->xm, a->att, w + NET_WO, (size_t[]){ t, NET_DIM, NET_DIM },
	    true);
	norm(a->n2, a->xm, w + NET_NORM2, t);
	linear(s, a->gu, a->n2, w + NET_GATE_UP,
	    (size_t[]){ t, 2 * NET_FF, NET_DIM }, false);
	swiglu(a->h, a->gu, t);
	memcpy(out, a->xm, t * NET_DIM * sizeof(float));
	linear(
	    s, out, a->h, w + NET_DOWN, (size_t[]){ t, NET_DIM, NET_FF }, true);
}

/* s->dx holds d(loss)/d(output) before and d(loss)/d(input) after. */
static void layer_backward(struct net_state *s, const struct net_acts *a,
    float *g, const float *w, const struct net_batch *b)
{
	size_t t = b->n;

	linear_back(s, s->dh, g + NET_DOWN, s->dx, a->h, w + NET_DOWN,
	    (size_t[]){ t, NET_DIM, NET_FF }, false);
	swiglu_back(s->dgu, s->dh, a->gu, t);
	linear_back(s, s->dn, g + NET_GATE_UP, s->dgu, a->n2, w + NET_GATE_UP,
	    (size_t[]){ t, 2 * NET_FF, NET_DIM }, false);
	for (size_t i = 0; i < t * NET_DIM; i += NET_DIM)
		norm_row_back(s->dx + i, g + NET_NORM2, s->dn + i, a->xm + i,
		    w + NET_NORM2);
	linear_back(s, s->dn, g + NET_WO, s->dx, a->att, w + NET_WO,
	    (size_t[]){ t, NET_DIM, NET_DIM }, false);
	attention_backward(s->dqkv, s->dn, a->qkv, b, s);
	linear_back(s, s->dn, g + NET_QKV, s->dqkv, a->n1, w + NET_QKV,
	    (size_t[]){ t, 3 * NET_DIM, NET_DIM }, false);
	for (size_t i = 0; i < t * NET_DIM; i += NET_DIM)
		norm_row_back(s->dx + i, g + NET_NORM1, s->dn + i, a->x + i,
		    w + NET_NORM1);
}

void net_forward(struct net_state *s, const float *w, const struct net_batch *b)
{
	size_t rows = 0;

	for (size_t i = 0; i < b->n; i++) {
		memcpy(s->layer[0].x + i * NET_DIM, w + b->token[i] * NET_DIM,
		    NET_DIM * sizeof(float));
		if (b->loss[i])
			s->row[rows++] = i;
	}
	for (size_t l = 0; l < NET_LAYERS; l++) {
		float *out = l + 1 < NET_LAYERS ? s->layer[l + 1].x : s->x;

		layer_forward(
		    s, &s->layer[l], out, w + NET_LAYER0 + l * NET_LAYER, b);
	}
	for (size_t i = 0; i < rows; i++)
		norm_row(s->f + i * NET_DIM, s->x + s->row[i] * NET_DIM,
		    w + NET_NORM);
	linear(s, s->logits, s->f, w, (size_t[]){ rows, NET_VOCAB, NET_DIM },
	    false);
}

/* Turns a row of logits into scale * d(loss)/d(logits); returns the loss. */
static double cross_entropy(float *z, size_t target, float scale)
{
	__m256 sum = _mm256_setzero_ps(), k;
	float max = z[0], zt = z[target], total;

	for (size_t i = 1; i < NET_VOCAB; i++)
		max = z[i] > max ? z[i] : max;
	for (size_t i = 0; i < NET_VOCAB; i += 8) {
		__m256 e = exact_exp8(
		    _mm256_sub_ps(_mm256_loadu_ps(z + i), _mm256_set1_ps(max)));

		_mm256_storeu_ps(z + i, e);
		sum = _mm256_add_ps(sum, e);
	}
	total = exact_sum8(sum);
	k = _mm256_set1_ps(scale / total);
	for (size_t i = 0; i < NET_VOCAB; i += 8)
		_mm256_storeu_ps(
		    z + i, _mm256_mul_ps(_mm256_loadu_ps(z + i), k));
	z[target] -= scale;
	return exact_log((double)total) + (double)max - (double)zt;
}

double net_train(struct net_state *s, float *grad, const float *w,
    const struct net_batch *b, float scale)
{
	double loss = 0;

	net_forward(s, w, b);
	for (size_t i = 0; i < b->targets; i++)
		loss += cross_entropy(
		    s->logits + i * NET_VOCAB, b->target[s->row[i]], scale);
	linear_back(s, s->df, grad, s->logits, s->f, w,
	    (size_t[]){ b->targets, NET_VOCAB, NET_DIM }, false);
	memset(s->dx, 0, b->n * NET_DIM * sizeof(float));
	for (size_t i = 0; i < b->targets; i++) {
		size_t at = s->row[i] * NET_DIM;

		norm_row_back(s->dx + at, grad + NET_NORM, s->df + i * NET_DIM,
		    s->x + at, w + NET_NORM);
	}
	for (size_t l = NET_LAYERS; l-- > 0;) {
		size_t at = NET_LAYER0 + l * NET_LAYER;

		layer_backward(s, &s->layer[l], grad + at, w + at, b);
	}
	for (size_t i = 0; i < b->n; i++) {
		float *g = grad + b->token[i] * NET_DIM;

		for (size_t j = 0; j < NET_DIM; j++)
			g[j] += s->dx[i * NET_DIM + j];
	}
	return loss;
}
