/* Who may have issued what, when, and whose signature proves it; see x509.h. */
#include "attest/x509_parse.h"

#define RSA_4096_SIG_LEN 512
#define P256_LEN         32

/* The subject of a CA under the name of the issuer that is sought. */
static enum err check_name(const struct x509_cert *ca, struct bytes issuer,
    struct bytes issuer_cn, const char *what, struct err_ctx *ctx)
{
	if (mem_eq(ca->subject, issuer))
		return ERR_OK;
	return err_set(ctx, ERR_AUTH, "%s: issuer \"%.*s\" is not \"%.*s\"",
	    what, (int)issuer_cn.len, (const char *)issuer_cn.p,
	    (int)ca->cn.len, (const char *)ca->cn.p);
}

/* A CA whose keyUsage says so. RFC 5280, 4.2.1.3: every CA has that. */
static enum err check_role(const struct x509_cert *ca, uint16_t usage,
    const char *what, struct err_ctx *ctx)
{
	if (!ca->ca)
		return err_set(
		    ctx, ERR_AUTH, "%s: its issuer is not a CA", what);
	if ((ca->usage & usage) == 0)
		return err_set(ctx, ERR_AUTH,
		    "%s: its issuer's keyUsage lacks %s", what,
		    usage == X509_USAGE_CRL_SIGN ? "cRLSign" : "keyCertSign");
	return ERR_OK;
}

enum err x509_issued(const struct x509_cert *ca, const struct x509_cert *cert,
    unsigned below, const char *what, struct err_ctx *ctx)
{
	enum err e = check_name(ca, cert->issuer, cert->issuer_cn, what, ctx);

	if (e == ERR_OK)
		e = check_role(ca, X509_USAGE_CERT_SIGN, what, ctx);
	if (e == ERR_OK && ca->has_path_len && below > ca->path_len)
		return err_set(ctx, ERR_AUTH,
		    "%s: its issuer's pathLenConstraint is %u, %u CAs follow",
		    what, (unsigned)ca->path_len, below);
	return e;
}

enum err x509_crl_issued(const struct x509_cert *ca, const struct x509_crl *crl,
    const char *what, struct err_ctx *ctx)
{
	enum err e = check_name(ca, crl->issuer, crl->issuer_cn, what, ctx);

	return e == ERR_OK ? check_role(ca, X509_USAGE_CRL_SIGN, what, ctx) : e;
}

enum err x509_check_time(const struct x509_cert *cert, uint64_t now_s,
    const char *what, struct err_ctx *ctx)
{
	if (now_s < cert->not_before)
		return err_set(
		    ctx, ERR_EXPIRED, "%s: notBefore is not yet reached", what);
	if (now_s > cert->not_after)
		return err_set(ctx, ERR_EXPIRED, "%s: notAfter is past", what);
	return ERR_OK;
}

enum err x509_crl_check_time(const struct x509_crl *crl, uint64_t now_s,
    const char *what, struct err_ctx *ctx)
{
	if (now_s < crl->this_update)
		return err_set(ctx, ERR_EXPIRED,
		    "%s: thisUpdate is not yet reached", what);
	if (now_s >= crl->next_update)
		return err_set(
		    ctx, ERR_EXPIRED, "%s: nextUpdate is past", what);
	return ERR_OK;
}

/* One number of an ECDSA signature, padded to P256_LEN bytes. */
static void read_half(uint8_t out[P256_LEN], struct rd *r)
{
	struct bytes v = der_unsigned(r);

	if (v.len > P256_LEN)
		rd_fail(r, ERR_FORMAT);
	else
		mem_copy(out + P256_LEN - v.len, v.p, v.len);
}

/* Ecdsa-Sig-Value (RFC 3279, 2.2.3) as r||s in the obligation. */
static enum err ecdsa_raw(struct obligation *o, struct bytes sig)
{
	struct rd r = rd_bytes_init(sig), pair = der_enter(&r, DER_SEQUENCE);

	read_half(o->sig_buf, &pair);
	read_half(o->sig_buf + P256_LEN, &pair);
	o->sig = (struct bytes){ o->sig_buf, 2 * P256_LEN };
	return rd_end(&pair) == ERR_OK ? rd_end(&r) : ERR_FORMAT;
}

/* An obligation of all but the signature; NULL if the set is full. */
static struct obligation *add(struct obligations *set, enum sig_alg alg,
    struct bytes key, struct bytes msg, const char *what)
{
	struct obligation *o = obligation_add(set);

	if (o == NULL)
		return NULL;
	o->alg = alg;
	o->what = what;
	o->key = key;
	o->msg = msg;
	return o;
}

static enum err too_many(const char *what, struct err_ctx *ctx)
{
	return err_set(ctx, ERR_LIMIT, "%s: more than %d signatures to check",
	    what, OBLIGATIONS_MAX);
}

static enum err malformed(const char *what, struct err_ctx *ctx)
{
	return err_set(ctx, ERR_FORMAT, "%s: malformed signature", what);
}

static enum err unfit(const char *what, struct err_ctx *ctx)
{
	return err_set(ctx, ERR_AUTH,
	    "%s: its signature does not fit the signer's kind of key", what);
}

/* The signature over s->tbs; s->body and s->algo are not looked at. */
static enum err oblige(struct obligations *set, const struct x509_cert *signer,
    const struct x509_signed *s, const char *what, struct err_ctx *ctx)
{
	bool rsa = s->alg == SIG_RSA_PSS_SHA384;
	struct obligation *o;

	if (signer->key != (rsa ? X509_KEY_RSA_4096 : X509_KEY_P256))
		return unfit(what, ctx);
	if (rsa && s->sig.len != RSA_4096_SIG_LEN)
		return malformed(what, ctx);
	o = add(set, s->alg, rsa ? signer->spki : signer->pub, s->tbs, what);
	if (o == NULL)
		return too_many(what, ctx);
	if (rsa) {
		o->sig = s->sig;
	} else if (ecdsa_raw(o, s->sig) != ERR_OK) {
		set->n--;
		return malformed(what, ctx);
	}
	return ERR_OK;
}

enum err x509_oblige_cert(struct obligations *set,
    const struct x509_cert *signer, const struct x509_cert *cert,
    const char *what, struct err_ctx *ctx)
{
	const struct x509_signed s = {
		.tbs = cert->tbs, .alg = cert->alg, .sig = cert->sig
	};

	return oblige(set, signer, &s, what, ctx);
}

enum err x509_oblige_crl(struct obligations *set,
    const struct x509_cert *signer, const struct x509_crl *crl,
    const char *what, struct err_ctx *ctx)
{
	const struct x509_signed s = {
		.tbs = crl->tbs, .alg = crl->alg, .sig = crl->sig
	};

	return oblige(set, signer, &s, what, ctx);
}

enum err x509_oblige_raw(struct obligations *set,
    const struct x509_cert *signer, struct bytes sig, struct bytes msg,
    const char *what, struct err_ctx *ctx)
{
	enum sig_alg alg = SIG_ECDSA_P256_SHA256;
	size_t len = 2 * P256_LEN;
	struct obligation *o;

	if (signer->key == X509_KEY_RSA_4096)
		return unfit(what, ctx);
	if (signer->key == X509_KEY_P384) {
		alg = SIG_ECDSA_P384_SHA384;
		len = ECDSA_P384_SIG_LEN;
	}
	if (sig.len != len)
		return malformed(what, ctx);
	o = add(set, alg, signer->pub, msg, what);
	if (o == NULL)
		return too_many(what, ctx);
	o->sig = sig;
	return ERR_OK;
}
