/*
 * A vendor's public key infrastructure for tests, in the likeness of AMD's and
 * Intel's: keys, certificates and revocation lists that say whatever a test
 * wants, rightly signed by OpenSSL. The DER is written here by hand, so that it
 * can also be wrong in one place.
 *
 *	struct pki_cert ark = pki_ca("ARK-Genoa", NULL, pki_rsa(0));
 *	struct pki_cert ask = pki_ca("SEV-Genoa", &ark, pki_rsa(1));
 *	struct pki_cert vcek = pki_leaf("SEV-VCEK", &ask, pki_p384(0));
 *	struct pki_ext ext[] = {
 *		{ "1.3.6.1.4.1.3704.1.3.1", pki_int(4), false },
 *		{ "1.3.6.1.4.1.3704.1.4", hwid, false },
 *	};
 *	struct root_key root = pki_root(&ark);
 *
 *	vcek.ext = ext, vcek.n_ext = 2, vcek.serial = 0;
 *	ask.usage = X509_USAGE_CERT_SIGN;       (change what you like)
 *	endorsement = pki_cert(&vcek);          (DER; signed by ask's key)
 *	chain = PKI_PEM(pki_cert(&ask), pki_cert(&ark));
 *	list = pki_list(&ark);                  (nobody is revoked)
 *	list.revoked = (uint64_t[]){ ask.serial }, list.n_revoked = 1;
 *	crl = pki_crl(&list);
 *	sig = pki_sign(vcek.key, report);       (r||s)
 *
 * All bytes that come back live in one pool until pki_reset(), which a test
 * calls first. RSA keys sign with SHA-384 and a salt of 48, P-256 with SHA-256,
 * P-384 with SHA-384.
 */
#ifndef CONFER_TESTS_UNIT_PKI_H
#define CONFER_TESTS_UNIT_PKI_H

#include <time.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "attest/der.h"
#include "attest/roots.h"
#include "attest/x509.h"
#include "test.h"

#define PKI_POOL_LEN (4U << 20)
#define PKI_KEYS     6             /* of each kind */
#define PKI_NOW      1800000000ULL /* 2027-01-15; all is valid then */
#define PKI_DAY      86400ULL

/* Four primes of 2048 bits: each two make a key of 4096. */
static const char *const pki_prime[] = {
	"e10a71520d9988483d613ddc2492c55c14227289a0fd0206b88dbb9587ed9e17"
	"0067f1663f0f2f0e325f811b6824812e7d25e4af95b280a2aed0acef70400a8d"
	"8a5670bfdd330b61b9dd829a41b59a3bb54ef167eb9845b08a2d19d958342e86"
	"d46957cfe506b6a3dc819ea9c133547d7ea40ce06e2f02125677e637f5fc1d2b"
	"3e05ac35d2630f5b434c3cecb218fb240888f1e02bb9aa3f1aace26e22f9c885"
	"23bc2b2b83ca7cea5682cd782be360e67279054340de8b3a10c6592dec1b0b0c"
	"7884c27676ecffccbf7bd847263608f97f58ad1cb474bc44b763460a33325f89"
	"11eb71a73b0d7abd3649a80142f5586c864d410f7739f5636e5d9b3424a72885",
	"ce513117797dfa84c77cd34d1e29edd601c3fcb99e808dcf9221af028dc61cf7"
	"daa724da7b381c855d77c5c14c0ba1cc6b8e596b59a962fbd9be4fa676251451"
	"add20ffe4c1708bd6ff9997992f9a29be77526f59bdc27cb3659377eda2c5db7"
	"bd43a60c4b78b63358fb0d7806a230434dfdacffa7ce2aa1d2a5682f6470def4"
	"66f044be923aba2874741ccb372d8b23e28ab6ce13f5aa15ecf88924d5062385"
	"ae3e4379faa421d284dd755d8efbbf963c2cb15192aff8e8fb30865a46c6cd4c"
	"f3710b400c36fa3783db6415390ac037ec15f8332ed5fe0c66e52dadaedc1359"
	"6e2d77707a72fbd3fba1d95007430c983154258f0376af77ba897163c53bf305",
	"d86123d2868677f609cc23c32a39cc348842a8e86b66e243c479370d8179df45"
	"dfbba15bea475f945b9d2790a2d08bc9bcdcd5c3f3c56bb520849d3fc0de1140"
	"a66aa8af23d848c4c092b8bd95f0838b048fffdd77119f3fc3446e802f99d50c"
	"094629bdd0b621c793027bae3a00ed23703a225b5cdae4b914b04b4242eea42a"
	"3f911e8cb30f245bacffbbd295e9b21bb9ee6da10e23b0374b502c7f86e7d189"
	"ecaae74c3f5834559e3470c5aaea7e2e48f995db5641e9718f98be49484cdec1"
	"c5b7f648296e0a51fe030c7bae7772fac6baf4db0f91341a220162563c545dc8"
	"0674fcd84abc4b84a59701e2c9e48acf5dd808fc7782978dc1bdd7f459c20ceb",
	"c1c639c776d1ef5eaeecc90ed9a1b9cba0711a23d3b7341ca9e7eaf8523e503f"
	"653180d0ce5b67b375198076cfc7d30e541b887ad824e111bfb2435954eba48f"
	"771ca450394917e6a0801fd591f81c1eac64e3997771582ae1716821c0bc6e02"
	"db0b27d0e1faaae27b4da3589aae366239ebe59e81e858cf8c4521d266aa0ddd"
	"b7a7c6a98fe5e534fdcf01dbc753c309f22861b744a2f91e0427ec6b5d4309a1"
	"d4ad7e4f37bf43c9f855e3b4c2030826f20cd8f2ec7334e4bc21b9e6706e5c63"
	"8a1304c773b6a63c878449bc3b888334af04cb6596fcd036f3bf50532533f086"
	"4ddb0c79709ba0efd828aa0a7a50e9ce06ccc7e8542e0a8a46a3bc592cf86d37",
};

