/*
 * Two walks along a chain of certificates: ours, of the functions of x509.h,
 * and OpenSSL's X509_verify_cert(). What one finds the other must find.
 */
#ifndef CONFER_TESTS_UNIT_X509_WALKS_H
#define CONFER_TESTS_UNIT_X509_WALKS_H

#include <openssl/x509_vfy.h>

#include "pki.h"

#define CHAIN_MAX 4

/* Leaf first, root last; lists by any of its CAs. */
struct chain {
	struct bytes cert[CHAIN_MAX];
	size_t n;
	struct bytes crl[CHAIN_MAX];
	size_t n_crl;
	uint64_t now;
	struct bytes pin; /* the root's SubjectPublicKeyInfo */
};

static struct x509_cert ours_cert[CHAIN_MAX];
static struct obligations ours_set;

static inline enum err ours_crl(const struct chain *c, struct bytes der)
{
	struct x509_crl crl;
	enum err e = x509_crl_parse(&crl, der, "list", NULL);
	size_t by = 0;

	if (e != ERR_OK)
		return e;
	while (by < c->n && !mem_eq(ours_cert[by].subject, crl.issuer))
		by++;
	if (by == c->n)
		return ERR_NOTFOUND;
	e = x509_crl_issued(&ours_cert[by], &crl, "list", NULL);
	if (e == ERR_OK)
		e = x509_crl_check_time(&crl, c->now, "list", NULL);
	if (e == ERR_OK)
		e = x509_oblige_crl(
		    &ours_set, &ours_cert[by], &crl, "list", NULL);
	for (size_t i = 0; i < c->n && e == ERR_OK; i++) {
		if (mem_eq(ours_cert[i].issuer, crl.issuer) &&
		    x509_crl_has(&crl, ours_cert[i].serial))
			e = ERR_POLICY;
	}
	return e;
}

static inline enum err ours(const struct chain *c)
{
	enum err e = ERR_OK;

	ours_set.n = 0;
	for (size_t i = 0; i < c->n && e == ERR_OK; i++)
		e = x509_cert_parse(
		    &ours_cert[i], c->cert[i], "certificate", NULL);
	if (e == ERR_OK && !mem_eq(ours_cert[c->n - 1].spki, c->pin))
		e = ERR_AUTH;
	for (size_t i = 0; i < c->n && e == ERR_OK; i++) {
		size_t by = i + 1 < c->n ? i + 1 : i;

		e = x509_issued(&ours_cert[by], &ours_cert[i],
		    (unsigned)(by - 1), "certificate", NULL);
		if (e == ERR_OK)
			e = x509_check_time(
			    &ours_cert[i], c->now, "certificate", NULL);
		if (e == ERR_OK)
			e = x509_oblige_cert(&ours_set, &ours_cert[by],
			    &ours_cert[i], "certificate", NULL);
	}
	for (size_t i = 0; i < c->n_crl && e == ERR_OK; i++)
		e = ours_crl(c, c->crl[i]);
	for (size_t i = 0; i < ours_set.n && e == ERR_OK; i++)
		e = obligation_resolve(&ours_set.item[i]);
	return e;
}

static inline X509 *theirs_cert(struct bytes der)
{
	const uint8_t *p = der.p;
	X509 *x = d2i_X509(NULL, &p, (long)der.len);

	if (x != NULL && p != der.p + der.len) {
		X509_free(x);
		x = NULL;
	}
	return x;
}

static inline void theirs_store(
    X509_STORE *store, const struct chain *c, X509 *root)
{
	uint8_t *spki = NULL;
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(root), &spki);

	/* A root that is not the pinned one is not put there. */
	if (mem_eq((struct bytes){ spki, (size_t)len }, c->pin))
		CHECK_EQ(X509_STORE_add_cert(store, root), 1);
	OPENSSL_free(spki);
	for (size_t i = 0; i < c->n_crl; i++) {
		const uint8_t *p = c->crl[i].p;
		X509_CRL *crl = d2i_X509_CRL(NULL, &p, (long)c->crl[i].len);

		CHECK(crl != NULL);
		CHECK_EQ(X509_STORE_add_crl(store, crl), 1);
		X509_CRL_free(crl);
	}
}

/* X509_V_OK or the first error of OpenSSL; -1 if it cannot read it. */
static inline int theirs(const struct chain *c)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509_VERIFY_PARAM *param = X509_STORE_get0_param(store);
	STACK_OF(X509) *between = sk_X509_new_null();
	X509 *x[CHAIN_MAX] = { NULL };
	unsigned long flags = X509_V_FLAG_CHECK_SS_SIGNATURE;
	int result = -1;

	for (size_t i = 0; i < c->n; i++) {
		x[i] = theirs_cert(c->cert[i]);
		if (x[i] == NULL)
			goto out;
		if (i > 0)
			CHECK(sk_X509_push(between, x[i]) > 0);
	}
	theirs_store(store, c, x[c->n - 1]);
	/* With one list for each CA all are asked. */
	if (c->n_crl > 0)
		flags |= X509_V_FLAG_CRL_CHECK;
	if (c->n_crl + 1 >= c->n)
		flags |= X509_V_FLAG_CRL_CHECK_ALL;
	CHECK_EQ(X509_VERIFY_PARAM_set_flags(param, flags), 1);
	X509_VERIFY_PARAM_set_time(param, (time_t)c->now);
	CHECK_EQ(X509_STORE_CTX_init(ctx, store, x[0], between), 1);
	if (X509_verify_cert(ctx) == 1)
		result = X509_V_OK;
	else
		result = X509_STORE_CTX_get_error(ctx);
out:
	X509_STORE_CTX_free(ctx);
	sk_X509_free(between);
	X509_STORE_free(store);
	for (size_t i = 0; i < c->n; i++)
		X509_free(x[i]);
	return result;
}

#endif
