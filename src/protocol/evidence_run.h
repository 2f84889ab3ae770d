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

/* One of the records with its proof. */
struct evidence_logged {
	struct tlog_record *rec;
	struct tlog_included in;
};

/* Everything that a check may look at. */
struct evidence_run {
	struct verdict *v;
	const struct evidence_demand *demand;
	struct evidence_work *work;
	struct bytes bundle;
	const uint8_t *s_pub;
	struct evidence ev;
	struct snp_report report; /* these three: of simulated evidence */
	struct sim_endorsement endorsement;
	const uint8_t *root_pub;    /* borrowed from the trust */
	const uint8_t *report_data; /* of the report or quote, once it parsed */
	struct report_data_fields binding;
	struct evidence_logged image;
	struct evidence_logged model;
	struct evidence_logged policy;
	struct evidence_logged rebuild;
	const struct tlog_key *rebuilder; /* borrowed from the trust, or NULL */
};

/* evidence_sim.c: what the simulated hardware says. */
#define EVIDENCE_SIM_CHECKS 7
extern const struct check_def evidence_sim_checks[EVIDENCE_SIM_CHECKS];

/*
 * evidence_hardware.c: everything that depends on the kind of TEE. Preparing
 * takes the sections of a real machine apart for the tables of attest/, whose
 * `run` evidence_hardware_run() is; ERR_FORMAT, ERR_LIMIT, ERR_UNSUPPORTED.
 */
enum err evidence_hardware_prepare(struct evidence_run *r, struct err_ctx *ctx)
    __attribute__((warn_unused_result));
void *evidence_hardware_run(struct evidence_run *r);

/* Add what the log's policy record demands and lists to a strict policy. */
void evidence_hardware_demand(
    struct attest_policy *p, const struct record_policy *rec);

/* Does a line of the image record name this launch? */
bool evidence_hardware_released(
    const struct evidence_run *r, const struct record_image *image);

/* What the accepted report or quote says. */
void evidence_hardware_claims(struct claims *c, const struct evidence_run *r);

/* evidence_release.c: what the records and the log say. */
#define EVIDENCE_RELEASE_CHECKS 14
extern const struct check_def evidence_release_checks[EVIDENCE_RELEASE_CHECKS];

/*
 * What is asked of every record: that it is of this kind and of the trust's
 * product and channel; that its proof shows it in the log; that it is
 * current; that the policy record does not end it.
 */
enum err evidence_record_is(const struct evidence_run *r,
    struct check_list *list, const struct tlog_record *rec,
    enum record_kind kind) __attribute__((warn_unused_result));
enum err evidence_record_logged(struct evidence_run *r, struct check_list *list,
    struct evidence_logged *l, enum evidence_section record,
    enum evidence_section proof) __attribute__((warn_unused_result));
enum err evidence_record_time(const struct evidence_run *r,
    struct check_list *list, const struct evidence_logged *l)
    __attribute__((warn_unused_result));
enum err evidence_record_allowed(const struct evidence_run *r,
    struct check_list *list, const struct evidence_logged *l)
    __attribute__((warn_unused_result));

/* evidence_rebuild.c: what somebody says who built the release again. */
#define EVIDENCE_REBUILD_CHECKS 1
extern const struct check_def evidence_rebuild_checks[EVIDENCE_REBUILD_CHECKS];

#endif
