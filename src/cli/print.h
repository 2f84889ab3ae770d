/* The one JSON object that --json prints on standard output. */
#ifndef CONFER_CLI_PRINT_H
#define CONFER_CLI_PRINT_H

#include "cli/exit.h"
#include "cli/talk.h"

/*
 * {"answer", "finish_reason", "model", "usage", "ignored", "complete",
 * "verification", "error"}; c, a may be NULL: what they tell is left out.
 */
void cli_print_json(const struct client_conn *c, const struct cli_answer *a,
    enum cli_exit x, const struct err_ctx *ctx);

#endif
