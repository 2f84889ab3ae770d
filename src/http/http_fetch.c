/* See http_fetch.h. */
#include "http/http_fetch.h"

#include "base/assert.h"
#include "http/body.h"
#include "http/dial.h"
#include "http/tls.h"
#include "http/url.h"
#include "sys/addr.h"
#include "sys/clock.h"
#include "sys/fd.h"

#define REQUEST_LEN_MAX                                                        \
	(HTTP_URL_LEN_MAX + HTTP_HOST_LEN_MAX + HTTP_TYPE_LEN_MAX + 192)
#define PIECE_LEN      4096 /* of the body, read at once */
#define WHERE_SHOWN    60   /* of whom we talk to, in messages */
#define LOCATION_SHOWN 80

/* The connection: plain, or TLS over it. */
struct wire {
	int fd;
	struct http_tls *tls; /* NULL: plain */
	uint64_t deadline_ms;
};

static enum err wire_write(const struct wire *w, const void *p, size_t n)
{
	return w->tls != NULL ? http_tls_write(w->tls, p, n, w->deadline_ms)
			      : fd_write_full(w->fd, p, n, w->deadline_ms);
}

/* Some bytes. ERR_CLOSED: the end, ERR_TRUNCATED: TLS says that it is none. */
static enum err wire_read(
    const struct wire *w, void *out, size_t cap, size_t *n)
{
	enum err e;

	*n = 0;
	if (w->tls != NULL)
		return http_tls_read(w->tls, out, cap, n, w->deadline_ms);
	do {
		e = fd_wait(w->fd, false, w->deadline_ms);
		if (e == ERR_OK)
			e = fd_read_some(w->fd, out, cap, n);
	} while (e == ERR_AGAIN);
	return e;
}

static void wire_close(struct wire *w)
{
	http_tls_close(w->tls);
	w->tls = NULL;
	fd_close(&w->fd);
}

static enum err send_request(const struct wire *w, const struct http_url *url,
    const struct http_fetch *what)
{
	const bool post = what->post.p != NULL;
	const char *type = what->type != NULL ? what->type : "text/plain";
	uint8_t request[REQUEST_LEN_MAX];
	struct wr out = wr_init(request, sizeof(request));
	size_t n;
	enum err e;

	assert(mem_strlen(type) <= HTTP_TYPE_LEN_MAX);
	wr_str(&out, post ? "POST " : "GET ");
	wr_bytes(&out, url->target);
	wr_str(&out, " HTTP/1.1\r\nHost: ");
	http_url_write_host(&out, url);
	wr_str(&out, "\r\nUser-Agent: confer\r\nAccept: */*\r\n");
	if (post)
		wr_fmt(&out, "Content-Type: %s\r\nContent-Length: %zu\r\n",
		    type, what->post.len);
	wr_str(&out, "Connection: close\r\n\r\n");
	e = wr_end(&out, &n);
	if (e == ERR_OK)
		e = wire_write(w, request, n);
	if (e == ERR_OK && what->post.len > 0)
		e = wire_write(w, what->post.p, what->post.len);
	return e;
}

/* Does it begin as an answer does? Seen before a whole head is there. */
static bool begins(const uint8_t *p, size_t n)
{
	static const struct bytes start = BYTES_LITERAL("HTTP/1.");

	n = n < start.len ? n : start.len;
	return mem_eq((struct bytes){ p, n }, (struct bytes){ start.p, n });
}

/* Some bytes more for the head. *have is below HTTP_HEAD_LEN_MAX. */
static enum err read_more(
    const struct wire *w, struct http_answer *out, size_t *have)
{
	size_t n;
	enum err e =
	    wire_read(w, out->raw + *have, sizeof(out->raw) - *have, &n);

	*have += n;
	return e;
}

/* The head, of an answer that is no interim one: *len of the *have bytes in
 * out->raw. Those behind it belong to the body. */
