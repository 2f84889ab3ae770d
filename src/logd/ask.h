/*
 * Asking witnesses to cosign a checkpoint, all at once, each in a thread of its
 * own with a deadline. What comes back is data from strangers: a line counts
 * once its signature is verified, and only the witness's own is taken.
 * L-130..L-132 and L-139 of docs/log.md.
 */
#ifndef CONFER_LOGD_ASK_H
#define CONFER_LOGD_ASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/wr.h"
#include "tlog/policy.h"
#include "tlog/tree.h"

#define LOGD_ASK_EACH_MS  5000  /* one question and its answer */
#define LOGD_ASK_TOTAL_MS 15000 /* all questions to all of them */

/* One witness, and how it went. */
struct logd_witness {
	struct tlog_key key; /* type 4; borrowed name */
	const char *url;     /* prefix: http(s)://..., or unix:PATH */
	const char *ca_file; /* or NULL */
	bool cosigned;
	uint64_t time;    /* of the cosignature */
	bool rolled_back; /* it has cosigned a larger tree of this log, or
				another root at this size: *size. Anybody can
				say so; see `proven` */
	bool proven;      /* and it showed that checkpoint, which the log's own
				key has signed */
	uint64_t size;    /* the size that it said it has, or that it cosigned
				now; else 0 */
	char why[ERR_MSG_LEN_MAX]; /* if not cosigned: one sentence */
};

/* The checkpoint to be cosigned, and the tiles of its tree for proofs. */
struct logd_ask {
	struct bytes note; /* log-signed checkpoint */
	struct tlog_hash root;
	const struct tlog_key *log;     /* its key; NULL: nothing is `proven` */
	const struct tlog_tiles *tiles; /* size is the checkpoint's */
	uint64_t now_s; /* answers more than TLOG_SKEW_S ahead are refused */
	unsigned each_ms, total_ms; /* 0: the limits above */
};

/*
 * Ask all n (at most TLOG_POLICY_WITNESSES_MAX, asserted) and write the lines
 * of those that cosigned to *lines, in the order of `w`. Starts with the size
 * that the witness told last time (w[i].size, 0 at first), follows one 409. The
 * tiles are read from several threads at once. ERR_OK even if none cosigned;
 * ERR_NOMEM, ERR_NOSPACE; the errors of parsing ask->note.
 */
enum err logd_ask_witnesses(struct wr *lines, struct logd_witness *w, size_t n,
    const struct logd_ask *ask, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

#endif
