#include "attest/snp_certs_table.h"

#include "base/rd.h"

#define GUID_LEN 16

struct row {
	size_t at; /* where it stands, for messages */
	struct bytes guid;
	uint32_t offset;
	uint32_t len;
};

static const struct {
	uint8_t guid[GUID_LEN];
	size_t member;
} kinds[] = {
	{ { 0x63, 0xda, 0x75, 0x8d, 0xe6, 0x64, 0x45, 0x64, 0xad, 0xc5, 0xf4,
	      0xb9, 0x3b, 0xe8, 0xac, 0xcd },
	    offsetof(struct snp_certs_table, vcek) },
	{ { 0xa8, 0x07, 0x4b, 0xc2, 0xa2, 0x5a, 0x48, 0x3e, 0xaa, 0xe6, 0x39,
	      0xc0, 0x45, 0xa0, 0xb8, 0xa1 },
	    offsetof(struct snp_certs_table, vlek) },
	{ { 0x4a, 0xb7, 0xb3, 0x79, 0xbb, 0xac, 0x4f, 0xe4, 0xa0, 0x2f, 0x05,
	      0xae, 0xf3, 0x27, 0xc7, 0x82 },
	    offsetof(struct snp_certs_table, ask) },
	{ { 0xc0, 0xb4, 0x06, 0xa4, 0xa8, 0x03, 0x49, 0x52, 0x97, 0x43, 0x3f,
	      0xb6, 0x01, 0x4c, 0xd0, 0xae },
	    offsetof(struct snp_certs_table, ark) },
};

/* Where a GUID's certificate goes; NULL: we have no use for it. */
static struct bytes *slot_of(struct snp_certs_table *t, struct bytes guid)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (mem_eq(guid, (struct bytes){ kinds[i].guid, GUID_LEN }))
			return (struct bytes *)(void *)((uint8_t *)t +
							kinds[i].member);
	return NULL;
}

/* Rows end at rows_len; before that no certificate can begin. */
static enum err take(struct snp_certs_table *t, struct bytes in,
    size_t rows_len, const struct row *row, struct err_ctx *ctx)
{
	struct bytes *slot = slot_of(t, row->guid);

	if (row->len == 0 || row->offset < rows_len)
		return err_set(ctx, ERR_FORMAT,
		    "certificate table: the certificate of the row at offset "
		    "%zu is %s",
		    row->at, row->len == 0 ? "empty" : "among the rows");
	if (row->offset > in.len || row->len > in.len - row->offset)
		return err_set(ctx, ERR_TRUNCATED,
		    "certificate table: the certificate of the row at offset "
		    "%zu ends behind the table",
		    row->at);
	if (slot == NULL)
		return ERR_OK;
	if (slot->len != 0)
		return err_set(ctx, ERR_FORMAT,
		    "certificate table: the row at offset %zu repeats a kind",
		    row->at);
	*slot = (struct bytes){ in.p + row->offset, row->len };
	return ERR_OK;
}

static enum err read_rows(struct row row[SNP_CERTS_ROWS_MAX], size_t *n,
    struct rd *r, struct err_ctx *ctx)
{
	for (*n = 0;; (*n)++) {
		struct row got = { .at = r->off };

		got.guid = rd_take(r, GUID_LEN);
		got.offset = rd_u32le(r);
		got.len = rd_u32le(r);
		if (r->err != ERR_OK)
			return err_set(ctx, r->err,
			    "certificate table: no row of zeros ends the rows "
			    "before offset %zu",
			    r->len);
		if (mem_is_zero(got.guid.p, GUID_LEN))
			return ERR_OK;
		if (*n == SNP_CERTS_ROWS_MAX)
			return err_set(ctx, ERR_LIMIT,
			    "certificate table: more than %d rows",
			    SNP_CERTS_ROWS_MAX);
		row[*n] = got;
	}
}

/* */
enum err snp_certs_table_parse(
    struct snp_certs_table *out, struct bytes in, struct err_ctx *ctx)
{
	struct row row[SNP_CERTS_ROWS_MAX];
	struct snp_certs_table t = { 0 };
	struct rd r = rd_bytes_init(in);
	size_t n = 0;
	enum err e;

	memset(out, 0, sizeof(*out));
	if (in.len > SNP_CERTS_TABLE_LEN_MAX)
		return err_set(ctx, ERR_LIMIT,
		    "certificate table of %zu bytes, at most %d", in.len,
		    SNP_CERTS_TABLE_LEN_MAX);
	e = read_rows(row, &n, &r, ctx);
	for (size_t i = 0; i < n && e == ERR_OK; i++)
		e = take(&t, in, r.off, &row[i], ctx);
	if (e == ERR_OK)
		*out = t;
	return e;
}
