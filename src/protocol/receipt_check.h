/*
 * What a receipt's statement is worth, once its evidence was accepted: one check
 * after the other, as docs/receipt.md section 4 lists them. Bytes in, verdict
 * out; who asks has judged the evidence for the receipt's channel key before.
 */
#ifndef CONFER_PROTOCOL_RECEIPT_CHECK_H
#define CONFER_PROTOCOL_RECEIPT_CHECK_H

#include "protocol/receipt.h"

enum receipt_check_id {
	RECEIPT_CHECK_FORMAT,
	RECEIPT_CHECK_SIGNATURE,
	RECEIPT_CHECK_CHANNEL,
	RECEIPT_CHECK_MODEL,
	RECEIPT_CHECK_REQUEST, /* without the text: not run, and no failure */
	RECEIPT_CHECK_ANSWER,  /* likewise */
	RECEIPT_CHECK_N
};

struct receipt_check {
	bool present;       /* there is a statement */
	bool accepted;      /* and every check that could be made has passed */
	bool request_shown; /* the question is there and is the one */
	bool answer_shown;  /* so "this answer came from there" may be said */
	struct receipt_statement statement; /* zero unless accepted */
	struct {
		enum check_result result;
		char text[ERR_MSG_LEN_MAX];
	} line[RECEIPT_CHECK_N];
};

/*
 * . v: the concluded verdict on r->evidence for r->channel_key. ERR_OK with
 * out->accepted, or with !out->present where there is no statement. ERR_POLICY:
 * v did not accept, or names no receipt key; ERR_AUTH: a signature, key or hash
 * does not fit; the errors of receipt_statement_parse.
 */
enum err receipt_check(struct receipt_check *out, const struct receipt *r,
    const struct verdict *v, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/* A few words for a column: "statement signature". Static. */
const char *receipt_check_name(enum receipt_check_id id);

#endif
