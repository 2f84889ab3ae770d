/* Requests in slots: answers, fairness, independence, limits. */
#include "base/utf8.h"
#include "engine_test.h"

#include "tiny_model.h"

#define ANSWER_MAX 65536

struct reply {
	char text[ANSWER_MAX];
	size_t len;
	struct engine_output last;
};

static struct bytes image;
static const struct tiny chatml = { .type = GGUF_TENSOR_Q8_0,
	.chat_template = TINY_CHATML };
static const struct tiny plain = { .type = GGUF_TENSOR_F32 };
static const struct tiny spm = { .type = GGUF_TENSOR_F16, .spm = true };

static struct engine *open_tiny(
    const struct tiny *t, uint32_t slots, uint32_t threads)
{
	struct engine_options opt = { .slots = slots, .threads = threads };

	image = tiny_model(t);
	opt.image = image;
	return open_engine(&opt);
}

static void close_tiny(struct engine *e)
{
	engine_close(e);
	free((void *)(uintptr_t)image.p);
}

static int submit(struct engine *e, const char *text, uint32_t max_tokens,
    const struct engine_sampling *sampling)
{
	struct engine_message msg = { .role = ENGINE_USER,
		.text = str_bytes(text) };
	struct engine_request req = {
		.message = &msg, .message_n = 1, .max_tokens = max_tokens
	};
	struct err_ctx ctx = { .code = ERR_OK };
	int slot;

	if (sampling != NULL)
		req.sampling = *sampling;
	if (engine_submit(e, &req, &slot, &ctx) != ERR_OK)
		fail_msg("engine_submit: %s", ctx.msg);
	return slot;
}

static void poll_into(struct engine *e, int slot, struct reply *r)
{
	engine_poll(e, slot, &r->last);
	CHECK_EQ(utf8_prefix(r->last.text), r->last.text.len);
	CHECK(r->len + r->last.text.len < ANSWER_MAX);
	memcpy(r->text + r->len, r->last.text.p, r->last.text.len);
	r->len += r->last.text.len;
	r->text[r->len] = '\0';
}

/* Run one slot to its end and release it. */
static void finish(struct engine *e, int slot, struct reply *r)
{
	r->len = 0;
	do {
		engine_step(e);
		poll_into(e, slot, r);
	} while (r->last.finish == ENGINE_RUNNING);
	engine_release(e, slot);
}

static struct reply one, two;

/* ---- the real trained model ---- */

/* `exact`: so many bytes of the recorded text, 0: all of it. */
static void tells_the_story(const char *model, size_t index, size_t exact)
{
	struct engine_options opt = { .threads = 2 };
	static char want[ANSWER_MAX];
	char name[128], path[4096];
	struct json doc, models, m, v;
	struct json_iter it;
	struct engine *e;
	size_t len = 0;
	uint8_t *file;

	doc = load_json("llm/stories260K/stories260K.json", &file);
	CHECK(json_get(&doc, "models", &models));
	it = json_iter(&models);
	for (size_t i = 0; i <= index; i++)
		CHECK(json_next(&it, NULL, &m));
	CHECK(json_get(&m, "model", &v));
	CHECK(json_is_str(&v, model));
	CHECK(json_get(&m, "text", &v));
	CHECK_OK(json_string(&v, (uint8_t *)want, sizeof(want), &len));
	free(file);
	snprintf(name, sizeof(name), "llm/stories260K/%s", model);
	snprintf(path, sizeof(path), "%s", vector_path(name));
	opt.path = path;
	e = open_engine(&opt);
	CHECK_STR(engine_info(e)->chat, "none");
	finish(e, submit(e, "", 256, NULL), &one);
	CHECK_EQ(one.last.completion_tokens, 256);
	CHECK_EQ(one.last.finish, ENGINE_LENGTH);
	CHECK_EQ(one.last.prompt_tokens, 1);
	/* The blank before the first word is SentencePiece's, not the text's. */
	CHECK(exact != 0 ? one.len >= exact : one.len == len - 1);
	CHECK_MEM(one.text, want + 1, exact != 0 ? exact : len - 1);
	engine_close(e);
}

TEST(engine_tells_the_recorded_stories)
{
	tells_the_story("stories260K-F32.gguf", 0, 0);
	tells_the_story("stories260K-F16.gguf", 1, 0);
	/* Quantised: the recorded run rounded its activations to 8 bits. */
	tells_the_story("stories260K-ff192-Q8_0.gguf", 2, 200);
}

/* ---- independence ---- */

#define LONG_PROMPT                                                            \
	"A longer prompt, which takes more than one chunk: hello hello hello " \
	"hello hello hello hello hello hello hello hello hello hello hello!"

