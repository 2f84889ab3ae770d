/*
 * confer model: a GGUF file looked into, and the engine without an enclave.
 * Each verb is a file model_VERB.c.
 */
#ifndef CONFER_CLI_MODEL_H
#define CONFER_CLI_MODEL_H

#include <stdio.h>

#include "base/wr.h"
#include "cli/cmd.h"
#include "engine/engine.h"
#include "engine/gguf.h"
#include "engine/tok.h"
#include "sys/fd.h"

/* One `confer model` or `confer replay`. */
struct model_job {
	const struct cli_options *options;
	struct cli_term *term;
	struct fd_map map; /* of the file; only its head is touched */
	struct gguf head;  /* borrows map */
	struct err_ctx ctx;
};

/*
 * The verbs. What they return is the exit code; with a failure ctx says why,
 * unless they have printed it (`info`).
 */
enum cli_exit model_info(struct model_job *j);
enum cli_exit model_tokenize(struct model_job *j);
enum cli_exit model_logits(struct model_job *j);
enum cli_exit model_run(struct model_job *j);
enum cli_exit model_bench(struct model_job *j);

/* Open the file and read its head. CLI_EXIT_USAGE, CLI_EXIT_REFUSED. */
enum cli_exit model_open_head(struct model_job *j);

/* Load the file; --threads and --kernels are filled in where they are zero. */
enum cli_exit model_open_engine(struct engine **out,
    const struct engine_options *wanted, struct model_job *j);

/* The exit code of the engine's failure: its file's fault, or ours. */
enum cli_exit model_exit_of(enum err e);

/* Sampling of the options, as a request has it. */
void model_sampling(struct engine_sampling *out, const struct cli_options *o);

/* A whole number of an option; `otherwise` where it was not given. */
uint64_t model_number(const char *text, uint64_t otherwise);

/* Standard input up to its end, at most cap bytes. */
enum cli_exit model_read_stdin(
    uint8_t *out, size_t cap, size_t *len, struct model_job *j);

/* "1,2 3" as numbers: *out is malloced. */
enum cli_exit model_read_ids(uint32_t **out, size_t *n, const char *text,
    const char *option, struct model_job *j);

#endif
