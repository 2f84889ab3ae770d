/* Revocation lists: what is counted can be walked, and slices lie inside. */
#include <assert.h>

#include "attest/der.h"
#include "attest/x509.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inside(struct bytes part, struct bytes whole)
{
	assert(part.len == 0 ||
	       (part.p >= whole.p && part.p + part.len <= whole.p + whole.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = { data, size };
	struct err_ctx ctx = { 0 };
	struct x509_crl c;
	struct rd list;
	size_t n = 0;
	enum err e = x509_crl_parse(&c, in, "list", &ctx);

	if (e != ERR_OK) {
		assert(ctx.code == e && ctx.msg[0] != '\0');
		assert(mem_is_zero(&c, sizeof(c)));
		return 0;
	}
	inside(c.tbs, in);
	inside(c.issuer, c.tbs);
	inside(c.issuer_cn, c.issuer);
	inside(c.revoked, c.tbs);
	inside(c.sig, in);
	list = rd_bytes_init(c.revoked);
	for (; rd_left(&list) > 0; n++) {
		struct rd entry = der_enter(&list, DER_SEQUENCE);
		struct bytes serial = der_unsigned(&entry);

		assert(entry.err == ERR_OK);
		assert(serial.len <= X509_SERIAL_LEN_MAX);
		/* The search is quadratic here: some are enough. */
		assert(n > 64 || x509_crl_has(&c, serial));
	}
	assert(n == c.n_revoked);
	assert(!x509_crl_has(&c, (struct bytes){ NULL, 0 }));
	if (x509_crl_check_time(&c, c.this_update, "list", NULL) == ERR_OK)
		assert(c.this_update < c.next_update);
	return 0;
}
