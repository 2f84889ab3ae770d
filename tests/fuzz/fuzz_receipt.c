/* Receipts, their accounts and statements: what parses has one spelling, stays
 * inside its file, and is worth nothing without evidence. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/receipt_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_statement(struct bytes in)
{
	uint8_t buf[RECEIPT_STATEMENT_LEN_MAX];
	struct wr w = wr_init(buf, sizeof(buf));
	struct receipt_statement s;
	struct err_ctx ctx = { 0 };

	if (receipt_statement_parse(&s, in, &ctx) != ERR_OK) {
		assert(ctx.msg[0] != '\0');
		return;
	}
	receipt_statement_write(&w, &s);
	assert(w.err == ERR_OK && w.len == in.len);
	assert(memcmp(buf, in.p, in.len) == 0);
}

static void check_account(struct bytes in)
{
	static uint8_t buf[RECEIPT_ACCOUNT_LEN_MAX];
	struct wr w = wr_init(buf, sizeof(buf));
	struct receipt_check_line line;
	struct receipt_account a;
	size_t n = 0;

	if (receipt_account_parse(&a, in, NULL) != ERR_OK)
		return;
	receipt_account_write(&w, &a);
	wr_bytes(&w, a.checks);
	assert(w.err == ERR_OK && w.len == in.len);
	assert(memcmp(buf, in.p, in.len) == 0);
	while (receipt_account_next(&a.checks, &line))
		n++;
	assert(n == a.checks_n && a.checks.len == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct bytes in = { data, size };
	static struct verdict v;
	static struct receipt_check c;
	struct err_ctx ctx = { 0 };
	struct receipt r;
	struct wr w;
	uint8_t *buf;

	check_statement(in);
	check_account(in);
	if (receipt_parse(&r, in, &ctx) != ERR_OK) {
		assert(ctx.msg[0] != '\0');
		assert(mem_is_zero(&r, sizeof(r)));
		return 0;
	}
	check_account(r.account_text);
	check_statement(r.statement);
	buf = malloc(size);
	w = wr_init(buf, size);
	receipt_write(&w, &r);
	assert(w.err == ERR_OK && w.len == size);
	assert(memcmp(buf, data, size) == 0);
	free(buf);
	/* Without a signature that verifies, nothing is ever accepted. */
	v.accepted = true;
	v.claims.binding.has_receipt_key = true;
	assert(receipt_check(&c, &r, &v, NULL) != ERR_OK || !c.present);
	assert(!c.accepted && !c.answer_shown && !c.request_shown);
	return 0;
}
