/* Sizes of matrices, halves, and rows back to floats; see matrix.h. */
#include "base/assert.h"
#include "engine/matrix_layout.h"

/* Columns and bytes of a step follow from what it is made of. */
#define FLOATS(n)                                                              \
	{                                                                      \
		.cols = 1, .len = MATRIX_LANES * (n)                           \
	}
#define SMALL_LEN(n) ((n) == 8 ? MATRIX_SMALL : 0)
#define BLOCKS(s, p, l, z)                                                     \
	{                                                                      \
		.cols = MATRIX_PART * (p),                                     \
		.len = MATRIX_HALVES * (s) +                                   \
		       (p) * (SMALL_LEN(p) + MATRIX_LINE * (l)),               \
		.scales = (s), .parts = (p), .lines = (l), .zero = (z)         \
	}

static const struct matrix_layout layouts[] = {
	[GGUF_TENSOR_F32] = FLOATS(4),
	[GGUF_TENSOR_F16] = FLOATS(2),
	[GGUF_TENSOR_BF16] = FLOATS(2),
	[GGUF_TENSOR_Q8_0] = BLOCKS(1, 1, 8, 128),
	[GGUF_TENSOR_Q4_0] = BLOCKS(1, 1, 4, 8),
	[GGUF_TENSOR_Q4_1] = BLOCKS(2, 1, 4, 0),
	[GGUF_TENSOR_Q5_0] = BLOCKS(1, 1, 5, 16),
	[GGUF_TENSOR_Q5_1] = BLOCKS(2, 1, 5, 0),
	[GGUF_TENSOR_Q4_K] = BLOCKS(2, 8, 4, 0),
	[GGUF_TENSOR_Q5_K] = BLOCKS(2, 8, 5, 0),
	[GGUF_TENSOR_Q6_K] = BLOCKS(1, 8, 6, 32),
};

bool matrix_has_type(enum gguf_tensor_type type)
{
	return (size_t)type < sizeof(layouts) / sizeof(layouts[0]) &&
	       layouts[type].len != 0;
}

const struct matrix_layout *matrix_layout(enum gguf_tensor_type type)
{
	assert(matrix_has_type(type));
	return &layouts[type];
}

size_t matrix_group_len(enum gguf_tensor_type type, uint32_t cols)
{
	const struct matrix_layout *l = matrix_layout(type);

	assert(cols > 0 && cols % l->cols == 0);
	return ((size_t)(cols / l->cols) * l->len + MATRIX_LINE - 1) /
	       MATRIX_LINE * MATRIX_LINE;
}

float matrix_f16(uint16_t half)
{
	uint32_t sign = (uint32_t)(half & 0x8000) << 16;
	uint32_t magnitude = half & 0x7fff;
	uint32_t bits = (magnitude << 13) + 0x38000000; /* 2^15 to 2^127 */

	if (magnitude < 0x0400) { /* subnormal: 2^-14 (1 + m) - 2^-14 */
		float f =
		    matrix_bits(bits + 0x00800000) - matrix_bits(0x38800000);

		memcpy(&bits, &f, sizeof(bits));
	} else if (magnitude > 0x7c00) { /* a NaN, quiet as of the CPU */
		bits |= 0x7fc00000;
	} else if (magnitude == 0x7c00) {
		bits = 0x7f800000;
	}
	return matrix_bits(sign | bits);
}

uint16_t matrix_to_f16(float f)
{
	uint32_t bits, sign, magnitude;

	memcpy(&bits, &f, sizeof(bits));
	sign = bits >> 16 & 0x8000;
	magnitude = bits & 0x7fffffff;
	if (magnitude > 0x7f800000) { /* a NaN, quiet as of the CPU */
		magnitude = 0x7e00 | (magnitude >> 13 & 0x1ff);
	} else if (magnitude >= 0x477ff000) { /* 65520 goes to infinity */
		magnitude = 0x7c00;
	} else if (magnitude < 0x38800000) {
		/* Subnormal: of a float near 0.5 the last bit is 2^-24. */
		float sum = matrix_bits(magnitude) + 0.5f;

		memcpy(&magnitude, &sum, sizeof(magnitude));
		magnitude -= 0x3f000000;
	} else {
		magnitude += 0x0fff + (magnitude >> 13 & 1);
		magnitude = (magnitude - 0x38000000) >> 13;
	}
	return (uint16_t)(sign | magnitude);
}

/* The 32 numbers of a row in the lines of a part. */
static void unpack(uint8_t u[32], const uint8_t *line, uint8_t lines)
{
	for (uint32_t q = 0; q < 8; q++) {
		uint32_t w = matrix_load32(
		    line + (size_t)MATRIX_LINE * (lines == 8 ? q : q % 4));

		if (lines != 8)
			w = w >> q / 4 * 4 & 0x0f0f0f0f;
		if (lines == 5)
			w |= (matrix_load32(line + 4 * MATRIX_LINE) >> q &
				 0x01010101)
			     << 4;
		if (lines == 6)
			w |= (matrix_load32(line + (4 + q / 4) * MATRIX_LINE) >>
				     q % 4 * 2 &
				 0x03030303)
			     << 4;
		matrix_store32(u + 4 * q, w);
	}
}

/*
 * One row of a step of quantised numbers: a (u - zero) - b, which is the
 * formula of each type to the bit. Where there is no b, nothing is subtracted:
 * x - 0 is x, also for -0.
 */
static void row_of_step(
    float *out, const struct matrix_layout *l, const uint8_t *step, uint32_t r)
{
	float d = matrix_f16(matrix_load16(step + 2 * r));
	float m = l->scales == 1
		      ? 0.0f
		      : matrix_f16(matrix_load16(step + MATRIX_HALVES + 2 * r));
	const uint8_t *p = step + (size_t)MATRIX_HALVES * l->scales;

	for (uint32_t i = 0; i < l->parts; i++) {
		float a[2] = { d, d }, b = l->scales == 1 ? 0.0f : -m;
		uint8_t u[MATRIX_PART];

		if (l->parts > 1 && l->scales == 1) {
			a[0] = d * (float)(int8_t)p[r];
			a[1] = d * (float)(int8_t)p[MATRIX_LANES + r];
		} else if (l->parts > 1) {
			a[0] = a[1] = d * (float)p[r];
			b = m * (float)p[MATRIX_LANES + r];
		}
		p += l->parts > 1 ? MATRIX_SMALL : 0;
		unpack(u, p + 4 * r, l->lines);
		p += (size_t)MATRIX_LINE * l->lines;
		for (uint32_t c = 0; c < MATRIX_PART; c++)
			*out++ = a[c / 16] * (float)(u[c] - l->zero) - b;
	}
}

float matrix_float(const uint8_t *p, enum gguf_tensor_type type)
{
	if (type == GGUF_TENSOR_F32)
		return matrix_bits(matrix_load32(p));
	if (type == GGUF_TENSOR_BF16)
		return matrix_bits((uint32_t)matrix_load16(p) << 16);
	return matrix_f16(matrix_load16(p));
}

void matrix_row(float *out, const struct matrix *w, uint32_t row)
{
	const struct matrix_layout *l = matrix_layout(w->type);
	const uint8_t *step = w->data + row / MATRIX_LANES * w->group_len;
	uint32_t r = row % MATRIX_LANES;

	assert(row < w->rows);
	for (uint32_t c = 0; c < w->cols; c += l->cols, step += l->len) {
		if (l->scales == 0)
			out[c] = matrix_float(
			    step + l->len / MATRIX_LANES * r, w->type);
		else
			row_of_step(out + c, l, step, r);
	}
}
