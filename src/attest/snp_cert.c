/* AMD's certificate extensions; see snp_cert.h. Names are AMD 57230's. */
#include "attest/snp_cert.h"

#include "attest/der.h"

#define HWID_LEN_TURIN 8
#define TEXT_LEN_MAX   64 /* "CN=cc-us-east-2.amazonaws.com" with room */
#define ARC_STRUCT     1  /* the arcs below 1.3.6.1.4.1.3704.1 */
#define ARC_PRODUCT    2
#define ARC_SPL        3
#define ARC_HWID       4
#define ARC_CSP_ID     5

/* An SPL: its arc below ARC_SPL. Of the one that the family has not, the name
 * says whose it is. */
struct spl {
	uint8_t arc;
	const char *name;
};

/* In the order of the bytes of a TCB. */
static const struct spl spl_milan[SNP_TCB_LEN] = { { 1, "blSPL" },
	{ 2, "teeSPL" }, { 4, "spl4" }, { 5, "spl5" }, { 6, "spl6" },
	{ 7, "spl7" }, { 3, "snpSPL" }, { 8, "ucodeSPL" } };
static const struct spl spl_turin[SNP_TCB_LEN] = { { 9, "fmcSPL" },
	{ 1, "blSPL" }, { 2, "teeSPL" }, { 3, "snpSPL" }, { 5, "spl5" },
	{ 6, "spl6" }, { 7, "spl7" }, { 8, "ucodeSPL" } };
static const struct spl not_of_milan = { 9, "fmcSPL" };
static const struct spl not_of_turin = { 4, "spl4" };

struct parser {
	struct snp_cert_ext *out;
	const struct x509_cert *cert;
	bool turin;
	struct err_ctx *ctx;
};

static enum err fail(
    const struct parser *ps, enum err e, const char *name, const char *why)
{
	return err_set(ps->ctx, e, "VCEK/VLEK extension %s: %s", name, why);
}

/* Extension 1.3.6.1.4.1.3704.1.ARC, or .ARC.SUB where sub is not 0. */
static bool find(
    const struct parser *ps, uint8_t arc, uint8_t sub, struct bytes *value)
{
	const uint8_t oid[] = { 0x2B, 0x06, 0x01, 0x04, 0x01, 0x9C, 0x78, 0x01,
		arc, sub };

	return x509_ext(ps->cert,
	    (struct bytes){ oid, sizeof(oid) - (sub == 0 ? 1 : 0) }, value);
}

/* An INTEGER of 0 to 255 that has to be there. */
static enum err read_byte(const struct parser *ps, uint8_t arc, uint8_t sub,
    const char *name, uint8_t *out)
{
	struct bytes value;
	struct rd r;

	if (!find(ps, arc, sub, &value))
		return fail(ps, ERR_FORMAT, name, "missing");
	r = rd_bytes_init(value);
	*out = (uint8_t)der_small(&r, UINT8_MAX);
	if (rd_end(&r) != ERR_OK)
		return fail(ps, ERR_FORMAT, name, "not an INTEGER up to 255");
	return ERR_OK;
}

/* Printable ASCII: it is shown to people before anything vouches for it. */
static enum err read_text(const struct parser *ps, struct bytes value,
    const char *name, struct bytes *out)
{
	struct rd r = rd_bytes_init(value);

	*out = der_take(&r, DER_IA5_STRING);
	if (rd_end(&r) != ERR_OK)
		return fail(ps, ERR_FORMAT, name, "not an IA5String");
	if (out->len > TEXT_LEN_MAX)
		return fail(ps, ERR_LIMIT, name, "longer than 64 bytes");
	for (size_t i = 0; i < out->len; i++) {
		if (out->p[i] < 0x20 || out->p[i] > 0x7E)
			return fail(ps, ERR_FORMAT, name, "not printable");
	}
	return ERR_OK;
}

static enum err read_struct_version(const struct parser *ps)
{
	uint8_t *v = &ps->out->struct_version, want = ps->turin ? 1 : 0;
	enum err e = read_byte(ps, ARC_STRUCT, 0, "structVersion", v);

	if (e == ERR_OK && *v != want)
		return err_set(ps->ctx, ERR_UNSUPPORTED,
		    "VCEK/VLEK extension structVersion is %u, this processor's "
		    "is %u",
		    *v, want);
	return e;
}

static enum err read_product(const struct parser *ps)
{
	struct bytes value;

	if (!find(ps, ARC_PRODUCT, 0, &value))
		return fail(ps, ERR_FORMAT, "productName", "missing");
	return read_text(ps, value, "productName", &ps->out->product);
}

static enum err read_tcb(const struct parser *ps)
{
	const struct spl *spl = ps->turin ? spl_turin : spl_milan;
	const struct spl *not = ps->turin ? &not_of_turin : &not_of_milan;
	struct bytes value;
	enum err e = ERR_OK;

	/* A version that nothing is compared with must not go unnoticed. */
	if (find(ps, ARC_SPL, not ->arc, &value))
		return fail(ps, ERR_FORMAT, not ->name,
		    "this processor has no such component");
	for (size_t i = 0; e == ERR_OK && i < SNP_TCB_LEN; i++)
		e = read_byte(
		    ps, ARC_SPL, spl[i].arc, spl[i].name, &ps->out->tcb.raw[i]);
	return e;
}

/* Raw bytes, or an OCTET STRING of them: which of both, the length tells. A chip
 * id may begin like a DER tag. */
static enum err read_hwid(const struct parser *ps)
{
	struct snp_cert_ext *out = ps->out;
	size_t len = ps->turin ? HWID_LEN_TURIN : SNP_CHIP_ID_LEN;
	struct bytes value;

	out->has_hwid = find(ps, ARC_HWID, 0, &value);
	if (!out->has_hwid)
		return ERR_OK;
	if (value.len == len + 2 && value.p[0] == DER_OCTET_STRING &&
	    value.p[1] == len) {
		value.p += 2;
		value.len -= 2;
	}
	if (value.len != len)
		return err_set(ps->ctx, ERR_FORMAT,
		    "VCEK/VLEK extension hwID: %zu bytes, must be %zu",
		    value.len, len);
	mem_copy(out->hwid, value.p, len);
	return ERR_OK;
}

static enum err read_csp_id(const struct parser *ps)
{
	struct bytes value;

	if (!find(ps, ARC_CSP_ID, 0, &value))
		return ERR_OK;
	return read_text(ps, value, "cspID", &ps->out->csp_id);
}

enum err snp_cert_ext_parse(struct snp_cert_ext *out,
    const struct x509_cert *cert, enum snp_family family, struct err_ctx *ctx)
{
	static enum err (*const step[])(
	    const struct parser *) = { read_struct_version, read_product,
		read_tcb, read_hwid, read_csp_id };
	const struct parser ps = { .out = out,
		.cert = cert,
		.turin = family == SNP_FAMILY_TURIN,
		.ctx = ctx };
	enum err e = ERR_OK;

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; e == ERR_OK && i < sizeof(step) / sizeof(step[0]);
	     i++)
		e = step[i](&ps);
	if (e != ERR_OK)
		memset(out, 0, sizeof(*out));
	else
		snp_tcb_decode(&out->tcb, family);
	return e;
}
