/* The handshake of session_server; called by session_server_packet only. */
#ifndef CONFER_PROTOCOL_SESSION_SERVER_HELLO_H
#define CONFER_PROTOCOL_SESSION_SERVER_HELLO_H

#include "protocol/session_server.h"

/*
 * The client's first packet: writes the reply, or `refused`, to out. State FINISH
 * afterwards, or OPEN with an event after IK. Errors as session_server_packet.
 */
enum err session_server_hello(struct session_server *s,
    const struct session_server_keys *keys, struct bytes body,
    struct session_server_event *ev, struct wr *out)
    __attribute__((warn_unused_result));

/* The client's `finish` packet: state OPEN and an event afterwards. */
enum err session_server_finish(struct session_server *s, struct bytes body,
    struct session_server_event *ev) __attribute__((warn_unused_result));

#endif
