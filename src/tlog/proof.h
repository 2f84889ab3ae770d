/*
 * tlog-proof files (C2SP tlog-proof v1): what is stapled beside a record so
 * that its place in the log can be checked offline. L-41..L-46 of docs/log.md.
 */
#ifndef CONFER_TLOG_PROOF_H
#define CONFER_TLOG_PROOF_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/wr.h"
#include "tlog/checkpoint.h"
#include "tlog/merkle.h"
#include "tlog/policy.h"

#define TLOG_PROOF_LEN_MAX (64 * 1024) /* real ones: 0.9 to 11.6 KB */
#define TLOG_EXTRA_LEN_MAX 4096        /* base64 characters of `extra` */

/* A parsed file; slices borrow from it. Nothing is verified. */
struct tlog_proof {
	struct bytes extra; /* base64 text, unauthenticated; p NULL if absent */
	uint64_t index;
	struct tlog_hash path[TLOG_PATH_MAX];
	size_t n;
	struct bytes checkpoint; /* the note, verbatim */
};

/* What a verified proof says. */
struct tlog_included {
	struct tlog_head head;
	uint64_t index;
	struct tlog_hash leaf; /* leaf hash of the entry */
};

/* Grammar of the file; the note inside is not looked at, only found to be
 * there. ERR_FORMAT, ERR_LIMIT, ERR_TRUNCATED. */
enum err tlog_proof_parse(struct tlog_proof *out, struct bytes in,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

void tlog_proof_format(struct wr *w, const struct tlog_proof *proof);

/*
 * The whole check of `entry`, the record bytes as received, in this order:
 * grammar of the file, checkpoint (tlog_checkpoint_verify), freshness
 * (tlog_head_check_fresh), inclusion. out->head.origin borrows from `file`.
 * Errors: those of the four; out is zeroed on failure.
 */
enum err tlog_proof_verify(struct tlog_included *out,
    const struct tlog_policy *policy, uint64_t now_s, struct bytes entry,
    struct bytes file, struct err_ctx *ctx) __attribute__((warn_unused_result));

#endif