/* ---- bytes --------------------------------------------------------------- */

static uint8_t pki_pool[PKI_POOL_LEN];
static size_t pki_used;

/* Forget all bytes made so far; keys stay. */
static inline void pki_reset(void)
{
	pki_used = 0;
}

static inline uint8_t *pki_alloc(size_t n)
{
	uint8_t *p = pki_pool + pki_used;

	CHECK(n <= PKI_POOL_LEN - pki_used);
	pki_used += n;
	return p;
}

static inline struct bytes pki_cat(const struct bytes *part, size_t n)
{
	struct bytes all = { NULL, 0 };
	uint8_t *p;

	for (size_t i = 0; i < n; i++)
		all.len += part[i].len;
	all.p = p = pki_alloc(all.len);
	for (size_t i = 0; i < n; i++) {
		mem_copy(p, part[i].p, part[i].len);
		p += part[i].len;
	}
	return all;
}

/* Bytes after bytes. */
#define PKI_PARTS(...)                                                         \
	(const struct bytes[]){ __VA_ARGS__ },                                 \
	    sizeof((const struct bytes[]){ __VA_ARGS__ }) /                    \
		sizeof(struct bytes)
#define PKI_CAT(...) pki_cat(PKI_PARTS(__VA_ARGS__))

/* A copy in the pool, to be changed. */
static inline uint8_t *pki_copy(struct bytes b)
{
	uint8_t *p = pki_alloc(b.len);

	mem_copy(p, b.p, b.len);
	return p;
}

static inline struct bytes pki_str(const char *s)
{
	return (struct bytes){ (const uint8_t *)s, strlen(s) };
}

/* Bytes from hexadecimal digits. */
static inline struct bytes pki_hex(const char *hex)
{
	size_t n = strlen(hex) / 2;
	uint8_t *p = pki_alloc(n);

	for (size_t i = 0; i < n; i++) {
		unsigned v;

		CHECK_EQ(sscanf(hex + 2 * i, "%2x", &v), 1);
		p[i] = (uint8_t)v;
	}
	return (struct bytes){ p, n };
}

/* ---- DER ----------------------------------------------------------------- */

/* An element: tag, length in its shortest form, content. */
static inline struct bytes pki_tlv(uint8_t tag, struct bytes content)
{
	uint8_t head[5] = { tag };
	size_t n = 2, len = content.len;

	if (len < 0x80) {
		head[1] = (uint8_t)len;
	} else if (len < 0x100) {
		head[1] = 0x81, head[2] = (uint8_t)len, n = 3;
	} else {
		CHECK(len < 0x10000);
		head[1] = 0x82, head[2] = (uint8_t)(len >> 8);
		head[3] = (uint8_t)len, n = 4;
	}
	return PKI_CAT({ head, n }, content);
}

