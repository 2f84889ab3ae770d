/* Causal attention within each conversation of a packed sequence. */
#ifndef MODEL_ATTENTION_H
#define MODEL_ATTENTION_H

#include "net.h"

void attention_tables(void);

/* Rotates q and k of qkv in place, then out = softmax(q k^T / sqrt(d)) v. */
void attention_forward(
    float *out, float *qkv, const struct net_batch *b, struct net_state *s);

/* dqkv from dout; qkv as attention_forward left it. */
void attention_backward(float *dqkv, const float *dout, const float *qkv,
    const struct net_batch *b, struct net_state *s);

#endif
