/*
 * The AMD extensions of a VCEK or VLEK certificate (OIDs under
 * 1.3.6.1.4.1.3704.1): for which chip and which firmware versions its key was
 * derived. AMD 57230 "VCEK Certificate and KDS Interface", section 3.
 */
#ifndef CONFER_ATTEST_SNP_CERT_H
#define CONFER_ATTEST_SNP_CERT_H

#include <stdbool.h>
#include <stdint.h>

#include "attest/snp.h"
#include "attest/x509.h"

struct snp_cert_ext {
	uint8_t struct_version; /* 0 Milan and Genoa, 1 Turin */
	struct bytes product;   /* "Milan-B0", "Genoa"; not to be trusted */
	struct snp_tcb tcb;     /* raw bytes too, in the family's layout */
	bool has_hwid;          /* VCEK */
	uint8_t hwid[SNP_CHIP_ID_LEN]; /* Turin: 8 bytes, then zeros */
	struct bytes csp_id; /* VLEK: the cloud provider; else empty */
};

/*
 * Read them from a parsed certificate, in the layout of `family` (Milan, Genoa
 * or Turin). All SPLs of the family are required, each one INTEGER of 0..255;
 * hwID is raw (64 bytes; Turin 8) or within an OCTET STRING, told by the total
 * length alone. ERR_FORMAT naming the extension; ERR_UNSUPPORTED for another
 * structVersion than the family's. Borrows the certificate. A fuzz target.
 */
enum err snp_cert_ext_parse(struct snp_cert_ext *out,
    const struct x509_cert *cert, enum snp_family family, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

#endif