#define PKI_SEQ(...) pki_tlv(DER_SEQUENCE, PKI_CAT(__VA_ARGS__))
#define PKI_SET(...) pki_tlv(DER_SET, PKI_CAT(__VA_ARGS__))

/* A non-negative number in its shortest form; tag INTEGER or ENUMERATED. */
static inline struct bytes pki_number(uint8_t tag, uint64_t v)
{
	uint8_t b[9] = { 0 };
	size_t at = 0;

	for (size_t i = 0; i < 8; i++)
		b[1 + i] = (uint8_t)(v >> (56 - 8 * i));
	while (at < 8 && b[at] == 0 && b[at + 1] < 0x80)
		at++;
	return pki_tlv(tag, (struct bytes){ b + at, sizeof(b) - at });
}

static inline struct bytes pki_int(uint64_t v)
{
	return pki_number(DER_INTEGER, v);
}

static inline struct bytes pki_bool(bool v)
{
	return pki_tlv(DER_BOOLEAN, pki_hex(v ? "ff" : "00"));
}

static inline struct bytes pki_octets(struct bytes b)
{
	return pki_tlv(DER_OCTET_STRING, b);
}

/* A BIT STRING of whole bytes. */
static inline struct bytes pki_bits(struct bytes b)
{
	return pki_tlv(DER_BIT_STRING, PKI_CAT(pki_hex("00"), b));
}

/* An OID from "1.2.840.113741.1.13.1"; whole, with its tag. */
static inline struct bytes pki_oid(const char *dotted)
{
	uint8_t b[64];
	size_t n = 0;
	unsigned long first = strtoul(dotted, (char **)&dotted, 10), v;

	v = 40 * first + strtoul(dotted + 1, (char **)&dotted, 10);
	for (;;) {
		for (int shift = 28; shift >= 0; shift -= 7) {
			if (v >> shift != 0 || shift == 0)
				b[n++] = (uint8_t)((v >> shift & 0x7F) |
						   (shift != 0 ? 0x80 : 0));
		}
		CHECK(n < sizeof(b) - 8);
		if (*dotted != '.')
			break;
		v = strtoul(dotted + 1, (char **)&dotted, 10);
	}
	return pki_tlv(DER_OID, (struct bytes){ b, n });
}

/* UTCTime before 2050, GeneralizedTime from then on. */
static inline struct bytes pki_time(uint64_t unix_s)
{
	time_t t = (time_t)unix_s;
	char text[32];
	struct tm tm;
	bool utc;

	CHECK(gmtime_r(&t, &tm) != NULL);
	utc = tm.tm_year < 150;
	CHECK(strftime(text, sizeof(text),
		  utc ? "%y%m%d%H%M%SZ" : "%Y%m%d%H%M%SZ", &tm) != 0);
	return pki_tlv(
	    utc ? DER_UTC_TIME : DER_GENERALIZED_TIME, pki_str(text));
}

/* A Name: O=Test Vendor, CN=cn; without the latter if it is NULL. */
static inline struct bytes pki_name(const char *cn)
{
	struct bytes o = PKI_SET(PKI_SEQ(pki_oid("2.5.4.10"),
	    pki_tlv(DER_PRINTABLE_STRING, pki_str("Test Vendor"))));

	if (cn == NULL)
		return pki_tlv(DER_SEQUENCE, o);
	return PKI_SEQ(o, PKI_SET(PKI_SEQ(pki_oid("2.5.4.3"),
			      pki_tlv(DER_UTF8_STRING, pki_str(cn)))));
}

/* ---- keys ---------------------------------------------------------------- */

struct pki_key {
	EVP_PKEY *pkey;
	enum x509_key kind;
	uint8_t spki[600];
	size_t spki_len;
};

static inline struct bytes pki_spki(const struct pki_key *k)
{
	return (struct bytes){ k->spki, k->spki_len };
}

/* The point 04||X||Y of an elliptic curve key. */
static inline struct bytes pki_point(const struct pki_key *k)
{
	size_t n = k->kind == X509_KEY_P256 ? 65 : 97;

	return (struct bytes){ k->spki + k->spki_len - n, n };
}

