/* Chat requests: what is understood, what is refused and in which words. */
#include "test.h"

#include "base/json.h"
#include "openai/openai.h"

static struct openai_request req;
static struct openai_error why;
static uint8_t text[65536];
static const char *model = "demo";

static enum err parse(const char *body)
{
	struct bytes b = { (const uint8_t *)body, strlen(body) };

	memset(&why, 0, sizeof(why));
	return openai_request_parse(&req, text, b.len, b, model, &why);
}

static struct bytes str(const char *s)
{
	return (struct bytes){ (const uint8_t *)s, strlen(s) };
}

#define MESSAGE "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]"

/* The request is refused for `param`, with a code and words of ours. */
static void check_refused(const char *body, const char *param, const char *code)
{
	if (parse(body) == ERR_OK)
		fail_msg("accepted: %s", body);
	CHECK_STR(why.code, code);
	if (param == NULL)
		CHECK(why.param == NULL);
	else
		CHECK_STR(why.param, param);
	CHECK(why.message[0] != 0);
}

TEST(openai_reads_every_field_it_knows)
{
	CHECK_OK(
	    parse("{\"model\":\"demo\",\"messages\":["
		  "{\"role\":\"system\",\"content\":\"be \\u00e9\"},"
		  "{\"role\":\"user\",\"content\":[{\"type\":\"text\","
		  "\"text\":\"a\\n\"},{\"text\":\"b\",\"type\":\"text\"}]},"
		  "{\"role\":\"assistant\",\"content\":\"\"}],"
		  "\"temperature\":0.5,\"top_p\":0.9,\"top_k\":40,"
		  "\"min_p\":0.05,\"seed\":7,\"stop\":[\"x\",\"yz\"],"
		  "\"max_tokens\":99,\"max_completion_tokens\":55,"
		  "\"n\":1,\"stream\":true,\"user\":\"u\","
		  "\"frequency_penalty\":-2,\"presence_penalty\":1.5,"
		  "\"repetition_penalty\":1.25,\"logit_bias\":{\"5\":-100,"
		  "\"70000\":0.5},\"reasoning_effort\":\"low\","
		  "\"stream_options\":{\"include_usage\":true,"
		  "\"include_reasoning\":true}}"));
	CHECK_EQ(req.message_n, 3);
	CHECK_EQ(req.message[0].role, ENGINE_SYSTEM);
	CHECK(mem_eq(req.message[0].text, str("be \xc3\xa9")));
	CHECK_EQ(req.message[1].role, ENGINE_USER);
	CHECK(mem_eq(req.message[1].text, str("a\nb")));
	CHECK_EQ(req.message[2].role, ENGINE_ASSISTANT);
	CHECK_EQ(req.message[2].text.len, 0);
	CHECK(req.sampling.temperature == 0.5f);
	CHECK(req.sampling.top_p == 0.9f);
	CHECK(req.sampling.min_p == 0.05f);
	CHECK_EQ(req.sampling.top_k, 40);
	CHECK_EQ(req.sampling.seed, 7);
	CHECK(req.has_seed);
	CHECK_EQ(req.stop_n, 2);
	CHECK(mem_eq(req.stop[1], str("yz")));
	CHECK_EQ(req.max_tokens, 55);
	CHECK(req.stream);
	CHECK(req.stream_reasoning);
	CHECK(!req.no_reasoning);
	CHECK(req.sampling.frequency_penalty == -2.0f);
	CHECK(req.sampling.presence_penalty == 1.5f);
	CHECK(req.sampling.repeat_penalty == 1.25f);
	CHECK_EQ(req.sampling.bias_n, 2);
	CHECK_EQ(req.sampling.bias[0].token, 5);
	CHECK(req.sampling.bias[0].bias == -100.0f);
	CHECK_EQ(req.sampling.bias[1].token, 70000);
	CHECK_EQ(req.ignored_n, 0);
}

