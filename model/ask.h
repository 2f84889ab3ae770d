/* Asks the model in training, with the weights rounded as they are shipped. */
#ifndef MODEL_ASK_H
#define MODEL_ASK_H

#include "trainer.h"

/* Prints the most likely answer. */
void ask_one(struct trainer *t, const char *question);

/*
 * Asks every question of the file ("group|question", turns parted by " => ")
 * and prints which answers were expected, and a count.
 */
void ask_file(struct trainer *t, const char *path);

#endif
