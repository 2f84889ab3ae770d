/*
 * Which tokens may come. The vocabulary is kept in the order of its bytes, so
 * that what tokens share is read once and a wrong byte rules out all tokens
 * that begin alike. Inside a string most tokens are whole characters that mean
 * nothing there: they are allowed all at once.
 */
#include <math.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "engine/grammar_parts.h"

#define LOWEST (-1e30f) /* of what may come, whatever the model says */

/* ---- the vocabulary, once ------------------------------------------------- */

struct item {
	struct bytes text;
	uint32_t token;
};

static int by_text(const void *left, const void *right)
{
	const struct item *a = left, *b = right;
	const size_t n = a->text.len < b->text.len ? a->text.len : b->text.len;
	const int d = memcmp(a->text.p, b->text.p, n);

	if (d != 0)
		return d;
	if (a->text.len != b->text.len)
		return a->text.len < b->text.len ? -1 : 1;
	return a->token < b->token ? -1 : 1;
}

/* Whole characters without a meaning in JSON strings: how many; else 0. */
static uint8_t plain_chars(struct bytes text)
{
	uint8_t n = 0;

	for (size_t i = 0; i < text.len; i++) {
		const uint8_t c = text.p[i];

		if (c < 0x20 || c == '"' || c == '\\')
			return 0;
		n = (uint8_t)(n + ((c & 0xc0) != 0x80));
	}
	return utf8_prefix(text) == text.len ? n : 0;
}

static void put(struct grammar_list *l, const struct item *x, struct bytes last)
{
	uint8_t shared = 0;

	while (l->n > 0 && shared < last.len && shared < x->text.len &&
	       last.p[shared] == x->text.p[shared])
		shared++;
	l->token[l->n] = x->token;
	l->shared[l->n] = shared;
	l->n++;
}

static void fill(
    struct grammar_vocabulary *v, const struct item *item, uint32_t n)
{
	struct bytes last_plain = { NULL, 0 }, last_other = { NULL, 0 };

	for (uint32_t i = 0; i < n; i++) {
		const uint8_t chars = plain_chars(item[i].text);
		const uint32_t token = item[i].token;

		if (chars == 0) {
			put(&v->other, &item[i], last_other);
			last_other = item[i].text;
			continue;
		}
		v->chars[v->plain.n] = chars;
		v->plain_set[token / 32] |= 1u << (token % 32);
		if (chars > v->chars_most)
			v->chars_most = chars;
		put(&v->plain, &item[i], last_plain);
		last_plain = item[i].text;
	}
}

enum err grammar_vocabulary_init(
    struct grammar_vocabulary *v, const struct tok *t)
{
	struct item *item = calloc(t->n + 1u, sizeof(*item));
	enum err e = ERR_NOMEM;
	uint32_t n = 0;

	*v = (struct grammar_vocabulary){ .tok = t, .words = t->n / 32 + 1 };
	v->plain.token = calloc(t->n + 1u, sizeof(uint32_t));
	v->other.token = calloc(t->n + 1u, sizeof(uint32_t));
	v->plain.shared = calloc(t->n + 1u, 1);
	v->other.shared = calloc(t->n + 1u, 1);
	v->chars = calloc(t->n + 1u, 1);
	v->plain_set = calloc(v->words, sizeof(uint32_t));
	v->allowed = calloc(v->words, sizeof(uint32_t));
	if (item == NULL || v->plain.token == NULL || v->other.token == NULL ||
	    v->plain.shared == NULL || v->other.shared == NULL ||
	    v->chars == NULL || v->plain_set == NULL || v->allowed == NULL)
		goto out;
	for (uint32_t i = 0; i < t->n; i++) {
		const struct bytes text = tok_text(t, i);

		if (text.len > 0 && text.len <= GRAMMAR_TOKEN_MAX &&
		    !tok_is_end(t, i))
			item[n++] = (struct item){ text, i };
	}
	qsort(item, n, sizeof(*item), by_text);
	fill(v, item, n);
	e = ERR_OK;
out:
	free(item);
	if (e != ERR_OK)
		grammar_vocabulary_clear(v);
	return e;
}

void grammar_vocabulary_clear(struct grammar_vocabulary *v)
{
	free(v->plain.token);
	free(v->plain.shared);
	free(v->other.token);
	free(v->other.shared);
	free(v->chars);
	free(v->plain_set);
	free(v->allowed);
	*v = (struct grammar_vocabulary){ 0 };
}

/* ---- one mask ------------------------------------------------------------- */

static void allow(struct grammar_vocabulary *v, uint32_t token)
{
	v->allowed[token / 32] |= 1u << (token % 32);
}

/* All tokens of a list that the readings in g->after[0] can take. */
static void walk(struct grammar *g, struct grammar_vocabulary *v,
    const struct grammar_list *l)
{
	uint32_t right = 0; /* bytes of the last token that were right */

	g->frames_after[0] = g->frame_n;
	for (uint32_t i = 0; i < l->n; i++) {
		struct bytes text;
		uint32_t n = l->shared[i];

		if (n > right)
			continue;
		text = tok_text(v->tok, l->token[i]);
		for (; n < text.len; n++) {
			g->frame_n = g->frames_after[n];
			grammar_step(
			    g, &g->after[n + 1], &g->after[n], text.p[n]);
			if (g->after[n + 1].n == 0)
				break;
			g->frames_after[n + 1] = g->frame_n;
		}
		right = n;
		if (n == text.len)
			allow(v, l->token[i]);
	}
	g->frame_n = g->frames_after[0];
}

/*
 * Allow what is plain in the readings that stand inside a string, and leave the
 * other readings in g->after[0].
 */
static void allow_plain(struct grammar *g, struct grammar_vocabulary *v)
{
	int64_t room = 0;

	g->after[0].n = 0;
	for (uint32_t i = 0; i < g->now.n; i++) {
		const struct grammar_frame *f = &g->now.way[i];
		const struct schema_node *n = &g->schema.node[f->node];

		if (n->kind != SCHEMA_STRING || !grammar_string_plain(f))
			g->after[0].way[g->after[0].n++] = *f;
		else if (n->hi - f->count > room)
			room = n->hi - f->count;
	}
	for (uint32_t i = 0; room >= v->chars_most && i < v->words; i++)
		v->allowed[i] |= v->plain_set[i];
	for (uint32_t i = 0; room < v->chars_most && i < v->plain.n; i++)
		if (v->chars[i] <= room)
			allow(v, v->plain.token[i]);
}

static void allow_all(struct grammar *g, struct grammar_vocabulary *v)
{
	allow_plain(g, v);
	if (g->after[0].n > 0)
		walk(g, v, &v->plain);
	g->after[0] = g->now;
	walk(g, v, &v->other);
	for (uint32_t i = 0; grammar_whole(g) && i < v->tok->end_n; i++)
		allow(v, v->tok->end[i]);
}

uint32_t grammar_mask(
    struct grammar *g, struct grammar_vocabulary *v, float *logits)
{
	uint32_t left = 0;

	allow_all(g, v);
	for (uint32_t i = 0; i < v->tok->n; i++) {
		const bool may = (v->allowed[i / 32] >> (i % 32) & 1) != 0;

		left += may;
		if (!may)
			logits[i] = -INFINITY;
		else if (!(logits[i] > LOWEST))
			logits[i] = LOWEST;
	}
	mem_wipe(v->allowed, v->words * sizeof(*v->allowed));
	return left;
}
