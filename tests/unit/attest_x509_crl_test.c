/* Revocation lists refused for one part each, with its name and its place. */
#include "crypto/crypto_native.h"
#include "pki.h"

#define WHAT "PCK CRL"

static const struct bytes none = { NULL, 0 };
static const struct bytes left_out = { (const uint8_t *)"", 0 };

static struct pki_cert ca;

static struct pki_list sample(void)
{
	pki_reset();
	ca = pki_ca("Intel SGX PCK Platform CA", NULL, pki_p256(0));
	return pki_list(&ca);
}

static size_t find(struct bytes all, struct bytes part)
{
	const uint8_t *p = memmem(all.p, all.len, part.p, part.len);

	CHECK(p != NULL);
	return (size_t)(p - all.p);
}

static void check_refused(
    struct bytes der, enum err want, const char *field, size_t off)
{
	struct err_ctx ctx = { 0 };
	struct x509_crl c;
	char msg[ERR_MSG_LEN_MAX];
	enum err e = x509_crl_parse(&c, der, WHAT, &ctx);

	(void)snprintf(msg, sizeof(msg), "%s: %s: %s at offset %zu", WHAT,
	    field, err_name(want), off);
	CHECK_STR(ctx.msg, msg);
	CHECK_ERR(e, want);
	CHECK(mem_is_zero(&c, sizeof(c)));
}

/* With `raw` in place of a part, it is refused `delta` bytes into raw. */
static void refuse(enum pki_part part, struct bytes raw, enum err want,
    const char *field, size_t delta)
{
	struct pki_list l = pki_list(&ca);
	struct bytes der;

	l.raw[part] = raw;
	der = pki_crl(&l);
	check_refused(der, want, field, find(der, raw) + delta);
}

/* The list in DER and parsed; it borrows from the pool. */
static struct x509_crl parsed(const struct pki_list *l)
{
	struct err_ctx ctx = { 0 };
	struct x509_crl c;

	if (x509_crl_parse(&c, pki_crl(l), WHAT, &ctx) != ERR_OK)
		fail_msg("%s", ctx.msg);
	return c;
}

static struct x509_crl accept(enum pki_part part, struct bytes raw)
{
	struct pki_list l = pki_list(&ca);

	l.raw[part] = raw;
	return parsed(&l);
}

TEST(crl_reads_every_field)
{
	struct pki_list l = sample();
	const uint64_t revoked[] = { 0x8001, 5, 0 };
	struct x509_crl c;

	l.revoked = revoked, l.n_revoked = 3;
	c = parsed(&l);
	CHECK(mem_eq(c.issuer, pki_name(ca.subject)));
	CHECK(mem_eq_str(c.issuer_cn, ca.subject));
	CHECK_EQ(c.this_update, l.this_update);
	CHECK_EQ(c.next_update, l.next_update);
	CHECK_EQ(c.alg, SIG_ECDSA_P256_SHA256);
	CHECK(c.sig.len >= 68 && c.sig.len <= 72);
	CHECK_EQ(c.n_revoked, 3);
	CHECK(x509_crl_has(&c, pki_hex("8001")));
	CHECK(x509_crl_has(&c, pki_hex("05")));
	CHECK(x509_crl_has(&c, pki_hex("00")));
	CHECK(!x509_crl_has(&c, pki_hex("06")));
	CHECK(!x509_crl_has(&c, pki_hex("80")));
	CHECK(!x509_crl_has(&c, pki_hex("008001")));
	CHECK(!x509_crl_has(&c, none));
}

TEST(crl_may_be_empty_in_two_ways)
{
	struct pki_list l = sample();
	struct x509_crl c = parsed(&l);

	CHECK_EQ(c.n_revoked, 0);
	CHECK_EQ(c.revoked.len, 0);
	CHECK(!x509_crl_has(&c, pki_hex("05")));
	c = accept(PKI_REVOKED, PKI_SEQ(none));
	CHECK_EQ(c.n_revoked, 0);
	CHECK(!x509_crl_has(&c, pki_hex("05")));
}

TEST(crl_by_rsa_is_read)
{
	struct pki_list l = sample();
	struct x509_crl c;

	ca = pki_ca("ARK-Genoa", NULL, pki_rsa(0));
	l = pki_list(&ca);
	for (int trailer = 0; trailer < 2; trailer++) {
		l.trailer = trailer != 0;
		c = parsed(&l);
		CHECK_EQ(c.alg, SIG_RSA_PSS_SHA384);
		CHECK_EQ(c.sig.len, 512);
	}
}

