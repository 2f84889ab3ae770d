/* Choosing a token; see sample.h. */
#include "engine/sample.h"

#include <math.h>

#define NEGLIGIBLE (-30.0f) /* logarithm of a likelihood never drawn */

/* SplitMix64: one 64-bit word of state, enough for a reproducible draw. */
static uint64_t next_random(struct sample *s)
{
	uint64_t z = s->state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

enum err sample_init(struct sample *s, const struct engine_sampling *opt)
{
	*s = (struct sample){ .opt = *opt, .state = opt->seed };
	/* Written so that NaN fails. */
	if (!(opt->temperature >= 0 && opt->temperature <= 2) ||
	    !(opt->top_p >= 0 && opt->top_p <= 1) ||
	    !(opt->min_p >= 0 && opt->min_p <= 1))
		return ERR_FORMAT;
	return ERR_OK;
}

static uint32_t most_likely(const float *logits, uint32_t n)
{
	uint32_t best = 0;

	for (uint32_t i = 1; i < n; i++) {
		if (logits[i] > logits[best] ||
		    (isnan(logits[best]) && !isnan(logits[i])))
			best = i;
	}
	return best;
}

/* Let item i sink in a heap with the likeliest on top; ties: lowest id. */
static void sink(struct sample_item *item, uint32_t i, uint32_t n)
{
	struct sample_item x = item[i];

	for (;;) {
		uint32_t c = 2 * i + 1;

		if (c >= n)
			break;
		if (c + 1 < n && (item[c + 1].p > item[c].p ||
				     (item[c + 1].p == item[c].p &&
					 item[c + 1].id < item[c].id)))
			c++;
		if (x.p > item[c].p || (x.p == item[c].p && x.id < item[c].id))
			break;
		item[i] = item[c];
		i = c;
	}
	item[i] = x;
}

/* Bring the likeliest `keep` of n to the array's end, best last. */
static void order_best(struct sample_item *item, uint32_t n, uint32_t keep)
{
	for (uint32_t i = n / 2; i > 0; i--)
		sink(item, i - 1, n);
	for (uint32_t end = n; end > n - keep; end--) {
		struct sample_item best = item[0];

		item[0] = item[end - 1];
		sink(item, 0, end - 1);
		item[end - 1] = best;
	}
}

/* All tokens above the negligible, with their likelihoods. */
static uint32_t collect(const struct sample *s, const float *logits, uint32_t n,
    float max, struct sample_item *item)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < n; i++) {
		float x = (logits[i] - max) / s->opt.temperature;

		if (x > NEGLIGIBLE)
			item[kept++] = (struct sample_item){ expf(x), i };
	}
	return kept;
}

/* Cut the candidates by top_k and top_p. Returns where they start in item. */
static uint32_t cut(
    const struct sample *s, struct sample_item *item, uint32_t n)
{
	uint32_t k = s->opt.top_k != 0 && s->opt.top_k < n ? s->opt.top_k : n;
	bool by_p = s->opt.top_p > 0 && s->opt.top_p < 1;
	double total = 0, sum = 0;
	uint32_t from;

	if (k == n && !by_p)
		return 0;
	order_best(item, n, k);
	if (!by_p)
		return n - k;
	for (uint32_t i = n - k; i < n; i++)
		total += (double)item[i].p;
	for (from = n; from > n - k; from--) {
		if (sum >= (double)s->opt.top_p * total)
			break;
		sum += (double)item[from - 1].p;
	}
	return from;
}

uint32_t sample_pick(
    struct sample *s, const float *logits, uint32_t n, struct sample_item *item)
{
	uint32_t best = most_likely(logits, n);
	uint32_t kept, from, last;
	double total = 0, draw;

	if (!(s->opt.temperature > 0) || !isfinite(logits[best]))
		return best;
	kept = collect(s, logits, n, logits[best], item);
	from = cut(s, item, kept);
	for (uint32_t i = from; i < kept; i++) {
		if (item[i].p < s->opt.min_p)
			item[i].p = 0;
		total += (double)item[i].p;
	}
	draw = (double)(next_random(s) >> 11) * 0x1p-53 * total;
	last = best;
	for (uint32_t i = from; i < kept; i++) {
		if (item[i].p <= 0)
			continue;
		last = item[i].id;
		draw -= (double)item[i].p;
		if (draw < 0)
			break;
	}
	return last;
}
