/*
 * edit: one message being typed, as a machine without I/O: bytes of a terminal
 * in raw mode go in, what to draw comes out. UTF-8, the usual keys of Emacs and
 * of the cursor block, bracketed paste (whose newlines are text), the earlier
 * questions on the up arrow.
 */
#ifndef CONFER_CLI_EDIT_H
#define CONFER_CLI_EDIT_H

#include "base/wr.h"
#include "cli/history.h"

#define CLI_INPUT_MAX     65536 /* bytes of one message; a long paste */
#define CLI_EDIT_SEQ_MAX  16    /* bytes of a key's sequence */
#define CLI_EDIT_DRAW_MAX (4 * CLI_INPUT_MAX + 256) /* a newline needs 4 */

enum cli_edit_step {
	CLI_EDIT_MORE,   /* go on typing */
	CLI_EDIT_DONE,   /* Enter: the message is text[0..n) */
	CLI_EDIT_CANCEL, /* Ctrl-C with nothing typed */
	CLI_EDIT_END,    /* Ctrl-D with nothing typed */
};

/* All zero but `history` and `prompt`: nothing is typed yet. */
struct cli_edit {
	const struct cli_history *history; /* may be NULL */
	const char *prompt;                /* two columns wide */
	size_t n, pos;                     /* length, cursor; bytes */
	size_t back; /* which earlier question is shown; 0: none */
	bool paste;
	unsigned row; /* of the cursor below the prompt, as drawn last */
	size_t seq_n;
	uint8_t seq[CLI_EDIT_SEQ_MAX];
	uint8_t text[CLI_INPUT_MAX + 1];
};

/* Start a new message. */
void cli_edit_start(struct cli_edit *e);

/* Take the next byte. */
enum cli_edit_step cli_edit_feed(struct cli_edit *e, uint8_t byte);

/*
 * Write what makes a terminal of so many columns show the message and its
 * cursor, in place of what was drawn before. CLI_EDIT_DRAW_MAX bytes suffice for
 * any terminal of 20 columns or more.
 */
void cli_edit_draw(struct cli_edit *e, struct wr *out, unsigned columns);

#endif
