/*
 * noise: the Noise Protocol Framework, revision 34, for the three patterns of
 * Noise Pipes (section 10.4) and one suite, Noise_*_25519_ChaChaPoly_SHA256.
 * Sans-I/O: no allocation, no clock, no randomness of its own; ephemeral keys
 * are arguments. The caller owns every struct and wipes what it stops using.
 *
 * What it leaves to the caller: telling message kinds apart, the content of
 * the prologue, replay of IK's first message, and a truncation-proof end.
 */
#ifndef CONFER_NOISE_NOISE_H
#define CONFER_NOISE_NOISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "crypto/crypto.h"

#define NOISE_KEY_LEN       32 /* X25519 keys, both halves */
#define NOISE_HASH_LEN      32
#define NOISE_TAG_LEN       16
#define NOISE_MSG_LEN_MAX   65535 /* section 3: any Noise message, tag included */
#define NOISE_PLAIN_LEN_MAX (NOISE_MSG_LEN_MAX - NOISE_TAG_LEN)

/* The most that a handshake message is longer than its payload: e, sealed s,
 * payload tag. IK's first message and the replies of XX and XXfallback. */
#define NOISE_HANDSHAKE_OVERHEAD_MAX                                           \
	(NOISE_KEY_LEN + NOISE_KEY_LEN + NOISE_TAG_LEN + NOISE_TAG_LEN)

/*
 * Each direction's key is replaced (Rekey, section 4.2 and 11.3) before the
 * message with nonce n where n % NOISE_REKEY_EVERY == 0 and n > 0; n goes on
 * counting. A key that leaks opens nothing sealed before its last replacement.
 */
#define NOISE_REKEY_EVERY 65536

enum noise_pattern {
	NOISE_XX = 1,     /* neither side knows the other's key */
	NOISE_IK,         /* the initiator knows the responder's key */
	NOISE_XXFALLBACK, /* after an IK whose first message did not decrypt */
};
#define NOISE_PATTERN_END 4 /* one past the last */

enum noise_role {
	NOISE_INITIATOR = 1,
	NOISE_RESPONDER,
};

/*
 * What a handshake starts from. Everything is copied or hashed by
 * noise_handshake_init; nothing is borrowed later. Keys are NOISE_KEY_LEN bytes;
 * those that a pattern does not use must be NULL.
 *
 * XXfallback, for Alice who sent an IK message and Bob who could not decrypt
 * it: the roles of Noise turn round. BOB is NOISE_INITIATOR, gives a fresh
 * e_priv, and takes `re` from the IK message by noise_first_ephemeral. ALICE is
 * NOISE_RESPONDER and gives the SAME e_priv that her IK used: the only reuse of
 * an ephemeral key that Noise allows. Bob writes first; after the split `tx` and
 * `rx` are right for each side without further thought. Her IK payload was not
 * read by Bob: it has to be sent again.
 */
struct noise_config {
	enum noise_pattern pattern;
	enum noise_role role;
	struct bytes prologue; /* both sides must agree on it; may be empty */
	const uint8_t *s_priv; /* own static private key */
	const uint8_t *s_pub;  /* its public key; NULL: computed here */
	const uint8_t
	    *e_priv;       /* own ephemeral private key, random, used once */
	const uint8_t *rs; /* IK initiator: responder's static public key */
	const uint8_t *re; /* XXfallback initiator: ephemeral of the IK */
};

/* CipherState, section 5.1. All zero: no key yet. */
struct noise_cipher {
	uint8_t k[AEAD_KEY_LEN];
	uint64_t n; /* of the next message; 2^64-1 is never used for one */
	bool has_key;
};

/* SymmetricState, section 5.2. */
struct noise_symmetric {
	struct noise_cipher cipher;
	uint8_t ck[NOISE_HASH_LEN];
	uint8_t h[NOISE_HASH_LEN];
};

/* HandshakeState, section 5.3. Fields are private to src/noise. */
struct noise_handshake {
	struct noise_symmetric sym;
	uint8_t s_priv[NOISE_KEY_LEN];
	uint8_t e_priv[NOISE_KEY_LEN];
	uint8_t s_pub[NOISE_KEY_LEN];
	uint8_t e_pub[NOISE_KEY_LEN];
	uint8_t rs[NOISE_KEY_LEN];
	uint8_t re[NOISE_KEY_LEN];
	enum noise_pattern pattern;
	enum noise_role role;
	unsigned next; /* index of the message that comes next */
	bool has_rs;
	bool has_re;
	bool live; /* false: not initialised, failed, split or wiped */
};

