/*
 * Attention alone. `long`: an answer after 8192 tokens, all heads of some
 * blocks in turn, beside a plain read of the same pages. `prompt`: 8 queries
 * after 512 tokens in cache, beside the multiplications and additions that a
 * core does at most with registers of the same width.
 */
#include <immintrin.h>

#include "bench.h"
#include "engine/kernels.h"
#include "sys/pages.h"

#define LONG     8192
#define PROMPT   512
#define KV_HEADS 8
#define BLOCKS   8
#define HEAD_MAX 128
#define CHAINS   16
#define ROUNDS   10000

struct work {
	const struct kernels *k;
	struct kernel_attend a;
	struct pages memory;
	size_t piece; /* bytes of a head of a page */
	const uint8_t *page[LONG / KERNEL_PAGE];
};

static float query[KERNEL_ATTEND_MAX][HEAD_MAX];
static float out[KERNEL_ATTEND_MAX][HEAD_MAX];

/* Halves between 2^-4 and 2^-3 of both signs. */
static void fill(struct pages *memory)
{
	uint32_t x = 1;

	for (size_t i = 0; i + 2 <= memory->len; i += 2) {
		uint16_t half;

		x = x * 1664525 + 1013904223;
		half = (uint16_t)((x >> 16 & 0x83ff) | 0x2c00);
		memcpy(memory->p + i, &half, sizeof(half));
	}
}

static void setup(struct work *w, uint32_t head, uint32_t positions, uint32_t n)
{
	uint32_t pieces = positions == LONG ? KV_HEADS * BLOCKS : 1;

	w->piece = (size_t)4 * head * KERNEL_PAGE;
	if (pages_alloc(&w->memory,
		pieces * w->piece * (positions / KERNEL_PAGE)) != ERR_OK)
		exit(1);
	fill(&w->memory);
	for (uint32_t i = 0; i < positions / KERNEL_PAGE; i++)
		w->page[i] = w->memory.p + i * pieces * w->piece;
	w->a = (struct kernel_attend){
		.page = w->page, .head = head, .scale = 0.125f, .n = n
	};
	for (uint32_t i = 0; i < n; i++) {
		for (uint32_t d = 0; d < head; d++)
			query[i][d] = (float)((d * 7 + i) % 11) - 5;
		w->a.q[i] = query[i];
		w->a.out[i] = out[i];
		w->a.position[i] =
		    positions == LONG ? LONG - 1 : PROMPT - n + i;
	}
}

static void attend_once(void *arg)
{
	struct work *w = arg;

	w->k->attend(&w->a);
}

static void attend_all_heads(void *arg)
{
	struct work *w = arg;

	for (uint32_t i = 0; i < KV_HEADS * BLOCKS; i++) {
		w->a.offset = i * w->piece;
		w->k->attend(&w->a);
	}
}

/* With the widest registers that all of them have. */
__attribute__((target("avx2"))) static void read_all(void *arg)
{
	const struct work *w = arg;
	__m256i sum = _mm256_setzero_si256();
	const __m256i *p = (const void *)w->memory.p;

	for (size_t i = 0; i < w->memory.len / sizeof(*p); i += 4) {
		__m256i a = _mm256_xor_si256(p[i], p[i + 1]);
		__m256i b = _mm256_xor_si256(p[i + 2], p[i + 3]);

		sum = _mm256_xor_si256(sum, _mm256_xor_si256(a, b));
	}
	__asm__ __volatile__("" : : "x"(sum));
}

__attribute__((target("avx512f"))) static void peak_avx512(void *arg)
{
	__m512 s[CHAINS], x = _mm512_set1_ps(0.5f);

	(void)arg;
#pragma GCC unroll 16
	for (unsigned i = 0; i < CHAINS; i++)
		s[i] = x;
	for (unsigned r = 0; r < ROUNDS; r++) {
#pragma GCC unroll 16
		for (unsigned i = 0; i < CHAINS; i++)
			__asm__ __volatile__("vfmadd231ps %1, %1, %0"
					     : "+v"(s[i])
					     : "v"(x));
	}
}

__attribute__((target("avx2"))) static void peak_avx2(void *arg)
{
	__m256 s[CHAINS - 4], x = _mm256_set1_ps(0.5f);

	(void)arg;
#pragma GCC unroll 12
	for (unsigned i = 0; i < CHAINS - 4; i++)
		s[i] = x;
	for (unsigned r = 0; r < ROUNDS; r++) {
#pragma GCC unroll 12
		for (unsigned i = 0; i < CHAINS - 4; i++)
			__asm__ __volatile__("vfmadd231ps %1, %1, %0"
					     : "+x"(s[i])
					     : "x"(x));
	}
}

static void measure_long(const struct kernels *k, uint32_t head, uint32_t n)
{
	struct work w = { .k = k };
	void (*const fn[])(void *) = { attend_all_heads, read_all };
	double took[2][BENCH_SAMPLES], start;
	char name[64];

	setup(&w, head, LONG, n);
	for (unsigned s = 0; s < BENCH_SAMPLES; s++) {
		for (unsigned i = 0; i < 2; i++) {
			start = bench_cpu();
			fn[i](&w);
			took[i][s] = bench_cpu() - start;
		}
	}
	start = bench_median(took[0], BENCH_SAMPLES);
	snprintf(
	    name, sizeof(name), "attend_%s_long_head%u_%uq", k->name, head, n);
	bench_row(name, (double)w.memory.len / start * 1e-9, "GB/s",
	    bench_median(took[1], BENCH_SAMPLES) / start);
	pages_free(&w.memory);
}

static void measure_prompt(const struct kernels *k, uint32_t head)
{
	bool wide = strcmp(k->name, "avx512") == 0;
	struct work w = { .k = k };
	void (*const fn[])(
	    void *) = { attend_once, wide ? peak_avx512 : peak_avx2 };
	double took[2], flops, peak;
	char name[64];

	setup(&w, head, PROMPT, KERNEL_ATTEND_MAX);
	bench_alternate(fn, 2, &w, took);
	flops = 4.0 * head * PROMPT * KERNEL_ATTEND_MAX / took[0];
	peak = 2.0 * ROUNDS * (wide ? 16 * CHAINS : 8 * (CHAINS - 4)) / took[1];
	snprintf(name, sizeof(name), "attend_%s_prompt_head%u", k->name, head);
	bench_row(name, flops * 1e-9, "GFLOPS", flops / peak);
	pages_free(&w.memory);
}

static void measure(const struct kernels *k)
{
	measure_long(k, 64, 4);
	measure_long(k, 64, 8);
	measure_long(k, 128, 7);
	measure_prompt(k, 64);
	measure_prompt(k, 128);
}

int main(void)
{
	if (kernels_have_avx512())
		measure(&kernels_avx512);
	if (kernels_have_avx2())
		measure(&kernels_avx2);
	return 0;
}
