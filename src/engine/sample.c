/* Choosing a token; see sample.h. */
#include "engine/sample.h"

#include <math.h>

#include "engine/real.h"

#define LOWEST     (-1e30f) /* stands for what cannot be */
#define NEGLIGIBLE (-80.0f) /* logarithm of a likelihood that counts as 0 */
#define COLD       0x1p-10f /* temperatures below are 0: 1 / t stays small */
#define BLOCK      1024     /* logits that are summed, or skipped, at once */
#define HALVINGS   20       /* of a range of logits; to 0.0001 */

/* SplitMix64: one 64-bit word of state, enough for a reproducible draw. */
static uint64_t next_random(struct sample *s)
{
	uint64_t z = s->state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

/* ---- options -------------------------------------------------------------- */

/* Written so that NaN fails. */
static enum err in_range(
    const char *name, float v, int low, int high, struct err_ctx *ctx)
{
	if (v >= (float)low && v <= (float)high)
		return ERR_OK;
	return err_set(
	    ctx, ERR_FORMAT, "sampling: %s is not %d to %d", name, low, high);
}

static enum err copy_bias(struct sample *s, const struct engine_sampling *opt,
    uint32_t vocabulary, struct err_ctx *ctx)
{
	enum err e = ERR_OK;

	if (opt->bias_n > ENGINE_BIAS_MAX)
		return err_set(ctx, ERR_LIMIT,
		    "sampling: bias for %u tokens, limit %u", opt->bias_n,
		    ENGINE_BIAS_MAX);
	for (uint32_t i = 0; i < opt->bias_n && e == ERR_OK; i++) {
		s->bias[i] = opt->bias[i];
		e = in_range("a bias", s->bias[i].bias, -100, 100, ctx);
		if (e == ERR_OK && s->bias[i].token >= vocabulary)
			e = err_set(ctx, ERR_FORMAT,
			    "sampling: bias for token %u; the vocabulary has "
			    "%u",
			    s->bias[i].token, vocabulary);
	}
	return e;
}

enum err sample_init(struct sample *s, const struct engine_sampling *opt,
    uint32_t vocabulary, struct err_ctx *ctx)
{
	const struct {
		const char *name;
		float v;
		int low, high;
	} range[] = {
		{ "temperature", opt->temperature, 0, 2 },
		{ "top_p", opt->top_p, 0, 1 },
		{ "min_p", opt->min_p, 0, 1 },
		{ "frequency_penalty", opt->frequency_penalty, -2, 2 },
		{ "presence_penalty", opt->presence_penalty, -2, 2 },
		{ "repeat_penalty", opt->repeat_penalty, 0, 2 },
	};
	enum err e = ERR_OK;

	mem_wipe(s, sizeof(*s));
	s->opt = *opt;
	s->opt.bias = NULL;
	s->state = opt->seed;
	for (size_t i = 0; i < sizeof(range) / sizeof(range[0]) && e == ERR_OK;
	     i++)
		e = in_range(range[i].name, range[i].v, range[i].low,
		    range[i].high, ctx);
	return e == ERR_OK ? copy_bias(s, opt, vocabulary, ctx) : e;
}

/* ---- bias and penalties --------------------------------------------------- */

static bool first_time(uint8_t *seen, uint32_t id)
{
	uint8_t bit = (uint8_t)(1u << (id & 7));
	bool first = (seen[id >> 3] & bit) == 0;

	seen[id >> 3] |= bit;
	return first;
}

static void forget(uint8_t *seen, const uint32_t *token, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		seen[token[i] >> 3] = 0;
}

static void penalise_repeats(float penalty, float *logits,
    const uint32_t *token, uint32_t n, uint8_t *seen)
{
	for (uint32_t i = 0; i < n; i++) {
		float *x = &logits[token[i]];

		if (first_time(seen, token[i]))
			*x = *x > 0 ? *x / penalty : *x * penalty;
	}
	forget(seen, token, n);
}

static void penalise_answer(const struct engine_sampling *opt, float *logits,
    const uint32_t *token, uint32_t n, uint8_t *seen)
{
	for (uint32_t i = 0; i < n; i++) {
		if (first_time(seen, token[i]))
			logits[token[i]] -= opt->presence_penalty;
		logits[token[i]] -= opt->frequency_penalty;
	}
	forget(seen, token, n);
}

void sample_adjust(const struct sample *s, float *logits,
    const struct sample_text *text, uint8_t *seen)
{
	const struct engine_sampling *opt = &s->opt;
	uint32_t last = text->n < SAMPLE_REPEAT_N ? text->n : SAMPLE_REPEAT_N;

	for (uint32_t i = 0; i < opt->bias_n; i++)
		logits[s->bias[i].token] += s->bias[i].bias;
	if (opt->repeat_penalty > 0 && opt->repeat_penalty != 1)
		penalise_repeats(opt->repeat_penalty, logits,
		    text->token + text->n - last, last, seen);
	if (opt->presence_penalty != 0 || opt->frequency_penalty != 0)
		penalise_answer(opt, logits, text->token + text->prompt_n,
		    text->n - text->prompt_n, seen);
}

/* ---- choosing ------------------------------------------------------------- */

/* Of equals the first; in several columns, which the compiler does at once. */
static uint32_t most_likely(const float *x, uint32_t n)
{
	float column[16], max = -INFINITY;
	uint32_t i = 0;

	for (uint32_t k = 0; k < 16; k++)
		column[k] = -INFINITY;
	for (; i + 16 <= n; i += 16) {
		for (uint32_t k = 0; k < 16; k++)
			column[k] = x[i + k] > column[k] ? x[i + k] : column[k];
	}
	for (; i < n; i++)
		column[0] = x[i] > column[0] ? x[i] : column[0];
	for (uint32_t k = 0; k < 16; k++)
		max = column[k] > max ? column[k] : max;
	for (i = 0; i < n && x[i] != max; i++)
		;
	return i < n ? i : 0;
}

/* Likelihood beside that of the best one, x <= 0. */
static double likelihood(float x)
{
	return x > NEGLIGIBLE ? real_exp((double)x) : 0;
}

/* A number below `total`, 0 included. */
static double draw_below(struct sample *s, double total)
{
	return (double)(next_random(s) >> 11) * 0x1p-53 * total;
}

static uint32_t block_len(uint32_t n, uint32_t at)
{
	return n - at < BLOCK ? n - at : BLOCK;
}

/* Logits over their temperature, and the largest of them. */
struct logits {
	const struct kernels *k;
	float *x;
	uint32_t n;
	uint32_t best;
};

static double block_weight(const struct logits *l, const float *x, uint32_t n)
{
	float max, sum;

	l->k->log_sum(x, n, &max, &sum);
	return (double)sum * likelihood(max - l->x[l->best]);
}

static double weight_of_all(const struct logits *l)
{
	double total = 0;

	for (uint32_t at = 0; at < l->n; at += BLOCK)
		total += block_weight(l, l->x + at, block_len(l->n, at));
	return total;
}

/* A draw from all tokens: whole blocks are skipped until it is in one. */
static uint32_t draw_from_all(struct sample *s, const struct logits *l)
{
	double draw = draw_below(s, weight_of_all(l));
	uint32_t id = l->best;

	for (uint32_t at = 0; at < l->n; at += BLOCK) {
		uint32_t len = block_len(l->n, at);
		double weight = block_weight(l, l->x + at, len);

		if (draw >= weight) {
			draw -= weight;
			continue;
		}
		for (uint32_t i = at; i < at + len && draw >= 0; i++) {
			double p = likelihood(l->x[i] - l->x[l->best]);

			draw -= p;
			id = p > 0 ? i : id;
		}
		break;
	}
	return id;
}

/* ---- filters that leave few ----------------------------------------------- */

/* Of equals, the one with the lower number is the better one. */
static bool worse(struct sample_item a, struct sample_item b)
{
	return a.p < b.p || (a.p == b.p && a.id > b.id);
}

/* Let item i sink in a heap with the worst on top. */
static void sink(struct sample_item *item, uint32_t i, uint32_t n)
{
	struct sample_item x = item[i];

	for (;;) {
		uint32_t c = 2 * i + 1;

		if (c >= n)
			break;
		if (c + 1 < n && worse(item[c + 1], item[c]))
			c++;
		if (worse(x, item[c]))
			break;
		item[i] = item[c];
		i = c;
	}
	item[i] = x;
}

static void heap(struct sample_item *item, uint32_t n)
{
	for (uint32_t i = n / 2; i > 0; i--)
		sink(item, i - 1, n);
}

/* The best `keep` of n, best first. Returns how many there are. */
static uint32_t select_best(
    struct sample_item *item, uint32_t keep, const float *x, uint32_t n)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < n; i++) {
		struct sample_item c = { x[i], i };

		if (kept < keep) {
			item[kept++] = c;
			if (kept == keep)
				heap(item, kept);
		} else if (c.p > item[0].p) {
			item[0] = c;
			sink(item, 0, kept);
		}
	}
	if (kept < keep)
		heap(item, kept);
	for (uint32_t end = kept; end > 1; end--) {
		struct sample_item last = item[0];

		item[0] = item[end - 1];
		item[end - 1] = last;
		sink(item, 0, end - 1);
	}
	return kept;
}

