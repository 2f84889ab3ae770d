/*
 * Where the tensors of a file belong: to which matrices or vector of the
 * model. Only weights.c uses it.
 */
#ifndef CONFER_ENGINE_WEIGHTS_PLACE_H
#define CONFER_ENGINE_WEIGHTS_PLACE_H

#include "engine/weights.h"

#define WEIGHTS_CUTS 3 /* matrices that one tensor may hold: q, k, v */

/* A tensor's place: matrices, one after the other by rows, or a vector. */
struct weights_place {
	const struct gguf_tensor *tensor;
	struct matrix *matrix[WEIGHTS_CUTS]; /* unused ones are NULL */
	const float **vector;
	float min, max; /* of a vector's numbers */
};

/*
 * Find the place of each tensor of the file: place[g->tensor_n], which becomes
 * sorted by offset in the file. w->shape is read and w->block allocated. Sets
 * what is known of matrices, all but their data. ERR_FORMAT, ERR_UNSUPPORTED.
 */
enum err weights_place_all(struct weights_place *place, struct weights *w,
    const struct gguf *g, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

#endif
