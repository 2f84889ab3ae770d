/*
 * Verification keys of signed notes and their text form, the vkey. L-08 and
 * L-10..L-12 of docs/log.md.
 */
#ifndef CONFER_TLOG_KEY_H
#define CONFER_TLOG_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/wr.h"
#include "crypto/crypto.h"

#define TLOG_KEY_NAME_LEN_MAX 255  /* bytes; a host name and a path */
#define TLOG_VKEY_LEN_MAX     4096 /* an ML-DSA-44 vkey is 1.8 KB long */

enum tlog_key_type {
	TLOG_KEY_ED25519 = 1,     /* Ed25519 over the text */
	TLOG_KEY_ECDSA = 2,       /* seen in other logs; unknown here */
	TLOG_KEY_COSIGNATURE = 4, /* Ed25519 cosignature/v1 with a time */
	TLOG_KEY_RFC6962 = 5,     /* tree head of a CT log; unknown here */
	TLOG_KEY_MLDSA44 = 6,     /* ML-DSA-44 cosignature; unknown here */
};

/* One verification key; its identity in a note is (name, id). */
struct tlog_key {
	struct bytes name; /* borrowed from the vkey's text */
	uint32_t id;
	enum tlog_key_type type;
	uint8_t pub[ED25519_PUB_LEN]; /* types 1, 4; else SHA-256 of the key */
};

/*
 * The key id of an Ed25519 key (types 1 and 4): the first four bytes of
 * SHA-256(name || LF || type || pub).
 */
uint32_t tlog_key_id(struct bytes name, enum tlog_key_type type,
    const uint8_t pub[ED25519_PUB_LEN]);

/* Non-empty, at most TLOG_KEY_NAME_LEN_MAX, no '+', no Unicode space. */
bool tlog_key_name_ok(struct bytes name);

/*
 * Parse `name+hex8+base64(type || key)`; out borrows from text. ERR_FORMAT,
 * ERR_LIMIT, ERR_UNSUPPORTED (unknown type), ERR_AUTH (the id is not the key's).
 */
enum err tlog_vkey_parse(struct tlog_key *out, struct bytes text,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/* Write the vkey of an Ed25519 key (type 1 or 4), without LF. */
void tlog_vkey_format(struct wr *w, struct bytes name, enum tlog_key_type type,
    const uint8_t pub[ED25519_PUB_LEN]);

/* Make a key in memory; `name` is borrowed and must be tlog_key_name_ok. */
struct tlog_key tlog_key_make(struct bytes name, enum tlog_key_type type,
    const uint8_t pub[ED25519_PUB_LEN]);

#endif
