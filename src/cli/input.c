/* See input.h. */
#include "cli/input.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define PASTE_ON  "\x1b[?2004h"
#define PASTE_OFF "\x1b[?2004l"

/* What a signal that ends us has to put back first. */
static struct termios terminal_before;

static void on_fatal(int sig)
{
	(void)tcsetattr(STDIN_FILENO, TCSANOW, &terminal_before);
	(void)signal(sig, SIG_DFL);
	(void)raise(sig);
}

void cli_input_open(struct cli_input *in, const struct cli_term *term,
    bool edit, const struct cli_history *history, const char *prompt)
{
	const struct sigaction act = { .sa_handler = on_fatal };

	in->fd = STDIN_FILENO;
	in->term = term;
	in->raw = edit && tcgetattr(in->fd, &in->before) == 0;
	in->edit.history = history;
	in->edit.prompt = prompt;
	if (!in->raw)
		return;
	terminal_before = in->before;
	(void)sigaction(SIGTERM, &act, NULL);
	(void)sigaction(SIGHUP, &act, NULL);
}

/*
 * Raw mode. While a message is edited Ctrl-C is a key; at other times it is the
 * signal that stops an answer.
 */
static void set_mode(const struct cli_input *in, bool editing)
{
	struct termios t = in->before;

	t.c_lflag &= ~(tcflag_t)(ICANON | ECHO | IEXTEN);
	if (editing)
		t.c_lflag &= ~(tcflag_t)ISIG;
	t.c_cc[VMIN] = 1;
	t.c_cc[VTIME] = 0;
	(void)tcsetattr(in->fd, TCSADRAIN, &t);
	(void)fputs(editing ? PASTE_ON : PASTE_OFF, stderr);
	(void)fflush(stderr);
}

void cli_input_close(struct cli_input *in)
{
	if (!in->raw)
		return;
	(void)tcsetattr(in->fd, TCSADRAIN, &in->before);
	(void)signal(SIGTERM, SIG_DFL);
	(void)signal(SIGHUP, SIG_DFL);
	in->raw = false;
}

/* The next byte. read(2) itself, since a signal has to be noticed. */
static enum err next_byte(struct cli_input *in, uint8_t *b)
{
	if (in->used == in->len) {
		ssize_t got = read(in->fd, in->buf, sizeof(in->buf));

		in->len = in->used = 0;
		if (got < 0)
			return errno == EINTR ? ERR_CANCELLED : ERR_IO;
		if (got == 0)
			return ERR_CLOSED;
		in->len = (size_t)got;
	}
	*b = in->buf[in->used];
	in->buf[in->used++] = 0;
	return ERR_OK;
}

static void draw(struct cli_input *in)
{
	struct wr w = wr_init(in->draw, sizeof(in->draw));

	cli_edit_draw(&in->edit, &w, cli_columns(in->term, stderr));
	(void)fwrite(in->draw, 1, w.len, stderr);
	(void)fflush(stderr);
	mem_wipe(in->draw, w.len);
}

static enum err edit_message(struct cli_input *in)
{
	struct cli_edit *ed = &in->edit;
	enum cli_edit_step step = CLI_EDIT_MORE;
	uint8_t b = 0;
	enum err e = ERR_OK;

	cli_edit_start(ed);
	draw(in);
	while (e == ERR_OK && step == CLI_EDIT_MORE) {
		e = next_byte(in, &b);
		if (e == ERR_CANCELLED) { /* the window has another size */
			e = ERR_OK;
			continue;
		}
		if (e == ERR_OK)
			step = cli_edit_feed(ed, b);
		ed->pos = step == CLI_EDIT_DONE ? ed->n : ed->pos;
		if (in->used == in->len || step != CLI_EDIT_MORE)
			draw(in);
	}
	memcpy(in->text, ed->text, ed->n);
	in->n = ed->n;
	in->text[in->n] = '\0';
	if (e != ERR_OK || step == CLI_EDIT_END)
		return e != ERR_OK ? e : ERR_CLOSED;
	(void)fputs("\r\n", stderr);
	return step == CLI_EDIT_CANCEL ? ERR_CANCELLED : ERR_OK;
}

static enum err read_line(struct cli_input *in)
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

enum err cli_input_read(struct cli_input *in)
{
	enum err e;

	if (!in->raw)
		return read_line(in);
	set_mode(in, true);
	e = edit_message(in);
	set_mode(in, false);
	return e;
}