#define TOOL(name)                                                             \
	"{\"type\":\"function\",\"function\":{\"name\":\"" name                \
	"\",\"parameters\":{\"type\": \"object\"}}}"

TEST(openai_reads_tools_and_what_was_called)
{
	struct engine_request out;

	CHECK_OK(parse(
	    "{\"messages\":[{\"role\":\"developer\",\"content\":\"d\"},"
	    "{\"role\":\"assistant\",\"content\":null,\"tool_calls\":["
	    "{\"id\":\"c1\",\"type\":\"function\",\"function\":{"
	    "\"name\":\"now\",\"arguments\":\"{\\\"a\\\":1}\"}}]},"
	    "{\"role\":\"tool\",\"tool_call_id\":\"c1\",\"name\":"
	    "\"now\",\"content\":\"12:00\"}],\"tools\":[" TOOL(
		"now") ","
		       "{\"type\":\"function\",\"function\":{\"name\":\"x-Y_"
		       "9\"}}],"
		       "\"tool_choice\":\"required\",\"parallel_tool_calls\":"
		       "false}"));
	CHECK_EQ(req.message[0].role, ENGINE_SYSTEM);
	CHECK_EQ(req.message[1].text.len, 0);
	CHECK_EQ(req.message[1].call_n, 1);
	CHECK(mem_eq(req.message[1].call[0].id, str("c1")));
	CHECK(mem_eq(req.message[1].call[0].name, str("now")));
	CHECK(mem_eq(req.message[1].call[0].arguments, str("{\"a\":1}")));
	CHECK_EQ(req.message[2].role, ENGINE_TOOL);
	CHECK(mem_eq(req.message[2].call_id, str("c1")));
	CHECK(mem_eq(req.message[2].name, str("now")));
	CHECK(req.one_call);
	openai_request_engine(&out, &req);
	CHECK_EQ(out.tool_n, 2);
	CHECK(mem_eq(out.tool[0].definition, str(TOOL("now"))));
	CHECK(mem_eq(out.tool[0].parameters, str("{\"type\": \"object\"}")));
	CHECK(mem_eq(out.tool[1].name, str("x-Y_9")));
	CHECK_EQ(out.tool[1].parameters.len, 0);
	CHECK_EQ(out.tool_choice, ENGINE_TOOL_REQUIRED);
	CHECK_EQ(req.ignored_n, 0);
}

TEST(openai_gives_a_named_tool_alone)
{
	CHECK_OK(parse("{" MESSAGE ",\"tools\":[" TOOL("a") "," TOOL(
	    "b") "],\"tool_choice\":{\"type\":\"function\",\"function\":"
		 "{\"name\":\"b\"}}}"));
	CHECK_EQ(req.tool_choice, ENGINE_TOOL_NAMED);
	CHECK_EQ(req.tool_n, 1);
	CHECK(mem_eq(req.tool[0].name, str("b")));
	CHECK_OK(parse(
	    "{" MESSAGE ",\"tools\":[" TOOL("a") "],"
						 "\"tool_choice\":\"none\"}"));
	CHECK_EQ(req.tool_choice, ENGINE_TOOL_NONE);
}

TEST(openai_reads_the_format_of_an_answer)
{
	struct engine_request out;

	CHECK_OK(parse("{" MESSAGE ",\"response_format\":{\"type\":"
		       "\"json_schema\",\"json_schema\":{\"name\":\"n\","
		       "\"strict\":true,\"schema\":{ \"type\":\"object\"}}},"
		       "\"logprobs\":true,\"top_logprobs\":3,"
		       "\"chat_template_kwargs\":{\"enable_thinking\":false,"
		       "\"other\":1}}"));
	openai_request_engine(&out, &req);
	CHECK_EQ(out.format, ENGINE_FORMAT_SCHEMA);
	CHECK(mem_eq(out.schema, str("{ \"type\":\"object\"}")));
	CHECK(out.logprobs);
	CHECK_EQ(out.top_logprobs, 3);
	CHECK_EQ(out.max_tokens, 1024);
	CHECK(out.no_reasoning);
	CHECK_EQ(req.ignored_n, 1);
	CHECK_STR(req.ignored[0].prefix, "chat_template_kwargs.");
	CHECK_OK(parse("{" MESSAGE ",\"response_format\":{\"type\":"
		       "\"json_object\"},\"reasoning_effort\":\"minimal\"}"));
	CHECK_EQ(req.format, ENGINE_FORMAT_JSON);
	CHECK(req.no_reasoning);
	CHECK_OK(parse("{" MESSAGE ",\"response_format\":{\"type\":"
		       "\"text\"},\"reasoning_effort\":\"high\"}"));
	CHECK_EQ(req.format, ENGINE_FORMAT_TEXT);
	CHECK(!req.no_reasoning);
}

