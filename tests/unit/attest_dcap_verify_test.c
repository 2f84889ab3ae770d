/* Table 1 over a synthetic Intel: each check alone can fail. Certificates and
 * lists: attest_dcap_certs_test.c. */
#include "dcap_break.h"

/* ---- all is right --------------------------------------------------------- */
TEST(dcap_verify_accepts_each_kind_of_evidence)
{
	for (size_t i = 0; i < KINDS; i++) {
		begin_kind(&kinds[i]);
		made_accepted();
		CHECK_EQ(judged.list.obligations.n, 9);
		CHECK_EQ(judged.list.deadline_s, PKI_NOW + 28 * PKI_DAY);
		CHECK_EQ(judged.run.tcb.status, DCAP_UP_TO_DATE);
		CHECK_MEM(judged.run.pck.ppid, w.pck.ppid, PCK_PPID_LEN);
		CHECK_MEM(dcap_report_data(&judged.run.quote),
		    dcap_report_data(&w.q), 64);
	}
}

TEST(dcap_verify_takes_the_deadline_that_comes_first)
{
	static const uint64_t soon = PKI_NOW + 7;
	uint64_t *until[] = { &w.root.not_after, &w.platform.not_after,
		&w.leaf.not_after, &w.signing.not_after,
		&w.root_crl.next_update, &w.pck_crl.next_update,
		&w.info.next_update, &w.qe_id.next_update };

	for (size_t i = 0; i < sizeof(until) / sizeof(until[0]); i++) {
		begin();
		*until[i] = soon;
		made_accepted();
		/* A certificate's last second is a whole one. */
		CHECK_EQ(judged.list.deadline_s, i < 4 ? soon + 1 : soon);
	}
}

TEST(dcap_verify_says_what_it_compared)
{
	static const char *const text[] = {
		"TDX quote of version 4, ",
		"Intel SGX PCK Platform CA",
		"both chains end in \"Intel SGX Root CA\", key ",
		"CA, TCB Signing by the root",
		"all five are valid until 2051-09-06 08:00 UTC",
		"lists until 2027-02-13 08:00 UTC",
		"FMSPC 90c06f000000, PCESVN 13, PPID a1a1a1a1a1a1",
		"MRENCLAVE e1e1e1e1e1e1.., SVN 6",
		"the QE report names it: ",
		"over 632 bytes by the attestation key",
		"TDX, evaluation 18, until 2027-02-12 08:00 UTC",
		"TDX, evaluation 18, until 2027-02-12 08:00 UTC",
		"MRSIGNER dcdcdcdcdcdc.., product 2",
		"version 1, SVN 5, MRSEAM c1c1c1c1c1c1",
		"UpToDate: platform UpToDate, QE UpToDate, module UpToDate",
	};

	begin();
	made_accepted();
	for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++) {
		if (strstr(judged.list.line[i].text, text[i]) == NULL)
			fail_msg("\"%s\" is not in \"%s\"", text[i],
			    judged.list.line[i].text);
	}
}

/* ---- the quote ------------------------------------------------------------ */
TEST(dcap_verify_refuses_a_quote_that_does_not_parse)
{
	begin();
	dcap_world_make(&w);
	w.ev.quote.len--;
	refused(CHECK_REPORT, ERR_TRUNCATED, "quote: signature data");
	w.ev.quote.len = 0;
	refused(CHECK_REPORT, ERR_TRUNCATED, "quote ends at offset 0");
}

TEST(dcap_verify_refuses_a_quote_of_another_tee_than_expected)
{
	begin();
	dcap_world_make(&w);
	dcap_judge_init(&judged, &w.ev, DCAP_TEE_SGX, w.roots, PKI_NOW);
	dcap_judge_table_1(&judged);
	dcap_judge_expect(&judged, CHECK_REPORT, ERR_FORMAT,
	    "quote is of TDX by its TEE type at offset 4, must be of SGX");
	begin_kind(&kinds[1]);
	dcap_world_make(&w);
	dcap_judge_init(&judged, &w.ev, DCAP_TEE_TDX, w.roots, PKI_NOW);
	dcap_judge_table_1(&judged);
	dcap_judge_expect(&judged, CHECK_REPORT, ERR_FORMAT,
	    "quote is of SGX by its TEE type at offset 4, must be of TDX");
}

