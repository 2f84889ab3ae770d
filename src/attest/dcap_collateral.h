/*
 * Intel's signed statements about platforms: TCB Info (version 3) and Enclave
 * Identity (version 2), as their provisioning service answers:
 * {"tcbInfo":{..},"signature":"hex"} and {"enclaveIdentity":{..},"signature":
 * "hex"}. The signature covers the exact bytes of the inner object.
 * Intel PCS API v4.
 */
#ifndef CONFER_ATTEST_DCAP_COLLATERAL_H
#define CONFER_ATTEST_DCAP_COLLATERAL_H

#include <stdbool.h>
#include <stdint.h>

#include "attest/dcap_pck.h"
#include "attest/dcap_quote.h"
#include "attest/policy.h"
#include "base/err.h"
#include "base/mem.h"

#define TCB_INFO_LEN_MAX      (40 * 1024) /* real ones: 3 to 12 KB */
#define QE_IDENTITY_LEN_MAX   (8 * 1024)
#define TCB_LEVELS_MAX        48
#define TCB_MODULES_MAX       16
#define TCB_MODULE_LEVELS_MAX 16
#define TCB_ADVISORIES_MAX    64 /* on one level */

/* The advisoryIDs of one level: the JSON array's text, checked. */
struct tcb_advisories {
	struct bytes array; /* empty: none */
	size_t n;
};

struct tcb_level {
	uint8_t sgx[DCAP_SVN_LEN];
	uint16_t pcesvn;
	uint8_t tdx[DCAP_SVN_LEN]; /* zero for SGX */
	enum dcap_status status;
	uint64_t tcb_date; /* Unix seconds */
	struct tcb_advisories advisories;
};

/* A level of the QE or of a TDX module: one number. */
struct isv_level {
	uint16_t isvsvn;
	enum dcap_status status;
	uint64_t tcb_date;
	struct tcb_advisories advisories;
};

struct tdx_module {
	uint8_t version; /* NN of "TDX_NN"; the object tdxModule: 0 */
	uint8_t mrsigner[TDX_MEASUREMENT_LEN];
	uint8_t attributes[8];
	uint8_t mask[8];
	struct isv_level level[TCB_MODULE_LEVELS_MAX]; /* descending */
	size_t n_levels;                               /* 0 for tdxModule */
};

/* Slices borrow from the text. About 16 KB. */
struct tcb_info {
	enum dcap_tee tee; /* of "id" */
	uint64_t issued;
	uint64_t next_update;
	uint8_t fmspc[PCK_FMSPC_LEN];
	uint8_t pceid[PCK_PCEID_LEN];
	uint32_t eval_number; /* tcbEvaluationDataNumber */
	bool has_module;      /* tdxModule: all TDX documents have it */
	struct tdx_module module;
	struct tdx_module identity[TCB_MODULES_MAX]; /* tdxModuleIdentities */
	size_t n_identities;
	struct tcb_level level[TCB_LEVELS_MAX]; /* sorted, highest first */
	size_t n_levels;
	struct bytes signed_part;  /* exact bytes of the object */
	uint8_t sig[DCAP_SIG_LEN]; /* r || s */
};

enum qe_id { QE_ID_QE = 1, QE_ID_TD_QE };

struct qe_identity {
	enum qe_id id;
	uint64_t issued;
	uint64_t next_update;
	uint32_t eval_number;
	uint8_t miscselect[4]; /* in the report's byte order */
	uint8_t miscselect_mask[4];
	uint8_t attributes[16];
	uint8_t attributes_mask[16];
	uint8_t mrsigner[SGX_MEASUREMENT_LEN];
	uint16_t isvprodid;
	struct isv_level level[TCB_MODULE_LEVELS_MAX]; /* descending */
	size_t n_levels;
	struct bytes signed_part;
	uint8_t sig[DCAP_SIG_LEN];
};

/*
 * Parse one document, the whole of `in`. Required: every member the evaluation
 * uses, once; arrays of exactly 16 components; known status words; dates in
 * UTC; the right version and tcbType. Unknown members are passed over: Intel
 * adds some, and the signature covers them. ERR_LIMIT, ERR_FORMAT,
 * ERR_UNSUPPORTED (version, id, tcbType), ERR_TRUNCATED, ERR_TRAILING; messages
 * name the member. *out is zero on failure.
 */
enum err tcb_info_parse(struct tcb_info *out, struct bytes in,
    struct err_ctx *ctx) __attribute__((warn_unused_result));
enum err qe_identity_parse(struct qe_identity *out, struct bytes in,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/* Walk the ids of a level: copies the next to out, NUL-terminated; false at
 * the end. *pos starts at 0. */
bool tcb_advisory_next(
    const struct tcb_advisories *a, size_t *pos, char out[POLICY_ADVISORY_LEN]);

#endif
