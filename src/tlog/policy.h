/*
 * Trust policy of a log in C2SP tlog-policy text: which logs, which witnesses,
 * which quorum. L-31..L-38 of docs/log.md. Not to be confused with the `policy`
 * record of record.h, which the log itself carries.
 */
#ifndef CONFER_TLOG_POLICY_H
#define CONFER_TLOG_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "tlog/note.h"

#define TLOG_POLICY_LEN_MAX       (64 * 1024)
#define TLOG_POLICY_LOGS_MAX      8
#define TLOG_POLICY_WITNESSES_MAX 24 /* with the logs: one note's lines */
#define TLOG_POLICY_GROUPS_MAX    24

struct tlog_policy_log {
	struct tlog_key key; /* type 1 (6 is parsed, never verified) */
	struct bytes url;    /* empty if the line has none */
};

struct tlog_policy_witness {
	struct bytes name;   /* the policy's own name for it */
	struct tlog_key key; /* type 4 (6 is parsed, never verified) */
	struct bytes url;
};

struct tlog_policy_group {
	struct bytes name;
	size_t need;        /* 1..number of members */
	uint32_t witnesses; /* bit i: witness[i] is a member */
	uint32_t groups;    /* bit i: group[i], always an earlier one */
};

enum tlog_quorum {
	TLOG_QUORUM_UNSET = 0, /* a zeroed policy accepts nothing */
	TLOG_QUORUM_NONE,
	TLOG_QUORUM_WITNESS,
	TLOG_QUORUM_GROUP,
};

/* All slices borrow from the text. */
struct tlog_policy {
	struct tlog_policy_log log[TLOG_POLICY_LOGS_MAX];
	size_t n_logs;
	struct tlog_policy_witness witness[TLOG_POLICY_WITNESSES_MAX];
	size_t n_witnesses;
	struct tlog_policy_group group[TLOG_POLICY_GROUPS_MAX];
	size_t n_groups;
	enum tlog_quorum quorum;
	size_t quorum_index; /* into witness[] or group[] */
};

/*
 * Parse; messages name the line. `quorum none` is ERR_POLICY unless
 * allow_no_quorum, which only the local trust file may set. ERR_FORMAT,
 * ERR_LIMIT, and the errors of tlog_vkey_parse.
 */
enum err tlog_policy_parse(struct tlog_policy *out, struct bytes text,
    bool allow_no_quorum, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/*
 * Does the quorum hold when the witnesses in `have` (bit i: witness[i]) have
 * cosigned, each at time[i]? On true, *when is the greatest T such that it
 * still holds with the cosignatures of T or later alone: the k-th newest time
 * for a group of k, applied through nested groups. Under `quorum none` always
 * true, with *when = 0.
 */
bool tlog_policy_quorum(uint64_t *when, const struct tlog_policy *policy,
    uint32_t have, const uint64_t time[TLOG_POLICY_WITNESSES_MAX]);

#endif
