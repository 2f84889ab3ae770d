/* Public keys in certificates, refused for one member each. */
#include "crypto/crypto_native.h"
#include "x509_parts.h"

static struct bytes rsa_spki(struct bytes param, struct bytes key)
{
	return PKI_SEQ(
	    PKI_SEQ(pki_oid("1.2.840.113549.1.1.1"), param), pki_bits(key));
}

/* A number of so many bytes, the first of which is given. */
static struct bytes big(uint8_t first, size_t len)
{
	uint8_t *p = pki_alloc(len);

	memset(p, 0x5a, len);
	p[0] = first;
	if (first < 0x80)
		return pki_tlv(DER_INTEGER, (struct bytes){ p, len });
	return pki_tlv(DER_INTEGER, PKI_CAT(pki_hex("00"), { p, len }));
}

TEST(x509_refuses_other_rsa_keys)
{
	struct bytes null, n, e, key;
	const char *field = "RSA key";

	(void)sample();
	null = pki_tlv(DER_NULL, none);
	n = big(0x80, 512);
	e = pki_int(65537);
	key = PKI_SEQ(n, e);
	(void)accept(PKI_SPKI, rsa_spki(null, key));
	refuse(
	    PKI_SPKI, rsa_spki(none, key), ERR_TRUNCATED, "key parameters", 17);
	refuse(PKI_SPKI, rsa_spki(pki_hex("050100"), key), ERR_FORMAT,
	    "key parameters", 20);
	refuse(PKI_SPKI, rsa_spki(PKI_CAT(null, null), key), ERR_TRAILING,
	    "key parameters", 19);
	refuse(PKI_SPKI, rsa_spki(null, PKI_SEQ(big(0x7f, 512), e)),
	    ERR_UNSUPPORTED, "RSA modulus", 28);
	refuse(PKI_SPKI, rsa_spki(null, PKI_SEQ(big(0x80, 511), e)),
	    ERR_UNSUPPORTED, "RSA modulus", 28);
	refuse(PKI_SPKI, rsa_spki(null, PKI_SEQ(big(0x80, 513), e)),
	    ERR_UNSUPPORTED, "RSA modulus", 28);
	refuse(PKI_SPKI, rsa_spki(null, PKI_SEQ(n, pki_int(3))),
	    ERR_UNSUPPORTED, "RSA exponent", 28 + 517);
	refuse(PKI_SPKI, rsa_spki(null, PKI_SEQ(n, pki_int(1ULL << 32))),
	    ERR_FORMAT, field, 28 + 517);
	refuse(PKI_SPKI, rsa_spki(null, PKI_SEQ(n)), ERR_TRUNCATED, field,
	    28 + 517);
	refuse(PKI_SPKI, rsa_spki(null, PKI_SEQ(n, e, e)), ERR_TRAILING, field,
	    28 + 522);
	refuse(PKI_SPKI, rsa_spki(null, PKI_CAT(key, null)), ERR_TRAILING,
	    field, 24 + 526);
	refuse(PKI_SPKI, rsa_spki(null, n), ERR_FORMAT, field, 24);
	refuse(PKI_SPKI,
	    PKI_SEQ(PKI_SEQ(pki_oid("1.2.840.113549.1.1.1"), null),
		pki_octets(key)),
	    ERR_FORMAT, "subjectPublicKey", 19);
	refuse(
	    PKI_SPKI, rsa_spki(null, PKI_SEQ(null, e)), ERR_FORMAT, field, 22);
}

static struct bytes ec_spki(const char *curve, struct bytes bits)
{
	return PKI_SEQ(
	    PKI_SEQ(pki_oid("1.2.840.10045.2.1"), pki_oid(curve)), bits);
}

#define P256_OID "1.2.840.10045.3.1.7"

