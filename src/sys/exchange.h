/*
 * A server of single exchanges: a connection brings one request, gets one
 * answer and ends. A fixed table of connections, each with a deadline; when it
 * is full, those who wait in the queue are not looked at. All memory is had at
 * the start.
 *
 * A client may close its sending half behind its request. One that sends more
 * than its request still gets its answer: what it sends is dropped, up to a
 * limit, until it hangs up, for a socket that is closed over unread bytes takes
 * the answer back.
 */
#ifndef CONFER_SYS_EXCHANGE_H
#define CONFER_SYS_EXCHANGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "sys/loop.h"

/* Bytes dropped after an answer: a client that goes on for longer does not
 * listen to it. */
#define EXCHANGE_DROPPED_MAX (1024 * 1024)
/* Before another try when a connection cannot be accepted. */
#define EXCHANGE_RETRY_MS 100

/* What goes out: up to two pieces, one after the other. Borrowed until `gone`
 * is called for the connection. */
struct exchange_answer {
	struct bytes part[2];
};

/* What a server does; all of it is told `cookie` and the connection's index,
 * below `conns`. None of it may stop the exchange. */
struct exchange_ops {
	/*
	 * How many bytes does the request have, as far as `got` tells? At most
	 * request_max. No more than got.len: it is whole. A request whose end
	 * is not known yet may ask for more than it has, and then hold bytes
	 * behind its end. `got` grows in one place.
	 */
	size_t (*need)(void *cookie, size_t conn, struct bytes got);
	/* The request is whole, borrowed until this returns: answer it. */
	void (*answer)(void *cookie, size_t conn, struct bytes request,
	    struct exchange_answer *out);
	/*
	 * The connection is over; once for each that was accepted. ERR_OK: its
	 * whole answer was sent; ERR_TIMEOUT; ERR_CLOSED: the client hung up,
	 * or exchange_stop; ERR_IO. May be NULL.
	 */
	void (*gone)(void *cookie, size_t conn, enum err why);
};

struct exchange_spec {
	size_t conns;       /* at once; 1 or more */
	size_t request_max; /* bytes held per connection; 1 or more */
	unsigned time_ms;   /* from accept to the last byte */
	const struct exchange_ops *ops; /* borrowed */
	void *cookie;
};

struct exchange;

/* Serve on listen_fd, which stays the caller's and is non-blocking, by the
 * loop, until exchange_stop. ERR_NOMEM, ERR_IO; *out is NULL then. */
enum err exchange_start(struct exchange **out, struct loop *loop, int listen_fd,
    const struct exchange_spec *spec) __attribute__((warn_unused_result));
void exchange_stop(struct exchange *x); /* NULL is legal */

/* Connections at this moment. */
size_t exchange_open(const struct exchange *x);

#endif
