/* Answers that are held to a form, and what is taken out of free ones. */
#include "engine_test.h"

#include "engine/chat_family.h"
#include "engine/slot.h"
#include "tiny_model.h"

#define TEXT_MAX 16384

struct result {
	char text[TEXT_MAX];
	size_t len, reasoning;
	struct engine_output last;
	uint32_t told;
};

static struct result r, again;
static struct bytes image;
static struct engine *e;
static void open_tiny(const struct tiny *t, bool speculate)
{
	struct engine_options opt = {
		.slots = 3, .threads = 2, .speculate = speculate
	};

	image = tiny_model(t);
	opt.image = image;
	e = open_engine(&opt);
}

static void open_model(const char *chat_template, bool speculate)
{
	const struct tiny t = { .type = GGUF_TENSOR_Q8_0,
		.chat_template = chat_template };

	open_tiny(&t, speculate);
}

/* A template that says what a family's does. */
static const char *template_of(const char *family)
{
	static char text[8192];
	struct wr w = wr_init(text, sizeof(text));

	for (uint32_t f = 0; f < chat_family_n; f++) {
		if (strcmp(chat_family_tab[f].name, family) != 0)
			continue;
		for (size_t i = 0; i < CHAT_SAYS_MAX; i++) {
			if (chat_family_tab[f].says[i] != NULL)
				wr_fmt(&w, " %s", chat_family_tab[f].says[i]);
		}
	}
	wr_u8(&w, 0);
	return text;
}

static void close_model(void)
{
	engine_close(e);
	free((void *)(uintptr_t)image.p);
}

static void answer_to(const struct engine_request *req, struct result *out)
{
	struct err_ctx ctx = { .code = ERR_OK };
	int slot;

	memset(out, 0, sizeof(*out));
	if (engine_submit(e, req, &slot, &ctx) != ERR_OK)
		fail_msg("engine_submit: %s", ctx.msg);
	do {
		(void)engine_step(e);
		engine_poll(e, slot, &out->last);
		CHECK(out->len + out->last.text.len < TEXT_MAX);
		mem_copy(
		    out->text + out->len, out->last.text.p, out->last.text.len);
		out->len += out->last.text.len;
		out->reasoning += out->last.reasoning.len;
		out->told += out->last.told_n;
	} while (out->last.finish == ENGINE_RUNNING);
	engine_release(e, slot);
}

static const struct engine_message hello = { .role = ENGINE_USER,
	.text = BYTES_LITERAL("hello") };

static bool is_json(const struct result *a, struct json *doc)
{
	return json_parse(doc,
		   (struct bytes){ (const uint8_t *)a->text, a->len },
		   NULL) == ERR_OK;
}

TEST(engine_holds_an_answer_to_a_schema)
{
	struct engine_request req = { .message = &hello,
		.message_n = 1,
		.format = ENGINE_FORMAT_SCHEMA,
		.schema = BYTES_LITERAL(
		    "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":"
		    "\"integer\",\"minimum\":0,\"maximum\":99},\"b\":{\"enum\":"
		    "[\"x\",\"yy\"]}},\"required\":[\"a\",\"b\"]}"),
		.logprobs = true,
		.max_tokens = 120 };

	for (int speculate = 0; speculate < 2; speculate++) {
		open_model(TINY_CHATML, speculate != 0);
		for (uint64_t seed = 0; seed < 8; seed++) {
			struct json doc, a, b;

			req.sampling.seed = seed;
			req.sampling.temperature = seed == 0 ? 0 : 1;
			answer_to(&req, &r);
			CHECK_EQ(r.last.finish, ENGINE_STOP);
			CHECK_EQ(r.told, r.last.completion_tokens);
			if (!is_json(&r, &doc))
				fail_msg("%s", r.text);
			CHECK(json_get(&doc, "a", &a));
			CHECK(json_get(&doc, "b", &b));
			CHECK(json_is_str(&b, "x") || json_is_str(&b, "yy"));
		}
		close_model();
	}
}

TEST(engine_says_the_same_in_a_form_with_guesses)
{
	struct engine_request req = { .message = &hello,
		.message_n = 1,
		.format = ENGINE_FORMAT_JSON,
		.sampling = { .temperature = 0.8f, .seed = 3 },
		.max_tokens = 150 };

	open_model(TINY_CHATML, false);
	answer_to(&req, &r);
	close_model();
	open_model(TINY_CHATML, true);
	answer_to(&req, &again);
	close_model();
	CHECK(r.len > 0 && r.text[0] == '{');
	CHECK_EQ(r.len, again.len);
	CHECK_MEM(r.text, again.text, r.len);
}

