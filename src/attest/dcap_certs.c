/*
 * Intel's certificates; see dcap_certs.h. There are two chains to one root:
 * PCK, its CA, root (in the quote) and TCB Signing, root (collateral). Intel
 * "SGX PCK Certificate and CRL Profile Specification".
 */
#include "attest/dcap_certs.h"

#include "base/utc.h"
#include "crypto/crypto.h"

/* Names for reasons and obligations. */
#define PCK         "PCK certificate"
#define PCK_CA      "PCK CA certificate"
#define ROOT        "root of the PCK chain"
#define SIGNING     "TCB Signing certificate"
#define SIGNING_TOP "root of the TCB Signing chain"
#define ROOT_CRL    "root CA's list"
#define PCK_CRL     "PCK CA's list"

/* Subjects, Intel's words. */
#define CN_PCK       "Intel SGX PCK Certificate"
#define CN_PLATFORM  "Intel SGX PCK Platform CA"
#define CN_PROCESSOR "Intel SGX PCK Processor CA"
#define CN_SIGNING   "Intel SGX TCB Signing"

enum err dcap_need(struct bytes part, const char *name, struct err_ctx *ctx)
{
	if (part.len == 0)
		return err_set(ctx, ERR_NOTFOUND, "collateral: no %s", name);
	return ERR_OK;
}

bool dcap_by_platform_ca(const struct dcap_run *run)
{
	return mem_eq_str(run->pck_ca.cn, CN_PLATFORM);
}

/* ---- format, roles and names ------------------------------------------ */

/* The next certificate of a chain, decoded into `work`. */
static enum err take_cert(struct x509_cert *out, struct bytes *pem,
    uint8_t work[DCAP_CERT_LEN_MAX], const char *what, struct err_ctx *ctx)
{
	size_t len;
	enum err e =
	    x509_pem_next(pem, work, DCAP_CERT_LEN_MAX, &len, what, ctx);

	if (e == ERR_OK)
		e = x509_cert_parse(
		    out, (struct bytes){ work, len }, what, ctx);
	if (e != ERR_OK)
		return e;
	if (out->key != X509_KEY_P256 || out->alg != SIG_ECDSA_P256_SHA256)
		return err_set(ctx, ERR_AUTH,
		    "%s: not P-256, signed by ECDSA with SHA-256", what);
	return ERR_OK;
}

static enum err take_chains(struct dcap_run *r, struct err_ctx *ctx)
{
	struct bytes pck = r->quote.pck_pem, signing = r->ev.tcb_signing_chain;
	struct dcap_work *w = r->work;
	enum err e = dcap_need(signing, "TCB Signing certificate chain", ctx);

	if (e == ERR_OK)
		e = take_cert(&r->pck_leaf, &pck, w->pck[0], PCK, ctx);
	if (e == ERR_OK)
		e = take_cert(&r->pck_ca, &pck, w->pck[1], PCK_CA, ctx);
	if (e == ERR_OK)
		e = take_cert(&r->root, &pck, w->pck[2], ROOT, ctx);
	if (e == ERR_OK)
		e = x509_pem_end(pck, "PCK chain", ctx);
	if (e == ERR_OK)
		e = take_cert(
		    &r->signing, &signing, w->signing[0], SIGNING, ctx);
	if (e == ERR_OK)
		e = take_cert(&r->signing_root, &signing, w->signing[1],
		    SIGNING_TOP, ctx);
	if (e == ERR_OK)
		e = x509_pem_end(signing, "TCB Signing chain", ctx);
	return e;
}

static enum err check_cn(const struct x509_cert *cert, const char *cn,
    const char *what, struct err_ctx *ctx)
{
	if (mem_eq_str(cert->cn, cn))
		return ERR_OK;
	return err_set(ctx, ERR_AUTH,
	    "%s: its name is \"%.*s\", must be \"%s\"", what, (int)cert->cn.len,
	    (const char *)cert->cn.p, cn);
}

