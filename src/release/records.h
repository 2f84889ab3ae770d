/*
 * Release records of a local enclave, made and signed on this machine: what
 * `confer up` publishes in its own log before it starts the enclave.
 */
#ifndef CONFER_RELEASE_RECORDS_H
#define CONFER_RELEASE_RECORDS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/wr.h"
#include "logd/key.h"
#include "tlog/record.h"

/* k release keys, all of which sign: DIR/release-1 .. DIR/release-k (key.h). */
struct release_keys {
	struct logd_key signer[RECORD_KEYS_MAX];
	struct tlog_keyset set; /* borrows from signer; need == n */
};

/* What the records of a local enclave say; all strings are tokens. */
struct release_facts {
	const char *product;
	const char *channel;
	const char *version;
	uint64_t image_seq;
	uint64_t model_seq;
	uint64_t policy_seq;
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
 * Open or create `n` keys in `dir` (1..RECORD_KEYS_MAX). `keys` must not move
 * afterwards. The errors of fd_make_dirs and logd_key_open; wiped on failure.
 */
enum err release_keys_open(struct release_keys *keys, const char *dir, size_t n,
    struct err_ctx *ctx) __attribute__((warn_unused_result));
void release_keys_wipe(struct release_keys *keys);

/* Fill *rec; the strings of `what` are borrowed. */
void release_image(struct tlog_record *rec, const struct release_facts *what);
void release_model(struct tlog_record *rec, const struct release_facts *what);
/* Life RECORD_LIFE_POLICY_S; min-seq of exactly this image and model; any
 * hardware, but no TCB floor, so that it admits no real machine. */
void release_policy(struct tlog_record *rec, const struct release_facts *what);

/*
 * Write the whole entry: the record's text and a signature of every key. The
 * errors of tlog_record_format, and ERR_LIMIT above RECORD_LEN_MAX.
 */
enum err release_sign(struct wr *out, const struct release_keys *keys,
    const struct tlog_record *rec, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

#endif
