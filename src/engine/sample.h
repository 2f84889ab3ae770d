/*
 * Choosing the next token from the logits. The order is: the request's bias,
 * penalties on what was said before; temperature, top_k, top_p, min_p; a draw.
 * Each filter keeps a part of what the one before it kept. The same logits give
 * the same token on every CPU.
 */
#ifndef CONFER_ENGINE_SAMPLE_H
#define CONFER_ENGINE_SAMPLE_H

#include <stdint.h>

#include "base/err.h"
#include "engine/engine.h"
#include "engine/kernels.h"

#define SAMPLE_REPEAT_N 64  /* how far back repeat_penalty looks; llama.cpp's */
#define SAMPLE_FEW      256 /* candidates that are mostly enough */

struct sample {
	struct engine_sampling opt;               /* its bias is NULL */
	uint64_t state;                           /* of the generator */
	struct engine_bias bias[ENGINE_BIAS_MAX]; /* opt.bias_n */
};

/* A candidate; sample_pick wants room for SAMPLE_FEW. */
struct sample_item {
	float p; /* its logit, then its likelihood relative to the best one's */
	uint32_t id;
};

/* What was said: a prompt, then the answer so far. */
struct sample_text {
	const uint32_t *token; /* [n] */
	uint32_t n;
	uint32_t prompt_n; /* of them, the prompt's */
};

/*
 * ERR_FORMAT: an option is out of its range or not a number, or a bias is for a
 * token that the vocabulary lacks; ERR_LIMIT: too many biases. ctx has its
 * name.
 */
enum err sample_init(struct sample *s, const struct engine_sampling *opt,
    uint32_t vocabulary, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/*
 * Add bias and penalties to the logits. `seen` has a bit for each token of the
 * vocabulary, all of them zero before and after.
 */
void sample_adjust(const struct sample *s, float *logits,
    const struct sample_text *text, uint8_t *seen);

/*
 * The next token, < n. NaN and -INFINITY count as impossible. Overwrites the
 * logits; item is work memory. Where top_k or top_p leave more than SAMPLE_FEW
 * tokens, those whose logits differ by less than 0.0001 from the last one's may
 * stay too.
 */
uint32_t sample_pick(struct sample *s, const struct kernels *k, float *logits,
    uint32_t n, struct sample_item *item);

#endif
