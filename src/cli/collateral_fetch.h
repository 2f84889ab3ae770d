/* confer collateral fetch: see client/collateral_fetch.h. */
#ifndef CONFER_CLI_COLLATERAL_FETCH_H
#define CONFER_CLI_COLLATERAL_FETCH_H

#include "cli/exit.h"
#include "cli/options.h"
#include "cli/term.h"

/*
 * Run it. With --json everything is said on standard output, errors too, and
 * ctx is left alone; else ctx holds why it is not CLI_EXIT_OK.
 */
enum cli_exit cli_collateral_fetch(
    const struct cli_options *o, struct cli_term *t, struct err_ctx *ctx);

#endif
