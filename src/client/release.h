/*
 * Release records of a local enclave, made and signed on this machine: what
 * `confer up` publishes in its local log before it starts the enclave.
 */
#ifndef CONFER_CLIENT_RELEASE_H
#define CONFER_CLIENT_RELEASE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/wr.h"
#include "tlog/record.h"

/* k release keys with their seeds: DIR/release-1 .. DIR/release-k, 0600. */
struct client_release_keys {
	uint8_t seed_priv[RECORD_KEYS_MAX][ED25519_SEED_LEN];
	char name[RECORD_KEYS_MAX][TLOG_KEY_NAME_LEN_MAX + 1];
	struct tlog_keyset set; /* borrows from name; need == n */
};

/* What the records of a local enclave say; all strings are tokens. */
struct client_release {
	const char *product;
	const char *channel;
	const char *version;
	uint64_t seq;
	uint64_t issued;    /* unix seconds; also not-before */
	uint64_t life_s;    /* image and model; at most RECORD_LIFE_MAX_S */
	const uint8_t *sim; /* RECORD_MEASUREMENT_LEN bytes */
	uint64_t enclave_size;
	struct tlog_hash enclave_sha256;
	const char *model_name;
	uint64_t model_size;
	struct tlog_hash model_sha256;
	const char *tokenizer;
	const char *quant;
	uint64_t context;
};

/*
 * Open or create `n` keys in `dir` (1..RECORD_KEYS_MAX), all of which sign.
 * `keys` must not move afterwards. ERR_IO, ERR_FORMAT (a key file of another
 * length or mode).
 */
enum err client_release_keys_open(struct client_release_keys *keys,
    const char *dir, size_t n, struct err_ctx *ctx)
    __attribute__((warn_unused_result));
void client_release_keys_wipe(struct client_release_keys *keys);

/* Fill *rec; the strings of `what` are borrowed. */
void client_release_image(
    struct tlog_record *rec, const struct client_release *what);
void client_release_model(
    struct tlog_record *rec, const struct client_release *what);
/* Life RECORD_LIFE_POLICY_S; min-seq for image and model; any hardware, but
 * no TCB floors, so that it accepts no real machine. */
void client_release_policy(struct tlog_record *rec,
    const struct client_release *what, uint64_t policy_seq);

/* Write the whole entry: the record's text and a signature of every key. */
enum err client_release_sign(struct wr *out,
    const struct client_release_keys *keys, const struct tlog_record *rec,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

#endif
