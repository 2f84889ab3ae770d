/* Quotes; see dcap_quote.h. Offsets in comments count in hexadecimal from the
 * start of the structure that is read. */
#include "attest/dcap_quote.h"

#include "base/rd.h"

#define VERSION_SGX 3
#define VERSION_TDX 4
#define VERSION_5   5

#define KEY_TYPE_ECDSA_P256 2
#define CERT_DATA_PCK_CHAIN 5 /* PEM: leaf, intermediate, root */
#define CERT_DATA_QE_REPORT 6 /* version 4 and 5: what version 3 has inline */

/* Types of a version 5 body. */
enum body_type {
	BODY_SGX = 1,
	BODY_TD_10 = 2,
	BODY_TD_15 = 3,
};

static const uint8_t qe_vendor_intel[16] = { 0x93, 0x9A, 0x72, 0x33, 0xF7, 0x9C,
	0x4C, 0xA9, 0x94, 0x0A, 0x0D, 0xB3, 0x95, 0x7F, 0x06, 0x07 };

/*
 * Bytes that are passed over are signed, and mean nothing to us: reserved ones,
 * and in SGX reports those of key separation and sharing.
 */
static void read_sgx(struct sgx_report *s, struct rd *r)
{
	rd_copy(r, s->cpusvn, sizeof(s->cpusvn));         /* 000 */
	rd_copy(r, s->miscselect, sizeof(s->miscselect)); /* 010 */
	(void)rd_take(r, 28);                             /* 014 */
	rd_copy(r, s->attributes, sizeof(s->attributes)); /* 030 */
	rd_copy(r, s->mrenclave, sizeof(s->mrenclave));   /* 040 */
	(void)rd_take(r, 32);                             /* 060 */
	rd_copy(r, s->mrsigner, sizeof(s->mrsigner));     /* 080 */
	(void)rd_take(r, 96);                             /* 0A0 */
	s->isvprodid = rd_u16le(r);                       /* 100 */
	s->isvsvn = rd_u16le(r);                          /* 102 */
	(void)rd_take(r, 60);                             /* 104 */
	rd_copy(r, s->report_data, sizeof(s->report_data));
}

static void read_td(struct td_report *t, struct rd *r)
{
	rd_copy(r, t->tee_tcb_svn, sizeof(t->tee_tcb_svn));       /* 000 */
	rd_copy(r, t->mrseam, sizeof(t->mrseam));                 /* 010 */
	rd_copy(r, t->mrsignerseam, sizeof(t->mrsignerseam));     /* 040 */
	rd_copy(r, t->seamattributes, sizeof(t->seamattributes)); /* 070 */
	t->tdattributes = rd_u64le(r);                            /* 078 */
	t->xfam = rd_u64le(r);                                    /* 080 */
	rd_copy(r, t->mrtd, sizeof(t->mrtd));                     /* 088 */
	rd_copy(r, t->mrconfigid, sizeof(t->mrconfigid));         /* 0B8 */
	rd_copy(r, t->mrowner, sizeof(t->mrowner));               /* 0E8 */
	rd_copy(r, t->mrownerconfig, sizeof(t->mrownerconfig));   /* 118 */
	for (size_t i = 0; i < 4; i++)
		rd_copy(r, t->rtmr[i], sizeof(t->rtmr[i])); /* 148 */
	rd_copy(r, t->report_data, sizeof(t->report_data)); /* 208 */
	if (!t->is_15)
		return;
	rd_copy(r, t->tee_tcb_svn2, sizeof(t->tee_tcb_svn2)); /* 248 */
	rd_copy(r, t->mrservicetd, sizeof(t->mrservicetd));   /* 258 */
}

static enum err short_at(const struct rd *r, struct err_ctx *ctx)
{
	return err_set(ctx, r->err, "quote ends at offset %zu, within its %s",
	    r->len, r->off < DCAP_HEADER_LEN ? "header" : "body");
}

