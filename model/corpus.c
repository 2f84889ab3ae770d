#include "corpus.h"

#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 8 };

static void lines_add(struct corpus_lines *l, const char *s, size_t n)
{
	char *copy = util_realloc(NULL, n + 1);

	memcpy(copy, s, n);
	copy[n] = '\0';
	l->line = util_realloc(l->line, (l->n + 1) * sizeof(*l->line));
	l->line[l->n++] = copy;
}

static void lines_clear(struct corpus_lines *l)
{
	for (size_t i = 0; i < l->n; i++)
		util_free(l->line[i]);
	util_free(l->line);
}

static void take_name(char out[CORPUS_NAME_MAX], const char *s, size_t n)
{
	if (n == 0 || n >= CORPUS_NAME_MAX)
		util_die("bad name: %s", s);
	memcpy(out, s, n);
	out[n] = '\0';
}

/* "name weight", the weight being 1 when left out. */
static void group_add(struct corpus *c, const char *s, int dialogue)
{
	struct corpus_group g = { .weight = 1, .dialogue = dialogue };
	const char *space = strchr(s, ' ');

	take_name(g.name, s, space ? (size_t)(space - s) : strlen(s));
	if (space != NULL)
		g.weight = strtoul(space, NULL, 10);
	c->weight += g.weight;
	c->group = util_realloc(c->group, (c->groups + 1) * sizeof(g));
	c->group[c->groups++] = g;
}

static struct corpus_list *list_find(
    const struct corpus *c, const char *name, size_t n)
{
	for (size_t i = 0; i < c->lists; i++) {
		if (strlen(c->list[i].name) == n &&
		    memcmp(c->list[i].name, name, n) == 0)
			return &c->list[i];
	}
	return NULL;
}

/* "name item|item|..."; a second line of the same name adds to the list. */
static void list_add(struct corpus *c, const char *s)
{
	size_t n = strcspn(s, " ");
	struct corpus_list *l = list_find(c, s, n);

	if (l == NULL) {
		c->list = util_realloc(c->list, (c->lists + 1) * sizeof(*l));
		l = &c->list[c->lists++];
		*l = (struct corpus_list){ .items = { NULL, 0 } };
		take_name(l->name, s, n);
	}
	for (s += n; *s != '\0'; s += n) {
		s++;
		n = strcspn(s, "|");
		lines_add(&l->items, s, n);
	}
}

static void parse_line(struct corpus *c, const char *s)
{
	struct corpus_group *g = c->groups ? &c->group[c->groups - 1] : NULL;
	size_t n = strlen(s);

	if (n == 0 || s[0] == '#')
		return;
	if (n < 3 || s[1] != ' ')
		util_die("bad line: %s", s);
	if (s[0] == '=' || s[0] == '~')
		group_add(c, s + 2, s[0] == '~');
	else if (s[0] == '@')
		list_add(c, s + 2);
	else if (g != NULL && s[0] == '?')
		lines_add(&g->ask, s + 2, n - 2);
	else if (g != NULL && s[0] == '!')
		lines_add(&g->answer, s + 2, n - 2);
	else if (g != NULL && s[0] == '+')
		lines_add(&g->more, s + 2, n - 2);
	else
		util_die("bad line: %s", s);
}

static void check_groups(const struct corpus *c)
{
	for (size_t i = 0; i < c->groups; i++) {
		const struct corpus_group *g = &c->group[i];

		if (g->ask.n == 0 || g->answer.n == 0 ||
		    (g->dialogue && g->ask.n != g->answer.n))
			util_die("group %s is incomplete", g->name);
	}
}

void corpus_load(struct corpus *c, char *const *paths, size_t n)
{
	*c = (struct corpus){ .hash = 0xcbf29ce484222325u };
	for (size_t i = 0; i < n; i++) {
		size_t len;
		char *text = util_read_file(&len, paths[i]), *s = text;

		c->hash = util_hash(c->hash, text, len);
		while (*s != '\0') {
			size_t line = strcspn(s, "\n");
			int last = s[line] == '\0';

			s[line] = '\0';
			parse_line(c, s);
			s += line + !last;
		}
		util_free(text);
	}
	check_groups(c);
}

void corpus_clear(struct corpus *c)
{
	for (size_t i = 0; i < c->groups; i++) {
		lines_clear(&c->group[i].ask);
		lines_clear(&c->group[i].answer);
		lines_clear(&c->group[i].more);
	}
	for (size_t i = 0; i < c->lists; i++)
		lines_clear(&c->list[i].items);
	util_free(c->group);
	util_free(c->list);
}

const struct corpus_group *corpus_pick(const struct corpus *c, struct rng *r)
{
	size_t at = rng_below(r, c->weight);
	const struct corpus_group *g = c->group;

	for (; at >= g->weight; g++)
		at -= g->weight;
	return g;
}

