/*
 * What a release log admits: records of one product, signed by k of n release
 * keys (rebuilds: by a rebuilder's key), each with the next seq of its kind and
 * channel, nothing after a retire record. The same rules make the audit's
 * alarms. L-160..L-166 of docs/log.md.
 */
#ifndef CONFER_LOGD_ADMIT_H
#define CONFER_LOGD_ADMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "tlog/merkle.h"
#include "tlog/record.h"

#define LOGD_STREAMS_MAX 256 /* (kind, product, channel) in one log */

/* The last seq of one (kind, product, channel). */
struct logd_stream {
	enum record_kind kind;
	char product[RECORD_TOKEN_LEN_MAX + 1];
	char channel[RECORD_TOKEN_LEN_MAX + 1];
	uint64_t seq;
	uint64_t not_after;    /* of that record */
	struct tlog_hash leaf; /* its leaf hash */
};

/* About 50 KB. */
struct logd_admit {
	struct tlog_keyset release;   /* borrowed keys */
	struct tlog_keyset rebuilder; /* need is 1; may be empty */
	struct bytes product;
	const char *origin; /* of this log; retire records may name others */
	uint64_t entries;   /* of the log, whatever they are */
	struct logd_stream stream[LOGD_STREAMS_MAX];
	size_t n_streams;
	bool retired;   /* a retire record of this log stands in it */
	bool successor; /* entry 0 retires another log, which this one
			   continues: streams begin with any seq */
};

/* Why an entry does not fit; the first that applies. */
enum logd_misfit {
	LOGD_FITS = 0,
	LOGD_NO_RECORD,     /* not a note with a record, or too long */
	LOGD_KEYS,          /* too few or unknown signers, or one that fails */
	LOGD_AFTER_RETIRE,  /* the log ends with its retire record */
	LOGD_OTHER_PRODUCT, /* a record of something else */
	LOGD_OTHER_RETIRE,  /* retires another log, and is not entry 0 */
	LOGD_SEQ_SKIPPED,   /* a seq above the next one */
	LOGD_SEQ_REPEATED,  /* a seq that was there before */
	LOGD_MANY_STREAMS,  /* a new channel above LOGD_STREAMS_MAX */
};

/*
 * Judge the next entry without counting it. *rec is the record, borrowing from
 * `entry`, also when only its place is wrong (LOGD_AFTER_RETIRE and later);
 * else zeroed. ERR_AUTH, ERR_POLICY (LOGD_KEYS), ERR_POLICY (place), ERR_LIMIT
 * (LOGD_MANY_STREAMS), ERR_FORMAT, ERR_LIMIT, ERR_UNSUPPORTED, ERR_TRUNCATED,
 * ERR_TRAILING: not a record.
 */
enum err logd_admit_judge(enum logd_misfit *why, struct tlog_record *rec,
    const struct logd_admit *a, struct bytes entry, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/* The same, and count the entry if it fits. */
enum err logd_admit_next(struct logd_admit *a, struct tlog_record *rec,
    struct bytes entry, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/*
 * Count an entry that is in the log already, whatever it is; no signature is
 * looked at. A record raises the seq of its stream, and never lowers it.
 */
void logd_admit_seen(struct logd_admit *a, struct bytes entry);

/* NULL: no record of it yet. */
const struct logd_stream *logd_admit_stream(const struct logd_admit *a,
    enum record_kind kind, struct bytes product, struct bytes channel);

#endif
