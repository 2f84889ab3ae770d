/*
 * Connecting to a host by name, within a deadline. The resolver has no deadline
 * of its own, so it runs in a thread that is left behind when time is up.
 */
#ifndef CONFER_HTTP_DIAL_H
#define CONFER_HTTP_DIAL_H

#include <stdint.h>

#include "base/err.h"
#include "http/url.h"

/*
 * Connect to the host and port of `url` before the moment deadline_ms of
 * clock_mono_ms(); its addresses are tried in turn and share the time. The
 * socket is non-blocking. ERR_NOTFOUND: no such host, or nothing listens there;
 * ERR_TIMEOUT; ERR_IO; ERR_NOMEM. ctx holds one sentence.
 */
enum err http_dial(int *fd, const struct http_url *url, uint64_t deadline_ms,
    struct err_ctx *ctx) __attribute__((warn_unused_result));

#endif
