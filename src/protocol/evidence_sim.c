/*
 * The checks of simulated evidence: the report, who vouches for it, and whether
 * it speaks of this channel's key. docs/attestation.md, section 7.
 */
#include "protocol/evidence_run.h"

enum err evidence_check_format(struct evidence_run *r)
{
	size_t n = 0;
	enum err e = evidence_parse(&r->ev, r->bundle, r->ctx);

	if (e != ERR_OK)
		return e;
	for (size_t i = 0; i <= EVIDENCE_SECTION_MAX; i++)
		n += r->ev.section[i].len != 0;
	evidence_say(r, "%zu bytes, %zu sections", r->bundle.len, n);
	return ERR_OK;
}

enum err evidence_check_tee(struct evidence_run *r)
{
	struct bytes kind = r->ev.section[EVIDENCE_KIND];

	if (kind.len != 1)
		return err_set(r->ctx, ERR_FORMAT,
		    "evidence: TEE kind of %zu bytes, must be 1", kind.len);
	r->v->claims.kind = (enum tee_kind)kind.p[0];
	switch (kind.p[0]) {
	case TEE_SIM:
		break;
	case TEE_SNP:
	case TEE_TDX:
	case TEE_SGX:
		return err_set(r->ctx, ERR_UNSUPPORTED,
		    "evidence of a %s machine: this client cannot verify it",
		    tee_kind_name(r->v->claims.kind));
	default:
		return err_set(r->ctx, ERR_UNSUPPORTED,
		    "evidence of unknown TEE kind %u", kind.p[0]);
	}
	r->v->simulated = true;
	if (!r->demand->accept_simulated)
		return err_set(r->ctx, ERR_POLICY,
		    "evidence is SIMULATED: no hardware protects this enclave");
	evidence_say(r, "simulated, which this client was told to accept");
	return ERR_OK;
}

enum err evidence_check_report(struct evidence_run *r)
{
	enum err e = snp_report_parse(
	    &r->report, r->ev.section[EVIDENCE_REPORT], r->ctx);

	if (e != ERR_OK)
		return e;
	if (r->report.version < SIM_REPORT_VERSION_MIN) /* */
		return err_set(r->ctx, ERR_POLICY,
		    "report version %u, simulated reports have at least %u",
		    r->report.version, SIM_REPORT_VERSION_MIN);
	evidence_say(r, "SNP report version %u, %s, as a simulation",
	    r->report.version, snp_family_name(r->report.family));
	return ERR_OK;
}

/* Which pinned root does the endorsement name? Its signature comes later. */
enum err evidence_check_root(struct evidence_run *r)
{
	const struct trust *t = r->demand->trust;
	uint8_t id[SIM_ROOT_ID_LEN];
	char hex[SHORT_HEX_LEN];
	enum err e = sim_endorsement_parse(
	    &r->endorsement, r->ev.section[EVIDENCE_ENDORSEMENT], r->ctx);

	if (e != ERR_OK)
		return e;
	if (r->ev.section[EVIDENCE_COLLATERAL].len != 0)
		return err_set(r->ctx, ERR_FORMAT,
		    "simulated evidence has no collateral section");
	(void)evidence_short_hex(hex, r->endorsement.root_id);
	for (size_t i = 0; i < t->n_sim_roots; i++) {
		sim_root_id(id, t->sim_root[i]);
		if (mem_eq_ct(id, r->endorsement.root_id, sizeof(id)))
			r->root_pub = t->sim_root[i];
	}
	if (r->root_pub == NULL)
		return err_set(r->ctx, ERR_AUTH,
		    "simulated root %s.. is none of the %zu of the trust file",
		    hex, t->n_sim_roots);
	evidence_say(r, "simulated root %s.., pinned by the trust file", hex);
	return ERR_OK;
}

enum err evidence_check_chip(struct evidence_run *r)
{
	char hex[SHORT_HEX_LEN];
	enum err e = sim_check_chip(&r->endorsement, &r->report, r->ctx);

	if (e == ERR_OK)
		evidence_say(r, "CHIP_ID %s.., as endorsed",
		    evidence_short_hex(hex, r->report.chip_id));
	return e;
}

enum err evidence_check_tcb(struct evidence_run *r)
{
	const struct snp_tcb *t = &r->report.reported_tcb;
	enum err e = sim_check_tcb(&r->endorsement, &r->report, r->ctx);

	if (e == ERR_OK)
		e = snp_tcb_check(&r->report, r->ctx);
	if (e == ERR_OK)
		evidence_say(r,
		    "bootloader %u, tee %u, snp %u, microcode %u, as endorsed",
		    t->bootloader, t->tee, t->snp, t->microcode);
	return e;
}

/* Both signatures become obligations; their lines wait for the answers. */
enum err evidence_check_endorsement_sig(struct evidence_run *r)
{
	struct verdict *v = r->v;
	size_t first = v->obligations.n;
	enum err e = sim_obligations(
	    &v->obligations, &r->endorsement, &r->report, r->root_pub);

	if (e != ERR_OK)
		return err_set(r->ctx, e, "too many signatures to check");
	v->obligation_check[first] = CHECK_ENDORSEMENT_SIG;
	v->obligation_check[first + 1] = CHECK_REPORT_SIG;
	evidence_say(r, "ECDSA P-384 of the root over the chip's key");
	return ERR_OK;
}

enum err evidence_check_report_sig(struct evidence_run *r)
{
	evidence_say(r, "ECDSA P-384 of the chip over the report");
	return ERR_OK;
}

enum err evidence_check_guest(struct evidence_run *r)
{
	enum err e = snp_guest_check(&r->report, r->ctx);

	if (e == ERR_OK)
		evidence_say(r,
		    "POLICY %llx without debug and migration, VMPL 0",
		    (unsigned long long)r->report.policy);
	return e;
}

enum err evidence_check_report_data(struct evidence_run *r)
{
	char hex[SHORT_HEX_LEN];
	enum err e = report_data_fields_parse(
	    &r->binding, r->ev.section[EVIDENCE_BINDING], r->ctx);

	if (e == ERR_OK)
		e = report_data_check(
		    r->report.report_data, r->s_pub, &r->binding, r->ctx);
	if (e == ERR_OK)
		evidence_say(r,
		    "REPORT_DATA is the hash of this channel's key %s..",
		    evidence_short_hex(hex, r->s_pub));
	return e;
}
