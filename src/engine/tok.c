/*
 * Vocabularies. What a file says about tokens is checked and turned into bytes
 * once: SentencePiece's blank mark becomes a blank, and the printable alphabet
 * in which byte-level BPE writes its tokens becomes the bytes it stands for.
 */
#include "engine/tok.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "engine/unicode.h"

#define PROBES_MAX 4096 /* a hash table that needs more was made to */
#define ASCII_N    128 /* some vocabularies lack bytes that are rare in UTF-8 */

struct tok_place {
	uint32_t hash;
	uint32_t id; /* TOK_NONE: empty */
};

struct tok_merge {
	uint32_t left, right; /* left TOK_NONE: empty */
	uint32_t rank;
	uint32_t result;
};

static uint32_t hash_bytes(struct bytes b)
{
	uint64_t h = 0xcbf29ce484222325u; /* FNV-1a */

	for (size_t i = 0; i < b.len; i++)
		h = (h ^ b.p[i]) * 0x100000001b3u;
	return (uint32_t)(h ^ h >> 32);
}

static uint32_t hash_pair(uint32_t left, uint32_t right)
{
	uint64_t h = ((uint64_t)left << 32 | right) * 0x9e3779b97f4a7c15u;

	return (uint32_t)(h >> 32);
}

/* The mask of a table with at least half again as many places as entries. */
static uint32_t table_mask(uint32_t n)
{
	uint32_t size = 16;

	while (size < n + n / 2)
		size *= 2;
	return size - 1;
}

static struct bytes entry_text(const struct tok_entry *x)
{
	return (struct bytes){ x->text, x->len };
}

uint32_t tok_find(const struct tok *t, struct bytes text)
{
	uint32_t hash, i;

	if (text.len > t->len_max)
		return TOK_NONE;
	hash = hash_bytes(text);
	for (i = hash & t->index_mask; t->index[i].id != TOK_NONE;
	     i = (i + 1) & t->index_mask) {
		uint32_t id = t->index[i].id;

		if (t->index[i].hash == hash &&
		    mem_eq(entry_text(&t->entry[id]), text))
			return id;
	}
	return TOK_NONE;
}

uint32_t tok_merged(
    const struct tok *t, uint32_t left, uint32_t right, uint32_t *rank)
{
	uint32_t i = hash_pair(left, right) & t->merge_mask;

	for (; t->merge[i].left != TOK_NONE; i = (i + 1) & t->merge_mask) {
		if (t->merge[i].left == left && t->merge[i].right == right) {
			*rank = t->merge[i].rank;
			return t->merge[i].result;
		}
	}
	return TOK_NONE;
}

/* The printable alphabet of byte-level BPE; TOK_NONE: not in it. */
static uint32_t byte_of(uint32_t c)
{
	if ((c >= 0x21 && c <= 0x7e) || (c >= 0xa1 && c <= 0xff && c != 0xad))
		return c;
	if (c >= 0x100 && c <= 0x120)
		return c - 0x100;
	if (c >= 0x121 && c <= 0x142)
		return c - 0x121 + 0x7f;
	return c == 0x143 ? 0xad : TOK_NONE;
}

/*
 * A BPE token's text in bytes; false: it is not in the alphabet, whose
 * characters have one or two bytes.
 */
static bool bpe_bytes(struct bytes text, uint8_t *out, uint32_t *len)
{
	*len = 0;
	for (size_t i = 0; i < text.len; i++) {
		uint32_t c = text.p[i];

		if (c >= 0x80) {
			if (c < 0xc2 || c > 0xdf || i + 1 == text.len ||
			    (text.p[i + 1] & 0xc0) != 0x80)
				return false;
			c = (c & 0x1f) << 6 | (text.p[++i] & 0x3f);
		}
		c = byte_of(c);
		if (c == TOK_NONE)
			return false;
		out[(*len)++] = (uint8_t)c;
	}
	return true;
}

