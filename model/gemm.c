/*
 * Blocked product for AVX2 with FMA. Both inputs are packed into panels (6 rows
 * of A, 16 columns of B, KC deep), so every transposition costs only in the
 * packing. Each element of C is one chain of fused multiply-adds over k in
 * ascending order within a KC block, and blocks are added in ascending order:
 * the result depends on nothing but the inputs.
 */
#include "gemm.h"

#include <immintrin.h>

#include "util.h"

enum { MR = 6, NR = 16, KC = 512 };

void gemm_work_init(struct gemm_work *w, size_t dim_max)
{
	w->a = util_floats((dim_max + MR) * KC);
	w->b = util_floats((dim_max + NR) * KC);
}

void gemm_work_clear(struct gemm_work *w)
{
	util_free(w->a);
	util_free(w->b);
}

/* One panel: element (r, k) of `in` to [k * width + r], zeros past n rows. */
static void pack_panel(
    float *out, struct gemm_in in, size_t n, size_t k, size_t width)
{
	if (n < width || in.rs != 1) {
		for (size_t r = 0; r < width; r++) {
			const float *s = in.p + (r < n ? r : 0) * in.rs;

			for (size_t i = 0; i < k; i++)
				out[i * width + r] = r < n ? s[i * in.cs] : 0;
		}
		return;
	}
	for (size_t i = 0; i < k; i++) {
		for (size_t r = 0; r < width; r++)
			out[i * width + r] = in.p[i * in.cs + r];
	}
}

static void pack(
    float *out, struct gemm_in in, size_t rows, size_t k, size_t width)
{
	for (size_t r = 0; r < rows; r += width, out += k * width) {
		struct gemm_in p = { in.p + r * in.rs, in.rs, in.cs };

		pack_panel(
		    out, p, rows - r < width ? rows - r : width, k, width);
	}
}

/* The same for B whose rows lie contiguous: straight copies of 16. */
static void pack_wide(float *out, const float *p, size_t rs, size_t n, size_t k)
{
	for (size_t j = 0; j < n; j += NR) {
		for (size_t i = 0; i < k; i++, out += NR) {
			const float *s = p + i * rs + j;

			_mm256_storeu_ps(out, _mm256_loadu_ps(s));
			_mm256_storeu_ps(out + 8, _mm256_loadu_ps(s + 8));
		}
	}
}

static void pack_b(float *out, struct gemm_in b, size_t n, size_t k)
{
	struct gemm_in t = { b.p, b.cs, b.rs };

	if (b.cs == 1 && n % NR == 0)
		pack_wide(out, b.p, b.rs, n, k);
	else
		pack(out, t, n, k, NR);
}

#define ROW_INIT(i)                                                            \
	__m256 c##i##0 = _mm256_setzero_ps(), c##i##1 = _mm256_setzero_ps()
#define ROW_STEP(i)                                                            \
	do {                                                                   \
		__m256 x = _mm256_broadcast_ss(a + (i));                       \
		c##i##0 = _mm256_fmadd_ps(x, b0, c##i##0);                     \
		c##i##1 = _mm256_fmadd_ps(x, b1, c##i##1);                     \
	} while (0)
#define ROW_STORE(i)                                                           \
	do {                                                                   \
		_mm256_storeu_ps(out + (i)*NR, c##i##0);                       \
		_mm256_storeu_ps(out + (i)*NR + 8, c##i##1);                   \
	} while (0)

/* out (6 x 16) = one panel of A times one panel of B; 12 accumulators. */
static void tile(float *out, const float *a, const float *b, size_t k)
{
	ROW_INIT(0);
	ROW_INIT(1);
	ROW_INIT(2);
	ROW_INIT(3);
	ROW_INIT(4);
	ROW_INIT(5);
	for (size_t i = 0; i < k; i++, a += MR, b += NR) {
		__m256 b0 = _mm256_loadu_ps(b), b1 = _mm256_loadu_ps(b + 8);

		ROW_STEP(0);
		ROW_STEP(1);
		ROW_STEP(2);
		ROW_STEP(3);
		ROW_STEP(4);
		ROW_STEP(5);
	}
	ROW_STORE(0);
	ROW_STORE(1);
	ROW_STORE(2);
	ROW_STORE(3);
	ROW_STORE(4);
	ROW_STORE(5);
}

static void tile_out(
    float *c, size_t ldc, const float *t, size_t m, size_t n, bool add)
{
	for (size_t i = 0; i < m; i++) {
		for (size_t j = 0; j < n; j++) {
			float v = t[i * NR + j];

			c[i * ldc + j] = add ? c[i * ldc + j] + v : v;
		}
	}
}

static void block(float *c, size_t ldc, const size_t mnk[3], size_t k, bool add,
    const struct gemm_work *w)
{
	float t[MR * NR];
	size_t m = mnk[0], n = mnk[1];

	for (size_t j = 0; j < n; j += NR) {
		for (size_t i = 0; i < m; i += MR) {
			tile(t, w->a + i * k, w->b + j * k, k);
			tile_out(c + i * ldc + j, ldc, t,
			    m - i < MR ? m - i : MR, n - j < NR ? n - j : NR,
			    add);
		}
	}
}

void gemm(float *c, size_t ldc, struct gemm_in a, struct gemm_in b,
    const size_t mnk[3], bool add, struct gemm_work *w)
{
	for (size_t k0 = 0; k0 < mnk[2]; k0 += KC) {
		size_t k = mnk[2] - k0 < KC ? mnk[2] - k0 : KC;
		struct gemm_in ak = { a.p + k0 * a.cs, a.rs, a.cs };
		struct gemm_in bk = { b.p + k0 * b.rs, b.rs, b.cs };

		pack(w->a, ak, mnk[0], k, MR);
		pack_b(w->b, bk, mnk[1], k);
		block(c, ldc, mnk, k, add || k0 > 0, w);
	}
}
