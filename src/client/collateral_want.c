/* See collateral_want.h. */
#include "client/collateral_want.h"

#include "attest/dcap_quote.h"
#include "attest/sim.h"
#include "base/hex.h"

#define TURIN_HWID_LEN 8 /* of the CHIP_ID; the rest is zero */

enum snp_family collateral_product(const char *word)
{
	static const enum snp_family all[] = { SNP_FAMILY_MILAN,
		SNP_FAMILY_GENOA, SNP_FAMILY_TURIN };
	const struct bytes b = { (const uint8_t *)word, mem_strlen(word) };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (mem_eq_str(b, snp_family_name(all[i])))
			return all[i];
	}
	return SNP_FAMILY_UNSTATED;
}

static enum err want_of_report(struct collateral_want *out,
    const struct snp_report *r, enum snp_family product, struct err_ctx *ctx)
{
	static const char simulated[SNP_ID_LEN] = SIM_FAMILY_ID;
	const enum snp_family said = r->family;

	if (mem_eq((struct bytes){ r->family_id, SNP_ID_LEN },
		(struct bytes){ (const uint8_t *)simulated, SNP_ID_LEN }))
		return err_set(ctx, ERR_POLICY,
		    "the report is of a simulated processor: nobody issues "
		    "collateral for it");
	if (said == SNP_FAMILY_UNSTATED && product == SNP_FAMILY_UNSTATED)
		return err_set(ctx, ERR_POLICY,
		    "a report of version 2 does not name its processor: say "
		    "--product Milan or --product Genoa");
	if (product == SNP_FAMILY_TURIN && said == SNP_FAMILY_UNSTATED)
		return err_set(
		    ctx, ERR_POLICY, "a report of version 2 is not of a Turin");
	if (product != SNP_FAMILY_UNSTATED && said != SNP_FAMILY_UNSTATED &&
	    product != said)
		return err_set(ctx, ERR_POLICY, "the report is of a %s, not %s",
		    snp_family_name(said), snp_family_name(product));
	out->req.product = said != SNP_FAMILY_UNSTATED ? said : product;
	out->req.key = snp_signing_key(r);
	if (out->req.key != SNP_KEY_VCEK && out->req.key != SNP_KEY_VLEK)
		return err_set(ctx, ERR_POLICY,
		    "the report was signed by neither a VCEK nor a VLEK");
	if (out->req.key == SNP_KEY_VCEK &&
	    mem_is_zero(r->chip_id, SNP_CHIP_ID_LEN))
		return err_set(ctx, ERR_POLICY,
		    "CHIP_ID is masked: the report does not tell whose VCEK "
		    "to fetch");
	memcpy(out->req.chip_id, r->chip_id, SNP_CHIP_ID_LEN);
	memcpy(out->req.reported_tcb, r->reported_tcb.raw, SNP_TCB_LEN);
	out->tcb = r->reported_tcb;
	return ERR_OK;
}

static enum err want_of_quote(struct collateral_want *out,
    const struct dcap_quote *q, struct err_ctx *ctx)
{
	uint8_t der[X509_CERT_LEN_MAX];
	struct bytes pem = q->pck_pem;
	struct x509_cert leaf;
	struct dcap_pck pck;
	size_t len;
	enum err e =
	    x509_pem_next(&pem, der, sizeof(der), &len, "PCK certificate", ctx);

	if (e == ERR_OK)
		e = x509_cert_parse(
		    &leaf, (struct bytes){ der, len }, "PCK certificate", ctx);
	if (e == ERR_OK)
		e = dcap_pck_parse(&pck, &leaf, ctx);
	if (e != ERR_OK)
		return e;
	out->processor_ca =
	    mem_eq_str(leaf.issuer_cn, "Intel SGX PCK Processor CA");
	if (!out->processor_ca &&
	    !mem_eq_str(leaf.issuer_cn, "Intel SGX PCK Platform CA"))
		return err_set(ctx, ERR_POLICY,
		    "PCK certificate: neither of the Platform CA nor of the "
		    "Processor CA");
	memcpy(out->fmspc, pck.fmspc, PCK_FMSPC_LEN);
	memcpy(out->pceid, pck.pceid, PCK_PCEID_LEN);
	return ERR_OK;
}

enum err collateral_want_of(struct collateral_want *out, struct bytes evidence,
    enum snp_family product, struct err_ctx *ctx)
{
	struct dcap_quote quote;
	struct snp_report report;
	enum err e;

	memset(out, 0, sizeof(*out));
	/* Both kinds begin with a version: only the length tells them apart.
	 * A quote with its chain has more than 3 KB. */
	if (evidence.len == SNP_REPORT_LEN) {
		out->req.kind = COLLATERAL_FOR_SNP;
		e = snp_report_parse(&report, evidence, ctx);
		if (e == ERR_OK)
			e = want_of_report(out, &report, product, ctx);
	} else {
		e = dcap_quote_parse(&quote, evidence, ctx);
		out->req.kind = quote.tee == DCAP_TEE_TDX ? COLLATERAL_FOR_TDX
							  : COLLATERAL_FOR_SGX;
		if (e == ERR_OK && product != SNP_FAMILY_UNSTATED)
			e = err_set(ctx, ERR_POLICY,
			    "--product is for reports of SEV-SNP");
		if (e == ERR_OK)
			e = want_of_quote(out, &quote, ctx);
	}
	if (e != ERR_OK)
		memset(out, 0, sizeof(*out));
	return e;
}

/* All digits, or for a Turin those that are not zero. */
static bool read_chip_id(
    uint8_t out[SNP_CHIP_ID_LEN], enum snp_family product, struct bytes hex)
{
	const bool turin = product == SNP_FAMILY_TURIN;

	if (turin && hex.len == 2 * TURIN_HWID_LEN)
		return hex_decode(out, TURIN_HWID_LEN, hex) == ERR_OK;
	return hex_decode(out, SNP_CHIP_ID_LEN, hex) == ERR_OK &&
	       (!turin || mem_is_zero(out + TURIN_HWID_LEN,
			      SNP_CHIP_ID_LEN - TURIN_HWID_LEN));
}

enum err collateral_want_chip(struct collateral_want *out,
    enum snp_family product, const char *chip_id, const char *tcb,
    struct err_ctx *ctx)
{
	const struct bytes id = { (const uint8_t *)chip_id,
		mem_strlen(chip_id) };
	const struct bytes raw = { (const uint8_t *)tcb, mem_strlen(tcb) };

	memset(out, 0, sizeof(*out));
	if (!read_chip_id(out->req.chip_id, product, id)) {
		memset(out, 0, sizeof(*out));
		return err_set(ctx, ERR_FORMAT,
		    "--chip-id wants the %d digits 0-9 a-f of CHIP_ID%s",
		    2 * SNP_CHIP_ID_LEN,
		    product == SNP_FAMILY_TURIN ? ", or their first 16" : "");
	}
	if (hex_decode(out->req.reported_tcb, SNP_TCB_LEN, raw) != ERR_OK) {
		memset(out, 0, sizeof(*out));
		return err_set(ctx, ERR_FORMAT,
		    "--tcb wants the %d digits 0-9 a-f of REPORTED_TCB",
		    2 * SNP_TCB_LEN);
	}
	out->req.kind = COLLATERAL_FOR_SNP;
	out->req.product = product;
	out->req.key = SNP_KEY_VCEK;
	memcpy(out->tcb.raw, out->req.reported_tcb, SNP_TCB_LEN);
	snp_tcb_decode(&out->tcb, product);
	return ERR_OK;
}
