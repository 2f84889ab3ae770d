#include "exact.h"

#include <stdint.h>
#include <string.h>

static const double LN2_HI = 6.93147180369123816490e-01;
static const double LN2_LO = 1.90821492927058770002e-10;
static const double PI = 3.14159265358979323846;

static double scale2(double x, int n)
{
	uint64_t bits = (uint64_t)(n + 1023) << 52;
	double p;

	memcpy(&p, &bits, sizeof(p));
	return x * p;
}

double exact_exp(double x)
{
	int n = (int)(x / (LN2_HI + LN2_LO) + (x < 0 ? -0.5 : 0.5));
	double r = (x - n * LN2_HI) - n * LN2_LO, sum = 1;

	for (int i = 14; i > 0; i--)
		sum = 1 + sum * r / i;
	return scale2(sum, n);
}

/* ln(m * 2^e) = e ln 2 + 2 artanh((m - 1) / (m + 1)), m in [1, 2). */
double exact_log(double x)
{
	uint64_t bits;
	int e;
	double m, t, sum = 0;

	memcpy(&bits, &x, sizeof(bits));
	e = (int)(bits >> 52) - 1023;
	m = scale2(x, -e);
	t = (m - 1) / (m + 1);
	for (int i = 33; i > 0; i -= 2)
		sum = sum * t * t + 1.0 / i;
	return e * (LN2_HI + LN2_LO) + 2 * t * sum;
}

double exact_sin(double x)
{
	double turns = (double)(int64_t)(x / (2 * PI) + (x < 0 ? -0.5 : 0.5));
	double r = x - turns * 2 * PI, sum = 1;

	for (int i = 26; i > 0; i -= 2)
		sum = 1 - sum * r * r / (i * (i + 1));
	return r * sum;
}

double exact_cos(double x)
{
	return exact_sin(x + PI / 2);
}

/* e^x = 2^n e^r with |r| <= ln 2 / 2; e^r by a polynomial of degree 6. */
__m256 exact_exp8(__m256 x)
{
	static const float coef[] = { 1.0f / 720, 1.0f / 120, 1.0f / 24,
		1.0f / 6, 0.5f, 1.0f, 1.0f };
	__m256 n, r, p = _mm256_set1_ps(coef[0]);
	__m256i bits;

	x = _mm256_max_ps(x, _mm256_set1_ps(-87));
	x = _mm256_min_ps(x, _mm256_set1_ps(87));
	n = _mm256_round_ps(_mm256_mul_ps(x, _mm256_set1_ps(1.44269504f)),
	    _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
	r = _mm256_fnmadd_ps(n, _mm256_set1_ps(0.693359375f), x);
	r = _mm256_fnmadd_ps(n, _mm256_set1_ps(-2.12194440e-4f), r);
	for (int i = 1; i < 7; i++)
		p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(coef[i]));
	bits = _mm256_slli_epi32(
	    _mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127)),
	    23);
	return _mm256_mul_ps(p, _mm256_castsi256_ps(bits));
}

float exact_sum8(__m256 v)
{
	__m128 s =
	    _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));

	s = _mm_add_ps(s, _mm_movehl_ps(s, s));
	s = _mm_add_ss(s, _mm_movehdup_ps(s));
	return _mm_cvtss_f32(s);
}

float exact_dot(const float *a, const float *b, size_t n)
{
	__m256 s = _mm256_setzero_ps();

	for (size_t i = 0; i < n; i += 8)
		s = _mm256_fmadd_ps(
		    _mm256_loadu_ps(a + i), _mm256_loadu_ps(b + i), s);
	return exact_sum8(s);
}
