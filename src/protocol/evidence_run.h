/*
 * Inside the verdict: what the checks share. Only evidence_*.c include this.
 * Each check compares, writes what it compared to its line, and returns ERR_OK
 * or sets r->ctx.
 */
#ifndef CONFER_PROTOCOL_EVIDENCE_RUN_H
#define CONFER_PROTOCOL_EVIDENCE_RUN_H

#include "attest/sim.h"
#include "protocol/evidence.h"
#include "tlog/proof.h"

#define SHORT_HEX_BYTES 6 /* enough of a hash to tell two apart by eye */
#define SHORT_HEX_LEN   (2 * SHORT_HEX_BYTES + 1)

/* One of the three records with its proof. */
struct evidence_logged {
	struct tlog_record *rec;
	struct tlog_included in;
};

/* Everything that a check may look at. */
struct evidence_run {
	struct verdict *v;
	const struct evidence_demand *demand;
	struct bytes bundle;
	const uint8_t *s_pub;
	struct evidence ev;
	struct snp_report report;
	struct sim_endorsement endorsement;
	const uint8_t *root_pub; /* borrowed from the trust */
	struct report_data_fields binding;
	struct evidence_logged image;
	struct evidence_logged model;
	struct evidence_logged policy;
	char *text; /* of the check that runs, ERR_MSG_LEN_MAX */
	struct err_ctx *ctx;
};

/* Write the line of the check that runs. */
void evidence_say(struct evidence_run *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* The start of a hash in hexadecimal; returns out. */
const char *evidence_short_hex(char out[SHORT_HEX_LEN], const uint8_t *p);

/* The session ends at t at the latest. */
void evidence_deadline(struct evidence_run *r, uint64_t t);

/* evidence_sim.c: what the simulated hardware says. */
enum err evidence_check_format(struct evidence_run *r)
    __attribute__((warn_unused_result));
enum err evidence_check_tee(struct evidence_run *r)
    __attribute__((warn_unused_result));
enum err evidence_check_report(struct evidence_run *r)
    __attribute__((warn_unused_result));
enum err evidence_check_root(struct evidence_run *r)
    __attribute__((warn_unused_result));
enum err evidence_check_chip(struct evidence_run *r)
    __attribute__((warn_unused_result));
enum err evidence_check_tcb(struct evidence_run *r)
    __attribute__((warn_unused_result));
enum err evidence_check_endorsement_sig(struct evidence_run *r)
    __attribute__((warn_unused_result));
enum err evidence_check_report_sig(struct evidence_run *r)
    __attribute__((warn_unused_result));
enum err evidence_check_guest(struct evidence_run *r)
    __attribute__((warn_unused_result));
enum err evidence_check_report_data(struct evidence_run *r)
    __attribute__((warn_unused_result));

/* evidence_release.c: what the records and the log say. */
enum err evidence_check_image_signed(struct evidence_run *r)
    __attribute__((warn_unused_result));
enum err evidence_check_image_logged(struct evidence_run *r)
    __attribute__((warn_unused_result));
enum err evidence_check_image_time(struct evidence_run *r)
    __attribute__((warn_unused_result));
enum err evidence_check_measurement(struct evidence_run *r)
    __attribute__((warn_unused_result));
enum err evidence_check_model_signed(struct evidence_run *r)
    __attribute__((warn_unused_result));
enum err evidence_check_model_logged(struct evidence_run *r)
    __attribute__((warn_unused_result));
enum err evidence_check_model_time(struct evidence_run *r)
    __attribute__((warn_unused_result));
enum err evidence_check_model_named(struct evidence_run *r)
    __attribute__((warn_unused_result));
enum err evidence_check_policy_signed(struct evidence_run *r)
    __attribute__((warn_unused_result));
enum err evidence_check_policy_logged(struct evidence_run *r)
    __attribute__((warn_unused_result));
enum err evidence_check_policy_time(struct evidence_run *r)
    __attribute__((warn_unused_result));
enum err evidence_check_policy_seq(struct evidence_run *r)
    __attribute__((warn_unused_result));
enum err evidence_check_image_allowed(struct evidence_run *r)
    __attribute__((warn_unused_result));
enum err evidence_check_model_allowed(struct evidence_run *r)
    __attribute__((warn_unused_result));
enum err evidence_check_deadline(struct evidence_run *r)
    __attribute__((warn_unused_result));

#endif
