/*
 * AMD SEV-SNP evidence: report, its VCEK or VLEK, the certificates above, and
 * AMD's revocation list. snp_verify.c holds the checks that make claims
 * authentic, snp_policy.c those that decide whether they are good enough; both
 * are tables for check_run(). docs/attestation.md, section 8.
 */
#ifndef CONFER_ATTEST_SNP_VERIFY_H
#define CONFER_ATTEST_SNP_VERIFY_H

#include "attest/check.h"
#include "attest/policy.h"
#include "attest/roots.h"
#include "attest/snp.h"
#include "attest/snp_cert.h"
#include "attest/x509.h"

/* What arrives; DER. Everything here is untrusted. */
struct snp_evidence {
	struct bytes report;
	struct bytes leaf; /* VCEK or VLEK */
	struct bytes ca;   /* ASK or ASVK */
	struct bytes root; /* ARK as sent along; empty: not sent. If it is here
			      it must be the pinned one */
	struct bytes crl;  /* empty: none was sent */
};

/* One verification. Set the first part, zero the rest; borrows all. */
struct snp_run {
	struct snp_evidence ev;
	const struct root_key *roots; /* attest_roots */
	const struct attest_policy *policy;
	uint64_t now_s;

	struct snp_report report; /* from here on: filled by the checks */
	enum snp_family family;   /* by CPUID; version 2: by the chain */
	struct x509_cert leaf, ca, root;
	struct snp_cert_ext ext;
	struct x509_crl crl;
	const struct root_key *pinned;
};

/*
 * Table 1, authenticity: REPORT, CERTIFICATES, ROOT, CHAIN, CERT_TIME,
 * REVOCATION, KEY_KIND, CHIP, TCB, REPORT_SIG.
 * Table 2, policy, after table 1 on the same run: GUEST, PRODUCT, MEMORY,
 * TCB_STATUS, HARDWARE. Its verdict stands only when the obligations of table 1
 * are answered too.
 */
#define SNP_CHECKS_AUTHENTIC 10
#define SNP_CHECKS_POLICY    5
extern const struct check_def snp_checks_authentic[SNP_CHECKS_AUTHENTIC];
extern const struct check_def snp_checks_policy[SNP_CHECKS_POLICY];

#endif
