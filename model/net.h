/*
 * The network: a small Llama (RMSNorm, rotary positions on adjacent pairs,
 * SwiGLU, output tied to the embedding), forward and backward over one packed
 * sequence of whole conversations.
 */
#ifndef MODEL_NET_H
#define MODEL_NET_H

#include <stddef.h>
#include <stdint.h>

#include "gemm.h"

enum {
	NET_VOCAB = 1536,
	NET_CTX =
	    512, /* tokens of one packed sequence, and of a conversation */
	NET_DIM = 192,
	NET_LAYERS = 4,
	NET_HEADS = 6,
	NET_HEAD = NET_DIM / NET_HEADS,
	NET_FF = 512,
};

#define NET_ROPE_BASE 10000.0
#define NET_EPS       1e-5f

/* Weights lie in one array; these are offsets into it. Rows are outputs. */
enum {
	NET_NORM1 = 0,                                 /* [dim] */
	NET_QKV = NET_NORM1 + NET_DIM,                 /* [3 dim][dim] */
	NET_WO = NET_QKV + 3 * NET_DIM * NET_DIM,      /* [dim][dim] */
	NET_NORM2 = NET_WO + NET_DIM * NET_DIM,        /* [dim] */
	NET_GATE_UP = NET_NORM2 + NET_DIM,             /* [2 ff][dim] */
	NET_DOWN = NET_GATE_UP + 2 * NET_FF * NET_DIM, /* [dim][ff] */
	NET_LAYER = NET_DOWN + NET_DIM * NET_FF,       /* one layer's size */
	NET_LAYER0 = NET_VOCAB * NET_DIM, /* after embedding [vocab][dim] */
	NET_NORM = NET_LAYER0 + NET_LAYERS * NET_LAYER,
	NET_PARAMS = NET_NORM + NET_DIM,
};

/* Tokens with what to predict and where each conversation begins. */
struct net_batch {
	size_t n;       /* tokens, at most NET_CTX */
	size_t targets; /* positions that carry a loss */
	uint16_t token[NET_CTX];
	uint16_t target[NET_CTX]; /* next token; used where loss is set */
	uint8_t loss[NET_CTX];
	uint16_t start[NET_CTX]; /* index of this conversation's first token */
};

/* What one layer keeps for the backward pass. */
struct net_acts {
	float *x, *n1, *qkv, *att, *xm, *n2, *gu, *h;
};

struct net_state {
	struct net_acts layer[NET_LAYERS];
	float *x, *f, *logits; /* final stream, gathered norm, logits */
	float *dx, *dn, *dqkv, *dgu, *dh, *df;
	float *score, *dscore; /* one head's attention, n x n */
	size_t row[NET_CTX];   /* positions that carry a loss */
	struct gemm_work work;
};

void net_state_init(struct net_state *s);
void net_state_clear(struct net_state *s);

/* Fills the tables of rotary positions; call once before all else. */
void net_tables(void);

void net_init_weights(float *w, uint64_t seed);

/* Leaves the logits of the batch's loss rows, in order, in s->logits. */
void net_forward(
    struct net_state *s, const float *w, const struct net_batch *b);

/*
 * Forward and backward. Adds scale * d(loss)/d(weights) to grad and returns
 * the sum of the losses (natural logarithm).
 */
double net_train(struct net_state *s, float *grad, const float *w,
    const struct net_batch *b, float scale);

#endif
