/*
 * One GET or POST, blocking, with one deadline for everything: name,
 * connection, TLS, head and body. Nothing is kept between two calls, no
 * redirect is followed, no cookie, proxy or compression exists.
 */
#ifndef CONFER_HTTP_HTTP_FETCH_H
#define CONFER_HTTP_HTTP_FETCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "http/http.h"

#define HTTP_INTERIM_MAX  4  /* 1xx answers before the real one */
#define HTTP_TYPE_LEN_MAX 64 /* of a Content-Type that we send */

struct http_fetch {
	const char *url;      /* http or https, see url.h */
	const char *via;      /* unix:PATH: connect there, and not to the URL's
				 host; http only; or NULL */
	const char *ca_file;  /* PEM roots instead of the system's; or NULL */
	struct bytes post;    /* the body of a POST; p NULL: a GET */
	const char *type;     /* its Content-Type; NULL: text/plain */
	bool only_200;        /* leave the body of any other answer unread */
	uint64_t deadline_ms; /* of clock_mono_ms() */
};

/* An answer. Its head borrows from it, so it is not to be copied. */
struct http_answer {
	struct http_head head;
	size_t body_len;
	uint8_t raw[HTTP_HEAD_LEN_MAX]; /* the bytes of the head */
};

/*
 * Fetch what->url; the answer's body goes to `body`, at most cap bytes. ERR_OK:
 * there is a whole answer, whatever its status says but 3xx, which is
 * ERR_PROTOCOL naming the Location. ERR_NOTFOUND: no such host, or nothing
 * listens there; ERR_TIMEOUT; ERR_CLOSED and ERR_TRUNCATED: it ended too early;
 * ERR_AUTH: its certificate; ERR_LIMIT: too long; ERR_FORMAT, ERR_UNSUPPORTED,
 * ERR_PROTOCOL: not HTTP as we read it, or ca_file holds no roots; ERR_FORMAT
 * too for a `via` that is no unix:PATH, or beside https; ERR_IO, ERR_NOMEM.
 * ctx holds one sentence that names the host, or `via`.
 */
enum err http_fetch(struct http_answer *out, uint8_t *body, size_t cap,
    const struct http_fetch *what, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/* Is this failure one of reaching the host, and not of what it said? */
bool http_unreachable(enum err e);

#endif
