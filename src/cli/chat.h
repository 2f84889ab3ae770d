/*
 * The conversation on a terminal (or with lines from a pipe), over a connection
 * that is open already. Shared by `confer chat` and `confer up`.
 */
#ifndef CONFER_CLI_CHAT_H
#define CONFER_CLI_CHAT_H

#include "cli/link.h"

/*
 * Chat until the input ends or /quit. OK, or the exit code of what ended it,
 * which has been said already.
 */
enum cli_exit cli_chat_run(
    struct cli_link *l, const struct cli_options *o, struct cli_term *t);

#endif
