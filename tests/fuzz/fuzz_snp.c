/* SNP reports: what parses has been looked at whole, and its checks hold. */
#include <assert.h>

#include "attest/snp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err_ctx ctx = { 0 };
	struct snp_report r;
	enum err e = snp_report_parse(&r, (struct bytes){ data, size }, &ctx);

	if (e != ERR_OK) {
		assert(ctx.code == e && ctx.msg[0] != '\0');
		assert(mem_is_zero(&r, sizeof(r)));
		return 0;
	}
	assert(size == SNP_REPORT_LEN);
	assert(r.version >= SNP_VERSION_MIN && r.version <= SNP_VERSION_MAX);
	assert(r.signed_part.p == data);
	assert((r.family == SNP_FAMILY_UNSTATED) == (r.version == 2));
	if (snp_guest_check(&r, NULL) == ERR_OK)
		assert((r.policy & SNP_POLICY_DEBUG) == 0 && r.vmpl == 0);
	if (snp_tcb_check(&r, NULL) == ERR_OK)
		assert(snp_tcb_at_most(&r.reported_tcb, &r.current_tcb));
	return 0;
}
