/* Is Intel evidence authentic? See dcap_verify.h. The checks of certificates
 * are in dcap_certs.c. */
#include "attest/dcap_verify.h"

#include "attest/dcap_certs.h"
#include "base/utc.h"
#include "crypto/crypto.h"

static const char *tee_name(enum dcap_tee tee)
{
	return tee == DCAP_TEE_SGX ? "SGX" : "TDX";
}

static enum err check_report(void *run, struct check_list *list)
{
	struct dcap_run *r = run;
	enum err e = dcap_quote_parse(&r->quote, r->ev.quote, &list->reason);

	if (e != ERR_OK)
		return e;
	if (r->quote.tee != r->tee)
		return err_set(&list->reason, ERR_FORMAT,
		    "quote is of %s by its TEE type at offset 4, must be of %s",
		    tee_name(r->quote.tee), tee_name(r->tee));
	check_say(list, "%s quote of version %u, %zu bytes",
	    tee_name(r->quote.tee), r->quote.version, r->ev.quote.len);
	return ERR_OK;
}

static enum err check_pck(void *run, struct check_list *list)
{
	struct dcap_run *r = run;
	bool platform = dcap_by_platform_ca(r);
	char fmspc[2 * PCK_FMSPC_LEN + 1], ppid[SHORT_HEX_LEN];
	enum err e = dcap_pck_parse(&r->pck, &r->pck_leaf, &list->reason);

	if (e != ERR_OK)
		return e;
	if (r->pck.has_instance != platform || r->pck.has_config != platform)
		return err_set(&list->reason, ERR_FORMAT,
		    "PCK certificate: platform instance and configuration "
		    "are for the Platform CA, and only for it");
	_Static_assert(PCK_FMSPC_LEN == SHORT_HEX_BYTES, "shown whole");
	check_say(list, "FMSPC %s, PCESVN %u, PPID %s..",
	    check_short_hex(fmspc, r->pck.fmspc), r->pck.pcesvn,
	    check_short_hex(ppid, r->pck.ppid));
	return ERR_OK;
}

/* */
static enum err check_qe_report(void *run, struct check_list *list)
{
	struct dcap_run *r = run;
	char mrenclave[SHORT_HEX_LEN];
	enum err e = x509_oblige_raw(&list->obligations, &r->pck_leaf,
	    r->quote.qe_sig, r->quote.qe_report, "QE report", &list->reason);

	if (e == ERR_OK)
		check_say(list, "MRENCLAVE %s.., SVN %u, signed by the PCK",
		    check_short_hex(mrenclave, r->quote.qe.mrenclave),
		    r->quote.qe.isvsvn);
	return e;
}

/* */
static enum err check_qe_key(void *run, struct check_list *list)
{
	const struct dcap_quote *q = &((struct dcap_run *)run)->quote;
	const struct bytes part[] = { q->ak, q->qe_auth };
	const uint8_t *data = q->qe.report_data;
	uint8_t hash[SHA256_LEN];
	char want[SHORT_HEX_LEN], got[SHORT_HEX_LEN];

	crypto_sha256(hash, part, 2);
	if (!mem_eq((struct bytes){ data, SHA256_LEN },
		(struct bytes){ hash, SHA256_LEN }))
		return err_set(&list->reason, ERR_AUTH,
		    "QE report data %s.. is not SHA-256 of attestation key "
		    "and QE authentication data, %s..",
		    check_short_hex(got, data), check_short_hex(want, hash));
	if (!mem_is_zero(data + SHA256_LEN, DCAP_REPORT_DATA_LEN - SHA256_LEN))
		return err_set(&list->reason, ERR_AUTH,
		    "QE report data is not zero after the hash of the "
		    "attestation key");
	check_say(
	    list, "the QE report names it: %s..", check_short_hex(want, hash));
	return ERR_OK;
}

/* A key that is no point of the curve fails with the signature. */
static enum err check_report_sig(void *run, struct check_list *list)
{
	const struct dcap_quote *q = &((struct dcap_run *)run)->quote;
	struct obligation *o = obligation_add(&list->obligations);

