/*
 * Evidence of real machines: taking its sections to the verifiers of attest/,
 * adding what the log's policy record says about hardware to the strict policy,
 * and holding the launch against the release. docs/attestation.md, sections 5,
 * 7 and 8.
 */
#include "attest/collateral.h"
#include "base/assert.h"
#include "protocol/evidence_run.h"

/* The container in a section; only parts first..last belong there. */
static enum err open_section(const struct evidence_run *r,
    enum evidence_section section, struct collateral *out,
    enum collateral_part last, struct err_ctx *ctx)
{
	struct bytes in = r->ev.section[section];
	enum collateral_part first =
	    section == EVIDENCE_ENDORSEMENT ? COLLATERAL_LEAF
	    : r->v->claims.kind == TEE_SNP  ? COLLATERAL_AMD_CRL
					    : COLLATERAL_TCB_INFO;
	enum err e;

	memset(out, 0, sizeof(*out));
	if (in.len == 0) /* the check that needs a part says which is missing */
		return ERR_OK;
	e = collateral_parse(out, in, ctx);
	for (unsigned i = 1; e == ERR_OK && i < COLLATERAL_PARTS; i++)
		if (out->part[i].len != 0 && (i < first || i > last))
			e = err_set(ctx, ERR_FORMAT,
			    "evidence: part %u does not belong in section %u",
			    i, section);
	return e;
}

static enum err prepare_snp(struct evidence_run *r, struct err_ctx *ctx)
{
	struct snp_run *snp = &r->work->snp;
	struct collateral certs, lists;
	enum err e =
	    open_section(r, EVIDENCE_ENDORSEMENT, &certs, COLLATERAL_CA, ctx);

	if (e == ERR_OK)
		e = open_section(
		    r, EVIDENCE_COLLATERAL, &lists, COLLATERAL_AMD_CRL, ctx);
	if (e != ERR_OK)
		return e;
	memset(snp, 0, sizeof(*snp));
	snp->ev.report = r->ev.section[EVIDENCE_REPORT];
	snp->ev.leaf = certs.part[COLLATERAL_LEAF];
	snp->ev.ca = certs.part[COLLATERAL_CA];
	snp->ev.crl = lists.part[COLLATERAL_AMD_CRL];
	snp->roots = r->demand->roots;
	snp->policy = &r->work->demand;
	snp->now_s = r->demand->now_s;
	r->report_data = snp->report.report_data;
	return ERR_OK;
}

static enum err prepare_dcap(
    struct evidence_run *r, enum dcap_tee tee, struct err_ctx *ctx)
{
	struct dcap_run *dcap = &r->work->dcap;
	struct collateral c;
	enum err e;

	if (r->ev.section[EVIDENCE_ENDORSEMENT].len != 0)
		return err_set(ctx, ERR_FORMAT,
		    "evidence: section %u beside a quote, which has its own "
		    "certificates",
		    EVIDENCE_ENDORSEMENT);
	e = open_section(r, EVIDENCE_COLLATERAL, &c, COLLATERAL_PCK_CRL, ctx);
	if (e != ERR_OK)
		return e;
	memset(dcap, 0, sizeof(*dcap));
	dcap->ev.quote = r->ev.section[EVIDENCE_REPORT];
	dcap->ev.tcb_info = c.part[COLLATERAL_TCB_INFO];
	dcap->ev.qe_identity = c.part[COLLATERAL_QE_IDENTITY];
	dcap->ev.tcb_signing_chain = c.part[COLLATERAL_TCB_SIGNING];
	dcap->ev.root_ca_crl = c.part[COLLATERAL_ROOT_CRL];
	dcap->ev.pck_crl = c.part[COLLATERAL_PCK_CRL];
	dcap->work = &r->work->dcap_work;
	dcap->tee = tee;
	dcap->roots = r->demand->roots;
	dcap->policy = &r->work->demand;
	dcap->now_s = r->demand->now_s;
	r->report_data = tee == DCAP_TEE_TDX ? dcap->quote.td.report_data
					     : dcap->quote.sgx.report_data;
	return ERR_OK;
}

enum err evidence_hardware_prepare(struct evidence_run *r, struct err_ctx *ctx)
{
	r->work->demand = attest_policy_strict();
	switch (r->v->claims.kind) {
	case TEE_SNP:
		return prepare_snp(r, ctx);
	case TEE_TDX:
		return prepare_dcap(r, DCAP_TEE_TDX, ctx);
	case TEE_SGX:
		return prepare_dcap(r, DCAP_TEE_SGX, ctx);
	case TEE_SIM:
		break;
	}
	return ERR_INTERNAL;
}

void *evidence_hardware_run(struct evidence_run *r)
{
	switch (r->v->claims.kind) {
	case TEE_SNP:
		return &r->work->snp;
	case TEE_TDX:
	case TEE_SGX:
		return &r->work->dcap;
	case TEE_SIM:
		break;
	}
	return r;
}

/* ---- what the policy record adds ----------------------------------------- */

static uint8_t higher(uint8_t a, uint8_t b)
{
	return a > b ? a : b;
}

/* A product needs a floor in the record [L-71]; ours holds beside it. */
static void add_floor(
    struct snp_product_policy *p, const struct record_snp_tcb *rec)
{
	p->accepted = rec->listed;
	p->floor.fmc = higher(p->floor.fmc, rec->fmc);
	p->floor.bootloader = higher(p->floor.bootloader, rec->bootloader);
	p->floor.tee = higher(p->floor.tee, rec->tee);
	p->floor.snp = higher(p->floor.snp, rec->snp);
	p->floor.microcode = higher(p->floor.microcode, rec->microcode);
}