/* ---- the platform ----------------------------------------------------- */
TEST(dcap_verify_wants_the_sgx_extension)
{
	begin();
	w.replace_sgx_ext = true;
	made_refused(
	    CHECK_PCK, ERR_FORMAT, "PCK certificate: no SGX extension");
	begin();
	w.pck.cpusvn[7]++;
	made_refused(CHECK_PCK, ERR_FORMAT, "CPUSVN differs from SVN");
}

/* Platforms of several packages are the Platform CA's, others are not. */
TEST(dcap_verify_wants_the_platform_that_its_ca_certifies)
{
	static const char *const text =
	    "platform instance and configuration are for the Platform CA";

	begin();
	w.pck.has_instance = false;
	made_refused(CHECK_PCK, ERR_FORMAT, text);
	begin();
	w.pck.has_config = false;
	made_refused(CHECK_PCK, ERR_FORMAT, text);
	begin_kind(&kinds[2]);
	w.pck.has_instance = true;
	made_refused(CHECK_PCK, ERR_FORMAT, text);
	begin_kind(&kinds[2]);
	w.pck.has_config = true;
	made_refused(CHECK_PCK, ERR_FORMAT, text);
}

/* ---- the quoting enclave and its key ----------------------------------- */
TEST(dcap_verify_refuses_a_qe_report_signed_by_another_key)
{
	begin();
	w.qe_signer = pki_p256(DCAP_KEY_AK);
	made_forged(CHECK_QE_REPORT, "QE report");
	begin();
	dcap_world_make(&w);
	w.q.qe.mrenclave[5] ^= 1; /* signed, but looked at by nobody */
	dcap_world_write(&w);
	refused(CHECK_QE_REPORT, ERR_AUTH,
	    "QE report: the signature does not verify");
}

TEST(dcap_verify_refuses_a_key_that_the_qe_did_not_name)
{
	static const uint8_t other[32] = { 0x42 };
	static const char *const text = "is not SHA-256 of attestation key";

	begin();
	dcap_world_make(&w);
	w.q.qe_auth.p = other;
	dcap_world_write(&w);
	refused(CHECK_QE_KEY, ERR_AUTH, text);
	begin();
	dcap_world_make(&w);
	w.q.qe_auth.len--;
	dcap_world_write(&w);
	refused(CHECK_QE_KEY, ERR_AUTH, text);
	/* A key of somebody else, which signs the quote well. */
	begin();
	dcap_world_make(&w);
	w.q.ak = pki_point(pki_p256(DCAP_KEY_PROCESSOR));
	w.q.ak.p++, w.q.ak.len--;
	w.q.sig = pki_sign(pki_p256(DCAP_KEY_PROCESSOR),
	    (struct bytes){ w.ev.quote.p, quote_find(&w.q).sig_len });
	dcap_world_write(&w);
	refused(CHECK_QE_KEY, ERR_AUTH, text);
}

TEST(dcap_verify_wants_the_rest_of_the_qe_report_data_zero)
{
	static const size_t at[] = { 32, 47, 63 };

	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		uint8_t raw[SGX_REPORT_LEN];
		struct wr out = wr_init(raw, sizeof(raw));

		begin();
		dcap_world_make(&w);
		w.q.qe.report_data[at[i]] = 1;
		sgx_report_write(&out, &w.q.qe);
		w.q.qe_sig =
		    pki_sign(w.qe_signer, (struct bytes){ raw, sizeof(raw) });
		dcap_world_write(&w);
		refused(CHECK_QE_KEY, ERR_AUTH,
		    "QE report data is not zero after the hash");
	}
}

