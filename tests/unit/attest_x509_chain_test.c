/*
 * Our walk along a chain beside OpenSSL's own, on chains of synthetic vendors:
 * sound ones, and broken in one place each.
 */
#include "crypto/crypto_native.h"
#include "x509_walks.h"

/* A vendor with one intermediate CA, as both AMD and Intel are built. */
struct vendor {
	struct pki_cert root, ca, leaf;
	struct pki_list root_list, ca_list;
};

static struct vendor amd(void)
{
	struct vendor v;

	pki_reset();
	v.root = pki_ca("ARK-Genoa", NULL, pki_rsa(0));
	v.ca = pki_ca("SEV-Genoa", &v.root, pki_rsa(1));
	v.ca.path_len = 0;
	v.ca.trailer = true;
	v.leaf = pki_leaf("SEV-VCEK", &v.ca, pki_p384(0));
	v.leaf.serial = 0;
	v.root_list = pki_list(&v.root);
	v.ca_list = pki_list(&v.ca);
	return v;
}

static struct vendor intel(void)
{
	struct vendor v;

	pki_reset();
	v.root = pki_ca("Intel SGX Root CA", NULL, pki_p256(0));
	v.root.path_len = 1;
	v.ca = pki_ca("Intel SGX PCK Platform CA", &v.root, pki_p256(1));
	v.ca.path_len = 0;
	v.leaf = pki_leaf("Intel SGX PCK Certificate", &v.ca, pki_p256(2));
	v.leaf.no_basic = false;
	v.leaf.usage = X509_USAGE_DIGITAL_SIGNATURE;
	v.root_list = pki_list(&v.root);
	v.ca_list = pki_list(&v.ca);
	return v;
}

/* Its chain; with the lists of both CAs if it is Intel's. */
static struct chain chain_of(const struct vendor *v)
{
	struct chain c = {
		.cert = { pki_cert(&v->leaf), pki_cert(&v->ca),
		    pki_cert(&v->root) },
		.n = 3,
		.now = PKI_NOW,
		.pin = pki_spki(v->root.key),
	};

	if (v->root.key->kind == X509_KEY_P256) {
		c.crl[0] = pki_crl(&v->root_list);
		c.crl[1] = pki_crl(&v->ca_list);
		c.n_crl = 2;
	}
	return c;
}

TEST(chain_of_a_synthetic_vendor_holds)
{
	struct vendor v = amd();
	struct chain c = chain_of(&v);

	CHECK_EQ(theirs(&c), X509_V_OK);
	CHECK_OK(ours(&c));
	CHECK_EQ(ours_set.n, 3);
	v = intel();
	c = chain_of(&v);
	CHECK_EQ(theirs(&c), X509_V_OK);
	CHECK_OK(ours(&c));
	CHECK_EQ(ours_set.n, 5);
}

/* ---- what may be wrong --------------------------------------------------- */

/* Break a vendor, or its chain once made. */
struct fault {
	const char *what;
	void (*before)(struct vendor *v);
	void (*after)(struct chain *c, const struct vendor *v);
	enum err ours;
	int theirs; /* X509_V_OK: we are stricter */
};

static void leaf_of_another_issuer(struct vendor *v)
{
	v->leaf.issuer = "Other CA";
}

static void ca_of_another_issuer(struct vendor *v)
{
	v->ca.issuer = "Other Root";
}

static void ca_is_no_ca(struct vendor *v)
{
	v->ca.ca = false;
	v->ca.path_len = -1;
}

static void ca_without_basic_constraints(struct vendor *v)
{
	v->ca.no_basic = true;
}

static void ca_may_not_sign_certificates(struct vendor *v)
{
	v->ca.usage = X509_USAGE_CRL_SIGN;
}

static void ca_without_usage(struct vendor *v)
{
	v->ca.usage = 0;
}

static void root_allows_no_ca_below(struct vendor *v)
{
	v->root.path_len = 0;
}

static void leaf_past(struct vendor *v)
{
	v->leaf.not_after = PKI_NOW - 1;
}

static void ca_past(struct vendor *v)
{
	v->ca.not_after = PKI_NOW - 1;
}