static enum err read_head(const struct wire *w, struct http_answer *out,
    size_t *have, size_t *len, struct err_ctx *ctx)
{
	unsigned interim = 0;
	size_t seen = 0;
	enum err e = read_more(w, out, have);

	while (e == ERR_OK) {
		if (!begins(out->raw, *have))
			return err_set(
			    ctx, ERR_FORMAT, "what answers is not HTTP/1");
		e = http_head_find(
		    (struct bytes){ out->raw, *have }, &seen, len, ctx);
		if (e == ERR_AGAIN) {
			e = read_more(w, out, have);
			continue;
		}
		if (e == ERR_OK)
			e = http_response_parse(
			    &out->head, (struct bytes){ out->raw, *len }, ctx);
		if (e != ERR_OK || out->head.status >= 200)
			return e;
		if (++interim > HTTP_INTERIM_MAX)
			return err_set(ctx, ERR_LIMIT,
			    "more than %d interim answers", HTTP_INTERIM_MAX);
		*have -= *len;
		memmove(out->raw, out->raw + *len, *have);
		seen = 0;
	}
	return e;
}

/* Move what `in` holds of the body to `room`, as large as b lets it become. */
static enum err take_body(
    struct http_body *b, struct bytes in, struct wr *room, struct err_ctx *ctx)
{
	struct bytes data;
	enum err e;

	do {
		e = http_body_next(b, &in, &data, ctx);
		wr_bytes(room, data);
	} while (e == ERR_OK && data.len > 0);
	return e;
}

static enum err read_body(const struct wire *w, struct http_body *b,
    struct bytes begun, struct wr *room, struct err_ctx *ctx)
{
	uint8_t piece[PIECE_LEN];
	enum err e = take_body(b, begun, room, ctx);

	while (e == ERR_OK && !http_body_done(b)) {
		size_t n;

		e = wire_read(w, piece, sizeof(piece), &n);
		if (e == ERR_CLOSED)
			return http_body_end(b, ctx);
		if (e == ERR_OK)
			e = take_body(b, (struct bytes){ piece, n }, room, ctx);
	}
	return e;
}

/* Of text that a server chose, what is plain and not too long. */
static void show(char out[LOCATION_SHOWN + 1], struct bytes text)
{
	size_t n = 0;

	for (; n < text.len && n < LOCATION_SHOWN; n++)
		out[n] = text.p[n] < 0x7f ? (char)text.p[n] : '?';
	out[n] = '\0';
}

/* A redirect is refused, and says where to. */
static enum err check_status(const struct http_head *head, struct err_ctx *ctx)
{
	char where[LOCATION_SHOWN + 1] = "nowhere";
	struct bytes v;

	if (head->status < 300 || head->status > 399)
		return ERR_OK;
	if (http_field_get(head, "Location", &v) == ERR_OK)
		show(where, v);
	return err_set(
	    ctx, ERR_PROTOCOL, "it redirects (%u) to %s", head->status, where);
}

static enum err check_coding(const struct http_head *head, struct err_ctx *ctx)
{
	struct bytes v;
	const enum err e = http_field_get(head, "Content-Encoding", &v);

	if (e == ERR_NOTFOUND || (e == ERR_OK && http_name_is(v, "identity")))
		return ERR_OK;
	return err_set(ctx, ERR_UNSUPPORTED,
	    "its answer is compressed, which nobody asked for");
}

static enum err read_answer(const struct wire *w, struct http_answer *out,
    struct wr *room, bool only_200, struct err_ctx *ctx)
{
	size_t have = 0, len = 0;
	struct http_body b;
	enum err e = read_head(w, out, &have, &len, ctx);

	if (e == ERR_OK)
		e = check_status(&out->head, ctx);
	if (e == ERR_OK && only_200 && out->head.status != 200)
		return ERR_OK;
	if (e == ERR_OK)
		e = check_coding(&out->head, ctx);
	if (e == ERR_OK)
		e = http_body_init(&b, &out->head, room->cap, ctx);
	if (e == ERR_OK)
		e = read_body(w, &b,
		    (struct bytes){ out->raw + len, have - len }, room, ctx);
	out->body_len = room->len;
	return e;
}

