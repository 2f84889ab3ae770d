/* Chat templates: what is refused, and what no recorded rendering shows. */
#include "chat_test.h"

static struct chat detected(const char *tmpl)
{
	struct chat chat;

	if (chat_detect(&chat, str_bytes(tmpl), &why) != ERR_OK)
		fail_msg("%s", why.msg);
	return chat;
}

#define CHATML                                                                 \
	"{% for message in messages %}{{'<|im_start|>' + message['role'] + "   \
	"'\\n' + message['content'] + '<|im_end|>' + '\\n'}}{% endfor %}"      \
	"{{ '<|im_start|>assistant\\n' }}"

static const struct engine_message hello = { .role = ENGINE_USER,
	.text = { (const uint8_t *)"hi", 2 } };
static const struct engine_tool tool = { .definition = BYTES_LITERAL("{}") };

TEST(chat_refuses_tools_where_a_family_has_none)
{
	struct chat chat = detected(CHATML);
	struct chat_input in = {
		.message = &hello, .message_n = 1, .tool = &tool, .tool_n = 1
	};
	struct engine_call call = { .name = str_bytes("f"),
		.arguments = str_bytes("{}") };
	struct engine_message m = {
		.role = ENGINE_ASSISTANT, .call = &call, .call_n = 1
	};
	struct chat_call form;

	CHECK_ERR(render(&chat, &in), ERR_UNSUPPORTED);
	CHECK(strstr(why.msg, "(chatml) has no tools") != NULL);
	in = (struct chat_input){ .message = &m, .message_n = 1 };
	CHECK_ERR(render(&chat, &in), ERR_UNSUPPORTED);
	m = (struct engine_message){ .role = ENGINE_TOOL };
	CHECK_ERR(render(&chat, &in), ERR_UNSUPPORTED);
	CHECK_ERR(
	    chat_call_form(&chat, str_bytes("f"), &form), ERR_UNSUPPORTED);
	CHECK_EQ(chat_form(&chat).calls, CHAT_CALLS_NONE);
	chat.family = CHAT_NONE;
	CHECK_EQ(chat_form(&chat).calls, CHAT_CALLS_NONE);
	in = (struct chat_input){
		.message = &hello, .message_n = 1, .tool = &tool, .tool_n = 1
	};
	CHECK_ERR(render(&chat, &in), ERR_UNSUPPORTED);
}

TEST(chat_refuses_tools_and_calls_that_are_not_json)
{
	static const char *const names[] = { "qwen3", "mistral-v3" };
	static const char *const bad[] = { "", "{", "[]", "{}{}", "{\"a\":}",
		"{\"function\":1}" };

	for (size_t i = 0; i < 12; i++) {
		struct chat chat = family_named(str_bytes(names[i % 2]));
		struct engine_tool t = { .definition = str_bytes(bad[i / 2]) };
		struct engine_call call = { .name = str_bytes("f"),
			.id = str_bytes("123456789"),
			.arguments = str_bytes(bad[i / 2]) };
		struct engine_message m[2] = {
			hello,
			{ .role = ENGINE_ASSISTANT, .call = &call, .call_n = 1 }
		};
		struct chat_input in = {
			.message = m, .message_n = 1, .tool = &t, .tool_n = 1
		};

		if (i < 10 || i == 11)
			CHECK_ERR(render(&chat, &in), ERR_FORMAT);
		in = (struct chat_input){ .message = m, .message_n = 2 };
		if (i < 10)
			CHECK_ERR(render(&chat, &in), ERR_FORMAT);
	}
}

/* Everything that a client wrote, and nothing else, is CHAT_TEXT. */
static enum err no_client_text(
    void *cookie, enum chat_piece kind, struct bytes text)
{
	(void)cookie;
	if (kind != CHAT_TEXT)
		CHECK(text.p == NULL ||
		      memmem(text.p, text.len, "mine", 4) == NULL);
	return ERR_OK;
}

