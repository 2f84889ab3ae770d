/* Trust policies: an accepted one can hold with all witnesses, never with none
 * unless it says `quorum none`; more witnesses never make it worse. */
#include <assert.h>

#include "tlog/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t time[TLOG_POLICY_WITNESSES_MAX], when, before = 0;
	struct bytes text = { data, size };
	struct tlog_policy p;
	uint32_t all, have = 0;
	bool held = false;

	if (tlog_policy_parse(&p, text, true, NULL) != ERR_OK) {
		assert(p.quorum == TLOG_QUORUM_UNSET);
		return 0;
	}
	assert(p.n_witnesses <= TLOG_POLICY_WITNESSES_MAX);
	assert((tlog_policy_parse(&p, text, false, NULL) == ERR_OK) ==
	       (p.quorum != TLOG_QUORUM_UNSET));
	if (p.quorum == TLOG_QUORUM_UNSET)
		return 0; /* it said `quorum none` */
	all = p.n_witnesses == 0 ? 0 : UINT32_MAX >> (32 - p.n_witnesses);
	for (size_t i = 0; i < TLOG_POLICY_WITNESSES_MAX; i++)
		time[i] = 1000 + i * 7919 % 100;
	assert(tlog_policy_quorum(&when, &p, all, time) && when >= 1000);
	assert(!tlog_policy_quorum(&when, &p, 0, time));
	for (size_t i = 0; i < p.n_witnesses; i++) {
		bool holds;

		have |= UINT32_C(1) << i;
		holds = tlog_policy_quorum(&when, &p, have, time);
		assert(holds || !held);
		assert(!held || when >= before);
		held = holds;
		before = when;
	}
	return 0;
}
