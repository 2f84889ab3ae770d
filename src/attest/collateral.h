/*
 * What vouches for a hardware report and does not come from the hardware:
 * certificates, revocation lists, the vendor's word on firmware. A container of
 * typed parts, in evidence and on the way from the host to the enclave, and the
 * exchange on that way. docs/attestation.md, section 11.
 *
 *	container = u8 version (1), then parts in ascending order of type:
 *	            u8 type, u24 big-endian length, bytes
 *	request   = magic 8, u8 kind, and for SNP: u8 product, u8 key,
 *	            CHIP_ID 64, REPORTED_TCB 8
 *	answer    = magic 8, u32 big-endian status, u32 length, container
 *
 * Everything here was signed by somebody else and proves nothing by where it
 * came from.
 */
#ifndef CONFER_ATTEST_COLLATERAL_H
#define CONFER_ATTEST_COLLATERAL_H

#include <stdint.h>

#include "attest/snp.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/wr.h"

/* Beside a quote and the records this still fits one evidence bundle. */
#define COLLATERAL_LEN_MAX (48 * 1024)
#define COLLATERAL_VERSION 1

enum collateral_part {
	COLLATERAL_LEAF = 1,        /* VCEK or VLEK, DER */
	COLLATERAL_CA = 2,          /* ASK or ASVK, DER */
	COLLATERAL_AMD_CRL = 3,     /* DER */
	COLLATERAL_TCB_INFO = 4,    /* JSON as Intel signed it */
	COLLATERAL_QE_IDENTITY = 5, /* JSON as Intel signed it */
	COLLATERAL_TCB_SIGNING = 6, /* chain of the two above, PEM */
	COLLATERAL_ROOT_CRL = 7,    /* of Intel's root, DER */
	COLLATERAL_PCK_CRL = 8,     /* of the PCK's issuer, DER */
	COLLATERAL_PARTS
};

/* By type; an absent part has length 0. Entry 0 is not used. */
struct collateral {
	struct bytes part[COLLATERAL_PARTS];
};

/*
 * Take a container apart, the whole of `in`. ERR_LIMIT above
 * COLLATERAL_LEN_MAX; ERR_UNSUPPORTED for another version; ERR_FORMAT for a
 * type that is unknown, repeated or out of order, an empty part, or no part;
 * ERR_TRUNCATED. Messages name the offset. *out borrows `in`, zero on failure.
 */
enum err collateral_parse(struct collateral *out, struct bytes in,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/* Write the parts that are not empty. ERR_FORMAT if none is, ERR_LIMIT above
 * COLLATERAL_LEN_MAX in all, ERR_NOSPACE. */
enum err collateral_write(struct wr *w, const struct collateral *c)
    __attribute__((warn_unused_result));

/* ---- the exchange */

#define COLLATERAL_MAGIC           "confcol\x01" /* the last byte is the version */
#define COLLATERAL_MAGIC_LEN       8
#define COLLATERAL_HEAD_LEN        (COLLATERAL_MAGIC_LEN + 4 + 4)
#define COLLATERAL_ASK_LEN         (COLLATERAL_MAGIC_LEN + 1) /* a request's start */
#define COLLATERAL_SNP_LEN         (1 + 1 + SNP_CHIP_ID_LEN + SNP_TCB_LEN)
#define COLLATERAL_REQUEST_LEN_MAX (COLLATERAL_ASK_LEN + COLLATERAL_SNP_LEN)

/* The kind of TEE, the same byte as in evidence. */
enum collateral_kind {
	COLLATERAL_FOR_SNP = 1,
	COLLATERAL_FOR_TDX = 2,
	COLLATERAL_FOR_SGX = 3,
};

enum collateral_status {
	COLLATERAL_OK = 0,
	COLLATERAL_BAD_REQUEST = 1, /* another magic, version or kind */
	COLLATERAL_NONE = 2,        /* there is nothing for this kind */
	COLLATERAL_FAILED = 3,      /* something is there, but not to be used */
};

struct collateral_request {
	enum collateral_kind kind;
	enum snp_family product;  /* these four: SNP only, else zero */
	enum snp_signing_key key; /* VCEK or VLEK */
	uint8_t chip_id[SNP_CHIP_ID_LEN];
	uint8_t reported_tcb[SNP_TCB_LEN];
};

/* Bytes of a whole request that starts so; 0: it is none that we know. */
size_t collateral_request_len(const uint8_t start[COLLATERAL_ASK_LEN]);

/*
 * The whole of `in`. ERR_UNSUPPORTED for another magic or kind, ERR_FORMAT for
 * another product or key, ERR_TRUNCATED, ERR_TRAILING. *out is zero on failure.
 */
enum err collateral_request_parse(struct collateral_request *out,
    struct bytes in, struct err_ctx *ctx) __attribute__((warn_unused_result));
void collateral_request_write(
    struct wr *w, const struct collateral_request *req);

/* An answer's head: the container follows if the status is COLLATERAL_OK. */
struct collateral_head {
	uint32_t status;
	uint32_t len; /* of the container; 0 with another status */
};

/*
 * Exactly COLLATERAL_HEAD_LEN bytes. ERR_UNSUPPORTED for another magic,
 * ERR_FORMAT for a length that does not go with the status, ERR_LIMIT above
 * COLLATERAL_LEN_MAX, ERR_TRUNCATED, ERR_TRAILING. *out is zero on failure.
 */
enum err collateral_head_parse(struct collateral_head *out, struct bytes in,
    struct err_ctx *ctx) __attribute__((warn_unused_result));
void collateral_head_write(struct wr *w, const struct collateral_head *head);

#endif
