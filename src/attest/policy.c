/*
 * The built-in policies and the hardware list; see policy.h. Numbers that age
 * stand here with their source: nobody publishes a signed list of them.
 */
#include "attest/policy.h"

#include "attest/check.h"
#include "base/utc.h"

/*
 * The standard choice of Intel's lists at compile time: number 19 is of the
 * recovery event of 2025-05-13 (PCS, tcbevaluationdatanumbers of June 2025), which Intel
 * makes the default within twelve months. Older lists are still signed anew,
 * and know nothing of what was found since.
 */
#define EVAL_MIN 19

/* x87, SSE, AVX (0-2), AVX-512 (5-7), PKRU (9), CET (11, 12), AMX (17, 18):
 * state of the guest's own computation. Tracing (8, 15) and the rest are not. */
#define XFAM_PLAIN 0x61AE7ULL

struct attest_policy attest_policy_strict(void)
{
	return (struct attest_policy){
		.name = "strict",
		.snp = {
			/* SNP versions: the fix of AMD-SB-3019. For Turin no
			 * floor in terms of a TCB is known to us: 0, a policy
			 * file sets one. Milan: BadFuse (arXiv 2605.12990)
			 * reads the seed of its keys, so that only the list
			 * says which chip is honest. */
			.milan = { .accepted = true, .only_listed = true,
				.floor = { .snp = 0x18 } },
			.genoa = { .accepted = true, .floor = { .snp = 0x17 } },
			.turin = { .accepted = true },
			.report_version_min = 3,
			.require_crl = true,
			.current_is_committed = true,
			.guest_refuse = SNP_POLICY_DEBUG | SNP_POLICY_MIGRATE_MA,
			.platform_require = SNP_PLATFORM_ALIAS_OK,
			.protect_memory = true,
		},
		.dcap = {
			.statuses = 1U << DCAP_UP_TO_DATE,
			.tdx_eval_min = EVAL_MIN,
			.sgx_eval_min = EVAL_MIN,
			.td_require = TD_SEPT_VE_DISABLE,
			.td_allow = TD_PKS,
			.xfam_allow = XFAM_PLAIN,
			.zero_config = true,
			.allow_dynamic = true,
			.accept_tdx = true,
			.accept_sgx = true,
		},
	};
}

struct attest_policy attest_policy_baseline(void)
{
	return (struct attest_policy){
		.name = "baseline",
		.snp = {
			.milan = { .accepted = true },
			.genoa = { .accepted = true },
			.turin = { .accepted = true },
			.report_version_min = SNP_VERSION_MIN,
			.guest_refuse = SNP_POLICY_DEBUG | SNP_POLICY_MIGRATE_MA,
		},
		.dcap = {
			.statuses = 1U << DCAP_UP_TO_DATE,
			.td_require = TD_SEPT_VE_DISABLE,
			.td_allow = ~TD_DEBUG,
			.xfam_allow = UINT64_MAX,
			.allow_dynamic = true,
			.accept_tdx = true,
			.accept_sgx = true,
		},
		.any_hardware = true,
	};
}

const char *dcap_status_name(enum dcap_status s)
{
	static const char *const name[DCAP_STATUSES] = {
		[DCAP_UP_TO_DATE] = "UpToDate",
		[DCAP_SW_HARDENING_NEEDED] = "SWHardeningNeeded",
		[DCAP_CONFIGURATION_NEEDED] = "ConfigurationNeeded",
		[DCAP_CONFIGURATION_AND_SW_HARDENING_NEEDED] =
		    "ConfigurationAndSWHardeningNeeded",
		[DCAP_TD_RELAUNCH_ADVISED] = "TDRelaunchAdvised",
		[DCAP_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED] =
		    "TDRelaunchAdvisedConfigurationNeeded",
		[DCAP_OUT_OF_DATE] = "OutOfDate",
		[DCAP_OUT_OF_DATE_CONFIGURATION_NEEDED] =
		    "OutOfDateConfigurationNeeded",
		[DCAP_REVOKED] = "Revoked",
		[DCAP_NOT_SUPPORTED] = "NotSupported",
	};

	return (unsigned)s < DCAP_STATUSES ? name[s] : "unknown";
}

static enum err not_listed(
    const struct attest_policy *p, const uint8_t *id, struct err_ctx *ctx)
{
	char hex[SHORT_HEX_LEN];

	return err_set(ctx, ERR_POLICY,
	    "hardware %s.. is not on the list of policy %s",
	    check_short_hex(hex, id), p->name);
}

/* An entry is good up to, not including, its end. */
static enum err judge_end(const uint8_t *id, uint64_t end, uint64_t now_s,
    uint64_t *not_after, struct err_ctx *ctx)
{
	char hex[SHORT_HEX_LEN], date[UTC_TEXT_LEN + 1];

	if (now_s >= end) {
		utc_format(date, end);
		return err_set(ctx, ERR_EXPIRED,
		    "hardware %s.. was on the list until %s",
		    check_short_hex(hex, id), date);
	}
	*not_after = end;
	return ERR_OK;
}

enum err policy_find_chip(const struct attest_policy *p,
    const uint8_t chip_id[SNP_CHIP_ID_LEN], uint64_t now_s, uint64_t *not_after,
    struct err_ctx *ctx)
{
	*not_after = 0;
	if (mem_is_zero(chip_id, SNP_CHIP_ID_LEN)) /* masked: of any chip */
		return not_listed(p, chip_id, ctx);
	for (size_t i = 0; i < p->n_chips; i++) {
		if (mem_eq_ct(p->chip[i].id, chip_id, SNP_CHIP_ID_LEN))
			return judge_end(chip_id, p->chip[i].not_after, now_s,
			    not_after, ctx);
	}
	return not_listed(p, chip_id, ctx);
}

enum err policy_check_chip(const struct attest_policy *p,
    const uint8_t chip_id[SNP_CHIP_ID_LEN], uint64_t now_s, uint64_t *not_after,
    struct err_ctx *ctx)
{
	if (!p->any_hardware)
		return policy_find_chip(p, chip_id, now_s, not_after, ctx);
	*not_after = UINT64_MAX;
	return ERR_OK;
}

enum err policy_check_ppid(const struct attest_policy *p,
    const uint8_t ppid[POLICY_PPID_LEN], uint64_t now_s, uint64_t *not_after,
    struct err_ctx *ctx)
{
	*not_after = p->any_hardware ? UINT64_MAX : 0;
	if (p->any_hardware)
		return ERR_OK;
	for (size_t i = 0; i < p->n_ppids; i++) {
		if (mem_eq_ct(p->ppid[i].ppid, ppid, POLICY_PPID_LEN))
			return judge_end(
			    ppid, p->ppid[i].not_after, now_s, not_after, ctx);
	}
	return not_listed(p, ppid, ctx);
}
