#include "attest/collateral.h"

#include "base/rd.h"

static const uint8_t magic[] = COLLATERAL_MAGIC;

/* ---- the container -------------------------------------------------------- */

static uint32_t read_u24(struct rd *r)
{
	uint32_t high = rd_u8(r);

	return high << 16 | rd_u16be(r);
}

static enum err read_part(
    struct collateral *c, struct rd *r, unsigned *last, struct err_ctx *ctx)
{
	size_t at = r->off;
	unsigned type = rd_u8(r);
	uint32_t len = read_u24(r);
	struct bytes body;

	if (r->err == ERR_OK && (type == 0 || type >= COLLATERAL_PARTS))
		return err_set(ctx, ERR_FORMAT,
		    "collateral: part type %u at offset %zu is unknown", type,
		    at);
	if (r->err == ERR_OK && type <= *last)
		return err_set(ctx, ERR_FORMAT,
		    "collateral: part %u at offset %zu is repeated or out of "
		    "order",
		    type, at);
	if (r->err == ERR_OK && len == 0)
		return err_set(ctx, ERR_FORMAT,
		    "collateral: part %u at offset %zu is empty", type, at);
	body = rd_take(r, len);
	if (r->err != ERR_OK)
		return err_set(ctx, r->err,
		    "collateral: ends inside the part at offset %zu", at);
	c->part[type] = body;
	*last = type;
	return ERR_OK;
}

/* */
enum err collateral_parse(
    struct collateral *out, struct bytes in, struct err_ctx *ctx)
{
	struct rd r = rd_bytes_init(in);
	struct collateral c = { 0 };
	unsigned version, last = 0;
	enum err e = ERR_OK;

	memset(out, 0, sizeof(*out));
	if (in.len > COLLATERAL_LEN_MAX)
		return err_set(ctx, ERR_LIMIT,
		    "collateral of %zu bytes, at most %d", in.len,
		    COLLATERAL_LEN_MAX);
	version = rd_u8(&r);
	if (r.err != ERR_OK)
		return err_set(ctx, r.err, "collateral is empty");
	if (version != COLLATERAL_VERSION)
		return err_set(ctx, ERR_UNSUPPORTED,
		    "collateral version %u at offset 0, known is %d", version,
		    COLLATERAL_VERSION);
	while (e == ERR_OK && rd_left(&r) > 0)
		e = read_part(&c, &r, &last, ctx);
	if (e == ERR_OK && last == 0)
		e = err_set(ctx, ERR_FORMAT, "collateral without any part");
	if (e == ERR_OK)
		*out = c;
	return e;
}

enum err collateral_write(struct wr *w, const struct collateral *c)
{
	size_t start = w->len;
	unsigned parts = 0;

	wr_u8(w, COLLATERAL_VERSION);
	for (unsigned type = 1; type < COLLATERAL_PARTS; type++) {
		struct bytes body = c->part[type];

		if (body.len == 0)
			continue;
		if (body.len > COLLATERAL_LEN_MAX) {
			wr_fail(w, ERR_LIMIT);
			break;
		}
		wr_u8(w, (uint8_t)type);
		wr_u8(w, (uint8_t)(body.len >> 16));
		wr_u16be(w, (uint16_t)body.len);
		wr_bytes(w, body);
		parts++;
	}
	if (parts == 0)
		wr_fail(w, ERR_FORMAT);
	if (w->len - start > COLLATERAL_LEN_MAX)
		wr_fail(w, ERR_LIMIT);
	return w->err;
}

/* ---- the exchange --------------------------------------------------------- */

static bool kind_known(uint8_t kind)
{
	return kind >= COLLATERAL_FOR_SNP && kind <= COLLATERAL_FOR_SGX;
}

static bool magic_ok(struct bytes m)
{
	return mem_eq(m, (struct bytes){ magic, COLLATERAL_MAGIC_LEN });
}

size_t collateral_request_len(const uint8_t start[COLLATERAL_ASK_LEN])
{
	uint8_t kind = start[COLLATERAL_MAGIC_LEN];

	if (!magic_ok((struct bytes){ start, COLLATERAL_MAGIC_LEN }) ||
	    !kind_known(kind))
		return 0;
	return COLLATERAL_ASK_LEN +
	       (kind == COLLATERAL_FOR_SNP ? COLLATERAL_SNP_LEN : 0);
}

