/*
 * The receipt file, `confer-receipt/v1`: the evidence of one verdict, what the
 * client saw, and perhaps the enclave's statement about one answer, with or
 * without the texts that it is about. docs/receipt.md, sections 2 and 3.
 *
 * Reading borrows from the file's bytes and believes nothing: receipt_check.h
 * judges statements, evidence.h the evidence.
 */
#ifndef CONFER_PROTOCOL_RECEIPT_H
#define CONFER_PROTOCOL_RECEIPT_H

#include <stdbool.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/wr.h"
#include "crypto/crypto.h"
#include "protocol/evidence.h"
#include "protocol/frame.h"
#include "protocol/receipt_statement.h"
#include "protocol/trust.h"

#define RECEIPT_ACCOUNT_LEN_MAX 16384 /* 64 checks of 250 bytes, and a head */
#define RECEIPT_CHECKS_MAX      64
#define RECEIPT_CHECK_NAME_MAX  63
#define RECEIPT_CHECK_TEXT_MAX  200
#define RECEIPT_CLIENT_MAX      64                /* a token */
#define RECEIPT_REQUEST_MAX     FRAME_REQUEST_MAX /* with its salt */
#define RECEIPT_TEXT_MAX        (1024 * 1024)     /* of an answer */

/* A file: its magic line, and eight sections with type and length. */
#define RECEIPT_LEN_MAX                                                        \
	(18 + 8 * 5 + RECEIPT_ACCOUNT_LEN_MAX + X25519_LEN +                   \
	    EVIDENCE_LEN_MAX + TRUST_LEN_MAX + RECEIPT_STATEMENT_LEN_MAX +     \
	    ED25519_SIG_LEN + RECEIPT_REQUEST_MAX + RECEIPT_SALT_LEN +         \
	    RECEIPT_TEXT_MAX)

enum receipt_handshake {
	RECEIPT_XX = 0,
	RECEIPT_IK,
	RECEIPT_IK_SAME, /* the evidence is what the client held */
	RECEIPT_XXFALLBACK,
	RECEIPT_HANDSHAKE_N
};

/* What the client saw; checks borrows the lines. Nothing of it is proven. */
struct receipt_account {
	struct bytes client; /* a token */
	uint64_t verified_at;
	uint64_t deadline;
	enum receipt_handshake handshake;
	enum tee_kind tee;
	size_t checks_n;
	struct bytes checks;
};

/* One check of an account. */
struct receipt_check_line {
	struct bytes name;
	struct bytes text;
};

/*
 * . The account alone: ERR_FORMAT, ERR_LIMIT, ERR_TRUNCATED, ERR_TRAILING
 * with line and offset; *out is zero on failure and borrows text otherwise.
 */
enum err receipt_account_parse(struct receipt_account *out, struct bytes text,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/* The next check of an account that was parsed: false at the end. Begin with a
 * copy of account->checks. */
bool receipt_account_next(struct bytes *rest, struct receipt_check_line *out);

/* Write the head of an account; receipt_account_check for each line follows. */
void receipt_account_write(struct wr *w, const struct receipt_account *a);

/* Write one check; bytes of text that may not stand there become '?'. */
void receipt_account_check(struct wr *w, const char *name, const char *text);

/* "xx", "ik", "ik-same", "xxfallback". */
const char *receipt_handshake_name(enum receipt_handshake h);

/* A file taken apart; all borrowed, absent parts have length 0. */
struct receipt {
	struct bytes account_text;
	struct receipt_account account;
	struct bytes channel_key; /* X25519_LEN */
	struct bytes evidence;
	struct bytes trust;
	struct bytes statement;
	struct bytes signature; /* ED25519_SIG_LEN */
	/* With their salts before them. */
	struct bytes request;
	struct bytes answer;
};

/*
 * . ERR_UNSUPPORTED: not a receipt of this version; ERR_FORMAT: a section
 * that is unknown, out of order, repeated or missing, or of a wrong length;
 * ERR_LIMIT, ERR_TRUNCATED, and the errors of the account. *out is zero on
 * failure. What is in the sections but the account is not looked at.
 */
enum err receipt_parse(struct receipt *out, struct bytes in,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/*
 * Write a file of the parts; account is not used, account_text is. ERR_FORMAT in
 * w for parts that parse would refuse.
 */
void receipt_write(struct wr *w, const struct receipt *r);

/* Does this look like a receipt, of whatever version? */
bool receipt_is(struct bytes in);

#endif
