/*
 * exp, log, cosine, sine; see real.h. Each reduces its argument to a short
 * interval in pieces that multiply exactly (Cody and Waite) and sums the Taylor
 * series there, from its smallest term.
 */
#include "engine/real.h"

#include <stdint.h>

#include "base/assert.h"
#include "base/mem.h"

#define LN2_HI  0x1.62e42feep-1 /* 32 bits: exact times an exponent */
#define LN2_LO  0x1.a39ef35793c76p-33
#define INV_LN2 0x1.71547652b82fep0

#define INV_PI_2 0x1.45f306dc9c883p-1
#define PI_2_A   0x1.921fb54p0 /* 30 bits each: exact times 2^23 */
#define PI_2_B   0x1.10b46118p-30
#define PI_2_C   0x1.313198ap-61
#define PI_2_D   0x1.701b839a25205p-92

#define EXP_TERMS 14 /* |r| <= 0.35 */
#define LOG_TERMS 12 /* |s| <= 0.172 */
#define TRIG_MAX  0x1p21

/* To nearest, halves away from zero; |x| < 2^62. */
static double nearest(double x)
{
	return (double)(int64_t)(x < 0 ? x - 0.5 : x + 0.5);
}

static double power_of_2(int n)
{
	uint64_t bits = (uint64_t)(n + 1023) << 52;
	double v;

	memcpy(&v, &bits, sizeof(v));
	return v;
}

double real_exp(double x)
{
	double n, r, sum = 0;

	assert(x >= -700 && x <= 700);
	n = nearest(x * INV_LN2);
	r = (x - n * LN2_HI) - n * LN2_LO;
	/* 1 + r (1 + r/2 (1 + r/3 ...)), without the first 1 */
	for (int i = EXP_TERMS; i > 1; i--)
		sum = (1 + sum) * r / i;
	sum = r + sum * r;
	return (1 + sum) * power_of_2((int)n);
}

/* x = m 2^n with m in [sqrt(1/2), sqrt(2)). */
static double split(double x, int *n)
{
	uint64_t bits;

	*n = 0;
	if (x < 0x1p-1022) {
		x *= 0x1p54;
		*n = -54;
	}
	memcpy(&bits, &x, sizeof(bits));
	*n += (int)(bits >> 52) - 1023;
	bits = (bits & 0xfffffffffffff) | (uint64_t)1023 << 52;
	memcpy(&x, &bits, sizeof(x));
	if (x >= 0x1.6a09e667f3bcdp0) {
		x *= 0.5;
		++*n;
	}
	return x;
}

double real_log(double x)
{
	double f, s, z, half, sum = 0;
	int n;

	assert(x > 0 && x <= 0x1.fffffffffffffp1023);
	f = split(x, &n) - 1;
	/*
	 * log(1 + f) = 2 atanh(s) = f - f^2/2 + s (f^2/2 + z 2/3 + z^2 2/5...)
	 * with s = f / (2 + f), z = s^2: the rounding of s then hardly counts.
	 */
	s = f / (2 + f);
	z = s * s;
	half = 0.5 * f * f;
	for (int i = LOG_TERMS; i > 0; i--)
		sum = (sum + 2.0 / (2 * i + 1)) * z;
	return n * LN2_HI - ((half - (s * (half + sum) + n * LN2_LO)) - f);
}

double real_pow(double base, double x)
{
	return real_exp(x * real_log(base));
}

/* a - b and what its rounding lost. */
static double minus(double a, double b, double *lost)
{
	double d = a - b;
	double t = d - a;

	*lost += (a - (d - t)) - (b + t);
	return d;
}

/* c[0] + z c[1] + ... */
static double series(const double *c, int n, double z)
{
	double sum = c[n - 1];

	for (int i = n - 2; i >= 0; i--)
		sum = c[i] + z * sum;
	return sum;
}

/* Of r + tail, |r| <= pi/4. The divisors are factorials. */
static double sine(double r, double tail)
{
	static const double c[] = { -1.0 / 6, 1.0 / 120, -1.0 / 5040,
		1.0 / 362880, -1.0 / 39916800, 1.0 / 6227020800,
		-1.0 / 1307674368000, 1.0 / 355687428096000 };
	double z = r * r;

	return r + (r * z * series(c, 8, z) + tail);
}

static double cosine(double r, double tail)
{
	static const double c[] = { 1.0 / 24, -1.0 / 720, 1.0 / 40320,
		-1.0 / 3628800, 1.0 / 479001600, -1.0 / 87178291200,
		1.0 / 20922789888000, -1.0 / 6402373705728000 };
	double z = r * r;
	double half = 0.5 * z;
	double w = 1 - half;

	return w + (((1 - w) - half) + (z * z * series(c, 8, z) - r * tail));
}

void real_cos_sin(double *c, double *s, double x)
{
	double n, r, low, high, lost = 0, sin_r, cos_r;

	assert(x >= -TRIG_MAX && x <= TRIG_MAX);
	n = nearest(x * INV_PI_2);
	high = x - n * PI_2_A;
	high = minus(high, n * PI_2_B, &lost);
	high = minus(high, n * PI_2_C, &lost);
	low = lost - n * PI_2_D;
	r = high + low;
	low += high - r;
	sin_r = sine(r, low);
	cos_r = cosine(r, low);
	switch ((int64_t)n & 3) {
	case 0:
		*c = cos_r;
		*s = sin_r;
		break;
	case 1:
		*c = -sin_r;
		*s = cos_r;
		break;
	case 2:
		*c = -cos_r;
		*s = -sin_r;
		break;
	default:
		*c = sin_r;
		*s = -cos_r;
		break;
	}
}
