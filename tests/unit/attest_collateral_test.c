/* The container of certificates and collateral, and the words around it. */
#include "test.h"

#include "attest/collateral.h"

static uint8_t raw[COLLATERAL_LEN_MAX + 64];
static uint8_t big[COLLATERAL_LEN_MAX + 1];

static struct bytes text(const char *s)
{
	return (struct bytes){ (const uint8_t *)s, strlen(s) };
}

/* Parts 1, 2 and 8; 20 bytes. */
static size_t make(void)
{
	struct wr w = wr_init(raw, sizeof(raw));
	struct collateral c = { 0 };

	c.part[COLLATERAL_LEAF] = text("leaf");
	c.part[COLLATERAL_CA] = text("ca");
	c.part[COLLATERAL_PCK_CRL] = text("x");
	CHECK_OK(collateral_write(&w, &c));
	return w.len;
}

static enum err parse(struct collateral *c, size_t len, struct err_ctx *ctx)
{
	return collateral_parse(c, (struct bytes){ raw, len }, ctx);
}

TEST(collateral_is_laid_out_as_documented)
{
	static const char want[] = "\x01"
				   "\x01\0\0\x04leaf"
				   "\x02\0\0\x02"
				   "ca"
				   "\x08\0\0\x01x";
	struct collateral c;
	size_t n = make();

	CHECK_EQ(n, sizeof(want) - 1);
	CHECK_MEM(raw, want, n);
	CHECK_OK(parse(&c, n, NULL));
	CHECK(mem_eq_str(c.part[COLLATERAL_LEAF], "leaf"));
	CHECK(mem_eq_str(c.part[COLLATERAL_CA], "ca"));
	CHECK(mem_eq_str(c.part[COLLATERAL_PCK_CRL], "x"));
	CHECK_EQ(c.part[COLLATERAL_AMD_CRL].len, 0);
	CHECK(c.part[COLLATERAL_LEAF].p == raw + 5);
}

TEST(collateral_rejects_every_truncation_but_between_parts)
{
	struct collateral c;
	size_t len = make();

	for (size_t n = 0; n < len; n++) {
		enum err want = n == 9 || n == 15 ? ERR_OK
				: n == 1          ? ERR_FORMAT
						  : ERR_TRUNCATED;
		uint8_t *copy = malloc(n + 1);

		memcpy(copy, raw, n);
		CHECK_ERR(collateral_parse(&c, (struct bytes){ copy, n }, NULL),
		    want);
		if (want != ERR_OK)
			CHECK(mem_is_zero(&c, sizeof(c)));
		free(copy);
	}
	/* Bytes behind the last part begin another. */
	memset(raw + len, 0, 4);
	CHECK_ERR(parse(&c, len + 1, NULL), ERR_TRUNCATED);
	CHECK_ERR(parse(&c, len + 4, NULL), ERR_FORMAT);
}

/* Change one byte of make(): the error and its message. */
static enum err changed(size_t at, uint8_t v, struct err_ctx *ctx)
{
	struct collateral c;
	size_t len = make();

	raw[at] = v;
	*ctx = (struct err_ctx){ 0 };
	return parse(&c, len, ctx);
}

TEST(collateral_rejects_each_field_it_does_not_know)
{
	struct err_ctx ctx;

	CHECK_ERR(changed(0, 2, &ctx), ERR_UNSUPPORTED);
	CHECK_STR(ctx.msg, "collateral version 2 at offset 0, known is 1");
	CHECK_ERR(changed(1, 0, &ctx), ERR_FORMAT);
	CHECK_ERR(changed(1, 9, &ctx), ERR_FORMAT);
	CHECK_STR(ctx.msg, "collateral: part type 9 at offset 1 is unknown");
	CHECK_ERR(changed(9, 1, &ctx), ERR_FORMAT);
	CHECK_STR(ctx.msg, "collateral: part 1 at offset 9 is repeated or out "
			   "of order");
	CHECK_ERR(changed(1, 3, &ctx), ERR_FORMAT); /* 3 before 2 */
	CHECK_ERR(changed(18, 0, &ctx), ERR_FORMAT);
	CHECK_STR(ctx.msg, "collateral: part 8 at offset 15 is empty");
	CHECK_ERR(changed(2, 1, &ctx), ERR_TRUNCATED); /* 65540 bytes */
	CHECK_STR(ctx.msg, "collateral: ends inside the part at offset 1");
	CHECK_OK(changed(1, 1, &ctx));
}

