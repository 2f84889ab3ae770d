/* See claims.h. */
#include "attest/claims.h"

#include "base/hex.h"
#include "base/json.h"

#define HEX_BYTES_MAX 64

/* Members are preceded by a comma, so an object begins with one of its own. */
static void put_hex(struct wr *w, const char *name, const uint8_t *p, size_t n)
{
	char hex[2 * HEX_BYTES_MAX + 1];

	hex_encode(hex, p, n);
	wr_fmt(w, ",\"%s\":\"%s\"", name, hex);
}

static void put_num(struct wr *w, const char *name, uint64_t n)
{
	wr_fmt(w, ",\"%s\":%llu", name, (unsigned long long)n);
}

static void put_bits(struct wr *w, const char *name, uint64_t n)
{
	wr_fmt(w, ",\"%s\":\"0x%llx\"", name, (unsigned long long)n);
}

static void put_str(struct wr *w, const char *name, const char *s)
{
	wr_fmt(w, ",\"%s\":\"%s\"", name, s);
}

static void put_bool(struct wr *w, const char *name, bool b)
{
	wr_fmt(w, ",\"%s\":%s", name, b ? "true" : "false");
}

/* ---- SEV-SNP ------------------------------------------------------------- */

static void put_tcb(struct wr *w, const char *name, const struct snp_tcb *t,
    enum snp_family family)
{
	char hex[2 * SNP_TCB_LEN + 1];

	hex_encode(hex, t->raw, sizeof(t->raw));
	wr_fmt(w, ",\"%s\":{\"raw_le_bytes\":\"%s\"", name, hex);
	if (family == SNP_FAMILY_TURIN)
		put_num(w, "fmc", t->fmc);
	put_num(w, "bootloader", t->bootloader);
	put_num(w, "tee", t->tee);
	put_num(w, "snp", t->snp);
	put_num(w, "microcode", t->microcode);
	wr_str(w, "}");
}

static void put_version(
    struct wr *w, const char *name, const struct snp_firmware *f)
{
	wr_fmt(w, ",\"%s_version_major_minor_build\":[%u,%u,%u]", name,
	    f->major, f->minor, f->build);
}

static void put_snp_ids(struct wr *w, const struct snp_report *r)
{
	put_hex(w, "report_data", r->report_data, sizeof(r->report_data));
	put_hex(w, "measurement", r->measurement, sizeof(r->measurement));
	put_hex(w, "host_data", r->host_data, sizeof(r->host_data));
	put_hex(w, "id_key_digest", r->id_key_digest, SNP_DIGEST_LEN);
	put_hex(w, "author_key_digest", r->author_key_digest, SNP_DIGEST_LEN);
	put_hex(w, "report_id", r->report_id, sizeof(r->report_id));
	put_hex(w, "report_id_ma", r->report_id_ma, sizeof(r->report_id_ma));
	put_hex(w, "chip_id", r->chip_id, sizeof(r->chip_id));
	put_hex(w, "family_id", r->family_id, sizeof(r->family_id));
	put_hex(w, "image_id", r->image_id, sizeof(r->image_id));
}

void attest_claims_snp(struct wr *w, const struct snp_run *run)
{
	const struct snp_report *r = &run->report;

	wr_str(w, "{\"tee\":\"snp\"");
	put_str(w, "product", snp_family_name(run->family));
	put_num(w, "version", r->version);
	put_num(w, "guest_svn", r->guest_svn);
	put_bits(w, "policy", r->policy);
	put_num(w, "vmpl", r->vmpl);
	put_num(w, "sig_algo", r->sig_algo);
	put_bits(w, "platform_info", r->platform_info);
	put_bits(w, "key_info", r->key_info);
	put_snp_ids(w, r);
	put_tcb(w, "current_tcb", &r->current_tcb, run->family);
	put_tcb(w, "reported_tcb", &r->reported_tcb, run->family);
	put_tcb(w, "committed_tcb", &r->committed_tcb, run->family);
	put_tcb(w, "launch_tcb", &r->launch_tcb, run->family);
	if (r->version >= 3)
		wr_fmt(w, ",\"cpuid_family_model_stepping\":[%u,%u,%u]",
		    r->cpuid_family, r->cpuid_model, r->cpuid_stepping);
	put_version(w, "current", &r->current);
	put_version(w, "committed", &r->committed);
	if (r->version >= 5) {
		put_bits(w, "launch_mit_vector", r->launch_mit_vector);
		put_bits(w, "current_mit_vector", r->current_mit_vector);
	}
	wr_str(w, "}");
}

/* ---- SGX, TDX ------------------------------------------------------------ */

static void put_le64(struct wr *w, const char *name, uint64_t n)
{
	uint8_t p[8];

	for (size_t i = 0; i < sizeof(p); i++)
		p[i] = (uint8_t)(n >> 8 * i);
	put_hex(w, name, p, sizeof(p));
}

