/*
 * proof: what one answer's receipt needs beside the evidence: the salts, the
 * request and the answer as they went over the wire, and the enclave's signed
 * statement about them, verified when it came (docs/receipt.md, section 5).
 */
#ifndef CONFER_CLIENT_PROOF_H
#define CONFER_CLIENT_PROOF_H

#include "base/json.h"
#include "client/conn.h"
#include "protocol/receipt.h"

#define CLIENT_SALTS_LEN (2 * RECEIPT_SALT_LEN)

/* All zero: nothing was asked. About 1.3 MB, most of it never touched; wiped by
 * its owner. */
struct client_proof {
	bool stated; /* a statement is here, and has been verified */
	uint8_t channel_key[X25519_LEN]; /* of the session it came from */
	size_t statement_len;
	size_t request_len;
	size_t answer_len;
	uint8_t signature[ED25519_SIG_LEN];
	uint8_t statement[RECEIPT_STATEMENT_LEN_MAX];
	uint8_t request[RECEIPT_REQUEST_MAX]; /* salt and request */
	uint8_t answer[RECEIPT_SALT_LEN + RECEIPT_TEXT_MAX]; /* likewise */
};

/* Does the enclave of this session sign statements? */
bool client_proof_possible(const struct client_conn *c);

/*
 * Start the body of a request of SESSION_METHOD_RECEIPT: writes two new salts,
 * behind which the chat request goes. Forgets what was there before.
 */
void client_proof_begin(
    struct client_proof *p, const struct client_conn *c, struct wr *body);

void client_proof_forget(struct client_proof *p);

/*
 * The answer is complete: take the statement from the RESULT's `confer_receipt`
 * and verify it with the body that was sent and the text that came. On
 * failure nothing is stated: ERR_FORMAT, ERR_LIMIT (a text that no receipt
 * holds), ERR_AUTH, and the errors of receipt_check().
 */
enum err client_proof_take(struct client_proof *p, const struct client_conn *c,
    const struct json *member, struct bytes body, struct bytes text,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/* The parts of a receipt that p has, with or without the texts. */
void client_proof_parts(
    struct receipt *out, const struct client_proof *p, bool texts);

#endif
