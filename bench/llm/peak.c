/*
 * llm-peak THREADS: int8 multiplications and additions that the CPU can do in a
 * second (billions, AVX-512 VNNI from registers), which bounds the reading of
 * prompts. Prints 0 where there is no such instruction.
 */
#include <immintrin.h>
#include <pthread.h>
#include <stdint.h>

#include "bench.h"

#define ROUNDS      1000000u
#define SUMS        12  /* independent, so that latency does not show */
#define OPS         128 /* of one instruction: 64 products, 64 additions */
#define THREADS_MAX 64
#define TURNS       101 /* short, and the best counts: it is a peak */

__attribute__((target("avx512f,avx512vnni"))) static void *multiply(void *arg)
{
	__m512i sum[SUMS];
	const __m512i a = _mm512_set1_epi8(3), b = _mm512_set1_epi8(5);

	/* All loops over sums must vanish, or the sums live in memory. */
#pragma GCC unroll 12
	for (unsigned k = 0; k < SUMS; k++) {
		sum[k] = _mm512_setzero_si512();
		/* Else the compiler sees that all are the same. */
		__asm__ __volatile__("" : "+v"(sum[k]));
	}
	for (uint32_t i = 0; i < ROUNDS; i++) {
#pragma GCC unroll 12
		for (unsigned k = 0; k < SUMS; k++)
			sum[k] = _mm512_dpbusd_epi32(sum[k], a, b);
		__asm__ __volatile__("" : : : "memory");
	}
#pragma GCC unroll 12
	for (unsigned k = 1; k < SUMS; k++)
		sum[0] = _mm512_add_epi32(sum[0], sum[k]);
	*(int *)arg = _mm_cvtsi128_si32(_mm512_castsi512_si128(sum[0]));
	return NULL;
}

static double once(unsigned threads)
{
	pthread_t t[THREADS_MAX];
	int sink[THREADS_MAX];
	const double start = bench_wall();

	for (unsigned i = 0; i < threads; i++) {
		if (pthread_create(&t[i], NULL, multiply, &sink[i]) != 0)
			exit(1);
	}
	for (unsigned i = 0; i < threads; i++)
		(void)pthread_join(t[i], NULL);
	return bench_wall() - start;
}

int main(int argc, char **argv)
{
	const unsigned long threads =
	    argc == 2 ? strtoul(argv[1], NULL, 10) : 0;
	double took = 0;

	if (threads < 1 || threads > THREADS_MAX) {
		fprintf(stderr, "usage: llm-peak THREADS\n");
		return 1;
	}
	if (!__builtin_cpu_supports("avx512vnni")) {
		printf("0\n");
		return 0;
	}
	for (unsigned i = 0; i < TURNS; i++) {
		const double s = once((unsigned)threads);

		took = i == 0 || s < took ? s : took;
	}
	printf("%.1f\n", (double)threads * ROUNDS * SUMS * OPS / took / 1e9);
	return 0;
}
