/*
 * The log: an append-only Merkle tree in one directory, as static tiles that
 * any web server can hand out, and a private half beside them.
 *
 *	DIR/public/checkpoint, DIR/public/tile/...	what everybody may read
 *	DIR/state/lock	held by the one writer
 *	DIR/state/key	signs checkpoints (key.h)
 *	DIR/state/head	the last signed tree: never two roots for one size
 *	DIR/state/wal	a batch that is being written; absent otherwise
 *	DIR/state/dead	why this copy never signs again; absent otherwise
 *
 * docs/log.md, section 11, is normative for the order of writes. A failed fsync
 * or close ends the process's use of the log: `broken` is set, nothing more is
 * written, and the next start verifies what is there. An error never leaves a
 * second root signed for any size.
 */
#ifndef CONFER_LOGD_LOG_H
#define CONFER_LOGD_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/wr.h"
#include "logd/ask.h"
#include "logd/key.h"
#include "tlog/merkle.h"
#include "tlog/policy.h"

#define LOGD_ENTRIES_MAX   (1u << 20)  /* 10 a day for 287 years; 32 MB */
#define LOGD_ENTRY_LEN_MAX 16384       /* [L-05] */
#define LOGD_BATCH_MAX     4096        /* entries appended at once */
#define LOGD_RESERVE       (64u << 20) /* bytes of disk left free, at least */
#define LOGD_NOTE_MAX      (16 * 1024) /* checkpoint with all cosignatures */

struct logd_log;

/*
 * Make a log in `dir`, which must not exist or be empty: writes the key, signs
 * and publishes the empty tree. ERR_BUSY: there is something already; ERR_IO,
 * ERR_NOSPACE.
 */
enum err logd_log_init(const char *dir, const struct logd_key *key,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/*
 * Open for writing: lock, verify, finish what an interrupted run left. On
 * success every tile, bundle and the head agree. ERR_BUSY: another process has
 * it; ERR_NOTFOUND: no log there; ERR_AUTH: files contradict each other, or
 * this copy is dead; ERR_TRUNCATED, ERR_FORMAT: a damaged file; ERR_LIMIT,
 * ERR_NOMEM, ERR_IO, ERR_NOSPACE. ctx names the file.
 */
enum err logd_log_open(struct logd_log **out, const char *dir,
    struct err_ctx *ctx) __attribute__((warn_unused_result));
void logd_log_close(struct logd_log *log); /* NULL is legal */

const struct tlog_key *logd_log_key(const struct logd_log *log);
uint64_t logd_log_size(const struct logd_log *log);
struct tlog_hash logd_log_root(const struct logd_log *log);
/* The public checkpoint as published last, with its cosignatures. Borrowed
 * until the next call that writes. */
struct bytes logd_log_checkpoint(const struct logd_log *log);
/* The tiles of the tree; borrowed, and safe for threads. */
struct tlog_tiles logd_log_tiles(const struct logd_log *log);

/* Index of the entry with this leaf hash; false if there is none. */
bool logd_log_find(
    const struct logd_log *log, const struct tlog_hash *leaf, uint64_t *index);

/* Told of one entry, which is borrowed for the call. */
typedef void logd_entry_fn(void *cookie, uint64_t index, struct bytes entry);

/*
 * Read the entries back from number `from` up to, not including, `end` or the
 * tree's size; each is held against its leaf hash before it is handed on. ERR_AUTH: a bundle is not what its tile says; ERR_IO,
 * ERR_NOMEM. ctx names the entry; those before it have been handed on.
 */
enum err logd_log_each(const struct logd_log *log, uint64_t from, uint64_t end,
    logd_entry_fn *fn, void *cookie, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/*
 * Append a batch: all of it or nothing. index[i] is that of entry[i]; entries
 * that are there already, or twice in the batch, keep one index. Afterwards the
 * tree is signed and durable, and not published yet: logd_log_publish does
 * that. ERR_LIMIT: an entry's or the batch's length, or the log is full;
 * ERR_NOSPACE: nothing changed, or (log broken) the next open finishes it;
 * ERR_AUTH: another process writes here, or a file is not what it should be,
 * and ERR_IO: broken.
 */
enum err logd_log_append(struct logd_log *log, uint64_t *index,
    const struct bytes *entry, size_t n, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/*
 * Ask the witnesses (n may be 0) for cosignatures at now_s and publish the
 * checkpoint with those that came; also to renew them. Cosignatures of the same
 * tree from witnesses that do not answer now are kept. ERR_PROTOCOL: a witness
 * has seen a larger or another tree of this log: this copy is an old one, and
 * is marked dead if that is proven; nothing is published. ERR_IO, ERR_NOSPACE:
 * broken. What each witness said is in w.
 */
enum err logd_log_publish(struct logd_log *log, struct logd_witness *w,
    size_t n, uint64_t now_s, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/*
 * Write the tlog-proof file of entry `index` under the published checkpoint,
 * after verifying it as a client of `policy` would at now_s: ERR_POLICY (below
 * quorum), ERR_EXPIRED. ERR_NOTFOUND: no such entry under that checkpoint.
 */
enum err logd_log_prove(const struct logd_log *log, struct wr *out,
    uint64_t index, const struct tlog_policy *policy, uint64_t now_s,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/* The same without opening the log for writing, from any view of it. */
struct logd_view;
enum err logd_view_prove(const struct logd_view *v, struct wr *out,
    uint64_t index, const struct tlog_policy *policy, uint64_t now_s,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

#endif
