/*
 * The witness: cosigns the checkpoints of the logs it is told to watch, each
 * consistent with the last. State in one directory:
 *
 *	DIR/lock	held by the one process
 *	DIR/key		type 4 (key.h)
 *	DIR/logs	the logs and their keys (witness_logs.h)
 *	DIR/seen/<hex SHA-256(origin)>/checkpoint	what was cosigned last:
 *			text, verified log signatures, our cosignature
 *
 * A new state is on disk before its cosignature leaves the process. One thread
 * answers one request after another, so that check and write are one step.
 * L-133..L-138 of docs/log.md.
 */
#ifndef CONFER_LOGD_WITNESSD_H
#define CONFER_LOGD_WITNESSD_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/wr.h"
#include "logd/key.h"
#include "logd/witness_logs.h"
#include "tlog/witness.h"

struct logd_witnessd;

/*
 * Open the directory, lock it and verify all that was kept: each checkpoint
 * under its log's key and our own. ERR_BUSY: another process has it;
 * ERR_NOTFOUND: no directory, or no key in it; ERR_AUTH, ERR_FORMAT, ERR_LIMIT,
 * ERR_TRUNCATED: damage, and an operator has to decide; ERR_POLICY: the key's
 * file is open to others, it is no witness's, or bears the name of a log;
 * ERR_IO, ERR_NOSPACE, ERR_NOMEM. ctx names the file.
 */
enum err logd_witnessd_open(struct logd_witnessd **out, const char *dir,
    struct err_ctx *ctx) __attribute__((warn_unused_result));
void logd_witnessd_close(struct logd_witnessd *w); /* NULL is legal */

/*
 * Watch the log of this vkey too, from the next logd_witnessd_open on: append
 * to DIR/logs, durably. ERR_BUSY: the key is there, or a witness is running;
 * ERR_NOTFOUND: no directory; the errors of logd_witness_logs_parse; ERR_IO,
 * ERR_NOSPACE.
 */
enum err logd_witnessd_add_log(const char *dir, struct bytes vkey,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

const struct logd_key *logd_witnessd_key(const struct logd_witnessd *w);

/*
 * Answer one add-checkpoint body at now_s (at most TLOG_TIME_MAX, asserted):
 * the status, and the answer's body in *out, which has room for
 * TLOG_WITNESS_ANSWER_MAX: signature lines, a size, or a sentence. After an I/O
 * failure 500, and nothing is cosigned until it is opened anew.
 */
unsigned logd_witnessd_add(
    struct logd_witnessd *w, struct wr *out, struct bytes body, uint64_t now_s);

/* What was answered last, for the operator's eyes. */
struct logd_witness_said {
	unsigned status;
	struct bytes origin;       /* of a log it watches; else empty */
	uint64_t size;             /* with 200 and 409: cosigned last */
	char why[ERR_MSG_LEN_MAX]; /* if not 200; may quote the request */
};

const struct logd_witness_said *logd_witnessd_said(
    const struct logd_witnessd *w);

/* The checkpoint kept for this origin hash (64 hex digits); ERR_NOTFOUND. */
enum err logd_witnessd_seen(const struct logd_witnessd *w, struct wr *out,
    struct bytes origin_hex) __attribute__((warn_unused_result));

/* One log it watches, in the order of the file; false at the end. */
struct logd_witness_view {
	struct bytes origin;
	const char *hex; /* of its hash: 64 digits */
	bool cosigned;   /* else the rest is 0 */
	uint64_t size;
	uint64_t time;
};

bool logd_witnessd_view(
    const struct logd_witnessd *w, size_t i, struct logd_witness_view *out);

#endif
