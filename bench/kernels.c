/*
 * The matrix product alone, on 1 and 2 threads. mul_TYPE_1: one token, as
 * gigabytes of weights a second, the ratio to a plain read of the same memory;
 * mul_TYPE_2 to _16: more tokens at once, told in the same way. mul_TYPE_64 and
 * _256: operations a second out of cache, the ratio to what the CPU's multiply
 * and add instructions reach with registers alone (VNNI for integers; no ratio
 * without AVX-512).
 *
 * What is compared is measured in turn, in samples of about 1 ms, and the best
 * of each counts: others may take the CPU meanwhile.
 *
 * usage: kernels [avx2|avx512 [TYPE,...]]
 */
#include <immintrin.h>
#include <sys/mman.h>

#include "bench.h"
#include "engine/kernels.h"
#include "engine/pool.h"

#define MEMORY_LEN  (256u << 20) /* far more than caches hold */
#define HUGE_PAGE   (2u << 20)
#define COLS        2048
#define BATCH_ROWS  512
#define TOKENS_MAX  256
#define THREADS_MAX 2
#define SLICES      16 /* of the memory, each a sample of about 1 ms */
#define ROUNDS      4
#define PEAK_LOOPS  100000
#define PEAK_CHAINS 12

/* Loops over registers must vanish. */
#define UNROLL _Pragma("GCC unroll 12")

static const struct {
	enum gguf_tensor_type type;
	const char *name;
	uint32_t cols, len; /* of a step (matrix.h) */
} types[] = {
	{ GGUF_TENSOR_F32, "f32", 1, 64 },
	{ GGUF_TENSOR_F16, "f16", 1, 32 },
	{ GGUF_TENSOR_BF16, "bf16", 1, 32 },
	{ GGUF_TENSOR_Q8_0, "q8_0", 32, 544 },
	{ GGUF_TENSOR_Q4_0, "q4_0", 32, 288 },
	{ GGUF_TENSOR_Q4_1, "q4_1", 32, 320 },
	{ GGUF_TENSOR_Q5_0, "q5_0", 32, 352 },
	{ GGUF_TENSOR_Q5_1, "q5_1", 32, 384 },
	{ GGUF_TENSOR_Q4_K, "q4_k", 256, 2368 },
	{ GGUF_TENSOR_Q5_K, "q5_k", 256, 2880 },
	{ GGUF_TENSOR_Q6_K, "q6_k", 256, 3360 },
};
#define TYPES (sizeof(types) / sizeof(types[0]))

static uint8_t *memory;
static const struct kernels *kernels;

/* What a thread does: part of a product, of a read, or of the peak. */
struct part {
	void (*run)(struct part *p);
	struct kernel_mul mul;
	const uint8_t *from;
	size_t len;
};

static void run_mul(struct part *p)
{
	kernels->mul(&p->mul);
}

__attribute__((target("avx512f"))) static void run_read_512(struct part *p)
{
	__m512i sum[8] = { 0 };

	for (size_t i = 0; i + 512 <= p->len; i += 512) {
		UNROLL
		for (unsigned k = 0; k < 8; k++)
			sum[k] = _mm512_xor_si512(
			    sum[k], _mm512_load_si512(p->from + i + 64 * k));
	}
	UNROLL
	for (unsigned k = 0; k < 8; k++)
		__asm__ __volatile__("" : : "v"(sum[k]));
}

__attribute__((target("avx2"))) static void run_read_256(struct part *p)
{
	__m256i sum[8] = { 0 };

	for (size_t i = 0; i + 256 <= p->len; i += 256) {
		UNROLL
		for (unsigned k = 0; k < 8; k++)
			sum[k] = _mm256_xor_si256(
			    sum[k], _mm256_load_si256(
					(const void *)(p->from + i + 32 * k)));
	}
	UNROLL
	for (unsigned k = 0; k < 8; k++)
		__asm__ __volatile__("" : : "x"(sum[k]));
}