static const char *const prompts[] = { "hello world", "a", LONG_PROMPT };
#define PROMPTS 3

TEST(engine_answers_alike_alone_and_in_company)
{
	static struct reply alone[PROMPTS], together[PROMPTS];
	const struct engine_sampling sampling = { .temperature = 1, .seed = 5 };
	uint32_t threads[] = { 1, 3 };
	int slot[PROMPTS];
	struct engine *e = open_tiny(&chatml, 1, 1);

	for (size_t i = 0; i < PROMPTS; i++)
		finish(e, submit(e, prompts[i], 60, &sampling), &alone[i]);
	close_tiny(e);
	for (size_t t = 0; t < 2; t++) {
		bool running = true;

		e = open_tiny(&chatml, PROMPTS, threads[t]);
		for (size_t i = 0; i < PROMPTS; i++) {
			slot[i] = submit(e, prompts[i], 60, &sampling);
			together[i].len = 0;
			for (size_t k = 0; k < 7 * i; k++)
				engine_step(e); /* they come one by one */
		}
		while (running) {
			running = engine_step(e) != 0;
			for (size_t i = 0; i < PROMPTS; i++)
				poll_into(e, slot[i], &together[i]);
		}
		for (size_t i = 0; i < PROMPTS; i++) {
			CHECK_EQ(alone[i].len, together[i].len);
			CHECK_MEM(
			    alone[i].text, together[i].text, alone[i].len);
			CHECK(alone[i].len > 0);
			CHECK_EQ(alone[i].last.completion_tokens,
			    together[i].last.completion_tokens);
		}
		close_tiny(e);
	}
}

TEST(engine_moves_every_slot_in_every_step)
{
	struct engine *e = open_tiny(&plain, 3, 1);
	struct engine_output out;
	int slot[3];

	for (size_t i = 0; i < 3; i++)
		slot[i] = submit(e, "hello", 10, NULL);
	for (uint32_t step = 1; step <= 9; step++) {
		CHECK_EQ(engine_step(e), 3);
		for (size_t i = 0; i < 3; i++) {
			engine_poll(e, slot[i], &out);
			CHECK_EQ(out.completion_tokens, step);
		}
	}
	engine_step(e);
	CHECK_EQ(engine_step(e), 0);
	close_tiny(e);
}

/* A long prompt shares the batch: the short answer goes on meanwhile. */
TEST(engine_long_prompts_do_not_stop_others)
{
	struct engine *e = open_tiny(&plain, 2, 1);
	struct engine_output out;
	static char text[201];
	uint32_t before;
	int a, b;

	memset(text, 'x', 200);
	a = submit(e, "y", 100, NULL);
	engine_step(e);
	engine_poll(e, a, &out);
	before = out.completion_tokens;
	b = submit(e, text, 10, NULL);
	for (size_t i = 0; i < 3; i++)
		CHECK_EQ(engine_step(e), 2);
	engine_poll(e, b, &out);
	CHECK(out.prompt_done == 192 && out.completion_tokens == 0);
	engine_poll(e, a, &out);
	CHECK_EQ(out.completion_tokens, before + 3);
	close_tiny(e);
}

TEST(engine_seed_decides_the_answer)
{
	struct engine_sampling sampling = { .temperature = 1, .seed = 1 };
	struct engine *e = open_tiny(&plain, 1, 1);

	finish(e, submit(e, "hello", 50, &sampling), &one);
	finish(e, submit(e, "hello", 50, &sampling), &two);
	CHECK_EQ(one.len, two.len);
	CHECK_MEM(one.text, two.text, one.len);
	sampling.seed = 2;
	finish(e, submit(e, "hello", 50, &sampling), &two);
	CHECK(one.len != two.len || memcmp(one.text, two.text, one.len) != 0);
	close_tiny(e);
}

/* ---- ends ---- */

/* n whole characters of a text, from about `at` on. */
static struct bytes some_characters(const char *text, size_t at, size_t n)
{
	size_t end;

	while ((text[at] & 0xc0) == 0x80)
		at++;
	for (end = at; n > 0; n--) {
		end++;
		while ((text[end] & 0xc0) == 0x80)
			end++;
	}
	return (struct bytes){ (const uint8_t *)text + at, end - at };
}

