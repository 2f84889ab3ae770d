/*
 * The kernels for AVX-512 with VNNI. Only this file's functions use it:
 * nothing here may run before kernels_have_avx512() has said yes.
 */
#include "engine/kernels.h"

#include "engine/lanes_avx512.h"
#include "engine/lines_avx512.h"

#include "engine/body_attend.h"
#include "engine/body_matmul.h"
#include "engine/body_vector.h"

const struct kernels kernels_avx512 = {
	.name = "avx512",
	.mul = mul_matrix,
	.attend = attend_all,
	.quantize = vector_quantize,
	.rms_norm = vector_rms_norm,
	.add = vector_add,
	.scale = vector_scale,
	.silu_mul = vector_silu_mul,
	.gelu_mul = vector_gelu_mul,
	.softcap = vector_softcap,
	.rotate = vector_rotate,
	.store = vector_store_kv,
	.log_sum = vector_log_sum,
};
