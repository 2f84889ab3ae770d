/*
 * GGUF: a hostile file is refused or loads, within memory that its own length
 * bounds; every byte of one that loads was seen. One that the engine opens
 * answers a request without leaving its bounds, whatever its weights and
 * vocabulary are.
 */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"
#include "engine/rope.h"
#include "engine/weights.h"

#define CONTEXT   32
#define SPARE_LEN (16u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void see(void *cookie, struct bytes next)
{
	*(size_t *)cookie += next.len;
}

/* What a loaded model promises to those who compute with it. */
static void check_weights(const struct weights *w, size_t file_len)
{
	const struct shape *s = &w->shape;
	float *table;

	assert(w->memory.len <= 2 * file_len + SPARE_LEN);
	assert(s->heads % s->kv_heads == 0 && s->rope % 2 == 0);
	assert(s->rope <= s->head && s->head <= SHAPE_HEAD_MAX);
	for (uint32_t i = 0; i < s->blocks; i++) {
		assert(w->block[i].attn_norm != NULL);
		assert(w->block[i].q.rows == s->heads * s->head);
		assert(w->block[i].down.cols == s->hidden);
	}
	assert(w->output.rows == s->vocabulary);
	table = malloc((size_t)CONTEXT * s->rope * sizeof(*table));
	for (int local = 0; local < 2; local++) {
		rope_table(table, s, local, weights_rope_factors(w, CONTEXT),
		    (struct rope_range){ 0, CONTEXT });
		for (size_t i = 0; i < (size_t)CONTEXT * s->rope; i++)
			assert(isfinite(table[i]));
	}
	free(table);
}

static void load(struct bytes image)
{
	struct err_ctx ctx = { .code = ERR_OK };
	struct model_file src;
	struct weights w;
	struct gguf g;
	size_t seen = 0;

	model_file_image(&src, image);
	src.seen = see;
	src.cookie = &seen;
	if (gguf_read_head(&g, &src, &ctx) != ERR_OK) {
		assert(ctx.msg[0] != '\0');
		return;
	}
	for (uint32_t i = 0; i < g.tensor_n; i++)
		assert(g.tensor[i].at >= g.head_len &&
		       g.tensor[i].len <= image.len - g.tensor[i].at);
	if (weights_read(&w, &g, &src, &ctx) == ERR_OK) {
		assert(seen == image.len);
		check_weights(&w, image.len);
		weights_clear(&w);
	} else {
		assert(ctx.msg[0] != '\0');
	}
	gguf_clear(&g);
}

static void serve(struct engine *e)
{
	struct engine_message msg = { .role = ENGINE_USER,
		.text = { (const uint8_t *)"hell o", 6 } };
	struct engine_request req = { .message = &msg,
		.message_n = 1,
		.sampling = { .temperature = 1, .top_p = 0.9f, .min_p = 0.01f },
		.max_tokens = 3 };
	struct engine_output out;
	int slot;

	if (engine_submit(e, &req, &slot, NULL) != ERR_OK)
		return;
	while (engine_step(e) != 0)
		engine_poll(e, slot, &out);
	engine_poll(e, slot, &out);
	assert(out.finish == ENGINE_STOP || out.finish == ENGINE_LENGTH);
	engine_release(e, slot);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct engine_options opt = { .context_max = CONTEXT };
	struct err_ctx ctx = { .code = ERR_OK };
	struct engine *e;
	void *copy;

	if (size == 0 || posix_memalign(&copy, 64, size) != 0)
		return 0;
	memcpy(copy, data, size);
	opt.image = (struct bytes){ copy, size };
	load(opt.image);
	if (engine_open(&e, &opt, &ctx) == ERR_OK) {
		serve(e);
		engine_close(e);
	} else {
		assert(ctx.msg[0] != '\0');
	}
	free(copy);
	return 0;
}
