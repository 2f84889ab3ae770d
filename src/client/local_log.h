/*
 * A log of one machine in one directory, for `confer up`: no witnesses, a few
 * records. DIR/key (seed, 0600), DIR/entries (u16 big-endian length and entry,
 * repeated), DIR/checkpoint (the signed note of the latest tree). One writer:
 * the directory is locked for the life of the object. docs/log.md section 8.
 *
 * An entry is in the log once the checkpoint over it is on disk. Bytes of
 * `entries` past the checkpoint are of an append that was cut off, whose
 * signature never left the process; the next append overwrites them.
 */
#ifndef CONFER_CLIENT_LOCAL_LOG_H
#define CONFER_CLIENT_LOCAL_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/wr.h"
#include "crypto/crypto.h"
#include "sys/fd.h"
#include "tlog/merkle.h"
#include "tlog/note.h"

#define CLIENT_LOG_ENTRIES_MAX 65536 /* 2 MB of leaf hashes in memory */
#define CLIENT_LOG_BYTES_MAX   (64 * 1024 * 1024)
#define CLIENT_LOG_NOTE_MAX    1024 /* two names, a root, a signature */

struct client_log {
	int dir;   /* -1 when closed; holds the lock */
	bool dead; /* a write failed: what is on disk is not known */
	char path[FD_PATH_MAX];
	char origin[TLOG_KEY_NAME_LEN_MAX + 1];
	uint8_t seed_priv[ED25519_SEED_LEN];
	struct tlog_key key; /* name borrows from origin */
	struct tlog_hash *leaf;
	uint64_t *offset; /* of each entry's length in `entries` */
	size_t n;
	uint64_t bytes; /* length of the valid part of `entries` */
	uint8_t note[CLIENT_LOG_NOTE_MAX]; /* the latest checkpoint */
	size_t note_len;
};

#define CLIENT_LOG_INIT                                                        \
	{                                                                      \
		.dir = -1                                                      \
	}

/*
 * Open the log in `path`, creating the directory, the key and an empty log
 * when there is none, and check all of it: entries against checkpoint,
 * checkpoint against key and origin. `log` is CLIENT_LOG_INIT before and must
 * not move afterwards. ERR_BUSY: another process has it; ERR_AUTH: the files
 * contradict each other; ERR_LIMIT, ERR_IO, ERR_NOSPACE, ERR_NOMEM, and the
 * errors of client_seed_open.
 */
enum err client_log_open(struct client_log *log, const char *path,
    const char *origin, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/*
 * Append an entry (1..RECORD_LEN_MAX bytes) durably and return its index; an
 * entry that is there already keeps its index and nothing is written. ERR_LIMIT;
 * ERR_IO or ERR_NOSPACE when a write fails, after which the log takes nothing
 * more until it is opened again.
 */
enum err client_log_append(struct client_log *log, uint64_t *index,
    struct bytes entry, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/* Read entry `index` back. ERR_NOTFOUND, ERR_NOSPACE (cap), ERR_IO. */
enum err client_log_read(const struct client_log *log, uint64_t index,
    uint8_t *out, size_t cap, size_t *len) __attribute__((warn_unused_result));

/* Write the tlog-proof file of entry `index` under the latest checkpoint.
 * ERR_NOTFOUND, ERR_NOSPACE. */
enum err client_log_prove(const struct client_log *log, struct wr *out,
    uint64_t index) __attribute__((warn_unused_result));

/* Write the policy text of this log: its key and `quorum none`. */
void client_log_policy(const struct client_log *log, struct wr *out);

/* Wipe and unlock; accepts any state that CLIENT_LOG_INIT or open left. */
void client_log_close(struct client_log *log);

#endif