/* How many of the candidates top_p and min_p leave, and their sum. */
static uint32_t cut(const struct engine_sampling *opt,
    const struct sample_item *item, uint32_t n, double total, double *sum)
{
	bool by_p = opt->top_p > 0 && opt->top_p < 1;
	uint32_t kept = 0;

	*sum = 0;
	for (; kept < n; kept++) {
		if (!(item[kept].p > 0) || item[kept].p < opt->min_p ||
		    (by_p && *sum >= (double)opt->top_p * total))
			break;
		*sum += (double)item[kept].p;
	}
	return kept;
}

/*
 * A draw from what the filters leave of the best SAMPLE_FEW tokens. False: they
 * may leave more than these.
 */
static bool draw_from_few(struct sample *s, const struct logits *l,
    struct sample_item *item, uint32_t *id)
{
	uint32_t k = s->opt.top_k;
	bool by_k = k > 0 && k <= SAMPLE_FEW;
	uint32_t n = select_best(item, by_k ? k : SAMPLE_FEW, l->x, l->n);
	float best = item[0].p;
	double total = 0, sum, draw;
	uint32_t kept;

	for (uint32_t i = 0; i < n; i++) {
		double p = likelihood(item[i].p - best);

		item[i].p = (float)p;
		total += p;
	}
	kept = cut(&s->opt, item, n, by_k ? total : weight_of_all(l), &sum);
	if (kept == n && n < l->n && !by_k)
		return false;
	draw = draw_below(s, sum);
	*id = item[kept - 1].id;
	for (uint32_t i = 0; i < kept; i++) {
		draw -= (double)item[i].p;
		if (draw < 0) {
			*id = item[i].id;
			break;
		}
	}
	return true;
}

