/* Sentences on a terminal, broken at spaces. */
#ifndef CONFER_LOGD_WRAP_H
#define CONFER_LOGD_WRAP_H

#include "base/mem.h"
#include "base/wr.h"

/*
 * Write UTF-8 text of one line so that no word is cut at the edge of `columns`:
 * a space becomes a line's end and `indent` spaces where the next word would
 * pass it. `at` columns are taken already. A word that is longer than a line
 * stands as it is. Each character is taken for one column. 0 columns: no edge.
 */
void logd_wrap(struct wr *w, struct bytes text, unsigned columns, unsigned at,
    unsigned indent);

#endif
