/*
 * Evidence of real hardware by itself, without a release: is it authentic, and
 * good enough for a policy? What `confer attest` and the page ask; the verdict
 * of a connection (protocol/evidence.h) runs the same tables among others.
 */
#ifndef CONFER_ATTEST_ATTEST_H
#define CONFER_ATTEST_ATTEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attest/check.h"
#include "attest/dcap_verify.h"
#include "attest/snp_verify.h"

/*
 * Run both tables over evidence. ERR_OK: nothing failed, the list's obligations
 * wait. Otherwise the code of the failure, as in list->reason; those obligations that were reached
 * may still be answered, which tells whether the claims are authentic.
 */
enum err attest_snp(struct check_list *list, struct snp_run *run)
    __attribute__((warn_unused_result));
enum err attest_dcap(struct check_list *list, struct dcap_run *run)
    __attribute__((warn_unused_result));

/*
 * Take the answers, as check_conclude() does. ERR_OK: accepted. *authentic says
 * whether all checks of the first table passed, accepted or not: then the
 * report or quote is what real hardware said.
 */
enum err attest_snp_conclude(struct check_list *list, const bool *answer,
    size_t n, bool *authentic) __attribute__((warn_unused_result));
enum err attest_dcap_conclude(struct check_list *list, enum dcap_tee tee,
    const bool *answer, size_t n, bool *authentic)
    __attribute__((warn_unused_result));

#endif
