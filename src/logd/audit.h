/*
 * The monitor: reads a log as a stranger does, all of it or what is new, and
 * reports everything that should not be so. It believes the trust file, its own
 * state, and nothing else. L-170..L-179 of docs/log.md.
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
	const char *evidence_dir; /* where proof of misbehaviour goes; NULL:
				     none is kept */
	bool full;        /* read all entries again, not only new ones */
	bool unpublished; /* a log of one machine, whose releases may lack what
			     L-60 asks of published ones: notes then */
	uint64_t now_s;
	logd_finding_fn *finding;
	logd_progress_fn *progress; /* or NULL */
	logd_record_fn *record;     /* or NULL */
	void *cookie;
};

struct logd_audit_result {
	char origin[TLOG_KEY_NAME_LEN_MAX + 1]; /* which log of the policy: one
						   may show another's */
	uint64_t size;
	struct tlog_hash root;
	uint64_t quorum_time; /* 0: none */
	uint32_t witnesses;   /* bit i: policy->witness[i] cosigned */
	uint64_t entries_read;
	size_t alarms;
	size_t proofs; /* of misbehaviour */
	bool damaged;  /* with an error: it is in state_dir or evidence_dir,
			  and not the log's */
};

/*
 * Audit view[0] (there is at least that one, asserted). ERR_OK: done, whatever
 * was found. ERR_AUTH, ERR_FORMAT, ERR_POLICY ...: what is there is not the log
 * of the policy at all; ERR_NOTFOUND: no checkpoint there; ERR_LIMIT: it has
 * more than LOGD_ENTRIES_MAX entries; ERR_IO, ERR_TIMEOUT ...: not reached, see
 * ctx; with out->damaged: the state, which is left as it is, or evidence that
 * could not be kept. Findings made before an error stay made.
 */
enum err logd_audit(struct logd_audit_result *out,
    const struct logd_audit_spec *spec, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

#endif