static void root_past(struct vendor *v)
{
	v->root.not_after = PKI_NOW - 1;
}

static void leaf_to_come(struct vendor *v)
{
	v->leaf.not_before = PKI_NOW + 1;
}

static void ca_to_come(struct vendor *v)
{
	v->ca.not_before = PKI_NOW + 1;
}

static void root_to_come(struct vendor *v)
{
	v->root.not_before = PKI_NOW + 1;
}

static void leaf_badly_signed(struct vendor *v)
{
	v->leaf.bad_sig = true;
}

static void ca_badly_signed(struct vendor *v)
{
	v->ca.bad_sig = true;
}

static void root_badly_signed(struct vendor *v)
{
	v->root.bad_sig = true;
}

/* Of the right kind, but another key. */
static void leaf_signed_by_another_key(struct vendor *v)
{
	v->leaf.signer = pki_key(v->leaf.signer->kind, 5);
}

static void ca_signed_by_another_key(struct vendor *v)
{
	v->ca.signer = pki_key(v->ca.signer->kind, 5);
}

/* It says so, and the issuer's key is of another kind. */
static void leaf_signed_by_another_kind(struct vendor *v)
{
	v->leaf.signer =
	    v->leaf.signer->kind == X509_KEY_P256 ? pki_rsa(1) : pki_p256(1);
}

static void leaf_signed_with_sha384(struct vendor *v)
{
	v->ca.key = pki_p384(1);
	v->leaf.signer = v->ca_list.signer = pki_p384(1);
}

static void leaf_says_another_algorithm(struct vendor *v)
{
	v->leaf.raw[PKI_OUTER_ALGO] = pki_algo(
	    v->leaf.signer->kind == X509_KEY_P256 ? pki_rsa(0) : pki_p256(0),
	    false);
}

static void leaf_has_an_unknown_critical_extension(struct vendor *v)
{
	static struct pki_ext ext = { "1.2.3.4", { NULL, 0 }, true };

	v->leaf.ext = &ext;
	v->leaf.n_ext = 1;
}

static void root_of_the_same_name(struct vendor *v)
{
	const struct pki_key *other = pki_key(v->root.key->kind, 4);

	v->root.key = v->root.signer = v->ca.signer = v->root_list.signer =
	    other;
}

static void pin_stays(struct chain *c, const struct vendor *v)
{
	c->pin = pki_spki(pki_key(v->root.key->kind, 0));
}

static void ca_and_root_swapped(struct chain *c, const struct vendor *v)
{
	struct bytes ca = c->cert[1];

	(void)v;
	c->cert[1] = c->cert[2];
	c->cert[2] = ca;
}

/* OpenSSL finds an order by itself and never looks at the leaf. */
static void leaf_and_ca_swapped(struct chain *c, const struct vendor *v)
{
	struct bytes ca = c->cert[1];

	(void)v;
	c->cert[1] = c->cert[0];
	c->cert[0] = ca;
	c->n_crl = 0;
}

static void ca_left_out(struct chain *c, const struct vendor *v)
{
	(void)v;
	c->cert[1] = c->cert[2];
	c->n = 2;
	c->n_crl = 0;
}

/* A key whose signatures we know, so that roles alone are judged. */
static void leaf_has_a_p256_key(struct vendor *v)
{
	v->leaf.key = pki_p256(3);
}

static void leaf_as_a_ca(struct chain *c, const struct vendor *v)
{
	struct pki_cert below = pki_leaf("Below", &v->leaf, pki_p384(3));

	memmove(c->cert + 1, c->cert, 3 * sizeof(c->cert[0]));
	c->cert[0] = pki_cert(&below);
	c->n = 4;
	c->n_crl = 0;
}

static void leaf_with_more_behind_it(struct chain *c, const struct vendor *v)
{
	(void)v;
	c->cert[0] = PKI_CAT(c->cert[0], pki_hex("00"));
}

#define FAULT(name, e, v)                                                      \
	{                                                                      \
#name, name, NULL, ERR_##e, X509_V_##v                         \
	}
#define FAULT_IN(name, e, v)                                                   \
	{                                                                      \
#name, NULL, name, ERR_##e, X509_V_##v                         \
	}

