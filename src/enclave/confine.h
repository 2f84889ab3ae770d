/*
 * What the enclave gives up before it serves, and the table of system calls
 * that it keeps. Three phases, in this order; see sys/sandbox.h for what each
 * takes away.
 */
#ifndef CONFER_ENCLAVE_CONFINE_H
#define CONFER_ENCLAVE_CONFINE_H

#include <stdbool.h>

#include "base/err.h"
#include "enclave/source.h"
#include "sys/addr.h"

/* What stays possible. */
struct confine {
	unsigned fds_max;
	int model_fd;   /* to be read once more, by its name */
	int records_fd; /* the directory of records: read at each refresh */
	const struct source *source; /* asked at each refresh */
	const struct addr *host;     /* connected to at each refresh: the
					simulated processor, or the host's side
					channel; NULL: no connection is made */
	bool complete; /* set by confine_files: the kernel has Landlock */
};

/* Before anything from outside is read. */
enum err confine_start(const struct confine *c, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/* Before the first thread: only the model, the records and the directory of a
 * source can be opened. */
enum err confine_files(struct confine *c, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/* When everything is set up. Without Landlock files can still be opened for
 * reading, or a refresh could not be made. */
enum err confine_calls(const struct confine *c, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/* False in builds for sanitizers, which keep the third phase open. */
bool confine_limits_calls(void);

#endif
