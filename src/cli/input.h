/* Lines that a person types, or that come from a pipe. */
#ifndef CONFER_CLI_INPUT_H
#define CONFER_CLI_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define CLI_INPUT_MAX 65536 /* bytes of one message; a long paste */

struct cli_input {
	int fd;
	size_t len, used; /* of raw: read, and handed out already */
	uint8_t raw[4096];
	size_t n; /* of text */
	char text[CLI_INPUT_MAX + 1];
};

/*
 * Read one message into in->text (in->n bytes and a NUL, without its LF): a
 * line, or several of which all but the last end in a backslash. ERR_CLOSED: the
 * input ended and nothing was read; ERR_CANCELLED: a signal came; ERR_LIMIT: the
 * message is too long and was skipped; ERR_IO.
 */
enum err cli_input_read(struct cli_input *in)
    __attribute__((warn_unused_result));

#endif
