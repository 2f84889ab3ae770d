/*
 * Is authentic SGX or TDX evidence good enough: the guest's configuration, the
 * state of its platform, and which machine it is. Table 2 of dcap_verify.h.
 * The signatures are obligations of the table before.
 */
#include "attest/dcap_verify.h"

#include "base/utc.h"
#include "base/wr.h"

/* TDATTRIBUTES. Bits 7..0 are the group that makes a TD debuggable. */
#define TD_UNTRUSTED  0xffULL
#define TD_MIGRATABLE (1ULL << 29)
#define XFAM_FIXED_1  3ULL /* x87 and SSE are in every TD */

/* ATTRIBUTES of an enclave, the 64 bits of its flags. */
#define SGX_INIT           (1ULL << 0)
#define SGX_DEBUG          (1ULL << 1)
#define SGX_MODE64BIT      (1ULL << 2)
#define SGX_PROVISIONKEY   (1ULL << 4)
#define SGX_EINITTOKEN_KEY (1ULL << 5)
#define SGX_CET            (1ULL << 6)
#define SGX_KSS            (1ULL << 7)
#define SGX_AEXNOTIFY      (1ULL << 10)
#define SGX_KNOWN          (SGX_INIT | SGX_MODE64BIT | SGX_CET | SGX_KSS | SGX_AEXNOTIFY)

#define DATE_LEN 10 /* "2026-11-22" of utc_format() */

/* ---- GUEST ----------------------------------------------------------------- */

static enum err check_tdattributes(
    const struct dcap_policy *p, uint64_t a, struct err_ctx *ctx)
{
	if ((a & TD_DEBUG) != 0)
		return err_set(ctx, ERR_POLICY,
		    "TDATTRIBUTES %016llx have DEBUG: the host may read the "
		    "memory",
		    (unsigned long long)a);
	if ((a & TD_UNTRUSTED) != 0)
		return err_set(ctx, ERR_POLICY,
		    "TDATTRIBUTES %016llx: bits 7 to 1 must be 0",
		    (unsigned long long)a);
	if ((a & TD_MIGRATABLE) != 0)
		return err_set(ctx, ERR_POLICY,
		    "TDATTRIBUTES %016llx have MIGRATABLE: the TD may be moved "
		    "away",
		    (unsigned long long)a);
	if ((a & p->td_require) != p->td_require)
		return err_set(ctx, ERR_POLICY,
		    "TDATTRIBUTES %016llx lack bits of %016llx, which are "
		    "required",
		    (unsigned long long)a, (unsigned long long)p->td_require);
	a &= ~(p->td_require | p->td_allow);
	if (a != 0)
		return err_set(ctx, ERR_POLICY,
		    "TDATTRIBUTES have bits %016llx, which are not accepted",
		    (unsigned long long)a);
	return ERR_OK;
}

static enum err check_xfam(
    const struct dcap_policy *p, uint64_t xfam, struct err_ctx *ctx)
{
	if ((xfam & XFAM_FIXED_1) != XFAM_FIXED_1)
		return err_set(ctx, ERR_POLICY,
		    "XFAM %016llx: bits 0 and 1 must be 1",
		    (unsigned long long)xfam);
	xfam &= ~p->xfam_allow;
	if (xfam != 0)
		return err_set(ctx, ERR_POLICY,
		    "XFAM has bits %016llx, which are not accepted",
		    (unsigned long long)xfam);
	return ERR_OK;
}

/* What the host chose for a TD, and whom it let in. */
static enum err check_owners(const struct dcap_policy *p,
    const struct td_report *td, struct err_ctx *ctx)
{
	const struct {
		const char *name;
		const uint8_t *value;
		bool may_be_set;
	} field[] = {
		{ "MRSERVICETD", td->mrservicetd, p->allow_service_td },
		{ "MRCONFIGID", td->mrconfigid, !p->zero_config },
		{ "MROWNER", td->mrowner, !p->zero_config },
		{ "MROWNERCONFIG", td->mrownerconfig, !p->zero_config },
	};
	char hex[SHORT_HEX_LEN];

	for (size_t i = 0; i < sizeof(field) / sizeof(field[0]); i++) {
		if (!field[i].may_be_set &&
		    !mem_is_zero(field[i].value, TDX_MEASUREMENT_LEN))
			return err_set(ctx, ERR_POLICY,
			    "%s is %s.., must be zero", field[i].name,
			    check_short_hex(hex, field[i].value));
	}
	return ERR_OK;
}

