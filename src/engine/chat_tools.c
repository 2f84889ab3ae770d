/*
 * Tools in a prompt: their definitions, the calls that the model made, and what
 * they returned, each as the family's own template writes them.
 */
#include "engine/chat_family.h"

#define MISTRAL_ID_LEN 9 /* letters and digits of a call's id */

static struct bytes checked(
    struct chat_out *o, struct bytes text, const char *what)
{
	struct json v;

	if (o->err != ERR_OK)
		return (struct bytes){ NULL, 0 };
	if (json_parse(&v, text, NULL) != ERR_OK || v.type != JSON_OBJECT) {
		chat_fail(o, ERR_FORMAT, what);
		return (struct bytes){ NULL, 0 };
	}
	return v.text;
}

static void definition(struct chat_out *o, size_t i, unsigned indent)
{
	chat_json(o,
	    checked(o, o->in->tool[i].definition,
		"got a tool whose definition is no JSON object"),
	    indent);
}

static void arguments(struct chat_out *o, const struct engine_call *c)
{
	chat_json(o,
	    checked(o, c->arguments,
		"got a call whose arguments are no JSON object"),
	    0);
}

/* ---- what comes before the conversation ---- */

void chat_tools_hermes(struct chat_out *o, struct bytes system)
{
	chat_put(o, "<|im_start|>system\n");
	chat_text(o, system);
	if (system.p != NULL)
		chat_put(o, "\n\n");
	chat_put(o, "# Tools\n\nYou may call one or more functions to assist "
		    "with the user query.\n\nYou are provided with function "
		    "signatures within <tools></tools> XML tags:\n<tools>");
	for (size_t i = 0; i < o->in->tool_n; i++) {
		chat_put(o, "\n");
		definition(o, i, 0);
	}
	chat_put(o,
	    "\n</tools>\n\nFor each function call, return a json object "
	    "with function name and arguments within "
	    "<tool_call></tool_call> XML tags:\n<tool_call>\n"
	    "{\"name\": <function-name>, \"arguments\": "
	    "<args-json-object>}\n</tool_call><|im_end|>\n");
}

/* Definitions stand in the first message of the user. */
static void llama3_first(struct chat_out *o, size_t i)
{
	const struct chat_input *in = o->in;

	if (i == in->message_n) {
		chat_fail(o, ERR_UNSUPPORTED,
		    "puts tools into the first message, which is missing");
		return;
	}
	chat_put(o, o->f->user.before);
	chat_put(o, "Given the following functions, please respond with a JSON "
		    "for a function call with its proper arguments that best "
		    "answers the given prompt.\n\nRespond in the format "
		    "{\"name\": function name, \"parameters\": dictionary of "
		    "argument name and its value}.Do not use variables.\n\n");
	for (size_t k = 0; k < in->tool_n; k++) {
		definition(o, k, 4);
		chat_put(o, "\n\n");
	}
	chat_text(o, chat_trim_start(chat_trim_end(in->message[i].text)));
	chat_put(o, o->f->user.after);
}

size_t chat_tools_llama3(struct chat_out *o, bool has_system)
{
	const struct chat_input *in = o->in;

	chat_put(o, o->f->system.before);
	if (in->tool_n > 0)
		chat_put(o, "Environment: ipython\n");
	chat_put(o, "Cutting Knowledge Date: December 2023\n"
		    "Today Date: 26 Jul 2024\n\n");
	if (has_system)
		chat_text(
		    o, chat_trim_start(chat_trim_end(in->message[0].text)));
	chat_put(o, o->f->system.after);
	if (in->tool_n == 0)
		return has_system;
	llama3_first(o, has_system);
	return (size_t)has_system + 1;
}

void chat_tools_granite(struct chat_out *o)
{
	chat_put(o, "<|start_of_role|>available_tools<|end_of_role|>\n");
	for (size_t i = 0; i < o->in->tool_n; i++) {
		chat_put(o, i > 0 ? "\n\n" : "");
		definition(o, i, 4);
	}
	chat_put(o, "<|end_of_text|>\n");
}

/* The members of a function; its own strings stand there as they are. */
static void mistral_function(struct chat_out *o, const struct json *f)
{
	struct json_iter it = json_iter(f);
	struct json key, value;
	bool first = true;

	while (json_next(&it, &key, &value)) {
		if (json_is_str(&key, "return"))
			continue;
		chat_put(o, first ? "\"" : ", \"");
		chat_json_decoded(o, key.text);
		chat_put(o, value.type == JSON_STRING ? "\": \"" : "\": ");
		if (value.type == JSON_STRING) {
			chat_json_decoded(o, value.text);
			chat_put(o, "\"");
		} else {
			chat_json(o, value.text, 0);
		}
		first = false;
	}
}

