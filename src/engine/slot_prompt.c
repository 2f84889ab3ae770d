/*
 * From a request to a slot: its prompt's tokens and how it is to be answered.
 * The template's pieces are gathered until a special token interrupts them, and
 * each stretch is tokenized as one text, as it was when the model was trained.
 */
#include "base/utf8.h"
#include "engine/slot.h"

/*
 * A request that does not say how long its answer may become gets its slot's
 * share of the memory for keys and values, or room for this many tokens.
 */
#define ANSWER_ROOM_MIN 512

#define ALL_STRETCHES 2 /* times the longest that one may be */

struct prompt {
	struct engine *e;
	struct tok_out out;
	size_t len;   /* bytes waiting in e->render */
	size_t total; /* bytes that ever were there */
	bool first;   /* they follow a special token or nothing */
	bool strips;  /* and that token swallows white space */
	struct err_ctx *ctx;
};

static struct prompt prompt_for(
    struct engine *e, struct slot *s, struct err_ctx *ctx)
{
	return (struct prompt){ .e = e,
		.out = { .token = s->token, .cap = e->info.context },
		.first = true,
		.ctx = ctx };
}

static enum err flush(struct prompt *p)
{
	struct bytes text = { p->e->render, p->len };
	enum err e;

	if (p->len == 0)
		return ERR_OK;
	if (p->strips)
		text = tok_stripped(text);
	e = tok_encode(&p->e->tok, &p->e->tok_work, text, p->first, &p->out);
	mem_wipe(p->e->render, p->len);
	p->len = 0;
	p->first = p->strips = false;
	return e;
}

static enum err add_token(struct prompt *p, uint32_t id)
{
	enum err e = flush(p);

	if (p->out.n < p->out.cap)
		p->out.token[p->out.n] = id;
	p->out.n++;
	p->first = true;
	p->strips = tok_strips(&p->e->tok, id);
	return e;
}

/* Templates repeat what they were given, so all stretches are bounded, too. */
static enum err add_text(struct prompt *p, struct bytes text)
{
	size_t one = p->e->text_max, all = ALL_STRETCHES * one;
	bool fits = text.len <= one - p->len;

	if (!fits || text.len > all - p->total)
		return err_set(p->ctx, ERR_LIMIT,
		    "the conversation is longer than %zu bytes of text",
		    fits ? all : one);
	mem_copy(p->e->render + p->len, text.p, text.len);
	p->len += text.len;
	p->total += text.len;
	return ERR_OK;
}

static enum err emit(void *cookie, enum chat_piece kind, struct bytes text)
{
	struct prompt *p = cookie;
	const struct tok *t = &p->e->tok;
	uint32_t id = TOK_NONE;

	switch (kind) {
	case CHAT_TEXT:
		return add_text(p, text);
	case CHAT_SPECIAL:
	case CHAT_MARKER:
		id = tok_special(t, text);
		break;
	case CHAT_BOS:
		id = t->bos;
		break;
	case CHAT_EOS:
	default:
		id = t->eos;
		break;
	}
	if (id != TOK_NONE)
		return add_token(p, id);
	if (kind == CHAT_MARKER)
		return add_text(p, text);
	return err_set(p->ctx, ERR_UNSUPPORTED,
	    "the model's chat template needs a special token that its "
	    "vocabulary lacks: %.*s",
	    (int)text.len, (const char *)text.p);
}

/* Wipes what waited; the prompt must have a token, and `room` after it. */
static enum err end_prompt(struct prompt *p, enum err err, uint32_t room)
{
	uint32_t context = p->e->info.context;

	if (err == ERR_OK)
		err = flush(p);
	mem_wipe(p->e->render, p->len);
	if (err != ERR_OK)
		return err_set(p->ctx, err, "the prompt cannot be tokenized");
	if (p->out.n == 0)
		return err_set(p->ctx, ERR_FORMAT, "the prompt is empty");
	if (p->out.n + room > context)
		return err_set(p->ctx, ERR_LIMIT,
		    "the prompt has %zu tokens; the context holds %u%s",
		    p->out.n, context, room > 0 ? ", answer included" : "");
	return ERR_OK;
}

static enum err check_text(
    struct bytes text, const char *what, size_t i, struct err_ctx *ctx)
{
	size_t good = utf8_prefix(text);

	if (good == text.len)
		return ERR_OK;
	return err_set(
	    ctx, ERR_FORMAT, "%s %zu is not UTF-8 at byte %zu", what, i, good);
}

