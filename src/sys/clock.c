#include "sys/clock.h"

#include <time.h>

#include "base/assert.h"

uint64_t clock_mono_ns(void)
{
	struct timespec t;
	int rc = clock_gettime(CLOCK_MONOTONIC, &t);

	assert(rc == 0);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t clock_mono_ms(void)
{
	return clock_mono_ns() / 1000000u;
}

uint64_t clock_unix_s(void)
{
	struct timespec t;
	int rc = clock_gettime(CLOCK_REALTIME, &t);

	assert(rc == 0);
	return t.tv_sec < 0 ? 0 : (uint64_t)t.tv_sec;
}
