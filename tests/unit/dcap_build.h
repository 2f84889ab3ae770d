/* Writing what dcap_quote.h reads, for tests: quotes from their fields. */
#ifndef CONFER_TESTS_UNIT_DCAP_BUILD_H
#define CONFER_TESTS_UNIT_DCAP_BUILD_H

#include "test.h"

#include "attest/dcap_quote.h"
#include "base/wr.h"

static const uint8_t quote_vendor[16] = { 0x93, 0x9A, 0x72, 0x33, 0xF7, 0x9C,
	0x4C, 0xA9, 0x94, 0x0A, 0x0D, 0xB3, 0x95, 0x7F, 0x06, 0x07 };

static inline void sgx_report_write(struct wr *w, const struct sgx_report *s)
{
	wr_copy(w, s->cpusvn, sizeof(s->cpusvn));
	wr_copy(w, s->miscselect, sizeof(s->miscselect));
	wr_fill(w, 0, 28);
	wr_copy(w, s->attributes, sizeof(s->attributes));
	wr_copy(w, s->mrenclave, sizeof(s->mrenclave));
	wr_fill(w, 0, 32);
	wr_copy(w, s->mrsigner, sizeof(s->mrsigner));
	wr_fill(w, 0, 96);
	wr_u16le(w, s->isvprodid);
	wr_u16le(w, s->isvsvn);
	wr_fill(w, 0, 60);
	wr_copy(w, s->report_data, sizeof(s->report_data));
}

static inline void td_report_write(struct wr *w, const struct td_report *t)
{
	wr_copy(w, t->tee_tcb_svn, sizeof(t->tee_tcb_svn));
	wr_copy(w, t->mrseam, sizeof(t->mrseam));
	wr_copy(w, t->mrsignerseam, sizeof(t->mrsignerseam));
	wr_copy(w, t->seamattributes, sizeof(t->seamattributes));
	wr_u64le(w, t->tdattributes);
	wr_u64le(w, t->xfam);
	wr_copy(w, t->mrtd, sizeof(t->mrtd));
	wr_copy(w, t->mrconfigid, sizeof(t->mrconfigid));
	wr_copy(w, t->mrowner, sizeof(t->mrowner));
	wr_copy(w, t->mrownerconfig, sizeof(t->mrownerconfig));
	wr_copy(w, t->rtmr, sizeof(t->rtmr));
	wr_copy(w, t->report_data, sizeof(t->report_data));
	if (!t->is_15)
		return;
	wr_copy(w, t->tee_tcb_svn2, sizeof(t->tee_tcb_svn2));
	wr_copy(w, t->mrservicetd, sizeof(t->mrservicetd));
}

/* Where things are in a quote of q's shape, for tests that change them. */
struct quote_at {
	size_t body;
	size_t sig_len; /* u32; ends the signed part */
	size_t sig;
	size_t ak;
	size_t cert6; /* u16 type 6, u32 length; 0 in version 3 */
	size_t qe_report;
	size_t auth_len; /* u16 */
	size_t cert5;    /* u16 type 5, u32 length */
	size_t end;
};

static inline struct quote_at quote_find(const struct dcap_quote *q)
{
	struct quote_at at = { .body = DCAP_HEADER_LEN };
	size_t body_len = SGX_REPORT_LEN;

	if (q->tee == DCAP_TEE_TDX)
		body_len = q->td.is_15 ? TD_REPORT_15_LEN : TD_REPORT_10_LEN;
	if (q->version == 5)
		at.body += 6;
	at.sig_len = at.body + body_len;
	at.sig = at.sig_len + 4;
	at.ak = at.sig + DCAP_SIG_LEN;
	at.qe_report = at.ak + DCAP_AK_LEN;
	if (q->version != 3) {
		at.cert6 = at.qe_report;
		at.qe_report += 6;
	}
	at.auth_len = at.qe_report + SGX_REPORT_LEN + DCAP_SIG_LEN;
	at.cert5 = at.auth_len + 2 + q->qe_auth.len;
	at.end = at.cert5 + 6 + q->pck_pem.len;
	return at;
}

/* Header and body: what the attestation key signs. */
static inline void quote_write_signed(struct wr *w, const struct dcap_quote *q)
{
	struct quote_at at = quote_find(q);

	wr_u16le(w, q->version);
	wr_u16le(w, 2);
	wr_u32le(w, q->tee);
	wr_u32le(w, q->version == 3 ? 0x000F000A : 0);
	wr_copy(w, quote_vendor, sizeof(quote_vendor));
	wr_fill(w, 0x51, 20);
	if (q->version == 5) {
		wr_u16le(w, q->tee == DCAP_TEE_SGX ? 1 : 2 + q->td.is_15);
		wr_u32le(w, (uint32_t)(at.sig_len - at.body));
	}
	if (q->tee == DCAP_TEE_SGX)
		sgx_report_write(w, &q->sgx);
	else
		td_report_write(w, &q->td);
}

/* The whole quote; sig, ak, qe, qe_sig, qe_auth and pck_pem as they stand. */
static inline size_t quote_write(
    uint8_t *out, size_t cap, const struct dcap_quote *q)
{
	struct quote_at at = quote_find(q);
	struct wr w = wr_init(out, cap);
	size_t len;

	quote_write_signed(&w, q);
	wr_u32le(&w, (uint32_t)(at.end - at.sig));
	wr_bytes(&w, q->sig);
	wr_bytes(&w, q->ak);
	if (at.cert6 != 0) {
		wr_u16le(&w, 6);
		wr_u32le(&w, (uint32_t)(at.end - at.qe_report));
	}
	sgx_report_write(&w, &q->qe);
	wr_bytes(&w, q->qe_sig);
	wr_u16le(&w, (uint16_t)q->qe_auth.len);
	wr_bytes(&w, q->qe_auth);
	wr_u16le(&w, 5);
	wr_u32le(&w, (uint32_t)q->pck_pem.len);
	wr_bytes(&w, q->pck_pem);
	CHECK_OK(wr_end(&w, &len));
	CHECK_EQ(len, at.end);
	return len;
}

#endif
