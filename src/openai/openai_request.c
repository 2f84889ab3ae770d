/*
 * Reading a chat completion request; messages and tools have files of their
 * own, and the answers are in openai.c.
 */
#include "base/fmt.h"
#include "base/utf8.h"
#include "openai/openai_parse.h"

#define TEMPERATURE_DEFAULT 1.0f    /* as OpenAI's */
#define TOP_K_MAX           1000000 /* above any vocabulary */

enum err openai_invalid(
    struct openai_error *why, const char *param, const char *message)
{
	openai_error_set(why, OPENAI_INVALID, param, message);
	return ERR_FORMAT;
}

enum err openai_decode(
    struct openai_request *r, struct bytes *out, const struct json *v)
{
	size_t n;
	uint8_t *at = r->text + r->text_len;
	enum err e = json_string(v, at, r->text_cap - r->text_len, &n);

	if (e != ERR_OK)
		return e;
	*out = (struct bytes){ at, n };
	r->text_len += n;
	return ERR_OK;
}

enum err openai_copy(
    struct openai_request *r, struct bytes *out, const struct json *v)
{
	uint8_t *at = r->text + r->text_len;

	if (v->text.len > r->text_cap - r->text_len)
		return ERR_NOSPACE;
	mem_copy(at, v->text.p, v->text.len);
	*out = (struct bytes){ at, v->text.len };
	r->text_len += v->text.len;
	return ERR_OK;
}

enum err openai_ignore(
    struct openai_request *r, const char *prefix, const struct json *key)
{
	struct bytes name;
	enum err e = openai_decode(r, &name, key);

	if (e != ERR_OK)
		return e;
	if (name.len > OPENAI_NAME_MAX)
		name.len =
		    utf8_prefix((struct bytes){ name.p, OPENAI_NAME_MAX });
	for (size_t i = 0; i < r->ignored_n; i++)
		if (mem_eq(r->ignored[i].name, name) &&
		    mem_eq_str(mem_str(prefix), r->ignored[i].prefix))
			return ERR_OK;
	if (r->ignored_n == OPENAI_IGNORED_MAX)
		return ERR_OK;
	r->ignored[r->ignored_n].prefix = prefix;
	r->ignored[r->ignored_n].name = name;
	r->ignored_n++;
	return ERR_OK;
}

/* ---- numbers -------------------------------------------------------------- */

static const struct number {
	const char *name;
	size_t at; /* in struct engine_sampling */
	double min, max;
	const char *message;
} numbers[] = {
	{ "temperature", offsetof(struct engine_sampling, temperature), 0, 2,
	    "temperature must be a number from 0 to 2" },
	{ "top_p", offsetof(struct engine_sampling, top_p), 0, 1,
	    "top_p must be a number from 0 to 1" },
	{ "min_p", offsetof(struct engine_sampling, min_p), 0, 1,
	    "min_p must be a number from 0 to 1" },
	{ "frequency_penalty",
	    offsetof(struct engine_sampling, frequency_penalty), -2, 2,
	    "frequency_penalty must be a number from -2 to 2" },
	{ "presence_penalty",
	    offsetof(struct engine_sampling, presence_penalty), -2, 2,
	    "presence_penalty must be a number from -2 to 2" },
	{ "repetition_penalty",
	    offsetof(struct engine_sampling, repeat_penalty), 1, 2,
	    "repetition_penalty must be a number from 1 to 2" },
};

static enum err read_number(struct openai_request *r, const struct number *n,
    const struct json *v, struct openai_error *why)
{
	double d;
	float f;

	if (json_double(v, &d) != ERR_OK || !(d >= n->min && d <= n->max))
		return openai_invalid(why, n->name, n->message);
	/* The engine's 0 means off; a client's 0 means only the best token. */
	if (n->at == offsetof(struct engine_sampling, top_p) && d == 0.0)
		d = 1e-6;
	f = (float)d;
	memcpy((uint8_t *)&r->sampling + n->at, &f, sizeof(f));
	return ERR_OK;
}

