/* conn: moving packets. Private to conn*.c. */
#ifndef CONFER_CLIENT_CONN_WIRE_H
#define CONFER_CLIENT_CONN_WIRE_H

#include "client/conn.h"

/* Where the session writes: c->out, after what has not left yet. */
struct wr client_conn_writer(struct client_conn *c);

/* Take what was written, or the cursor's error. */
enum err client_conn_written(struct client_conn *c, const struct wr *w)
    __attribute__((warn_unused_result));

/* Start with empty buffers: a new stream. */
void client_conn_reset(struct client_conn *c);

/*
 * Move bytes and handle packets until one brings an event, which borrows c->in
 * until the next call; at most until `until_ms`, ERR_TIMEOUT. ERR_AGAIN: a
 * signal came. Errors of the stream and of the session.
 */
enum err client_conn_next(struct client_conn *c, uint64_t until_ms,
    struct session_client_event *ev) __attribute__((warn_unused_result));

/* Send all that waits, at most until `until_ms`. */
enum err client_conn_flush(struct client_conn *c, uint64_t until_ms)
    __attribute__((warn_unused_result));

#endif
