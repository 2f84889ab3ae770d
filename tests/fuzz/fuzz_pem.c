/*
 * PEM: the cursor only moves on, what is decoded fits, and a block written from
 * the decoded bytes decodes to the same.
 */
#include <assert.h>
#include <string.h>

#include "attest/x509.h"
#include "base/hex.h"
#include "base/wr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void again(const uint8_t *der, size_t len)
{
	static char base64[BASE64_LEN(X509_CERT_LEN_MAX) + 1];
	static uint8_t text[2 * sizeof(base64)], out[X509_CERT_LEN_MAX];
	struct wr w = wr_init(text, sizeof(text));
	struct bytes in;
	size_t n;

	base64_encode(base64, der, len);
	wr_str(&w, "-----BEGIN CERTIFICATE-----\n");
	for (size_t i = 0; i < BASE64_LEN(len); i += 64) {
		size_t line = BASE64_LEN(len) - i;

		wr_copy(&w, base64 + i, line < 64 ? line : 64);
		wr_str(&w, "\n");
	}
	wr_str(&w, "-----END CERTIFICATE-----\n");
	assert(w.err == ERR_OK);
	in = (struct bytes){ text, w.len };
	assert(x509_pem_next(&in, out, sizeof(out), &n, "pem", NULL) == ERR_OK);
	assert(n == len && memcmp(out, der, len) == 0);
	assert(x509_pem_end(in, "pem", NULL) == ERR_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t der[X509_CERT_LEN_MAX];
	struct bytes in = { data, size };
	struct err_ctx ctx = { 0 };
	enum err e;

	for (;;) {
		const uint8_t *before = in.p;
		size_t len;

		e = x509_pem_next(&in, der, sizeof(der), &len, "pem", &ctx);
		if (e != ERR_OK) {
			assert(ctx.code == e && ctx.msg[0] != '\0');
			assert(in.p == before && len == 0);
			break;
		}
		assert(in.p > before && in.p + in.len == data + size);
		assert(len <= sizeof(der));
		again(der, len);
	}
	if (x509_pem_end(in, "pem", NULL) == ERR_OK)
		assert(e == ERR_TRUNCATED);
	return 0;
}
