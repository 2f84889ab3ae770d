/*
 * Opening and closing an engine: the file, the tables, and one stretch of
 * memory for all that the slots will ever need.
 */
#include <malloc.h>
#include <stdlib.h>

#include "base/assert.h"
#include "engine/slot.h"

#define CONTEXT_DEFAULT 4096
#define TEXT_PER_TOKEN  16 /* bytes; English has 4, white space up to 100 */
#define TEXT_MIN        4096

static enum err check_options(
    const struct engine_options *opt, struct err_ctx *ctx)
{
	if ((opt->path == NULL) == (opt->image.p == NULL))
		return err_set(ctx, ERR_FORMAT,
		    "engine: one of path and image must be given");
	if (opt->threads > ENGINE_THREADS_MAX)
		return err_set(ctx, ERR_LIMIT, "engine: %u threads, limit %u",
		    opt->threads, ENGINE_THREADS_MAX);
	if (opt->slots > ENGINE_SLOTS_MAX)
		return err_set(ctx, ERR_LIMIT, "engine: %u slots, limit %u",
		    opt->slots, ENGINE_SLOTS_MAX);
	if (opt->context_max > ENGINE_CONTEXT_MAX)
		return err_set(ctx, ERR_LIMIT,
		    "engine: a context of %u tokens, limit %u",
		    opt->context_max, ENGINE_CONTEXT_MAX);
	return ERR_OK;
}

static enum err choose_kernels(
    struct engine *e, enum engine_kernels want, struct err_ctx *ctx)
{
	const struct {
		const struct kernels *kernels;
		bool have;
		const char *needs;
	} choice[] = {
		[ENGINE_KERNELS_AUTO] = { kernels_best(), true, "" },
		[ENGINE_KERNELS_SCALAR] = { &kernels_scalar, true, "" },
		[ENGINE_KERNELS_AVX2] = { &kernels_avx2, kernels_have_avx2(),
		    "AVX2, FMA and F16C" },
		[ENGINE_KERNELS_AVX512] = { &kernels_avx512,
		    kernels_have_avx512(), "AVX-512 with VNNI" },
	};

	if ((size_t)want >= sizeof(choice) / sizeof(choice[0]))
		return err_set(ctx, ERR_FORMAT, "engine: no such kernels");
	if (!choice[want].have)
		return err_set(ctx, ERR_UNSUPPORTED,
		    "engine: this CPU has no %s", choice[want].needs);
	e->kernels = choice[want].kernels;
	return ERR_OK;
}

/* ---- the file ------------------------------------------------------------- */

static enum err read_chat(
    struct engine *e, const struct gguf *g, struct err_ctx *ctx)
{
	struct bytes tmpl = { NULL, 0 };
	enum err err = gguf_optional(
	    gguf_string(g, "tokenizer.chat_template", &tmpl, ctx));

	return err == ERR_OK ? chat_detect(&e->chat, tmpl, ctx) : err;
}

/* Printable ASCII of a string in the file. */
static void set_name(char out[ENGINE_NAME_LEN_MAX], const struct gguf *g,
    const char *key, const char *otherwise)
{
	struct bytes s;
	size_t n;

	if (gguf_string(g, key, &s, NULL) != ERR_OK)
		s = mem_str(otherwise);
	n = s.len < ENGINE_NAME_LEN_MAX ? s.len : ENGINE_NAME_LEN_MAX - 1;
	for (size_t i = 0; i < n; i++)
		out[i] = s.p[i] >= ' ' && s.p[i] <= '~' ? (char)s.p[i] : '?';
	out[n] = '\0';
}

/* Small things first: what is wrong is said before gigabytes are read. */
static enum err read_parts(struct engine *e, const struct gguf *g,
    struct model_file *file, struct err_ctx *ctx)
{
	enum err err = tok_init(&e->tok, g, ctx);

	if (err == ERR_OK)
		err = read_chat(e, g, ctx);
	if (err == ERR_OK)
		err = weights_read(&e->weights, g, file, ctx);
	if (err == ERR_OK && e->tok.n != e->weights.shape.vocabulary)
		err = err_set(ctx, ERR_FORMAT,
		    "gguf: %u tokens, but token_embd.weight has %u rows",
		    e->tok.n, e->weights.shape.vocabulary);
	set_name(e->info.name, g, "general.name", "model");
	set_name(e->info.architecture, g, "general.architecture", "");
	return err;
}

static enum err read_model(
    struct engine *e, const struct engine_options *opt, struct err_ctx *ctx)
{
	struct model_file file = { .fd = -1 };
	struct gguf g = { .pair = NULL };
	enum err err = ERR_OK;

