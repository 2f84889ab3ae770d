/*
 * The SGX extension of a PCK certificate (OID 1.2.840.113741.1.13.1): which
 * platform, and its security version numbers. Intel "SGX PCK Certificate and
 * CRL Profile Specification", section 1.3.5.
 */
#ifndef CONFER_ATTEST_DCAP_PCK_H
#define CONFER_ATTEST_DCAP_PCK_H

#include <stdbool.h>
#include <stdint.h>

#include "attest/dcap_quote.h"
#include "attest/x509.h"

#define PCK_PPID_LEN     16
#define PCK_FMSPC_LEN    6
#define PCK_PCEID_LEN    2
#define PCK_INSTANCE_LEN 16

struct dcap_pck {
	uint8_t ppid[PCK_PPID_LEN];
	uint8_t svn[DCAP_SVN_LEN]; /* the 16 TCB components */
	uint16_t pcesvn;
	uint8_t cpusvn[DCAP_SVN_LEN]; /* must agree with svn */
	uint8_t pceid[PCK_PCEID_LEN];
	uint8_t fmspc[PCK_FMSPC_LEN];
	uint8_t sgx_type;  /* 0 standard, 1 scalable, 2 with integrity */
	bool has_instance; /* the rest: Platform CA only */
	uint8_t instance[PCK_INSTANCE_LEN];
	bool has_config;
	bool dynamic, cached_keys, smt; /* of a member that is absent: false */
};

/*
 * Read it from a parsed certificate: each member once, exact sizes, svn and
 * cpusvn alike. ERR_FORMAT naming the member and its offset in the extension.
 * A fuzz target.
 */
enum err dcap_pck_parse(struct dcap_pck *out, const struct x509_cert *cert,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

#endif
