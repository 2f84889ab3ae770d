/* See serve.h. */
#include "http/serve.h"

#include <stdlib.h>

#include "http/serve_answer.h"

struct http_serve {
	struct exchange *exchange;
	http_serve_fn *fn;
	void *cookie;
	struct http_serve_conn conn[HTTP_SERVE_CONNS_MAX];
};

static size_t need(void *cookie, size_t conn, struct bytes got)
{
	struct http_serve *s = cookie;

	return http_serve_need(&s->conn[conn], got);
}

static void answer(void *cookie, size_t conn, struct bytes request,
    struct exchange_answer *out)
{
	struct http_serve *s = cookie;

	http_serve_answer(&s->conn[conn], out, request, s->fn, s->cookie);
}

static void gone(void *cookie, size_t conn, enum err why)
{
	struct http_serve *s = cookie;

	(void)why;
	http_serve_clear(&s->conn[conn]);
}

enum err http_serve_start(struct http_serve **out, struct loop *loop,
    int listen_fd, http_serve_fn *fn, void *cookie)
{
	static const struct exchange_ops ops = { need, answer, gone };
	struct http_serve *s = calloc(1, sizeof(*s));
	const struct exchange_spec spec = { .conns = HTTP_SERVE_CONNS_MAX,
		.request_max = HTTP_SERVE_REQUEST_MAX,
		.time_ms = HTTP_SERVE_EXCHANGE_MS,
		.ops = &ops,
		.cookie = s };
	enum err e;

	*out = NULL;
	if (s == NULL)
		return ERR_NOMEM;
	s->fn = fn;
	s->cookie = cookie;
	e = exchange_start(&s->exchange, loop, listen_fd, &spec);
	if (e == ERR_OK)
		*out = s;
	else
		free(s);
	return e;
}

void http_serve_stop(struct http_serve *s)
{
	if (s == NULL)
		return;
	exchange_stop(s->exchange);
	free(s);
}

size_t http_serve_open(const struct http_serve *s)
{
	return exchange_open(s->exchange);
}
