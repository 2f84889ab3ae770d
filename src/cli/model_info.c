/* confer model info: what is in a file, and whether the engine can run it. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "cli/flow.h"
#include "cli/model_facts.h"

#define JSON_MAX    (1u << 20) /* a thousand special tokens */
#define SPECIAL_MAX 4096       /* listed in JSON */

/* ---- for people ------------------------------------------------------------ */

static void label(const struct cli_term *t, const char *name)
{
	(void)printf("  %s%-12s%s", cli_style(t, stdout, CLI_DIM), name,
	    cli_style(t, stdout, CLI_PLAIN));
}

static const char *unit_of(double *bytes)
{
	static const char *const unit[] = { "B", "kB", "MB", "GB", "TB" };
	size_t i = 0;

	for (; *bytes >= 1000 && i + 1 < sizeof(unit) / sizeof(unit[0]); i++)
		*bytes /= 1000;
	return unit[i];
}

static void print_len(uint64_t len, const char *what)
{
	double n = (double)len;
	const char *unit = unit_of(&n);

	(void)printf(len < 1000 ? "%.0f %s%s" : "%.1f %s%s", n, unit, what);
}

static void print_title(
    const struct cli_term *t, const struct model_facts *f, uint64_t file_len)
{
	(void)printf("%s%s%s  %s", cli_style(t, stdout, CLI_BOLD),
	    f->name[0] != '\0' ? f->name : "a model without a name",
	    cli_style(t, stdout, CLI_PLAIN),
	    f->architecture[0] != '\0' ? f->architecture : "no architecture");
	if (f->parameters > 0)
		(void)printf(
		    ", %.1f million parameters", (double)f->parameters / 1e6);
	(void)fputs(", ", stdout);
	print_len(file_len, "\n\n");
}

static void print_shape(const struct cli_term *t, const struct model_facts *f)
{
	label(t, "context");
	(void)printf("%u tokens", f->context);
	if (f->window != 0)
		(void)printf(", sliding window of %u", f->window);
	(void)fputs("\n", stdout);
	label(t, "blocks");
	(void)printf(
	    "%u, width %u, feed-forward %u\n", f->blocks, f->width, f->hidden);
	label(t, "heads");
	(void)printf("%u of width %u, %u for keys and values\n", f->heads,
	    f->head, f->kv_heads);
	label(t, "positions");
	(void)printf("rotary, %u of %u, base %g", f->rope, f->head,
	    f->rope_base > 0 ? (double)f->rope_base : 10000.0);
	if (f->scaling[0] != '\0' && strcmp(f->scaling, "none") != 0) {
		(void)printf(", scaled: %s", f->scaling);
		if (f->scaling_factor > 0)
			(void)printf(" by %g", (double)f->scaling_factor);
		if (f->original_context > 0)
			(void)printf(" from %u", f->original_context);
	}
	if (f->has_rope_freqs)
		(void)fputs(", divided as in Llama 3", stdout);
	(void)fputs("\n", stdout);
}

static void print_token(const struct tok *t, const char *name, uint32_t id)
{
	uint8_t clean[CLIENT_TEXT_LEN_MAX(TOK_TEXT_LEN_MAX)];
	struct wr w = wr_init(clean, sizeof(clean));

	if (id >= t->n)
		return;
	client_text_all(
	    &w, (struct bytes){ t->entry[id].text, t->entry[id].len });
	(void)printf("%s %u %.*s  ", name, id, (int)w.len, (const char *)clean);
}

static void print_tokenizer(
    const struct cli_term *t, const struct model_facts *f)
{
	label(t, "tokenizer");
	if (f->vocabulary == 0) {
		(void)fputs("none\n", stdout);
		return;
	}
	(void)printf("%s%s%s, %u tokens\n",
	    strcmp(f->tokenizer, "gpt2") == 0    ? "byte-level BPE"
	    : strcmp(f->tokenizer, "llama") == 0 ? "SentencePiece"
						 : f->tokenizer,
	    f->pretok[0] != '\0' ? ", cut as " : "", f->pretok, f->vocabulary);
	if (f->tok.n == 0)
		return;
	label(t, "special");
	print_token(&f->tok, f->tok.add_bos ? "begins" : "bos", f->tok.bos);
	for (uint32_t i = 0; i < f->tok.end_n; i++)
		print_token(&f->tok, "ends", f->tok.end[i]);
	(void)printf("%u in all\n", f->tok.special_n);
	label(t, "chat");
	(void)printf("%s\n", chat_name(f->chat.family));
}

static void print_tensors(const struct cli_term *t, const struct model_facts *f)
{
	const char *name = "tensors";

	for (unsigned i = 0; i < MODEL_TYPES_MAX; i++) {
		const char *type = gguf_type_name((enum gguf_tensor_type)i);

		if (f->type[i].tensors == 0)
			continue;
		label(t, name);
		(void)printf("%-6s %4llu, ", type != NULL ? type : "?",
		    (unsigned long long)f->type[i].tensors);
		print_len(f->type[i].len, "\n");
		name = "";
	}
	if (f->memory_len == 0)
		return;
	label(t, "memory");
	print_len(f->memory_len, " of weights, ");
	print_len(f->kv_len, " for 1000 tokens of context\n");
}

static void print_verdict(const struct cli_term *t, const struct model_facts *f)
{
	(void)fputs("\n", stdout);
	if (f->why_n == 0)
		(void)printf("%s✓%s This engine can run it.\n",
		    cli_style(t, stdout, CLI_GOOD),
		    cli_style(t, stdout, CLI_PLAIN));
	for (size_t i = 0; i < f->why_n; i++) {
		(void)printf("%s✗%s ", cli_style(t, stdout, CLI_BAD),
		    cli_style(t, stdout, CLI_PLAIN));
		cli_put(t, stdout, 2, 2, f->why[i].msg);
		(void)fputs("\n", stdout);
	}
}

