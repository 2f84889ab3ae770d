/*
 * session_client: the client's side of one session as a state machine without
 * I/O (docs/protocol.md), the same for the command line and the browser.
 *
 *     init -> start (writes packet 1) -> packet (the reply: evidence to verify)
 *          -> accept (only with a verdict for this evidence and this key)
 *          -> request / packet ... -> end
 *
 * Between the reply and accept() nothing is read and nothing is written [P-09]:
 * every other call is ERR_PROTOCOL.
 */
#ifndef CONFER_PROTOCOL_SESSION_CLIENT_H
#define CONFER_PROTOCOL_SESSION_CLIENT_H

#include "base/wr.h"
#include "noise/noise.h"
#include "protocol/evidence.h"
#include "protocol/frame.h"
#include "protocol/packet.h"

enum session_client_state {
	SESSION_CLIENT_START = 0,
	SESSION_CLIENT_REPLY,
	SESSION_CLIENT_VERDICT,
	SESSION_CLIENT_OPEN,
	SESSION_CLIENT_CLOSED,
	SESSION_CLIENT_STATE_N
};

/* The evidence reply: its kind and the bundle. */
#define SESSION_CLIENT_EVIDENCE_ROOM (1 + PACKET_EVIDENCE_MAX)

/* Borrowed during session_client_init only, but for `evidence`. */
struct session_client_config {
	/* X25519_LEN random bytes each, used for this session only. */
	const uint8_t *s_priv;
	const uint8_t *e_priv;
	const uint8_t *rs;   /* remembered enclave key: IK; NULL: XX */
	const uint8_t *held; /* SHA-256 of the evidence held for rs, or NULL */
	/* SESSION_CLIENT_EVIDENCE_ROOM bytes of the host's, where the evidence
	 * is put; used until accept() or wipe(). */
	uint8_t *evidence;
};

enum session_client_event_type {
	SESSION_CLIENT_NONE = 0,
	SESSION_CLIENT_EVIDENCE, /* verify data, then accept or wipe */
	SESSION_CLIENT_SAME,    /* verify the evidence that is held, likewise */
	SESSION_CLIENT_REFUSED, /* closed; reason: enum packet_refusal */
	SESSION_CLIENT_DELTA,   /* a piece of the answer's text */
	SESSION_CLIENT_RESULT,  /* a piece of the result */
	SESSION_CLIENT_ERROR,   /* a piece of an error object */
	SESSION_CLIENT_PONG,    /* data: the 8 bytes */
	SESSION_CLIENT_ENDED,   /* closed; reason: enum frame_end */
	SESSION_CLIENT_REASONING, /* a piece of what the model thought */
};

struct session_client_event {
	enum session_client_event_type type;
	uint32_t stream;
	bool last;         /* RESULT, ERROR: the stream is closed now */
	unsigned reason;   /* REFUSED, ENDED */
	struct bytes data; /* borrows the packet */
};

struct session_client_stream {
	uint32_t id;     /* 0: the entry is free */
	uint64_t credit; /* bytes of answer that the enclave may still send */
	/* FRAME_RESULT or FRAME_ERROR once that message has begun [P-26]. */
	enum frame_type ending;
};

struct session_client {
	enum session_client_state state;
	enum packet_kind reply; /* which handshake the enclave chose */
	struct noise_handshake hs;
	struct noise_transport transport;
	uint8_t s_priv[X25519_LEN]; /* kept for XXfallback until the reply */
	uint8_t e_priv[X25519_LEN];
	uint8_t rs[X25519_LEN]; /* the enclave's key, once known */
	uint8_t *evidence;      /* the host's buffer */
	uint8_t held[SHA256_LEN];
	uint8_t digest[SHA256_LEN]; /* of the evidence that awaits a verdict */
	uint8_t bound[PACKET_PROLOGUE_MAX];
	size_t bound_len;
	bool resuming; /* started with IK */
	uint32_t next_stream;
	struct session_client_stream stream[FRAME_STREAMS_MAX];
	uint64_t deadline_s; /* of the verdict [P-31] */
};

/* Start in state START. Needs no wire. */
void session_client_init(
    struct session_client *s, const struct session_client_config *config);

/* Write the first packet. ERR_PROTOCOL unless in state START; ERR_NOSPACE. */
enum err session_client_start(struct session_client *s, struct wr *out)
    __attribute__((warn_unused_result));

/* The largest packet body that the present state accepts; 0: none. */
size_t session_client_packet_max(const struct session_client *s);

/*
 * Handle one packet; body is decrypted in place, and ev->data borrows it or the
 * evidence buffer. A PONG for the enclave's PING goes to out, for which
 * FRAME_RECORD_LEN(FRAME_SIZE_MIN) suffices.
 * Any error closes the session: ERR_PROTOCOL (also in state VERDICT), ERR_FORMAT,
 * ERR_TRUNCATED, ERR_LIMIT, ERR_AUTH, ERR_UNSUPPORTED.
 */
enum err session_client_packet(struct session_client *s, uint8_t *body,
    size_t len, struct session_client_event *ev, struct wr *out)
    __attribute__((warn_unused_result));

/*
 * The enclave's static key, which evidence must bind; NULL before the reply was
 * handled (IK: the remembered key, from the start).
 */
const uint8_t *session_client_server_key(const struct session_client *s);

/*
 * The evidence was accepted: go on. Writes `finish` (nothing after IK). The
 * verdict must be a concluded acceptance of exactly the evidence and the key of
 * this session, and now_s before its deadline: ERR_POLICY or ERR_EXPIRED
 * otherwise, and the session is closed. ERR_PROTOCOL unless in state VERDICT.
 */
enum err session_client_accept(struct session_client *s,
    const struct verdict *verdict, uint64_t now_s, struct wr *out)
    __attribute__((warn_unused_result));

/* Has the deadline passed? Then the host calls end(FRAME_END_EXPIRED). */
bool session_client_expired(const struct session_client *s, uint64_t now_s);

/* Bytes that session_client_request needs in out for a body of n bytes. */
size_t session_client_request_len(size_t n);

#define SESSION_METHOD_CHAT    1
#define SESSION_METHOD_MODELS  2
#define SESSION_METHOD_RECEIPT 3 /* chat with a statement [P-44] */
#define SESSION_METHOD_EMBED   4
#define SESSION_CREDIT_MAX     64

struct session_client_request {
	uint8_t method;
	struct bytes credit; /* the gateway's token; usually empty */
	struct bytes body;
};

/*
 * Open a stream with a request message. ERR_LIMIT: body too long;
 * ERR_BUSY: FRAME_STREAMS_MAX are open; ERR_NOSPACE; ERR_PROTOCOL unless OPEN.
 * out holds ciphertext only.
 */
enum err session_client_request(struct session_client *s,
    const struct session_client_request *request, uint32_t *stream,
    struct wr *out) __attribute__((warn_unused_result));

/* Ask to stop a stream. A stream that is not open is no error. */
enum err session_client_cancel(struct session_client *s, uint32_t stream,
    struct wr *out) __attribute__((warn_unused_result));

/* Give room for n more bytes of answer. */
enum err session_client_credit(struct session_client *s, uint32_t stream,
    uint32_t n, struct wr *out) __attribute__((warn_unused_result));

enum err session_client_ping(struct session_client *s,
    const uint8_t data[FRAME_PING_LEN], struct wr *out)
    __attribute__((warn_unused_result));

/* End well; the state is CLOSED afterwards. */
enum err session_client_end(struct session_client *s, enum frame_end reason,
    struct wr *out) __attribute__((warn_unused_result));

void session_client_wipe(struct session_client *s);

#endif
