/*
 * The monitor: reads a log as a stranger does, all of it or what is new, and
 * reports everything that should not be so. It believes the trust file, its own
 * state, and nothing else.
 */
#ifndef CONFER_LOGD_AUDIT_H
#define CONFER_LOGD_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "logd/admit.h"
#include "logd/view.h"
#include "tlog/policy.h"
#include "tlog/range.h"

#define LOGD_VIEWS_MAX 16
#define LOGD_STALE_S   (24 * 3600) /* without a new cosignature: an alarm */
#define LOGD_EXPIRES_S (24 * 3600) /* a policy record that ends this soon */

enum logd_finding_kind {
	LOGD_NOTE = 0,     /* worth knowing */
	LOGD_ALARM,        /* somebody has to look: exit code 2 */
	LOGD_MISBEHAVIOUR, /* proven, evidence kept: exit code 5 */
};

struct logd_finding {
	enum logd_finding_kind kind;
	bool has_index;
	uint64_t index;   /* of the entry that it is about */
	const char *name; /* stable word for programs, such as "seq-skipped" */
	char text[ERR_MSG_LEN_MAX + 128]; /* a sentence */
};

/* Told of each finding as it is made, and of progress (done of all entries). */
typedef void logd_finding_fn(void *cookie, const struct logd_finding *f);
typedef void logd_progress_fn(void *cookie, uint64_t done, uint64_t all);
/* Told of each record that passed, for rebuilding and lists. */
typedef void logd_record_fn(void *cookie, uint64_t index,
    const struct tlog_record *rec, struct bytes entry);

/* What to audit; all borrowed. */
struct logd_audit_spec {
	const struct tlog_policy *policy;
	const struct tlog_keyset *release, *rebuilder;
	struct bytes product;
	const struct logd_view *view; /* [0]: the log; further ones: mirrors */
	size_t n_views;
	const struct logd_view *witness; /* monitoring prefixes of witnesses */
	size_t n_witnesses;
	const char *state_dir;    /* kept between runs; NULL: none */
	const char *evidence_dir; /* where proof of misbehaviour goes */
	bool full; /* read all entries again, not only new ones */
	uint64_t now_s;
	logd_finding_fn *finding;
	logd_progress_fn *progress; /* or NULL */
	logd_record_fn *record;     /* or NULL */
	void *cookie;
};

struct logd_audit_result {
	uint64_t size;
	struct tlog_hash root;
	uint64_t quorum_time; /* 0: none */
	uint32_t witnesses;   /* of the policy, that cosigned */
	uint64_t entries_read;
	size_t alarms;
	size_t proofs; /* of misbehaviour */
};

/*
 * ERR_OK: read to the end, whatever was found. ERR_AUTH, ERR_FORMAT: this is
 * not the log of the policy at all; ERR_IO, ERR_TIMEOUT ...: not reached, see
 * ctx; state errors ERR_FORMAT.
 */
enum err logd_audit(struct logd_audit_result *out,
    const struct logd_audit_spec *spec, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

#endif
