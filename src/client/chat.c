/* See chat.h. */
#include "client/chat.h"

static struct bytes str(const char *s)
{
	return (struct bytes){ (const uint8_t *)s, mem_strlen(s) };
}

static void write_option(struct wr *w, const char *name, const char *number)
{
	if (number == NULL)
		return;
	wr_fmt(w, ",\"%s\":", name);
	wr_str(w, number);
}

static void write_stops(struct wr *w, const struct client_options *options)
{
	for (size_t i = 0; i < options->stops; i++) {
		wr_str(w, i == 0 ? ",\"stop\":[" : ",");
		json_write_string(w, str(options->stop[i]));
	}
	if (options->stops > 0)
		wr_str(w, "]");
}

void client_chat_request(struct wr *w, const struct client_options *options,
    const struct client_message *message, size_t n, bool stream)
{
	static const char *const role[] = { "system", "user", "assistant" };

	wr_str(w, "{\"messages\":[");
	for (size_t i = 0; i < n; i++) {
		wr_fmt(w, "%s{\"role\":\"%s\",\"content\":", i == 0 ? "" : ",",
		    role[message[i].role]);
		json_write_string(w, message[i].text);
		wr_str(w, "}");
	}
	wr_str(w, stream ? "],\"stream\":true" : "]");
	if (options->model != NULL) {
		wr_str(w, ",\"model\":");
		json_write_string(w, str(options->model));
	}
	write_option(w, "temperature", options->temperature);
	write_option(w, "top_p", options->top_p);
	write_option(w, "top_k", options->top_k);
	write_option(w, "min_p", options->min_p);
	write_option(w, "seed", options->seed);
	write_option(w, "max_tokens", options->max_tokens);
	write_stops(w, options);
	if (options->schema.len > 0) {
		wr_str(w, ",\"response_format\":{\"type\":\"json_schema\","
			  "\"json_schema\":{\"name\":\"schema\",\"schema\":");
		wr_bytes(w, options->schema);
		wr_str(w, "}}");
	}
	wr_str(w, "}");
}

/* Copy a JSON string that fits `cap` with its NUL. */
static enum err copy_string(char *out, size_t cap, const struct json *v)
{
	size_t n = 0;
	enum err e = json_string(v, (uint8_t *)out, cap - 1, &n);

	out[e == ERR_OK ? n : 0] = '\0';
	return e;
}

static enum err bad(struct err_ctx *ctx, const char *what)
{
	return err_set(ctx, ERR_FORMAT, "the enclave's %s", what);
}

/* The first item of an array. */
static bool first(const struct json *list, struct json *out)
{
	struct json_iter it;

	if (list->type != JSON_ARRAY)
		return false;
	it = json_iter(list);
	return json_next(&it, NULL, out);
}

static enum err read_choice(
    struct client_answer *out, const struct json *root, struct err_ctx *ctx)
{
	struct json list, choice, message, v;

	if (!json_get(root, "choices", &list) || !first(&list, &choice) ||
	    choice.type != JSON_OBJECT)
		return bad(ctx, "result has no choices[0]");
	if (!json_get(&choice, "finish_reason", &v) ||
	    copy_string(out->finish, sizeof(out->finish), &v) != ERR_OK)
		return bad(ctx, "result has no finish_reason");
	if (!json_get(&choice, "message", &message) ||
	    message.type != JSON_OBJECT ||
	    !json_get(&message, "content", &out->content) ||
	    (out->content.type != JSON_STRING &&
		out->content.type != JSON_NULL))
		return bad(ctx, "result has no message.content");
	return ERR_OK;
}

static enum err read_usage(
    struct client_answer *out, const struct json *root, struct err_ctx *ctx)
{
	struct json v;

	out->usage.type = JSON_NULL;
	if (!json_get(root, "usage", &out->usage))
		return ERR_OK;
	if (out->usage.type != JSON_OBJECT ||
	    !json_get(&out->usage, "prompt_tokens", &v) ||
	    json_u64(&v, &out->prompt_tokens) != ERR_OK ||
	    !json_get(&out->usage, "completion_tokens", &v) ||
	    json_u64(&v, &out->completion_tokens) != ERR_OK)
		return bad(ctx, "result has a usage without token counts");
	return ERR_OK;
}

