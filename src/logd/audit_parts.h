/*
 * What the parts of an audit share; for audit*.c alone. audit.c runs it,
 * audit_views.c compares checkpoints, audit_records.c reads entries.
 */
#ifndef CONFER_LOGD_AUDIT_PARTS_H
#define CONFER_LOGD_AUDIT_PARTS_H

#include "logd/audit.h"
#include "logd/audit_state.h"

#define AUDIT_HEADS_MAX (2 * LOGD_VIEWS_MAX + 1) /* views, witnesses, state */
#define AUDIT_NO_INDEX  UINT64_MAX               /* of no entry */

/* A checkpoint that the log has signed, and who showed it. */
struct audit_head {
	const char *who;    /* borrowed */
	bool is_log;        /* the audited view's */
	bool is_remembered; /* of the run before */
	uint64_t size;
	struct tlog_hash root;
	uint8_t note[LOGD_NOTE_MAX];
	size_t note_len;
};

/* About 650 KB. */
struct audit {
	const struct logd_audit_spec *spec;
	struct logd_audit_result *out;
	struct err_ctx *ctx;
	struct tlog_policy any; /* the policy without its quorum */
	const char
	    *origin; /* out's; empty until the log's checkpoint is read */
	struct audit_head head[AUDIT_HEADS_MAX]; /* [0]: the log's */
	size_t n_heads;
	struct logd_audit_state state; /* remembered, then what comes next */
	bool remembered;
	bool forked; /* the log is not the one remembered */
	bool broken; /* its tiles or bundles are not of its tree */
};

/* Report a finding about entry `index`, or AUDIT_NO_INDEX. */
void logd_audit_find(struct audit *a, enum logd_finding_kind kind,
    const char *name, uint64_t index, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/* Is a failure of logd_view_tile about what was read, and not about reaching
 * it? */
bool logd_audit_is_wrong(enum err e);

/*
 * Read the checkpoint of a view at `path` into *h: signed by the log, of its
 * origin unless that is not known yet. The errors of logd_view_read and
 * tlog_checkpoint_verify; ERR_POLICY: of another log.
 */
enum err logd_audit_read_head(struct audit *a, struct audit_head *h,
    struct tlog_head *verified, const struct logd_view *v, const char *path,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/* Read the checkpoints of the further views and of the witnesses, and hold all
 * against each other. Only failures to keep evidence, or to reach the log, are
 * errors. */
void logd_audit_read_views(struct audit *a);
enum err logd_audit_compare(struct audit *a)
    __attribute__((warn_unused_result));

/*
 * Keep the two notes of a misbehaviour in evidence_dir, and where their sizes
 * differ the consistency proof from `proven`, the root that the first has at
 * the size of the second. Report it.
 */
enum err logd_audit_evidence(struct audit *a, const struct audit_head *first,
    const struct audit_head *second, const struct tlog_hash *proven,
    const struct tlog_hash *proof, size_t n)
    __attribute__((warn_unused_result));

/* Read the entries that the state has not seen, judge them, and advance the
 * state unless `broken` or `forked`. Errors: the log was not reached, evidence
 * was not kept, or memory. */
enum err logd_audit_entries(struct audit *a)
    __attribute__((warn_unused_result));

#endif
