/* Choosing a source, asking it, and looking at what it says; see source.h. */
#include "enclave/source.h"

#include <string.h>

#include "attest/snp.h"
#include "enclave/source_sim.h"

/* ---- choosing ------------------------------------------------------------- */

/* `tee` of an open source, unless another kind was demanded. */
static enum err demand(struct source *s, enum tee_kind tee, struct err_ctx *ctx)
{
	if (s->tee == tee)
		return ERR_OK;
	(void)err_set(ctx, ERR_UNSUPPORTED,
	    "this machine's TEE is %s, and not %s as demanded",
	    tee_kind_name(s->tee), tee_kind_name(tee));
	source_close(s);
	return ERR_UNSUPPORTED;
}

static enum err choose_sim(struct source *s, const struct source_places *places)
{
	s->kind = SOURCE_SIM;
	s->tee = TEE_SIM;
	s->simtee = places->simtee;
	return ERR_OK;
}

static enum err choose_snp(
    struct source *s, const struct source_places *places, struct err_ctx *ctx)
{
	enum err e = source_tsm_find(s, places->tsm_dir, ctx);

	if (e == ERR_OK)
		return demand(s, TEE_SNP, ctx);
	if (e == ERR_NOTFOUND)
		e = source_sev_find(s, places->sev_guest_device, ctx);
	return e;
}

static enum err choose_tdx(
    struct source *s, const struct source_places *places, struct err_ctx *ctx)
{
	enum err e = source_tsm_find(s, places->tsm_dir, ctx);

	return e == ERR_OK ? demand(s, TEE_TDX, ctx) : e;
}

static enum err choose_any(
    struct source *s, const struct source_places *places, struct err_ctx *ctx)
{
	enum err e = source_tsm_find(s, places->tsm_dir, ctx);

	if (e == ERR_NOTFOUND)
		e = source_sev_find(s, places->sev_guest_device, ctx);
	if (e == ERR_NOTFOUND)
		e = source_gramine_find(s, places->gramine_dir, ctx);
	return e;
}

enum err source_open(struct source *out, enum source_choice choice,
    const struct source_places *places, const struct source_os *os,
    struct err_ctx *ctx)
{
	enum err e = ERR_NOTFOUND;

	*out = (struct source)SOURCE_INIT;
	out->os = os;
	switch (choice) {
	case SOURCE_CHOOSE_AUTO:
		e = choose_any(out, places, ctx);
		break;
	case SOURCE_CHOOSE_SIM:
		e = choose_sim(out, places);
		break;
	case SOURCE_CHOOSE_SNP:
		e = choose_snp(out, places, ctx);
		break;
	case SOURCE_CHOOSE_TDX:
		e = choose_tdx(out, places, ctx);
		break;
	case SOURCE_CHOOSE_SGX:
		e = source_gramine_find(out, places->gramine_dir, ctx);
		break;
	}
	if (e == ERR_NOTFOUND)
		return err_set(ctx, e,
		    "this machine has no TEE of the kind: neither a provider "
		    "of configfs-tsm, nor /dev/sev-guest, nor Gramine's files");
	return e;
}

void source_close(struct source *s)
{
	if (s->fd >= 0)
		(void)s->os->close(s->fd);
	s->fd = -1;
	s->kind = SOURCE_NONE;
}

const char *source_kind_name(enum source_kind kind)
{
	switch (kind) {
	case SOURCE_SIM:
		return "sim";
	case SOURCE_TSM:
		return "tsm";
	case SOURCE_SEV_GUEST:
		return "sev-guest";
	case SOURCE_GRAMINE:
		return "gramine";
	case SOURCE_NONE:
		break;
	}
	return "none";
}

/* ---- asking --------------------------------------------------------------- */

static enum err ask_sim(struct source_answer *out, const struct source *s,
    const uint8_t report_data[REPORT_DATA_LEN], struct err_ctx *ctx)
{
	struct source_sim_evidence sim;
	enum err e = enclave_source_sim_fetch(
	    &sim, s->simtee, report_data, SOURCE_SIM_MS, ctx);

	if (e != ERR_OK)
		return e;
	out->tee = TEE_SIM;
	memcpy(out->report, sim.report, sizeof(sim.report));
	out->report_len = sizeof(sim.report);
	memcpy(out->extra, sim.endorsement, sizeof(sim.endorsement));
	out->extra_len = sizeof(sim.endorsement);
	return ERR_OK;
}

