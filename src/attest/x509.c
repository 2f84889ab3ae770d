/* Certificates, RFC 5280, section 4.1; see x509.h. */
#include "attest/x509.h"

#include "attest/x509_parse.h"

#define RSA_4096_LEN 512
#define RSA_EXPONENT 65537
#define P256_PUB_LEN 65
#define P384_PUB_LEN 97
#define EC_POINT     0x04 /* uncompressed */
#define USAGE_BITS   9    /* digitalSignature to decipherOnly */

static const uint8_t oid_rsa[] = { /* 1.2.840.113549.1.1.1 */
	0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01
};
static const uint8_t oid_ec[] = { /* 1.2.840.10045.2.1 */
	0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01
};
static const uint8_t oid_p256[] = { /* 1.2.840.10045.3.1.7 */
	0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07
};
static const uint8_t oid_p384[] = { /* 1.3.132.0.34 */
	0x2B, 0x81, 0x04, 0x00, 0x22
};
static const uint8_t oid_basic[] = { 0x55, 0x1D, 0x13 }; /* 2.5.29.19 */
static const uint8_t oid_usage[] = { 0x55, 0x1D, 0x0F }; /* 2.5.29.15 */

static bool is_oid(struct bytes b, const uint8_t *oid, size_t len)
{
	return mem_eq(b, (struct bytes){ oid, len });
}

/* The v3 that comes as [0] INTEGER 2; v1 would leave it out. */
static enum err read_version(const struct x509_input *in, struct rd *tbs)
{
	struct rd at = *tbs, version;

	if (der_peek(tbs) != DER_CONTEXT_0)
		return x509_fail(in, &at, ERR_UNSUPPORTED, "version");
	version = der_enter(tbs, DER_CONTEXT_0);
	at = version;
	if (der_small(&version, UINT8_MAX) != 2 && version.err == ERR_OK)
		return x509_fail(in, &at, ERR_UNSUPPORTED, "version");
	return x509_end(in, &version, "version");
}

static enum err read_validity(
    struct x509_cert *c, const struct x509_input *in, struct rd *tbs)
{
	struct rd validity = der_enter(tbs, DER_SEQUENCE);

	c->not_before = der_time(&validity);
	c->not_after = der_time(&validity);
	return x509_end(in, &validity, "validity");
}

/* The rest of a SubjectPublicKeyInfo for RSA: NULL, then modulus and e. */
static enum err read_rsa(struct x509_cert *c, const struct x509_input *in,
    struct rd *algo, struct rd *info)
{
	struct rd at, key;
	struct bytes n;

	if (der_take(algo, DER_NULL).len != 0)
		rd_fail(algo, ERR_FORMAT);
	if (x509_end(in, algo, "key parameters") != ERR_OK)
		return rd_end(algo);
	at = rd_bytes_init(der_bits(info));
	if (info->err != ERR_OK)
		return x509_fail(in, info, info->err, "subjectPublicKey");
	key = der_enter(&at, DER_SEQUENCE);
	if (rd_left(&at) != 0)
		return x509_end(in, &at, "RSA key");
	at = key;
	n = der_unsigned(&key);
	if (key.err == ERR_OK && (n.len != RSA_4096_LEN || n.p[0] < 0x80))
		return x509_fail(in, &at, ERR_UNSUPPORTED, "RSA modulus");
	at = key;
	if (der_small(&key, UINT32_MAX) != RSA_EXPONENT && key.err == ERR_OK)
		return x509_fail(in, &at, ERR_UNSUPPORTED, "RSA exponent");
	c->key = X509_KEY_RSA_4096;
	return x509_end(in, &key, "RSA key");
}

/* Likewise for elliptic curves: the curve's name, then a point. */
static enum err read_ec(struct x509_cert *c, const struct x509_input *in,
    struct rd *algo, struct rd *info)
{
	struct rd at = *algo;
	struct bytes curve = der_take(algo, DER_OID);
	size_t len = P256_PUB_LEN;

	if (x509_end(in, algo, "key parameters") != ERR_OK)
		return rd_end(algo);
	if (is_oid(curve, oid_p256, sizeof(oid_p256))) {
		c->key = X509_KEY_P256;
	} else if (is_oid(curve, oid_p384, sizeof(oid_p384))) {
		c->key = X509_KEY_P384;
		len = P384_PUB_LEN;
	} else {
		return x509_fail(in, &at, ERR_UNSUPPORTED, "curve");
	}
	at = *info;
	c->pub = der_bits(info);
	if (info->err != ERR_OK)
		return x509_fail(in, info, info->err, "subjectPublicKey");
	if (c->pub.len != len || c->pub.p[0] != EC_POINT)
		return x509_fail(in, &at, ERR_FORMAT, "EC point");
	return ERR_OK;
}

static enum err read_key(
    struct x509_cert *c, const struct x509_input *in, struct rd *tbs)
{
	struct rd at = *tbs, info = der_enter(&at, DER_SEQUENCE);
	struct rd algo = der_enter(&info, DER_SEQUENCE);
	struct bytes oid;
	enum err e;

	c->spki = der_whole(tbs);
	at = algo;
	oid = der_take(&algo, DER_OID);
	if (algo.err != ERR_OK)
		return x509_end(in, &algo, "subjectPublicKeyInfo");
	if (is_oid(oid, oid_rsa, sizeof(oid_rsa)))
		e = read_rsa(c, in, &algo, &info);
	else if (is_oid(oid, oid_ec, sizeof(oid_ec)))
		e = read_ec(c, in, &algo, &info);
	else
		e = x509_fail(in, &at, ERR_UNSUPPORTED, "key algorithm");
	return e == ERR_OK ? x509_end(in, &info, "subjectPublicKeyInfo") : e;
}

