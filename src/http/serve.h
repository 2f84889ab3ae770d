/*
 * A small HTTP/1.1 server for public files and short requests: one request per
 * connection (every answer says `Connection: close`), from a fixed table of
 * connections, each with a deadline. On the event loop of sys/loop.h, over the
 * one-exchange server of sys/exchange.h. No TLS: a proxy in front has that.
 *
 * Bodies of requests come with a Content-Length; ranges, conditions and the
 * answer's form are not negotiated. L-190..L-192 of docs/log.md.
 */
#ifndef CONFER_HTTP_SERVE_H
#define CONFER_HTTP_SERVE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "http/http.h"
#include "sys/fd.h"
#include "sys/loop.h"

#define HTTP_SERVE_CONNS_MAX   64
#define HTTP_SERVE_EXCHANGE_MS 10000       /* from accept to the last byte */
#define HTTP_SERVE_BODY_MAX    (64 * 1024) /* of a request */
#define HTTP_SERVE_SMALL_MAX   (32 * 1024) /* an answer that is no file */
#define HTTP_SERVE_FIELD_MAX   64          /* type, cache, allow */

/*
 * What to answer; all zero at first, and status 0 stays a 500. Either `small`
 * or `file`; a status of 400 or more with neither says its reason phrase.
 * Strings are static, of at most HTTP_SERVE_FIELD_MAX bytes.
 */
struct http_reply {
	unsigned status;   /* one that http_reason() knows */
	const char *type;  /* Content-Type; NULL: text/plain, UTF-8 */
	const char *cache; /* Cache-Control; NULL: no-store for errors */
	const char *allow; /* Allow, with 405; or NULL */
	uint8_t small[HTTP_SERVE_SMALL_MAX];
	size_t small_len;
	struct fd_map file; /* is closed when it has been sent */
};

/*
 * Answer one request that is whole: its head was parsed, its body is all there;
 * both are borrowed until this returns. The method is GET, HEAD or POST. For
 * HEAD the reply is made as for GET, and its body is not sent. Requests that
 * are not HTTP, too long or of another kind are answered (400, 413, 417, 431,
 * 501, 505) without asking.
 */
typedef void http_serve_fn(void *cookie, struct http_reply *reply,
    const struct http_head *head, struct bytes body);

struct http_serve;

/*
 * Answer on listen_fd (the caller's, non-blocking) until http_serve_stop.
 * ERR_NOMEM, ERR_IO; *out is NULL then. About 7 MB.
 */
enum err http_serve_start(struct http_serve **out, struct loop *loop,
    int listen_fd, http_serve_fn *fn, void *cookie)
    __attribute__((warn_unused_result));
void http_serve_stop(struct http_serve *s); /* NULL is legal */

/* Connections at this moment. */
size_t http_serve_open(const struct http_serve *s);

/* "Not Found": the reason phrase of a status we use; "" of others. */
const char *http_reason(unsigned status);

#endif
