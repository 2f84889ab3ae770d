/* Quotes: what parses has been looked at whole, and nothing is left behind it
 * but zeros. */
#include <assert.h>

#include "attest/dcap_quote.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Does b lie in the input at this place? Then the place after it. */
static const uint8_t *next(const uint8_t *at, struct bytes b, size_t len)
{
	assert(b.p == at && b.len == len);
	return at + len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err_ctx ctx = { 0 };
	struct dcap_quote q;
	enum err e = dcap_quote_parse(&q, (struct bytes){ data, size }, &ctx);
	const uint8_t *at = data;

	if (e != ERR_OK) {
		assert(ctx.code == e && ctx.msg[0] != '\0');
		assert(mem_is_zero(&q, sizeof(q)));
		return 0;
	}
	assert(size <= DCAP_QUOTE_LEN_MAX);
	assert(q.version >= 3 && q.version <= 5);
	assert(q.tee == DCAP_TEE_SGX || q.tee == DCAP_TEE_TDX);
	assert(q.version != 3 || q.tee == DCAP_TEE_SGX);
	assert(q.version != 4 || q.tee == DCAP_TEE_TDX);
	assert(!q.td.is_15 || q.version == 5);
	at = next(at, q.signed_part, q.signed_part.len) + 4;
	at = next(at, q.sig, DCAP_SIG_LEN);
	at = next(at, q.ak, DCAP_AK_LEN) + (q.version == 3 ? 0 : 6);
	at = next(at, q.qe_report, SGX_REPORT_LEN);
	at = next(at, q.qe_sig, DCAP_SIG_LEN) + 2;
	at += q.qe_auth.len + 6 + q.pck_pem.len;
	assert(at <= data + size && data + size - at <= DCAP_ZEROS_MAX);
	assert(mem_is_zero(at, (size_t)(data + size - at)));
	assert(dcap_report_data(&q)[0] ==
	       q.signed_part.p[q.signed_part.len - 64 - (q.td.is_15 ? 64 : 0)]);
	return 0;
}