TEST(openai_treats_null_and_absence_alike)
{
	CHECK_OK(parse("{" MESSAGE ",\"model\":null,\"temperature\":null,"
		       "\"stop\":null,\"seed\":null,\"stream\":null}"));
	CHECK(req.sampling.temperature == 1.0f);
	CHECK(!req.has_seed);
	CHECK(!req.stream);
	CHECK_EQ(req.max_tokens, 0);
}

TEST(openai_lists_what_it_ignores_once)
{
	CHECK_OK(parse("{" MESSAGE ",\"functions\":true,\"store\":[],"
		       "\"a\\u0001\":1}"));
	CHECK_EQ(req.ignored_n, 3);
	CHECK(mem_eq(req.ignored[0].name, str("functions")));
	CHECK_OK(parse("{\"messages\":["
		       "{\"role\":\"user\",\"content\":\"\",\"name\":\"x\"},"
		       "{\"role\":\"user\",\"content\":\"\",\"name\":\"y\"}],"
		       "\"name\":1,\"stream_options\":{\"z\":1}}"));
	CHECK_EQ(req.ignored_n, 3);
	CHECK_STR(req.ignored[0].prefix, "messages.");
	CHECK_STR(req.ignored[1].prefix, "");
	CHECK_STR(req.ignored[2].prefix, "stream_options.");
}

