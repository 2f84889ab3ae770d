/*
 * One exchange of serve.h without its socket: where a request ends, and what
 * goes back.
 */
#ifndef CONFER_HTTP_SERVE_ANSWER_H
#define CONFER_HTTP_SERVE_ANSWER_H

#include "http/serve.h"
#include "sys/exchange.h"

#define HTTP_SERVE_REQUEST_MAX  (HTTP_HEAD_LEN_MAX + HTTP_SERVE_BODY_MAX)
#define HTTP_SERVE_HEAD_LEN_MAX 512 /* of an answer: a few short fields */

/* Zero at first, and after http_serve_clear. */
struct http_serve_conn {
	size_t seen; /* of the request: no head ends in these bytes */
	uint8_t head[HTTP_SERVE_HEAD_LEN_MAX];
	struct http_reply reply;
};

/* exchange_ops.need for this request. */
size_t http_serve_need(struct http_serve_conn *c, struct bytes got);

/* Answer a request that is whole; *out borrows from *c. */
void http_serve_answer(struct http_serve_conn *c, struct exchange_answer *out,
    struct bytes request, http_serve_fn *fn, void *cookie);

/* The answer has gone: close what it had open. */
void http_serve_clear(struct http_serve_conn *c);

#endif
