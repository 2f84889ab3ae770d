/*
 * The form that an answer has: what is taken out of it as reasoning and calls,
 * and what the grammar holds it to. A call that must come is opened and closed
 * by us where the vocabulary has special tokens for that, which no grammar of
 * texts could choose.
 */
#include "base/wr.h"
#include "engine/slot.h"

_Static_assert(ENGINE_TOOLS_MAX <= GRAMMAR_PARTS_MAX, "a part for each tool");

/* The texts around calls, which lie in the engine's render buffer. */
struct form {
	struct engine *e;
	struct chat_form chat;
	struct wr w;
	struct grammar_part part[GRAMMAR_PARTS_MAX];
	size_t n;
};

/* The special token of a marker around calls, or TOK_NONE. */
static uint32_t special(const struct form *f, const char *marker)
{
	if (marker == NULL || f->chat.calls == CHAT_CALLS_BARE)
		return TOK_NONE;
	return tok_special(&f->e->tok, mem_str(marker));
}

/* A marker that is no special token, then a text; or the other way around. */
static struct bytes joined(
    struct form *f, const char *marker, struct bytes text, bool marker_first)
{
	bool spelled =
	    f->chat.calls != CHAT_CALLS_BARE && special(f, marker) == TOK_NONE;
	struct bytes mark = mem_str(spelled ? marker : NULL);
	struct bytes out = { f->w.p + f->w.len, mark.len + text.len };

	wr_bytes(&f->w, marker_first ? mark : text);
	wr_bytes(&f->w, marker_first ? text : mark);
	return out;
}

static enum err add_tool(
    struct form *f, const struct engine_tool *tool, struct err_ctx *ctx)
{
	struct chat_call call;
	enum err err = chat_call_form(&f->e->chat, tool->name, &call);

	if (err != ERR_OK)
		return err_set(ctx, err,
		    err == ERR_LIMIT ? "the name of tool %zu is too long"
				     : "this model cannot call tools",
		    f->n);
	f->part[f->n++] = (struct grammar_part){
		.before = joined(f, f->chat.start,
		    (struct bytes){ call.before, call.before_len }, true),
		.schema = tool->parameters,
		.after = joined(f, f->chat.end,
		    (struct bytes){ call.after, call.after_len }, false),
	};
	mem_wipe(&call, sizeof(call));
	return ERR_OK;
}

static bool must_call(const struct engine_request *req)
{
	return req->tool_choice == ENGINE_TOOL_REQUIRED ||
	       req->tool_choice == ENGINE_TOOL_NAMED;
}

/* A grammar that no slot has. Few are held to one at a time. */
static struct grammar *free_grammar(struct engine *e)
{
	for (uint32_t g = 0; g < e->grammar_n; g++) {
		struct grammar *grammar =
		    (struct grammar *)(void *)(e->grammar +
					       g * e->grammar_step);
		bool taken = false;

		for (uint32_t i = 0; i < e->info.slots; i++)
			taken |= e->slot[i].grammar == grammar;
		if (!taken)
			return grammar;
	}
	return NULL;
}

static enum err start_grammar(struct slot *s, struct form *f,
    const struct engine_request *req, struct err_ctx *ctx)
{
	enum err err = ERR_OK;
	size_t len;

	s->grammar = free_grammar(f->e);
	if (s->grammar == NULL)
		return err_set(ctx, ERR_BUSY,
		    "all %u answers that may be held to a form are taken",
		    f->e->grammar_n);
	s->opening = s->closing = TOK_NONE;
	if (must_call(req)) {
		s->opening = special(f, f->chat.start);
		s->closing = special(f, f->chat.end);
		for (size_t i = 0; i < req->tool_n && err == ERR_OK; i++)
			err = add_tool(f, &req->tool[i], ctx);
		if (err == ERR_OK && wr_end(&f->w, &len) != ERR_OK)
			err = err_set(ctx, ERR_LIMIT,
			    "the names of the tools are too long");
	} else {
		f->part[f->n++] =
		    (struct grammar_part){ .schema = req->schema };
	}
	return err == ERR_OK ? grammar_init(s->grammar, f->part, f->n, ctx)
			     : err;
}

enum err slot_form_check(const struct engine_request *req, struct err_ctx *ctx)
{
	if (req->schema.len > ENGINE_SCHEMA_MAX)
		return err_set(ctx, ERR_LIMIT,
		    "the schema has %zu bytes, limit %u", req->schema.len,
		    ENGINE_SCHEMA_MAX);
	if (req->tool_n > ENGINE_TOOLS_MAX)
		return err_set(ctx, ERR_LIMIT,
		    "the request has %zu tools, limit %u", req->tool_n,
		    ENGINE_TOOLS_MAX);
	if (must_call(req) && req->tool_n == 0)
		return err_set(ctx, ERR_FORMAT, "there is no tool to call");
	if (must_call(req) && req->raw)
		return err_set(ctx, ERR_UNSUPPORTED,
		    "a raw request has no form for calls");
	if (req->tool_choice == ENGINE_TOOL_AUTO && req->tool_n > 0 &&
	    req->format != ENGINE_FORMAT_TEXT)
		return err_set(ctx, ERR_UNSUPPORTED,
		    "an answer cannot be free to call tools and held to a "
		    "format at once");
	return ERR_OK;
}

bool slot_is_held(const struct engine_request *req)
{
	return must_call(req) || req->format != ENGINE_FORMAT_TEXT;
}

enum err slot_form(struct engine *e, struct slot *s,
    const struct engine_request *req, struct err_ctx *ctx)
{
	const struct chat none = { .family = CHAT_NONE };
	bool tools = req->tool_n > 0 && req->tool_choice != ENGINE_TOOL_NONE;
	struct form f = { .e = e,
		.chat = chat_form(&e->chat),
		.w = wr_init(e->render, e->text_max) };
	enum err err = ERR_OK;

	reply_init(&s->reply, req->raw ? &none : &e->chat, &e->tok, &s->content,
	    &s->reasoning, tools);
	if (slot_is_held(req))
		err = start_grammar(s, &f, req, ctx);
	mem_wipe(e->render, f.w.len);
	return err;
}
