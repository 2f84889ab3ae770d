#include "enclave/endorse.h"

#include <string.h>

#include "attest/snp.h"
#include "base/wr.h"
#include "sys/clock.h"
#include "sys/fd.h"

_Static_assert((int)COLLATERAL_FOR_SNP == (int)TEE_SNP &&
		   (int)COLLATERAL_FOR_TDX == (int)TEE_TDX &&
		   (int)COLLATERAL_FOR_SGX == (int)TEE_SGX,
    "one byte names a kind in evidence and on the side channel");

/* ---- the side channel ----------------------------------------------------- */

static enum err refused(uint32_t status, struct err_ctx *ctx)
{
	switch (status) {
	case COLLATERAL_NONE:
		return err_set(ctx, ERR_NOTFOUND,
		    "the host has no collateral for this kind of TEE");
	case COLLATERAL_FAILED:
		return err_set(ctx, ERR_PROTOCOL,
		    "the host cannot read its collateral; its log says why");
	case COLLATERAL_BAD_REQUEST:
		return err_set(ctx, ERR_PROTOCOL,
		    "the host's collateral server speaks another version");
	default:
		return err_set(ctx, ERR_PROTOCOL,
		    "the host's collateral server refused, status %u", status);
	}
}

/* The answer's head, its container, and then the end of the stream. */
static enum err read_answer(struct endorse_given *out, int fd,
    uint64_t deadline_ms, struct err_ctx *ctx)
{
	uint8_t raw[COLLATERAL_HEAD_LEN], more;
	struct collateral_head head;
	enum err e = fd_read_full(fd, raw, sizeof(raw), deadline_ms);

	if (e == ERR_OK)
		e = collateral_head_parse(
		    &head, (struct bytes){ raw, sizeof(raw) }, ctx);
	if (e != ERR_OK)
		return e == ERR_CLOSED ? ERR_TRUNCATED : e;
	if (head.status != COLLATERAL_OK)
		return refused(head.status, ctx);
	e = fd_read_full(fd, out->data, head.len, deadline_ms);
	if (e != ERR_OK)
		return e == ERR_CLOSED ? ERR_TRUNCATED : e;
	e = fd_read_full(fd, &more, 1, deadline_ms);
	if (e != ERR_CLOSED)
		return e == ERR_OK ? ERR_TRAILING : e;
	return collateral_parse(
	    &out->parts, (struct bytes){ out->data, head.len }, ctx);
}

/* */
enum err endorse_ask(struct endorse_given *out, const struct addr *a,
    const struct collateral_request *req, unsigned timeout_ms,
    struct err_ctx *ctx)
{
	uint64_t deadline_ms = clock_mono_ms() + timeout_ms;
	uint8_t raw[COLLATERAL_REQUEST_LEN_MAX];
	struct wr w = wr_init(raw, sizeof(raw));
	int fd = -1;
	enum err e;

	memset(&out->parts, 0, sizeof(out->parts));
	collateral_request_write(&w, req);
	e = addr_connect(&fd, a, timeout_ms, ctx);
	if (e == ERR_OK)
		e = fd_write_full(fd, raw, w.len, deadline_ms);
	if (e == ERR_OK)
		e = read_answer(out, fd, deadline_ms, ctx);
	fd_close(&fd);
	if (e == ERR_OK)
		return ERR_OK;
	return err_set(ctx, e, "collateral from %s: %s", a->text, err_name(e));
}

/* ---- sections ------------------------------------------------------------- */

/* Some parts of `from` as a container; no section if it has none of them. */
static enum err put_parts(struct bytes *section, uint8_t *out,
    const struct collateral *from, enum collateral_part first,
    enum collateral_part last)
{
	struct wr w = wr_init(out, COLLATERAL_LEN_MAX);
	struct collateral some = { 0 };
	size_t n = 0;

	for (unsigned i = first; i <= (unsigned)last; i++) {
		some.part[i] = from->part[i];
		n += some.part[i].len;
	}
	if (n == 0)
		return ERR_OK;
	if (collateral_write(&w, &some) != ERR_OK)
		return w.err;
	*section = (struct bytes){ out, w.len };
	return ERR_OK;
}

/* What the host's table has for the key that signed the report. */
static enum err from_table(struct collateral *all,
    const struct source_answer *answer, enum snp_signing_key key,
    struct err_ctx *ctx)
{
	struct snp_certs_table table;
	enum err e;

	if (answer->extra_len == 0)
		return ERR_OK;
	e = snp_certs_table_parse(
	    &table, (struct bytes){ answer->extra, answer->extra_len }, ctx);
	if (e != ERR_OK)
		return e;
	all->part[COLLATERAL_LEAF] =
	    key == SNP_KEY_VLEK ? table.vlek : table.vcek;
	/* A table has one row for ASK and ASVK: whose it is shows the leaf. */
	if (all->part[COLLATERAL_LEAF].len > 0)
		all->part[COLLATERAL_CA] = table.ask;
	return ERR_OK;
}

