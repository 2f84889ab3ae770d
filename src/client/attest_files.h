/*
 * Recorded evidence in files, for `confer attest`: read and decoded into one
 * struct that the verifiers of attest/ borrow from. Nothing is judged here.
 */
#ifndef CONFER_CLIENT_ATTEST_FILES_H
#define CONFER_CLIENT_ATTEST_FILES_H

#include "attest/attest.h"
#include "base/err.h"

#define ATTEST_FILE_LEN_MAX (64 * 1024)

struct attest_file {
	uint8_t data[ATTEST_FILE_LEN_MAX];
	size_t len;
};

/* About 400 KB: on the heap. */
struct attest_files {
	struct attest_file report; /* or the quote */
	struct attest_file leaf, chain[2], crl;
	struct attest_file tcb_info, qe_identity, tcb_signing_chain;
	struct attest_file root_ca_crl, pck_crl;
	struct attest_file policy;
};

/* Paths of SNP evidence; crl may be NULL. */
struct attest_snp_paths {
	const char *report;
	const char *cert;  /* VCEK or VLEK, DER or PEM */
	const char *chain; /* ASK or ASVK, then ARK, PEM */
	const char *crl;   /* DER */
};

/*
 * Read them; *out borrows `files`. Errors of fd_read_file(), and of
 * x509_pem_next() for a certificate or chain that is no PEM; ERR_TRAILING if the
 * chain has more than two.
 */
enum err attest_files_snp(struct snp_evidence *out, struct attest_files *files,
    const struct attest_snp_paths *paths, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/*
 * A quote and what its directory has of tcb_info.json, qe_identity.json,
 * tcb_signing_chain.pem, root_ca.crl.der and pck.crl.der. A file that is not
 * there is an empty part, which the verifier refuses by name; dir NULL: all are.
 */
enum err attest_files_dcap(struct dcap_evidence *out,
    struct attest_files *files, const char *quote, const char *dir,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/* A policy by name: "strict", "baseline", or else a file. */
enum err attest_files_policy(struct attest_policy *out,
    struct attest_files *files, const char *name, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

#endif
