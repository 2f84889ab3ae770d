/* Revocation lists, RFC 5280, section 5.1; see x509.h. */
#include "attest/x509_parse.h"

/* Extensions that may be ignored: none of them is critical. */
static enum err read_exts(
    const struct x509_input *in, struct rd *r, const char *field)
{
	struct rd exts = der_enter(r, DER_SEQUENCE);
	struct x509_seen seen = { .n = 0 };
	struct x509_ext ext;

	do {
		struct rd at = exts;
		enum err e = x509_ext_read(in, &exts, &ext, &seen);

		if (e != ERR_OK)
			return e;
		if (ext.critical)
			return x509_fail(in, &at, ERR_UNSUPPORTED, field);
	} while (rd_left(&exts) > 0);
	return ERR_OK;
}

/* Every entry: {serial, time, extensions or none}. */
static enum err read_revoked(struct x509_crl *c, const struct x509_input *in)
{
	struct rd list = rd_bytes_init(c->revoked);

	while (rd_left(&list) > 0) {
		struct rd entry = der_enter(&list, DER_SEQUENCE);
		struct bytes serial;
		enum err e = x509_serial_read(in, &entry, &serial);

		(void)der_time(&entry);
		if (e == ERR_OK && rd_left(&entry) > 0)
			e = read_exts(in, &entry, "critical entry extension");
		if (e == ERR_OK)
			e = x509_end(in, &entry, "revoked certificate");
		if (e != ERR_OK)
			return e;
		c->n_revoked++;
	}
	return ERR_OK;
}

static enum err read_version(const struct x509_input *in, struct rd *tbs)
{
	struct rd at = *tbs;

	if (der_peek(tbs) != DER_INTEGER)
		return x509_fail(in, &at, ERR_UNSUPPORTED, "version");
	if (der_small(tbs, UINT8_MAX) != 1 && tbs->err == ERR_OK)
		return x509_fail(in, &at, ERR_UNSUPPORTED, "version");
	return tbs->err == ERR_OK ? ERR_OK : x509_end(in, tbs, "version");
}

static enum err read_times(
    struct x509_crl *c, const struct x509_input *in, struct rd *tbs)
{
	c->this_update = der_time(tbs);
	if (tbs->err != ERR_OK)
		return x509_end(in, tbs, "thisUpdate");
	c->next_update = der_time(tbs);
	return tbs->err == ERR_OK ? ERR_OK : x509_end(in, tbs, "nextUpdate");
}

static enum err read_tbs(struct x509_crl *c, const struct x509_input *in,
    const struct x509_signed *s)
{
	struct rd tbs = s->body;
	enum err e = read_version(in, &tbs);

	if (e == ERR_OK)
		e = x509_algo_repeats(in, &tbs, s);
	if (e == ERR_OK)
		e = x509_name_read(
		    in, &tbs, &c->issuer, &c->issuer_cn, "issuer");
	if (e == ERR_OK)
		e = read_times(c, in, &tbs);
	if (e == ERR_OK && der_peek(&tbs) == DER_SEQUENCE) {
		c->revoked = der_take(&tbs, DER_SEQUENCE);
		e = read_revoked(c, in);
	}
	if (e == ERR_OK && der_peek(&tbs) == DER_CONTEXT_0) {
		struct rd outer = der_enter(&tbs, DER_CONTEXT_0);

		e = read_exts(in, &outer, "critical extension");
		if (e == ERR_OK)
			e = x509_end(in, &outer, "crlExtensions");
	}
	return e == ERR_OK ? x509_end(in, &tbs, "signed part") : e;
}

enum err x509_crl_parse(struct x509_crl *out, struct bytes in, const char *what,
    struct err_ctx *ctx)
{
	const struct x509_input input = { .all = in, .what = what, .ctx = ctx };
	struct x509_crl c;
	struct x509_signed s;
	enum err e;

	memset(out, 0, sizeof(*out));
	memset(&c, 0, sizeof(c));
	e = x509_signed_read(&s, &input, X509_CRL_LEN_MAX);
	if (e == ERR_OK)
		e = read_tbs(&c, &input, &s);
	if (e != ERR_OK)
		return e;
	c.tbs = s.tbs;
	c.alg = s.alg;
	c.sig = s.sig;
	*out = c;
	return ERR_OK;
}

bool x509_crl_has(const struct x509_crl *crl, struct bytes serial)
{
	struct rd list = rd_bytes_init(crl->revoked);

	while (rd_left(&list) > 0) {
		struct rd entry = der_enter(&list, DER_SEQUENCE);

		if (mem_eq(der_unsigned(&entry), serial))
			return true;
	}
	return false;
}
