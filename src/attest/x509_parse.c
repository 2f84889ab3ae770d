/* The parts that certificates and lists share; see x509_parse.h. */
#include "attest/x509_parse.h"

static const uint8_t oid_cn[] = { 0x55, 0x04, 0x03 }; /* 2.5.4.3 */
static const uint8_t oid_ecdsa_sha256[] = {           /* 1.2.840.10045.4.3.2 */
	0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02
};
static const uint8_t oid_rsassa_pss[] = { /* 1.2.840.113549.1.1.10 */
	0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x0A
};

/* AlgorithmIdentifier of SHA-384, with the NULL that everybody writes. */
#define SHA384_ALGO                                                            \
	0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04,      \
	    0x02, 0x02, 0x05, 0x00

static const uint8_t pss_hash[] = { SHA384_ALGO };
static const uint8_t pss_mgf[] = { 0x30, 0x1A, 0x06, 0x09, 0x2A, 0x86, 0x48,
	0x86, 0xF7, 0x0D, 0x01, 0x01, 0x08, SHA384_ALGO };
static const uint8_t pss_salt[] = { 0x02, 0x01, 0x30 }; /* 48 */
static const uint8_t pss_trailer[] = { 0x02, 0x01, 0x01 };

/* RSASSA-PSS-params (RFC 4055, 3.1): the one value that we know for each. */
static const struct {
	uint8_t tag;
	const char *field;
	struct bytes value;
} pss_member[] = {
	{ DER_CONTEXT_0, "PSS hashAlgorithm", { pss_hash, sizeof(pss_hash) } },
	{ DER_CONTEXT_1, "PSS maskGenAlgorithm", { pss_mgf, sizeof(pss_mgf) } },
	{ DER_CONTEXT_2, "PSS saltLength", { pss_salt, sizeof(pss_salt) } },
	{ DER_CONTEXT_3, "PSS trailerField",
	    { pss_trailer, sizeof(pss_trailer) } },
};

#define PSS_MEMBERS (sizeof(pss_member) / sizeof(pss_member[0]))
#define PSS_TRAILER (PSS_MEMBERS - 1) /* may be absent: it is the default */

static bool is_oid(struct bytes b, const uint8_t *oid, size_t len)
{
	return mem_eq(b, (struct bytes){ oid, len });
}

enum err x509_fail(const struct x509_input *in, const struct rd *at, enum err e,
    const char *field)
{
	size_t off = 0;

	if (at->p != NULL)
		off = (size_t)(at->p - in->all.p) + at->off;
	return err_set(in->ctx, e, "%s: %s: %s at offset %zu", in->what, field,
	    err_name(e), off);
}

enum err x509_end(
    const struct x509_input *in, const struct rd *r, const char *field)
{
	enum err e = rd_end(r);

	return e == ERR_OK ? ERR_OK : x509_fail(in, r, e, field);
}

static enum err pss_read(const struct x509_input *in, struct rd *algo)
{
	struct rd params = der_enter(algo, DER_SEQUENCE);

	for (size_t i = 0; i < PSS_MEMBERS; i++) {
		struct rd at = params;

		if (i == PSS_TRAILER && rd_end(&params) == ERR_OK)
			break;
		if (!mem_eq(der_take(&params, pss_member[i].tag),
			pss_member[i].value))
			return x509_fail(
			    in, &at, ERR_UNSUPPORTED, pss_member[i].field);
	}
	return x509_end(in, &params, "PSS parameters");
}

/* An AlgorithmIdentifier whose parameters are all known. */
static enum err algo_read(
    const struct x509_input *in, struct rd *r, enum sig_alg *alg)
{
	struct rd algo = der_enter(r, DER_SEQUENCE), at = algo;
	struct bytes oid = der_take(&algo, DER_OID);
	enum err e = ERR_OK;

	if (algo.err != ERR_OK)
		return x509_end(in, &algo, "signatureAlgorithm");
	if (is_oid(oid, oid_rsassa_pss, sizeof(oid_rsassa_pss))) {
		*alg = SIG_RSA_PSS_SHA384;
		e = pss_read(in, &algo);
	} else if (is_oid(oid, oid_ecdsa_sha256, sizeof(oid_ecdsa_sha256))) {
		*alg = SIG_ECDSA_P256_SHA256;
	} else {
		e = x509_fail(in, &at, ERR_UNSUPPORTED, "signatureAlgorithm");
	}
	return e == ERR_OK ? x509_end(in, &algo, "signatureAlgorithm") : e;
}

enum err x509_signed_read(
    struct x509_signed *out, const struct x509_input *in, size_t len_max)
{
	struct rd r = rd_bytes_init(in->all), outer, start, tbs;
	enum err e;

