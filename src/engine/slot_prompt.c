/*
 * From a request to a prompt's tokens: the template's pieces are gathered until
 * a special token interrupts them, and each stretch is tokenized as one text,
 * as it was when the model was trained.
 */

#include "base/assert.h"
#include "base/utf8.h"
#include "engine/slot.h"

struct prompt {
	struct engine *e;
	struct tok_out out;
	size_t len; /* bytes waiting in e->render */
	bool first; /* they follow a special token or nothing */
	struct err_ctx *ctx;
};

static enum err flush(struct prompt *p)
{
	struct bytes text = { p->e->render, p->len };
	enum err e;

	if (p->len == 0)
		return ERR_OK;
	e = tok_encode(&p->e->tok, &p->e->tok_work, text, p->first, &p->out);
	mem_wipe(p->e->render, p->len);
	p->len = 0;
	p->first = false;
	return e;
}

static enum err add_token(struct prompt *p, uint32_t id)
{
	enum err e = flush(p);

	if (p->out.n < p->out.cap)
		p->out.token[p->out.n] = id;
	p->out.n++;
	p->first = true;
	return e;
}

static enum err add_text(struct prompt *p, struct bytes text)
{
	if (text.len > p->e->text_max - p->len)
		return err_set(p->ctx, ERR_LIMIT,
		    "the conversation is longer than %zu bytes of text",
		    p->e->text_max);
	mem_copy(p->e->render + p->len, text.p, text.len);
	p->len += text.len;
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

static enum err check_messages(const struct engine *e,
    const struct engine_request *req, struct err_ctx *ctx)
{
	if (req->message_n == 0)
		return err_set(ctx, ERR_FORMAT, "the request has no message");
	if (req->message_n > ENGINE_MESSAGES_MAX)
		return err_set(ctx, ERR_LIMIT,
		    "the request has %zu messages, limit %u", req->message_n,
		    ENGINE_MESSAGES_MAX);
	for (size_t i = 0; i < req->message_n; i++) {
		struct bytes text = req->message[i].text;
		size_t good = utf8_prefix(text);

		if (good != text.len)
			return err_set(ctx, ERR_FORMAT,
			    "message %zu is not UTF-8 at byte %zu", i, good);
	}
	if (e->chat.family == CHAT_NONE &&
	    (req->message_n != 1 || req->message[0].role != ENGINE_USER))
		return err_set(ctx, ERR_UNSUPPORTED,
		    "this model has no chat template: it continues one user "
		    "message and cannot hold a conversation");
	return ERR_OK;
}

static enum err check_length(
    const struct engine *e, const struct prompt *p, struct err_ctx *ctx)
{
	if (p->out.n == 0)
		return err_set(ctx, ERR_FORMAT, "the prompt is empty");
	if (p->out.n >= e->info.context)
		return err_set(ctx, ERR_LIMIT,
		    "the prompt has %zu tokens; the context holds %u, answer "
		    "included",
		    p->out.n, e->info.context);
	return ERR_OK;
}

enum err slot_prompt(struct engine *e, struct slot *s,
    const struct engine_request *req, struct err_ctx *ctx)
{
	struct prompt p = { .e = e,
		.out = { .token = s->token, .cap = e->info.context },
		.first = true,
		.ctx = ctx };
	const struct chat_input in = { .message = req->message,
		.message_n = req->message_n,
		.tool = req->tool,
		.tool_n = req->tool_choice == ENGINE_TOOL_NONE ? 0 : req->tool_n,
		.no_reasoning = req->no_reasoning };
	enum err err = check_messages(e, req, ctx);
	bool strip;

	if (err == ERR_OK && e->tok.add_bos)
		err = add_token(&p, e->tok.bos);
	if (err == ERR_OK)
		err = chat_render(&e->chat, &in, emit, &p, ctx);
	if (err == ERR_OK)
		err = flush(&p);
	mem_wipe(e->render, p.len);
	if (err == ERR_OK)
		err = check_length(e, &p, ctx);
	if (err != ERR_OK)
		return err_set(ctx, err, "the prompt cannot be tokenized");
	s->prompt_n = (uint32_t)p.out.n;
	s->completion_max = e->info.context - s->prompt_n;
	if (req->max_tokens != 0 && req->max_tokens < s->completion_max)
		s->completion_max = req->max_tokens;
	/* SentencePiece puts a blank before the first word of a turn. */
	strip = e->tok.kind == TOK_SPM && e->tok.space_prefix &&
		(e->chat.family != CHAT_NONE || p.first);
	err = answer_init(&s->answer, req->stop, req->stop_n, strip);
	if (err != ERR_OK)
		return err_set(ctx, err,
		    "stop strings: at most %u, of 1 to %u bytes of UTF-8",
		    ENGINE_STOPS_MAX, ENGINE_STOP_LEN_MAX);
	err = sample_init(&s->sample, &req->sampling);
	if (err != ERR_OK)
		return err_set(ctx, err,
		    "sampling: temperature is 0 to 2, top_p and min_p are 0 to "
		    "1");
	return ERR_OK;
}
