/* The messages of a chat request, and the calls of tools in them. */
#include "openai/openai_parse.h"

static enum err invalid(struct openai_error *why, const char *message)
{
	return openai_invalid(why, "messages", message);
}

/* One part of a content array: {"type":"text","text":...}. */
static enum err read_part(
    struct openai_request *r, const struct json *part, struct openai_error *why)
{
	struct json type, text;
	struct bytes piece;

	if (part->type != JSON_OBJECT || !json_get(part, "type", &type) ||
	    !json_is_str(&type, "text") || !json_get(part, "text", &text) ||
	    text.type != JSON_STRING)
		return invalid(why,
		    "a content part must be {\"type\":\"text\",\"text\":...}");
	if (openai_decode(r, &piece, &text) != ERR_OK)
		return invalid(why, "content is too long");
	/* Parts follow each other in r->text. */
	r->message[r->message_n].text.len += piece.len;
	return ERR_OK;
}

static enum err read_content(
    struct openai_request *r, const struct json *v, struct openai_error *why)
{
	struct bytes *content = &r->message[r->message_n].text;

	if (v->type == JSON_STRING)
		return openai_decode(r, content, v) == ERR_OK
			   ? ERR_OK
			   : invalid(why, "content is too long");
	if (v->type != JSON_ARRAY)
		return invalid(
		    why, "content must be a string or an array of text parts");
	*content = (struct bytes){ r->text + r->text_len, 0 };
	return openai_read_each(r, v, read_part, why);
}

static bool read_role(enum engine_role *out, const struct json *v)
{
	static const struct {
		const char *name;
		enum engine_role role;
	} roles[] = {
		{ "system", ENGINE_SYSTEM },
		{ "developer", ENGINE_SYSTEM },
		{ "user", ENGINE_USER },
		{ "assistant", ENGINE_ASSISTANT },
		{ "tool", ENGINE_TOOL },
	};

	for (size_t i = 0; i < sizeof(roles) / sizeof(*roles); i++) {
		if (v->type == JSON_STRING && json_is_str(v, roles[i].name)) {
			*out = roles[i].role;
			return true;
		}
	}
	return false;
}

/* {"id":...,"type":"function","function":{"name":...,"arguments":"{...}"}} */
static enum err read_call(
    struct openai_request *r, const struct json *v, struct openai_error *why)
{
	static const char *const wrong =
	    "a tool call must have an id, type function, and a function with "
	    "a name and arguments that are a JSON object in a string";
	struct engine_message *m = &r->message[r->message_n];
	struct engine_call *call = &r->call[r->call_n];
	struct json function, name, arguments, id, type, object;

	if (m->call_n == ENGINE_CALLS_MAX || r->call_n == OPENAI_CALLS_MAX)
		return invalid(
		    why, "at most 16 tool calls a message, 256 in all");
	if (v->type != JSON_OBJECT || !json_get(v, "function", &function) ||
	    function.type != JSON_OBJECT ||
	    !json_get(&function, "name", &name) ||
	    !json_get(&function, "arguments", &arguments) ||
	    !json_get(v, "id", &id) || !json_get(v, "type", &type) ||
	    !json_is_str(&type, "function"))
		return invalid(why, wrong);
	if (openai_decode(r, &call->id, &id) != ERR_OK ||
	    openai_decode(r, &call->name, &name) != ERR_OK ||
	    openai_decode(r, &call->arguments, &arguments) != ERR_OK ||
	    call->name.len == 0 ||
	    json_parse(&object, call->arguments, NULL) != ERR_OK ||
	    object.type != JSON_OBJECT)
		return invalid(why, wrong);
	r->call_n++;
	m->call_n++;
	return ERR_OK;
}

static enum err read_calls(
    struct openai_request *r, const struct json *v, struct openai_error *why)
{
	struct engine_message *m = &r->message[r->message_n];

	if (v->type != JSON_ARRAY || m->role != ENGINE_ASSISTANT)
		return invalid(
		    why, "tool_calls must be an array, of an assistant");
	m->call = &r->call[r->call_n];
	return openai_read_each(r, v, read_call, why);
}

/* The members of a message, found; text.p is NULL where one is missing. */
struct members {
	struct json role, content, calls, call_id, name, name_key;
};

static enum err find_members(struct openai_request *r, struct members *m,
    const struct json *v, struct openai_error *why)
{
	struct json_iter it = json_iter(v);
	struct json key, value;

	*m = (struct members){ 0 };
	while (json_next(&it, &key, &value)) {
		if (json_is_str(&key, "role")) {
			m->role = value;
		} else if (json_is_str(&key, "content")) {
			m->content = value;
		} else if (json_is_str(&key, "tool_calls")) {
			m->calls = value;
		} else if (json_is_str(&key, "tool_call_id")) {
			m->call_id = value;
		} else if (json_is_str(&key, "name")) {
			m->name = value;
			m->name_key = key;
		} else if (openai_ignore(r, "messages.", &key) != ERR_OK) {
			return invalid(why, "names are too long");
		}
	}
	return ERR_OK;
}

/* What only the answer of a tool has; elsewhere a name means nothing. */
static enum err read_tool_answer(struct openai_request *r,
    struct engine_message *m, const struct members *v, struct openai_error *why)
{
	const bool tool = m->role == ENGINE_TOOL;

	if (tool && openai_decode(r, &m->call_id, &v->call_id) != ERR_OK)
		return invalid(
		    why, "a message of role tool needs a tool_call_id");
	if (!tool && v->call_id.text.p != NULL)
		return invalid(why, "tool_call_id belongs to role tool");
	if (v->name.text.p == NULL || v->name.type == JSON_NULL)
		return ERR_OK;
	if (tool ? openai_decode(r, &m->name, &v->name) != ERR_OK
		 : openai_ignore(r, "messages.", &v->name_key) != ERR_OK)
		return invalid(why, "a name must be a string");
	return ERR_OK;
}

static enum err read_message(
    struct openai_request *r, const struct json *item, struct openai_error *why)
{
	struct engine_message *m = &r->message[r->message_n];
	struct members v;
	enum err e;

	if (r->message_n == ENGINE_MESSAGES_MAX)
		return invalid(why, "there may be at most 256 messages");
	if (item->type != JSON_OBJECT)
		return invalid(why, "each message must be an object");
	e = find_members(r, &v, item, why);
	if (e != ERR_OK)
		return e;
	if (v.role.text.p == NULL || !read_role(&m->role, &v.role))
		return invalid(why,
		    "each role must be system, developer, user, assistant or "
		    "tool");
	if (v.calls.text.p != NULL && v.calls.type != JSON_NULL)
		e = read_calls(r, &v.calls, why);
	if (e == ERR_OK)
		e = read_tool_answer(r, m, &v, why);
	if (e != ERR_OK)
		return e;
	if (v.content.text.p == NULL && m->call_n == 0)
		return invalid(why, "each message needs content");
	if (m->call_n == 0 ||
	    (v.content.text.p != NULL && v.content.type != JSON_NULL))
		e = read_content(r, &v.content, why);
	r->message_n++;
	return e;
}

enum err openai_read_messages(
    struct openai_request *r, const struct json *v, struct openai_error *why)
{
	if (v->type != JSON_ARRAY)
		return invalid(why, "messages must be an array");
	return openai_read_each(r, v, read_message, why);
}
