/* The pinned roots; see roots.h. */
#include "attest/roots.h"

#include "attest/roots_spki.h"

const struct root_key attest_roots[ATTEST_ROOTS] = {
	[ROOT_ARK_MILAN] = { "ARK-Milan",
	    { spki_ark_milan, sizeof(spki_ark_milan) } },
	[ROOT_ARK_GENOA] = { "ARK-Genoa",
	    { spki_ark_genoa, sizeof(spki_ark_genoa) } },
	[ROOT_ARK_TURIN] = { "ARK-Turin",
	    { spki_ark_turin, sizeof(spki_ark_turin) } },
	[ROOT_INTEL_SGX] = { "Intel SGX Root CA",
	    { spki_intel_sgx, sizeof(spki_intel_sgx) } },
};

enum attest_root root_of_family(enum snp_family family)
{
	switch (family) {
	case SNP_FAMILY_MILAN:
		return ROOT_ARK_MILAN;
	case SNP_FAMILY_GENOA:
		return ROOT_ARK_GENOA;
	case SNP_FAMILY_TURIN:
		return ROOT_ARK_TURIN;
	case SNP_FAMILY_UNSTATED:
		break;
	}
	return ATTEST_ROOTS;
}

enum snp_family family_of_cn(struct bytes cn)
{
	static const enum snp_family all[] = { SNP_FAMILY_MILAN,
		SNP_FAMILY_GENOA, SNP_FAMILY_TURIN };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		const char *name = snp_family_name(all[i]);
		size_t len = mem_strlen(name);

		if (cn.len > len && cn.p[cn.len - len - 1] == '-' &&
		    mem_eq_str(
			(struct bytes){ cn.p + cn.len - len, len }, name))
			return all[i];
	}
	return SNP_FAMILY_UNSTATED;
}