TEST(collateral_is_bounded_in_all)
{
	static struct collateral c;
	struct wr w = wr_init(raw, sizeof(raw));
	struct collateral none = { 0 }, got;

	CHECK_ERR(collateral_write(&w, &none), ERR_FORMAT);
	c.part[COLLATERAL_TCB_INFO] =
	    (struct bytes){ big, COLLATERAL_LEN_MAX - 5 };
	w = wr_init(raw, sizeof(raw));
	CHECK_OK(collateral_write(&w, &c));
	CHECK_EQ(w.len, COLLATERAL_LEN_MAX);
	CHECK_OK(parse(&got, w.len, NULL));
	CHECK_ERR(parse(&got, w.len + 1, NULL), ERR_LIMIT);
	c.part[COLLATERAL_TCB_INFO].len++;
	w = wr_init(raw, sizeof(raw));
	CHECK_ERR(collateral_write(&w, &c), ERR_LIMIT);
	c.part[COLLATERAL_TCB_INFO].len = sizeof(big);
	w = wr_init(raw, sizeof(raw));
	CHECK_ERR(collateral_write(&w, &c), ERR_LIMIT);
	c.part[COLLATERAL_TCB_INFO].len = 100;
	w = wr_init(raw, 50);
	CHECK_ERR(collateral_write(&w, &c), ERR_NOSPACE);
}

/* ---- the exchange */

static struct collateral_request snp_request(void)
{
	struct collateral_request r = { .kind = COLLATERAL_FOR_SNP,
		.product = SNP_FAMILY_GENOA,
		.key = SNP_KEY_VLEK };

	memset(r.chip_id, 0xcc, sizeof(r.chip_id));
	memset(r.reported_tcb, 0xdd, sizeof(r.reported_tcb));
	return r;
}

TEST(collateral_request_is_laid_out_as_documented)
{
	struct collateral_request r = snp_request(), got;
	struct wr w = wr_init(raw, sizeof(raw));

	collateral_request_write(&w, &r);
	CHECK_EQ(w.len, 83);
	CHECK_EQ(w.len, collateral_request_len(raw));
	CHECK_EQ(w.len, COLLATERAL_REQUEST_LEN_MAX);
	CHECK_MEM(raw, "confcol\x01\x01\x02\x01\xcc", 12);
	CHECK_OK(
	    collateral_request_parse(&got, (struct bytes){ raw, w.len }, NULL));
	CHECK_MEM(&got, &r, sizeof(r));
	r = (struct collateral_request){ .kind = COLLATERAL_FOR_TDX };
	w = wr_init(raw, sizeof(raw));
	collateral_request_write(&w, &r);
	CHECK_EQ(w.len, 9);
	CHECK_MEM(raw, "confcol\x01\x02", 9);
	CHECK_OK(
	    collateral_request_parse(&got, (struct bytes){ raw, w.len }, NULL));
	CHECK_MEM(&got, &r, sizeof(r));
	CHECK_EQ(collateral_request_len(raw), 9);
	raw[8] = 0;
	CHECK_EQ(collateral_request_len(raw), 0);
	raw[8] = 4;
	CHECK_EQ(collateral_request_len(raw), 0);
	raw[8] = COLLATERAL_FOR_SGX;
	CHECK_EQ(collateral_request_len(raw), 9);
	raw[7] = 2;
	CHECK_EQ(collateral_request_len(raw), 0);
}

TEST(collateral_request_rejects_every_other_length)
{
	struct collateral_request r = snp_request(), got;
	struct wr w = wr_init(raw, sizeof(raw));

	collateral_request_write(&w, &r);
	for (size_t n = 0; n < w.len; n++)
		CHECK_ERR(collateral_request_parse(
			      &got, (struct bytes){ raw, n }, NULL),
		    ERR_TRUNCATED);
	CHECK_ERR(collateral_request_parse(
		      &got, (struct bytes){ raw, w.len + 1 }, NULL),
	    ERR_TRAILING);
	CHECK(mem_is_zero(&got, sizeof(got)));
	raw[8] = COLLATERAL_FOR_SGX;
	CHECK_ERR(
	    collateral_request_parse(&got, (struct bytes){ raw, 10 }, NULL),
	    ERR_TRAILING);
}

