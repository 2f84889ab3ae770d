/*
 * Which collateral a machine needs: read from a report or quote of it. The
 * evidence is not verified here; wrong evidence fetches what is of no use.
 */
#ifndef CONFER_CLIENT_COLLATERAL_WANT_H
#define CONFER_CLIENT_COLLATERAL_WANT_H

#include <stdbool.h>

#include "attest/collateral.h"
#include "attest/dcap_pck.h"
#include "attest/snp.h"
#include "base/err.h"
#include "base/mem.h"

struct collateral_want {
	struct collateral_request req;
	struct snp_tcb tcb;           /* REPORTED_TCB by components */
	uint8_t fmspc[PCK_FMSPC_LEN]; /* these three: TDX and SGX */
	uint8_t pceid[PCK_PCEID_LEN];
	bool processor_ca; /* the PCK is of the Processor CA, else Platform */
};

/*
 * What the machine of this report (SNP) or quote (SGX, TDX) needs. `product` is
 * for reports of version 2, which do not name their processor, else
 * SNP_FAMILY_UNSTATED. Errors of the parsers; ERR_POLICY: the chip is masked,
 * the report simulated, or of another product. *out is zero on failure.
 */
enum err collateral_want_of(struct collateral_want *out, struct bytes evidence,
    enum snp_family product, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/*
 * The VCEK of a chip without a report of it, as `confer collateral serve` names
 * it: CHIP_ID and REPORTED_TCB in hexadecimal, 128 and 16 digits. Of a Turin's
 * CHIP_ID the first 16 digits will do; the others are zero. ERR_FORMAT naming
 * which. *out is zero on failure.
 */
enum err collateral_want_chip(struct collateral_want *out,
    enum snp_family product, const char *chip_id, const char *tcb,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/* "Milan", "Genoa" or "Turin"; SNP_FAMILY_UNSTATED for another word. */
enum snp_family collateral_product(const char *word);

#endif
