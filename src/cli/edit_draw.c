/* edit: what a terminal has to show. Rows are ended here, never by the terminal,
 * so that the place of the cursor is always known. */
#include "cli/edit.h"
#include "cli/flow.h"

#define PROMPT_COLUMNS 2

/* Where the next character goes. */
struct place {
	unsigned row, column;
};

static void next_row(struct wr *out, struct place *at, unsigned indent)
{
	wr_str(out, "\r\n");
	wr_fill(out, ' ', indent);
	at->row++;
	at->column = indent;
}

/* Draw the character at text[i] and return the index after it. */
static size_t draw_char(const struct cli_edit *e, struct wr *out, size_t i,
    struct place *at, unsigned columns)
{
	uint8_t clean[CLIENT_TEXT_LEN_MAX(CLIENT_TEXT_SEQ_MAX)];
	struct wr w = wr_init(clean, sizeof(clean));
	size_t end = i + 1;
	unsigned width;

	while (end < e->n && (e->text[end] & 0xc0) == 0x80)
		end++;
	if (e->text[i] == '\n') {
		next_row(out, at, PROMPT_COLUMNS);
		return end;
	}
	client_text_all(&w, (struct bytes){ e->text + i, end - i });
	/* What is shown as an escape is as wide as it is long. */
	width = w.len == end - i
		    ? cli_flow_width(client_text_char(clean, w.len))
		    : (unsigned)w.len;
	if (at->column + width > columns)
		next_row(out, at, 0);
	wr_copy(out, clean, w.len);
	at->column += width;
	return end;
}

void cli_edit_draw(struct cli_edit *e, struct wr *out, unsigned columns)
{
	struct place at = { 0, PROMPT_COLUMNS }, cursor = at;

	wr_str(out, "\r");
	if (e->row > 0)
		wr_fmt(out, "\x1b[%uA", e->row);
	wr_str(out, "\x1b[J");
	wr_str(out, e->prompt);
	for (size_t i = 0; i < e->n;) {
		if (i == e->pos)
			cursor = at;
		i = draw_char(e, out, i, &at, columns);
	}
	if (at.column >= columns)
		next_row(out, &at, 0);
	if (e->pos == e->n)
		cursor = at;
	if (cursor.column >= columns)
		cursor = (struct place){ cursor.row + 1, 0 };
	wr_str(out, "\r");
	if (at.row > cursor.row)
		wr_fmt(out, "\x1b[%uA", at.row - cursor.row);
	if (cursor.column > 0)
		wr_fmt(out, "\x1b[%uC", cursor.column);
	e->row = cursor.row;
}
