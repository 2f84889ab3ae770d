/*
 * What evidence says, as JSON members with the specifications' own names. Only
 * writes; whether any of it is authentic stands beside it.
 */
#ifndef CONFER_ATTEST_CLAIMS_H
#define CONFER_ATTEST_CLAIMS_H

#include "attest/attest.h"
#include "base/wr.h"

/* One object each. Hashes and ids are hexadecimal in the order of the bytes;
 * bit fields are numbers in hexadecimal with 0x. */
void attest_claims_snp(struct wr *w, const struct snp_run *run);
void attest_claims_dcap(struct wr *w, const struct dcap_run *run);

#endif