static void put_sgx_body(struct wr *w, const struct sgx_report *r)
{
	put_hex(w, "cpusvn", r->cpusvn, sizeof(r->cpusvn));
	put_hex(w, "miscselect", r->miscselect, sizeof(r->miscselect));
	put_hex(w, "attributes", r->attributes, sizeof(r->attributes));
	put_hex(w, "mrenclave", r->mrenclave, sizeof(r->mrenclave));
	put_hex(w, "mrsigner", r->mrsigner, sizeof(r->mrsigner));
	put_num(w, "isvprodid", r->isvprodid);
	put_num(w, "isvsvn", r->isvsvn);
	put_hex(w, "reportdata", r->report_data, sizeof(r->report_data));
}

static void put_td_body(struct wr *w, const struct td_report *t)
{
	static const char *const rtmr[] = { "rtmr0", "rtmr1", "rtmr2",
		"rtmr3" };

	put_hex(w, "tee_tcb_svn", t->tee_tcb_svn, DCAP_SVN_LEN);
	put_hex(w, "mrseam", t->mrseam, TDX_MEASUREMENT_LEN);
	put_hex(w, "mrsignerseam", t->mrsignerseam, TDX_MEASUREMENT_LEN);
	put_hex(w, "seamattributes", t->seamattributes, 8);
	put_le64(w, "tdattributes", t->tdattributes);
	put_le64(w, "xfam", t->xfam);
	put_hex(w, "mrtd", t->mrtd, TDX_MEASUREMENT_LEN);
	put_hex(w, "mrconfigid", t->mrconfigid, TDX_MEASUREMENT_LEN);
	put_hex(w, "mrowner", t->mrowner, TDX_MEASUREMENT_LEN);
	put_hex(w, "mrownerconfig", t->mrownerconfig, TDX_MEASUREMENT_LEN);
	for (size_t i = 0; i < 4; i++)
		put_hex(w, rtmr[i], t->rtmr[i], TDX_MEASUREMENT_LEN);
	put_hex(w, "reportdata", t->report_data, DCAP_REPORT_DATA_LEN);
	if (t->is_15) {
		put_hex(w, "tee_tcb_svn2", t->tee_tcb_svn2, DCAP_SVN_LEN);
		put_hex(w, "mrservicetd", t->mrservicetd, TDX_MEASUREMENT_LEN);
	}
}

static void put_pck(struct wr *w, const struct dcap_pck *p)
{
	wr_fmt(w, ",\"pck\":{\"sgx_type\":%u", p->sgx_type);
	put_hex(w, "ppid", p->ppid, sizeof(p->ppid));
	put_num(w, "pcesvn", p->pcesvn);
	put_hex(w, "cpusvn", p->cpusvn, sizeof(p->cpusvn));
	put_hex(w, "pceid", p->pceid, sizeof(p->pceid));
	put_hex(w, "fmspc", p->fmspc, sizeof(p->fmspc));
	if (p->has_instance)
		put_hex(
		    w, "platform_instance", p->instance, sizeof(p->instance));
	wr_str(w, "}");
}

struct advisories {
	struct wr *w;
	size_t n;
};

static bool put_advisory(void *cookie, const char *id)
{
	struct advisories *a = cookie;

	wr_str(a->w, a->n++ == 0 ? "" : ",");
	json_write_string(
	    a->w, (struct bytes){ (const uint8_t *)id, mem_strlen(id) });
	return true;
}

/* What the evaluation found, where it came so far. */
static void put_tcb_status(struct wr *w, const struct dcap_run *run)
{
	const struct dcap_tcb *t = &run->tcb;
	struct advisories a = { .w = w };

	put_str(w, "tcb_status", dcap_status_name(t->status));
	if (t->sgx_level != NULL)
		put_str(w, "sgx_tcb_level_status",
		    dcap_status_name(t->sgx_level->status));
	if (t->tdx_level != NULL)
		put_str(w, "tdx_tcb_level_status",
		    dcap_status_name(t->tdx_level->status));
	if (t->module_level != NULL)
		put_str(
		    w, "tdx_module_status", dcap_status_name(t->module_status));
	put_str(w, "qe_tcb_status", dcap_status_name(t->qe_status));
	put_bool(w, "td_relaunch_advised", t->relaunch_advised);
	put_num(
	    w, "tcb_evaluation_data_number", run->work->tcb_info.eval_number);
	wr_str(w, ",\"advisory_ids\":[");
	(void)dcap_tcb_advisories(t, put_advisory, &a);
	wr_str(w, "]");
}

void attest_claims_dcap(struct wr *w, const struct dcap_run *run)
{
	const struct dcap_quote *q = &run->quote;
	bool tdx = q->tee == DCAP_TEE_TDX;

	wr_fmt(w, "{\"tee\":\"%s\"", tdx ? "tdx" : "sgx");
	put_num(w, "version", q->version);
	wr_str(w, ",\"body\":{\"type\":");
	wr_str(w, tdx ? "\"td\"" : "\"enclave\"");
	if (tdx)
		put_td_body(w, &q->td);
	else
		put_sgx_body(w, &q->sgx);
	wr_str(w, "},\"qe_report\":{\"type\":\"enclave\"");
	put_sgx_body(w, &q->qe);
	wr_str(w, "}");
	if (run->pck_leaf.der.len != 0)
		put_pck(w, &run->pck);
	if (run->tcb.qe_level != NULL || run->tcb.sgx_level != NULL)
		put_tcb_status(w, run);
	wr_str(w, "}");
}
