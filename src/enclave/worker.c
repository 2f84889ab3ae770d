#include "enclave/worker.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "engine/reply.h"
#include "sys/secret.h"

_Static_assert(REPLY_CALLS_LEN_MAX <= WORKER_CALLS_LEN, "all calls fit");

static void job_wipe(struct job *j)
{
	mem_wipe(
	    j->text, j->request.embed ? sizeof(j->text) : j->request.text_len);
	mem_wipe(j, offsetof(struct job, text));
}

/* Does it have a slot of the engine? */
static bool holds_slot(const struct job *j)
{
	return j->state == JOB_RUNNING && (!j->request.embed || j->embedding);
}

static size_t vector_len(const struct engine *engine)
{
	return engine_info(engine)->width * sizeof(float);
}

/* ---- set up --------------------------------------------------------------- */

enum err worker_init(struct worker *w, struct engine *engine, size_t owners,
    size_t spare, struct err_ctx *ctx)
{
	memset(w, 0, sizeof(*w));
	w->spare = spare;
	w->job = calloc(owners + spare, sizeof(struct job *));
	for (; w->job != NULL && w->job_n < owners + spare; w->job_n++) {
		w->job[w->job_n] = secret_new(sizeof(struct job));
		if (w->job[w->job_n] == NULL)
			break;
	}
	if (w->job_n < owners + spare)
		return err_set(ctx, ERR_NOMEM,
		    "no memory for %zu requests at once", owners + spare);
	w->engine = engine;
	w->vector = secret_new(vector_len(engine));
	if (w->vector == NULL)
		return err_set(ctx, ERR_NOMEM, "no memory for a vector");
	if (pthread_mutex_init(&w->lock, NULL) != 0 ||
	    pthread_cond_init(&w->cond, NULL) != 0)
		return err_set(ctx, ERR_IO, "cannot make a lock");
	return ERR_OK;
}

void worker_clear(struct worker *w)
{
	if (w->started) {
		(void)pthread_mutex_lock(&w->lock);
		w->stop = true;
		(void)pthread_cond_signal(&w->cond);
		(void)pthread_mutex_unlock(&w->lock);
		(void)pthread_join(w->thread, NULL);
	}
	for (size_t i = 0; i < w->job_n; i++) {
		if (holds_slot(w->job[i]))
			engine_release(w->engine, w->job[i]->slot);
		secret_free(w->job[i], sizeof(struct job));
	}
	if (w->vector != NULL)
		secret_free(w->vector, vector_len(w->engine));
	free(w->job);
	memset(w, 0, sizeof(*w));
}

/* ---- serve thread --------------------------------------------------------- */

/* The engine thread shall look again; called with the lock held. */
static void kick(struct worker *w)
{
	w->kick = true;
	(void)pthread_cond_signal(&w->cond);
}

/* Does a job before number n belong to this owner, too? */
static bool held_before(const struct worker *w, const void *owner, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (w->job[i]->state != JOB_FREE && w->job[i]->owner == owner)
			return true;
	return false;
}

/*
 * The jobs that owners have beyond their first must be fewer than the spare
 * ones: so a first one is always left for everybody else.
 */
static bool may_take(const struct worker *w, const void *owner)
{
	size_t extra = 0;

	if (!held_before(w, owner, w->job_n))
		return true;
	for (size_t i = 0; i < w->job_n; i++)
		extra += w->job[i]->state != JOB_FREE &&
			 held_before(w, w->job[i]->owner, i);
	return extra < w->spare;
}

struct job *worker_take(struct worker *w, const void *owner)
{
	struct job *j = NULL;

	(void)pthread_mutex_lock(&w->lock);
	for (size_t i = 0; may_take(w, owner) && i < w->job_n; i++) {
		if (w->job[i]->state != JOB_FREE)
			continue;
		j = w->job[i];
		j->state = JOB_TAKEN;
		j->owner = owner;
		break;
	}
	(void)pthread_mutex_unlock(&w->lock);
	return j;
}