bool tok_is_mark(struct bytes text, size_t at)
{
	return text.len - at >= TOK_MARK_LEN && text.p[at] == 0xe2 &&
	       text.p[at + 1] == 0x96 && text.p[at + 2] == 0x81;
}

/* SentencePiece: the mark becomes a blank. */
static void spm_bytes(struct bytes text, uint8_t *out, uint32_t *len)
{
	*len = 0;
	for (size_t i = 0; i < text.len; i++) {
		if (tok_is_mark(text, i)) {
			out[(*len)++] = ' ';
			i += TOK_MARK_LEN - 1;
		} else {
			out[(*len)++] = text.p[i];
		}
	}
}

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* "<0x0A>" */
static bool byte_token(struct bytes text, uint8_t *out)
{
	int hi, lo;

	if (text.len != 6 || text.p[0] != '<' || text.p[1] != '0' ||
	    text.p[2] != 'x' || text.p[5] != '>')
		return false;
	hi = hex_digit(text.p[3]);
	lo = hex_digit(text.p[4]);
	*out = (uint8_t)(hi * 16 + lo);
	return hi >= 0 && lo >= 0;
}

static enum err index_add(struct tok *t, uint32_t id, struct err_ctx *ctx)
{
	uint32_t hash = hash_bytes(entry_text(&t->entry[id])), i = hash;

	if (t->entry[id].len > t->len_max)
		t->len_max = t->entry[id].len;
	for (uint32_t probes = 0; probes < PROBES_MAX; probes++, i++) {
		struct tok_place *place = &t->index[i & t->index_mask];

		if (place->id == TOK_NONE) {
			*place = (struct tok_place){ .hash = hash, .id = id };
			return ERR_OK;
		}
	}
	return err_set(ctx, ERR_LIMIT,
	    "gguf: tokenizer.ggml.tokens[%u]: too many tokens of one hash", id);
}

/* Names of tokens that end a turn, whatever type a file gives them. */
static const char *const end_names[] = { "<|im_end|>", "<|eot_id|>",
	"<|eom_id|>", "<|end_of_text|>", "<|endoftext|>", "</s>",
	"<end_of_turn>", "<|end|>", "<|end_of_turn|>", "<|EOT|>",
	"<|turn_end|>", "<|END_OF_TURN_TOKEN|>" };

#define ENDS_N (sizeof(end_names) / sizeof(end_names[0]))

static bool is_end_name(struct bytes text)
{
	for (size_t i = 0; i < ENDS_N; i++) {
		if (mem_eq_str(text, end_names[i]))
			return true;
	}
	return false;
}

/* Is this token made from text? User-defined blanks of SentencePiece are. */
static bool is_ordinary(const struct tok *t, const struct tok_entry *x)
{
	if (x->type != TOK_USER_DEFINED || t->kind != TOK_SPM)
		return x->type == TOK_NORMAL && x->len > 0;
	for (uint32_t i = 0; i < x->len; i++) {
		if (x->text[i] != ' ' && x->text[i] != '\n' &&
		    x->text[i] != '\t')
			return false;
	}
	return x->len > 0;
}

/* Does an answer show it? */
static bool is_shown(const struct tok_entry *x)
{
	return x->type == TOK_NORMAL || x->type == TOK_USER_DEFINED;
}

