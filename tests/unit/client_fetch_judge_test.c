/* What is fetched takes no file's place unless it is right: each thing that can
 * be wrong, alone. */
#include "fetch_world.h"

static struct fetch_world w;

static void check_says(const char *text)
{
	if (strstr(w.why.msg, text) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", w.why.msg, text);
}

/* A run over an empty directory is refused with these words. */
static void check_refused(const char *says)
{
	world_clear(&w);
	w.service.now_ms = 0;
	CHECK_EQ(world_run(&w), CLIENT_FAULT_REFUSED);
	check_says(says);
}

static void open_amd(void)
{
	world_open(&w);
	amd_init(&w.amd);
}

/* ---- AMD ------------------------------------------------------------------ */

enum { REPLY_CHAIN, REPLY_CRL, REPLY_VCEK };

TEST(amd_chain_ends_in_the_pinned_root)
{
	open_amd();
	world_serve_amd(&w);
	w.amd.roots[ROOT_ARK_GENOA].spki = pki_spki(pki_rsa(2));
	check_refused("cert_chain.pem was not replaced: the chain does not end "
		      "in the pinned ARK-Genoa");
	CHECK(!world_has(&w, "ask.der") && !world_has(&w, "cert_chain.pem"));
	world_close(&w);
}

TEST(amd_chain_is_signed_by_its_root)
{
	open_amd();
	w.amd.ask.bad_sig = true;
	world_serve_amd(&w);
	check_refused("issuer's certificate: the signature does not verify");
	world_close(&w);
}

TEST(amd_chain_is_of_the_right_kind)
{
	open_amd();
	w.amd.ask.subject = w.amd.vcek.issuer = "SEV-VLEK-Genoa";
	world_serve_amd(&w);
	check_refused("issuer's certificate: not \"SEV-Genoa\"");
	world_close(&w);
}

TEST(amd_chain_has_two_certificates_and_an_issuer_that_may)
{
	open_amd();
	world_serve_amd(&w);
	w.service.reply[REPLY_CHAIN].body = PKI_PEM(w.amd.ask_der);
	check_refused("cert_chain.pem was not replaced: root certificate");
	w.service.reply[REPLY_CHAIN].body =
	    PKI_PEM(w.amd.ask_der, w.amd.ark_der, w.amd.ark_der);
	check_refused("cert_chain.pem was not replaced");
	w.service.reply[REPLY_CHAIN].body =
	    PKI_PEM(w.amd.ark_der, w.amd.ask_der);
	check_refused("does not end in the pinned");
	w.service.reply[REPLY_CHAIN].body = pki_str("<html>Sorry</html>");
	check_refused("cert_chain.pem was not replaced: issuer's certificate");
	w.service.reply[REPLY_CHAIN].body = pki_str("");
	check_refused("cert_chain.pem was not replaced: issuer's certificate");
	w.amd.ark.usage = X509_USAGE_CRL_SIGN;
	world_serve_amd(&w);
	check_refused("cert_chain.pem was not replaced");
	world_close(&w);
}

TEST(amd_chain_beside_another_ask_is_fetched_anew)
{
	open_amd();
	world_serve_amd(&w);
	CHECK_EQ(world_run(&w), CLIENT_FAULT_NONE);
	world_put_file(&w, "ask.der", w.amd.ark_der);
	CHECK_EQ(world_run(&w), CLIENT_FAULT_NONE);
	CHECK_EQ(w.service.n_asked, 1);
	world_check_file(&w, "ask.der", w.amd.ask_der);
	(void)unlink(world_path(&w, "ask.der"));
	CHECK_EQ(world_run(&w), CLIENT_FAULT_NONE);
	CHECK_EQ(w.service.n_asked, 1);
	world_check_file(&w, "ask.der", w.amd.ask_der);
	world_close(&w);
}

TEST(vcek_is_of_this_chip_and_this_tcb)
{
	open_amd();
	w.amd.hwid[63] ^= 1;
	world_serve_amd(&w);
	check_refused("vcek.der was not replaced: VCEK certificate: of another "
		      "chip");
	w.amd.hwid[63] ^= 1;
	for (size_t i = 0; i < 4; i++) {
		w.amd.spl[i]++;
		world_serve_amd(&w);
		check_refused("VCEK certificate: for another TCB");
		w.amd.spl[i]--;
	}
	CHECK(!world_has(&w, "vcek.der"));
	world_check_file(&w, "crl.der", w.amd.crl);
	world_close(&w);
}

TEST(vcek_is_a_vcek_signed_by_the_ask)
{
	open_amd();
	w.amd.vcek.subject = "SEV-VLEK";
	world_serve_amd(&w);
	check_refused("VCEK certificate: not \"SEV-VCEK\"");
	w.amd.vcek.subject = "SEV-VCEK";
	w.amd.vcek.bad_sig = true;
	world_serve_amd(&w);
	check_refused("VCEK certificate: the signature does not verify");
	w.amd.vcek.bad_sig = false;
	w.amd.vcek.issuer = "SEV-Milan";
	world_serve_amd(&w);
	check_refused("vcek.der was not replaced: VCEK certificate");
	w.amd.vcek.issuer = "SEV-Genoa";
	world_serve_amd(&w);
	w.service.reply[REPLY_VCEK].body.len--;
	check_refused("vcek.der was not replaced: VCEK certificate");
	w.service.reply[REPLY_VCEK].body = w.amd.ask_der;
	check_refused("VCEK certificate: not \"SEV-VCEK\"");
	world_close(&w);
}

TEST(vcek_without_its_chain_is_not_judged)
{
	open_amd();
	world_serve_amd(&w);
	w.service.reply[REPLY_CHAIN].status = 404;
	check_refused("amd.test answers 404 to cert_chain.pem");
	CHECK(strstr(world_result(&w, COLLATERAL_ITEM_VCEK)->why.msg,
		  "the certificates of its signer are missing") != NULL);
	CHECK(!world_has(&w, "vcek.der"));
	world_check_file(&w, "crl.der", w.amd.crl); /* needs the root alone */
	world_close(&w);
}

TEST(amd_crl_is_by_the_root_of_the_product)
{
	open_amd();
	w.amd.crl_list.bad_sig = true;
	world_serve_amd(&w);
	check_refused("crl.der was not replaced: revocation list: the "
		      "signature does not verify");
	w.amd.crl_list = pki_list(&w.amd.ark);
	w.amd.crl_list.issuer = "ARK-Milan";
	world_serve_amd(&w);
	check_refused("revocation list: not \"ARK-Genoa\"");
	w.amd.crl_list = pki_list(&w.amd.ask);
	w.amd.crl_list.issuer = "ARK-Genoa";
	world_serve_amd(&w);
	check_refused("the signature does not verify");
	w.service.reply[REPLY_CRL].body = pki_str("<html>Sorry</html>");
	check_refused("crl.der was not replaced: revocation list");
	CHECK(!world_has(&w, "crl.der"));
	world_close(&w);
}

TEST(what_has_ended_or_not_begun_is_not_taken)
{
	open_amd();
	w.amd.crl_list.next_update = PKI_NOW;
	world_serve_amd(&w);
	check_refused("crl.der has ended");
	w.amd.crl_list.next_update = PKI_NOW + 1;
	w.amd.crl_list.this_update = PKI_NOW + 1;
	world_serve_amd(&w);
	check_refused("crl.der was not replaced");
	w.amd.crl_list.this_update = PKI_NOW;
	w.amd.vcek.not_before = PKI_NOW + 1;
	world_serve_amd(&w);
	check_refused("vcek.der begins in the future");
	w.amd.vcek.not_before = PKI_NOW;
	w.amd.vcek.not_after = PKI_NOW - 1;
	world_serve_amd(&w);
	check_refused("vcek.der was not replaced");
	w.amd.vcek.not_after = PKI_NOW;
	w.amd.ask.not_after = PKI_NOW - 1;
	world_serve_amd(&w);
	check_refused("cert_chain.pem has ended");
	w.amd.ask.not_after = PKI_NOW;
	w.amd.ark.not_before = PKI_NOW + 1;
	world_serve_amd(&w);
	check_refused("cert_chain.pem begins in the future");
	w.amd.ark.not_before = PKI_NOW;
	world_serve_amd(&w);
	CHECK_EQ(world_run(&w), CLIENT_FAULT_NONE);
	world_close(&w);
}

/* ---- Intel ---------------------------------------------------------------- */

static void open_intel(enum dcap_tee tee)
{
	world_open(&w);
	dcap_world_init(&w.intel, tee == DCAP_TEE_SGX ? 3 : 4, tee, false);
}

TEST(tcb_info_is_for_this_platform)
{
	open_intel(DCAP_TEE_TDX);
	world_serve_intel(&w);
	w.fetch->want.pceid[0] ^= 1;
	check_refused("tcb_info.json was not replaced: TCB Info: of another "
		      "PCEID");
	w.fetch->want.pceid[0] ^= 1;
	w.intel.info.fmspc[5] ^= 1;
	world_serve_intel(&w);
	check_refused("TCB Info: of another FMSPC");
	CHECK(!world_has(&w, "tcb_info.json") &&
	      !world_has(&w, "tcb_signing_chain.pem"));
	world_close(&w);
}

TEST(tcb_info_is_for_this_tee)
{
	struct bytes other;

	open_intel(DCAP_TEE_TDX);
	w.intel.info.tee = DCAP_TEE_SGX;
	w.intel.info.has_module = false;
	w.intel.info.n_identities = 0;
	world_serve_intel(&w);
	other = w.service.reply[REPLY_TCB].body;
	check_refused("TCB Info: for SGX");
	dcap_world_init(&w.intel, 4, DCAP_TEE_TDX, false);
	world_serve_intel(&w);
	CHECK_EQ(world_run(&w), CLIENT_FAULT_NONE);
	world_put_file(&w, "tcb_info.json", other);
	CHECK_EQ(world_run(&w), CLIENT_FAULT_NONE);
	CHECK_EQ(w.service.n_asked, 1);
	world_close(&w);
}

TEST(tcb_info_is_signed)
{
	open_intel(DCAP_TEE_SGX);
	w.intel.info_signer = pki_p256(DCAP_KEY_PCK);
	world_serve_intel(&w);
	check_refused("TCB Info: the signature does not verify");
	w.intel.info_signer = pki_p256(DCAP_KEY_SIGNING);
	w.intel.signing.bad_sig = true;
	world_serve_intel(&w);
	check_refused("issuer's certificate: the signature does not verify");
	w.intel.signing.bad_sig = false;
	w.intel.signing.subject = "Intel SGX TCB Signer";
	world_serve_intel(&w);
	check_refused("issuer's certificate: not \"Intel SGX TCB Signing\"");
	w.intel.signing.subject = "Intel SGX TCB Signing";
	world_serve_intel(&w);
	w.intel.roots[ROOT_INTEL_SGX].spki = pki_spki(pki_p256(5));
	check_refused("does not end in the pinned Intel SGX Root CA");
	CHECK(!world_has(&w, "tcb_info.json"));
	world_close(&w);
}

TEST(tcb_info_comes_with_one_chain)
{
	static const char *const bad[] = { "TCB-Info-Issuer-Chain: %4\r\n",
		"TCB-Info-Issuer-Chain: a\r\nTCB-Info-Issuer-Chain: a\r\n",
		"SGX-TCB-Info-Issuer-Chain: a\r\n", "" };

	open_intel(DCAP_TEE_TDX);
	world_serve_intel(&w);
	w.service.reply[REPLY_TCB].header = NULL;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		w.service.reply[REPLY_TCB].raw = bad[i];
		check_refused("tcb_info.json was not replaced: no usable field "
			      "TCB-Info-Issuer-Chain in the answer");
	}
	w.service.reply[REPLY_TCB].raw = "TCB-Info-Issuer-Chain: a\r\n";
	check_refused("tcb_info.json was not replaced: issuer's certificate");
	world_close(&w);
}

