/* Byte-level BPE with GPT-2's rules for splitting text into words. */
#ifndef MODEL_BPE_H
#define MODEL_BPE_H

#include <stddef.h>
#include <stdint.h>

#include "net.h"
#include "util.h"

enum {
	BPE_SPECIALS = 3,
	BPE_MERGES = NET_VOCAB - 256 - BPE_SPECIALS,
	BPE_END_OF_TEXT = NET_VOCAB - 3, /* <|endoftext|> */
	BPE_IM_START = NET_VOCAB - 2,    /* <|im_start|> */
	BPE_IM_END = NET_VOCAB - 1,      /* <|im_end|> */
	BPE_TOKEN_MAX = 64,              /* bytes of one token */
	BPE_HASH = 8192,
};

struct bpe {
	char text[NET_VOCAB][BPE_TOKEN_MAX + 1];
	uint8_t len[NET_VOCAB];
	uint16_t left[NET_VOCAB], right[NET_VOCAB]; /* parts of a merge */
	uint16_t slot[BPE_HASH]; /* merged token by pair, 0 where empty */
};

/* Learns the merges from `text`; too little text is a fatal error. */
void bpe_train(struct bpe *b, const char *text, size_t len);

/*
 * Writes the tokens of text, at most `max`, and returns their number. With
 * `drop`, some merges are left out at random: the same word in other pieces.
 */
size_t bpe_encode(const struct bpe *b, uint16_t *out, size_t max,
    const char *text, struct rng *drop);

#endif