static enum err read_integer(
    uint64_t *out, const struct json *v, uint64_t min, uint64_t max)
{
	enum err e = json_u64(v, out);

	return e == ERR_OK && (*out < min || *out > max) ? ERR_LIMIT : e;
}

static enum err read_top_k(
    struct openai_request *r, const struct json *v, struct openai_error *why)
{
	uint64_t n;

	if (read_integer(&n, v, 0, TOP_K_MAX) != ERR_OK)
		return openai_invalid(
		    why, "top_k", "top_k must be an integer from 0 to 1000000");
	r->sampling.top_k = (uint32_t)n;
	return ERR_OK;
}

static enum err read_seed(
    struct openai_request *r, const struct json *v, struct openai_error *why)
{
	r->has_seed = true;
	if (json_u64(v, &r->sampling.seed) != ERR_OK)
		return openai_invalid(
		    why, "seed", "seed must be an integer of at least 0");
	return ERR_OK;
}

static enum err read_limit(struct openai_request *r, const struct json *v,
    struct openai_error *why, const char *name)
{
	uint64_t n = 0;

	if (read_integer(&n, v, 1, UINT32_MAX) != ERR_OK)
		return openai_invalid(why, name,
		    "the number of tokens must be an integer of at least 1");
	if (r->max_tokens == 0 || n < r->max_tokens)
		r->max_tokens = (uint32_t)n;
	return ERR_OK;
}

static enum err read_max_tokens(
    struct openai_request *r, const struct json *v, struct openai_error *why)
{
	return read_limit(r, v, why, "max_tokens");
}

static enum err read_max_completion(
    struct openai_request *r, const struct json *v, struct openai_error *why)
{
	return read_limit(r, v, why, "max_completion_tokens");
}

static enum err read_n(
    struct openai_request *r, const struct json *v, struct openai_error *why)
{
	uint64_t n;

	(void)r;
	if (read_integer(&n, v, 1, 1) != ERR_OK)
		return openai_invalid(
		    why, "n", "n must be 1: one answer per request");
	return ERR_OK;
}

static enum err read_top_logprobs(
    struct openai_request *r, const struct json *v, struct openai_error *why)
{
	uint64_t n;

	if (read_integer(&n, v, 0, ENGINE_TOP_MAX) != ERR_OK)
		return openai_invalid(why, "top_logprobs",
		    "top_logprobs must be an integer from 0 to 20");
	r->top_logprobs = (uint32_t)n;
	return ERR_OK;
}

/* {"50256": -100, ...}: the number of a token, and what its logit gains. */
static enum err read_logit_bias(
    struct openai_request *r, const struct json *v, struct openai_error *why)
{
	struct json_iter it = json_iter(v);
	struct json key, value;
	uint64_t token;
	double bias;

	if (v->type != JSON_OBJECT)
		return openai_invalid(
		    why, "logit_bias", "logit_bias must be an object");
	while (json_next(&it, &key, &value)) {
		const struct json digits = { JSON_NUMBER,
			{ key.text.p + 1, key.text.len - 2 } };

		if (r->sampling.bias_n == ENGINE_BIAS_MAX ||
		    digits.text.len == 0 ||
		    read_integer(&token, &digits, 0, UINT32_MAX) != ERR_OK ||
		    json_double(&value, &bias) != ERR_OK ||
		    !(bias >= -100.0 && bias <= 100.0))
			return openai_invalid(why, "logit_bias",
			    "logit_bias must map numbers of tokens to numbers "
			    "from -100 to 100");
		r->bias[r->sampling.bias_n++] =
		    (struct engine_bias){ (uint32_t)token, (float)bias };
	}
	r->sampling.bias = r->bias;
	return ERR_OK;
}

/* ---- the other fields ----------------------------------------------------- */

static enum err add_stop(
    struct openai_request *r, const struct json *v, struct openai_error *why)
{
	struct bytes *s = &r->stop[r->stop_n];

	if (r->stop_n == OPENAI_STOPS_MAX || v->type != JSON_STRING ||
	    openai_decode(r, s, v) != ERR_OK || s->len == 0 ||
	    s->len > ENGINE_STOP_LEN_MAX)
		return openai_invalid(why, "stop",
		    "stop must be a string or up to 4, of 1 to 128 bytes each");
	r->stop_n++;
	return ERR_OK;
}

