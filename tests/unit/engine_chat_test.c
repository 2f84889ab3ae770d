/* Chat templates against recorded renderings. */
#include "chat_test.h"

#define MESSAGES_MAX 16

/* ---- conversations from JSON ---- */

static struct engine_message msg[MESSAGES_MAX];
static struct engine_call calls[MESSAGES_MAX];
static struct engine_tool tools[4];

static bool get_role(struct bytes role, enum engine_role *out)
{
	static const char *const names[] = { "system", "user", "assistant",
		"tool" };

	for (size_t i = 0; i < 4; i++) {
		*out = (enum engine_role)i;
		if (mem_eq_str(role, names[i]))
			return true;
	}
	return false;
}

/* False: a role that requests cannot have. */
static bool get_messages(const struct json *array, struct chat_input *in)
{
	struct json_iter it = json_iter(array), it2;
	struct json item, list, one;
	size_t n = 0, call_n = 0;

	for (; json_next(&it, NULL, &item); n++) {
		assert_true(n < MESSAGES_MAX);
		msg[n] = (struct engine_message){ .text = get_text(
						      &item, "content") };
		if (!get_role(get_text(&item, "role"), &msg[n].role))
			return false;
		msg[n].call_id = get_text(&item, "tool_call_id");
		if (!json_get(&item, "tool_calls", &list))
			continue;
		msg[n].call = &calls[call_n];
		for (it2 = json_iter(&list); json_next(&it2, NULL, &one);
		     msg[n].call_n++)
			calls[call_n++] =
			    (struct engine_call){ .id = get_text(&one, "id"),
				    .name = get_text(&one, "name"),
				    .arguments = get_text(&one, "arguments") };
	}
	*in = (struct chat_input){ .message = msg, .message_n = n };
	return true;
}

static void get_tools(const struct json *array, struct chat_input *in)
{
	struct json_iter it = json_iter(array);
	struct json one;

	in->tool = tools;
	for (; json_next(&it, NULL, &one); in->tool_n++)
		tools[in->tool_n] =
		    (struct engine_tool){ .definition = string_of(&one) };
}

/* Without the start token, which the tokenizer adds. */
static struct bytes without(struct bytes text, struct bytes start)
{
	if (start.len > 0 && text.len >= start.len &&
	    mem_eq((struct bytes){ text.p, start.len }, start)) {
		text.p += start.len;
		text.len -= start.len;
	}
	return text;
}

/* ---- llama.cpp's templates ---- */

static const struct {
	const char *name; /* how it starts */
	const char *why;
} refused[] = {
	/* Prints a first message without "[INST]" when there is no system. */
	{ "TheBloke/FusionNet", "of no known family; it has [INST]" },
	{ "google/gemma-7b-it", "takes no system message" },
	{ "OrionStarAI/Orion", "of no known family" },
	{ "ChatGLM3", "it has <|assistant|>" },
	{ "ChatGLM4", "it has <sop>" },
	{ "GLMEdge", "it has <|system|>" },
	{ "MiniCPM", "of no known family" },
	{ "ai-sage/GigaChat", "of no known family" },
	{ "yandex/YandexGPT", "of no known family" },
	{ "inclusionAI/Ling", "of no known family" },
	{ "ByteDance-Seed/Seed-OSS", "of no known family" },
	/* Roles that requests do not have. */
	{ "ibm-granite/granite-3.x", "" },
	{ "ibm-granite/granite-4.0",
	    "like granite-role, but with <tool_call>" },
	{ "ibm-granite/granite-4.1",
	    "like granite-role, but with <tool_call>" },
};

#define REFUSED_N (sizeof(refused) / sizeof(refused[0]))

/* False: refused, with the reason in `why`. */
static bool llamacpp_case(
    const struct json *one, const struct json *messages, const char *name)
{
	struct bytes want = get_text(one, "expected_jinja");
	struct chat chat;
	struct chat_input in;

	why = (struct err_ctx){ .code = ERR_OK };
	if (want.p == NULL)
		want = get_text(one, "expected_builtin");
	want = without(want, get_text(one, "bos_token"));
	eos = c_string(get_text(one, "eos_token"));
	if (chat_detect(&chat, get_text(one, "template"), &why) != ERR_OK ||
	    !get_messages(messages, &in) || render(&chat, &in) != ERR_OK)
		return false;
	renders(&chat, &in, want, name);
	return true;
}

