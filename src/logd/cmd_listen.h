/* What serve and witness share: answering HTTP until a signal comes. */
#ifndef CONFER_LOGD_CMD_LISTEN_H
#define CONFER_LOGD_CMD_LISTEN_H

#include "http/serve.h"
#include "logd/show.h"

/*
 * Listen on `address`, say `listening ADDR` on standard output, answer until
 * SIGTERM or SIGINT.
 */
enum logd_exit logd_listen(
    struct logd_show *s, const char *address, http_serve_fn *fn, void *cookie);

#endif