/* The private key of two of the primes above: no secret, but no waiting. What
 * follows d is there to sign four times as fast. */
static inline EVP_PKEY *pki_rsa_from(const char *p_hex, const char *q_hex)
{
	BN_CTX *ctx = BN_CTX_new();
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *pctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	BIGNUM *p = NULL, *q = NULL, *n = BN_new(), *e = BN_new();
	BIGNUM *phi = BN_new(), *q1 = BN_new(), *d = BN_new();
	BIGNUM *p1 = BN_new(), *dp = BN_new(), *dq = BN_new(), *qi = BN_new();
	OSSL_PARAM *param = NULL;
	EVP_PKEY *pkey = NULL;

	CHECK(BN_hex2bn(&p, p_hex) == 512 && BN_hex2bn(&q, q_hex) == 512);
	CHECK(BN_set_word(e, RSA_F4) && BN_mul(n, p, q, ctx));
	CHECK(BN_copy(p1, p) && BN_sub_word(p1, 1));
	CHECK(BN_copy(q1, q) && BN_sub_word(q1, 1));
	CHECK(BN_mul(phi, p1, q1, ctx) && BN_mod_inverse(d, e, phi, ctx));
	CHECK(BN_mod(dp, d, p1, ctx) && BN_mod(dq, d, q1, ctx) &&
	      BN_mod_inverse(qi, q, p, ctx));
	CHECK(
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, n) &&
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, e) &&
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_D, d) &&
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_FACTOR1, p) &&
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_FACTOR2, q) &&
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_EXPONENT1, dp) &&
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_EXPONENT2, dq) &&
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_COEFFICIENT1, qi));
	param = OSSL_PARAM_BLD_to_param(bld);
	CHECK(EVP_PKEY_fromdata_init(pctx) == 1 &&
	      EVP_PKEY_fromdata(pctx, &pkey, EVP_PKEY_KEYPAIR, param) == 1);
	OSSL_PARAM_free(param);
	OSSL_PARAM_BLD_free(bld);
	EVP_PKEY_CTX_free(pctx);
	BN_free(p), BN_free(q), BN_free(n), BN_free(e);
	BN_free(phi), BN_free(q1), BN_free(d), BN_free(p1);
	BN_free(dp), BN_free(dq), BN_free(qi);
	BN_CTX_free(ctx);
	return pkey;
}

/* Key i < PKI_KEYS of a kind: the same one as long as the process lives. */
static inline const struct pki_key *pki_key(enum x509_key kind, unsigned i)
{
	static const unsigned pair[PKI_KEYS][2] = { { 0, 1 }, { 2, 3 },
		{ 0, 2 }, { 1, 3 }, { 0, 3 }, { 1, 2 } };
	static struct pki_key made[X509_KEY_P384 + 1][PKI_KEYS];
	struct pki_key *k = &made[kind][i];
	uint8_t *spki = k->spki;

	CHECK(i < PKI_KEYS);
	if (k->pkey != NULL)
		return k;
	k->kind = kind;
	if (kind == X509_KEY_RSA_4096)
		k->pkey =
		    pki_rsa_from(pki_prime[pair[i][0]], pki_prime[pair[i][1]]);
	else
		k->pkey = EVP_EC_gen(kind == X509_KEY_P256 ? "P-256" : "P-384");
	CHECK(k->pkey != NULL);
	CHECK((size_t)i2d_PUBKEY(k->pkey, NULL) <= sizeof(k->spki));
	k->spki_len = (size_t)i2d_PUBKEY(k->pkey, &spki);
	return k;
}

static inline const struct pki_key *pki_rsa(unsigned i)
{
	return pki_key(X509_KEY_RSA_4096, i);
}

static inline const struct pki_key *pki_p256(unsigned i)
{
	return pki_key(X509_KEY_P256, i);
}

static inline const struct pki_key *pki_p384(unsigned i)
{
	return pki_key(X509_KEY_P384, i);
}

/* ---- signatures ---------------------------------------------------------- */

