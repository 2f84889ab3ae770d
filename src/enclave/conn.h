/*
 * conn: one client's connection without its socket. Bytes go in, bytes come
 * out, time is an argument; the session is protocol/session_server.h, answers
 * come from the worker's jobs. Nothing here can touch another connection.
 */
#ifndef CONFER_ENCLAVE_CONN_H
#define CONFER_ENCLAVE_CONN_H

#include "enclave/answer.h"
#include "protocol/session_server.h"

#define CONN_HANDSHAKE_MS 10000  /* [P-43] */
#define CONN_IDLE_MS      600000 /* section 5.2, reason 1 */
#define CONN_STALL_MS     30000  /* [P-34] */
#define CONN_CLOSE_MS     5000   /* to take the last bytes after the end */

/* A reply is built from two copies of the evidence. */
#define CONN_OUT_LEN (2 * PACKET_LEN_MAX)
/* What one record of a client can cause: a PONG or an END, of 274 bytes. */
#define CONN_OUT_ROOM 1024

struct conn {
	struct session_server session;
	const struct conn_env *env;
	uint64_t opened_ms; /* accepted */
	uint64_t quiet_ms;  /* since when no stream is open */
	uint64_t moved_ms;  /* when output last moved, or began to wait */
	uint64_t closed_ms;
	uint64_t ticks_due;
	bool open;    /* the handshake is done */
	bool closed;  /* nothing more is read */
	enum err why; /* ERR_OK: ended as the protocol wants */
	struct answer answer[FRAME_STREAMS_MAX];
	size_t in_len;
	size_t in_used; /* most that `in` has held */
	size_t out_from;
	size_t out_len;
	size_t out_used; /* how far `out` was written */
	uint8_t in[PACKET_LEN_MAX];
	uint8_t out[CONN_OUT_LEN];
	uint8_t request[FRAME_REQUEST_MAX];
};

void conn_init(struct conn *c, const struct conn_env *env, uint64_t now_ms);

/*
 * Drop all jobs and wipe everything that was used. What was not is left as it
 * is, zero: of a connection's memory only touched pages are in RAM.
 */
void conn_wipe(struct conn *c);

/* Where received bytes go: *room may be 0 while output is waiting. */
uint8_t *conn_in(struct conn *c, size_t *room);

/* n bytes were put there: act on every packet that is whole. */
void conn_received(struct conn *c, size_t n, uint64_t now_ms);

/* The peer has closed or broken its stream. */
void conn_lost(struct conn *c, enum err why, uint64_t now_ms);

/* Must conn_tick() be called every FRAME_TICK_MS? */
bool conn_paced(const struct conn *c);

/*
 * `periods` ticks have passed. A tick for which there is no room is owed and is
 * written whole as soon as the transport has taken what was before it [P-34].
 */
void conn_tick(struct conn *c, uint64_t periods, uint64_t now_ms);

/* Bytes to send, and how many of them were taken. */
struct bytes conn_out(const struct conn *c);
void conn_sent(struct conn *c, size_t n, uint64_t now_ms);

/*
 * For how long nothing has been answered or received here: since the connection
 * came, while its handshake is not done; since its last answer ended, after
 * that; 0 while a stream is open.
 */
uint64_t conn_idle_ms(const struct conn *c, uint64_t now_ms);

/* Its place is needed by another: end it as idle. */
void conn_give_way(struct conn *c, uint64_t now_ms);

/* The enclave stops: say so. */
void conn_stop(struct conn *c, uint64_t now_ms);

/* Look at the timeouts; about once a second. */
void conn_check(struct conn *c, uint64_t now_ms);

/* The socket can be closed. */
bool conn_finished(const struct conn *c);

#endif
