/* Certificates refused for one part each, with its name and its place. */
#include "crypto/crypto_native.h"
#include "x509_parts.h"

/* Both algorithms; the one within what is signed is met second. */
static void refuse_algo(
    struct bytes algo, enum err want, const char *field, size_t delta)
{
	struct pki_cert c = pki_ca("SEV-Test", NULL, pki_p256(0));
	struct bytes der, rest;
	size_t first;

	c.raw[PKI_ALGO] = c.raw[PKI_OUTER_ALGO] = algo;
	der = pki_cert(&c);
	first = find(der, algo) + algo.len;
	rest = (struct bytes){ der.p + first, der.len - first };
	check_refused(der, want, field, first + find(rest, algo) + delta);
}

TEST(x509_reads_every_field)
{
	struct pki_cert c = sample(), leaf;
	struct x509_cert out;
	struct bytes der, v;
	struct pki_ext ext[] = { { "1.3.6.1.4.1.3704.1.4", none, false },
		{ "1.3.6.1.4.1.3704.1.3.1", pki_int(219), false } };

	c.path_len = 3;
	leaf = pki_leaf("SEV-Leaf", &c, pki_p384(0));
	leaf.serial = 0x8001020304;
	leaf.not_after = 4102444800 + 5; /* 2100: GeneralizedTime */
	leaf.usage =
	    X509_USAGE_DIGITAL_SIGNATURE | X509_USAGE_CRL_SIGN | 1U << 8;
	leaf.ext = ext, leaf.n_ext = 2;
	der = pki_cert(&leaf);
	CHECK_OK(x509_cert_parse(&out, der, WHAT, NULL));
	CHECK(mem_eq(out.der, der));
	CHECK(out.tbs.p == der.p + 4 && out.tbs.len > 100);
	CHECK(mem_eq(out.serial, pki_hex("8001020304")));
	CHECK(mem_eq(out.issuer, pki_name("SEV-Test")));
	CHECK(mem_eq(out.subject, pki_name("SEV-Leaf")));
	CHECK(mem_eq_str(out.cn, "SEV-Leaf"));
	CHECK(mem_eq_str(out.issuer_cn, "SEV-Test"));
	CHECK_EQ(out.not_before, leaf.not_before);
	CHECK_EQ(out.not_after, leaf.not_after);
	CHECK_EQ(out.key, X509_KEY_P384);
	CHECK(mem_eq(out.spki, pki_spki(leaf.key)));
	CHECK(mem_eq(out.pub, pki_point(leaf.key)));
	CHECK_EQ(out.alg, SIG_ECDSA_P256_SHA256);
	CHECK(out.sig.len >= 68 && out.sig.len <= 72);
	CHECK(!out.has_basic && !out.ca && !out.has_path_len);
	CHECK(out.has_usage && out.usage == leaf.usage);
	CHECK(x509_ext(
	    &out, (struct bytes){ pki_oid(ext[1].oid).p + 2, 10 }, &v));
	CHECK(mem_eq(v, pki_hex("020200db")));
	CHECK(
	    x509_ext(&out, (struct bytes){ pki_oid(ext[0].oid).p + 2, 9 }, &v));
	CHECK_EQ(v.len, 0);
	/* A critical one is found as well. */
	CHECK(x509_ext(&out, pki_hex("551d0f"), &v));
	CHECK(mem_eq(v, pki_usage(leaf.usage)));
	/* The beginning of an OID is another. */
	CHECK(!x509_ext(&out, pki_hex("551d"), &v));
	CHECK(v.p == NULL && v.len == 0);
	CHECK_OK(x509_cert_parse(&out, pki_cert(&c), WHAT, NULL));
	CHECK(out.has_basic && out.ca && out.has_path_len);
	CHECK_EQ(out.path_len, 3);
}

TEST(x509_reads_both_encodings_of_pss)
{
	struct pki_cert c = sample();
	struct x509_cert out;

	c = pki_ca("ARK-Test", NULL, pki_rsa(0));
	for (int trailer = 0; trailer < 2; trailer++) {
		c.trailer = trailer != 0;
		CHECK_OK(x509_cert_parse(&out, pki_cert(&c), WHAT, NULL));
		CHECK_EQ(out.alg, SIG_RSA_PSS_SHA384);
		CHECK_EQ(out.key, X509_KEY_RSA_4096);
		CHECK_EQ(out.sig.len, 512);
		CHECK_EQ(out.pub.len, 0);
		CHECK_EQ(out.spki.len, 550);
	}
}