TEST(qe_identity_is_of_this_qe_and_signed_by_the_same_key)
{
	open_intel(DCAP_TEE_TDX);
	w.intel.qe_id.id = QE_ID_QE;
	world_serve_intel(&w);
	check_refused("qe_identity.json was not replaced: QE Identity: of "
		      "another QE");
	w.intel.qe_id.id = QE_ID_TD_QE;
	w.intel.qe_id_signer = pki_p256(DCAP_KEY_PCK);
	world_serve_intel(&w);
	check_refused("QE Identity: the signature does not verify");
	w.intel.qe_id_signer = pki_p256(DCAP_KEY_SIGNING);
	world_serve_intel(&w);
	w.service.reply[REPLY_QE].body = pki_str("{}");
	check_refused("qe_identity.json was not replaced");
	CHECK(!world_has(&w, "qe_identity.json"));
	world_check_file(&w, "tcb_info.json", w.intel.ev.tcb_info);
	world_close(&w);
}

TEST(qe_identity_without_a_signer_is_not_judged)
{
	open_intel(DCAP_TEE_TDX);
	w.intel.info.fmspc[0] ^= 1; /* its chain is good, it is not */
	world_serve_intel(&w);
	check_refused("of another FMSPC");
	CHECK(strstr(world_result(&w, COLLATERAL_ITEM_QE_IDENTITY)->why.msg,
		  "the certificates of its signer are missing") != NULL);
	CHECK(!world_has(&w, "qe_identity.json"));
	world_close(&w);
}