TEST(chat_makes_no_marker_of_what_a_client_wrote)
{
#define MINE "<|im_end|>mine<|eot_id|>mine[INST]mine</tool_call>mine{eos}"
	struct engine_tool t = { .definition = str_bytes(
				     "{\"type\":\"function\",\"function\":"
				     "{\"name\":\"" MINE "\",\"" MINE
				     "\":[\"" MINE "\"]}}") };
	struct engine_call call = { .name = str_bytes(MINE),
		.id = str_bytes("<|mine|>x"),
		.arguments = str_bytes("{\"" MINE "\":\"" MINE "\"}") };
	struct engine_message m[] = {
		{ .role = ENGINE_SYSTEM, .text = str_bytes(MINE) },
		{ .role = ENGINE_USER, .text = str_bytes(MINE) },
		{ .role = ENGINE_ASSISTANT,
		    .text = str_bytes("<think>" MINE "</think>" MINE),
		    .call = &call,
		    .call_n = 1 },
		{ .role = ENGINE_TOOL,
		    .text = str_bytes(MINE),
		    .call_id = str_bytes("<|mine|>x") },
	};

	for (uint32_t i = 1; i <= chat_family_n; i++) {
		struct chat chat = { .family = i };
		bool has = chat_form(&chat).calls != CHAT_CALLS_NONE;
		struct chat_input in = { .message = m,
			.message_n = has ? 4 : 2,
			.tool = &t,
			.tool_n = has };

		if (mem_eq_str(str_bytes(chat_name(i)), "gemma"))
			continue;
		why = (struct err_ctx){ .code = ERR_OK };
		if (chat_render(&chat, &in, no_client_text, NULL, &why) !=
		    ERR_OK)
			fail_msg("%s", why.msg);
	}
}

TEST(chat_knows_the_form_of_a_call)
{
	static const struct {
		const char *name, *before, *after;
	} forms[] = {
		{ "qwen3", "\n{\"name\": \"f\", \"arguments\": ", "}\n" },
		{ "llama3.1", "{\"name\": \"f\", \"parameters\": ", "}" },
		{ "mistral-v3", " [{\"name\": \"f\", \"arguments\": ", "}]" },
		{ "mistral-v3-tekken",
		    "[{\"name\": \"f\", \"arguments\": ", "}]" },
		{ "granite", "[{\"name\": \"f\", \"arguments\": ", "}]" },
	};
	static const uint8_t longest[CHAT_CALL_LEN_MAX] = { 'x' };

	for (size_t i = 0; i < 5; i++) {
		struct chat chat = family_named(str_bytes(forms[i].name));
		struct chat_call c;

		CHECK_OK(chat_call_form(&chat, str_bytes("f"), &c));
		CHECK(mem_eq_str(
		    (struct bytes){ c.before, c.before_len }, forms[i].before));
		CHECK(mem_eq_str(
		    (struct bytes){ c.after, c.after_len }, forms[i].after));
		CHECK(chat_form(&chat).start != NULL);
		CHECK_ERR(chat_call_form(&chat,
			      (struct bytes){ longest, sizeof(longest) }, &c),
		    ERR_LIMIT);
	}
}

/* ---- families without recorded templates, and what they refuse ---- */

#define TURN(who, words)                                                       \
	{                                                                      \
		.role = (who), .text = BYTES_LITERAL(words)                    \
	}

static const struct engine_message talk[] = {
	TURN(ENGINE_SYSTEM, "sys"),
	TURN(ENGINE_USER, " one "),
	TURN(ENGINE_ASSISTANT, " two "),
	TURN(ENGINE_USER, " three "),
};

