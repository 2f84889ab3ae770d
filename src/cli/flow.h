/*
 * flow: the text of an answer on its way to standard output. On a terminal it is
 * cleaned (client/text.h) and broken at spaces, so that no word is cut at the
 * edge; anywhere else it passes as it is.
 */
#ifndef CONFER_CLI_FLOW_H
#define CONFER_CLI_FLOW_H

#include <stdbool.h>
#include <stdio.h>

#include "base/wr.h"
#include "client/text.h"

#define CLI_WORD_MAX 256 /* bytes that are held back for a space */

/* All zero: not to a terminal. */
struct cli_flow {
	unsigned columns; /* of the terminal; 0: pass everything */
	unsigned at;      /* where the cursor is */
	unsigned indent;  /* of the lines that are begun here */
	unsigned spaces;  /* seen, not written yet */
	unsigned width;   /* columns of the word */
	size_t n;
	uint8_t word[CLI_WORD_MAX];
	struct client_text text;
};

/* Columns of a character: enough of Unicode to break lines well. */
unsigned cli_flow_width(uint32_t c);

void cli_flow_put(struct cli_flow *flow, FILE *f, struct bytes piece);

/* The end of the text: what was held back. */
void cli_flow_end(struct cli_flow *flow, FILE *f);

#endif