	if (opt->path != NULL)
		err = model_file_open(&file, opt->path, ctx);
	else
		model_file_image(&file, opt->image);
	file.seen = opt->seen;
	file.cookie = opt->seen_cookie;
	if (err == ERR_OK)
		err = gguf_read_head(&g, &file, ctx);
	if (err == ERR_OK)
		err = read_parts(e, &g, &file, ctx);
	e->info.file_len = file.len;
	gguf_clear(&g);
	model_file_close(&file);
	return err;
}

static void set_info(struct engine *e, const struct engine_options *opt)
{
	const struct shape *shape = &e->weights.shape;
	struct engine_info *i = &e->info;

	i->chat = chat_name(e->chat.family);
	i->kernels = e->kernels->name;
	i->parameters = e->weights.parameters;
	i->vocabulary = e->tok.n;
	i->width = shape->width;
	i->context = opt->context_max != 0 ? opt->context_max : CONTEXT_DEFAULT;
	if (i->context > shape->trained_context)
		i->context = shape->trained_context;
	i->threads = opt->threads != 0 ? opt->threads : 1;
	i->slots = opt->slots != 0 ? opt->slots : 1;
	e->speculate = opt->speculate;
}

/* ---- memory --------------------------------------------------------------- */

/* What one slot has for itself, keys and values apart. */
static void lay_out_slot(
    struct engine *e, struct slot *s, struct pages_carver *c)
{
	uint32_t context = e->info.context;
	uint32_t *token = pages_carve(c, context, sizeof(*token));
	uint8_t **page = pages_carve(c, kv_pages_for(context), sizeof(*page));

	if (c->base == NULL)
		return;
	s->token = token;
	s->kv.page = page;
	s->kv.cap = kv_pages_for(context);
}

static void lay_out(struct engine *e, struct pages_carver *c)
{
	const struct engine_info *i = &e->info;
	size_t text = (size_t)i->context * TEXT_PER_TOKEN;

	e->text_max = text < TEXT_MIN              ? TEXT_MIN
		      : text > ENGINE_TEXT_LEN_MAX ? ENGINE_TEXT_LEN_MAX
						   : text;
	e->logits_max = i->slots + (e->speculate ? SLOT_GUESSES_MAX : 0);
	e->logits_len = (size_t)e->logits_max * i->vocabulary;
	if (e->logits_len < i->width)
		e->logits_len = i->width;
	e->slot = pages_carve(c, i->slots, sizeof(*e->slot));
	e->logits = pages_carve(c, e->logits_len, sizeof(*e->logits));
	e->raw = pages_carve(c, i->vocabulary, sizeof(*e->raw));
	e->item = pages_carve(c, SAMPLE_FEW, sizeof(*e->item));
	e->seen = pages_carve(c, i->vocabulary / 8 + 1, 1);
	e->row = pages_carve(c, FORWARD_ROWS_MAX, sizeof(*e->row));
	e->run = pages_carve(c, i->slots, sizeof(*e->run));
	e->tok_memory = pages_carve(c, tok_work_len(e->text_max), 1);
	e->render = pages_carve(c, e->text_max, 1);
	e->grammar_n =
	    i->slots < SLOT_GRAMMARS_MAX ? i->slots : SLOT_GRAMMARS_MAX;
	e->grammar_step =
	    (grammar_len() + PAGES_LINE - 1) / PAGES_LINE * PAGES_LINE;
	e->grammar = pages_carve(c, e->grammar_n, e->grammar_step);
	for (uint32_t k = 0; k < i->slots; k++)
		lay_out_slot(e, e->slot != NULL ? &e->slot[k] : NULL, c);
}

static enum err take_memory(struct engine *e, struct err_ctx *ctx)
{
	struct pages_carver count = { NULL, 0 };
	struct pages_carver real = { NULL, 0 };
	enum err err;

	lay_out(e, &count);
	err = pages_alloc(&e->memory, count.len);
	if (err != ERR_OK)
		return err_set(ctx, err,
		    "engine: no memory: %u slots need %zu MiB", e->info.slots,
		    count.len >> 20);
	real.base = e->memory.p;
	lay_out(e, &real);
	assert(real.len == count.len);
	tok_work_init(&e->tok_work, e->tok_memory, e->text_max);
	return ERR_OK;
}

/*
 * Keys and values: the whole context of every slot, or as much as may be spent.
 * A context longer than all of that can never be used, so it shrinks.
 */
