/*
 * The kernels for AVX-512 with VNNI. Only this file's functions use it:
 * nothing here may run before kernels_have_avx512() has said yes.
 */
#include "engine/kernels.h"

#include "engine/lanes_avx512.h"
#include "engine/lines_avx512.h"

#include "engine/body_kernels.h"

const struct kernels kernels_avx512 = KERNELS_OF("avx512");
