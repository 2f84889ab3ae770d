/*
 * The RESULT of a chat, piece by piece as the answer grows: reasoning, text,
 * calls of tools, tokens told, and the end. Each step puts what comes next into
 * a->rest.
 */
#include "base/assert.h"
#include "base/fmt.h"
#include "base/hex.h"
#include "enclave/answer.h"
#include "sys/rng.h"
#include "sys/secret.h"

/* Text escaped at a time: what `fixed` holds if every byte needs six. */
#define ESCAPE_CHUNK (ANSWER_FIXED_LEN / OPENAI_ESCAPE_MAX)

static void say(struct answer *a, const struct wr *w)
{
	assert(w->err == ERR_OK);
	a->type = FRAME_RESULT;
	a->rest = (struct bytes){ w->p, w->len };
}

static struct wr in_fixed(struct answer *a)
{
	return wr_init(a->fixed, sizeof(a->fixed));
}

static struct wr in_tail(struct answer *a)
{
	return wr_init(a->job->tail, sizeof(a->job->tail));
}

/* ---- texts ---------------------------------------------------------------- */

static void write_head(struct wr *w, const struct conn_env *env)
{
	char id[OPENAI_ID_LEN + 1];
	uint8_t random[8];
	char hex[sizeof(random) * 2 + 1];

	rng_fill(random, sizeof(random));
	hex_encode(hex, random, sizeof(random));
	(void)fmt_print(id, sizeof(id), "chatcmpl-%s", hex);
	openai_head_write(w, id, env->model);
}

/* Some text of a ring, escaped. */
static void say_text(
    struct answer *a, const struct conn_env *env, enum job_text which)
{
	uint8_t text[ESCAPE_CHUNK];
	size_t n = worker_peek(env->worker, a->job, which, text, sizeof(text));
	size_t len;

	n = openai_escape(
	    a->fixed, sizeof(a->fixed), &len, (struct bytes){ text, n });
	worker_consume(env->worker, a->job, which, n);
	if (which == JOB_CONTENT)
		statement_text(&a->job->statement, (struct bytes){ text, n });
	mem_wipe(text, sizeof(text));
	a->type = FRAME_RESULT;
	a->rest = (struct bytes){ a->fixed, len };
}

/* Content begins, or there is none. */
static void begin_content(
    struct answer *a, struct wr *w, const struct job_view *v)
{
	const bool none =
	    a->job->request.stream ||
	    (v->ready[JOB_CONTENT] == 0 && v->done && a->job->call_n > 0);

	wr_str(w, none ? OPENAI_CONTENT_NONE : OPENAI_CONTENT);
	a->phase = none ? ANSWER_CALLS : ANSWER_TEXT;
	say(a, w);
}

/* The first words: of vectors, else of reasoning, else of the text. */
static void begin(
    struct answer *a, const struct conn_env *env, const struct job_view *v)
{
	struct wr w = in_fixed(a);

	if (a->job->request.embed) {
		wr_str(&w, OPENAI_EMBED);
		a->phase = ANSWER_EMBED;
		say(a, &w);
		return;
	}
	write_head(&w, env);
	if (v->ready[JOB_REASONING] == 0) {
		begin_content(a, &w, v);
		return;
	}
	wr_str(&w, OPENAI_REASONING);
	a->phase = ANSWER_REASONING;
	say(a, &w);
}

static bool advance_text(struct answer *a, const struct conn_env *env)
{
	struct job_view v;
	struct wr w = in_fixed(a);
	size_t ready;

	worker_view(env->worker, a->job, &v);
	ready = v.ready[JOB_CONTENT] + v.ready[JOB_REASONING];
	if (ready == 0 && !v.done)
		return false;
	if (a->phase == ANSWER_WAIT && v.failed) {
		answer_error(a, &a->job->error);
	} else if (a->phase == ANSWER_WAIT) {
		/* What has just come to be streamed, the next frame takes. */
		if (a->job->request.stream && ready > 0)
			return false;
		begin(a, env, &v);
	} else if (a->phase == ANSWER_REASONING) {
		if (v.ready[JOB_REASONING] > 0) {
			say_text(a, env, JOB_REASONING);
		} else {
			wr_str(&w, "\"");
			begin_content(a, &w, &v);
		}
	} else if (v.ready[JOB_CONTENT] > 0) {
		say_text(a, env, JOB_CONTENT);
	} else if (v.ready[JOB_REASONING] > 0) { /* too late to be told */
		worker_consume(
		    env->worker, a->job, JOB_REASONING, v.ready[JOB_REASONING]);
	} else {
		wr_str(&w, "\"");
		a->phase = ANSWER_CALLS;
		say(a, &w);
	}
	return true;
}

/* ---- what comes when the job is done -------------------------------------- */

static void make_call_id(char out[OPENAI_CALL_ID_LEN + 1])
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz012345";
	uint8_t random[24];

	rng_fill(random, sizeof(random));
	memcpy(out, "call_", 5);
	for (size_t i = 0; i < sizeof(random); i++)
		out[5 + i] = letters[random[i] & 31];
	out[OPENAI_CALL_ID_LEN] = 0;
}