/* Before each message that says what the user said last. */
void chat_tools_mistral(struct chat_out *o, struct bytes text)
{
	const struct chat_input *in = o->in;
	size_t last = in->message_n;

	while (last > 0 && in->message[last - 1].role != ENGINE_USER)
		last--;
	if (in->tool_n == 0 || !mem_eq(in->message[last - 1].text, text))
		return;
	chat_put(o, "[AVAILABLE_TOOLS]");
	chat_put(o, o->f->blank);
	chat_put(o, "[");
	for (size_t i = 0; i < in->tool_n && o->err == ERR_OK; i++) {
		struct json tool = { .type = JSON_OBJECT };
		struct json f;

		tool.text = checked(o, in->tool[i].definition,
		    "got a tool whose definition is no JSON object");
		if (o->err != ERR_OK)
			return;
		if (!json_get(&tool, "function", &f) || f.type != JSON_OBJECT) {
			chat_fail(o, ERR_FORMAT,
			    "got a tool whose definition has no function");
			return;
		}
		chat_put(o, i > 0 ? ", " : "");
		chat_put(o, "{\"type\": \"function\", \"function\": {");
		mistral_function(o, &f);
		chat_put(o, "}}");
	}
	chat_put(o, "]");
	chat_put(o, "[/AVAILABLE_TOOLS]");
}

/* ---- calls ---- */

/* {"name": ..., "arguments": ...} without its last brace. */
static void named_call(struct chat_out *o, const struct engine_call *c)
{
	chat_put(o, "{\"name\": ");
	chat_json_text(o, c->name);
	chat_put(o, ", \"arguments\": ");
	arguments(o, c);
}

static void hermes_call(
    struct chat_out *o, const struct engine_call *c, bool first)
{
	chat_put(o, first ? "" : "\n");
	chat_put(o, "<tool_call>\n{\"name\": \"");
	chat_text(o, c->name);
	chat_put(o, "\", \"arguments\": ");
	arguments(o, c);
	chat_put(o, "}\n</tool_call>");
}

static void llama3_call(struct chat_out *o, const struct engine_message *m)
{
	if (m->call_n != 1) {
		chat_fail(o, ERR_UNSUPPORTED,
		    "takes one call of a tool in a message");
		return;
	}
	chat_put(o, o->f->assistant.before);
	chat_put(o, "{\"name\": \"");
	chat_text(o, m->call[0].name);
	chat_put(o, "\", \"parameters\": ");
	arguments(o, &m->call[0]);
	chat_put(o, "}");
	chat_put(o, o->f->assistant.after);
}

/* Mistral's template wants ids of one form. */
static void mistral_id(struct chat_out *o, struct bytes id)
{
	if (id.len != MISTRAL_ID_LEN)
		chat_fail(o, ERR_UNSUPPORTED,
		    "wants each call to have an id of 9 characters");
	chat_text(o, id);
}

static void list_calls(struct chat_out *o, const struct engine_message *m)
{
	bool mistral = o->f->tools == CHAT_TOOLS_MISTRAL;

	chat_put(o, mistral ? "" : o->f->assistant.before);
	chat_put(o, mistral ? "[TOOL_CALLS]" : "<|tool_call|>");
	chat_put(o, o->f->blank);
	chat_put(o, "[");
	for (size_t i = 0; i < m->call_n; i++) {
		chat_put(o, i > 0 ? ", " : "");
		named_call(o, &m->call[i]);
		if (mistral) {
			chat_put(o, ", \"id\": \"");
			mistral_id(o, m->call[i].id);
			chat_put(o, "\"");
		}
		chat_put(o, "}");
	}
	chat_put(o, "]");
	chat_put(o, o->f->assistant.after);
}

void chat_tools_calls(
    struct chat_out *o, const struct engine_message *m, struct bytes text)
{
	switch (o->f->tools) {
	case CHAT_TOOLS_HERMES:
		for (size_t i = 0; i < m->call_n; i++)
			hermes_call(o, &m->call[i], i == 0 && text.len == 0);
		break;
	case CHAT_TOOLS_LLAMA3:
		llama3_call(o, m);
		break;
	case CHAT_TOOLS_MISTRAL:
	case CHAT_TOOLS_GRANITE:
		list_calls(o, m);
		break;
	case CHAT_TOOLS_NONE:
	default:
		chat_fail(o, ERR_UNSUPPORTED, "has no tools");
		break;
	}
}

