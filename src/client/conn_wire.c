/* See conn_wire.h. */
#include "client/conn_wire.h"

struct wr client_conn_writer(struct client_conn *c)
{
	if (c->out_off > 0) {
		memmove(c->out, c->out + c->out_off, c->out_len - c->out_off);
		c->out_len -= c->out_off;
		c->out_off = 0;
	}
	return wr_init(c->out + c->out_len, sizeof(c->out) - c->out_len);
}

enum err client_conn_written(struct client_conn *c, const struct wr *w)
{
	size_t n;
	enum err e = wr_end(w, &n);

	if (e == ERR_OK)
		c->out_len += n;
	return e;
}

void client_conn_reset(struct client_conn *c)
{
	c->in_len = c->in_used = c->out_len = c->out_off = 0;
}

/* Send what can be sent without waiting. */
static enum err push(struct client_conn *c)
{
	const struct client_io *io = c->config->io;

	while (c->out_off < c->out_len) {
		size_t n = 0;
		enum err e = io->write(io->cookie, c->out + c->out_off,
		    c->out_len - c->out_off, &n);

		if (e == ERR_AGAIN)
			return ERR_OK;
		if (e != ERR_OK)
			return e;
		c->out_off += n;
	}
	return ERR_OK;
}

enum err client_conn_flush(struct client_conn *c, uint64_t until_ms)
{
	const struct client_io *io = c->config->io;
	enum err e = push(c);

	while (e == ERR_OK && c->out_off < c->out_len) {
		e = io->wait(io->cookie, true, until_ms);
		if (e == ERR_OK || e == ERR_AGAIN)
			e = push(c);
	}
	return e;
}

/* Forget the packet that was handled last. */
static void drop_used(struct client_conn *c)
{
	memmove(c->in, c->in + c->in_used, c->in_len - c->in_used);
	c->in_len -= c->in_used;
	c->in_used = 0;
}

/* Handle the packet at the start of c->in; ERR_AGAIN: it is not complete. */
static enum err handle(struct client_conn *c, struct session_client_event *ev)
{
	struct wr w = client_conn_writer(c);
	struct bytes body;
	size_t used;
	enum err e = packet_find((struct bytes){ c->in, c->in_len },
	    session_client_packet_max(&c->session), &body, &used);

	if (e != ERR_OK)
		return e;
	c->in_used = used;
	c->heard_ms = c->config->io->mono_ms(c->config->io->cookie);
	e = session_client_packet(
	    &c->session, c->in + PACKET_HEADER_LEN, body.len, ev, &w);
	if (e == ERR_OK)
		e = client_conn_written(c, &w);
	return e;
}

enum err client_conn_next(
    struct client_conn *c, uint64_t until_ms, struct session_client_event *ev)
{
	const struct client_io *io = c->config->io;
	size_t n;
	enum err e;

	*ev = (struct session_client_event){ .type = SESSION_CLIENT_NONE };
	for (;;) {
		drop_used(c);
		if (io->mono_ms(io->cookie) >= until_ms)
			return ERR_TIMEOUT;
		e = handle(c, ev);
		if (e == ERR_OK && ev->type != SESSION_CLIENT_NONE)
			return ERR_OK;
		if (e == ERR_OK)
			return ERR_AGAIN; /* the caller looks at its clocks */
		if (e != ERR_AGAIN)
			return e;
		e = push(c);
		if (e != ERR_OK)
			return e;
		e = io->read(io->cookie, c->in + c->in_len,
		    sizeof(c->in) - c->in_len, &n);
		if (e == ERR_OK)
			c->in_len += n;
		else if (e == ERR_AGAIN)
			e = io->wait(
			    io->cookie, c->out_off < c->out_len, until_ms);
		if (e != ERR_OK)
			return e;
	}
}
