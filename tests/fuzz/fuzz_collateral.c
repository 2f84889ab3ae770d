/* Containers, requests and answer heads of collateral: one spelling each. */
#include <assert.h>
#include <string.h>

#include "attest/collateral.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t buf[COLLATERAL_LEN_MAX];

static void container(struct bytes in)
{
	struct err_ctx ctx = { 0 };
	struct collateral c;
	struct wr w = wr_init(buf, sizeof(buf));
	enum err e = collateral_parse(&c, in, &ctx);

	if (e != ERR_OK) {
		assert(ctx.code == e && ctx.msg[0] != '\0');
		assert(mem_is_zero(&c, sizeof(c)));
		return;
	}
	e = collateral_write(&w, &c);
	assert(e == ERR_OK && w.len == in.len);
	assert(memcmp(buf, in.p, in.len) == 0);
}

static void request(struct bytes in)
{
	struct collateral_request r;
	struct wr w = wr_init(buf, sizeof(buf));

	if (collateral_request_parse(&r, in, NULL) != ERR_OK) {
		assert(mem_is_zero(&r, sizeof(r)));
		return;
	}
	assert(in.len == collateral_request_len(in.p));
	collateral_request_write(&w, &r);
	assert(w.err == ERR_OK && w.len == in.len);
	assert(memcmp(buf, in.p, in.len) == 0);
}

static void head(struct bytes in)
{
	struct collateral_head h;

	if (collateral_head_parse(&h, in, NULL) != ERR_OK)
		return;
	assert(h.len <= COLLATERAL_LEN_MAX);
	assert((h.status == COLLATERAL_OK) == (h.len > 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = { data, size };

	container(in);
	request(in);
	head(in);
	return 0;
}
