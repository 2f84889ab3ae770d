/*
 * REPORT_DATA: the 64 bytes in which a TEE's report names the channel key that
 * lives inside it, so that evidence about a good enclave cannot be shown for
 * somebody else's key. docs/attestation.md, section 2.
 *
 * SHA-512("confer tee-key v1\0" || lp(s_pub) || lp(gpu_evidence_hash) ||
 *         lp(beacon) || lp(batch_root) || lp(not_after) [|| lp(receipt_pub)]),
 * lp(x) = u16 big-endian length of x, then x. Absent fields have length zero;
 * an absent receipt_pub is left out, its length too.
 */
#ifndef CONFER_ATTEST_REPORT_DATA_H
#define CONFER_ATTEST_REPORT_DATA_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/wr.h"

#define REPORT_DATA_LEN           64
#define REPORT_DATA_PUB_LEN       32 /* X25519 */
#define REPORT_DATA_HASH_LEN      32 /* SHA-256 */
#define REPORT_DATA_NOT_AFTER_LEN 8
#define REPORT_DATA_RECEIPT_LEN   32 /* Ed25519 */
/* Five length prefixes, three hashes, a time and a key. */
#define REPORT_DATA_FIELDS_LEN_MAX                                             \
	(5 * 2 + 3 * REPORT_DATA_HASH_LEN + REPORT_DATA_NOT_AFTER_LEN +        \
	    REPORT_DATA_RECEIPT_LEN)

/* What is bound beside the key. A flag that is false: the field is absent. */
struct report_data_fields {
	bool has_gpu_evidence_hash;
	bool has_beacon;
	bool has_batch_root;
	bool has_not_after;
	bool has_receipt_key;
	uint8_t gpu_evidence_hash[REPORT_DATA_HASH_LEN];
	uint8_t beacon[REPORT_DATA_HASH_LEN];     /* a log checkpoint's hash */
	uint8_t batch_root[REPORT_DATA_HASH_LEN]; /* of session nonces */
	uint64_t not_after; /* Unix seconds; big endian on the wire */
	uint8_t receipt_key[REPORT_DATA_RECEIPT_LEN]; /* docs/receipt.md */
};

/* The 64 bytes for the channel key `s_pub` and the fields. */
void report_data_make(uint8_t out[REPORT_DATA_LEN],
    const uint8_t s_pub[REPORT_DATA_PUB_LEN],
    const struct report_data_fields *f);

/*
 * Read and write the fields after s_pub as they stand in evidence: four lp() in
 * the order above, and the fifth if it is there. Reading takes the whole of
 * `in`: ERR_TRUNCATED, ERR_TRAILING, or ERR_FORMAT for a length that is neither
 * 0 nor the field's; the fifth has no length 0.
 */
enum err report_data_fields_parse(struct report_data_fields *out,
    struct bytes in, struct err_ctx *ctx) __attribute__((warn_unused_result));
void report_data_fields_write(struct wr *w, const struct report_data_fields *f);

/*
 * Compare a report's REPORT_DATA with what it has to be. ERR_AUTH if it
 * differs; also when it is all zero, which a host can obtain without any key.
 */
enum err report_data_check(const uint8_t got[REPORT_DATA_LEN],
    const uint8_t s_pub[REPORT_DATA_PUB_LEN],
    const struct report_data_fields *f, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

#endif
