/* See collateral_judge.h. */
#include "client/collateral_judge.h"

#include "attest/snp_cert.h"
#include "base/fmt.h"

/* All signatures that were demanded; they are few and quick. */
static enum err check_signatures(
    const struct obligations *set, struct err_ctx *ctx)
{
	for (size_t i = 0; i < set->n; i++) {
		const enum err e = obligation_resolve(&set->item[i]);

		if (e != ERR_OK)
			return err_set(ctx, e,
			    "%s: the signature does not verify",
			    set->item[i].what);
	}
	return set->n > 0 ? ERR_OK : ERR_INTERNAL;
}

static void bound(
    struct collateral_life *life, uint64_t from, uint64_t until, uint64_t renew)
{
	if (from > life->from)
		life->from = from;
	if (until < life->until)
		life->until = until;
	if (renew < life->renew)
		life->renew = renew;
}

static void bound_by_cert(
    struct collateral_life *life, const struct x509_cert *c)
{
	const uint64_t end = c->not_after + 1;

	bound(life, c->not_before, end,
	    end > COLLATERAL_CERT_MARGIN_S ? end - COLLATERAL_CERT_MARGIN_S
					   : 0);
}

static void bound_by_list(
    struct collateral_life *life, uint64_t from, uint64_t until)
{
	bound(life, from, until,
	    until > from ? from + (until - from) / 2 : until);
}

/* Two certificates in PEM, the second the pinned root, which signed both. */
static enum err read_chain(struct collateral_chain *out, struct bytes pem,
    const struct root_key *pinned, unsigned below, struct err_ctx *ctx)
{
	struct obligations set = { .n = 0 };
	struct x509_cert *const cert[2] = { &out->ca, &out->root };
	static const char *const what[2] = { "issuer's certificate",
		"root certificate" };
	enum err e = ERR_OK;

	out->good = false;
	for (size_t i = 0; e == ERR_OK && i < 2; i++) {
		size_t len;

		e = x509_pem_next(
		    &pem, out->der[i], sizeof(out->der[i]), &len, what[i], ctx);
		if (e == ERR_OK)
			e = x509_cert_parse(cert[i],
			    (struct bytes){ out->der[i], len }, what[i], ctx);
	}
	if (e == ERR_OK)
		e = x509_pem_end(pem, "issuer's chain", ctx);
	if (e == ERR_OK && !mem_eq(out->root.spki, pinned->spki))
		e = err_set(ctx, ERR_AUTH,
		    "the chain does not end in the pinned %s", pinned->name);
	if (e == ERR_OK)
		e = x509_issued(&out->root, &out->ca, below, what[0], ctx);
	if (e == ERR_OK)
		e = x509_oblige_cert(&set, &out->root, &out->ca, what[0], ctx);
	if (e == ERR_OK)
		e = check_signatures(&set, ctx);
	out->good = e == ERR_OK;
	return e;
}

static enum err expect_cn(
    struct bytes cn, const char *want, const char *what, struct err_ctx *ctx)
{
	if (mem_eq_str(cn, want))
		return ERR_OK;
	return err_set(ctx, ERR_POLICY, "%s: not \"%s\"", what, want);
}

static enum err need_chain(
    const struct collateral_chain *chain, struct err_ctx *ctx)
{
	if (chain->good)
		return ERR_OK;
	return err_set(
	    ctx, ERR_NOTFOUND, "the certificates of its signer are missing");
}

/* A list by the pinned root itself, whose certificate is not at hand: its key
 * and its name are. */
static enum err judge_root_crl(struct bytes file, const struct root_key *root,
    enum x509_key key, struct collateral_life *life, struct err_ctx *ctx)
{
	static const char what[] = "revocation list";
	struct obligations set = { .n = 0 };
	struct x509_cert signer = { .key = key, .spki = root->spki };
	struct x509_crl crl;
	enum err e = x509_crl_parse(&crl, file, what, ctx);

	if (e != ERR_OK)
		return e;
	if (key == X509_KEY_P256) /* the point ends a SubjectPublicKeyInfo */
		signer.pub = (struct bytes){ root->spki.p + root->spki.len - 1 -
						 DCAP_AK_LEN,
			1 + DCAP_AK_LEN };
	e = expect_cn(crl.issuer_cn, root->name, what, ctx);
	if (e == ERR_OK)
		e = x509_oblige_crl(&set, &signer, &crl, what, ctx);
	if (e == ERR_OK)
		e = check_signatures(&set, ctx);
	bound_by_list(life, crl.this_update, crl.next_update);
	return e;
}

/* ---- AMD ------------------------------------------------------------------ */

static const struct root_key *amd_root(const struct collateral_judge *j)
{
	return &j->roots[root_of_family(j->want->req.product)];
}

