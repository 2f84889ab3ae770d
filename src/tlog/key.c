/* Keys of signed notes: names, ids, vkeys; see key.h. */
#include "tlog/key.h"

#include "base/assert.h"
#include "base/hex.h"
#include "base/utf8.h"

#define KEY_ID_LEN       4
#define MLDSA44_PUB_LEN  1312
#define KEY_BLOB_LEN_MAX (1 + MLDSA44_PUB_LEN)

/* ---- names --------------------------------------------------------------- */

/* Code point of the UTF-8 sequence at p, which is valid; *len its length. */
static uint32_t code_point(const uint8_t *p, size_t *len)
{
	uint32_t c = p[0];

	*len = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	if (*len > 1)
		c &= 0xffu >> (*len + 1);
	for (size_t i = 1; i < *len; i++)
		c = c << 6 | (p[i] & 0x3fu);
	return c;
}

/* Unicode property White_Space. */
static bool is_space(uint32_t c)
{
	return (c >= 0x09 && c <= 0x0d) || c == 0x20 || c == 0x85 ||
	       c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) ||
	       c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f ||
	       c == 0x3000;
}

bool tlog_key_name_ok(struct bytes name)
{
	size_t len;

	if (name.len == 0 || name.len > TLOG_KEY_NAME_LEN_MAX ||
	    utf8_prefix(name) != name.len)
		return false;
	for (size_t i = 0; i < name.len; i += len) {
		uint32_t c = code_point(name.p + i, &len);

		if (is_space(c) || c == '+' || c < 0x20)
			return false;
	}
	return true;
}

/* ---- keys ---------------------------------------------------------------- */

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

static uint32_t hash_id(struct bytes name, uint8_t type, struct bytes pub)
{
	const struct bytes part[] = { name, BYTES_LITERAL("\n"), { &type, 1 },
		pub };
	uint8_t h[SHA256_LEN];

	crypto_sha256(h, part, 4);
	return be32(h);
}

uint32_t tlog_key_id(struct bytes name, enum tlog_key_type type,
    const uint8_t pub[ED25519_PUB_LEN])
{
	return hash_id(
	    name, (uint8_t)type, (struct bytes){ pub, ED25519_PUB_LEN });
}

struct tlog_key tlog_key_make(struct bytes name, enum tlog_key_type type,
    const uint8_t pub[ED25519_PUB_LEN])
{
	struct tlog_key key = { .name = name, .type = type };

	assert(tlog_key_name_ok(name));
	assert(type == TLOG_KEY_ED25519 || type == TLOG_KEY_COSIGNATURE);
	key.id = tlog_key_id(name, type, pub);
	mem_copy(key.pub, pub, ED25519_PUB_LEN);
	return key;
}

/* Fill key->type, pub and id from the decoded type and public key. */
static enum err read_key(struct tlog_key *key, uint8_t type, struct bytes pub)
{
	uint8_t digest[SHA256_LEN];

	crypto_sha256(digest, &pub, 1);
	switch (type) {
	case TLOG_KEY_ED25519:
	case TLOG_KEY_COSIGNATURE:
		if (pub.len != ED25519_PUB_LEN)
			return ERR_FORMAT;
		key->id = hash_id(key->name, type, pub);
		mem_copy(key->pub, pub.p, ED25519_PUB_LEN);
		break;
	case TLOG_KEY_MLDSA44:
		if (pub.len != MLDSA44_PUB_LEN)
			return ERR_FORMAT;
		key->id = hash_id(key->name, type, pub);
		mem_copy(key->pub, digest, SHA256_LEN);
		break;
	case TLOG_KEY_RFC6962: /* the id covers the hash of the SPKI */
		key->id = hash_id(
		    key->name, type, (struct bytes){ digest, SHA256_LEN });
		mem_copy(key->pub, digest, SHA256_LEN);
		break;
	case TLOG_KEY_ECDSA: /* the id covers the SPKI alone */
		key->id = be32(digest);
		mem_copy(key->pub, digest, SHA256_LEN);
		break;
	default:
		return ERR_UNSUPPORTED;
	}
	key->type = (enum tlog_key_type)type;
	return ERR_OK;
}

/* Offset of the first '+' in b at or after `from`; b.len if there is none. */
static size_t find_plus(struct bytes b, size_t from)
{
	while (from < b.len && b.p[from] != '+')
		from++;
	return from;
}

enum err tlog_vkey_parse(
    struct tlog_key *out, struct bytes text, struct err_ctx *ctx)
{
	uint8_t id[KEY_ID_LEN], blob[KEY_BLOB_LEN_MAX];
	struct tlog_key key = { 0 };
	size_t one, two, n;
	enum err e;

	memset(out, 0, sizeof(*out));
	one = find_plus(text, 0);
	two = find_plus(text, one + 1);
	if (two >= text.len)
		return err_set(ctx, ERR_FORMAT, "vkey: not name+id+key");
	key.name = (struct bytes){ text.p, one };
	if (!tlog_key_name_ok(key.name))
		return err_set(ctx, ERR_FORMAT, "vkey: bad name");
	if (hex_decode(id, sizeof(id),
		(struct bytes){ text.p + one + 1, two - one - 1 }) != ERR_OK)
		return err_set(ctx, ERR_FORMAT, "vkey: bad id");
	e = base64_decode(blob, sizeof(blob), &n,
	    (struct bytes){ text.p + two + 1, text.len - two - 1 });
	if (e == ERR_NOSPACE)
		e = ERR_LIMIT; /* longer than any key we know */
	else if (e == ERR_OK && n < 2)
		e = ERR_FORMAT;
	if (e != ERR_OK)
		return err_set(ctx, e, "vkey: bad base64 or length");
	e = read_key(&key, blob[0], (struct bytes){ blob + 1, n - 1 });
	if (e != ERR_OK)
		return err_set(ctx, e, "vkey: type %u with %zu bytes",
		    (unsigned)blob[0], n - 1);
	if (key.id != be32(id))
		return err_set(ctx, ERR_AUTH, "vkey: id is not the key's");
	*out = key;
	return ERR_OK;
}

void tlog_vkey_format(struct wr *w, struct bytes name, enum tlog_key_type type,
    const uint8_t pub[ED25519_PUB_LEN])
{
	uint8_t blob[1 + ED25519_PUB_LEN];
	char text[BASE64_LEN(sizeof(blob)) + 1];

	blob[0] = (uint8_t)type;
	mem_copy(blob + 1, pub, ED25519_PUB_LEN);
	base64_encode(text, blob, sizeof(blob));
	wr_bytes(w, name);
	wr_fmt(w, "+%08x+%s", tlog_key_id(name, type, pub), text);
}
