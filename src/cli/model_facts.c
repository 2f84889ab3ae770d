/* See model_facts.h. */
#include "cli/model_facts.h"

#include <string.h>

#include "base/fmt.h"
#include "engine/kv.h"
#include "engine/weights.h"

#define KEY_MAX 128

/* A text of the file, printable ASCII or a question mark. */
static void read_text(
    char out[MODEL_SAID_MAX], const struct gguf *g, const char *key)
{
	struct bytes text = { NULL, 0 };
	size_t n = 0;

	if (gguf_string(g, key, &text, NULL) != ERR_OK)
		text.len = 0;
	for (; n < text.len && n + 1 < MODEL_SAID_MAX; n++)
		out[n] = text.p[n] >= ' ' && text.p[n] < 0x7f ? (char)text.p[n]
							      : '?';
	out[n] = '\0';
}

static const char *key_of(
    char key[KEY_MAX], const struct model_facts *f, const char *name)
{
	(void)fmt_print(key, KEY_MAX, "%s.%s", f->architecture, name);
	return key;
}

static void read_number(const struct model_facts *f, const struct gguf *g,
    const char *name, uint32_t *out)
{
	char key[KEY_MAX];

	if (gguf_u32(g, key_of(key, f, name), out, NULL) != ERR_OK)
		return; /* *out stays: the file does not say */
}

static void read_float(const struct model_facts *f, const struct gguf *g,
    const char *name, float *out)
{
	char key[KEY_MAX];

	if (gguf_f32(g, key_of(key, f, name), out, NULL) != ERR_OK)
		return; /* likewise */
}

static void read_keys(struct model_facts *f, const struct gguf *g)
{
	char key[KEY_MAX];

	read_text(f->name, g, "general.name");
	read_text(f->architecture, g, "general.architecture");
	read_text(f->tokenizer, g, "tokenizer.ggml.model");
	read_text(f->pretok, g, "tokenizer.ggml.pre");
	read_text(f->scaling, g, key_of(key, f, "rope.scaling.type"));
	read_number(f, g, "context_length", &f->context);
	read_number(f, g, "embedding_length", &f->width);
	read_number(f, g, "feed_forward_length", &f->hidden);
	read_number(f, g, "block_count", &f->blocks);
	read_number(f, g, "attention.head_count", &f->heads);
	f->kv_heads = f->heads;
	read_number(f, g, "attention.head_count_kv", &f->kv_heads);
	f->head = f->heads != 0 ? f->width / f->heads : 0;
	read_number(f, g, "attention.key_length", &f->head);
	f->rope = f->head;
	read_number(f, g, "rope.dimension_count", &f->rope);
	read_number(f, g, "attention.sliding_window", &f->window);
	read_number(
	    f, g, "rope.scaling.original_context_length", &f->original_context);
	read_float(f, g, "rope.freq_base", &f->rope_base);
	read_float(f, g, "rope.scaling.factor", &f->scaling_factor);
	f->has_rope_freqs = gguf_tensor(g, "rope_freqs.weight") != NULL;
}

static struct err_ctx *next_why(struct model_facts *f)
{
	f->why[f->why_n] = (struct err_ctx){ .code = ERR_OK };
	return &f->why[f->why_n];
}

/* Keep a reason that has been given. */
static void judged(struct model_facts *f, enum err e)
{
	if (e != ERR_OK)
		f->why_n++;
}

/* What the engine makes of the shape goes before what the file says. */
static void read_shape(struct model_facts *f, const struct gguf *g)
{
	struct err_ctx *why = next_why(f);
	struct shape s;
	struct kv_shape kv;
	enum err e = weights_plan(g, &s, &f->memory_len, why);

	if (g->tensor_n == 0) {
		*why = (struct err_ctx){ .code = ERR_OK };
		e = err_set(why, ERR_UNSUPPORTED,
		    "gguf: no tensors: this is a vocabulary alone");
	}
	judged(f, e);
	if (s.family == NULL)
		return;
	f->window = s.window;
	f->rope_base = s.rope_base;
	f->head = s.head;
	f->rope = s.rope;
	if (s.scaling.kind == ROPE_LONGROPE)
		(void)fmt_print(f->scaling, MODEL_SAID_MAX, "longrope");
	kv = (struct kv_shape){ s.blocks, s.kv_heads, s.head };
	f->kv_len = (uint64_t)kv_page_len(&kv) * MODEL_KV_TOKENS / KERNEL_PAGE;
}

static void read_tensors(struct model_facts *f, const struct gguf *g)
{
	const bool tied = gguf_tensor(g, "output.weight") == NULL;

	for (uint32_t i = 0; i < g->tensor_n; i++) {
		const struct gguf_tensor *t = &g->tensor[i];
		uint64_t n = 1;

		for (uint32_t d = 0; d < GGUF_RANK_MAX; d++)
			n *= t->dim[d];
		f->parameters += n;
		f->weights_len += t->len;
		if (tied || !mem_eq_str(t->name, "token_embd.weight"))
			f->read_len += t->len;
		if ((unsigned)t->type < MODEL_TYPES_MAX) {
			f->type[t->type].tensors++;
			f->type[t->type].len += t->len;
		}
	}
}

static void read_tokenizer(struct model_facts *f, const struct gguf *g)
{
	const struct gguf_pair *tokens = gguf_find(g, "tokenizer.ggml.tokens");
	struct err_ctx *why = next_why(f);
	enum err e = tok_init(&f->tok, g, why);

	if (tokens != NULL)
		f->vocabulary = tokens->count;
	if (e == ERR_NOTFOUND && why->msg[0] == '\0')
		(void)err_set(why, e, "gguf: there is no vocabulary");
	judged(f, e);
}

static void read_template(struct model_facts *f, const struct gguf *g)
{
	struct bytes text = { NULL, 0 };

	if (gguf_string(g, "tokenizer.chat_template", &text, NULL) != ERR_OK)
		text.len = 0;
	judged(f, chat_detect(&f->chat, text, next_why(f)));
}

void model_facts_read(struct model_facts *f, const struct gguf *g)
{
	*f = (struct model_facts){ .parameters = 0 };
	read_keys(f, g);
	read_shape(f, g);
	read_tensors(f, g);
	read_tokenizer(f, g);
	read_template(f, g);
}

void model_facts_clear(struct model_facts *f)
{
	tok_clear(&f->tok);
}
