/* `confer up --serve`: stay until told to go, and keep the records current. */
#ifndef CONFER_CLI_UP_SERVE_H
#define CONFER_CLI_UP_SERVE_H

#include "cli/exit.h"
#include "cli/up_parts.h"
#include "release/home.h"

#define UP_RENEW_S 3600 /* between two looks at the policy record's end */

/*
 * Wait for SIGINT or SIGTERM (OK), or for the end of a part (INTERNAL, ctx says
 * which), as signal_fd of proc_signals_open() has them. Meanwhile publish the
 * policy record again in time.
 */
enum cli_exit up_serve(struct up_parts *parts, struct release_home *publish,
    int signal_fd, struct err_ctx *ctx);

#endif