const struct corpus_group *corpus_find(const struct corpus *c, const char *name)
{
	for (size_t i = 0; i < c->groups; i++) {
		if (strcmp(c->group[i].name, name) == 0)
			return &c->group[i];
	}
	util_die("no group %s", name);
}

struct writer {
	char *out;
	size_t n;
	const struct corpus *c;
	struct rng *r;
	int depth;
	const char *hole, *hole_end; /* what '*' stands for; NULL: itself */
};

static void put(struct writer *w, char ch)
{
	if (w->n + 1 >= CORPUS_LINE_MAX)
		util_die("expansion too long");
	w->out[w->n++] = ch;
}

/* The end of the alternative at s: its '|' or ']' at this depth, or NUL. */
static const char *alternative_end(const char *s)
{
	int depth = 0;

	for (; *s != '\0'; s++) {
		if (depth == 0 && (*s == '|' || *s == ']'))
			break;
		depth += (*s == '[') - (*s == ']');
	}
	return s;
}

static void expand(struct writer *w, const char *s, const char *end);

/* s is behind '['; returns what is behind the matching ']'. */
static const char *expand_choice(struct writer *w, const char *s)
{
	const char *from[64], *to[64];
	size_t n = 0, pick;

	do {
		if (n == 64)
			util_die("too many alternatives: %s", s);
		from[n] = s;
		s = to[n++] = alternative_end(s);
	} while (*s++ == '|');
	pick = rng_below(w->r, n);
	expand(w, from[pick], to[pick]);
	return s;
}

/* A made-up word of two or three syllables, so that unknown words are seen. */
static void put_word(struct writer *w)
{
	static const char head[] = "bcdfghjklmnprstvwz", vowel[] = "aeiou";
	static const char tail[] = "nrslmtkd";
	size_t n = 1 + rng_below(w->r, 3);

	while (n-- > 0) {
		put(w, head[rng_below(w->r, sizeof(head) - 1)]);
		put(w, vowel[rng_below(w->r, sizeof(vowel) - 1)]);
		if (n == 0 || rng_chance(w->r, 30))
			put(w, tail[rng_below(w->r, sizeof(tail) - 1)]);
	}
}

/* One to four digits. */
static void put_number(struct writer *w)
{
	size_t n = 1 + rng_below(w->r, 4);

	put(w, (char)('1' + rng_below(w->r, 9)));
	while (--n > 0)
		put(w, (char)('0' + rng_below(w->r, 10)));
}

/* The '}' that closes the brace before s. */
static const char *brace_end(const char *s)
{
	for (int depth = 1; *s != '\0'; s++) {
		depth += (*s == '{') - (*s == '}');
		if (depth == 0)
			return s;
	}
	util_die("a brace is not closed");
}

/* An item of the list; in it, '*' stands for the text from hole to end. */
static void expand_item(struct writer *w, const struct corpus_list *l,
    const char *hole, const char *end)
{
	const char *item = l->items.line[rng_below(w->r, l->items.n)];
	struct writer saved = *w;

	w->hole = hole;
	w->hole_end = end;
	expand(w, item, item + strlen(item));
	w->hole = saved.hole;
	w->hole_end = saved.hole_end;
}

static void expand_hole(struct writer *w)
{
	struct writer saved = *w;

	w->hole = NULL;
	expand(w, saved.hole, saved.hole_end);
	w->hole = saved.hole;
}

/* s is behind '{': "name}" or "name:hole}"; returns what is behind '}'. */
static const char *expand_list(struct writer *w, const char *s)
{
	size_t n = strcspn(s, ":}");
	const char *end = brace_end(s);
	const struct corpus_list *l = list_find(w->c, s, n);

	if (l != NULL)
		expand_item(w, l, s[n] == ':' ? s + n + 1 : NULL, end);
	else if (n == 4 && memcmp(s, "word", n) == 0)
		put_word(w);
	else if (n == 6 && memcmp(s, "number", n) == 0)
		put_number(w);
	else
		util_die("no list: %s", s);
	return end + 1;
}

static void expand(struct writer *w, const char *s, const char *end)
{
	if (++w->depth > DEPTH_MAX)
		util_die("nested too deep: %s", s);
	while (s < end) {
		if (*s == '[')
			s = expand_choice(w, s + 1);
		else if (*s == '{')
			s = expand_list(w, s + 1);
		else if (*s == '*' && w->hole != NULL && s++)
			expand_hole(w);
		else
			put(w, *s++);
	}
	w->depth--;
}

void corpus_expand(
    char *out, const struct corpus *c, const char *pattern, struct rng *r)
{
	struct writer w = { .out = out, .c = c, .r = r };

	expand(&w, pattern, pattern + strlen(pattern));
	out[w.n] = '\0';
}
