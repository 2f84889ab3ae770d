/*
 * An answer computed again: the parts of `confer replay` that need no receipt.
 */
#ifndef CONFER_CLI_REPLAY_H
#define CONFER_CLI_REPLAY_H

#include "cli/model.h"
#include "protocol/receipt_statement.h"

/* What to compute, and what came of it. */
struct replay {
	struct receipt_statement statement;
	struct bytes request; /* a chat completion request */
	struct bytes answer;  /* the text that is stated */
	uint8_t *text;        /* malloced: what was computed */
	size_t len;
	enum engine_finish finish;
	bool same;
	size_t at; /* where text and answer differ; the shorter may end there */
};

/*
 * Load the job's model, hold it against the statement, answer the request with
 * the options that are stated, and compare. CLI_EXIT_OK: done, see `same`; else
 * ctx of the job says why not.
 */
enum cli_exit replay_run(struct replay *r, struct model_job *j);

/* Free and wipe; accepts a zeroed *r. */
void replay_clear(struct replay *r);

#endif
