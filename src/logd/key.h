/*
 * Signing keys of logs, witnesses, releases and rebuilders, each in a file of
 * one line that other tools of this field read too:
 *
 *	PRIVATE+KEY+<name>+<id, 8 hex digits>+<base64(type || seed)>
 *
 * docs/log.md, section 2 [L-27].
 */
#ifndef CONFER_LOGD_KEY_H
#define CONFER_LOGD_KEY_H

#include "base/err.h"
#include "base/mem.h"
#include "base/wr.h"
#include "crypto/crypto.h"
#include "tlog/key.h"

#define LOGD_KEY_LEN_MAX 512 /* of the file */

/* Must not move once filled: key.name borrows from name. */
struct logd_key {
	struct tlog_key key; /* type 1, or 4 for a witness */
	char name[TLOG_KEY_NAME_LEN_MAX + 1];
	uint8_t seed_priv[ED25519_SEED_LEN];
};

/* Make a key from the kernel's generator. ERR_FORMAT: the name. */
enum err logd_key_make(struct logd_key *out, const char *name,
    enum tlog_key_type type, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/* Parse the whole text, with or without its LF. ERR_FORMAT, ERR_LIMIT,
 * ERR_UNSUPPORTED (type), ERR_AUTH (id). Wiped on failure. */
enum err logd_key_parse(struct logd_key *out, struct bytes text,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/* Write the line with its LF. */
void logd_key_format(struct wr *w, const struct logd_key *key);

/*
 * Load from a file that only its owner may read (else ERR_POLICY); ERR_NOTFOUND
 * and the errors of logd_key_parse; messages name the file. Save to a file that
 * does not exist yet, mode 0600, durably: ERR_BUSY if it does; ERR_NOTFOUND (no
 * such directory), ERR_LIMIT (the path), ERR_IO, ERR_NOSPACE.
 */
enum err logd_key_load(struct logd_key *out, const char *path,
    struct err_ctx *ctx) __attribute__((warn_unused_result));
enum err logd_key_save(const struct logd_key *key, const char *path,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/* Load, or make and save when there is none; the parent directory exists. The
 * name and type must fit (else ERR_POLICY). Wiped on failure. */
enum err logd_key_open(struct logd_key *out, const char *path, const char *name,
    enum tlog_key_type type, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/*
 * Write this key's signature line for a note's text: type 1 signs the text,
 * type 4 cosigns it with the time. `text` at most TLOG_COSIGNED_LEN_MAX for
 * type 4 (asserted: the caller has checked).
 */
void logd_key_sign(struct wr *w, const struct logd_key *key, struct bytes text,
    uint64_t time_s);

void logd_key_wipe(struct logd_key *key);

#endif
