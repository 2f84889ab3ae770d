/*
 * URLs as far as we fetch them (RFC 3986, RFC 9110 section 4.2): http and
 * https, a host, perhaps a port, a path, perhaps a query. Strict, with one
 * spelling for the scheme; no user, no fragment, nothing is normalised.
 */
#ifndef CONFER_HTTP_URL_H
#define CONFER_HTTP_URL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/wr.h"

#define HTTP_URL_LEN_MAX   2048
#define HTTP_HOST_LEN_MAX  253 /* of a name in the DNS */
#define HTTP_LABEL_LEN_MAX 63

struct http_url {
	bool tls;          /* https */
	bool ipv6;         /* the host is an IPv6 address */
	bool ip;           /* the host is an IPv4 or IPv6 address */
	bool default_port; /* 80 or 443, as the scheme says */
	struct bytes host; /* without brackets */
	uint16_t port;
	struct bytes target; /* path and query: begins with "/" */
	bool query;          /* the target has a query */
};

/*
 * Parse the whole text. ERR_LIMIT, ERR_UNSUPPORTED for another scheme,
 * ERR_FORMAT naming what is wrong. *out borrows `text` (an empty path: static
 * "/") and is zero on failure. Whether groups of an IPv6 address are sound is
 * seen when it is dialled.
 */
enum err http_url_parse(struct http_url *out, struct bytes text,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/* Write the host as a Host field wants it: brackets, and the port if it is not
 * the scheme's. */
void http_url_write_host(struct wr *w, const struct http_url *url);

#endif
