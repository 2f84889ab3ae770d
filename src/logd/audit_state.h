/*
 * What an audit remembers between two runs: the tree that it has read, whole,
 * and the series of records in it. One text file with its own checksum, so that
 * damage is noticed and never taken for a fresh start. L-175 of docs/log.md.
 */
#ifndef CONFER_LOGD_AUDIT_STATE_H
#define CONFER_LOGD_AUDIT_STATE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/wr.h"
#include "logd/admit.h"
#include "logd/log.h"
#include "tlog/checkpoint.h"
#include "tlog/range.h"

#define LOGD_STATE_FILE    "audit"      /* in the state directory */
#define LOGD_STATE_LEN_MAX (128 * 1024) /* 256 series, 62 edges, a note */

/* About 70 KB. */
struct logd_audit_state {
	struct tlog_range range; /* its root is that of the note */
	struct logd_admit admit; /* entries, series and flags alone; whose keys,
				    product and origin is the caller's */
	uint8_t note[LOGD_NOTE_MAX]; /* the log's checkpoint of this tree */
	size_t note_len;
};

/*
 * Parse a whole file; fills the fields named above and leaves the caller's in
 * `admit` alone. Signatures are not looked at: they were, before the file was
 * written. ERR_AUTH: the checksum, or edges that do not give the root;
 * ERR_FORMAT, ERR_LIMIT, ERR_TRUNCATED, ERR_TRAILING, ERR_UNSUPPORTED.
 */
enum err logd_audit_state_parse(struct logd_audit_state *out, struct bytes in,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/* Write the file's text. */
void logd_audit_state_format(
    struct wr *w, const struct logd_audit_state *state);

/* The checkpoint in the note; borrowed. The state holds one (asserted). */
struct tlog_checkpoint logd_audit_state_checkpoint(
    const struct logd_audit_state *state);

/*
 * Load from DIR/audit; ERR_NOTFOUND: no such file, nothing is remembered. Save
 * durably; makes the directory. ctx names the file.
 */
enum err logd_audit_state_load(struct logd_audit_state *out, const char *dir,
    struct err_ctx *ctx) __attribute__((warn_unused_result));
enum err logd_audit_state_save(const struct logd_audit_state *state,
    const char *dir, struct err_ctx *ctx) __attribute__((warn_unused_result));

#endif
