/*
 * Which level a platform has and what follows for its status; see dcap_tcb.h.
 * Intel's names for the steps: matching levels, module identity, converging.
 */
#include "attest/dcap_tcb.h"

#define SGX_ATTRIBUTE_DEBUG 2 /* in byte 0 */

/* Places in a TEE_TCB_SVN. */
enum { MODULE_SVN = 0, MODULE_VERSION = 1, MICROCODE_SVN = 2 };

/* ---- Identities ------------------------------------------------------------ */

static bool masked_eq(
    const uint8_t *got, const uint8_t *mask, const uint8_t *want, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if ((got[i] & mask[i]) != want[i])
			return false;
	}
	return true;
}

enum err dcap_qe_match(const struct qe_identity *id,
    const struct sgx_report *qe, struct err_ctx *ctx)
{
	if (!mem_eq_ct(qe->mrsigner, id->mrsigner, sizeof(qe->mrsigner)))
		return err_set(ctx, ERR_AUTH,
		    "MRSIGNER of the quoting enclave is not Intel's");
	if (qe->isvprodid != id->isvprodid)
		return err_set(ctx, ERR_AUTH,
		    "ISVPRODID of the quoting enclave is %u, must be %u",
		    qe->isvprodid, id->isvprodid);
	if (!masked_eq(qe->miscselect, id->miscselect_mask, id->miscselect,
		sizeof(qe->miscselect)))
		return err_set(ctx, ERR_AUTH,
		    "MISCSELECT of the quoting enclave is not its identity's");
	if (!masked_eq(qe->attributes, id->attributes_mask, id->attributes,
		sizeof(qe->attributes)))
		return err_set(ctx, ERR_AUTH,
		    "ATTRIBUTES of the quoting enclave are not its identity's");
	if ((qe->attributes[0] & SGX_ATTRIBUTE_DEBUG) != 0)
		return err_set(ctx, ERR_AUTH,
		    "ATTRIBUTES of the quoting enclave have DEBUG: its keys "
		    "are "
		    "no secrets");
	return ERR_OK;
}

static const struct tdx_module *find_identity(
    const struct tcb_info *info, uint8_t version)
{
	for (size_t i = 0; i < info->n_identities; i++) {
		if (info->identity[i].version == version)
			return &info->identity[i];
	}
	return NULL;
}

/* The module that wrote a TEE_TCB_SVN; NULL if the list does not know it. */
static const struct tdx_module *find_module(
    const struct tcb_info *info, const uint8_t svn[DCAP_SVN_LEN])
{
	if (svn[MODULE_VERSION] != 0)
		return find_identity(info, svn[MODULE_VERSION]);
	return info->has_module ? &info->module : NULL;
}

enum err dcap_module_match(const struct tcb_info *info,
    const struct td_report *td, const struct tdx_module **module,
    struct err_ctx *ctx)
{
	const struct tdx_module *m = find_module(info, td->tee_tcb_svn);

	*module = NULL;
	if (m == NULL)
		return err_set(ctx, ERR_UNSUPPORTED,
		    "TDX module version %u is not in the TCB Info",
		    td->tee_tcb_svn[MODULE_VERSION]);
	if (!mem_eq_ct(td->mrsignerseam, m->mrsigner, sizeof(m->mrsigner)))
		return err_set(ctx, ERR_AUTH,
		    "MRSIGNERSEAM is not that of TDX module version %u",
		    m->version);
	if (!mem_is_zero(td->seamattributes, sizeof(td->seamattributes)))
		return err_set(ctx, ERR_AUTH,
		    "SEAMATTRIBUTES of the TDX module are not zero");
	if (!masked_eq(td->seamattributes, m->mask, m->attributes,
		sizeof(m->attributes)))
		return err_set(ctx, ERR_AUTH,
		    "SEAMATTRIBUTES are not those of TDX module version %u",
		    m->version);
	*module = m;
	return ERR_OK;
}

/* ---- Levels ---------------------------------------------------------------- */

