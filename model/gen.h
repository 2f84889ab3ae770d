/* Turns the corpus into packed sequences of ChatML conversations. */
#ifndef MODEL_GEN_H
#define MODEL_GEN_H

#include "bpe.h"
#include "corpus.h"
#include "net.h"

/* Learns the tokenizer from the corpus' own lines. */
void gen_tokenizer(struct bpe *b, const struct corpus *c);

/*
 * One sequence of about NET_CTX tokens of whole conversations: the same for
 * the same seed, whatever was generated before.
 */
void gen_batch(struct net_batch *out, const struct corpus *c,
    const struct bpe *b, uint64_t seed);

/*
 * Appends one message's tokens; those of the assistant are to be learned.
 * `drop` varies the tokens of the others, see bpe_encode.
 */
void gen_message(struct net_batch *out, const struct bpe *b, const char *role,
    const char *text, struct rng *drop);

/* Appends the tokens that ask for an answer. */
void gen_prompt(struct net_batch *out, const struct bpe *b);

/* Prints a few conversations as the model sees them. */
void gen_show(const struct corpus *c, uint64_t seed, size_t n);

#endif
