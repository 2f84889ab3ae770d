/*
 * The logs that a witness watches, by their keys: a text of `log <vkey>` lines.
 * Empty lines and lines that start with # are skipped. Several lines of one
 * name are keys of one log, whose keys change. L-133 of docs/log.md.
 */
#ifndef CONFER_LOGD_WITNESS_LOGS_H
#define CONFER_LOGD_WITNESS_LOGS_H

#include <stddef.h>

#include "base/err.h"
#include "base/mem.h"
#include "tlog/policy.h"

#define LOGD_WITNESS_LOGS_MAX     64
#define LOGD_WITNESS_LOGS_LEN_MAX (64 * 1024) /* 200 long names, and comments */

/* One log: all of its keys bear its origin as their name. */
struct logd_witness_log {
	struct tlog_key key[TLOG_POLICY_LOGS_MAX]; /* type 1 */
	size_t n;
};

/* Names borrow from the text. */
struct logd_witness_logs {
	struct logd_witness_log log[LOGD_WITNESS_LOGS_MAX];
	size_t n;
};

/*
 * Parse; messages name the line. ERR_BUSY: a key stands there twice;
 * ERR_UNSUPPORTED: a key that does not sign checkpoints; ERR_TRUNCATED: no LF
 * at the end; ERR_FORMAT, ERR_LIMIT, and the errors of tlog_vkey_parse.
 */
enum err logd_witness_logs_parse(struct logd_witness_logs *out,
    struct bytes text, struct err_ctx *ctx) __attribute__((warn_unused_result));

#endif