/* Fill entry `id` from its text in the file; out is where its bytes may go. */
static enum err add_token(struct tok *t, uint32_t id, struct bytes text,
    uint8_t *out, struct err_ctx *ctx)
{
	struct tok_entry *x = &t->entry[id];

	x->text = out;
	x->len = (uint32_t)text.len;
	if (text.len > TOK_TEXT_LEN_MAX)
		return err_set(ctx, ERR_LIMIT,
		    "gguf: tokenizer.ggml.tokens[%u]: %zu bytes, limit %u", id,
		    text.len, TOK_TEXT_LEN_MAX);
	if (x->type == TOK_NORMAL && is_end_name(text))
		x->type = TOK_CONTROL;
	if (x->type == TOK_BYTE) {
		x->len = 1;
		if (!byte_token(text, out))
			return err_set(ctx, ERR_FORMAT,
			    "gguf: tokenizer.ggml.tokens[%u]: a byte token "
			    "not of the form <0x00>",
			    id);
		t->byte[*out] = id;
		return ERR_OK;
	}
	if (is_shown(x) && t->kind == TOK_SPM) {
		spm_bytes(text, out, &x->len);
	} else if (x->type == TOK_NORMAL) {
		if (!bpe_bytes(text, out, &x->len))
			return err_set(ctx, ERR_FORMAT,
			    "gguf: tokenizer.ggml.tokens[%u]: not in the "
			    "alphabet of byte-level BPE",
			    id);
		if (x->len == 1)
			t->byte[*out] = id;
	} else {
		mem_copy(out, text.p, text.len);
	}
	return is_ordinary(t, x) ? index_add(t, id, ctx) : ERR_OK;
}

static enum err read_types(
    struct tok *t, const struct gguf *g, struct err_ctx *ctx)
{
	const struct gguf_pair *types = NULL, *scores = NULL;
	enum err e = gguf_optional(
	    gguf_array(g, "tokenizer.ggml.token_type", GGUF_I32, &types, ctx));

	if (e == ERR_OK)
		e = gguf_optional(gguf_array(
		    g, "tokenizer.ggml.scores", GGUF_F32, &scores, ctx));
	if (e != ERR_OK)
		return e;
	if ((types != NULL && types->count != t->n) ||
	    (scores != NULL && scores->count != t->n))
		return err_set(ctx, ERR_FORMAT,
		    "gguf: tokenizer.ggml: %u tokens, but %u types and %u "
		    "scores",
		    t->n, types != NULL ? types->count : t->n,
		    scores != NULL ? scores->count : t->n);
	if (t->kind == TOK_SPM && (scores == NULL || types == NULL))
		return err_set(ctx, ERR_FORMAT,
		    "gguf: tokenizer.ggml.scores or token_type is missing");
	for (uint32_t i = 0; i < t->n; i++) {
		uint32_t type =
		    types != NULL ? gguf_item_u32(types, i) : TOK_NORMAL;

		if (type < TOK_NORMAL || type > TOK_BYTE)
			return err_set(ctx, ERR_FORMAT,
			    "gguf: tokenizer.ggml.token_type[%u] is %u", i,
			    type);
		t->entry[i].type = (enum tok_type)type;
		if (scores != NULL)
			t->entry[i].score = gguf_item_f32(scores, i);
	}
	return ERR_OK;
}

static enum err read_tokens(
    struct tok *t, const struct gguf *g, struct err_ctx *ctx)
{
	const struct gguf_pair *tokens;
	struct bytes rest;
	uint8_t *out;
	enum err e =
	    gguf_array(g, "tokenizer.ggml.tokens", GGUF_STRING, &tokens, ctx);

	if (e != ERR_OK)
		return err_set(ctx, e, "gguf: no tokenizer.ggml.tokens");
	t->n = tokens->count;
	if (t->n == 0 || t->n > TOK_VOCABULARY_MAX)
		return err_set(ctx, ERR_LIMIT,
		    "gguf: tokenizer.ggml.tokens: %u, limit 1 to %u", t->n,
		    TOK_VOCABULARY_MAX);
	t->index_mask = table_mask(t->n);
	t->entry = calloc(t->n, sizeof(*t->entry));
	t->text = malloc(tokens->value.len);
	t->index = malloc(((size_t)t->index_mask + 1) * sizeof(*t->index));
	if (t->entry == NULL || t->text == NULL || t->index == NULL)
		return err_set(ctx, ERR_NOMEM, "no memory for %u tokens", t->n);
	memset(t->index, 0xff, ((size_t)t->index_mask + 1) * sizeof(*t->index));
	e = read_types(t, g, ctx);
	rest = tokens->value;
	out = t->text;
	for (uint32_t i = 0; i < t->n && e == ERR_OK; i++) {
		e = add_token(t, i, gguf_next_string(&rest), out, ctx);
		out += t->entry[i].len;
	}
	return e;
}

