/* Attestation policies: no file lifts what none may lift, and every machine on
 * a list is one machine, found until its end. */
#include <assert.h>

#include "attest/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_hardware(const struct attest_policy *p)
{
	uint64_t end;

	assert(p->n_chips <= POLICY_CHIPS_MAX);
	assert(p->n_ppids <= POLICY_CHIPS_MAX);
	for (size_t i = 0; i < p->n_chips; i++) {
		const struct policy_chip *c = &p->chip[i];
		enum err e = policy_find_chip(p, c->id, 0, &end, NULL);

		assert(!mem_is_zero(c->id, sizeof(c->id)));
		assert(e == (c->not_after == 0 ? ERR_EXPIRED : ERR_OK));
		assert(end == c->not_after); /* so no earlier entry has it */
	}
	for (size_t i = 0; i < p->n_ppids; i++)
		assert(!mem_is_zero(p->ppid[i].ppid, POLICY_PPID_LEN));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct attest_policy p;
	struct err_ctx ctx = { 0 };
	enum err e = attest_policy_parse(
	    &p, (struct bytes){ data, size }, "fuzzed", &ctx);

	if (e != ERR_OK) {
		assert(ctx.code == e && ctx.msg[0] != '\0');
		assert(mem_is_zero(&p, sizeof(p)));
		return 0;
	}
	assert(size > 0 && size <= POLICY_LEN_MAX && data[size - 1] == '\n');
	assert((p.snp.guest_refuse & SNP_POLICY_DEBUG) != 0);
	assert((p.snp.guest_refuse & SNP_POLICY_MIGRATE_MA) != 0);
	assert((p.snp.guest_require & SNP_POLICY_DEBUG) == 0);
	assert(((p.dcap.td_require | p.dcap.td_allow) & TD_DEBUG) == 0);
	assert(p.dcap.statuses != 0);
	assert(p.dcap.statuses < 1U << DCAP_REVOKED);
	assert(p.snp.report_version_min >= SNP_VERSION_MIN);
	assert(p.snp.report_version_min <= SNP_VERSION_MAX);
	assert(p.snp.vmpl_max <= 3);
	assert(p.dcap.n_advisories <= POLICY_ADVISORIES_MAX);
	for (size_t i = 0; i < p.dcap.n_advisories; i++) {
		size_t n = mem_strlen(p.dcap.advisory[i]);

		assert(n > 0 && n < POLICY_ADVISORY_LEN);
	}
	check_hardware(&p);
	return 0;
}
