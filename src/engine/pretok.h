/*
 * How byte-level BPE cuts text into words before it merges inside them. The
 * rules are the published regular expressions of the models, written as
 * scanners (L letter, N number, S white space, by Unicode category):
 *
 *   gpt-2      's|'t|'re|'ve|'m|'ll|'d| ?L+| ?N+| ?[^SLN]+|S+(?!\S)|S+
 *   starcoder  every N alone, then gpt-2 between them
 *   llama-bpe  (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\nLN]?L+|N{1,3}|
 *              ?[^SLN]+[\r\n]*|S*[\r\n]+|S+(?!\S)|S+
 *   qwen2      the same with N alone
 *   gpt-4o     [^\r\nLN]?U*l+C?|[^\r\nLN]?U+l*C?|N{1,3}| ?[^SLN]+[\r\n/]*|
 *              S*[\r\n]+|S+(?!\S)|S+, with C a contraction, U upper case, l
 *              lower case; letters without case and marks are both
 *   tekken     the same without C and with N alone
 */
#ifndef CONFER_ENGINE_PRETOK_H
#define CONFER_ENGINE_PRETOK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"

enum pretok {
	PRETOK_GPT2,
	PRETOK_STARCODER,
	PRETOK_LLAMA3,
	PRETOK_QWEN2,
	PRETOK_GPT4O,
	PRETOK_TEKKEN
};

/* The rule that a file names in tokenizer.ggml.pre; false: unknown. */
bool pretok_by_name(struct bytes name, enum pretok *out);

/* End of the word that starts at `at` of valid UTF-8; at < text.len. */
size_t pretok_next(enum pretok rule, struct bytes text, size_t at);

#endif
