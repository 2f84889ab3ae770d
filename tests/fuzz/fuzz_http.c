/* HTTP: a head and the body behind it. The first byte chooses the direction.
 * However the body is cut, its content and its verdict are the same. */
#include <assert.h>
#include <string.h>

#include "http/body.h"

#define BODY_MAX 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool inside(struct bytes part, struct bytes whole)
{
	return part.len == 0 ||
	       (part.p >= whole.p && part.p + part.len <= whole.p + whole.len);
}

static void check_head(const struct http_head *h, struct bytes in, bool request)
{
	uint8_t decoded[HTTP_VALUE_LEN_MAX];
	struct bytes v;
	size_t n;

	assert(inside(h->method, in) && inside(h->target, in));
	assert(inside(h->reason, in) && h->fields <= HTTP_FIELDS_MAX);
	assert(request == (h->status == 0) && request == (h->method.len > 0));
	assert(h->framing == HTTP_LENGTH || h->length == 0);
	for (size_t i = 0; i < h->fields; i++) {
		const struct http_field *f = &h->field[i];

		assert(f->name.len > 0 && inside(f->name, in));
		assert(inside(f->value, in));
		if (http_percent_decode(
			decoded, sizeof(decoded), &n, f->value) == ERR_OK)
			assert(n <= f->value.len);
	}
	if (http_field_get(h, "Transfer-Encoding", &v) == ERR_OK)
		assert(http_field_get(h, "Content-Length", &v) == ERR_NOTFOUND);
}

/* The content of a body that comes in pieces of `step` bytes. */
static enum err read_body(uint8_t *out, size_t *len, const struct http_head *h,
    struct bytes in, size_t step)
{
	struct http_body b;
	struct bytes piece, data;
	enum err e = http_body_init(&b, h, BODY_MAX, NULL);

	*len = 0;
	while (e == ERR_OK && in.len > 0 && !http_body_done(&b)) {
		piece = (struct bytes){ in.p, step < in.len ? step : in.len };
		in.p += piece.len;
		in.len -= piece.len;
		do {
			e = http_body_next(&b, &piece, &data, NULL);
			assert(*len + data.len <= BODY_MAX);
			mem_copy(out + *len, data.p, data.len);
			*len += data.len;
		} while (e == ERR_OK && data.len > 0);
	}
	return e == ERR_OK ? http_body_end(&b, NULL) : e;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t one[BODY_MAX], other[BODY_MAX];
	struct bytes in = { data + 1, size - 1 };
	struct err_ctx ctx = { 0 };
	struct http_head h;
	size_t seen = 0, len, n_one, n_other;
	bool request;
	enum err e;

	if (size == 0)
		return 0;
	request = (data[0] & 1) != 0;
	e = http_head_find(in, &seen, &len, &ctx);
	if (e != ERR_OK)
		len = in.len < HTTP_HEAD_LEN_MAX ? in.len : HTTP_HEAD_LEN_MAX;
	ctx = (struct err_ctx){ 0 };
	e = request
		? http_request_parse(&h, (struct bytes){ in.p, len }, &ctx)
		: http_response_parse(&h, (struct bytes){ in.p, len }, &ctx);
	if (e != ERR_OK) {
		assert(ctx.code == e && ctx.msg[0] != '\0');
		assert(mem_is_zero(&h, sizeof(h)));
		return 0;
	}
	check_head(&h, in, request);
	in.p += len;
	in.len -= len;
	e = read_body(one, &n_one, &h, in, 1 + data[0]);
	assert(read_body(other, &n_other, &h, in, 1) == e);
	/* A refused body may have given up earlier when it came at once. */
	if (e == ERR_OK)
		assert(n_one == n_other && memcmp(one, other, n_one) == 0);
	return 0;
}
