/* What this CPU can do; compiled for any x86-64. */
#include <cpuid.h>

#include "engine/plain.h"

bool plain_have_avx2(void)
{
	unsigned a, b, c, d;

	__builtin_cpu_init();
	/* These two include whether the system saves the wide registers. */
	if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma"))
		return false;
	return __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_F16C) != 0;
}