static enum err read_stop(
    struct openai_request *r, const struct json *v, struct openai_error *why)
{
	return v->type == JSON_ARRAY ? openai_read_each(r, v, add_stop, why)
				     : add_stop(r, v, why);
}

static enum err read_stream(
    struct openai_request *r, const struct json *v, struct openai_error *why)
{
	return json_bool(v, &r->stream) == ERR_OK
		   ? ERR_OK
		   : openai_invalid(
			 why, "stream", "stream must be true or false");
}

static enum err read_logprobs(
    struct openai_request *r, const struct json *v, struct openai_error *why)
{
	return json_bool(v, &r->logprobs) == ERR_OK
		   ? ERR_OK
		   : openai_invalid(
			 why, "logprobs", "logprobs must be true or false");
}

/* Members of a nested object that are true or false; others mean nothing. */
static enum err read_switch(struct openai_request *r, const struct json *v,
    const char *name, const char *prefix, bool *out)
{
	struct json_iter it = json_iter(v);
	struct json key, value;

	if (v->type != JSON_OBJECT)
		return ERR_FORMAT;
	while (json_next(&it, &key, &value)) {
		enum err e = ERR_OK;

		if (json_is_str(&key, name))
			e = json_bool(&value, out);
		else if (!json_is_str(&key, "include_usage"))
			e = openai_ignore(r, prefix, &key);
		else if (value.type != JSON_BOOL)
			e = ERR_FORMAT;
		if (e != ERR_OK)
			return e;
	}
	return ERR_OK;
}

/* The usage comes with every RESULT, so there is nothing to remember of it. */
static enum err read_stream_options(
    struct openai_request *r, const struct json *v, struct openai_error *why)
{
	if (read_switch(r, v, "include_reasoning", "stream_options.",
		&r->stream_reasoning) != ERR_OK)
		return openai_invalid(why, "stream_options",
		    "stream_options must be an object; include_usage and "
		    "include_reasoning are true or false");
	return ERR_OK;
}

static enum err read_template_options(
    struct openai_request *r, const struct json *v, struct openai_error *why)
{
	bool thinking = true;

	if (read_switch(r, v, "enable_thinking", "chat_template_kwargs.",
		&thinking) != ERR_OK)
		return openai_invalid(why, "chat_template_kwargs",
		    "chat_template_kwargs must be an object; enable_thinking "
		    "is true or false");
	r->no_reasoning |= !thinking;
	return ERR_OK;
}

static enum err read_effort(
    struct openai_request *r, const struct json *v, struct openai_error *why)
{
	static const char *const words[] = { "none", "minimal", "low", "medium",
		"high", "xhigh" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (v->type != JSON_STRING || !json_is_str(v, words[i]))
			continue;
		r->no_reasoning |= i < 2;
		return ERR_OK;
	}
	return openai_invalid(why, "reasoning_effort",
	    "reasoning_effort must be none, minimal, low, medium, high or "
	    "xhigh");
}

/* Of no use here, and OpenAI's clients may send it: nothing to report. */
static enum err read_user(
    struct openai_request *r, const struct json *v, struct openai_error *why)
{
	(void)r;
	(void)v;
	(void)why;
	return ERR_OK;
}

static const struct {
	const char *name;
	openai_field_fn *read;
} fields[] = {
	{ "messages", openai_read_messages },
	{ "tools", openai_read_tools },
	{ "tool_choice", openai_read_tool_choice },
	{ "parallel_tool_calls", openai_read_parallel },
	{ "response_format", openai_read_response_format },
	{ "top_k", read_top_k },
	{ "seed", read_seed },
	{ "stop", read_stop },
	{ "max_tokens", read_max_tokens },
	{ "max_completion_tokens", read_max_completion },
	{ "logit_bias", read_logit_bias },
	{ "logprobs", read_logprobs },
	{ "top_logprobs", read_top_logprobs },
	{ "n", read_n },
	{ "stream", read_stream },
	{ "stream_options", read_stream_options },
	{ "chat_template_kwargs", read_template_options },
	{ "reasoning_effort", read_effort },
	{ "user", read_user },
};

