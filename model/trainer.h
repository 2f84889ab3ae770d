/* The optimiser's state and one step of it. */
#ifndef MODEL_TRAINER_H
#define MODEL_TRAINER_H

#include "bpe.h"
#include "corpus.h"
#include "net.h"
#include "pool.h"

enum {
	TRAIN_SLOTS = 8, /* sequences of one step; also how far threads help */
	TRAIN_STEPS = 2400,
	TRAIN_COOL = 1600,   /* from here the rate falls faster, to the end */
	TRAIN_COSINE = 3600, /* steps in which the rate alone would fall */
	TRAIN_WARMUP = 100,
	TRAIN_SEED = 1,
};

struct trainer {
	struct corpus corpus;
	struct bpe bpe;
	struct pool *pool;
	size_t threads, step;     /* step: steps done */
	struct net_state *state;  /* one per thread */
	float *w, *m, *v;         /* weights and Adam's two moments */
	float *grad[TRAIN_SLOTS]; /* one per sequence */
	struct net_batch batch[TRAIN_SLOTS];
	double loss[TRAIN_SLOTS]; /* sums over a sequence */
	double *square;           /* sums of squared gradients */
	float rate, scale;        /* of this step */
	size_t tokens;            /* of this step */
};

void trainer_init(
    struct trainer *t, char *const *texts, size_t n, size_t threads);
void trainer_clear(struct trainer *t);

/* Does one step and returns the mean loss per learned token. */
double trainer_step(struct trainer *t);

/* A checkpoint holds all that the following steps depend on. */
void trainer_save(const struct trainer *t, const char *path);
/* Returns 0 if there is no checkpoint of this corpus and configuration. */
int trainer_load(struct trainer *t, const char *path);

#endif
