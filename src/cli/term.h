/*
 * The terminal, or the pipe: what is shown where. Answers go to standard
 * output, everything else to standard error. Colour and progress exist on a
 * terminal only; text of others reaches a terminal only through client/text.h (flow.h).
 */
#ifndef CONFER_CLI_TERM_H
#define CONFER_CLI_TERM_H

#include <stdbool.h>
#include <stdio.h>

struct cli_term {
	bool out_tty, err_tty;
	bool ansi;   /* standard error is a terminal with a cursor to move */
	bool colour; /* on standard error */
	bool colour_out;
	bool quiet;
	bool status; /* a status line is on the screen */
};

enum cli_style {
	CLI_PLAIN,
	CLI_BOLD,
	CLI_DIM,
	CLI_GOOD,
	CLI_WARN,
	CLI_BAD,
	CLI_ACCENT,
	CLI_STYLES
};

/* Look at both streams, TERM and NO_COLOR. */
void cli_term_init(struct cli_term *t, bool quiet);

/* The escape sequence of a style for `f`, or "". CLI_PLAIN ends a style. */
const char *cli_style(
    const struct cli_term *t, const FILE *f, enum cli_style style);

/* Replace the status line: what we wait for. Nothing in a pipe or if quiet. */
void cli_status(struct cli_term *t, const char *text);
void cli_status_clear(struct cli_term *t);

/*
 * Columns of the terminal behind f (80 if nobody knows), 0 if it is none: what
 * struct cli_flow wants to know.
 */
unsigned cli_columns(const struct cli_term *t, const FILE *f);

/*
 * A text that others had a hand in, as flow.h does it: begun at column `at`,
 * further lines at `indent`.
 */
void cli_put(const struct cli_term *t, FILE *f, unsigned at, unsigned indent,
    const char *text);

#endif
