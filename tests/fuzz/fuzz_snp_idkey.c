/* Public keys of ID blocks: a digest, or a reason without one. */
#include <assert.h>

#include "measure/snp_idblock.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err_ctx ctx = { 0 };
	uint8_t digest[SHA384_LEN];
	enum err e =
	    snp_idblock_parse_key(digest, (struct bytes){ data, size }, &ctx);

	if (e == ERR_OK) {
		assert(!mem_is_zero(digest, sizeof(digest)));
		return 0;
	}
	assert(ctx.code == e && ctx.msg[0] != '\0');
	assert(mem_is_zero(digest, sizeof(digest)));
	return 0;
}