void worker_submit(struct worker *w, struct job *j)
{
	(void)pthread_mutex_lock(&w->lock);
	assert(j->state == JOB_TAKEN);
	j->state = JOB_QUEUED;
	j->turn = w->turn++;
	kick(w);
	(void)pthread_mutex_unlock(&w->lock);
}

/* Vectors that are not all there must not be read: that is an error. */
static void say_cancelled(struct job *j)
{
	if (j->request.embed)
		openai_error_set(&j->error, OPENAI_INVALID, NULL,
		    "the request was cancelled");
}

void worker_cancel(struct worker *w, struct job *j)
{
	(void)pthread_mutex_lock(&w->lock);
	j->cancel = true;
	if (j->state == JOB_QUEUED) {
		j->state = JOB_DONE;
		j->finish = ENGINE_CANCELLED;
		say_cancelled(j);
	}
	kick(w);
	(void)pthread_mutex_unlock(&w->lock);
}

void worker_drop(struct worker *w, struct job *j)
{
	(void)pthread_mutex_lock(&w->lock);
	assert(j->state != JOB_FREE);
	if (j->state == JOB_RUNNING)
		j->dropped = true;
	else
		job_wipe(j);
	kick(w);
	(void)pthread_mutex_unlock(&w->lock);
}

void worker_view(struct worker *w, struct job *j, struct job_view *out)
{
	(void)pthread_mutex_lock(&w->lock);
	for (size_t i = 0; i < JOB_TEXT_N; i++)
		out->ready[i] = j->ring[i].len;
	out->done = j->state == JOB_DONE;
	out->failed = out->done && j->error.code != NULL;
	(void)pthread_mutex_unlock(&w->lock);
}

size_t worker_peek(struct worker *w, struct job *j, enum job_text which,
    uint8_t *out, size_t cap)
{
	const struct job_ring *ring = &j->ring[which];
	size_t n, first;

	(void)pthread_mutex_lock(&w->lock);
	n = ring->len < cap ? ring->len : cap;
	first = WORKER_RING_LEN - ring->from;
	if (first > n)
		first = n;
	mem_copy(out, ring->text + ring->from, first);
	mem_copy(out + first, ring->text, n - first);
	(void)pthread_mutex_unlock(&w->lock);
	return n;
}

/* Is there room in both rings for what a poll may bring? */
static bool rings_have_room(const struct job *j)
{
	for (size_t i = 0; i < JOB_TEXT_N; i++)
		if (WORKER_RING_LEN - j->ring[i].len < ENGINE_OUTPUT_MAX)
			return false;
	return true;
}

void worker_consume(
    struct worker *w, struct job *j, enum job_text which, size_t n)
{
	struct job_ring *ring = &j->ring[which];
	bool had_room;

	(void)pthread_mutex_lock(&w->lock);
	assert(n <= ring->len);
	had_room = rings_have_room(j);
	ring->from = (ring->from + n) % WORKER_RING_LEN;
	ring->len -= n;
	if (!had_room && rings_have_room(j))
		kick(w);
	(void)pthread_mutex_unlock(&w->lock);
}

/* ---- engine thread -------------------------------------------------------- */

static void ring_put(struct job_ring *ring, struct bytes text)
{
	size_t at = (ring->from + ring->len) % WORKER_RING_LEN;
	size_t first = WORKER_RING_LEN - at;

	if (text.len == 0)
		return;
	assert(text.len <= WORKER_RING_LEN - ring->len);
	if (first > text.len)
		first = text.len;
	mem_copy(ring->text + at, text.p, first);
	mem_copy(ring->text, text.p + first, text.len - first);
	ring->len += text.len;
}

static void told_put(
    struct job *j, struct bytes text, float logprob, uint32_t top_n)
{
	const struct job_told told = { logprob, (uint16_t)text.len,
		(uint16_t)top_n };