static enum err check_messages(const struct engine *e,
    const struct engine_request *req, struct err_ctx *ctx)
{
	enum err err = ERR_OK;

	if (req->message_n == 0)
		return err_set(ctx, ERR_FORMAT, "the request has no message");
	if (req->message_n > ENGINE_MESSAGES_MAX)
		return err_set(ctx, ERR_LIMIT,
		    "the request has %zu messages, limit %u", req->message_n,
		    ENGINE_MESSAGES_MAX);
	for (size_t i = 0; i < req->message_n && err == ERR_OK; i++)
		err = check_text(req->message[i].text, "message", i, ctx);
	if (err != ERR_OK)
		return err;
	if ((req->raw || e->chat.family == CHAT_NONE) &&
	    (req->message_n != 1 || req->message[0].role != ENGINE_USER))
		return err_set(ctx, ERR_UNSUPPORTED,
		    "%s: it continues one user message and cannot hold a "
		    "conversation",
		    req->raw ? "a raw request has no chat template"
			     : "this model has no chat template");
	return ERR_OK;
}

/* How long the answer may become; the prompt leaves room for one token. */
static uint32_t answer_max(
    const struct engine *e, const struct slot *s, uint32_t wanted)
{
	uint32_t left = e->info.context - s->prompt_n;
	uint32_t share = e->kv.page_n * KERNEL_PAGE / e->info.slots;

	if (wanted == 0)
		wanted = share >= s->prompt_n + ANSWER_ROOM_MIN
			     ? share - s->prompt_n
			     : ANSWER_ROOM_MIN;
	return wanted < left ? wanted : left;
}

static enum err render(struct prompt *p, const struct engine_request *req)
{
	const struct chat_input in = { .message = req->message,
		.message_n = req->message_n,
		.tool = req->tool,
		.tool_n =
		    req->tool_choice == ENGINE_TOOL_NONE ? 0 : req->tool_n,
		/* What is held to a form comes at once. */
		.no_reasoning = req->no_reasoning || slot_is_held(req) };
	struct engine *e = p->e;
	enum err err = ERR_OK;

	if (e->tok.add_bos)
		err = add_token(p, e->tok.bos);
	if (err != ERR_OK)
		return err;
	if (req->raw)
		return add_text(p, req->message[0].text);
	return chat_render(&e->chat, &in, emit, p, p->ctx);
}

static enum err set_prompt(struct engine *e, struct slot *s,
    const struct engine_request *req, struct err_ctx *ctx)
{
	struct prompt p = prompt_for(e, s, ctx);
	enum err err = end_prompt(&p, render(&p, req), 1);
	bool strip;

	if (err != ERR_OK)
		return err;
	s->prompt_n = (uint32_t)p.out.n;
	s->completion_max = answer_max(e, s, req->max_tokens);
	/* SentencePiece puts a blank before the first word of a turn. */
	strip = e->tok.kind == TOK_SPM && e->tok.space_prefix &&
		((e->chat.family != CHAT_NONE && !req->raw) || p.first);
	err = answer_init(&s->content, req->stop, req->stop_n, strip);
	if (err == ERR_OK)
		err = answer_init(&s->reasoning, NULL, 0, false);
	if (err != ERR_OK)
		return err_set(ctx, err,
		    "stop strings: at most %u, of 1 to %u bytes of UTF-8",
		    ENGINE_STOPS_MAX, ENGINE_STOP_LEN_MAX);
	return ERR_OK;
}

enum err slot_prompt(struct engine *e, struct slot *s,
    const struct engine_request *req, struct err_ctx *ctx)
{
	enum err err = check_messages(e, req, ctx);

	if (err == ERR_OK)
		err = slot_form_check(req, ctx);
	if (err == ERR_OK && req->top_logprobs > ENGINE_TOP_MAX)
		err = err_set(ctx, ERR_LIMIT, "top_logprobs is %u, limit %u",
		    req->top_logprobs, ENGINE_TOP_MAX);
	s->logprobs = req->logprobs;
	s->top_logprobs = req->top_logprobs;
	if (err == ERR_OK)
		err = set_prompt(e, s, req, ctx);
	if (err == ERR_OK)
		err = slot_form(e, s, req, ctx);
	if (err == ERR_OK)
		err = sample_init(
		    &s->sample, &req->sampling, e->info.vocabulary, ctx);
	return err;
}

enum err slot_text(
    struct engine *e, struct slot *s, struct bytes text, struct err_ctx *ctx)
{
	struct prompt p = prompt_for(e, s, ctx);
	enum err err = check_text(text, "text", 0, ctx);

	if (err == ERR_OK && e->tok.add_bos)
		err = add_token(&p, e->tok.bos);
	if (err == ERR_OK)
		err = add_text(&p, text);
	err = end_prompt(&p, err, 0);
	s->prompt_n = (uint32_t)p.out.n;
	return err;
}
