/* Intel's certificates and revocation lists: each check alone can fail. */
#include "dcap_break.h"

/* ---- certificates --------------------------------------------------------- */

/* Put another PCK chain into the quote: no signature covers it. */
static void write_chain(struct bytes pem)
{
	w.q.pck_pem = pem;
	dcap_world_write(&w);
}

TEST(dcap_verify_wants_leaf_intermediate_root_and_no_other_order)
{
	begin();
	dcap_world_make(&w);
	write_chain(PKI_PEM(w.ca_der, w.leaf_der, w.root_der));
	refused(CHECK_CERTIFICATES, ERR_AUTH, "its name is \"Intel SGX PCK P");
	write_chain(PKI_PEM(w.root_der, w.ca_der, w.leaf_der));
	refused(CHECK_CERTIFICATES, ERR_AUTH, "its name is \"Intel SGX Root");
	write_chain(PKI_PEM(w.leaf_der, w.root_der, w.ca_der));
	refused(CHECK_CERTIFICATES, ERR_AUTH,
	    "PCK CA certificate: its name is \"Intel SGX Root CA\", must be");
	write_chain(PKI_PEM(w.leaf_der, w.leaf_der, w.root_der));
	refused(CHECK_CERTIFICATES, ERR_AUTH, "PCK CA certificate: its name");
	write_chain(PKI_PEM(w.leaf_der, w.ca_der, w.ca_der));
	refused(CHECK_CERTIFICATES, ERR_AUTH,
	    "PCK CA certificate: issuer \"Intel SGX Root CA\" is not");
	w.ev.tcb_signing_chain = PKI_PEM(w.root_der, w.signing_der);
	write_chain(PKI_PEM(w.leaf_der, w.ca_der, w.root_der));
	refused(CHECK_CERTIFICATES, ERR_AUTH,
	    "TCB Signing certificate: its name is \"Intel SGX Root CA\"");
}

TEST(dcap_verify_wants_exactly_three_certificates)
{
	struct bytes good;

	begin();
	dcap_world_make(&w);
	good = w.q.pck_pem;
	write_chain(PKI_PEM(w.leaf_der, w.ca_der));
	refused(CHECK_CERTIFICATES, ERR_TRUNCATED,
	    "root of the PCK chain: no PEM certificate");
	write_chain((struct bytes){ good.p, 0 });
	refused(CHECK_CERTIFICATES, ERR_TRUNCATED,
	    "PCK certificate: no PEM certificate");
	write_chain(PKI_PEM(w.leaf_der, w.ca_der, w.root_der, w.root_der));
	refused(CHECK_CERTIFICATES, ERR_TRAILING, "PCK chain: ");
	write_chain(PKI_CAT(good, pki_str("x")));
	refused(CHECK_CERTIFICATES, ERR_TRAILING, "PCK chain: ");
	write_chain(PKI_CAT(good, pki_str("\r\n "), { (uint8_t[3]){ 0 }, 3 }));
	accepted();
}

TEST(dcap_verify_wants_exactly_two_certificates_of_tcb_signing)
{
	begin();
	dcap_world_make(&w);
	w.ev.tcb_signing_chain.len = 0;
	refused(CHECK_CERTIFICATES, ERR_NOTFOUND,
	    "collateral: no TCB Signing certificate chain");
	w.ev.tcb_signing_chain = PKI_PEM(w.signing_der);
	refused(CHECK_CERTIFICATES, ERR_TRUNCATED,
	    "root of the TCB Signing chain: no PEM certificate");
	w.ev.tcb_signing_chain = PKI_PEM(w.signing_der, w.root_der, w.root_der);
	refused(CHECK_CERTIFICATES, ERR_TRAILING, "TCB Signing chain: ");
}

TEST(dcap_verify_refuses_certificates_with_other_names)
{
	begin();
	w.leaf.subject = "Intel SGX PCK Certificate ";
	made_refused(CHECK_CERTIFICATES, ERR_AUTH,
	    "PCK certificate: its name is \"Intel SGX PCK Certificate \", "
	    "must be \"Intel SGX PCK Certificate\"");
	begin();
	w.leaf.subject = NULL;
	made_refused(
	    CHECK_CERTIFICATES, ERR_AUTH, "PCK certificate: its name is \"\"");
	begin();
	w.platform.subject = w.leaf.issuer = w.pck_crl.issuer =
	    "Intel SGX PCK Platform CB";
	made_refused(CHECK_CERTIFICATES, ERR_AUTH,
	    "must be \"Intel SGX PCK Processor CA\"");
	begin();
	w.signing.subject = "Intel SGX Attestation Report Signing";
	made_refused(
	    CHECK_CERTIFICATES, ERR_AUTH, "must be \"Intel SGX TCB Signing\"");
}