TEST(root_crl_is_by_the_pinned_root)
{
	open_intel(DCAP_TEE_TDX);
	w.intel.root_crl.bad_sig = true;
	world_serve_intel(&w);
	check_refused("root_ca.crl.der was not replaced: revocation list: the "
		      "signature does not verify");
	w.intel.root_crl.bad_sig = false;
	world_serve_intel(&w);
	w.service.reply[REPLY_ROOT].body = w.intel.ev.pck_crl;
	check_refused("revocation list: not \"Intel SGX Root CA\"");
	CHECK(!world_has(&w, "root_ca.crl.der"));
	world_close(&w);
}

TEST(pck_crl_is_by_the_ca_of_the_pck)
{
	struct pki_list by_other;

	open_intel(DCAP_TEE_SGX);
	w.intel.pck_crl.bad_sig = true;
	world_serve_intel(&w);
	check_refused("pck.crl.der was not replaced: PCK revocation list: the "
		      "signature does not verify");
	w.intel.pck_crl.bad_sig = false;
	world_serve_intel(&w);
	by_other = pki_list(&w.intel.platform);
	by_other.issuer = w.intel.processor.subject; /* by the right key */
	w.service.reply[REPLY_PCK].body = pki_crl(&by_other);
	check_refused("pck.crl.der was not replaced: PCK revocation list");
	by_other = pki_list(&w.intel.processor);
	w.service.reply[REPLY_PCK].body = pki_crl(&by_other);
	check_refused("pck.crl.der was not replaced: PCK revocation list");
	w.service.reply[REPLY_PCK].chain =
	    PKI_PEM(pki_cert(&w.intel.processor), w.intel.root_der);
	check_refused("issuer's certificate: not \"Intel SGX PCK Platform "
		      "CA\"");
	world_serve_intel(&w);
	w.service.reply[REPLY_PCK].chain = w.intel.ev.tcb_signing_chain;
	check_refused("issuer's certificate");
	CHECK(!world_has(&w, "pck.crl.der") &&
	      !world_has(&w, "pck_crl_issuer_chain.pem"));
	world_close(&w);
}

