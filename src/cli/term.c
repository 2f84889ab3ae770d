/* See term.h. */
#include "cli/term.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define PIECE 256

void cli_term_init(struct cli_term *t, bool quiet)
{
	const char *term = getenv("TERM");
	const char *no_color = getenv("NO_COLOR");
	const bool plain = (no_color != NULL && no_color[0] != '\0') ||
			   term == NULL || strcmp(term, "dumb") == 0;

	*t = (struct cli_term){ .out_tty = isatty(STDOUT_FILENO) != 0,
		.err_tty = isatty(STDERR_FILENO) != 0,
		.quiet = quiet };
	t->colour = t->err_tty && !plain;
	t->colour_out = t->out_tty && !plain;
}

const char *cli_style(
    const struct cli_term *t, const FILE *f, enum cli_style style)
{
	static const char *const code[CLI_STYLES] = { "\x1b[0m", "\x1b[1m",
		"\x1b[2m", "\x1b[32m", "\x1b[33m", "\x1b[31m", "\x1b[36m" };

	return (f == stdout ? t->colour_out : t->colour) ? code[style] : "";
}

void cli_status(struct cli_term *t, const char *text)
{
	if (!t->err_tty || t->quiet)
		return;
	(void)fprintf(stderr, "\r\x1b[K%s%s…%s", cli_style(t, stderr, CLI_DIM),
	    text, cli_style(t, stderr, CLI_PLAIN));
	(void)fflush(stderr);
	t->status = true;
}

void cli_status_clear(struct cli_term *t)
{
	if (!t->status)
		return;
	(void)fputs("\r\x1b[K", stderr);
	(void)fflush(stderr);
	t->status = false;
}

void cli_put_text(const struct cli_term *t, FILE *f, struct client_text *state,
    struct bytes b)
{
	uint8_t clean[CLIENT_TEXT_LEN_MAX(PIECE)];

	if (!(f == stdout ? t->out_tty : t->err_tty)) {
		(void)fwrite(b.p, 1, b.len, f);
		return;
	}
	while (b.len > 0) {
		const size_t n = b.len < PIECE ? b.len : PIECE;
		struct wr w = wr_init(clean, sizeof(clean));

		client_text_clean(state, &w, (struct bytes){ b.p, n });
		(void)fwrite(clean, 1, w.len, f);
		b.p += n;
		b.len -= n;
	}
	mem_wipe(clean, sizeof(clean));
}

void cli_end_text(const struct cli_term *t, FILE *f, struct client_text *state)
{
	uint8_t clean[CLIENT_TEXT_LEN_MAX(0)];
	struct wr w = wr_init(clean, sizeof(clean));

	if (f == stdout ? t->out_tty : t->err_tty)
		client_text_end(state, &w);
	(void)fwrite(clean, 1, w.len, f);
}

unsigned cli_columns(void)
{
	struct winsize size = { 0 };

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
		return 80;
	return size.ws_col;
}
