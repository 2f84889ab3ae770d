#include "bpe.h"

#include <stdbool.h>
#include <string.h>

#include "util.h"

enum { WORD_MAX = 4096, DROP = 6 /* per cent */ };
enum class { SPACE, LETTER, DIGIT, OTHER, END };

/*
 * The class of the character at s, and its length. Beyond ASCII the corpus uses
 * letters of common scripts, typographic marks and emoji, so a rough division
 * by code point agrees there with the full Unicode tables.
 */
static enum class classify(const unsigned char *s, size_t n, size_t *len) {
	unsigned c;

	*len = n > 0; if (n == 0) return END; c = s[0];
	if (c < 0x80){ if (c == ' ' || (c >= '\t' && c <= '\r')) return SPACE;
		       if ((c | 32) >= 'a' && (c | 32) <= 'z') return LETTER;
		       return c >= '0' && c <= '9' ? DIGIT : OTHER; }
*len = c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
if (*len > n)
	*len = n;
if (c == 0xc2 || c == 0xe2 || c >= 0xf0)
	return OTHER; /* Latin-1 signs, punctuation, emoji */
return c == 0xe3 && n > 1 && s[1] == 0x80 ? OTHER : LETTER;
}

static size_t contraction(const unsigned char *s, size_t n)
{
	static const char *const ends[] = { "s", "t", "re", "ve", "m", "ll",
		"d" };

	for (size_t i = 0; s[0] == '\'' && i < 7; i++) {
		size_t len = strlen(ends[i]);

		if (n > len && memcmp(s + 1, ends[i], len) == 0)
			return len + 1;
	}
	return 0;
}

/* Length of the run of one class that starts at s. */
static size_t run(const unsigned char *s, size_t n, enum class want)
{
	size_t at = 0, len;

	while (classify(s + at, n - at, &len) == want)
		at += len;
	return at;
}

/* GPT-2: 's|'t|... | ?letters| ?digits| ?others|\s+(?!\S)|\s+ */
static size_t next_word(const unsigned char *s, size_t n)
{
	size_t lead = s[0] == ' ' && n > 1, len, spaces;
	enum class k;

	len = contraction(s, n);
	if (len > 0)
		return len;
	k = classify(s + lead, n - lead, &len);
	if (k != SPACE)
		return lead + run(s + lead, n - lead, k);
	spaces = run(s, n, SPACE);
	/* All but the last space before a word; that one joins the word. */
	return spaces < n && spaces > 1 ? spaces - 1 : spaces;
}

static uint16_t *find(struct bpe *b, unsigned l, unsigned r)
{
	uint32_t h = (l * 2654435761u ^ r * 40503u) % BPE_HASH;

	while (b->slot[h] != 0 &&
	       (b->left[b->slot[h]] != l || b->right[b->slot[h]] != r))
		h = (h + 1) % BPE_HASH;
	return &b->slot[h];
}

static uint16_t lookup(const struct bpe *b, unsigned l, unsigned r)
{
	uint32_t h = (l * 2654435761u ^ r * 40503u) % BPE_HASH;

	while (b->slot[h] != 0 &&
	       (b->left[b->slot[h]] != l || b->right[b->slot[h]] != r))
		h = (h + 1) % BPE_HASH;
	return b->slot[h];
}

static size_t replace(uint16_t *t, size_t n, const struct bpe *b, uint16_t id)
{
	size_t to = 0;

	for (size_t i = 0; i < n; i++, to++) {
		bool hit = i + 1 < n && t[i] == b->left[id] &&
			   t[i + 1] == b->right[id];

		t[to] = hit ? id : t[i];
		i += hit;
	}
	return to;
}

/* Applies merges, oldest first, until none fits. */
static size_t merge_word(
    const struct bpe *b, uint16_t *t, size_t n, struct rng *drop)
{
	for (;;) {
		uint16_t best = UINT16_MAX;

		for (size_t i = 0; i + 1 < n; i++) {
			uint16_t id = lookup(b, t[i], t[i + 1]);

			if (id != 0 && id < best &&
			    (drop == NULL || !rng_chance(drop, DROP)))
				best = id;
		}
		if (best == UINT16_MAX)
			return n;
		n = replace(t, n, b, best);
	}
}