TEST(dcap_verify_refuses_a_quote_signed_by_another_key)
{
	for (size_t i = 0; i < KINDS; i++) {
		begin_kind(&kinds[i]);
		w.quote_signer = pki_p256(DCAP_KEY_PCK);
		made_forged(CHECK_REPORT_SIG, "quote");
	}
}

TEST(dcap_verify_refuses_a_quote_changed_after_signing)
{
	struct dcap_quote good;

	begin();
	dcap_world_make(&w);
	good = w.q;
	w.q.td.mrtd[47] ^= 1;
	dcap_world_write(&w);
	refused(CHECK_REPORT_SIG, ERR_AUTH, "quote: the signature does not");
	w.q = good;
	w.q.td.report_data[0] ^= 1;
	dcap_world_write(&w);
	refused(CHECK_REPORT_SIG, ERR_AUTH, "quote: the signature does not");
}

/* The QE vouches for it, and yet no signature can come from it. */
TEST(dcap_verify_refuses_an_attestation_key_off_the_curve)
{
	begin();
	w.ak[DCAP_AK_LEN - 1] ^= 1;
	made_forged(CHECK_REPORT_SIG, "quote");
	begin();
	memset(w.ak, 0, sizeof(w.ak));
	made_forged(CHECK_REPORT_SIG, "quote");
	begin();
	memset(w.ak, 0xFF, sizeof(w.ak));
	made_forged(CHECK_REPORT_SIG, "quote");
}

/* ---- collateral --------------------------------------------------------- */
TEST(dcap_verify_does_without_no_document)
{
	begin();
	dcap_world_make(&w);
	w.ev.tcb_info.len = 0;
	refused(CHECK_TCB_INFO, ERR_NOTFOUND, "collateral: no TCB Info");
	begin();
	dcap_world_make(&w);
	w.ev.qe_identity.len = 0;
	refused(CHECK_QE_IDENTITY, ERR_NOTFOUND, "collateral: no QE Identity");
}

TEST(dcap_verify_refuses_documents_that_do_not_parse)
{
	begin();
	dcap_world_make(&w);
	w.ev.tcb_info.len--;
	judge();
	CHECK_EQ(dcap_judge_failed(&judged), CHECK_TCB_INFO);
	CHECK(judged.list.reason.code != ERR_NOTFOUND);
	begin();
	dcap_world_make(&w);
	w.ev.qe_identity.len--;
	judge();
	CHECK_EQ(dcap_judge_failed(&judged), CHECK_QE_IDENTITY);
	CHECK(judged.list.reason.code != ERR_NOTFOUND);
}

/* One for the other: neither is what its place demands. */
TEST(dcap_verify_refuses_documents_that_are_swapped)
{
	struct bytes info;

	begin();
	dcap_world_make(&w);
	info = w.ev.tcb_info;
	w.ev.tcb_info = w.ev.qe_identity;
	judge();
	CHECK_EQ(dcap_judge_failed(&judged), CHECK_TCB_INFO);
	w.ev.tcb_info = w.ev.qe_identity = info;
	judge();
	CHECK_EQ(dcap_judge_failed(&judged), CHECK_QE_IDENTITY);
}

TEST(dcap_verify_refuses_tcb_info_of_another_tee)
{
	begin();
	w.info.tee = DCAP_TEE_SGX;
	w.info.has_module = false, w.info.n_identities = 0;
	made_refused(
	    CHECK_TCB_INFO, ERR_AUTH, "TCB Info: id is SGX, must be TDX");
	begin_kind(&kinds[1]);
	w.info.tee = DCAP_TEE_TDX;
	dcap_init_modules(&w);
	made_refused(
	    CHECK_TCB_INFO, ERR_AUTH, "TCB Info: id is TDX, must be SGX");
}

