/*
 * The exchange with the simulated processor, one per connection: a request of
 * SIMTEE_REQUEST_LEN bytes, an answer, end. docs/attestation.md, section 4.
 *
 *	request = magic 8, REPORT_DATA 64
 *	answer  = magic 8, u32 big-endian status, and if the status is 0:
 *	          report 1184, endorsement 323
 */
#ifndef CONFER_ATTEST_SIM_WIRE_H
#define CONFER_ATTEST_SIM_WIRE_H

#include "attest/sim.h"
#include "attest/snp.h"

#define SIMTEE_MAGIC       "confsim\x01" /* the last byte is the version */
#define SIMTEE_MAGIC_LEN   8
#define SIMTEE_REQUEST_LEN (SIMTEE_MAGIC_LEN + SNP_REPORT_DATA_LEN)
#define SIMTEE_HEAD_LEN    (SIMTEE_MAGIC_LEN + 4)
#define SIMTEE_ANSWER_LEN                                                      \
	(SIMTEE_HEAD_LEN + SNP_REPORT_LEN + SIM_ENDORSEMENT_LEN)

enum simtee_status {
	SIMTEE_OK = 0,
	SIMTEE_BAD_REQUEST = 1,    /* another magic, version or length */
	SIMTEE_LAUNCH_CHANGED = 2, /* a measured file was written to */
	SIMTEE_FAILED = 3,
};

#endif