TEST(engine_ends_at_a_stop_string)
{
	struct engine *e = open_tiny(&plain, 1, 1);
	struct engine_message msg = { .role = ENGINE_USER,
		.text = str_bytes("hello") };
	struct bytes stop;
	struct engine_request req = { .message = &msg,
		.message_n = 1,
		.sampling = { .temperature = 1, .seed = 3 },
		.stop = &stop,
		.stop_n = 1,
		.max_tokens = 100 };
	size_t first;
	int slot;

	finish(e, submit(e, "hello", 100, &req.sampling), &one);
	CHECK(one.len > 40);
	stop = some_characters(one.text, one.len / 2, 4);
	first = (size_t)((char *)memmem(one.text, one.len, stop.p, stop.len) -
			 one.text);
	CHECK_OK(engine_submit(e, &req, &slot, NULL));
	finish(e, slot, &two);
	CHECK_EQ(two.last.finish, ENGINE_STOP);
	CHECK_EQ(two.len, first);
	CHECK_MEM(two.text, one.text, first);
	CHECK(two.last.completion_tokens < one.last.completion_tokens);
	close_tiny(e);
}

TEST(engine_ends_at_the_end_of_the_context)
{
	struct engine *e = open_tiny(&plain, 1, 1);
	const struct engine_sampling sampling = { .temperature = 1, .seed = 3 };
	struct reply *r = &one;

	for (uint64_t seed = 0; seed < 40; seed++) {
		struct engine_sampling s = sampling;

		s.seed = seed;
		finish(e, submit(e, "xyz", 0, &s), r);
		CHECK(r->last.finish == ENGINE_STOP ||
		      r->last.prompt_tokens + r->last.completion_tokens ==
			  TINY_CONTEXT);
		if (r->last.finish == ENGINE_LENGTH)
			break;
	}
	CHECK_EQ(r->last.finish, ENGINE_LENGTH);
	close_tiny(e);
}

TEST(engine_cancel_ends_an_answer)
{
	struct engine *e = open_tiny(&plain, 2, 1);
	struct engine_output out;
	int a = submit(e, "hello", 100, NULL);
	int b = submit(e, "world", 100, NULL);

	engine_step(e);
	engine_cancel(e, a);
	CHECK_EQ(engine_step(e), 1);
	engine_poll(e, a, &out);
	CHECK_EQ(out.finish, ENGINE_CANCELLED);
	CHECK_EQ(out.completion_tokens, 1);
	engine_release(e, a);
	engine_poll(e, b, &out);
	CHECK_EQ(out.finish, ENGINE_RUNNING);
	close_tiny(e);
}

/* ---- what is refused ---- */

static void refuses(struct engine *e, const struct engine_request *req,
    enum err want, const char *word)
{
	struct err_ctx ctx = { .code = ERR_OK };
	int slot;