TEST(chat_renders_or_refuses_each_recorded_template)
{
	struct json doc, messages, cases, one, own;
	bool seen[REFUSED_N] = { false };
	struct json_iter it;
	uint8_t *file;
	size_t good = 0;

	doc = load_json("llm/chat/chat_templates.json", &file);
	CHECK(json_get(&doc, "messages", &messages));
	CHECK(json_get(&doc, "cases", &cases));
	for (it = json_iter(&cases); json_next(&it, NULL, &one);) {
		const char *name;
		size_t i = 0;

		used = 0;
		name = c_string(get_text(&one, "name"));
		if (!json_get(&one, "messages", &own))
			own = messages;
		if (llamacpp_case(&one, &own, name)) {
			good++;
			continue;
		}
		while (i < REFUSED_N && strncmp(name, refused[i].name,
					    strlen(refused[i].name)) != 0)
			i++;
		if (i == REFUSED_N || strstr(why.msg, refused[i].why) == NULL)
			fail_msg("%s: refused: %s", name, why.msg);
		seen[i] = true;
	}
	free(file);
	for (size_t i = 0; i < REFUSED_N; i++) {
		if (!seen[i])
			fail_msg("%s is not refused", refused[i].name);
	}
	CHECK_EQ(good, 36 - REFUSED_N);
}

/* ---- the families' own templates ---- */

static void family_case(const struct json *f, const struct json *c,
    const struct json *conversations, const struct chat *chat)
{
	const char *name = c_string(get_text(c, "conversation"));
	struct bytes want = get_text(c, "expected");
	struct json v, messages;
	struct chat_input in;
	bool flag;

	eos = c_string(get_text(f, "eos_token"));
	CHECK(json_get(conversations, name, &messages));
	CHECK(get_messages(&messages, &in));
	CHECK(json_get(c, "add_generation_prompt", &v));
	CHECK_OK(json_bool(&v, &flag));
	in.complete = !flag;
	if (json_get(c, "enable_thinking", &v)) {
		CHECK_OK(json_bool(&v, &flag));
		in.no_reasoning = !flag;
	}
	if (want.p == NULL) {
		CHECK_ERR(render(chat, &in), ERR_UNSUPPORTED);
		return;
	}
	renders(chat, &in, without(want, get_text(f, "bos_token")), name);
}

TEST(chat_renders_families_as_their_own_templates_do)
{
	static const char *const names[] = { "qwen2.5", "qwen3", "llama3.1",
		"llama3.1", "gemma", "phi3.5", "smollm3" };
	struct json doc, families, f, conversations, cases, c;
	struct json_iter it, it2;
	size_t n = 0, compared = 0;
	uint8_t *file;

	doc = load_json("llm/chat/family_templates.json", &file);
	CHECK(json_get(&doc, "conversations", &conversations));
	CHECK(json_get(&doc, "families", &families));
	for (it = json_iter(&families); json_next(&it, NULL, &f); n++) {
		struct chat chat;

		used = 0;
		if (chat_detect(&chat, get_text(&f, "template"), &why) !=
		    ERR_OK)
			fail_msg("%s", why.msg);
		CHECK_STR(chat_name(chat.family), names[n]);
		CHECK(json_get(&f, "cases", &cases));
		for (it2 = json_iter(&cases); json_next(&it2, NULL, &c);) {
			used = 0;
			family_case(&f, &c, &conversations, &chat);
			compared++;
		}
	}
	free(file);
	CHECK_EQ(compared, 126);
}

/* ---- tools ---- */

/* Qwen 2.5's own system text, three kinds of call, results, ids. */
TEST(chat_renders_tools_as_the_templates_do)
{
	struct json doc, conversations, cases, c, one, v;
	struct err_ctx ctx = { .code = ERR_OK };
	struct json_iter it;
	size_t len, compared = 0;
	uint8_t *file = read_file("tests/vectors/chat/tools.json", &len);

	CHECK_OK(json_parse(&doc, (struct bytes){ file, len }, &ctx));
	CHECK(json_get(&doc, "conversations", &conversations));
	CHECK(json_get(&doc, "cases", &cases));
	for (it = json_iter(&cases); json_next(&it, NULL, &c); compared++) {
		struct chat chat;
		struct chat_input in;
		struct bytes want;
		const char *name;

		used = 0;
		chat = family_named(get_text(&c, "family"));
		name = c_string(get_text(&c, "conversation"));
		want = get_text(&c, "expected");
		eos = c_string(get_text(&c, "eos"));
		CHECK(json_get(&conversations, name, &one));
		CHECK(json_get(&one, "messages", &v));
		CHECK(get_messages(&v, &in));
		CHECK(json_get(&one, "tools", &v));
		get_tools(&v, &in);
		if (want.p != NULL)
			renders(&chat, &in, want, name);
		else
			CHECK_ERR(render(&chat, &in), ERR_UNSUPPORTED);
	}
	free(file);
	CHECK(compared > 80);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    chat_renders_or_refuses_each_recorded_template),
		cmocka_unit_test(
		    chat_renders_families_as_their_own_templates_do),
		cmocka_unit_test(chat_renders_tools_as_the_templates_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
