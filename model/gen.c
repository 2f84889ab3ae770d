/*
 * A conversation is an optional system message and a few exchanges. Questions
 * get the disorder of real ones: lost capitals and marks, typing errors,
 * courtesies before and after. Answers stay as they are written.
 */
#include "gen.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { EXCHANGES_MAX = 8, MESSAGES_MAX = 2 * EXCHANGES_MAX + 1 };

struct message {
	const char *role;
	char text[CORPUS_LINE_MAX + 64];
};

struct conversation {
	struct message msg[MESSAGES_MAX];
	size_t n;
};

static void add(char *text, size_t *n, const char *s)
{
	size_t len = strlen(s);

	for (size_t i = 0; i < len; i++) {
		char ch = s[i];

		text[(*n)++] = strchr("[]{}|", ch) != NULL ? '\n' : ch;
	}
	text[(*n)++] = '\n';
}

static size_t lines_size(const struct corpus_lines *l)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		n += strlen(l->line[i]) + 1;
	return n;
}

static void add_lines(char *text, size_t *n, const struct corpus_lines *l)
{
	for (size_t i = 0; i < l->n; i++)
		add(text, n, l->line[i]);
}

/* Answers count three times: they are most of what is read and written. */
void gen_tokenizer(struct bpe *b, const struct corpus *c)
{
	static const char roles[] = "system\nuser\nassistant\n";
	size_t size = 0, n = 0;
	char *text;

	for (size_t i = 0; i < c->groups; i++) {
		const struct corpus_group *g = &c->group[i];

		size += lines_size(&g->ask) + 3 * lines_size(&g->answer) +
			3 * lines_size(&g->more) + sizeof(roles);
	}
	for (size_t i = 0; i < c->lists; i++)
		size += lines_size(&c->list[i].items);
	text = util_realloc(NULL, size);
	for (size_t i = 0; i < c->groups; i++) {
		const struct corpus_group *g = &c->group[i];

		add(text, &n, roles);
		add_lines(text, &n, &g->ask);
		for (int k = 0; k < 3; k++) {
			add_lines(text, &n, &g->answer);
			add_lines(text, &n, &g->more);
		}
	}
	for (size_t i = 0; i < c->lists; i++)
		add_lines(text, &n, &c->list[i].items);
	bpe_train(b, text, n);
	util_free(text);
}

/* Swaps, drops, doubles or replaces one letter of a word of four or more. */
static void typo(char *s, struct rng *r)
{
	size_t n = strlen(s), at, kind = rng_below(r, 4);

	if (n < 6)
		return;
	at = 1 + rng_below(r, n - 3);
	for (size_t i = at - 1; i < at + 3; i++) {
		if (!isalpha((unsigned char)s[i]))
			return;
	}
	if (kind == 0) {
		char t = s[at];

		s[at] = s[at + 1];
		s[at + 1] = t;
	} else if (kind == 1) {
		memmove(s + at, s + at + 1, n - at);
	} else if (kind == 2) {
		memmove(s + at + 1, s + at, n - at + 1);
	} else {
		s[at] = (char)('a' + rng_below(r, 26));
	}
}

/* Drops one of the short words that say little. */
static void drop_word(char *s, struct rng *r)
{
	static const char *const little[] = { "the", "a", "is", "do", "of",
		"my", "to", "are", "does", "can", "it", "an", "i", "you" };
	size_t pick = rng_below(r, sizeof(little) / sizeof(little[0]));
	size_t n = strlen(little[pick]);

	for (char *p = s; (p = strchr(p, ' ')) != NULL; p++) {
		if (strncmp(p + 1, little[pick], n) == 0 && p[n + 1] == ' ') {
			memmove(p, p + n + 1, strlen(p + n + 1) + 1);
			return;
		}
	}
}

static void change_case(char *s, struct rng *r)
{
	size_t way = rng_below(r, 100);

	for (char *p = s; *p != '\0'; p++) {
		unsigned char ch = (unsigned char)*p;

		if (way < 35)
			*p = (char)tolower(ch);
		else if (way < 38)
			*p = (char)toupper(ch);
	}
}

static void change_end(char *s, struct rng *r)
{
	size_t n = strlen(s), way = rng_below(r, 100);
	int mark = n > 1 && strchr("?.!", s[n - 1]) != NULL;

	if (mark && way < 40)
		s[n - 1] = '\0';
	else if (mark && way < 43)
		memcpy(s + n, s[n - 1] == '?' ? "?" : "!", 2);
	else if (mark && way < 45)
		memcpy(s + n - 1, " ?", 3);
}

/* Asks s politely, or hastily. */
static void dress(char *out, char *s, const struct corpus *c, struct rng *r)
{
	char lead[CORPUS_LINE_MAX] = "", tail[CORPUS_LINE_MAX] = "";
	const struct corpus_group *g = corpus_find(c, "courtesy");

	if (rng_chance(r, 14)) {
		corpus_expand(lead, c, g->ask.line[0], r);
		if (s[0] != 'I')
			s[0] = (char)tolower((unsigned char)s[0]);
	}
	if (rng_chance(r, 5))
		corpus_expand(tail, c, g->answer.line[0], r);
	snprintf(out, CORPUS_LINE_MAX, "%s%s%s", lead, s, tail);
}