/* The two cipher states of Split() and the handshake hash. */
struct noise_transport {
	struct noise_cipher tx;
	struct noise_cipher rx;
	/* The channel binding (section 11.2): unique to this session and known
	 * to both sides, not secret. */
	uint8_t h[NOISE_HASH_LEN];
	bool live; /* false: not split yet, a record failed, or wiped */
};

/* Never fails: a config that does not fit its pattern is our defect. */
void noise_handshake_init(
    struct noise_handshake *hs, const struct noise_config *config);

/*
 * Write the next handshake message, `payload` in it, to out. *len is its
 * length: at most payload.len + NOISE_HANDSHAKE_OVERHEAD_MAX. In XX's first
 * message the payload goes in clear, in IK's first message it can be replayed
 * and lacks forward secrecy. `out` must not overlap payload.
 *
 * ERR_PROTOCOL: not our turn, or the handshake failed before. ERR_LIMIT: above
 * NOISE_MSG_LEN_MAX. ERR_NOSPACE: above cap. ERR_AUTH: the peer's key gives an
 * all-zero shared secret. On any error *len is 0, out[0..cap) is zeroed as far
 * as it was written, and the handshake is dead.
 */
enum err noise_write(struct noise_handshake *hs, uint8_t *out, size_t cap,
    size_t *len, struct bytes payload) __attribute__((warn_unused_result));

/*
 * Read the peer's next handshake message; the payload in it goes to out. `out`
 * must not overlap `in`; in.len bytes of room always suffice.
 *
 * ERR_PROTOCOL: not the peer's turn, or the handshake failed before. ERR_LIMIT:
 * above NOISE_MSG_LEN_MAX. ERR_TRUNCATED: shorter than its keys and tags.
 * ERR_NOSPACE: payload above cap. ERR_AUTH: a tag does not verify, or a key
 * gives an all-zero shared secret. On any error *len is 0, out is zeroed as far
 * as it was written, and the handshake is dead.
 */
enum err noise_read(struct noise_handshake *hs, uint8_t *out, size_t cap,
    size_t *len, struct bytes in) __attribute__((warn_unused_result));

/* Is it our turn to write? False when done or dead. */
bool noise_handshake_writes(const struct noise_handshake *hs);

/* Were all messages exchanged? False when dead. */
bool noise_handshake_done(const struct noise_handshake *hs);

/*
 * The peer's static public key: known from the start (IK initiator) or since
 * the message that carried it was read. NULL before that, after a failure and
 * after the split: copy it in between.
 */
const uint8_t *noise_remote_static(const struct noise_handshake *hs);

/*
 * The ephemeral key at the start of an XX or IK first message, for a Bob who
 * goes on with XXfallback. ERR_TRUNCATED, out zeroed, if msg is too short.
 */
enum err noise_first_ephemeral(uint8_t re[NOISE_KEY_LEN], struct bytes msg)
    __attribute__((warn_unused_result));

/*
 * Turn a finished handshake into a transport and wipe it. ERR_PROTOCOL, *t
 * zeroed, if the handshake is not done.
 */
enum err noise_split(struct noise_handshake *hs, struct noise_transport *t)
    __attribute__((warn_unused_result));

void noise_handshake_wipe(struct noise_handshake *hs);
void noise_transport_wipe(struct noise_transport *t);

/*
 * Seal one record: writes plain.len + NOISE_TAG_LEN bytes to out, *len is
 * that. `ad` is authenticated and not sent; usually empty. out may be plain.p
 * itself, else the two must not overlap.
 *
 * ERR_LIMIT: plain above NOISE_PLAIN_LEN_MAX, or all 2^64-1 nonces are used.
 * ERR_NOSPACE: above cap. ERR_PROTOCOL: the transport is dead. Nothing is
 * written then, *len is 0, and the transport stays as it was.
 */
enum err noise_transport_seal(struct noise_transport *t, uint8_t *out,
    size_t cap, size_t *len, struct bytes ad, struct bytes plain)
    __attribute__((warn_unused_result));

/*
 * Open one record: writes record.len - NOISE_TAG_LEN bytes to out, *len is
 * that. out may be record.p itself, else the two must not overlap.
 *
 * ERR_TRUNCATED: shorter than a tag. ERR_LIMIT: above NOISE_MSG_LEN_MAX, or all
 * nonces are used. ERR_NOSPACE: above cap. ERR_AUTH: forged, altered, replayed
 * or out of order. ERR_PROTOCOL: the transport is dead. Every error kills the
 * transport, both directions: on a reliable stream none of them is an accident.
 */
enum err noise_transport_open(struct noise_transport *t, uint8_t *out,
    size_t cap, size_t *len, struct bytes ad, struct bytes record)
    __attribute__((warn_unused_result));

#endif
