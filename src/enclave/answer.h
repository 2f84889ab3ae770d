/*
 * answer: what one stream of a session says. A chat's answer is drawn from its
 * job as it grows; everything else (errors, the list of models) is whole from
 * the start. docs/protocol.md, section 7.
 */
#ifndef CONFER_ENCLAVE_ANSWER_H
#define CONFER_ENCLAVE_ANSWER_H

#include "crypto/crypto.h"
#include "enclave/worker.h"
#include "protocol/frame.h"

/* What all connections share; borrowed by each. */
struct conn_env {
	struct worker *worker;
	const char *model;
	uint32_t context; /* tokens */
	const uint8_t *s_priv;
	const uint8_t *s_pub;
	struct bytes evidence; /* changes with every refresh */
	uint8_t evidence_hash[SHA256_LEN];
	struct statement_signer signer;
};

enum answer_phase {
	ANSWER_WAIT = 0, /* of a job: nothing has been said yet */
	ANSWER_REASONING,
	ANSWER_TEXT,
	ANSWER_CALLS,
	ANSWER_TOLD,  /* tokens and their likelihoods */
	ANSWER_LAST,  /* the usage and what else closes a RESULT */
	ANSWER_EMBED, /* vectors instead of all this */
	ANSWER_END,   /* `rest` is the end */
};

#define ANSWER_FIXED_LEN 768

struct answer {
	uint32_t stream; /* 0: the entry is free */
	enum answer_phase phase;
	enum frame_type type;
	struct job *job;    /* NULL for answers that need no engine */
	struct bytes rest;  /* to be sent next; in fixed or in job->tail */
	uint32_t call;      /* or vector, which is being said */
	bool in_call;       /* its inside is, from call_at on */
	size_t call_at;     /* byte of the arguments, number of the vector */
	size_t told_at;     /* bytes of job->told that were said */
	uint32_t told_left; /* alternatives to the last token */
	bool told_open, told_comma;
	uint8_t fixed[ANSWER_FIXED_LEN];
};

_Static_assert(OPENAI_HEAD_LEN_MAX <= ANSWER_FIXED_LEN, "a head fits");
_Static_assert(OPENAI_ERROR_LEN_MAX <= ANSWER_FIXED_LEN, "an error fits");
_Static_assert(OPENAI_MODELS_LEN_MAX <= ANSWER_FIXED_LEN, "the list fits");

/* The entry of this stream (0: a free one) in a table of FRAME_STREAMS_MAX. */
struct answer *answer_find(struct answer *table, uint32_t stream);

/*
 * Begin to answer a request message [P-35]. It is read at once and may go
 * afterwards. Whatever is wrong with it becomes the answer. `owner` stands for the
 * session and is only compared.
 */
void answer_begin(struct answer *a, const struct conn_env *env,
    const void *owner, uint32_t stream, struct bytes message);

/*
 * `rest` is empty: find out what of the RESULT comes next (answer_result.c).
 * False if nothing does, yet.
 */
bool answer_advance(struct answer *a, const struct conn_env *env);

/* All that will be said is this error. */
void answer_error(struct answer *a, const struct openai_error *e);

/* The next bytes, as session_server_pull_fn; the entry is free after *last. */
size_t answer_pull(struct answer *a, const struct conn_env *env, uint8_t *buf,
    size_t cap, enum frame_type *type, bool *last);

/* Let go of the job, if there is one, and wipe the entry. */
void answer_clear(struct answer *a, struct worker *w);

#endif