TEST(dcap_verify_refuses_tcb_info_of_another_platform)
{
	begin();
	w.info.fmspc[5] = 1;
	made_refused(CHECK_TCB_INFO, ERR_AUTH,
	    "TCB Info: fmspc is 90c06f000001, the PCK certificate's "
	    "90c06f000000");
	begin();
	w.info.pceid[1] = 1;
	made_refused(CHECK_TCB_INFO, ERR_AUTH,
	    "TCB Info: pceId differs from the PCK certificate's");
	begin();
	w.pck.pceid[0] = 1;
	made_refused(CHECK_TCB_INFO, ERR_AUTH,
	    "TCB Info: pceId differs from the PCK certificate's");
}

TEST(dcap_verify_refuses_documents_outside_their_time)
{
	begin();
	w.info.issued = PKI_NOW + 1;
	made_refused(CHECK_TCB_INFO, ERR_EXPIRED,
	    "TCB Info: issueDate is not yet reached");
	begin();
	w.info.next_update = PKI_NOW;
	made_refused(
	    CHECK_TCB_INFO, ERR_EXPIRED, "TCB Info: nextUpdate is past");
	begin();
	w.qe_id.issued = PKI_NOW + 1;
	made_refused(CHECK_QE_IDENTITY, ERR_EXPIRED,
	    "QE Identity: issueDate is not yet reached");
	begin();
	w.qe_id.next_update = PKI_NOW;
	made_refused(
	    CHECK_QE_IDENTITY, ERR_EXPIRED, "QE Identity: nextUpdate is past");
	begin();
	w.info.issued = w.qe_id.issued = PKI_NOW;
	w.info.next_update = w.qe_id.next_update = PKI_NOW + 1;
	made_accepted();
}

TEST(dcap_verify_refuses_documents_signed_by_another_key)
{
	begin();
	w.info_signer = pki_p256(DCAP_KEY_ROOT);
	made_forged(CHECK_TCB_INFO, "TCB Info");
	begin();
	w.qe_id_signer = pki_p256(DCAP_KEY_PCK);
	made_forged(CHECK_QE_IDENTITY, "QE Identity");
}

TEST(dcap_verify_refuses_the_identity_of_the_other_quoting_enclave)
{
	begin();
	w.qe_id.id = QE_ID_QE;
	made_refused(CHECK_QE_IDENTITY, ERR_AUTH,
	    "QE Identity: id is not TD_QE, as TDX needs it");
	begin_kind(&kinds[1]);
	w.qe_id.id = QE_ID_TD_QE;
	made_refused(CHECK_QE_IDENTITY, ERR_AUTH,
	    "QE Identity: id is not QE, as SGX needs it");
}

/* ---- what the documents say of this platform ---------------------------- */
TEST(dcap_verify_refuses_a_quoting_enclave_that_is_not_intels)
{
	begin();
	w.q.qe.mrsigner[31] ^= 1;
	made_refused(CHECK_QE_MATCH, ERR_AUTH, "MRSIGNER");
	begin();
	w.q.qe.isvprodid = 1;
	made_refused(CHECK_QE_MATCH, ERR_AUTH, "ISVPRODID");
	begin();
	w.q.qe.miscselect[3] = 1;
	made_refused(CHECK_QE_MATCH, ERR_AUTH, "MISCSELECT");
	begin();
	w.q.qe.attributes[1] = 1;
	made_refused(CHECK_QE_MATCH, ERR_AUTH, "ATTRIBUTES");
	begin();
	w.q.qe.attributes[0] |= 2;
	w.qe_id.attributes[0] |= 2;
	made_refused(CHECK_QE_MATCH, ERR_AUTH, "DEBUG");
}

