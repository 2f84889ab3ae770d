/*
 * conn: one connection to an enclave: dial, handshake, verdict, requests. It
 * drives session_client (docs/protocol.md) over a client_io, remembers what
 * makes coming back quick, and never forgets what must not be shown again.
 *
 *	client_conn_new -> client_conn_open -> client_conn_ask ... ->
 *	client_conn_close -> client_conn_free
 *
 * Whatever fails, c->fault says whose fault it is (the program's exit code),
 * and ctx why, in one sentence.
 */
#ifndef CONFER_CLIENT_CONN_H
#define CONFER_CLIENT_CONN_H

#include "client/io.h"
#include "client/judge.h"
#include "client/resume.h"
#include "protocol/session_client.h"

#define CLIENT_REPLY_MS   30000 /* P-43: until the enclave's reply */
#define CLIENT_SILENCE_MS 10000 /* P-43: an open stream without a record */
#define CLIENT_CLOSE_MS   1000  /* for the END to leave */
#define CLIENT_RESULT_MAX (1024 * 1024) /* bytes of a RESULT or ERROR */
#define CLIENT_GRANT      32768         /* CREDIT is given in pieces of this */

/* Records of a request message at its longest, and a few small ones. */
#define CLIENT_OUT_MAX                                                         \
	((FRAME_REQUEST_MAX / FRAME_DATA_MAX + 2) *                            \
		FRAME_RECORD_LEN(FRAME_SIZE_MAX) +                             \
	    16 * FRAME_RECORD_LEN(FRAME_SIZE_MIN))

enum client_fault {
	CLIENT_FAULT_NONE = 0,
	CLIENT_FAULT_USAGE,       /* the enclave says: this request is wrong */
	CLIENT_FAULT_REFUSED,     /* by us, or by the rules of the protocol */
	CLIENT_FAULT_UNREACHABLE, /* nobody there, silent, busy, or cut off */
	CLIENT_FAULT_INTERNAL,
	CLIENT_FAULT_MISBEHAVIOUR, /* proven; the proof was kept */
	CLIENT_FAULT_DAMAGE,       /* our own files */
};

/* What a connection is doing, for those who wait. */
enum client_stage {
	CLIENT_STAGE_DIAL,
	CLIENT_STAGE_REPLY,
	CLIENT_STAGE_JUDGE,
	CLIENT_STAGE_OPEN,
};

/* Everything is borrowed for the life of the connection. */
struct client_config {
	const struct client_io *io;
	const char *address; /* as the memory of sessions names it */
	const char *home;    /* NULL: remember nothing */
	const struct trust *trust;
	bool accept_simulated;
	void (*progress)(void *cookie, enum client_stage stage); /* or NULL */
	void *cookie;
};

/* How the session came about, for `verify` and for people who wonder. */
struct client_history {
	bool resumed;   /* IK was tried */
	bool fell_back; /* and the enclave had another key by then */
	bool retried;   /* and failed, so that XX was tried too */
	bool same;      /* the enclave showed the evidence that was held */
	size_t evidence_len;
	unsigned dial_ms, reply_ms, judge_ms;
};

struct client_conn {
	const struct client_config *config;
	enum client_fault fault;
	struct session_client session;
	struct client_judgement judgement;
	struct client_history history;
	struct client_state state;
	uint8_t key[X25519_LEN]; /* of the enclave, once judged */
	/* The evidence that was accepted; stays when the session ends, until
	 * the next one is opened. */
	struct bytes bundle;
	uint64_t verified_at; /* Unix seconds */
	bool open;            /* accepted, and not ended yet */
	int ended;            /* enum frame_end of the enclave's END; -1 */
	uint64_t heard_ms;    /* when the last packet came */
	uint8_t evidence[SESSION_CLIENT_EVIDENCE_ROOM];
	uint8_t held[CLIENT_RESUME_LEN_MAX];
	struct bytes held_bundle;
	size_t in_len, in_used; /* used: of the packet that was handled last */
	size_t out_len, out_off;
	uint8_t in[PACKET_LEN_MAX];
	uint8_t out[CLIENT_OUT_MAX];
	size_t result_len;
	uint8_t result[CLIENT_RESULT_MAX + 1];
};

/* About 2 MB, most of it never touched. NULL: no memory. */
struct client_conn *client_conn_new(const struct client_config *config);

/*
 * Dial, shake hands, judge. ERR_OK: the evidence was accepted and the session
 * is open. On failure nothing was sent after the first packet, the stream is
 * closed, and c->judgement.verdict says what had been checked by then.
 */
enum err client_conn_open(struct client_conn *c, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/* Why a request is made, and where its answer goes. */
struct client_ask {
	uint8_t method; /* SESSION_METHOD_CHAT or SESSION_METHOD_MODELS */
	struct bytes body;
	/* A piece of the answer's text, as it comes; UTF-8 once joined. */
	void (*text)(void *cookie, struct bytes piece);
	/* Asked often; the first true sends CANCEL, and the answer then ends
	 * with what it has. NULL: never. */
	bool (*cancelled)(void *cookie);
	void *cookie;
};

/* The closing message of an answer: a RESULT, or an ERROR. */
struct client_reply {
	bool error;
	struct bytes json; /* borrowed until the next request */
};

/*
 * Make one request and wait for the end of its answer. Failures end the
 * session, and the answer so far is not complete: ERR_CLOSED (the stream was
 * cut), ERR_TIMEOUT, ERR_EXPIRED (the verdict's deadline), ERR_CANCELLED (the
 * enclave ended the session), ERR_LIMIT (the request, or a result above
 * CLIENT_RESULT_MAX), protocol errors.
 */
enum err client_conn_ask(struct client_conn *c, const struct client_ask *ask,
    struct client_reply *reply, struct err_ctx *ctx)
    __attribute__((warn_unused_result));

/*
 * Handle what came while nothing was asked (END, PING), and end the session if
 * its deadline has passed. Does not wait. Afterwards c->open tells whether it
 * can still be used.
 */
void client_conn_poll(struct client_conn *c);

/* End the session well, if it is open, and close the stream. */
void client_conn_close(struct client_conn *c);

/* Close, wipe and free. c may be NULL. */
void client_conn_free(struct client_conn *c);

#endif
