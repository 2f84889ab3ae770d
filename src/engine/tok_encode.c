/*
 * Encoding. Both kinds start from single characters (SPM) or bytes (BPE) and
 * join the best neighbouring pair until none is left: SPM by the score of the
 * joined token, BPE by the rank of the merge. Candidates wait in a heap; one
 * whose halves have changed since is stale and dropped when it comes up. So a
 * text of n bytes takes n log n, also when it is one hostile word.
 */
#include "engine/tok.h"

#include <string.h>

#include "base/assert.h"
#include "base/utf8.h"
#include "engine/unicode.h"

#define NO_PIECE       UINT32_MAX
#define PAIRS_PER_BYTE 3 /* one at the start and two per merge */

/* A stretch of the text; len 0: swallowed by its left neighbour. */
struct tok_piece {
	uint32_t at, len;
	uint32_t prev, next;
	uint32_t id; /* TOK_NONE: not in the vocabulary */
};

/* Two neighbours that could be joined to the token `id`. */
struct tok_pair {
	uint32_t order; /* lower is better; ties go to the left */
	uint32_t left, right;
	uint32_t len; /* of both together, when it was found */
	uint32_t id;
};

size_t tok_work_len(size_t max)
{
	return (max + 1) * (sizeof(struct tok_piece) + 1) + 8 +
	       PAIRS_PER_BYTE * (max + 1) * sizeof(struct tok_pair);
}

void tok_work_init(struct tok_work *w, void *memory, size_t max)
{
	uint8_t *p = memory;

	assert(max < UINT32_MAX / PAIRS_PER_BYTE);
	w->piece = memory;
	p += (max + 1) * sizeof(struct tok_piece);
	w->pair = (void *)p;
	p += PAIRS_PER_BYTE * (max + 1) * sizeof(struct tok_pair);
	w->text = p;
	w->max = max;
	w->pair_n = 0;
	w->steps = 0;
}

static bool better(const struct tok_pair *a, const struct tok_pair *b)
{
	return a->order != b->order ? a->order < b->order : a->left < b->left;
}

