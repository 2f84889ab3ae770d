/*
 * The text the model learns from, as written in text/ (the format is described
 * in text/README.md), and the choice of one question and its answer from it.
 */
#ifndef MODEL_CORPUS_H
#define MODEL_CORPUS_H

#include <stddef.h>
#include <stdint.h>

#include "util.h"

enum { CORPUS_LINE_MAX = 1024, CORPUS_NAME_MAX = 40 };

struct corpus_lines {
	char **line;
	size_t n;
};

/* Paraphrases of a question with its answers, or a fixed dialogue. */
struct corpus_group {
	char name[CORPUS_NAME_MAX];
	size_t weight; /* share of all exchanges */
	int dialogue;  /* then line i of ask is answered by line i of answer */
	struct corpus_lines ask, answer, more;
};

struct corpus_list {
	char name[CORPUS_NAME_MAX];
	struct corpus_lines items;
};

struct corpus {
	struct corpus_group *group;
	size_t groups, weight;
	struct corpus_list *list;
	size_t lists;
	uint64_t hash; /* of the source text */
};

void corpus_load(struct corpus *c, char *const *paths, size_t n);
void corpus_clear(struct corpus *c);

/* A group at random by weight, dialogues included. */
const struct corpus_group *corpus_pick(const struct corpus *c, struct rng *r);
const struct corpus_group *corpus_find(
    const struct corpus *c, const char *name);

/*
 * Writes one expansion of the pattern: [a|b] chooses, {name} takes an item of
 * a list, {name:text} one in which '*' stands for text. `out` holds CORPUS_LINE_MAX bytes; a longer text is a fatal error.
 */
void corpus_expand(
    char *out, const struct corpus *c, const char *pattern, struct rng *r);

#endif