/* tok_find, but most files list tokens in the order of their merges. */
static uint32_t find_near(
    const struct tok *t, struct bytes text, uint32_t guess)
{
	for (uint32_t i = guess; i < t->n && i - guess < 2; i++) {
		if (t->entry[i].type == TOK_NORMAL &&
		    mem_eq(entry_text(&t->entry[i]), text))
			return i;
	}
	return tok_find(t, text);
}

/*
 * "left right" in the file's alphabet, as the two tokens and, near *result,
 * what they make. That is TOK_NONE for a name of an end of turn, which text does
 * not make: such a merge is left out.
 */
static bool split_merge(const struct tok *t, struct bytes text, uint32_t *left,
    uint32_t *right, uint32_t *result)
{
	uint8_t buf[2 * TOK_TEXT_LEN_MAX];
	struct bytes a = { text.p, 0 }, b;
	uint32_t n, m;

	while (a.len < text.len && text.p[a.len] != ' ')
		a.len++;
	if (a.len == 0 || a.len + 1 >= text.len || text.len > sizeof(buf))
		return false;
	b = mem_skip(text, a.len + 1);
	if (!bpe_bytes(a, buf, &n) || !bpe_bytes(b, buf + n, &m))
		return false;
	*left = tok_find(t, (struct bytes){ buf, n });
	*right = tok_find(t, (struct bytes){ buf + n, m });
	*result = find_near(t, (struct bytes){ buf, n + m }, *result);
	if (*result == TOK_NONE)
		return is_end_name((struct bytes){ buf, n + m });
	return *left != TOK_NONE && *right != TOK_NONE;
}

/* *near: what the merge before made, and then what this one does. */
static enum err add_merge(struct tok *t, uint32_t rank, struct bytes text,
    uint32_t *near, struct err_ctx *ctx)
{
	struct tok_merge new = { .rank = rank, .result = *near };
	uint32_t i;

	if (!split_merge(t, text, &new.left, &new.right, &new.result))
		return err_set(ctx, ERR_FORMAT,
		    "gguf: tokenizer.ggml.merges[%u]: not two tokens that make "
		    "a third",
		    rank);
	if (new.result == TOK_NONE)
		return ERR_OK;
	*near = new.result;
	i = hash_pair(new.left, new.right);
	for (uint32_t probes = 0; probes < PROBES_MAX; probes++, i++) {
		struct tok_merge *m = &t->merge[i & t->merge_mask];

		if (m->left == TOK_NONE) {
			*m = new;
			return ERR_OK;
		}
		if (m->left == new.left && m->right == new.right)
			return ERR_OK; /* named before, at a better rank */
	}
	return err_set(ctx, ERR_LIMIT,
	    "gguf: tokenizer.ggml.merges[%u]: too many merges of one hash",
	    rank);
}

static enum err read_merges(
    struct tok *t, const struct gguf *g, struct err_ctx *ctx)
{
	const struct gguf_pair *merges;
	struct bytes rest;
	uint32_t near = 0;
	enum err e =
	    gguf_array(g, "tokenizer.ggml.merges", GGUF_STRING, &merges, ctx);