static enum err read_basic(
    struct x509_cert *c, const struct x509_input *in, struct bytes value)
{
	struct rd r = rd_bytes_init(value), basic;

	basic = der_enter(&r, DER_SEQUENCE);
	if (rd_left(&r) != 0)
		return x509_end(in, &r, "basicConstraints");
	c->has_basic = true;
	if (der_peek(&basic) == DER_BOOLEAN) {
		struct rd at = basic;

		c->ca = der_bool(&basic);
		/* DER leaves out what is the default. */
		if (basic.err == ERR_OK && !c->ca)
			return x509_fail(in, &at, ERR_FORMAT, "cA");
	}
	if (c->ca && rd_left(&basic) > 0) {
		c->path_len = (uint8_t)der_small(&basic, UINT8_MAX);
		c->has_path_len = true;
	}
	return x509_end(in, &basic, "basicConstraints");
}

/*
 * A BIT STRING, bit 0 the highest of its first byte. DER would end it at the
 * last bit that is set; AMD's does not.
 */
static enum err read_usage(
    struct x509_cert *c, const struct x509_input *in, struct bytes value)
{
	struct rd r = rd_bytes_init(value), at = r;
	struct bytes b = der_take(&r, DER_BIT_STRING);

	if (x509_end(in, &r, "keyUsage") != ERR_OK)
		return rd_end(&r);
	if (b.len < 2 || b.len > 3 || b.p[0] > 7 ||
	    (b.p[b.len - 1] & ((1U << b.p[0]) - 1)) != 0)
		return x509_fail(in, &at, ERR_FORMAT, "keyUsage");
	for (size_t i = 0; i < 8 * (b.len - 1); i++) {
		if ((b.p[1 + i / 8] & 0x80U >> i % 8) != 0)
			c->usage |= (uint16_t)(1U << i);
	}
	if (c->usage == 0 || c->usage >= 1U << USAGE_BITS)
		return x509_fail(in, &at, ERR_FORMAT, "keyUsage");
	c->has_usage = true;
	return ERR_OK;
}

static enum err read_exts(
    struct x509_cert *c, const struct x509_input *in, struct rd *tbs)
{
	struct rd outer = der_enter(tbs, DER_CONTEXT_3), r;
	struct x509_seen seen = { .n = 0 };
	struct x509_ext ext;
	enum err e = ERR_OK;

	c->exts = der_take(&outer, DER_SEQUENCE);
	if (x509_end(in, &outer, "extensions") != ERR_OK)
		return rd_end(&outer);
	r = rd_bytes_init(c->exts);
	do {
		struct rd at = r;

		e = x509_ext_read(in, &r, &ext, &seen);
		if (e != ERR_OK)
			return e;
		if (is_oid(ext.oid, oid_basic, sizeof(oid_basic)))
			e = read_basic(c, in, ext.value);
		else if (is_oid(ext.oid, oid_usage, sizeof(oid_usage)))
			e = read_usage(c, in, ext.value);
		else if (ext.critical)
			e = x509_fail(in, &at, ERR_UNSUPPORTED,
			    "unknown critical extension");
	} while (e == ERR_OK && rd_left(&r) > 0);
	return e;
}

static enum err read_tbs(struct x509_cert *c, const struct x509_input *in,
    const struct x509_signed *s)
{
	struct rd tbs = s->body;
	enum err e = read_version(in, &tbs);

	if (e == ERR_OK)
		e = x509_serial_read(in, &tbs, &c->serial);
	if (e == ERR_OK)
		e = x509_algo_repeats(in, &tbs, s);
	if (e == ERR_OK)
		e = x509_name_read(
		    in, &tbs, &c->issuer, &c->issuer_cn, "issuer");
	if (e == ERR_OK)
		e = read_validity(c, in, &tbs);
	if (e == ERR_OK)
		e = x509_name_read(in, &tbs, &c->subject, &c->cn, "subject");
	if (e == ERR_OK)
		e = read_key(c, in, &tbs);
	/* The unique identifiers of version 2 would stand here. */
	if (e == ERR_OK && rd_left(&tbs) > 0)
		e = read_exts(c, in, &tbs);
	return e == ERR_OK ? x509_end(in, &tbs, "signed part") : e;
}

enum err x509_cert_parse(struct x509_cert *out, struct bytes in,
    const char *what, struct err_ctx *ctx)
{
	const struct x509_input input = { .all = in, .what = what, .ctx = ctx };
	struct x509_cert c;
	struct x509_signed s;
	enum err e;

	memset(out, 0, sizeof(*out));
	memset(&c, 0, sizeof(c));
	e = x509_signed_read(&s, &input, X509_CERT_LEN_MAX);
	if (e == ERR_OK)
		e = read_tbs(&c, &input, &s);
	if (e != ERR_OK)
		return e;
	c.der = in;
	c.tbs = s.tbs;
	c.alg = s.alg;
	c.sig = s.sig;
	*out = c;
	return ERR_OK;
}

bool x509_ext(
    const struct x509_cert *cert, struct bytes oid, struct bytes *value)
{
	struct rd r = rd_bytes_init(cert->exts);

	*value = (struct bytes){ NULL, 0 };
	while (rd_left(&r) > 0) {
		struct rd ext = der_enter(&r, DER_SEQUENCE);

		if (!mem_eq(der_take(&ext, DER_OID), oid))
			continue;
		if (der_peek(&ext) == DER_BOOLEAN)
			(void)der_bool(&ext);
		*value = der_take(&ext, DER_OCTET_STRING);
		return true;
	}
	return false;
}