TEST(x509_refuses_every_truncation)
{
	struct pki_cert c = sample();
	struct x509_cert out;
	struct bytes der = pki_cert(&c);

	for (size_t n = 0; n < der.len; n++) {
		/* A copy of its own: sanitizers see one byte too many. */
		uint8_t *copy = malloc(n + (n == 0));

		assert_non_null(copy);
		memcpy(copy, der.p, n);
		CHECK_ERR(x509_cert_parse(
			      &out, (struct bytes){ copy, n }, WHAT, NULL),
		    ERR_TRUNCATED);
		CHECK(mem_is_zero(&out, sizeof(out)));
		free(copy);
	}
	CHECK_ERR(x509_cert_parse(&out, none, WHAT, NULL), ERR_TRUNCATED);
}

TEST(x509_refuses_trailing_bytes_and_too_many)
{
	struct pki_cert c = sample();
	struct bytes der = pki_cert(&c), more;
	struct err_ctx ctx = { 0 };
	struct x509_cert out;

	for (size_t n = 1; n < 5; n++) {
		more = PKI_CAT(der, { (const uint8_t *)"\0\0\0\0\0", n });
		check_refused(more, ERR_TRAILING, "outer SEQUENCE", der.len);
	}
	more.p = pki_alloc(X509_CERT_LEN_MAX + 1);
	more.len = X509_CERT_LEN_MAX + 1;
	CHECK_ERR(x509_cert_parse(&out, more, WHAT, &ctx), ERR_LIMIT);
	CHECK_STR(ctx.msg, WHAT ": 4097 bytes, at most 4096");
}

TEST(x509_of_the_largest_size_parses)
{
	struct pki_cert c = sample();
	struct pki_ext ext = { "1.2.3.4", none, false };
	struct x509_cert out;
	size_t len = 3000;

	c.ext = &ext, c.n_ext = 1;
	c.raw[PKI_SIG] = pki_bits(pki_hex("3006020101020101"));
	ext.value = (struct bytes){ pki_alloc(len), len };
	len += X509_CERT_LEN_MAX - pki_cert(&c).len;
	ext.value = (struct bytes){ pki_alloc(len), len };
	CHECK_EQ(pki_cert(&c).len, X509_CERT_LEN_MAX);
	CHECK_OK(x509_cert_parse(&out, pki_cert(&c), WHAT, NULL));
	ext.value = (struct bytes){ pki_alloc(len + 1), len + 1 };
	CHECK_ERR(x509_cert_parse(&out, pki_cert(&c), WHAT, NULL), ERR_LIMIT);
}

TEST(x509_refuses_other_envelopes)
{
	struct pki_cert c = sample();
	struct bytes der = pki_cert(&c), body = { der.p + 4, der.len - 4 };
	struct bytes zero = pki_hex("0000");
	uint8_t *p = pki_copy(der);

	p[0] = DER_SET;
	check_refused(
	    (struct bytes){ p, der.len }, ERR_FORMAT, "outer SEQUENCE", 0);
	/* Indefinite, and definite in too many bytes. */
	check_refused(PKI_CAT(pki_hex("3080"), body, zero), ERR_FORMAT,
	    "outer SEQUENCE", 0);
	check_refused(PKI_CAT(pki_hex("308300"), { der.p + 2, der.len - 2 }),
	    ERR_FORMAT, "outer SEQUENCE", 0);
	check_refused(
	    pki_tlv(DER_SEQUENCE, none), ERR_TRUNCATED, "signed part", 2);
	check_refused(
	    pki_tlv(DER_SEQUENCE, pki_int(5)), ERR_FORMAT, "signed part", 2);
	check_refused(PKI_SEQ(PKI_SEQ(pki_int(5))), ERR_TRUNCATED,
	    "signatureAlgorithm", 7);
	/* Indefinite within: what is signed. */
	p = pki_copy(der);
	p[5] = 0x80;
	check_refused(
	    (struct bytes){ p, der.len }, ERR_FORMAT, "signed part", 4);
}