TEST(dcap_verify_refuses_certificates_whose_names_do_not_chain)
{
	begin();
	w.leaf.issuer = w.processor.subject;
	made_refused(CHECK_CERTIFICATES, ERR_AUTH,
	    "PCK certificate: issuer \"Intel SGX PCK Processor CA\" is not");
	begin();
	w.platform.issuer = "Intel SGX Root CB";
	made_refused(CHECK_CERTIFICATES, ERR_AUTH,
	    "PCK CA certificate: issuer \"Intel SGX Root CB\" is not");
	begin();
	w.signing.issuer = w.platform.subject;
	made_refused(CHECK_CERTIFICATES, ERR_AUTH,
	    "TCB Signing certificate: issuer \"Intel SGX PCK Platform CA\"");
}

TEST(dcap_verify_refuses_certificates_in_other_roles)
{
	begin();
	w.platform.ca = false, w.platform.path_len = -1;
	made_refused(CHECK_CERTIFICATES, ERR_AUTH, "its issuer is not a CA");
	begin();
	w.platform.usage = X509_USAGE_CRL_SIGN;
	made_refused(CHECK_CERTIFICATES, ERR_AUTH, "lacks keyCertSign");
	begin();
	w.root.usage = X509_USAGE_CRL_SIGN;
	made_refused(CHECK_CERTIFICATES, ERR_AUTH,
	    "PCK CA certificate: its issuer's keyUsage lacks keyCertSign");
	begin();
	w.root.path_len = 0;
	made_refused(CHECK_CERTIFICATES, ERR_AUTH, "pathLenConstraint is 0");
	begin();
	w.leaf.ca = true;
	made_refused(
	    CHECK_CERTIFICATES, ERR_AUTH, "PCK certificate: it is a CA's");
	begin();
	w.leaf.usage = 1U << 1; /* nonRepudiation */
	made_refused(CHECK_CERTIFICATES, ERR_AUTH,
	    "PCK certificate: its keyUsage lacks digitalSignature");
	begin();
	w.signing.ca = true;
	made_refused(CHECK_CERTIFICATES, ERR_AUTH,
	    "TCB Signing certificate: it is a CA's");
	begin();
	w.signing.usage = 0;
	made_refused(CHECK_CERTIFICATES, ERR_AUTH,
	    "TCB Signing certificate: its keyUsage lacks digitalSignature");
}

TEST(dcap_verify_refuses_other_curves_and_algorithms)
{
	begin();
	w.leaf.key = pki_p384(0);
	made_refused(CHECK_CERTIFICATES, ERR_AUTH,
	    "PCK certificate: not P-256, signed by ECDSA with SHA-256");
	begin();
	w.platform.signer = pki_rsa(0);
	made_refused(CHECK_CERTIFICATES, ERR_AUTH,
	    "PCK CA certificate: not P-256, signed by ECDSA with SHA-256");
	begin();
	w.signing.key = pki_rsa(0);
	made_refused(
	    CHECK_CERTIFICATES, ERR_AUTH, "TCB Signing certificate: not P-256");
}

TEST(dcap_verify_refuses_certificates_that_do_not_parse)
{
	begin();
	w.leaf.raw[PKI_VERSION] = pki_tlv(DER_CONTEXT_0, pki_int(1));
	made_refused(CHECK_CERTIFICATES, ERR_UNSUPPORTED, "PCK certificate: ");
	begin();
	w.platform.raw[PKI_AFTER] = pki_int(1);
	dcap_world_make(&w);
	judge();
	CHECK_EQ(dcap_judge_failed(&judged), CHECK_CERTIFICATES);
	begin();
	w.sgx_ext = pki_octets((struct bytes){ pki_alloc(2048), 2048 });
	w.replace_sgx_ext = true; /* larger than any certificate of Intel's */
	made_refused(CHECK_CERTIFICATES, ERR_NOSPACE, "PCK certificate: PEM");
}

/* ---- the pinned root ------------------------------------------------------ */
TEST(dcap_verify_refuses_a_root_of_the_same_name_with_another_key)
{
	const struct pki_key *other = pki_p256(DCAP_KEY_PROCESSOR);
	struct pki_cert impostor;

	/* Consistent in itself, all of it. */
	begin();
	w.root.key = w.root.signer = w.platform.signer = w.signing.signer =
	    w.root_crl.signer = other;
	made_refused(CHECK_ROOT, ERR_AUTH,
	    "root of the PCK chain: its key has SHA-256 ");
	/* Only TCB Signing comes from it. */
	begin();
	dcap_world_make(&w);
	impostor = w.root;
	impostor.key = impostor.signer = other;
	w.ev.tcb_signing_chain = PKI_PEM(w.signing_der, pki_cert(&impostor));
	refused(CHECK_ROOT, ERR_AUTH,
	    "root of the TCB Signing chain: its key has SHA-256 ");
	/* And under the roots of the real world. */
	begin();
	dcap_world_make(&w);
	dcap_judge_init(&judged, &w.ev, w.q.tee, attest_roots, PKI_NOW);
	dcap_judge_table_1(&judged);
	dcap_judge_expect(&judged, CHECK_ROOT, ERR_AUTH,
	    "that of \"Intel SGX Root CA\" is a0af031289f5..");
}

