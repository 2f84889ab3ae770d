/* See snp_idblock.h. */
#include "measure/snp_idblock.h"

#include "base/assert.h"
#include "base/hex.h"
#include "base/wr.h"

#define KEY_LEN    0x404 /* the structure whose digest is taken */
#define CURVE_P384 2
#define POINT_LEN  48
#define FIELD_LEN  72 /* of a coordinate, little endian */
#define DER_LEN    (sizeof(der_prefix) + 2 * POINT_LEN)
#define TEXT_LEN   BASE64_LEN(120)

/* SubjectPublicKeyInfo up to the point: id-ecPublicKey, secp384r1, 04. */
static const uint8_t der_prefix[] = { 0x30, 0x76, 0x30, 0x10, 0x06, 0x07, 0x2a,
	0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00,
	0x22, 0x03, 0x62, 0x00, 0x04 };

_Static_assert(DER_LEN == 120, "what TEXT_LEN is the base64 of");

void snp_idblock_write(uint8_t out[SNP_IDBLOCK_LEN],
    const uint8_t launch_digest[SHA384_LEN], uint64_t policy)
{
	struct wr w = wr_init(out, SNP_IDBLOCK_LEN);

	wr_copy(&w, launch_digest, SHA384_LEN);
	wr_fill(&w, 0, 16 + 16); /* FAMILY_ID, IMAGE_ID */
	wr_u32le(&w, SNP_ID_VERSION);
	wr_u32le(&w, 0); /* GUEST_SVN */
	wr_u64le(&w, policy);
	assert(w.err == ERR_OK && w.len == SNP_IDBLOCK_LEN);
}

/* Step over a line of the armour, or over a string at the start. */
static bool step(struct bytes *b, const char *s)
{
	const size_t n = mem_strlen(s);

	if (b->len < n || !mem_eq_str((struct bytes){ b->p, n }, s))
		return false;
	b->p += n;
	b->len -= n;
	return true;
}

/* The base64 between the armour's lines, without its line ends. */
static enum err read_pem(
    uint8_t text[TEXT_LEN], struct bytes pem, struct err_ctx *ctx)
{
	const uint8_t *start = pem.p;
	size_t n = 0;

	if (!step(&pem, "-----BEGIN PUBLIC KEY-----\n"))
		return err_set(ctx, ERR_FORMAT,
		    "key file does not start with BEGIN PUBLIC KEY");
	while (pem.len > 0 && pem.p[0] != '-') {
		if (pem.p[0] != '\n' && n == TEXT_LEN)
			return err_set(ctx, ERR_FORMAT,
			    "key file: more than a P-384 key, at offset %zu",
			    (size_t)(pem.p - start));
		if (pem.p[0] != '\n')
			text[n++] = pem.p[0];
		pem.p++;
		pem.len--;
	}
	if (!step(&pem, "-----END PUBLIC KEY-----"))
		return err_set(ctx, ERR_TRUNCATED,
		    "key file: no END PUBLIC KEY at offset %zu",
		    (size_t)(pem.p - start));
	(void)step(&pem, "\n");
	if (pem.len > 0)
		return err_set(ctx, ERR_FORMAT,
		    "key file: %zu bytes after its end", pem.len);
	if (n != TEXT_LEN)
		return err_set(ctx, ERR_FORMAT,
		    "key file: %zu characters of base64, a P-384 key has %d", n,
		    TEXT_LEN);
	return ERR_OK;
}

/* A coordinate, big endian, into its field, little endian. */
static void write_coordinate(struct wr *w, const uint8_t be[POINT_LEN])
{
	for (size_t i = 0; i < POINT_LEN; i++)
		wr_u8(w, be[POINT_LEN - 1 - i]);
	wr_fill(w, 0, FIELD_LEN - POINT_LEN);
}

enum err snp_idblock_parse_key(
    uint8_t out[SHA384_LEN], struct bytes pem, struct err_ctx *ctx)
{
	uint8_t text[TEXT_LEN], der[DER_LEN], key[KEY_LEN];
	struct wr w = wr_init(key, sizeof(key));
	size_t len;
	enum err e;

	memset(out, 0, SHA384_LEN);
	if (pem.len > SNP_PEM_LEN_MAX)
		return err_set(ctx, ERR_LIMIT,
		    "key file of %zu bytes, at most %d", pem.len,
		    SNP_PEM_LEN_MAX);
	e = read_pem(text, pem, ctx);
	if (e != ERR_OK)
		return e;
	e = base64_decode(
	    der, sizeof(der), &len, (struct bytes){ text, sizeof(text) });
	if (e != ERR_OK)
		return err_set(
		    ctx, ERR_FORMAT, "key file: its base64 is not canonical");
	if (len != sizeof(der) ||
	    !mem_eq((struct bytes){ der, sizeof(der_prefix) },
		(struct bytes){ der_prefix, sizeof(der_prefix) }))
		return err_set(ctx, ERR_FORMAT,
		    "key file is no P-384 key with an uncompressed point");
	wr_u32le(&w, CURVE_P384);
	write_coordinate(&w, der + sizeof(der_prefix));
	write_coordinate(&w, der + sizeof(der_prefix) + POINT_LEN);
	wr_fill(&w, 0, sizeof(key) - w.len);
	assert(w.err == ERR_OK && w.len == KEY_LEN);
	e = crypto_sha384(out, &(struct bytes){ key, sizeof(key) }, 1);
	return e == ERR_OK ? e : err_set(ctx, e, "SHA-384 failed");
}
