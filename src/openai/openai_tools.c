/* Tools, the choice among them, and the format of an answer. */
#include "openai/openai_parse.h"

/* Letters, digits, '_' and '-', which JSON writes as they are. */
static bool is_name(struct bytes s)
{
	if (s.len == 0 || s.len > OPENAI_NAME_MAX)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		const uint8_t c = s.p[i] | 0x20;

		if (!(c >= 'a' && c <= 'z') &&
		    !(s.p[i] >= '0' && s.p[i] <= '9') && s.p[i] != '_' &&
		    s.p[i] != '-')
			return false;
	}
	return true;
}

/* The name in an object's member `name`; false if it is none. */
static bool read_name(struct bytes *out, const struct json *object)
{
	struct json name;

	if (object->type != JSON_OBJECT || !json_get(object, "name", &name) ||
	    name.type != JSON_STRING)
		return false;
	*out = (struct bytes){ name.text.p + 1, name.text.len - 2 };
	return is_name(*out);
}

static bool is_function(const struct json *v, struct json *function)
{
	struct json type;

	return v->type == JSON_OBJECT && json_get(v, "type", &type) &&
	       json_is_str(&type, "function") &&
	       json_get(v, "function", function);
}

/* The definition is copied, and the rest of the tool lies in it. */
static enum err read_tool(
    struct openai_request *r, const struct json *v, struct openai_error *why)
{
	struct engine_tool *tool = &r->tool[r->tool_n];
	struct json copy = *v, function, parameters;

	if (r->tool_n == ENGINE_TOOLS_MAX)
		return openai_invalid(
		    why, "tools", "there may be at most 64 tools");
	if (openai_copy(r, &tool->definition, v) != ERR_OK)
		return openai_invalid(why, "tools", "tools are too long");
	copy.text = tool->definition;
	if (!is_function(&copy, &function) ||
	    !read_name(&tool->name, &function))
		return openai_invalid(why, "tools",
		    "each tool must be {\"type\":\"function\",\"function\":"
		    "{\"name\":...}}, with a name of 1 to 64 of A-Za-z0-9_-");
	if (json_get(&function, "parameters", &parameters) &&
	    parameters.type != JSON_NULL) {
		if (parameters.type != JSON_OBJECT)
			return openai_invalid(
			    why, "tools", "parameters must be a JSON schema");
		tool->parameters = parameters.text;
	}
	for (size_t i = 0; i < r->tool_n; i++)
		if (mem_eq(r->tool[i].name, tool->name))
			return openai_invalid(
			    why, "tools", "two tools have one name");
	r->tool_n++;
	return ERR_OK;
}

enum err openai_read_tools(
    struct openai_request *r, const struct json *v, struct openai_error *why)
{
	if (v->type != JSON_ARRAY)
		return openai_invalid(why, "tools", "tools must be an array");
	return openai_read_each(r, v, read_tool, why);
}

enum err openai_read_tool_choice(
    struct openai_request *r, const struct json *v, struct openai_error *why)
{
	static const struct {
		const char *name;
		enum engine_tool_choice choice;
	} choices[] = {
		{ "auto", ENGINE_TOOL_AUTO },
		{ "none", ENGINE_TOOL_NONE },
		{ "required", ENGINE_TOOL_REQUIRED },
	};
	struct json function, name;

	for (size_t i = 0; i < sizeof(choices) / sizeof(*choices); i++) {
		if (v->type == JSON_STRING && json_is_str(v, choices[i].name)) {
			r->tool_choice = choices[i].choice;
			return ERR_OK;
		}
	}
	if (!is_function(v, &function) || function.type != JSON_OBJECT ||
	    !json_get(&function, "name", &name) ||
	    openai_decode(r, &r->tool_named, &name) != ERR_OK)
		return openai_invalid(why, "tool_choice",
		    "tool_choice must be auto, none, required or a function's "
		    "name in {\"type\":\"function\",\"function\":{\"name\"}}");
	r->tool_choice = ENGINE_TOOL_NAMED;
	return ERR_OK;
}

enum err openai_read_parallel(
    struct openai_request *r, const struct json *v, struct openai_error *why)
{
	bool parallel;

	if (json_bool(v, &parallel) != ERR_OK)
		return openai_invalid(why, "parallel_tool_calls",
		    "parallel_tool_calls must be true or false");
	r->one_call = !parallel;
	return ERR_OK;
}

enum err openai_choose_tools(struct openai_request *r, struct openai_error *why)
{
	if (r->tool_n == 0 && r->tool_choice != ENGINE_TOOL_AUTO &&
	    r->tool_choice != ENGINE_TOOL_NONE)
		return openai_invalid(
		    why, "tool_choice", "there are no tools to choose from");
	if (r->tool_choice != ENGINE_TOOL_NAMED)
		return ERR_OK;
	for (size_t i = 0; i < r->tool_n; i++) {
		if (!mem_eq(r->tool[i].name, r->tool_named))
			continue;
		r->tool[0] = r->tool[i];
		r->tool_n = 1;
		return ERR_OK;
	}
	return openai_invalid(
	    why, "tool_choice", "tool_choice names none of the tools");
}

enum err openai_read_response_format(
    struct openai_request *r, const struct json *v, struct openai_error *why)
{
	struct json type, format, schema;

	if (v->type != JSON_OBJECT || !json_get(v, "type", &type))
		return openai_invalid(why, "response_format",
		    "response_format must be an object with a type");
	if (json_is_str(&type, "text"))
		return ERR_OK;
	if (json_is_str(&type, "json_object")) {
		r->format = ENGINE_FORMAT_JSON;
		return ERR_OK;
	}
	if (!json_is_str(&type, "json_schema") ||
	    !json_get(v, "json_schema", &format) ||
	    format.type != JSON_OBJECT ||
	    !json_get(&format, "schema", &schema) || schema.type != JSON_OBJECT)
		return openai_invalid(why, "response_format",
		    "the type must be text, json_object, or json_schema with "
		    "{\"name\",\"schema\"}");
	if (schema.text.len > ENGINE_SCHEMA_MAX ||
	    openai_copy(r, &r->schema, &schema) != ERR_OK)
		return openai_invalid(
		    why, "response_format", "the schema is too long");
	r->format = ENGINE_FORMAT_SCHEMA;
	return ERR_OK;
}