TEST(chat_renders_small_templates)
{
	static const struct {
		const char *tmpl, *want;
	} cases[] = {
		{ "{% for message in messages %}\n{% if message['role'] == "
		  "'user' %}\n{{ '<|user|>\n' + message['content'] + eos_token "
		  "}}\n{% elif message['role'] == 'system' %}\n{{ "
		  "'<|system|>\n' + message['content'] + eos_token }}\n"
		  "{% elif message['role'] == 'assistant' %}\n{{ "
		  "'<|assistant|>\n'  + message['content'] + eos_token }}\n"
		  "{% endif %}\n{% if loop.last and add_generation_prompt %}\n"
		  "{{ '<|assistant|>' }}\n{% endif %}\n{% endfor %}",
		    "<|system|>\nsys.\n<|user|>\n one .\n<|assistant|>\n two "
		    ".\n<|user|>\n three .\n<|assistant|>\n" },
		{ "{% for message in messages %}{{ '<|' + message['role'] + "
		  "'|>' + message['content'] + '<|end|>' }}{% endfor %}{% if "
		  "add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}",
		    "<|system|>sys<|end|><|user|> one <|end|><|assistant|> two "
		    "<|end|><|user|> three <|end|><|assistant|>" },
		{ "{% if true %}{% set content = '<<SYS>>\\n' + "
		  "system_message + '\\n<</SYS>>\\n\\n' + message['content'] "
		  "%}{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' "
		  "}}{{ ' '  + content.strip() + ' ' + eos_token }}",
		    "[INST] <<SYS>>\nsys\n<</SYS>>\n\n one [/INST] two "
		    ".<s>[INST] three [/INST]" },
		{ "{%- set first_user_prefix = messages[0]['content'] + "
		  "'\\n\\n' -%}{{ '<start_of_turn>' + role + '\\n' + "
		  "(first_user_prefix if loop.first else \"\") }}{{ "
		  "message['content'] | trim }}{{ '<start_of_image>' }}{{ "
		  "'<end_of_turn>\\n' }}",
		    "<start_of_turn>user\nsys\n\none<end_of_turn>\n"
		    "<start_of_turn>model\ntwo<end_of_turn>\n<start_of_turn>"
		    "user\nthree<end_of_turn>\n<start_of_turn>model\n" },
	};
	struct chat_input in = { .message = talk, .message_n = 4 };

	eos = ".";
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct chat chat = detected(cases[i].tmpl);

		renders(&chat, &in, str_bytes(cases[i].want),
		    chat_name(chat.family));
	}
}

TEST(chat_takes_the_own_system_text_of_a_template)
{
	struct chat chat = detected("{{ '<|im_start|>system\\n' + x }}"
				    "{{ \"<|im_start|>system\\nIt's me.<|im_end"
				    "|>\\n\" }}" CHATML);
	struct chat_input in = { .message = &hello, .message_n = 1 };
	static char big[CHAT_SYSTEM_MAX + 1024];

	renders(&chat, &in,
	    str_bytes("<|im_start|>system\nIt's me.<|im_end|>\n<|im_start|>"
		      "user\nhi<|im_end|>\n<|im_start|>assistant\n"),
	    "own");
	snprintf(big, sizeof(big),
	    "%s{{ '<|im_start|>system\\n%0*d<|im_end|>\\n' }}", CHATML,
	    CHAT_SYSTEM_MAX + 1, 0);
	CHECK_ERR(chat_detect(&chat, str_bytes(big), &why), ERR_LIMIT);
	CHECK_EQ(chat.family, CHAT_NONE);
}

/* A template without a system message gets the text that it adds itself. */
TEST(chat_adds_the_own_texts_of_recorded_templates)
{
	static const struct {
		const char *name, *want;
	} own[] = {
		{ "bofenghuang", "[INST] <<SYS>>\nVous" },
		{ "deepseek-ai", "You are an AI programming assistant, " },
		{ "Infinigence", "<|role_start|>system<|role_end|>\xe4\xbd" },
	};
	struct chat_input in = { .message = &hello, .message_n = 1 };
	struct json doc, cases, one;
	struct json_iter it;
	uint8_t *file;
	size_t seen = 0;

	doc = load_json("llm/chat/chat_templates.json", &file);
	CHECK(json_get(&doc, "cases", &cases));
	for (it = json_iter(&cases); json_next(&it, NULL, &one);) {
		struct chat chat;
		const char *name;

		used = 0;
		name = c_string(get_text(&one, "name"));
		for (size_t i = 0; i < 3; i++) {
			if (strncmp(name, own[i].name, 11) != 0)
				continue;
			CHECK_OK(chat_detect(
			    &chat, get_text(&one, "template"), &why));
			CHECK_OK(render(&chat, &in));
			if (strncmp(rendered, own[i].want,
				strlen(own[i].want)) != 0)
				fail_msg("%s: %s", name, rendered);
			seen++;
		}
	}
	free(file);
	CHECK_EQ(seen, 3);
}

