/* confer model tokenize: text to token numbers, and back. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/utf8.h"
#include "cli/flow.h"
#include "cli/model.h"

#define TEXT_MAX (1u << 24) /* a long book, several times */
#define MARKED   3          /* bytes that a blank of one can become */

struct tokenizing {
	struct model_job *job;
	struct tok tok;
	struct tok_work work;
	void *memory;
	struct tok_out out;
};

/* ---- text to tokens ---------------------------------------------------------- */

static enum cli_exit encode(struct tokenizing *z, struct bytes text)
{
	const size_t max = MARKED * text.len + MARKED;
	enum err e;

	z->memory = malloc(tok_work_len(max));
	z->out.cap = text.len + 2;
	z->out.token = malloc(z->out.cap * sizeof(*z->out.token));
	if (z->memory == NULL || z->out.token == NULL)
		return model_exit_of(
		    err_set(&z->job->ctx, ERR_NOMEM, "out of memory"));
	tok_work_init(&z->work, z->memory, max);
	e = z->job->options->engine.special
		? tok_encode_special(&z->tok, &z->work, text, &z->out)
		: tok_encode(&z->tok, &z->work, text, true, &z->out);
	if (e == ERR_FORMAT)
		(void)err_set(&z->job->ctx, e, "the text is not UTF-8");
	else if (e != ERR_OK || z->out.n > z->out.cap)
		(void)err_set(&z->job->ctx, ERR_LIMIT, "the text is too long");
	return model_exit_of(z->job->ctx.code);
}

/* ---- what is printed ----------------------------------------------------------- */

/* The bytes of a token; of a special one, what it is called. */
static struct bytes spelling(const struct tok *t, uint32_t id)
{
	return (struct bytes){ t->entry[id].text, t->entry[id].len };
}

static bool is_special(const struct tok *t, uint32_t id)
{
	return tok_text(t, id).len == 0;
}

/* "text": what is no whole UTF-8, and what a terminal obeys, as \x1b. */
static void print_quoted(struct bytes b)
{
	uint8_t clean[CLIENT_TEXT_LEN_MAX(TOK_TEXT_LEN_MAX)];
	struct wr w = wr_init(clean, sizeof(clean));

	(void)putchar('"');
	if (utf8_prefix(b) == b.len) {
		client_text_all(&w, b);
		for (size_t i = 0; i < w.len; i++) {
			if (clean[i] == '\n')
				(void)fputs("\\n", stdout);
			else if (clean[i] == '\t')
				(void)fputs("\\t", stdout);
			else
				(void)putchar(clean[i]);
		}
	} else {
		for (size_t i = 0; i < b.len; i++)
			(void)printf("\\x%02x", b.p[i]);
	}
	(void)putchar('"');
}

static void print_pieces(const struct tokenizing *z)
{
	struct cli_term *t = z->job->term;

	for (size_t i = 0; i < z->out.n; i++) {
		const uint32_t id = z->out.token[i];

		(void)printf("%s%8u%s  ", cli_style(t, stdout, CLI_DIM), id,
		    cli_style(t, stdout, CLI_PLAIN));
		if (is_special(&z->tok, id))
			(void)fputs(cli_style(t, stdout, CLI_ACCENT), stdout);
		print_quoted(spelling(&z->tok, id));
		(void)printf("%s%s\n",
		    is_special(&z->tok, id) ? "  special" : "",
		    cli_style(t, stdout, CLI_PLAIN));
	}
}

static void print_json(const struct tokenizing *z)
{
	(void)fputs("{\"exit\":0,\"tokens\":[", stdout);
	for (size_t i = 0; i < z->out.n; i++)
		(void)printf("%s%u", i == 0 ? "" : ",", z->out.token[i]);
	(void)fputs("]", stdout);
	for (size_t i = 0; i < z->out.n && z->job->options->engine.pieces;
	     i++) {
		uint8_t buf[6 * TOK_TEXT_LEN_MAX + 2];
		struct wr w = wr_init(buf, sizeof(buf));

		json_write_string(&w, spelling(&z->tok, z->out.token[i]));
		(void)printf("%s%.*s", i == 0 ? ",\"pieces\":[" : ",",
		    (int)w.len, (const char *)buf);
		if (i + 1 == z->out.n)
			(void)fputs("]", stdout);
	}
	(void)fputs("}\n", stdout);
}

static void print(const struct tokenizing *z)
{
	if (z->job->options->json) {
		print_json(z);
		return;
	}
	if (z->job->options->engine.pieces) {
		print_pieces(z);
		return;
	}
	for (size_t i = 0; i < z->out.n; i++)
		(void)printf("%s%u", i == 0 ? "" : " ", z->out.token[i]);
	(void)fputs("\n", stdout);
}

/* ---- and back ------------------------------------------------------------------ */

static enum cli_exit decode(struct tokenizing *z, const char *ids)
{
	const bool special = z->job->options->engine.special;
	const struct cli_term *t = z->job->term;
	struct cli_flow flow = { .columns = cli_columns(t, stdout) };
	enum cli_exit x =
	    model_read_ids(&z->out.token, &z->out.n, ids, "decode", z->job);

	for (size_t i = 0; x == CLI_EXIT_OK && i < z->out.n; i++) {
		if (z->out.token[i] < z->tok.n)
			continue;
		(void)err_set(&z->job->ctx, ERR_FORMAT,
		    "token %u: the vocabulary has %u", z->out.token[i],
		    z->tok.n);
		x = CLI_EXIT_USAGE;
	}
	for (size_t i = 0; x == CLI_EXIT_OK && i < z->out.n; i++)
		cli_flow_put(&flow, stdout,
		    special ? spelling(&z->tok, z->out.token[i])
			    : tok_text(&z->tok, z->out.token[i]));
	cli_flow_end(&flow, stdout);
	if (t->out_tty)
		(void)fputs("\n", stdout);
	return x;
}

/* ---- the verb ------------------------------------------------------------------- */

static enum cli_exit encode_stdin(struct tokenizing *z)
{
	uint8_t *text = malloc(TEXT_MAX);
	size_t len = 0;
	enum cli_exit x;

	if (text == NULL)
		return model_exit_of(
		    err_set(&z->job->ctx, ERR_NOMEM, "out of memory"));
	x = model_read_stdin(text, TEXT_MAX, &len, z->job);
	if (x == CLI_EXIT_OK)
		x = encode(z, (struct bytes){ text, len });
	mem_wipe(text, len);
	free(text);
	return x;
}

enum cli_exit model_tokenize(struct model_job *j)
{
	const struct cli_model *m = &j->options->engine;
	struct tokenizing z = { .job = j };
	enum cli_exit x = model_open_head(j);

	if (x == CLI_EXIT_OK)
		x = model_exit_of(tok_init(&z.tok, &j->head, &j->ctx));
	if (x == CLI_EXIT_USAGE && j->ctx.code == ERR_NOTFOUND)
		x = CLI_EXIT_REFUSED; /* no vocabulary in the file */
	if (x != CLI_EXIT_OK)
		return x;
	if (m->decode != NULL) {
		x = decode(&z, m->decode);
	} else {
		x = m->text != NULL
			? encode(&z, (struct bytes){ (const uint8_t *)m->text,
					 strlen(m->text) })
			: encode_stdin(&z);
		if (x == CLI_EXIT_OK)
			print(&z);
	}
	tok_clear(&z.tok);
	free(z.memory);
	free(z.out.token);
	return x;
}