TEST(dcap_verify_refuses_a_tdx_module_that_is_not_intels)
{
	begin();
	w.q.td.tee_tcb_svn[1] = 2;
	made_refused(CHECK_TDX_MODULE, ERR_UNSUPPORTED, "TDX module version 2");
	begin();
	w.q.td.mrsignerseam[0] = 1;
	made_refused(CHECK_TDX_MODULE, ERR_AUTH, "MRSIGNERSEAM");
	begin();
	w.q.td.seamattributes[7] = 1;
	made_refused(CHECK_TDX_MODULE, ERR_AUTH, "SEAMATTRIBUTES");
}

TEST(dcap_verify_refuses_a_platform_without_a_level)
{
	begin();
	w.pck.svn[7] = w.pck.cpusvn[7] = 4;
	made_refused(CHECK_TCB_LEVEL, ERR_POLICY,
	    "no level of Intel's lists matches: platform ");
	begin();
	w.q.qe.isvsvn = 3;
	made_refused(CHECK_TCB_LEVEL, ERR_POLICY, "QE NotSupported");
	begin_kind(&kinds[1]);
	w.pck.pcesvn = 10;
	made_refused(CHECK_TCB_LEVEL, ERR_POLICY,
	    "no level of Intel's lists matches: platform ");
}

/* Whether a status is good enough is for the policy. */
TEST(dcap_verify_passes_a_status_on)
{
	begin();
	w.pck.pcesvn = 12;
	made_accepted();
	CHECK_EQ(judged.run.tcb.status, DCAP_OUT_OF_DATE);
	begin_kind(&kinds[1]);
	w.pck.pcesvn = 11;
	w.pck.svn[0] = w.pck.cpusvn[0] = 0;
	made_accepted();
	CHECK_EQ(judged.run.tcb.status, DCAP_REVOKED);
	/* Of TDX both parts of a level count. */
	begin();
	w.q.td.tee_tcb_svn[2] = 1;
	made_accepted();
	CHECK_EQ(judged.run.tcb.status, DCAP_OUT_OF_DATE);
	CHECK_EQ(judged.run.tcb.sgx_level->status, DCAP_UP_TO_DATE);
	CHECK_EQ(judged.run.tcb.tdx_level->status, DCAP_OUT_OF_DATE);
}

/* Signatures of checks that ran before may have filled the set. */
TEST(dcap_verify_refuses_more_signatures_than_the_set_holds)
{
	static const uint8_t where[] = { CHECK_CHAIN, CHECK_CHAIN, CHECK_CHAIN,
		CHECK_REVOCATION, CHECK_REVOCATION, CHECK_QE_REPORT,
		CHECK_REPORT_SIG, CHECK_TCB_INFO, CHECK_QE_IDENTITY };

	begin();
	dcap_world_make(&w);
	for (size_t room = 0; room < sizeof(where); room++) {
		dcap_judge_init(&judged, &w.ev, w.q.tee, w.roots, PKI_NOW);
		judged.list.obligations.n = OBLIGATIONS_MAX - room;
		dcap_judge_table_1(&judged);
		dcap_judge_expect(&judged, where[room], ERR_LIMIT,
		    "more than 16 signatures to check");
	}
}

/* Whatever is cut off, the check that reads it notices. */
TEST(dcap_verify_refuses_every_truncation_of_each_part)
{
	static const struct {
		size_t at; /* in the evidence */
		uint8_t check;
		size_t spare; /* the last line's end may be missing */
	} all[] = {
		{ offsetof(struct dcap_evidence, quote), CHECK_REPORT, 0 },
		{ offsetof(struct dcap_evidence, tcb_signing_chain),
		    CHECK_CERTIFICATES, 1 },
		{ offsetof(struct dcap_evidence, root_ca_crl), CHECK_REVOCATION,
		    0 },
		{ offsetof(struct dcap_evidence, pck_crl), CHECK_REVOCATION,
		    0 },
		{ offsetof(struct dcap_evidence, tcb_info), CHECK_TCB_INFO, 0 },
		{ offsetof(struct dcap_evidence, qe_identity),
		    CHECK_QE_IDENTITY, 0 },
	};

	begin();
	dcap_world_make(&w);
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct bytes *part =
		    (struct bytes *)((char *)&w.ev + all[i].at);
		size_t len = part->len;

		for (size_t n = 0; n + all[i].spare < len; n++) {
			part->len = n;
			dcap_judge_init(
			    &judged, &w.ev, w.q.tee, w.roots, PKI_NOW);
			dcap_judge_table_1(&judged);
			CHECK_EQ(dcap_judge_failed(&judged), all[i].check);
		}
		part->len = len;
	}
	accepted();
}