static enum err take_kv(struct engine *e, uint64_t len, struct err_ctx *ctx)
{
	const struct shape *s = &e->weights.shape;
	const struct kv_shape shape = {
		.blocks = s->blocks, .heads = s->kv_heads, .head = s->head
	};
	uint64_t page_len = kv_page_len(&shape);
	uint32_t n = e->info.slots * kv_pages_for(e->info.context);
	enum err err;

	if (len != 0 && len < page_len)
		return err_set(ctx, ERR_LIMIT,
		    "engine: kv_len is %llu, but %u tokens take %llu bytes",
		    (unsigned long long)len, KERNEL_PAGE,
		    (unsigned long long)page_len);
	if (len != 0 && len / page_len < n)
		n = (uint32_t)(len / page_len);
	if (e->info.context > n * KERNEL_PAGE)
		e->info.context = n * KERNEL_PAGE;
	err = kv_init(&e->kv, &shape, n);
	if (err != ERR_OK)
		return err_set(ctx, err,
		    "engine: no memory: keys and values of %u tokens need "
		    "%llu MiB",
		    n * KERNEL_PAGE, (unsigned long long)(n * page_len >> 20));
	return ERR_OK;
}

/* What malloc gave the tokenizer and the grammars' list of its tokens. */
static size_t tables_len(const struct engine *e)
{
	const struct tok *t = &e->tok;
	const struct grammar_vocabulary *v = &e->words;
	void *const part[] = { t->entry, t->text, t->index, t->merge,
		t->special, v->plain.token, v->plain.shared, v->other.token,
		v->other.shared, v->chars, v->plain_set, v->allowed,
		e->weights.block };
	size_t len = 0;

	for (size_t i = 0; i < sizeof(part) / sizeof(part[0]); i++)
		len += malloc_usable_size(part[i]);
	return len;
}

static void count_memory(struct engine *e)
{
	struct engine_info *i = &e->info;
	uint32_t pages = kv_pages_for(i->context);

	i->slot_len = sizeof(struct slot) + i->context * sizeof(uint32_t) +
		      pages * (sizeof(uint8_t *) + e->kv.page_len);
	i->total_len = e->weights.memory.len + e->forward.memory.len +
		       e->kv.memory.len + e->memory.len + tables_len(e);
}

static enum err open_all(
    struct engine *e, const struct engine_options *opt, struct err_ctx *ctx)
{
	enum err err = check_options(opt, ctx);

	if (err == ERR_OK)
		err = choose_kernels(e, opt->kernels, ctx);
	if (err == ERR_OK)
		err = read_model(e, opt, ctx);
	if (err != ERR_OK)
		return err;
	set_info(e, opt);
	err = take_kv(e, opt->kv_len, ctx);
	if (err == ERR_OK)
		err = take_memory(e, ctx);
	if (err != ERR_OK)
		return err;
	err = grammar_vocabulary_init(&e->words, &e->tok);
	if (err != ERR_OK)
		return err_set(ctx, err, "engine: no memory for grammars");
	err = pool_new(&e->pool, e->info.threads, opt->pin);
	if (err != ERR_OK)
		return err_set(ctx, err, "engine: cannot start %u threads",
		    e->info.threads);
	err = forward_init(&e->forward, &e->weights, e->kernels, e->pool,
	    e->info.context, FORWARD_ROWS_MAX);
	if (err != ERR_OK)
		return err_set(ctx, err, "engine: no memory for activations");
	count_memory(e);
	return ERR_OK;
}

enum err engine_open(
    struct engine **out, const struct engine_options *opt, struct err_ctx *ctx)
{
	struct engine *e = calloc(1, sizeof(*e));
	enum err err;

	*out = NULL;
	if (e == NULL)
		return err_set(ctx, ERR_NOMEM, "engine: no memory");
	err = open_all(e, opt, ctx);
	if (err == ERR_OK)
		*out = e;
	else
		engine_close(e);
	return err;
}

void engine_close(struct engine *e)
{
	if (e == NULL)
		return;
	if (e->forward.work != NULL) {
		for (uint32_t i = 0; i < e->info.slots; i++) {
			if (e->slot[i].used)
				engine_release(e, (int)i);
		}
	}
	forward_clear(&e->forward);
	pool_free(e->pool);
	grammar_vocabulary_clear(&e->words);
	pages_free(&e->memory);
	kv_clear(&e->kv);
	weights_clear(&e->weights);
	tok_clear(&e->tok);
	free(e);
}

const struct engine_info *engine_info(const struct engine *e)
{
	return &e->info;
}