static enum err request_with(size_t at, uint8_t v)
{
	struct collateral_request r = snp_request(), got;
	struct wr w = wr_init(raw, sizeof(raw));
	struct err_ctx ctx = { 0 };
	enum err e;

	collateral_request_write(&w, &r);
	raw[at] = v;
	e = collateral_request_parse(&got, (struct bytes){ raw, w.len }, &ctx);
	CHECK((e == ERR_OK) == (ctx.msg[0] == 0));
	return e;
}

TEST(collateral_request_rejects_what_it_does_not_know)
{
	for (size_t i = 0; i < COLLATERAL_MAGIC_LEN; i++)
		CHECK_ERR(request_with(i, 0x7f), ERR_UNSUPPORTED);
	CHECK_ERR(request_with(8, 0), ERR_UNSUPPORTED);
	CHECK_ERR(request_with(8, 4), ERR_UNSUPPORTED);
	CHECK_ERR(request_with(9, 4), ERR_FORMAT);
	CHECK_ERR(request_with(10, 2), ERR_FORMAT);
	CHECK_OK(request_with(9, SNP_FAMILY_UNSTATED));
	CHECK_OK(request_with(10, SNP_KEY_VCEK));
}

TEST(collateral_head_says_how_much_follows)
{
	const struct collateral_head want = { .len = 7 };
	struct collateral_head got;
	struct wr w = wr_init(raw, sizeof(raw));

	collateral_head_write(&w, &want);
	CHECK_EQ(w.len, COLLATERAL_HEAD_LEN);
	CHECK_MEM(raw, "confcol\x01\0\0\0\0\0\0\0\x07", 16);
	for (size_t n = 0; n < w.len; n++)
		CHECK_ERR(
		    collateral_head_parse(&got, (struct bytes){ raw, n }, NULL),
		    ERR_TRUNCATED);
	CHECK_ERR(
	    collateral_head_parse(&got, (struct bytes){ raw, w.len + 1 }, NULL),
	    ERR_TRAILING);
	CHECK_OK(
	    collateral_head_parse(&got, (struct bytes){ raw, w.len }, NULL));
	CHECK_EQ(got.len, 7);
	CHECK_EQ(got.status, COLLATERAL_OK);
}

static enum err head_of(uint32_t status, uint32_t len)
{
	struct collateral_head h = { status, len }, got;
	struct wr w = wr_init(raw, sizeof(raw));

	collateral_head_write(&w, &h);
	return collateral_head_parse(&got, (struct bytes){ raw, w.len }, NULL);
}

TEST(collateral_head_rejects_what_does_not_go_together)
{
	struct collateral_head got;

	CHECK_ERR(head_of(0, 0), ERR_FORMAT);
	CHECK_ERR(head_of(2, 1), ERR_FORMAT);
	CHECK_OK(head_of(3, 0));
	CHECK_OK(head_of(0, COLLATERAL_LEN_MAX));
	CHECK_ERR(head_of(0, COLLATERAL_LEN_MAX + 1), ERR_LIMIT);
	CHECK_OK(head_of(0, 1));
	raw[7] = 2;
	CHECK_ERR(collateral_head_parse(
		      &got, (struct bytes){ raw, COLLATERAL_HEAD_LEN }, NULL),
	    ERR_UNSUPPORTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(collateral_is_laid_out_as_documented),
		cmocka_unit_test(
		    collateral_rejects_every_truncation_but_between_parts),
		cmocka_unit_test(
		    collateral_rejects_each_field_it_does_not_know),
		cmocka_unit_test(collateral_is_bounded_in_all),
		cmocka_unit_test(collateral_request_is_laid_out_as_documented),
		cmocka_unit_test(collateral_request_rejects_every_other_length),
		cmocka_unit_test(
		    collateral_request_rejects_what_it_does_not_know),
		cmocka_unit_test(collateral_head_says_how_much_follows),
		cmocka_unit_test(
		    collateral_head_rejects_what_does_not_go_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