/* As certificates carry it: RSASSA-PSS, or ECDSA in DER. */
static inline struct bytes pki_sign_der(
    const struct pki_key *k, struct bytes msg)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx;
	size_t n = 512;
	uint8_t sig[512];

	CHECK_EQ(EVP_DigestSignInit(ctx, &pctx,
		     k->kind == X509_KEY_P256 ? EVP_sha256() : EVP_sha384(),
		     NULL, k->pkey),
	    1);
	if (k->kind == X509_KEY_RSA_4096)
		CHECK(EVP_PKEY_CTX_set_rsa_padding(
			  pctx, RSA_PKCS1_PSS_PADDING) == 1 &&
		      EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, 48) == 1);
	CHECK_EQ(EVP_DigestSign(ctx, sig, &n, msg.p, msg.len), 1);
	EVP_MD_CTX_free(ctx);
	return PKI_CAT({ sig, n });
}

/*
 * As reports and collateral carry it: r||s, 64 bytes by a P-256 key (SHA-256),
 * 96 by a P-384 key (SHA-384). Returns the bytes in the pool as well.
 */
static inline struct bytes pki_sign(const struct pki_key *k, struct bytes msg)
{
	struct bytes der = pki_sign_der(k, msg);
	int half = k->kind == X509_KEY_P256 ? 32 : 48;
	uint8_t *raw = pki_alloc(2 * (size_t)half);
	const uint8_t *p = der.p;
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &p, (long)der.len);

	CHECK(sig != NULL);
	CHECK_EQ(BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, half), half);
	CHECK_EQ(BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + half, half), half);
	ECDSA_SIG_free(sig);
	return (struct bytes){ raw, 2 * (size_t)half };
}

#define PKI_OID_SHA384 "2.16.840.1.101.3.4.2.2"

/* RSASSA-PSS-params from its members, each whole with its [n] or empty. */
static inline struct bytes pki_pss(struct bytes params)
{
	return PKI_SEQ(pki_oid("1.2.840.113549.1.1.10"), params);
}

/* The AlgorithmIdentifier of this key's signatures. */
static inline struct bytes pki_algo(const struct pki_key *k, bool trailer)
{
	struct bytes none = { NULL, 0 }, hash;

	if (k->kind == X509_KEY_P256)
		return PKI_SEQ(pki_oid("1.2.840.10045.4.3.2"));
	if (k->kind == X509_KEY_P384)
		return PKI_SEQ(pki_oid("1.2.840.10045.4.3.3"));
	hash = PKI_SEQ(pki_oid(PKI_OID_SHA384), pki_tlv(DER_NULL, none));
	return pki_pss(PKI_SEQ(pki_tlv(DER_CONTEXT_0, hash),
	    pki_tlv(
		DER_CONTEXT_1, PKI_SEQ(pki_oid("1.2.840.113549.1.1.8"), hash)),
	    pki_tlv(DER_CONTEXT_2, pki_int(48)),
	    trailer ? pki_tlv(DER_CONTEXT_3, pki_int(1)) : none));
}

/* ---- certificates -------------------------------------------------------- */

struct pki_ext {
	const char *oid;    /* dotted */
	struct bytes value; /* content of the OCTET STRING */
	bool critical;
};

/* Parts that can be replaced as they are, tag and length included. */
enum pki_part {
	PKI_VERSION,
	PKI_SERIAL,
	PKI_ALGO, /* within what is signed */
	PKI_ISSUER,
	PKI_VALIDITY, /* of a list: both times */
	PKI_SUBJECT,
	PKI_SPKI,
	PKI_REVOKED, /* of a list */
	PKI_EXTS,    /* with its [3], of a list [0] */
	PKI_AFTER,   /* behind them; nothing as a rule */
	PKI_OUTER_ALGO,
	PKI_SIG, /* the BIT STRING */
	PKI_PART_N
};

/* What a certificate says. Made by pki_ca() and pki_leaf(), then changed. */
struct pki_cert {
	const char *subject, *issuer; /* common names; NULL: none */
	uint64_t serial;
	uint64_t not_before, not_after;
	const struct pki_key *key, *signer;
	bool no_basic; /* leave basicConstraints out */
	bool ca;
	int path_len;   /* -1: none */
	unsigned usage; /* 0: leave keyUsage out */
	const struct pki_ext *ext;
	size_t n_ext;
	bool trailer; /* PSS with the explicit default */
	bool bad_sig; /* one bit of the signature flipped */
	/* Verbatim instead, where p is not NULL; even of length 0. */
	struct bytes raw[PKI_PART_N];
};

