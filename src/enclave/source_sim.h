/*
 * Evidence from the simulated security processor: ask confer-simtee for a
 * report about this process. docs/attestation.md, section 4.
 */
#ifndef CONFER_ENCLAVE_SOURCE_SIM_H
#define CONFER_ENCLAVE_SOURCE_SIM_H

#include <stdint.h>

#include "attest/sim.h"
#include "attest/snp.h"
#include "base/err.h"
#include "sys/addr.h"

#define SOURCE_SIM_MS 2000 /* a sound answer takes 2 ms */

struct source_sim_evidence {
	uint8_t report[SNP_REPORT_LEN];
	uint8_t endorsement[SIM_ENDORSEMENT_LEN];
};

/*
 * One exchange with the processor at `a`, within timeout_ms in all. Blocks. The
 * answer is a parsed report that carries our REPORT_DATA, and an endorsement
 * for it; whether anyone believes them is the client's matter. ERR_NOTFOUND,
 * ERR_TIMEOUT, ERR_IO, ERR_TRUNCATED, ERR_TRAILING; ERR_PROTOCOL: it answered
 * in another way; ERR_POLICY: it refused, ctx says why; ERR_AUTH: the report
 * is about another REPORT_DATA. *out is zero on failure.
 */
enum err enclave_source_sim_fetch(struct source_sim_evidence *out,
    const struct addr *a, const uint8_t report_data[SNP_REPORT_DATA_LEN],
    unsigned timeout_ms, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

#endif
