/* Tables of rotary positions; see rope.h. */
#include "engine/rope.h"

#include "base/assert.h"
#include "engine/real.h"

/* Frequencies of YaRN below pair `from` stay, above `to` are divided. */
struct ramp {
	double from, to;
};

static double below(double x) /* the largest integer not above x */
{
	double n = (double)(int64_t)x;

	return n > x ? n - 1 : n;
}

/* Which pair turns so many times over the original context. */
static double pair_of(const struct shape *s, double base, double turns)
{
	static const double two_pi = 0x1.921fb54442d18p2;

	return s->rope *
	       real_log(s->scaling.original_context / (turns * two_pi)) /
	       (2 * real_log(base));
}

static struct ramp ramp_of(const struct shape *s, double base)
{
	struct ramp r = { below(pair_of(s, base, (double)s->scaling.beta_fast)),
		-below(-pair_of(s, base, (double)s->scaling.beta_slow)) };

	if (r.from < 0)
		r.from = 0;
	if (r.to > s->rope - 1)
		r.to = s->rope - 1;
	return r;
}

/* How much of pair i's own frequency YaRN keeps, 0 to 1. */
static double kept(const struct ramp *r, uint32_t i)
{
	double width = r->to - r->from;
	double y = (i - r->from) / (width > 0.001 ? width : 0.001);

	return y <= 0 ? 1 : y >= 1 ? 0 : 1 - y;
}

/* 0.1 m ln(factor) + 1, by which YaRN sharpens attention. */
static double sharper(double m, double factor)
{
	return factor > 1 ? 0.1 * m * real_log(factor) + 1 : 1;
}

static double attention_factor(const struct shape *s)
{
	double factor = (double)s->scaling.factor;
	double a = (double)s->scaling.attn_factor;

	if (s->scaling.kind != ROPE_YARN || !(s->scaling.ext_factor > 0))
		return a;
	return a * sharper(1, factor) /
	       sharper((double)s->scaling.log_multiplier, factor);
}

/* Angle of pair i per position, scaled. */
static double frequency(
    const struct shape *s, double base, const float *factors, uint32_t i)
{
	double f = real_pow(base, -2.0 * i / s->rope);
	double divided, keep;
	struct ramp ramp;

	if (factors != NULL)
		f /= (double)factors[i];
	divided = f / (double)s->scaling.factor;
	if (s->scaling.kind != ROPE_YARN)
		return divided;
	ramp = ramp_of(s, base);
	keep = kept(&ramp, i) * (double)s->scaling.ext_factor;
	return divided * (1 - keep) + f * keep;
}

void rope_table(float *table, const struct shape *s, bool local,
    const float *factors, struct rope_range range)
{
	bool own = local && s->local_base > 0;
	double base = (double)(own ? s->local_base : s->rope_base);
	double a = own ? 1 : attention_factor(s);
	uint32_t half = s->rope / 2;

	assert(range.n <= ROPE_CONTEXT_MAX &&
	       range.from <= ROPE_CONTEXT_MAX - range.n);
	for (uint32_t i = 0; i < half; i++) {
		double f = own ? real_pow(base, -2.0 * i / s->rope)
			       : frequency(s, base, factors, i);
		float *out = table + i;

		for (uint32_t p = 0; p < range.n; p++, out += s->rope) {
			double cosine, sine;

			real_cos_sin(&cosine, &sine, (range.from + p) * f);
			out[0] = (float)(cosine * a);
			out[half] = (float)(sine * a);
		}
	}
}