	memcpy(j->told + j->told_len, &told, sizeof(told));
	mem_copy(j->told + j->told_len + sizeof(told), text.p, text.len);
	j->told_len += sizeof(told) + text.len;
}

/* A token with all its alternatives, as long as there is room for all. */
static void keep_told(struct job *j, const struct engine_told *t)
{
	size_t n = sizeof(struct job_told) + t->text.len;

	for (uint32_t i = 0; i < t->top_n; i++)
		n += sizeof(struct job_told) + t->top[i].text.len;
	j->told_full |= n > WORKER_TOLD_LEN - j->told_len;
	if (j->told_full)
		return;
	told_put(j, t->text, t->logprob, t->top_n);
	for (uint32_t i = 0; i < t->top_n; i++)
		told_put(j, t->top[i].text, t->top[i].logprob, 0);
}

static struct bytes keep_text(struct job *j, size_t *used, struct bytes text)
{
	uint8_t *at = j->call_text + *used;

	assert(text.len <= WORKER_CALLS_LEN - *used);
	mem_copy(at, text.p, text.len);
	*used += text.len;
	return (struct bytes){ at, text.len };
}

static void keep_calls(struct job *j, const struct engine_output *out)
{
	size_t used = 0;

	for (size_t i = 0; i < out->call_n; i++) {
		if (i > 0 && j->request.one_call)
			return;
		j->call[i].name = keep_text(j, &used, out->call[i].name);
		j->call[i].arguments =
		    keep_text(j, &used, out->call[i].arguments);
		j->call_n++;
	}
}

/* What a poll brought. */
static void keep_output(struct job *j, const struct engine_output *out)
{
	const struct openai_request *r = &j->request;

	ring_put(&j->ring[JOB_CONTENT], out->text);
	if (!r->stream || r->stream_reasoning)
		ring_put(&j->ring[JOB_REASONING], out->reasoning);
	for (uint32_t i = 0; i < out->told_n; i++)
		keep_told(j, &out->told[i]);
	if (out->finish == ENGINE_CALLS)
		keep_calls(j, out);
	j->usage =
	    (struct openai_usage){ out->prompt_tokens, out->completion_tokens };
}

/* The field that the engine means: paths of schemas begin with '#'. */
static const char *at_fault(const struct job *j, const struct err_ctx *ctx)
{
	if (j->request.embed)
		return "input";
	if (ctx->msg[0] != '#')
		return "messages";
	return j->request.format == ENGINE_FORMAT_SCHEMA ? "response_format"
							 : "tools";
}

/* A job that the engine would not take: say why in OpenAI's terms. */
static void job_refuse(struct job *j, enum err e, const struct err_ctx *ctx)
{
	j->finish = ENGINE_STOP;
	if (e == ERR_LIMIT && ctx->msg[0] != '#')
		openai_error_set(
		    &j->error, OPENAI_CONTEXT, at_fault(j, ctx), ctx->msg);
	else if (e == ERR_LIMIT)
		openai_error_set(
		    &j->error, OPENAI_INVALID, at_fault(j, ctx), ctx->msg);
	else if (e == ERR_FORMAT || e == ERR_UNSUPPORTED)
		openai_error_set(
		    &j->error, OPENAI_INVALID, at_fault(j, ctx), ctx->msg);
	else if (e == ERR_BUSY)
		openai_error_set(&j->error, OPENAI_BUSY, NULL, ctx->msg);
	else
		openai_error_set(
		    &j->error, OPENAI_INTERNAL, NULL, "the engine failed");
}

static size_t running_for(const struct worker *w, const void *owner)
{
	size_t n = 0;

	for (size_t i = 0; i < w->job_n; i++)
		n += w->job[i]->state == JOB_RUNNING &&
		     w->job[i]->owner == owner;
	return n;
}

/*
 * Which queued job is next, if the engine has room for one: of the owner for
 * whom fewest run now, and among those the one that has waited longest.
 */