TEST(crl_refuses_every_truncation)
{
	struct pki_list l = sample();
	const uint64_t revoked[] = { 0x8001, 5 };
	struct x509_crl c;
	struct bytes der;

	l.revoked = revoked, l.n_revoked = 2;
	der = pki_crl(&l);
	for (size_t n = 0; n < der.len; n++) {
		uint8_t *copy = malloc(n + (n == 0));

		assert_non_null(copy);
		memcpy(copy, der.p, n);
		CHECK_ERR(
		    x509_crl_parse(&c, (struct bytes){ copy, n }, WHAT, NULL),
		    ERR_TRUNCATED);
		CHECK(mem_is_zero(&c, sizeof(c)));
		free(copy);
	}
}

TEST(crl_refuses_trailing_bytes_and_too_many)
{
	struct pki_list l = sample();
	struct bytes der = pki_crl(&l), more;
	struct err_ctx ctx = { 0 };
	struct x509_crl c;

	check_refused(PKI_CAT(der, { (const uint8_t *)"", 1 }), ERR_TRAILING,
	    "outer SEQUENCE", der.len);
	more.p = pki_alloc(X509_CRL_LEN_MAX + 1);
	more.len = X509_CRL_LEN_MAX + 1;
	CHECK_ERR(x509_crl_parse(&c, more, WHAT, &ctx), ERR_LIMIT);
	CHECK_STR(ctx.msg, WHAT ": 65537 bytes, at most 65536");
}

TEST(crl_refuses_other_versions_and_issuers)
{
	struct pki_list l = sample();
	struct bytes der, algo;

	refuse(PKI_VERSION, pki_int(0), ERR_UNSUPPORTED, "version", 0);
	refuse(PKI_VERSION, pki_int(2), ERR_UNSUPPORTED, "version", 0);
	refuse(PKI_VERSION, pki_hex("02020001"), ERR_FORMAT, "version", 0);
	/* Left out: version 1. */
	l.raw[PKI_VERSION] = left_out;
	der = pki_crl(&l);
	algo = pki_algo(l.signer, false);
	check_refused(der, ERR_UNSUPPORTED, "version", find(der, algo));
	refuse(PKI_ALGO, pki_algo(pki_rsa(0), false), ERR_FORMAT,
	    "signature, unlike signatureAlgorithm", 0);
	refuse(PKI_ISSUER, pki_str("\x31\x01\x40"), ERR_FORMAT, "issuer", 0);
	refuse(PKI_ISSUER, PKI_SEQ(PKI_SEQ(none)), ERR_FORMAT, "issuer", 2);
}

TEST(crl_refuses_other_times)
{
	struct bytes t, bad;

	(void)sample();
	t = pki_time(PKI_NOW);
	bad = pki_tlv(DER_UTC_TIME, pki_str("2701150000Z"));
	refuse(PKI_VALIDITY, PKI_CAT(bad, t), ERR_FORMAT, "thisUpdate", 0);
	refuse(PKI_VALIDITY, PKI_CAT(t, bad), ERR_FORMAT, "nextUpdate", 15);
	/* nextUpdate left out. */
	refuse(PKI_VALIDITY, t, ERR_FORMAT, "nextUpdate", 15);
	refuse(PKI_VALIDITY, PKI_CAT(t, t, t), ERR_TRAILING, "signed part", 30);
}

/* A list of one entry, which begins at 2 and its content at 4. */
static struct bytes entry(struct bytes content)
{
	return PKI_SEQ(PKI_SEQ(content));
}

