/* The receipt file; see receipt.h. */
#include "protocol/receipt.h"

#include "base/rd.h"

#define FAMILY "confer-receipt/"
#define MAGIC  FAMILY "v1\n"

enum section {
	SECTION_ACCOUNT = 1,
	SECTION_CHANNEL_KEY = 2,
	SECTION_EVIDENCE = 3,
	SECTION_TRUST = 4,
	SECTION_STATEMENT = 5,
	SECTION_SIGNATURE = 6,
	SECTION_REQUEST = 16,
	SECTION_ANSWER = 17,
};

/* Each section: where it goes, and its lengths; 1 to 4 are required. */
static const struct row {
	enum section type;
	size_t min;
	size_t max;
	size_t at; /* in struct receipt */
} rows[] = {
	{ SECTION_ACCOUNT, 1, RECEIPT_ACCOUNT_LEN_MAX,
	    offsetof(struct receipt, account_text) },
	{ SECTION_CHANNEL_KEY, X25519_LEN, X25519_LEN,
	    offsetof(struct receipt, channel_key) },
	{ SECTION_EVIDENCE, 1, EVIDENCE_LEN_MAX,
	    offsetof(struct receipt, evidence) },
	{ SECTION_TRUST, 1, TRUST_LEN_MAX, offsetof(struct receipt, trust) },
	{ SECTION_STATEMENT, 1, RECEIPT_STATEMENT_LEN_MAX,
	    offsetof(struct receipt, statement) },
	{ SECTION_SIGNATURE, ED25519_SIG_LEN, ED25519_SIG_LEN,
	    offsetof(struct receipt, signature) },
	{ SECTION_REQUEST, RECEIPT_SALT_LEN + 1, RECEIPT_REQUEST_MAX,
	    offsetof(struct receipt, request) },
	{ SECTION_ANSWER, RECEIPT_SALT_LEN, RECEIPT_SALT_LEN + RECEIPT_TEXT_MAX,
	    offsetof(struct receipt, answer) },
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

bool receipt_is(struct bytes in)
{
	const size_t n = sizeof(FAMILY) - 1;

	return in.len >= n && mem_eq_str((struct bytes){ in.p, n }, FAMILY);
}

static struct bytes *part(struct receipt *r, const struct row *row)
{
	return (struct bytes *)(void *)((uint8_t *)r + row->at);
}

/* The row of a type that may come after row `next` - 1; ROWS if there is none. */
static size_t find_row(size_t next, unsigned type)
{
	while (next < ROWS && (unsigned)rows[next].type != type)
		next++;
	return next;
}

static enum err read_section(
    struct receipt *out, struct rd *r, size_t *next, struct err_ctx *ctx)
{
	const size_t at = r->off;
	unsigned type = rd_u8(r);
	uint32_t len = rd_u32be(r);
	size_t i = find_row(*next, type);

	if (r->err != ERR_OK)
		return err_set(
		    ctx, r->err, "receipt: ends inside a section at %zu", at);
	if (i == ROWS)
		return err_set(ctx, ERR_FORMAT,
		    "receipt: section %u at offset %zu is %s", type, at,
		    find_row(0, type) == ROWS ? "unknown"
					      : "repeated or out of order");
	if (len < rows[i].min || len > rows[i].max)
		return err_set(ctx, len > rows[i].max ? ERR_LIMIT : ERR_FORMAT,
		    "receipt: section %u at offset %zu has %u bytes", type, at,
		    (unsigned)len);
	*part(out, &rows[i]) = rd_take(r, len);
	if (r->err != ERR_OK)
		return err_set(ctx, r->err,
		    "receipt: ends inside section %u at offset %zu", type, at);
	*next = i + 1;
	return ERR_OK;
}

/* Which parts go together. */
static enum err check_parts(const struct receipt *r, struct err_ctx *ctx)
{
	if (r->account_text.len == 0 || r->channel_key.len == 0 ||
	    r->evidence.len == 0 || r->trust.len == 0)
		return err_set(ctx, ERR_FORMAT,
		    "receipt: one of sections 1 to 4 is missing");
	if ((r->statement.len == 0) != (r->signature.len == 0))
		return err_set(ctx, ERR_FORMAT,
		    "receipt: statement and signature go together");
	if (r->statement.len == 0 && (r->request.len > 0 || r->answer.len > 0))
		return err_set(ctx, ERR_FORMAT,
		    "receipt: question or answer without a statement");
	return ERR_OK;
}

static enum err parse(struct receipt *out, struct rd *r, struct err_ctx *ctx)
{
	enum err e = ERR_OK;
	size_t next = 0;

	while (e == ERR_OK && rd_left(r) > 0)
		e = read_section(out, r, &next, ctx);
	if (e == ERR_OK)
		e = check_parts(out, ctx);
	if (e == ERR_OK)
		e = receipt_account_parse(
		    &out->account, out->account_text, ctx);
	return e;
}

enum err receipt_parse(
    struct receipt *out, struct bytes in, struct err_ctx *ctx)
{
	struct rd r = rd_bytes_init(in);
	struct bytes magic;
	enum err e;

	memset(out, 0, sizeof(*out));
	if (in.len > RECEIPT_LEN_MAX)
		return err_set(ctx, ERR_LIMIT,
		    "receipt of %zu bytes, at most %d", in.len,
		    RECEIPT_LEN_MAX);
	magic = rd_take(&r, sizeof(MAGIC) - 1);
	if (r.err == ERR_OK && !mem_eq_str(magic, MAGIC))
		return err_set(ctx, ERR_UNSUPPORTED, "%s",
		    receipt_is(in) ? "a receipt, but not of version 1"
				   : "not a receipt");
	if (r.err != ERR_OK)
		return err_set(ctx, r.err, "receipt: ends in its first line");
	e = parse(out, &r, ctx);
	if (e != ERR_OK)
		memset(out, 0, sizeof(*out));
	return e;
}

void receipt_write(struct wr *w, const struct receipt *r)
{
	if (check_parts(r, NULL) != ERR_OK)
		wr_fail(w, ERR_FORMAT);
	wr_str(w, MAGIC);
	for (size_t i = 0; i < ROWS; i++) {
		const struct bytes b =
		    *(const struct bytes *)(const void *)((const uint8_t *)r +
							  rows[i].at);

		if (b.len == 0)
			continue;
		if (b.len < rows[i].min || b.len > rows[i].max)
			wr_fail(w, ERR_FORMAT);
		wr_u8(w, (uint8_t)rows[i].type);
		wr_u32be(w, (uint32_t)b.len);
		wr_bytes(w, b);
	}
}
