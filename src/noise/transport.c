/* Records after the handshake: nonces in order, keys replaced on schedule. */
#include "noise/noise.h"

#include "noise/state.h"

_Static_assert(UINT64_MAX % NOISE_REKEY_EVERY != 0,
    "the last nonce must not ask for a key that nothing uses");

/* Both sides count alike, so both replace a key before the same record. */
static void rekey_if_due(struct noise_cipher *c)
{
	if (c->n > 0 && c->n % NOISE_REKEY_EVERY == 0)
		noise_cipher_rekey(c);
}

enum err noise_transport_seal(struct noise_transport *t, uint8_t *out,
    size_t cap, size_t *len, struct bytes ad, struct bytes plain)
{
	enum err e;

	*len = 0;
	if (!t->live)
		return ERR_PROTOCOL;
	if (plain.len > NOISE_PLAIN_LEN_MAX)
		return ERR_LIMIT;
	if (plain.len + NOISE_TAG_LEN > cap)
		return ERR_NOSPACE;
	rekey_if_due(&t->tx);
	e = noise_cipher_seal(&t->tx, out, ad, plain);
	if (e == ERR_OK)
		*len = plain.len + NOISE_TAG_LEN;
	return e;
}

static enum err open_record(struct noise_transport *t, uint8_t *out, size_t cap,
    struct bytes ad, struct bytes record)
{
	if (!t->live)
		return ERR_PROTOCOL;
	if (record.len > NOISE_MSG_LEN_MAX)
		return ERR_LIMIT;
	if (record.len < NOISE_TAG_LEN)
		return ERR_TRUNCATED;
	if (record.len - NOISE_TAG_LEN > cap)
		return ERR_NOSPACE;
	rekey_if_due(&t->rx);
	return noise_cipher_open(&t->rx, out, ad, record);
}

enum err noise_transport_open(struct noise_transport *t, uint8_t *out,
    size_t cap, size_t *len, struct bytes ad, struct bytes record)
{
	enum err e = open_record(t, out, cap, ad, record);

	*len = e == ERR_OK ? record.len - NOISE_TAG_LEN : 0;
	if (e != ERR_OK)
		noise_transport_wipe(t);
	return e;
}

void noise_transport_wipe(struct noise_transport *t)
{
	mem_wipe(t, sizeof(*t));
}
