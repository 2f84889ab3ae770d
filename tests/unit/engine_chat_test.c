/* Chat templates against recorded renderings, and what they refuse. */
#include "engine_test.h"

#include "engine/chat.h"

#define MESSAGES_MAX 16

static char rendered[65536];
static size_t rendered_len;
static uint8_t texts[65536];

/* Pieces joined as a template would print them. */
static enum err collect(void *cookie, enum chat_piece kind, struct bytes text)
{
	(void)cookie;
	if (kind == CHAT_BOS)
		text = str_bytes("<s>");
	else if (kind == CHAT_EOS)
		text = str_bytes("</s>");
	memcpy(rendered + rendered_len, text.p, text.len);
	rendered_len += text.len;
	rendered[rendered_len] = '\0';
	return ERR_OK;
}

static struct bytes get_text(
    const struct json *object, const char *key, size_t *used)
{
	struct json v;
	size_t len;

	assert_true(json_get(object, key, &v));
	CHECK_OK(json_string(&v, texts + *used, sizeof(texts) - *used, &len));
	*used += len;
	return (struct bytes){ texts + *used - len, len };
}

/* False: a role that requests cannot have. */
static bool get_messages(const struct json *array, struct engine_message *msg,
    size_t *n, size_t *used)
{
	struct json_iter it = json_iter(array);
	struct json item;

	for (*n = 0; json_next(&it, NULL, &item); (*n)++) {
		struct bytes role = get_text(&item, "role", used);

		assert_true(*n < MESSAGES_MAX);
		if (mem_eq_str(role, "system"))
			msg[*n].role = ENGINE_SYSTEM;
		else if (mem_eq_str(role, "user"))
			msg[*n].role = ENGINE_USER;
		else if (mem_eq_str(role, "assistant"))
			msg[*n].role = ENGINE_ASSISTANT;
		else
			return false;
		msg[*n].text = get_text(&item, "content", used);
	}
	return true;
}

static void renders(const struct chat *chat, const struct engine_message *msg,
    size_t n, struct bytes want)
{
	rendered_len = 0;
	CHECK_OK(chat_render(chat, msg, n, collect, NULL));
	if (!mem_eq(want, (struct bytes){ (uint8_t *)rendered, rendered_len }))
		fail_msg("rendered\n%s\nwant\n%.*s", rendered, (int)want.len,
		    (const char *)want.p);
}

/* Every recorded template of a family we know is rendered exactly. */
TEST(chat_renders_recorded_templates)
{
	size_t count[4] = { 0 };
	struct engine_message msg[MESSAGES_MAX];
	struct json doc, messages, cases, one, own;
	struct json_iter it;
	uint8_t *file;

	doc = load_json("llm/chat/chat_templates.json", &file);
	CHECK(json_get(&doc, "messages", &messages));
	CHECK(json_get(&doc, "cases", &cases));
	for (it = json_iter(&cases); json_next(&it, NULL, &one);) {
		size_t used = 0, n;
		struct bytes tmpl = get_text(&one, "template", &used);
		struct chat chat;

		if (!json_get(&one, "messages", &own))
			own = messages;
		if (chat_detect(&chat, tmpl, NULL) != ERR_OK ||
		    !get_messages(&own, msg, &n, &used))
			continue;
		renders(
		    &chat, msg, n, get_text(&one, "expected_builtin", &used));
		count[chat.family]++;
	}
	free(file);
	CHECK(count[CHAT_CHATML] >= 1 && count[CHAT_LLAMA2] >= 3 &&
	      count[CHAT_LLAMA3] >= 1);
}

