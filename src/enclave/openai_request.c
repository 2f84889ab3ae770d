/* Reading a chat completion request; the answers are in openai.c. */
#include "base/fmt.h"
#include "base/json.h"
#include "base/utf8.h"
#include "enclave/openai.h"

#define TEMPERATURE_DEFAULT 1.0f /* as OpenAI's */
#define TEMPERATURE_MAX     2.0
#define TOP_K_MAX           1000000 /* above any vocabulary */

/* Say what is wrong with a field, in our words only. */
static enum err invalid(
    struct openai_error *why, const char *param, const char *message)
{
	openai_error_set(why, OPENAI_INVALID, param, message);
	return ERR_FORMAT;
}

/* Decode a string behind what is in r->text already. */
static enum err decode(
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

static bool same(const char *a, const char *b)
{
	return mem_eq_str(
	    (struct bytes){ (const uint8_t *)a, mem_strlen(a) }, b);
}

/* Remember the name of a field that means nothing to us, once. */
static enum err ignore(
    struct openai_request *r, const char *prefix, const struct json *key)
{
	struct bytes name;
	enum err e = decode(r, &name, key);

	if (e != ERR_OK)
		return e;
	if (name.len > OPENAI_NAME_MAX)
		name.len =
		    utf8_prefix((struct bytes){ name.p, OPENAI_NAME_MAX });
	for (size_t i = 0; i < r->ignored_n; i++)
		if (mem_eq(r->ignored[i].name, name) &&
		    same(r->ignored[i].prefix, prefix))
			return ERR_OK;
	if (r->ignored_n == OPENAI_IGNORED_MAX)
		return ERR_OK;
	r->ignored[r->ignored_n].prefix = prefix;
	r->ignored[r->ignored_n].name = name;
	r->ignored_n++;
	return ERR_OK;
}

static enum err read_number(double *out, const struct json *v, double max,
    struct openai_error *why, const char *param, const char *message)
{
	enum err e = json_double(v, out);

	if (e != ERR_OK || !(*out >= 0.0 && *out <= max))
		return invalid(why, param, message);
	return ERR_OK;
}

struct range {
	uint64_t min;
	uint64_t max;
};

static enum err read_integer(uint64_t *out, const struct json *v,
    struct range range, struct openai_error *why, const char *param,
    const char *message)
{
	enum err e = json_u64(v, out);

	if (e != ERR_OK || *out < range.min || *out > range.max)
		return invalid(why, param, message);
	return ERR_OK;
}

/* ---- messages ------------------------------------------------------------- */

/* One part of a content array: {"type":"text","text":...}. */
static enum err read_part(struct openai_request *r, struct bytes *content,
    const struct json *part, struct openai_error *why)
{
	struct json type, text;
	struct bytes piece;

	if (part->type != JSON_OBJECT || !json_get(part, "type", &type) ||
	    !json_is_str(&type, "text") || !json_get(part, "text", &text) ||
	    text.type != JSON_STRING)
		return invalid(why, "messages",
		    "a content part must be {\"type\":\"text\",\"text\":...}");
	if (decode(r, &piece, &text) != ERR_OK)
		return invalid(why, "messages", "content is too long");
	content->len += piece.len; /* parts follow each other in r->text */
	return ERR_OK;
}

static enum err read_content(struct openai_request *r, struct bytes *content,
    const struct json *v, struct openai_error *why)
{
	struct json_iter it;
	struct json part;

	if (v->type == JSON_STRING)
		return decode(r, content, v) == ERR_OK
			   ? ERR_OK
			   : invalid(why, "messages", "content is too long");
	if (v->type != JSON_ARRAY)
		return invalid(why, "messages",
		    "content must be a string or an array of text parts");
	*content = (struct bytes){ r->text + r->text_len, 0 };
	it = json_iter(v);
	while (json_next(&it, NULL, &part)) {
		enum err e = read_part(r, content, &part, why);

		if (e != ERR_OK)
			return e;
	}
	return ERR_OK;
}

static bool read_role(enum engine_role *out, const struct json *v)
{
	static const struct {
		const char *name;
		enum engine_role role;
	} roles[] = {
		{ "system", ENGINE_SYSTEM },
		{ "user", ENGINE_USER },
		{ "assistant", ENGINE_ASSISTANT },
	};

	for (size_t i = 0; i < sizeof(roles) / sizeof(*roles); i++) {
		if (v->type == JSON_STRING && json_is_str(v, roles[i].name)) {
			*out = roles[i].role;
			return true;
		}
	}
	return false;
}

/* Everything of a message but its content; *content is that member. */
static enum err read_message_members(struct openai_request *r,
    struct engine_message *m, struct json *content, const struct json *v,
    struct openai_error *why)
{
	struct json_iter it = json_iter(v);
	struct json key, value;
	bool has_role = false;
	bool has_content = false;

	while (json_next(&it, &key, &value)) {
		if (json_is_str(&key, "role")) {
			has_role = read_role(&m->role, &value);
		} else if (json_is_str(&key, "content")) {
			*content = value;
			has_content = true;
		} else if (ignore(r, "messages.", &key) != ERR_OK) {
			return invalid(why, "messages", "names are too long");
		}
	}
	if (!has_role)
		return invalid(why, "messages",
		    "each role must be system, user or assistant");
	if (!has_content)
		return invalid(why, "messages", "each message needs content");
	return ERR_OK;
}

static enum err read_messages(
    struct openai_request *r, const struct json *v, struct openai_error *why)
{
	struct json_iter it;
	struct json item, content;

	if (v->type != JSON_ARRAY)
		return invalid(why, "messages", "messages must be an array");
	it = json_iter(v);
	while (json_next(&it, NULL, &item)) {
		struct engine_message *m = &r->message[r->message_n];
		enum err e;

		if (r->message_n == ENGINE_MESSAGES_MAX)
			return invalid(why, "messages",
			    "there may be at most 256 messages");
		if (item.type != JSON_OBJECT)
			return invalid(
			    why, "messages", "each message must be an object");
		e = read_message_members(r, m, &content, &item, why);
		if (e == ERR_OK)
			e = read_content(r, &m->text, &content, why);
		if (e != ERR_OK)
			return e;
		r->message_n++;
	}
	return ERR_OK;
}

/* ---- the other fields ----------------------------------------------------- */

typedef enum err field_fn(
    struct openai_request *r, const struct json *v, struct openai_error *why);

static enum err read_temperature(
    struct openai_request *r, const struct json *v, struct openai_error *why)
{
	double d = 0.0;
	enum err e = read_number(&d, v, TEMPERATURE_MAX, why, "temperature",
	    "temperature must be a number from 0 to 2");

	r->sampling.temperature = (float)d;
	return e;
}

static enum err read_top_p(
    struct openai_request *r, const struct json *v, struct openai_error *why)
{
	double d = 0.0;
	enum err e = read_number(
	    &d, v, 1.0, why, "top_p", "top_p must be a number from 0 to 1");

	/* The engine's 0 means off; a client's 0 means only the best token. */
	r->sampling.top_p = d == 0.0 ? 1e-6f : (float)d;
	return e;
}

static enum err read_min_p(
    struct openai_request *r, const struct json *v, struct openai_error *why)
{
	double d = 0.0;
	enum err e = read_number(
	    &d, v, 1.0, why, "min_p", "min_p must be a number from 0 to 1");

	r->sampling.min_p = (float)d;
	return e;
}

static enum err read_top_k(
    struct openai_request *r, const struct json *v, struct openai_error *why)
{
	uint64_t n = 0;
	enum err e = read_integer(&n, v, (struct range){ 0, TOP_K_MAX }, why,
	    "top_k", "top_k must be an integer from 0 to 1000000");

	r->sampling.top_k = (uint32_t)n;
	return e;
}

static enum err read_seed(
    struct openai_request *r, const struct json *v, struct openai_error *why)
{
	r->has_seed = true;
	return read_integer(&r->sampling.seed, v,
	    (struct range){ 0, UINT64_MAX }, why, "seed",
	    "seed must be an integer of at least 0");
}

static enum err read_limit(struct openai_request *r, const struct json *v,
    struct openai_error *why, const char *name)
{
	uint64_t n = 0;
	enum err e = read_integer(&n, v, (struct range){ 1, UINT32_MAX }, why,
	    name, "the number of tokens must be an integer of at least 1");

	if (e == ERR_OK && (r->max_tokens == 0 || n < r->max_tokens))
		r->max_tokens = (uint32_t)n;
	return e;
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
	return read_integer(&n, v, (struct range){ 1, 1 }, why, "n",
	    "n must be 1: one answer per request");
}

static enum err add_stop(
    struct openai_request *r, const struct json *v, struct openai_error *why)
{
	struct bytes *s = &r->stop[r->stop_n];

	if (r->stop_n == OPENAI_STOPS_MAX || v->type != JSON_STRING ||
	    decode(r, s, v) != ERR_OK || s->len == 0 ||
	    s->len > ENGINE_STOP_LEN_MAX)
		return invalid(why, "stop",
		    "stop must be a string or up to 4, of 1 to 128 bytes each");
	r->stop_n++;
	return ERR_OK;
}

static enum err read_stop(
    struct openai_request *r, const struct json *v, struct openai_error *why)
{
	struct json_iter it;
	struct json item;

	if (v->type != JSON_ARRAY)
		return add_stop(r, v, why);
	it = json_iter(v);
	while (json_next(&it, NULL, &item)) {
		enum err e = add_stop(r, &item, why);

		if (e != ERR_OK)
			return e;
	}
	return ERR_OK;
}

static enum err read_stream(
    struct openai_request *r, const struct json *v, struct openai_error *why)
{
	return json_bool(v, &r->stream) == ERR_OK
		   ? ERR_OK
		   : invalid(why, "stream", "stream must be true or false");
}

/* The usage comes with every RESULT, so there is nothing to remember. */
static enum err read_stream_options(
    struct openai_request *r, const struct json *v, struct openai_error *why)
{
	struct json_iter it;
	struct json key, value;
	bool ignored;

	if (v->type != JSON_OBJECT)
		return invalid(
		    why, "stream_options", "stream_options must be an object");
	it = json_iter(v);
	while (json_next(&it, &key, &value)) {
		if (!json_is_str(&key, "include_usage")) {
			if (ignore(r, "stream_options.", &key) != ERR_OK)
				return invalid(why, "stream_options",
				    "names are too long");
		} else if (json_bool(&value, &ignored) != ERR_OK) {
			return invalid(why, "stream_options",
			    "include_usage must be true or false");
		}
	}
	return ERR_OK;
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
	field_fn *read;
} fields[] = {
	{ "messages", read_messages },
	{ "temperature", read_temperature },
	{ "top_p", read_top_p },
	{ "top_k", read_top_k },
	{ "min_p", read_min_p },
	{ "seed", read_seed },
	{ "stop", read_stop },
	{ "max_tokens", read_max_tokens },
	{ "max_completion_tokens", read_max_completion },
	{ "n", read_n },
	{ "stream", read_stream },
	{ "stream_options", read_stream_options },
	{ "user", read_user },
};

static enum err read_field(struct openai_request *r, const struct json *key,
    const struct json *v, struct openai_error *why)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		if (!json_is_str(key, fields[i].name))
			continue;
		/* null is how clients spell "not given". */
		return v->type == JSON_NULL ? ERR_OK
					    : fields[i].read(r, v, why);
	}
	return ignore(r, "", key) == ERR_OK
		   ? ERR_OK
		   : invalid(why, NULL, "names of fields are too long");
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

static enum err read_body(struct openai_request *r, struct bytes body,
    const char *model, struct openai_error *why)
{
	struct err_ctx ctx = { 0 };
	struct json root, key, value;
	struct json_iter it;

	if (json_parse(&root, body, &ctx) != ERR_OK)
		return invalid(why, NULL, ctx.msg);
	if (root.type != JSON_OBJECT)
		return invalid(why, NULL, "the request must be a JSON object");
	it = json_iter(&root);
	while (json_next(&it, &key, &value)) {
		enum err e = json_is_str(&key, "model")
				 ? check_model(&value, model, why)
				 : read_field(r, &key, &value, why);

		if (e != ERR_OK)
			return e;
	}
	if (r->message_n == 0)
		return invalid(
		    why, "messages", "messages must have at least one message");
	return ERR_OK;
}

enum err openai_request_parse(struct openai_request *out, uint8_t *text,
    size_t cap, struct bytes body, const char *model, struct openai_error *why)
{
	*out = (struct openai_request){
		.text = text,
		.text_cap = cap,
		.sampling = { .temperature = TEMPERATURE_DEFAULT },
	};
	return read_body(out, body, model, why);
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
	};
}