/* Of both vendors. */
static const struct fault fault[] = {
	FAULT(leaf_of_another_issuer, AUTH,
	    ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY),
	FAULT(
	    ca_of_another_issuer, AUTH, ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY),
	FAULT(ca_is_no_ca, AUTH, ERR_INVALID_CA),
	FAULT(ca_without_basic_constraints, AUTH, ERR_INVALID_CA),
	FAULT(ca_may_not_sign_certificates, AUTH, ERR_INVALID_CA),
	FAULT(root_allows_no_ca_below, AUTH, ERR_PATH_LENGTH_EXCEEDED),
	FAULT(leaf_past, EXPIRED, ERR_CERT_HAS_EXPIRED),
	FAULT(ca_past, EXPIRED, ERR_CERT_HAS_EXPIRED),
	FAULT(root_past, EXPIRED, ERR_CERT_HAS_EXPIRED),
	FAULT(leaf_to_come, EXPIRED, ERR_CERT_NOT_YET_VALID),
	FAULT(ca_to_come, EXPIRED, ERR_CERT_NOT_YET_VALID),
	FAULT(root_to_come, EXPIRED, ERR_CERT_NOT_YET_VALID),
	FAULT(leaf_badly_signed, AUTH, ERR_CERT_SIGNATURE_FAILURE),
	FAULT(ca_badly_signed, AUTH, ERR_CERT_SIGNATURE_FAILURE),
	FAULT(root_badly_signed, AUTH, ERR_CERT_SIGNATURE_FAILURE),
	FAULT(leaf_signed_by_another_key, AUTH, ERR_CERT_SIGNATURE_FAILURE),
	FAULT(ca_signed_by_another_key, AUTH, ERR_CERT_SIGNATURE_FAILURE),
	FAULT(leaf_signed_by_another_kind, AUTH,
	    ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY),
	FAULT(leaf_says_another_algorithm, FORMAT, ERR_CERT_SIGNATURE_FAILURE),
	FAULT(leaf_has_an_unknown_critical_extension, UNSUPPORTED,
	    ERR_UNHANDLED_CRITICAL_EXTENSION),
	{ "root_of_the_same_name", root_of_the_same_name, pin_stays, ERR_AUTH,
	    X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN },
	FAULT_IN(ca_and_root_swapped, AUTH, ERR_SELF_SIGNED_CERT_IN_CHAIN),
	FAULT_IN(ca_left_out, AUTH, ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY),
	{ "leaf_as_a_ca", leaf_has_a_p256_key, leaf_as_a_ca, ERR_AUTH,
	    X509_V_ERR_INVALID_CA },
	/* Where OpenSSL asks less, or something else. */
	FAULT(ca_without_usage, AUTH, OK),
	FAULT(leaf_signed_with_sha384, UNSUPPORTED, OK),
	FAULT_IN(leaf_and_ca_swapped, AUTH, OK),
};

static void check_fault(const struct fault *f, struct vendor v)
{
	struct chain c;
	enum err we;
	int they;

	if (f->before != NULL)
		f->before(&v);
	c = chain_of(&v);
	if (f->after != NULL)
		f->after(&c, &v);
	we = ours(&c);
	they = theirs(&c);
	if (we != f->ours || they != f->theirs)
		fail_msg("%s of %s: we say \"%s\", OpenSSL \"%s\" (%d)",
		    f->what, v.root.subject, err_name(we),
		    X509_verify_cert_error_string(they), they);
}

TEST(chain_faults_are_found_by_both_walks)
{
	for (size_t i = 0; i < sizeof(fault) / sizeof(fault[0]); i++) {
		check_fault(&fault[i], amd());
		check_fault(&fault[i], intel());
	}
}

TEST(chain_with_bytes_behind_a_certificate_is_refused)
{
	struct vendor v = intel();
	struct chain c = chain_of(&v);

	leaf_with_more_behind_it(&c, &v);
	CHECK_ERR(ours(&c), ERR_TRAILING);
	CHECK_EQ(theirs(&c), -1);
}

/* ---- revocation ---------------------------------------------------------- */

static const uint64_t leaf_serial[] = { 3, 0x70001 };
static const uint64_t ca_serial[] = { 0x10001, 3 };