static enum err check_td(const struct dcap_policy *p,
    const struct td_report *td, struct check_list *list)
{
	enum err e = check_tdattributes(p, td->tdattributes, &list->reason);

	if (e == ERR_OK)
		e = check_xfam(p, td->xfam, &list->reason);
	if (e == ERR_OK)
		e = check_owners(p, td, &list->reason);
	if (e == ERR_OK)
		check_say(list,
		    "no debug, no migration; TDATTRIBUTES %016llx, XFAM "
		    "%016llx",
		    (unsigned long long)td->tdattributes,
		    (unsigned long long)td->xfam);
	return e;
}

static enum err check_enclave(
    const struct sgx_report *rep, struct check_list *list)
{
	uint64_t a = 0;

	for (size_t i = 0; i < sizeof(a); i++)
		a |= (uint64_t)rep->attributes[i] << 8 * i;
	if ((a & SGX_DEBUG) != 0)
		return err_set(&list->reason, ERR_POLICY,
		    "ATTRIBUTES %016llx have DEBUG: the host may read the "
		    "memory",
		    (unsigned long long)a);
	if ((a & SGX_INIT) == 0)
		return err_set(&list->reason, ERR_POLICY,
		    "ATTRIBUTES %016llx lack INIT: not a running enclave",
		    (unsigned long long)a);
	if ((a & SGX_MODE64BIT) == 0)
		return err_set(&list->reason, ERR_POLICY,
		    "ATTRIBUTES %016llx lack MODE64BIT", (unsigned long long)a);
	if ((a & (SGX_PROVISIONKEY | SGX_EINITTOKEN_KEY)) != 0)
		return err_set(&list->reason, ERR_POLICY,
		    "ATTRIBUTES %016llx: an enclave that provisions or "
		    "launches others",
		    (unsigned long long)a);
	if ((a & ~SGX_KNOWN) != 0)
		return err_set(&list->reason, ERR_POLICY,
		    "ATTRIBUTES have unknown bits %016llx",
		    (unsigned long long)(a & ~SGX_KNOWN));
	check_say(list, "no debug, initialised; ATTRIBUTES %016llx",
	    (unsigned long long)a);
	return ERR_OK;
}

/* */
static enum err check_guest(void *cookie, struct check_list *list)
{
	const struct dcap_run *r = cookie;

	if (r->tee == DCAP_TEE_TDX)
		return check_td(&r->policy->dcap, &r->quote.td, list);
	return check_enclave(&r->quote.sgx, list);
}

/* ---- TCB_STATUS ------------------------------------------------------------ */

static enum err check_kind(const struct dcap_run *r, struct err_ctx *ctx)
{
	bool tdx = r->tee == DCAP_TEE_TDX;

	if (tdx ? r->policy->dcap.accept_tdx : r->policy->dcap.accept_sgx)
		return ERR_OK;
	return err_set(ctx, ERR_POLICY, "policy %s does not accept %s",
	    r->policy->name, tdx ? "TDX" : "SGX");
}

/* An old list is signed anew each month, and knows nothing of what was found
 * since. */
static enum err check_evaluation(const struct dcap_run *r, struct err_ctx *ctx)
{
	const struct dcap_policy *p = &r->policy->dcap;
	uint32_t min =
	    r->tee == DCAP_TEE_TDX ? p->tdx_eval_min : p->sgx_eval_min;
	uint32_t tcb = r->work->tcb_info.eval_number;
	uint32_t qe = r->work->qe_identity.eval_number;

	if (tcb < min || qe < min)
		return err_set(ctx, ERR_POLICY,
		    "%s is evaluation %u, policy %s wants at least %u",
		    tcb < min ? "TCB Info" : "QE Identity",
		    tcb < min ? tcb : qe, r->policy->name, min);
	return ERR_OK;
}