static void run_read_64(struct part *p)
{
	uint64_t sum[8] = { 0 }, v[8];

	for (size_t i = 0; i + sizeof(v) <= p->len; i += sizeof(v)) {
		memcpy(v, p->from + i, sizeof(v));
		UNROLL
		for (unsigned k = 0; k < 8; k++)
			sum[k] ^= v[k];
	}
	UNROLL
	for (unsigned k = 0; k < 8; k++)
		__asm__ __volatile__("" : : "r"(sum[k]));
}

__attribute__((target("avx512f,avx512vnni"))) static void run_vnni(
    struct part *p)
{
	__m512i a[PEAK_CHAINS] = { 0 };

	(void)p;
	for (unsigned i = 0; i < PEAK_LOOPS; i++) {
		UNROLL
		for (unsigned k = 0; k < PEAK_CHAINS; k++)
			__asm__ __volatile__("vpdpbusd %%zmm31, %%zmm30, %0"
					     : "+v"(a[k]));
	}
}

__attribute__((target("avx512f"))) static void run_fma_512(struct part *p)
{
	__m512 a[PEAK_CHAINS] = { 0 };

	(void)p;
	__asm__ __volatile__("vpxord %%zmm30, %%zmm30, %%zmm30" ::: "zmm30");
	for (unsigned i = 0; i < PEAK_LOOPS; i++) {
		UNROLL
		for (unsigned k = 0; k < PEAK_CHAINS; k++)
			__asm__ __volatile__("vfmadd231ps %%zmm30, %%zmm30, %0"
					     : "+v"(a[k]));
	}
}

/* The threads, and what run_part leaves: seconds of all parts together. */
static struct pool *pool;
static double seconds;

static void run_part(void *parts, uint32_t i, uint32_t n)
{
	struct part *p = (struct part *)parts + i;
	double start;

	(void)n;
	pool_barrier(pool);
	start = bench_wall();
	p->run(p);
	pool_barrier(pool);
	if (i == 0)
		seconds = bench_wall() - start;
}

static double run(struct part *p)
{
	pool_run(pool, run_part, p);
	return seconds;
}

/* Slices in turn, so that none is in a cache when its turn comes. */
static unsigned next_slice(void)
{
	static unsigned at;

	return at++ % SLICES;
}

/* Seconds to read a slice, in one of three ways. */
static double read_once(unsigned way, unsigned threads)
{
	struct part p[THREADS_MAX] = { 0 };
	unsigned at = next_slice();

	for (unsigned i = 0; i < threads; i++) {
		p[i].run = run_read_64;
		if (way % 3 == 1 && kernels_have_avx2())
			p[i].run = run_read_256;
		if (way % 3 == 2 && kernels_have_avx512())
			p[i].run = run_read_512;
		p[i].len = MEMORY_LEN / SLICES / threads;
		p[i].from = memory + (at * threads + i) * p[i].len;
	}
	return run(p);
}

/* Operations a second, each multiplication and each addition one. */
static double peak_once(bool ints, unsigned threads)
{
	struct part p[THREADS_MAX] = { 0 };

	if (!kernels_have_avx512())
		return 0;
	for (unsigned i = 0; i < threads; i++)
		p[i].run = ints ? run_vnni : run_fma_512;
	return (ints ? 128.0 : 32.0) * PEAK_CHAINS * PEAK_LOOPS * threads /
	       run(p);
}

/* The groups of m, shared among threads. */
static double mul_once(struct kernel_mul m, uint32_t n, unsigned threads)
{
	struct part p[THREADS_MAX];
	uint32_t groups = m.group_to - m.group_from;

	m.n = n;
	for (unsigned i = 0; i < threads; i++) {
		p[i] = (struct part){ .run = run_mul, .mul = m };
		p[i].mul.group_from = m.group_from + groups * i / threads;
		p[i].mul.group_to = m.group_from + groups * (i + 1) / threads;
	}
	return run(p);
}

static void row(const char *type, const char *what, unsigned threads,
    const double value[2], const char *unit)
{
	char name[64];

	snprintf(name, sizeof(name), "mul_%s_%s_%ut", type, what, threads);
	bench_row(name, value[0], unit, value[1]);
}