	CHECK_ERR(engine_submit(e, req, &slot, &ctx), want);
	CHECK_EQ(slot, -1);
	if (strstr(ctx.msg, word) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", ctx.msg, word);
}

TEST(engine_is_busy_when_all_slots_are_taken)
{
	struct engine *e = open_tiny(&plain, 1, 1);
	struct engine_message msg = { .role = ENGINE_USER,
		.text = str_bytes("hello") };
	struct engine_request req = { .message = &msg, .message_n = 1 };
	int slot = submit(e, "hello", 5, NULL);

	refuses(e, &req, ERR_BUSY, "1 slots");
	engine_release(e, slot);
	CHECK_OK(engine_submit(e, &req, &slot, NULL));
	close_tiny(e);
}

TEST(engine_bounds_all_text_that_a_template_renders)
{
	static uint8_t text[2000];
	struct engine_message msg[5];
	struct engine_request req = { .message = msg, .message_n = 5 };
	const struct tiny t = { .type = GGUF_TENSOR_F32,
		.chat_template = TINY_CHATML };
	struct engine *e = open_tiny(&t, 1, 1);

	memset(text, 'x', sizeof(text));
	for (size_t i = 0; i < 5; i++)
		msg[i] = (struct engine_message){ .role = ENGINE_USER,
			.text = { text, sizeof(text) } };
	/* Each message alone is below 4096 bytes, all five are above 8192. */
	refuses(e, &req, ERR_LIMIT, "longer than 8192 bytes");
	req.message_n = 4;
	refuses(e, &req, ERR_LIMIT, "the context holds 256");
	close_tiny(e);
}

TEST(engine_refuses_bad_requests)
{
	static uint8_t text[5000];
	struct engine_message msg[2] = { { .role = ENGINE_USER,
					     .text = str_bytes("hello") },
		{ .role = ENGINE_USER, .text = str_bytes("hello") } };
	struct engine_request req = { .message = msg, .message_n = 1 };
	struct bytes stop = { NULL, 0 };
	struct engine *e = open_tiny(&plain, 1, 1);

	req.message_n = 0;
	refuses(e, &req, ERR_FORMAT, "no message");
	req.message_n = ENGINE_MESSAGES_MAX + 1;
	refuses(e, &req, ERR_LIMIT, "257 messages, limit 256");
	req.message_n = 2;
	refuses(e, &req, ERR_UNSUPPORTED, "no chat template");
	req.message_n = 1;
	msg[0].role = ENGINE_SYSTEM;
	refuses(e, &req, ERR_UNSUPPORTED, "no chat template");
	msg[0].role = ENGINE_USER;
	msg[0].text = str_bytes("ab\xff");
	refuses(e, &req, ERR_FORMAT, "message 0 is not UTF-8 at byte 2");
	msg[0].text = str_bytes("");
	refuses(e, &req, ERR_FORMAT, "empty");
	memset(text, 'x', sizeof(text));
	msg[0].text = (struct bytes){ text, 256 };
	refuses(e, &req, ERR_LIMIT, "256 tokens; the context holds 256");
	msg[0].text.len = sizeof(text);
	refuses(e, &req, ERR_LIMIT, "longer than 4096 bytes");
	msg[0].text = (struct bytes){ text, 10 };
	req.sampling.temperature = -1;
	refuses(e, &req, ERR_FORMAT, "temperature");
	req.sampling.temperature = 0;
	req.stop = &stop;
	req.stop_n = 1;
	refuses(e, &req, ERR_FORMAT, "stop strings");
	req.stop_n = 0;
	msg[0].text = (struct bytes){ text, 255 };
	finish(e, submit(e, "x", 1, NULL), &one);
	close_tiny(e);
}

TEST(engine_logits_checks_its_arguments)
{
	struct engine *e = open_tiny(&plain, 1, 1);
	float *out = malloc(sizeof(float) * TINY_N);
	uint32_t token = TINY_N;
	int slot;

	CHECK_ERR(engine_logits(e, &token, 1, out), ERR_FORMAT);
	token = 0;
	CHECK_ERR(engine_logits(e, &token, 0, out), ERR_LIMIT);
	CHECK_ERR(engine_logits(e, &token, TINY_CONTEXT + 1, out), ERR_LIMIT);
	CHECK_OK(engine_logits(e, &token, 1, out));
	slot = submit(e, "x", 1, NULL);
	CHECK_ERR(engine_logits(e, &token, 1, out), ERR_BUSY);
	engine_release(e, slot);
	free(out);
	close_tiny(e);
}

/* ---- special tokens ---- */

static uint32_t prompt_tokens(struct engine *e, const char *text)
{
	struct engine_output out;
	int slot = submit(e, text, 1, NULL);

	engine_poll(e, slot, &out);
	engine_release(e, slot);
	return out.prompt_tokens;
}

/* Spelling a special token costs as many tokens as its letters. */
TEST(engine_text_never_becomes_special_tokens)
{
	struct engine *e = open_tiny(&chatml, 1, 1);
	uint32_t empty = prompt_tokens(e, "");

	CHECK_EQ(empty, 1 + 5 + 1 + 1 + 1 + 10); /* ChatML around nothing */
	CHECK_EQ(prompt_tokens(e, "<|im_end|>"), empty + 10);
	CHECK_EQ(prompt_tokens(e, "<|endoftext|>"), empty + 13);
	CHECK_EQ(prompt_tokens(e, "<tool>"), empty + 6);
	CHECK_EQ(prompt_tokens(e, "hell"), empty + 1); /* merges do work */
	close_tiny(e);
	e = open_tiny(&spm, 1, 1);
	CHECK_EQ(prompt_tokens(e, ""), 1);
	CHECK_EQ(prompt_tokens(e, "</s>"), 1 + 1 + 4);
	CHECK_EQ(prompt_tokens(e, "<0x41>"), 1 + 1 + 6);
	CHECK_EQ(prompt_tokens(e, "hello"), 1 + 1 + 2); /* user defined */
	close_tiny(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(engine_tells_the_recorded_stories),
		cmocka_unit_test(engine_answers_alike_alone_and_in_company),
		cmocka_unit_test(engine_moves_every_slot_in_every_step),
		cmocka_unit_test(engine_long_prompts_do_not_stop_others),
		cmocka_unit_test(engine_seed_decides_the_answer),
		cmocka_unit_test(engine_ends_at_a_stop_string),
		cmocka_unit_test(engine_ends_at_the_end_of_the_context),
		cmocka_unit_test(engine_cancel_ends_an_answer),
		cmocka_unit_test(engine_is_busy_when_all_slots_are_taken),
		cmocka_unit_test(
		    engine_bounds_all_text_that_a_template_renders),
		cmocka_unit_test(engine_refuses_bad_requests),
		cmocka_unit_test(engine_logits_checks_its_arguments),
		cmocka_unit_test(engine_text_never_becomes_special_tokens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