/* ---- who signed whom ------------------------------------------------------ */
TEST(dcap_verify_refuses_a_certificate_signed_by_another_key)
{
	const struct pki_key *other = pki_p256(DCAP_KEY_AK);

	begin();
	w.leaf.signer = other;
	made_forged(CHECK_CHAIN, "PCK certificate");
	begin();
	w.leaf.bad_sig = true;
	made_forged(CHECK_CHAIN, "PCK certificate");
	begin();
	w.platform.signer = other;
	made_forged(CHECK_CHAIN, "PCK CA certificate");
	begin();
	w.signing.signer = other;
	made_forged(CHECK_CHAIN, "TCB Signing certificate");
	begin();
	w.leaf.raw[PKI_SIG] = pki_bits(pki_hex("0102"));
	made_refused(
	    CHECK_CHAIN, ERR_FORMAT, "PCK certificate: malformed signature");
	begin();
	w.platform.raw[PKI_SIG] = pki_bits(pki_hex("0102"));
	made_refused(CHECK_CHAIN, ERR_FORMAT, "PCK CA certificate: malformed");
	begin();
	w.signing.raw[PKI_SIG] = pki_bits(pki_hex("0102"));
	made_refused(CHECK_CHAIN, ERR_FORMAT, "TCB Signing certificate: malf");
}

TEST(dcap_verify_refuses_each_certificate_outside_its_time)
{
	static const char *const name[] = { "PCK certificate: ",
		"PCK CA certificate: ", "root of the PCK chain: ",
		"TCB Signing certificate: " };
	struct pki_cert *cert[] = { &w.leaf, &w.platform, &w.root, &w.signing };
	struct pki_cert old;

	for (size_t i = 0; i < 4; i++) {
		begin();
		cert[i]->not_before = PKI_NOW + 1;
		made_refused(CHECK_CERT_TIME, ERR_EXPIRED, name[i]);
		begin();
		cert[i]->not_after = PKI_NOW - 1;
		made_refused(CHECK_CERT_TIME, ERR_EXPIRED, name[i]);
		begin();
		cert[i]->not_before = cert[i]->not_after = PKI_NOW;
		made_accepted();
	}
	/* The root beside TCB Signing is a certificate of its own. */
	begin();
	dcap_world_make(&w);
	old = w.root;
	old.not_after = PKI_NOW - 1;
	w.ev.tcb_signing_chain = PKI_PEM(w.signing_der, pki_cert(&old));
	refused(CHECK_CERT_TIME, ERR_EXPIRED,
	    "root of the TCB Signing chain: notAfter is past");
}

/* ---- revocation ----------------------------------------------------------- */
static void revoke(struct pki_list *list, const uint64_t *serial)
{
	list->revoked = serial;
	list->n_revoked = 1;
}

TEST(dcap_verify_refuses_what_is_revoked)
{
	begin();
	revoke(&w.pck_crl, &w.leaf.serial);
	made_refused(CHECK_REVOCATION, ERR_AUTH, "PCK certificate: revoked");
	begin();
	revoke(&w.root_crl, &w.platform.serial);
	made_refused(CHECK_REVOCATION, ERR_AUTH, "PCK CA certificate: revoked");
	begin();
	revoke(&w.root_crl, &w.signing.serial);
	made_refused(
	    CHECK_REVOCATION, ERR_AUTH, "TCB Signing certificate: revoked");
	/* A serial number counts only on the list of its issuer. */
	begin();
	revoke(&w.root_crl, &w.leaf.serial);
	revoke(&w.pck_crl, &w.platform.serial);
	made_accepted();
}

TEST(dcap_verify_does_without_no_revocation_list)
{
	begin();
	dcap_world_make(&w);
	w.ev.root_ca_crl.len = 0;
	refused(
	    CHECK_REVOCATION, ERR_NOTFOUND, "collateral: no root CA's list");
	begin();
	dcap_world_make(&w);
	w.ev.pck_crl.len = 0;
	refused(CHECK_REVOCATION, ERR_NOTFOUND, "collateral: no PCK CA's list");
	begin();
	dcap_world_make(&w);
	w.ev.pck_crl.len--;
	refused(CHECK_REVOCATION, ERR_TRUNCATED, "PCK CA's list: ");
}