/* Whose key signs data must not be a CA, and may sign. */
static enum err check_end_entity(
    const struct x509_cert *cert, const char *what, struct err_ctx *ctx)
{
	if (cert->ca)
		return err_set(ctx, ERR_AUTH, "%s: it is a CA's", what);
	if (!cert->has_usage ||
	    (cert->usage & X509_USAGE_DIGITAL_SIGNATURE) == 0)
		return err_set(ctx, ERR_AUTH,
		    "%s: its keyUsage lacks digitalSignature", what);
	return ERR_OK;
}

static enum err check_roles(const struct dcap_run *r, struct err_ctx *ctx)
{
	enum err e = check_cn(&r->pck_leaf, CN_PCK, PCK, ctx);

	if (e == ERR_OK && !dcap_by_platform_ca(r))
		e = check_cn(&r->pck_ca, CN_PROCESSOR, PCK_CA, ctx);
	if (e == ERR_OK)
		e = check_cn(&r->signing, CN_SIGNING, SIGNING, ctx);
	if (e == ERR_OK)
		e = check_end_entity(&r->pck_leaf, PCK, ctx);
	if (e == ERR_OK)
		e = check_end_entity(&r->signing, SIGNING, ctx);
	if (e == ERR_OK)
		e = x509_issued(&r->pck_ca, &r->pck_leaf, 0, PCK, ctx);
	if (e == ERR_OK)
		e = x509_issued(&r->root, &r->pck_ca, 1, PCK_CA, ctx);
	if (e == ERR_OK)
		e = x509_issued(&r->signing_root, &r->signing, 0, SIGNING, ctx);
	return e;
}

/* */
enum err dcap_check_certificates(void *run, struct check_list *list)
{
	struct dcap_run *r = run;
	enum err e = take_chains(r, &list->reason);

	if (e == ERR_OK)
		e = check_roles(r, &list->reason);
	if (e == ERR_OK)
		check_say(list, "%.*s, issuer of a PCK; %s",
		    (int)r->pck_ca.cn.len, (const char *)r->pck_ca.cn.p,
		    CN_SIGNING);
	return e;
}

/* ---- the pinned root, signatures, dates ------------------------------- */
static const char *key_hash(char out[SHORT_HEX_LEN], struct bytes spki)
{
	uint8_t hash[SHA256_LEN];

	crypto_sha256(hash, &spki, 1);
	return check_short_hex(out, hash);
}

static enum err check_pinned(const struct x509_cert *root,
    const struct root_key *pinned, const char *what, struct err_ctx *ctx)
{
	char got[SHORT_HEX_LEN], want[SHORT_HEX_LEN];

	if (mem_eq(root->spki, pinned->spki))
		return ERR_OK;
	return err_set(ctx, ERR_AUTH,
	    "%s: its key has SHA-256 %s.., that of \"%s\" is %s..", what,
	    key_hash(got, root->spki), pinned->name,
	    key_hash(want, pinned->spki));
}

/* */
enum err dcap_check_root(void *run, struct check_list *list)
{
	struct dcap_run *r = run;
	const struct root_key *pinned = &r->roots[ROOT_INTEL_SGX];
	char hash[SHORT_HEX_LEN];
	enum err e = check_pinned(&r->root, pinned, ROOT, &list->reason);

	if (e == ERR_OK)
		e = check_pinned(
		    &r->signing_root, pinned, SIGNING_TOP, &list->reason);
	if (e == ERR_OK)
		check_say(list, "both chains end in \"%s\", key %s..",
		    pinned->name, key_hash(hash, pinned->spki));
	return e;
}

/* */
enum err dcap_check_chain(void *run, struct check_list *list)
{
	struct dcap_run *r = run;
	struct obligations *set = &list->obligations;
	struct err_ctx *ctx = &list->reason;
	enum err e = x509_oblige_cert(set, &r->pck_ca, &r->pck_leaf, PCK, ctx);

	if (e == ERR_OK)
		e = x509_oblige_cert(set, &r->root, &r->pck_ca, PCK_CA, ctx);
	if (e == ERR_OK)
		e = x509_oblige_cert(
		    set, &r->signing_root, &r->signing, SIGNING, ctx);
	if (e == ERR_OK)
		check_say(list, "PCK by its CA; CA, TCB Signing by the root");
	return e;
}

