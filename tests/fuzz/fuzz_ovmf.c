/* Firmware for SNP: what parses can be launched, and keeps its promises. */
#include <assert.h>

#include "measure/snp_launch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err_ctx ctx = { 0 };
	struct snp_launch l = { .has_kernel = size % 2 == 0 };
	uint8_t digest[SHA384_LEN];
	size_t pages = 0;
	enum err e = ovmf_parse(&l.ovmf, (struct bytes){ data, size }, &ctx);

	if (e != ERR_OK) {
		assert(ctx.code == e && ctx.msg[0] != '\0');
		assert(mem_is_zero(&l.ovmf, sizeof(l.ovmf)));
		return 0;
	}
	assert(l.ovmf.sections.n > 0);
	for (size_t i = 0; i < l.ovmf.sections.n; i++) {
		const struct ovmf_section *s = &l.ovmf.sections.item[i];

		assert(s->size >= PAGE_LEN && s->size % PAGE_LEN == 0);
		assert(s->gpa + (uint64_t)s->size <= FIRMWARE_END - size);
		pages += s->size / PAGE_LEN;
	}
	assert(pages <= OVMF_PAGES_MAX);
	if (pages > 64) /* all the same work */
		return 0;
	l.machine = (struct snp_machine){ SNP_VMM_QEMU, 2, 0x800f12, 1 };
	e = snp_launch_digest(digest, &l, NULL);
	assert(e == ERR_OK || l.has_kernel);
	return 0;
}
