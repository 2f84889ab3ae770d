/*
 * Guessing what comes next from the text so far: where the last few tokens have
 * stood before, what followed them then may follow now. A guess is only ever
 * compared with what is really chosen, so it changes no answer.
 */
#ifndef CONFER_ENGINE_SPECULATE_H
#define CONFER_ENGINE_SPECULATE_H

#include <stdint.h>

#define SPECULATE_MAX 4 /* tokens guessed at once; more are seldom right */

/*
 * Guess `max` tokens that follow token[n]. The latest place counts where
 * the last three tokens, else the last two, stood before. Returns how many:
 * max or none.
 */
uint32_t speculate(
    uint32_t *guess, uint32_t max, const uint32_t *token, uint32_t n);

#endif