static enum err check_status(
    const struct dcap_run *r, const char *date, struct err_ctx *ctx)
{
	const struct dcap_tcb *t = &r->tcb;

	if (t->status < DCAP_REVOKED &&
	    (r->policy->dcap.statuses >> t->status & 1) != 0)
		return ERR_OK;
	return err_set(ctx, ERR_POLICY,
	    "%s as of %.*s (platform %s, module %s, QE %s), policy %s refuses "
	    "it",
	    dcap_status_name(t->status), DATE_LEN, date,
	    dcap_status_name(t->platform_status),
	    dcap_status_name(t->module_status), dcap_status_name(t->qe_status),
	    r->policy->name);
}

/* Walks the advisories: writes them down, stops at one that is not tolerated.
 */
struct advisories {
	const struct attest_policy *policy;
	enum dcap_status status;
	struct err_ctx *ctx;
	size_t n;
	struct wr text;
};

static bool is_tolerated(const struct dcap_policy *p, const char *id)
{
	struct bytes want = { (const uint8_t *)id, mem_strlen(id) };

	for (size_t i = 0; i < p->n_advisories; i++) {
		if (mem_eq_str(want, p->advisory[i]))
			return true;
	}
	return false;
}

static bool take_advisory(void *cookie, const char *id)
{
	struct advisories *a = cookie;

	wr_fmt(&a->text, "%s%s", a->n++ == 0 ? "advisories " : ", ", id);
	if (a->status == DCAP_UP_TO_DATE || is_tolerated(&a->policy->dcap, id))
		return true;
	(void)err_set(a->ctx, ERR_POLICY,
	    "%s with advisory %s, which policy %s does not tolerate",
	    dcap_status_name(a->status), id, a->policy->name);
	return false;
}

/* */
static enum err check_tcb_status(void *cookie, struct check_list *list)
{
	const struct dcap_run *r = cookie;
	char date[UTC_TEXT_LEN + 1], ids[ERR_MSG_LEN_MAX];
	struct advisories a = { .policy = r->policy,
		.status = r->tcb.status,
		.ctx = &list->reason,
		.text = wr_init(ids, sizeof(ids)) };
	enum err e = check_kind(r, &list->reason);

	utc_format(date, r->work->tcb_info.issued);
	if (e == ERR_OK)
		e = check_evaluation(r, &list->reason);
	if (e == ERR_OK)
		e = check_status(r, date, &list->reason);
	if (e != ERR_OK)
		return e;
	if (!dcap_tcb_advisories(&r->tcb, take_advisory, &a))
		return ERR_POLICY;
	if (a.n == 0)
		wr_str(&a.text, "no advisories");
	check_say(list, "%s as of %.*s, evaluation %u, %.*s",
	    dcap_status_name(r->tcb.status), DATE_LEN, date,
	    r->work->tcb_info.eval_number, (int)a.text.len, ids);
	return ERR_OK;
}

/* ---- HARDWARE -------------------------------------------------------------- */

/* */
static enum err check_hardware(void *cookie, struct check_list *list)
{
	const struct dcap_run *r = cookie;
	char hex[SHORT_HEX_LEN], date[UTC_TEXT_LEN + 1];
	uint64_t end;
	enum err e;

	check_short_hex(hex, r->pck.ppid);
	if (r->pck.dynamic && !r->policy->dcap.allow_dynamic)
		return err_set(&list->reason, ERR_POLICY,
		    "platform %s.. may be given further processors later", hex);
	e = policy_check_ppid(
	    r->policy, r->pck.ppid, r->now_s, &end, &list->reason);
	if (e != ERR_OK)
		return e;
	check_deadline(list, end);
	utc_format(date, end);
	if (end == UINT64_MAX)
		check_say(list, "platform %s.., any is accepted", hex);
	else
		check_say(list, "platform %s.. is listed until %s", hex, date);
	return ERR_OK;
}

const struct check_def dcap_checks_policy[DCAP_CHECKS_POLICY] = {
	{ CHECK_GUEST, check_guest },
	{ CHECK_TCB_STATUS, check_tcb_status },
	{ CHECK_HARDWARE, check_hardware },
};
