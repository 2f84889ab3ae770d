/* Requests as JSON, and what comes back. */
#include "test.h"

#include "client/chat.h"

static struct bytes text_of(const char *s)
{
	return (struct bytes){ (const uint8_t *)s, strlen(s) };
}

TEST(request_has_what_was_given_and_nothing_else)
{
	const struct client_message m[] = {
		{ CLIENT_SYSTEM, BYTES_LITERAL("Be brief") },
		{ CLIENT_USER, BYTES_LITERAL("a \"b\"\n") },
		{ CLIENT_ASSISTANT, BYTES_LITERAL("c") },
	};
	struct client_options o = { 0 };
	char out[1024];
	struct wr w = wr_init(out, sizeof(out) - 1);

	client_chat_request(&w, &o, m, 3, true);
	out[w.len] = '\0';
	CHECK_STR(out,
	    "{\"messages\":[{\"role\":\"system\",\"content\":\"Be brief\"},"
	    "{\"role\":\"user\",\"content\":\"a \\\"b\\\"\\n\"},"
	    "{\"role\":\"assistant\",\"content\":\"c\"}],\"stream\":true}");
	o = (struct client_options){ .model = "m",
		.temperature = "0.5",
		.seed = "7",
		.max_tokens = "9",
		.stop = { "x", "y" },
		.stops = 2 };
	w = wr_init(out, sizeof(out) - 1);
	client_chat_request(&w, &o, m + 1, 1, false);
	out[w.len] = '\0';
	CHECK_STR(out,
	    "{\"messages\":[{\"role\":\"user\",\"content\":\"a "
	    "\\\"b\\\"\\n\"}],\"model\":\"m\",\"temperature\":0.5,\"seed\":7,"
	    "\"max_tokens\":9,\"stop\":[\"x\",\"y\"]}");
	o = (struct client_options){ .schema = BYTES_LITERAL("{}") };
	w = wr_init(out, sizeof(out) - 1);
	client_chat_request(&w, &o, m, 0, false);
	out[w.len] = '\0';
	CHECK_STR(out,
	    "{\"messages\":[],\"response_format\":{\"type\":\"json_schema\","
	    "\"json_schema\":{\"name\":\"schema\",\"schema\":{}}}}");
}

static const char result[] =
    "{\"id\":\"1\",\"object\":\"chat.completion\",\"created\":0,\"model\":"
    "\"demo\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\","
    "\"content\":\"hi\"},\"finish_reason\":\"stop\"}],\"usage\":{"
    "\"prompt_tokens\":3,\"completion_tokens\":4,\"total_tokens\":7},"
    "\"confer_ignored\":[\"logprobs\"]}";

TEST(result_is_read)
{
	struct client_answer a;
	struct err_ctx ctx = { 0 };

	CHECK_OK(client_answer_parse(&a, text_of(result), &ctx));
	CHECK_STR(a.model, "demo");
	CHECK_STR(a.finish, "stop");
	CHECK_EQ(a.prompt_tokens, 3);
	CHECK_EQ(a.completion_tokens, 4);
	CHECK(json_is_str(&a.content, "hi"));
	CHECK_EQ(a.ignored.type, JSON_ARRAY);
	CHECK_EQ(a.receipt.type, JSON_NULL);
	CHECK_OK(client_answer_parse(&a,
	    text_of("{\"model\":\"m\",\"choices\":[{\"finish_reason\":\"stop\","
		    "\"message\":{\"content\":null}}],"
		    "\"confer_receipt\":{\"statement\":\"x\"}  }"),
	    &ctx));
	CHECK_EQ(a.receipt.type, JSON_OBJECT);
}

TEST(result_rejects_every_truncation)
{
	struct client_answer a;

	for (size_t n = 0; n < sizeof(result) - 1; n++)
		CHECK(client_answer_parse(&a,
			  (struct bytes){ (const uint8_t *)result, n },
			  NULL) != ERR_OK);
}

TEST(result_without_its_fields_is_refused_by_name)
{
	static const struct {
		const char *text, *why;
	} bad[] = {
		{ "[]", "not an object" },
		{ "{}", "choices" },
		{ "{\"choices\":[]}", "choices" },
		{ "{\"choices\":[1]}", "choices" },
		{ "{\"choices\":[{}]}", "finish_reason" },
		{ "{\"choices\":[{\"finish_reason\":\"stop\"}]}", "content" },
		{ "{\"choices\":[{\"finish_reason\":\"stop\",\"message\":{"
		  "\"content\":3}}]}",
		    "content" },
		{ "{\"choices\":[{\"finish_reason\":\"stop\",\"message\":{"
		  "\"content\":null}}]}",
		    "model" },
		{ "{\"model\":\"m\",\"usage\":{},\"choices\":[{"
		  "\"finish_reason\":\"stop\",\"message\":{\"content\":null}}"
		  "]}",
		    "usage" },
		{ "{\"model\":\"m\",\"confer_receipt\":1,\"choices\":[{"
		  "\"finish_reason\":\"stop\",\"message\":{\"content\":null}}"
		  "]}",
		    "confer_receipt" },
	};
	struct client_answer a;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err_ctx ctx = { 0 };

		CHECK_ERR(client_answer_parse(&a, text_of(bad[i].text), &ctx),
		    ERR_FORMAT);
		CHECK(strstr(ctx.msg, bad[i].why) != NULL);
	}
}

TEST(error_is_read)
{
	struct client_failure f;

	CHECK_OK(client_failure_parse(&f,
	    text_of("{\"error\":{\"message\":\"too long\",\"type\":\"x\","
		    "\"param\":null,\"code\":\"context_length_exceeded\"}}"),
	    NULL));
	CHECK_STR(f.message, "too long");
	CHECK_STR(f.code, "context_length_exceeded");
	CHECK_ERR(client_failure_parse(&f, text_of("{\"error\":{}}"), NULL),
	    ERR_FORMAT);
}

TEST(models_are_read)
{
	struct client_model m[CLIENT_MODELS_MAX];
	size_t n;

	CHECK_OK(client_models_parse(m, &n,
	    text_of("{\"object\":\"list\",\"data\":[{\"id\":\"a\"},{\"id\":"
		    "\"b\",\"context_length\":512}]}"),
	    NULL));
	CHECK_EQ(n, 2);
	CHECK_STR(m[0].id, "a");
	CHECK_EQ(m[1].context, 512);
	CHECK_ERR(client_models_parse(
		      m, &n, text_of("{\"data\":[{\"name\":\"a\"}]}"), NULL),
	    ERR_FORMAT);
	CHECK_EQ(n, 0);
}

TEST(too_many_models_are_refused)
{
	struct client_model m[CLIENT_MODELS_MAX];
	char text[4096] = "{\"data\":[{\"id\":\"a\"}";
	size_t n, len = strlen(text);

	for (unsigned i = 0; i < CLIENT_MODELS_MAX; i++)
		len += (size_t)snprintf(
		    text + len, sizeof(text) - len, ",{\"id\":\"a\"}");
	(void)snprintf(text + len, sizeof(text) - len, "]}");
	CHECK_ERR(client_models_parse(m, &n, text_of(text), NULL), ERR_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(request_has_what_was_given_and_nothing_else),
		cmocka_unit_test(result_is_read),
		cmocka_unit_test(result_rejects_every_truncation),
		cmocka_unit_test(result_without_its_fields_is_refused_by_name),
		cmocka_unit_test(error_is_read),
		cmocka_unit_test(models_are_read),
		cmocka_unit_test(too_many_models_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