/* A CA that may sign certificates and lists; of its own where `by` is NULL. */
static inline struct pki_cert pki_ca(
    const char *subject, const struct pki_cert *by, const struct pki_key *key)
{
	return (struct pki_cert){ .subject = subject,
		.issuer = by != NULL ? by->subject : subject,
		.serial = 0x10001,
		.not_before = PKI_NOW - 1000 * PKI_DAY,
		.not_after = PKI_NOW + 9000 * PKI_DAY,
		.key = key,
		.signer = by != NULL ? by->key : key,
		.ca = true,
		.path_len = -1,
		.usage = X509_USAGE_CERT_SIGN | X509_USAGE_CRL_SIGN };
}

/* As AMD's: neither basicConstraints nor keyUsage. Intel's leaves have both:
 * clear no_basic, set usage. */
static inline struct pki_cert pki_leaf(
    const char *subject, const struct pki_cert *by, const struct pki_key *key)
{
	struct pki_cert c = pki_ca(subject, by, key);

	c.serial = 0x70001;
	c.no_basic = true;
	c.ca = false;
	c.usage = 0;
	return c;
}

static inline struct bytes pki_ext(
    const char *oid, struct bytes value, bool critical)
{
	struct bytes none = { NULL, 0 };

	return PKI_SEQ(
	    pki_oid(oid), critical ? pki_bool(true) : none, pki_octets(value));
}

/* keyUsage's BIT STRING as DER wants it. */
static inline struct bytes pki_usage(unsigned usage)
{
	uint8_t b[3] = { 0 };
	size_t n = usage >> 8 != 0 ? 3 : 2;
	unsigned last = 8 * ((unsigned)n - 1);

	for (unsigned i = 0; i < 9; i++)
		b[1 + i / 8] |= (uint8_t)((usage >> i & 1) << (7 - i % 8));
	while (last > 0 && (usage >> (last - 1) & 1) == 0)
		last--;
	b[0] = (uint8_t)(8 * (n - 1) - last);
	return pki_tlv(DER_BIT_STRING, (struct bytes){ b, n });
}

static inline struct bytes pki_basic(bool ca, int path_len)
{
	struct bytes none = { NULL, 0 };

	return PKI_SEQ(ca ? pki_bool(true) : none,
	    path_len >= 0 ? pki_int((uint64_t)path_len) : none);
}

static inline struct bytes pki_exts(const struct pki_cert *c)
{
	struct bytes all = { NULL, 0 };

	if (!c->no_basic)
		all = pki_ext("2.5.29.19", pki_basic(c->ca, c->path_len), true);
	if (c->usage != 0)
		all = PKI_CAT(
		    all, pki_ext("2.5.29.15", pki_usage(c->usage), true));
	for (size_t i = 0; i < c->n_ext; i++)
		all = PKI_CAT(all, pki_ext(c->ext[i].oid, c->ext[i].value,
				       c->ext[i].critical));
	if (all.len == 0)
		return all;
	return pki_tlv(DER_CONTEXT_3, pki_tlv(DER_SEQUENCE, all));
}

/* SIGNED{}: the parts up to PKI_AFTER, then algorithm and signature. */
static inline struct bytes pki_signed(struct bytes part[PKI_PART_N],
    const struct bytes raw[PKI_PART_N], const struct pki_key *signer,
    bool bad_sig)
{
	struct bytes tbs, sig;
	uint8_t *p;

	for (size_t i = 0; i < PKI_PART_N; i++) {
		if (raw[i].p != NULL)
			part[i] = raw[i];
	}
	tbs = pki_tlv(DER_SEQUENCE, pki_cat(part, PKI_OUTER_ALGO));
	sig = pki_sign_der(signer, tbs);
	p = pki_copy(sig);
	p[sig.len - 1] ^= bad_sig;
	if (raw[PKI_SIG].p == NULL)
		part[PKI_SIG] = pki_bits((struct bytes){ p, sig.len });
	return PKI_SEQ(tbs, part[PKI_OUTER_ALGO], part[PKI_SIG]);
}

