/* Packets and hello; docs/protocol.md sections 2 and 3. */
#include "protocol/packet.h"

#include "base/rd.h"
#include "crypto/crypto.h"

static const uint8_t packet_magic[4] = { 'C', 'O', 'N', 'F' };
static const char packet_label[] = "confer channel v1"; /* with its NUL */

/* kind, magic, version, count and ids, key id: the longest bound part */
_Static_assert(sizeof(packet_label) + 1 + sizeof(packet_magic) + 1 + 1 +
		       NOISE_OFFER_MAX + PACKET_KEY_ID_LEN <=
		   PACKET_PROLOGUE_MAX,
    "a prologue fits");

enum err packet_find(
    struct bytes in, size_t body_max, struct bytes *body, size_t *used)
{
	struct rd r = rd_bytes_init(in);
	size_t len = rd_u16be(&r);

	*body = (struct bytes){ NULL, 0 };
	*used = 0;
	if (r.err != ERR_OK)
		return ERR_AGAIN;
	if (len == 0) /* [P-01] */
		return ERR_FORMAT;
	if (len > body_max) /* [P-02] */
		return ERR_LIMIT;
	*used = PACKET_HEADER_LEN + len;
	*body = rd_take(&r, len);
	return r.err == ERR_OK ? ERR_OK : ERR_AGAIN;
}

static enum err parse_magic_and_version(struct rd *r)
{
	struct bytes magic = rd_take(r, sizeof(packet_magic));
	uint8_t version = rd_u8(r);

	if (r->err != ERR_OK)
		return r->err;
	if (!mem_eq(
		magic, (struct bytes){ packet_magic, sizeof(packet_magic) }))
		return ERR_FORMAT;
	return version == PACKET_VERSION ? ERR_OK : ERR_UNSUPPORTED;
}

enum err packet_hello_parse(struct packet_hello *out, struct bytes body)
{
	struct rd r = rd_bytes_init(body);
	struct packet_hello hello = { .kind = (enum packet_kind)rd_u8(&r) };
	enum err e;

	memset(out, 0, sizeof(*out));
	if (r.err != ERR_OK)
		return r.err;
	if (hello.kind != PACKET_XX && hello.kind != PACKET_IK)
		return ERR_FORMAT;
	e = parse_magic_and_version(&r);
	if (e != ERR_OK)
		return e;
	noise_offer_read(&r, &hello.offer);
	if (hello.kind == PACKET_IK)
		rd_copy(&r, hello.key_id, sizeof(hello.key_id));
	if (r.err != ERR_OK)
		return r.err;
	hello.bound = (struct bytes){ body.p, r.off };
	hello.message = rd_take(&r, rd_left(&r));
	*out = hello;
	return ERR_OK;
}

void packet_hello_write(struct wr *w, enum packet_kind kind,
    const struct noise_offer *offer, const uint8_t *key_id)
{
	wr_u8(w, (uint8_t)kind);
	wr_copy(w, packet_magic, sizeof(packet_magic));
	wr_u8(w, PACKET_VERSION);
	noise_offer_write(w, offer);
	if (kind == PACKET_IK)
		wr_copy(w, key_id, PACKET_KEY_ID_LEN);
}

void packet_key_id(
    uint8_t out[PACKET_KEY_ID_LEN], const uint8_t s_pub[X25519_LEN])
{
	struct bytes key = { s_pub, X25519_LEN };
	uint8_t hash[SHA256_LEN];

	crypto_sha256(hash, &key, 1);
	mem_copy(out, hash, PACKET_KEY_ID_LEN);
}

size_t packet_prologue(uint8_t out[PACKET_PROLOGUE_MAX], struct bytes bound)
{
	struct wr w = wr_init(out, PACKET_PROLOGUE_MAX);

	wr_copy(&w, packet_label, sizeof(packet_label));
	wr_bytes(&w, bound);
	return w.len;
}