TEST(x509_refuses_other_versions)
{
	struct pki_cert c = sample();
	struct bytes der;

	refuse(
	    PKI_VERSION, pki_hex("a003020100"), ERR_UNSUPPORTED, "version", 2);
	refuse(
	    PKI_VERSION, pki_hex("a003020101"), ERR_UNSUPPORTED, "version", 2);
	refuse(
	    PKI_VERSION, pki_hex("a003020103"), ERR_UNSUPPORTED, "version", 2);
	refuse(PKI_VERSION, pki_hex("a00402020002"), ERR_FORMAT, "version", 2);
	refuse(PKI_VERSION, pki_hex("a0020000"), ERR_FORMAT, "version", 2);
	refuse(PKI_VERSION, pki_hex("a006020102020102"), ERR_TRAILING,
	    "version", 5);
	refuse(PKI_VERSION, pki_hex("020102"), ERR_UNSUPPORTED, "version", 0);
	/* Left out: version 1. The serial stands there. */
	c.raw[PKI_VERSION] = left_out;
	der = pki_cert(&c);
	check_refused(
	    der, ERR_UNSUPPORTED, "version", find(der, pki_int(c.serial)));
}

TEST(x509_refuses_other_serial_numbers)
{
	char digits[64] = "0214";
	struct x509_cert c;

	(void)sample();
	refuse(PKI_SERIAL, pki_hex("020180"), ERR_FORMAT, "serialNumber", 0);
	refuse(PKI_SERIAL, pki_hex("0200"), ERR_FORMAT, "serialNumber", 0);
	refuse(PKI_SERIAL, pki_hex("0202007f"), ERR_FORMAT, "serialNumber", 0);
	refuse(PKI_SERIAL, pki_hex("040101"), ERR_FORMAT, "serialNumber", 0);
	for (int i = 0; i < 20; i++)
		memcpy(digits + 4 + 2 * i, "7e", 3);
	c = accept(PKI_SERIAL, pki_hex(digits));
	CHECK_EQ(c.serial.len, 20);
	/* Twenty bytes and the zero before them, as Intel has it. */
	memcpy(digits, "021500fe", 8);
	for (int i = 1; i < 20; i++)
		memcpy(digits + 6 + 2 * i, "7e", 3);
	c = accept(PKI_SERIAL, pki_hex(digits));
	CHECK_EQ(c.serial.len, 20);
	CHECK_EQ(c.serial.p[0], 0xfe);
	memcpy(digits, "02157e7e", 8);
	refuse(PKI_SERIAL, pki_hex(digits), ERR_LIMIT, "serialNumber", 0);
	c = accept(PKI_SERIAL, pki_hex("020100"));
	CHECK(c.serial.len == 1 && c.serial.p[0] == 0);
}

TEST(x509_refuses_other_algorithms)
{
	static const char *const field = "signatureAlgorithm";

	(void)sample();
	refuse_algo(
	    PKI_SEQ(pki_oid("1.2.840.10045.4.3.3")), ERR_UNSUPPORTED, field, 2);
	/* RSA, PKCS #1 v1.5 with SHA-256. */
	refuse_algo(
	    PKI_SEQ(pki_oid("1.2.840.113549.1.1.11"), pki_tlv(DER_NULL, none)),
	    ERR_UNSUPPORTED, field, 2);
	refuse_algo(
	    PKI_SEQ(pki_oid("1.2.840.10045.4.3.2"), pki_tlv(DER_NULL, none)),
	    ERR_TRAILING, field, 12);
	refuse_algo(PKI_SEQ(pki_int(7777)), ERR_FORMAT, field, 2);
	refuse_algo(pki_oid("1.2.840.10045.4.3.2"), ERR_FORMAT, field, 0);
}

