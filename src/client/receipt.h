/*
 * Receipts on the client's side: making one of an open session and perhaps of an
 * answer, and judging one again later, offline. docs/receipt.md.
 */
#ifndef CONFER_CLIENT_RECEIPT_H
#define CONFER_CLIENT_RECEIPT_H

#include "client/judge.h"
#include "client/proof.h"

#define CLIENT_RECEIPT_AHEAD_S 300 /* how far clocks may disagree */

/* What a receipt is made of; all borrowed. */
struct client_receipt {
	const struct client_conn *conn; /* its evidence was accepted */
	const char *client;             /* a token: who made it */
	struct bytes trust_text;
	const struct client_proof *proof; /* NULL, or nothing stated: none */
};

/*
 * Write the receipt to `path`, mode 0600. ERR_POLICY: what the connection
 * verified is not that of the proof (any more), or nothing; ERR_NOMEM, and the
 * errors of fd_replace_file().
 */
enum err client_receipt_save(
    const char *path, const struct client_receipt *what, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/* The same into a buffer, for which RECEIPT_LEN_MAX bytes suffice. */
enum err client_receipt_write(struct wr *w, const struct client_receipt *what,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

enum client_receipt_time {
	CLIENT_RECEIPT_THEN, /* at the time that its account names */
	CLIENT_RECEIPT_NOW,
};

/*
 * Judge the evidence of a receipt. demand->now_s is the clock. For a past
 * time the policy that `state` remembers does not bind, heads of logs do.
 * As client_judge(), and ERR_POLICY with the reason in j for a receipt that is
 * dated in the future.
 */
enum err client_receipt_judge(struct client_judgement *j,
    const struct client_demand *demand, const struct client_state *state,
    const struct receipt *r, enum client_receipt_time at)
    __attribute__((warn_unused_result));

#endif
