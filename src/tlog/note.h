/*
 * Signed notes and their keys (C2SP signed-note v1.0): a text, an empty line,
 * and signature lines. Requirements L-06..L-16 of docs/log.md. Verifies Ed25519
 * (type 1) and cosignature/v1 (type 4); other types are kept as keys of other
 * people and never count.
 */
#ifndef CONFER_TLOG_NOTE_H
#define CONFER_TLOG_NOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/wr.h"
#include "crypto/crypto.h"

#define TLOG_NOTE_LEN_MAX     (256 * 1024) /* a whole note; notes seen: 11 KB */
#define TLOG_NOTE_SIGS_MAX    32           /* lines; 16 must be accepted */
#define TLOG_KEY_NAME_LEN_MAX 255          /* bytes; a host name and a path */
#define TLOG_VKEY_LEN_MAX     4096      /* an ML-DSA-44 vkey is 1.8 KB long */
#define TLOG_COSIGNED_LEN_MAX 4096      /* text that a cosignature may cover */
#define TLOG_TIME_MAX         INT64_MAX /* seconds; cosignature times */

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

/* One signature line. */
struct tlog_sig {
	struct bytes name;   /* borrowed */
	struct bytes base64; /* borrowed; canonical base64 of id and blob */
	uint32_t id;
};

struct tlog_note {
	struct bytes text; /* what is signed, with its last LF; borrowed */
	struct tlog_sig sig[TLOG_NOTE_SIGS_MAX];
	size_t n; /* 1..TLOG_NOTE_SIGS_MAX */
};

/* What tlog_note_verify found for the key of the same index. */
struct tlog_seen {
	bool ok;       /* at least one line of this key, all verified */
	uint64_t time; /* type 4: newest time <= latest; else 0 */
	bool timely;   /* type 4: there is such a time; type 1: ok */
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

/*
 * Parse a whole note; out borrows from `in`. Nothing is verified yet.
 * ERR_FORMAT, ERR_LIMIT, ERR_TRUNCATED (no LF at the end).
 */
enum err tlog_note_parse(struct tlog_note *out, struct bytes in,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/*
 * Verify each line whose (name, id) is that of key[0..n_keys) and fill
 * seen[0..n_keys). Lines of other keys are ignored; a line of a known key that
 * fails rejects the note. A known key of a type that we cannot verify counts
 * as unknown. Cosignatures with a time above `latest` verify but are not
 * timely. ERR_AUTH: a known key failed, or no known key signed.
 * ERR_LIMIT: a cosigned text is above TLOG_COSIGNED_LEN_MAX.
 */
enum err tlog_note_verify(struct tlog_seen *seen, const struct tlog_note *note,
    const struct tlog_key *key, size_t n_keys, uint64_t latest,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/*
 * Writing. A note is its text, then tlog_note_format_end_text (one LF), then
 * one tlog_note_format_sig per signature. The caller signs `text`, or for
 * type 4 the bytes that tlog_cosigned_format writes (header, then text).
 */
void tlog_note_format_end_text(struct wr *w);
void tlog_note_format_sig(struct wr *w, const struct tlog_key *key,
    const uint8_t sig[ED25519_SIG_LEN], uint64_t time_s);
void tlog_cosigned_format(struct wr *w, uint64_t time_s, struct bytes text);

#endif
