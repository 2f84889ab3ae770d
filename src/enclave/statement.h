/*
 * statement: what the enclave signs about one answer, for who asked with salts
 * (docs/protocol.md 7.1, docs/receipt.md 1). The request is hashed when it comes,
 * the answer as it leaves; neither is kept for it.
 */
#ifndef CONFER_ENCLAVE_STATEMENT_H
#define CONFER_ENCLAVE_STATEMENT_H

#include <stdbool.h>

#include "crypto/crypto_native.h"
#include "openai/openai.h"
#include "protocol/receipt_statement.h"

#define STATEMENT_SALTS_LEN (2 * RECEIPT_SALT_LEN)

/* `,"confer_receipt":{...}` and spaces: always this long [P-45]. */
#define STATEMENT_MEMBER_LEN 672

/* Of this enclave; borrowed. */
struct statement_signer {
	const uint8_t *seed_priv; /* ED25519_SEED_LEN; NULL: signs nothing */
	const uint8_t *s_pub;
	const uint8_t *model_sha256;
	uint32_t context; /* tokens */
};

/* Of one answer; zero: nobody asked. Wiped by its owner. */
struct statement {
	bool asked;
	uint8_t request_sha256[SHA256_LEN];
	struct crypto_sha256_stream answer; /* salt and text so far */
};

/*
 * Take the salts from the start of a request's body and hash what is behind
 * them; *body is that afterwards. ERR_TRUNCATED: it is too short.
 */
enum err statement_begin(struct statement *s, struct bytes *body)
    __attribute__((warn_unused_result));

/* The next bytes of the answer's text. Nothing happens if nobody asked. */
void statement_text(struct statement *s, struct bytes text);

/*
 * The answer's text is complete: write the member, STATEMENT_MEMBER_LEN bytes.
 * Leaves work on the key in the stack below: see secret_scrub_stack().
 */
void statement_write(struct wr *w, struct statement *s,
    const struct statement_signer *signer, const struct openai_request *r,
    enum engine_finish finish);

#endif
