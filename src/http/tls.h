/*
 * TLS of a client over a connected socket: version 1.2 or later, the server's
 * name and certificate verified against the system's trust store or a file of
 * roots. By OpenSSL; tls_openssl.c is the only file that knows.
 *
 * What is fetched this way protects no secret, and nothing that arrives is
 * believed because of it: collateral is signed by its vendor and judged again
 * by whoever uses it. TLS keeps others from seeing which chip is asked about
 * and from feeding us old or broken answers, so it is verified all the same.
 */
#ifndef CONFER_HTTP_TLS_H
#define CONFER_HTTP_TLS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "http/url.h"

struct http_tls;

/*
 * Shake hands over the non-blocking socket fd, which stays the caller's and
 * open. ca_file: PEM roots to trust instead of the system's; NULL: those.
 * deadline_ms of clock_mono_ms(). ERR_AUTH: the certificate is not trusted or
 * of another name; ERR_TIMEOUT; ERR_CLOSED; ERR_PROTOCOL; ERR_FORMAT: ca_file
 * holds no roots; ERR_NOMEM. ctx holds one sentence. *out is NULL on failure.
 */
enum err http_tls_open(struct http_tls **out, int fd,
    const struct http_url *url, const char *ca_file, uint64_t deadline_ms,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

/*
 * Read some bytes, waiting for them. ERR_CLOSED: the peer said that it ends;
 * ERR_TRUNCATED: the stream ended without that; ERR_TIMEOUT, ERR_PROTOCOL.
 */
enum err http_tls_read(struct http_tls *t, void *out, size_t cap, size_t *n,
    uint64_t deadline_ms) __attribute__((warn_unused_result));

/* Write all n bytes. ERR_CLOSED, ERR_TIMEOUT, ERR_PROTOCOL. */
enum err http_tls_write(struct http_tls *t, const void *p, size_t n,
    uint64_t deadline_ms) __attribute__((warn_unused_result));

/* Say goodbye if that needs no waiting, and free it. NULL is legal. */
void http_tls_close(struct http_tls *t);

#endif