/* ---- results ---- */

static void hermes_result(struct chat_out *o, size_t i)
{
	const struct engine_message *m = o->in->message;

	if (i == 0 || m[i - 1].role != ENGINE_TOOL)
		chat_put(o, "<|im_start|>user");
	chat_put(o, "\n<tool_response>\n");
	chat_text(o, m[i].text);
	chat_put(o, "\n</tool_response>");
	if (i + 1 == o->in->message_n || m[i + 1].role != ENGINE_TOOL)
		chat_put(o, "<|im_end|>\n");
}

void chat_tools_result(struct chat_out *o, size_t i)
{
	const struct engine_message *m = &o->in->message[i];

	switch (o->f->tools) {
	case CHAT_TOOLS_HERMES:
		hermes_result(o, i);
		break;
	case CHAT_TOOLS_LLAMA3:
		chat_put(o, "<|start_header_id|>ipython<|end_header_id|>\n\n");
		chat_json_text(o, m->text);
		chat_put(o, o->f->assistant.after);
		break;
	case CHAT_TOOLS_MISTRAL:
		chat_put(o, "[TOOL_RESULTS]");
		chat_put(o, o->f->blank);
		chat_put(o, "{\"content\": ");
		chat_text(o, m->text);
		chat_put(o, ", \"call_id\": \"");
		mistral_id(o, m->call_id);
		chat_put(o, "\"}");
		chat_put(o, "[/TOOL_RESULTS]");
		break;
	case CHAT_TOOLS_GRANITE:
		chat_put(o, "<|start_of_role|>tool_response<|end_of_role|>");
		chat_text(o, m->text);
		chat_put(o, o->f->assistant.after);
		break;
	case CHAT_TOOLS_NONE:
	default:
		if (o->f->style == CHAT_SMOLLM3)
			chat_wrapped(o, o->f->user, m->text);
		else
			chat_fail(o, ERR_UNSUPPORTED, "has no tools");
		break;
	}
}

/* ---- the form of an answer ---- */

struct chat_form chat_form(const struct chat *chat)
{
	struct chat_form form = { .calls = CHAT_CALLS_NONE };

	if (chat->family == CHAT_NONE)
		return form;
	form.reasons = chat_family_of(chat)->style != CHAT_PLAIN;
	switch (chat_family_of(chat)->tools) {
	case CHAT_TOOLS_HERMES:
		form.calls = CHAT_CALLS_TAGS;
		form.start = "<tool_call>";
		form.end = "</tool_call>";
		break;
	case CHAT_TOOLS_LLAMA3:
		form.calls = CHAT_CALLS_BARE;
		form.start = "<|python_tag|>";
		break;
	case CHAT_TOOLS_MISTRAL:
		form.calls = CHAT_CALLS_LIST;
		form.start = "[TOOL_CALLS]";
		form.id_len = MISTRAL_ID_LEN;
		break;
	case CHAT_TOOLS_GRANITE:
		form.calls = CHAT_CALLS_LIST;
		form.start = "<|tool_call|>";
		break;
	case CHAT_TOOLS_NONE:
	default:
		break;
	}
	return form;
}

enum err chat_call_form(
    const struct chat *chat, struct bytes name, struct chat_call *out)
{
	struct wr before = wr_init(out->before, sizeof(out->before));
	struct wr after = wr_init(out->after, sizeof(out->after));
	struct chat_form form = chat_form(chat);

	*out = (struct chat_call){ .before_len = 0 };
	switch (form.calls) {
	case CHAT_CALLS_TAGS:
		wr_str(&before, "\n");
		wr_str(&after, "}\n");
		break;
	case CHAT_CALLS_BARE:
		wr_str(&after, "}");
		break;
	case CHAT_CALLS_LIST:
		if (chat_family_of(chat)->blank != NULL)
			wr_str(&before, chat_family_of(chat)->blank);
		wr_str(&before, "[");
		wr_str(&after, "}]");
		break;
	case CHAT_CALLS_NONE:
	default:
		return ERR_UNSUPPORTED;
	}
	wr_str(&before, "{\"name\": \"");
	wr_bytes(&before, name);
	wr_str(&before, form.calls == CHAT_CALLS_BARE ? "\", \"parameters\": "
						      : "\", \"arguments\": ");
	if (wr_end(&before, &out->before_len) != ERR_OK ||
	    wr_end(&after, &out->after_len) != ERR_OK)
		return ERR_LIMIT;
	return ERR_OK;
}
