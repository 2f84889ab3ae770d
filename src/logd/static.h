/*
 * The public half of a log over HTTP: `/checkpoint` and the one path of each
 * tile, read from a directory; nothing else is there. What is in the files is
 * not looked at: readers believe none of it. L-193..L-195 of docs/log.md.
 */
#ifndef CONFER_LOGD_STATIC_H
#define CONFER_LOGD_STATIC_H

#include "http/serve.h"

struct logd_static {
	int dir; /* DIR/public, open; the caller's */
};

/* An http_serve_fn; `cookie` is a struct logd_static. */
void logd_static_answer(void *cookie, struct http_reply *reply,
    const struct http_head *head, struct bytes body);

#endif
