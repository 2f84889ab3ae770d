/*
 * Checkpoints (C2SP tlog-checkpoint) and their verification against a trust
 * policy: log signature, cosignature quorum, freshness. L-17..L-26 of
 * docs/log.md.
 */
#ifndef CONFER_TLOG_CHECKPOINT_H
#define CONFER_TLOG_CHECKPOINT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/wr.h"
#include "tlog/merkle.h"
#include "tlog/policy.h"

#define TLOG_SKEW_S       300         /* clocks may differ by this much */
#define TLOG_FRESH_S      (7 * 86400) /* a head older than this is stale */
#define TLOG_FRESH_WARN_S (24 * 3600) /* and from here on worth a word */

/* The text of a checkpoint, parsed; nothing is verified. Borrowed slices. */
struct tlog_checkpoint {
	struct bytes origin;
	uint64_t size;
	struct tlog_hash root;
	struct bytes extensions; /* further lines with their LF, or empty */
};

/* A tree head that the policy accepts. */
struct tlog_head {
	struct bytes origin; /* borrowed from the note */
	uint64_t size;
	struct tlog_hash root;
	uint32_t witnesses; /* bit i: policy->witness[i] cosigned in time */
	bool has_time;      /* false only under `quorum none` */
	uint64_t time;      /* the quorum held at this time; see L-23 */
};

/* Strict grammar. ERR_FORMAT, ERR_LIMIT (size >= 2^63), ERR_AUTH (size 0 with
 * another root than the empty one). */
enum err tlog_checkpoint_parse(struct tlog_checkpoint *out, struct bytes text,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/* The three lines, without extensions: what the log signs. */
void tlog_checkpoint_format(struct wr *w, struct bytes origin, uint64_t size,
    const struct tlog_hash *root);

/*
 * Parse a checkpoint note and hold it against the policy: a log key of the
 * policy has signed, the origin line is that key's name, no extension lines,
 * the quorum holds. Does not judge age: see tlog_head_check_fresh. Cosignatures
 * more than TLOG_SKEW_S ahead of now_s do not count. ERR_FORMAT, ERR_LIMIT,
 * ERR_AUTH (signatures), ERR_POLICY (origin, extensions, quorum).
 */
enum err tlog_checkpoint_verify(struct tlog_head *out,
    const struct tlog_policy *policy, uint64_t now_s, struct bytes note,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/*
 * ERR_EXPIRED if the head is older than max_age_s (TLOG_FRESH_S, or less where
 * a client wants it). Without a time (`quorum none`) there is nothing to judge,
 * and records alone bound the session.
 */
enum err tlog_head_check_fresh(const struct tlog_head *head, uint64_t now_s,
    uint64_t max_age_s, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/* When the head goes stale (unix seconds); UINT64_MAX without a time. */
uint64_t tlog_head_deadline(const struct tlog_head *head);

#endif
