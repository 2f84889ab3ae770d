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
#include "sys/fd.h"

#define LOGD_VERSION    "0.1.0"
#define LOGD_TRUST_NAME "state/trust" /* the trust file, in a log */

typedef enum logd_exit logd_cmd_fn(
    const struct logd_options *o, struct logd_show *s);

logd_cmd_fn logd_cmd_key;
logd_cmd_fn logd_cmd_init;
logd_cmd_fn logd_cmd_append;
logd_cmd_fn logd_cmd_refresh;
logd_cmd_fn logd_cmd_prove;
logd_cmd_fn logd_cmd_verify;
logd_cmd_fn logd_cmd_audit;
logd_cmd_fn logd_cmd_witness;
logd_cmd_fn logd_cmd_serve;
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

/* A trust file; parsed, it borrows from its text. 25 KB. */
struct logd_trust {
	struct logd_file file;
	struct trust trust;
};

/* Load and parse; errors of trust_parse too, with the path in the message. */
enum err logd_cmd_trust_new(struct logd_trust **out, const char *path,
    struct err_ctx *ctx) __attribute__((warn_unused_result));
void logd_cmd_trust_free(struct logd_trust *t); /* NULL is legal */

/* DIR/NAME. ERR_LIMIT. */
enum err logd_cmd_path(char out[FD_PATH_MAX], const char *dir, const char *name,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/*
 * Where a log can be read: a URL, a directory that is served, or that of a log
 * itself, whose public half is read. Errors of logd_view_open.
 */
struct logd_view;
enum err logd_cmd_view_open(struct logd_view *v, const char *where,
    const char *ca_file, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

#endif
