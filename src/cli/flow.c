/* See flow.h. */
#include "cli/flow.h"

#include <string.h>

#define PIECE 256

struct range {
	uint32_t from, to;
};

static bool in(const struct range *r, size_t n, uint32_t c)
{
	for (size_t i = 0; i < n; i++) {
		if (c >= r[i].from && c <= r[i].to)
			return true;
	}
	return false;
}

unsigned cli_flow_width(uint32_t c)
{
	static const struct range none[] = { { 0x300, 0x36f }, { 0x483, 0x489 },
		{ 0x591, 0x5bd }, { 0x610, 0x61a }, { 0x64b, 0x65f },
		{ 0x93c, 0x93c }, { 0x941, 0x948 }, { 0x94d, 0x94d },
		{ 0x200b, 0x200f }, { 0x20d0, 0x20ff }, { 0xfe00, 0xfe0f },
		{ 0x1f3fb, 0x1f3ff } };
	static const struct range two[] = { { 0x1100, 0x115f },
		{ 0x2e80, 0xa4cf }, { 0xac00, 0xd7a3 }, { 0xf900, 0xfaff },
		{ 0xfe30, 0xfe6f }, { 0xff00, 0xff60 }, { 0xffe0, 0xffe6 },
		{ 0x1f300, 0x1f64f }, { 0x1f680, 0x1f6ff },
		{ 0x1f900, 0x1f9ff }, { 0x20000, 0x3fffd } };

	if (in(none, sizeof(none) / sizeof(none[0]), c))
		return 0;
	return in(two, sizeof(two) / sizeof(two[0]), c) ? 2 : 1;
}

/* The word that was held, after its spaces or on a line of its own. */
static void flush_word(struct cli_flow *flow, FILE *f)
{
	if (flow->n == 0)
		return;
	if (flow->at > flow->indent &&
	    flow->at + flow->spaces + flow->width > flow->columns) {
		(void)fputc('\n', f);
		flow->at = 0;
		flow->spaces = flow->indent;
	}
	flow->at += flow->spaces + flow->width;
	for (; flow->spaces > 0; flow->spaces--)
		(void)fputc(' ', f);
	(void)fwrite(flow->word, 1, flow->n, f);
	flow->n = flow->width = 0;
}

/* One character of clean UTF-8, s[0..n). */
static void put_char(struct cli_flow *flow, FILE *f, const uint8_t *s, size_t n)
{
	const uint32_t c = client_text_char(s, n);
	unsigned width;

	if (c == ' ') {
		flush_word(flow, f);
		flow->spaces++;
		return;
	}
	if (c == '\n' || c == '\t') {
		flush_word(flow, f);
		flow->spaces = 0;
		flow->at = c == '\n' ? 0 : (flow->at / 8 + 1) * 8;
		(void)fputc((int)c, f);
		return;
	}
	width = cli_flow_width(c);
	/* Between wide characters a line may end; a long word is cut. */
	if (width == 2 || flow->n + n > CLI_WORD_MAX ||
	    flow->indent + flow->width + width > flow->columns)
		flush_word(flow, f);
	memcpy(flow->word + flow->n, s, n);
	flow->n += n;
	flow->width += width;
	if (width == 2)
		flush_word(flow, f);
}

static void put_clean(struct cli_flow *flow, FILE *f, struct bytes b)
{
	size_t start = 0;

	for (size_t i = 1; i <= b.len; i++) {
		if (i < b.len && (b.p[i] & 0xc0) == 0x80)
			continue;
		put_char(flow, f, b.p + start, i - start);
		start = i;
	}
}

void cli_flow_put(struct cli_flow *flow, FILE *f, struct bytes piece)
{
	uint8_t clean[CLIENT_TEXT_LEN_MAX(PIECE)];

	if (flow->columns == 0) {
		(void)fwrite(piece.p, 1, piece.len, f);
		return;
	}
	while (piece.len > 0) {
		const size_t n = piece.len < PIECE ? piece.len : PIECE;
		struct wr w = wr_init(clean, sizeof(clean));

		client_text_clean(
		    &flow->text, &w, (struct bytes){ piece.p, n });
		put_clean(flow, f, (struct bytes){ clean, w.len });
		piece.p += n;
		piece.len -= n;
	}
	mem_wipe(clean, sizeof(clean));
}

void cli_flow_end(struct cli_flow *flow, FILE *f)
{
	uint8_t clean[CLIENT_TEXT_LEN_MAX(0)];
	struct wr w = wr_init(clean, sizeof(clean));

	if (flow->columns == 0)
		return;
	client_text_end(&flow->text, &w);
	put_clean(flow, f, (struct bytes){ clean, w.len });
	flush_word(flow, f);
	mem_wipe(flow->word, sizeof(flow->word));
}