static enum err read_snp(
    struct collateral_request *req, struct rd *r, struct err_ctx *ctx)
{
	size_t at = r->off;
	unsigned product = rd_u8(r), key = rd_u8(r);

	rd_copy(r, req->chip_id, sizeof(req->chip_id));
	rd_copy(r, req->reported_tcb, sizeof(req->reported_tcb));
	if (r->err != ERR_OK)
		return ERR_OK; /* the caller tells */
	if (product > SNP_FAMILY_TURIN)
		return err_set(ctx, ERR_FORMAT,
		    "collateral request: product %u at offset %zu", product,
		    at);
	if (key > SNP_KEY_VLEK)
		return err_set(ctx, ERR_FORMAT,
		    "collateral request: key %u at offset %zu", key, at + 1);
	req->product = (enum snp_family)product;
	req->key = (enum snp_signing_key)key;
	return ERR_OK;
}

enum err collateral_request_parse(
    struct collateral_request *out, struct bytes in, struct err_ctx *ctx)
{
	struct rd r = rd_bytes_init(in);
	struct collateral_request req;
	struct bytes m = rd_take(&r, COLLATERAL_MAGIC_LEN);
	uint8_t kind = rd_u8(&r);
	enum err e = ERR_OK;

	memset(&req, 0, sizeof(req));
	memset(out, 0, sizeof(*out));
	if (r.err == ERR_OK && !magic_ok(m))
		return err_set(ctx, ERR_UNSUPPORTED,
		    "collateral request: unknown magic at offset 0");
	if (r.err == ERR_OK && !kind_known(kind))
		return err_set(ctx, ERR_UNSUPPORTED,
		    "collateral request: unknown kind %u at offset %d", kind,
		    COLLATERAL_MAGIC_LEN);
	req.kind = (enum collateral_kind)kind;
	if (kind == COLLATERAL_FOR_SNP)
		e = read_snp(&req, &r, ctx);
	if (e == ERR_OK && rd_end(&r) != ERR_OK)
		e = err_set(ctx, rd_end(&r),
		    "collateral request of %zu bytes: %s at offset %zu", in.len,
		    err_name(rd_end(&r)), r.off);
	if (e == ERR_OK)
		*out = req;
	return e;
}

void collateral_request_write(
    struct wr *w, const struct collateral_request *req)
{
	wr_copy(w, magic, COLLATERAL_MAGIC_LEN);
	wr_u8(w, (uint8_t)req->kind);
	if (req->kind != COLLATERAL_FOR_SNP)
		return;
	wr_u8(w, (uint8_t)req->product);
	wr_u8(w, (uint8_t)req->key);
	wr_copy(w, req->chip_id, sizeof(req->chip_id));
	wr_copy(w, req->reported_tcb, sizeof(req->reported_tcb));
}

enum err collateral_head_parse(
    struct collateral_head *out, struct bytes in, struct err_ctx *ctx)
{
	struct rd r = rd_bytes_init(in);
	struct collateral_head head;
	struct bytes m = rd_take(&r, COLLATERAL_MAGIC_LEN);
	enum err e;

	memset(out, 0, sizeof(*out));
	head.status = rd_u32be(&r);
	head.len = rd_u32be(&r);
	e = rd_end(&r);
	if (e != ERR_OK)
		return err_set(
		    ctx, e, "collateral answer: a head of %zu bytes", in.len);
	if (!magic_ok(m))
		return err_set(ctx, ERR_UNSUPPORTED,
		    "collateral answer: unknown magic at offset 0");
	if (head.len > COLLATERAL_LEN_MAX)
		return err_set(ctx, ERR_LIMIT,
		    "collateral answer of %u bytes, at most %d", head.len,
		    COLLATERAL_LEN_MAX);
	if ((head.status == COLLATERAL_OK) != (head.len > 0))
		return err_set(ctx, ERR_FORMAT,
		    "collateral answer: length %u with status %u", head.len,
		    head.status);
	*out = head;
	return ERR_OK;
}

void collateral_head_write(struct wr *w, const struct collateral_head *head)
{
	wr_copy(w, magic, COLLATERAL_MAGIC_LEN);
	wr_u32be(w, head->status);
	wr_u32be(w, head->len);
}