	if (o == NULL)
		return err_set(&list->reason, ERR_LIMIT,
		    "quote: more than %d signatures to check", OBLIGATIONS_MAX);
	o->alg = SIG_ECDSA_P256_SHA256;
	o->what = "quote";
	o->key = (struct bytes){ q->ak_point, sizeof(q->ak_point) };
	o->sig = q->sig;
	o->msg = q->signed_part;
	check_say(list, "ECDSA P-256 over %zu bytes by the attestation key",
	    q->signed_part.len);
	return ERR_OK;
}

/* ---- what Intel says of the platform ---------------------------------- */

/* A signed document, as far as both kinds are alike. */
struct document {
	const char *what;
	uint64_t issued, next_update;
	uint32_t eval_number;
	const uint8_t *sig;
	struct bytes signed_part;
};

/* It is current, and TCB Signing answers for it. */
static enum err check_document(
    struct dcap_run *r, struct check_list *list, const struct document *d)
{
	char until[UTC_TEXT_LEN + 1];
	enum err e;

	if (r->now_s < d->issued)
		return err_set(&list->reason, ERR_EXPIRED,
		    "%s: issueDate is not yet reached", d->what);
	if (r->now_s >= d->next_update)
		return err_set(&list->reason, ERR_EXPIRED,
		    "%s: nextUpdate is past", d->what);
	e = x509_oblige_raw(&list->obligations, &r->signing,
	    (struct bytes){ d->sig, DCAP_SIG_LEN }, d->signed_part, d->what,
	    &list->reason);
	if (e != ERR_OK)
		return e;
	check_deadline(list, d->next_update);
	utc_format(until, d->next_update);
	check_say(list, "%s, evaluation %u, until %s", tee_name(r->tee),
	    d->eval_number, until);
	return ERR_OK;
}

/* Is the list about this very kind of platform? */
static enum err check_platform(const struct dcap_run *r, struct err_ctx *ctx)
{
	const struct tcb_info *info = &r->work->tcb_info;
	char got[SHORT_HEX_LEN], want[SHORT_HEX_LEN];

	if (info->tee != r->tee)
		return err_set(ctx, ERR_AUTH, "TCB Info: id is %s, must be %s",
		    tee_name(info->tee), tee_name(r->tee));
	if (!mem_eq((struct bytes){ info->fmspc, PCK_FMSPC_LEN },
		(struct bytes){ r->pck.fmspc, PCK_FMSPC_LEN }))
		return err_set(ctx, ERR_AUTH,
		    "TCB Info: fmspc is %s, the PCK certificate's %s",
		    check_short_hex(got, info->fmspc),
		    check_short_hex(want, r->pck.fmspc));
	if (!mem_eq((struct bytes){ info->pceid, PCK_PCEID_LEN },
		(struct bytes){ r->pck.pceid, PCK_PCEID_LEN }))
		return err_set(ctx, ERR_AUTH,
		    "TCB Info: pceId differs from the PCK certificate's");
	return ERR_OK;
}

/* */
static enum err check_tcb_info(void *run, struct check_list *list)
{
	struct dcap_run *r = run;
	struct tcb_info *info = &r->work->tcb_info;
	enum err e = dcap_need(r->ev.tcb_info, "TCB Info", &list->reason);

	if (e == ERR_OK)
		e = tcb_info_parse(info, r->ev.tcb_info, &list->reason);
	if (e == ERR_OK)
		e = check_platform(r, &list->reason);
	if (e == ERR_OK)
		e = check_document(r, list,
		    &(struct document){ "TCB Info", info->issued,
			info->next_update, info->eval_number, info->sig,
			info->signed_part });
	return e;
}

/* */
static enum err check_qe_identity(void *run, struct check_list *list)
{
	struct dcap_run *r = run;
	struct qe_identity *id = &r->work->qe_identity;
	enum qe_id want = r->tee == DCAP_TEE_SGX ? QE_ID_QE : QE_ID_TD_QE;
	enum err e = dcap_need(r->ev.qe_identity, "QE Identity", &list->reason);

	if (e == ERR_OK)
		e = qe_identity_parse(id, r->ev.qe_identity, &list->reason);
	if (e == ERR_OK && id->id != want)
		e = err_set(&list->reason, ERR_AUTH,
		    "QE Identity: id is not %s, as %s needs it",
		    want == QE_ID_QE ? "QE" : "TD_QE", tee_name(r->tee));
	if (e == ERR_OK)
		e = check_document(r, list,
		    &(struct document){ "QE Identity", id->issued,
			id->next_update, id->eval_number, id->sig,
			id->signed_part });
	return e;
}

