/*
 * See serve_answer.h. Whatever cannot become a request ends its reading at
 * once, and the answer finds out again why: nothing is remembered in between.
 */
#include "http/serve_answer.h"

#include "base/assert.h"
#include "base/wr.h"

#define TEXT "text/plain; charset=utf-8"

const char *http_reason(unsigned status)
{
	static const struct {
		unsigned status;
		const char *reason;
	} reasons[] = {
		{ 200, "OK" },
		{ 400, "Bad Request" },
		{ 403, "Forbidden" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 409, "Conflict" },
		{ 413, "Content Too Large" },
		{ 417, "Expectation Failed" },
		{ 422, "Unprocessable Content" },
		{ 431, "Request Header Fields Too Large" },
		{ 500, "Internal Server Error" },
		{ 501, "Not Implemented" },
		{ 503, "Service Unavailable" },
		{ 505, "HTTP Version Not Supported" },
	};

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (reasons[i].status == status)
			return reasons[i].reason;
	}
	return "";
}

/* ---- the request ---------------------------------------------------------- */

static bool ends_with(struct bytes line, const char *end)
{
	const size_t n = mem_strlen(end);

	return line.len >= n &&
	       mem_eq_str((struct bytes){ line.p + line.len - n, n }, end);
}

/* Does this request line end in a version that we speak? */
static bool knows_version(struct bytes head)
{
	struct bytes line = { head.p, 0 };

	while (line.len < head.len && line.p[line.len] != '\r')
		line.len++;
	return ends_with(line, " HTTP/1.1") || ends_with(line, " HTTP/1.0");
}

/* The status that says why this is no head. [L-191] */
static unsigned refusal(enum err e, struct bytes head)
{
	if (e == ERR_LIMIT)
		return 431;
	if (e == ERR_UNSUPPORTED)
		return knows_version(head) ? 501 : 505;
	return 400;
}

static bool is_known(struct bytes method)
{
	return mem_eq_str(method, "GET") || mem_eq_str(method, "HEAD") ||
	       mem_eq_str(method, "POST");
}

/* The status that says why we do not want this request; 0: we do. [L-191] */
static unsigned judge(const struct http_head *h)
{
	struct bytes v;

	if (!is_known(h->method) || h->framing == HTTP_CHUNKED)
		return 501;
	if (h->framing == HTTP_LENGTH && h->length > HTTP_SERVE_BODY_MAX)
		return 413;
	/* We never say "100 Continue". To HTTP/1.0 the field means nothing. */
	if (h->minor > 0 && http_field_get(h, "Expect", &v) != ERR_NOTFOUND)
		return 417;
	return 0;
}

/*
 * The head of a request, *len bytes. 0: it is wanted; ERR_AGAIN in *e: there is
 * no whole head yet; else the status that refuses it.
 */
static unsigned take_head(struct http_head *h, size_t *len, enum err *e,
    struct bytes got, size_t *seen)
{
	memset(h, 0, sizeof(*h));
	*e = http_head_find(got, seen, len, NULL);
	if (*e == ERR_AGAIN)
		return 0;
	if (*e == ERR_OK)
		*e = http_request_parse(h, (struct bytes){ got.p, *len }, NULL);
	return *e == ERR_OK ? judge(h) : refusal(*e, got);
}

size_t http_serve_need(struct http_serve_conn *c, struct bytes got)
{
	struct http_head h;
	size_t len;
	enum err e;
	const unsigned status = take_head(&h, &len, &e, got, &c->seen);

	if (e == ERR_AGAIN)
		return HTTP_SERVE_REQUEST_MAX;
	return status != 0 ? got.len : len + (size_t)h.length;
}

/* ---- the answer ----------------------------------------------------------- */

static void write_field(struct wr *w, const char *name, const char *value)
{
	if (value == NULL)
		return;
	assert(mem_strlen(value) <= HTTP_SERVE_FIELD_MAX);
	wr_fmt(w, "%s: %s\r\n", name, value);
}

/* What the reply leaves open. */
static void complete(struct http_reply *r)
{
	struct wr w = wr_init(r->small, sizeof(r->small));

	if (r->status == 0)
		r->status = 500;
	if (r->status < 400)
		return;
	/* A tile that is missing now must not be missing from a cache later. */
	if (r->cache == NULL)
		r->cache = "no-store";
	if (r->small_len > 0 || r->file.p != NULL)
		return;
	r->type = TEXT;
	wr_fmt(&w, "%s\n", http_reason(r->status));
	r->small_len = w.len;
}

/* [L-192] */
static struct bytes write_head(
    struct http_serve_conn *c, const struct http_reply *r, size_t len)
{
	struct wr w = wr_init(c->head, sizeof(c->head));
	size_t n;
	enum err e;

	wr_fmt(&w, "HTTP/1.1 %u %s\r\n", r->status, http_reason(r->status));
	write_field(&w, "Content-Type", r->type != NULL ? r->type : TEXT);
	wr_fmt(&w, "Content-Length: %zu\r\n", len);
	write_field(&w, "Cache-Control", r->cache);
	write_field(&w, "Allow", r->allow);
	wr_str(&w, "X-Content-Type-Options: nosniff\r\n"
		   "Connection: close\r\n\r\n");
	e = wr_end(&w, &n);
	assert(e == ERR_OK);
	return (struct bytes){ c->head, n };
}

void http_serve_answer(struct http_serve_conn *c, struct exchange_answer *out,
    struct bytes request, http_serve_fn *fn, void *cookie)
{
	struct http_reply *r = &c->reply;
	struct http_head h;
	struct bytes body;
	size_t len, seen = 0;
	enum err e;

	memset(r, 0, sizeof(*r));
	r->status = take_head(&h, &len, &e, request, &seen);
	if (r->status == 0) {
		assert(e == ERR_OK && request.len - len >= h.length);
		fn(cookie, r, &h,
		    (struct bytes){ request.p + len, (size_t)h.length });
	}
	complete(r);
	body = (struct bytes){ r->small, r->small_len };
	if (r->file.p != NULL)
		body = (struct bytes){ r->file.p, r->file.len };
	out->part[0] = write_head(c, r, body.len);
	if (!mem_eq_str(h.method, "HEAD"))
		out->part[1] = body;
}

void http_serve_clear(struct http_serve_conn *c)
{
	fd_map_close(&c->reply.file);
	c->seen = 0;
}
