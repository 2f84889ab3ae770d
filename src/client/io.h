/*
 * What a connection needs of the world: a byte stream, two clocks and random
 * bytes, as a table of functions. stream.h is the table for real sockets; tests
 * run an enclave in the same thread behind another one, with clocks of their
 * own.
 */
#ifndef CONFER_CLIENT_IO_H
#define CONFER_CLIENT_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct client_io {
	void *cookie;

	/* Open the stream anew; ctx holds one sentence. As addr_connect(). */
	enum err (*dial)(void *cookie, struct err_ctx *ctx);
	/* Close it; nothing happens when it is not open. */
	void (*hang_up)(void *cookie);

	/* Move some bytes without waiting: ERR_AGAIN, ERR_CLOSED, ERR_IO. */
	enum err (*read)(void *cookie, void *out, size_t cap, size_t *n);
	enum err (*write)(void *cookie, const void *p, size_t len, size_t *n);

	/* Wait until it can be read (or written, if so asked). ERR_TIMEOUT: at
	 * until_ms of mono_ms; ERR_AGAIN: a signal came; ERR_IO. */
	enum err (*wait)(void *cookie, bool writable, uint64_t until_ms);

	uint64_t (*mono_ms)(void *cookie); /* never jumps */
	uint64_t (*unix_s)(void *cookie);  /* the calendar */
	void (*random)(void *cookie, void *out, size_t n);
};

#endif
