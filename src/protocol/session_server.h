/*
 * session_server: the enclave's side of one session as a state machine without
 * I/O (docs/protocol.md sections 2 to 6 and 8). The host feeds whole packets and
 * ticks; the machine writes packets into a cursor of the host's and reports what
 * the client asked for. No clock, no allocation, no randomness of its own.
 *
 * The host: buffers input until packet_find() has a packet of at most
 * session_server_packet_max(); while session_server_paced() calls
 * session_server_tick() every FRAME_TICK_MS; ends what is idle; and wipes the
 * session when its connection ends, however it ends.
 */
#ifndef CONFER_PROTOCOL_SESSION_SERVER_H
#define CONFER_PROTOCOL_SESSION_SERVER_H

#include "base/wr.h"
#include "noise/noise.h"
#include "protocol/frame.h"
#include "protocol/packet.h"

enum session_server_state {
	SESSION_SERVER_HELLO = 0,
	SESSION_SERVER_FINISH,
	SESSION_SERVER_OPEN,
	SESSION_SERVER_CLOSED,
	SESSION_SERVER_STATE_N
};

#define SESSION_PINGS_MAX 16 /* PONGs waiting for a slot; one more ends it */

/* What a handshake uses; borrowed until session_server_packet returns. */
struct session_server_keys {
	const uint8_t *s_priv; /* the channel key, X25519_LEN */
	const uint8_t *s_pub;
	struct bytes evidence; /* the current bundle, <= PACKET_EVIDENCE_MAX */
	const uint8_t *evidence_hash; /* its SHA-256 */
	const uint8_t *e_priv; /* X25519_LEN fresh random bytes, used once */
};

enum session_server_event_type {
	SESSION_SERVER_NONE = 0,
	SESSION_SERVER_OPENED,  /* the handshake is done */
	SESSION_SERVER_REQUEST, /* a whole request message */
	SESSION_SERVER_CANCEL,  /* stop `stream` soon */
	SESSION_SERVER_ENDED,   /* the client ended the session */
};

struct session_server_event {
	enum session_server_event_type type;
	uint32_t stream;
	/* REQUEST: the message, in the session's request buffer. The host wipes
	 * it (session_server_request_done) before the next packet. */
	struct bytes request;
};

struct session_server_stream {
	uint32_t id;     /* 0: the entry is free */
	uint64_t credit; /* bytes of answer that may still be sent */
};

struct session_server {
	enum session_server_state state;
	struct noise_handshake hs;
	struct noise_transport transport;
	uint8_t *request; /* the host's, request_cap bytes */
	size_t request_cap;
	size_t request_len;
	size_t request_used;     /* most that the buffer has held */
	uint32_t request_stream; /* being received; 0: none */
	uint32_t next_stream;    /* the number that a client must use next */
	struct session_server_stream stream[FRAME_STREAMS_MAX];
	uint32_t refused_stream; /* a ninth stream, to be told so; 0: none */
	unsigned turn;           /* whose data comes first in the next slot */
	uint8_t pong[SESSION_PINGS_MAX][FRAME_PING_LEN];
	unsigned pongs;
	int end; /* reason of an END that waits for a slot; -1: none */
};

/* What can come out at once: the handshake reply, or one tick and more. */
#define SESSION_SERVER_OUT_MAX PACKET_LEN_MAX

/*
 * Start in state HELLO. `request` is where request messages are put together:
 * cap bytes, at least 1; a message above min(cap, FRAME_REQUEST_MAX) is a
 * protocol error. It must live as long as the session; the session wipes it.
 */
void session_server_init(
    struct session_server *s, uint8_t *request, size_t cap);

/* The largest packet body that the present state accepts [P-02]. */
size_t session_server_packet_max(const struct session_server *s);

/*
 * Handle one packet; body is decrypted in place and wiped by the host after use.
 * Up to SESSION_SERVER_OUT_MAX bytes go to out. keys is needed in state HELLO
 * only and may be NULL later.
 *
 * Any error closes the session (what was written to out may still be sent):
 * ERR_PROTOCOL, ERR_FORMAT, ERR_TRUNCATED, ERR_LIMIT, ERR_AUTH, ERR_UNSUPPORTED
 * from the peer; ERR_NOSPACE if out was too small.
 */
enum err session_server_packet(struct session_server *s,
    const struct session_server_keys *keys, uint8_t *body, size_t len,
    struct session_server_event *ev, struct wr *out)
    __attribute__((warn_unused_result));

/* The host has taken the request; its bytes are wiped. */
void session_server_request_done(struct session_server *s);

/* Is any stream open? Then the host must call tick [P-32]. */
bool session_server_paced(const struct session_server *s);

/*
 * Where answers come from. pull() writes at most cap bytes of the answer of
 * `stream` to buf and returns how many (0: nothing yet); it sets *type to
 * FRAME_DELTA, _REASONING, _RESULT or _ERROR, and *last when these bytes end the
 * answer (which 0 bytes may do).
 */
typedef size_t session_server_pull_fn(void *cookie, uint32_t stream,
    uint8_t *buf, size_t cap, enum frame_type *type, bool *last);

/*
 * One tick: exactly FRAME_TICK_RECORDS records of FRAME_SIZE_MIN, FRAME_TICK_LEN
 * bytes. Streams whose last piece goes out are closed. ERR_PROTOCOL unless
 * paced; ERR_LIMIT at the end of all nonces; ERR_NOSPACE.
 */
enum err session_server_tick(struct session_server *s,
    session_server_pull_fn *pull, void *cookie, struct wr *out)
    __attribute__((warn_unused_result));

/*
 * End the session with a reason: at once, or, while paced, with the next tick,
 * after which session_server_state is CLOSED and the host closes the socket.
 */
enum err session_server_end(struct session_server *s, enum frame_end reason,
    struct wr *out) __attribute__((warn_unused_result));

/*
 * Forget everything, and what the request buffer has held. The rest of it was
 * not written and is not touched: pages never used cost no memory.
 */
void session_server_wipe(struct session_server *s);

#endif