/* 1 token, and up to 16 of them, over more memory than caches hold. */
static void streaming(size_t t, struct kernel_mul m, unsigned threads)
{
	static const uint32_t n[] = { 1, 2, 4, 8, 16 };
	double probe = 1e9, best[] = { 1e9, 1e9, 1e9, 1e9, 1e9 }, s;
	uint32_t groups = m.group_to / SLICES;
	double len = (double)groups * (double)m.w->group_len;
	char what[32];

	for (unsigned r = 0; r < ROUNDS * SLICES; r++) {
		s = read_once(r, threads) * len / (MEMORY_LEN / SLICES);
		probe = s < probe ? s : probe;
		for (unsigned i = 0; i < 5; i++) {
			m.group_from = groups * next_slice();
			m.group_to = m.group_from + groups;
			s = mul_once(m, n[i], threads);
			best[i] = s < best[i] ? s : best[i];
		}
	}
	for (unsigned i = 0; i < 5; i++) {
		snprintf(what, sizeof(what), "%u", n[i]);
		row(types[t].name, what, threads,
		    (double[]){ len / best[i] / 1e9, probe / best[i] }, "GB/s");
	}
}

static void batches(size_t t, struct kernel_mul m, unsigned threads)
{
	double best[2] = { 0 }, peak = 0, s;
	bool ints = types[t].cols > 1;

	for (unsigned r = 0; r < ROUNDS * SLICES; r++) {
		s = peak_once(ints, threads);
		peak = s > peak ? s : peak;
		for (unsigned i = 0; i < 2; i++) {
			uint32_t n = i == 0 ? 64 : 256;

			s = 2.0 * COLS * m.w->rows * n /
			    mul_once(m, n, threads);
			best[i] = s > best[i] ? s : best[i];
		}
	}
	for (unsigned i = 0; i < 2; i++)
		row(types[t].name, i == 0 ? "64" : "256", threads,
		    (double[]){ best[i] / 1e9, peak > 0 ? best[i] / peak : 0 },
		    "Gop/s");
}

static void measure(size_t t, unsigned threads)
{
	static float x[TOKENS_MAX * COLS];
	static struct act act[TOKENS_MAX * COLS / 32];
	size_t len = (size_t)COLS / types[t].cols * types[t].len;
	uint32_t rows = (uint32_t)(MEMORY_LEN / len * MATRIX_LANES);
	struct matrix w = { types[t].type, rows, COLS, len, memory };
	struct kernel_mul m = { .w = &w,
		.x = x,
		.act = act,
		.out = malloc(sizeof(float) * TOKENS_MAX * rows),
		.out_stride = rows,
		.group_to = rows / MATRIX_LANES };

	if (m.out == NULL)
		abort();
	memset(m.out, 0, sizeof(float) * TOKENS_MAX * rows);
	for (size_t i = 0; i < TOKENS_MAX * COLS; i++)
		x[i] = 1;
	memset(act, 0x3c, sizeof(act));
	streaming(t, m, threads);
	w.rows = BATCH_ROWS;
	m.out_stride = w.rows;
	m.group_to = w.rows / MATRIX_LANES;
	batches(t, m, threads);
	free(m.out);
}

int main(int argc, char **argv)
{
	memory = aligned_alloc(HUGE_PAGE, MEMORY_LEN);
	kernels = kernels_best();
	if (argc > 1 && strcmp(argv[1], "avx2") == 0 && kernels_have_avx2())
		kernels = &kernels_avx2;
	if (memory == NULL)
		return 1;
	(void)madvise(memory, MEMORY_LEN, MADV_HUGEPAGE);
	memset(memory, 0x3c, MEMORY_LEN); /* all numbers are ordinary */
	for (unsigned threads = 1; threads <= THREADS_MAX; threads++) {
		if (pool_new(&pool, threads, true) != ERR_OK)
			return 1;
		for (size_t t = 0; t < TYPES; t++) {
			if (argc < 3 || strstr(argv[2], types[t].name) != NULL)
				measure(t, threads);
		}
		pool_free(pool);
	}
	free(memory);
	return 0;
}
