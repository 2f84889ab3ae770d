/* Firmware for TDX: what parses can be measured, within its limits. */
#include <assert.h>

#include "measure/tdx_launch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct bytes image = { data, size };
	struct err_ctx ctx = { 0 };
	struct tdvf t;
	uint8_t digest[SHA384_LEN];
	uint64_t pages = 0;
	enum err e = tdvf_parse(&t, image, &ctx);

	if (e != ERR_OK) {
		assert(ctx.code == e && ctx.msg[0] != '\0');
		assert(mem_is_zero(&t, sizeof(t)));
		return 0;
	}
	for (size_t i = 0; i < t.n; i++) {
		const struct tdvf_section *s = &t.section[i];

		assert(s->address + s->size <= FIRMWARE_END);
		assert((size_t)s->data_offset + s->data_size <= size);
		pages += s->size / PAGE_LEN;
	}
	assert(t.n > 0 && pages <= TDVF_PAGES_MAX);
	e = tdx_launch_hob(digest, &t, 1ULL << 32, NULL);
	assert(e != ERR_INTERNAL);
	if (pages > 64) /* all the same work */
		return 0;
	e = tdx_launch_mrtd(digest, &t, image, TDX_TWO_PASS, NULL);
	assert(e == ERR_OK);
	e = tdx_launch_mrtd(digest, &t, image, TDX_SINGLE_PASS, NULL);
	assert(e == ERR_OK);
	return 0;
}