static struct job *next_queued(struct worker *w)
{
	struct job *next = NULL;
	size_t running = 0, least = 0;

	for (size_t i = 0; i < w->job_n; i++) {
		struct job *j = w->job[i];
		size_t n;

		running += holds_slot(j);
		if (j->state != JOB_QUEUED || j->request.embed)
			continue;
		n = running_for(w, j->owner);
		if (next == NULL || n < least ||
		    (n == least && j->turn < next->turn)) {
			next = j;
			least = n;
		}
	}
	return running < engine_info(w->engine)->slots && !w->full ? next
								   : NULL;
}

/* Will an answer end some time, and give its memory back? */
static bool others_run(const struct worker *w, const struct job *j)
{
	for (size_t i = 0; i < w->job_n; i++)
		if (w->job[i] != j && holds_slot(w->job[i]))
			return true;
	return false;
}

/*
 * Give queued jobs to the engine while it has slots. Taking one in is work
 * (tokenizing), so the lock is not held meanwhile: a running job is ours.
 */
static void start_jobs(struct worker *w)
{
	for (;;) {
		struct err_ctx ctx = { 0 };
		struct engine_request req;
		struct job *j;
		enum err e;
		int slot;

		(void)pthread_mutex_lock(&w->lock);
		j = next_queued(w);
		if (j != NULL)
			j->state = JOB_RUNNING;
		(void)pthread_mutex_unlock(&w->lock);
		if (j == NULL)
			return;
		openai_request_engine(&req, &j->request);
		e = engine_submit(w->engine, &req, &slot, &ctx);
		(void)pthread_mutex_lock(&w->lock);
		j->slot = slot;
		if (e == ERR_BUSY && !j->dropped && others_run(w, j)) {
			j->state = JOB_QUEUED;
			w->full = true;
		} else if (e != ERR_OK) {
			j->state = JOB_DONE;
			job_refuse(j, e, &ctx);
		}
		if (e != ERR_OK && j->dropped)
			job_wipe(j);
		(void)pthread_mutex_unlock(&w->lock);
	}
}

/* Move on one running job; true if it has ended. The lock is held. */
static bool collect(struct worker *w, struct job *j)
{
	struct engine_output out;

	if (j->dropped) {
		engine_release(w->engine, j->slot);
		job_wipe(j);
		return true;
	}
	if (j->cancel)
		engine_cancel(w->engine, j->slot);
	if (!rings_have_room(j))
		return false;
	engine_poll(w->engine, j->slot, &out);
	keep_output(j, &out);
	if (out.finish == ENGINE_RUNNING)
		return false;
	j->finish = out.finish;
	engine_release(w->engine, j->slot);
	j->state = JOB_DONE;
	return true;
}

/* ---- embeddings ----------------------------------------------------------- */

/* Where a text's vector is kept. */
static size_t vector_at(
    const struct worker *w, const struct job *j, uint32_t text)
{
	return sizeof(j->text) -
	       (j->request.message_n - text) * vector_len(w->engine);
}

void worker_vector(const struct worker *w, const struct job *j, uint32_t text,
    size_t from, float *out, size_t n)
{
	assert(text < j->embedded);
	memcpy(out, j->text + vector_at(w, j, text) + from * sizeof(*out),
	    n * sizeof(*out));
}

/* The request of embeddings that waits longest; it runs from now on. */
static struct job *next_embed(struct worker *w)
{
	struct job *next = NULL;

	(void)pthread_mutex_lock(&w->lock);
	for (size_t i = 0; i < w->job_n; i++) {
		struct job *j = w->job[i];

		if (!j->request.embed ||
		    (j->state != JOB_QUEUED && j->state != JOB_RUNNING))
			continue;
		if (next == NULL || j->turn < next->turn)
			next = j;
	}
	if (next != NULL)
		next->state = JOB_RUNNING;
	(void)pthread_mutex_unlock(&w->lock);
	return next;
}