static void leaf_revoked(struct vendor *v)
{
	v->ca_list.revoked = leaf_serial;
	v->ca_list.n_revoked = 2;
}

static void ca_revoked(struct vendor *v)
{
	/* Not the root's number, which would be revoked with it. */
	v->root.serial = 9;
	v->root_list.revoked = ca_serial;
	v->root_list.n_revoked = 2;
}

/* The number of the leaf, but on the list of the root. */
static void number_revoked_by_another(struct vendor *v)
{
	v->root_list.revoked = leaf_serial;
	v->root_list.n_revoked = 2;
}

static void list_past(struct vendor *v)
{
	v->ca_list.next_update = PKI_NOW - 1;
}

static void list_to_come(struct vendor *v)
{
	v->root_list.this_update = PKI_NOW + 1;
}

static void list_badly_signed(struct vendor *v)
{
	v->ca_list.bad_sig = true;
}

static void list_signed_by_another_key(struct vendor *v)
{
	v->root_list.signer = v->ca.key;
}

static void list_by_one_who_may_not(struct vendor *v)
{
	v->ca.usage = X509_USAGE_CERT_SIGN;
}

static void list_by_nobody(struct vendor *v)
{
	v->ca_list.issuer = "Other CA";
}

static void list_is_a_delta(struct vendor *v)
{
	v->ca_list.raw[PKI_EXTS] = pki_tlv(
	    DER_CONTEXT_0, PKI_SEQ(pki_ext("2.5.29.20", pki_int(7), false),
			       pki_ext("1.2.3.4", pki_int(6), true)));
}

static const struct fault list_fault[] = {
	FAULT(leaf_revoked, POLICY, ERR_CERT_REVOKED),
	FAULT(ca_revoked, POLICY, ERR_CERT_REVOKED),
	FAULT(number_revoked_by_another, OK, OK),
	FAULT(list_past, EXPIRED, ERR_CRL_HAS_EXPIRED),
	FAULT(list_to_come, EXPIRED, ERR_CRL_NOT_YET_VALID),
	FAULT(list_badly_signed, AUTH, ERR_CRL_SIGNATURE_FAILURE),
	FAULT(list_signed_by_another_key, AUTH, ERR_CRL_SIGNATURE_FAILURE),
	FAULT(list_by_one_who_may_not, AUTH, ERR_KEYUSAGE_NO_CRL_SIGN),
	FAULT(list_by_nobody, NOTFOUND, ERR_UNABLE_TO_GET_CRL),
	FAULT(
	    list_is_a_delta, UNSUPPORTED, ERR_UNHANDLED_CRITICAL_CRL_EXTENSION),
};

TEST(chain_revocations_are_found_by_both_walks)
{
	for (size_t i = 0; i < sizeof(list_fault) / sizeof(list_fault[0]); i++)
		check_fault(&list_fault[i], intel());
}

TEST(chain_of_amd_is_revoked_by_the_ark)
{
	/* AMD's ASK signs no list: the chain to ask about ends at the ASK. */
	for (int revoked = 0; revoked < 2; revoked++) {
		struct vendor v = amd();
		struct chain c;

		v.root.serial = 9;
		v.root_list.revoked = ca_serial;
		v.root_list.n_revoked = revoked ? 2 : 0;
		c = (struct chain){
			.cert = { pki_cert(&v.ca), pki_cert(&v.root) },
			.n = 2,
			.crl = { pki_crl(&v.root_list) },
			.n_crl = 1,
			.now = PKI_NOW,
			.pin = pki_spki(v.root.key),
		};
		CHECK_ERR(ours(&c), revoked ? ERR_POLICY : ERR_OK);
		CHECK_EQ(
		    theirs(&c), revoked ? X509_V_ERR_CERT_REVOKED : X509_V_OK);
	}
}

/* ---- edges --------------------------------------------------------------- */

