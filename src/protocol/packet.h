/*
 * Packets and the first bytes of a session: docs/protocol.md sections 2 and 3.
 * Every limit of the wire stands here.
 */
#ifndef CONFER_PROTOCOL_PACKET_H
#define CONFER_PROTOCOL_PACKET_H

#include "base/err.h"
#include "base/mem.h"
#include "base/wr.h"
#include "noise/noise.h"
#include "noise/offer.h"

#define PACKET_HEADER_LEN   2
#define PACKET_BODY_MAX     65535
#define PACKET_LEN_MAX      (PACKET_HEADER_LEN + PACKET_BODY_MAX)
#define PACKET_FIRST_MAX    512 /* body of `xx` and `ik`: they have under 160 */
#define PACKET_FINISH_MAX   256 /* body of `finish`: it has 65 */
#define PACKET_VERSION      1
#define PACKET_KEY_ID_LEN   8
#define PACKET_EVIDENCE_MAX 61440 /* 60 KB, so that a reply is one message */

_Static_assert(
    PACKET_EVIDENCE_MAX + 3 + NOISE_HANDSHAKE_OVERHEAD_MAX <= PACKET_BODY_MAX,
    "the whole evidence fits the one reply");

enum packet_kind {
	PACKET_XX = 1,
	PACKET_IK = 2,
	PACKET_XX_REPLY = 3,
	PACKET_IK_REPLY = 4,
	PACKET_FALLBACK_REPLY = 5,
	PACKET_FINISH = 6,
	PACKET_REFUSED = 7,
};

enum packet_refusal {
	PACKET_REFUSED_VERSION = 1,
	PACKET_REFUSED_SUITE = 2,
	PACKET_REFUSED_BUSY = 3,
	PACKET_REFUSED_MALFORMED = 4,
};

/*
 * Find the packet at the start of in: *body borrows it, *used is its length with
 * the header. ERR_AGAIN while it is not complete, *used then being the number of
 * bytes it will have (0: not even the header is there). ERR_LIMIT as soon as the
 * header announces more than body_max; ERR_FORMAT for an empty body.
 */
enum err packet_find(struct bytes in, size_t body_max, struct bytes *body,
    size_t *used) __attribute__((warn_unused_result));

/* The client's first packet, taken apart. Borrows body. */
struct packet_hello {
	enum packet_kind kind; /* PACKET_XX or PACKET_IK */
	struct noise_offer offer;
	uint8_t key_id[PACKET_KEY_ID_LEN]; /* IK only, else zero */
	struct bytes bound;                /* what the prologue binds [P-05] */
	struct bytes message;              /* Noise message 1 */
};

/*
 * ERR_TRUNCATED, ERR_FORMAT (not ours), ERR_UNSUPPORTED (other version), or what
 * noise_offer_read reports.
 */
enum err packet_hello_parse(struct packet_hello *out, struct bytes body)
    __attribute__((warn_unused_result));

/* Write kind, hello and, for IK, the key id: everything before the message. */
void packet_hello_write(struct wr *w, enum packet_kind kind,
    const struct noise_offer *offer, const uint8_t *key_id);

/* key id = first 8 bytes of SHA-256(static key) [P-12]. */
void packet_key_id(
    uint8_t out[PACKET_KEY_ID_LEN], const uint8_t s_pub[X25519_LEN]);

/* Longest prologue: the label and what [P-05] binds. */
#define PACKET_PROLOGUE_MAX 64

/* Write the prologue for `bound`; returns its length. */
size_t packet_prologue(uint8_t out[PACKET_PROLOGUE_MAX], struct bytes bound);

#endif