/* Is every component from `first` on at least that of the level? */
static bool reaches(const uint8_t got[DCAP_SVN_LEN],
    const uint8_t level[DCAP_SVN_LEN], size_t first)
{
	for (size_t i = first; i < DCAP_SVN_LEN; i++) {
		if (got[i] < level[i])
			return false;
	}
	return true;
}

/* From version 1 on a module has levels of its own, and its two components of
 * the platform's levels mean nothing. */
static bool reaches_tdx(const struct td_report *td, const struct tcb_level *l)
{
	size_t first = td->tee_tcb_svn[MODULE_VERSION] == 0 ? 0 : 2;

	return reaches(td->tee_tcb_svn, l->tdx, first);
}

/* */
static void match_levels(struct dcap_tcb *out, const struct tcb_info *info,
    const struct dcap_pck *pck, const struct td_report *td)
{
	for (size_t i = 0; i < info->n_levels; i++) {
		const struct tcb_level *l = &info->level[i];

		if (!reaches(pck->svn, l->sgx, 0) || pck->pcesvn < l->pcesvn)
			continue;
		if (out->sgx_level == NULL)
			out->sgx_level = l;
		if (td == NULL)
			return;
		if (reaches_tdx(td, l)) {
			out->tdx_level = l;
			return;
		}
	}
}

static const struct isv_level *find_isv_level(
    const struct isv_level *level, size_t n, uint16_t isvsvn)
{
	for (size_t i = 0; i < n; i++) {
		if (level[i].isvsvn <= isvsvn)
			return &level[i];
	}
	return NULL;
}

static enum dcap_status isv_status(const struct isv_level *level)
{
	return level != NULL ? level->status : DCAP_NOT_SUPPORTED;
}

/* ---- Converging ------------------------------------------------------------ */

static bool needs_configuration(enum dcap_status s)
{
	return s == DCAP_CONFIGURATION_NEEDED ||
	       s == DCAP_CONFIGURATION_AND_SW_HARDENING_NEEDED ||
	       s == DCAP_OUT_OF_DATE_CONFIGURATION_NEEDED;
}

static bool is_stale(enum dcap_status s)
{
	return s == DCAP_OUT_OF_DATE ||
	       s == DCAP_OUT_OF_DATE_CONFIGURATION_NEEDED;
}

/* A part that is not up to date makes the whole out of date. */
static enum dcap_status converge(enum dcap_status s, enum dcap_status part)
{
	if (part == DCAP_UP_TO_DATE)
		return s;
	return needs_configuration(s) ? DCAP_OUT_OF_DATE_CONFIGURATION_NEEDED
				      : DCAP_OUT_OF_DATE;
}

/*
 * A TD keeps the TEE_TCB_SVN of its launch. TEE_TCB_SVN2 is that of now: if the
 * module was brought up to date since, under a platform that is, launching the
 * TD again is all that is needed. A module that the list does not know is not
 * supported.
 */
static enum dcap_status judge_relaunch(const struct dcap_tcb *t,
    const struct tcb_info *info, const struct td_report *td)
{
	const uint8_t *svn2 = td->tee_tcb_svn2;
	const struct tcb_level *newest = &info->level[0];
	const struct tdx_module *m = find_module(info, svn2);
	enum dcap_status sgx = t->sgx_level->status;
	unsigned module_svn;

	if (!td->is_15 || t->qe_status != DCAP_UP_TO_DATE || is_stale(sgx) ||
	    t->module_status != DCAP_OUT_OF_DATE)
		return t->status;
	if (m == NULL)
		return DCAP_NOT_SUPPORTED;
	module_svn = svn2[MODULE_VERSION] == 0 ? newest->tdx[MODULE_SVN]
					       : m->level[0].isvsvn;
	if (svn2[MODULE_SVN] < module_svn ||
	    svn2[MICROCODE_SVN] < newest->tdx[MICROCODE_SVN])
		return t->status;
	return needs_configuration(sgx) || needs_configuration(t->status)
		   ? DCAP_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED
		   : DCAP_TD_RELAUNCH_ADVISED;
}

