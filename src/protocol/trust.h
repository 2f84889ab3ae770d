/*
 * The trust file, `confer-trust/v1`: what one client believes without proof.
 * Which product and channel it talks to, who may release them and whose word on
 * rebuilding them counts, which roots of simulated processors it knows, the
 * policies of the log, and who runs its witnesses. Real vendors' roots
 * are compiled in. docs/attestation.md, section 6.
 */
#ifndef CONFER_PROTOCOL_TRUST_H
#define CONFER_PROTOCOL_TRUST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "crypto/crypto.h"
#include "crypto/obligation.h"
#include "tlog/policy.h"
#include "tlog/record.h"

/* The log's policy, and above it 16 keys and 8 roots with room to spare. */
#define TRUST_LEN_MAX       (TLOG_POLICY_LEN_MAX + 16 * 1024)
#define TRUST_SIM_ROOTS_MAX 8 /* machines of one developer */
#define TRUST_POLICIES_MAX  4 /* witnesses retire once in a year or two */
#define TRUST_OPERATORS_MAX                                                    \
	(TRUST_POLICIES_MAX * TLOG_POLICY_WITNESSES_MAX) /* one a witness */
#define TRUST_OPERATOR_LEN_MAX 64
#define TRUST_REBUILDERS_MAX   8
#define TRUST_THIS_MACHINE     "this-machine" /* counts as nobody */

/* One policy of the log, and when it is believed [L-39]. */
struct trust_policy {
	uint64_t from;  /* Unix seconds, inclusive; 0 without a `valid` line */
	uint64_t until; /* exclusive; UINT64_MAX without a `valid` line */
	struct tlog_policy policy;
};

/* Who runs a witness, by the name of its key. */
struct trust_operator {
	struct bytes witness;
	struct bytes name;
};

/* All slices borrow from the text. About 25 KB. */
struct trust {
	struct bytes product;
	struct bytes channel;
	bool local; /* one machine's own file: `quorum none` is acceptable */
	struct tlog_keyset release;
	struct tlog_keyset rebuilder; /* any one of them; may be empty */
	struct trust_operator
	    op[TRUST_OPERATORS_MAX]; /* ascending by witness */
	size_t n_ops;
	uint8_t sim_root[TRUST_SIM_ROOTS_MAX][ECDSA_P384_PUB_LEN];
	size_t n_sim_roots;
	struct trust_policy log[TRUST_POLICIES_MAX]; /* ascending in time */
	size_t n_logs;                               /* 1.. */
	uint8_t digest[SHA256_LEN]; /* of the whole text: names this file */
};

/*
 * Parse a trust file; *out borrows `text` and is zero on failure. ERR_FORMAT,
 * ERR_LIMIT, ERR_TRUNCATED, ERR_UNSUPPORTED (another version), ERR_POLICY (in a
 * file that is not local: `quorum none`, or a quorum that one operator's
 * witnesses can meet [L-40]), and the errors of tlog/policy.h and tlog/record.h;
 * messages name the line.
 */
enum err trust_parse(struct trust *out, struct bytes text, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/*
 * The policy of the log at now_s, or NULL where the file has none for that
 * time. The window is the same with its limits.
 */
const struct trust_policy *trust_window_at(
    const struct trust *t, uint64_t now_s);
const struct tlog_policy *trust_policy_at(
    const struct trust *t, uint64_t now_s);

/* Who runs the witness with a key of this name; {NULL, 0}: not stated. */
struct bytes trust_operator_of(const struct trust *t, struct bytes key_name);

/* ERR_EXPIRED, with a sentence that says which window is missing: for whoever
 * got NULL. */
enum err trust_no_policy(const struct trust *t, uint64_t now_s,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

#endif
