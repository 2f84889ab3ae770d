/* Writes the weights as a GGUF file that any llama engine reads. */
#ifndef MODEL_GGUF_WRITE_H
#define MODEL_GGUF_WRITE_H

#include "bpe.h"

/* Matrices as Q8_0, norms as F32; the file appears whole or not at all. */
void gguf_write(const char *path, const float *w, const struct bpe *b);

/* Rounds the weights to what the file holds, to judge what is shipped. */
void gguf_round(float *w);

#endif