static enum err check_kind(const struct dcap_quote *q, uint16_t key_type,
    uint32_t tee, struct err_ctx *ctx)
{
	bool sgx = tee == DCAP_TEE_SGX && q->version != VERSION_TDX;
	bool tdx = tee == DCAP_TEE_TDX && q->version != VERSION_SGX;

	if (q->version < VERSION_SGX || q->version > VERSION_5)
		return err_set(ctx, ERR_UNSUPPORTED,
		    "quote version %u at offset 0, known are 3, 4 and 5",
		    q->version);
	if (key_type != KEY_TYPE_ECDSA_P256)
		return err_set(ctx, ERR_UNSUPPORTED,
		    "quote: attestation key type %u at offset 2, known is %u",
		    key_type, KEY_TYPE_ECDSA_P256);
	if (!sgx && !tdx)
		return err_set(ctx, ERR_UNSUPPORTED,
		    "quote: TEE type 0x%x at offset 4 in version %u", tee,
		    q->version);
	return ERR_OK;
}

static enum err read_header(
    struct dcap_quote *q, struct rd *r, struct err_ctx *ctx)
{
	uint16_t key_type;
	uint32_t tee;
	struct bytes vendor;
	enum err e;

	q->version = rd_u16le(r); /* 00 */
	key_type = rd_u16le(r);   /* 02 */
	tee = rd_u32le(r);        /* 04 */
	(void)rd_take(r, 4);      /* 08: version 3: SVNs of QE and PCE */
	vendor = rd_take(r, sizeof(qe_vendor_intel)); /* 0C */
	(void)rd_take(r, 20);                         /* 1C: user data */
	if (r->err != ERR_OK)
		return short_at(r, ctx);
	e = check_kind(q, key_type, tee, ctx);
	if (e != ERR_OK)
		return e;
	if (!mem_eq(vendor,
		(struct bytes){ qe_vendor_intel, sizeof(qe_vendor_intel) }))
		return err_set(ctx, ERR_UNSUPPORTED,
		    "quote: QE vendor id at offset 12 is not Intel's");
	q->tee = (enum dcap_tee)tee;
	return ERR_OK;
}

/* Version 5 says what its body is: type, size and the header must agree. */
static enum err read_body_kind(
    struct dcap_quote *q, struct rd *r, struct err_ctx *ctx)
{
	uint16_t type = rd_u16le(r);
	uint32_t size = rd_u32le(r);
	enum dcap_tee tee = DCAP_TEE_TDX;
	uint32_t want = 0;

	if (r->err != ERR_OK)
		return short_at(r, ctx);
	if (type == BODY_SGX) {
		tee = DCAP_TEE_SGX;
		want = SGX_REPORT_LEN;
	} else if (type == BODY_TD_10) {
		want = TD_REPORT_10_LEN;
	} else if (type == BODY_TD_15) {
		want = TD_REPORT_15_LEN;
		q->td.is_15 = true;
	}
	if (want == 0)
		return err_set(ctx, ERR_UNSUPPORTED,
		    "quote: body type %u at offset 48, known are 1, 2 and 3",
		    type);
	if (size != want)
		return err_set(ctx, ERR_FORMAT,
		    "quote: body size %u at offset 50, type %u has %u bytes",
		    size, type, want);
	if (tee != q->tee)
		return err_set(ctx, ERR_FORMAT,
		    "quote: body type %u at offset 48 is not of TEE type 0x%x",
		    type, (unsigned)q->tee);
	return ERR_OK;
}

static enum err read_body(
    struct dcap_quote *q, struct rd *r, struct err_ctx *ctx)
{
	if (q->version == VERSION_5) {
		enum err e = read_body_kind(q, r, ctx);

		if (e != ERR_OK)
			return e;
	}
	if (q->tee == DCAP_TEE_SGX)
		read_sgx(&q->sgx, r);
	else
		read_td(&q->td, r);
	if (r->err != ERR_OK)
		return short_at(r, ctx);
	q->signed_part = (struct bytes){ r->p, r->off };
	return ERR_OK;
}

/*
 * The length of the signature data: the cursor is made to end with it. Some
 * hosts hand out their whole buffer, so zeros may follow.
 */
static enum err enter_signature(struct rd *r, struct err_ctx *ctx)
{
	uint32_t len = rd_u32le(r);
	size_t end;