TEST(x509_refuses_two_algorithms_in_one)
{
	struct bytes ecdsa, pss;

	(void)sample();
	ecdsa = pki_algo(pki_p256(0), false);
	pss = pki_algo(pki_rsa(0), true);
	refuse(PKI_ALGO, pss, ERR_FORMAT,
	    "signature, unlike signatureAlgorithm", 0);
	/* The two spellings of one value differ as well. */
	{
		struct pki_cert c = pki_ca("T", NULL, pki_rsa(0));
		struct bytes der;

		c.raw[PKI_OUTER_ALGO] = pss;
		der = pki_cert(&c);
		check_refused(der, ERR_FORMAT,
		    "signature, unlike signatureAlgorithm",
		    find(der, pki_algo(pki_rsa(0), false)));
	}
	refuse(PKI_ALGO, pki_tlv(0, ecdsa), ERR_FORMAT, "signature", 0);
}

/* The members of RSASSA-PSS-params, each whole with its [n]. */
static struct bytes pss(const char *hash, const char *mgf, const char *mgf_hash,
    struct bytes salt, struct bytes trailer)
{
	struct bytes null = pki_tlv(DER_NULL, none);

	return pki_pss(
	    PKI_SEQ(pki_tlv(DER_CONTEXT_0, PKI_SEQ(pki_oid(hash), null)),
		pki_tlv(DER_CONTEXT_1,
		    PKI_SEQ(pki_oid(mgf), PKI_SEQ(pki_oid(mgf_hash), null))),
		salt, trailer));
}

#define SHA256_OID "2.16.840.1.101.3.4.2.1"
#define MGF1_OID   "1.2.840.113549.1.1.8"

TEST(x509_refuses_other_members_of_pss)
{
	const char *h = PKI_OID_SHA384, *m = MGF1_OID;
	struct bytes salt, salt32, trailer;

	(void)sample();
	salt = pki_tlv(DER_CONTEXT_2, pki_int(48));
	salt32 = pki_tlv(DER_CONTEXT_2, pki_int(32));
	trailer = pki_tlv(DER_CONTEXT_3, pki_int(1));
	/* As it is right; by another key. */
	CHECK(mem_eq(pss(h, m, h, salt, trailer), pki_algo(pki_rsa(0), true)));
	CHECK(mem_eq(pss(h, m, h, salt, none), pki_algo(pki_rsa(0), false)));
	refuse_algo(pss(SHA256_OID, m, h, salt, none), ERR_UNSUPPORTED,
	    "PSS hashAlgorithm", 15);
	refuse_algo(pss(h, "1.2.840.113549.1.1.9", h, salt, none),
	    ERR_UNSUPPORTED, "PSS maskGenAlgorithm", 32);
	refuse_algo(pss(h, m, SHA256_OID, salt, none), ERR_UNSUPPORTED,
	    "PSS maskGenAlgorithm", 32);
	refuse_algo(
	    pss(h, m, h, salt32, none), ERR_UNSUPPORTED, "PSS saltLength", 62);
	refuse_algo(pss(h, m, h, salt, pki_tlv(DER_CONTEXT_3, pki_int(2))),
	    ERR_UNSUPPORTED, "PSS trailerField", 67);
	/* Absent is SHA-1, MGF1 with SHA-1, 20 bytes. */
	refuse_algo(
	    pss(h, m, h, none, none), ERR_UNSUPPORTED, "PSS saltLength", 62);
	refuse_algo(
	    pss(h, m, h, none, trailer), ERR_UNSUPPORTED, "PSS saltLength", 62);
	refuse_algo(
	    pki_pss(PKI_SEQ(salt)), ERR_UNSUPPORTED, "PSS hashAlgorithm", 15);
	refuse_algo(pki_pss(PKI_SEQ(pki_tlv(DER_CONTEXT_0,
			PKI_SEQ(pki_oid(h), pki_tlv(DER_NULL, none))))),
	    ERR_UNSUPPORTED, "PSS maskGenAlgorithm", 32);
	refuse_algo(pki_pss(none), ERR_UNSUPPORTED, "PSS hashAlgorithm", 13);
	refuse_algo(
	    pki_pss(PKI_SEQ(none)), ERR_UNSUPPORTED, "PSS hashAlgorithm", 15);
	/* After them: nothing. */
	refuse_algo(pss(h, m, h, salt, PKI_CAT(trailer, trailer)), ERR_TRAILING,
	    "PSS parameters", 72);
	refuse_algo(pki_pss(PKI_CAT(PKI_SEQ(none), PKI_SEQ(none))),
	    ERR_UNSUPPORTED, "PSS hashAlgorithm", 15);
}

