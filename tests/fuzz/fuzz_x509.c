/* Certificates: slices lie inside, limits hold, lookups find what is there. */
#include <assert.h>

#include "attest/x509.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inside(struct bytes part, struct bytes whole)
{
	assert(part.len == 0 ||
	       (part.p >= whole.p && part.p + part.len <= whole.p + whole.len));
}

static void look(const struct x509_cert *c)
{
	static const uint8_t key_usage[] = { 0x55, 0x1D, 0x0F };
	static struct obligations set;
	struct bytes usage;

	inside(c->tbs, c->der);
	inside(c->serial, c->tbs);
	inside(c->issuer, c->tbs);
	inside(c->subject, c->tbs);
	inside(c->cn, c->subject);
	inside(c->issuer_cn, c->issuer);
	inside(c->spki, c->tbs);
	inside(c->pub, c->spki);
	inside(c->exts, c->tbs);
	inside(c->sig, c->der);
	assert(c->serial.len >= 1 && c->serial.len <= X509_SERIAL_LEN_MAX);
	assert(c->cn.len <= X509_CN_LEN_MAX);
	assert((c->pub.len == 0) == (c->key == X509_KEY_RSA_4096));
	assert(!c->has_path_len || c->ca);
	assert(!c->ca || c->has_basic);
	assert(c->has_usage == (c->usage != 0));
	assert(c->has_usage ==
	       x509_ext(
		   c, (struct bytes){ key_usage, sizeof(key_usage) }, &usage));
	inside(usage, c->exts);
	set.n = 0;
	if (x509_oblige_cert(&set, c, c, "self", NULL) == ERR_OK)
		assert(set.n == 1 && set.item[0].msg.p == c->tbs.p);
	if (x509_issued(c, c, 1, "self", NULL) == ERR_OK)
		assert(c->ca && mem_eq(c->subject, c->issuer));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = { data, size };
	struct err_ctx ctx = { 0 };
	struct x509_cert c;
	enum err e = x509_cert_parse(&c, in, "certificate", &ctx);

	if (e != ERR_OK) {
		assert(ctx.code == e && ctx.msg[0] != '\0');
		assert(mem_is_zero(&c, sizeof(c)));
		return 0;
	}
	assert(size <= X509_CERT_LEN_MAX && mem_eq(c.der, in));
	look(&c);
	return 0;
}
