/*
 * Opening and closing an engine: the file, the tables, and one stretch of
 * memory for all that the slots will ever need.
 */
#include <stdlib.h>

#include "base/assert.h"
#include "engine/slot.h"

#define CONTEXT_DEFAULT 4096
#define LINE            64 /* bytes; what every part of the memory starts on */
#define TEXT_PER_TOKEN  16 /* bytes; English has 4, white space up to 100 */
#define TEXT_MIN        4096

static enum err check_options(
    const struct engine_options *opt, struct err_ctx *ctx)
{
	if ((opt->path == NULL) == (opt->image.p == NULL))
		return err_set(ctx, ERR_FORMAT,
		    "engine: one of path and image must be given");
	if (opt->image.p != NULL && (uintptr_t)opt->image.p % LINE != 0)
		return err_set(ctx, ERR_FORMAT,
		    "engine: the image is not aligned to %u bytes", LINE);
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
	bool avx2 = plain_have_avx2();

	if (want == ENGINE_KERNELS_AVX2 && !avx2)
		return err_set(ctx, ERR_UNSUPPORTED,
		    "engine: this CPU has no AVX2, FMA and F16C");
	e->run.kernels = avx2 && want != ENGINE_KERNELS_SCALAR
			     ? &plain_avx2
			     : &plain_scalar;
	return ERR_OK;
}

static enum err read_chat(struct engine *e, struct err_ctx *ctx)
{
	struct bytes tmpl = { NULL, 0 };
	enum err err =
	    gguf_string(&e->gguf, "tokenizer.chat_template", &tmpl, ctx);

	if (err != ERR_OK && err != ERR_NOTFOUND)
		return err;
	return chat_detect(&e->chat, tmpl, ctx);
}

static enum err read_model(struct engine *e, struct err_ctx *ctx)
{
	enum err err = gguf_parse(&e->gguf, e->image, ctx);

	if (err == ERR_OK)
		err = model_load(&e->model, &e->gguf, ctx);
	if (err == ERR_OK)
		err = tok_init(&e->tok, &e->gguf, ctx);
	if (err == ERR_OK && e->tok.n != e->model.vocabulary)
		err = err_set(ctx, ERR_FORMAT,
		    "gguf: %u tokens, but token_embd.weight has %u rows",
		    e->tok.n, e->model.vocabulary);
	if (err == ERR_OK)
		err = read_chat(e, ctx);
	return err;
}

/* Printable ASCII of a string in the file. */
static void set_name(char out[ENGINE_NAME_LEN_MAX], const struct gguf *g,
    const char *key, const char *otherwise)
{
	struct bytes s = { (const uint8_t *)otherwise, mem_strlen(otherwise) };
	size_t n;

	if (gguf_string(g, key, &s, NULL) != ERR_OK)
		s = (struct bytes){ (const uint8_t *)otherwise,
			mem_strlen(otherwise) };
	n = s.len < ENGINE_NAME_LEN_MAX ? s.len : ENGINE_NAME_LEN_MAX - 1;
	for (size_t i = 0; i < n; i++)
		out[i] = s.p[i] >= ' ' && s.p[i] <= '~' ? (char)s.p[i] : '?';
	out[n] = '\0';
}

static void set_info(struct engine *e, const struct engine_options *opt)
{
	struct engine_info *i = &e->info;
	uint32_t context =
	    opt->context_max != 0 ? opt->context_max : CONTEXT_DEFAULT;

	set_name(i->name, &e->gguf, "general.name", "model");
	set_name(i->architecture, &e->gguf, "general.architecture", "");
	i->chat = chat_name(e->chat.family);
	i->kernels = e->run.kernels->name;
	i->file_len = e->image.len;
	i->parameters = e->model.parameters;
	i->vocabulary = e->tok.n;
	i->context = context < e->model.trained_context
			 ? context
			 : e->model.trained_context;
	i->threads = opt->threads != 0 ? opt->threads : 1;
	i->slots = opt->slots != 0 ? opt->slots : 1;
}

/* ---- memory ---- */

/* Counts with base NULL, hands out with the real base. */
struct carver {
	uint8_t *base;
	size_t len;
};

static void *carve(struct carver *c, size_t n, size_t size)
{
	void *p = c->base != NULL ? c->base + c->len : NULL;

	c->len += (n * size + LINE - 1) / LINE * LINE;
	return p;
}

