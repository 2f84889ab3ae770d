/* See replay.h. */
#include "cli/replay.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "crypto/crypto_native.h"
#include "openai/openai.h"

#define MODEL_NAME_MAX 256 /* bytes of the model's name in a request */

static void hash(void *cookie, struct bytes next)
{
	crypto_sha256_update(cookie, next);
}

static float float_of(uint32_t bits)
{
	float f;

	memcpy(&f, &bits, sizeof(f));
	return f;
}

/* ---- the request ---------------------------------------------------------------- */

/* The name that the request asks for: whoever served it had that one. */
static void name_of(char out[MODEL_NAME_MAX], struct bytes request)
{
	struct json root, name;
	size_t n = 0;

	if (json_parse(&root, request, NULL) != ERR_OK ||
	    root.type != JSON_OBJECT || !json_get(&root, "model", &name) ||
	    name.type != JSON_STRING ||
	    json_string(&name, (uint8_t *)out, MODEL_NAME_MAX - 1, &n) !=
		ERR_OK)
		n = 0;
	out[n] = '\0';
}

/* What was stated goes before what was asked for. */
static void apply(struct engine_request *req, const struct receipt_statement *s)
{
	req->sampling.temperature = float_of(s->temperature);
	req->sampling.top_p = float_of(s->top_p);
	req->sampling.min_p = float_of(s->min_p);
	req->sampling.top_k = s->top_k;
	req->sampling.seed = s->seed;
	req->max_tokens = s->max_tokens;
}

/* ---- the answer ------------------------------------------------------------------ */

static bool ended_alike(enum receipt_finish stated, enum engine_finish finish)
{
	if (stated == RECEIPT_LENGTH)
		return finish == ENGINE_LENGTH;
	return finish == ENGINE_STOP || finish == ENGINE_CALLS;
}

/* Was the answer ended by what no statement tells: a click, or full memory? */
static bool was_cut(const struct receipt_statement *s)
{
	return s->finish == RECEIPT_CANCELLED ||
	       (s->finish == RECEIPT_LENGTH && s->max_tokens == 0);
}

/* Bytes that must be there again; U+FFFD stands for a character cut in two. */
static size_t sure_len(struct bytes answer)
{
	static const char cut[] = "\xef\xbf\xbd";
	const size_t n = sizeof(cut) - 1;

	if (answer.len < n ||
	    !mem_eq_str((struct bytes){ answer.p + answer.len - n, n }, cut))
		return answer.len;
	return answer.len - n;
}

/* What was cut short is compared as far as it goes. */
static void compare(struct replay *r)
{
	while (r->at < r->len && r->at < r->answer.len &&
	       r->text[r->at] == r->answer.p[r->at])
		r->at++;
	if (was_cut(&r->statement))
		r->same = r->at >= sure_len(r->answer);
	else
		r->same = r->at == r->answer.len && r->at == r->len &&
			  ended_alike(r->statement.finish, r->finish);
}

/* Until the answer is complete, or longer than what it is held against. */
static enum err gather(struct replay *r, struct engine *e, int slot)
{
	const size_t cap = r->answer.len + 2 * ENGINE_OUTPUT_MAX;
	struct engine_output out;

	r->text = malloc(cap);
	if (r->text == NULL)
		return ERR_NOMEM;
	do {
		(void)engine_step(e);
		engine_poll(e, slot, &out);
		mem_copy(r->text + r->len, out.text.p, out.text.len);
		r->len += out.text.len;
	} while (out.finish == ENGINE_RUNNING &&
		 r->len <= r->answer.len + ENGINE_OUTPUT_MAX);
	r->finish = out.finish;
	return ERR_OK;
}

static enum err answer(struct replay *r, struct engine *e, struct err_ctx *ctx)
{
	struct openai_request *asked = calloc(1, sizeof(*asked));
	uint8_t *text = malloc(r->request.len + 1);
	char name[MODEL_NAME_MAX];
	struct openai_error why = { .message = "" };
	struct engine_request req;
	enum err err = asked != NULL && text != NULL ? ERR_OK : ERR_NOMEM;
	int slot;

	name_of(name, r->request);
	if (err == ERR_OK)
		err = openai_request_parse(
		    asked, text, r->request.len, r->request, name, &why);
	if (err != ERR_OK)
		(void)err_set(
		    ctx, err, "the question cannot be read: %s", why.message);
	if (err == ERR_OK) {
		openai_request_engine(&req, asked);
		apply(&req, &r->statement);
		err = engine_submit(e, &req, &slot, ctx);
	}
	if (err == ERR_OK) {
		err = gather(r, e, slot);
		engine_release(e, slot);
	}
	if (text != NULL)
		mem_wipe(text, r->request.len);
	free(text);
	free(asked);
	return err;
}

/* ---- the model ------------------------------------------------------------------- */

static enum cli_exit check_model(const struct replay *r,
    struct crypto_sha256_stream *sha, const struct engine_info *info,
    struct err_ctx *ctx)
{
	uint8_t digest[SHA256_LEN];

	crypto_sha256_final(sha, digest);
	if (!mem_eq_ct(digest, r->statement.model_sha256, SHA256_LEN))
		(void)err_set(ctx, ERR_AUTH,
		    "this file is not the model that the statement names");
	else if (info->context != r->statement.context)
		(void)err_set(ctx, ERR_UNSUPPORTED,
		    "the statement's context of %u tokens is not possible "
		    "here: %u",
		    r->statement.context, info->context);
	return ctx->code == ERR_OK ? CLI_EXIT_OK : CLI_EXIT_REFUSED;
}

enum cli_exit replay_run(struct replay *r, struct model_job *j)
{
	struct crypto_sha256_stream sha;
	const struct engine_options opt = {
		.context_max = r->statement.context,
		.seen = hash,
		.seen_cookie = &sha,
	};
	struct engine *e;
	enum cli_exit x;

	crypto_sha256_init(&sha);
	x = model_open_engine(&e, &opt, j);
	if (x == CLI_EXIT_OK)
		x = check_model(r, &sha, engine_info(e), &j->ctx);
	if (x == CLI_EXIT_OK) {
		cli_status(j->term, "answering again");
		x = model_exit_of(answer(r, e, &j->ctx));
		cli_status_clear(j->term);
	}
	engine_close(e);
	if (x == CLI_EXIT_OK)
		compare(r);
	return x;
}

void replay_clear(struct replay *r)
{
	if (r->text != NULL)
		mem_wipe(r->text, r->len);
	free(r->text);
	r->text = NULL;
}