	if (e != ERR_OK)
		return err_set(ctx, e, "gguf: no tokenizer.ggml.merges");
	t->merge_mask = table_mask(merges->count);
	t->merge = malloc(((size_t)t->merge_mask + 1) * sizeof(*t->merge));
	if (t->merge == NULL)
		return err_set(
		    ctx, ERR_NOMEM, "no memory for %u merges", merges->count);
	memset(t->merge, 0xff, ((size_t)t->merge_mask + 1) * sizeof(*t->merge));
	rest = merges->value;
	for (uint32_t i = 0; i < merges->count && e == ERR_OK; i++)
		e = add_merge(t, i, gguf_next_string(&rest), &near, ctx);
	for (uint32_t b = 0; b < ASCII_N && e == ERR_OK; b++) {
		if (t->byte[b] == TOK_NONE)
			e = err_set(ctx, ERR_FORMAT,
			    "gguf: tokenizer.ggml.tokens: no token for byte %u",
			    b);
	}
	return e;
}

/* A token's number in the file; the file writes 2^32 - 1 for none. */
static enum err read_id(const struct tok *t, const struct gguf *g,
    const char *key, uint32_t *out, struct err_ctx *ctx)
{
	enum err e;

	*out = TOK_NONE;
	e = gguf_optional(gguf_u32(g, key, out, ctx));
	if (e == ERR_OK && *out != TOK_NONE && *out >= t->n)
		return err_set(ctx, ERR_FORMAT,
		    "gguf: %s is %u, but there are %u tokens", key, *out, t->n);
	return e;
}

static void add_end(struct tok *t, uint32_t id)
{
	if (id != TOK_NONE && !tok_is_end(t, id) && t->end_n < TOK_ENDS_MAX)
		t->end[t->end_n++] = id;
}

/* Numbers of all tokens that text does not yield by itself. */
static enum err list_specials(struct tok *t, struct err_ctx *ctx)
{
	t->special = malloc(t->n * sizeof(*t->special));
	if (t->special == NULL)
		return err_set(ctx, ERR_NOMEM, "no memory for %u tokens", t->n);
	for (uint32_t i = 0; i < t->n; i++) {
		enum tok_type type = t->entry[i].type;

		if (type != TOK_NORMAL && type != TOK_BYTE)
			t->special[t->special_n++] = i;
	}
	return ERR_OK;
}

/* Phi 3's special tokens swallow what follows, but for these three. */
static enum err read_strips(
    struct tok *t, const struct gguf *g, struct err_ctx *ctx)
{
	static const char *const keep[] = { "<unk>", "<s>", "<|endoftext|>" };
	struct bytes architecture = { NULL, 0 };
	enum err e = gguf_optional(
	    gguf_string(g, "general.architecture", &architecture, ctx));

	if (t->kind != TOK_SPM || !mem_eq_str(architecture, "phi3"))
		return e;
	for (uint32_t i = 0; i < t->special_n; i++) {
		struct tok_entry *x = &t->entry[t->special[i]];

		x->strips = true;
		for (size_t k = 0; k < 3; k++)
			x->strips &= !mem_eq_str(entry_text(x), keep[k]);
	}
	return e;
}

static enum err read_specials(
    struct tok *t, const struct gguf *g, struct err_ctx *ctx)
{
	bool bos_wanted;
	uint32_t eot;
	const struct {
		const char *key;
		uint32_t *out;
	} ids[] = {
		{ "tokenizer.ggml.bos_token_id", &t->bos },
		{ "tokenizer.ggml.eos_token_id", &t->eos },
		{ "tokenizer.ggml.unknown_token_id", &t->unknown },
		{ "tokenizer.ggml.eot_token_id", &eot },
	};
	enum err e = list_specials(t, ctx);

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]) && e == ERR_OK; i++)
		e = read_id(t, g, ids[i].key, ids[i].out, ctx);
	if (e != ERR_OK)
		return e;
	add_end(t, t->eos);
	add_end(t, eot);
	for (size_t i = 0; i < ENDS_N; i++)
		add_end(t, tok_special(t, mem_str(end_names[i])));
	bos_wanted = t->kind == TOK_SPM || t->whole_words;
	e = gguf_optional(
	    gguf_bool(g, "tokenizer.ggml.add_bos_token", &bos_wanted, ctx));
	t->add_bos = bos_wanted && t->bos != TOK_NONE;
	if (e == ERR_OK)
		e = gguf_optional(gguf_bool(g,
		    "tokenizer.ggml.add_space_prefix", &t->space_prefix, ctx));
	return e;
}

