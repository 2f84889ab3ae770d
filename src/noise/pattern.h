/* The handshake patterns as data; private to src/noise. */
#ifndef CONFER_NOISE_PATTERN_H
#define CONFER_NOISE_PATTERN_H

#include "noise/noise.h"

#define NOISE_TOKENS_MAX   5 /* four and the end: the longest line has four */
#define NOISE_MESSAGES_MAX 3

/* Section 7.1, in canonical (initiator left) form. */
enum noise_token {
	NOISE_END = 0,
	NOISE_E,
	NOISE_S,
	NOISE_EE,
	NOISE_ES,
	NOISE_SE,
	NOISE_SS,
};

/* The public key that both sides hash before the first message. */
enum noise_pre {
	NOISE_PRE_NONE = 0,
	NOISE_PRE_RESPONDER_S,
	NOISE_PRE_RESPONDER_E,
};

struct noise_pattern_def {
	struct bytes name; /* the protocol name, hashed into the session */
	enum noise_pre pre;
	unsigned messages;
	enum noise_token token[NOISE_MESSAGES_MAX][NOISE_TOKENS_MAX];
};

const struct noise_pattern_def *noise_pattern_get(enum noise_pattern pattern);

#endif
