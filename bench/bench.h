/*
 * What a benchmark needs: clocks, the median of several samples, and rows.
 *
 * bench/NAME.c is a program that prints rows `name value unit ratio`; bench/run
 * runs them all and draws the table. The ratio compares with the bare primitive
 * measured by the same program in the same run: figures from two machines, or
 * from one machine on two days, do not compare.
 */
#ifndef CONFER_BENCH_BENCH_H
#define CONFER_BENCH_BENCH_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BENCH_SAMPLES   9    /* odd: the median is one of them */
#define BENCH_SAMPLE_S  0.05 /* long beside clock and scheduler noise */
#define BENCH_CALLS_MAX (1UL << 30)
#define BENCH_NO_RATIO  0.0 /* shown as "-" */

/* Seconds of the clock on the wall, and of CPU time of this process. */
static inline double bench_clock(clockid_t id)
{
	struct timespec t;

	if (clock_gettime(id, &t) != 0)
		abort();
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static inline double bench_wall(void)
{
	return bench_clock(CLOCK_MONOTONIC);
}

static inline double bench_cpu(void)
{
	return bench_clock(CLOCK_PROCESS_CPUTIME_ID);
}

static inline int bench_compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The median of v[0..n), n odd; sorts v. */
static inline double bench_median(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), bench_compare);
	return v[n / 2];
}

/* Seconds per call. */
struct bench_time {
	double wall;
	double cpu;
};

/*
 * Median time of one call fn(arg) over BENCH_SAMPLES samples, each of as many
 * calls as take BENCH_SAMPLE_S; finding that number warms up caches.
 */
static inline struct bench_time bench_time(void (*fn)(void *), void *arg)
{
	double wall[BENCH_SAMPLES], cpu[BENCH_SAMPLES], start, took = 0;
	unsigned long calls = 1;

	for (;; calls *= 2) {
		start = bench_wall();
		for (unsigned long i = 0; i < calls; i++)
			fn(arg);
		took = bench_wall() - start;
		if (took >= BENCH_SAMPLE_S || calls >= BENCH_CALLS_MAX)
			break;
	}
	for (int s = 0; s < BENCH_SAMPLES; s++) {
		double cpu_start = bench_cpu();

		start = bench_wall();
		for (unsigned long i = 0; i < calls; i++)
			fn(arg);
		wall[s] = (bench_wall() - start) / (double)calls;
		cpu[s] = (bench_cpu() - cpu_start) / (double)calls;
	}
	return (struct bench_time){ bench_median(wall, BENCH_SAMPLES),
		bench_median(cpu, BENCH_SAMPLES) };
}

#define BENCH_FUNCTIONS 8   /* of one comparison */
#define BENCH_TURNS     301 /* odd; short ones, for there are many */
#define BENCH_CALLS     5   /* of each turn */

/*
 * n <= BENCH_FUNCTIONS functions of one argument in turn, so that a change of
 * the machine's speed meets them all: out[i] is the median of seconds of CPU
 * time that a call of fn[i] takes. For calls of ten microseconds and more.
 */
static inline void bench_alternate(
    void (*const *fn)(void *), size_t n, void *arg, double *out)
{
	static double took[BENCH_FUNCTIONS][BENCH_TURNS];

	if (n > BENCH_FUNCTIONS)
		abort();
	for (size_t t = 0; t < BENCH_TURNS; t++) {
		for (size_t i = 0; i < n; i++) {
			double start = bench_cpu();

			for (int c = 0; c < BENCH_CALLS; c++)
				fn[i](arg);
			took[i][t] = (bench_cpu() - start) / BENCH_CALLS;
		}
	}
	for (size_t i = 0; i < n; i++)
		out[i] = bench_median(took[i], BENCH_TURNS);
}

/*
 * Print one row. `name` and `unit` have no spaces. `ratio` is value divided by
 * that of the bare primitive, or BENCH_NO_RATIO for a row without one.
 */
static inline void bench_row(
    const char *name, double value, const char *unit, double ratio)
{
	if (ratio > 0)
		printf("%s %.4g %s %.3f\n", name, value, unit, ratio);
	else
		printf("%s %.4g %s -\n", name, value, unit);
	fflush(stdout);
}

#endif
