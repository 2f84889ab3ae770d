/*
 * Inside trust_parse(): what its two files share. Only trust*.c include this.
 */
#ifndef CONFER_PROTOCOL_TRUST_PARSE_H
#define CONFER_PROTOCOL_TRUST_PARSE_H

#include "protocol/trust.h"

/*
 * Parse what stands below the empty line: one policy, or several with their
 * `valid` lines; it is empty or ends in LF. `above` is the number of lines before it, for messages. The
 * errors of trust_parse().
 */
enum err trust_log_read(struct trust *t, struct bytes text, unsigned above,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/* Take one operator line: `<witness key name> <operator>`. ERR_FORMAT,
 * ERR_LIMIT. */
enum err trust_operator_read(struct trust *t, struct bytes value, unsigned line,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/*
 * Once all is parsed: every operator line names a witness (ERR_FORMAT), and in
 * a file that is not local no operator meets a quorum alone (ERR_POLICY).
 */
enum err trust_operators_check(const struct trust *t, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

#endif
