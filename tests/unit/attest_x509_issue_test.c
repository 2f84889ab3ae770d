/* Signatures become obligations: of the right kind, or not at all. */
#include "crypto/crypto_native.h"
#include "pki.h"

static struct obligations set;

/* The certificate, parsed. */
static struct x509_cert parsed(const struct pki_cert *c)
{
	struct err_ctx ctx = { 0 };
	struct x509_cert out;

	if (x509_cert_parse(&out, pki_cert(c), "certificate", &ctx) != ERR_OK)
		fail_msg("%s", ctx.msg);
	return out;
}

TEST(x509_obliges_what_fits_the_key)
{
	struct pki_cert ec, rsa, leaf;
	struct x509_cert e, r, p384;
	struct err_ctx ctx = { 0 };
	struct bytes msg = pki_str("report"), sig;

	pki_reset();
	ec = pki_ca("Root", NULL, pki_p256(0));
	rsa = pki_ca("ARK", NULL, pki_rsa(0));
	leaf = pki_leaf("leaf", &rsa, pki_p384(0));
	e = parsed(&ec), r = parsed(&rsa), p384 = parsed(&leaf);
	set.n = 0;
	CHECK_OK(x509_oblige_cert(&set, &e, &e, "e", NULL));
	CHECK_OK(x509_oblige_cert(&set, &r, &r, "r", NULL));
	sig = pki_sign(pki_p256(0), msg);
	CHECK_OK(x509_oblige_raw(&set, &e, sig, msg, "raw", NULL));
	sig = pki_sign(pki_p384(0), msg);
	CHECK_OK(x509_oblige_raw(&set, &p384, sig, msg, "raw", NULL));
	CHECK_EQ(set.n, 4);
	CHECK_STR(set.item[1].what, "r");
	for (size_t i = 0; i < set.n; i++)
		CHECK_OK(obligation_resolve(&set.item[i]));
	CHECK_ERR(x509_oblige_cert(&set, &r, &e, "by RSA", &ctx), ERR_AUTH);
	CHECK_STR(ctx.msg,
	    "by RSA: its signature does not fit the signer's kind of key");
	CHECK_ERR(x509_oblige_cert(&set, &e, &r, "by EC", NULL), ERR_AUTH);
	CHECK_ERR(x509_oblige_cert(&set, &p384, &e, "P-384", NULL), ERR_AUTH);
	CHECK_ERR(x509_oblige_raw(&set, &r, sig, msg, "raw", NULL), ERR_AUTH);
	CHECK_ERR(x509_oblige_raw(&set, &e, sig, msg, "raw", NULL), ERR_FORMAT);
	sig.len--;
	CHECK_ERR(
	    x509_oblige_raw(&set, &p384, sig, msg, "raw", NULL), ERR_FORMAT);
	CHECK_EQ(set.n, 4);
	set.n = OBLIGATIONS_MAX;
	ctx.code = ERR_OK;
	CHECK_ERR(x509_oblige_cert(&set, &e, &e, "full", &ctx), ERR_LIMIT);
	CHECK_STR(ctx.msg, "full: more than 16 signatures to check");
	sig.len++;
	CHECK_ERR(
	    x509_oblige_raw(&set, &p384, sig, msg, "full", NULL), ERR_LIMIT);
}

TEST(x509_refuses_malformed_ecdsa_signatures)
{
	static const char *const bad[] = { "", "3000", "3003020101",
		"3006020101020181", "3006020101020101aa", "3007020101020101aa",
		"3106020101020101", "300702010102020001" };
	struct pki_cert ec;
	struct x509_cert c;
	struct err_ctx ctx = { 0 };
	char longest[96];

	pki_reset();
	ec = pki_ca("Root", NULL, pki_p256(0));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		set.n = 0;
		ec.raw[PKI_SIG] = pki_bits(pki_hex(bad[i]));
		c = parsed(&ec);
		CHECK_ERR(
		    x509_oblige_cert(&set, &c, &c, "leaf", &ctx), ERR_FORMAT);
		CHECK_STR(ctx.msg, "leaf: malformed signature");
		CHECK_EQ(set.n, 0);
	}
	/* Small numbers are padded, 33 bytes are too many. */
	set.n = 0;
	ec.raw[PKI_SIG] = pki_bits(pki_hex("300702010502020100"));
	c = parsed(&ec);
	CHECK_OK(x509_oblige_cert(&set, &c, &c, "leaf", NULL));
	CHECK_EQ(set.item[0].sig.len, 64);
	CHECK_EQ(set.item[0].sig.p[31], 5);
	CHECK_EQ(set.item[0].sig.p[62], 1);
	CHECK(mem_is_zero(set.item[0].sig.p, 31));
	memset(longest, '1', sizeof(longest));
	memcpy(longest, "30260221", 8);
	memcpy(longest + 8 + 66, "020101", 7);
	set.n = 0;
	ec.raw[PKI_SIG] = pki_bits(pki_hex(longest));
	c = parsed(&ec);
	CHECK_ERR(x509_oblige_cert(&set, &c, &c, "leaf", NULL), ERR_FORMAT);
}

TEST(x509_refuses_an_rsa_signature_of_another_length)
{
	struct pki_cert c;
	struct x509_cert out;

	pki_reset();
	c = pki_ca("ARK", NULL, pki_rsa(0));
	for (size_t len = 511; len < 514; len += 2) {
		c.raw[PKI_SIG] =
		    pki_bits((struct bytes){ pki_alloc(len), len });
		out = parsed(&c);
		set.n = 0;
		CHECK_ERR(x509_oblige_cert(&set, &out, &out, "ARK", NULL),
		    ERR_FORMAT);
		CHECK_EQ(set.n, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(x509_obliges_what_fits_the_key),
		cmocka_unit_test(x509_refuses_malformed_ecdsa_signatures),
		cmocka_unit_test(
		    x509_refuses_an_rsa_signature_of_another_length),
	};

	if (crypto_init() != ERR_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