/* The same of the chain in the quote, whose lengths follow it. */
TEST(dcap_verify_refuses_every_truncation_of_the_pck_chain)
{
	struct bytes all;

	begin();
	dcap_world_make(&w);
	all = w.q.pck_pem;
	for (size_t n = 0; n + 1 < all.len; n++) {
		size_t used = pki_used;

		w.q.pck_pem.len = n;
		dcap_world_write(&w);
		dcap_judge_init(&judged, &w.ev, w.q.tee, w.roots, PKI_NOW);
		dcap_judge_table_1(&judged);
		CHECK_EQ(dcap_judge_failed(&judged), CHECK_CERTIFICATES);
		pki_used = used;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dcap_verify_accepts_each_kind_of_evidence),
		cmocka_unit_test(
		    dcap_verify_takes_the_deadline_that_comes_first),
		cmocka_unit_test(dcap_verify_says_what_it_compared),
		cmocka_unit_test(
		    dcap_verify_refuses_a_quote_that_does_not_parse),
		cmocka_unit_test(
		    dcap_verify_refuses_a_quote_of_another_tee_than_expected),
		cmocka_unit_test(dcap_verify_wants_the_sgx_extension),
		cmocka_unit_test(
		    dcap_verify_wants_the_platform_that_its_ca_certifies),
		cmocka_unit_test(
		    dcap_verify_refuses_a_qe_report_signed_by_another_key),
		cmocka_unit_test(
		    dcap_verify_refuses_a_key_that_the_qe_did_not_name),
		cmocka_unit_test(
		    dcap_verify_wants_the_rest_of_the_qe_report_data_zero),
		cmocka_unit_test(
		    dcap_verify_refuses_a_quote_signed_by_another_key),
		cmocka_unit_test(
		    dcap_verify_refuses_a_quote_changed_after_signing),
		cmocka_unit_test(
		    dcap_verify_refuses_an_attestation_key_off_the_curve),
		cmocka_unit_test(dcap_verify_does_without_no_document),
		cmocka_unit_test(
		    dcap_verify_refuses_documents_that_do_not_parse),
		cmocka_unit_test(
		    dcap_verify_refuses_documents_that_are_swapped),
		cmocka_unit_test(dcap_verify_refuses_tcb_info_of_another_tee),
		cmocka_unit_test(
		    dcap_verify_refuses_tcb_info_of_another_platform),
		cmocka_unit_test(
		    dcap_verify_refuses_documents_outside_their_time),
		cmocka_unit_test(
		    dcap_verify_refuses_documents_signed_by_another_key),
		cmocka_unit_test(
		    dcap_verify_refuses_the_identity_of_the_other_quoting_enclave),
		cmocka_unit_test(
		    dcap_verify_refuses_a_quoting_enclave_that_is_not_intels),
		cmocka_unit_test(
		    dcap_verify_refuses_a_tdx_module_that_is_not_intels),
		cmocka_unit_test(
		    dcap_verify_refuses_a_platform_without_a_level),
		cmocka_unit_test(dcap_verify_passes_a_status_on),
		cmocka_unit_test(
		    dcap_verify_refuses_more_signatures_than_the_set_holds),
		cmocka_unit_test(
		    dcap_verify_refuses_every_truncation_of_each_part),
		cmocka_unit_test(
		    dcap_verify_refuses_every_truncation_of_the_pck_chain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