/* ---- calls ---- */

static const struct engine_tool two[] = {
	{ .name = BYTES_LITERAL("add"),
	    .definition = BYTES_LITERAL("{\"type\":\"function\",\"function\":"
					"{\"name\":\"add\"}}"),
	    .parameters = BYTES_LITERAL(
		"{\"type\":\"object\",\"properties\":{\"n\":{\"type\":"
		"\"integer\",\"minimum\":1,\"maximum\":9}},\"required\":"
		"[\"n\"]}") },
	{ .name = BYTES_LITERAL("now"),
	    .definition = BYTES_LITERAL("{\"type\":\"function\",\"function\":"
					"{\"name\":\"now\"}}"),
	    .parameters =
		BYTES_LITERAL("{\"type\":\"object\",\"properties\":"
			      "{},\"additionalProperties\":false}") }
};

/* The one call of an answer that is nothing else; poll has just given it. */
static void check_call(bool any)
{
	const struct engine_call *call;
	struct json doc;
	int slot;
	struct engine_request req = { .message = &hello,
		.message_n = 1,
		.tool = two,
		.tool_n = any ? 2 : 1,
		.tool_choice = any ? ENGINE_TOOL_REQUIRED : ENGINE_TOOL_NAMED,
		.sampling = { .temperature = 1, .seed = 2 },
		.max_tokens = 200 };
	struct engine_output out;

	CHECK_OK(engine_submit(e, &req, &slot, NULL));
	while (engine_step(e) != 0)
		;
	engine_poll(e, slot, &out);
	CHECK_EQ(out.finish, ENGINE_CALLS);
	CHECK(out.text.len == 0 && out.reasoning.len == 0);
	CHECK_EQ(out.call_n, 1);
	call = &out.call[0];
	CHECK(mem_eq_str(call->name, "add") ||
	      (any && mem_eq_str(call->name, "now")));
	CHECK_OK(json_parse(&doc, call->arguments, NULL));
	CHECK_EQ(doc.type, JSON_OBJECT);
	engine_release(e, slot);
}

TEST(engine_makes_a_model_call_a_tool)
{
	static const char *const families[] = { "qwen2.5", "qwen3" };

	for (size_t f = 0; f < 2; f++) {
		for (int tokens = 0; tokens < 2; tokens++) {
			const struct tiny t = { .type = GGUF_TENSOR_Q8_0,
				.chat_template = template_of(families[f]),
				.context = 4096,
				.calls = tokens != 0 };

			open_tiny(&t, tokens != 0);
			CHECK_STR(engine_info(e)->chat, families[f]);
			check_call(false);
			check_call(true);
			close_model();
		}
	}
}

/* A grammar's memory is big, so that fewer than the slots may have one. */
TEST(engine_is_busy_when_all_grammars_are_taken)
{
	const struct tiny t = { .type = GGUF_TENSOR_Q8_0 };
	struct engine_options opt = { .slots = SLOT_GRAMMARS_MAX + 1 };
	struct engine_request req = {
		.message = &hello, .message_n = 1, .format = ENGINE_FORMAT_JSON
	};
	struct err_ctx ctx = { .code = ERR_OK };
	int slot[SLOT_GRAMMARS_MAX], more;

	image = opt.image = tiny_model(&t);
	e = open_engine(&opt);
	for (size_t i = 0; i < SLOT_GRAMMARS_MAX; i++)
		CHECK_OK(engine_submit(e, &req, &slot[i], NULL));
	CHECK_ERR(engine_submit(e, &req, &more, &ctx), ERR_BUSY);
	CHECK(strstr(ctx.msg, "all 16 answers") != NULL);
	engine_release(e, slot[3]);
	CHECK_OK(engine_submit(e, &req, &more, NULL));
	close_model();
}

