/*
 * The witness: cosigns the checkpoints of the logs it is told to watch, each
 * consistent with the last. State in one directory:
 *
 *	DIR/key		type 4 (key.h)
 *	DIR/logs	`log <vkey>` lines: the logs and their keys
 *	DIR/seen/<hex SHA-256(origin)>/checkpoint	what was cosigned last:
 *			text, verified log signatures, our cosignature
 *
 * A new state is on disk before its cosignature leaves the process. One thread
 * answers one request after another, so that check and write are one step.
 */
#ifndef CONFER_LOGD_WITNESSD_H
#define CONFER_LOGD_WITNESSD_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/wr.h"
#include "logd/key.h"
#include "tlog/policy.h"
#include "tlog/witness.h"

#define LOGD_WITNESS_LOGS_MAX 64

struct logd_witnessd;

/*
 * Open the directory, lock it and verify all that was kept: each checkpoint
 * under its log's key and our own. ERR_BUSY, ERR_NOTFOUND (no key),
 * ERR_AUTH, ERR_FORMAT (damage: it never cosigns that log again until an
 * operator decides), ERR_IO.
 */
enum err logd_witnessd_open(struct logd_witnessd **out, const char *dir,
    struct err_ctx *ctx) __attribute__((warn_unused_result));
void logd_witnessd_close(struct logd_witnessd *w);

const struct logd_key *logd_witnessd_key(const struct logd_witnessd *w);

/*
 * Answer one add-checkpoint body at now_s: the status, and the answer's body in
 * *out (signature lines, a size, or a sentence). After an I/O failure 500, and
 * nothing is cosigned until it is opened anew.
 */
unsigned logd_witnessd_add(
    struct logd_witnessd *w, struct wr *out, struct bytes body, uint64_t now_s);

/* The checkpoint kept for this origin hash (64 hex digits); ERR_NOTFOUND. */
enum err logd_witnessd_seen(const struct logd_witnessd *w, struct wr *out,
    struct bytes origin_hex) __attribute__((warn_unused_result));

#endif
