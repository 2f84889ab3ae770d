/*
 * A server of single exchanges: a connection brings one request, gets one
 * answer and ends. A fixed table of connections, each with a deadline; when it
 * is full, those who wait in the queue are not looked at.
 */
#ifndef CONFER_SYS_EXCHANGE_H
#define CONFER_SYS_EXCHANGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "sys/loop.h"

/* What goes out: up to two pieces, one after the other. Borrowed until `gone`
 * is called, or the connection's own answer buffer. */
struct exchange_answer {
	struct bytes part[2];
};

/* What a server does; all of it is told `cookie` and the connection's index. */
struct exchange_ops {
	/*
	 * How many bytes does the request have, as far as `got` tells? Never
	 * more than request_max. A value <= got.len: it is whole. Also called
	 * with a request that has become longer than this allows to answer it.
	 */
	size_t (*need)(void *cookie, size_t conn, struct bytes got);
	/* The request is whole: answer it. */
	void (*answer)(void *cookie, size_t conn, struct bytes request,
	    struct exchange_answer *out);
	/* The connection is over; `why` is ERR_OK, ERR_TIMEOUT, ERR_CLOSED ...
	 * May be NULL. */
	void (*gone)(void *cookie, size_t conn, enum err why);
};

struct exchange_spec {
	size_t conns;       /* at once */
	size_t request_max; /* bytes held per connection */
	unsigned time_ms;   /* from accept to the last byte */
	const struct exchange_ops *ops;
	void *cookie;
};

struct exchange;

/* Serve on listen_fd, which stays the caller's, by the loop, until
 * exchange_stop. ERR_NOMEM, ERR_IO. */
enum err exchange_start(struct exchange **out, struct loop *loop, int listen_fd,
    const struct exchange_spec *spec) __attribute__((warn_unused_result));
void exchange_stop(struct exchange *x); /* NULL is legal */

#endif
