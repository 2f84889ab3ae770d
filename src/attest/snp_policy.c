/*
 * Are the claims of an authentic SNP report good enough? Every comparison with
 * the policy, in the order of docs/attestation.md, section 8; see snp_verify.h.
 */
#include "attest/snp_verify.h"

#include "base/utc.h"

/* The firmware that knows PAGE_SWAP_DISABLE: Linux offers the bit to guests from
 * this version on (crypto/ccp, sev_get_snp_policy_bits). No report says it. */
#define PAGE_SWAP_MAJOR 1
#define PAGE_SWAP_MINOR 58

static unsigned long long ull(uint64_t v)
{
	return v;
}

/* */
static enum err check_guest(void *run, struct check_list *list)
{
	struct snp_run *r = run;
	const struct snp_policy *want = &r->policy->snp;
	const struct snp_report *rep = &r->report;
	struct err_ctx *ctx = &list->reason;
	enum err e = snp_policy_bits_check(rep, ctx);

	if (e != ERR_OK)
		return e;
	if ((rep->policy & want->guest_require) != want->guest_require)
		return err_set(ctx, ERR_POLICY,
		    "POLICY %llx lacks bits of 0x%llx, which policy %s "
		    "requires",
		    ull(rep->policy), ull(want->guest_require),
		    r->policy->name);
	if ((rep->policy & want->guest_refuse) != 0)
		return err_set(ctx, ERR_POLICY,
		    "POLICY %llx has bits of 0x%llx, which policy %s refuses",
		    ull(rep->policy), ull(want->guest_refuse), r->policy->name);
	if (rep->vmpl > want->vmpl_max)
		return err_set(ctx, ERR_POLICY,
		    "report was asked for at VMPL %u, policy %s accepts up to "
		    "%u",
		    rep->vmpl, r->policy->name, want->vmpl_max);
	check_say(list, "POLICY %llx without debug and migration, VMPL %u",
	    ull(rep->policy), rep->vmpl);
	return ERR_OK;
}

static const struct snp_product_policy *product_of(const struct snp_run *r)
{
	static const struct snp_product_policy refused;

	switch (r->family) {
	case SNP_FAMILY_MILAN:
		return &r->policy->snp.milan;
	case SNP_FAMILY_GENOA:
		return &r->policy->snp.genoa;
	case SNP_FAMILY_TURIN:
		return &r->policy->snp.turin;
	case SNP_FAMILY_UNSTATED:
		break;
	}
	return &refused;
}

static bool is_vlek(const struct snp_run *r)
{
	return snp_signing_key(&r->report) == SNP_KEY_VLEK;
}

/* */
static enum err check_product(void *run, struct check_list *list)
{
	struct snp_run *r = run;
	const struct snp_policy *want = &r->policy->snp;
	struct err_ctx *ctx = &list->reason;
	bool vlek = is_vlek(r);
	bool masked = mem_is_zero(r->report.chip_id, SNP_CHIP_ID_LEN);

	if (r->report.version < want->report_version_min)
		return err_set(ctx, ERR_POLICY,
		    "report version %u, policy %s accepts from %u",
		    r->report.version, r->policy->name,
		    want->report_version_min);
	if (!product_of(r)->accepted)
		return err_set(ctx, ERR_POLICY,
		    "processor %s is not accepted by policy %s",
		    snp_family_name(r->family), r->policy->name);
	if (vlek && !want->allow_vlek)
		return err_set(ctx, ERR_POLICY,
		    "signed by a VLEK, which is of no chip: policy %s refuses "
		    "it",
		    r->policy->name);
	if (!vlek && masked && !want->allow_masked_chip)
		return err_set(ctx, ERR_POLICY,
		    "CHIP_ID is masked, policy %s refuses that",
		    r->policy->name);
	check_say(list, "%s, report version %u, %s", snp_family_name(r->family),
	    r->report.version,
	    vlek     ? "key of a provider"
	    : masked ? "chip masked"
		     : "key of the chip");
	return ERR_OK;
}

static bool offers_no_swap(const struct snp_firmware *f)
{
	return f->major > PAGE_SWAP_MAJOR ||
	       (f->major == PAGE_SWAP_MAJOR && f->minor >= PAGE_SWAP_MINOR);
}

/* What the machine offers, the guest has to demand. */
static enum err check_protection(const struct snp_run *r, struct err_ctx *ctx)
{
	const struct snp_report *rep = &r->report;

	if ((rep->platform_info & SNP_PLATFORM_CT_HIDING) != 0 &&
	    (rep->policy & SNP_POLICY_CT_HIDING) == 0)
		return err_set(ctx, ERR_POLICY,
		    "ciphertext hiding is on, but POLICY does not require it "
		    "(bit 24)");
	if (offers_no_swap(&rep->current) &&
	    (rep->policy & SNP_POLICY_NO_SWAP) == 0)
		return err_set(ctx, ERR_POLICY,
		    "firmware %u.%u can disable page swap, but POLICY does not "
		    "(bit 25)",
		    rep->current.major, rep->current.minor);
	return ERR_OK;
}

static void say_memory(struct check_list *list, const struct snp_report *rep)
{
	uint64_t on = rep->platform_info, policy = rep->policy;

	check_say(list,
	    "alias check %s, ciphertext hiding %s%s, page swap %s, AES-256-XTS "
	    "%s, TSME %s, ECC %s, SMT %s",
	    (on & SNP_PLATFORM_ALIAS_OK) != 0 ? "done" : "NOT done",
	    (on & SNP_PLATFORM_CT_HIDING) != 0 ? "on" : "off",
	    (policy & SNP_POLICY_CT_HIDING) != 0 ? ", required"
						 : ", not required",
	    (policy & SNP_POLICY_NO_SWAP) != 0 ? "disabled" : "possible",
	    (policy & SNP_POLICY_AES_XTS) != 0 ? "required" : "not required",
	    (on & SNP_PLATFORM_TSME) != 0 ? "on" : "off",
	    (on & SNP_PLATFORM_ECC) != 0 ? "on" : "off",
	    (on & SNP_PLATFORM_SMT) != 0 ? "on" : "off");
}