	if (in->all.len > len_max)
		return err_set(in->ctx, ERR_LIMIT, "%s: %zu bytes, at most %zu",
		    in->what, in->all.len, len_max);
	outer = der_enter(&r, DER_SEQUENCE);
	if (r.err != ERR_OK || rd_left(&r) != 0)
		return x509_end(in, &r, "outer SEQUENCE");
	tbs = outer;
	out->tbs = der_whole(&outer);
	out->body = der_enter(&tbs, DER_SEQUENCE);
	if (tbs.err != ERR_OK)
		return x509_end(in, &tbs, "signed part");
	start = outer;
	out->algo = der_whole(&outer);
	e = algo_read(in, &start, &out->alg);
	if (e != ERR_OK)
		return e;
	out->sig = der_bits(&outer);
	return x509_end(in, &outer, "signatureValue");
}

enum err x509_algo_repeats(
    const struct x509_input *in, struct rd *r, const struct x509_signed *s)
{
	struct rd at = *r;
	struct bytes algo = der_whole(r);

	if (r->err != ERR_OK)
		return x509_fail(in, r, r->err, "signature");
	if (!mem_eq(algo, s->algo))
		return x509_fail(in, &at, ERR_FORMAT,
		    "signature, unlike signatureAlgorithm");
	return ERR_OK;
}

/* Common names stand in messages: printable ASCII, at most X509_CN_LEN_MAX. */
static enum err cn_read(
    const struct x509_input *in, struct rd *pair, struct bytes *cn)
{
	uint8_t tag = der_peek(pair);
	struct rd at = *pair;
	struct bytes text;

	if (cn->p != NULL)
		return x509_fail(in, &at, ERR_FORMAT, "second commonName");
	if (tag != DER_UTF8_STRING && tag != DER_PRINTABLE_STRING)
		return x509_fail(in, &at, ERR_UNSUPPORTED, "commonName");
	text = der_take(pair, tag);
	if (text.len == 0)
		return x509_fail(in, &at, ERR_FORMAT, "commonName");
	if (text.len > X509_CN_LEN_MAX)
		return x509_fail(in, &at, ERR_LIMIT, "commonName");
	for (size_t i = 0; i < text.len; i++) {
		if (text.p[i] < 0x20 || text.p[i] > 0x7E)
			return x509_fail(in, &at, ERR_FORMAT, "commonName");
	}
	*cn = text;
	return ERR_OK;
}

/* RelativeDistinguishedName: at least one pair of type and value. */
static enum err rdn_read(const struct x509_input *in, struct rd *r,
    struct bytes *cn, const char *field)
{
	struct rd set = der_enter(r, DER_SET);

	do {
		struct rd pair = der_enter(&set, DER_SEQUENCE);
		struct bytes oid = der_take(&pair, DER_OID);
		enum err e = ERR_OK;

		if (is_oid(oid, oid_cn, sizeof(oid_cn)))
			e = cn_read(in, &pair, cn);
		else
			(void)der_whole(&pair);
		if (e == ERR_OK)
			e = x509_end(in, &pair, field);
		if (e != ERR_OK)
			return e;
	} while (rd_left(&set) > 0);
	return ERR_OK;
}

enum err x509_name_read(const struct x509_input *in, struct rd *r,
    struct bytes *name, struct bytes *cn, const char *field)
{
	struct rd at = *r, rdns = der_enter(&at, DER_SEQUENCE);

	*cn = (struct bytes){ NULL, 0 };
	*name = der_whole(r);
	if (rdns.err != ERR_OK)
		return x509_end(in, &rdns, field);
	while (rd_left(&rdns) > 0) {
		enum err e = rdn_read(in, &rdns, cn, field);

		if (e != ERR_OK)
			return e;
	}
	return ERR_OK;
}

enum err x509_serial_read(
    const struct x509_input *in, struct rd *r, struct bytes *serial)
{
	struct rd at = *r;

	*serial = der_unsigned(r);
	if (r->err != ERR_OK)
		return x509_fail(in, r, r->err, "serialNumber");
	if (serial->len > X509_SERIAL_LEN_MAX)
		return x509_fail(in, &at, ERR_LIMIT, "serialNumber");
	return ERR_OK;
}

enum err x509_ext_read(const struct x509_input *in, struct rd *r,
    struct x509_ext *out, struct x509_seen *seen)
{
	struct rd at = *r, ext = der_enter(r, DER_SEQUENCE);

	out->oid = der_take(&ext, DER_OID);
	out->critical = false;
	if (der_peek(&ext) == DER_BOOLEAN) {
		struct rd flag = ext;

		out->critical = der_bool(&ext);
		/* DER leaves out what is the default. */
		if (!out->critical)
			return x509_fail(
			    in, &flag, ERR_FORMAT, "critical of an extension");
	}
	out->value = der_take(&ext, DER_OCTET_STRING);
	if (x509_end(in, &ext, "extension") != ERR_OK)
		return rd_end(&ext);
	for (size_t i = 0; i < seen->n; i++) {
		if (mem_eq(seen->oid[i], out->oid))
			return x509_fail(
			    in, &at, ERR_FORMAT, "second extension of a kind");
	}
	if (seen->n == X509_EXTS_MAX)
		return x509_fail(in, &at, ERR_LIMIT, "extensions");
	seen->oid[seen->n++] = out->oid;
	return ERR_OK;
}