	if (r->err != ERR_OK || len > rd_left(r))
		return err_set(ctx, ERR_TRUNCATED,
		    "quote: signature data of %u bytes ends after the "
		    "quote's %zu",
		    len, r->len);
	end = r->off + len;
	if (!mem_is_zero(r->p + end, r->len - end))
		return err_set(ctx, ERR_TRAILING,
		    "quote ends at offset %zu, bytes after it are not zero",
		    end);
	if (r->len - end > DCAP_ZEROS_MAX)
		return err_set(ctx, ERR_LIMIT,
		    "quote: %zu zeros after offset %zu, at most %d",
		    r->len - end, end, DCAP_ZEROS_MAX);
	r->len = end;
	return ERR_OK;
}

/* Certification data of this type that fills the rest exactly. */
static enum err enter_cert_data(
    struct rd *r, uint16_t want, struct err_ctx *ctx)
{
	uint16_t type = rd_u16le(r);
	uint32_t len = rd_u32le(r);

	if (r->err == ERR_OK && type != want)
		return err_set(ctx, ERR_UNSUPPORTED,
		    "quote: certification data type %u at offset %zu, "
		    "must be %u",
		    type, r->off - 6, want);
	if (r->err == ERR_OK && len == rd_left(r))
		return ERR_OK;
	return err_set(ctx, ERR_FORMAT,
	    "quote: certification data of %u bytes at offset %zu does not end "
	    "with the signature data",
	    len, r->off);
}

static enum err read_qe(struct dcap_quote *q, struct rd *r, struct err_ctx *ctx)
{
	uint16_t auth_len;
	struct rd report;

	q->qe_report = rd_take(r, SGX_REPORT_LEN);
	q->qe_sig = rd_take(r, DCAP_SIG_LEN);
	auth_len = rd_u16le(r);
	q->qe_auth = rd_take(r, auth_len);
	if (r->err != ERR_OK)
		return err_set(ctx, ERR_FORMAT,
		    "quote: signature data ends within the QE's part, at "
		    "offset %zu",
		    r->off);
	report = rd_bytes_init(q->qe_report);
	read_sgx(&q->qe, &report);
	return ERR_OK;
}

static enum err read_signature(
    struct dcap_quote *q, struct rd *r, struct err_ctx *ctx)
{
	enum err e;

	q->sig = rd_take(r, DCAP_SIG_LEN);
	q->ak = rd_take(r, DCAP_AK_LEN);
	if (r->err != ERR_OK)
		return err_set(ctx, ERR_FORMAT,
		    "quote: signature data ends within signature or key, at "
		    "offset %zu",
		    r->off);
	q->ak_point[0] = 4; /* uncompressed */
	memcpy(q->ak_point + 1, q->ak.p, DCAP_AK_LEN);
	e = q->version == VERSION_SGX
		? ERR_OK
		: enter_cert_data(r, CERT_DATA_QE_REPORT, ctx);
	if (e == ERR_OK)
		e = read_qe(q, r, ctx);
	if (e == ERR_OK)
		e = enter_cert_data(r, CERT_DATA_PCK_CHAIN, ctx);
	if (e == ERR_OK)
		q->pck_pem = rd_take(r, rd_left(r));
	return e;
}

static enum err parse(
    struct dcap_quote *q, struct bytes in, struct err_ctx *ctx)
{
	struct rd r = rd_bytes_init(in);
	enum err e;

	if (in.len > DCAP_QUOTE_LEN_MAX)
		return err_set(ctx, ERR_LIMIT, "quote of %zu bytes, at most %d",
		    in.len, DCAP_QUOTE_LEN_MAX);
	e = read_header(q, &r, ctx);
	if (e == ERR_OK)
		e = read_body(q, &r, ctx);
	if (e == ERR_OK)
		e = enter_signature(&r, ctx);
	if (e == ERR_OK)
		e = read_signature(q, &r, ctx);
	return e;
}

/* */
enum err dcap_quote_parse(
    struct dcap_quote *out, struct bytes in, struct err_ctx *ctx)
{
	enum err e;

	memset(out, 0, sizeof(*out));
	e = parse(out, in, ctx);
	if (e != ERR_OK)
		memset(out, 0, sizeof(*out));
	return e;
}

const uint8_t *dcap_report_data(const struct dcap_quote *q)
{
	return q->tee == DCAP_TEE_SGX ? q->sgx.report_data : q->td.report_data;
}