static enum err judge_amd_chain(struct collateral_judge *j, struct bytes file,
    struct bytes side, struct collateral_life *life, struct err_ctx *ctx)
{
	const struct collateral_request *req = &j->want->req;
	const bool vlek = req->key == SNP_KEY_VLEK;
	char cn[32];
	enum err e = read_chain(&j->chain, file, amd_root(j), 1, ctx);

	if (e != ERR_OK)
		return e;
	(void)fmt_print(cn, sizeof(cn), "SEV-%s%s", vlek ? "VLEK-" : "",
	    snp_family_name(req->product));
	e = expect_cn(j->chain.ca.cn, cn, "issuer's certificate", ctx);
	if (e == ERR_OK && side.len > 0 && !mem_eq(side, j->chain.ca.der))
		e = err_set(ctx, ERR_FORMAT,
		    "%s is another certificate than the chain's",
		    vlek ? "asvk.der" : "ask.der");
	bound_by_cert(life, &j->chain.ca);
	bound_by_cert(life, &j->chain.root);
	return e;
}

static bool same_tcb(const struct snp_tcb *a, const struct snp_tcb *b)
{
	return a->fmc == b->fmc && a->bootloader == b->bootloader &&
	       a->tee == b->tee && a->snp == b->snp &&
	       a->microcode == b->microcode;
}

static enum err judge_vcek(struct collateral_judge *j, struct bytes file,
    struct collateral_life *life, struct err_ctx *ctx)
{
	static const char what[] = "VCEK certificate";
	const struct collateral_request *req = &j->want->req;
	struct obligations set = { .n = 0 };
	struct snp_cert_ext ext = { 0 };
	struct x509_cert leaf;
	enum err e = x509_cert_parse(&leaf, file, what, ctx);

	if (e == ERR_OK)
		e = expect_cn(leaf.cn, "SEV-VCEK", what, ctx);
	if (e == ERR_OK)
		e = snp_cert_ext_parse(&ext, &leaf, req->product, ctx);
	if (e == ERR_OK &&
	    (!ext.has_hwid ||
		!mem_eq((struct bytes){ ext.hwid, SNP_CHIP_ID_LEN },
		    (struct bytes){ req->chip_id, SNP_CHIP_ID_LEN })))
		e = err_set(ctx, ERR_POLICY, "%s: of another chip", what);
	if (e == ERR_OK && !same_tcb(&ext.tcb, &j->want->tcb))
		e = err_set(ctx, ERR_POLICY, "%s: for another TCB", what);
	if (e == ERR_OK)
		e = need_chain(&j->chain, ctx);
	if (e == ERR_OK)
		e = x509_issued(&j->chain.ca, &leaf, 0, what, ctx);
	if (e == ERR_OK)
		e = x509_oblige_cert(&set, &j->chain.ca, &leaf, what, ctx);
	if (e == ERR_OK)
		e = check_signatures(&set, ctx);
	if (e == ERR_OK)
		bound_by_cert(life, &leaf);
	return e;
}

/* ---- Intel ---------------------------------------------------------------- */

static enum err check_statement(struct collateral_judge *j,
    struct bytes signed_part, const uint8_t sig[DCAP_SIG_LEN], const char *what,
    struct err_ctx *ctx)
{
	struct obligations set = { .n = 0 };
	enum err e = need_chain(&j->chain, ctx);

	if (e == ERR_OK)
		e = x509_oblige_raw(&set, &j->chain.ca,
		    (struct bytes){ sig, DCAP_SIG_LEN }, signed_part, what,
		    ctx);
	return e == ERR_OK ? check_signatures(&set, ctx) : e;
}

static enum err judge_tcb_info(struct collateral_judge *j, struct bytes file,
    struct bytes side, struct collateral_life *life, struct err_ctx *ctx)
{
	static const char what[] = "TCB Info";
	const bool tdx = j->want->req.kind == COLLATERAL_FOR_TDX;
	const struct tcb_info *info = &j->tcb_info;
	enum err e =
	    read_chain(&j->chain, side, &j->roots[ROOT_INTEL_SGX], 0, ctx);