static void family(const char *name, enum chat_family want)
{
	struct json doc, families, f, v, conversations, one, cases, c;
	struct json_iter it, it2;
	struct engine_message msg[MESSAGES_MAX];
	size_t compared = 0;
	uint8_t *file;
	bool prompt;

	doc = load_json("llm/chat/family_templates.json", &file);
	CHECK(json_get(&doc, "conversations", &conversations));
	CHECK(json_get(&doc, "families", &families));
	for (it = json_iter(&families); json_next(&it, NULL, &f);) {
		size_t used = 0, n;
		struct chat chat;

		CHECK(json_get(&f, "family", &v));
		if (!json_is_str(&v, name))
			continue;
		CHECK_OK(
		    chat_detect(&chat, get_text(&f, "template", &used), NULL));
		CHECK_EQ(chat.family, want);
		CHECK(json_get(&f, "cases", &cases));
		for (it2 = json_iter(&cases); json_next(&it2, NULL, &c);) {
			char conversation[64] = { 0 };
			size_t len;

			CHECK(json_get(&c, "add_generation_prompt", &v));
			CHECK_OK(json_bool(&v, &prompt));
			CHECK(json_get(&c, "conversation", &v));
			CHECK_OK(json_string(&v, (uint8_t *)conversation,
			    sizeof(conversation) - 1, &len));
			/* Only where the template adds no text of its own. */
			if (!prompt || strncmp(conversation, "system", 6) != 0)
				continue;
			CHECK(json_get(&conversations, conversation, &one));
			used = 0;
			CHECK(get_messages(&one, msg, &n, &used));
			renders(&chat, msg, n, get_text(&c, "expected", &used));
			compared++;
		}
	}
	free(file);
	CHECK(compared >= 2);
}

TEST(chat_renders_qwen_as_its_own_template_does)
{
	family("qwen2.5", CHAT_CHATML);
}

TEST(chat_refuses_templates_it_does_not_know)
{
	static const char *const unknown[] = { "{{ messages }}",
		"<start_of_turn>user", "<|user|>\n",
		"<|im_start|>system<|im_sep|>", "[INST] [AVAILABLE_TOOLS]" };
	struct err_ctx ctx = { .code = ERR_OK };
	struct chat chat;

	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
		CHECK_ERR(chat_detect(&chat, str_bytes(unknown[i]), &ctx),
		    ERR_UNSUPPORTED);
	CHECK(strstr(ctx.msg, "tokenizer.chat_template") != NULL);
	CHECK_OK(chat_detect(&chat, (struct bytes){ NULL, 0 }, NULL));
	CHECK_EQ(chat.family, CHAT_NONE);
}

TEST(chat_without_a_template_takes_one_user_message)
{
	struct chat chat = { .family = CHAT_NONE };
	struct engine_message msg[2] = { { .role = ENGINE_USER,
					     .text = str_bytes("text") },
		{ .role = ENGINE_USER, .text = str_bytes("more") } };

	renders(&chat, msg, 1, str_bytes("text"));
	CHECK_ERR(chat_render(&chat, msg, 2, collect, NULL), ERR_UNSUPPORTED);
	msg[0].role = ENGINE_SYSTEM;
	CHECK_ERR(chat_render(&chat, msg, 1, collect, NULL), ERR_UNSUPPORTED);
}

/* Stands for a sink that is full. */
static enum err no_room(void *cookie, enum chat_piece kind, struct bytes text)
{
	unsigned *calls = cookie;

	(void)kind;
	(void)text;
	return ++*calls == 3 ? ERR_LIMIT : ERR_OK;
}

TEST(chat_stops_at_the_first_error)
{
	struct chat chat = { .family = CHAT_CHATML };
	struct engine_message msg = { .role = ENGINE_USER,
		.text = str_bytes("text") };
	unsigned calls = 0;

	CHECK_ERR(chat_render(&chat, &msg, 1, no_room, &calls), ERR_LIMIT);
	CHECK_EQ(calls, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chat_renders_recorded_templates),
		cmocka_unit_test(chat_renders_qwen_as_its_own_template_does),
		cmocka_unit_test(chat_refuses_templates_it_does_not_know),
		cmocka_unit_test(
		    chat_without_a_template_takes_one_user_message),
		cmocka_unit_test(chat_stops_at_the_first_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