static enum err ask(struct source_answer *out, const struct source *s,
    const uint8_t report_data[REPORT_DATA_LEN], struct err_ctx *ctx)
{
	switch (s->kind) {
	case SOURCE_SIM:
		return ask_sim(out, s, report_data, ctx);
	case SOURCE_TSM:
		return source_tsm_ask(out, s, report_data, ctx);
	case SOURCE_SEV_GUEST:
		return source_sev_ask(out, s, report_data, ctx);
	case SOURCE_GRAMINE:
		return source_gramine_ask(out, s, report_data, ctx);
	case SOURCE_NONE:
		break;
	}
	return ERR_INTERNAL;
}

/* ---- looking -------------------------------------------------------------- */

static enum err same_report_data(const uint8_t *got,
    const uint8_t report_data[REPORT_DATA_LEN], const struct source *s,
    struct err_ctx *ctx)
{
	if (mem_eq_ct(got, report_data, REPORT_DATA_LEN))
		return ERR_OK;
	return err_set(ctx, ERR_AUTH,
	    "%s: the report is about another REPORT_DATA than the one asked "
	    "for",
	    source_kind_name(s->kind));
}

static enum err check_report(const struct source_answer *a,
    const struct source *s, const uint8_t report_data[REPORT_DATA_LEN],
    struct err_ctx *ctx)
{
	struct bytes in = { a->report, a->report_len };
	struct snp_report report;
	enum err e = snp_report_parse(&report, in, ctx);

	if (e != ERR_OK)
		return e;
	return same_report_data(report.report_data, report_data, s, ctx);
}

static enum err check_quote(const struct source_answer *a,
    const struct source *s, const uint8_t report_data[REPORT_DATA_LEN],
    struct err_ctx *ctx)
{
	struct bytes in = { a->report, a->report_len };
	struct dcap_quote quote;
	enum err e = dcap_quote_parse(&quote, in, ctx);

	if (e != ERR_OK)
		return e;
	if ((quote.tee == DCAP_TEE_TDX) != (s->tee == TEE_TDX))
		return err_set(ctx, ERR_PROTOCOL,
		    "%s: a quote of another kind of TEE",
		    source_kind_name(s->kind));
	return same_report_data(dcap_report_data(&quote), report_data, s, ctx);
}

/* One try: asked, and looked at. */
static enum err try_once(struct source_answer *out, const struct source *s,
    const uint8_t report_data[REPORT_DATA_LEN], struct err_ctx *ctx)
{
	enum err e;

	out->report_len = out->extra_len = 0;
	e = ask(out, s, report_data, ctx);
	if (e != ERR_OK)
		return e;
	if (s->tee == TEE_SIM)
		return ERR_OK; /* looked at by source_sim.c */
	if (s->tee == TEE_SNP)
		return check_report(out, s, report_data, ctx);
	return check_quote(out, s, report_data, ctx);
}

/* */
enum err source_make(struct source_answer *out, const struct source *s,
    const uint8_t report_data[REPORT_DATA_LEN], struct err_ctx *ctx)
{
	uint64_t end = s->os->mono_ms() + SOURCE_MS;
	struct err_ctx last = { 0 };
	enum err e = ERR_BUSY;

	for (int i = 0; i < SOURCE_TRIES && e == ERR_BUSY; i++) {
		if (i > 0)
			s->os->wait_ms(SOURCE_RETRY_MS);
		if (s->os->mono_ms() > end)
			break;
		last = (struct err_ctx){ 0 };
		e = try_once(out, s, report_data, &last);
	}
	if (e == ERR_OK)
		return ERR_OK;
	out->report_len = out->extra_len = 0;
	if (last.msg[0] == '\0')
		return err_set(
		    ctx, e, "%s: %s", source_kind_name(s->kind), err_name(e));
	return err_set(ctx, e, "%s", last.msg);
}
