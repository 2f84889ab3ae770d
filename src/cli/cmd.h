/* The commands of `confer`: each takes the options and gives the exit code. */
#ifndef CONFER_CLI_CMD_H
#define CONFER_CLI_CMD_H

#include "cli/exit.h"
#include "cli/options.h"
#include "cli/term.h"

#define CLI_VERSION "0.1.0"

enum cli_exit cli_cmd_up(const struct cli_options *o, struct cli_term *t);
enum cli_exit cli_cmd_ask(const struct cli_options *o, struct cli_term *t);
enum cli_exit cli_cmd_chat(const struct cli_options *o, struct cli_term *t);
enum cli_exit cli_cmd_verify(const struct cli_options *o, struct cli_term *t);
enum cli_exit cli_cmd_measure(const struct cli_options *o, struct cli_term *t);
enum cli_exit cli_cmd_attest(const struct cli_options *o, struct cli_term *t);
enum cli_exit cli_cmd_collateral(
    const struct cli_options *o, struct cli_term *t);
enum cli_exit cli_cmd_release(const struct cli_options *o, struct cli_term *t);
enum cli_exit cli_cmd_model(const struct cli_options *o, struct cli_term *t);
enum cli_exit cli_cmd_replay(const struct cli_options *o, struct cli_term *t);

/* Print the help on a command (CLI_NONE: on the program). */
void cli_help(enum cli_command command);

/* The command that a word names, CLI_NONE if none. */
enum cli_command cli_help_topic(const char *word);

#endif
