/* Guessing by lookup in the text so far; see speculate.h. */
#include "engine/speculate.h"

#include <stdbool.h>

#define LONG_MATCH  3
#define SHORT_MATCH 2 /* one token alone says too little */

/* Do the `len` tokens before `at` equal the last ones? */
static bool matches(
    const uint32_t *token, uint32_t n, uint32_t at, uint32_t len)
{
	for (uint32_t i = 1; i <= len; i++) {
		if (token[at - i] != token[n - i])
			return false;
	}
	return true;
}

uint32_t speculate(
    uint32_t *guess, uint32_t max, const uint32_t *token, uint32_t n)
{
	for (uint32_t len = LONG_MATCH; len >= SHORT_MATCH; len--) {
		for (uint32_t at = n; at-- > len;) {
			if (!matches(token, n, at, len))
				continue;
			/* At the end it goes on with its own guesses. */
			for (uint32_t i = 0; i < max; i++)
				guess[i] = at + i < n ? token[at + i]
						      : guess[at + i - n];
			return max;
		}
	}
	return 0;
}