static void lay_out_slots(struct engine *e, struct carver *c)
{
	uint32_t context = e->info.context;

	for (uint32_t i = 0; i < e->info.slots; i++) {
		uint32_t *token = carve(c, context, sizeof(*token));
		float *kv =
		    carve(c, model_kv_n(&e->model, context), sizeof(*kv));

		if (c->base == NULL)
			continue;
		e->slot[i].token = token;
		e->slot[i].kv = kv;
	}
}

static void lay_out(struct engine *e, struct carver *c)
{
	const struct engine_info *i = &e->info;
	size_t text = (size_t)i->context * TEXT_PER_TOKEN;

	e->text_max = text < TEXT_MIN              ? TEXT_MIN
		      : text > ENGINE_TEXT_LEN_MAX ? ENGINE_TEXT_LEN_MAX
						   : text;
	e->work_n = model_work_n(&e->model, i->context, i->threads);
	e->slot = carve(c, i->slots, sizeof(*e->slot));
	e->rope_table = carve(
	    c, (size_t)i->context * e->model.rope, sizeof(*e->rope_table));
	e->work = carve(c, e->work_n, sizeof(*e->work));
	e->logits =
	    carve(c, (size_t)i->slots * i->vocabulary, sizeof(*e->logits));
	e->item = carve(c, i->vocabulary, sizeof(*e->item));
	e->row = carve(c, MODEL_BATCH_MAX, sizeof(*e->row));
	e->row_slot = carve(c, MODEL_BATCH_MAX, sizeof(*e->row_slot));
	e->tok_memory = carve(c, tok_work_len(e->text_max), 1);
	e->render = carve(c, e->text_max, 1);
	lay_out_slots(e, c);
}

static enum err take_memory(struct engine *e, struct err_ctx *ctx)
{
	struct carver count = { NULL, 0 };
	struct carver real = { NULL, 0 };
	enum err err;

	lay_out(e, &count);
	err = pages_alloc(&e->memory, count.len);
	if (err != ERR_OK)
		return err_set(ctx, err,
		    "engine: no memory: %u slots of %u tokens need %zu MiB",
		    e->info.slots, e->info.context, count.len >> 20);
	real.base = e->memory.p;
	lay_out(e, &real);
	assert(real.len == count.len);
	tok_work_init(&e->tok_work, e->tok_memory, e->text_max);
	model_rope_table(&e->model, e->info.context, e->rope_table);
	e->info.slot_len =
	    sizeof(struct slot) + e->info.context * sizeof(uint32_t) +
	    model_kv_n(&e->model, e->info.context) * sizeof(float);
	e->info.total_len = e->image.len + e->memory.len;
	return ERR_OK;
}

static enum err open_all(
    struct engine *e, const struct engine_options *opt, struct err_ctx *ctx)
{
	enum err err = check_options(opt, ctx);

	if (err == ERR_OK)
		err = choose_kernels(e, opt->kernels, ctx);
	if (err == ERR_OK && opt->path != NULL)
		err = pages_load(&e->file, opt->path, ctx);
	if (err != ERR_OK)
		return err;
	e->image = opt->path != NULL ? (struct bytes){ e->file.p, e->file.len }
				     : opt->image;
	err = read_model(e, ctx);
	if (err != ERR_OK)
		return err;
	set_info(e, opt);
	err = take_memory(e, ctx);
	if (err != ERR_OK)
		return err;
	err = pool_new(&e->pool, e->info.threads, false);
	if (err != ERR_OK)
		return err_set(ctx, err, "engine: cannot start %u threads",
		    e->info.threads);
	e->run.model = &e->model;
	e->run.pool = e->pool;
	e->run.context = e->info.context;
	e->run.threads = e->info.threads;
	e->run.rope_table = e->rope_table;
	e->run.work = e->work;
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
	if (e->slot != NULL && e->memory.p != NULL) {
		for (uint32_t i = 0; i < e->info.slots; i++) {
			if (e->slot[i].used)
				engine_release(e, (int)i);
		}
	}
	pool_free(e->pool);
	pages_free(&e->memory);
	tok_clear(&e->tok);
	model_clear(&e->model);
	gguf_clear(&e->gguf);
	pages_free(&e->file);
	free(e);
}

const struct engine_info *engine_info(const struct engine *e)
{
	return &e->info;
}

struct bytes engine_image(const struct engine *e)
{
	return e->image;
}