/* What no converging can mend, the worst first. */
static enum dcap_status find_refusal(const struct dcap_tcb *t)
{
	if (t->platform_status == DCAP_NOT_SUPPORTED ||
	    t->module_status == DCAP_NOT_SUPPORTED)
		return DCAP_NOT_SUPPORTED;
	/* Stricter than Intel's library in one case: a TDX platform whose SGX
	 * level is revoked while a lower level, which matches whole, is not. */
	if (t->sgx_level->status == DCAP_REVOKED ||
	    t->platform_status == DCAP_REVOKED ||
	    t->module_status == DCAP_REVOKED || t->qe_status == DCAP_REVOKED)
		return DCAP_REVOKED;
	return t->qe_status == DCAP_NOT_SUPPORTED ? DCAP_NOT_SUPPORTED
						  : DCAP_UP_TO_DATE;
}

static enum dcap_status judge(const struct dcap_tcb *t,
    const struct tcb_info *info, const struct td_report *td)
{
	struct dcap_tcb now = *t;

	now.status = find_refusal(t);
	if (now.status != DCAP_UP_TO_DATE)
		return now.status;
	now.status = converge(t->platform_status, t->module_status);
	if (td != NULL)
		now.status = judge_relaunch(&now, info, td);
	return converge(now.status, t->qe_status);
}

void dcap_tcb_evaluate(struct dcap_tcb *out, const struct tcb_info *info,
    const struct qe_identity *qe_id, const struct dcap_pck *pck,
    const struct sgx_report *qe, const struct td_report *td)
{
	const struct tdx_module *module = out->module;
	const struct tcb_level *level;

	*out = (struct dcap_tcb){ .module = td != NULL ? module : NULL };
	match_levels(out, info, pck, td);
	level = td != NULL ? out->tdx_level : out->sgx_level;
	out->platform_status =
	    level != NULL ? level->status : DCAP_NOT_SUPPORTED;

	out->qe_level =
	    find_isv_level(qe_id->level, qe_id->n_levels, qe->isvsvn);
	out->qe_status = isv_status(out->qe_level);

	if (td != NULL && td->tee_tcb_svn[MODULE_VERSION] != 0) {
		out->module_level = find_isv_level(module->level,
		    module->n_levels, td->tee_tcb_svn[MODULE_SVN]);
		out->module_status = isv_status(out->module_level);
	}
	out->status = judge(out, info, td);
	out->relaunch_advised =
	    out->status == DCAP_TD_RELAUNCH_ADVISED ||
	    out->status == DCAP_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED;
}

/* ---- Advisories ------------------------------------------------------------ */

static bool same_id(const char *a, const char *b)
{
	return mem_eq_str(
	    (struct bytes){ (const uint8_t *)a, mem_strlen(a) }, b);
}

#define LISTS 3

/* Does the id occur in lists [0, k), or in list k before pos? */
static bool seen_before(const struct tcb_advisories *const list[LISTS],
    size_t k, size_t pos, const char *id)
{
	char other[POLICY_ADVISORY_LEN];

	for (size_t i = 0; i <= k; i++) {
		size_t at = 0;

		while (list[i] != NULL &&
		       tcb_advisory_next(list[i], &at, other) &&
		       (i < k || at < pos)) {
			if (same_id(id, other))
				return true;
		}
	}
	return false;
}

bool dcap_tcb_advisories(const struct dcap_tcb *tcb,
    bool (*fn)(void *cookie, const char *id), void *cookie)
{
	const struct tcb_level *level =
	    tcb->tdx_level != NULL ? tcb->tdx_level : tcb->sgx_level;
	const struct tcb_advisories *const list[LISTS] = {
		level != NULL ? &level->advisories : NULL,
		tcb->module_level != NULL ? &tcb->module_level->advisories
					  : NULL,
		tcb->qe_level != NULL ? &tcb->qe_level->advisories : NULL,
	};
	char id[POLICY_ADVISORY_LEN];

	for (size_t k = 0; k < LISTS; k++) {
		size_t pos = 0;

		while (
		    list[k] != NULL && tcb_advisory_next(list[k], &pos, id)) {
			if (!seen_before(list, k, pos, id) && !fn(cookie, id))
				return false;
		}
	}
	return true;
}