TEST(crl_refuses_other_entries)
{
	struct bytes t, ext, odd, x;
	struct x509_crl c;

	(void)sample();
	t = pki_time(PKI_NOW);
	ext = pki_ext("2.5.29.21", pki_int(1), false);
	odd = pki_ext("2.5.29.29", PKI_SEQ(none), true);
	x = pki_int(0x7777);
	c = accept(PKI_REVOKED, entry(PKI_CAT(x, t)));
	CHECK(c.n_revoked == 1 && x509_crl_has(&c, pki_hex("7777")));
	c = accept(
	    PKI_REVOKED, PKI_SEQ(PKI_SEQ(x, t, PKI_SEQ(ext)), PKI_SEQ(x, t)));
	CHECK_EQ(c.n_revoked, 2);
	refuse(PKI_REVOKED, PKI_SEQ(x), ERR_FORMAT, "serialNumber", 2);
	refuse(PKI_REVOKED, entry(none), ERR_TRUNCATED, "serialNumber", 4);
	refuse(PKI_REVOKED, entry(PKI_CAT(pki_hex("020180"), t)), ERR_FORMAT,
	    "serialNumber", 4);
	refuse(PKI_REVOKED, entry(PKI_CAT(pki_hex("02020001"), t)), ERR_FORMAT,
	    "serialNumber", 4);
	refuse(PKI_REVOKED,
	    entry(PKI_CAT(
		pki_tlv(DER_INTEGER, pki_str("twenty-one bytes long")), t)),
	    ERR_LIMIT, "serialNumber", 4);
	/* Nor do good extensions make up for it. */
	refuse(PKI_REVOKED,
	    entry(
		PKI_CAT(pki_tlv(DER_INTEGER, pki_str("twenty-one bytes long")),
		    t, PKI_SEQ(ext))),
	    ERR_LIMIT, "serialNumber", 4);
	refuse(PKI_REVOKED, entry(x), ERR_TRUNCATED, "revoked certificate", 8);
	refuse(PKI_REVOKED, entry(PKI_CAT(x, pki_hex("1700"))), ERR_FORMAT,
	    "revoked certificate", 8);
	refuse(PKI_REVOKED, entry(PKI_CAT(x, t, PKI_SEQ(odd))), ERR_UNSUPPORTED,
	    "critical entry extension", 25);
	refuse(PKI_REVOKED, entry(PKI_CAT(x, t, PKI_SEQ(ext, ext))), ERR_FORMAT,
	    "second extension of a kind", 25 + ext.len);
	refuse(PKI_REVOKED, entry(PKI_CAT(x, t, PKI_SEQ(none))), ERR_TRUNCATED,
	    "extension", 25);
	refuse(
	    PKI_REVOKED, entry(PKI_CAT(x, t, x)), ERR_FORMAT, "extension", 23);
	refuse(PKI_REVOKED, entry(PKI_CAT(x, t, PKI_SEQ(ext), x)), ERR_TRAILING,
	    "revoked certificate", 25 + ext.len);
	/* An entry that is right hides none that is not. */
	refuse(PKI_REVOKED, PKI_SEQ(PKI_SEQ(x, t), PKI_SEQ(x)), ERR_TRUNCATED,
	    "revoked certificate", 2 + 21 + 6);
}

static struct bytes exts(struct bytes list)
{
	return pki_tlv(DER_CONTEXT_0, pki_tlv(DER_SEQUENCE, list));
}

TEST(crl_refuses_other_extensions)
{
	struct bytes number, delta, idp;

	(void)sample();
	number = pki_ext("2.5.29.20", pki_int(7), false);
	delta = pki_ext("2.5.29.27", pki_int(6), true);
	idp = pki_ext("2.5.29.28", PKI_SEQ(none), true);
	(void)accept(PKI_EXTS, left_out);
	refuse(PKI_EXTS, exts(delta), ERR_UNSUPPORTED, "critical extension", 4);
	refuse(PKI_EXTS, exts(PKI_CAT(number, idp)), ERR_UNSUPPORTED,
	    "critical extension", 4 + number.len);
	refuse(PKI_EXTS, exts(PKI_CAT(number, number)), ERR_FORMAT,
	    "second extension of a kind", 4 + number.len);
	refuse(PKI_EXTS, exts(none), ERR_TRUNCATED, "extension", 4);
	refuse(PKI_EXTS, pki_tlv(DER_CONTEXT_0, none), ERR_TRUNCATED,
	    "extension", 2);
	refuse(PKI_EXTS,
	    pki_tlv(DER_CONTEXT_0, PKI_CAT(PKI_SEQ(number), pki_int(1))),
	    ERR_TRAILING, "crlExtensions", 4 + number.len);
	refuse(PKI_EXTS, pki_tlv(DER_CONTEXT_1, PKI_SEQ(number)), ERR_TRAILING,
	    "signed part", 0);
	refuse(PKI_AFTER, pki_hex("0500"), ERR_TRAILING, "signed part", 0);
}

