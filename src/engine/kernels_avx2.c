/*
 * The kernels for AVX2, FMA and F16C. Only this file's functions use them:
 * nothing here may run before kernels_have_avx2() has said yes.
 */
#include "engine/kernels.h"

#include "engine/lanes_avx2.h"
#include "engine/lines_avx2.h"

#include "engine/body_kernels.h"

const struct kernels kernels_avx2 = KERNELS_OF("avx2");
