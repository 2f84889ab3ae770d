/* Proof files: what is accepted is written back the same; none verifies. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "tlog/proof.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char text[] =
	    "log log.example.org/releases+f5384400+"
	    "Af8wUcEYQpUbwEfJ28Ukq/FylVG11p0uLTgBjS5O8GB+\n"
	    "witness w1 w1.example.net+9c95ef94+"
	    "BA7I9xOCCywqcuahlzqkKf1cXDg1LvE0QxZviGrjaGTo\nquorum w1\n";
	static struct tlog_policy policy;
	struct bytes in = { data, size };
	struct tlog_included included;
	struct tlog_proof proof;
	uint8_t *out;
	struct wr w;

	if (policy.quorum == TLOG_QUORUM_UNSET)
		assert(tlog_policy_parse(&policy,
			   (struct bytes){
			       (const uint8_t *)text, sizeof(text) - 1 },
			   false, NULL) == ERR_OK);
	assert(tlog_proof_verify(
		   &included, &policy, 1800000000, in, in, NULL) != ERR_OK);
	if (tlog_proof_parse(&proof, in, NULL) != ERR_OK)
		return 0;
	assert(proof.n <= TLOG_PATH_MAX && proof.index < TLOG_SIZE_MAX);
	out = malloc(size);
	w = wr_init(out, size);
	tlog_proof_format(&w, &proof);
	assert(w.err == ERR_OK && w.len == size);
	assert(memcmp(out, data, size) == 0);
	free(out);
	return 0;
}