static void question(
    char *out, const struct corpus *c, const char *pattern, struct rng *r)
{
	char s[CORPUS_LINE_MAX + 64];
	int typos = rng_chance(r, 20) ? 1 + rng_chance(r, 25) : 0;

	corpus_expand(s, c, pattern, r);
	change_end(s, r);
	dress(out, s, c, r);
	change_case(out, r);
	if (rng_chance(r, 25))
		drop_word(out, r);
	while (typos-- > 0)
		typo(out, r);
}

static void say(struct conversation *v, const char *role, const char *text)
{
	struct message *m = &v->msg[v->n++];

	m->role = role;
	snprintf(m->text, sizeof(m->text), "%s", text);
}

static void exchange(struct conversation *v, const struct corpus *c,
    const char *ask, const char *answer, struct rng *r)
{
	char s[CORPUS_LINE_MAX + 64];

	question(s, c, ask, r);
	say(v, "user", s);
	say(v, "assistant", answer);
}

static const char *any(const struct corpus_lines *l, struct rng *r)
{
	return l->line[rng_below(r, l->n)];
}

/* "Tell me more" after group g: its own further text, or that there is none. */
static void follow_up(struct conversation *v, const struct corpus *c,
    const struct corpus_group *g, struct rng *r)
{
	const struct corpus_group *f = corpus_find(c, "follow-up");
	const char *more = g->more.n > 0 ? any(&g->more, r) : f->more.line[0];
	const char *ask = any(&f->ask, r);

	exchange(v, c, ask, more, r);
}

static size_t exchanges(struct rng *r)
{
	static const uint8_t share[] = { 40, 25, 15, 10, 6, 4 };
	size_t at = rng_below(r, 100), n = 0;

	while (at >= share[n])
		at -= share[n++];
	return n + 1;
}

static void converse(
    struct conversation *v, const struct corpus *c, struct rng *r)
{
	const struct corpus_group *sys = corpus_find(c, "system");
	size_t n = exchanges(r);
	char s[CORPUS_LINE_MAX];

	v->n = 0;
	if (rng_chance(r, 30)) {
		corpus_expand(s, c, any(&sys->ask, r), r);
		say(v, "system", s);
	}
	while (v->n < 2 * n) {
		const struct corpus_group *g = corpus_pick(c, r);
		const char *ask, *answer;

		for (size_t i = 0; g->dialogue && i < g->ask.n; i++) {
			if (v->n + 2 <= MESSAGES_MAX)
				exchange(
				    v, c, g->ask.line[i], g->answer.line[i], r);
		}
		if (g->dialogue)
			continue;
		answer = any(&g->answer, r);
		ask = any(&g->ask, r);
		exchange(v, c, ask, answer, r);
		if (v->n + 2 <= MESSAGES_MAX &&
		    rng_chance(r, g->more.n > 0 ? 20 : 5))
			follow_up(v, c, g, r);
	}
}

static void put(struct net_batch *out, uint16_t token, int learn)
{
	if (out->n >= NET_CTX)
		return;
	if (out->n > 0) {
		out->target[out->n - 1] = token;
		out->loss[out->n - 1] = (uint8_t)learn;
	}
	out->token[out->n++] = token;
}

static void put_text(struct net_batch *out, const struct bpe *b,
    const char *text, int learn, struct rng *drop)
{
	uint16_t t[NET_CTX];
	size_t n = bpe_encode(b, t, NET_CTX, text, drop);

	for (size_t i = 0; i < n; i++)
		put(out, t[i], learn);
}

void gen_message(struct net_batch *out, const struct bpe *b, const char *role,
    const char *text, struct rng *drop)
{
	int answer = role[0] == 'a';

	put(out, BPE_IM_START, 0);
	put_text(out, b, role, 0, NULL);
	put_text(out, b, "\n", 0, NULL);
	put_text(out, b, text, answer, answer ? NULL : drop);
	put(out, BPE_IM_END, answer);
	put_text(out, b, "\n", 0, NULL);
}

void gen_prompt(struct net_batch *out, const struct bpe *b)
{
	put(out, BPE_IM_START, 0);
	put_text(out, b, "assistant\n", 0, NULL);
}

static void append(struct net_batch *out, const struct net_batch *one)
{
	for (size_t i = 0; i < one->n; i++) {
		size_t at = out->n + i;

		out->token[at] = one->token[i];
		out->target[at] = one->target[i];
		out->loss[at] = one->loss[i];
		out->start[at] = (uint16_t)out->n;
		out->targets += one->loss[i];
	}
	out->n += one->n;
}

void gen_batch(struct net_batch *out, const struct corpus *c,
    const struct bpe *b, uint64_t seed)
{
	static const size_t enough = NET_CTX - 64, tries = 8;
	struct conversation v;
	struct rng r = { seed };

	memset(out, 0, sizeof(*out));
	for (size_t t = 0; t < tries && out->n < enough; t++) {
		struct net_batch one = { 0 };

		converse(&v, c, &r);
		for (size_t i = 0; i < v.n; i++)
			gen_message(&one, b, v.msg[i].role, v.msg[i].text,
			    rng_chance(&r, 40) ? &r : NULL);
		/* A full one was cut short; it may still stand alone. */
		if (one.n <= NET_CTX - out->n)
			append(out, &one);
	}
}

void gen_show(const struct corpus *c, uint64_t seed, size_t n)
{
	struct rng r = { seed };
	struct conversation v;

	while (n-- > 0) {
		converse(&v, c, &r);
		for (size_t i = 0; i < v.n; i++)
			printf("%s: %s\n", v.msg[i].role, v.msg[i].text);
		printf("--\n");
	}
}
