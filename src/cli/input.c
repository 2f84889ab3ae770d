/* See input.h. The terminal edits the line itself, in its canonical mode. */
#include "cli/input.h"

#include <errno.h>
#include <unistd.h>

/* The next byte. read(2) itself, since a signal has to be noticed. */
static enum err next_byte(struct cli_input *in, uint8_t *b)
{
	if (in->used == in->len) {
		ssize_t got = read(in->fd, in->raw, sizeof(in->raw));

		if (got < 0)
			return errno == EINTR ? ERR_CANCELLED : ERR_IO;
		if (got == 0)
			return ERR_CLOSED;
		in->len = (size_t)got;
		in->used = 0;
	}
	*b = in->raw[in->used++];
	return ERR_OK;
}

enum err cli_input_read(struct cli_input *in)
{
	bool too_long = false;
	uint8_t b = 0;
	enum err e;

	in->n = 0;
	for (;;) {
		e = next_byte(in, &b);
		if (e == ERR_CLOSED && in->n > 0)
			break; /* a last line without LF */
		if (e != ERR_OK)
			return e;
		if (b == '\n' && in->n > 0 && in->text[in->n - 1] == '\\' &&
		    !too_long) {
			in->text[in->n - 1] = '\n';
			continue;
		}
		if (b == '\n')
			break;
		if (in->n < CLI_INPUT_MAX)
			in->text[in->n++] = (char)b;
		else
			too_long = true;
	}
	in->text[in->n] = '\0';
	return too_long ? ERR_LIMIT : ERR_OK;
}
