/* See release_lines.h. */
#include "cli/release_lines.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "tlog/text.h"

#define SHOWN 48 /* bytes of a line in a message */

/*
 * The keywords of all kinds in the order of docs/log.md section 6, and how many
 * fields after the keyword make a line's name. WHOLE: all of them.
 */
#define WHOLE 9
static const struct keyword {
	const char *word;
	unsigned names;
} keywords[] = {
	{ "product", 0 },
	{ "channel", 0 },
	{ "seq", 0 },
	{ "issued", 0 },
	{ "not-before", 0 },
	{ "not-after", 0 },
	{ "version", 0 },
	{ "source", 0 },
	{ "recipe", 0 },
	{ "builder", 0 },
	{ "name", 0 },
	{ "file", 1 }, /* by role; a model record has but one */
	{ "bundle", 0 },
	{ "snp", WHOLE },
	{ "tdx", WHOLE },
	{ "sgx", WHOLE },
	{ "sim", WHOLE },
	{ "model", 1 },
	{ "supersedes", 0 },
	{ "verity", 0 },
	{ "tokenizer", 0 },
	{ "template", 0 },
	{ "quant", 0 },
	{ "context", 0 },
	{ "min-seq", 3 },
	{ "revoked", WHOLE },
	{ "tcb-snp milan", 0 },
	{ "tcb-snp genoa", 0 },
	{ "tcb-snp turin", 0 },
	{ "tcb-tdx", 0 },
	{ "tcb-sgx", 0 },
	{ "hardware", 0 },
	{ "chip", 1 },
	{ "ppid", 1 },
	{ "next-log", WHOLE },
	{ "next-witness", 1 },
	{ "log", 0 },
	{ "last", 0 },
	{ "cause", 0 },
	{ "successor", 0 },
	{ "release", 0 },
	{ "result", 0 },
	{ "rebuilder", 0 },
};
#define KEYWORDS (sizeof(keywords) / sizeof(keywords[0]))

void cli_release_lines_init(struct cli_release_lines *l, enum record_kind kind)
{
	l->kind = kind;
	l->n = 0;
	l->used = 0;
}

/* Where lines that begin like this stand; KEYWORDS if nowhere. */
static unsigned place_of(struct bytes line)
{
	for (unsigned i = 0; i < KEYWORDS; i++) {
		const size_t n = strlen(keywords[i].word);

		if (line.len >= n &&
		    mem_eq_str((struct bytes){ line.p, n }, keywords[i].word) &&
		    (line.len == n || line.p[n] == ' '))
			return i;
	}
	return KEYWORDS;
}

/* The part of the line that no other line may share. */
static struct bytes name_of(
    const struct cli_release_lines *l, struct bytes line, unsigned place)
{
	unsigned fields = keywords[place].names;
	size_t i = strlen(keywords[place].word);

	if (l->kind == RECORD_MODEL)
		fields = 0;
	for (; i < line.len; i++) {
		if (line.p[i] == ' ' && fields-- == 0)
			break;
	}
	return (struct bytes){ line.p, i };
}

static void remove_line(struct cli_release_lines *l, size_t i)
{
	memmove(
	    &l->line[i], &l->line[i + 1], (l->n - i - 1) * sizeof(l->line[0]));
	l->n--;
}

static bool keep_line(struct cli_release_lines *l, const char *option,
    struct bytes text, unsigned place)
{
	struct cli_release_line *to = &l->line[l->n];

	if (l->n == CLI_RELEASE_LINES_MAX ||
	    text.len > sizeof(l->arena) - l->used)
		return false;
	mem_copy(l->arena + l->used, text.p, text.len);
	*to = (struct cli_release_line){
		.text = { l->arena + l->used, text.len },
		.place = place,
		.option = option,
		.earlier = strcmp(option, "--from") == 0,
	};
	l->used += text.len;
	l->n++;
	return true;
}

/* The text up to its next LF; steps over it. */
static struct bytes next_line(struct bytes *rest)
{
	struct bytes line = { rest->p, 0 };

	while (line.len < rest->len && line.p[line.len] != '\n')
		line.len++;
	rest->p += line.len + (line.len < rest->len);
	rest->len -= line.len + (line.len < rest->len);
	return line;
}

void cli_release_lines_start(struct cli_release_lines *l, struct bytes text)
{
	(void)next_line(&text); /* confer-release/v1 */
	(void)next_line(&text); /* kind */
	while (text.len > 0) {
		const struct bytes line = next_line(&text);
		const unsigned place = place_of(line);
		const bool kept =
		    place < KEYWORDS && keep_line(l, "--from", line, place);

		assert(kept); /* a record that was parsed has such lines only */
	}
}