/* */
static enum err check_memory(void *run, struct check_list *list)
{
	struct snp_run *r = run;
	const struct snp_policy *want = &r->policy->snp;
	uint64_t info = r->report.platform_info;
	enum err e = ERR_OK;

	if ((info & want->platform_require) != want->platform_require)
		return err_set(&list->reason, ERR_POLICY,
		    "PLATFORM_INFO %llx lacks bits of 0x%llx, which policy %s "
		    "requires",
		    ull(info), ull(want->platform_require), r->policy->name);
	if (want->protect_memory)
		e = check_protection(r, &list->reason);
	if (e == ERR_OK)
		say_memory(list, &r->report);
	return e;
}

/* Every named component of one TCB; `which` is its field's name. */
static enum err check_floor(const struct snp_run *r, const struct snp_tcb *t,
    const char *which, struct err_ctx *ctx)
{
	const struct snp_tcb *floor = &product_of(r)->floor;
	const struct {
		const char *name;
		uint8_t got, min;
	} part[] = { { "fmc", t->fmc, floor->fmc },
		{ "bootloader", t->bootloader, floor->bootloader },
		{ "tee", t->tee, floor->tee }, { "snp", t->snp, floor->snp },
		{ "microcode", t->microcode, floor->microcode } };

	for (size_t i = 0; i < sizeof(part) / sizeof(part[0]); i++) {
		if (part[i].got < part[i].min)
			return err_set(ctx, ERR_POLICY,
			    "%s has %s %u, policy %s accepts from %u", which,
			    part[i].name, part[i].got, r->policy->name,
			    part[i].min);
	}
	return ERR_OK;
}

/* Firmware that is on trial can be taken back, below what is committed. */
static enum err check_committed(const struct snp_run *r, struct err_ctx *ctx)
{
	const struct snp_report *rep = &r->report;
	const struct snp_firmware *a = &rep->current, *b = &rep->committed;

	if (!snp_tcb_at_most(&rep->current_tcb, &rep->committed_tcb))
		return err_set(ctx, ERR_POLICY,
		    "CURRENT_TCB is above COMMITTED_TCB: firmware on trial");
	if (a->major != b->major || a->minor != b->minor ||
	    a->build != b->build)
		return err_set(ctx, ERR_POLICY,
		    "firmware %u.%u.%u runs, committed is %u.%u.%u", a->major,
		    a->minor, a->build, b->major, b->minor, b->build);
	return ERR_OK;
}

/* */
static enum err check_tcb_status(void *run, struct check_list *list)
{
	struct snp_run *r = run;
	const struct snp_report *rep = &r->report;
	struct err_ctx *ctx = &list->reason;
	const struct snp_tcb *floor = &product_of(r)->floor;
	enum err e = check_floor(r, &rep->reported_tcb, "REPORTED_TCB", ctx);

	if (e == ERR_OK)
		e = check_floor(r, &rep->committed_tcb, "COMMITTED_TCB", ctx);
	if (e == ERR_OK)
		e = check_floor(r, &rep->launch_tcb, "LAUNCH_TCB", ctx);
	if (e == ERR_OK && r->policy->snp.current_is_committed)
		e = check_committed(r, ctx);
	if (e == ERR_OK)
		check_say(list,
		    "firmware %u.%u.%u, snp %u and microcode %u; policy %s "
		    "wants %u and %u",
		    rep->current.major, rep->current.minor, rep->current.build,
		    rep->reported_tcb.snp, rep->reported_tcb.microcode,
		    r->policy->name, floor->snp, floor->microcode);
	return e;
}

/*
 * Is this very chip allowed? One leaked key forges evidence for its chip.
 * [A-52]
 */
static enum err check_hardware(void *run, struct check_list *list)
{
	struct snp_run *r = run;
	bool only_listed = product_of(r)->only_listed;
	char hex[SHORT_HEX_LEN], date[UTC_TEXT_LEN + 1];
	uint64_t not_after;
	enum err e;

	if (is_vlek(r) && (only_listed || !r->policy->any_hardware))
		return err_set(&list->reason, ERR_POLICY,
		    "a VLEK names no chip, policy %s accepts listed ones only",
		    r->policy->name);
	if (only_listed)
		e = policy_find_chip(r->policy, r->report.chip_id, r->now_s,
		    &not_after, &list->reason);
	else
		e = policy_check_chip(r->policy, r->report.chip_id, r->now_s,
		    &not_after, &list->reason);
	if (e != ERR_OK)
		return e;
	check_deadline(list, not_after);
	utc_format(date, not_after);
	if (not_after == UINT64_MAX)
		check_say(list, "policy %s accepts any genuine chip",
		    r->policy->name);
	else
		check_say(list,
		    "chip %s.. is on the list of policy %s until %s",
		    check_short_hex(hex, r->report.chip_id), r->policy->name,
		    date);
	return ERR_OK;
}

const struct check_def snp_checks_policy[SNP_CHECKS_POLICY] = {
	{ CHECK_GUEST, check_guest },
	{ CHECK_PRODUCT, check_product },
	{ CHECK_MEMORY, check_memory },
	{ CHECK_TCB_STATUS, check_tcb_status },
	{ CHECK_HARDWARE, check_hardware },
};