static const struct {
	const char *body;
	const char *param;
} out_of_range[] = {
	{ "{" MESSAGE ",\"temperature\":2.01}", "temperature" },
	{ "{" MESSAGE ",\"temperature\":-0.1}", "temperature" },
	{ "{" MESSAGE ",\"temperature\":\"1\"}", "temperature" },
	{ "{" MESSAGE ",\"top_p\":1.5}", "top_p" },
	{ "{" MESSAGE ",\"min_p\":-1}", "min_p" },
	{ "{" MESSAGE ",\"top_k\":1.5}", "top_k" },
	{ "{" MESSAGE ",\"top_k\":1000001}", "top_k" },
	{ "{" MESSAGE ",\"seed\":-1}", "seed" },
	{ "{" MESSAGE ",\"max_tokens\":0}", "max_tokens" },
	{ "{" MESSAGE ",\"max_completion_tokens\":0}",
	    "max_completion_tokens" },
	{ "{" MESSAGE ",\"max_tokens\":4294967296}", "max_tokens" },
	{ "{" MESSAGE ",\"n\":2}", "n" },
	{ "{" MESSAGE ",\"stream\":1}", "stream" },
	{ "{" MESSAGE ",\"stream_options\":true}", "stream_options" },
	{ "{" MESSAGE ",\"stream_options\":{\"include_usage\":0}}",
	    "stream_options" },
	{ "{" MESSAGE ",\"stop\":\"\"}", "stop" },
	{ "{" MESSAGE ",\"frequency_penalty\":-2.1}", "frequency_penalty" },
	{ "{" MESSAGE ",\"presence_penalty\":2.1}", "presence_penalty" },
	{ "{" MESSAGE ",\"repetition_penalty\":0.9}", "repetition_penalty" },
	{ "{" MESSAGE ",\"logit_bias\":[]}", "logit_bias" },
	{ "{" MESSAGE ",\"logit_bias\":{\"a\":1}}", "logit_bias" },
	{ "{" MESSAGE ",\"logit_bias\":{\"\":1}}", "logit_bias" },
	{ "{" MESSAGE ",\"logit_bias\":{\"4294967296\":1}}", "logit_bias" },
	{ "{" MESSAGE ",\"logit_bias\":{\"1\":101}}", "logit_bias" },
	{ "{" MESSAGE ",\"logit_bias\":{\"1\":\"1\"}}", "logit_bias" },
	{ "{" MESSAGE ",\"logprobs\":1}", "logprobs" },
	{ "{" MESSAGE ",\"logprobs\":true,\"top_logprobs\":21}",
	    "top_logprobs" },
	{ "{" MESSAGE ",\"top_logprobs\":1}", "top_logprobs" },
	{ "{" MESSAGE ",\"logprobs\":true,\"top_logprobs\":1,"
	  "\"max_tokens\":2049}",
	    "max_tokens" },
	{ "{" MESSAGE ",\"reasoning_effort\":\"much\"}", "reasoning_effort" },
	{ "{" MESSAGE ",\"reasoning_effort\":1}", "reasoning_effort" },
	{ "{" MESSAGE ",\"chat_template_kwargs\":1}", "chat_template_kwargs" },
	{ "{" MESSAGE ",\"chat_template_kwargs\":"
	  "{\"enable_thinking\":1}}",
	    "chat_template_kwargs" },
	{ "{" MESSAGE ",\"stream_options\":"
	  "{\"include_reasoning\":1}}",
	    "stream_options" },
	{ "{" MESSAGE ",\"parallel_tool_calls\":1}", "parallel_tool_calls" },
	{ "{" MESSAGE ",\"tools\":{}}", "tools" },
	{ "{" MESSAGE ",\"tools\":[1]}", "tools" },
	{ "{" MESSAGE ",\"tools\":[{\"type\":\"x\",\"function\":"
	  "{\"name\":\"a\"}}]}",
	    "tools" },
	{ "{" MESSAGE ",\"tools\":[{\"type\":\"function\"}]}", "tools" },
	{ "{" MESSAGE ",\"tools\":[{\"type\":\"function\","
	  "\"function\":1}]}",
	    "tools" },
	{ "{" MESSAGE ",\"tools\":[" TOOL("") "]}", "tools" },
	{ "{" MESSAGE ",\"tools\":[" TOOL("a b") "]}", "tools" },
	{ "{" MESSAGE ",\"tools\":[" TOOL("a@") "]}", "tools" },
	{ "{" MESSAGE ",\"tools\":[" TOOL("a") "," TOOL("a") "]}", "tools" },
	{ "{" MESSAGE ",\"tools\":[{\"type\":\"function\","
	  "\"function\":{\"name\":\"a\",\"parameters\":1}}]}",
	    "tools" },
	{ "{" MESSAGE ",\"tool_choice\":\"any\"}", "tool_choice" },
	{ "{" MESSAGE ",\"tool_choice\":\"required\"}", "tool_choice" },
	{ "{" MESSAGE ",\"tool_choice\":{\"type\":\"function\"}}",
	    "tool_choice" },
	{ "{" MESSAGE
	  ",\"tools\":[" TOOL("a") "],\"tool_choice\":{"
				   "\"type\":\"function\",\"function\":"
				   "{\"name\":\"b\"}}}",
	    "tool_choice" },
	{ "{" MESSAGE ",\"response_format\":\"json\"}", "response_format" },
	{ "{" MESSAGE ",\"response_format\":{\"type\":\"x\"}}",
	    "response_format" },
	{ "{" MESSAGE ",\"response_format\":{\"type\":"
	  "\"json_schema\"}}",
	    "response_format" },
	{ "{" MESSAGE ",\"response_format\":{\"type\":"
	  "\"json_schema\",\"json_schema\":{\"schema\":1}}}",
	    "response_format" },
	{ "{" MESSAGE ",\"stop\":5}", "stop" },
	{ "{" MESSAGE ",\"stop\":[\"a\",\"b\",\"c\",\"d\",\"e\"]}", "stop" },
};

