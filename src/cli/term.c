/* See term.h. */
#include "cli/term.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/flow.h"

void cli_term_init(struct cli_term *t, bool quiet)
{
	const char *term = getenv("TERM");
	const char *no_color = getenv("NO_COLOR");
	const bool dumb = term == NULL || strcmp(term, "dumb") == 0;
	const bool plain = dumb || (no_color != NULL && no_color[0] != '\0');

	*t = (struct cli_term){ .out_tty = isatty(STDOUT_FILENO) != 0,
		.err_tty = isatty(STDERR_FILENO) != 0,
		.quiet = quiet };
	t->ansi = t->err_tty && !dumb;
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

unsigned cli_columns(const struct cli_term *t, const FILE *f)
{
	struct winsize size = { 0 };
	const bool out = f == stdout;

	if (!(out ? t->out_tty : t->err_tty))
		return 0;
	if (ioctl(out ? STDOUT_FILENO : STDERR_FILENO, TIOCGWINSZ, &size) !=
		0 ||
	    size.ws_col == 0)
		return 80;
	return size.ws_col;
}

void cli_put(const struct cli_term *t, FILE *f, unsigned at, unsigned indent,
    const char *text)
{
	struct cli_flow flow = {
		.columns = cli_columns(t, f), .at = at, .indent = indent
	};

	cli_flow_put(
	    &flow, f, (struct bytes){ (const uint8_t *)text, strlen(text) });
	cli_flow_end(&flow, f);
}
