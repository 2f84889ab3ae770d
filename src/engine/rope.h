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

/*
 * Fill table[context][rope]: for each position rope/2 cosines, then rope/2
 * sines (kernels.h, rotate), both times the attention factor of the scaling.
 * `local`: for windowed blocks, with their own base and no scaling. `factors`
 * is [rope/2] divisors of frequencies, or NULL.
 */
void rope_table(float *table, const struct shape *s, bool local,
    const float *factors, uint32_t context);

#endif
