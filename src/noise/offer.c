/* Channel suites on offer; see offer.h. */
#include "noise/offer.h"

#include "base/assert.h"

void noise_offer_write(struct wr *w, const struct noise_offer *offer)
{
	assert(offer->n >= 1 && offer->n <= NOISE_OFFER_MAX);
	wr_u8(w, offer->n);
	wr_copy(w, offer->suite, offer->n);
}

static bool offers(const struct noise_offer *offer, uint8_t suite)
{
	for (size_t i = 0; i < offer->n; i++) {
		if (offer->suite[i] == suite)
			return true;
	}
	return false;
}

void noise_offer_read(struct rd *r, struct noise_offer *offer)
{
	size_t n = rd_u8(r);

	memset(offer, 0, sizeof(*offer));
	if (r->err == ERR_OK && n == 0)
		rd_fail(r, ERR_FORMAT);
	if (n > NOISE_OFFER_MAX)
		rd_fail(r, ERR_LIMIT);
	for (size_t i = 0; i < n && r->err == ERR_OK; i++) {
		uint8_t suite = rd_u8(r);

		if (r->err == ERR_OK && (suite == 0 || offers(offer, suite)))
			rd_fail(r, ERR_FORMAT);
		offer->suite[offer->n++] = suite;
	}
	if (r->err != ERR_OK)
		memset(offer, 0, sizeof(*offer));
}

enum err noise_offer_choose(const struct noise_offer *offer, uint8_t *suite)
{
	*suite = 0;
	for (size_t i = 0; i < offer->n; i++) {
		if (offer->suite[i] == NOISE_SUITE_25519) {
			*suite = offer->suite[i];
			return ERR_OK;
		}
	}
	return ERR_UNSUPPORTED;
}
