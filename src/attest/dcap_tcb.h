/*
 * Intel's TCB evaluation, as pure functions: platform numbers and signed lists
 * in, status and advisories out. The rules are those of Intel's quote
 * verification library; docs/attestation.md, section 10, states them.
 */
#ifndef CONFER_ATTEST_DCAP_TCB_H
#define CONFER_ATTEST_DCAP_TCB_H

#include "attest/dcap_collateral.h"
#include "attest/dcap_pck.h"
#include "attest/dcap_quote.h"

/* What the evaluation found. Pointers are into the documents; NULL: none. */
struct dcap_tcb {
	const struct tcb_level *sgx_level; /* first whose SGX part matches */
	const struct tcb_level *tdx_level; /* first whose TDX part does too */
	const struct tdx_module *module;   /* TDX */
	const struct isv_level *module_level; /* TDX from module version 1 */
	const struct isv_level *qe_level;
	enum dcap_status qe_status;
	enum dcap_status module_status;   /* UP_TO_DATE where there is none */
	enum dcap_status platform_status; /* of the level that matched */
	enum dcap_status status;          /* converged: the final one */
	bool relaunch_advised;
};

/*
 * Is the QE the one that the identity describes: mrsigner, isvprodid, and
 * miscselect and attributes under their masks; and not a debug enclave?
 * ERR_AUTH naming the field.
 */
enum err dcap_qe_match(const struct qe_identity *id,
    const struct sgx_report *qe, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/*
 * Which TDX module runs, and is it Intel's? By tee_tcb_svn[1]: 0 is tdxModule,
 * else the identity of that version. *module is set; ERR_UNSUPPORTED if the
 * list has none, ERR_AUTH naming what differs.
 */
enum err dcap_module_match(const struct tcb_info *info,
    const struct td_report *td, const struct tdx_module **module,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/*
 * Evaluate levels and converge. Never fails: what does not match is the status
 * DCAP_NOT_SUPPORTED. `td` is NULL for SGX. out->module must be set for TDX.
 */
void dcap_tcb_evaluate(struct dcap_tcb *out, const struct tcb_info *info,
    const struct qe_identity *qe_id, const struct dcap_pck *pck,
    const struct sgx_report *qe, const struct td_report *td);

/* Call fn for each different advisory id of the levels that matched; stops and
 * returns false when fn does. At most TCB_ADVISORIES_MAX * 3 calls. */
bool dcap_tcb_advisories(const struct dcap_tcb *tcb,
    bool (*fn)(void *cookie, const char *id), void *cookie);

#endif
