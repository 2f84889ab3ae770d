/* The world of a connection over a real socket; see io.h. */
#ifndef CONFER_CLIENT_STREAM_H
#define CONFER_CLIENT_STREAM_H

#include "client/io.h"
#include "sys/addr.h"

#define CLIENT_DIAL_MS 10000 /* a TCP handshake and two retries of it */

struct client_stream {
	struct addr addr;
	int fd; /* -1: not open */
};

/*
 * Prepare *s and *io for the address; nothing is opened yet. Both must stay in
 * place while io is used. ERR_FORMAT and ERR_LIMIT as addr_parse().
 */
enum err client_stream_init(struct client_stream *s, struct client_io *io,
    const char *address, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

#endif
