#include "enclave/answer.h"

#include "base/assert.h"
#include "base/rd.h"
#include "sys/rng.h"

#define METHOD_CHAT    1
#define METHOD_MODELS  2
#define METHOD_RECEIPT 3
#define METHOD_EMBED   4
#define CREDIT_LEN_MAX 64 /* [P-35] */

struct answer *answer_find(struct answer *table, uint32_t stream)
{
	for (size_t i = 0; i < FRAME_STREAMS_MAX; i++)
		if (table[i].stream == stream)
			return &table[i];
	return NULL;
}

void answer_clear(struct answer *a, struct worker *w)
{
	if (a->job != NULL)
		worker_drop(w, a->job);
	mem_wipe(a, sizeof(*a));
}

/* ---- the beginning -------------------------------------------------------- */

/* What was written to `fixed` is all that remains to be said. */
static void end_with_fixed(
    struct answer *a, enum frame_type type, const struct wr *w)
{
	assert(w->err == ERR_OK);
	a->type = type;
	a->phase = ANSWER_END;
	a->rest = (struct bytes){ a->fixed, w->len };
}

void answer_error(struct answer *a, const struct openai_error *e)
{
	struct wr w = wr_init(a->fixed, sizeof(a->fixed));

	openai_error_write(&w, e);
	end_with_fixed(a, FRAME_ERROR, &w);
}

static void fail(struct answer *a, enum openai_code code, const char *message)
{
	struct openai_error e;

	openai_error_set(&e, code, NULL, message);
	answer_error(a, &e);
}

static void begin_models(struct answer *a, const struct conn_env *env)
{
	struct wr w = wr_init(a->fixed, sizeof(a->fixed));

	openai_models_write(&w, env->model, env->context);
	end_with_fixed(a, FRAME_RESULT, &w);
}

/* What needs a job; the answer of method 3 comes with a statement [P-44]. */
static void begin_job(struct answer *a, const struct conn_env *env,
    const void *owner, struct bytes body, uint8_t method)
{
	const bool stated = method == METHOD_RECEIPT;
	struct job *j = worker_take(env->worker, owner);
	struct openai_error why;
	enum err e;

	if (j == NULL) {
		fail(a, OPENAI_BUSY,
		    "all places are taken; please try again later");
		return;
	}
	if (stated && statement_begin(&j->statement, &body) != ERR_OK) {
		worker_drop(env->worker, j);
		fail(a, OPENAI_INVALID, "a request of method 3 has two salts");
		return;
	}
	e = (method == METHOD_EMBED ? openai_embed_parse
				    : openai_request_parse)(
	    &j->request, j->text, sizeof(j->text), body, env->model, &why);
	if (e != ERR_OK) {
		worker_drop(env->worker, j);
		answer_error(a, &why);
		return;
	}
	if (!j->request.has_seed)
		rng_fill(&j->request.sampling.seed,
		    sizeof(j->request.sampling.seed));
	a->job = j;
	worker_submit(env->worker, j);
}

void answer_begin(struct answer *a, const struct conn_env *env,
    const void *owner, uint32_t stream, struct bytes message)
{
	struct rd r = rd_bytes_init(message);
	uint8_t method = rd_u8(&r);
	size_t credit_len = rd_u8(&r);
	struct bytes body;

	*a = (struct answer){ .stream = stream };
	/* No quota is in force yet: a credit is checked for its form only. */
	if (r.err == ERR_OK && credit_len <= CREDIT_LEN_MAX)
		(void)rd_take(&r, credit_len);
	body = rd_take(&r, rd_left(&r));
	if (r.err != ERR_OK || credit_len > CREDIT_LEN_MAX)
		fail(a, OPENAI_INVALID, "the request message is malformed");
	else if (method == METHOD_CHAT || method == METHOD_EMBED ||
		 (method == METHOD_RECEIPT && env->signer.seed_priv != NULL))
		begin_job(a, env, owner, body, method);
	else if (method == METHOD_MODELS && body.len == 0)
		begin_models(a, env);
	else if (method == METHOD_MODELS)
		fail(a, OPENAI_INVALID, "a request of models has no body");
	else
		fail(a, OPENAI_METHOD, "the method is unknown");
}

/* ---- piece by piece ------------------------------------------------------- */

/* Text of a streamed answer goes from a ring into the record. */
static size_t pull_text(struct answer *a, const struct conn_env *env,
    enum job_text which, uint8_t *buf, size_t cap)
{
	size_t n;

	if (a->job == NULL || !a->job->request.stream ||
	    a->phase != ANSWER_WAIT)
		return 0;
	n = worker_peek(env->worker, a->job, which, buf, cap);
	worker_consume(env->worker, a->job, which, n);
	if (which == JOB_CONTENT)
		statement_text(&a->job->statement, (struct bytes){ buf, n });
	return n;
}

size_t answer_pull(struct answer *a, const struct conn_env *env, uint8_t *buf,
    size_t cap, enum frame_type *type, bool *last)
{
	size_t n = pull_text(a, env, JOB_REASONING, buf, cap);

	*last = false;
	*type = n > 0 ? FRAME_REASONING : FRAME_DELTA;
	if (n == 0)
		n = pull_text(a, env, JOB_CONTENT, buf, cap);
	if (n > 0 || cap == 0)
		return n;
	while (n < cap) {
		size_t step;

		if (a->rest.len == 0 && !answer_advance(a, env))
			break;
		step = a->rest.len < cap - n ? a->rest.len : cap - n;
		mem_copy(buf + n, a->rest.p, step);
		a->rest.p += step;
		a->rest.len -= step;
		n += step;
	}
	if (n > 0 || a->phase == ANSWER_END)
		*type = a->type;
	*last = a->phase == ANSWER_END && a->rest.len == 0;
	if (*last)
		answer_clear(a, env->worker);
	return n;
}
