/* Advisory ids as dcap_tcb_advisories() gives them, kept. */
#ifndef CONFER_TESTS_UNIT_TCB_IDS_H
#define CONFER_TESTS_UNIT_TCB_IDS_H

#include "test.h"

#include "attest/dcap_tcb.h"

struct ids {
	char id[8 * TCB_ADVISORIES_MAX][POLICY_ADVISORY_LEN];
	size_t n;
	size_t stop_at; /* collect() says no then; 0: never */
};

static inline bool collect(void *cookie, const char *id)
{
	struct ids *ids = cookie;

	(void)snprintf(ids->id[ids->n++], POLICY_ADVISORY_LEN, "%s", id);
	return ids->n != ids->stop_at;
}

#endif
