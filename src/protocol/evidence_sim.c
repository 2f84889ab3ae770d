/*
 * The checks of simulated evidence: the report, and who vouches for it.
 * docs/attestation.md, sections 4 and 7.
 */
#include "protocol/evidence_run.h"

static enum err check_report(void *run, struct check_list *list)
{
	struct evidence_run *r = run;
	enum err e = snp_report_parse(
	    &r->report, r->ev.section[EVIDENCE_REPORT], &list->reason);

	if (e != ERR_OK)
		return e;
	if (r->report.version < SIM_REPORT_VERSION_MIN) /* */
		return err_set(&list->reason, ERR_POLICY,
		    "report version %u, simulated reports have at least %u",
		    r->report.version, SIM_REPORT_VERSION_MIN);
	check_say(list, "SNP report version %u, %s, as a simulation",
	    r->report.version, snp_family_name(r->report.family));
	return ERR_OK;
}

/* Which pinned root does the endorsement name? Its signature comes later. */
static enum err check_root(void *run, struct check_list *list)
{
	struct evidence_run *r = run;
	const struct trust *t = r->demand->trust;
	uint8_t id[SIM_ROOT_ID_LEN];
	char hex[SHORT_HEX_LEN];
	enum err e = sim_endorsement_parse(&r->endorsement,
	    r->ev.section[EVIDENCE_ENDORSEMENT], &list->reason);

	if (e != ERR_OK)
		return e;
	if (r->ev.section[EVIDENCE_COLLATERAL].len != 0)
		return err_set(&list->reason, ERR_FORMAT,
		    "simulated evidence has no collateral section");
	(void)check_short_hex(hex, r->endorsement.root_id);
	for (size_t i = 0; i < t->n_sim_roots; i++) {
		sim_root_id(id, t->sim_root[i]);
		if (mem_eq_ct(id, r->endorsement.root_id, sizeof(id)))
			r->root_pub = t->sim_root[i];
	}
	if (r->root_pub == NULL)
		return err_set(&list->reason, ERR_AUTH,
		    "simulated root %s.. is none of the %zu of the trust file",
		    hex, t->n_sim_roots);
	check_say(list, "simulated root %s.., pinned by the trust file", hex);
	return ERR_OK;
}

static enum err check_chip(void *run, struct check_list *list)
{
	struct evidence_run *r = run;
	char hex[SHORT_HEX_LEN];
	enum err e = sim_check_chip(&r->endorsement, &r->report, &list->reason);

	if (e == ERR_OK)
		check_say(list, "CHIP_ID %s.., as endorsed",
		    check_short_hex(hex, r->report.chip_id));
	return e;
}

static enum err check_tcb(void *run, struct check_list *list)
{
	struct evidence_run *r = run;
	const struct snp_tcb *t = &r->report.reported_tcb;
	enum err e = sim_check_tcb(&r->endorsement, &r->report, &list->reason);

	if (e == ERR_OK)
		e = snp_tcb_check(&r->report, &list->reason);
	if (e == ERR_OK)
		check_say(list,
		    "bootloader %u, tee %u, snp %u, microcode %u, as endorsed",
		    t->bootloader, t->tee, t->snp, t->microcode);
	return e;
}

static enum err check_chain(void *run, struct check_list *list)
{
	struct evidence_run *r = run;
	enum err e = sim_oblige_endorsement(
	    &list->obligations, &r->endorsement, r->root_pub);

	if (e == ERR_OK)
		check_say(list, "ECDSA P-384 of the root over the chip's key");
	return e;
}

static enum err check_report_sig(void *run, struct check_list *list)
{
	struct evidence_run *r = run;
	enum err e =
	    sim_oblige_report(&list->obligations, &r->endorsement, &r->report);

	if (e == ERR_OK)
		check_say(list, "ECDSA P-384 of the chip over the report");
	return e;
}

static enum err check_guest(void *run, struct check_list *list)
{
	struct evidence_run *r = run;
	enum err e = snp_guest_check(&r->report, &list->reason);

	if (e == ERR_OK)
		check_say(list,
		    "POLICY %llx without debug and migration, VMPL 0",
		    (unsigned long long)r->report.policy);
	return e;
}

const struct check_def evidence_sim_checks[EVIDENCE_SIM_CHECKS] = {
	{ CHECK_REPORT, check_report },
	{ CHECK_ROOT, check_root },
	{ CHECK_CHIP, check_chip },
	{ CHECK_TCB, check_tcb },
	{ CHECK_CHAIN, check_chain },
	{ CHECK_REPORT_SIG, check_report_sig },
	{ CHECK_GUEST, check_guest },
};
