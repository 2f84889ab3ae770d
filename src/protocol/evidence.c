/*
 * The evidence bundle, its bytes and its names; see evidence.h. The verdict is
 * in evidence_verify.c.
 *
 *	u8 version, then sections: u8 type, u24 big-endian length, bytes.
 */
#include "protocol/evidence.h"

#include "base/rd.h"

static bool type_known(unsigned type)
{
	return (type >= EVIDENCE_KIND && type <= EVIDENCE_BINDING) ||
	       (type >= EVIDENCE_IMAGE_RECORD &&
		   type <= EVIDENCE_REBUILD_PROOF);
}

static uint32_t read_u24(struct rd *r)
{
	uint32_t high = rd_u8(r);

	return high << 16 | rd_u16be(r);
}

static enum err read_section(
    struct evidence *ev, struct rd *r, unsigned *last, struct err_ctx *ctx)
{
	size_t at = r->off;
	unsigned type = rd_u8(r);
	uint32_t len = read_u24(r);
	struct bytes body;

	if (r->err == ERR_OK && (!type_known(type) || type <= *last))
		return err_set(ctx, ERR_FORMAT,
		    "evidence: section type %u at offset %zu is %s", type, at,
		    type_known(type) ? "repeated or out of order" : "unknown");
	if (r->err == ERR_OK && len == 0)
		return err_set(ctx, ERR_FORMAT,
		    "evidence: section %u at offset %zu is empty", type, at);
	body = rd_take(r, len);
	if (r->err != ERR_OK)
		return err_set(ctx, r->err,
		    "evidence: ends inside the section at offset %zu", at);
	ev->section[type] = body;
	*last = type;
	return ERR_OK;
}

enum err evidence_parse(
    struct evidence *out, struct bytes in, struct err_ctx *ctx)
{
	struct rd r = rd_bytes_init(in);
	unsigned version, last = 0;
	enum err e = ERR_OK;

	memset(out, 0, sizeof(*out));
	if (in.len > EVIDENCE_LEN_MAX)
		return err_set(ctx, ERR_LIMIT,
		    "evidence of %zu bytes, at most %d", in.len,
		    EVIDENCE_LEN_MAX);
	version = rd_u8(&r);
	if (r.err != ERR_OK)
		return err_set(ctx, r.err, "evidence is empty");
	if (version != EVIDENCE_VERSION)
		return err_set(ctx, ERR_UNSUPPORTED,
		    "evidence version %u at offset 0, known is %d", version,
		    EVIDENCE_VERSION);
	while (e == ERR_OK && rd_left(&r) > 0)
		e = read_section(out, &r, &last, ctx);
	if (e != ERR_OK)
		memset(out, 0, sizeof(*out));
	return e;
}

enum err evidence_build(struct wr *w, const struct evidence *ev)
{
	size_t start = w->len;

	wr_u8(w, EVIDENCE_VERSION);
	for (unsigned type = 0; type <= EVIDENCE_SECTION_MAX; type++) {
		struct bytes body = ev->section[type];

		if (body.len == 0)
			continue;
		if (!type_known(type))
			wr_fail(w, ERR_FORMAT);
		if (body.len > EVIDENCE_LEN_MAX)
			wr_fail(w, ERR_LIMIT);
		wr_u8(w, (uint8_t)type);
		wr_u8(w, (uint8_t)(body.len >> 16));
		wr_u16be(w, (uint16_t)body.len);
		wr_bytes(w, body);
	}
	if (w->err == ERR_OK && w->len - start > EVIDENCE_LEN_MAX)
		wr_fail(w, ERR_LIMIT);
	return w->err;
}

void evidence_digest(uint8_t out[SHA256_LEN], struct bytes bundle)
{
	crypto_sha256(out, &bundle, 1);
}

const char *evidence_check_name(uint8_t id)
{
	static const char *const name[EVIDENCE_CHECK_IDS] = {
		[CHECK_FORMAT] = "evidence format",
		[CHECK_TEE] = "kind of TEE",
		[CHECK_REPORT_DATA] = "channel key",
		[CHECK_IMAGE_SIGNED] = "release signatures",
		[CHECK_IMAGE_LOGGED] = "release in the log",
		[CHECK_IMAGE_TIME] = "release validity",
		[CHECK_BEACON] = "report is recent",
		[CHECK_MODEL_SIGNED] = "model signatures",
		[CHECK_MODEL_LOGGED] = "model in the log",
		[CHECK_MODEL_TIME] = "model validity",
		[CHECK_MODEL_NAMED] = "model of this release",
		[CHECK_POLICY_SIGNED] = "policy signatures",
		[CHECK_POLICY_LOGGED] = "policy in the log",
		[CHECK_POLICY_TIME] = "policy validity",
		[CHECK_POLICY_SEQ] = "policy not rolled back",
		[CHECK_IMAGE_ALLOWED] = "release not revoked",
		[CHECK_MODEL_ALLOWED] = "model not revoked",
		[CHECK_REBUILD] = "rebuilt by others",
		[CHECK_MEASUREMENT] = "launch measurement",
		[CHECK_DEADLINE] = "time left",
	};

	if (id < CHECK_HARDWARE_END)
		return check_name(id);
	return id < EVIDENCE_CHECK_IDS ? name[id] : "unknown";
}

const char *tee_kind_name(enum tee_kind kind)
{
	switch (kind) {
	case TEE_SNP:
		return "snp";
	case TEE_TDX:
		return "tdx";
	case TEE_SGX:
		return "sgx";
	case TEE_SIM:
		return "sim";
	}
	return "unknown";
}