/* ---- filters that leave many ---------------------------------------------- */

/* How many logits are `from` or above, or how much they weigh. */
static double above(const struct logits *l, float from, bool count)
{
	float x[BLOCK];
	double total = 0;

	for (uint32_t at = 0; at < l->n; at += BLOCK) {
		uint32_t len = block_len(l->n, at), kept = 0;

		for (uint32_t i = 0; i < len; i++) {
			bool keep = l->x[at + i] >= from;

			x[i] = keep ? l->x[at + i] : LOWEST;
			kept += keep;
		}
		total += count ? kept : block_weight(l, x, len);
	}
	return total;
}

/* The highest bound above which there is as much as `goal`, by halving. */
static float bound(const struct logits *l, float low, double goal, bool count)
{
	float high = l->x[l->best];

	for (unsigned i = 0; i < HALVINGS; i++) {
		float middle = (low + high) / 2;

		if (above(l, middle, count) >= goal)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* The same filters as a bound on logits; sorting would take too long. */
static uint32_t draw_from_many(struct sample *s, const struct logits *l)
{
	const struct engine_sampling *opt = &s->opt;
	float best = l->x[l->best], from = best + NEGLIGIBLE;

	if (opt->top_k > 0 && opt->top_k < l->n)
		from = bound(l, from, (double)opt->top_k, true);
	if (opt->top_p > 0 && opt->top_p < 1)
		from = bound(
		    l, from, (double)opt->top_p * above(l, from, false), false);
	for (uint32_t i = 0; i < l->n; i++) {
		if (l->x[i] < from ||
		    likelihood(l->x[i] - best) < (double)opt->min_p)
			l->x[i] = LOWEST;
	}
	return draw_from_all(s, l);
}

/* Divide by the temperature; what is not a number becomes the lowest. */
static void heat(float *x, uint32_t n, float temperature)
{
	float scale = 1 / temperature;

	for (uint32_t i = 0; i < n; i++) {
		float y = x[i] * scale;

		x[i] = y > LOWEST ? y : LOWEST;
	}
}

uint32_t sample_pick(struct sample *s, const struct kernels *k, float *logits,
    uint32_t n, struct sample_item *item)
{
	struct logits l = {
		.k = k, .x = logits, .n = n, .best = most_likely(logits, n)
	};
	uint32_t id;

	if (s->opt.temperature < COLD || !isfinite(logits[l.best]))
		return l.best;
	heat(logits, n, s->opt.temperature);
	if (logits[l.best] <= LOWEST)
		return l.best; /* or what is masked would be as likely */
	if (s->opt.top_k == 0 && !(s->opt.min_p > 0) &&
	    !(s->opt.top_p > 0 && s->opt.top_p < 1))
		return draw_from_all(s, &l);
	return draw_from_few(s, &l, item, &id) ? id : draw_from_many(s, &l);
}
