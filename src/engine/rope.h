/*
 * Tables of rotary positions: cosines and sines for each position, with the
 * scalings of Llama 3 (rope_freqs), linear, YaRN (arXiv 2309.00071) and
 * LongRoPE (arXiv 2402.13753, as Phi-3 uses it).
 */
#ifndef CONFER_ENGINE_ROPE_H
#define CONFER_ENGINE_ROPE_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/shape.h"

#define ROPE_CONTEXT_MAX (1u << 17)  /* positions; ENGINE_CONTEXT_MAX */
#define ROPE_FACTOR_MIN  (1.0f / 16) /* with it, real.h, real_cos_sin */
#define ROPE_FACTOR_MAX  (1u << 20)

/* Positions from, from + 1, ... */
struct rope_range {
	uint32_t from, n;
};

/*
 * Fill table[n][rope] for the positions from `from` on: for each rope/2
 * cosines, then rope/2 sines (kernels.h, rotate), both times the attention
 * factor of the scaling; from + n <= ROPE_CONTEXT_MAX. `local`: for windowed
 * blocks, which some families give their own base and no scaling. `factors` is
 * [rope/2] divisors of frequencies (weights_rope_factors) from ROPE_FACTOR_MIN
 * to ROPE_FACTOR_MAX, or NULL. A position's numbers do not depend on n.
 */
void rope_table(float *table, const struct shape *s, bool local,
    const float *factors, struct rope_range range);

#endif