static void add_eval(uint32_t *min, uint64_t rec)
{
	if (rec > *min)
		*min = rec > UINT32_MAX ? UINT32_MAX : (uint32_t)rec;
}

_Static_assert(RECORD_CHIPS_MAX <= POLICY_CHIPS_MAX, "all of a record fit");

/* `hardware any` lists nobody, so it admits no real machine. */
void evidence_hardware_demand(
    struct attest_policy *p, const struct record_policy *rec)
{
	add_floor(&p->snp.milan, &rec->milan);
	add_floor(&p->snp.genoa, &rec->genoa);
	add_floor(&p->snp.turin, &rec->turin);
	p->dcap.accept_tdx = rec->has_tdx;
	p->dcap.accept_sgx = rec->has_sgx;
	add_eval(&p->dcap.tdx_eval_min, rec->tdx_eval);
	add_eval(&p->dcap.sgx_eval_min, rec->sgx_eval);
	p->any_hardware = false;
	p->n_chips = rec->n_chips;
	for (size_t i = 0; i < rec->n_chips; i++) {
		memcpy(p->chip[i].id, rec->chip[i].id, SNP_CHIP_ID_LEN);
		p->chip[i].not_after = rec->chip[i].not_after;
	}
	p->n_ppids = rec->n_ppids;
	for (size_t i = 0; i < rec->n_ppids; i++) {
		memcpy(p->ppid[i].ppid, rec->ppid[i].id, POLICY_PPID_LEN);
		p->ppid[i].not_after = rec->ppid[i].not_after;
	}
}

/* ---- the launch ---------------------------------------------------------- */

/* L-62 */
static bool snp_is_released(
    const struct record_image *image, const struct snp_report *rep)
{
	const struct record_snp *line = NULL;

	while (
	    (line = tlog_image_find_snp(image, rep->measurement, line)) != NULL)
		if (line->policy == rep->policy)
			return true;
	return false;
}

static bool tdx_is_released(
    const struct record_image *image, const struct td_report *td)
{
	const struct record_tdx *line = NULL;

	while ((line = tlog_image_find_tdx(image, td->mrtd, line)) != NULL)
		if (mem_eq_ct(line->rtmr, td->rtmr, sizeof(td->rtmr)) &&
		    line->attributes == td->tdattributes &&
		    (td->xfam & ~line->xfam) == 0)
			return true;
	return false;
}

static bool attributes_agree(
    const struct record_sgx *line, const struct sgx_report *rep)
{
	for (size_t i = 0; i < sizeof(line->mask); i++)
		if (((line->attributes[i] ^ rep->attributes[i]) &
			line->mask[i]) != 0)
			return false;
	return true;
}

static bool sgx_is_released(
    const struct record_image *image, const struct sgx_report *rep)
{
	const struct record_sgx *line = NULL;

	while (
	    (line = tlog_image_find_sgx(image, rep->mrenclave, line)) != NULL)
		if (mem_eq_ct(
			line->mrsigner, rep->mrsigner, sizeof(rep->mrsigner)) &&
		    line->isvprodid == rep->isvprodid &&
		    line->isvsvn <= rep->isvsvn && attributes_agree(line, rep))
			return true;
	return false;
}

/* One of the image record's lines for this kind of TEE, and no other kind. */
bool evidence_hardware_released(
    const struct evidence_run *r, const struct record_image *image)
{
	switch (r->v->claims.kind) {
	case TEE_SNP:
		return snp_is_released(image, &r->work->snp.report);
	case TEE_TDX:
		return tdx_is_released(image, &r->work->dcap.quote.td);
	case TEE_SGX:
		return sgx_is_released(image, &r->work->dcap.quote.sgx);
	case TEE_SIM:
		return tlog_image_has_sim(image, r->report.measurement);
	}
	return false;
}

/* ---- claims -------------------------------------------------------------- */

static void claim_snp(
    struct claims *c, const struct snp_report *report, enum snp_family family)
{
	c->family = family;
	c->reported_tcb = report->reported_tcb;
	c->chip_id_len = sizeof(report->chip_id);
	memcpy(c->chip_id, report->chip_id, sizeof(report->chip_id));
	c->measurement_len = sizeof(report->measurement);
	memcpy(c->measurement, report->measurement, sizeof(c->measurement));
}

static void claim_dcap(struct claims *c, const struct dcap_run *d)
{
	const struct dcap_quote *q = &d->quote;
	bool tdx = q->tee == DCAP_TEE_TDX;

	c->tcb_status = d->tcb.status;
	c->tcb_eval = d->work->tcb_info.eval_number;
	c->chip_id_len = sizeof(d->pck.ppid);
	memcpy(c->chip_id, d->pck.ppid, sizeof(d->pck.ppid));
	c->measurement_len =
	    tdx ? sizeof(q->td.mrtd) : sizeof(q->sgx.mrenclave);
	memcpy(c->measurement, tdx ? q->td.mrtd : q->sgx.mrenclave,
	    c->measurement_len);
}

void evidence_hardware_claims(struct claims *c, const struct evidence_run *r)
{
	if (c->kind == TEE_SIM)
		claim_snp(c, &r->report, r->report.family);
	else if (c->kind == TEE_SNP)
		claim_snp(c, &r->work->snp.report, r->work->snp.family);
	else
		claim_dcap(c, &r->work->dcap);
}
