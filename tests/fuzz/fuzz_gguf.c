/*
 * GGUF: a hostile file is refused or opens; one that opens answers a request
 * without leaving its bounds, whatever its weights and vocabulary are.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"
#include "engine/gguf.h"

#define CONTEXT 32

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void serve(struct engine *e)
{
	struct engine_message msg = { ENGINE_USER,
		{ (const uint8_t *)"hell o", 6 } };
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
	struct gguf g;
	void *copy;

	if (size == 0 || posix_memalign(&copy, 64, size) != 0)
		return 0;
	memcpy(copy, data, size);
	opt.image = (struct bytes){ copy, size };
	if (gguf_parse(&g, opt.image, &ctx) == ERR_OK) {
		for (uint32_t i = 0; i < g.tensor_n; i++)
			assert(g.tensor[i].data.p + g.tensor[i].data.len <=
			       (uint8_t *)copy + size);
		gguf_clear(&g);
		ctx = (struct err_ctx){ .code = ERR_OK };
	} else {
		assert(ctx.msg[0] != '\0');
	}
	if (engine_open(&e, &opt, &ctx) == ERR_OK) {
		serve(e);
		engine_close(e);
	} else {
		assert(ctx.msg[0] != '\0');
	}
	free(copy);
	return 0;
}
