/* AMD's extensions of a certificate: what parses in the layout of one structure
 * does not in that of the other, and names agree with raw bytes. */
#include <assert.h>

#include "attest/snp_cert.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool try(const struct x509_cert *cert, enum snp_family family)
{
	struct err_ctx ctx = { 0 };
	struct snp_cert_ext ext;
	enum err e = snp_cert_ext_parse(&ext, cert, family, &ctx);
	struct snp_tcb tcb = ext.tcb;

	if (e != ERR_OK) {
		assert(
		    e == ERR_FORMAT || e == ERR_UNSUPPORTED || e == ERR_LIMIT);
		assert(ctx.code == e && ctx.msg[0] != '\0');
		assert(mem_is_zero(&ext, sizeof(ext)));
		return false;
	}
	for (size_t i = 0; i < ext.product.len; i++)
		assert(ext.product.p[i] >= 0x20 && ext.product.p[i] <= 0x7e);
	snp_tcb_decode(&tcb, family);
	assert(tcb.snp == ext.tcb.snp && tcb.fmc == ext.tcb.fmc);
	assert(ext.struct_version == (family == SNP_FAMILY_TURIN));
	assert(ext.has_hwid || mem_is_zero(ext.hwid, sizeof(ext.hwid)));
	if (family == SNP_FAMILY_TURIN)
		assert(mem_is_zero(ext.hwid + 8, sizeof(ext.hwid) - 8));
	else
		assert(tcb.fmc == 0);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct x509_cert cert;
	bool milan, genoa, turin;

	if (x509_cert_parse(
		&cert, (struct bytes){ data, size }, "fuzzed", NULL) != ERR_OK)
		return 0;
	milan = try(&cert, SNP_FAMILY_MILAN);
	genoa = try(&cert, SNP_FAMILY_GENOA);
	turin = try(&cert, SNP_FAMILY_TURIN);
	assert(milan == genoa && !(milan && turin));
	return 0;
}
