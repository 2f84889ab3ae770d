/*
 * The witness protocol (C2SP tlog-witness): what a log posts to
 * <prefix>/add-checkpoint, what a witness decides, and what it answers. Bytes
 * in, decisions out; keeping the decision on disk before it is answered is the
 * caller's. L-120..L-132 of docs/log.md.
 */
#ifndef CONFER_TLOG_WITNESS_H
#define CONFER_TLOG_WITNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/wr.h"
#include "tlog/checkpoint.h"
#include "tlog/merkle.h"
#include "tlog/note.h"

#define TLOG_WITNESS_BODY_MAX   (64 * 1024)        /* of a request */
#define TLOG_WITNESS_ANSWER_MAX (16 * 1024)        /* of an answer */
#define TLOG_WITNESS_SIZE_TYPE  "text/x.tlog.size" /* of a 409's body */

/* A request's body; slices borrow from it. Nothing is verified. */
struct tlog_add_checkpoint {
	uint64_t old;
	struct tlog_hash proof[TLOG_PATH_MAX];
	size_t n;
	struct bytes checkpoint; /* the note, verbatim */
};

/*
 * The grammar, L-120 and L-121. ERR_FORMAT, ERR_LIMIT, ERR_TRUNCATED; messages
 * name the offset.
 */
enum err tlog_add_checkpoint_parse(struct tlog_add_checkpoint *out,
    struct bytes body, struct err_ctx *ctx) __attribute__((warn_unused_result));
void tlog_add_checkpoint_format(
    struct wr *w, const struct tlog_add_checkpoint *req);

/* The largest tree of an origin that this witness has cosigned; all zero:
 * none yet. */
struct tlog_witnessed {
	uint64_t size;
	struct tlog_hash root;
};

/* What is to be answered. */
struct tlog_witness_decision {
	unsigned status;           /* 200, 400, 403, 404, 409 or 422 */
	struct bytes origin;       /* borrowed from the body; empty if the body
				      is malformed */
	struct tlog_note note;     /* with 200: parsed */
	uint32_t verified;         /* with 200: bit i: note.sig[i] is the log's
				      and has been verified; keep no others */
	struct tlog_witnessed now; /* with 200: to be kept; with 409: what is
				      kept, whose size is the answer */
};

/*
 * The keys of the log of this origin, and what was cosigned for it: false if
 * the origin is not known. Called once, after the body's grammar has passed.
 */
typedef bool tlog_witness_log_fn(void *cookie, struct bytes origin,
    const struct tlog_key **key, size_t *n_keys, struct tlog_witnessed *last);

/*
 * Decide on a request, in the order of the specification [L-123]: 400
 * malformed, 404 unknown origin, 403 no log signature or a failing one, 400 old
 * above size, 409 old is not the size kept, 422 root or proof, 200. Reports the
 * reason in ctx, which may be NULL. `out` borrows from body.
 */
void tlog_witness_decide(struct tlog_witness_decision *out, struct bytes body,
    tlog_witness_log_fn *log, void *cookie, struct err_ctx *ctx);

/* A witness's line in an answer; it has verified. */
struct tlog_cosignature {
	struct tlog_sig line; /* borrows from the answer */
	uint64_t time;
};

/*
 * The log's side: find the witness's cosignature over `text` in the body of an
 * answer of status 200; of several the newest that is not above `latest`. Other
 * keys' lines are ignored; ERR_AUTH: it has none, or one that fails, or none
 * that is old enough; ERR_FORMAT, ERR_LIMIT, ERR_TRUNCATED for what is no
 * signature lines.
 */
enum err tlog_cosignature_parse(struct tlog_cosignature *out,
    const struct tlog_key *witness, struct bytes text, struct bytes body,
    uint64_t latest, struct err_ctx *ctx) __attribute__((warn_unused_result));

/* The body of a 409: the size, decimal, and LF. ERR_FORMAT, ERR_LIMIT. */
void tlog_witness_size_format(struct wr *w, uint64_t size);
enum err tlog_witness_size_parse(uint64_t *out, struct bytes body)
    __attribute__((warn_unused_result));

#endif