/* */
static enum err check_qe_match(void *run, struct check_list *list)
{
	struct dcap_run *r = run;
	char signer[SHORT_HEX_LEN];
	enum err e =
	    dcap_qe_match(&r->work->qe_identity, &r->quote.qe, &list->reason);

	if (e == ERR_OK)
		check_say(list,
		    "MRSIGNER %s.., product %u, not a debug enclave",
		    check_short_hex(signer, r->quote.qe.mrsigner),
		    r->quote.qe.isvprodid);
	return e;
}

/* */
static enum err check_tdx_module(void *run, struct check_list *list)
{
	struct dcap_run *r = run;
	const struct td_report *td = &r->quote.td;
	char mrseam[SHORT_HEX_LEN];
	enum err e = dcap_module_match(
	    &r->work->tcb_info, td, &r->tcb.module, &list->reason);

	if (e == ERR_OK)
		check_say(list, "version %u, SVN %u, MRSEAM %s..",
		    td->tee_tcb_svn[1], td->tee_tcb_svn[0],
		    check_short_hex(mrseam, td->mrseam));
	return e;
}

/* */
static enum err check_tcb_level(void *run, struct check_list *list)
{
	struct dcap_run *r = run;
	struct dcap_tcb *t = &r->tcb;

	dcap_tcb_evaluate(t, &r->work->tcb_info, &r->work->qe_identity, &r->pck,
	    &r->quote.qe, r->tee == DCAP_TEE_TDX ? &r->quote.td : NULL);
	if (t->status == DCAP_NOT_SUPPORTED)
		return err_set(&list->reason, ERR_POLICY,
		    "no level of Intel's lists matches: platform %s, QE %s",
		    dcap_status_name(t->platform_status),
		    dcap_status_name(t->qe_status));
	check_say(list, "%s: platform %s, QE %s, module %s",
	    dcap_status_name(t->status), dcap_status_name(t->platform_status),
	    dcap_status_name(t->qe_status), dcap_status_name(t->module_status));
	return ERR_OK;
}

const struct check_def sgx_checks_authentic[SGX_CHECKS_AUTHENTIC] = {
	{ CHECK_REPORT, check_report },
	{ CHECK_CERTIFICATES, dcap_check_certificates },
	{ CHECK_ROOT, dcap_check_root },
	{ CHECK_CHAIN, dcap_check_chain },
	{ CHECK_CERT_TIME, dcap_check_cert_time },
	{ CHECK_REVOCATION, dcap_check_revocation },
	{ CHECK_PCK, check_pck },
	{ CHECK_QE_REPORT, check_qe_report },
	{ CHECK_QE_KEY, check_qe_key },
	{ CHECK_REPORT_SIG, check_report_sig },
	{ CHECK_TCB_INFO, check_tcb_info },
	{ CHECK_QE_IDENTITY, check_qe_identity },
	{ CHECK_QE_MATCH, check_qe_match },
	{ CHECK_TCB_LEVEL, check_tcb_level },
};

const struct check_def tdx_checks_authentic[TDX_CHECKS_AUTHENTIC] = {
	{ CHECK_REPORT, check_report },
	{ CHECK_CERTIFICATES, dcap_check_certificates },
	{ CHECK_ROOT, dcap_check_root },
	{ CHECK_CHAIN, dcap_check_chain },
	{ CHECK_CERT_TIME, dcap_check_cert_time },
	{ CHECK_REVOCATION, dcap_check_revocation },
	{ CHECK_PCK, check_pck },
	{ CHECK_QE_REPORT, check_qe_report },
	{ CHECK_QE_KEY, check_qe_key },
	{ CHECK_REPORT_SIG, check_report_sig },
	{ CHECK_TCB_INFO, check_tcb_info },
	{ CHECK_QE_IDENTITY, check_qe_identity },
	{ CHECK_QE_MATCH, check_qe_match },
	{ CHECK_TDX_MODULE, check_tdx_module },
	{ CHECK_TCB_LEVEL, check_tcb_level },
};
