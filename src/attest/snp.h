/*
 * The AMD SEV-SNP attestation report, versions 2 to 5: bytes in, fields out.
 * AMD 56860 "SEV Secure Nested Paging Firmware ABI", ATTESTATION_REPORT.
 *
 * Parsing proves nothing: a report is a claim until its signature over the
 * first SNP_SIGNED_LEN bytes is verified under a key that chains to a pinned
 * root. The simulated security processor writes the same format (sim.h).
 */
#ifndef CONFER_ATTEST_SNP_H
#define CONFER_ATTEST_SNP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"

#define SNP_REPORT_LEN      1184
#define SNP_SIGNED_LEN      0x2A0 /* what the signature covers */
#define SNP_VERSION_MIN     2
#define SNP_VERSION_MAX     5
#define SNP_REPORT_DATA_LEN 64
#define SNP_MEASUREMENT_LEN 48
#define SNP_CHIP_ID_LEN     64
#define SNP_ID_LEN          16 /* FAMILY_ID, IMAGE_ID */
#define SNP_HASH_LEN        32 /* HOST_DATA, REPORT_ID */
#define SNP_DIGEST_LEN      48 /* ID_KEY_DIGEST, AUTHOR_KEY_DIGEST */
#define SNP_TCB_LEN         8
#define SNP_SIG_LEN         96 /* r||s, big endian, after our conversion */
#define SNP_SIG_ECDSA_P384  1  /* SIG_ALGO: the only one that exists */

/* POLICY bits. The low 16 are the least firmware ABI version. */
#define SNP_POLICY_SMT        (1ULL << 16)
#define SNP_POLICY_MUST_BE_1  (1ULL << 17)
#define SNP_POLICY_MIGRATE_MA (1ULL << 18)
#define SNP_POLICY_DEBUG      (1ULL << 19)
#define SNP_POLICY_AES_XTS    (1ULL << 22) /* memory: AES-256-XTS */
#define SNP_POLICY_CT_HIDING  (1ULL << 24) /* CIPHERTEXT_HIDING_DRAM */
#define SNP_POLICY_NO_SWAP    (1ULL << 25) /* PAGE_SWAP_DISABLE */
#define SNP_POLICY_RESERVED   (~0ULL << 26)

/*
 * Bits of PLATFORM_INFO. Others occur on genuine machines, bit 6 among them, so
 * nothing demands that they are zero.
 */
#define SNP_PLATFORM_SMT       (1ULL << 0)
#define SNP_PLATFORM_TSME      (1ULL << 1)
#define SNP_PLATFORM_ECC       (1ULL << 2)
#define SNP_PLATFORM_CT_HIDING (1ULL << 4) /* CIPHERTEXT_HIDING_DRAM_EN */
#define SNP_PLATFORM_ALIAS_OK  (1ULL << 5) /* ALIAS_CHECK_COMPLETE */

/* KEY_INFO: who signed. */
#define SNP_KEY_INFO_AUTHOR    1U
#define SNP_KEY_INFO_MASK_CHIP 2U
#define SNP_KEY_INFO_RESERVED  (~0x1FU)

enum snp_signing_key {
	SNP_KEY_VCEK = 0, /* the chip's own key */
	SNP_KEY_VLEK = 1, /* a cloud provider's key, not tied to one chip */
	SNP_KEY_NONE = 7,
};

/* From the signed CPUID bytes; it decides the layout of a TCB version. */
enum snp_family {
	SNP_FAMILY_UNSTATED = 0, /* version 2 reports carry no CPUID bytes */
	SNP_FAMILY_MILAN,
	SNP_FAMILY_GENOA, /* also Bergamo and Siena */
	SNP_FAMILY_TURIN,
};

/* A TCB version: per-component security version numbers. */
struct snp_tcb {
	uint8_t raw[SNP_TCB_LEN];
	uint8_t fmc; /* Turin only, else 0 */
	uint8_t bootloader;
	uint8_t tee;
	uint8_t snp;
	uint8_t microcode;
};

