#include "ask.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "gen.h"
#include "gguf_write.h"

enum { CASES_MAX = 1000, TEXT_MAX = 2048 };

/* Appends the likeliest token until the end mark; returns the text. */
static void answer(char *out, struct net_state *s, const float *w,
    const struct bpe *b, struct net_batch *in)
{
	size_t len = 0;

	gen_prompt(in, b);
	while (in->n < NET_CTX) {
		size_t best = 0;

		memset(in->loss, 0, sizeof(in->loss));
		in->loss[in->n - 1] = 1;
		net_forward(s, w, in);
		for (size_t i = 1; i < NET_VOCAB; i++)
			best = s->logits[i] > s->logits[best] ? i : best;
		if (best >= NET_VOCAB - BPE_SPECIALS ||
		    len + b->len[best] >= TEXT_MAX)
			break;
		in->token[in->n++] = (uint16_t)best;
		memcpy(out + len, b->text[best], b->len[best]);
		len += b->len[best];
	}
	out[len] = '\0';
}

/* Plays the turns of one line; leaves the last answer in out. */
static void play(char *out, struct net_state *s, const float *w,
    const struct bpe *b, const char *turns)
{
	struct net_batch in = { 0 };
	char ask[TEXT_MAX], said[TEXT_MAX];

	for (bool more = true; more;) {
		const char *end = strstr(turns, " => ");
		size_t n = end ? (size_t)(end - turns) : strlen(turns);
		struct net_batch at;

		if (n >= TEXT_MAX)
			util_die("line too long");
		memcpy(ask, turns, n);
		ask[n] = '\0';
		gen_message(&in, b, "user", ask, NULL);
		at = in;
		answer(said, s, w, b, &at);
		gen_message(&in, b, "assistant", said, NULL);
		more = end != NULL;
		turns = more ? end + 4 : turns;
	}
	memcpy(out, said, sizeof(said));
}

void ask_one(struct trainer *t, const char *question)
{
	char out[TEXT_MAX];

	gguf_round(t->w);
	play(out, &t->state[0], t->w, &t->bpe, question);
	printf("%s\n", out);
}

struct cases {
	struct trainer *t;
	char *group[CASES_MAX], *ask[CASES_MAX];
	char (*said)[TEXT_MAX];
	size_t n;
};

static void case_task(void *ctx, size_t i, size_t worker)
{
	struct cases *c = ctx;

	play(c->said[i], &c->t->state[worker], c->t->w, &c->t->bpe, c->ask[i]);
}

static bool has(const struct corpus_lines *l, const char *s)
{
	for (size_t i = 0; i < l->n; i++) {
		if (strcmp(l->line[i], s) == 0)
			return true;
	}
	return false;
}

/* Is `said` an answer of a group that `want` names, or begins to name? */
static bool expected(const struct corpus *c, const char *want, const char *said)
{
	for (size_t i = 0; i < c->groups; i++) {
		const struct corpus_group *g = &c->group[i];

		if (strncmp(g->name, want, strlen(want)) == 0 &&
		    (has(&g->answer, said) || has(&g->more, said)))
			return true;
	}
	return false;
}

static void split(struct cases *c, char *text)
{
	for (char *s = text, *next; *s != '\0'; s = next) {
		size_t line = strcspn(s, "\n");
		char *bar;

		next = s + line + (s[line] == '\n');
		s[line] = '\0';
		bar = strchr(s, '|');
		if (s[0] == '#' || bar == NULL)
			continue;
		if (c->n == CASES_MAX)
			util_die("more than %d cases", CASES_MAX);
		*bar = '\0';
		c->group[c->n] = s;
		c->ask[c->n++] = bar + 1;
	}
}

void ask_file(struct trainer *t, const char *path)
{
	static struct cases c;
	size_t len, good = 0, other = 0, other_good = 0;
	char *text = util_read_file(&len, path);

	c.t = t;
	split(&c, text);
	c.said = util_realloc(NULL, c.n * sizeof(*c.said));
	gguf_round(t->w);
	pool_run(t->pool, case_task, &c, c.n);
	for (size_t i = 0; i < c.n; i++) {
		bool ok = expected(&t->corpus, c.group[i], c.said[i]);
		bool is_other = strncmp(c.group[i], "other", 5) == 0;

		good += ok && !is_other;
		other += is_other;
		other_good += ok && is_other;
		if (!ok)
			printf("[%s] %s\n    %s\n", c.group[i], c.ask[i],
			    c.said[i]);
	}
	printf("known topics: %zu of %zu as expected\n", good, c.n - other);
	printf("unknown topics: %zu of %zu declined\n", other_good, other);
	util_free(c.said);
	util_free(text);
}