/* A Name of one relative name of one pair. */
static struct bytes name_of(const char *oid, struct bytes value)
{
	return PKI_SEQ(PKI_SET(PKI_SEQ(pki_oid(oid), value)));
}

static struct bytes cn_of(uint8_t tag, struct bytes text)
{
	return name_of("2.5.4.3", pki_tlv(tag, text));
}

static void refuse_names(enum pki_part part, const char *field)
{
	struct bytes x = pki_str("x"), cn = cn_of(DER_UTF8_STRING, x);
	struct bytes rdn = { cn.p + 2, cn.len - 2 };
	char longest[X509_CN_LEN_MAX + 2];

	memset(longest, 'n', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	refuse(part, pki_tlv(DER_SET, rdn), ERR_FORMAT, field, 0);
	refuse(part, PKI_SEQ(PKI_SEQ(none, rdn)), ERR_FORMAT, field, 2);
	refuse(part, PKI_SEQ(PKI_SET(none)), ERR_TRUNCATED, field, 4);
	refuse(
	    part, PKI_SEQ(PKI_SET(pki_oid("2.5.4.3"))), ERR_FORMAT, field, 4);
	refuse(part, PKI_SEQ(PKI_SET(PKI_SEQ(none))), ERR_TRUNCATED, field, 6);
	refuse(part, name_of("2.5.4.10", none), ERR_TRUNCATED, field, 11);
	refuse(part, name_of("2.5.4.10", PKI_CAT(pki_int(1), pki_int(2))),
	    ERR_TRAILING, field, 14);
	refuse(part,
	    name_of(
		"2.5.4.3", PKI_CAT(pki_tlv(DER_UTF8_STRING, x), pki_int(2))),
	    ERR_TRAILING, field, 14);
	refuse(part, PKI_SEQ(rdn, rdn), ERR_FORMAT, "second commonName", 23);
	refuse(
	    part, name_of("2.5.4.3", none), ERR_UNSUPPORTED, "commonName", 11);
	refuse(part, cn_of(0x1E, x), ERR_UNSUPPORTED, "commonName", 11);
	refuse(
	    part, cn_of(DER_UTF8_STRING, none), ERR_FORMAT, "commonName", 11);
	refuse(part, cn_of(DER_UTF8_STRING, pki_str("a\x1b[2J")), ERR_FORMAT,
	    "commonName", 11);
	refuse(part, cn_of(DER_UTF8_STRING, pki_str("\x7f")), ERR_FORMAT,
	    "commonName", 11);
	refuse(part, cn_of(DER_UTF8_STRING, pki_str(longest)), ERR_LIMIT,
	    "commonName", 11);
	longest[X509_CN_LEN_MAX] = '\0';
	(void)accept(part, cn_of(DER_PRINTABLE_STRING, pki_str(longest)));
}

TEST(x509_refuses_other_names)
{
	struct x509_cert c;

	(void)sample();
	refuse_names(PKI_ISSUER, "issuer");
	refuse_names(PKI_SUBJECT, "subject");
	/* Nobody, several pairs in one set, and no common name. */
	c = accept(PKI_SUBJECT, PKI_SEQ(none));
	CHECK(c.cn.len == 0 && c.subject.len == 2);
	c = accept(PKI_SUBJECT,
	    PKI_SEQ(PKI_SET(PKI_SEQ(pki_oid("2.5.4.3"),
				pki_tlv(DER_UTF8_STRING, pki_str("b"))),
		PKI_SEQ(pki_oid("2.5.4.10"),
		    pki_tlv(DER_UTF8_STRING, pki_str("\xc3\xbc"))))));
	CHECK(mem_eq_str(c.cn, "b"));
	c = accept(PKI_SUBJECT,
	    PKI_SEQ(PKI_SET(PKI_SEQ(pki_oid("2.5.4.10"),
				pki_tlv(DER_UTF8_STRING, pki_str("o"))),
		PKI_SEQ(pki_oid("2.5.4.3"),
		    pki_tlv(DER_UTF8_STRING, pki_str(" ~"))))));
	CHECK(mem_eq_str(c.cn, " ~"));
	c = accept(PKI_ISSUER, pki_name(NULL));
	CHECK_EQ(c.issuer_cn.len, 0);
	CHECK(mem_eq_str(c.cn, "SEV-Test"));
}

TEST(x509_refuses_other_validities)
{
	struct bytes t, bad;

	(void)sample();
	t = pki_time(PKI_NOW);
	bad = pki_tlv(DER_UTC_TIME, pki_str("2701150000Z"));
	refuse(PKI_VALIDITY, PKI_SEQ(none), ERR_TRUNCATED, "validity", 2);
	refuse(PKI_VALIDITY, PKI_SEQ(t), ERR_TRUNCATED, "validity", 17);
	refuse(PKI_VALIDITY, PKI_SEQ(t, bad), ERR_FORMAT, "validity", 17);
	refuse(PKI_VALIDITY, PKI_SEQ(bad, t), ERR_FORMAT, "validity", 2);
	refuse(PKI_VALIDITY, PKI_SEQ(t, t, t), ERR_TRAILING, "validity", 32);
	refuse(PKI_VALIDITY, PKI_SET(t, t), ERR_FORMAT, "validity", 0);
}

static struct bytes exts(struct bytes list)
{
	return pki_tlv(DER_CONTEXT_3, pki_tlv(DER_SEQUENCE, list));
}

/* The first of these begins at 4, its OID at 6. */
#define EXT_A "1.2.3.4"
#define EXT_B "1.2.3.5"

TEST(x509_refuses_other_extensions)
{
	struct bytes a, oid, v, yes, ids;

	(void)sample();
	a = pki_ext(EXT_A, pki_int(1), false);
	oid = pki_oid(EXT_A);
	v = pki_octets(pki_int(1));
	yes = pki_bool(true);
	(void)accept(PKI_EXTS, left_out);
	(void)accept(PKI_EXTS, exts(PKI_CAT(a, pki_ext(EXT_B, none, false))));
	refuse(PKI_EXTS, exts(none), ERR_TRUNCATED, "extension", 4);
	refuse(PKI_EXTS, pki_tlv(DER_CONTEXT_3, none), ERR_TRUNCATED,
	    "extensions", 2);
	refuse(PKI_EXTS, pki_tlv(DER_CONTEXT_3, a), ERR_FORMAT, "extension", 4);
	refuse(PKI_EXTS, pki_tlv(DER_CONTEXT_2, pki_tlv(DER_SEQUENCE, a)),
	    ERR_FORMAT, "extensions", 0);
	refuse(PKI_EXTS, pki_tlv(DER_CONTEXT_3, PKI_CAT(PKI_SEQ(a), yes)),
	    ERR_TRAILING, "extensions", 4 + a.len);
	refuse(PKI_EXTS, exts(PKI_SEQ(oid)), ERR_TRUNCATED, "extension", 11);
	refuse(
	    PKI_EXTS, exts(PKI_SEQ(oid, yes)), ERR_TRUNCATED, "extension", 14);
	refuse(PKI_EXTS, exts(PKI_SEQ(oid, pki_int(1))), ERR_FORMAT,
	    "extension", 11);
	refuse(
	    PKI_EXTS, exts(PKI_SEQ(oid, v, v)), ERR_TRAILING, "extension", 16);
	refuse(PKI_EXTS, exts(PKI_SEQ(oid, pki_hex("010101"), v)), ERR_FORMAT,
	    "critical of an extension", 11);
	refuse(PKI_EXTS, exts(PKI_SEQ(oid, pki_bool(false), v)), ERR_FORMAT,
	    "critical of an extension", 11);
	refuse(PKI_EXTS, exts(PKI_SEQ(oid, yes, v)), ERR_UNSUPPORTED,
	    "unknown critical extension", 4);
	refuse(PKI_EXTS, exts(PKI_CAT(a, a)), ERR_FORMAT,
	    "second extension of a kind", 4 + a.len);
	refuse(PKI_EXTS, exts(PKI_CAT(pki_tlv(DER_SET, none), a)), ERR_FORMAT,
	    "extension", 4);
	/* The unique identifiers of version 2, and more than there can be. */
	ids = PKI_CAT(pki_hex("8101aa"), exts(a));
	refuse(PKI_EXTS, ids, ERR_FORMAT, "extensions", 0);
	refuse(PKI_AFTER, pki_hex("8101aa"), ERR_TRAILING, "signed part", 0);
}

TEST(x509_counts_extensions)
{
	struct bytes all = { NULL, 0 };
	char oid[32];

	(void)sample();
	for (unsigned i = 0; i < X509_EXTS_MAX; i++) {
		(void)snprintf(oid, sizeof(oid), "1.2.3.%u", i);
		all = PKI_CAT(all, pki_ext(oid, none, false));
	}
	(void)accept(PKI_EXTS, exts(all));
	refuse(PKI_EXTS, exts(PKI_CAT(all, pki_ext(EXT_A ".5", none, false))),
	    ERR_LIMIT, "extensions", all.len + 8);
}

static struct bytes basic(struct bytes value)
{
	return exts(pki_ext("2.5.29.19", value, true));
}

/* The value of the only extension: [3], SEQUENCE, SEQUENCE, OID, TRUE, OCTETS
 * come before it. */
#define VALUE 16

TEST(x509_refuses_other_basic_constraints)
{
	struct bytes yes, no;
	const char *field = "basicConstraints";
	struct x509_cert c;

	(void)sample();
	yes = pki_bool(true), no = pki_bool(false);
	c = accept(PKI_EXTS, basic(PKI_SEQ(none)));
	CHECK(c.has_basic && !c.ca && !c.has_path_len);
	c = accept(PKI_EXTS, basic(PKI_SEQ(yes)));
	CHECK(c.has_basic && c.ca && !c.has_path_len);
	c = accept(PKI_EXTS, basic(PKI_SEQ(yes, pki_int(255))));
	CHECK(c.ca && c.has_path_len && c.path_len == 255);
	refuse(PKI_EXTS, basic(none), ERR_TRUNCATED, field, VALUE);
	refuse(PKI_EXTS, basic(PKI_SET(yes)), ERR_FORMAT, field, VALUE);
	refuse(PKI_EXTS, basic(PKI_CAT(PKI_SEQ(yes), no)), ERR_TRAILING, field,
	    VALUE + 5);
	refuse(PKI_EXTS, basic(PKI_SEQ(no)), ERR_FORMAT, "cA", VALUE + 2);
	refuse(PKI_EXTS, basic(PKI_SEQ(pki_hex("010101"))), ERR_FORMAT, field,
	    VALUE + 2);
	/* A path length without a CA. */
	refuse(PKI_EXTS, basic(PKI_SEQ(pki_int(0))), ERR_TRAILING, field,
	    VALUE + 2);
	refuse(PKI_EXTS, basic(PKI_SEQ(yes, pki_int(256))), ERR_FORMAT, field,
	    VALUE + 5);
	refuse(PKI_EXTS, basic(PKI_SEQ(yes, pki_hex("0201ff"))), ERR_FORMAT,
	    field, VALUE + 5);
	/* Nor does a good extension make up for it. */
	refuse(PKI_EXTS,
	    exts(PKI_CAT(pki_ext("2.5.29.19", PKI_SEQ(no), true),
		pki_ext(EXT_B, none, false))),
	    ERR_FORMAT, "cA", VALUE + 2);
	refuse(PKI_EXTS, basic(PKI_SEQ(yes, pki_int(0), pki_int(0))),
	    ERR_TRAILING, field, VALUE + 8);
}

static struct bytes usage(const char *hex)
{
	return exts(pki_ext("2.5.29.15", pki_hex(hex), true));
}

TEST(x509_refuses_other_key_usages)
{
	static const char *const bad[] = { "0300", "030100", "03020700",
		"03020801", "0303070000", "03030700c0", "0303060040",
		"0304000000ff", "030400800000", "0303088000" };
	struct x509_cert c;

	(void)sample();
	c = accept(PKI_EXTS, usage("03020780"));
	CHECK_EQ(c.usage, X509_USAGE_DIGITAL_SIGNATURE);
	c = accept(PKI_EXTS, usage("03020106"));
	CHECK_EQ(c.usage, X509_USAGE_CERT_SIGN | X509_USAGE_CRL_SIGN);
	/* AMD's ends in a zero bit. */
	c = accept(PKI_EXTS, usage("03020104"));
	CHECK_EQ(c.usage, X509_USAGE_CERT_SIGN);
	c = accept(PKI_EXTS, usage("0303070080"));
	CHECK_EQ(c.usage, 1U << 8);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		refuse(PKI_EXTS, usage(bad[i]), ERR_FORMAT, "keyUsage", VALUE);
	refuse(PKI_EXTS, usage("03020107"), ERR_FORMAT, "keyUsage", VALUE);
	refuse(
	    PKI_EXTS, usage("0302010600"), ERR_TRAILING, "keyUsage", VALUE + 4);
	refuse(PKI_EXTS, usage("04020106"), ERR_FORMAT, "keyUsage", VALUE);
	refuse(PKI_EXTS, usage(""), ERR_TRUNCATED, "keyUsage", VALUE);
}

TEST(x509_refuses_other_signature_values)
{
	struct bytes sig;

	(void)sample();
	sig = pki_bits(pki_hex("3006020101020101"));
	(void)accept(PKI_SIG, sig);
	refuse(PKI_SIG, pki_hex("0300"), ERR_FORMAT, "signatureValue", 0);
	refuse(PKI_SIG, pki_hex("03020101"), ERR_FORMAT, "signatureValue", 0);
	refuse(PKI_SIG, pki_octets(sig), ERR_FORMAT, "signatureValue", 0);
	refuse(PKI_SIG, PKI_CAT(sig, sig), ERR_TRAILING, "signatureValue",
	    sig.len);
}

TEST(x509_walks_deep_nesting_without_following_it)
{
	struct pki_cert c = sample();
	uint8_t *p = pki_alloc(3000);
	struct pki_ext ext = { EXT_A, { p, 3000 }, false };
	struct x509_cert out;

	for (size_t i = 0; i < 3000; i += 2)
		p[i] = DER_SEQUENCE, p[i + 1] = 0x80;
	c.ext = &ext, c.n_ext = 1;
	CHECK_OK(x509_cert_parse(&out, pki_cert(&c), WHAT, NULL));
	/* Nor in a name, where the lengths are right all the way down. */
	ext.value = pki_int(1);
	for (int i = 0; i < 500; i++)
		ext.value = PKI_SEQ(ext.value);
	c.n_ext = 0;
	c.raw[PKI_ISSUER] = name_of("2.5.4.10", ext.value);
	CHECK_OK(x509_cert_parse(&out, pki_cert(&c), WHAT, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(x509_reads_every_field),
		cmocka_unit_test(x509_reads_both_encodings_of_pss),
		cmocka_unit_test(x509_refuses_every_truncation),
		cmocka_unit_test(x509_refuses_trailing_bytes_and_too_many),
		cmocka_unit_test(x509_of_the_largest_size_parses),
		cmocka_unit_test(x509_refuses_other_envelopes),
		cmocka_unit_test(x509_refuses_other_versions),
		cmocka_unit_test(x509_refuses_other_serial_numbers),
		cmocka_unit_test(x509_refuses_other_algorithms),
		cmocka_unit_test(x509_refuses_two_algorithms_in_one),
		cmocka_unit_test(x509_refuses_other_members_of_pss),
		cmocka_unit_test(x509_refuses_other_names),
		cmocka_unit_test(x509_refuses_other_validities),
		cmocka_unit_test(x509_refuses_other_extensions),
		cmocka_unit_test(x509_counts_extensions),
		cmocka_unit_test(x509_refuses_other_basic_constraints),
		cmocka_unit_test(x509_refuses_other_key_usages),
		cmocka_unit_test(x509_refuses_other_signature_values),
		cmocka_unit_test(x509_walks_deep_nesting_without_following_it),
	};

	if (crypto_init() != ERR_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