TEST(dcap_verify_refuses_the_list_of_another_ca)
{
	begin();
	w.pck_crl = pki_list(&w.processor);
	made_refused(CHECK_REVOCATION, ERR_AUTH,
	    "PCK CA's list: issued by \"Intel SGX PCK Processor CA\", must "
	    "be by \"Intel SGX PCK Platform CA\"");
	begin_kind(&kinds[2]);
	w.pck_crl = pki_list(&w.platform);
	made_refused(CHECK_REVOCATION, ERR_AUTH,
	    "PCK CA's list: issued by \"Intel SGX PCK Platform CA\"");
	begin();
	dcap_world_make(&w);
	w.ev.pck_crl = w.ev.root_ca_crl;
	refused(CHECK_REVOCATION, ERR_AUTH,
	    "PCK CA's list: issued by \"Intel SGX Root CA\"");
	begin();
	dcap_world_make(&w);
	w.ev.root_ca_crl = w.ev.pck_crl;
	refused(CHECK_REVOCATION, ERR_AUTH,
	    "root CA's list: issued by \"Intel SGX PCK Platform CA\"");
}

TEST(dcap_verify_refuses_lists_signed_by_another_key)
{
	begin();
	w.root_crl.signer = pki_p256(DCAP_KEY_PLATFORM);
	made_forged(CHECK_REVOCATION, "root CA's list");
	begin();
	w.pck_crl.signer = pki_p256(DCAP_KEY_PROCESSOR);
	made_forged(CHECK_REVOCATION, "PCK CA's list");
	begin();
	w.pck_crl.raw[PKI_SIG] = pki_bits(pki_hex("0102"));
	made_refused(
	    CHECK_REVOCATION, ERR_FORMAT, "PCK CA's list: malformed signature");
}

TEST(dcap_verify_refuses_lists_of_a_ca_that_may_not_sign_them)
{
	begin();
	w.platform.usage = X509_USAGE_CERT_SIGN;
	made_refused(CHECK_REVOCATION, ERR_AUTH,
	    "PCK CA's list: its issuer's keyUsage lacks cRLSign");
	begin();
	w.root.usage = X509_USAGE_CERT_SIGN;
	made_refused(CHECK_REVOCATION, ERR_AUTH,
	    "root CA's list: its issuer's keyUsage lacks cRLSign");
}

TEST(dcap_verify_refuses_each_list_outside_its_time)
{
	static const char *const name[] = { "root CA's list: ",
		"PCK CA's list: " };
	struct pki_list *list[] = { &w.root_crl, &w.pck_crl };

	for (size_t i = 0; i < 2; i++) {
		begin();
		list[i]->this_update = PKI_NOW + 1;
		made_refused(CHECK_REVOCATION, ERR_EXPIRED, name[i]);
		begin();
		list[i]->next_update = PKI_NOW;
		made_refused(CHECK_REVOCATION, ERR_EXPIRED, name[i]);
		begin();
		list[i]->this_update = PKI_NOW;
		list[i]->next_update = PKI_NOW + 1;
		made_accepted();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    dcap_verify_wants_leaf_intermediate_root_and_no_other_order),
		cmocka_unit_test(dcap_verify_wants_exactly_three_certificates),
		cmocka_unit_test(
		    dcap_verify_wants_exactly_two_certificates_of_tcb_signing),
		cmocka_unit_test(
		    dcap_verify_refuses_certificates_with_other_names),
		cmocka_unit_test(
		    dcap_verify_refuses_certificates_whose_names_do_not_chain),
		cmocka_unit_test(
		    dcap_verify_refuses_certificates_in_other_roles),
		cmocka_unit_test(
		    dcap_verify_refuses_other_curves_and_algorithms),
		cmocka_unit_test(
		    dcap_verify_refuses_certificates_that_do_not_parse),
		cmocka_unit_test(
		    dcap_verify_refuses_a_root_of_the_same_name_with_another_key),
		cmocka_unit_test(
		    dcap_verify_refuses_a_certificate_signed_by_another_key),
		cmocka_unit_test(
		    dcap_verify_refuses_each_certificate_outside_its_time),
		cmocka_unit_test(dcap_verify_refuses_what_is_revoked),
		cmocka_unit_test(dcap_verify_does_without_no_revocation_list),
		cmocka_unit_test(dcap_verify_refuses_the_list_of_another_ca),
		cmocka_unit_test(
		    dcap_verify_refuses_lists_signed_by_another_key),
		cmocka_unit_test(
		    dcap_verify_refuses_lists_of_a_ca_that_may_not_sign_them),
		cmocka_unit_test(
		    dcap_verify_refuses_each_list_outside_its_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
