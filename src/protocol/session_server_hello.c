/*
 * The enclave's part of the handshake: docs/protocol.md sections 3 and 4. XX for
 * whoever is new, IK for whoever remembers our key, XXfallback for whoever
 * remembers another.
 */
#include "protocol/session_server_hello.h"

#include "base/assert.h"

#define REPLY_WHOLE 1
#define REPLY_SAME  2

static void refuse(struct wr *out, enum packet_refusal reason)
{
	wr_u16be(out, 2);
	wr_u8(out, PACKET_REFUSED);
	wr_u8(out, (uint8_t)reason);
}

/*
 * Write the reply packet around Noise's next message. The evidence reply is
 * built behind the place of the message and wiped: it is public, but there is no
 * reason to leave copies of anything.
 */
static enum err write_reply(struct session_server *s, enum packet_kind kind,
    const struct session_server_keys *keys, bool same, struct wr *out)
{
	struct bytes evidence = keys->evidence;
	size_t payload_len, cap, len;
	uint8_t *at, *payload;
	struct wr body;
	enum err e;

	if (same)
		evidence = (struct bytes){ keys->evidence_hash, SHA256_LEN };
	payload_len = 1 + evidence.len;
	cap = payload_len + NOISE_HANDSHAKE_OVERHEAD_MAX;
	if (out->err != ERR_OK ||
	    out->cap - out->len < PACKET_HEADER_LEN + 2 + cap + payload_len)
		return ERR_NOSPACE;
	at = out->p + out->len + PACKET_HEADER_LEN + 2;
	payload = at + cap;
	body = wr_init(payload, payload_len);
	wr_u8(&body, same ? REPLY_SAME : REPLY_WHOLE);
	wr_bytes(&body, evidence);
	e = noise_write(
	    &s->hs, at, cap, &len, (struct bytes){ payload, payload_len });
	mem_wipe(payload, payload_len);
	if (e != ERR_OK)
		return e;
	wr_u16be(out, (uint16_t)(2 + len));
	wr_u8(out, (uint8_t)kind);
	wr_u8(out, NOISE_SUITE_25519);
	(void)wr_reserve(out, len);
	return ERR_OK;
}

static struct noise_config config_for(const struct session_server_keys *keys,
    enum noise_pattern pattern, enum noise_role role, struct bytes prologue)
{
	return (struct noise_config){
		.pattern = pattern,
		.role = role,
		.prologue = prologue,
		.s_priv = keys->s_priv,
		.s_pub = keys->s_pub,
		.e_priv = keys->e_priv,
	};
}

static enum err reply_xx(struct session_server *s,
    const struct session_server_keys *keys, const struct packet_hello *hello,
    struct bytes prologue, struct wr *out)
{
	struct noise_config c =
	    config_for(keys, NOISE_XX, NOISE_RESPONDER, prologue);
	uint8_t none[PACKET_FIRST_MAX];
	size_t len;
	enum err e;

	noise_handshake_init(&s->hs, &c);
	e = noise_read(&s->hs, none, sizeof(none), &len, hello->message);
	if (e != ERR_OK)
		return e;
	if (len != 0) /* [P-07] */
		return ERR_FORMAT;
	s->state = SESSION_SERVER_FINISH;
	return write_reply(s, PACKET_XX_REPLY, keys, false, out);
}

/* [P-16]: our key is not the one the client remembers. */
static enum err reply_fallback(struct session_server *s,
    const struct session_server_keys *keys, const struct packet_hello *hello,
    struct bytes prologue, struct wr *out)
{
	struct noise_config c =
	    config_for(keys, NOISE_XXFALLBACK, NOISE_INITIATOR, prologue);
	uint8_t re[NOISE_KEY_LEN];
	enum err e = noise_first_ephemeral(re, hello->message);

	if (e != ERR_OK)
		return e;
	c.re = re;
	noise_handshake_init(&s->hs, &c);
	s->state = SESSION_SERVER_FINISH;
	return write_reply(s, PACKET_FALLBACK_REPLY, keys, false, out);
}

/* Try IK; *fits is false when XXfallback has to answer. */
static enum err reply_ik(struct session_server *s,
    const struct session_server_keys *keys, const struct packet_hello *hello,
    struct bytes prologue, struct wr *out, bool *fits)
{
	struct noise_config c =
	    config_for(keys, NOISE_IK, NOISE_RESPONDER, prologue);
	uint8_t held[PACKET_FIRST_MAX], key_id[PACKET_KEY_ID_LEN];
	size_t len;
	bool same;
	enum err e;

	packet_key_id(key_id, keys->s_pub);
	*fits = mem_eq_ct(key_id, hello->key_id, sizeof(key_id));
	if (!*fits) /* [P-12] */
		return ERR_OK;
	noise_handshake_init(&s->hs, &c);
	e = noise_read(&s->hs, held, sizeof(held), &len, hello->message);
	*fits = e == ERR_OK;
	if (!*fits)
		return ERR_OK;
	if (len != SHA256_LEN) /* [P-13] */
		return ERR_FORMAT;
	same = mem_eq_ct(held, keys->evidence_hash, SHA256_LEN); /* [P-14] */
	e = write_reply(s, PACKET_IK_REPLY, keys, same, out);
	if (e == ERR_OK)
		e = noise_split(&s->hs, &s->transport);
	s->state = SESSION_SERVER_OPEN;
	return e;
}

static enum err refuse_hello(enum err e, struct wr *out)
{
	refuse(out, e == ERR_UNSUPPORTED ? PACKET_REFUSED_VERSION
					 : PACKET_REFUSED_MALFORMED);
	return e;
}

enum err session_server_hello(struct session_server *s,
    const struct session_server_keys *keys, struct bytes body,
    struct session_server_event *ev, struct wr *out)
{
	uint8_t prologue[PACKET_PROLOGUE_MAX], suite;
	struct packet_hello hello;
	struct bytes bound;
	bool fits = false;
	enum err e = packet_hello_parse(&hello, body);

	assert(keys != NULL && keys->evidence.len <= PACKET_EVIDENCE_MAX);
	if (e != ERR_OK)
		return refuse_hello(e, out); /* [P-03] */
	e = noise_offer_choose(&hello.offer, &suite);
	if (e != ERR_OK) { /* [P-04] */
		refuse(out, PACKET_REFUSED_SUITE);
		return e;
	}
	bound.p = prologue; /* [P-05] */
	bound.len = packet_prologue(prologue, hello.bound);
	if (hello.kind == PACKET_XX)
		return reply_xx(s, keys, &hello, bound, out);
	e = reply_ik(s, keys, &hello, bound, out, &fits);
	if (e != ERR_OK)
		return e;
	if (!fits)
		return reply_fallback(s, keys, &hello, bound, out);
	ev->type = SESSION_SERVER_OPENED;
	return ERR_OK;
}

enum err session_server_finish(struct session_server *s, struct bytes body,
    struct session_server_event *ev)
{
	uint8_t none[PACKET_FINISH_MAX];
	size_t len;
	enum err e;

	if (body.len < 1 || body.p[0] != PACKET_FINISH)
		return ERR_PROTOCOL;
	e = noise_read(&s->hs, none, sizeof(none), &len,
	    (struct bytes){ body.p + 1, body.len - 1 });
	if (e != ERR_OK)
		return e;
	if (len != 0) /* [P-10], [P-17] */
		return ERR_FORMAT;
	e = noise_split(&s->hs, &s->transport);
	if (e != ERR_OK)
		return e;
	s->state = SESSION_SERVER_OPEN;
	ev->type = SESSION_SERVER_OPENED;
	return ERR_OK;
}
