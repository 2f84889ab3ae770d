/*
 * Intel SGX and TDX evidence: a quote with its PCK chain, and Intel's
 * collateral. dcap_verify.c holds the checks that make claims authentic,
 * dcap_policy.c those that decide whether they are good enough; both are tables
 * for check_run(). docs/attestation.md, section 10.
 */
#ifndef CONFER_ATTEST_DCAP_VERIFY_H
#define CONFER_ATTEST_DCAP_VERIFY_H

#include "attest/check.h"
#include "attest/dcap_collateral.h"
#include "attest/dcap_pck.h"
#include "attest/dcap_quote.h"
#include "attest/dcap_tcb.h"
#include "attest/policy.h"
#include "attest/roots.h"
#include "attest/x509.h"

/* What arrives. Everything here is untrusted. An empty part: not sent, and the
 * check that needs it fails. */
struct dcap_evidence {
	struct bytes quote;
	struct bytes tcb_info;          /* JSON, as Intel's service answers */
	struct bytes qe_identity;       /* JSON */
	struct bytes tcb_signing_chain; /* PEM: TCB Signing, root */
	struct bytes root_ca_crl;       /* DER */
	struct bytes pck_crl;           /* DER */
};

#define DCAP_CERT_LEN_MAX 2048 /* one certificate of these chains */

/* Decoded certificates: a caller's storage for one verification. */
struct dcap_work {
	uint8_t pck[3][DCAP_CERT_LEN_MAX];
	uint8_t signing[2][DCAP_CERT_LEN_MAX];
	struct tcb_info tcb_info;
	struct qe_identity qe_identity;
};

/* One verification. Set the first part, zero the rest; borrows all. */
struct dcap_run {
	struct dcap_evidence ev;
	struct dcap_work *work;
	enum dcap_tee tee;            /* what is expected */
	const struct root_key *roots; /* attest_roots */
	const struct attest_policy *policy;
	uint64_t now_s;

	struct dcap_quote quote; /* from here on: filled by the checks */
	struct x509_cert pck_leaf, pck_ca, root;
	struct x509_cert signing, signing_root;
	struct x509_crl root_crl, pck_crl;
	struct dcap_pck pck;
	struct dcap_tcb tcb;
};

/*
 * Table 1, authenticity, for both kinds: REPORT, CERTIFICATES, ROOT, CHAIN,
 * CERT_TIME, REVOCATION, PCK, QE_REPORT, QE_KEY, REPORT_SIG, TCB_INFO,
 * QE_IDENTITY, QE_MATCH, [TDX_MODULE,] TCB_LEVEL. Table 2, policy: GUEST,
 * TCB_STATUS, HARDWARE.
 */
#define SGX_CHECKS_AUTHENTIC 14
#define TDX_CHECKS_AUTHENTIC 15
#define DCAP_CHECKS_POLICY   3
extern const struct check_def sgx_checks_authentic[SGX_CHECKS_AUTHENTIC];
extern const struct check_def tdx_checks_authentic[TDX_CHECKS_AUTHENTIC];
extern const struct check_def dcap_checks_policy[DCAP_CHECKS_POLICY];

#endif
