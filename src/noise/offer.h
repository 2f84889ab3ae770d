/*
 * offer: which channel suites a client offers, as data. The offer travels in
 * clear before the handshake, so whoever relays it can strike a suite out; the
 * protocol therefore hashes the offer AS SENT and AS RECEIVED into the
 * prologue, and any change makes the handshake fail. That binds the coming
 * post-quantum suite against downgrade from the first version on.
 */
#ifndef CONFER_NOISE_OFFER_H
#define CONFER_NOISE_OFFER_H

#include <stdint.h>

#include "base/err.h"
#include "base/rd.h"
#include "base/wr.h"

#define NOISE_OFFER_MAX 8 /* suites in one offer; two have an id so far */

enum noise_suite {
	/* Noise_{XX,IK,XXfallback}_25519_ChaChaPoly_SHA256 */
	NOISE_SUITE_25519 = 1,
	/* Noise_XXhfs_25519+MLKEM768_ChaChaPoly_SHA256: reserved, not built */
	NOISE_SUITE_25519_MLKEM768 = 2,
};

/* Suite ids in the client's order of preference; unknown ones are allowed. */
struct noise_offer {
	uint8_t n;
	uint8_t suite[NOISE_OFFER_MAX];
};

/* count u8, then count suite ids u8. 1 <= n <= NOISE_OFFER_MAX. */
void noise_offer_write(struct wr *w, const struct noise_offer *offer);

/*
 * The same from outside. The cursor takes ERR_LIMIT above NOISE_OFFER_MAX and
 * ERR_FORMAT for an empty offer, an id of 0 or one that comes twice; *offer is
 * all zero then.
 */
void noise_offer_read(struct rd *r, struct noise_offer *offer);

/*
 * The first offered suite that this build has. ERR_UNSUPPORTED, *suite 0, if
 * there is none.
 */
enum err noise_offer_choose(const struct noise_offer *offer, uint8_t *suite)
    __attribute__((warn_unused_result));

#endif