static const char *plainly(enum err e)
{
	if (e == ERR_TIMEOUT)
		return "no whole answer in time";
	if (e == ERR_CLOSED || e == ERR_TRUNCATED)
		return "it ended the connection before its answer was whole";
	return e == ERR_PROTOCOL ? "it broke the TLS protocol" : err_name(e);
}

/* Connect to what->via, which stands in for the host of the URL. */
static enum err dial_via(int *fd, const struct http_fetch *what,
    const struct http_url *url, struct err_ctx *ctx)
{
	const uint64_t now = clock_mono_ms();
	struct addr a;
	enum err e = addr_parse(&a, what->via, ctx);

	if (e != ERR_OK)
		return e;
	if (a.kind != ADDR_UNIX)
		return err_set(ctx, ERR_FORMAT, "%s is not unix:PATH", a.text);
	if (url->tls)
		return err_set(
		    ctx, ERR_FORMAT, "%s is for http, not for https", a.text);
	if (now >= what->deadline_ms)
		return err_set(ctx, ERR_TIMEOUT, "no time is left");
	return addr_connect(fd, &a, (unsigned)(what->deadline_ms - now), ctx);
}

/* Name and connection; TLS over it. */
static enum err open_wire(struct wire *w, const struct http_fetch *what,
    const struct http_url *url, struct err_ctx *ctx)
{
	enum err e;

	if (what->via != NULL)
		return dial_via(&w->fd, what, url, ctx);
	e = http_dial(&w->fd, url, what->deadline_ms, ctx);
	if (e == ERR_OK && url->tls)
		e = http_tls_open(
		    &w->tls, w->fd, url, what->ca_file, what->deadline_ms, ctx);
	return e;
}

/* What failed once there was a connection, with whom it was. */
static enum err name_it(struct err_ctx *ctx, enum err e, const char *why,
    const struct http_fetch *what, const struct http_url *url)
{
	struct bytes who = url->host;

	if (what->via != NULL)
		who = (struct bytes){ (const uint8_t *)what->via,
			mem_strlen(what->via) };
	return err_set(ctx, e, "%.*s: %s",
	    who.len < WHERE_SHOWN ? (int)who.len : WHERE_SHOWN,
	    (const char *)who.p, why[0] != '\0' ? why : plainly(e));
}

enum err http_fetch(struct http_answer *out, uint8_t *body, size_t cap,
    const struct http_fetch *what, struct err_ctx *ctx)
{
	struct wire w = { .fd = -1, .deadline_ms = what->deadline_ms };
	const struct bytes text = { (const uint8_t *)what->url,
		mem_strlen(what->url) };
	struct wr room = wr_init(body, cap);
	struct err_ctx why = { 0 };
	struct http_url url;
	enum err e = http_url_parse(&url, text, ctx);

	memset(out, 0, sizeof(*out));
	if (e == ERR_OK)
		e = open_wire(&w, what, &url, ctx);
	if (e == ERR_OK) {
		e = send_request(&w, &url, what);
		/* Who has heard enough may answer and close early. */
		if (e == ERR_OK || e == ERR_CLOSED)
			e = read_answer(&w, out, &room, what->only_200, &why);
		if (e != ERR_OK)
			e = name_it(ctx, e, why.msg, what, &url);
	}
	wire_close(&w);
	if (e != ERR_OK)
		memset(out, 0, sizeof(*out));
	return e;
}

bool http_unreachable(enum err e)
{
	return e == ERR_NOTFOUND || e == ERR_TIMEOUT || e == ERR_CLOSED ||
	       e == ERR_TRUNCATED || e == ERR_IO || e == ERR_BUSY;
}
