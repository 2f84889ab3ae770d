/* The kernels, once for each kind of CPU: its lanes and lines come before. */
#ifndef CONFER_ENGINE_BODY_KERNELS_H
#define CONFER_ENGINE_BODY_KERNELS_H

#include "engine/body_attend.h"
#include "engine/body_matmul.h"
#include "engine/body_vector.h"

#define KERNELS_OF(cpu)                                                        \
	{                                                                      \
		.name = cpu, .mul = mul_matrix, .attend = attend_all,          \
		.quantize = vector_quantize, .rms_norm = vector_rms_norm,      \
		.add = vector_add, .scale = vector_scale,                      \
		.silu_mul = vector_silu_mul, .gelu_mul = vector_gelu_mul,      \
		.softcap = vector_softcap, .rotate = vector_rotate,            \
		.store = vector_store_kv, .log_sum = vector_log_sum            \
	}

#endif
