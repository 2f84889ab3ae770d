/*
 * Signed notes (C2SP signed-note v1.0): a text, an empty line, and signature
 * lines. Requirements L-06..L-16 of docs/log.md. Verifies Ed25519
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
#include "tlog/key.h"

#define TLOG_NOTE_LEN_MAX     (256 * 1024) /* a whole note; notes seen: 11 KB */
#define TLOG_NOTE_SIGS_MAX    32           /* lines; 16 must be accepted */
#define TLOG_COSIGNED_LEN_MAX 4096      /* text that a cosignature may cover */
#define TLOG_TIME_MAX         INT64_MAX /* seconds; cosignature times */

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
 * Parse a whole note; out borrows from `in`. Nothing is verified yet.
 * ERR_FORMAT, ERR_LIMIT, ERR_TRUNCATED (no LF at the end).
 */
enum err tlog_note_parse(struct tlog_note *out, struct bytes in,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/*
 * Parse signature lines that came without their text, as witnesses answer
 * them: 1..TLOG_NOTE_SIGS_MAX lines and nothing else. out borrows from both.
 */
enum err tlog_note_parse_sigs(struct tlog_note *out, struct bytes text,
    struct bytes lines, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

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
/* A line that was parsed, as it came. */
void tlog_note_format_line(struct wr *w, const struct tlog_sig *sig);
void tlog_cosigned_format(struct wr *w, uint64_t time_s, struct bytes text);

#endif
