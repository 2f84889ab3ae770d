/* See edit.h. */
#include "cli/edit.h"

#include <string.h>

#include "base/utf8.h"

#define ESC     0x1b
#define DEL     0x7f
#define CTRL(c) ((c)&0x1f)

/* ---- the text ------------------------------------------------------------- */

static size_t char_before(const struct cli_edit *e)
{
	size_t i = e->pos;

	while (i > 0 && (e->text[--i] & 0xc0) == 0x80)
		continue;
	return i;
}

static size_t char_after(const struct cli_edit *e)
{
	size_t i = e->pos;

	if (i < e->n)
		i++;
	while (i < e->n && (e->text[i] & 0xc0) == 0x80)
		i++;
	return i;
}

static void insert(struct cli_edit *e, const uint8_t *s, size_t n)
{
	if (e->n + n > CLI_INPUT_MAX)
		return;
	memmove(e->text + e->pos + n, e->text + e->pos, e->n - e->pos);
	memcpy(e->text + e->pos, s, n);
	e->pos += n;
	e->n += n;
}

static void cut(struct cli_edit *e, size_t from, size_t to)
{
	memmove(e->text + from, e->text + to, e->n - to);
	e->n -= to - from;
	e->pos = from;
}

static size_t word_before(const struct cli_edit *e)
{
	size_t i = e->pos;

	while (i > 0 && e->text[i - 1] == ' ')
		i--;
	while (i > 0 && e->text[i - 1] != ' ' && e->text[i - 1] != '\n')
		i--;
	return i;
}

/* Show the question `back` turns ago; 0 is an empty line. */
static void recall(struct cli_edit *e, size_t back)
{
	const struct cli_turn *t;

	if (e->history == NULL || back > e->history->n)
		return;
	e->back = back;
	e->n = e->pos = 0;
	if (back == 0)
		return;
	t = &e->history->turn[e->history->n - back];
	insert(e, t->question, t->question_len);
}

/* ---- keys ----------------------------------------------------------------- */

static enum cli_edit_step control(struct cli_edit *e, uint8_t b)
{
	static const uint8_t newline = '\n';

	switch (b) {
	case CTRL('a'):
		e->pos = 0;
		break;
	case CTRL('b'):
		e->pos = char_before(e);
		break;
	case CTRL('e'):
		e->pos = e->n;
		break;
	case CTRL('f'):
		e->pos = char_after(e);
		break;
	case CTRL('h'):
	case DEL:
		cut(e, char_before(e), e->pos);
		break;
	case CTRL('k'):
		cut(e, e->pos, e->n);
		break;
	case CTRL('n'):
		recall(e, e->back > 0 ? e->back - 1 : 0);
		break;
	case CTRL('p'):
		recall(e, e->back + 1);
		break;
	case CTRL('u'):
		cut(e, 0, e->pos);
		break;
	case CTRL('w'):
		cut(e, word_before(e), e->pos);
		break;
	case CTRL('c'):
		if (e->n == 0)
			return CLI_EDIT_CANCEL;
		cut(e, 0, e->n);
		break;
	case CTRL('d'):
		if (e->n == 0)
			return CLI_EDIT_END;
		cut(e, e->pos, char_after(e));
		break;
	case '\r':
	case '\n':
		/* A backslash at the end: the message goes on. */
		if (e->pos != e->n || e->n == 0 || e->text[e->n - 1] != '\\')
			return CLI_EDIT_DONE;
		cut(e, e->n - 1, e->n);
		insert(e, &newline, 1);
		break;
	default:
		break;
	}
	return CLI_EDIT_MORE;
}

/* The number of a sequence like ESC [ 3 ~ */
static unsigned number_of(const struct cli_edit *e)
{
	unsigned v = 0;

	for (size_t i = 2; i < e->seq_n; i++) {
		if (e->seq[i] < '0' || e->seq[i] > '9')
			break;
		v = v * 10 + (unsigned)(e->seq[i] - '0');
	}
	return v;
}

static void tilde_key(struct cli_edit *e)
{
	switch (number_of(e)) {
	case 1:
	case 7:
		e->pos = 0;
		break;
	case 3:
		cut(e, e->pos, char_after(e));
		break;
	case 4:
	case 8:
		e->pos = e->n;
		break;
	case 200:
		e->paste = true;
		break;
	case 201:
		e->paste = false;
		break;
	default:
		break;
	}
}

/* ESC [ ... last, or ESC O last */
static void escape_key(struct cli_edit *e, uint8_t last)
{
	static const struct {
		char key, same;
	} keys[] = { { 'A', CTRL('p') }, { 'B', CTRL('n') }, { 'C', CTRL('f') },
		{ 'D', CTRL('b') }, { 'H', CTRL('a') }, { 'F', CTRL('e') } };

	if (last == '~') {
		tilde_key(e);
		return;
	}
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (keys[i].key == (char)last)
			(void)control(e, (uint8_t)keys[i].same);
	}
}

/* One more byte of a key that begins with ESC. */
static void feed_escape(struct cli_edit *e, uint8_t b)
{
	static const uint8_t newline = '\n';

	if (e->seq_n == CLI_EDIT_SEQ_MAX) { /* no key that we know */
		if (b >= 0x40)
			e->seq_n = 0;
		return;
	}
	e->seq[e->seq_n++] = b;
	if (e->seq_n == 2 && (b == '[' || b == 'O'))
		return;
	if (e->seq_n == 2 && (b == '\r' || b == '\n'))
		insert(e, &newline, 1); /* Alt-Enter */
	if (e->seq_n > 2 && b < 0x40)
		return;
	if (e->seq_n > 2)
		escape_key(e, b);
	e->seq_n = 0;
}

/* How many bytes a character with this first one has; 0: none starts so. */
static size_t char_len(uint8_t first)
{
	if (first < 0xc2 || first > 0xf4)
		return 0;
	return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/* One more byte of a character; what is not UTF-8 is not taken. */
static void feed_char(struct cli_edit *e, uint8_t b)
{
	e->seq[e->seq_n++] = b;
	if (e->seq_n < char_len(e->seq[0]) &&
	    (e->seq_n == 1 || (b & 0xc0) == 0x80))
		return;
	if (utf8_prefix((struct bytes){ e->seq, e->seq_n }) == e->seq_n)
		insert(e, e->seq, e->seq_n);
	e->seq_n = 0;
}

enum cli_edit_step cli_edit_feed(struct cli_edit *e, uint8_t byte)
{
	if (e->seq_n > 0 && e->seq[0] == ESC) {
		feed_escape(e, byte);
	} else if (e->seq_n > 0 || char_len(byte) > 0) {
		feed_char(e, byte);
	} else if (byte == ESC) {
		e->seq[e->seq_n++] = byte;
	} else if (e->paste && (byte == '\r' || byte == '\n')) {
		byte = '\n';
		insert(e, &byte, 1);
	} else if (byte == '\t') {
		byte = ' ';
		insert(e, &byte, 1);
	} else if (byte < 0x20 || byte >= DEL) {
		return e->paste || byte > DEL ? CLI_EDIT_MORE
					      : control(e, byte);
	} else {
		insert(e, &byte, 1);
	}
	return CLI_EDIT_MORE;
}

void cli_edit_start(struct cli_edit *e)
{
	mem_wipe(e->text, e->n);
	e->n = e->pos = e->back = e->seq_n = 0;
	e->paste = false;
	e->row = 0;
}
