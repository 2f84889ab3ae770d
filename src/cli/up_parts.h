/*
 * The parts that `confer up` starts, looks after and stops: the witnesses of its
 * log, the simulated security processor and the enclave. Each program writes its
 * log to HOME/up/NAME.log, which also tells why one did not start.
 */
#ifndef CONFER_CLI_UP_PARTS_H
#define CONFER_CLI_UP_PARTS_H

#include "attest/snp.h"
#include "cli/exit.h"
#include "cli/options.h"
#include "crypto/obligation.h"
#include "release/home.h"
#include "sys/addr.h"
#include "sys/fd.h"
#include "sys/proc.h"

#define UP_START_MS 20   /* between two looks at a part that starts */
#define UP_STOP_MS  3000 /* for a part to end by itself */

struct up_parts {
	char bin[FD_PATH_MAX]; /* the directory of our programs */
	char enclave_path[FD_PATH_MAX];
	char simtee_path[FD_PATH_MAX];
	char witness_path[FD_PATH_MAX]; /* of confer-log */
	char dir[FD_PATH_MAX];          /* HOME/up */
	struct addr simtee_addr;
	struct addr listen; /* of the enclave */
	uint8_t measurement[SNP_MEASUREMENT_LEN];
	uint8_t sim_root[ECDSA_P384_PUB_LEN];
	struct proc simtee;
	struct proc enclave;
	struct proc witness[RELEASE_HOME_WITNESSES];
};

/* clang-format off */
#define UP_PARTS_INIT { .simtee = PROC_INIT, .enclave = PROC_INIT, \
	.witness = { PROC_INIT, PROC_INIT, PROC_INIT } }
/* clang-format on */

/* Find the programs beside this one. ERR_NOTFOUND. */
enum err up_parts_find(struct up_parts *p, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/*
 * Set p->dir and the two addresses; `listen` is NULL for a socket in the home.
 * ERR_FORMAT, ERR_LIMIT: ctx holds a sentence.
 */
enum err up_parts_place(struct up_parts *p, const char *home,
    const char *listen, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/*
 * Start the witnesses of an opened home, each a process with its own key, and
 * wait until they listen. The exit code.
 */
enum cli_exit up_parts_start_witnesses(
    struct up_parts *p, const struct release_home *home, struct err_ctx *ctx);

/*
 * Start the simulated processor for the enclave's program and the model, and
 * ask it what it measured and which root vouches for it. The exit code.
 */
enum cli_exit up_parts_start_simtee(
    struct up_parts *p, const char *model, struct err_ctx *ctx);

/*
 * Start the enclave with the records in `records` and what the options say of
 * its engine, and wait until it is ready, however long it takes to load the
 * model. The exit code.
 */
enum cli_exit up_parts_start_enclave(struct up_parts *p, const char *model,
    const char *records, const struct cli_options *o, struct err_ctx *ctx);

/* Stop what runs and remove its sockets. Accepts UP_PARTS_INIT. */
void up_parts_stop(struct up_parts *p);

#endif