/* A member that may be absent: JSON_NULL then. False: it has another type. */
static bool read_optional(struct json *out, const struct json *root,
    const char *name, enum json_type type)
{
	struct json v;

	*out = (struct json){ .type = JSON_NULL };
	if (!json_get(root, name, &v))
		return true;
	*out = v;
	return v.type == type;
}

enum err client_answer_parse(
    struct client_answer *out, struct bytes text, struct err_ctx *ctx)
{
	struct json root, model;
	enum err e;

	memset(out, 0, sizeof(*out));
	e = json_parse(&root, text, ctx);
	if (e != ERR_OK)
		return e;
	if (root.type != JSON_OBJECT)
		return bad(ctx, "result is not an object");
	e = read_choice(out, &root, ctx);
	if (e == ERR_OK)
		e = read_usage(out, &root, ctx);
	if (e == ERR_OK &&
	    (!json_get(&root, "model", &model) ||
		copy_string(out->model, sizeof(out->model), &model) != ERR_OK))
		e = bad(ctx, "result names no model");
	if (e == ERR_OK &&
	    !read_optional(&out->ignored, &root, "confer_ignored", JSON_ARRAY))
		e = bad(ctx, "result has a confer_ignored that is no list");
	if (e == ERR_OK &&
	    !read_optional(&out->receipt, &root, "confer_receipt", JSON_OBJECT))
		e = bad(ctx, "result has a confer_receipt that is no object");
	if (e != ERR_OK)
		memset(out, 0, sizeof(*out));
	return e;
}

enum err client_failure_parse(
    struct client_failure *out, struct bytes text, struct err_ctx *ctx)
{
	struct json root, v, message;
	enum err e;

	memset(out, 0, sizeof(*out));
	e = json_parse(&root, text, ctx);
	if (e != ERR_OK)
		return e;
	if (root.type != JSON_OBJECT || !json_get(&root, "error", &v) ||
	    v.type != JSON_OBJECT || !json_get(&v, "message", &message))
		return bad(ctx, "error has no error.message");
	if (copy_string(out->message, sizeof(out->message), &message) != ERR_OK)
		return bad(ctx, "error has a message that is too long");
	if (json_get(&v, "code", &v) && v.type == JSON_STRING &&
	    copy_string(out->code, sizeof(out->code), &v) != ERR_OK)
		return bad(ctx, "error has a code that is too long");
	return ERR_OK;
}

static enum err read_model(struct client_model *out, const struct json *v)
{
	struct json id, context;

	memset(out, 0, sizeof(*out));
	if (v->type != JSON_OBJECT || !json_get(v, "id", &id) ||
	    copy_string(out->id, sizeof(out->id), &id) != ERR_OK)
		return ERR_FORMAT;
	if (json_get(v, "context_length", &context))
		return json_u64(&context, &out->context);
	return ERR_OK;
}

enum err client_models_parse(struct client_model out[CLIENT_MODELS_MAX],
    size_t *n, struct bytes text, struct err_ctx *ctx)
{
	struct json root, list, v;
	struct json_iter it;
	enum err e;

	*n = 0;
	e = json_parse(&root, text, ctx);
	if (e != ERR_OK)
		return e;
	if (root.type != JSON_OBJECT || !json_get(&root, "data", &list) ||
	    list.type != JSON_ARRAY)
		return bad(ctx, "list of models has no data");
	it = json_iter(&list);
	while (json_next(&it, NULL, &v)) {
		if (*n == CLIENT_MODELS_MAX) {
			*n = 0;
			return err_set(ctx, ERR_LIMIT,
			    "the enclave lists more than %d models",
			    CLIENT_MODELS_MAX);
		}
		if (read_model(&out[*n], &v) != ERR_OK) {
			*n = 0;
			return bad(ctx, "list has a model without an id");
		}
		(*n)++;
	}
	return ERR_OK;
}
