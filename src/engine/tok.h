/*
 * Tokenizers: text to token numbers and back, for the two kinds that GGUF
 * files carry: SentencePiece with scores ("llama") and byte-level BPE with
 * ranked merges ("gpt2"). Both join neighbouring pieces, best pair first.
 *
 * Text is never searched for special tokens: whatever a text spells, tok_encode
 * yields ordinary tokens only. Special tokens come from tok_special, which the
 * chat templates use, and from tok_encode_special, for text of our own. Tokens
 * that a file calls user-defined count as special, but for runs of blanks and
 * line breaks in SentencePiece, which are text; so do ordinary tokens with the
 * name of an end of turn.
 */
#ifndef CONFER_ENGINE_TOK_H
#define CONFER_ENGINE_TOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "engine/gguf.h"
#include "engine/pretok.h"

#define TOK_VOCABULARY_MAX (1u << 20) /* the largest known has 2^18 */
#define TOK_TEXT_LEN_MAX   1024       /* bytes of one token; known: under 256 */
#define TOK_NONE           UINT32_MAX
#define TOK_ENDS_MAX       24 /* tokens that end a turn */

enum tok_kind { TOK_SPM, TOK_BPE };

/* tokenizer.ggml.token_type of the file */
enum tok_type {
	TOK_NORMAL = 1,
	TOK_UNKNOWN = 2,
	TOK_CONTROL = 3,
	TOK_USER_DEFINED = 4,
	TOK_UNUSED = 5,
	TOK_BYTE = 6
};

struct tok_entry {
	const uint8_t *text; /* the bytes that the token stands for */
	uint32_t len;
	float score; /* SPM */
	enum tok_type type;
	bool strips; /* special, and swallows the white space behind it */
};

struct tok_place; /* of an ordinary token in a hash table */
struct tok_merge; /* a pair of tokens, its rank and what it becomes */

struct tok {
	enum tok_kind kind;
	enum pretok pretok;
	bool whole_words;  /* BPE: a word in the vocabulary needs no merging */
	bool space_prefix; /* SPM: text after a special token gets a space */
	bool add_bos;
	uint32_t n;
	uint32_t bos, eos, unknown; /* or TOK_NONE */
	uint32_t end[TOK_ENDS_MAX]; /* tokens that end an answer */
	uint32_t end_n;
	uint32_t byte[256]; /* the token of each byte, or TOK_NONE */
	struct tok_entry *entry;
	uint8_t *text;           /* all entries' bytes */
	struct tok_place *index; /* ordinary tokens by their bytes */
	uint32_t index_mask;
	uint32_t len_max;        /* bytes of the longest of them */
	struct tok_merge *merge; /* BPE: hash table of merges */
	uint32_t merge_mask;
	uint32_t *special; /* numbers of the special tokens */
	uint32_t special_n;
};

/*
 * Read the vocabulary of a parsed file; copies what it needs. ERR_FORMAT,
 * ERR_LIMIT, ERR_UNSUPPORTED (a kind or a cutting rule that we lack),
 * ERR_NOTFOUND (no vocabulary), ERR_NOMEM; ctx says where. On failure *t is
 * clear.
 */
enum err tok_init(struct tok *t, const struct gguf *g, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/* Free the tables; accepts a zeroed *t. */
void tok_clear(struct tok *t);

/* The special token that is spelled like this, or TOK_NONE. */
uint32_t tok_special(const struct tok *t, struct bytes text);

#define TOK_MARK_LEN 3

/* Is SentencePiece's mark for a blank, U+2581, at this offset? at <= len. */
bool tok_is_mark(struct bytes text, size_t at);

/* Does white space behind this token vanish? (Phi 3's special tokens) */
bool tok_strips(const struct tok *t, uint32_t id);

/* Without the white space at its start, which such a token swallows. */
struct bytes tok_stripped(struct bytes text);

/* Does this token end an answer? */
bool tok_is_end(const struct tok *t, uint32_t id);

/* The bytes of a token: none for special tokens. id < t->n. */
struct bytes tok_text(const struct tok *t, uint32_t id);

/* The ordinary token of exactly these bytes, or TOK_NONE. */
uint32_t tok_find(const struct tok *t, struct bytes text);

/* BPE: what two tokens merge into, and the merge's rank; or TOK_NONE. */
uint32_t tok_merged(
    const struct tok *t, uint32_t left, uint32_t right, uint32_t *rank);

/* ---- encoding (tok_encode.c) ---- */

struct tok_piece;
struct tok_pair;

/* Working memory for texts of up to `max` bytes after replacement of blanks. */
struct tok_work {
	uint8_t *text;           /* [max + 1] */
	struct tok_piece *piece; /* [max + 1] */
	struct tok_pair *pair;   /* [3 * max + 3] */
	size_t max;
	uint32_t pair_n;
	uint64_t
	    steps; /* candidates looked at, ever: what the time goes with */
};

/* Bytes of memory that tok_work_init wants for texts of up to `max` bytes. */
size_t tok_work_len(size_t max);

/* `memory` is tok_work_len(max) bytes, aligned to 8. */
void tok_work_init(struct tok_work *w, void *memory, size_t max);

/* Where tokens go: those beyond cap are counted and not stored. */
struct tok_out {
	uint32_t *token;
	size_t cap;
	size_t n;
};

/*
 * Encode valid UTF-8 of at most w->max bytes. `first`: the text follows a
 * special token or starts the prompt. Wipes what it used of the work memory.
 * ERR_FORMAT: not UTF-8; ERR_LIMIT: too long.
 */
enum err tok_encode(const struct tok *t, struct tok_work *w, struct bytes text,
    bool first, struct tok_out *out) __attribute__((warn_unused_result));

/*
 * Encode TRUSTED text, in which special tokens are spelled out, as a prompt of
 * its own: with the start token where the model wants one. Never for anything
 * that a client wrote.
 */
enum err tok_encode_special(const struct tok *t, struct tok_work *w,
    struct bytes text, struct tok_out *out) __attribute__((warn_unused_result));

#endif
