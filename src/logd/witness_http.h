/*
 * A witness's pages, as answers of http/serve.h:
 *
 *	POST <any prefix>/add-checkpoint
 *	GET  <any prefix>/<hex SHA-256(origin)>/checkpoint	what it cosigned
 *	GET  /							who it is
 *
 * L-129 and L-138 of docs/log.md.
 */
#ifndef CONFER_LOGD_WITNESS_HTTP_H
#define CONFER_LOGD_WITNESS_HTTP_H

#include <stdint.h>

#include "http/serve.h"
#include "logd/witnessd.h"

/* The cookie of logd_witness_http. */
struct logd_witness_site {
	struct logd_witnessd *w;
	uint64_t (*clock)(void); /* unix seconds: clock_unix_s */
	/* Called after each add-checkpoint, for a line on the operator's
	 * terminal; or NULL. */
	void (*said)(void *cookie, const struct logd_witness_said *what);
	void *cookie;
};

http_serve_fn logd_witness_http;

#endif