TEST(crl_of_the_largest_size_is_searched)
{
	struct pki_list l = sample();
	struct bytes *one = calloc(2600, sizeof(*one));
	struct bytes t = pki_time(PKI_NOW);
	struct x509_crl c;

	assert_non_null(one);
	for (size_t i = 0; i < 2600; i++)
		one[i] = PKI_SEQ(pki_int(1000000 + i), t);
	l.raw[PKI_REVOKED] = pki_tlv(DER_SEQUENCE, pki_cat(one, 2600));
	free(one);
	CHECK(l.raw[PKI_REVOKED].len > 57000);
	c = parsed(&l);
	CHECK_EQ(c.n_revoked, 2600);
	CHECK(x509_crl_has(&c, (struct bytes){ pki_int(1002599).p + 2, 3 }));
	CHECK(!x509_crl_has(&c, (struct bytes){ pki_int(1002600).p + 2, 3 }));
}

TEST(crl_has_its_time)
{
	struct pki_list l = sample();
	struct x509_crl c = parsed(&l);
	struct err_ctx ctx = { 0 };

	CHECK_OK(x509_crl_check_time(&c, c.this_update, WHAT, NULL));
	CHECK_OK(x509_crl_check_time(&c, c.next_update - 1, WHAT, NULL));
	CHECK_ERR(x509_crl_check_time(&c, c.this_update - 1, WHAT, &ctx),
	    ERR_EXPIRED);
	CHECK_STR(ctx.msg, WHAT ": thisUpdate is not yet reached");
	ctx.code = ERR_OK;
	CHECK_ERR(
	    x509_crl_check_time(&c, c.next_update, WHAT, &ctx), ERR_EXPIRED);
	CHECK_STR(ctx.msg, WHAT ": nextUpdate is past");
}

TEST(crl_has_an_issuer_that_may_sign_lists)
{
	struct pki_list l = sample();
	struct x509_crl c = parsed(&l);
	struct err_ctx ctx = { 0 };
	struct x509_cert by;
	struct pki_cert other = ca;

	CHECK_OK(x509_cert_parse(&by, pki_cert(&ca), "CA", NULL));
	CHECK_OK(x509_crl_issued(&by, &c, WHAT, NULL));
	other.usage = X509_USAGE_CERT_SIGN;
	CHECK_OK(x509_cert_parse(&by, pki_cert(&other), "CA", NULL));
	CHECK_ERR(x509_crl_issued(&by, &c, WHAT, &ctx), ERR_AUTH);
	CHECK_STR(ctx.msg, WHAT ": its issuer's keyUsage lacks cRLSign");
	other = ca, other.ca = false;
	CHECK_OK(x509_cert_parse(&by, pki_cert(&other), "CA", NULL));
	ctx.code = ERR_OK;
	CHECK_ERR(x509_crl_issued(&by, &c, WHAT, &ctx), ERR_AUTH);
	CHECK_STR(ctx.msg, WHAT ": its issuer is not a CA");
	other = ca, other.subject = "Other";
	CHECK_OK(x509_cert_parse(&by, pki_cert(&other), "CA", NULL));
	ctx.code = ERR_OK;
	CHECK_ERR(x509_crl_issued(&by, &c, WHAT, &ctx), ERR_AUTH);
	CHECK_STR(ctx.msg,
	    WHAT ": issuer \"Intel SGX PCK Platform CA\" is not \"Other\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(crl_reads_every_field),
		cmocka_unit_test(crl_may_be_empty_in_two_ways),
		cmocka_unit_test(crl_by_rsa_is_read),
		cmocka_unit_test(crl_refuses_every_truncation),
		cmocka_unit_test(crl_refuses_trailing_bytes_and_too_many),
		cmocka_unit_test(crl_refuses_other_versions_and_issuers),
		cmocka_unit_test(crl_refuses_other_times),
		cmocka_unit_test(crl_refuses_other_entries),
		cmocka_unit_test(crl_refuses_other_extensions),
		cmocka_unit_test(crl_of_the_largest_size_is_searched),
		cmocka_unit_test(crl_has_its_time),
		cmocka_unit_test(crl_has_an_issuer_that_may_sign_lists),
	};

	if (crypto_init() != ERR_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
