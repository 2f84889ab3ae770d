/*
 * Evidence: the bundle's bytes, and the whole verdict. The trust believes the
 * keys of the seeds (made by the unit tests' fixture), so that the fuzzer gets
 * past the signatures; nothing is ever accepted without answers.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "evidence_trust.h"
#include "protocol/evidence.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void judge(struct bytes bundle)
{
	static struct verdict v;
	static struct evidence_work work;
	static struct trust trust;
	static const bool no[OBLIGATIONS_MAX];
	uint8_t s_pub[X25519_LEN];
	struct evidence_demand demand = {
		.trust = &trust, .accept_simulated = true, .now_s = 1800000000
	};
	enum err e;

	memset(s_pub, 0x42, sizeof(s_pub));
	if (trust.release.n == 0 &&
	    trust_parse(&trust,
		(struct bytes){ (const uint8_t *)evidence_trust,
		    sizeof(evidence_trust) - 1 },
		NULL) != ERR_OK)
		abort();
	e = evidence_verify(&v, &work, &demand, bundle, s_pub);
	assert(!v.accepted);
	assert((e == ERR_OK) == (v.checks.reason.code == ERR_OK));
	assert(e == ERR_OK || v.checks.reason.msg[0] != '\0');
	e = evidence_conclude(&v, no, v.checks.obligations.n);
	assert(e != ERR_OK && !v.accepted && v.checks.deadline_s == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t out[EVIDENCE_LEN_MAX];
	struct bytes in = { data, size };
	struct wr w = wr_init(out, sizeof(out));
	struct evidence ev;

	if (evidence_parse(&ev, in, NULL) == ERR_OK) {
		if (evidence_build(&w, &ev) != ERR_OK)
			abort();
		assert(w.len == size && memcmp(out, data, size) == 0);
	}
	judge(in);
	return 0;
}