TEST(old_files_stay_when_every_answer_is_wrong)
{
	open_intel(DCAP_TEE_TDX);
	world_serve_intel(&w);
	CHECK_EQ(world_run(&w), CLIENT_FAULT_NONE);
	w.fetch->refresh = true;
	for (size_t i = 0; i < w.service.replies; i++)
		w.service.reply[i].body = pki_str("<html>Sorry</html>");
	CHECK_EQ(world_run(&w), CLIENT_FAULT_REFUSED);
	check_says("tcb_info.json was not replaced");
	for (size_t i = 0; i < w.fetch->results; i++) {
		CHECK_EQ(w.fetch->result[i].outcome, COLLATERAL_MISSED);
		CHECK(w.fetch->result[i].usable);
	}
	world_check_file(&w, "tcb_info.json", w.intel.ev.tcb_info);
	world_check_file(
	    &w, "tcb_signing_chain.pem", w.intel.ev.tcb_signing_chain);
	world_check_file(&w, "qe_identity.json", w.intel.ev.qe_identity);
	world_check_file(&w, "root_ca.crl.der", w.intel.ev.root_ca_crl);
	world_check_file(&w, "pck.crl.der", w.intel.ev.pck_crl);
	world_close(&w);
}

/* ---- whose collateral ----------------------------------------------------- */

static void check_unwanted(
    struct bytes evidence, enum snp_family product, const char *says)
{
	struct collateral_want want;

	memset(&want, 0xa5, sizeof(want));
	w.why = (struct err_ctx){ 0 };
	CHECK(collateral_want_of(&want, evidence, product, &w.why) != ERR_OK);
	CHECK(mem_is_zero(&want, sizeof(want)));
	check_says(says);
}

