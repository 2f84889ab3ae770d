/*
 * The enclave's statement about one answer, `confer-receipt-statement/v1`: what
 * was asked and answered (as salted hashes), by which model, with which options.
 * docs/receipt.md, section 1.
 */
#ifndef CONFER_PROTOCOL_RECEIPT_STATEMENT_H
#define CONFER_PROTOCOL_RECEIPT_STATEMENT_H

#include "base/err.h"
#include "base/mem.h"
#include "base/wr.h"
#include "crypto/crypto.h"

#define RECEIPT_SALT_LEN          32
#define RECEIPT_STATEMENT_LEN_MAX 1024 /* of any version; ours are shorter */
#define RECEIPT_STATEMENT_LONGEST 514  /* every field at its longest */
#define RECEIPT_STATEMENT_LINES   14
#define RECEIPT_STOPS_MAX         4           /* [P-36] */
#define RECEIPT_F32_MAX           0x7f7fffffu /* the largest finite one */

enum receipt_finish {
	RECEIPT_STOP = 0,
	RECEIPT_LENGTH,
	RECEIPT_CANCELLED,
	RECEIPT_TOOL_CALLS,
	RECEIPT_FINISH_N
};

/*
 * Options are those that were applied. How many tokens there were is left out:
 * with the seed it would tell whether a guess of the question is right.
 */
struct receipt_statement {
	uint8_t channel_key[X25519_LEN];
	uint8_t model_sha256[SHA256_LEN];
	uint32_t context; /* tokens */
	/* Bits of IEEE 754 binary32, finite and not negative. */
	uint32_t temperature;
	uint32_t top_p;
	uint32_t min_p;
	uint32_t top_k;
	uint32_t max_tokens;
	uint32_t stops;
	uint64_t seed;
	uint8_t request_sha256[SHA256_LEN];
	uint8_t answer_sha256[SHA256_LEN];
	enum receipt_finish finish;
};

/*
 * . ERR_FORMAT, ERR_LIMIT, ERR_TRUNCATED or ERR_TRAILING, with line and
 * offset; *out is zero on failure.
 */
enum err receipt_statement_parse(struct receipt_statement *out,
    struct bytes text, struct err_ctx *ctx) __attribute__((warn_unused_result));

/* Write it; ERR_FORMAT in w for a value that parse would refuse. */
void receipt_statement_write(struct wr *w, const struct receipt_statement *s);

/* What is signed: the label, then the text of a statement. */
#define RECEIPT_SIGNED_LEN_MAX (28 + RECEIPT_STATEMENT_LEN_MAX)
void receipt_statement_signed(struct wr *w, struct bytes text);

/*
 * Does the signature of verify? ERR_LIMIT: text above
 * RECEIPT_STATEMENT_LEN_MAX; ERR_AUTH.
 */
enum err receipt_statement_verify(struct bytes text,
    const uint8_t sig[ED25519_SIG_LEN], const uint8_t pub[ED25519_PUB_LEN])
    __attribute__((warn_unused_result));

/* SHA-256(salt || text): a commitment that hides the text from who has no salt. */
void receipt_statement_hash(uint8_t out[SHA256_LEN],
    const uint8_t salt[RECEIPT_SALT_LEN], struct bytes text);

/* "stop", "length", "cancelled". */
const char *receipt_finish_name(enum receipt_finish finish);

#endif