static void push(struct tok_work *w, const struct tok_pair *pair)
{
	uint32_t i = w->pair_n++;

	while (i > 0 && better(pair, &w->pair[(i - 1) / 2])) {
		w->pair[i] = w->pair[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	w->pair[i] = *pair;
}

static struct tok_pair pop(struct tok_work *w)
{
	struct tok_pair top = w->pair[0];
	struct tok_pair last = w->pair[--w->pair_n];
	uint32_t i = 0;

	w->steps++;

	for (;;) {
		uint32_t child = 2 * i + 1;

		if (child >= w->pair_n)
			break;
		if (child + 1 < w->pair_n &&
		    better(&w->pair[child + 1], &w->pair[child]))
			child++;
		if (!better(&w->pair[child], &last))
			break;
		w->pair[i] = w->pair[child];
		i = child;
	}
	w->pair[i] = last;
	return top;
}

/* Scores as integers in the order of preference: the highest first. */
static uint32_t score_order(float score)
{
	uint32_t bits;

	memcpy(&bits, &score, sizeof(bits));
	return bits & 0x80000000u ? bits : 0x7fffffffu - bits;
}

/* Offer the pair (left, right) when it makes a token. */
static void offer(
    const struct tok *t, struct tok_work *w, uint32_t left, uint32_t right)
{
	struct tok_pair pair = { .left = left, .right = right };
	const struct tok_piece *a, *b;

	if (left == NO_PIECE || right == NO_PIECE)
		return;
	a = &w->piece[left];
	b = &w->piece[right];
	pair.len = a->len + b->len;
	if (t->kind == TOK_BPE) {
		if (a->id == TOK_NONE || b->id == TOK_NONE)
			return;
		pair.id = tok_merged(t, a->id, b->id, &pair.order);
	} else {
		pair.id =
		    tok_find(t, (struct bytes){ w->text + a->at, pair.len });
		if (pair.id != TOK_NONE)
			pair.order = score_order(t->entry[pair.id].score);
	}
	if (pair.id != TOK_NONE)
		push(w, &pair);
}

static void join(
    const struct tok *t, struct tok_work *w, const struct tok_pair *pair)
{
	struct tok_piece *a = &w->piece[pair->left];
	struct tok_piece *b = &w->piece[pair->right];

	if (a->len == 0 || a->next != pair->right ||
	    a->len + b->len != pair->len)
		return; /* stale */
	a->len = pair->len;
	a->id = pair->id;
	a->next = b->next;
	b->len = 0;
	if (a->next != NO_PIECE)
		w->piece[a->next].prev = pair->left;
	offer(t, w, a->prev, pair->left);
	offer(t, w, pair->left, a->next);
}

static void put(struct tok_out *out, uint32_t id)
{
	if (out->n < out->cap)
		out->token[out->n] = id;
	out->n++;
}

/*
 * A piece that is no token: its bytes. A byte without a token yields the
 * unknown token, in BPE nothing (its "unknown" may be any special token).
 */
static void put_bytes(const struct tok *t, struct bytes b, struct tok_out *out)
{
	for (size_t i = 0; i < b.len; i++) {
		uint32_t id = t->byte[b.p[i]];

		if (id != TOK_NONE)
			put(out, id);
		else if (i == 0 && t->kind == TOK_SPM && t->unknown != TOK_NONE)
			put(out, t->unknown);
	}
}

/* Join pieces 0 to n - 1 of w->text as far as they go, and put them out. */
static void merge_all(
    const struct tok *t, struct tok_work *w, uint32_t n, struct tok_out *out)
{
	uint32_t most;

	w->pair_n = 0;
	for (uint32_t i = 0; i + 1 < n; i++)
		offer(t, w, i, i + 1);
	most = PAIRS_PER_BYTE * n;
	while (w->pair_n > 0) {
		struct tok_pair pair = pop(w);

		join(t, w, &pair);
		assert(w->pair_n <= most);
	}
	for (uint32_t i = 0; n > 0 && i != NO_PIECE; i = w->piece[i].next) {
		const struct tok_piece *p = &w->piece[i];

		if (p->id != TOK_NONE)
			put(out, p->id);
		else
			put_bytes(
			    t, (struct bytes){ w->text + p->at, p->len }, out);
	}
	mem_wipe(w->pair, (size_t)most * sizeof(*w->pair));
	mem_wipe(w->piece, (size_t)n * sizeof(*w->piece));
}

static void set_piece(
    struct tok_work *w, uint32_t i, uint32_t at, uint32_t len, uint32_t id)
{
	w->piece[i] = (struct tok_piece){ .at = at,
		.len = len,
		.prev = i == 0 ? NO_PIECE : i - 1,
		.next = i + 1,
		.id = id };
}

/* The text with one kind of blank: SentencePiece's mark is a blank to us. */
static size_t copy_blanks(struct tok_work *w, struct bytes text, bool prefix)
{
	size_t n = 0;

	if (prefix)
		w->text[n++] = ' ';
	for (size_t i = 0; i < text.len;) {
		if (tok_is_mark(text, i)) {
			w->text[n++] = ' ';
			i += TOK_MARK_LEN;
		} else {
			w->text[n++] = text.p[i++];
		}
	}
	return n;
}

static void encode_spm(const struct tok *t, struct tok_work *w,
    struct bytes text, bool first, struct tok_out *out)
{
	struct bytes b = { w->text,
		copy_blanks(w, text, first && t->space_prefix) };
	uint32_t n = 0;

	for (size_t i = 0, len; i < b.len; i += len) {
		(void)unicode_at(b, i, &len);
		set_piece(w, n++, (uint32_t)i, (uint32_t)len,
		    tok_find(t, (struct bytes){ b.p + i, len }));
	}
	if (n > 0)
		w->piece[n - 1].next = NO_PIECE;
	merge_all(t, w, n, out);
	mem_wipe(w->text, b.len);
}

static void encode_word(const struct tok *t, struct tok_work *w,
    struct bytes word, struct tok_out *out)
{
	uint32_t whole = t->whole_words ? tok_find(t, word) : TOK_NONE;
	uint32_t n = (uint32_t)word.len;

	if (whole != TOK_NONE) {
		put(out, whole);
		return;
	}
	mem_copy(w->text, word.p, word.len);
	for (uint32_t i = 0; i < n; i++)
		set_piece(w, i, i, 1, t->byte[word.p[i]]);
	w->piece[n - 1].next = NO_PIECE;
	merge_all(t, w, n, out);
	mem_wipe(w->text, n);
}

enum err tok_encode(const struct tok *t, struct tok_work *w, struct bytes text,
    bool first, struct tok_out *out)
{
	if (text.len > w->max)
		return ERR_LIMIT;
	if (utf8_prefix(text) != text.len)
		return ERR_FORMAT;
	if (text.len == 0)
		return ERR_OK;
	if (t->kind == TOK_SPM) {
		encode_spm(t, w, text, first, out);
		return ERR_OK;
	}
	for (size_t at = 0, end; at < text.len; at = end) {
		end = pretok_next(t->pretok, text, at);
		assert(end > at && end <= text.len);
		encode_word(t, w, (struct bytes){ text.p + at, end - at }, out);
	}
	return ERR_OK;
}

/* The longest special token that is spelled at the start, or TOK_NONE. */
static uint32_t special_at(const struct tok *t, struct bytes text)
{
	uint32_t best = TOK_NONE;

	for (uint32_t i = 0; i < t->special_n; i++) {
		const struct tok_entry *x = &t->entry[t->special[i]];

		if (x->type != TOK_UNUSED && x->len > 0 && x->len <= text.len &&
		    x->text[0] == text.p[0] &&
		    (best == TOK_NONE || x->len > t->entry[best].len) &&
		    memcmp(x->text, text.p, x->len) == 0)
			best = t->special[i];
	}
	return best;
}

enum err tok_encode_special(const struct tok *t, struct tok_work *w,
    struct bytes text, struct tok_out *out)
{
	bool starts[256] = { false };
	size_t from = 0, at = 0;
	enum err e = ERR_OK;

	for (uint32_t i = 0; i < t->special_n; i++) {
		if (t->entry[t->special[i]].len > 0)
			starts[t->entry[t->special[i]].text[0]] = true;
	}
	if (t->add_bos)
		put(out, t->bos);
	while (at < text.len && e == ERR_OK) {
		struct bytes rest = mem_skip(text, at);
		uint32_t id =
		    starts[rest.p[0]] ? special_at(t, rest) : TOK_NONE;

		if (id == TOK_NONE) {
			at++;
			continue;
		}
		e = tok_encode(t, w, (struct bytes){ text.p + from, at - from },
		    true, out);
		put(out, id);
		rest = mem_skip(rest, t->entry[id].len);
		if (tok_strips(t, id))
			rest = tok_stripped(rest);
		from = at = (size_t)(rest.p - text.p);
	}
	if (e == ERR_OK)
		e = tok_encode(t, w, mem_skip(text, from), true, out);
	return e;
}
