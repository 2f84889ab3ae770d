/*
 * HandshakeState (Noise, section 5.3). A message is processed on a copy of the
 * state, which replaces the state when all of it was good; when anything fails,
 * the state is wiped, because nothing may follow a failed handshake message.
 */
#include "noise/noise.h"

#include "base/assert.h"
#include "base/rd.h"
#include "base/wr.h"
#include "noise/pattern.h"
#include "noise/state.h"

static struct bytes key_bytes(const uint8_t key[NOISE_KEY_LEN])
{
	return (struct bytes){ key, NOISE_KEY_LEN };
}

/* A wrong config is our defect: the peer has no say in it. */
static void check_config(const struct noise_config *c)
{
	assert(c->role == NOISE_INITIATOR || c->role == NOISE_RESPONDER);
	assert(c->s_priv != NULL && c->e_priv != NULL);
	assert((c->rs != NULL) ==
	       (c->pattern == NOISE_IK && c->role == NOISE_INITIATOR));
	assert((c->re != NULL) ==
	       (c->pattern == NOISE_XXFALLBACK && c->role == NOISE_INITIATOR));
}

static void copy_keys(struct noise_handshake *hs, const struct noise_config *c)
{
	mem_copy(hs->s_priv, c->s_priv, NOISE_KEY_LEN);
	mem_copy(hs->e_priv, c->e_priv, NOISE_KEY_LEN);
	crypto_x25519_base(hs->e_pub, hs->e_priv);
	if (c->s_pub != NULL)
		mem_copy(hs->s_pub, c->s_pub, NOISE_KEY_LEN);
	else
		crypto_x25519_base(hs->s_pub, hs->s_priv);
	hs->has_rs = c->rs != NULL;
	if (hs->has_rs)
		mem_copy(hs->rs, c->rs, NOISE_KEY_LEN);
	hs->has_re = c->re != NULL;
	if (hs->has_re)
		mem_copy(hs->re, c->re, NOISE_KEY_LEN);
}

void noise_handshake_init(
    struct noise_handshake *hs, const struct noise_config *config)
{
	const struct noise_pattern_def *def =
	    noise_pattern_get(config->pattern);
	bool initiator = config->role == NOISE_INITIATOR;

	check_config(config);
	memset(hs, 0, sizeof(*hs));
	hs->pattern = config->pattern;
	hs->role = config->role;
	copy_keys(hs, config);
	noise_symmetric_init(&hs->sym, def->name);
	noise_symmetric_mix_hash(&hs->sym, config->prologue);
	if (def->pre == NOISE_PRE_RESPONDER_S)
		noise_symmetric_mix_hash(
		    &hs->sym, key_bytes(initiator ? hs->rs : hs->s_pub));
	if (def->pre == NOISE_PRE_RESPONDER_E)
		noise_symmetric_mix_hash(
		    &hs->sym, key_bytes(initiator ? hs->re : hs->e_pub));
	hs->live = true;
}

/* MixKey of the secret between one of our keys and one of the peer's. */
static enum err mix_dh(struct noise_handshake *hs, enum noise_token token)
{
	bool initiator = hs->role == NOISE_INITIATOR;
	/* es: the initiator's e with the responder's s; se: the other two. */
	bool own_e =
	    token == NOISE_EE || token == (initiator ? NOISE_ES : NOISE_SE);
	bool peer_e =
	    token == NOISE_EE || token == (initiator ? NOISE_SE : NOISE_ES);
	uint8_t shared[X25519_LEN];
	enum err e;

	assert(peer_e ? hs->has_re : hs->has_rs);
	e = crypto_x25519(
	    shared, own_e ? hs->e_priv : hs->s_priv, peer_e ? hs->re : hs->rs);
	if (e == ERR_OK)
		noise_symmetric_mix_key(
		    &hs->sym, (struct bytes){ shared, sizeof(shared) });
	mem_wipe(shared, sizeof(shared));
	return e;
}

static enum err write_sealed(
    struct noise_handshake *hs, struct wr *w, struct bytes plain)
{
	size_t tag_len = noise_cipher_tag_len(&hs->sym.cipher);
	uint8_t *at;

	if (plain.len > NOISE_MSG_LEN_MAX)
		return ERR_LIMIT;
	at = wr_reserve(w, plain.len + tag_len);
	return w->err != ERR_OK ? w->err
				: noise_symmetric_seal(&hs->sym, at, plain);
}

static enum err write_token(
    struct noise_handshake *hs, struct wr *w, enum noise_token token)
{
	if (token == NOISE_E) {
		wr_copy(w, hs->e_pub, NOISE_KEY_LEN);
		noise_symmetric_mix_hash(&hs->sym, key_bytes(hs->e_pub));
		return w->err;
	}
	if (token == NOISE_S)
		return write_sealed(hs, w, key_bytes(hs->s_pub));
	return mix_dh(hs, token);
}

static enum err read_token(
    struct noise_handshake *hs, struct rd *r, enum noise_token token)
{
	struct bytes sealed;
	enum err e;