/* A call's beginning, a piece of its arguments, or the end of all. */
static void advance_calls(struct answer *a)
{
	const struct job *j = a->job;
	const struct engine_call *call = &j->call[a->call];
	struct wr w = in_fixed(a);
	char id[OPENAI_CALL_ID_LEN + 1];
	struct bytes left;
	size_t n;

	if (!a->in_call && a->call == j->call_n) {
		wr_str(&w, a->call > 0 ? OPENAI_CALLS_END : "");
		wr_str(&w, OPENAI_MESSAGE_END);
		a->phase = ANSWER_TOLD;
	} else if (!a->in_call) {
		make_call_id(id);
		openai_call_write(&w, a->call, id, call->name);
		a->in_call = true;
		a->call_at = 0;
	} else if (a->call_at < call->arguments.len) {
		left = (struct bytes){ call->arguments.p + a->call_at,
			call->arguments.len - a->call_at };
		a->call_at += openai_escape(w.p, w.cap, &n, left);
		w.len = n;
	} else {
		wr_str(&w, OPENAI_CALL_END);
		a->in_call = false;
		a->call++;
	}
	say(a, &w);
}

/* A token, or an alternative to the last one, with what is around it. */
static void say_one_told(struct answer *a, struct wr *w)
{
	const struct job *j = a->job;
	const uint8_t *at = j->told + a->told_at;
	struct job_told told;

	memcpy(&told, at, sizeof(told));
	wr_str(w, a->told_comma ? "," : "");
	openai_told_write(
	    w, (struct bytes){ at + sizeof(told), told.len }, told.logprob);
	a->told_at += sizeof(told) + told.len;
	a->told_comma = true;
	if (a->told_left > 0) {
		wr_str(w, "}");
		a->told_left--;
	} else {
		wr_str(w, OPENAI_TOLD_TOP);
		a->told_left = told.top_n;
		a->told_comma = false;
	}
	if (a->told_left == 0) {
		wr_str(w, OPENAI_TOLD_TOP_END);
		a->told_comma = true;
	}
}

static void advance_told(struct answer *a)
{
	struct wr w = in_tail(a);

	if (!a->job->request.logprobs) {
		a->phase = ANSWER_LAST;
		return;
	}
	wr_str(&w, a->told_open ? "" : OPENAI_TOLD);
	a->told_open = true;
	if (a->told_at < a->job->told_len) {
		say_one_told(a, &w);
	} else {
		wr_str(&w, OPENAI_TOLD_END);
		a->phase = ANSWER_LAST;
	}
	say(a, &w);
}

/* A vector's beginning, some of its numbers, its end, or the end of all. */
static void advance_embed(struct answer *a, const struct conn_env *env)
{
	const struct openai_request *r = &a->job->request;
	float numbers[OPENAI_EMBED_PIECE];
	size_t n = engine_info(env->worker->engine)->width - a->call_at;
	struct wr w = in_tail(a);

	n = n < OPENAI_EMBED_PIECE ? n : OPENAI_EMBED_PIECE;
	if (!a->in_call && a->call == r->message_n) {
		openai_embed_tail_write(&w, r, env->model, &a->job->usage);
		a->phase = ANSWER_END;
	} else if (!a->in_call) {
		openai_embed_begin_write(&w, a->call, r->base64);
		a->in_call = true;
	} else if (n > 0) {
		worker_vector(
		    env->worker, a->job, a->call, a->call_at, numbers, n);
		openai_embed_write(&w, numbers, n, a->call_at == 0, r->base64);
		a->call_at += n;
		mem_wipe(numbers, sizeof(numbers));
	} else {
		openai_embed_end_write(&w, r->base64);
		a->in_call = false;
		a->call_at = 0;
		a->call++;
	}
	say(a, &w);
}

/* The end of the RESULT. */
static void say_end(struct answer *a, const struct conn_env *env)
{
	struct job *j = a->job;
	struct wr w = in_tail(a);

	openai_tail_write(&w, &j->request, j->finish, &j->usage);
	if (j->statement.asked) {
		statement_write(
		    &w, &j->statement, &env->signer, &j->request, j->finish);
		secret_scrub_stack();
	}
	openai_end_write(&w);
	a->phase = ANSWER_END;
	say(a, &w);
}

bool answer_advance(struct answer *a, const struct conn_env *env)
{
	switch (a->phase) {
	case ANSWER_WAIT:
	case ANSWER_REASONING:
	case ANSWER_TEXT:
		return advance_text(a, env);
	case ANSWER_CALLS:
		advance_calls(a);
		return true;
	case ANSWER_TOLD:
		advance_told(a);
		return true;
	case ANSWER_LAST:
		say_end(a, env);
		return true;
	case ANSWER_EMBED:
		advance_embed(a, env);
		return true;
	case ANSWER_END:
	default:
		return false;
	}
}