/* Begin with the next text; its vector's place must not be that of the texts. */
static enum err begin_text(struct worker *w, struct job *j, struct err_ctx *ctx)
{
	const struct openai_request *r = &j->request;
	uint32_t tokens;
	enum err e;

	if (r->message_n * vector_len(w->engine) >
	    sizeof(j->text) - r->text_len)
		return err_set(ctx, ERR_LIMIT,
		    "%zu texts with vectors of %u numbers are above %zu bytes",
		    r->message_n, engine_info(w->engine)->width,
		    sizeof(j->text));
	e = engine_embed_begin(
	    w->engine, r->message[j->embedded].text, &j->slot, &tokens, ctx);
	j->embedding = e == ERR_OK;
	j->usage.prompt_tokens += tokens;
	return e;
}

/* No more of this text, whether its vector is kept or not. */
static void end_text(struct worker *w, struct job *j)
{
	mem_wipe(w->vector, vector_len(w->engine));
	j->embedding = false;
	w->full = false;
}

/* One step of a text; others' answers go on between two. */
static void embed_step(struct worker *w, struct job *j)
{
	if (!engine_embed_step(w->engine, j->slot, w->vector))
		return;
	memcpy(j->text + vector_at(w, j, j->embedded), w->vector,
	    vector_len(w->engine));
	j->embedded++;
	end_text(w, j);
}

/* A step of one text of one request; false: there was none, or no slot. */
static bool embed_one(struct worker *w)
{
	struct err_ctx ctx = { 0 };
	struct job *j = next_embed(w);
	enum err e = ERR_OK;

	if (j == NULL)
		return false;
	if (!j->embedding && !j->dropped && !j->cancel)
		e = begin_text(w, j, &ctx);
	if (j->embedding)
		embed_step(w, j);
	(void)pthread_mutex_lock(&w->lock);
	if (j->embedding && (j->dropped || j->cancel)) {
		engine_release(w->engine, j->slot);
		end_text(w, j);
	}
	if (e != ERR_OK && (e != ERR_BUSY || !others_run(w, j)))
		job_refuse(j, e, &ctx);
	else if (j->cancel)
		say_cancelled(j);
	if (j->dropped)
		job_wipe(j);
	else if (j->error.code != NULL || j->embedded == j->request.message_n)
		j->state = JOB_DONE;
	(void)pthread_mutex_unlock(&w->lock);
	return e != ERR_BUSY;
}

bool worker_round(struct worker *w)
{
	bool ended = false;
	uint32_t moved;

	(void)pthread_mutex_lock(&w->lock);
	w->kick =
	    false; /* whatever comes from here on asks for another round */
	(void)pthread_mutex_unlock(&w->lock);
	start_jobs(w);
	moved = engine_step(w->engine);
	(void)pthread_mutex_lock(&w->lock);
	for (size_t i = 0; i < w->job_n; i++)
		if (holds_slot(w->job[i]) && !w->job[i]->request.embed)
			ended |= collect(w, w->job[i]);
	w->full = w->full && !ended;
	(void)pthread_mutex_unlock(&w->lock);
	ended |= embed_one(w);
	if (ended)
		secret_scrub_stack();
	return moved > 0 || ended;
}

static void *run(void *cookie)
{
	struct worker *w = cookie;
	bool stop = false;

	while (!stop) {
		bool busy = worker_round(w);

		(void)pthread_mutex_lock(&w->lock);
		while (!busy && !w->kick && !w->stop)
			(void)pthread_cond_wait(&w->cond, &w->lock);
		stop = w->stop;
		(void)pthread_mutex_unlock(&w->lock);
	}
	return NULL;
}

enum err worker_start(struct worker *w, struct err_ctx *ctx)
{
	if (pthread_create(&w->thread, NULL, run, w) != 0)
		return err_set(ctx, ERR_IO, "cannot start the engine's thread");
	w->started = true;
	return ERR_OK;
}
