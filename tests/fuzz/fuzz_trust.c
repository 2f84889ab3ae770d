/* Trust files: what parses demands signatures and keeps to its limits. */
#include <assert.h>

#include "protocol/trust.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err_ctx ctx = { 0 };
	struct trust t;
	enum err e = trust_parse(&t, (struct bytes){ data, size }, &ctx);

	if (e != ERR_OK) {
		assert(ctx.msg[0] != '\0');
		assert(mem_is_zero(&t, sizeof(t)));
		return 0;
	}
	assert(t.release.n > 0 && t.release.n <= RECORD_KEYS_MAX);
	assert(t.release.need > 0 && t.release.need <= t.release.n);
	assert(t.n_sim_roots <= TRUST_SIM_ROOTS_MAX);
	assert(t.rebuilder.n <= TRUST_REBUILDERS_MAX);
	assert(t.n_ops <= TRUST_OPERATORS_MAX);
	for (size_t i = 0; i < t.n_ops; i++)
		assert(trust_operator_of(&t, t.op[i].witness).len > 0);
	assert(t.n_logs > 0 && t.n_logs <= TRUST_POLICIES_MAX);
	for (size_t i = 0; i < t.n_logs; i++) {
		const struct trust_policy *w = &t.log[i];

		assert(w->from < w->until);
		assert(i == 0 || t.log[i - 1].until <= w->from);
		assert(w->policy.quorum != TLOG_QUORUM_UNSET);
		assert(t.local || w->policy.quorum != TLOG_QUORUM_NONE);
		assert(trust_policy_at(&t, w->from) == &w->policy);
		assert(trust_policy_at(&t, w->until) != &w->policy);
	}
	return 0;
}