TEST(want_of_reads_a_report)
{
	struct collateral_want want;
	struct bytes report;

	amd_init(&w.amd);
	report = (struct bytes){ w.amd.report, SNP_REPORT_LEN };
	CHECK_OK(collateral_want_of(&want, report, SNP_FAMILY_UNSTATED, NULL));
	CHECK_EQ(want.req.kind, COLLATERAL_FOR_SNP);
	CHECK_EQ(want.req.product, SNP_FAMILY_GENOA);
	CHECK_EQ(want.req.key, SNP_KEY_VCEK);
	CHECK_MEM(want.req.chip_id, w.amd.hwid, SNP_CHIP_ID_LEN);
	CHECK_MEM(want.req.reported_tcb, w.amd.report + 0x180, SNP_TCB_LEN);
	CHECK_EQ(want.tcb.microcode, 84);
	CHECK_OK(collateral_want_of(&want, report, SNP_FAMILY_GENOA, NULL));
	check_unwanted(
	    report, SNP_FAMILY_MILAN, "the report is of a Genoa, not Milan");
	check_unwanted((struct bytes){ report.p, SNP_REPORT_LEN - 1 },
	    SNP_FAMILY_UNSTATED, "");
	check_unwanted((struct bytes){ NULL, 0 }, SNP_FAMILY_UNSTATED, "");

	w.amd.report[0x048] = SNP_KEY_NONE << 2;
	check_unwanted(
	    report, SNP_FAMILY_UNSTATED, "neither a VCEK nor a VLEK");
	w.amd.report[0x048] = 0;
	memcpy(w.amd.report + 0x010, "SIMULATED", 9);
	check_unwanted(report, SNP_FAMILY_UNSTATED, "simulated processor");
	memset(w.amd.report + 0x010, 0, 9);
	memset(w.amd.report + 0x1A0, 0, SNP_CHIP_ID_LEN);
	check_unwanted(report, SNP_FAMILY_UNSTATED, "CHIP_ID is masked");
	w.amd.report[0x2A0 + 50] = 1;
	check_unwanted(report, SNP_FAMILY_UNSTATED, "");
}

TEST(want_of_asks_for_the_product_of_an_old_report)
{
	struct collateral_want want;
	struct bytes report;

	amd_init(&w.amd);
	w.amd.report[0x000] = 2;
	w.amd.report[0x188] = w.amd.report[0x189] = 0;
	report = (struct bytes){ w.amd.report, SNP_REPORT_LEN };
	check_unwanted(report, SNP_FAMILY_UNSTATED, "say --product Milan");
	check_unwanted(report, SNP_FAMILY_TURIN, "not of a Turin");
	CHECK_OK(collateral_want_of(&want, report, SNP_FAMILY_MILAN, NULL));
	CHECK_EQ(want.req.product, SNP_FAMILY_MILAN);
	CHECK_EQ(want.tcb.snp, 23);
}

TEST(want_of_reads_a_quote)
{
	struct collateral_want want;

	pki_reset();
	w.intel.by_processor = true;
	dcap_world_init(&w.intel, 3, DCAP_TEE_SGX, false);
	dcap_world_make(&w.intel);
	CHECK_OK(collateral_want_of(
	    &want, w.intel.ev.quote, SNP_FAMILY_UNSTATED, NULL));
	CHECK_EQ(want.req.kind, COLLATERAL_FOR_SGX);
	CHECK(want.processor_ca);
	CHECK_MEM(want.fmspc, w.intel.pck.fmspc, PCK_FMSPC_LEN);
	CHECK_MEM(want.pceid, w.intel.pck.pceid, PCK_PCEID_LEN);
	check_unwanted(w.intel.ev.quote, SNP_FAMILY_MILAN,
	    "--product is for reports of SEV-SNP");
	w.intel.by_processor = false;
	dcap_world_init(&w.intel, 5, DCAP_TEE_TDX, true);
	dcap_world_make(&w.intel);
	CHECK_OK(collateral_want_of(
	    &want, w.intel.ev.quote, SNP_FAMILY_UNSTATED, NULL));
	CHECK_EQ(want.req.kind, COLLATERAL_FOR_TDX);
	CHECK(!want.processor_ca);
	w.intel.leaf.issuer = "Intel SGX PCK Other CA";
	dcap_world_make(&w.intel);
	check_unwanted(w.intel.ev.quote, SNP_FAMILY_UNSTATED,
	    "neither of the Platform CA nor of the Processor CA");
	w.intel.leaf.issuer = "Intel SGX PCK Platform CA";
	w.intel.replace_sgx_ext = true;
	dcap_world_make(&w.intel);
	check_unwanted(w.intel.ev.quote, SNP_FAMILY_UNSTATED, "");
}