static void fill_gaps(struct collateral *all, const struct collateral *given)
{
	for (unsigned i = 0; i < COLLATERAL_PARTS; i++)
		if (all->part[i].len == 0)
			all->part[i] = given->part[i];
}

static enum err snp_sections(struct evidence *ev, struct endorse *work,
    const struct source_answer *answer, const struct addr *host,
    struct err_ctx *ctx)
{
	struct snp_report report;
	struct collateral all = { 0 };
	struct collateral_request req = { .kind = COLLATERAL_FOR_SNP };
	enum err e = snp_report_parse(
	    &report, (struct bytes){ answer->report, answer->report_len }, ctx);

	if (e != ERR_OK)
		return e;
	req.product = report.family;
	req.key = snp_signing_key(&report);
	memcpy(req.chip_id, report.chip_id, sizeof(req.chip_id));
	memcpy(req.reported_tcb, report.reported_tcb.raw,
	    sizeof(req.reported_tcb));
	if (req.key != SNP_KEY_VCEK && req.key != SNP_KEY_VLEK)
		return err_set(ctx, ERR_UNSUPPORTED,
		    "the report is signed by neither VCEK nor VLEK");
	e = from_table(&all, answer, req.key, ctx);
	if (e == ERR_OK && host != NULL)
		e = endorse_ask(&work->given, host, &req, ENDORSE_ASK_MS, ctx);
	if (e != ERR_OK)
		return e;
	if (host != NULL)
		fill_gaps(&all, &work->given.parts);
	if (all.part[COLLATERAL_LEAF].len == 0 ||
	    all.part[COLLATERAL_CA].len == 0)
		return err_set(ctx, ERR_NOTFOUND,
		    "the host gave no %s: put it into its certificate table, "
		    "or serve it to --collateral",
		    all.part[COLLATERAL_LEAF].len > 0 ? "ASK or ASVK"
		    : req.key == SNP_KEY_VLEK         ? "VLEK"
						      : "VCEK");
	e = put_parts(&ev->section[EVIDENCE_ENDORSEMENT], work->endorsement,
	    &all, COLLATERAL_LEAF, COLLATERAL_CA);
	if (e == ERR_OK)
		e = put_parts(&ev->section[EVIDENCE_COLLATERAL],
		    work->collateral, &all, COLLATERAL_AMD_CRL,
		    COLLATERAL_AMD_CRL);
	return e == ERR_OK ? e
			   : err_set(ctx, e, "the certificates are too long");
}

/* The PCK's certificates are in the quote; the rest is asked for, whole. */
static enum err dcap_sections(struct evidence *ev, struct endorse *work,
    const struct source_answer *answer, const struct addr *host,
    struct err_ctx *ctx)
{
	static const char *const name[COLLATERAL_PARTS] = {
		[COLLATERAL_TCB_INFO] = "TCB Info",
		[COLLATERAL_QE_IDENTITY] = "QE Identity",
		[COLLATERAL_TCB_SIGNING] = "the TCB Signing chain",
		[COLLATERAL_ROOT_CRL] = "the root CA's CRL",
		[COLLATERAL_PCK_CRL] = "the PCK CRL",
	};
	const struct collateral_request req = {
		.kind = answer->tee == TEE_TDX ? COLLATERAL_FOR_TDX
					       : COLLATERAL_FOR_SGX
	};
	enum err e;

	if (host == NULL)
		return err_set(ctx, ERR_NOTFOUND,
		    "evidence of %s needs Intel's collateral: give "
		    "--collateral",
		    tee_kind_name(answer->tee));
	e = endorse_ask(&work->given, host, &req, ENDORSE_ASK_MS, ctx);
	if (e != ERR_OK)
		return e;
	for (unsigned i = COLLATERAL_TCB_INFO; i < COLLATERAL_PARTS; i++)
		if (work->given.parts.part[i].len == 0)
			return err_set(ctx, ERR_NOTFOUND,
			    "the host's collateral lacks %s", name[i]);
	return put_parts(&ev->section[EVIDENCE_COLLATERAL], work->collateral,
	    &work->given.parts, COLLATERAL_TCB_INFO, COLLATERAL_PCK_CRL);
}

/* */
enum err endorse_sections(struct evidence *ev, struct endorse *work,
    const struct source_answer *answer, const struct addr *host,
    struct err_ctx *ctx)
{
	switch (answer->tee) {
	case TEE_SIM:
		ev->section[EVIDENCE_ENDORSEMENT] =
		    (struct bytes){ answer->extra, answer->extra_len };
		return ERR_OK;
	case TEE_SNP:
		return snp_sections(ev, work, answer, host, ctx);
	case TEE_TDX:
	case TEE_SGX:
		return dcap_sections(ev, work, answer, host, ctx);
	}
	return ERR_INTERNAL;
}