static void say_until(struct check_list *list, const char *what, uint64_t until)
{
	char date[UTC_TEXT_LEN + 1];

	utc_format(date, until);
	check_say(list, "%s until %s", what, date);
}

/* */
enum err dcap_check_cert_time(void *run, struct check_list *list)
{
	struct dcap_run *r = run;
	const struct {
		const struct x509_cert *cert;
		const char *what;
	} all[] = {
		{ &r->pck_leaf, PCK },
		{ &r->pck_ca, PCK_CA },
		{ &r->root, ROOT },
		{ &r->signing, SIGNING },
		{ &r->signing_root, SIGNING_TOP },
	};
	uint64_t until = UINT64_MAX;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		const struct x509_cert *c = all[i].cert;
		enum err e =
		    x509_check_time(c, r->now_s, all[i].what, &list->reason);

		if (e != ERR_OK)
			return e;
		if (c->not_after < until)
			until = c->not_after;
	}
	check_deadline(list, until + 1); /* the last second is still valid */
	say_until(list, "all five are valid", until);
	return ERR_OK;
}

/* ---- revocation ------------------------------------------------------- */

/* A list by the key of `issuer`, now. */
static enum err take_crl(struct x509_crl *out, struct check_list *list,
    struct bytes der, const struct x509_cert *issuer, const char *what)
{
	struct err_ctx *ctx = &list->reason;
	enum err e = dcap_need(der, what, ctx);

	if (e == ERR_OK)
		e = x509_crl_parse(out, der, what, ctx);
	if (e != ERR_OK)
		return e;
	if (!mem_eq(out->issuer, issuer->subject))
		return err_set(ctx, ERR_AUTH,
		    "%s: issued by \"%.*s\", must be by \"%.*s\"", what,
		    (int)out->issuer_cn.len, (const char *)out->issuer_cn.p,
		    (int)issuer->cn.len, (const char *)issuer->cn.p);
	if ((issuer->usage & X509_USAGE_CRL_SIGN) == 0)
		return err_set(ctx, ERR_AUTH,
		    "%s: its issuer's keyUsage lacks cRLSign", what);
	return x509_oblige_crl(&list->obligations, issuer, out, what, ctx);
}

static enum err check_listed(const struct x509_crl *crl,
    const struct x509_cert *cert, const char *what, struct err_ctx *ctx)
{
	if (x509_crl_has(crl, cert->serial))
		return err_set(ctx, ERR_AUTH,
		    "%s: revoked, its serial is on its issuer's list", what);
	return ERR_OK;
}

/* */
enum err dcap_check_revocation(void *run, struct check_list *list)
{
	struct dcap_run *r = run;
	struct err_ctx *ctx = &list->reason;
	const struct x509_crl *root = &r->root_crl, *pck = &r->pck_crl;
	enum err e =
	    take_crl(&r->root_crl, list, r->ev.root_ca_crl, &r->root, ROOT_CRL);
	uint64_t until;

	if (e == ERR_OK)
		e = take_crl(
		    &r->pck_crl, list, r->ev.pck_crl, &r->pck_ca, PCK_CRL);
	if (e == ERR_OK)
		e = x509_crl_check_time(root, r->now_s, ROOT_CRL, ctx);
	if (e == ERR_OK)
		e = x509_crl_check_time(pck, r->now_s, PCK_CRL, ctx);
	if (e == ERR_OK)
		e = check_listed(root, &r->pck_ca, PCK_CA, ctx);
	if (e == ERR_OK)
		e = check_listed(root, &r->signing, SIGNING, ctx);
	if (e == ERR_OK)
		e = check_listed(pck, &r->pck_leaf, PCK, ctx);
	if (e != ERR_OK)
		return e;
	until = root->next_update < pck->next_update ? root->next_update
						     : pck->next_update;
	check_deadline(list, until);
	say_until(list, "nobody of ours is listed; lists", until);
	return ERR_OK;
}
