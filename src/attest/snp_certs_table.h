/*
 * The certificate table that a host hands to an SNP guest beside its report:
 * AMD 56421 "GHCB Standardization", SNP Extended Guest Request. Rows of {GUID
 * 16, u32 LE offset, u32 LE length}, a row of zeros ends them; then the
 * certificates, DER. GUIDs stand in the order of their text.
 *
 * The host wrote it. Whether a certificate is any good is decided by whoever
 * verifies the report; here only the bounds are.
 */
#ifndef CONFER_ATTEST_SNP_CERTS_TABLE_H
#define CONFER_ATTEST_SNP_CERTS_TABLE_H

#include "base/err.h"
#include "base/mem.h"

#define SNP_CERTS_TABLE_LEN_MAX (32 * 1024) /* real ones: 4 to 12 KB */
#define SNP_CERTS_ROW_LEN       24
#define SNP_CERTS_ROWS_MAX      16 /* five kinds of certificate are known */

/* What is not in the table has length 0. All borrowed. */
struct snp_certs_table {
	struct bytes vcek;
	struct bytes vlek;
	struct bytes ask; /* or ASVK: one GUID for both */
	struct bytes ark;
};

/*
 * Read a table; what follows the certificates is not looked at (it comes in
 * whole pages). Certificates of other GUIDs are passed over, after their bounds
 * were checked. ERR_LIMIT: too long, too many rows; ERR_TRUNCATED: no row of
 * zeros, or a certificate reaches past the end; ERR_FORMAT: one is empty, lies
 * in the rows, or stands twice. ctx names the row's offset. *out borrows `in`
 * and is zero on failure.
 */
enum err snp_certs_table_parse(struct snp_certs_table *out, struct bytes in,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

#endif