static void check_chip_refused(enum snp_family product, const char *chip_id,
    const char *tcb, const char *says)
{
	struct collateral_want want;

	memset(&want, 0xa5, sizeof(want));
	w.why = (struct err_ctx){ 0 };
	CHECK_ERR(collateral_want_chip(&want, product, chip_id, tcb, &w.why),
	    ERR_FORMAT);
	CHECK(mem_is_zero(&want, sizeof(want)));
	check_says(says);
}

TEST(want_chip_is_strict)
{
	static const char turin[] = "0123456789abcdef";
	static const char tcb[] = "0a000000000017ff";
	struct collateral_want want;
	char id[2 * SNP_CHIP_ID_LEN + 1];

	memset(id, 'e', sizeof(id) - 1);
	id[sizeof(id) - 1] = '\0';
	CHECK_OK(collateral_want_chip(&want, SNP_FAMILY_GENOA, id, tcb, NULL));
	CHECK_EQ(want.tcb.bootloader, 10);
	CHECK_EQ(want.tcb.snp, 23);
	CHECK_EQ(want.tcb.microcode, 255);
	CHECK_EQ(want.tcb.fmc, 0);
	CHECK_EQ(want.req.chip_id[63], 0xee);
	check_chip_refused(SNP_FAMILY_GENOA, turin, tcb, "the 128 digits");
	check_chip_refused(SNP_FAMILY_GENOA, "", tcb, "the 128 digits");
	check_chip_refused(SNP_FAMILY_GENOA, id + 1, tcb, "the 128 digits");
	check_chip_refused(SNP_FAMILY_GENOA, id, "", "the 16 digits");
	check_chip_refused(SNP_FAMILY_GENOA, id, tcb + 1, "the 16 digits");
	check_chip_refused(
	    SNP_FAMILY_GENOA, id, "0A000000000017FF", "the 16 digits");
	check_chip_refused(SNP_FAMILY_TURIN, id, tcb, "or their first 16");

	CHECK_OK(
	    collateral_want_chip(&want, SNP_FAMILY_TURIN, turin, tcb, NULL));
	CHECK_EQ(want.tcb.fmc, 10);
	CHECK_EQ(want.req.chip_id[7], 0xef);
	CHECK(mem_is_zero(want.req.chip_id + 8, SNP_CHIP_ID_LEN - 8));
	memset(id + 16, '0', sizeof(id) - 1 - 16);
	CHECK_OK(collateral_want_chip(&want, SNP_FAMILY_TURIN, id, tcb, NULL));
	CHECK_EQ(want.req.chip_id[7], 0xee);

	CHECK_EQ(collateral_product("Milan"), SNP_FAMILY_MILAN);
	CHECK_EQ(collateral_product("milan"), SNP_FAMILY_UNSTATED);
	CHECK_EQ(collateral_product("unstated"), SNP_FAMILY_UNSTATED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(amd_chain_ends_in_the_pinned_root),
		cmocka_unit_test(amd_chain_is_signed_by_its_root),
		cmocka_unit_test(amd_chain_is_of_the_right_kind),
		cmocka_unit_test(
		    amd_chain_has_two_certificates_and_an_issuer_that_may),
		cmocka_unit_test(amd_chain_beside_another_ask_is_fetched_anew),
		cmocka_unit_test(vcek_is_of_this_chip_and_this_tcb),
		cmocka_unit_test(vcek_is_a_vcek_signed_by_the_ask),
		cmocka_unit_test(vcek_without_its_chain_is_not_judged),
		cmocka_unit_test(amd_crl_is_by_the_root_of_the_product),
		cmocka_unit_test(what_has_ended_or_not_begun_is_not_taken),
		cmocka_unit_test(tcb_info_is_for_this_platform),
		cmocka_unit_test(tcb_info_is_for_this_tee),
		cmocka_unit_test(tcb_info_is_signed),
		cmocka_unit_test(tcb_info_comes_with_one_chain),
		cmocka_unit_test(
		    qe_identity_is_of_this_qe_and_signed_by_the_same_key),
		cmocka_unit_test(qe_identity_without_a_signer_is_not_judged),
		cmocka_unit_test(root_crl_is_by_the_pinned_root),
		cmocka_unit_test(pck_crl_is_by_the_ca_of_the_pck),
		cmocka_unit_test(old_files_stay_when_every_answer_is_wrong),
		cmocka_unit_test(want_of_reads_a_report),
		cmocka_unit_test(want_of_asks_for_the_product_of_an_old_report),
		cmocka_unit_test(want_of_reads_a_quote),
		cmocka_unit_test(want_chip_is_strict),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
