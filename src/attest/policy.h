/*
 * The attestation policy: what a client demands of authentic hardware claims.
 * A built-in strict one, a plain text file (`confer-attest-policy/v1`,
 * docs/attestation.md, section 9), and what the release log's policy record
 * adds. Every comparison that accepts or refuses stands in snp_policy.c and
 * dcap_policy.c; here is only the data.
 */
#ifndef CONFER_ATTEST_POLICY_H
#define CONFER_ATTEST_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attest/snp.h"
#include "base/err.h"
#include "base/mem.h"

#define POLICY_LEN_MAX        (64 * 1024)
#define POLICY_CHIPS_MAX      64
#define POLICY_ADVISORIES_MAX 64
#define POLICY_ADVISORY_LEN   24 /* "INTEL-SA-00615" with room */
#define POLICY_PPID_LEN       16

/* Final status of a platform, Intel's words. In order of Intel's severity. */
enum dcap_status {
	DCAP_UP_TO_DATE = 0,
	DCAP_SW_HARDENING_NEEDED,
	DCAP_CONFIGURATION_NEEDED,
	DCAP_CONFIGURATION_AND_SW_HARDENING_NEEDED,
	DCAP_TD_RELAUNCH_ADVISED,
	DCAP_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED,
	DCAP_OUT_OF_DATE,
	DCAP_OUT_OF_DATE_CONFIGURATION_NEEDED,
	DCAP_REVOKED,
	DCAP_NOT_SUPPORTED, /* no level matches */
	DCAP_STATUSES
};

/* "UpToDate", ...; static. */
const char *dcap_status_name(enum dcap_status s);

/* What is demanded of one AMD product. */
struct snp_product_policy {
	bool accepted;    /* false: refused whatever its firmware */
	bool only_listed; /* accepted only if the chip itself is listed, even
			     where any_hardware is set */
	struct snp_tcb floor; /* for reported, committed and launch TCB; its
			       named components count, `raw` stays zero */
};

struct policy_chip {
	uint8_t id[SNP_CHIP_ID_LEN]; /* CHIP_ID; Turin: 8 bytes and zeros */
	uint64_t not_after;          /* Unix seconds: refused from then on */
};

struct policy_platform {
	uint8_t ppid[POLICY_PPID_LEN];
	uint64_t not_after;
};

struct snp_policy {
	struct snp_product_policy milan, genoa, turin;
	uint32_t report_version_min; /* 3: version 2 does not name its CPU */
	bool allow_vlek;
	bool allow_masked_chip; /* CHIP_ID zero under a VCEK */
	uint32_t vmpl_max;
	bool require_crl;          /* else only where one is given */
	bool current_is_committed; /* refuse provisional firmware */
	uint64_t guest_require;    /* POLICY bits that must be 1 */
	uint64_t guest_refuse;     /* POLICY bits that must be 0 */
	uint64_t platform_require; /* PLATFORM_INFO bits that must be 1 */
	/* Demand of the guest's POLICY what the processor offers: ciphertext
	 * hiding and page-swap disable. */
	bool protect_memory;
};

/* TDATTRIBUTES and XFAM bits that the built-in policies name. */
#define TD_DEBUG           (1ULL << 0)
#define TD_SEPT_VE_DISABLE (1ULL << 28)
#define TD_PKS             (1ULL << 30)

struct dcap_policy {
	uint32_t statuses; /* bit s: enum dcap_status s is accepted */
	char advisory[POLICY_ADVISORIES_MAX][POLICY_ADVISORY_LEN];
	size_t n_advisories;   /* tolerated ones, whatever the status; the rest
				is refused unless the status is UpToDate */
	uint32_t tdx_eval_min; /* lowest tcbEvaluationDataNumber */
	uint32_t sgx_eval_min;
	uint64_t td_require;   /* TDATTRIBUTES bits that must be 1 */
	uint64_t td_allow;     /* bits that may be 1 besides; others are 0 */
	uint64_t xfam_allow;   /* XFAM bits that may be 1 */
	bool allow_service_td; /* MRSERVICETD may be non-zero */
	bool zero_config;      /* MRCONFIGID, MROWNER, MROWNERCONFIG zero */
	bool allow_dynamic;    /* PCK: dynamicPlatform, packages may be added */
	bool accept_tdx, accept_sgx;
};

struct attest_policy {
	const char *name; /* "strict", "baseline", or the file's; for reasons */
	struct snp_policy snp;
	struct dcap_policy dcap;
	bool any_hardware; /* else only these, until they expire */
	struct policy_chip chip[POLICY_CHIPS_MAX];
	size_t n_chips;
	struct policy_platform ppid[POLICY_CHIPS_MAX];
	size_t n_ppids;
};

/* What clients use; it accepts no machine until a policy record lists one. The
 * built-in policies are functions, as constants would ship their empty lists. */
struct attest_policy attest_policy_strict(void);

/* For judging recorded evidence only: the demands of the MANIFEST of the test
 * vectors. Connections have no way to name it. */
struct attest_policy attest_policy_baseline(void);

/*
 * Parse a policy file over the strict policy: a line changes one demand, what
 * has no line stays strict. ERR_LIMIT, ERR_FORMAT, ERR_UNSUPPORTED (another
 * version), ERR_TRUNCATED; messages name the line. *out is zero on failure and
 * borrows nothing. `name` is static or outlives *out.
 */
enum err attest_policy_parse(struct attest_policy *out, struct bytes text,
    const char *name, struct err_ctx *ctx) __attribute__((warn_unused_result));

/*
 * Is the chip listed and not over at now_s? ERR_POLICY, ERR_EXPIRED, with
 * *not_after 0. *not_after is the entry's end; UINT64_MAX if any hardware is
 * accepted. policy_find_chip() asks the list whatever any_hardware says.
 */
enum err policy_find_chip(const struct attest_policy *p,
    const uint8_t chip_id[SNP_CHIP_ID_LEN], uint64_t now_s, uint64_t *not_after,
    struct err_ctx *ctx) __attribute__((warn_unused_result));
enum err policy_check_chip(const struct attest_policy *p,
    const uint8_t chip_id[SNP_CHIP_ID_LEN], uint64_t now_s, uint64_t *not_after,
    struct err_ctx *ctx) __attribute__((warn_unused_result));
enum err policy_check_ppid(const struct attest_policy *p,
    const uint8_t ppid[POLICY_PPID_LEN], uint64_t now_s, uint64_t *not_after,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

#endif