static enum err read_kind(
    struct tok *t, const struct gguf *g, struct err_ctx *ctx)
{
	struct bytes model = { NULL, 0 }, pre = BYTES_LITERAL("default");
	enum err e = gguf_string(g, "tokenizer.ggml.model", &model, ctx);

	if (e != ERR_OK)
		return err_set(ctx, e, "gguf: no tokenizer.ggml.model");
	e = gguf_optional(gguf_string(g, "tokenizer.ggml.pre", &pre, ctx));
	if (e != ERR_OK)
		return e;
	if (mem_eq_str(model, "llama")) {
		t->kind = TOK_SPM;
		t->space_prefix = true;
		return ERR_OK;
	}
	t->kind = TOK_BPE;
	if (!mem_eq_str(model, "gpt2"))
		return err_set(ctx, ERR_UNSUPPORTED,
		    "gguf: tokenizer.ggml.model is \"%.*s\"; known are llama "
		    "and gpt2",
		    model.len > 32 ? 32 : (int)model.len,
		    (const char *)model.p);
	if (!pretok_by_name(pre, &t->pretok))
		return err_set(ctx, ERR_UNSUPPORTED,
		    "gguf: tokenizer.ggml.pre is \"%.*s\"; known are gpt-2, "
		    "gpt-4o, llama-bpe, qwen2, smollm, starcoder, tekken",
		    pre.len > 32 ? 32 : (int)pre.len, (const char *)pre.p);
	t->whole_words =
	    t->pretok == PRETOK_LLAMA3 || t->pretok == PRETOK_TEKKEN;
	return ERR_OK;
}

enum err tok_init(struct tok *t, const struct gguf *g, struct err_ctx *ctx)
{
	enum err e;

	*t = (struct tok){ .bos = TOK_NONE };
	memset(t->byte, 0xff, sizeof(t->byte));
	e = read_kind(t, g, ctx);
	if (e == ERR_OK)
		e = read_tokens(t, g, ctx);
	if (e == ERR_OK && t->kind == TOK_BPE)
		e = read_merges(t, g, ctx);
	if (e == ERR_OK)
		e = read_specials(t, g, ctx);
	if (e == ERR_OK)
		e = read_strips(t, g, ctx);
	if (e != ERR_OK)
		tok_clear(t);
	return e;
}

void tok_clear(struct tok *t)
{
	free(t->entry);
	free(t->text);
	free(t->index);
	free(t->merge);
	free(t->special);
	*t = (struct tok){ .bos = TOK_NONE };
}

uint32_t tok_special(const struct tok *t, struct bytes text)
{
	for (uint32_t i = 0; i < t->special_n; i++) {
		const struct tok_entry *x = &t->entry[t->special[i]];

		if (mem_eq(entry_text(x), text))
			return t->special[i];
	}
	return TOK_NONE;
}

bool tok_strips(const struct tok *t, uint32_t id)
{
	return id < t->n && t->entry[id].strips;
}

struct bytes tok_stripped(struct bytes text)
{
	while (text.len > 0 &&
	       (text.p[0] == ' ' || (text.p[0] >= '\t' && text.p[0] <= '\r')))
		text = mem_skip(text, 1);
	return text;
}

bool tok_is_end(const struct tok *t, uint32_t id)
{
	for (uint32_t i = 0; i < t->end_n; i++) {
		if (t->end[i] == id)
			return true;
	}
	return false;
}

struct bytes tok_text(const struct tok *t, uint32_t id)
{
	const struct tok_entry *x;

	assert(id < t->n);
	x = &t->entry[id];
	if (!is_shown(x) && x->type != TOK_BYTE)
		return (struct bytes){ NULL, 0 };
	return entry_text(x);
}
