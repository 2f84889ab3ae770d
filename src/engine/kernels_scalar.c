/* The kernels in plain C: slow, for any CPU, and the judge of the others. */
#include "engine/kernels.h"

#include "engine/lanes_scalar.h"
#include "engine/lines_scalar.h"

#include "engine/body_attend.h"
#include "engine/body_matmul.h"
#include "engine/body_vector.h"

const struct kernels kernels_scalar = {
	.name = "scalar",
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
