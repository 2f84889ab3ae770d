/*
 * The commands of confer-log, one function for each, and what they share. A
 * command says what it has to say through logd_show and returns the exit code.
 */
#ifndef CONFER_LOGD_CMD_H
#define CONFER_LOGD_CMD_H

#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "logd/options.h"
#include "logd/show.h"
#include "protocol/trust.h"

#define LOGD_VERSION "0.1.0"

typedef enum logd_exit logd_cmd_fn(
    const struct logd_options *o, struct logd_show *s);

logd_cmd_fn logd_cmd_key;
logd_cmd_fn logd_cmd_verify;
logd_cmd_fn logd_cmd_inspect;

/* Help that teaches: on one command, or on all with LOGD_NO_COMMAND. */
void logd_cmd_help(enum logd_command command);

/* The clock, or what --now says, which is said then. */
uint64_t logd_cmd_now(const struct logd_options *o, struct logd_show *s);

/* A file in memory, of at most cap bytes; `p` is freed by logd_cmd_unload.
 * Errors of fd_read_file, ERR_NOMEM. */
struct logd_file {
	uint8_t *p;
	struct bytes text;
};

enum err logd_cmd_load(struct logd_file *f, const char *path, size_t cap,
    struct err_ctx *ctx) __attribute__((warn_unused_result));
void logd_cmd_unload(struct logd_file *f);

/* A trust file; parsed, it borrows from its text. */
struct logd_trust {
	struct logd_file file;
	struct trust trust;
};

/* Load and parse; errors of trust_parse too, with the path in the message. */
enum err logd_cmd_trust_open(struct logd_trust *t, const char *path,
    struct err_ctx *ctx) __attribute__((warn_unused_result));
void logd_cmd_trust_close(struct logd_trust *t);

#endif