	if (token == NOISE_E) {
		rd_copy(r, hs->re, NOISE_KEY_LEN);
		hs->has_re = true;
		noise_symmetric_mix_hash(&hs->sym, key_bytes(hs->re));
		return r->err;
	}
	if (token == NOISE_S) {
		sealed = rd_take(
		    r, NOISE_KEY_LEN + noise_cipher_tag_len(&hs->sym.cipher));
		if (r->err != ERR_OK)
			return r->err;
		e = noise_symmetric_open(&hs->sym, hs->rs, sealed);
		hs->has_rs = e == ERR_OK;
		return e;
	}
	return mix_dh(hs, token);
}

static enum err write_message(
    struct noise_handshake *hs, struct wr *w, struct bytes payload)
{
	const enum noise_token *token =
	    noise_pattern_get(hs->pattern)->token[hs->next];

	for (; *token != NOISE_END; token++) {
		enum err e = write_token(hs, w, *token);

		if (e != ERR_OK)
			return e;
	}
	hs->next++;
	return write_sealed(hs, w, payload);
}

static enum err read_message(
    struct noise_handshake *hs, struct rd *r, struct wr *w)
{
	const enum noise_token *token =
	    noise_pattern_get(hs->pattern)->token[hs->next];
	size_t tag_len;
	uint8_t *at;

	for (; *token != NOISE_END; token++) {
		enum err e = read_token(hs, r, *token);

		if (e != ERR_OK)
			return e;
	}
	tag_len = noise_cipher_tag_len(&hs->sym.cipher);
	if (rd_left(r) < tag_len)
		return ERR_TRUNCATED;
	at = wr_reserve(w, rd_left(r) - tag_len);
	if (w->err != ERR_OK)
		return w->err;
	hs->next++;
	return noise_symmetric_open(&hs->sym, at, rd_take(r, rd_left(r)));
}

/* Commit the copy or kill the handshake, and wipe the copy. */
static enum err finish(struct noise_handshake *hs, struct noise_handshake *copy,
    struct wr *w, size_t *len, enum err e)
{
	if (e == ERR_OK) {
		*hs = *copy;
		*len = w->len;
	} else {
		noise_handshake_wipe(hs);
		mem_wipe(w->p, w->len);
	}
	mem_wipe(copy, sizeof(*copy));
	return e;
}

static bool ongoing(const struct noise_handshake *hs)
{
	return hs->live && hs->next < noise_pattern_get(hs->pattern)->messages;
}

bool noise_handshake_writes(const struct noise_handshake *hs)
{
	bool initiators_turn = hs->next % 2 == 0;

	return ongoing(hs) && initiators_turn == (hs->role == NOISE_INITIATOR);
}

enum err noise_write(struct noise_handshake *hs, uint8_t *out, size_t cap,
    size_t *len, struct bytes payload)
{
	struct noise_handshake copy = *hs;
	size_t room = cap < NOISE_MSG_LEN_MAX ? cap : NOISE_MSG_LEN_MAX;
	struct wr w = wr_init(out, room);
	enum err e = ERR_PROTOCOL;

	*len = 0;
	if (noise_handshake_writes(hs))
		e = write_message(&copy, &w, payload);
	if (e == ERR_NOSPACE && room == NOISE_MSG_LEN_MAX)
		e = ERR_LIMIT;
	return finish(hs, &copy, &w, len, e);
}

enum err noise_read(struct noise_handshake *hs, uint8_t *out, size_t cap,
    size_t *len, struct bytes in)
{
	struct noise_handshake copy = *hs;
	struct rd r = rd_bytes_init(in);
	struct wr w = wr_init(out, cap);
	enum err e = ERR_PROTOCOL;

	*len = 0;
	if (in.len > NOISE_MSG_LEN_MAX)
		e = ERR_LIMIT;
	else if (ongoing(hs) && !noise_handshake_writes(hs))
		e = read_message(&copy, &r, &w);
	return finish(hs, &copy, &w, len, e);
}

bool noise_handshake_done(const struct noise_handshake *hs)
{
	return hs->live && !ongoing(hs);
}

const uint8_t *noise_remote_static(const struct noise_handshake *hs)
{
	return hs->has_rs ? hs->rs : NULL;
}

enum err noise_first_ephemeral(uint8_t re[NOISE_KEY_LEN], struct bytes msg)
{
	struct rd r = rd_bytes_init(msg);

	rd_copy(&r, re, NOISE_KEY_LEN);
	return r.err;
}

enum err noise_split(struct noise_handshake *hs, struct noise_transport *t)
{
	bool initiator = hs->role == NOISE_INITIATOR;

	memset(t, 0, sizeof(*t));
	if (!noise_handshake_done(hs))
		return ERR_PROTOCOL;
	noise_symmetric_split(
	    &hs->sym, initiator ? &t->tx : &t->rx, initiator ? &t->rx : &t->tx);
	mem_copy(t->h, hs->sym.h, sizeof(t->h));
	t->live = true;
	noise_handshake_wipe(hs);
	return ERR_OK;
}

void noise_handshake_wipe(struct noise_handshake *hs)
{
	mem_wipe(hs, sizeof(*hs));
}
