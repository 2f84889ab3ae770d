/* How the program ends, and its one sentence when it does not end well. */
#ifndef CONFER_CLI_EXIT_H
#define CONFER_CLI_EXIT_H

#include <stdbool.h>

#include "base/err.h"
#include "cli/term.h"
#include "client/conn.h"

enum cli_exit {
	CLI_EXIT_OK = 0,
	CLI_EXIT_USAGE = 1,
	CLI_EXIT_REFUSED = 2,
	CLI_EXIT_UNREACHABLE = 3,
	CLI_EXIT_INTERNAL = 4,
	CLI_EXIT_MISBEHAVIOUR = 5,
	CLI_EXIT_DAMAGE = 6,
};

/* The exit code of a connection's failure. */
enum cli_exit cli_exit_of_fault(enum client_fault fault);

/* "refused", "unreachable", ...: the code in JSON. */
const char *cli_exit_name(enum cli_exit code);

/*
 * Say why, on standard error, cleaned of what a terminal would obey:
 * "confer: SENTENCE". Returns code.
 */
enum cli_exit cli_exit_say(
    struct cli_term *t, enum cli_exit code, const struct err_ctx *ctx);

/*
 * Likewise, or with json as {"exit", "error": {"code", "message"}} on standard
 * output.
 */
enum cli_exit cli_exit_tell(struct cli_term *t, bool json, enum cli_exit code,
    const struct err_ctx *ctx);

#endif
