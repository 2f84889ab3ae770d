/*
 * What makes the claims of an SNP report authentic, in the order of
 * docs/attestation.md, section 8; see snp_verify.h. Signatures become
 * obligations: until they are answered all of this is conditional.
 */
#include "attest/snp_verify.h"

#include "base/utc.h"

#define LEAF "VCEK/VLEK"
#define CA   "ASK/ASVK"
#define ROOT "ARK"
#define CRL  "AMD's revocation list"

/* A Name's CN as the two arguments of %.*s. */
#define TEXT(b) (int)(b).len, (const char *)(b).p

static enum err check_report(void *run, struct check_list *list)
{
	struct snp_run *r = run;
	enum err e = snp_report_parse(&r->report, r->ev.report, &list->reason);

	if (e == ERR_OK)
		check_say(list, "SNP report, version %u, processor %s",
		    r->report.version, snp_family_name(r->report.family));
	return e;
}

static bool is_vlek(const struct x509_cert *leaf)
{
	return mem_eq_str(leaf->cn, "SEV-VLEK");
}

/* "SEV-VLEK-Milan", not "SEV-Milan". */
static bool is_asvk(const struct x509_cert *ca)
{
	static const struct bytes prefix = BYTES_LITERAL("SEV-VLEK-");

	return ca->cn.len > prefix.len &&
	       mem_eq((struct bytes){ ca->cn.p, prefix.len }, prefix);
}

/* Exactly SEV-{family} or SEV-VLEK-{family}. */
static bool is_amd_ca(const struct x509_cert *ca, enum snp_family family)
{
	static const struct bytes sev = BYTES_LITERAL("SEV-");
	size_t prefix = is_asvk(ca) ? mem_strlen("SEV-VLEK-") : sev.len;

	return family != SNP_FAMILY_UNSTATED &&
	       ca->cn.len == prefix + mem_strlen(snp_family_name(family)) &&
	       mem_eq((struct bytes){ ca->cn.p, sev.len }, sev);
}

static enum err parse_certs(struct snp_run *r, struct err_ctx *ctx)
{
	enum err e = x509_cert_parse(&r->leaf, r->ev.leaf, LEAF, ctx);

	if (e == ERR_OK)
		e = x509_cert_parse(&r->ca, r->ev.ca, CA, ctx);
	if (e == ERR_OK && r->ev.root.len != 0)
		e = x509_cert_parse(&r->root, r->ev.root, ROOT, ctx);
	return e;
}

static enum err check_roles(
    const struct snp_run *r, enum snp_family chain, struct err_ctx *ctx)
{
	if (!is_vlek(&r->leaf) && !mem_eq_str(r->leaf.cn, "SEV-VCEK"))
		return err_set(ctx, ERR_AUTH,
		    LEAF ": its name is \"%.*s\", neither SEV-VCEK nor "
			 "SEV-VLEK",
		    TEXT(r->leaf.cn));
	if (r->leaf.ca)
		return err_set(
		    ctx, ERR_AUTH, LEAF ": is a CA, which no such key is");
	if (r->leaf.key != X509_KEY_P384)
		return err_set(ctx, ERR_AUTH, LEAF ": not a P-384 key");
	if (!is_amd_ca(&r->ca, chain))
		return err_set(ctx, ERR_AUTH,
		    CA ": its name is \"%.*s\", of no processor that we know",
		    TEXT(r->ca.cn));
	if (r->ca.key != X509_KEY_RSA_4096)
		return err_set(ctx, ERR_AUTH, CA ": not an RSA 4096 key");
	return ERR_OK;
}

/* Does each name the next as its issuer, up to the root if that is here? */
static enum err check_names(const struct snp_run *r, struct err_ctx *ctx)
{
	enum err e = x509_issued(&r->ca, &r->leaf, 0, LEAF, ctx);

	if (e == ERR_OK && r->ev.root.len != 0)
		e = x509_issued(&r->root, &r->ca, 1, CA, ctx);
	if (e == ERR_OK && r->ev.root.len != 0)
		e = x509_issued(&r->root, &r->root, 1, ROOT, ctx);
	return e;
}