bool cli_release_lines_drop(struct cli_release_lines *l, struct bytes keyword)
{
	const size_t before = l->n;

	for (size_t i = l->n; i-- > 0;) {
		const struct bytes text = l->line[i].text;

		if (l->line[i].earlier && text.len > keyword.len &&
		    text.p[keyword.len] == ' ' &&
		    mem_eq((struct bytes){ text.p, keyword.len }, keyword))
			remove_line(l, i);
	}
	return l->n < before;
}

enum err cli_release_lines_put(struct cli_release_lines *l, const char *option,
    struct bytes line, struct err_ctx *ctx)
{
	const unsigned place = place_of(line);
	struct bytes name;

	for (size_t i = 0; i < line.len; i++) {
		if (line.p[i] < 0x20 || line.p[i] > 0x7e)
			return err_set(ctx, ERR_FORMAT,
			    "%s: a record has no character 0x%02x", option,
			    (unsigned)line.p[i]);
	}
	if (place == KEYWORDS)
		return err_set(ctx, ERR_FORMAT, "%s: no record has a line %.*s",
		    option, SHOWN < line.len ? SHOWN : (int)line.len,
		    (const char *)line.p);
	name = name_of(l, line, place);
	for (size_t i = 0; i < l->n; i++) {
		const struct cli_release_line *it = &l->line[i];

		if (it->place != place ||
		    !mem_eq(name_of(l, it->text, place), name))
			continue;
		if (!it->earlier)
			return err_set(ctx, ERR_FORMAT,
			    "%s: %.*s is there twice", option,
			    name.len < SHOWN ? (int)name.len : SHOWN,
			    (const char *)name.p);
		remove_line(l, i);
		break;
	}
	if (!keep_line(l, option, line, place))
		return err_set(
		    ctx, ERR_LIMIT, "%s: too much for one record", option);
	return ERR_OK;
}

bool cli_release_lines_has(
    const struct cli_release_lines *l, const char *keyword)
{
	const size_t n = strlen(keyword);

	for (size_t i = 0; i < l->n; i++) {
		const struct bytes text = l->line[i].text;

		if (text.len > n && text.p[n] == ' ' &&
		    mem_eq_str((struct bytes){ text.p, n }, keyword))
			return true;
	}
	return false;
}

/* L-53: ascending, as bytes of whole lines. */
static int compare(const void *a, const void *b)
{
	const struct cli_release_line *x = a, *y = b;

	if (x->place != y->place)
		return x->place < y->place ? -1 : 1;
	return tlog_text_compare(x->text, y->text);
}

/* The line that was being read, or had just been, at `off` of the text, whose
 * lines start at `head`. */
static const struct cli_release_line *line_at(
    const struct cli_release_lines *l, size_t head, size_t off)
{
	for (size_t i = 0; i < l->n; i++) {
		const size_t end = head + l->line[i].text.len + 1;

		if (off > head && off <= end)
			return &l->line[i];
		head = end;
	}
	return NULL;
}

/* The parser says "snp at offset 310: WHY"; a person knows options. */
static enum err blame(const struct cli_release_lines *l, size_t head,
    const struct err_ctx *said, struct err_ctx *ctx)
{
	static const char at[] = "at offset ";
	const struct cli_release_line *line = NULL;
	const char *p = strstr(said->msg, at);
	char *why = NULL;

	if (p != NULL)
		line = line_at(l, head, strtoul(p + strlen(at), &why, 10));
	if (line == NULL || strncmp(why, ": ", 2) != 0)
		return err_set(ctx, said->code, "the record: %s", said->msg);
	return err_set(ctx, said->code, "%s: %s: %.*s%s", line->option, why + 2,
	    line->text.len < SHOWN ? (int)line->text.len : SHOWN,
	    (const char *)line->text.p, line->text.len < SHOWN ? "" : "...");
}

enum err cli_release_lines_write(struct wr *w, struct tlog_record *rec,
    struct cli_release_lines *l, struct err_ctx *ctx)
{
	const size_t start = w->len;
	struct err_ctx said = { 0 };
	size_t head;
	enum err e;

	qsort(l->line, l->n, sizeof(l->line[0]), compare);
	wr_fmt(
	    w, "confer-release/v1\nkind %s\n", tlog_record_kind_name(l->kind));
	head = w->len - start;
	for (size_t i = 0; i < l->n; i++) {
		wr_bytes(w, l->line[i].text);
		wr_u8(w, '\n');
	}
	if (w->err != ERR_OK)
		return err_set(ctx, ERR_LIMIT, "too much for one record");
	e = tlog_record_parse(
	    rec, (struct bytes){ w->p + start, w->len - start }, &said);
	return e == ERR_OK ? ERR_OK : blame(l, head, &said, ctx);
}