static void refuses(
    const struct engine_request *req, enum err want, const char *word)
{
	struct err_ctx ctx = { .code = ERR_OK };
	int slot;

	CHECK_ERR(engine_submit(e, req, &slot, &ctx), want);
	CHECK_EQ(slot, -1);
	if (strstr(ctx.msg, word) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", ctx.msg, word);
}

TEST(engine_refuses_forms_that_cannot_be_kept)
{
	static uint8_t schema[ENGINE_SCHEMA_MAX + 1];
	const struct engine_tool tool = { .name = BYTES_LITERAL("f"),
		.definition =
		    BYTES_LITERAL("{\"type\":\"function\",\"function\":"
				  "{\"name\":\"f\"}}") };
	struct engine_request req = { .message = &hello,
		.message_n = 1,
		.format = ENGINE_FORMAT_SCHEMA };

	open_model(NULL, false);
	req.schema = (struct bytes){ schema, sizeof(schema) };
	refuses(&req, ERR_LIMIT, "the schema has 65537 bytes");
	req.schema = (struct bytes)BYTES_LITERAL("{\"pattern\":\"x\"}");
	refuses(&req, ERR_UNSUPPORTED, "pattern");
	req.format = ENGINE_FORMAT_TEXT;
	req.tool_choice = ENGINE_TOOL_REQUIRED;
	refuses(&req, ERR_FORMAT, "no tool");
	req.tool = &tool;
	req.tool_n = 1;
	req.raw = true;
	refuses(&req, ERR_UNSUPPORTED, "raw");
	req.raw = false;
	req.tool_choice = ENGINE_TOOL_AUTO;
	req.format = ENGINE_FORMAT_JSON;
	refuses(&req, ERR_UNSUPPORTED, "");
	close_model();
	open_model(TINY_CHATML, false);
	req.tool_choice = ENGINE_TOOL_NAMED;
	refuses(&req, ERR_UNSUPPORTED, "");
	req.tool_n = ENGINE_TOOLS_MAX + 1;
	refuses(&req, ERR_LIMIT, "");
	close_model();
}

TEST(engine_raw_requests_have_no_template)
{
	const struct engine_message msg[2] = { hello, hello };
	struct engine_request req = {
		.message = msg, .message_n = 1, .raw = true, .max_tokens = 20
	};

	open_model(TINY_CHATML, false);
	answer_to(&req, &r);
	CHECK_EQ(r.last.prompt_tokens, 2); /* hell, o */
	req.message_n = 2;
	refuses(&req, ERR_UNSUPPORTED, "a raw request has no chat template");
	req.message_n = 1;
	req.top_logprobs = ENGINE_TOP_MAX + 1;
	refuses(&req, ERR_LIMIT, "top_logprobs is 21, limit 20");
	close_model();
}

/* ---- a model that is none ------------------------------------------------- */

/* Weights are numbers, as they must be; what is computed with them is not. */
static void overflow_weights(void)
{
	struct gguf g;

	CHECK_OK(gguf_whole(&g, image, NULL));
	for (uint32_t i = 0; i < g.tensor_n; i++) {
		uint8_t *p = (uint8_t *)(uintptr_t)image.p + g.tensor[i].at;

		for (size_t at = 0; at < g.tensor[i].len; at += sizeof(float)) {
			const float sign = at % 12 == 0 ? -1.0f : 1.0f;
			const float f = g.tensor[i].rank == 1 ? 3e38f : sign;

			memcpy(p + at, &f, sizeof(f));
		}
	}
	gguf_clear(&g);
}

TEST(engine_keeps_a_form_whatever_the_logits_are)
{
	const struct tiny t = { .type = GGUF_TENSOR_F32 };
	struct engine_request req = { .message = &hello,
		.message_n = 1,
		.format = ENGINE_FORMAT_SCHEMA,
		.schema = BYTES_LITERAL("{\"enum\":[\"hello\",\"hell\"]}"),
		.logprobs = true,
		.top_logprobs = 3,
		.sampling = { .seed = 7, .top_p = 0.9f } };
	float v[TINY_WIDTH];
	uint32_t tokens;

	image = tiny_model(&t);
	overflow_weights();
	e = open_engine(&(struct engine_options){ .image = image });
	for (int hot = 0; hot < 2; hot++) {
		struct json doc;

		req.sampling.temperature = (float)hot;
		answer_to(&req, &r);
		CHECK_EQ(r.last.finish, ENGINE_STOP);
		CHECK(is_json(&r, &doc) && doc.type == JSON_STRING);
	}
	CHECK_OK(engine_embed(e, hello.text, v, &tokens, NULL));
	CHECK(mem_is_zero(v, sizeof(v)));
	close_model();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(engine_holds_an_answer_to_a_schema),
		cmocka_unit_test(engine_says_the_same_in_a_form_with_guesses),
		cmocka_unit_test(engine_makes_a_model_call_a_tool),
		cmocka_unit_test(engine_is_busy_when_all_grammars_are_taken),
		cmocka_unit_test(engine_raw_requests_have_no_template),
		cmocka_unit_test(engine_refuses_forms_that_cannot_be_kept),
		cmocka_unit_test(engine_keeps_a_form_whatever_the_logits_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
