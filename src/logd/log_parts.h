/*
 * What the files of the log share: its state in memory, and the steps of
 * writing. For log*.c alone. docs/log.md, section 11.
 */
#ifndef CONFER_LOGD_LOG_PARTS_H
#define CONFER_LOGD_LOG_PARTS_H

#include "logd/head.h"
#include "logd/key.h"
#include "logd/leaves.h"
#include "logd/log.h"
#include "logd/wal.h"
#include "sys/fd.h"

struct logd_log {
	int state, public; /* directories */
	int lock;
	bool broken; /* a write failed: nothing more is written [L-155] */
	bool wal;    /* state/wal is there */
	struct logd_key key;
	struct logd_leaves *leaves;
	uint8_t *bundle; /* the partial bundle at the right edge */
	size_t bundle_len;

	/* The tree of `head`. */
	uint64_t size;
	struct tlog_hash root;
	uint8_t head[LOGD_HEAD_LEN_MAX]; /* its signed checkpoint */
	size_t head_len;

	/* The public checkpoint; note_len 0: there is none. */
	uint64_t published;
	struct tlog_hash published_root;
	uint8_t note[LOGD_NOTE_MAX];
	size_t note_len;
};

/* A log without files, or NULL. logd_log_close frees it. */
struct logd_log *logd_log_new(void);

/* Open DIR/state and DIR/public, which exist, and take the lock. ERR_NOTFOUND,
 * ERR_BUSY, ERR_IO, ERR_LIMIT. */
enum err logd_log_enter(struct logd_log *log, const char *dir,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/* Nothing was ever signed here: making the log was cut short, or is yet to be
 * done. */
bool logd_log_unsigned(const struct logd_log *log);

/* The path of a file in DIR/state. ERR_LIMIT. */
enum err logd_log_path(char out[FD_PATH_MAX], const char *dir, const char *name,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/* Sign (size, root) and put it into state/head. Its size is above that of the
 * head, or there is none yet (asserted): one root for each size [L-149]. */
enum err logd_log_sign(struct logd_log *log, uint64_t size,
    const struct tlog_hash *root, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/*
 * Do what the wal says: its entries' hashes are in log->leaves, it is on disk,
 * and its root is theirs. `again`: after a restart. Any failure leaves the log
 * broken.
 */
enum err logd_log_commit(struct logd_log *log, const struct logd_wal *wal,
    bool again, struct err_ctx *ctx) __attribute__((warn_unused_result));

/* Make `note`, a checkpoint of the head's tree, the public one; then clean up
 * behind it. Any failure leaves the log broken. */
enum err logd_log_release(struct logd_log *log, struct bytes note,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/* Finish what an interrupted run left, and publish it. */
enum err logd_log_recover(struct logd_log *log, const char *dir,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/* Delete partial tiles that full ones have taken the place of since the tree
 * had `from` entries [L-157]. */
void logd_log_drop_partials(const struct logd_log *log, uint64_t from);

/* The directory of partial tiles of this index. */
void logd_log_partial_dir(
    char out[TLOG_TILE_PATH_MAX], bool entries, unsigned level, uint64_t index);

#endif