/* */
static enum err check_certificates(void *run, struct check_list *list)
{
	struct snp_run *r = run;
	struct err_ctx *ctx = &list->reason;
	enum snp_family chain;
	enum err e;

	if (r->ev.leaf.len == 0 || r->ev.ca.len == 0)
		return err_set(ctx, ERR_NOTFOUND, "no %s certificate was sent",
		    r->ev.leaf.len == 0 ? "VCEK or VLEK" : "ASK or ASVK");
	e = parse_certs(r, ctx);
	if (e != ERR_OK)
		return e;
	chain = family_of_cn(r->ca.cn);
	e = check_roles(r, chain, ctx);
	if (e == ERR_OK)
		e = check_names(r, ctx);
	if (e == ERR_OK)
		e = snp_cert_ext_parse(&r->ext, &r->leaf, chain, ctx);
	if (e != ERR_OK)
		return e;
	r->family = r->report.family;
	if (r->family == SNP_FAMILY_UNSTATED)
		r->family = chain;
	/* Its TCBs were read in the layout of the others. */
	if (r->report.family == SNP_FAMILY_UNSTATED &&
	    chain == SNP_FAMILY_TURIN)
		return err_set(ctx, ERR_UNSUPPORTED,
		    "SNP report version 2 under a Turin certificate");
	check_say(list, "%.*s by %.*s by %.*s", TEXT(r->leaf.cn),
	    TEXT(r->ca.cn), TEXT(r->ca.issuer_cn));
	return ERR_OK;
}

/* */
static enum err check_root(void *run, struct check_list *list)
{
	struct snp_run *r = run;
	const struct root_key *pinned = &r->roots[root_of_family(r->family)];

	if (!mem_eq_str(r->ca.issuer_cn, pinned->name) ||
	    family_of_cn(r->ca.cn) != r->family)
		return err_set(&list->reason, ERR_AUTH,
		    "chain %.*s by %.*s, a %s report needs %s", TEXT(r->ca.cn),
		    TEXT(r->ca.issuer_cn), snp_family_name(r->family),
		    pinned->name);
	if (r->ev.root.len != 0 && !mem_eq(r->root.spki, pinned->spki))
		return err_set(&list->reason, ERR_AUTH,
		    "root \"%.*s\" was sent, its key is not the pinned one",
		    TEXT(r->root.cn));
	r->pinned = pinned;
	check_say(list, "%s, whose key is pinned%s", pinned->name,
	    r->ev.root.len != 0 ? "; the certificate sent along has it" : "");
	return ERR_OK;
}

/* The pinned root as a signer; only its key counts. */
static struct x509_cert pinned_cert(const struct snp_run *r)
{
	return (struct x509_cert){ .key = X509_KEY_RSA_4096,
		.spki = r->pinned->spki };
}

/* */
static enum err check_chain(void *run, struct check_list *list)
{
	struct snp_run *r = run;
	struct obligations *set = &list->obligations;
	const struct x509_cert root = pinned_cert(r);
	enum err e = x509_oblige_cert(set, &root, &r->ca, CA, &list->reason);

	if (e == ERR_OK)
		e = x509_oblige_cert(
		    set, &r->ca, &r->leaf, LEAF, &list->reason);
	if (e == ERR_OK)
		check_say(list, "RSA-PSS of %s over %.*s, of that over %.*s",
		    r->pinned->name, TEXT(r->ca.cn), TEXT(r->leaf.cn));
	return e;
}

/* */
static enum err check_cert_time(void *run, struct check_list *list)
{
	struct snp_run *r = run;
	char date[UTC_TEXT_LEN + 1];
	enum err e = x509_check_time(&r->leaf, r->now_s, LEAF, &list->reason);

	if (e == ERR_OK)
		e = x509_check_time(&r->ca, r->now_s, CA, &list->reason);
	if (e != ERR_OK)
		return e;
	check_deadline(list, r->leaf.not_after);
	check_deadline(list, r->ca.not_after);
	utc_format(date, r->leaf.not_after);
	check_say(list, "%.*s is valid until %s", TEXT(r->leaf.cn), date);
	return ERR_OK;
}

