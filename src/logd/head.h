/*
 * state/head: the last tree that this log has signed, with a checksum. It is on
 * disk before its signature leaves the process, so there is one root for each
 * size. L-143 of docs/log.md.
 *
 *	confer-log-head/v1
 *	<the signed checkpoint, verbatim>
 *	sha256 <64 hex digits, of all bytes before this line>
 */
#ifndef CONFER_LOGD_HEAD_H
#define CONFER_LOGD_HEAD_H

#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/wr.h"
#include "tlog/key.h"
#include "tlog/merkle.h"

/* The three lines of a checkpoint, one signature line, and our two. */
#define LOGD_HEAD_LEN_MAX 1024

struct logd_head {
	uint64_t size;
	struct tlog_hash root;
	struct bytes note; /* the signed checkpoint; borrowed */
};

void logd_head_format(struct wr *w, struct bytes note);

/*
 * Parse the whole file and verify that `key` has signed it, over its own name,
 * alone. ERR_LIMIT, ERR_TRUNCATED, ERR_FORMAT: damage, the checksum included;
 * ERR_AUTH: another key's or another log's.
 */
enum err logd_head_parse(struct logd_head *out, const struct tlog_key *key,
    struct bytes file, struct err_ctx *ctx) __attribute__((warn_unused_result));

#endif