static enum err read_field(struct openai_request *r, const struct json *key,
    const struct json *v, struct openai_error *why)
{
	/* null is how clients spell "not given". */
	const bool given = v->type != JSON_NULL;

	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		if (json_is_str(key, fields[i].name))
			return given ? fields[i].read(r, v, why) : ERR_OK;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		if (json_is_str(key, numbers[i].name))
			return given ? read_number(r, &numbers[i], v, why)
				     : ERR_OK;
	return openai_ignore(r, "", key) == ERR_OK
		   ? ERR_OK
		   : openai_invalid(why, NULL, "names of fields are too long");
}

static enum err check_model(
    const struct json *v, const char *model, struct openai_error *why)
{
	if (v->type == JSON_NULL || json_is_str(v, model))
		return ERR_OK;
	openai_error_set(why, OPENAI_MODEL, "model",
	    "this enclave does not serve the model that was asked for");
	return ERR_NOTFOUND;
}

/* What fields say together. */
static enum err check_together(
    struct openai_request *r, struct openai_error *why)
{
	const uint32_t most = OPENAI_TOLD_MAX / (1 + r->top_logprobs);

	if (r->message_n == 0)
		return openai_invalid(
		    why, "messages", "messages must have at least one message");
	if (r->top_logprobs > 0 && !r->logprobs)
		return openai_invalid(
		    why, "top_logprobs", "top_logprobs needs logprobs");
	if (r->logprobs && r->max_tokens > most)
		return openai_invalid(why, "max_tokens",
		    "with logprobs, max_tokens times 1 + top_logprobs must be "
		    "at most 4096");
	if (r->logprobs && r->max_tokens == 0)
		r->max_tokens = most;
	return openai_choose_tools(r, why);
}

enum err openai_read_each(struct openai_request *r, const struct json *array,
    openai_field_fn *read, struct openai_error *why)
{
	struct json_iter it = json_iter(array);
	struct json item;
	enum err e = ERR_OK;

	while (e == ERR_OK && json_next(&it, NULL, &item))
		e = read(r, &item, why);
	return e;
}

enum err openai_read_body(struct openai_request *r, struct bytes body,
    const char *model, openai_member_fn *read, struct openai_error *why)
{
	struct err_ctx ctx = { 0 };
	struct json root, key, value;
	struct json_iter it;
	enum err e = ERR_OK;

	if (json_parse(&root, body, &ctx) != ERR_OK)
		return openai_invalid(why, NULL, ctx.msg);
	if (root.type != JSON_OBJECT)
		return openai_invalid(
		    why, NULL, "the request must be a JSON object");
	it = json_iter(&root);
	while (e == ERR_OK && json_next(&it, &key, &value))
		e = json_is_str(&key, "model") ? check_model(&value, model, why)
					       : read(r, &key, &value, why);
	return e;
}

enum err openai_request_parse(struct openai_request *out, uint8_t *text,
    size_t cap, struct bytes body, const char *model, struct openai_error *why)
{
	enum err e;

	*out = (struct openai_request){
		.text = text,
		.text_cap = cap,
		.sampling = { .temperature = TEMPERATURE_DEFAULT },
	};
	e = openai_read_body(out, body, model, read_field, why);
	return e == ERR_OK ? check_together(out, why) : e;
}

void openai_request_engine(
    struct engine_request *out, const struct openai_request *r)
{
	*out = (struct engine_request){
		.message = r->message,
		.message_n = r->message_n,
		.sampling = r->sampling,
		.max_tokens = r->max_tokens,
		.stop = r->stop,
		.stop_n = r->stop_n,
		.tool = r->tool,
		.tool_n = r->tool_n,
		.tool_choice = r->tool_choice,
		.no_reasoning = r->no_reasoning,
		.format = r->format,
		.schema = r->schema,
		.logprobs = r->logprobs,
		.top_logprobs = r->top_logprobs,
	};
}
