/*
 * The simulated security processor's endorsement: what the vendor's
 * certificate chain is to a real chip, one fixed structure is here. A root key
 * that one machine made for itself signs {chip id, TCB, chip key}, and the chip
 * key signs SNP-shaped reports. docs/attestation.md, section 4.
 *
 * Nothing here protects anything from the machine's owner. It exists so that
 * every other check runs for real on machines without a TEE.
 */
#ifndef CONFER_ATTEST_SIM_H
#define CONFER_ATTEST_SIM_H

#include <stdbool.h>
#include <stdint.h>

#include "attest/snp.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/wr.h"
#include "crypto/crypto.h"
#include "crypto/obligation.h"

#define SIM_MAGIC_LEN   26 /* "confer-sim-endorsement v1" and its NUL */
#define SIM_ROOT_ID_LEN SHA256_LEN
#define SIM_SIGNED_LEN                                                         \
	(SIM_MAGIC_LEN + SIM_ROOT_ID_LEN + SNP_CHIP_ID_LEN + SNP_TCB_LEN +     \
	    ECDSA_P384_PUB_LEN)
#define SIM_ENDORSEMENT_LEN (SIM_SIGNED_LEN + ECDSA_P384_SIG_LEN) /* 323 */

/* FAMILY_ID and IMAGE_ID of every simulated report; 16 bytes, NUL-padded. */
#define SIM_REPORT_VERSION_MIN 3 /* older reports do not name their CPU */
#define SIM_FAMILY_ID          "SIMULATED"
#define SIM_IMAGE_ID           "NOT PRIVATE"

struct sim_endorsement {
	uint8_t root_id[SIM_ROOT_ID_LEN]; /* SHA-256 of the root's 97 bytes */
	uint8_t chip_id[SNP_CHIP_ID_LEN];
	uint8_t reported_tcb[SNP_TCB_LEN];
	struct bytes chip_pub;    /* 04||X||Y, borrowed */
	struct bytes signed_part; /* SIM_SIGNED_LEN bytes, borrowed */
	struct bytes sig;         /* r||s, borrowed */
};

/*
 * Parse exactly SIM_ENDORSEMENT_LEN bytes; *out borrows `in`, and is zero on
 * failure. ERR_TRUNCATED, ERR_TRAILING; ERR_UNSUPPORTED for another magic;
 * ERR_FORMAT for a chip key that is not an uncompressed point.
 */
enum err sim_endorsement_parse(struct sim_endorsement *out, struct bytes in,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/* Write the SIM_SIGNED_LEN bytes that the root signs; the signature follows. */
void sim_endorsement_write(struct wr *w, const uint8_t root_id[SIM_ROOT_ID_LEN],
    const uint8_t chip_id[SNP_CHIP_ID_LEN], const uint8_t tcb[SNP_TCB_LEN],
    const uint8_t chip_pub[ECDSA_P384_PUB_LEN]);

/* The name by which an endorsement refers to a root key. */
void sim_root_id(
    uint8_t out[SIM_ROOT_ID_LEN], const uint8_t root_pub[ECDSA_P384_PUB_LEN]);

/*
 * The report must belong to the endorsed chip: the report says SIMULATED, is
 * signed by a chip key (not VLEK), CHIP_ID and REPORTED_TCB are those of the
 * endorsement, and the chip id is not zero. ERR_AUTH naming the field.
 */
enum err sim_check_chip(const struct sim_endorsement *end,
    const struct snp_report *rep, struct err_ctx *ctx)
    __attribute__((warn_unused_result));
enum err sim_check_tcb(const struct sim_endorsement *end,
    const struct snp_report *rep, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/*
 * Demand the root's signature over the endorsement, and the chip's over the
 * report. They borrow end, rep and root_pub until the set is answered.
 * ERR_LIMIT if the set is full.
 */
enum err sim_oblige_endorsement(struct obligations *set,
    const struct sim_endorsement *end,
    const uint8_t root_pub[ECDSA_P384_PUB_LEN])
    __attribute__((warn_unused_result));
enum err sim_oblige_report(struct obligations *set,
    const struct sim_endorsement *end, const struct snp_report *rep)
    __attribute__((warn_unused_result));

#endif
