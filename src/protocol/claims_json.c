/* See claims_json.h. */
#include "protocol/claims_json.h"

#include "base/hex.h"
#include "base/json.h"

/* Members are preceded by a comma. */
static void put_str(struct wr *w, const char *name, const char *value)
{
	wr_fmt(w, ",\"%s\":", name);
	json_write_string(
	    w, (struct bytes){ (const uint8_t *)value, mem_strlen(value) });
}

static void put_hex(struct wr *w, const char *name, const uint8_t *p, size_t n)
{
	char hex[2 * SNP_REPORT_DATA_LEN + 1];

	hex_encode(hex, p, n);
	wr_fmt(w, ",\"%s\":\"%s\"", name, hex);
}

static void put_num(struct wr *w, const char *name, uint64_t value)
{
	wr_fmt(w, ",\"%s\":%llu", name, (unsigned long long)value);
}

static void put_hardware(struct wr *w, const struct claims *c)
{
	put_hex(w, "measurement", c->measurement, c->measurement_len);
	if (c->kind == TEE_SNP)
		put_str(w, "processor", snp_family_name(c->family));
	if (c->tcb_eval != 0) {
		put_str(w, "tcb_status", dcap_status_name(c->tcb_status));
		put_num(w, "tcb_evaluation_data_number", c->tcb_eval);
	}
	put_hex(w, "report_data", c->report_data, SNP_REPORT_DATA_LEN);
	put_hex(w,
	    c->kind == TEE_TDX || c->kind == TEE_SGX ? "ppid" : "chip_id",
	    c->chip_id, c->chip_id_len);
	if (c->binding.has_receipt_key)
		put_hex(w, "receipt_key", c->binding.receipt_key,
		    sizeof(c->binding.receipt_key));
}

static void put_release(struct wr *w, const struct claims *c)
{
	put_str(w, "product", c->product);
	put_str(w, "channel", c->channel);
	put_str(w, "image_version", c->image_version);
	put_num(w, "image_seq", c->image_seq);
	put_num(w, "image_issued", c->image_issued);
	if (c->rebuilder[0] != '\0')
		put_str(w, "rebuilder", c->rebuilder);
	put_str(w, "model", c->model_name);
	put_hex(w, "model_sha256", c->model_sha256, SHA256_LEN);
	put_num(w, "model_seq", c->model_seq);
	put_num(w, "policy_seq", c->policy_seq);
}

static void put_log(struct wr *w, const struct claims *c)
{
	put_str(w, "log", c->log_origin);
	put_num(w, "log_size", c->head.size);
	put_hex(w, "log_root", c->head.root, SHA256_LEN);
	if (c->head.time != 0)
		put_num(w, "log_time", c->head.time);
	put_num(w, "witnesses", c->head.witnesses);
	put_num(w, "witnesses_known", c->head.known);
	put_num(w, "witness_operators", c->head.operators);
	put_str(w, "seen_by", c->seen_by);
}

void claims_json(struct wr *w, const struct claims *c)
{
	wr_fmt(w, "{\"tee\":\"%s\"", tee_kind_name(c->kind));
	put_hardware(w, c);
	put_release(w, c);
	put_log(w, c);
	put_hex(w, "evidence_sha256", c->evidence_digest, SHA256_LEN);
	wr_str(w, "}");
}
