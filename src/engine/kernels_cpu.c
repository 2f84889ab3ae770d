/* Which kernels this CPU runs; compiled for any x86-64. */
#include <cpuid.h>

#include "engine/kernels.h"

static bool have_f16c(void)
{
	unsigned a, b, c, d;

	return __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_F16C) != 0;
}

/* What the compiler's table says includes what the system saves. */
bool kernels_have_avx2(void)
{
	__builtin_cpu_init();
	return __builtin_cpu_supports("avx2") != 0 &&
	       __builtin_cpu_supports("fma") != 0 && have_f16c();
}

bool kernels_have_avx512(void)
{
	return kernels_have_avx2() && __builtin_cpu_supports("avx512f") != 0 &&
	       __builtin_cpu_supports("avx512bw") != 0 &&
	       __builtin_cpu_supports("avx512dq") != 0 &&
	       __builtin_cpu_supports("avx512vl") != 0 &&
	       __builtin_cpu_supports("avx512vnni") != 0;
}

const struct kernels *kernels_best(void)
{
	if (kernels_have_avx512())
		return &kernels_avx512;
	return kernels_have_avx2() ? &kernels_avx2 : &kernels_scalar;
}