/* Nobody lists a VCEK: all have the serial number 0. */
static enum err judge_crl(struct snp_run *r, struct check_list *list)
{
	const struct x509_cert root = pinned_cert(r);
	struct err_ctx *ctx = &list->reason;
	enum err e;

	if (!mem_eq(r->crl.issuer, r->ca.issuer))
		return err_set(ctx, ERR_AUTH,
		    CRL " is by \"%.*s\", not by \"%.*s\"",
		    TEXT(r->crl.issuer_cn), TEXT(r->ca.issuer_cn));
	e = x509_oblige_crl(&list->obligations, &root, &r->crl, CRL, ctx);
	if (e == ERR_OK)
		e = x509_crl_check_time(&r->crl, r->now_s, CRL, ctx);
	if (e == ERR_OK && x509_crl_has(&r->crl, r->ca.serial))
		e = err_set(ctx, ERR_AUTH, "%.*s is revoked", TEXT(r->ca.cn));
	return e;
}

/* */
static enum err check_revocation(void *run, struct check_list *list)
{
	struct snp_run *r = run;
	char date[UTC_TEXT_LEN + 1];
	enum err e;

	if (r->ev.crl.len == 0) {
		if (r->policy->snp.require_crl)
			return err_set(&list->reason, ERR_POLICY,
			    CRL " is missing, policy %s requires it",
			    r->policy->name);
		check_say(list,
		    "NOT CHECKED: no list was sent, policy %s does not "
		    "require one",
		    r->policy->name);
		return ERR_OK;
	}
	e = x509_crl_parse(&r->crl, r->ev.crl, CRL, &list->reason);
	if (e == ERR_OK)
		e = judge_crl(r, list);
	if (e != ERR_OK)
		return e;
	check_deadline(list, r->crl.next_update);
	utc_format(date, r->crl.next_update);
	check_say(list,
	    "%.*s is not among the %zu of %.*s's list, valid until "
	    "%s",
	    TEXT(r->ca.cn), r->crl.n_revoked, TEXT(r->crl.issuer_cn), date);
	return ERR_OK;
}

/* KEY_INFO, leaf, its issuer and hwID say it: one kind, four times. */
static enum err check_key_kind(void *run, struct check_list *list)
{
	struct snp_run *r = run;
	enum snp_signing_key key = snp_signing_key(&r->report);
	bool vlek = key == SNP_KEY_VLEK;
	const char *name = vlek ? "VLEK" : "VCEK", *other = NULL;
	enum err e = snp_key_info_check(&r->report, &list->reason);

	if (e != ERR_OK)
		return e;
	if (key != SNP_KEY_VCEK && key != SNP_KEY_VLEK)
		return err_set(&list->reason, ERR_AUTH,
		    "KEY_INFO %08x: signed by neither VCEK nor VLEK",
		    r->report.key_info);
	if (is_vlek(&r->leaf) != vlek)
		other = "the certificate's name does not";
	else if (is_asvk(&r->ca) != vlek)
		other = "its issuer's name does not";
	else if (r->ext.has_hwid == vlek)
		other = vlek ? "the certificate has a hwID"
			     : "the certificate has no hwID";
	if (other != NULL)
		return err_set(&list->reason, ERR_AUTH, "KEY_INFO says %s, %s",
		    name, other);
	check_say(list, "%s, by KEY_INFO, certificate, issuer and hwID", name);
	return ERR_OK;
}

/* "Milan-B0" is Milan; the stepping may be absent, and is not looked at. */
static enum err check_product_name(const struct snp_run *r, struct err_ctx *ctx)
{
	struct bytes name = r->ext.product;
	size_t n = 0;

	while (n < name.len && name.p[n] != '-')
		n++;
	name.len = n;
	if (mem_eq_str(name, snp_family_name(r->family)))
		return ERR_OK;
	return err_set(ctx, ERR_AUTH,
	    "certificate of a \"%.*s\", report of a %s", TEXT(name),
	    snp_family_name(r->family));
}

