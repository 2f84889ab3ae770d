/* Inputs of measurements: what is read can be measured, or it is said why. */
#include <assert.h>

#include "measure/inputs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_snp(struct bytes text)
{
	struct err_ctx ctx = { 0 };
	struct snp_inputs in;
	uint8_t digest[SHA384_LEN];
	enum err e = snp_inputs_parse(&in, text, &ctx);

	if (e != ERR_OK) {
		assert(ctx.code == e && ctx.msg[0] != '\0');
		assert(mem_is_zero(&in, sizeof(in)));
		return;
	}
	assert(in.vcpu_type[0] != '\0');
	assert(in.launch.machine.vcpus <= SNP_VCPUS_MAX);
	in.launch.machine.vcpus = 1; /* all the same work */
	if (in.launch.ovmf.sections.n > 8)
		return;
	e = snp_launch_digest(digest, &in.launch, &ctx);
	assert(e == ERR_OK || ctx.msg[0] != '\0');
}

static void check_tdx(struct bytes text)
{
	struct err_ctx ctx = { 0 };
	struct tdx_inputs in;
	struct tdx_values v;
	enum err e = tdx_inputs_parse(&in, text, &ctx);

	if (e != ERR_OK) {
		assert(ctx.code == e && ctx.msg[0] != '\0');
		assert(mem_is_zero(&in, sizeof(in)));
		return;
	}
	e = tdx_inputs_measure(&v, &in, &ctx);
	assert(e == ERR_OK || ctx.msg[0] != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_snp((struct bytes){ data, size });
	check_tdx((struct bytes){ data, size });
	return 0;
}
