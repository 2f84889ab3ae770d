/*
 * The checks of Intel's certificates and revocation lists, for dcap_verify.c
 * alone: rows of its tables. `run` is a struct dcap_run whose quote is parsed.
 */
#ifndef CONFER_ATTEST_DCAP_CERTS_H
#define CONFER_ATTEST_DCAP_CERTS_H

#include "attest/check.h"
#include "attest/dcap_verify.h"

/* Both chains: format, roles, names, algorithms. ERR_NOTFOUND without a TCB
 * Signing chain; ERR_AUTH for a certificate that is not what it has to be; the
 * errors of the parsers. */
enum err dcap_check_certificates(void *run, struct check_list *list)
    __attribute__((warn_unused_result));

/* Both chains end in the pinned key, whatever it calls itself: ERR_AUTH. */
enum err dcap_check_root(void *run, struct check_list *list)
    __attribute__((warn_unused_result));

/* Obligations: PCK by its CA, the CA and TCB Signing by the root. */
enum err dcap_check_chain(void *run, struct check_list *list)
    __attribute__((warn_unused_result));

/* ERR_EXPIRED unless now is inside the validity of all; deadline. */
enum err dcap_check_cert_time(void *run, struct check_list *list)
    __attribute__((warn_unused_result));

/* Obligations: the two lists, of the root and of the PCK's own CA. Both are
 * current, else ERR_EXPIRED, and list nobody of ours, else ERR_AUTH; deadline.
 * ERR_NOTFOUND for a list that was not sent. */
enum err dcap_check_revocation(void *run, struct check_list *list)
    __attribute__((warn_unused_result));

/* Was the PCK certificate issued for a platform of several packages? Then
 * Intel's "PCK Platform CA" issued it, else its "PCK Processor CA". */
bool dcap_by_platform_ca(const struct dcap_run *run);

/* A part of the evidence that a check cannot do without: ERR_NOTFOUND. */
enum err dcap_need(struct bytes part, const char *name, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

#endif
