/* The HTTP server without its socket: however a request is cut, it ends in the
 * same place and gets the same answer, which is one that we would read. The
 * first byte says into pieces of how many bytes it is cut. */
#include <assert.h>
#include <string.h>

#include "http/serve_answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A site that says back what it was told. */
static void on_request(void *cookie, struct http_reply *reply,
    const struct http_head *head, struct bytes body)
{
	const struct bytes *request = cookie;

	assert(head->status == 0 && head->target.p[0] == '/');
	assert(body.len == head->length && body.len <= HTTP_SERVE_BODY_MAX);
	assert(body.len == 0 ||
	       (body.p > request->p &&
		   body.p + body.len <= request->p + request->len));
	reply->status = body.len % 2 == 0 ? 200 : 409;
	reply->small_len =
	    body.len < sizeof(reply->small) ? body.len : sizeof(reply->small);
	mem_copy(reply->small, body.p, reply->small_len);
}

/* How much of `in` is read before the request is whole; 0: it never is. */
static size_t find_end(struct http_serve_conn *c, struct bytes in, size_t step)
{
	struct bytes got = { in.p, 0 };

	for (;;) {
		size_t need = http_serve_need(c, got);

		assert(need <= HTTP_SERVE_REQUEST_MAX);
		if (need <= got.len)
			return got.len;
		if (got.len == in.len)
			return 0;
		need = need - got.len < step ? need : got.len + step;
		got.len = need < in.len ? need : in.len;
	}
}

static void check_answer(const struct exchange_answer *a, struct bytes request)
{
	struct http_head h;
	const bool head = request.len > 5 && memcmp(request.p, "HEAD ", 5) == 0;

	assert(http_response_parse(&h, a->part[0], NULL) == ERR_OK);
	assert(!h.keep_alive && h.framing == HTTP_LENGTH);
	assert(http_field_has(&h, "X-Content-Type-Options", "nosniff"));
	assert(http_reason(h.status)[0] != '\0');
	assert(a->part[1].len == h.length || (head && a->part[1].len == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct http_serve_conn one, other;
	struct bytes in = { data + 1, size - 1 }, request;
	struct exchange_answer a = { 0 }, b = { 0 };
	size_t n, at_once;

	if (size == 0)
		return 0;
	http_serve_clear(&one);
	http_serve_clear(&other);
	n = find_end(&one, in, 1);
	at_once = find_end(&other, in, 1 + (size_t)data[0] * 64);
	assert((n == 0) == (at_once == 0) && n <= at_once);
	if (n == 0)
		return 0;
	request = (struct bytes){ in.p, n };
	http_serve_answer(&one, &a, request, on_request, &request);
	check_answer(&a, request);
	request.len = at_once;
	http_serve_answer(&other, &b, request, on_request, &request);
	assert(mem_eq(a.part[0], b.part[0]) && mem_eq(a.part[1], b.part[1]));
	return 0;
}
