/* See model_probe.h. */
#include "cli/model_probe.h"

#include <pthread.h>
#include <string.h>

#include "engine/engine.h"
#include "sys/clock.h"

#define PASSES 6
#define LINE   64   /* bytes, of a cache */
#define AHEAD  8192 /* bytes; what is asked for before it is read */

struct part {
	pthread_t thread;
	const uint8_t *p;
	size_t len;
	size_t ahead; /* 0 in every other pass: some CPUs do better alone */
};

enum err model_probe_init(struct model_probe *p, unsigned threads)
{
	enum err e = pages_alloc(&p->memory, MODEL_PROBE_LEN);

	p->threads = threads;
	if (e == ERR_OK) /* else all of it were one page of zeros */
		memset(p->memory.p, 1, p->memory.len);
	return e;
}

void model_probe_clear(struct model_probe *p)
{
	pages_free(&p->memory);
	p->memory = (struct pages){ NULL, 0 };
}

/* Four lines of a cache at a time, in registers as wide as there are. */
static inline __attribute__((always_inline)) void read_lines(
    const struct part *part)
{
	const uint8_t *p = part->p;
	uint64_t __attribute__((vector_size(LINE))) a = { 0 }, b = a, c = a,
						    d = a, v[4];

	for (size_t i = 0; i + sizeof(v) <= part->len; i += sizeof(v)) {
		for (size_t k = 0; part->ahead > 0 && k < 4; k++)
			__builtin_prefetch(p + i + part->ahead + k * LINE);
		memcpy(v, p + i, sizeof(v));
		a ^= v[0];
		b ^= v[1];
		c ^= v[2];
		d ^= v[3];
	}
	v[0] = (a ^ b) ^ (c ^ d);
	__asm__ __volatile__("" : : "m"(v[0]));
}

#if defined(__x86_64__)
__attribute__((target("avx512f"))) static void read_avx512(
    const struct part *part)
{
	read_lines(part);
}

__attribute__((target("avx2"))) static void read_avx2(const struct part *part)
{
	read_lines(part);
}
#endif

static void *read_part(void *arg)
{
	const struct part *part = arg;

#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx512f")) {
		read_avx512(part);
		return NULL;
	}
	if (__builtin_cpu_supports("avx2")) {
		read_avx2(part);
		return NULL;
	}
#endif
	read_lines(part);
	return NULL;
}

/* Seconds of one pass; 0: a thread is missing. */
static double pass(const struct model_probe *p, size_t ahead)
{
	struct part part[ENGINE_THREADS_MAX];
	const size_t len = p->memory.len / p->threads;
	const uint64_t start = clock_mono_ns();
	unsigned n = 0;

	for (; n < p->threads; n++) {
		part[n].p = p->memory.p + n * len;
		part[n].len = len;
		part[n].ahead = ahead;
		if (n + 1 < p->threads && pthread_create(&part[n].thread, NULL,
					      read_part, &part[n]) != 0)
			break;
	}
	if (n == p->threads)
		(void)read_part(&part[n - 1]);
	for (unsigned i = 0; i < n && i + 1 < p->threads; i++)
		(void)pthread_join(part[i].thread, NULL);
	return n == p->threads ? (double)(clock_mono_ns() - start) * 1e-9 : 0;
}

double model_probe_run(const struct model_probe *p)
{
	double best = 0;

	for (unsigned i = 0; i < PASSES; i++) {
		const double s = pass(p, i % 2 * AHEAD);

		if (s > 0 && (best <= 0 || s < best))
			best = s;
	}
	return best > 0 ? (double)p->memory.len / best : 0;
}
