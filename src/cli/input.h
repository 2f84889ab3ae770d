/*
 * Messages that a person types, or lines that come from a pipe. On a terminal
 * edit.h does the editing, with the terminal in raw mode and without echo for as
 * long as the input is open, so that what is typed during an answer does not
 * mix with it.
 */
#ifndef CONFER_CLI_INPUT_H
#define CONFER_CLI_INPUT_H

#include <termios.h>

#include "cli/edit.h"
#include "cli/term.h"

struct cli_input {
	int fd;
	const struct cli_term *term;
	bool raw; /* the terminal was set to raw mode */
	struct termios before;
	size_t len, used; /* of buf: read, and taken already */
	uint8_t buf[4096];
	size_t n; /* of text */
	char text[CLI_INPUT_MAX + 1];
	struct cli_edit edit;
	uint8_t draw[CLI_EDIT_DRAW_MAX];
};

/*
 * Read from standard input; `edit`: it is a terminal that can be drawn on.
 * `history` and `prompt` are for edit.h.
 */
void cli_input_open(struct cli_input *in, const struct cli_term *term,
    bool edit, const struct cli_history *history, const char *prompt);

/* Give the terminal back as it was. */
void cli_input_close(struct cli_input *in);

/*
 * Read one message into in->text (in->n bytes and a NUL, without its LF): a
 * line, or several of which all but the last end in a backslash. ERR_CLOSED: the
 * input ended and nothing was read; ERR_CANCELLED: Ctrl-C, or a signal;
 * ERR_LIMIT: the message is too long and was skipped; ERR_IO.
 */
enum err cli_input_read(struct cli_input *in)
    __attribute__((warn_unused_result));

#endif