TEST(openai_refuses_values_out_of_range)
{
	for (size_t i = 0; i < sizeof(out_of_range) / sizeof(*out_of_range);
	     i++)
		check_refused(out_of_range[i].body, out_of_range[i].param,
		    "invalid_request");
	/* The edges themselves are fine. */
	CHECK_OK(parse("{" MESSAGE ",\"temperature\":2,\"top_p\":0,"
		       "\"stop\":[\"a\",\"b\",\"c\",\"d\"]}"));
	CHECK(req.sampling.top_p > 0.0f);
}

TEST(openai_refuses_messages_that_are_none)
{
	static const char *const bad[] = {
		"{}",
		"{\"messages\":[]}",
		"{\"messages\":{}}",
		"{\"messages\":[1]}",
		"{\"messages\":[{\"role\":\"user\"}]}",
		"{\"messages\":[{\"content\":\"x\"}]}",
		"{\"messages\":[{\"role\":\"tool\",\"content\":\"x\"}]}",
		"{\"messages\":[{\"role\":\"tool\",\"tool_call_id\":1,"
		"\"content\":\"x\"}]}",
		"{\"messages\":[{\"role\":\"user\",\"tool_call_id\":\"a\","
		"\"content\":\"x\"}]}",
		"{\"messages\":[{\"role\":\"tool\",\"tool_call_id\":\"a\","
		"\"name\":1,\"content\":\"x\"}]}",
		"{\"messages\":[{\"role\":\"user\",\"content\":\"x\","
		"\"tool_calls\":[]}]}",
		"{\"messages\":[{\"role\":\"assistant\",\"tool_calls\":1}]}",
		"{\"messages\":[{\"role\":\"assistant\",\"tool_calls\":[]}]}",
		"{\"messages\":[{\"role\":\"assistant\",\"tool_calls\":[1]}]}",
		"{\"messages\":[{\"role\":\"assistant\",\"tool_calls\":[{"
		"\"id\":\"i\",\"type\":\"function\",\"function\":{\"name\":"
		"\"f\",\"arguments\":\"[]\"}}]}]}",
		"{\"messages\":[{\"role\":\"assistant\",\"tool_calls\":[{"
		"\"id\":\"i\",\"type\":\"function\",\"function\":{\"name\":"
		"\"\",\"arguments\":\"{}\"}}]}]}",
		"{\"messages\":[{\"role\":\"assistant\",\"tool_calls\":[{"
		"\"id\":\"i\",\"type\":\"x\",\"function\":{\"name\":\"f\","
		"\"arguments\":\"{}\"}}]}]}",
		"{\"messages\":[{\"role\":1,\"content\":\"x\"}]}",
		"{\"messages\":[{\"role\":\"user\",\"content\":null}]}",
		"{\"messages\":[{\"role\":\"user\",\"content\":[\"x\"]}]}",
		"{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":"
		"\"image_url\",\"text\":\"x\"}]}]}",
		"{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":"
		"\"text\",\"text\":1}]}]}",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		check_refused(bad[i], "messages", "invalid_request");
}

TEST(openai_refuses_one_message_too_many)
{
	static char body[32768];
	size_t n = 0;

	for (int count = 256; count <= 257; count++) {
		n = (size_t)snprintf(body, sizeof(body), "{\"messages\":[");
		for (int i = 0; i < count; i++)
			n += (size_t)snprintf(body + n, sizeof(body) - n,
			    "%s{\"role\":\"user\",\"content\":\"%d\"}",
			    i == 0 ? "" : ",", i);
		snprintf(body + n, sizeof(body) - n, "]}");
		if (count == 256)
			CHECK_OK(parse(body));
		else
			check_refused(body, "messages", "invalid_request");
	}
}

TEST(openai_refuses_another_model)
{
	check_refused(
	    "{" MESSAGE ",\"model\":\"gpt\"}", "model", "model_not_found");
	check_refused("{" MESSAGE ",\"model\":3}", "model", "model_not_found");
}

TEST(openai_refuses_what_is_no_json_or_no_utf8)
{
	const char *good = "{" MESSAGE ",\"stop\":\"x\"}";

	check_refused("[]", NULL, "invalid_request");
	check_refused("{" MESSAGE ",\"n\":1,\"n\":1}", NULL, "invalid_request");
	check_refused("{\"messages\":[{\"role\":\"user\","
		      "\"content\":\"\xff\"}]}",
	    NULL, "invalid_request");
	for (size_t n = 0; n < strlen(good); n++) {
		struct bytes cut = { (const uint8_t *)good, n };

		CHECK(openai_request_parse(&req, text, n, cut, model, &why) !=
		      ERR_OK);
	}
	CHECK_OK(parse(good));
}

TEST(openai_error_names_fields_but_repeats_no_text)
{
	char out[OPENAI_ERROR_LEN_MAX + 1] = { 0 };
	struct wr w = wr_init(out, OPENAI_ERROR_LEN_MAX);

	CHECK_ERR(parse("{" MESSAGE ",\"stop\":\"SECRET\\u0000 SECRET SECRET "
			"SECRET SECRET SECRET SECRET SECRET SECRET SECRET "
			"SECRET SECRET SECRET SECRET SECRET SECRET SECRET "
			"SECRET SECRET\"}"),
	    ERR_FORMAT);
	openai_error_write(&w, &why);
	CHECK_OK(w.err);
	CHECK_STR(out, "{\"error\":{\"message\":\"stop must be a string or up "
		       "to 4, of 1 to 128 bytes each\",\"type\":"
		       "\"invalid_request_error\",\"param\":\"stop\","
		       "\"code\":\"invalid_request\"}}");
}

TEST(openai_longest_error_fits)
{
	char longest[ERR_MSG_LEN_MAX];
	char out[OPENAI_ERROR_LEN_MAX];
	struct wr w = wr_init(out, sizeof(out));

	memset(longest, '"', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = 0;
	openai_error_set(
	    &why, OPENAI_CONTEXT, "max_completion_tokens", longest);
	openai_error_write(&w, &why);
	CHECK_OK(w.err);
}

/* Head, escaped text and tail, put together as an answer. */
static const char *answer(bool content, struct bytes said)
{
	static char out[16384];
	const struct openai_usage usage = { 3, 4 };
	struct wr w = wr_init(out, sizeof(out) - 1);
	uint8_t piece[1024];
	size_t n;

	openai_head_write(&w, "chatcmpl-0123456789abcdef", "demo");
	wr_str(&w, content ? OPENAI_CONTENT : OPENAI_CONTENT_NONE);
	CHECK_EQ(openai_escape(piece, sizeof(piece), &n, said), said.len);
	wr_copy(&w, piece, n);
	wr_str(&w, content ? "\"" : "");
	wr_str(&w, OPENAI_MESSAGE_END);
	openai_tail_write(&w, &req, ENGINE_LENGTH, &usage);
	openai_end_write(&w);
	CHECK_OK(w.err);
	out[w.len] = 0;
	return out;
}

TEST(openai_answer_is_a_chat_completion)
{
	CHECK_OK(parse("{" MESSAGE ",\"a\\\"\":1,\"b\":2}"));
	CHECK_STR(answer(true, str("x\"\n\x01\xc3\xa9")),
	    "{\"id\":\"chatcmpl-0123456789abcdef\","
	    "\"object\":\"chat.completion\",\"created\":0,\"model\":\"demo\","
	    "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\","
	    "\"content\":\"x\\\"\\n\\u0001\xc3\xa9\"},"
	    "\"finish_reason\":\"length\"}],\"usage\":{\"prompt_tokens\":3,"
	    "\"completion_tokens\":4,\"total_tokens\":7},"
	    "\"confer_ignored\":[\"a\\\"\",\"b\"]}");
	CHECK_OK(parse("{" MESSAGE "}"));
	CHECK_STR(answer(false, str("")),
	    "{\"id\":\"chatcmpl-0123456789abcdef\","
	    "\"object\":\"chat.completion\",\"created\":0,\"model\":\"demo\","
	    "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\","
	    "\"content\":null},\"finish_reason\":\"length\"}],"
	    "\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4,"
	    "\"total_tokens\":7}}");
}

TEST(openai_writes_calls_and_tokens_as_openai_does)
{
	static char out[OPENAI_TOLD_LEN(1024) + 1];
	static uint8_t longest[1024];
	struct wr w = wr_init(out, sizeof(out) - 1);

	openai_call_write(&w, 0, "call_aaaaaaaaaaaaaaaaaaaaaaaa", str("f"));
	wr_str(&w, "{}" OPENAI_CALL_END);
	openai_call_write(&w, 1, "call_bbbbbbbbbbbbbbbbbbbbbbbb", str("g\""));
	wr_str(&w, OPENAI_CALL_END OPENAI_CALLS_END);
	out[w.len] = 0;
	CHECK_STR(out,
	    ",\"tool_calls\":[{\"id\":\"call_aaaaaaaaaaaaaaaaaaaaaaaa\","
	    "\"type\":\"function\",\"function\":{\"name\":\"f\","
	    "\"arguments\":\"{}\"}},{\"id\":"
	    "\"call_bbbbbbbbbbbbbbbbbbbbbbbb\",\"type\":\"function\","
	    "\"function\":{\"name\":\"g\\\"\",\"arguments\":\"\"}}]");
	w.len = 0;
	openai_told_write(&w, str("\xc3"), -0.5f);
	openai_told_write(&w, str(""), 0.0f);
	openai_told_write(&w, str("ab"), -1e30f);
	out[w.len] = 0;
	CHECK_STR(out,
	    "{\"token\":\"\xef\xbf\xbd\",\"logprob\":-0.500000,\"bytes\":"
	    "[195]{\"token\":\"\",\"logprob\":0.000000,\"bytes\":[]"
	    "{\"token\":\"ab\",\"logprob\":-9999.000000,\"bytes\":[97,98]");
	memset(longest, 1, sizeof(longest));
	w.len = 0;
	wr_str(&w, OPENAI_TOLD ",");
	openai_told_write(&w, (struct bytes){ longest, 1024 }, -9999.0f);
	wr_str(&w, OPENAI_TOLD_TOP OPENAI_TOLD_TOP_END);
	CHECK_OK(w.err);
}

TEST(openai_escape_round_trips_every_byte_at_every_room)
{
	uint8_t in[256 + 64], out[4096], back[1024];
	size_t n = 0;

	for (unsigned i = 0; i < 128; i++)
		in[n++] = (uint8_t)i;
	for (unsigned i = 0; i < 64; i++) {
		in[n++] = 0xc3;
		in[n++] = (uint8_t)(0x80 + i);
	}
	for (size_t room = OPENAI_ESCAPE_MAX; room < 64; room++) {
		size_t used = 0, len, got;
		size_t at = 1;
		struct json v;

		out[0] = '"';
		while (used < n) {
			size_t step = openai_escape(out + at, room, &len,
			    (struct bytes){ in + used, n - used });

			CHECK(step > 0 && len <= room);
			used += step;
			at += len;
		}
		out[at++] = '"';
		CHECK_OK(json_parse(&v, (struct bytes){ out, at }, NULL));
		CHECK_OK(json_string(&v, back, sizeof(back), &got));
		CHECK_EQ(got, n);
		CHECK_MEM(back, in, n);
	}
}

TEST(openai_tail_holds_the_longest_names)
{
	static char body[4096];
	static char out[OPENAI_TAIL_LEN_MAX];
	const struct openai_usage usage = { UINT32_MAX, UINT32_MAX };
	struct wr w = wr_init(out, sizeof(out));
	size_t n = (size_t)snprintf(body, sizeof(body), "{" MESSAGE);

	for (int i = 0; i < 6; i++) { /* 20 control characters: 120 bytes */
		n += (size_t)snprintf(body + n, sizeof(body) - n, ",\"%d", i);
		for (int k = 0; k < 20; k++)
			n += (size_t)snprintf(
			    body + n, sizeof(body) - n, "\\u0001");
		n += (size_t)snprintf(body + n, sizeof(body) - n, "\":0");
	}
	snprintf(body + n, sizeof(body) - n, "}");
	CHECK_OK(parse(body));
	CHECK_EQ(req.ignored_n, 6);
	openai_tail_write(&w, &req, ENGINE_CANCELLED, &usage);
	CHECK_OK(w.err);
	w.len = 0;
	openai_models_write(&w, model, 4096);
	CHECK_OK(w.err);
	out[w.len] = 0;
	CHECK_STR(out, "{\"object\":\"list\",\"data\":[{\"id\":\"demo\","
		       "\"object\":\"model\",\"created\":0,"
		       "\"owned_by\":\"enclave\",\"context_length\":4096}]}");
}

TEST(openai_refuses_every_truncation)
{
	static const char chat[] =
	    "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\","
	    "\"text\":\"\\u00e9\"}]}],\"stop\":[\"x\"],\"logit_bias\":{\"5\":-"
	    "1},"
	    "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\","
	    "\"parameters\":{}}}],\"response_format\":{\"type\":"
	    "\"json_schema\",\"json_schema\":{\"schema\":{}}},\"odd\":1}";
	static const char embed[] = "{\"input\":[\"a\",\"\\n\"],"
				    "\"encoding_format\":\"base64\"}";

	CHECK_OK(parse(chat));
	for (size_t n = 0; n + 1 < sizeof(chat); n++) {
		const struct bytes b = { (const uint8_t *)chat, n };

		CHECK(openai_request_parse(&req, text, n, b, model, &why) !=
		      ERR_OK);
		CHECK(why.message[0] != 0 && req.text_len <= n);
	}
	for (size_t n = 0; n < sizeof(embed); n++) {
		const struct bytes b = { (const uint8_t *)embed, n };

		CHECK_EQ(
		    openai_embed_parse(&req, text, n, b, model, &why) == ERR_OK,
		    n + 1 == sizeof(embed));
		CHECK(req.text_len <= n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(openai_reads_every_field_it_knows),
		cmocka_unit_test(openai_refuses_every_truncation),
		cmocka_unit_test(openai_reads_tools_and_what_was_called),
		cmocka_unit_test(openai_gives_a_named_tool_alone),
		cmocka_unit_test(openai_reads_the_format_of_an_answer),
		cmocka_unit_test(openai_writes_calls_and_tokens_as_openai_does),
		cmocka_unit_test(openai_treats_null_and_absence_alike),
		cmocka_unit_test(openai_lists_what_it_ignores_once),
		cmocka_unit_test(openai_refuses_values_out_of_range),
		cmocka_unit_test(openai_refuses_messages_that_are_none),
		cmocka_unit_test(openai_refuses_one_message_too_many),
		cmocka_unit_test(openai_refuses_another_model),
		cmocka_unit_test(openai_refuses_what_is_no_json_or_no_utf8),
		cmocka_unit_test(openai_error_names_fields_but_repeats_no_text),
		cmocka_unit_test(openai_longest_error_fits),
		cmocka_unit_test(openai_answer_is_a_chat_completion),
		cmocka_unit_test(
		    openai_escape_round_trips_every_byte_at_every_room),
		cmocka_unit_test(openai_tail_holds_the_longest_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
