/*
 * What the simulated processor signs: SNP-shaped reports of version 3 of a
 * made-up Genoa, and its own endorsement. docs/attestation.md, section 4.
 */
#ifndef CONFER_SIMTEE_REPORT_H
#define CONFER_SIMTEE_REPORT_H

#include <stdint.h>

#include "attest/sim.h"
#include "attest/snp.h"
#include "base/err.h"
#include "simtee/key.h"

/* One launched guest on one chip. */
struct simtee_report {
	struct simtee_key root;
	struct simtee_key chip;
	uint8_t chip_id[SNP_CHIP_ID_LEN];
	uint8_t report_id[SNP_HASH_LEN]; /* random, for the guest's life */
	uint8_t measurement[SNP_MEASUREMENT_LEN];
	uint8_t endorsement[SIM_ENDORSEMENT_LEN];
};

#define SIMTEE_REPORT_INIT                                                     \
	{                                                                      \
		.root = SIMTEE_KEY_INIT, .chip = SIMTEE_KEY_INIT               \
	}

/*
 * Open or make the keys of `dir` and sign the endorsement once. Errors of
 * simtee_key_open_pair, ERR_INTERNAL. Cleared on failure.
 */
enum err simtee_report_open(struct simtee_report *s, const char *dir,
    const uint8_t measurement[SNP_MEASUREMENT_LEN], struct err_ctx *ctx)
    __attribute__((warn_unused_result));
void simtee_report_clear(struct simtee_report *s);

/* A signed report with this REPORT_DATA. ERR_INTERNAL. */
enum err simtee_report_make(uint8_t out[SNP_REPORT_LEN],
    const struct simtee_report *s,
    const uint8_t report_data[SNP_REPORT_DATA_LEN])
    __attribute__((warn_unused_result));

#endif