/* The certificate in DER. */
static inline struct bytes pki_cert(const struct pki_cert *c)
{
	struct bytes algo = pki_algo(c->signer, c->trailer);
	struct bytes part[PKI_PART_N] = {
		[PKI_VERSION] = pki_tlv(DER_CONTEXT_0, pki_int(2)),
		[PKI_SERIAL] = pki_int(c->serial),
		[PKI_ALGO] = algo,
		[PKI_ISSUER] = pki_name(c->issuer),
		[PKI_VALIDITY] =
		    PKI_SEQ(pki_time(c->not_before), pki_time(c->not_after)),
		[PKI_SUBJECT] = pki_name(c->subject),
		[PKI_SPKI] = pki_spki(c->key),
		[PKI_EXTS] = pki_exts(c),
		[PKI_OUTER_ALGO] = algo,
	};

	return pki_signed(part, c->raw, c->signer, c->bad_sig);
}

/* The entry of such a CA in a table of roots. */
static inline struct root_key pki_root(const struct pki_cert *c)
{
	return (struct root_key){ c->subject, pki_spki(c->key) };
}

/* ---- revocation lists ---------------------------------------------------- */

struct pki_list {
	const char *issuer; /* common name */
	const struct pki_key *signer;
	uint64_t this_update, next_update;
	const uint64_t *revoked; /* serial numbers */
	size_t n_revoked;
	bool trailer;
	bool bad_sig;
	struct bytes raw[PKI_PART_N]; /* as in pki_cert */
};

/* An empty list by a CA, valid at PKI_NOW. */
static inline struct pki_list pki_list(const struct pki_cert *ca)
{
	return (struct pki_list){ .issuer = ca->subject,
		.signer = ca->key,
		.this_update = PKI_NOW - PKI_DAY,
		.next_update = PKI_NOW + 29 * PKI_DAY };
}

/* An entry, with the reason keyCompromise as Intel's have it. */
static inline struct bytes pki_entry(uint64_t serial, uint64_t date)
{
	struct bytes reason =
	    pki_ext("2.5.29.21", pki_number(DER_ENUMERATED, 1), false);

	return PKI_SEQ(
	    pki_int(serial), pki_time(date), pki_tlv(DER_SEQUENCE, reason));
}

/* The list in DER. */
static inline struct bytes pki_crl(const struct pki_list *l)
{
	struct bytes algo = pki_algo(l->signer, l->trailer);
	struct bytes number = pki_ext("2.5.29.20", pki_int(7), false);
	struct bytes part[PKI_PART_N] = {
		[PKI_VERSION] = pki_int(1),
		[PKI_ALGO] = algo,
		[PKI_ISSUER] = pki_name(l->issuer),
		[PKI_VALIDITY] =
		    PKI_CAT(pki_time(l->this_update), pki_time(l->next_update)),
		[PKI_EXTS] =
		    pki_tlv(DER_CONTEXT_0, pki_tlv(DER_SEQUENCE, number)),
		[PKI_OUTER_ALGO] = algo,
	};
	struct bytes all = { NULL, 0 };

	for (size_t i = 0; i < l->n_revoked; i++)
		all = PKI_CAT(
		    all, pki_entry(l->revoked[i], l->this_update - PKI_DAY));
	if (all.len > 0)
		part[PKI_REVOKED] = pki_tlv(DER_SEQUENCE, all);
	return pki_signed(part, l->raw, l->signer, l->bad_sig);
}

/* ---- PEM ----------------------------------------------------------------- */

static inline struct bytes pki_pem(const struct bytes *der, size_t n)
{
	struct bytes all = { NULL, 0 };

	for (size_t i = 0; i < n; i++) {
		size_t lines = (der[i].len + 47) / 48, len = 0;
		uint8_t *text = pki_alloc(lines * 65 + 1);

		for (size_t at = 0; at < der[i].len; at += 48) {
			size_t left = der[i].len - at;

			len += (size_t)EVP_EncodeBlock(text + len,
			    der[i].p + at, (int)(left < 48 ? left : 48));
			text[len++] = '\n';
		}
		all = PKI_CAT(all, pki_str("-----BEGIN CERTIFICATE-----\n"),
		    { text, len }, pki_str("-----END CERTIFICATE-----\n"));
	}
	return all;
}

#define PKI_PEM(...) pki_pem(PKI_PARTS(__VA_ARGS__))

#endif