/* */
static enum err check_chip(void *run, struct check_list *list)
{
	struct snp_run *r = run;
	const uint8_t *id = r->report.chip_id;
	bool zero = mem_is_zero(id, SNP_CHIP_ID_LEN);
	char hex[SHORT_HEX_LEN], cert[SHORT_HEX_LEN];
	enum err e = check_product_name(r, &list->reason);

	if (e != ERR_OK)
		return e;
	if (!r->ext.has_hwid) { /* VLEK */
		if (!zero)
			return err_set(&list->reason, ERR_AUTH,
			    "CHIP_ID %s.. under a VLEK, must be zero",
			    check_short_hex(hex, id));
		check_say(list, "no chip: the key is a provider's, %.*s",
		    TEXT(r->ext.csp_id));
		return ERR_OK;
	}
	if (zero) /* whether that will do is for the policy */
		check_say(list, "CHIP_ID is masked; the certificate is of %s..",
		    check_short_hex(cert, r->ext.hwid));
	else if (!mem_eq_ct(id, r->ext.hwid, SNP_CHIP_ID_LEN))
		return err_set(&list->reason, ERR_AUTH,
		    "CHIP_ID %s.., the certificate is of chip %s..",
		    check_short_hex(hex, id),
		    check_short_hex(cert, r->ext.hwid));
	else
		check_say(list, "CHIP_ID %s.., as certified",
		    check_short_hex(hex, id));
	return ERR_OK;
}

/* */
static enum err check_tcb(void *run, struct check_list *list)
{
	static const char *const milan[SNP_TCB_LEN] = { "bootloader", "tee",
		"byte 2", "byte 3", "byte 4", "byte 5", "snp", "microcode" };
	static const char *const turin[SNP_TCB_LEN] = { "fmc", "bootloader",
		"tee", "snp", "byte 4", "byte 5", "byte 6", "microcode" };
	struct snp_run *r = run;
	const struct snp_tcb *t = &r->report.reported_tcb;
	const char *const *name = r->family == SNP_FAMILY_TURIN ? turin : milan;
	enum err e;

	for (size_t i = 0; i < SNP_TCB_LEN; i++) {
		if (t->raw[i] != r->ext.tcb.raw[i])
			return err_set(&list->reason, ERR_AUTH,
			    "REPORTED_TCB has %s %u, the certificate %u",
			    name[i], t->raw[i], r->ext.tcb.raw[i]);
	}
	e = snp_tcb_check(&r->report, &list->reason);
	if (e != ERR_OK)
		return e;
	if (r->family == SNP_FAMILY_TURIN)
		check_say(list,
		    "fmc %u, bootloader %u, tee %u, snp %u, microcode %u, as "
		    "certified",
		    t->fmc, t->bootloader, t->tee, t->snp, t->microcode);
	else
		check_say(list,
		    "bootloader %u, tee %u, snp %u, microcode %u, as certified",
		    t->bootloader, t->tee, t->snp, t->microcode);
	return ERR_OK;
}

/* */
static enum err check_report_sig(void *run, struct check_list *list)
{
	struct snp_run *r = run;
	enum err e = x509_oblige_raw(&list->obligations, &r->leaf,
	    (struct bytes){ r->report.sig, SNP_SIG_LEN }, r->report.signed_part,
	    "SNP report", &list->reason);

	if (e == ERR_OK)
		check_say(list, "ECDSA P-384 of %.*s over the report",
		    TEXT(r->leaf.cn));
	return e;
}

const struct check_def snp_checks_authentic[SNP_CHECKS_AUTHENTIC] = {
	{ CHECK_REPORT, check_report },
	{ CHECK_CERTIFICATES, check_certificates },
	{ CHECK_ROOT, check_root },
	{ CHECK_CHAIN, check_chain },
	{ CHECK_CERT_TIME, check_cert_time },
	{ CHECK_REVOCATION, check_revocation },
	{ CHECK_KEY_KIND, check_key_kind },
	{ CHECK_CHIP, check_chip },
	{ CHECK_TCB, check_tcb },
	{ CHECK_REPORT_SIG, check_report_sig },
};
