/* REPORT_DATA; see report_data.h. */
#include "attest/report_data.h"

#include "base/rd.h"
#include "crypto/crypto.h"

static const char label[] = "confer tee-key v1"; /* its NUL is hashed too */

#define ENCODED_LEN_MAX                                                        \
	(sizeof(label) + 2 + REPORT_DATA_PUB_LEN + REPORT_DATA_FIELDS_LEN_MAX)

static void put_lp(struct wr *w, bool present, const uint8_t *p, size_t n)
{
	wr_u16be(w, (uint16_t)(present ? n : 0));
	if (present)
		wr_copy(w, p, n);
}

void report_data_fields_write(struct wr *w, const struct report_data_fields *f)
{
	put_lp(w, f->has_gpu_evidence_hash, f->gpu_evidence_hash,
	    sizeof(f->gpu_evidence_hash));
	put_lp(w, f->has_beacon, f->beacon, sizeof(f->beacon));
	put_lp(w, f->has_batch_root, f->batch_root, sizeof(f->batch_root));
	wr_u16be(w, f->has_not_after ? REPORT_DATA_NOT_AFTER_LEN : 0);
	if (f->has_not_after)
		wr_u64be(w, f->not_after);
	if (f->has_receipt_key)
		put_lp(w, true, f->receipt_key, sizeof(f->receipt_key));
}

/* Nothing here is secret, and nothing can fail: the buffer fits the fields. */
void report_data_make(uint8_t out[REPORT_DATA_LEN],
    const uint8_t s_pub[REPORT_DATA_PUB_LEN],
    const struct report_data_fields *f)
{
	uint8_t buf[ENCODED_LEN_MAX];
	struct wr w = wr_init(buf, sizeof(buf));
	struct bytes part;

	wr_copy(&w, label, sizeof(label));
	put_lp(&w, true, s_pub, REPORT_DATA_PUB_LEN);
	report_data_fields_write(&w, f);
	part = (struct bytes){ buf, w.len };
	crypto_sha512(out, &part, 1);
}

/* One lp() of length 0 or n; says whether it is there. */
static bool read_lp(struct rd *r, uint8_t *out, size_t n)
{
	size_t at = r->off;
	uint16_t len = rd_u16be(r);

	if (r->err != ERR_OK || len == 0)
		return false;
	if (len != n) {
		r->off = at;
		rd_fail(r, ERR_FORMAT);
		return false;
	}
	rd_copy(r, out, n);
	return r->err == ERR_OK;
}

enum err report_data_fields_parse(
    struct report_data_fields *out, struct bytes in, struct err_ctx *ctx)
{
	struct rd r = rd_bytes_init(in);
	uint8_t time[REPORT_DATA_NOT_AFTER_LEN] = { 0 };
	struct rd t = rd_init(time, sizeof(time));
	enum err e;

	memset(out, 0, sizeof(*out));
	out->has_gpu_evidence_hash =
	    read_lp(&r, out->gpu_evidence_hash, sizeof(out->gpu_evidence_hash));
	out->has_beacon = read_lp(&r, out->beacon, sizeof(out->beacon));
	out->has_batch_root =
	    read_lp(&r, out->batch_root, sizeof(out->batch_root));
	out->has_not_after = read_lp(&r, time, sizeof(time));
	out->not_after = rd_u64be(&t);
	if (r.err == ERR_OK && rd_left(&r) > 0) {
		out->has_receipt_key =
		    read_lp(&r, out->receipt_key, sizeof(out->receipt_key));
		if (!out->has_receipt_key) /* absent has one spelling: none */
			rd_fail(&r, ERR_FORMAT);
	}
	e = rd_end(&r);
	if (e == ERR_OK)
		return ERR_OK;
	memset(out, 0, sizeof(*out));
	return err_set(
	    ctx, e, "binding fields: %s at offset %zu", err_name(e), r.off);
}

enum err report_data_check(const uint8_t got[REPORT_DATA_LEN],
    const uint8_t s_pub[REPORT_DATA_PUB_LEN],
    const struct report_data_fields *f, struct err_ctx *ctx)
{
	uint8_t want[REPORT_DATA_LEN];

	if (mem_is_zero(got, REPORT_DATA_LEN))
		return err_set(ctx, ERR_AUTH, "REPORT_DATA is all zero");
	report_data_make(want, s_pub, f);
	if (!mem_eq_ct(got, want, sizeof(want)))
		return err_set(ctx, ERR_AUTH,
		    "REPORT_DATA does not name this channel's key");
	return ERR_OK;
}
