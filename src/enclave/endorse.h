/*
 * Sections 3 and 4 of real hardware's evidence: what vouches for a report, from
 * the host's certificate table and from the host's side channel
 * (attest/collateral.h). Only relayed: the vendors signed it and the client
 * judges it. docs/attestation.md, section 11.
 */
#ifndef CONFER_ENCLAVE_ENDORSE_H
#define CONFER_ENCLAVE_ENDORSE_H

#include "attest/collateral.h"
#include "enclave/source.h"
#include "protocol/evidence.h"
#include "sys/addr.h"

#define ENDORSE_ASK_MS                                                         \
	5000 /* the host's whole answer; a sound one takes 5 ms */

/* What came from the side channel: the bytes, and its parts in them. */
struct endorse_given {
	uint8_t data[COLLATERAL_LEN_MAX];
	struct collateral parts;
};

/* What the sections borrow. */
struct endorse {
	struct endorse_given given;
	uint8_t endorsement[COLLATERAL_LEN_MAX];
	uint8_t collateral[COLLATERAL_LEN_MAX];
};

/*
 * One exchange with the host at `a`, within timeout_ms in all. Blocks. The
 * answer's format is checked, and no more. ERR_NOTFOUND: nobody is there, or
 * has nothing of this kind; ERR_TIMEOUT, ERR_TRUNCATED, ERR_TRAILING,
 * ERR_PROTOCOL, ERR_IO; what the parsers report. ctx holds one sentence;
 * out->parts is zero on failure.
 */
enum err endorse_ask(struct endorse_given *out, const struct addr *a,
    const struct collateral_request *req, unsigned timeout_ms,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/*
 * Set sections 3 and 4 of *ev for a source's answer; they borrow `work`, or for
 * sim the answer. `host` may be NULL: there is no side channel. For SNP the
 * certificates of the host's table win over those of the side channel, and
 * without any for the report's key the result is ERR_NOTFOUND; a revocation
 * list comes from the side channel alone. TDX and SGX need it.
 */
enum err endorse_sections(struct evidence *ev, struct endorse *work,
    const struct source_answer *answer, const struct addr *host,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

#endif
