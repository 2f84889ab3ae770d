/* A certificate with one part replaced, and what the parser says of it. */
#ifndef CONFER_TESTS_UNIT_X509_PARTS_H
#define CONFER_TESTS_UNIT_X509_PARTS_H

#include "pki.h"

#define WHAT "VCEK certificate"

static const struct bytes none = { NULL, 0 };
static const struct bytes left_out = { (const uint8_t *)"", 0 };

/* A self-signed certificate: EC, so that signing is quick. */
static inline struct pki_cert sample(void)
{
	pki_reset();
	return pki_ca("SEV-Test", NULL, pki_p256(0));
}

/* Where `part` stands in `all`. */
static inline size_t find(struct bytes all, struct bytes part)
{
	const uint8_t *p = memmem(all.p, all.len, part.p, part.len);

	CHECK(p != NULL);
	return (size_t)(p - all.p);
}

static inline void check_refused(
    struct bytes der, enum err want, const char *field, size_t off)
{
	struct err_ctx ctx = { 0 };
	struct x509_cert c;
	char msg[ERR_MSG_LEN_MAX];
	enum err e = x509_cert_parse(&c, der, WHAT, &ctx);

	(void)snprintf(msg, sizeof(msg), "%s: %s: %s at offset %zu", WHAT,
	    field, err_name(want), off);
	CHECK_STR(ctx.msg, msg);
	CHECK_ERR(e, want);
	CHECK_ERR(ctx.code, want);
	CHECK(mem_is_zero(&c, sizeof(c)));
}

/* With `raw` in place of a part, it is refused `delta` bytes into raw. */
static inline void refuse(enum pki_part part, struct bytes raw, enum err want,
    const char *field, size_t delta)
{
	struct pki_cert c = pki_ca("SEV-Test", NULL, pki_p256(0));
	struct bytes der;

	c.raw[part] = raw;
	der = pki_cert(&c);
	check_refused(der, want, field, find(der, raw) + delta);
}

/* With `raw` in place of a part it parses. */
static inline struct x509_cert accept(enum pki_part part, struct bytes raw)
{
	struct pki_cert c = pki_ca("SEV-Test", NULL, pki_p256(0));
	struct err_ctx ctx = { 0 };
	struct x509_cert out;

	c.raw[part] = raw;
	if (x509_cert_parse(&out, pki_cert(&c), WHAT, &ctx) != ERR_OK)
		fail_msg("%s", ctx.msg);
	return out;
}

#endif
