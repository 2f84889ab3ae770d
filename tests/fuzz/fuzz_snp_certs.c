/* The host's certificate table: every certificate lies inside it. */
#include <assert.h>

#include "attest/snp_certs_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inside(struct bytes cert, const uint8_t *data, size_t size)
{
	if (cert.len == 0)
		return;
	assert(cert.p >= data + SNP_CERTS_ROW_LEN);
	assert(cert.len <= size - (size_t)(cert.p - data));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err_ctx ctx = { 0 };
	struct snp_certs_table t;
	enum err e =
	    snp_certs_table_parse(&t, (struct bytes){ data, size }, &ctx);

	if (e != ERR_OK) {
		assert(ctx.code == e && ctx.msg[0] != '\0');
		assert(mem_is_zero(&t, sizeof(t)));
		return 0;
	}
	inside(t.vcek, data, size);
	inside(t.vlek, data, size);
	inside(t.ask, data, size);
	inside(t.ark, data, size);
	return 0;
}