/* ---- for programs ------------------------------------------------------------ */

static void write_text(struct wr *w, const char *name, const char *text)
{
	wr_fmt(w, ",\"%s\":", name);
	json_write_string(
	    w, (struct bytes){ (const uint8_t *)text, strlen(text) });
}

static void write_float(struct wr *w, const char *name, float v)
{
	char text[40];

	(void)snprintf(text, sizeof(text), ",\"%s\":%.9g", name,
	    v > 0 && v < 1e30f ? (double)v : 0.0);
	wr_str(w, text);
}

static void write_shape(struct wr *w, const struct model_facts *f)
{
	const struct {
		const char *name;
		uint32_t value;
	} number[] = {
		{ "context", f->context },
		{ "blocks", f->blocks },
		{ "width", f->width },
		{ "hidden", f->hidden },
		{ "heads", f->heads },
		{ "kv_heads", f->kv_heads },
		{ "head", f->head },
		{ "window", f->window },
		{ "rope", f->rope },
		{ "original_context", f->original_context },
	};

	for (size_t i = 0; i < sizeof(number) / sizeof(number[0]); i++)
		wr_fmt(w, ",\"%s\":%u", number[i].name, number[i].value);
	write_float(w, "rope_base", f->rope_base);
	write_float(w, "rope_factor", f->scaling_factor);
	write_text(w, "rope_scaling",
	    f->scaling[0] != '\0' ? f->scaling
	    : f->has_rope_freqs   ? "llama3"
				  : "none");
}

static void write_tensors(struct wr *w, const struct model_facts *f)
{
	bool first = true;

	wr_str(w, ",\"tensors\":[");
	for (unsigned i = 0; i < MODEL_TYPES_MAX; i++) {
		const char *type = gguf_type_name((enum gguf_tensor_type)i);

		if (f->type[i].tensors == 0)
			continue;
		wr_fmt(w, "%s{\"type\":\"%s\",\"n\":%llu,\"bytes\":%llu}",
		    first ? "" : ",", type != NULL ? type : "?",
		    (unsigned long long)f->type[i].tensors,
		    (unsigned long long)f->type[i].len);
		first = false;
	}
	wr_fmt(w, "],\"memory\":{\"weights\":%llu,\"per_1000_tokens\":%llu}",
	    (unsigned long long)f->memory_len, (unsigned long long)f->kv_len);
}

static void write_tokenizer(struct wr *w, const struct model_facts *f)
{
	const struct tok *t = &f->tok;

	wr_str(w, ",\"tokenizer\":{\"vocabulary\":");
	wr_fmt(w, "%u", f->vocabulary);
	write_text(w, "kind", f->tokenizer);
	write_text(w, "rule", f->pretok);
	wr_fmt(w, ",\"add_bos\":%s", t->add_bos ? "true" : "false");
	if (t->n > 0 && t->bos != TOK_NONE)
		wr_fmt(w, ",\"bos\":%u", t->bos);
	wr_str(w, ",\"ends\":[");
	for (uint32_t i = 0; i < t->end_n; i++)
		wr_fmt(w, "%s%u", i == 0 ? "" : ",", t->end[i]);
	wr_str(w, "],\"special\":[");
	for (uint32_t i = 0; i < t->special_n && i < SPECIAL_MAX; i++) {
		const struct tok_entry *x = &t->entry[t->special[i]];

		wr_fmt(w, "%s{\"id\":%u,\"text\":", i == 0 ? "" : ",",
		    t->special[i]);
		json_write_string(w, (struct bytes){ x->text, x->len });
		wr_str(w, "}");
	}
	wr_str(w, "]}");
	write_text(w, "chat", chat_name(f->chat.family));
}

static enum cli_exit print_json(
    const struct model_facts *f, uint64_t file_len, enum cli_exit x)
{
	uint8_t *buf = malloc(JSON_MAX);
	struct wr w = wr_init(buf, buf != NULL ? JSON_MAX : 0);

	wr_fmt(&w, "{\"exit\":%d,\"supported\":%s,\"why\":[", (int)x,
	    f->why_n == 0 ? "true" : "false");
	for (size_t i = 0; i < f->why_n; i++) {
		const char *msg = f->why[i].msg;

		wr_str(&w, i == 0 ? "" : ",");
		json_write_string(
		    &w, (struct bytes){ (const uint8_t *)msg, strlen(msg) });
	}
	wr_fmt(&w, "],\"bytes\":%llu", (unsigned long long)file_len);
	write_text(&w, "name", f->name);
	write_text(&w, "architecture", f->architecture);
	wr_fmt(&w, ",\"parameters\":%llu", (unsigned long long)f->parameters);
	write_shape(&w, f);
	write_tensors(&w, f);
	write_tokenizer(&w, f);
	wr_str(&w, "}\n");
	if (w.err == ERR_OK)
		(void)fwrite(buf, 1, w.len, stdout);
	else
		x = CLI_EXIT_INTERNAL;
	free(buf);
	return x;
}

enum cli_exit model_info(struct model_job *j)
{
	const struct cli_term *t = j->term;
	struct model_facts f;
	enum cli_exit x = model_open_head(j);

	if (x != CLI_EXIT_OK)
		return x;
	model_facts_read(&f, &j->head);
	if (f.why_n > 0)
		x = CLI_EXIT_REFUSED;
	if (j->options->json) {
		x = print_json(&f, j->map.len, x);
	} else {
		print_title(t, &f, j->map.len);
		print_shape(t, &f);
		print_tokenizer(t, &f);
		print_tensors(t, &f);
		print_verdict(t, &f);
	}
	model_facts_clear(&f);
	return x;
}
