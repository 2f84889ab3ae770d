/*
 * An engine that answers with the last message, so many bytes a step, and
 * counts what it was asked. A test that includes this links it in place of the
 * real one.
 */
#ifndef CONFER_TESTS_UNIT_ENCLAVE_FAKE_H
#define CONFER_TESTS_UNIT_ENCLAVE_FAKE_H

#include "test.h"

#include "enclave/worker.h"
#include "engine/engine.h"

#define FAKE_SLOTS    2
#define FAKE_TEXT_MAX 200000

struct engine {
	struct engine_info info;
	struct {
		bool used;
		bool cancelled, told;
		uint8_t text[FAKE_TEXT_MAX];
		size_t len, made, polled;
	} slot[FAKE_SLOTS];
	size_t per_step;
	size_t embed_steps; /* of one text; 0: one */
	enum err refuse;    /* what engine_submit reports, if not ERR_OK */
	const char *why;    /* and its words */
	/* Said by every answer: before its text, at once, and at its end. */
	struct bytes reasoning;
	const struct engine_told *told;
	uint32_t told_n;
	const struct engine_call *call;
	size_t call_n;
	unsigned submits, cancels, releases;
};

static struct engine fake = { .info = { .name = "demo",
				  .context = 4096,
				  .width = 40,
				  .slots = FAKE_SLOTS } };

static inline void fake_reset(size_t per_step)
{
	memset(fake.slot, 0, sizeof(fake.slot));
	fake.per_step = per_step;
	fake.embed_steps = 0;
	fake.refuse = ERR_OK;
	fake.why = "prompt of 9 tokens, at most 8";
	fake.reasoning = (struct bytes){ NULL, 0 };
	fake.told_n = 0;
	fake.call_n = 0;
	fake.submits = fake.cancels = fake.releases = 0;
}

const struct engine_info *engine_info(const struct engine *e)
{
	return &e->info;
}

enum err engine_submit(struct engine *e, const struct engine_request *req,
    int *slot, struct err_ctx *ctx)
{
	struct bytes text = req->message[req->message_n - 1].text;

	*slot = -1;
	e->submits++;
	if (e->refuse != ERR_OK)
		return err_set(ctx, e->refuse, "%s", e->why);
	for (int i = 0; i < FAKE_SLOTS; i++) {
		if (e->slot[i].used)
			continue;
		e->slot[i].used = true;
		e->slot[i].len = text.len;
		memcpy(e->slot[i].text, text.p, text.len);
		*slot = i;
		return ERR_OK;
	}
	return ERR_BUSY;
}

uint32_t engine_step(struct engine *e)
{
	uint32_t moved = 0;

	for (int i = 0; i < FAKE_SLOTS; i++) {
		size_t n = e->slot[i].len - e->slot[i].made;
		size_t waiting = e->slot[i].made - e->slot[i].polled;

		if (n > e->per_step)
			n = e->per_step;
		if (n > ENGINE_OUTPUT_MAX - waiting)
			n = ENGINE_OUTPUT_MAX - waiting;
		if (!e->slot[i].used || e->slot[i].cancelled || n == 0)
			continue;
		e->slot[i].made += n;
		moved++;
	}
	return moved;
}

void engine_poll(struct engine *e, int slot, struct engine_output *out)
{
	size_t n = e->slot[slot].made - e->slot[slot].polled;

	*out = (struct engine_output){ .prompt_tokens = 5,
		.completion_tokens = (uint32_t)e->slot[slot].made };
	out->text =
	    (struct bytes){ e->slot[slot].text + e->slot[slot].polled, n };
	e->slot[slot].polled += n;
	if (!e->slot[slot].told) {
		e->slot[slot].told = true;
		out->reasoning = e->reasoning;
		out->told = e->told;
		out->told_n = e->told_n;
	}
	if (e->slot[slot].cancelled)
		out->finish = ENGINE_CANCELLED;
	else if (e->slot[slot].made == e->slot[slot].len)
		out->finish = e->call_n > 0 ? ENGINE_CALLS : ENGINE_STOP;
	if (out->finish == ENGINE_CALLS) {
		out->call = e->call;
		out->call_n = e->call_n;
	}
}

void engine_cancel(struct engine *e, int slot)
{
	e->slot[slot].cancelled = true;
	e->cancels++;
}

void engine_release(struct engine *e, int slot)
{
	memset(&e->slot[slot], 0, sizeof(e->slot[slot]));
	e->releases++;
}

/* Vectors count up from the text's length; as many tokens as it has bytes. */
enum err engine_embed_begin(struct engine *e, struct bytes text, int *slot,
    uint32_t *tokens, struct err_ctx *ctx)
{
	*tokens = 0;
	*slot = -1;
	if (e->refuse != ERR_OK)
		return err_set(ctx, e->refuse, "%s", e->why);
	for (int i = 0; i < FAKE_SLOTS && *slot < 0; i++)
		*slot = e->slot[i].used ? -1 : i;
	if (*slot < 0)
		return ERR_BUSY;
	e->slot[*slot].used = true;
	e->slot[*slot].cancelled = true; /* no answer moves */
	e->slot[*slot].len = text.len;
	*tokens = (uint32_t)text.len;
	return ERR_OK;
}

bool engine_embed_step(struct engine *e, int slot, float *out)
{
	for (uint32_t i = 0; i < e->info.width; i++)
		out[i] = (float)e->slot[slot].len + (float)i / 4;
	e->slot[slot].made++;
	if (e->slot[slot].made < e->embed_steps)
		return false;
	memset(&e->slot[slot], 0, sizeof(e->slot[slot]));
	return true;
}

/* Does the memory at p hold this text anywhere? */
static inline bool holds(const void *p, size_t len, const char *text)
{
	return memmem(p, len, text, strlen(text)) != NULL;
}

#endif