size_t bpe_encode(const struct bpe *b, uint16_t *out, size_t max,
    const char *text, struct rng *drop)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t len = strlen(text), n = 0;
	uint16_t word[WORD_MAX];

	while (len > 0 && n < max) {
		size_t w = next_word(s, len), k;

		if (w > WORD_MAX)
			util_die("word too long");
		for (size_t i = 0; i < w; i++)
			word[i] = s[i];
		k = merge_word(b, word, w, drop);
		for (size_t i = 0; i < k && n < max; i++)
			out[n++] = word[i];
		s += w;
		len -= w;
	}
	return n;
}

/* Distinct words of the training text. */
struct words {
	uint16_t *tok; /* the words' tokens, one after the other */
	size_t *from, *len, *count, n;
};

static void words_add(
    struct words *w, const unsigned char *s, size_t len, size_t *used)
{
	size_t i, k;

	for (i = 0; i < w->n; i++) {
		for (k = 0; k < len && w->len[i] == len &&
			    w->tok[w->from[i] + k] == s[k];)
			k++;
		if (k == len && w->len[i] == len) {
			w->count[i]++;
			return;
		}
	}
	w->from[i] = *used;
	w->len[i] = len;
	w->count[i] = 1;
	w->n++;
	for (k = 0; k < len; k++)
		w->tok[(*used)++] = s[k];
}

/* The most frequent pair; of equals the lowest. Returns its count. */
static size_t best_pair(
    const struct words *w, uint32_t *counts, unsigned used, unsigned *pair)
{
	size_t best = 0;

	memset(counts, 0, used * NET_VOCAB * sizeof(*counts));
	for (size_t i = 0; i < w->n; i++) {
		const uint16_t *t = w->tok + w->from[i];

		for (size_t k = 0; k + 1 < w->len[i]; k++)
			counts[t[k] * NET_VOCAB + t[k + 1]] +=
			    (uint32_t)w->count[i];
	}
	for (unsigned l = 0; l < used; l++) {
		for (unsigned r = 0; r < used; r++) {
			if (counts[l * NET_VOCAB + r] > best) {
				best = counts[l * NET_VOCAB + r];
				*pair = l * NET_VOCAB + r;
			}
		}
	}
	return best;
}

static void add_merge(struct bpe *b, uint16_t id, unsigned l, unsigned r)
{
	if (b->len[l] + b->len[r] > BPE_TOKEN_MAX)
		util_die("token too long");
	b->left[id] = (uint16_t)l;
	b->right[id] = (uint16_t)r;
	b->len[id] = (uint8_t)(b->len[l] + b->len[r]);
	memcpy(b->text[id], b->text[l], b->len[l]);
	memcpy(b->text[id] + b->len[l], b->text[r], b->len[r]);
	*find(b, l, r) = id;
}

static void learn(struct bpe *b, struct words *w)
{
	uint32_t *counts =
	    util_realloc(NULL, NET_VOCAB * NET_VOCAB * sizeof(*counts));

	for (unsigned id = 256; id < 256 + BPE_MERGES; id++) {
		unsigned pair = 0;

		if (best_pair(w, counts, id, &pair) < 2)
			util_die("too little text for %d tokens", NET_VOCAB);
		add_merge(b, (uint16_t)id, pair / NET_VOCAB, pair % NET_VOCAB);
		for (size_t i = 0; i < w->n; i++)
			w->len[i] = replace(
			    w->tok + w->from[i], w->len[i], b, (uint16_t)id);
	}
	util_free(counts);
}

static void add_special(struct bpe *b, unsigned id, const char *name)
{
	b->len[id] = (uint8_t)strlen(name);
	memcpy(b->text[id], name, b->len[id]);
}

void bpe_train(struct bpe *b, const char *text, size_t len)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t used = 0, cell = (len + 1) * sizeof(size_t);
	struct words w = { util_realloc(NULL, len * 2),
		util_realloc(NULL, cell), util_realloc(NULL, cell),
		util_realloc(NULL, cell), 0 };

	memset(b, 0, sizeof(*b));
	for (unsigned i = 0; i < 256; i++) {
		b->text[i][0] = (char)i;
		b->len[i] = 1;
	}
	while (len > 0) {
		size_t n = next_word(s, len);

		words_add(&w, s, n, &used);
		s += n;
		len -= n;
	}
	learn(b, &w);
	add_special(b, BPE_END_OF_TEXT, "<|endoftext|>");
	add_special(b, BPE_IM_START, "<|im_start|>");
	add_special(b, BPE_IM_END, "<|im_end|>");
	util_free(w.tok);
	util_free(w.from);
	util_free(w.len);
	util_free(w.count);
}
