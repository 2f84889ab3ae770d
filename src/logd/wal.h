/*
 * state/wal: the batch that is being written. Once it is on disk the next tree
 * is fixed: whoever goes on writes the same bytes, so a half-written tile never
 * meets another content. L-144 of docs/log.md.
 *
 *	"confer-log-wal/v1" LF
 *	u64 old size, u64 new size, 32 bytes new root	(big endian)
 *	(u16 length, entry) for each new entry
 *	32 bytes SHA-256 of all before
 */
#ifndef CONFER_LOGD_WAL_H
#define CONFER_LOGD_WAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/wr.h"
#include "crypto/crypto.h"
#include "logd/log.h"
#include "tlog/merkle.h"

#define LOGD_WAL_FRAME_LEN (18 + 8 + 8 + TLOG_HASH_LEN + SHA256_LEN)
#define LOGD_WAL_LEN_MAX                                                       \
	(LOGD_WAL_FRAME_LEN + (size_t)LOGD_BATCH_MAX * (2 + LOGD_ENTRY_LEN_MAX))

struct logd_wal {
	uint64_t old_size, new_size; /* differ by 1 to LOGD_BATCH_MAX */
	struct tlog_hash root;       /* of new_size entries */
	struct bytes entries;        /* as in a bundle; borrowed */
};

/* Write LOGD_WAL_FRAME_LEN + entries.len bytes. */
void logd_wal_format(struct wr *w, const struct logd_wal *wal);

/*
 * Parse the whole file; out borrows from it. ERR_LIMIT, ERR_TRUNCATED,
 * ERR_TRAILING, ERR_FORMAT: it is not whole, and so nothing was begun with it.
 */
enum err logd_wal_parse(struct logd_wal *out, struct bytes file,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

#endif
