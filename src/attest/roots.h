/*
 * The pinned roots: public keys of AMD's ARKs and of Intel's SGX Root CA,
 * compiled in. A name proves nothing: Intel's own samples carry another root
 * with the same subject. Sources: AMD KDS cert_chain, Intel PCS; their SHA-256
 * stand in docs/attestation.md, section 8, and a test recomputes them.
 */
#ifndef CONFER_ATTEST_ROOTS_H
#define CONFER_ATTEST_ROOTS_H

#include "attest/snp.h"
#include "attest/x509.h"
#include "base/mem.h"

enum attest_root {
	ROOT_ARK_MILAN = 0,
	ROOT_ARK_GENOA,
	ROOT_ARK_TURIN,
	ROOT_INTEL_SGX,
	ATTEST_ROOTS
};

struct root_key {
	const char *name;  /* "ARK-Milan": also the subject's CN */
	struct bytes spki; /* SubjectPublicKeyInfo, DER */
};

/*
 * The compiled-in roots, ATTEST_ROOTS of them. A verifier takes such a table as
 * a parameter so that tests can run it over a vendor of their own; programs
 * pass this one, and nothing else in the project makes one.
 */
extern const struct root_key attest_roots[ATTEST_ROOTS];

/* The root that vouches for a family; ATTEST_ROOTS for SNP_FAMILY_UNSTATED. */
enum attest_root root_of_family(enum snp_family family);

/* The family named at the end of a CN such as "SEV-Milan" or "ARK-Genoa";
 * SNP_FAMILY_UNSTATED if there is none. */
enum snp_family family_of_cn(struct bytes cn);

#endif
