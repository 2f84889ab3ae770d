/*
 * What a release log admits: records of one product, signed by k of n release
 * keys (rebuilds: by a rebuilder's key), each with the next seq of its kind and
 * channel, nothing after a retire record. The same rules make the audit's
 * alarms. docs/log.md, section 9.3.
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

struct logd_admit {
	struct tlog_keyset release;   /* borrowed keys */
	struct tlog_keyset rebuilder; /* need is 1; may be empty */
	struct bytes product;
	const char *origin; /* of this log; retire records may name others */
	struct logd_stream stream[LOGD_STREAMS_MAX];
	size_t n_streams;
	bool retired; /* a retire record of this log stands in it */
};

/*
 * Judge the next entry and, if it is admitted, count it. *rec is the record,
 * borrowing from `entry`, also when only its place is wrong. ERR_AUTH,
 * ERR_POLICY (too few or unknown keys, another product, seq, after a retire),
 * ERR_FORMAT, ERR_LIMIT, ERR_UNSUPPORTED: not a record.
 */
enum err logd_admit_next(struct logd_admit *a, struct tlog_record *rec,
    struct bytes entry, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/* Count an entry that is in the log already, whatever it is; no signature is
 * looked at. */
void logd_admit_seen(struct logd_admit *a, struct bytes entry);

const struct logd_stream *logd_admit_stream(const struct logd_admit *a,
    enum record_kind kind, struct bytes product, struct bytes channel);

/* SHA-256 over the lines of an image, web or client record that a rebuilder
 * compares [L-85]. ERR_UNSUPPORTED for other kinds. */
enum err logd_rebuild_result(struct tlog_hash *out, struct bytes record_text)
    __attribute__((warn_unused_result));

#endif