TEST(x509_refuses_other_ec_keys)
{
	struct bytes point, p384;
	uint8_t *p;

	(void)sample();
	point = pki_point(pki_p256(1));
	p384 = pki_point(pki_p384(1));
	(void)accept(PKI_SPKI, ec_spki(P256_OID, pki_bits(point)));
	(void)accept(PKI_SPKI, ec_spki("1.3.132.0.34", pki_bits(p384)));
	/* P-521, and P-384's point with P-256's name, and the reverse. */
	refuse(PKI_SPKI, ec_spki("1.3.132.0.35", pki_bits(point)),
	    ERR_UNSUPPORTED, "curve", 13);
	refuse(PKI_SPKI, ec_spki(P256_OID, pki_bits(p384)), ERR_FORMAT,
	    "EC point", 23);
	refuse(PKI_SPKI, ec_spki("1.3.132.0.34", pki_bits(point)), ERR_FORMAT,
	    "EC point", 20);
	p = pki_copy(point);
	p[0] = 6;
	refuse(PKI_SPKI, ec_spki(P256_OID, pki_bits((struct bytes){ p, 65 })),
	    ERR_FORMAT, "EC point", 23);
	p[0] = 2;
	refuse(PKI_SPKI, ec_spki(P256_OID, pki_bits((struct bytes){ p, 33 })),
	    ERR_FORMAT, "EC point", 23);
	refuse(PKI_SPKI, ec_spki(P256_OID, pki_hex("030100")), ERR_FORMAT,
	    "EC point", 23);
	refuse(PKI_SPKI, ec_spki(P256_OID, pki_hex("03020104")), ERR_FORMAT,
	    "subjectPublicKey", 23);
	refuse(PKI_SPKI, ec_spki(P256_OID, none), ERR_TRUNCATED,
	    "subjectPublicKey", 23);
	/* Parameters written out instead of a name. */
	refuse(PKI_SPKI,
	    PKI_SEQ(PKI_SEQ(pki_oid("1.2.840.10045.2.1"), PKI_SEQ(none)),
		pki_bits(point)),
	    ERR_FORMAT, "key parameters", 13);
	refuse(PKI_SPKI,
	    PKI_SEQ(PKI_SEQ(pki_oid("1.2.840.10045.2.1"), pki_oid(P256_OID),
			pki_tlv(DER_NULL, none)),
		pki_bits(point)),
	    ERR_TRAILING, "key parameters", 23);
	refuse(PKI_SPKI,
	    ec_spki(
		P256_OID, PKI_CAT(pki_bits(point), pki_tlv(DER_NULL, none))),
	    ERR_TRAILING, "subjectPublicKeyInfo", 91);
}

TEST(x509_refuses_other_kinds_of_key)
{
	const char *field = "subjectPublicKeyInfo";

	(void)sample();
	/* Ed25519, and RSA bound to PSS. */
	refuse(PKI_SPKI,
	    PKI_SEQ(PKI_SEQ(pki_oid("1.3.101.112")), pki_bits(big(1, 32))),
	    ERR_UNSUPPORTED, "key algorithm", 4);
	refuse(PKI_SPKI,
	    PKI_SEQ(PKI_SEQ(pki_oid("1.2.840.113549.1.1.10")),
		pki_bits(big(1, 32))),
	    ERR_UNSUPPORTED, "key algorithm", 4);
	refuse(PKI_SPKI, PKI_SEQ(none), ERR_TRUNCATED, field, 2);
	refuse(PKI_SPKI, PKI_SEQ(PKI_SEQ(none)), ERR_TRUNCATED, field, 4);
	refuse(PKI_SPKI, PKI_SEQ(PKI_SEQ(pki_int(7777))), ERR_FORMAT, field, 4);
	refuse(PKI_SPKI, PKI_SEQ(pki_int(7777)), ERR_FORMAT, field, 2);
	refuse(PKI_SPKI, PKI_SET(pki_int(7777)), ERR_FORMAT, field, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(x509_refuses_other_rsa_keys),
		cmocka_unit_test(x509_refuses_other_ec_keys),
		cmocka_unit_test(x509_refuses_other_kinds_of_key),
	};

	if (crypto_init() != ERR_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
