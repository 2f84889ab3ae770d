/* URLs: what parses can be put together again. */
#include <assert.h>
#include <string.h>

#include "http/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[HTTP_URL_LEN_MAX + 16];
	struct err_ctx ctx = { 0 };
	struct http_url u, again;
	struct wr w = wr_init(text, sizeof(text));
	enum err e = http_url_parse(&u, (struct bytes){ data, size }, &ctx);

	if (e != ERR_OK) {
		assert(ctx.code == e && ctx.msg[0] != '\0');
		assert(mem_is_zero(&u, sizeof(u)));
		return 0;
	}
	assert(u.host.len > 0 && u.port > 0 && u.target.p[0] == '/');
	wr_str(&w, u.tls ? "https://" : "http://");
	http_url_write_host(&w, &u);
	wr_bytes(&w, u.target);
	assert(w.err == ERR_OK);
	e = http_url_parse(&again, (struct bytes){ w.p, w.len }, NULL);
	assert(e == ERR_OK && again.port == u.port && again.tls == u.tls);
	assert(mem_eq(again.host, u.host) && mem_eq(again.target, u.target));
	return 0;
}