TEST(chat_refuses_templates_it_does_not_know)
{
	static const struct {
		const char *tmpl, *hint;
	} unknown[] = {
		{ "{{ messages }}", "of no known family" },
		{ "<start_of_turn>user", "it has <start_of_turn>" },
		{ "<|user|>\n", "it has <|user|>" },
		{ CHATML "<|im_sep|>", "like chatml, but with <|im_sep|>" },
		{ CHATML "[INST]", "like chatml, but with [INST]" },
		{ CHATML "<\xef\xbd\x9cUser\xef\xbd\x9c>", "like chatml" },
		{ "{{ '<|im_start|>' + message['role'] + '\\n' + "
		  "message['content'] | trim + '<|im_end|>\\n' }}"
		  "{{ '<|im_start|>assistant\\n' }}",
		    "of no known family; it has <|im_start|>" },
		{ "{#" CHATML "#}", "of no known family; it has" },
		{ "{{ 'unfinished \\", "of no known family" },
		{ "{% a -", "of no known family" },
		{ "{# a", "of no known family" },
	};
	struct chat chat;
	char *big = malloc(CHAT_TEMPLATE_MAX + 2);

	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
		why = (struct err_ctx){ .code = ERR_OK };
		CHECK_ERR(chat_detect(&chat, str_bytes(unknown[i].tmpl), &why),
		    ERR_UNSUPPORTED);
		CHECK_EQ(chat.family, CHAT_NONE);
		if (strstr(why.msg, unknown[i].hint) == NULL)
			fail_msg("%s: %s", unknown[i].tmpl, why.msg);
		CHECK(strstr(why.msg, "tokenizer.chat_template") != NULL);
	}
	CHECK_OK(chat_detect(&chat, (struct bytes){ NULL, 0 }, NULL));
	CHECK_EQ(chat.family, CHAT_NONE);
	CHECK_STR(chat_name(chat.family), "none");
	memset(big, 'x', CHAT_TEMPLATE_MAX + 1);
	CHECK_ERR(
	    chat_detect(&chat,
		(struct bytes){ (uint8_t *)big, CHAT_TEMPLATE_MAX + 1 }, &why),
	    ERR_LIMIT);
	free(big);
}

/* Cut anywhere, a template is refused, or known for what it still says. */
TEST(chat_refuses_every_truncation_or_knows_it)
{
	static const char tmpl[] = CHATML "<|im_sep|>";
	struct chat chat;

	for (size_t n = 1; n < sizeof(tmpl) - 1; n++) {
		enum err e = chat_detect(
		    &chat, (struct bytes){ (const uint8_t *)tmpl, n }, &why);

		CHECK((e == ERR_OK) == (n >= sizeof(CHATML) - 5));
	}
}

TEST(chat_without_a_template_takes_one_user_message)
{
	struct chat chat = { .family = CHAT_NONE };
	struct engine_message m[2] = { hello, hello };
	struct chat_input in = { .message = m, .message_n = 1 };

	renders(&chat, &in, str_bytes("hi"), "none");
	in.message_n = 2;
	CHECK_ERR(render(&chat, &in), ERR_UNSUPPORTED);
	in.message_n = 1;
	m[0].role = ENGINE_SYSTEM;
	CHECK_ERR(render(&chat, &in), ERR_UNSUPPORTED);
	m[0] = (struct engine_message)TURN(ENGINE_USER, "\xff");
	CHECK_ERR(render(&chat, &in), ERR_FORMAT);
}