struct snp_firmware {
	uint8_t build;
	uint8_t minor;
	uint8_t major;
};

/* Field names are those of the specification. */
struct snp_report {
	uint32_t version;
	uint32_t guest_svn;
	uint64_t policy;
	uint8_t family_id[SNP_ID_LEN];
	uint8_t image_id[SNP_ID_LEN];
	uint32_t vmpl;
	uint32_t sig_algo;
	struct snp_tcb current_tcb;
	uint64_t platform_info;
	uint32_t key_info;
	uint8_t report_data[SNP_REPORT_DATA_LEN];
	uint8_t measurement[SNP_MEASUREMENT_LEN];
	uint8_t host_data[SNP_HASH_LEN];
	uint8_t id_key_digest[SNP_DIGEST_LEN];
	uint8_t author_key_digest[SNP_DIGEST_LEN];
	uint8_t report_id[SNP_HASH_LEN];
	uint8_t report_id_ma[SNP_HASH_LEN];
	struct snp_tcb reported_tcb;
	uint8_t cpuid_family; /* these three: 0 in version 2 */
	uint8_t cpuid_model;
	uint8_t cpuid_stepping;
	uint8_t chip_id[SNP_CHIP_ID_LEN];
	struct snp_tcb committed_tcb;
	struct snp_firmware current;
	struct snp_firmware committed;
	struct snp_tcb launch_tcb;
	uint64_t launch_mit_vector; /* these two: version 5, else 0 */
	uint64_t current_mit_vector;

	enum snp_family family;
	struct bytes signed_part; /* SNP_SIGNED_LEN bytes, borrowed from `in` */
	uint8_t sig[SNP_SIG_LEN]; /* r||s, big endian */
};

/*
 * Parse exactly SNP_REPORT_LEN bytes; *out borrows `in`. Demanded here is what
 * the format fixes: length, version, signature algorithm, reserved bytes zero,
 * R and S within 48 bytes, a zero tail (which the signature does not cover).
 * Errors: ERR_TRUNCATED, ERR_TRAILING; ERR_UNSUPPORTED for a version, algorithm
 * or processor family that we do not know (the family decides what a TCB
 * means); ERR_FORMAT with the offset otherwise. *out is zero on failure.
 */
enum err snp_report_parse(struct snp_report *out, struct bytes in,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/* Name the components of t->raw in the layout of a family; UNSTATED has that of
 * Milan and Genoa, the only ones that wrote reports of version 2. */
void snp_tcb_decode(struct snp_tcb *t, enum snp_family f);

/* Bits 4..2 of KEY_INFO; other values than the enum's occur in bad input. */
enum snp_signing_key snp_signing_key(const struct snp_report *r);

/* Is each component of `a` at most that of `b`? TCBs are not integers. */
bool snp_tcb_at_most(const struct snp_tcb *a, const struct snp_tcb *b);

/* "Milan", "Genoa", "Turin" or "unstated". */
const char *snp_family_name(enum snp_family f);

/*
 * What no policy can lift, in POLICY: no DEBUG, no MIGRATE_MA, the fixed bits as
 * fixed; and in KEY_INFO: not masked, reserved bits zero. ERR_POLICY naming the
 * field. Here and below the signature has to be checked too, before or after.
 */
enum err snp_policy_bits_check(const struct snp_report *r, struct err_ctx *ctx)
    __attribute__((warn_unused_result));
enum err snp_key_info_check(const struct snp_report *r, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/* What a guest of ours must satisfy where no policy says more: both of these,
 * and VMPL 0. ERR_POLICY naming the field. */
enum err snp_guest_check(const struct snp_report *r, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/*
 * The TCB of a report must be ordered: reported <= committed <= current, and
 * launch <= current. ERR_POLICY naming the pair.
 */
enum err snp_tcb_check(const struct snp_report *r, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

#endif
