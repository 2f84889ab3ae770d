/*
 * worker: the thread that owns the engine, and the jobs between it and the
 * thread that serves connections. A job is one chat request: its decoded text,
 * and a ring into which the answer runs. The number of jobs is fixed at start;
 * when all are taken, a client is told "busy".
 *
 *	serve thread	take -> (fill job->request) -> submit -> read... -> drop
 *	engine thread	a step for all; new text into the rings
 *
 * drop() is legal at any time and is how a vanished client stops its answer:
 * the engine lets go of it within one step. Every byte of a job is wiped before
 * the job can be taken again.
 */
#ifndef CONFER_ENCLAVE_WORKER_H
#define CONFER_ENCLAVE_WORKER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "enclave/statement.h"
#include "engine/engine.h"
#include "engine/tok.h"
#include "openai/openai.h"
#include "protocol/frame.h"

#define WORKER_RING_LEN  (4 * ENGINE_OUTPUT_MAX) /* over 1.6 s at full pace */
#define WORKER_CALLS_LEN 16384 /* bytes of names and arguments of calls */
#define WORKER_TOLD_LEN                                                        \
	65536 /* of tokens told: OPENAI_TOLD_MAX of 11 bytes each */

/* The end of a RESULT, or the longest token told. */
#define WORKER_TAIL_LEN                                                        \
	(OPENAI_TOLD_LEN(TOK_TEXT_LEN_MAX) + OPENAI_HEAD_LEN_MAX +             \
	    STATEMENT_MEMBER_LEN)

_Static_assert(OPENAI_TAIL_LEN_MAX + STATEMENT_MEMBER_LEN <= WORKER_TAIL_LEN,
    "an end fits");

enum job_state {
	JOB_FREE = 0,
	JOB_TAKEN,   /* the serve thread fills it */
	JOB_QUEUED,  /* waits for a slot of the engine */
	JOB_RUNNING, /* the engine thread's */
	JOB_DONE,    /* no more text will come */
};

/* The two texts of an answer. */
enum job_text { JOB_CONTENT = 0, JOB_REASONING, JOB_TEXT_N };

struct job_ring {
	size_t from; /* where the oldest unread byte is */
	size_t len;
	uint8_t text[WORKER_RING_LEN];
};

/* What each token told begins with; its text follows. */
struct job_told {
	float logprob;
	uint16_t len;
	uint16_t top_n; /* alternatives that follow */
};

struct job {
	enum job_state state;
	bool cancel;       /* stop soon, as the client asked */
	bool dropped;      /* nobody waits for it any more */
	const void *owner; /* for whom it runs: one session */
	int slot;          /* of the engine, while running */
	uint64_t turn;     /* queued jobs run in this order */
	struct openai_request request;
	struct openai_error error; /* JOB_DONE: code is NULL if all went well */
	enum engine_finish finish; /* JOB_DONE */
	struct openai_usage usage;
	struct statement statement;    /* the serve thread's */
	uint8_t tail[WORKER_TAIL_LEN]; /* the serve thread's, for pieces of the
					  answer and its end */
	struct engine_call call[ENGINE_CALLS_MAX]; /* JOB_DONE: in call_text */
	uint32_t call_n;
	size_t told_len; /* JOB_DONE: bytes in told */
	bool told_full;  /* there was no room for more */
	struct job_ring ring[JOB_TEXT_N];
	uint8_t call_text[WORKER_CALLS_LEN];
	uint8_t told[WORKER_TOLD_LEN];
	uint32_t embedded; /* texts of a request of embeddings */
	bool embedding;    /* the next one has the slot, and w->vector */
	/* The request's text; up to the end, vectors of embeddings. */
	uint8_t text[FRAME_REQUEST_MAX];
};

struct worker {
	struct engine *engine;
	struct job **job; /* each in secret memory of its own */
	size_t job_n;
	size_t spare;
	float *vector; /* work memory for one embedding */
	bool full; /* the engine has no memory for another, until one ends */
	pthread_t thread;
	pthread_mutex_t lock; /* of all that follows and of the jobs' states */
	pthread_cond_t cond;
	bool started;
	bool stop;
	bool kick; /* something has changed for the engine thread */
	uint64_t turn;
};

/*
 * Prepare jobs on an engine that the worker does not own: one that each of
 * `owners` can always have, and `spare` more for whoever asks. ERR_NOMEM.
 * worker_clear accepts any state that worker_init or zeroes left.
 */
enum err worker_init(struct worker *w, struct engine *engine, size_t owners,
    size_t spare, struct err_ctx *ctx) __attribute__((warn_unused_result));
enum err worker_start(struct worker *w, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/* Stop the thread, wipe and free the jobs. */
void worker_clear(struct worker *w);

/* ---- for the serve thread */

/* A job to fill; NULL if this owner can have no more now. */
struct job *worker_take(struct worker *w, const void *owner);

/* Hand a filled job to the engine. */
void worker_submit(struct worker *w, struct job *j);

/* Stop an answer; it ends as any other does, with what it has. */
void worker_cancel(struct worker *w, struct job *j);

/* Forget a job in any state; j must not be used afterwards. */
void worker_drop(struct worker *w, struct job *j);

/* What can be said of a job now. */
struct job_view {
	size_t ready[JOB_TEXT_N]; /* bytes waiting in the rings */
	bool done;   /* no more will come; the job's outcome is set */
	bool failed; /* j->error is set, and nothing was ever answered */
};

void worker_view(struct worker *w, struct job *j, struct job_view *out);

/* Copy up to cap bytes of text without taking them, then take n of them. */
size_t worker_peek(struct worker *w, struct job *j, enum job_text which,
    uint8_t *out, size_t cap);
void worker_consume(
    struct worker *w, struct job *j, enum job_text which, size_t n);

/* Copy n numbers of a text's vector, from `from` on; JOB_DONE. */
void worker_vector(const struct worker *w, const struct job *j, uint32_t text,
    size_t from, float *out, size_t n);

/* ---- for tests: what the thread does in one round, without a thread */

/* True if the engine thread would go on at once, false if it would wait. */
bool worker_round(struct worker *w);

#endif
