/* The enclave's command line; docs/man/confer-enclave.1. */
#ifndef CONFER_ENCLAVE_OPTIONS_H
#define CONFER_ENCLAVE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "enclave/source.h"

#define OPTIONS_THREADS_MAX  64
#define OPTIONS_SESSIONS_MAX 1024
#define OPTIONS_SLOTS_MAX    64
#define OPTIONS_CONTEXT_MAX  131072
#define OPTIONS_KV_MIB_MAX   (1u << 24) /* 16 TiB */

struct options {
	const char *listen;
	const char *model;
	enum source_choice tee;
	bool tee_given;
	const char *simtee;          /* with SOURCE_CHOOSE_SIM, else NULL */
	const char *collateral;      /* NULL: the host is not asked */
	struct source_places places; /* without simtee */
	const char *records;
	uint32_t threads;  /* of the engine */
	uint32_t sessions; /* connections at once */
	uint32_t slots;    /* answers at once */
	uint32_t context;  /* tokens per answer, prompt included */
	uint32_t kv_mib;   /* MiB for keys and values; 0: as much as fits */
	bool speculate;
	bool pin; /* threads of the engine to CPUs */
	bool help;
	bool version;
};

/*
 * Read the arguments; strings are borrowed from argv. ERR_FORMAT: ctx names the
 * option at fault. With --simtee, --tee is sim. Nothing is
 * required when help or version is asked for.
 */
enum err options_read(struct options *out, int argc, char **argv,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

extern const char options_usage[];

#endif