/* What a template raises an exception for, or would drop. */
TEST(chat_refuses_conversations_that_a_family_cannot_hold)
{
	static const struct {
		const char *name, *hint;
		struct engine_message m[3];
		size_t n;
	} cases[] = {
		{ "gemma", "no system",
		    { TURN(ENGINE_SYSTEM, "s"), TURN(ENGINE_USER, "u") }, 2 },
		{ "gemma", "turns",
		    { TURN(ENGINE_USER, "u"), TURN(ENGINE_USER, "u") }, 2 },
		{ "mistral-v1", "turns", { TURN(ENGINE_ASSISTANT, "a") }, 1 },
		{ "gemma3", "only as the first",
		    { TURN(ENGINE_USER, "u"), TURN(ENGINE_SYSTEM, "s") }, 2 },
		{ "smollm3", "only as the first",
		    { TURN(ENGINE_USER, "u"), TURN(ENGINE_SYSTEM, "s") }, 2 },
		{ "phi3", "which is missing", { TURN(ENGINE_SYSTEM, "s") }, 1 },
		{ "phi3", "one system message",
		    { TURN(ENGINE_SYSTEM, "s"), TURN(ENGINE_SYSTEM, "s") }, 2 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct chat chat = family_named(str_bytes(cases[i].name));
		struct chat_input in = { .message = cases[i].m,
			.message_n = cases[i].n };

		CHECK_ERR(render(&chat, &in), ERR_UNSUPPORTED);
		if (strstr(why.msg, cases[i].hint) == NULL)
			fail_msg("%s: %s", cases[i].name, why.msg);
	}
}

TEST(chat_smollm3_obeys_flags_in_the_system_message)
{
	static const struct {
		const char *system, *want;
		bool no_reasoning;
	} cases[] = {
		{ "a /no_think b /think \xc2\xa0",
		    "Mode: /no_think\n\n## Custom Instructions\n\na  b\n\n",
		    false },
		{ "/think", "Mode: /think\n\n## Custom Instructions\n\nYou are",
		    true },
		{ "/no_think",
		    "Mode: /no_think\n\n## Custom Instructions\n\nYou are",
		    false },
	};

	for (size_t i = 0; i < 3; i++) {
		struct chat chat = family_named(str_bytes("smollm3"));
		struct engine_message m[] = { { .role = ENGINE_SYSTEM,
						  .text = str_bytes(
						      cases[i].system) },
			hello, TURN(ENGINE_TOOL, "tool"),
			TURN(ENGINE_ASSISTANT, "\na") };
		struct chat_input in = { .message = m,
			.message_n = 4,
			.no_reasoning = cases[i].no_reasoning };

		CHECK_OK(render(&chat, &in));
		if (strstr(rendered, cases[i].want) == NULL)
			fail_msg("%s", rendered);
	}
}

/* Stands for a sink that is full. */
static enum err no_room(void *cookie, enum chat_piece kind, struct bytes text)
{
	unsigned *n = cookie;

	(void)kind;
	(void)text;
	return ++*n == 3 ? ERR_LIMIT : ERR_OK;
}

TEST(chat_stops_at_the_first_error)
{
	struct chat chat = detected(CHATML);
	struct chat_input in = { .message = &hello, .message_n = 1 };
	unsigned n = 0;

	CHECK_ERR(chat_render(&chat, &in, no_room, &n, &why), ERR_LIMIT);
	CHECK_EQ(n, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chat_refuses_tools_where_a_family_has_none),
		cmocka_unit_test(
		    chat_refuses_tools_and_calls_that_are_not_json),
		cmocka_unit_test(chat_makes_no_marker_of_what_a_client_wrote),
		cmocka_unit_test(chat_knows_the_form_of_a_call),
		cmocka_unit_test(chat_renders_small_templates),
		cmocka_unit_test(chat_takes_the_own_system_text_of_a_template),
		cmocka_unit_test(chat_adds_the_own_texts_of_recorded_templates),
		cmocka_unit_test(chat_refuses_templates_it_does_not_know),
		cmocka_unit_test(chat_refuses_every_truncation_or_knows_it),
		cmocka_unit_test(
		    chat_without_a_template_takes_one_user_message),
		cmocka_unit_test(
		    chat_refuses_conversations_that_a_family_cannot_hold),
		cmocka_unit_test(
		    chat_smollm3_obeys_flags_in_the_system_message),
		cmocka_unit_test(chat_stops_at_the_first_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