	if (e == ERR_OK)
		e = expect_cn(j->chain.ca.cn, "Intel SGX TCB Signing",
		    "issuer's certificate", ctx);
	if (e == ERR_OK)
		e = tcb_info_parse(&j->tcb_info, file, ctx);
	if (e != ERR_OK)
		return e;
	if (info->tee != (tdx ? DCAP_TEE_TDX : DCAP_TEE_SGX))
		return err_set(
		    ctx, ERR_POLICY, "%s: for %s", what, tdx ? "SGX" : "TDX");
	if (!mem_eq((struct bytes){ info->fmspc, PCK_FMSPC_LEN },
		(struct bytes){ j->want->fmspc, PCK_FMSPC_LEN }))
		return err_set(ctx, ERR_POLICY, "%s: of another FMSPC", what);
	if (!mem_eq((struct bytes){ info->pceid, PCK_PCEID_LEN },
		(struct bytes){ j->want->pceid, PCK_PCEID_LEN }))
		return err_set(ctx, ERR_POLICY, "%s: of another PCEID", what);
	bound_by_list(life, info->issued, info->next_update);
	bound_by_cert(life, &j->chain.ca);
	bound_by_cert(life, &j->chain.root);
	return check_statement(j, info->signed_part, info->sig, what, ctx);
}

static enum err judge_qe_identity(struct collateral_judge *j, struct bytes file,
    struct collateral_life *life, struct err_ctx *ctx)
{
	static const char what[] = "QE Identity";
	const bool tdx = j->want->req.kind == COLLATERAL_FOR_TDX;
	const struct qe_identity *id = &j->qe_identity;
	enum err e = qe_identity_parse(&j->qe_identity, file, ctx);

	if (e != ERR_OK)
		return e;
	if (id->id != (tdx ? QE_ID_TD_QE : QE_ID_QE))
		return err_set(ctx, ERR_POLICY, "%s: of another QE", what);
	bound_by_list(life, id->issued, id->next_update);
	return check_statement(j, id->signed_part, id->sig, what, ctx);
}

static enum err judge_pck_crl(struct collateral_judge *j, struct bytes file,
    struct bytes side, struct collateral_life *life, struct err_ctx *ctx)
{
	static const char what[] = "PCK revocation list";
	struct obligations set = { .n = 0 };
	struct x509_crl crl;
	enum err e =
	    read_chain(&j->pck, side, &j->roots[ROOT_INTEL_SGX], 1, ctx);

	if (e == ERR_OK)
		e = expect_cn(j->pck.ca.cn,
		    j->want->processor_ca ? "Intel SGX PCK Processor CA"
					  : "Intel SGX PCK Platform CA",
		    "issuer's certificate", ctx);
	if (e == ERR_OK)
		e = x509_crl_parse(&crl, file, what, ctx);
	if (e == ERR_OK)
		e = x509_crl_issued(&j->pck.ca, &crl, what, ctx);
	if (e == ERR_OK)
		e = x509_oblige_crl(&set, &j->pck.ca, &crl, what, ctx);
	if (e == ERR_OK)
		e = check_signatures(&set, ctx);
	if (e != ERR_OK)
		return e;
	bound_by_list(life, crl.this_update, crl.next_update);
	bound_by_cert(life, &j->pck.ca);
	bound_by_cert(life, &j->pck.root);
	return ERR_OK;
}

static enum err judge(struct collateral_judge *j, enum collateral_item item,
    struct bytes file, struct bytes side, struct collateral_life *life,
    struct err_ctx *ctx)
{
	switch (item) {
	case COLLATERAL_ITEM_AMD_CHAIN:
		return judge_amd_chain(j, file, side, life, ctx);
	case COLLATERAL_ITEM_VCEK:
		return judge_vcek(j, file, life, ctx);
	case COLLATERAL_ITEM_AMD_CRL:
		return judge_root_crl(
		    file, amd_root(j), X509_KEY_RSA_4096, life, ctx);
	case COLLATERAL_ITEM_TCB_INFO:
		return judge_tcb_info(j, file, side, life, ctx);
	case COLLATERAL_ITEM_QE_IDENTITY:
		return judge_qe_identity(j, file, life, ctx);
	case COLLATERAL_ITEM_ROOT_CRL:
		return judge_root_crl(
		    file, &j->roots[ROOT_INTEL_SGX], X509_KEY_P256, life, ctx);
	case COLLATERAL_ITEM_PCK_CRL:
		return judge_pck_crl(j, file, side, life, ctx);
	case COLLATERAL_ITEMS:
		break;
	}
	return ERR_INTERNAL;
}

enum err collateral_judge_item(struct collateral_judge *j,
    enum collateral_item item, struct bytes file, struct bytes side,
    struct collateral_life *life, struct err_ctx *ctx)
{
	enum err e;

	*life = (struct collateral_life){ 0, UINT64_MAX, UINT64_MAX };
	e = judge(j, item, file, side, life, ctx);
	if (e == ERR_OK)
		return e;
	if (item == COLLATERAL_ITEM_AMD_CHAIN ||
	    item == COLLATERAL_ITEM_TCB_INFO)
		j->chain.good = false; /* it judges nothing further */
	*life = (struct collateral_life){ 0 };
	return e;
}
