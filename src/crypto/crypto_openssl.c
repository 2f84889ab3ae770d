/* Native answers to obligations: ECDSA and RSA-PSS by OpenSSL 3. */
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rsa.h>

#include "crypto/obligation.h"

#define P256_LEN          32
#define P384_LEN          48
#define RSA_BITS_MIN      2048 /* the least that is not broken */
#define RSA_BITS_MAX      4096 /* AMD's; more would only cost time */
#define RSA_SPKI_HEAD_LEN 24   /* before RSAPublicKey */
#define RSA_SPKI_LEN_MAX  1024 /* 550 bytes for 4096 bits and e = 65537 */
#define RSA_PSS_SALT_LEN  48
#define ECDSA_DER_LEN_MAX 128 /* 104 bytes for P-384 */

static EVP_PKEY *ec_key(const char *group, struct bytes key)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_PKEY *pkey = NULL;
	union {
		const void *in;
		void *out; /* OSSL_PARAM is not const-correct */
	} name = { group }, point = { key.p };
	OSSL_PARAM param[] = {
		OSSL_PARAM_construct_utf8_string(
		    OSSL_PKEY_PARAM_GROUP_NAME, name.out, 0),
		OSSL_PARAM_construct_octet_string(
		    OSSL_PKEY_PARAM_PUB_KEY, point.out, key.len),
		OSSL_PARAM_construct_end(),
	};

	if (ctx != NULL && EVP_PKEY_fromdata_init(ctx) == 1 &&
	    EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, param) != 1)
		pkey = NULL;
	EVP_PKEY_CTX_free(ctx);
	return pkey;
}

/* Raw r||s to the DER that OpenSSL wants; 0 on failure. */
static size_t ecdsa_sig_der(uint8_t der[ECDSA_DER_LEN_MAX], struct bytes sig)
{
	int half = (int)(sig.len / 2);
	ECDSA_SIG *es = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(sig.p, half, NULL);
	BIGNUM *s = BN_bin2bn(sig.p + half, half, NULL);
	uint8_t *p = der;
	int n = 0;

	if (es == NULL || r == NULL || s == NULL ||
	    ECDSA_SIG_set0(es, r, s) != 1) {
		BN_free(r);
		BN_free(s);
	} else if (i2d_ECDSA_SIG(es, NULL) <= ECDSA_DER_LEN_MAX) {
		n = i2d_ECDSA_SIG(es, &p);
	}
	ECDSA_SIG_free(es);
	return n > 0 ? (size_t)n : 0;
}

static enum err ecdsa_verify(const struct obligation *o, size_t field_len,
    const char *group, const EVP_MD *md)
{
	uint8_t der[ECDSA_DER_LEN_MAX];
	EVP_MD_CTX *ctx = NULL;
	EVP_PKEY *pkey = NULL;
	enum err e = ERR_FORMAT;
	size_t n;

	/* 04: uncompressed. OpenSSL would accept the other forms too. */
	if (o->key.len != 1 + 2 * field_len || o->key.p[0] != 4 ||
	    o->sig.len != 2 * field_len)
		return ERR_FORMAT;
	pkey = ec_key(group, o->key);
	if (pkey == NULL) /* not a point of the curve */
		goto out;
	e = ERR_INTERNAL;
	n = ecdsa_sig_der(der, o->sig);
	ctx = EVP_MD_CTX_new();
	if (n == 0 || ctx == NULL ||
	    EVP_DigestVerifyInit(ctx, NULL, md, NULL, pkey) != 1)
		goto out;
	e = EVP_DigestVerify(ctx, der, n, o->msg.p, o->msg.len) == 1 ? ERR_OK
								     : ERR_AUTH;
out:
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(pkey);
	return e;
}

/*
 * A SubjectPublicKeyInfo that is RSA of an accepted size and nothing more. What
 * stands before its RSAPublicKey is fixed but for two lengths, which take two
 * bytes at these sizes; d2i_PUBKEY() would try decoders for longer than a
 * signature takes.
 */
static EVP_PKEY *rsa_key(struct bytes spki)
{
	size_t seq = spki.len - 4, bits = spki.len - RSA_SPKI_HEAD_LEN + 1;
	const uint8_t head[RSA_SPKI_HEAD_LEN] = { 0x30, 0x82,
		(uint8_t)(seq >> 8), (uint8_t)seq, /* rsaEncryption, NULL */
		0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d,
		0x01, 0x01, 0x01, 0x05, 0x00, /* BIT STRING of whole bytes */
		0x03, 0x82, (uint8_t)(bits >> 8), (uint8_t)bits, 0x00 };
	const uint8_t *p;
	EVP_PKEY *pkey;

	if (spki.len < sizeof(head) || spki.len > RSA_SPKI_LEN_MAX ||
	    !mem_eq((struct bytes){ spki.p, sizeof(head) },
		(struct bytes){ head, sizeof(head) }))
		return NULL;
	p = spki.p + sizeof(head);
	pkey = d2i_PublicKey(
	    EVP_PKEY_RSA, NULL, &p, (long)(spki.len - sizeof(head)));
	if (pkey == NULL)
		return NULL;
	if (p == spki.p + spki.len && EVP_PKEY_get_bits(pkey) >= RSA_BITS_MIN &&
	    EVP_PKEY_get_bits(pkey) <= RSA_BITS_MAX)
		return pkey;
	EVP_PKEY_free(pkey);
	return NULL;
}

static enum err rsa_pss_verify(const struct obligation *o)
{
	EVP_PKEY *pkey = rsa_key(o->key);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx; /* owned by ctx */
	enum err e = ERR_INTERNAL;

	if (pkey == NULL) {
		e = ERR_FORMAT;
		goto out;
	}
	if (o->sig.len != (size_t)EVP_PKEY_get_size(pkey)) {
		e = ERR_FORMAT;
		goto out;
	}
	if (ctx == NULL ||
	    EVP_DigestVerifyInit(ctx, &pctx, EVP_sha384(), NULL, pkey) != 1 ||
	    EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) != 1 ||
	    EVP_PKEY_CTX_set_rsa_mgf1_md(pctx, EVP_sha384()) != 1 ||
	    EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, RSA_PSS_SALT_LEN) != 1)
		goto out;
	e = EVP_DigestVerify(ctx, o->sig.p, o->sig.len, o->msg.p, o->msg.len) ==
		    1
		? ERR_OK
		: ERR_AUTH;
out:
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(pkey);
	return e;
}

enum err obligation_resolve(const struct obligation *o)
{
	enum err e = ERR_UNSUPPORTED;

	switch (o->alg) {
	case SIG_ECDSA_P256_SHA256:
		e = ecdsa_verify(o, P256_LEN, "P-256", EVP_sha256());
		break;
	case SIG_ECDSA_P384_SHA384:
		e = ecdsa_verify(o, P384_LEN, "P-384", EVP_sha384());
		break;
	case SIG_RSA_PSS_SHA384:
		e = rsa_pss_verify(o);
		break;
	}
	/* A refused signature leaves a queue that nobody would read. */
	ERR_clear_error();
	return e;
}