TEST(chain_is_valid_from_its_first_second_to_its_last)
{
	struct vendor v = amd();
	struct chain c = chain_of(&v);

	for (int i = -2; i <= 2; i++) {
		c.now = v.leaf.not_before + (uint64_t)i;
		CHECK_ERR(ours(&c), i < 0 ? ERR_EXPIRED : ERR_OK);
		CHECK_EQ(theirs(&c),
		    i < 0 ? X509_V_ERR_CERT_NOT_YET_VALID : X509_V_OK);
		/* RFC 5280: through notAfter, inclusive. OpenSSL stops a
		 * second earlier. */
		c.now = v.leaf.not_after + (uint64_t)i;
		CHECK_ERR(ours(&c), i > 0 ? ERR_EXPIRED : ERR_OK);
		CHECK_EQ(theirs(&c),
		    i >= 0 ? X509_V_ERR_CERT_HAS_EXPIRED : X509_V_OK);
	}
}

TEST(chain_messages_name_what_does_not_fit)
{
	struct vendor v = intel();
	struct chain c = chain_of(&v);
	struct err_ctx ctx = { 0 };
	struct x509_cert *p = ours_cert;

	CHECK_OK(ours(&c));
	CHECK_ERR(x509_issued(&p[2], &p[0], 0, "PCK", &ctx), ERR_AUTH);
	CHECK_STR(ctx.msg, "PCK: issuer \"Intel SGX PCK Platform CA\" is not "
			   "\"Intel SGX Root CA\"");
	ctx.code = ERR_OK;
	CHECK_ERR(x509_issued(&p[1], &p[0], 1, "PCK", &ctx), ERR_AUTH);
	CHECK_STR(
	    ctx.msg, "PCK: its issuer's pathLenConstraint is 0, 1 CAs follow");
	p[1].ca = false;
	ctx.code = ERR_OK;
	CHECK_ERR(x509_issued(&p[1], &p[0], 0, "PCK", &ctx), ERR_AUTH);
	CHECK_STR(ctx.msg, "PCK: its issuer is not a CA");
	p[1].ca = true;
	p[1].usage = X509_USAGE_CRL_SIGN;
	ctx.code = ERR_OK;
	CHECK_ERR(x509_issued(&p[1], &p[0], 0, "PCK", &ctx), ERR_AUTH);
	CHECK_STR(ctx.msg, "PCK: its issuer's keyUsage lacks keyCertSign");
	ctx.code = ERR_OK;
	CHECK_ERR(
	    x509_check_time(p, p->not_before - 1, "PCK", &ctx), ERR_EXPIRED);
	CHECK_STR(ctx.msg, "PCK: notBefore is not yet reached");
	ctx.code = ERR_OK;
	CHECK_ERR(
	    x509_check_time(p, p->not_after + 1, "PCK", &ctx), ERR_EXPIRED);
	CHECK_STR(ctx.msg, "PCK: notAfter is past");
}

/* One bit of every byte of `part` flipped: neither walk may accept it. */
static void check_flips(struct chain *c, struct bytes *part)
{
	struct bytes was = *part;
	uint8_t *p = pki_copy(was);

	*part = (struct bytes){ p, was.len };
	for (size_t i = 0; i < was.len; i++) {
		p[i] ^= (uint8_t)(1U << i % 8);
		if (ours(c) == ERR_OK || theirs(c) == X509_V_OK)
			fail_msg("byte %zu flipped: accepted", i);
		p[i] = was.p[i];
	}
	*part = was;
	CHECK_OK(ours(c));
}

TEST(chain_with_any_byte_flipped_is_refused)
{
	struct vendor v = intel();
	struct chain c = chain_of(&v);

	for (size_t i = 0; i < c.n; i++)
		check_flips(&c, &c.cert[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chain_of_a_synthetic_vendor_holds),
		cmocka_unit_test(chain_faults_are_found_by_both_walks),
		cmocka_unit_test(
		    chain_with_bytes_behind_a_certificate_is_refused),
		cmocka_unit_test(chain_revocations_are_found_by_both_walks),
		cmocka_unit_test(chain_of_amd_is_revoked_by_the_ark),
		cmocka_unit_test(
		    chain_is_valid_from_its_first_second_to_its_last),
		cmocka_unit_test(chain_messages_name_what_does_not_fit),
		cmocka_unit_test(chain_with_any_byte_flipped_is_refused),
	};

	if (crypto_init() != ERR_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
